//! Thousands of changes while the server is killed again and again: all that was committed is delivered, nothing else is, and
//! without a crash nothing twice.

use super::{ask, hook_at, local, path};
use mgmt_tests::{Backend, Server, Sink, on_each_backend};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

on_each_backend!(killed_again_and_again_nothing_is_lost, without_a_crash_nothing_comes_twice);

/// Changes in all: a tenth of the long form, which `MGMT_TEST_LONG=1` asks for.
fn changes() -> usize {
    if std::env::var_os("MGMT_TEST_LONG").is_some() { 10_000 } else { 1_000 }
}

const WRITERS: usize = 4;
const LEASE_MILLIS: u64 = 500;

/// Events of the log that say a key was changed.
fn committed(server: &Server) -> BTreeSet<String> {
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = ask(server, "GET", &format!("/v1/management/events?type=api_key.updated&limit=100{cursor}"), None).expect(200);
        ids.extend(page["data"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { return ids };
        cursor = format!("&cursor={next}");
    }
}

/// All deliveries of an endpoint.
fn log(server: &Server, hook: &Value) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ask(server, "GET", &path(hook, &format!("/deliveries?limit=100{cursor}")), None).expect(200);
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return rows };
        cursor = format!("&cursor={next}");
    }
}

fn delivered(sink: &Sink) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    for received in sink.received() {
        *seen.entry(received.id()).or_insert(0) += 1;
    }
    seen
}

/// Renames keys until so many renamings were acknowledged; how many were.
fn rename(server: &Server, keys: &[String], writer: usize, left: &AtomicUsize, dead: &AtomicBool) -> usize {
    let mut told = 0;
    while !dead.load(Ordering::SeqCst) && left.load(Ordering::SeqCst) > 0 {
        let path = format!("/v1/management/api-keys/{}", keys[writer]);
        let body = json!({"name": format!("{writer} {told} {:?}", Instant::now())});
        let Ok(answer) = server.patch(&path, &body).bearer(server.management_key()).try_send() else { break };
        if answer.status == 200 {
            told += 1;
            let _ = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        }
    }
    told
}

fn start(backend: Backend) -> (Server, Sink, Vec<String>, Value) {
    // A change waits until the lease of a killed predecessor has ended: a short one, so that most of the time is for changes.
    let lease = LEASE_MILLIS.to_string();
    let unlimited = [
        ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0"),
        ("MGMT_WEBHOOKS__TIMEOUT_SECONDS", "2"),
        ("MGMT_CLUSTER__LEASE_TTL_MS", lease.as_str()),
    ];
    let server = Server::with(backend, &local("0,1,1,1,1,1,1,1,1,1", &unlimited));
    let sink = Sink::start();
    let made = hook_at(&server, &sink, &["api_key.updated"]);
    let keys = (0..WRITERS).map(|_| server.create_key(&json!({"scopes": ["*"]}))["id"].as_str().unwrap().to_owned()).collect();
    (server, sink, keys, made)
}

/// Several nodes share the work: each event comes once, whoever delivers it, also when one of them stops in order.
#[test]
fn several_nodes_deliver_once() {
    if !Backend::Postgres.is_available() {
        return;
    }
    let (server, sink, keys, _) = start(Backend::Postgres);
    let mut others = [server.another_node(), server.another_node()];
    let (left, dead) = (AtomicUsize::new(changes() / 2), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for (writer, node) in [&server, &others[0], &others[1]].into_iter().enumerate() {
            let (keys, left, dead) = (&keys, &left, &dead);
            scope.spawn(move || rename(node, keys, writer, left, dead));
        }
    });
    others[0].terminate();
    left.store(changes() / 10, Ordering::SeqCst);
    rename(&server, &keys, 0, &left, &dead);
    assert!(others[0].wait().success());
    let committed = committed(&server);
    sink.wait_for(committed.len(), 60);
    sleep(Duration::from_secs(1));
    let delivered = delivered(&sink);
    assert_eq!(delivered.keys().cloned().collect::<BTreeSet<_>>(), committed);
    assert!(delivered.values().all(|times| *times == 1), "one came twice");
}

fn killed_again_and_again_nothing_is_lost(backend: Backend) {
    let (mut server, sink, keys, _) = start(backend);
    let left = AtomicUsize::new(changes());
    let (mut acknowledged, mut kills) = (0, 0);
    while left.load(Ordering::SeqCst) > 0 {
        let dead = AtomicBool::new(false);
        acknowledged += std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (server, keys, left, dead) = (&server, &keys, &left, &dead);
                    scope.spawn(move || rename(server, keys, writer, left, dead))
                })
                .collect();
            // Never twice at the same point of a round.
            let waits = if backend == Backend::Postgres { LEASE_MILLIS } else { 0 };
            sleep(Duration::from_millis(300 + (kills * 137) % 700 + waits));
            mgmt_tests::signal(server.pid(), "KILL");
            dead.store(true, Ordering::SeqCst);
            writers.into_iter().map(|writer| writer.join().unwrap()).sum::<usize>()
        });
        kills += 1;
        server.kill();
        server.run();
    }
    assert!(kills > 1, "the server was killed {kills} times");
    let committed = committed(&server);
    assert!(committed.len() >= acknowledged, "{acknowledged} were acknowledged, {} are in the log", committed.len());
    // Leases of the dead end after the time of an attempt and half a minute.
    let end = Instant::now() + Duration::from_secs(90);
    loop {
        let delivered: BTreeSet<String> = delivered(&sink).into_keys().collect();
        let phantoms: Vec<_> = delivered.difference(&committed).collect();
        assert!(phantoms.is_empty(), "delivered and never committed: {phantoms:?}");
        let missing = committed.difference(&delivered).count();
        if missing == 0 {
            break;
        }
        assert!(Instant::now() < end, "{missing} of {} never came, after {kills} kills", committed.len());
        sleep(Duration::from_millis(200));
    }
}

fn without_a_crash_nothing_comes_twice(backend: Backend) {
    let (mut server, sink, keys, made) = start(backend);
    let (left, dead) = (AtomicUsize::new(changes() / 2), AtomicBool::new(false));
    for _ in 0..2 {
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (server, keys, left, dead) = (&server, &keys, &left, &dead);
                scope.spawn(move || rename(server, keys, writer, left, dead));
            }
        });
        // An orderly stop is none.
        server.restart();
        left.store(changes() / 4, Ordering::SeqCst);
    }
    let committed = committed(&server);
    sink.wait_for(committed.len(), 60);
    sleep(Duration::from_secs(1));
    let delivered = delivered(&sink);
    assert_eq!(delivered.keys().cloned().collect::<BTreeSet<_>>(), committed);
    let twice: Vec<_> = sink.received().into_iter().filter(|r| delivered[&r.id()] > 1).collect();
    let tried: Vec<_> = log(&server, &made).into_iter().filter(|d| delivered[d["event_id"].as_str().unwrap()] > 1).collect();
    assert!(twice.is_empty(), "{} came twice: {tried:#?}", twice.len());
}
