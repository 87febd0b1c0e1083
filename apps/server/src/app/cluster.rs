//! Several nodes on one database: a change is answered when no node answers by what it replaced. The rules are in
//! [`mgmt_core::lease`].

mod node;
mod watch;

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use mgmt_core::lease::{Terms, reached};
use mgmt_gate::{Gate, SystemClock};
use mgmt_store::Store;
use tokio::sync::oneshot;

pub(crate) use node::Node;
use watch::Watch;

use super::App;
use crate::{config::Config, error::ApiError};

/// How much longer than a lease anybody waits: for a database that is slow, and for a lease that was renewed just before its node
/// died.
const SLACK: Duration = Duration::from_millis(1_500);
/// How often a command looks at the leases.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// This process's place among those that share the database.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// A name that no other process and no earlier run uses.
    name: String,
    terms: Terms,
    watch: Watch,
}

impl Cluster {
    /// Of a process that holds no lease yet.
    pub(super) fn new(config: &Config, name: String) -> Self {
        Self { name, terms: Terms::of(Duration::from_millis(config.cluster.lease_ttl_ms)), watch: Watch::default() }
    }

    fn patience(&self) -> Duration {
        self.terms.ttl() + SLACK
    }

    /// Waits until no other node answers by what the changes up to `seq` have replaced.
    ///
    /// # Errors
    /// 503 when that cannot be told in time: the changes are stored, and take effect when the other nodes' leases end.
    pub(super) async fn confirm(&self, seq: i64) -> Result<(), ApiError> {
        if is_wait_skipped() || self.watch.is_confirmed(seq) {
            return Ok(());
        }
        let (told, confirmed) = oneshot::channel();
        self.watch.add(seq, told);
        let start = now();
        let outcome = tokio::time::timeout(self.patience(), confirmed).await;
        metrics::histogram!("mgmt_cluster_confirm_seconds").record(start.elapsed());
        outcome.ok().and_then(Result::ok).ok_or_else(unconfirmed)
    }

    /// The same on this thread, for a process without a node's threads.
    pub(super) fn confirm_here(&self, store: &dyn Store, seq: i64) -> Result<(), ApiError> {
        let start = now();
        while start.elapsed() < self.patience() {
            if self.look(store)? >= seq {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        Err(unconfirmed())
    }

    /// How far all other nodes are with the changes that were committed before.
    fn look(&self, store: &dyn Store) -> Result<i64, ApiError> {
        let (holders, now) = store.read("leases.look", |tx| tx.node_leases().list())?;
        Ok(reached(&holders, &self.name, now))
    }
}

fn unconfirmed() -> ApiError {
    metrics::counter!("mgmt_cluster_unconfirmed_total").increment(1);
    ApiError::unavailable("the change is stored, but some nodes have not confirmed it: repeat the request")
}

/// Whether changes are answered without waiting for other nodes, which is wrong: for the test that shows that the wait is needed.
/// No release build can be told to.
fn is_wait_skipped() -> bool {
    cfg!(debug_assertions) && std::env::var_os("TESTS_MGMT_SKIP_WAIT").is_some()
}

#[expect(clippy::disallowed_methods, reason = "how long a wait takes is measured and bounded, not decided upon by a rule")]
fn now() -> Instant {
    Instant::now()
}

impl App {
    /// Waits, for half a second at most, where this node holds no lease, and so cannot know what is still true.
    ///
    /// # Errors
    /// 503, when it holds none after that.
    pub(crate) async fn wait_for_lease(&self) -> Result<(), ApiError> {
        self.admitter.wait_for_lease().await.map_err(|error| ApiError::unavailable(error.0))
    }
}

/// What a node's threads work with.
#[derive(Clone)]
struct Shared {
    cluster: Arc<Cluster>,
    gate: Arc<Gate>,
    clock: SystemClock,
    config: Arc<Config>,
}
