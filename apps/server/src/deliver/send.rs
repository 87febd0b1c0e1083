//! Calling an endpoint: one request, within a time, to nobody who must not be called, reading no more than is needed.

use std::{
    error::Error as StdError,
    io,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_web::http::header::HttpDate;
use bytes::Bytes;
use mgmt_core::{
    delivery::MAX_EXCERPT,
    target::{TargetRules, TargetUrl},
    time::Timestamp,
};
use reqwest::{
    Client, RequestBuilder, Response,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    redirect::Policy,
};

use tokio::time::Instant;

use super::guard::{Guard, Lookup, Refusal};
use crate::cli::Failure;

/// The most bytes of an answer's body that are read; then the connection is closed.
const MAX_ANSWER: usize = 64 * 1024;
/// The most bytes of an answer's header fields, names and values. The client itself stops at 100 fields and some 400 KiB.
const MAX_FIELDS: usize = 32 * 1024;
/// A connection that was not used for this long is closed, so that a name is soon looked up anew.
const IDLE: Duration = Duration::from_secs(10);
/// As many as an endpoint may have attempts at a time.
const IDLE_CONNECTIONS: usize = super::engine::FAST_WINDOW;

/// The HTTP client of the deliveries.
pub(super) struct Sender {
    client: Client,
    rules: Arc<TargetRules>,
    timeout: Duration,
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The status, if an answer came.
    pub(super) status: Option<u16>,
    /// What went wrong, if no whole answer came.
    pub(super) failure: Option<FailureClass>,
    /// The pause that the endpoint asked for.
    pub(super) retry_after: Option<Duration>,
    /// How long it took.
    pub(super) duration: Duration,
    /// The beginning of the answer.
    pub(super) excerpt: Vec<u8>,
}

/// What can go wrong before an answer is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailureClass {
    /// The name has an address that must not be called.
    BlockedAddress,
    /// The address of the endpoint is not allowed any more.
    InvalidUrl,
    /// The name has no address.
    Dns,
    /// Nobody took the connection.
    Connect,
    /// No trust could be established.
    Tls,
    /// Nothing came within the time.
    Timeout,
    /// The connection ended in the middle, or what came was no HTTP.
    ConnectionLost,
    /// The header fields of the answer are too long.
    ResponseTooLarge,
}

impl FailureClass {
    /// The word in the log of deliveries.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::BlockedAddress => "blocked_address",
            Self::InvalidUrl => "invalid_url",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::ConnectionLost => "connection_lost",
            Self::ResponseTooLarge => "response_too_large",
        }
    }

    fn of(error: &reqwest::Error) -> Self {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
        while let Some(current) = cause {
            if let Some(refusal) = current.downcast_ref::<Refusal>() {
                return if *refusal == Refusal::Blocked { Self::BlockedAddress } else { Self::Dns };
            }
            if is_tls(current) {
                return Self::Tls;
            }
            cause = current.source();
        }
        match error {
            error if error.is_timeout() => Self::Timeout,
            error if error.is_connect() => Self::Connect,
            _ => Self::ConnectionLost,
        }
    }
}

/// Errors of TLS come as themselves or inside I/O errors, which do not name what is in them as their source.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    error.is::<rustls::Error>() || error.downcast_ref::<io::Error>().and_then(io::Error::get_ref).is_some_and(|e| is_tls(e))
}

impl Outcome {
    /// The word in the log of deliveries, unless all went well.
    pub(super) fn error_text(&self) -> Option<&'static str> {
        let failed = self.status.is_some_and(|status| !(200..300).contains(&status));
        self.failure.map(FailureClass::as_str).or(failed.then_some("http_status"))
    }

    /// The beginning of the answer as text.
    pub(super) fn excerpt_text(&self) -> Option<String> {
        self.status?;
        let mut text = String::from_utf8_lossy(&self.excerpt).into_owned();
        while text.len() > MAX_EXCERPT {
            text.pop();
        }
        Some(text)
    }

    /// Whether no answer came in time.
    pub(super) fn timed_out(&self) -> bool {
        self.failure == Some(FailureClass::Timeout)
    }
}

impl Sender {
    /// Makes the client. It follows no redirect, reads no proxy variable, keeps no cookie, and decodes no compression.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(super) fn new(rules: Arc<TargetRules>, lookup: Arc<dyn Lookup>, timeout: Duration) -> Result<Self, Failure> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .dns_resolver(Arc::new(Guard { rules: Arc::clone(&rules), lookup }))
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .tcp_nodelay(true)
            .user_agent(concat!("mgmt-webhooks/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(Failure::new)?;
        Ok(Self { client, rules, timeout })
    }

    /// Posts a body. The address is judged anew: rules may have become stricter since it was set. `at` is the time of day, `longest`
    /// a bound beside the sender's own.
    pub(super) async fn send(
        &self,
        at: Timestamp,
        url: &str,
        headers: Vec<(&'static str, String)>,
        body: Arc<str>,
        longest: Duration,
    ) -> Outcome {
        let start = Instant::now();
        let mut outcome =
            Outcome { status: None, failure: None, retry_after: None, duration: Duration::ZERO, excerpt: Vec::new() };
        match TargetUrl::parse(url, &self.rules) {
            Err(_) => outcome.failure = Some(FailureClass::InvalidUrl),
            Ok(url) => {
                let request = self.request(&url, headers, &body);
                // What was read before the time ran out is kept.
                if tokio::time::timeout(self.timeout.min(longest), exchange(request, at, &mut outcome)).await.is_err() {
                    outcome.failure = Some(FailureClass::Timeout);
                }
            }
        }
        outcome.duration = start.elapsed();
        outcome
    }

    fn request(&self, url: &TargetUrl, headers: Vec<(&'static str, String)>, body: &str) -> RequestBuilder {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let request = self.client.post(url.as_str()).header(CONTENT_TYPE, "application/json").body(body);
        headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

async fn exchange(request: RequestBuilder, at: Timestamp, outcome: &mut Outcome) {
    match request.send().await {
        Err(error) => outcome.failure = Some(FailureClass::of(&error)),
        Ok(answer) => {
            outcome.status = Some(answer.status().as_u16());
            outcome.retry_after = retry_after(answer.headers(), at);
            if fields_len(answer.headers()) > MAX_FIELDS {
                outcome.failure = Some(FailureClass::ResponseTooLarge);
                return;
            }
            read(answer, outcome).await;
        }
    }
}

/// Reads the answer up to its end or the limit, and keeps the beginning. An answer that breaks off has been given all the same.
async fn read(mut answer: Response, outcome: &mut Outcome) {
    let mut length = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        length += chunk.len();
        let room = MAX_EXCERPT.saturating_sub(outcome.excerpt.len());
        outcome.excerpt.extend(chunk.iter().take(room));
        if length >= MAX_ANSWER {
            return;
        }
    }
}

/// The pause that an answer asks for, in seconds or until a time (RFC 9110, section 10.2.3).
fn retry_after(fields: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = fields.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = SystemTime::from(text.parse::<HttpDate>().ok()?).duration_since(UNIX_EPOCH).ok()?;
    let now = Duration::from_millis(u64::try_from(now.as_millis()).ok()?);
    Some(then.saturating_sub(now))
}

fn fields_len(fields: &HeaderMap) -> usize {
    fields.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// TLS 1.2 and 1.3 with the system's roots.
fn tls() -> Result<rustls::ClientConfig, Failure> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = rustls::RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        tracing::warn!("no certificate authorities are installed: webhooks over https will fail (install `ca-certificates`)");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(Failure::new)?.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests;
