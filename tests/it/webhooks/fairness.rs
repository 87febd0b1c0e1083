//! Endpoints that never answer delay nobody.

use super::{hook, hook_at, local};
use mgmt_tests::{Backend, Reply, Server, Sink, on_each_backend};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

on_each_backend!(endpoints_that_hang_delay_nobody, slow_endpoints_delay_their_own_organization_only);

/// Takes connections and never answers.
struct BlackHole {
    port: u16,
    _held: Arc<Mutex<Vec<TcpStream>>>,
}

impl BlackHole {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, held) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let kept = Arc::clone(&held);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                kept.lock().unwrap().push(stream);
            }
        });
        Self { port, _held: held }
    }
}

/// Endpoints that answer well, but take their time, would fill all attempts of the process with one organization's.
fn slow_endpoints_delay_their_own_organization_only(backend: Backend) {
    let unlimited = [("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0")];
    let server = Server::with(backend, &local("0", &unlimited));
    let slow = Sink::answering(|_, before| Reply::status(200).after(Duration::from_secs(if before < 1_600 { 0 } else { 15 })));
    for n in 0..80 {
        hook(&server, &slow.url(&format!("/{n}")), &["api_key.updated"]);
    }
    let tenant = server.tenant("Other");
    let sink = Sink::start();
    let body = json!({"url": sink.url("/"), "events": ["api_key.created"]});
    server.post(super::BASE, &body).bearer(&tenant.management_key).send().expect(201);
    let key = server.create_key(&json!({"scopes": ["*"]}));
    let path = format!("/v1/management/api-keys/{}", key["id"].as_str().unwrap());
    let rename = |n: usize| {
        server.patch(&path, &json!({"name": format!("number {n}")})).bearer(server.management_key()).send().expect(200);
    };
    (0..20).for_each(rename);
    slow.wait_for(1_600, 60);
    (20..40).for_each(rename);
    std::thread::sleep(Duration::from_secs(3));
    let made = json!({"scopes": ["shipments:read"]});
    server.post("/v1/management/api-keys", &made).bearer(&tenant.management_key).send().expect(201);
    sink.wait_for(1, 10);
}

/// Fifty endpoints that hang and one that does not, at a hundred events a second. What is held is the order of things: the healthy
/// endpoint has got every event long before the first attempt at a hanging one could have ended.
fn endpoints_that_hang_delay_nobody(backend: Backend) {
    let unlimited = [("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0"), ("MGMT_WEBHOOKS__TIMEOUT_SECONDS", "30")];
    let server = Server::with(backend, &local("0,5", &unlimited));
    let hole = BlackHole::start();
    for n in 0..50 {
        hook(&server, &format!("http://127.0.0.1:{}/{n}", hole.port), &["api_key.updated"]);
    }
    let sink = Sink::start();
    hook_at(&server, &sink, &["api_key.updated"]);
    let key = server.create_key(&json!({"scopes": ["*"]}));
    let path = format!("/v1/management/api-keys/{}", key["id"].as_str().unwrap());
    let seconds = if std::env::var_os("MGMT_TEST_LONG").is_some() { 30 } else { 5 };
    let start = Instant::now();
    let mut committed = BTreeMap::new();
    for n in 0..seconds * 100 {
        let due = start + Duration::from_millis(10 * n);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let name = format!("number {n}");
        server.patch(&path, &json!({"name": name})).bearer(server.management_key()).send().expect(200);
        committed.insert(name, Instant::now());
    }
    let received = sink.wait_for(committed.len(), 25);
    let mut delays: Vec<Duration> =
        received.iter().map(|r| r.at.saturating_duration_since(committed[r.json()["data"]["name"].as_str().unwrap()])).collect();
    delays.sort();
    eprintln!(
        "{} events beside 50 endpoints that hang: p50 {:?}, p99 {:?}, longest {:?} from commit to arrival",
        delays.len(),
        delays[delays.len() / 2],
        delays[delays.len() * 99 / 100],
        delays[delays.len() - 1]
    );
}
