//! Asking the gate from asynchronous code.

use std::{collections::HashMap, sync::Arc};

use actix_web::{rt::time::sleep, web};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use mgmt_core::{
    foreign::PresentedForeign,
    id::SessionId,
    limit::{RateLimit, Standing},
};
use mgmt_gate::{
    Check, ForeignCheck, ForeignKeys, Gate, LEASE_LOOK_EVERY, LEASE_LOOKS, Moment, Pending, Places, Refusal, Request,
    SessionCheck, SharedWindows, SystemClock, Taken, Traffic,
};
use parking_lot::Mutex;

/// How often an answer is fetched before the request is given up: each time, others may have used what was fetched.
const ATTEMPTS: usize = 200;

type Flight = Shared<BoxFuture<'static, Result<(), Unavailable>>>;

/// The store cannot be reached. That is no answer about the key: tell the client to repeat the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable(pub String);

impl std::fmt::Display for Unavailable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

/// A gate for asynchronous callers: what must be fetched is fetched on the blocking pool, and requests that wait for the same
/// key wait for one fetch without holding a thread.
#[derive(Clone, Debug)]
pub struct Admitter(Arc<Inner>);

struct Inner {
    gate: Arc<Gate>,
    foreign: Option<Arc<ForeignKeys>>,
    /// Windows that this node shares with others, if any.
    windows: Option<Arc<dyn SharedWindows>>,
    clock: SystemClock,
    flights: Mutex<HashMap<String, Flight>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.gate.fmt(f)
    }
}

impl Admitter {
    /// Over a gate.
    #[must_use]
    pub fn new(gate: Arc<Gate>) -> Self {
        Self::over(gate, None)
    }

    /// Over a gate and the keys of other systems that stand in front of it.
    #[must_use]
    pub fn with_foreign(foreign: ForeignKeys) -> Self {
        Self::over(Arc::clone(foreign.gate()), Some(Arc::new(foreign)))
    }

    fn over(gate: Arc<Gate>, foreign: Option<Arc<ForeignKeys>>) -> Self {
        Self(Arc::new(Inner { gate, foreign, windows: None, clock: SystemClock, flights: Mutex::default() }))
    }

    /// The same, counting in windows that nodes share, while they can be reached.
    #[must_use]
    pub fn with_windows(self, windows: Arc<dyn SharedWindows>) -> Self {
        let (gate, foreign) = (Arc::clone(&self.0.gate), self.0.foreign.clone());
        Self(Arc::new(Inner { gate, foreign, windows: Some(windows), clock: SystemClock, flights: Mutex::default() }))
    }

    /// The gate itself.
    #[must_use]
    pub fn gate(&self) -> &Arc<Gate> {
        &self.0.gate
    }

    /// Checks a key; the answer is never `Pending`.
    ///
    /// # Errors
    /// When the store could not be reached.
    pub async fn admit(&self, presented: &str, request: &Request<'_>) -> Result<Check, Unavailable> {
        self.admit_at(presented, request, self.0.clock.now()).await
    }

    /// [`admit`](Self::admit) for who has read the clock already, after the request arrived.
    ///
    /// # Errors
    /// When the store could not be reached.
    pub async fn admit_at(&self, presented: &str, request: &Request<'_>, mut now: Moment) -> Result<Check, Unavailable> {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                now = self.0.clock.now();
            }
            let mut check = match self.ask(presented, request, now, None) {
                ForeignCheck::Answer(check) => check,
                ForeignCheck::Pending(presented) => {
                    self.resolve(Lack::Foreign(presented)).await?;
                    continue;
                }
            };
            if let Check::Pending(pending) = &check
                && let Some(places) = pending.places()
            {
                // Where the windows were lost, the gate counts by itself now.
                let Some(held) = self.check_shared(presented, request, *places).await? else { continue };
                check = held;
            }
            match check {
                Check::Pending(pending) if pending.places().is_none() => self.resolve(Lack::Gate(pending)).await?,
                Check::Pending(_) => {}
                Check::Unleased => self.wait_for_lease().await?,
                Check::Refused(refusal) => return Ok(Check::Refused(self.complete(refusal, request.traffic).await)),
                answer @ Check::Accepted(_) => return Ok(answer),
            }
        }
        Err(Unavailable("others were always faster to use what was fetched".to_owned()))
    }

    /// Waits until the gate holds a lease, for half a second at most.
    ///
    /// # Errors
    /// When none came: the store cannot be reached.
    pub async fn wait_for_lease(&self) -> Result<(), Unavailable> {
        for _ in 0..LEASE_LOOKS {
            if self.0.gate.may_answer(self.0.clock.now()) {
                return Ok(());
            }
            sleep(LEASE_LOOK_EVERY).await;
        }
        Err(Unavailable("this node holds no lease: it has had no word from the database in time".to_owned()))
    }

    /// Checks a key where nothing has to be waited for. `None` means that something must be fetched or asked first, for which there is
    /// [`admit_at`](Self::admit_at); nothing is counted then.
    #[must_use]
    pub fn check_now(&self, presented: &str, request: &Request<'_>, now: Moment) -> Option<Check> {
        if self.0.windows.is_some() {
            // Even a refusal is told only with where the shared windows stand.
            return None;
        }
        match self.ask(presented, request, now, None) {
            ForeignCheck::Answer(Check::Pending(_) | Check::Unleased) | ForeignCheck::Pending(_) => None,
            ForeignCheck::Answer(check) => Some(check),
        }
    }

    fn ask(&self, presented: &str, request: &Request<'_>, now: Moment, held: Option<(&Places, &Taken)>) -> ForeignCheck {
        match (&self.0.foreign, held) {
            (Some(foreign), held) => foreign.check_with(presented, request, now, held),
            (None, None) => ForeignCheck::Answer(self.0.gate.check(presented, request, now)),
            (None, Some(held)) => ForeignCheck::Answer(self.0.gate.check_holding(presented, request, now, held)),
        }
    }

    /// Takes the places and asks again; `None` when the gate is to be asked from the beginning.
    async fn check_shared(&self, presented: &str, request: &Request<'_>, places: Places) -> Result<Option<Check>, Unavailable> {
        let Some(windows) = &self.0.windows else {
            return Err(Unavailable("this gate shares windows, and nobody knows which".to_owned()));
        };
        let Some(taken) = windows.take(&places).await else { return Ok(None) };
        // A key of another system that was forgotten in between is asked for again, without these places.
        let check = match self.ask(presented, request, self.0.clock.now(), Some((&places, &taken))) {
            ForeignCheck::Answer(check) => Some(check),
            ForeignCheck::Pending(_) => None,
        };
        if taken.retry_after.is_none() && !matches!(check, Some(Check::Accepted(_))) {
            windows.give_back(&places, &taken).await;
        }
        Ok(check)
    }

    /// Adds where shared windows stand to a refusal that was decided without asking them.
    async fn complete(&self, mut refusal: Refusal, traffic: Traffic) -> Refusal {
        let (Some(windows), Refusal::Denied(_, admission) | Refusal::QuotaExceeded(_, admission)) =
            (&self.0.windows, &mut refusal)
        else {
            return refusal;
        };
        if let Some(places) = self.0.gate.places_of(&admission.record, traffic)
            && let Some(taken) = windows.look(&places).await
        {
            let found = places.standings(&taken);
            (admission.standings.plan, admission.standings.key) = (found.plan, found.key);
        }
        refusal
    }

    /// Counts a session's request: where its limit stands after it, or the whole seconds to wait and where it stands.
    ///
    /// # Errors
    /// The limit is reached.
    pub async fn admit_session(&self, id: SessionId, limit: RateLimit) -> Result<Standing, (u64, Standing)> {
        let (gate, clock) = (&self.0.gate, self.0.clock);
        for _ in 0..ATTEMPTS {
            let places = match gate.admit_session(id, limit, clock.now()) {
                SessionCheck::Here(answer) => return answer,
                SessionCheck::Shared(places) => places,
            };
            let Some(windows) = &self.0.windows else { break };
            let Some(taken) = windows.take(&places).await else { continue };
            let Some(standing) = taken.standings.first().copied() else { break };
            return match taken.retry_after {
                Some(after) => Err((after, standing)),
                None => {
                    gate.note_session(id, clock.now());
                    Ok(standing)
                }
            };
        }
        // Windows that come and go faster than they can be asked.
        Err((1, Standing { limit: limit.requests, remaining: 0, reset: 1, per_seconds: limit.per_seconds }))
    }

    async fn resolve(&self, lack: Lack) -> Result<(), Unavailable> {
        let Some(name) = lack.flight() else { return self.fetch(lack).await };
        let flight = {
            let mut flights = self.0.flights.lock();
            let this = self.clone();
            let start = || async move { this.fetch(lack).await }.boxed().shared();
            flights.entry(name.clone()).or_insert_with(start).clone()
        };
        let result = flight.clone().await;
        let mut flights = self.0.flights.lock();
        if flights.get(&name).is_some_and(|f| f.ptr_eq(&flight)) {
            flights.remove(&name);
        }
        result
    }

    async fn fetch(&self, lack: Lack) -> Result<(), Unavailable> {
        let inner = Arc::clone(&self.0);
        let done = web::block(move || inner.fetch(&lack)).await;
        match done {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Unavailable(error.to_string())),
            Err(error) => Err(Unavailable(error.to_string())),
        }
    }
}

/// What must be fetched before there is an answer.
enum Lack {
    Gate(Pending),
    Foreign(Box<PresentedForeign>),
}

impl Lack {
    /// Requests with the same value are served by one fetch; `None` when each needs its own.
    fn flight(&self) -> Option<String> {
        match self {
            Self::Gate(pending) => pending.is_shareable().then(|| pending.flight()),
            Self::Foreign(presented) => Some(format!("foreign {:x?}", presented.keyed().words())),
        }
    }
}

impl Inner {
    fn fetch(&self, lack: &Lack) -> mgmt_store::Result<()> {
        let now = self.clock.now();
        match (lack, &self.foreign) {
            (Lack::Gate(pending), _) => self.gate.resolve(pending, now),
            (Lack::Foreign(presented), Some(foreign)) => foreign.resolve(presented, now),
            (Lack::Foreign(_), None) => Ok(()),
        }
    }
}
