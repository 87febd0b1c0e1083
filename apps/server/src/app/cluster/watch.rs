//! Changes that wait for other nodes: one thread looks at the leases for all who wait.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

/// What is waited for, and who waits.
#[derive(Debug, Default)]
pub(super) struct Watch {
    state: Mutex<State>,
    signal: Condvar,
    /// All nodes have applied the changes up to here. A node that comes later has, too.
    confirmed: AtomicI64,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Waiter>,
    /// Something may have changed since the last look.
    is_news: bool,
}

/// Somebody who waits for the changes up to a number.
#[derive(Debug)]
pub(super) struct Waiter {
    seq: i64,
    told: oneshot::Sender<()>,
}

impl Watch {
    /// Whether nobody need wait for the changes up to `seq`.
    pub(super) fn is_confirmed(&self, seq: i64) -> bool {
        self.confirmed.load(Ordering::SeqCst) >= seq
    }

    /// Adds somebody who waits for changes that are committed.
    pub(super) fn add(&self, seq: i64, told: oneshot::Sender<()>) {
        let mut state = self.state.lock();
        state.waiting.push(Waiter { seq, told });
        state.is_news = true;
        self.signal.notify_all();
    }

    /// Notes that a look may find more than the last one.
    pub(super) fn wake(&self) {
        self.state.lock().is_news = true;
        self.signal.notify_all();
    }

    /// Waits for news, at most for `pause`, and hands out those who wait by then. What is looked up after is true of them.
    pub(super) fn due(&self, pause: Duration) -> Vec<Waiter> {
        let mut state = self.state.lock();
        if !state.is_news {
            self.signal.wait_for(&mut state, pause);
        }
        state.is_news = false;
        let mut due = std::mem::take(&mut state.waiting);
        // Those who gave up.
        due.retain(|waiter| !waiter.told.is_closed());
        due
    }

    /// Tells those whose changes were reached, and puts the others back.
    pub(super) fn settle(&self, due: Vec<Waiter>, reached: i64) {
        let (done, left): (Vec<_>, Vec<_>) = due.into_iter().partition(|waiter| waiter.seq <= reached);
        for waiter in done {
            self.confirmed.fetch_max(waiter.seq, Ordering::SeqCst);
            // Whoever gave up does not listen.
            let _ = waiter.told.send(());
        }
        self.state.lock().waiting.extend(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(1);

    #[test]
    fn those_are_told_whose_changes_were_reached() {
        let watch = Watch::default();
        let mut ends: Vec<_> = (1..=3)
            .map(|seq| {
                let (told, end) = oneshot::channel();
                watch.add(seq, told);
                end
            })
            .collect();
        let due = watch.due(SHORT);
        assert_eq!(due.len(), 3);
        watch.settle(due, 2);
        assert!(ends[0].try_recv().is_ok() && ends[1].try_recv().is_ok() && ends[2].try_recv().is_err());
        assert!(watch.is_confirmed(2) && !watch.is_confirmed(3));
        drop(ends);
        assert!(watch.due(SHORT).is_empty(), "who gave up is forgotten");
    }

    #[test]
    fn what_was_reached_before_somebody_came_says_nothing_of_them() {
        let watch = Watch::default();
        let due = watch.due(SHORT);
        let (told, mut end) = oneshot::channel();
        watch.add(1, told);
        // Looked up before the change was committed: nobody held a lease.
        watch.settle(due, i64::MAX);
        assert!(end.try_recv().is_err());
        assert!(!watch.is_confirmed(1));
    }
}
