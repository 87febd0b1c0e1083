//! Asking the gate from asynchronous code.

use std::{collections::HashMap, sync::Arc};

use actix_web::web;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use mgmt_core::foreign::PresentedForeign;
use mgmt_gate::{Check, ForeignCheck, ForeignKeys, Gate, Pending, Request, SystemClock};
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
    foreign: Option<ForeignKeys>,
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
        Self::over(Arc::clone(foreign.gate()), Some(foreign))
    }

    fn over(gate: Arc<Gate>, foreign: Option<ForeignKeys>) -> Self {
        Self(Arc::new(Inner { gate, foreign, clock: SystemClock, flights: Mutex::default() }))
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
        for _ in 0..ATTEMPTS {
            let now = self.0.clock.now();
            let answer = match &self.0.foreign {
                None => ForeignCheck::Answer(self.0.gate.check(presented, request, now)),
                Some(foreign) => foreign.check(presented, request, now),
            };
            match answer {
                ForeignCheck::Answer(Check::Pending(pending)) => self.resolve(Lack::Gate(pending)).await?,
                ForeignCheck::Answer(Check::Unleased) => return Err(Unavailable("this node holds no lease".to_owned())),
                ForeignCheck::Answer(answer) => return Ok(answer),
                ForeignCheck::Pending(presented) => self.resolve(Lack::Foreign(presented)).await?,
            }
        }
        Err(Unavailable("others were always faster to use what was fetched".to_owned()))
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
