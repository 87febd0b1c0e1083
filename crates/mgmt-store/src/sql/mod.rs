//! The store on diesel, for SQLite and PostgreSQL.

mod address;
mod audit;
mod backup;
mod bulk;
mod conn;
mod deliveries;
mod disk;
mod events;
mod fault;
mod foreign_hashes;
mod group;
mod idempotency;
mod invalidations;
mod invitations;
mod issue;
mod kept;
mod keys;
mod leases;
mod memberships;
mod migrate;
mod organizations;
mod password_resets;
mod place;
mod pool;
mod project_members;
mod project_parts;
mod projects;
mod quotas;
mod rate_sheets;
mod refresh_tokens;
mod reveals;
mod schema;
mod send_outs;
mod sessions;
mod settings;
mod shipment_counts;
mod shipment_grams;
mod shipments;
#[cfg(test)]
mod tests;
mod throttles;
mod timeline;
mod trackers;
mod tx;
mod usage;
mod users;
mod webhook_queues;
mod webhooks;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use mgmt_core::time::Timestamp;

pub use self::backup::{TAKEN_AT, restore};
use self::{address::Address, conn::Sharing, fault::Fault, leases::SqlEar, pool::Lanes, tx::SqlTx};
use crate::{
    error::Result,
    store::{Ear, Ending, Mode, Store, Tx},
};

/// How often a transaction is run at most.
const MAX_RUNS: u32 = 12;
/// After this long no other run begins, with the exceptions below, until `COLLISIONS` runs have begun.
const RETRY_FOR: Duration = Duration::from_secs(2);
/// So many runs may collide however long they took: PostgreSQL lets a deadlock stand for its `deadlock_timeout` (1 s, more under
/// load) before it says so, and the next run would most likely have succeeded.
const COLLISIONS: u32 = 3;
/// A connection that was lost no later than this was closed by a PostgreSQL that found its transaction to stand still, because this process
/// or the machine did. One whose other end has gone silent is lost later (`tcp_user_timeout`), and so would the next one be.
const STOOD_STILL: Duration = Duration::from_secs(6);
const MAX_PAUSE: Duration = Duration::from_millis(100);

/// Whether a transaction whose `run`th run failed so is run once more.
fn may_run_again(fault: &Fault, run: u32, elapsed: Duration) -> bool {
    let longest = match fault {
        Fault::Collision if run < COLLISIONS => Duration::MAX,
        Fault::Lost(_) if run < COLLISIONS => STOOD_STILL,
        _ => RETRY_FOR,
    };
    let in_time = elapsed < longest;
    fault.is_transient() && run < MAX_RUNS && in_time
}

/// Settings of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The most connections to PostgreSQL, or for reading SQLite.
    pub pool_size: u32,
    /// How long a transaction may wait for a connection.
    pub wait: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { pool_size: 10, wait: Duration::from_secs(2) }
    }
}

/// Opens a store by its address: `sqlite://relative/path`, `sqlite:///absolute/path`, `sqlite::memory:`, or `postgres://…`.
///
/// A missing SQLite file is made, readable by its owner only. The schema is left alone: see [`Store::migrate`].
///
/// # Errors
/// `Address` when it is none, `Unavailable` when the database cannot be reached.
pub fn open(url: &str, options: Options) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(SqlStore::open(url, options)?))
}

/// A store in SQLite or PostgreSQL.
///
/// Writers of SQLite queue in the order they came; readers run beside them. On PostgreSQL, writing transactions run at READ
/// COMMITTED and rely on row locks and constraints, reading ones see one snapshot.
///
/// # A transaction that collides
/// When the database reports a collision, or a row appears between a look and an insert, the transaction is undone and `work`
/// runs again, with short pauses, for about two seconds.
///
/// # A statement that fails
/// spoils its transaction, on both databases alike: whatever follows in it fails too, and it cannot be committed.
pub struct SqlStore {
    address: Address,
    lanes: Lanes,
}

impl SqlStore {
    /// See [`open`].
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(url: &str, options: Options) -> Result<Self> {
        let address = Address::parse(url)?;
        address.prepare()?;
        address.look_around();
        // A connection of its own gives the reason at once; the pool would keep trying and tell only that time is up.
        drop(address.connect()?);
        Ok(Self { lanes: Lanes::new(&address, &options), address })
    }

    fn run_until_done(
        &self,
        name: &'static str,
        mode: Mode,
        work: &mut dyn FnMut(&mut dyn Tx) -> Ending,
        start: Instant,
    ) -> Result<()> {
        for run in 1.. {
            match self.run_once(mode, work) {
                Ok(()) => break,
                Err(fault) if may_run_again(&fault, run, start.elapsed()) => {
                    metrics::counter!("mgmt_store_retries_total", "name" => name).increment(1);
                    tracing::debug!(name, run, ?fault, "transaction is run again");
                    thread::sleep(pause(run, start.elapsed()));
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(())
    }

    fn run_once(&self, mode: Mode, work: &mut dyn FnMut(&mut dyn Tx) -> Ending) -> Result<(), Fault> {
        let mut turn = self.lanes.of(mode).begin(mode)?;
        let mut tx = SqlTx::new(&mut turn.link.connection, mode);
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut tx)));
        let fault = tx.into_fault();
        // What the database itself cannot do has nothing to do with what others of a group have written.
        let is_own = matches!(fault, Some(Fault::Unavailable(_) | Fault::Backend(_)));
        let result = match (&outcome, fault) {
            (Ok(_), Some(fault)) if fault.is_transient() => Err(fault),
            (Ok(Ending::Commit), Some(fault)) => Err(fault),
            (Ok(Ending::Commit), None) => return turn.commit(mode),
            (Ok(Ending::Rollback) | Err(_), _) => Ok(()),
        };
        let undone = turn.roll_back();
        match outcome {
            Ok(_) if is_own => result,
            Ok(_) => result.and(undone),
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// Doubles with each run, and is spread by what is as good as random here: the nanoseconds.
fn pause(run: u32, elapsed: Duration) -> Duration {
    let base = Duration::from_millis(1).saturating_mul(1 << run.min(10)).min(MAX_PAUSE);
    let spread = elapsed.subsec_nanos() % 1000;
    base / 2 + base * spread / 1000
}

impl Store for SqlStore {
    fn transact(&self, name: &'static str, mode: Mode, work: &mut dyn FnMut(&mut dyn Tx) -> Ending) -> Result<()> {
        #[expect(clippy::disallowed_methods, reason = "how long a transaction takes is measured, not decided upon by a rule")]
        let start = Instant::now();
        let result = self.run_until_done(name, mode, work, start);
        let mode = if mode == Mode::Read { "read" } else { "write" };
        metrics::histogram!("mgmt_store_seconds", "name" => name, "mode" => mode).record(start.elapsed());
        result
    }

    fn migrate(&self) -> Result<Vec<String>> {
        migrate::run(self.lanes.of(Mode::Write))
    }

    fn check_schema(&self) -> Result<()> {
        migrate::check(self.lanes.of(Mode::Read))
    }

    fn is_shared(&self) -> bool {
        self.address.sharing() == Sharing::Nodes
    }

    fn listen(&self) -> Result<Option<Box<dyn Ear>>> {
        if self.is_shared() { Ok(Some(Box::new(SqlEar::new(&self.address)?))) } else { Ok(None) }
    }

    fn back_up(&self, target: &Path, taken_at: Timestamp) -> Result<()> {
        backup::back_up(&self.address, target, taken_at)
    }
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore").field("address", &self.address).field("lanes", &self.lanes).finish()
    }
}
