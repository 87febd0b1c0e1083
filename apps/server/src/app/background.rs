//! What goes on beside the requests: following changes that other processes make, giving idle quota back, writing counts, and
//! forgetting what has ended.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use mgmt_core::usage::Interval;

use super::{App, notices};
use crate::{auth::throttle::FAMILIAR_SECS, cli::Failure, error::ApiError};

/// Changes by the command line, which is another process, take effect within this time.
pub(crate) const FOLLOW_EVERY: Duration = Duration::from_millis(200);
const REREAD_EVERY: Duration = Duration::from_millis(50);
const MAINTAIN_EVERY: Duration = Duration::from_millis(100);
const FLUSH_EVERY: Duration = Duration::from_secs(1);
const SWEEP_EVERY: Duration = Duration::from_secs(20);
const NOTICE_EVERY: Duration = Duration::from_secs(1);
const EXPIRY_EVERY: Duration = Duration::from_secs(10);
const ROLL_UP_EVERY: Duration = Duration::from_secs(30);
/// Counts that are moved in one transaction; short, as other writers wait.
const ROLL_UP_MOST: i64 = 200;
/// Transactions in one round, so that a stop need not wait for a backlog.
const ROLL_UP_ROUNDS: usize = 50;
const DAY_SECS: i64 = 24 * 3600;
/// How long ended sessions, counted batches and old journal entries are kept.
const KEEP_SECS: i64 = 24 * 3600;
const KEEP_THROTTLES_SECS: i64 = 2 * 24 * 3600;
/// Keys are read ahead by all cores: whoever asks meanwhile goes first.
const WARM_NICENESS: i32 = 10;

/// The threads that do it. They end when this is dropped.
pub(crate) struct Background {
    stop: Option<Arc<Stop>>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    asked: Mutex<bool>,
    signal: Condvar,
}

impl Stop {
    /// Waits, but not past a stop: whether to go on.
    fn wait(&self, time: Duration) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, _) = self.signal.wait_timeout_while(asked, time, |asked| !*asked).unwrap_or_else(PoisonError::into_inner);
        !*asked
    }
}

impl Background {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system has no threads left.
    pub(crate) fn start(app: &App) -> Result<Self, Failure> {
        let mut background = Self { stop: Some(Arc::default()), threads: Vec::new() };
        background.every(app, "follow", FOLLOW_EVERY, |app| Ok(app.gate.catch_up()?))?;
        background.every(app, "reread", REREAD_EVERY, |app| Ok(app.gate.reread(app.clock.now()).map(drop)?))?;
        background.every(app, "maintain", MAINTAIN_EVERY, |app| Ok(app.gate.maintain(app.clock.now())?))?;
        background.every(app, "flush", FLUSH_EVERY, |app| Ok(app.gate.flush(app.clock.now())?))?;
        background.every(app, "sweep", SWEEP_EVERY, sweep)?;
        background.every(app, "notices", NOTICE_EVERY, notices::quotas)?;
        background.every(app, "expiry", EXPIRY_EVERY, notices::expiring_keys)?;
        background.every(app, "forget-events", ROLL_UP_EVERY, notices::forget)?;
        background.every(app, "roll-up", ROLL_UP_EVERY, roll_up)?;
        background.warm(app)?;
        Ok(background)
    }

    /// Reads the keys into memory, while requests are answered already.
    fn warm(&mut self, app: &App) -> Result<(), Failure> {
        let Some(stop) = self.stop.clone() else { return Ok(()) };
        let app = app.clone();
        let work = move || {
            // On Linux this is the thread's own, and that of those it starts.
            let _ = rustix::process::nice(WARM_NICENESS);
            match app.gate.warm(app.clock.now(), || stop.wait(Duration::ZERO)) {
                Ok(keys) => tracing::info!(keys, "keys are in memory"),
                Err(error) => tracing::warn!(?error, "keys are not read ahead: each is read when it is used"),
            }
        };
        let thread = thread::Builder::new().name("mgmt-warm".to_owned()).spawn(work).map_err(Failure::new)?;
        self.threads.push(thread);
        Ok(())
    }

    fn every(
        &mut self,
        app: &App,
        name: &'static str,
        pause: Duration,
        task: fn(&App) -> Result<(), ApiError>,
    ) -> Result<(), Failure> {
        let Some(stop) = self.stop.clone() else { return Ok(()) };
        let app = app.clone();
        let work = move || {
            let mut failing = false;
            while stop.wait(pause) {
                // A panic is a fault of one round: the next one goes on.
                let failed = catch_unwind(AssertUnwindSafe(|| task(&app)))
                    .unwrap_or_else(|_| Err(ApiError::internal("a background task panicked")));
                // Once an outage, not once a round.
                if let Err(error) = &failed
                    && !failing
                {
                    tracing::warn!(task = name, ?error, "a background task fails; it is repeated");
                }
                failing = failed.is_err();
            }
        };
        let thread = thread::Builder::new().name(format!("mgmt-{name}")).spawn(work).map_err(Failure::new)?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            *stop.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
            stop.signal.notify_all();
        }
        for thread in self.threads.drain(..) {
            // A task that panicked has said so already.
            let _ = thread.join();
        }
    }
}

/// Forgets what has ended. Nothing depends on when: ends are judged when things are read.
fn sweep(app: &App) -> Result<(), ApiError> {
    let now = app.clock.now().wall;
    let old = now.plus_secs(-KEEP_SECS);
    app.forget_bucket_key(now);
    app.store.run("sweep", |tx| {
        tx.reveals().delete_expired(now)?;
        tx.idempotency().delete_expired(now)?;
        tx.password_resets().delete_expired(now)?;
        tx.sessions().delete_ended(now.plus_secs(-FAMILIAR_SECS))?;
        tx.usage().delete_batches(old)?;
        tx.invalidations().delete_before(old)?;
        tx.throttles().delete_before(now.plus_secs(-KEEP_THROTTLES_SECS))?;
        Ok::<_, ApiError>(())
    })
}

/// Keeps old usage by the hour, and forgets what is older still.
fn roll_up(app: &App) -> Result<(), ApiError> {
    let now = app.clock.now().wall;
    // Whole hours only, so that no hour is half in minutes.
    let before = |days: i64| Interval::Hour.start(now.plus_secs(-days * DAY_SECS));
    let (minutes_end, end) = (before(app.config.usage.minute_days), before(app.config.usage.keep_days));
    app.store.run("usage.forget", |tx| tx.usage().delete_before(end))?;
    for _ in 0..ROLL_UP_ROUNDS {
        if app.store.run("usage.roll_up", |tx| tx.usage().roll_up(minutes_end, ROLL_UP_MOST))? == 0 {
            break;
        }
    }
    Ok(())
}
