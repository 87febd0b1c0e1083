//! The layer that guards services, and what it tells them of who was let through.

use std::{
    fmt,
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Extensions, HeaderMap, Request, Response, header::AUTHORIZATION};
use ipnet::IpNet;
use mgmt_core::{access::Question, scope::ScopeMask};
use mgmt_gate::{Admission, Check, Refusal, Request as Asked};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    address::client_address,
    admitter::Admitter,
    answer::{Fault, answer, rate_limit_fields},
};

/// The field that names the warehouse a request is for.
const WAREHOUSE: &str = "x-warehouse-id";
/// Longer tokens are refused unread.
const MAX_TOKEN: usize = 8 * 1024;

type FindPeer = Arc<dyn Fn(&Extensions) -> Option<SocketAddr> + Send + Sync>;

/// Guards everything below it: a request needs an API key that may do what is asked, and counts against its limits and quotas.
///
/// The service below finds [`Admitted`] in the request's extensions. Refusals are answered here with the error envelope, the RFC
/// 6750 challenge and `Retry-After`; answers carry the rate-limit fields. Bodies must be `From<String>`, as axum's is.
#[derive(Clone)]
pub struct Protect {
    admitter: Admitter,
    scopes: ScopeMask,
    named: Arc<str>,
    peer: FindPeer,
    trusted: Arc<[IpNet]>,
}

impl fmt::Debug for Protect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Protect({})", self.named)
    }
}

impl Protect {
    /// Demands an API key with all of these scopes.
    ///
    /// # Errors
    /// When the catalogue lacks one of them.
    pub fn new(admitter: Admitter, scopes: &[&str]) -> mgmt_core::error::Result<Self> {
        let catalogue = &admitter.gate().catalogues().scopes;
        let set = catalogue.parse_set("scopes", scopes)?;
        let (scopes, named) = (catalogue.demanded(&set), set.to_text().into());
        let peer: FindPeer = Arc::new(|extensions| extensions.get::<SocketAddr>().copied());
        Ok(Self { admitter, scopes, named, peer, trusted: Arc::new([]) })
    }

    /// Says where the server leaves the peer's address: axum in `ConnectInfo<SocketAddr>`. Without this it is taken from a
    /// `SocketAddr` in the request's extensions.
    #[must_use]
    pub fn peer(mut self, find: impl Fn(&Extensions) -> Option<SocketAddr> + Send + Sync + 'static) -> Self {
        self.peer = Arc::new(find);
        self
    }

    /// Says whose `X-Forwarded-For` is believed; without this nobody's is.
    #[must_use]
    pub fn trusted_proxies(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.trusted = networks.into_iter().collect();
        self
    }

    async fn admit(&self, headers: &HeaderMap, peer: Option<SocketAddr>) -> Result<Admission, Fault> {
        let token = token(headers)?;
        let mut warehouses = headers.get_all(WAREHOUSE).iter();
        let warehouse = warehouses.next().and_then(|v| v.to_str().ok()).map(str::trim).filter(|w| !w.is_empty());
        if warehouses.next().is_some() {
            // The service behind might read another one.
            return Err(Fault::Warehouses);
        }
        let address: Option<IpAddr> = peer.map(|peer| client_address(peer, headers, &self.trusted));
        let question = Question { all_of: self.scopes, address, warehouse, ..Question::default() };
        match self.admitter.admit(token, &Asked { question, ..Asked::resource() }).await {
            Ok(Check::Accepted(admission)) => Ok(admission),
            Ok(Check::Refused(refusal)) => Err(Fault::Refused(Box::new(refusal))),
            Ok(Check::Pending(_) | Check::Unleased) | Err(_) => Err(Fault::Unavailable),
        }
    }
}

/// The one key in `Authorization`, behind `Bearer`, `ApiKey` or `Token`.
fn token(headers: &HeaderMap) -> Result<&str, Fault> {
    let malformed = || Fault::Refused(Box::new(Refusal::Unknown));
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Fault::Missing)?;
    if values.next().is_some() {
        return Err(Fault::Ambiguous);
    }
    let (scheme, token) = value.to_str().map_err(|_| malformed())?.trim_ascii().split_once(' ').ok_or_else(malformed)?;
    let token = token.trim_ascii();
    if token.contains(',') {
        return Err(Fault::Ambiguous);
    }
    let is_known = ["bearer", "apikey", "token"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    // token68 of RFC 9110, section 11.2, and the underscore that keys hold.
    let is_token = !token.is_empty() && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
    if is_known && is_token && token.len() <= MAX_TOKEN { Ok(token) } else { Err(malformed()) }
}

impl<S> Layer<S> for Protect {
    type Service = Protected<S>;

    fn layer(&self, service: S) -> Protected<S> {
        Protected { service, protect: self.clone() }
    }
}

/// The service that [`Protect`] makes.
#[derive(Clone, Debug)]
pub struct Protected<S> {
    service: S,
    protect: Protect,
}

impl<S, A, B> Service<Request<A>> for Protected<S>
where
    S: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    A: Send + 'static,
    B: From<String>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        // The service that was found ready is the one to call; its clone is asked anew.
        let next = self.service.clone();
        let mut service = std::mem::replace(&mut self.service, next);
        let protect = self.protect.clone();
        Box::pin(async move {
            let peer = (protect.peer)(request.extensions());
            let admission = match protect.admit(request.headers(), peer).await {
                Ok(admission) => admission,
                Err(fault) => return Ok(answer(&fault, &protect.named)),
            };
            let fields = rate_limit_fields(&admission.standings);
            request.extensions_mut().insert(Admitted(admission));
            let mut response = service.call(request).await?;
            for (name, value) in fields {
                response.headers_mut().insert(name, value);
            }
            Ok(response)
        })
    }
}

/// The key that was let through by [`Protect`], in the request's extensions: `Extension<Admitted>` in axum.
#[derive(Clone, Debug)]
pub struct Admitted(pub Admission);
