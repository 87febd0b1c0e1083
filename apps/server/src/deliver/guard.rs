//! Names are resolved once for each connection, every address must be allowed, and the connection goes to one of those and nowhere
//! else. So a name that says something public first and something private a moment later (rebinding) gains nothing: what is
//! judged is what is connected to.

use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use mgmt_core::target::TargetRules;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Looks a name up; apart from the guard, so that a test can be the name server.
pub(super) trait Lookup: Send + Sync {
    /// All addresses of a name.
    fn lookup(&self, name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// The system's own resolver.
pub(super) struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
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
            let addresses = guard.judge(found)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl Guard {
    /// All addresses, if each of them may be called: one bad address among good ones is an attempt to get it in.
    fn judge(&self, found: Vec<IpAddr>) -> Result<Vec<SocketAddr>, Refusal> {
        if found.is_empty() {
            return Err(Refusal::Unknown);
        }
        let own = own_addresses();
        let is_good = |address: &IpAddr| {
            self.rules.permits(*address) && (self.rules.allows(*address) || !own.contains(&address.to_canonical()))
        };
        if found.iter().all(is_good) {
            Ok(found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect())
        } else {
            Err(Refusal::Blocked)
        }
    }
}

/// The addresses of this machine's interfaces, which may be public and are still its own.
fn own_addresses() -> Vec<IpAddr> {
    if_addrs::get_if_addrs().map(|all| all.iter().map(|interface| interface.ip()).collect()).unwrap_or_default()
}
