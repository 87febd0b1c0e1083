//! What leases cost: checks by HTTP at three nodes that hold leases, beside three of the same that need none, in one run.
//!
//! `make bench-cluster` builds a server that can be told to go without leases, with optimization, and runs this. All six nodes run on one
//! PostgreSQL and one core, the clients on another; PostgreSQL runs where there is time. The clients ask one set and then the other, in
//! many short pairs of rounds whose order changes: a machine that is shared with others changes its speed from second to second. What the
//! threads that hold the leases take goes on all the time, whoever is asked: it is measured by itself before, and counted against a node
//! that has one core of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark: a surprise is a panic, and time is the real one"
)]

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

#[path = "common/mod.rs"]
mod common;

use common::{
    CLIENT_CORE, SERVER_CORE, cpu_time, median, pin,
    table::{Goal, Table},
};
use mgmt_tests::{Backend, Server, in_parallel};
use serde_json::json;

const PAIRS: usize = 200;
const ROUND: Duration = Duration::from_millis(300);
const IDLE: Duration = Duration::from_secs(10);
const CLIENTS: usize = 12;
const KEYS: usize = 100;

fn main() {
    assert!(Backend::Postgres.is_available());
    let settings = [
        ("MGMT_KEYS__MAX_ACTIVE", "1000"),
        ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0"),
        ("MGMT_LOG__FILTER", "error"),
        ("MGMT_SERVER__WORKERS", "1"),
    ];
    let first = Server::with(Backend::Postgres, &settings);
    let keys: Vec<String> =
        (0..KEYS).map(|_| first.create_key(&json!({"scopes": ["*"]}))["key"].as_str().expect("a key").to_owned()).collect();
    let without = || first.another_node_with(&[("TESTS_MGMT_WITHOUT_LEASES", "1")]);
    let off = [without(), without(), without()];
    let on = [first.another_node(), first.another_node(), first];
    assert!(off.iter().all(|node| node.log().contains("without a lease")), "build the server with `make bench-cluster`");
    for node in on.iter().chain(&off) {
        pin(node.pid(), SERVER_CORE);
    }
    pin(std::process::id(), CLIENT_CORE);
    let asked = Asked { keys: &keys, management_key: on[2].management_key() };
    // Keys are read, and connections made, when they are first used.
    for nodes in [&on, &off] {
        asked.round(nodes, IDLE);
    }
    let [idle, bare_idle] = [&on, &off].map(|nodes| {
        let before = used(nodes);
        std::thread::sleep(IDLE);
        (used(nodes) - before).as_secs_f64() / IDLE.as_secs_f64() / nodes.len() as f64
    });
    println!("a node without requests takes {:.2} ms a second with leases, {:.2} without", idle * 1e3, bare_idle * 1e3);
    let mut pairs = Vec::new();
    for pair in 0..PAIRS {
        let mut rounds = [&on, &off];
        if pair % 2 == 1 {
            rounds.reverse();
        }
        let mut figures = rounds.map(|nodes| asked.round(nodes, ROUND));
        if pair % 2 == 1 {
            figures.reverse();
        }
        pairs.push(figures);
    }
    let of = |set: usize, of: fn(&Round) -> f64| pairs.iter().map(|pair| of(&pair[set])).sum::<f64>();
    let [with, bare] = [0, 1].map(|set| of(set, |r| r.checks) / of(set, |r| r.time));
    let [cpu, bare_cpu] = [0, 1].map(|set| of(set, |r| r.cpu) * 1e6 / of(set, |r| r.checks));
    println!("{with:.0} checks a second with leases, {bare:.0} without; {cpu:.2} µs of the nodes' time a check, {bare_cpu:.2}");
    let ratios = pairs.iter().map(|[with, bare]| (with.checks / with.time) / (bare.checks / bare.time)).collect();
    let mut table = Table::new("9-cluster.md");
    table.note("checks a second with leases beside without, median of the pairs", median(ratios), "", Goal::AtLeast(0.95));
    table.note("checks a second with leases beside without, mean", with / bare, "", Goal::AtLeast(0.95));
    let rest = (1.0 - idle) / (1.0 - bare_idle);
    table.note("the same, less what holding a lease takes of a node's core", with / bare * rest, "", Goal::AtLeast(0.95));
}

/// What one set of nodes did in one round.
#[derive(Clone, Copy)]
struct Round {
    checks: f64,
    /// Seconds.
    time: f64,
    /// Seconds of processor time of the nodes.
    cpu: f64,
}

/// Processor time of the nodes since they started.
fn used(nodes: &[Server; 3]) -> Duration {
    nodes.iter().map(|node| cpu_time(node.pid())).sum()
}

struct Asked<'a> {
    keys: &'a [String],
    management_key: &'a str,
}

impl Asked<'_> {
    /// Asks three nodes for so long.
    fn round(&self, nodes: &[Server; 3], time: Duration) -> Round {
        let (start, before) = (Instant::now(), used(nodes));
        let counts = in_parallel(CLIENTS, |client| self.client(&nodes[client % 3].address, client, time));
        let time = start.elapsed().as_secs_f64();
        Round { checks: counts.iter().sum::<usize>() as f64, time, cpu: (used(nodes) - before).as_secs_f64() }
    }

    fn client(&self, address: &str, client: usize, time: Duration) -> usize {
        let requests: Vec<_> = self.keys.iter().map(|key| self.request(address, key)).collect();
        let mut stream = TcpStream::connect(address).expect("a node");
        stream.set_nodelay(true).expect("a socket");
        let (start, mut count, mut buffer) = (Instant::now(), 0, vec![0; 16 * 1024]);
        while start.elapsed() < time {
            stream.write_all(&requests[(client * 7 + count) % requests.len()]).expect("sent");
            let text = read_answer(&mut stream, &mut buffer);
            assert!(text.starts_with(b"HTTP/1.1 200") && contains(text, b"\"valid\":true"), "{}", String::from_utf8_lossy(text));
            count += 1;
        }
        count
    }

    fn request(&self, address: &str, key: &str) -> Vec<u8> {
        let body = json!({"key": key}).to_string();
        format!(
            "POST /v1/keys/verify HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.management_key,
            body.len()
        )
        .into_bytes()
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Reads one answer, head and body.
fn read_answer<'a>(stream: &mut TcpStream, buffer: &'a mut [u8]) -> &'a [u8] {
    let mut length = 0;
    loop {
        let more = stream.read(&mut buffer[length..]).expect("an answer");
        assert!(more > 0, "the connection ended");
        length += more;
        let Some(head) = buffer[..length].windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let fields = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let body: usize = fields.split("content-length: ").nth(1).and_then(|r| r.lines().next()?.parse().ok()).expect("a length");
        if length >= head + 4 + body {
            return &buffer[..length];
        }
    }
}
