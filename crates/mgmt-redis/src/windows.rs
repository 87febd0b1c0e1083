//! The windows of all nodes, and what happens when Redis does not answer.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mgmt_gate::{Gate, Later, Places, SharedWindows, SystemClock, Taken};
use parking_lot::RwLock;
use redis::{Pipeline, RedisError, RedisResult, Script, Value, aio::ConnectionLike as _};
use tokio::sync::watch;

use crate::{
    address::Address,
    link::{Connector, Link},
    rule::{self, Deed},
};

/// How long an answer of Redis may take.
pub const PATIENCE: Duration = Duration::from_millis(250);
/// How often a connection is tried that nobody may be using.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The pause before Redis is looked for again: it doubles from one to the other.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How many reasons are told while there is no connection.
const TOLD: usize = 8;
/// How long a start waits for the first connection: later it goes on by itself.
const START_WITHIN: Duration = Duration::from_secs(1);
/// How long making a connection and trying it may take together.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// The windows in Redis. Cheap to clone; see the [crate's page](crate).
#[derive(Clone)]
pub struct RedisWindows(Arc<Inner>);

struct Inner {
    address: Address,
    script: Script,
    /// The connection, as long as it answers.
    current: RwLock<Option<Current>>,
    gate: RwLock<Option<Arc<Gate>>>,
    /// Whether somebody looks after the connection.
    started: AtomicBool,
    clock: SystemClock,
}

/// A connection that answers, so far as anybody knows.
#[derive(Clone)]
struct Current {
    link: Link,
    /// Becomes true when it does not: whoever waits for an answer stops waiting then.
    lost: watch::Sender<bool>,
}

impl fmt::Debug for RedisWindows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisWindows").field(&self.0.address).finish()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("no answer in time")]
    Slow,
    #[error("others found it lost")]
    Known,
    #[error(transparent)]
    Failed(#[from] RedisError),
}

impl RedisWindows {
    /// Windows at an address. Nothing is connected yet.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self(Arc::new(Inner {
            address,
            script: Script::new(rule::SOURCE),
            current: RwLock::default(),
            gate: RwLock::default(),
            started: AtomicBool::new(false),
            clock: SystemClock,
        }))
    }

    /// Connects, and looks after the connection on a thread of its own as long as anybody but that thread holds these windows. Waits
    /// for the first connection, but not for long. The gate counts in these windows while Redis answers, and for itself while it
    /// does not.
    ///
    /// # Errors
    /// When the address cannot be used, or the system has no threads left.
    pub fn start(&self, gate: Arc<Gate>) -> std::io::Result<()> {
        metrics::gauge!("mgmt_limits_shared").set(0.0);
        metrics::counter!("mgmt_limits_fallbacks_total").increment(0);
        if self.0.started.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        *self.0.gate.write() = Some(gate);
        let connector = Connector::new(&self.0.address).map_err(std::io::Error::other)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (told, first) = std::sync::mpsc::channel();
        let inner = Arc::downgrade(&self.0);
        let tell = move || {
            // Nobody waits any more after the first time.
            let _ = told.send(());
        };
        let begun = now();
        let keep = move || runtime.block_on(keep(inner, connector, begun, tell));
        thread::Builder::new().name("mgmt-redis".to_owned()).spawn(keep)?;
        // Without an answer in time the gate begins alone.
        let _ = first.recv_timeout(START_WITHIN);
        Ok(())
    }
}

/// Looks after the connection until nobody needs it any more.
async fn keep(inner: std::sync::Weak<Inner>, mut connector: Connector, begun: Instant, mut tried: impl FnMut()) {
    let (mut pause, mut faults, mut connected_before) = (FIRST_PAUSE, Faults::default(), false);
    loop {
        let Some(this) = inner.upgrade() else { return };
        let found = tokio::time::timeout(CONNECT_WITHIN, this.connect(&mut connector)).await;
        match found.unwrap_or(Err(Lost::Slow)) {
            Ok(current) => {
                tracing::info!(address = ?this.address, "rate limits are counted in Redis");
                // A node that has never counted by itself has nothing that Redis lacks. One that was started without an answer may have.
                let alone = connected_before || faults.any() || begun.elapsed() >= START_WITHIN;
                this.adopt(current.clone(), alone);
                tried();
                (pause, faults, connected_before) = (FIRST_PAUSE, Faults::default(), true);
                drop(this);
                watch_over(&inner, current).await;
            }
            Err(error) => {
                if faults.is_new(&error.to_string()) {
                    tracing::warn!(address = ?this.address, %error, "Redis cannot be used: each node counts its share of rate limits");
                }
                tried();
                drop(this);
                tokio::time::sleep(jittered(pause)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Why there is no connection this time: each reason is told once, as one that is repaired may show another.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn any(&self) -> bool {
        !self.0.is_empty()
    }

    fn is_new(&mut self, fault: &str) -> bool {
        // Should a reason be worded anew each time, the log is spared.
        let new = self.0.len() < TOLD && self.0.iter().all(|told| told != fault);
        if new {
            self.0.push(fault.to_owned());
        }
        new
    }
}

/// Returns when the connection is lost, or nobody needs it any more.
async fn watch_over(inner: &std::sync::Weak<Inner>, current: Current) {
    let mut lost = current.lost.subscribe();
    loop {
        tokio::select! {
            () = gone(&mut lost) => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let Some(this) = inner.upgrade() else { return };
        if let Err(error) = this.within(&current, this.try_out(current.link.clone())).await {
            this.lose(&current, &error);
            return;
        }
    }
}

/// Returns when the connection was found lost.
async fn gone(lost: &mut watch::Receiver<bool>) {
    while !*lost.borrow_and_update() {
        if lost.changed().await.is_err() {
            return;
        }
    }
}

/// Between half of the pause and all of it, so that nodes do not come all at once.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [0_u8];
    // Without randomness they do.
    let _ = getrandom::fill(&mut byte);
    pause / 2 + pause / 2 * u32::from(byte[0]) / 255
}

impl Inner {
    async fn connect(&self, connector: &mut Connector) -> Result<Current, Lost> {
        let link = connector.connect().await?;
        self.try_out(link.clone()).await?;
        Ok(Current { link, lost: watch::Sender::new(false) })
    }

    /// Asks all servers for a sign of life, and one whether the script may run and write there.
    async fn try_out(&self, mut link: Link) -> RedisResult<()> {
        link.ping().await?;
        let mut call = self.script.prepare_invoke();
        call.key(rule::key_of("{probe}")).arg("take").arg(1_000).arg(1);
        call.invoke_async::<Value>(&mut link).await.map(|_| ())
    }

    fn adopt(&self, current: Current, after_a_loss: bool) {
        // The gate is told under the same lock, here and in `lose`: it never counts together without a connection.
        let mut slot = self.current.write();
        *slot = Some(current);
        metrics::gauge!("mgmt_limits_shared").set(1.0);
        if let Some(gate) = &*self.gate.read() {
            gate.count_together(after_a_loss.then(|| self.clock.now()));
        }
    }

    /// Counts here from now on, unless somebody found this out before.
    fn lose(&self, lost: &Current, why: &Lost) {
        let mut current = self.current.write();
        if lost.lost.send_replace(true) {
            return;
        }
        *current = None;
        if let Some(gate) = &*self.gate.read() {
            gate.count_here();
        }
        metrics::gauge!("mgmt_limits_shared").set(0.0);
        metrics::counter!("mgmt_limits_fallbacks_total").increment(1);
        tracing::warn!(address = ?self.address, error = %why, "lost Redis: each node counts its share of rate limits");
    }

    /// Waits for an answer, but no longer than patience lasts or the connection is good.
    async fn within<T>(&self, current: &Current, work: impl Future<Output = RedisResult<T>>) -> Result<T, Lost> {
        let mut lost = current.lost.subscribe();
        tokio::select! {
            biased;
            done = work => Ok(done?),
            () = gone(&mut lost) => Err(Lost::Known),
            () = tokio::time::sleep(PATIENCE) => Err(Lost::Slow),
        }
    }

    async fn ask(&self, places: &Places, deed: Deed) -> Option<Taken> {
        let current = self.current.read().clone()?;
        let start = now();
        let work = async {
            let mut link = current.link.clone();
            let answer: Value = rule::invocation(&self.script, places, deed).invoke_async(&mut link).await?;
            rule::read(places, &answer)
        };
        match self.within(&current, work).await {
            Ok(taken) => {
                metrics::histogram!("mgmt_limits_redis_seconds").record(start.elapsed());
                Some(taken)
            }
            Err(error) => {
                self.lose(&current, &error);
                None
            }
        }
    }

    async fn give_back(&self, places: &Places, taken: &Taken) {
        let Some(current) = self.current.read().clone() else { return };
        let mut pipe = Pipeline::new();
        for (window, receipt) in places.windows().zip(&taken.receipts).filter(|(_, receipt)| !receipt.is_empty()) {
            pipe.cmd("LREM").arg(rule::key_of(&window.name())).arg(1).arg(receipt).ignore();
        }
        let count = pipe.len();
        let mut link = current.link.clone();
        if count > 0
            && let Err(error) = self.within(&current, link.req_packed_commands(&pipe, 0, count)).await
        {
            self.lose(&current, &error);
        }
    }
}

impl SharedWindows for RedisWindows {
    fn take<'a>(&'a self, places: &'a Places) -> Later<'a, Option<Taken>> {
        Box::pin(self.0.ask(places, Deed::Take))
    }

    fn look<'a>(&'a self, places: &'a Places) -> Later<'a, Option<Taken>> {
        Box::pin(self.0.ask(places, Deed::Look))
    }

    fn give_back<'a>(&'a self, places: &'a Places, taken: &'a Taken) -> Later<'a, ()> {
        Box::pin(self.0.give_back(places, taken))
    }
}

#[expect(clippy::disallowed_methods, reason = "how long Redis takes is measured, not decided upon by a rule")]
fn now() -> Instant {
    Instant::now()
}
