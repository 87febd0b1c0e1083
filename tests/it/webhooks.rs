//! Webhooks: making and changing them, what they are told and when, repeats, and what becomes of endpoints that fail.

mod crash;
mod delivery;
mod endpoints;
mod events;
mod fairness;
mod verifiers;

use mgmt_tests::{Answer, Server, Settings, Sink};
use serde_json::{Value, json};

pub(crate) const BASE: &str = "/v1/management/webhooks";

/// What lets a server call this machine.
pub(crate) const LOCAL: Settings<'static> =
    &[("MGMT_WEBHOOKS__ALLOWED_NETWORKS", "127.0.0.0/8"), ("MGMT_WEBHOOKS__ALLOW_HTTP", "true")];

/// [`LOCAL`] with a schedule of its own and plenty of keys.
pub(crate) fn local<'a>(schedule: &'a str, more: Settings<'a>) -> Vec<(&'a str, &'a str)> {
    let own = [("MGMT_WEBHOOKS__RETRY_SCHEDULE_SECONDS", schedule), ("MGMT_KEYS__MAX_ACTIVE", "1000")];
    LOCAL.iter().chain(&own).chain(more).copied().collect()
}

/// Makes an endpoint and hands back the answer.
pub(crate) fn hook(server: &Server, url: &str, events: &[&str]) -> Value {
    ask(server, "POST", BASE, Some(&json!({"url": url, "events": events}))).expect(201)
}

/// Makes an endpoint at a sink.
pub(crate) fn hook_at(server: &Server, sink: &Sink, events: &[&str]) -> Value {
    hook(server, &sink.url("/hook"), events)
}

/// A call with the bootstrap's management key.
pub(crate) fn ask(server: &Server, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let call = server.call(method, path).bearer(server.management_key());
    body.map_or(call.clone(), |body| call.json(body)).send()
}

/// The deliveries of an endpoint, newest first.
pub(crate) fn deliveries(server: &Server, hook: &Value) -> Vec<Value> {
    let path = format!("{BASE}/{}/deliveries?limit=100", hook["id"].as_str().unwrap());
    ask(server, "GET", &path, None).expect(200)["data"].as_array().unwrap().clone()
}

/// The path of an endpoint.
pub(crate) fn path(hook: &Value, rest: &str) -> String {
    format!("{BASE}/{}{rest}", hook["id"].as_str().unwrap())
}
