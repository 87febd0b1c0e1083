//! Names are resolved once for each connection, every address must be allowed, and the connection goes to one of those and nowhere
//! else. So a name that says something public first and something private a moment later (rebinding) gains nothing: what is
//! judged is what is connected to.

use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    pin::Pin,
    sync::Arc,
};

use mgmt_core::target::TargetRules;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

/// Looks a name up; apart from the guard, so that a test can be the name server.
pub(super) trait Lookup: Send + Sync {
    /// All addresses of a name.
    fn lookup(&self, name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// Lookups that are on their way at most. The system's resolver holds a thread until it gives up, which may be long after the attempt
/// did: endpoints whose name servers hang must leave threads for everything else that waits for one.
const LOOKUPS: usize = 256;

/// The system's own resolver.
pub(super) struct SystemLookup(Arc<Semaphore>);

impl SystemLookup {
    /// A resolver with all its threads free.
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS)))
    }
}

impl Lookup for SystemLookup {
    fn lookup(&self, name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let permits = Arc::clone(&self.0);
        Box::pin(async move {
            let permit = permits.acquire_owned().await.map_err(io::Error::other)?;
            let look_up = move || {
                let _held_until_the_thread_is_free = permit;
                (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect())
            };
            tokio::task::spawn_blocking(look_up).await.map_err(io::Error::other)?
        })
    }
}

/// Why a name was not connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// One of its addresses is not allowed.
    Blocked,
    /// It has no address.
    Unknown,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocked => "the name has an address that must not be called",
            Self::Unknown => "the name has no address",
        })
    }
}

impl StdError for Refusal {}

/// The resolver of the HTTP client.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) rules: Arc<TargetRules>,
    pub(super) lookup: Arc<dyn Lookup>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = guard.lookup.lookup(name.as_str().to_owned()).await.map_err(|_| Refusal::Unknown)?;
            let addresses = guard.judge(name.as_str(), &found)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl Guard {
    /// The addresses to call, if none is forbidden: one bad address among good ones is an attempt to get it in.
    fn judge(&self, name: &str, found: &[IpAddr]) -> Result<Vec<SocketAddr>, Refusal> {
        if found.is_empty() {
            return Err(Refusal::Unknown);
        }
        let admitted = self.rules.admit(name, found).ok_or(Refusal::Blocked)?;
        let own = own_addresses();
        if admitted.iter().any(|address| own.contains(&address.to_canonical()) && !self.rules.allows(*address)) {
            return Err(Refusal::Blocked);
        }
        Ok(admitted.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect())
    }
}

/// The addresses of this machine's interfaces, which may be public and are still its own.
fn own_addresses() -> Vec<IpAddr> {
    if_addrs::get_if_addrs().map(|all| all.iter().map(|interface| interface.ip()).collect()).unwrap_or_default()
}
