//! Asking the gate from asynchronous code.

use std::{fmt, sync::Arc};

use mgmt_gate::{Check, ForeignCheck, ForeignKeys, Gate, LEASE_LOOK_EVERY, LEASE_LOOKS, Request, SystemClock};
use mgmt_store::StoreError;

/// How often an answer is fetched before the request is given up: each time, others may have used what was fetched.
const ATTEMPTS: usize = 200;

/// The store cannot be reached. That is no answer about the key: tell the client to repeat the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable(pub String);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

/// A gate for asynchronous callers on tokio: what is in memory is answered at once, what must be fetched is fetched on tokio's
/// blocking pool. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admitter {
    gate: Arc<Gate>,
    foreign: Option<Arc<ForeignKeys>>,
}

impl Admitter {
    /// Over a gate.
    #[must_use]
    pub fn new(gate: Arc<Gate>) -> Self {
        Self { gate, foreign: None }
    }

    /// Over a gate and the keys of other systems that stand in front of it.
    #[must_use]
    pub fn with_foreign(foreign: ForeignKeys) -> Self {
        Self { gate: Arc::clone(foreign.gate()), foreign: Some(Arc::new(foreign)) }
    }

    /// The gate itself.
    #[must_use]
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Checks a key; the answer is never `Pending`.
    ///
    /// # Errors
    /// When the store could not be reached.
    pub async fn admit(&self, presented: &str, request: &Request<'_>) -> Result<Check, Unavailable> {
        for _ in 0..ATTEMPTS {
            let now = SystemClock.now();
            let answer = match &self.foreign {
                None => ForeignCheck::Answer(self.gate.check(presented, request, now)),
                Some(foreign) => foreign.check(presented, request, now),
            };
            match (answer, &self.foreign) {
                (ForeignCheck::Answer(Check::Pending(pending)), _) => {
                    let gate = Arc::clone(&self.gate);
                    block(move || gate.resolve(&pending, SystemClock.now())).await?;
                }
                (ForeignCheck::Pending(presented), Some(foreign)) => {
                    let foreign = Arc::clone(foreign);
                    block(move || foreign.resolve(&presented, SystemClock.now())).await?;
                }
                (ForeignCheck::Answer(Check::Unleased), _) => self.wait_for_lease().await?,
                (ForeignCheck::Answer(answer), _) => return Ok(answer),
                (ForeignCheck::Pending(_), None) => break,
            }
        }
        Err(Unavailable("others were always faster to use what was fetched".to_owned()))
    }

    /// Waits until the gate holds a lease, for half a second at most.
    async fn wait_for_lease(&self) -> Result<(), Unavailable> {
        for _ in 0..LEASE_LOOKS {
            if self.gate.may_answer(SystemClock.now()) {
                return Ok(());
            }
            tokio::time::sleep(LEASE_LOOK_EVERY).await;
        }
        Err(Unavailable("this node holds no lease".to_owned()))
    }
}

async fn block(work: impl FnOnce() -> Result<(), StoreError> + Send + 'static) -> Result<(), Unavailable> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| Unavailable(error.to_string())),
        Err(error) => Err(Unavailable(error.to_string())),
    }
}
