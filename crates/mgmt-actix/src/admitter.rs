//! Asking the gate from asynchronous code.

use std::{collections::HashMap, sync::Arc};

use actix_web::web;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use mgmt_gate::{Check, Gate, Moment, Pending, Request, SystemClock};
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
        Self(Arc::new(Inner { gate, clock: SystemClock, flights: Mutex::default() }))
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
    pub async fn admit_at(&self, presented: &str, request: &Request<'_>, now: Moment) -> Result<Check, Unavailable> {
        match self.0.gate.check(presented, request, now) {
            Check::Pending(pending) => self.resolve(pending).await?,
            Check::Unleased => return Err(Unavailable("this node holds no lease".to_owned())),
            answer => return Ok(answer),
        }
        for _ in 1..ATTEMPTS {
            match self.0.gate.check(presented, request, self.0.clock.now()) {
                Check::Pending(pending) => self.resolve(pending).await?,
                Check::Unleased => return Err(Unavailable("this node holds no lease".to_owned())),
                answer => return Ok(answer),
            }
        }
        Err(Unavailable("others were always faster to use what was fetched".to_owned()))
    }

    async fn resolve(&self, pending: Pending) -> Result<(), Unavailable> {
        if !pending.is_shareable() {
            return self.fetch(pending).await;
        }
        let name = pending.flight();
        let flight = {
            let mut flights = self.0.flights.lock();
            let this = self.clone();
            let start = || async move { this.fetch(pending).await }.boxed().shared();
            flights.entry(name.clone()).or_insert_with(start).clone()
        };
        let result = flight.clone().await;
        let mut flights = self.0.flights.lock();
        if flights.get(&name).is_some_and(|f| f.ptr_eq(&flight)) {
            flights.remove(&name);
        }
        result
    }

    async fn fetch(&self, pending: Pending) -> Result<(), Unavailable> {
        let inner = Arc::clone(&self.0);
        let done = web::block(move || inner.gate.resolve(&pending, inner.clock.now())).await;
        match done {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Unavailable(error.to_string())),
            Err(error) => Err(Unavailable(error.to_string())),
        }
    }
}
