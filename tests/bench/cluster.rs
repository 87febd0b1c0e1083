//! What leases cost: checks by HTTP at three nodes that hold leases, beside three of the same that need none, in one run.
//!
//! `make bench-cluster` builds a server that can be told to go without leases, with optimization, and runs this. Both sets of nodes run all the
//! time, on one PostgreSQL; the clients ask one set and then the other, in pairs of rounds whose order changes.

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

use mgmt_tests::{Backend, Server, in_parallel};
use serde_json::json;

const PAIRS: usize = 15;
const ROUND: Duration = Duration::from_secs(2);
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
    let asked = Asked { keys: &keys, management_key: on[2].management_key() };
    for nodes in [&on, &off] {
        asked.round(nodes, Duration::from_secs(1));
    }
    let mut pairs = Vec::new();
    for pair in 0..PAIRS {
        let (with, bare) = if pair % 2 == 0 {
            let with = asked.round(&on, ROUND);
            (with, asked.round(&off, ROUND))
        } else {
            let bare = asked.round(&off, ROUND);
            (asked.round(&on, ROUND), bare)
        };
        println!("{with:9.0} a second with leases, {bare:9.0} without: {:.3}", with / bare);
        pairs.push((with, bare));
    }
    let sum = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / PAIRS as f64;
    let (with, bare) = (sum(|p| p.0), sum(|p| p.1));
    let mut ratios: Vec<_> = pairs.iter().map(|(with, bare)| with / bare).collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "mean: {with:.0} a second with leases, {bare:.0} without: {:.3}; median of the pairs {:.3}",
        with / bare,
        ratios[PAIRS / 2]
    );
}

struct Asked<'a> {
    keys: &'a [String],
    management_key: &'a str,
}

impl Asked<'_> {
    /// Checks a second at three nodes.
    fn round(&self, nodes: &[Server; 3], time: Duration) -> f64 {
        let start = Instant::now();
        let counts = in_parallel(CLIENTS, |client| self.client(&nodes[client % 3].address, client, time));
        counts.iter().sum::<usize>() as f64 / start.elapsed().as_secs_f64()
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
