//! How long checks take while others keep the server busy: one check a millisecond over one connection, by itself, while 200 sign-ins a
//! second are tried, and while ten thousand keys are changed. `make bench-calm`.
//!
//! The sign-ins come from ever other addresses and go to ever other accounts, so that none is turned away before its password is hashed. Server
//! and clients share two cores, which are kept awake.

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

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use common::{
    keep_awake,
    load::{self, Bytes, Connection},
    median, seed, setting, stolen,
    table::{Goal, Table},
};
use mgmt_core::key_text::KeyFormat;
use mgmt_tests::{Backend, Server};
use serde_json::json;

const KEYS: usize = 10_000;
const PACE: Duration = Duration::from_millis(1);
const LOGINS_A_SECOND: usize = 200;
/// More than may wait for a hash, so that those who are turned away come at their pace.
const LOGIN_CONNECTIONS: usize = 120;
const CHANGERS: usize = 4;

fn main() {
    let settings = [
        ("MGMT_LOG__FILTER", "warn"),
        ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0"),
        ("MGMT_SERVER__TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let mut server = Server::stopped(Backend::Sqlite, &settings);
    server.bootstrap();
    let texts = seed::keys(&server, KEYS, None);
    server.run();
    let authorization = format!("Bearer {}", server.management_key());
    let verify =
        |text: &String| load::post("/v1/keys/verify", &[("authorization", &authorization)], &json!({"key": text}).to_string());
    let checks: Vec<Bytes> = texts.iter().map(verify).collect();
    let mut one = Connection::open(&server.address);
    for check in &checks {
        assert_eq!(one.ask(check), 200);
    }
    let format = KeyFormat::new("mg").unwrap();
    let ids: Vec<String> = texts.iter().map(|text| format.parse(text).unwrap().id().to_string()).collect();
    let time = Duration::from_secs(setting("MGMT_BENCH_SECONDS", 5));
    let (awake, before) = (keep_awake(), stolen());
    let mut p99: [Vec<f64>; 3] = Default::default();
    for round in 0..setting("MGMT_BENCH_ROUNDS", 5) {
        let round = round as usize;
        p99[0].push(probe(&server, &checks, |stop| sleep_until(stop, time)));
        p99[1].push(probe(&server, &checks, |stop| sign_ins(&server, stop, time, round)));
        p99[2].push(probe(&server, &checks, |stop| changes(&server, stop, &ids, round)));
    }
    drop(awake);
    let after = stolen();
    let share = (after.0 - before.0) as f64 / (after.1 - before.1) as f64;
    println!("{:.1} % of the cores' time went to other machines: with more than a few, these are no figures", share * 100.0);
    let [idle, logins, changing] = p99.map(median);
    println!("p99 of checks: idle {idle:.0} µs, while signing in {logins:.0} µs, while keys change {changing:.0} µs");
    let mut table = Table::new("12-calm.md");
    table.note("p99 of checks while 200 sign-ins a second are tried, of idle", logins / idle, " ×", Goal::AtMost(2.0));
    table.note("p99 of checks while 10,000 keys are changed, of idle", changing / idle, " ×", Goal::AtMost(2.0));
}

/// Checks at a steady pace while `noise` goes on, which says when it is over; the 99th percentile in microseconds. A check that is late
/// because the one before it took long is counted from when it was due.
fn probe(server: &Server, checks: &[Bytes], noise: impl FnOnce(&AtomicBool) + Send) -> f64 {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let noise = scope.spawn(|| noise(&stop));
        let mut connection = Connection::open(&server.address);
        let (mut due, mut took) = (Instant::now(), Vec::new());
        for check in checks.iter().cycle() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            due += PACE;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            // What the sleeper oversleeps is no delay of the server's.
            let start = Instant::now();
            let begun = if start.duration_since(due) < PACE { start } else { due };
            assert_eq!(connection.ask(check), 200);
            took.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        noise.join().unwrap();
        took.sort_by(f64::total_cmp);
        took[took.len() * 99 / 100]
    })
}

fn sleep_until(stop: &AtomicBool, time: Duration) {
    thread::sleep(time);
    stop.store(true, Ordering::Relaxed);
}

fn sign_ins(server: &Server, stop: &AtomicBool, time: Duration, round: usize) {
    let (next, answered, start) = (AtomicUsize::new(0), AtomicUsize::new(0), Instant::now());
    thread::scope(|scope| {
        for _ in 0..LOGIN_CONNECTIONS {
            scope.spawn(|| {
                let mut connection = Connection::open(&server.address);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let due = start + Duration::from_secs(1) * u32::try_from(number).unwrap() / LOGINS_A_SECOND as u32;
                    if due > start + time || start.elapsed() > time {
                        break;
                    }
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    let body = json!({"email": format!("nobody{round}-{number}@example.com"), "password": "a wrong password 17"});
                    let from = format!("10.{round}.{}.{}", number / 250, number % 250 + 1);
                    let status = connection.ask(&load::post("/api/auth/login", &[("x-forwarded-for", &from)], &body.to_string()));
                    assert!(matches!(status, 401 | 503), "{status} {}", connection.body());
                    answered.fetch_add(usize::from(status == 401), Ordering::Relaxed);
                }
            });
        }
    });
    stop.store(true, Ordering::Relaxed);
    // Each connection has taken one number more than it has sent.
    let (tried, hashed) = (next.load(Ordering::Relaxed) - LOGIN_CONNECTIONS, answered.load(Ordering::Relaxed));
    println!("  {tried} sign-ins tried in {:.1} s, {hashed} of them hashed", start.elapsed().as_secs_f64());
}

fn changes(server: &Server, stop: &AtomicBool, ids: &[String], round: usize) {
    let (authorization, start) = (format!("Bearer {}", server.management_key()), Instant::now());
    thread::scope(|scope| {
        for part in ids.chunks(ids.len() / CHANGERS) {
            let authorization = &authorization;
            scope.spawn(move || {
                let mut connection = Connection::open(&server.address);
                for id in part {
                    let path = format!("/v1/management/api-keys/{id}");
                    let body = json!({"name": format!("changed {round}")}).to_string();
                    let mut request = load::post(&path, &[("authorization", authorization)], &body);
                    request.splice(..4, *b"PATCH");
                    assert_eq!(connection.ask(&request), 200, "{}", connection.body());
                }
            });
        }
    });
    stop.store(true, Ordering::Relaxed);
    println!("  {} keys changed in {:.1} s", ids.len(), start.elapsed().as_secs_f64());
}
