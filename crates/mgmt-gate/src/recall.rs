//! Units that other nodes hold and do not use: how long this one waits for them before it says that a quota is used up.

use std::{collections::HashMap, time::Duration};

use mgmt_core::lease::{Holder, reached};
use parking_lot::{Condvar, Mutex};

/// How often the row is looked at again, and how long it is waited in between: 100 ms in all. Whoever gives units back says so, which
/// makes it sooner.
pub(crate) const LOOKS: usize = 10;
const PAUSE: Duration = Duration::from_millis(10);

/// The waits for other nodes.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    /// What this node is called among the holders of leases; nothing where there are no others.
    node: Mutex<Option<String>>,
    /// How often units came back to the quotas that are waited for.
    waiting: Mutex<HashMap<String, (usize, u64)>>,
    signal: Condvar,
}

impl Recall {
    /// From now on there may be other nodes.
    pub(crate) fn expect_others(&self, node: &str) {
        *self.node.lock() = Some(node.to_owned());
    }

    /// Whether there may be others.
    pub(crate) fn may_have_others(&self) -> bool {
        self.node.lock().is_some()
    }

    /// Whether any of these leases is another node's, and stands.
    pub(crate) fn has_others(&self, holders: &[Holder], now: i64) -> bool {
        self.node.lock().as_ref().is_some_and(|own| reached(holders, own, now) != i64::MAX)
    }

    /// Begins to wait for units of a quota.
    pub(crate) fn wait_for(&self, row: &str) -> Waiting<'_> {
        self.waiting.lock().entry(row.to_owned()).or_default().0 += 1;
        Waiting { recall: self, row: row.to_owned(), seen: 0 }
    }

    /// Notes that units of a quota came back.
    pub(crate) fn note_return(&self, row: &str) {
        if let Some((_, returns)) = self.waiting.lock().get_mut(row) {
            *returns += 1;
            self.signal.notify_all();
        }
    }
}

/// Somebody who waits for units of a quota.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    recall: &'a Recall,
    row: String,
    seen: u64,
}

impl Waiting<'_> {
    /// Waits until units came back since the last call, but not for long.
    pub(crate) fn pause(&mut self) {
        let mut waiting = self.recall.waiting.lock();
        let returns = |all: &HashMap<String, (usize, u64)>| all.get(&self.row).map_or(0, |(_, returns)| *returns);
        if returns(&waiting) == self.seen {
            // One that is woken for another quota only looks too early.
            self.recall.signal.wait_for(&mut waiting, PAUSE);
        }
        self.seen = returns(&waiting);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = self.recall.waiting.lock();
        if let Some((count, _)) = waiting.get_mut(&self.row) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.row);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_others_whose_lease_stands_are_waited_for() {
        let holder = |node: &str, until| Holder { node: node.to_owned(), until, applied: 1 };
        let recall = Recall::default();
        assert!(!recall.may_have_others() && !recall.has_others(&[holder("b", 9)], 1));
        recall.expect_others("a");
        assert!(recall.has_others(&[holder("a", 9), holder("b", 9)], 1));
        assert!(!recall.has_others(&[holder("a", 9), holder("b", 9)], 9));
        assert!(!recall.has_others(&[holder("a", 9)], 1));
    }

    #[test]
    fn a_return_before_the_pause_is_not_missed() {
        let recall = Recall::default();
        recall.note_return("x");
        let mut waiting = recall.wait_for("x");
        recall.note_return("y");
        assert_eq!(waiting.seen, 0);
        recall.note_return("x");
        waiting.pause();
        assert_eq!(waiting.seen, 1);
        drop(waiting);
        assert!(recall.waiting.lock().is_empty());
    }
}
