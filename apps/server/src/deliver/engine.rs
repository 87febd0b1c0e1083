//! The loop: a round, then the attempts it took, side by side, until it is told to stop.
//!
//! Each endpoint has a window of attempts at a time. It grows while the endpoint answers well and shrinks when it does not, so that
//! one that hangs holds few of the process's attempts and delays nobody. An organization has a share of the attempts, too. What is
//! taken is begun at once: a delivery that waited here would be sent by an old address, under an old secret, or twice.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use mgmt_core::{
    delivery::{Attempt, Schedule},
    id::OrganizationId,
    key_text::random_token,
    project::send_out,
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::{AbortHandle, spawn_blocking},
    time::{Instant, timeout, timeout_at},
};

use super::{
    guard::SystemLookup,
    parcel::{Done, Endpoint, Parcel},
    round::{Job, Order, Rounds, Signing},
    send::Sender,
    sign,
};
use crate::{app::App, cli::Failure, drain::Drain, error::ApiError};

/// Attempts of one process at a time.
const MOST: usize = 512;
/// Attempts of one endpoint at a time: at the beginning, at most, and at most of one that answers in no time.
const FIRST_WINDOW: usize = 2;
const MAX_WINDOW: usize = 16;
pub(super) const FAST_WINDOW: usize = 128;
/// What in no time means.
const FAST_MILLIS: u64 = 100;
/// A good answer that takes longer than this is no reason to send more at a time, and one that takes much longer is one for less.
const QUICK_MILLIS: u64 = 1_000;
const SLOW_MILLIS: u64 = 5_000;
/// What other nodes and passing time make due is looked for this often.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// So long after an event, or after the first attempt that came back, others are waited for that go into the same round: a round is a
/// transaction, which takes the disk from those who make the next change.
const GATHER: Duration = Duration::from_millis(5);
/// The pause after a round that failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// What is on its way may end within this time when the server stops; the rest is given back.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much longer than an attempt a lease lasts.
const LEASE_SLACK_SECS: i64 = 30;

/// The thread that delivers. It ends when the drain begins.
pub(crate) struct Deliveries(Option<JoinHandle<()>>);

impl Deliveries {
    /// Starts it.
    ///
    /// # Errors
    /// When the system has no threads left, or the HTTP client cannot be made.
    pub(crate) fn start(app: &App, drain: Drain) -> Result<Self, Failure> {
        let settings = &app.config.webhooks;
        let timeout = Duration::from_secs(settings.timeout_seconds.into());
        let sender = Arc::new(Sender::new(Arc::new(app.targets.clone()), Arc::new(SystemLookup::new()), timeout)?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::new)?;
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        let rounds = Rounds {
            app: app.clone(),
            schedule: Schedule::new(settings.retry_schedule_seconds.iter().copied()),
            project_schedule: Schedule::new(settings.project_retry_schedule_seconds.iter().copied()),
            mark: random_token(16, &mut rng).expose().to_owned(),
            lease_secs: i64::from(settings.timeout_seconds) + LEASE_SLACK_SECS,
        };
        let work = move || {
            let (back, done) = unbounded_channel();
            let engine = Engine {
                rounds,
                sender,
                drain,
                back,
                done,
                lanes: HashMap::new(),
                running: HashMap::new(),
                kept: Vec::new(),
                given_up: Vec::new(),
            };
            runtime.block_on(engine.run());
        };
        let thread = std::thread::Builder::new().name("mgmt-deliver".to_owned()).spawn(work).map_err(Failure::new)?;
        Ok(Self(Some(thread)))
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // A panic has been logged by the hook.
            let _ = thread.join();
        }
    }
}

/// The attempts of one endpoint.
struct Lane {
    running: usize,
    window: usize,
    organization: OrganizationId,
    /// What was taken and is about to begin.
    queue: VecDeque<Job>,
}

impl Lane {
    const fn new(organization: OrganizationId) -> Self {
        Self { running: 0, window: FIRST_WINDOW, organization, queue: VecDeque::new() }
    }

    /// How many more may be taken.
    fn room(&self) -> usize {
        self.window.saturating_sub(self.running)
    }
}

struct Engine {
    rounds: Rounds,
    sender: Arc<Sender>,
    drain: Drain,
    back: UnboundedSender<Done>,
    done: UnboundedReceiver<Done>,
    lanes: HashMap<Endpoint, Lane>,
    /// By their numbers.
    running: HashMap<u128, (Parcel, AbortHandle)>,
    /// What came back and is not written down yet.
    kept: Vec<Done>,
    /// What was taken, is not tried, and is to be given back.
    given_up: Vec<Parcel>,
}

impl Engine {
    async fn run(mut self) {
        let mut failing = false;
        while let Err(error) = self.release_all().await {
            tracing::warn!(?error, "deliveries cannot be looked at; it is tried again");
            if self.drain.is_draining() {
                return;
            }
            tokio::time::sleep(AFTER_FAILURE).await;
        }
        while !self.drain.is_draining() {
            match self.round(self.free()).await {
                Ok(true) => failing = false,
                Ok(false) => {
                    failing = false;
                    self.wait().await;
                }
                Err(error) => {
                    // Once an outage, not once a round.
                    if !failing {
                        tracing::warn!(?error, "a round of deliveries failed; it is repeated");
                    }
                    failing = true;
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
        self.wind_down().await;
    }

    async fn release_all(&self) -> Result<(), ApiError> {
        let rounds = self.rounds.clone();
        spawn_blocking(move || rounds.release_all()).await.map_err(ApiError::unavailable)?
    }

    /// How many more attempts may be taken.
    fn free(&self) -> usize {
        MOST.saturating_sub(self.running.len() + self.lanes.values().map(|lane| lane.queue.len()).sum::<usize>())
    }

    /// Does a round and begins the attempts it took: whether another one could do something at once.
    async fn round(&mut self, free: usize) -> Result<bool, ApiError> {
        while let Ok(done) = self.done.try_recv() {
            self.came_back(done);
        }
        self.forget_stopped();
        let (done, given_up) = (Arc::new(mem::take(&mut self.kept)), Arc::new(mem::take(&mut self.given_up)));
        let room = Arc::new(self.lanes.iter().map(|(id, lane)| (*id, lane.room())).collect());
        let mut held: HashMap<OrganizationId, usize> = HashMap::new();
        for lane in self.lanes.values() {
            *held.entry(lane.organization).or_insert(0) += lane.running;
        }
        let held = Arc::new(held);
        let order = Order { done: Arc::clone(&done), given_up: Arc::clone(&given_up), room, held, spare: FIRST_WINDOW, free };
        let rounds = self.rounds.clone();
        let result = spawn_blocking(move || rounds.run(&order)).await.map_err(ApiError::unavailable).flatten();
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(error) => {
                // Written down next time: nothing was, in a round that failed.
                self.kept.extend(Arc::unwrap_or_clone(done));
                self.given_up.extend(Arc::unwrap_or_clone(given_up));
                return Err(error);
            }
        };
        for job in outcome.jobs {
            let organization = job.parcel.organization();
            self.lanes.entry(job.parcel.endpoint()).or_insert_with(|| Lane::new(organization)).queue.push_back(job);
        }
        let endpoints: Vec<Endpoint> = self.lanes.keys().copied().collect();
        for endpoint in endpoints {
            self.begin(endpoint);
        }
        self.lanes.retain(|_, lane| lane.running > 0 || !lane.queue.is_empty() || lane.window != FIRST_WINDOW);
        Ok((outcome.more || !self.given_up.is_empty()) && self.free() > 0)
    }

    /// What was stopped before a round is seen by it: the marks have done their work when it begins.
    fn forget_stopped(&mut self) {
        let stopped = mem::take(&mut *self.rounds.app.stopped.lock());
        for (_, lane) in self.lanes.iter_mut().filter(|(id, _)| stopped.contains(id)) {
            self.given_up.extend(lane.queue.drain(..).map(|job| job.parcel));
        }
    }

    /// Begins as many of an endpoint's attempts as its window holds.
    fn begin(&mut self, endpoint: Endpoint) {
        let Some(lane) = self.lanes.get_mut(&endpoint) else { return };
        if self.rounds.app.stopped.lock().contains(&endpoint) {
            self.given_up.extend(lane.queue.drain(..).map(|job| job.parcel));
        }
        while lane.running < lane.window
            && let Some(job) = lane.queue.pop_front()
        {
            lane.running += 1;
            let (number, parcel) = (job.parcel.number(), job.parcel.clone());
            let (sender, back, app) = (Arc::clone(&self.sender), self.back.clone(), self.rounds.app.clone());
            let task = tokio::spawn(async move {
                let done = attempt(&app, &sender, job).await;
                // The loop ends only after all attempts.
                let _ = back.send(done);
            });
            self.running.insert(number, (parcel, task.abort_handle()));
        }
        // The window has shrunk since these were taken.
        self.given_up.extend(lane.queue.drain(..).map(|job| job.parcel));
    }

    fn came_back(&mut self, done: Done) {
        self.running.remove(&done.parcel.number());
        let endpoint = done.parcel.endpoint();
        if let Some(lane) = self.lanes.get_mut(&endpoint) {
            lane.running = lane.running.saturating_sub(1);
            let succeeded = done.attempt.succeeded();
            lane.window = next_window(lane.window, succeeded, done.attempt.duration_ms);
        }
        self.kept.push(done);
        self.begin(endpoint);
    }

    /// Waits until there may be something to do.
    async fn wait(&mut self) {
        let app = self.rounds.app.clone();
        tokio::select! {
            () = app.outbox.notified() => tokio::time::sleep(GATHER).await,
            done = self.done.recv() => if let Some(done) = done { self.gather(done).await },
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }

    /// Takes what came back, and what comes soon after it, until half of what was on its way is back.
    async fn gather(&mut self, first: Done) {
        let (few, end) = (self.running.len() / 2, Instant::now() + GATHER);
        self.came_back(first);
        while self.running.len() > few
            && let Ok(Some(done)) = timeout_at(end, self.done.recv()).await
        {
            self.came_back(done);
        }
    }

    /// Lets attempts end, writes them down, and gives back what did not end in time.
    async fn wind_down(&mut self) {
        for lane in self.lanes.values_mut() {
            self.given_up.extend(lane.queue.drain(..).map(|job| job.parcel));
        }
        let end = Instant::now() + PATIENCE;
        while !self.running.is_empty() {
            match timeout(end.saturating_duration_since(Instant::now()), self.done.recv()).await {
                Ok(Some(done)) => self.came_back(done),
                Ok(None) | Err(_) => break,
            }
        }
        for (_, task) in self.running.values() {
            task.abort();
        }
        self.given_up.extend(self.running.drain().map(|(_, (parcel, _))| parcel));
        if let Err(error) = self.round(0).await {
            tracing::warn!(?error, "the last deliveries could not be written down: they are repeated");
        }
    }
}

/// The window after an answer, from the one before.
fn next_window(window: usize, succeeded: bool, millis: u64) -> usize {
    match millis {
        time if !succeeded || time > SLOW_MILLIS => (window / 2).max(1),
        time if time > QUICK_MILLIS => window.min(MAX_WINDOW),
        time if time > FAST_MILLIS && window > MAX_WINDOW => window - 1,
        time if time > FAST_MILLIS => (window + 1).min(MAX_WINDOW),
        _ => (window + 1).min(FAST_WINDOW),
    }
}

/// Signs and sends.
async fn attempt(app: &App, sender: &Sender, job: Job) -> Done {
    let at = app.clock.now().wall;
    let Job { parcel, url, body, signing } = job;
    let failed = |error: &str| Attempt { at, status_code: None, duration_ms: 0, error: Some(error.to_owned()), response: None };
    let (headers, longest) = match (&signing, &parcel) {
        (Signing::Standard(secrets), Parcel::Delivery(delivery)) => {
            (sign::headers(delivery.event_id, at, &body, secrets), Duration::MAX)
        }
        (Signing::Project(token), Parcel::SendOut(_)) => {
            let signature = token.as_ref().and_then(|token| send_out::sign(token, &body));
            let field = signature.map(|signature| vec![("x-voucherify-signature", signature)]);
            (field, Duration::from_secs(send_out::TIMEOUT_SECS.into()))
        }
        (Signing::Standard(_), Parcel::SendOut(_)) | (Signing::Project(_), Parcel::Delivery(_)) => (None, Duration::MAX),
    };
    let Some(headers) = headers else {
        return Done { parcel, attempt: failed("secret_unreadable"), retry_after: None, timed_out: false };
    };
    let outcome = sender.send(at, &url, headers, body, longest).await;
    let attempt = Attempt {
        at,
        status_code: outcome.status,
        duration_ms: u64::try_from(outcome.duration.as_millis()).unwrap_or(u64::MAX),
        error: outcome.error_text().map(str::to_owned),
        response: outcome.excerpt_text(),
    };
    let retry_after = outcome.retry_after.map(|pause| pause.as_secs());
    Done { parcel, attempt, retry_after, timed_out: outcome.timed_out() }
}
