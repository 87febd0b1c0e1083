//! Deliveries a second to a local sink, beside a bare client that posts the same bytes from a list, in one run.
//!
//! Events are put into the outbox of a server that does not run; then it is started, and the time from the first to the last arrival is
//! taken. Then the same requests, as they came, are posted by a loop of reqwest: one after the other, and as many at a time as the
//! server has on the way to an endpoint that answers in no time.
//!
//! `make bench-deliveries` builds the server with optimization and runs this on SQLite and on PostgreSQL with durable commits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark: a surprise is a panic, and time is the real one"
)]

#[path = "common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use common::{
    keep_awake,
    table::{Goal, Table},
};
use futures_util::StreamExt;
use mgmt_tests::{Backend, Received, Server, Sink};
use serde_json::json;

const EVENTS: usize = 20_000;
const AT_A_TIME: usize = 128;

fn main() {
    let mut table = Table::new("10-deliveries.md");
    let awake = keep_awake();
    println!("backend     deliveries/s   loop, one at a time/s   ratio   loop, {AT_A_TIME} at a time/s   ratio");
    for backend in [Backend::Sqlite, Backend::Postgres] {
        if backend == Backend::Sqlite || backend.is_available() {
            run(backend, &mut table);
        }
    }
    drop(awake);
}

fn run(backend: Backend, table: &mut Table) {
    let settings =
        [("MGMT_WEBHOOKS__ALLOWED_NETWORKS", "127.0.0.0/8"), ("MGMT_WEBHOOKS__ALLOW_HTTP", "true"), ("MGMT_LOG__FILTER", "warn")];
    let mut server = Server::with(backend, &settings);
    let sink = Sink::start();
    let hook = json!({"url": sink.url("/hook"), "events": ["api_key.updated"]});
    server.post("/v1/management/webhooks", &hook).bearer(server.management_key()).send().expect(201);
    let key = server.create_key(&json!({"name": "a key as they are", "scopes": ["shipments:read", "trackers:read"]}));
    let path = format!("/v1/management/api-keys/{}", key["id"].as_str().unwrap());
    server.patch(&path, &json!({"name": "a key that was changed"})).bearer(server.management_key()).send().expect(200);
    sink.wait_for(1, 30);
    server.terminate();
    assert!(server.wait().success());
    fill(&server);
    server.run();
    let received = sink.wait_for(EVENTS + 1, 300);
    let arrivals: Vec<Instant> = received[1..].iter().map(|r| r.at).collect();
    let took = *arrivals.iter().max().unwrap() - *arrivals.iter().min().unwrap();
    server.terminate();
    let delivered = per_second(EVENTS, took);
    let again = Sink::start();
    let (one, many) = (post(&again, &received[1..], 1), post(&again, &received[1..], AT_A_TIME));
    println!(
        "{:10}  {delivered:12.0}   {one:21.0}   {:5.2}   {many:20.0}   {:5.2}",
        format!("{backend:?}"),
        delivered / one,
        delivered / many
    );
    if backend == Backend::Postgres {
        let measure = format!("webhook deliveries a second on {backend:?}, of a bare loop of reqwest, {AT_A_TIME} at a time");
        table.note(&measure, delivered / many, "", Goal::AtLeast(0.25));
    }
}

/// Copies of the last event, each with an id of its own, as if the changes had just been made.
fn fill(server: &Server) {
    let hex = |n: &str| match server.database.url().starts_with("sqlite") {
        true => format!("printf('%012x', {n})"),
        false => format!("lpad(to_hex({n}), 12, '0')"),
    };
    let numbers = format!("WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {EVENTS})");
    let copies = format!(
        "{numbers} INSERT INTO events (id, organization_id, event_type, at, data, webhook_id, waiting_since) \
         SELECT 'evt_' || substr(e.id, 5, 20) || {}, e.organization_id, e.event_type, e.at, e.data, NULL, e.at \
         FROM numbers, (SELECT * FROM events WHERE event_type = 'api_key.updated') AS e",
        hex("n")
    );
    let _ = server.database.sql(&server.folder, &copies);
}

/// Posts the same requests: how many a second.
fn post(sink: &Sink, requests: &[Received], at_a_time: usize) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // The client is built without one; a second call finds the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().http1_only().build().unwrap();
        let start = Instant::now();
        let calls = requests.iter().map(|request| {
            let known = ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "user-agent"];
            let call = client.post(sink.url("/hook")).body(request.body.clone());
            let call = known.iter().fold(call, |call, name| call.header(*name, request.header(name)));
            async move { assert!(call.send().await.unwrap().bytes().await.is_ok()) }
        });
        futures_util::stream::iter(calls).buffer_unordered(at_a_time).collect::<Vec<()>>().await;
        per_second(requests.len(), start.elapsed())
    })
}

fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
