//! A node's threads: one holds the lease and follows the changes, one hears of them, one watches for those who wait.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use mgmt_core::lease::{Lease, nodes};
use mgmt_store::{Options, Store, StoreError, Tx};
use parking_lot::{Condvar, Mutex};

use super::{Shared, now};
use crate::{app::App, cli::Failure, error::ApiError};

/// How often the lease is renewed, at most; four times a lease, where leases are short.
const RENEW_EVERY: Duration = Duration::from_millis(500);
/// How often news is looked for: as long as a change may take to be heard of.
const HEAR_EVERY: Duration = Duration::from_millis(10);
/// How often the leases are looked at while somebody waits. News of acknowledgements makes it sooner.
const LOOK_EVERY: Duration = Duration::from_millis(10);
const REST: Duration = Duration::from_millis(200);
/// How often somebody looks whether the thread that holds the lease hangs.
const CHECK_EVERY: Duration = Duration::from_millis(250);
/// How long a stop waits for the thread that holds the lease.
const WIND_DOWN: Duration = Duration::from_secs(1);
/// How often rows of nodes that died are removed.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// The threads of a node. They end, and the lease with them, with [`stop`](Self::stop).
pub(crate) struct Node {
    inside: Arc<Inside>,
    threads: Vec<JoinHandle<()>>,
}

struct Inside {
    shared: Shared,
    /// Where the watch and the last words go.
    store: Arc<dyn Store>,
    stopping: AtomicBool,
    bell: Bell,
    /// Quotas that others need units of, and who gives them back.
    recalled: Mutex<Vec<String>>,
    recall_bell: Bell,
    /// Which thread holds the lease: one that hangs on a lost connection is replaced.
    generation: AtomicU64,
    /// When that thread was last known to be well, on the gate's clock.
    pulse: AtomicU64,
}

/// Wakes one thread.
#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    signal: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.rung.lock() = true;
        self.signal.notify_all();
    }

    /// Waits until it is rung, at most for `pause`: whether it was.
    fn wait(&self, pause: Duration) -> bool {
        let mut rung = self.rung.lock();
        if !*rung {
            self.signal.wait_for(&mut rung, pause);
        }
        std::mem::take(&mut *rung)
    }
}

impl Node {
    /// Joins the nodes of a shared database; `None` where there is only this one. The gate answers nothing until the first lease.
    ///
    /// # Errors
    /// When the database is away, or the system has no threads left.
    pub(crate) fn start(app: &App) -> Result<Option<Self>, Failure> {
        let Some(cluster) = app.cluster.clone() else { return Ok(None) };
        if is_lease_skipped() {
            tracing::error!("this node answers without a lease: nothing that is changed elsewhere need hold here");
            return Ok(None);
        }
        app.gate.require_lease();
        app.gate.expect_others(&cluster.name);
        let shared = Shared { cluster, gate: Arc::clone(&app.gate), clock: app.clock, config: Arc::clone(&app.config) };
        let inside = Arc::new(Inside {
            store: own_store(&shared)?,
            pulse: AtomicU64::new(shared.clock.now().nanos),
            shared,
            stopping: AtomicBool::new(false),
            bell: Bell::default(),
            recalled: Mutex::default(),
            recall_bell: Bell::default(),
            generation: AtomicU64::new(0),
        });
        let mut node = Self { inside, threads: Vec::new() };
        node.spawn("lease-check", Inside::check)?;
        node.spawn("listen", Inside::hear)?;
        node.spawn("watch", Inside::watch)?;
        node.spawn("hand-back", Inside::hand_back)?;
        Ok(Some(node))
    }

    fn spawn(&mut self, name: &str, work: fn(&Arc<Inside>)) -> Result<(), Failure> {
        let inside = Arc::clone(&self.inside);
        let thread = thread::Builder::new().name(format!("mgmt-{name}")).spawn(move || work(&inside)).map_err(Failure::new)?;
        self.threads.push(thread);
        Ok(())
    }

    /// Answers nothing any more, and lets nobody wait for this node.
    pub(crate) fn stop(self) {
        let inside = &self.inside;
        inside.stopping.store(true, Ordering::SeqCst);
        inside.bell.ring();
        inside.recall_bell.ring();
        inside.shared.cluster.watch.wake();
        for thread in self.threads {
            // One that panicked has said so.
            let _ = thread.join();
        }
        // The thread that holds the lease may be within a renewal: it must not come after the release.
        inside.retire();
        inside.shared.gate.require_lease();
        let name = &inside.shared.cluster.name;
        if let Err(error) = inside.store.run("leases.release", |tx| tx.node_leases().release(name)) {
            tracing::warn!(%error, "the lease could not be given back: it runs out by itself");
        }
    }
}

/// Whether this node goes without a lease, which is wrong: to measure what leases cost. Only a build that is made for that can be told to.
fn is_lease_skipped() -> bool {
    cfg!(feature = "bench-without-leases") && std::env::var_os("TESTS_MGMT_WITHOUT_LEASES").is_some()
}

/// A store with a connection of its own, so that requests never keep a lease waiting.
fn own_store(shared: &Shared) -> Result<Arc<dyn Store>, StoreError> {
    let options = Options { pool_size: 1, wait: Duration::from_secs(1) };
    mgmt_store::open(shared.config.database.url.reveal(), options)
}

impl Inside {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn nanos(&self) -> u64 {
        self.shared.clock.now().nanos
    }

    /// Makes whoever holds the lease end: they look after each step.
    fn retire(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.bell.ring();
    }

    /// Sees to it that some thread holds the lease. A connection that is cut without a word keeps its thread for minutes.
    fn check(this: &Arc<Self>) {
        let mut holder: Option<JoinHandle<()>> = None;
        let patience = u64::try_from((this.shared.cluster.terms.ttl() * 2).as_nanos()).unwrap_or(u64::MAX);
        while !this.is_stopping() {
            let ended = holder.as_ref().is_none_or(JoinHandle::is_finished);
            let hangs = this.nanos().saturating_sub(this.pulse.load(Ordering::SeqCst)) > patience;
            if ended || hangs {
                this.retire();
                this.pulse.store(this.nanos(), Ordering::SeqCst);
                let (inside, generation) = (Arc::clone(this), this.generation.load(Ordering::SeqCst));
                holder = thread::Builder::new().name("mgmt-lease".to_owned()).spawn(move || inside.hold(generation)).ok();
            }
            thread::sleep(CHECK_EVERY.min(this.shared.cluster.terms.ttl() / 4));
        }
        this.retire();
        // One that hangs is left behind: it ends with the process.
        let start = now();
        while holder.as_ref().is_some_and(|thread| !thread.is_finished()) && start.elapsed() < WIND_DOWN {
            thread::sleep(HEAR_EVERY);
        }
    }

    /// Holds the lease.
    fn hold(&self, generation: u64) {
        let is_mine = || self.generation.load(Ordering::SeqCst) == generation && !self.is_stopping();
        let mut store = None;
        let (mut renewed, mut acknowledged, mut failing) = (None, 0, false);
        let every = RENEW_EVERY.min(self.shared.cluster.terms.ttl() / 4);
        while is_mine() {
            let done = catch_unwind(AssertUnwindSafe(|| -> Result<(), ApiError> {
                let store: &Arc<dyn Store> = match &mut store {
                    Some(store) => store,
                    empty => empty.insert(own_store(&self.shared)?),
                };
                let is_due = renewed.is_none_or(|at: std::time::Instant| at.elapsed() >= every);
                acknowledged = if is_due { self.renew(&**store)? } else { self.acknowledge(&**store, acknowledged)? };
                if is_due {
                    renewed = Some(now());
                }
                Ok(())
            }));
            let done = done.unwrap_or_else(|_| Err(ApiError::internal("holding the lease panicked")));
            if let Err(error) = &done
                && !failing
            {
                tracing::warn!(?error, "the lease cannot be renewed; it is tried again");
            }
            failing = done.is_err();
            if is_mine() {
                self.pulse.store(self.nanos(), Ordering::SeqCst);
                let left = renewed.map_or(every, |at| every.saturating_sub(at.elapsed()));
                self.bell.wait(if failing { every / 5 } else { left });
            }
        }
    }

    /// Applies all changes there are, and renews the lease: the last change that was applied.
    fn renew(&self, store: &dyn Store) -> Result<i64, ApiError> {
        let Shared { cluster, gate, .. } = &self.shared;
        if !gate.may_answer(self.shared.clock.now()) {
            // Much may have come since: it is read without keeping others from changing anything.
            store.read("leases.follow", |tx| gate.follow(tx))?;
        }
        // Before anything is asked, so that the lease ends here before it ends there.
        let asked = self.nanos();
        // Each question is a way to the database and back, which takes long where all are busy.
        let (applied, nodes) = store.run("leases.renew", |tx| {
            // Before the row is locked that all changes are numbered by.
            let (holders, time) = tx.node_leases().list()?;
            let nodes = nodes(&holders, &cluster.name, time);
            // Mostly all was applied when it was heard of.
            let known = gate.applied();
            if tx.node_leases().renew(&cluster.name, cluster.terms.ttl(), known)? {
                return Ok((known, nodes));
            }
            // No more changes come now.
            let all = gate.follow(tx)?;
            if tx.node_leases().renew(&cluster.name, cluster.terms.ttl(), all)? {
                return Ok((all, nodes));
            }
            Err(StoreError::Unavailable("changes came while none could".to_owned()))
        })?;
        // What limits are divided among while they are not counted together.
        gate.divide_limits(u32::try_from(nodes).unwrap_or(u32::MAX));
        if !self.is_stopping() {
            gate.grant(Lease::granted(asked, cluster.terms));
        }
        metrics::counter!("mgmt_cluster_renewals_total").increment(1);
        Ok(applied)
    }

    /// Applies all changes there are, and says so, if there are any.
    fn acknowledge(&self, store: &dyn Store, before: i64) -> Result<i64, ApiError> {
        let name = &self.shared.cluster.name;
        let work = |tx: &mut dyn Tx| {
            let applied = self.shared.gate.follow(tx)?;
            if applied > before {
                tx.node_leases().acknowledge(name, applied)?;
            }
            Ok::<_, ApiError>(applied)
        };
        store.run("leases.acknowledge", work)
    }

    /// Hears of changes and of acknowledgements.
    fn hear(this: &Arc<Self>) {
        let mut ear = None;
        while !this.is_stopping() {
            if ear.is_none() {
                ear = this.store.listen().ok().flatten();
            }
            match ear.as_mut().map(|ear| ear.news()) {
                Some(Ok(news)) => {
                    if news.changes {
                        this.bell.ring();
                    }
                    if news.acknowledgements {
                        this.shared.cluster.watch.wake();
                    }
                    if !news.recalled.is_empty() {
                        this.recalled.lock().extend(news.recalled);
                        this.recall_bell.ring();
                    }
                    news.returned.iter().for_each(|row| this.shared.gate.note_return(row));
                    thread::sleep(HEAR_EVERY);
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "lost the connection that hears of changes");
                    ear = None;
                    thread::sleep(REST);
                }
                None => thread::sleep(REST),
            }
        }
    }

    /// Gives back units of quotas that other nodes need.
    fn hand_back(this: &Arc<Self>) {
        while !this.is_stopping() {
            this.recall_bell.wait(REST);
            let mut rows = std::mem::take(&mut *this.recalled.lock());
            rows.sort_unstable();
            rows.dedup();
            if let Err(error) = this.shared.gate.hand_back(&rows, this.shared.clock.now()) {
                tracing::debug!(%error, "units that others need could not be given back");
            }
        }
    }

    /// Looks at the leases for those who wait.
    fn watch(this: &Arc<Self>) {
        let mut swept = now();
        let mut pause = REST;
        while !this.is_stopping() {
            let due = this.shared.cluster.watch.due(pause);
            pause = if due.is_empty() { REST } else { LOOK_EVERY };
            if !due.is_empty() {
                // A database that is away confirms nothing.
                let reached = this.shared.cluster.look(&*this.store).unwrap_or(i64::MIN);
                this.shared.cluster.watch.settle(due, reached);
            } else if swept.elapsed() > SWEEP_EVERY {
                swept = now();
                let _ = this.store.run("leases.forget", |tx| tx.node_leases().delete_ended());
            }
        }
    }
}
