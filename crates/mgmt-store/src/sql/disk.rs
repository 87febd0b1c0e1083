//! Bringing the commits of several writers to the disk at once.
//!
//! SQLite has one writer at a time, and with `synchronous = FULL` each waits for the disk before the next may begin. Here a writer
//! commits into the journal (the WAL file), lets the next one begin, and waits until the journal was synced after its commit: one sync does for
//! all who committed before it. A transaction is answered only then, so what was acknowledged is on the disk, as with `FULL`. Others may read a
//! commit a moment before; what they write after it is in the journal after it, and so cannot outlive it.
//!
//! INVARIANT: a frame of the journal that was overwritten meanwhile is in the database file, which SQLite syncs before it begins the journal
//! anew (also with `synchronous = NORMAL`).

use std::{fs::File, io, path::PathBuf};

use parking_lot::{Condvar, Mutex};

use super::fault::Fault;

/// The disk, as those see it who have committed.
#[derive(Debug)]
pub(crate) struct Disk {
    journal: PathBuf,
    state: Mutex<State>,
    synced: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Commits so far, and how many of them are known to be on the disk.
    committed: u64,
    durable: u64,
    /// Whether somebody syncs right now.
    is_busy: bool,
    /// Why nothing may be acknowledged any more. After a failed sync nobody knows what the disk holds, and the next one would not tell.
    fault: Option<String>,
}

impl Disk {
    pub(crate) fn new(journal: PathBuf) -> Self {
        Self { journal, state: Mutex::default(), synced: Condvar::new() }
    }

    /// Notes a commit into the journal; its number.
    pub(crate) fn committed(&self) -> u64 {
        let mut state = self.state.lock();
        state.committed += 1;
        state.committed
    }

    /// Waits until the commit with this number is on the disk.
    pub(crate) fn reach(&self, commit: u64) -> Result<(), Fault> {
        self.reach_by(commit, || Ok(File::open(&self.journal)?.sync_data()))
    }

    /// `sync` fails outside when it could not begin, which says nothing about the disk, and inside when the disk has failed.
    fn reach_by(&self, own: u64, sync: impl FnOnce() -> io::Result<io::Result<()>>) -> Result<(), Fault> {
        let mut state = self.state.lock();
        while state.is_busy && state.durable < own && state.fault.is_none() {
            self.synced.wait(&mut state);
        }
        if state.durable < own && state.fault.is_none() {
            state.is_busy = true;
            let covered = state.committed;
            drop(state);
            let done = sync();
            state = self.state.lock();
            state.is_busy = false;
            self.synced.notify_all();
            match done {
                Ok(Ok(())) => state.durable = covered,
                Ok(Err(error)) => {
                    tracing::error!(%error, "the journal cannot be brought to the disk: nothing is written any more, restart the server");
                    state.fault = Some(error.to_string());
                }
                Err(error) => return Err(Fault::Unavailable(error.to_string())),
            }
        }
        match &state.fault {
            // One that was synced before the failure may have it told; a repeat finds the change made.
            Some(fault) => Err(Fault::Unavailable(fault.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        thread,
        time::Duration,
    };

    #[test]
    fn a_sync_that_began_before_a_commit_does_not_count_for_it() {
        let disk = Disk::new(PathBuf::new());
        let (commits, synced) = (AtomicU64::new(0), AtomicU64::new(0));
        let syncs = AtomicU64::new(0);
        let sync = || {
            let seen = commits.load(Ordering::SeqCst);
            thread::sleep(Duration::from_micros(200));
            synced.fetch_max(seen, Ordering::SeqCst);
            syncs.fetch_add(1, Ordering::SeqCst);
            Ok(Ok(()))
        };
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let own = commits.fetch_add(1, Ordering::SeqCst) + 1;
                        disk.reach_by(disk.committed(), sync).unwrap();
                        assert!(synced.load(Ordering::SeqCst) >= own);
                    }
                });
            }
        });
        assert_eq!(disk.state.lock().durable, 400);
        assert!(syncs.into_inner() < 400, "nothing was shared");
    }

    #[test]
    fn after_a_failure_nothing_is_acknowledged() {
        let disk = Disk::new(PathBuf::new());
        disk.reach_by(disk.committed(), || Ok(Ok(()))).unwrap();
        // What could not begin is tried again.
        assert!(disk.reach_by(disk.committed(), || Err(io::ErrorKind::NotFound.into())).is_err());
        disk.reach_by(disk.committed(), || Ok(Ok(()))).unwrap();
        assert!(disk.reach_by(disk.committed(), || Ok(Err(io::ErrorKind::StorageFull.into()))).is_err());
        assert!(disk.reach_by(disk.committed(), || Ok(Ok(()))).is_err());
        assert!(Disk::new("/nowhere/x-wal".into()).reach(1).is_err());
    }
}
