//! The store itself: when transactions begin, how they end, and who is let in.

use std::{
    fmt, mem,
    path::Path,
    time::{Duration, Instant},
};

use mgmt_core::time::Timestamp;
use mgmt_store::{Ending, Mode, Result, Store, StoreError, Tx};
use parking_lot::{FairMutex, Mutex};

use crate::{
    state::State,
    tx::{Fault, MemoryTx},
};

/// How often a transaction is run at most.
const MAX_RUNS: u32 = 12;
/// How long a writing transaction waits for those before it.
const WAIT: Duration = Duration::from_secs(10);

/// A store in memory, gone with the process.
///
/// Writers are alone, in the order they came. Readers run beside them, on what was committed when they began.
pub struct Memory {
    /// What was committed last. Held only as long as a copy or a swap takes.
    committed: Mutex<State>,
    /// The right to write.
    turn: FairMutex<()>,
    wait: Duration,
    opened_at: Instant,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::waiting(WAIT)
    }

    pub(crate) fn waiting(wait: Duration) -> Self {
        #[expect(clippy::disallowed_methods, reason = "leases run in the time of the store, which is nobody else's")]
        let opened_at = Instant::now();
        Self { committed: Mutex::default(), turn: FairMutex::default(), wait, opened_at }
    }

    /// Runs `work` once: whether that was it, or it is to be run again. A panic in it goes through, and drops the transaction.
    fn run_once(&self, mode: Mode, work: &mut dyn FnMut(&mut dyn Tx) -> Ending) -> Result<bool> {
        let _turn = match mode {
            Mode::Read => None,
            Mode::Write => Some(
                self.turn
                    .try_lock_for(self.wait)
                    .ok_or_else(|| StoreError::Unavailable("those who write do not come to an end".to_owned()))?,
            ),
        };
        let mut tx = MemoryTx::new(self.committed.lock().clone(), mode, self.opened_at);
        let ending = work(&mut tx);
        match (ending, tx.fault) {
            (_, Some(Fault::Collision)) => return Ok(false),
            (Ending::Commit, Some(fault)) => return Err(fault.into()),
            (Ending::Commit, None) if mode == Mode::Write => {
                // What was there is freed after the lock.
                let _before = mem::replace(&mut *self.committed.lock(), tx.state);
            }
            (Ending::Commit, None) | (Ending::Rollback, _) => {}
        }
        Ok(true)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl Store for Memory {
    fn transact(&self, _name: &'static str, mode: Mode, work: &mut dyn FnMut(&mut dyn Tx) -> Ending) -> Result<()> {
        for _ in 0..MAX_RUNS {
            if self.run_once(mode, work)? {
                return Ok(());
            }
        }
        Err(Fault::Collision.into())
    }

    fn migrate(&self) -> Result<Vec<String>> {
        // There is no schema but the types.
        Ok(Vec::new())
    }

    fn check_schema(&self) -> Result<()> {
        Ok(())
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn back_up(&self, _target: &Path, _taken_at: Timestamp) -> Result<()> {
        // The trait knows one format of a copy, a SQLite file, and nothing could read another one back.
        Err(StoreError::Backend("a store in memory has no file that could be copied".to_owned()))
    }
}
