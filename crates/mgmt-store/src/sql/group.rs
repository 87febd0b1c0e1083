//! Transactions of several writers that are committed together.
//!
//! SQLite has one writer at a time, and each commit writes every page that it has changed: above all the ends of the indexes, which every
//! writer changes. So whoever is done while others wait for their turn leaves the database's transaction open, and the next one goes on in
//! it, within a savepoint of its own. One who finds nobody waiting, or a group that is large or old enough, commits for all.
//!
//! - Nobody of a group is answered before its commit is on the disk, not even with a refusal, which may come from what others of the group have
//!   written. When the commit fails, all of them fail.
//! - What one of them undoes, or leaves undone, is undone up to its own savepoint.
//! - A turn is handed over without waiting, and whoever has it waits for nobody of its group. So nothing that a transaction's closure locks may
//!   be locked by others while they wait for the end of their own transactions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use diesel::{QueryResult, connection::SimpleConnection};
use parking_lot::{Condvar, FairMutex, FairMutexGuard, Mutex};
use r2d2::PooledConnection;

use super::{conn::AnyConnection, disk::Disk, fault::Fault, pool::Manager};
use crate::store::Mode;

/// The most transactions of a group.
const MOST: u32 = 64;
/// How old a group is when no other transaction is let in: the first of it waits for the last one.
const OLD: Duration = Duration::from_millis(10);
/// After so long those who wait look whether anybody is left to commit.
const PATIENCE: Duration = Duration::from_millis(20);

/// The place of the one who writes. Others queue for it in the order they come.
#[derive(Default)]
pub(crate) struct Queue {
    pub(super) open: FairMutex<Option<Open>>,
    pub(super) waiting: AtomicUsize,
}

/// The right to write, with the transaction that the one before left open.
pub(crate) type Place<'a> = FairMutexGuard<'a, Option<Open>>;

/// A transaction that one writer has left open for the next.
pub(crate) struct Open {
    link: PooledConnection<Manager>,
    group: Group,
}

/// Those who share a transaction.
pub(crate) struct Group {
    end: Arc<End>,
    size: u32,
    since: Instant,
}

/// How a group's transaction ended, once it has.
#[derive(Default)]
struct End {
    outcome: Mutex<Option<Result<(), Fault>>>,
    told: Condvar,
}

impl Queue {
    /// Waits for the place.
    pub(crate) fn wait_for_place(&self, most: Duration) -> Result<Place<'_>, Fault> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let place = self.open.try_lock_for(most);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        place.ok_or_else(|| Fault::Unavailable("too many transactions wait for their turn to write".to_owned()))
    }

    pub(super) fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// Waits for the end of the group whose transaction was left open for the next one. If that one does not come, commits.
    fn wait_for(&self, end: &Arc<End>, disk: &Disk) -> Result<(), Fault> {
        loop {
            if let Some(outcome) = end.wait(PATIENCE) {
                return outcome;
            }
            let Some(mut place) = self.open.try_lock() else { continue };
            if let Some(open) = place.take_if(|open| Arc::ptr_eq(&open.group.end, end)) {
                return open.commit(place, disk);
            }
        }
    }
}

impl End {
    fn tell(&self, outcome: Result<(), Fault>) {
        self.outcome.lock().get_or_insert(outcome);
        self.told.notify_all();
    }

    fn wait(&self, most: Duration) -> Option<Result<(), Fault>> {
        let mut outcome = self.outcome.lock();
        if outcome.is_none() {
            self.told.wait_for(&mut outcome, most);
        }
        outcome.clone()
    }
}

impl Group {
    fn new() -> Self {
        Self { end: Arc::default(), size: 0, since: now() }
    }

    fn is_closed(&self) -> bool {
        self.size >= MOST || self.since.elapsed() >= OLD
    }

    /// Ends without a commit: whoever waits runs again.
    fn give_up(&self) {
        self.end.tell(Err(Fault::Collision));
    }
}

impl Drop for Group {
    /// One that nobody has ended was not committed.
    fn drop(&mut self) {
        self.end.tell(Err(Fault::Unavailable("the transaction was not ended".to_owned())));
    }
}

impl Open {
    /// Goes on in the transaction of those who came before. `None` when it is not there any more.
    pub(crate) fn go_on(mut self) -> Option<(PooledConnection<Manager>, Group)> {
        if savepoint(&mut self.link.connection).is_ok() {
            return Some((self.link, self.group));
        }
        self.group.give_up();
        self.link.undo();
        None
    }

    /// Keeps what is in it, for all.
    pub(crate) fn commit(mut self, place: Place<'_>, disk: &Disk) -> Result<(), Fault> {
        if let Err(error) = self.link.connection.commit() {
            self.link.undo();
            drop((self.link, place));
            let fault = uncertain(Fault::of(&error, Mode::Write));
            self.group.end.tell(Err(fault.clone()));
            return Err(fault);
        }
        let number = disk.committed();
        // The next one may write while these wait for the disk.
        drop((self.link, place));
        let outcome = disk.reach(number);
        self.group.end.tell(outcome.clone());
        outcome
    }
}

/// One who writes, and maybe is the first of a group.
pub(crate) struct Member<'a> {
    pub(crate) link: PooledConnection<Manager>,
    pub(crate) place: Place<'a>,
    pub(crate) queue: &'a Queue,
    /// Those whose transaction this one is in.
    pub(crate) group: Option<Group>,
    pub(crate) disk: &'a Disk,
}

impl Member<'_> {
    /// Keeps the changes. When it returns, they are on the disk.
    pub(crate) fn commit(mut self) -> Result<(), Fault> {
        if self.group.is_some() && release(&mut self.link.connection).is_err() {
            return self.lose();
        }
        self.pass_on()
    }

    /// Undoes the changes. When it returns, all that they were judged by is on the disk.
    pub(crate) fn roll_back(mut self) -> Result<(), Fault> {
        if self.group.is_none() {
            self.link.undo();
            return Ok(());
        }
        if undo(&mut self.link.connection).is_err() {
            return self.lose();
        }
        self.pass_on()
    }

    /// Lets the next one go on, or commits.
    fn pass_on(mut self) -> Result<(), Fault> {
        let mut group = self.group.take().unwrap_or_else(Group::new);
        group.size += 1;
        let open = Open { link: self.link, group };
        if !self.queue.is_waited_for() || open.group.is_closed() {
            return open.commit(self.place, self.disk);
        }
        let end = Arc::clone(&open.group.end);
        *self.place = Some(open);
        drop(self.place);
        self.queue.wait_for(&end, self.disk)
    }

    /// SQLite has undone the whole transaction, as it does when a disk is full: nothing of it is there, and all may run again.
    fn lose(mut self) -> Result<(), Fault> {
        self.link.undo();
        drop((self.link, self.place));
        if let Some(group) = &self.group {
            group.give_up();
        }
        Err(Fault::Collision)
    }
}

/// Whether a transaction was committed may be unknown: running it again could do it twice.
pub(super) fn uncertain(fault: Fault) -> Fault {
    match fault {
        Fault::Lost(text) => Fault::Unavailable(text),
        other => other,
    }
}

fn savepoint(connection: &mut AnyConnection) -> QueryResult<()> {
    connection.batch_execute("SAVEPOINT member")
}

fn release(connection: &mut AnyConnection) -> QueryResult<()> {
    connection.batch_execute("RELEASE member")
}

fn undo(connection: &mut AnyConnection) -> QueryResult<()> {
    connection.batch_execute("ROLLBACK TO member; RELEASE member")
}

#[expect(clippy::disallowed_methods, reason = "how long others wait is bounded, not decided upon by a rule")]
fn now() -> Instant {
    Instant::now()
}
