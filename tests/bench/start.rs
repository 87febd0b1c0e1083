//! A million keys in the database: how long from the start of the process to the answer of the first check, how much memory the
//! process holds then and after keys have been checked, and how long until all keys were read into memory. `make bench-start`; `MGMT_BENCH_KEYS` and `MGMT_BENCH_CHECKED` say how many.

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
    thread,
    time::{Duration, Instant},
};

use common::{
    load::{self, Bytes, Connection},
    median, resident, seed, setting,
    table::{Goal, Table},
};
use mgmt_tests::{Backend, Server};
use serde_json::json;

const CONNECTIONS: usize = 64;
/// What the log says when all keys were read.
const WARM: &str = "keys are in memory";

fn main() {
    let settings = [("MGMT_LOG__FILTER", "warn,mgmt::app::background=info"), ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0")];
    let mut server = Server::stopped(Backend::Sqlite, &settings);
    server.bootstrap();
    let count = setting("MGMT_BENCH_KEYS", 1_000_000) as usize;
    let start = Instant::now();
    let texts = seed::keys(&server, count, None);
    println!("{count} keys written in {:.1} s", start.elapsed().as_secs_f64());
    let authorization = format!("Bearer {}", server.management_key());
    let verify =
        |text: &String| load::post("/v1/keys/verify", &[("authorization", &authorization)], &json!({"key": text}).to_string());
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for round in 0..setting("MGMT_BENCH_ROUNDS", 5) as usize {
        if round > 0 {
            server.terminate();
            assert!(server.wait().success());
        }
        let start = Instant::now();
        server.run();
        assert_eq!(Connection::open(&server.address).ask(&verify(&texts[round * 7919 % count])), 200);
        times.push(start.elapsed().as_secs_f64());
        memory.push(resident(server.pid()) as f64 / 1024.0);
    }
    let mut table = Table::new("11-start.md");
    // The harness asks every 20 ms whether the server is ready.
    table.note(&format!("start with {count} keys until the first check"), median(times), " s", Goal::AtMost(0.3));
    println!("resident after the first check: {:.0} MiB", median(memory));
    let checked = (setting("MGMT_BENCH_CHECKED", 200_000) as usize).min(count);
    let before = resident(server.pid());
    let requests: Vec<Bytes> = texts[..checked].iter().map(verify).collect();
    let took = once(&server, &requests);
    let after = resident(server.pid());
    println!("{checked} keys checked for the first time: {:.0}/s", checked as f64 / took);
    println!("resident then: {} MiB, {:.0} bytes more a key", after / 1024, (after - before) as f64 * 1024.0 / checked as f64);
    println!("checked again: {:.0}/s", checked as f64 / once(&server, &requests));
    let warm = until_warm(&mut server);
    table.note(&format!("start with {count} keys until all are in memory, while nobody asks"), warm, " s", Goal::AtMost(2.0));
}

/// The seconds from the start of the process until it has read all keys ahead.
fn until_warm(server: &mut Server) -> f64 {
    server.terminate();
    assert!(server.wait().success());
    let before = server.log().matches(WARM).count();
    let start = Instant::now();
    server.run();
    while server.log().matches(WARM).count() == before {
        assert!(start.elapsed() < Duration::from_secs(300), "the keys are never in memory");
        thread::sleep(Duration::from_millis(10));
    }
    start.elapsed().as_secs_f64()
}

/// Asks each once; the seconds that it took.
fn once(server: &Server, requests: &[Bytes]) -> f64 {
    let mut connections: Vec<_> = (0..CONNECTIONS).map(|_| Connection::open(&server.address)).collect();
    let start = Instant::now();
    for some in requests.chunks(CONNECTIONS) {
        for (connection, request) in connections.iter_mut().zip(some) {
            connection.send(request);
        }
        for connection in connections.iter_mut().take(some.len()) {
            assert_eq!(connection.receive(), 200);
        }
    }
    start.elapsed().as_secs_f64()
}
