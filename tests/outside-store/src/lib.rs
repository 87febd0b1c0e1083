//! A store that is none of ours: it stands around another one, and knows how often each transaction ran and failed. It uses nothing
//! but what `mgmt_store` makes public, and is held to `mgmt_store::conformance` like those that come with it.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use mgmt_core::time::Timestamp;
use mgmt_store::{Ending, Mode, Result, Store, Tx};
use parking_lot::Mutex;

/// How a transaction fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Attempts, also those that were run again.
    pub attempts: u64,
    /// Attempts that kept their changes, as far as the work is concerned.
    pub commits: u64,
    /// Transactions that the store itself gave up.
    pub faults: u64,
}

/// Counts what goes through a store.
#[derive(Debug)]
pub struct Counting {
    inner: Arc<dyn Store>,
    tallies: Mutex<BTreeMap<&'static str, Tally>>,
}

impl Counting {
    /// Around another store.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, tallies: Mutex::default() }
    }

    /// How the transactions of a name fared.
    #[must_use]
    pub fn tally(&self, name: &str) -> Tally {
        self.tallies.lock().get(name).copied().unwrap_or_default()
    }

    fn count(&self, name: &'static str, add: impl FnOnce(&mut Tally)) {
        add(self.tallies.lock().entry(name).or_default());
    }
}

impl Store for Counting {
    fn transact(&self, name: &'static str, mode: Mode, work: &mut dyn FnMut(&mut dyn Tx) -> Ending) -> Result<()> {
        let done = self.inner.transact(name, mode, &mut |tx| {
            self.count(name, |tally| tally.attempts += 1);
            let ending = work(tx);
            self.count(name, |tally| tally.commits += u64::from(ending == Ending::Commit));
            ending
        });
        self.count(name, |tally| tally.faults += u64::from(done.is_err()));
        done
    }

    fn migrate(&self) -> Result<Vec<String>> {
        self.inner.migrate()
    }

    fn check_schema(&self) -> Result<()> {
        self.inner.check_schema()
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    fn back_up(&self, target: &Path, taken_at: Timestamp) -> Result<()> {
        self.inner.back_up(target, taken_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgmt_store::{Options, StoreError};

    fn open() -> Arc<dyn Store> {
        let inner = mgmt_store::open("sqlite::memory:", Options::default()).unwrap();
        inner.migrate().unwrap();
        Arc::new(Counting::new(inner))
    }

    mod conformance {
        mgmt_store::conformance_tests!(super::open());
    }

    #[test]
    fn transactions_are_counted() {
        let inner = mgmt_store::open("sqlite::memory:", Options::default()).unwrap();
        inner.migrate().unwrap();
        let counting = Counting::new(inner);
        let store: &dyn Store = &counting;
        store.run("a", |tx| tx.settings().insert("x", "y")).unwrap();
        store.run("a", |_| Err::<(), _>(StoreError::Conflict("no"))).unwrap_err();
        assert_eq!(store.read("b", |tx| tx.settings().find("x")).unwrap().as_deref(), Some("y"));
        assert_eq!(counting.tally("a"), Tally { attempts: 2, commits: 1, faults: 0 });
        assert_eq!(counting.tally("b"), Tally { attempts: 1, commits: 1, faults: 0 });
    }
}
