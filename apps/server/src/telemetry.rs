//! Logs, metrics and the line that every request leaves.

use std::{cell::RefCell, collections::HashMap, net::IpAddr, time::Duration};

use actix_web::http::{Method, StatusCode};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::{
    cli::Failure,
    config::{Log, LogFormat},
    http::request_id::RequestId,
};

/// Counters that stand at zero until something happens: what was never counted looks like what is not there.
const QUIET: [&str; 4] =
    ["mgmt_cluster_renewals_total", "mgmt_cluster_unconfirmed_total", "mgmt_gate_loads_total", "mgmt_quota_recalls_total"];
const REQUESTS: &str = "mgmt_http_requests_total";
const SECONDS: &str = "mgmt_http_request_seconds";

/// Starts logging to standard error: one line an event, times in UTC.
///
/// # Errors
/// The filter can't be read, or logging was started before.
pub(crate) fn start_logs(settings: &Log) -> Result<(), Failure> {
    // What clients send wrongly is no error of ours; such requests have their line in the access log.
    let filter = format!("actix_http::h1=off,actix_server=warn,{}", settings.filter);
    let filter = EnvFilter::try_new(filter).map_err(Failure::new)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
        LogFormat::Text => builder.with_ansi(false).try_init(),
    };
    started.map_err(Failure::new)?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let payload = panic.payload();
        let reason = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        tracing::error!(place = place.as_deref(), reason, "panicked");
    }));
    Ok(())
}

/// Installs the recorder that `metrics` macros write to.
///
/// # Errors
/// A recorder was installed before.
pub(crate) fn start_metrics() -> Result<PrometheusHandle, Failure> {
    let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &buckets)
        .map_err(Failure::new)?
        .install_recorder()
        .map_err(Failure::new)?;
    metrics::describe_counter!(REQUESTS, "Requests, by method, route and status");
    metrics::describe_histogram!(SECONDS, metrics::Unit::Seconds, "Time from a request's head to its answer");
    metrics::describe_gauge!("mgmt_build_info", "Always 1; the version is a label");
    metrics::gauge!("mgmt_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    QUIET.iter().for_each(|name| metrics::counter!(*name).increment(0));
    for outcome in ["succeeded", "failed"] {
        metrics::counter!("mgmt_webhook_attempts_total", "outcome" => outcome).increment(0);
    }
    Ok(handle)
}

/// Folds what was measured into the buckets from time to time: it would pile up where nobody asks for the metrics.
pub(crate) async fn keep_metrics_small(recorder: PrometheusHandle) {
    loop {
        recorder.run_upkeep();
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// Whether requests leave a line at all. Where they do not, nothing is gathered for it.
pub(crate) fn logs_access() -> bool {
    tracing::enabled!(target: "mgmt::access", tracing::Level::INFO)
}

/// Who made a request, as the log names them: an id, never a credential. Handlers put it into the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Principal(pub(crate) String);

/// What is known of a request when it comes in, for its line.
#[derive(Debug)]
pub(crate) struct AccessRecord {
    pub(crate) request_id: RequestId,
    pub(crate) method: Method,
    /// Redacted; without the query.
    pub(crate) path: String,
    pub(crate) client: IpAddr,
    pub(crate) trace_id: Option<String>,
}

/// What became of a request.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) status: StatusCode,
    pub(crate) took: Duration,
    /// Why it was refused, if it was.
    pub(crate) code: Option<&'static str>,
    pub(crate) principal: Option<Principal>,
}

impl AccessRecord {
    /// Writes the line.
    pub(crate) fn write(&self, outcome: &Outcome) {
        tracing::info!(
            target: "mgmt::access",
            request_id = self.request_id.as_str(),
            method = known(&self.method),
            path = self.path.as_str(),
            status = outcome.status.as_u16(),
            code = outcome.code,
            duration_ms = (outcome.took.as_secs_f64() * 1_000_000.0).round() / 1000.0,
            client = self.client.to_string().as_str(),
            principal = outcome.principal.as_ref().map(|p| p.0.as_str()),
            trace_id = self.trace_id.as_deref(),
            "request"
        );
    }
}

/// The counters and histograms of one worker's requests. To find one by its labels costs more than to count, so those that were
/// used are kept: there are as many as endpoints, methods and statuses.
#[derive(Default)]
pub(crate) struct RequestMetrics(RefCell<HashMap<String, Vec<Series>>>);

struct Series {
    method: &'static str,
    status: StatusCode,
    requests: metrics::Counter,
    seconds: metrics::Histogram,
}

impl RequestMetrics {
    /// Counts a request. `route` is the pattern of the endpoint's path.
    pub(crate) fn count(&self, method: &Method, route: Option<&str>, status: StatusCode, took: Duration) {
        let (method, route) = (known(method), route.unwrap_or("none"));
        let mut routes = self.0.borrow_mut();
        if !routes.contains_key(route) {
            routes.insert(route.to_owned(), Vec::new());
        }
        let Some(all) = routes.get_mut(route) else { return };
        let place = all.iter().position(|series| series.method == method && series.status == status);
        let place = place.unwrap_or_else(|| {
            all.push(Series::new(method, route, status));
            all.len() - 1
        });
        if let Some(series) = all.get(place) {
            series.requests.increment(1);
            series.seconds.record(took.as_secs_f64());
        }
    }
}

impl Series {
    fn new(method: &'static str, route: &str, status: StatusCode) -> Self {
        let route = route.to_owned();
        Self {
            method,
            status,
            requests: metrics::counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.as_str().to_owned()),
            seconds: metrics::histogram!(SECONDS, "method" => method, "route" => route),
        }
    }
}

/// Clients may invent methods; a label's values may not be invented by clients.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|name| *name == method.as_str()).unwrap_or("OTHER")
}
