//! PostgreSQL goes away and comes back, or another server takes its place.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mgmt_tests::{Backend, Postgres, Server, eventually};
use serde_json::json;

use crate::{Over, history::TTL};

/// How soon changes must be accepted again.
const RESUME: Duration = Duration::from_secs(30);

fn three_nodes(url: &str) -> Vec<Server> {
    let settings = [
        ("MGMT_DATABASE__URL", url),
        ("MGMT_KEYS__MAX_ACTIVE", "100000"),
        ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0"),
        ("MGMT_CLUSTER__LEASE_TTL_MS", "1000"),
    ];
    let first = Server::with(Backend::Postgres, &settings);
    let others = [first.another_node(), first.another_node()];
    std::iter::once(first).chain(others).collect()
}

/// Keys whose making was answered with 201.
#[derive(Default)]
struct Writes {
    made: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Writes {
    fn count(&self) -> usize {
        self.made.lock().unwrap().len()
    }

    /// Makes a key: whether that was answered with success. Every other answer is 503, or none at all.
    fn write(&self, node: &Server) -> bool {
        let body = json!({"scopes": ["*"]});
        let Ok(answer) = node.post("/v1/management/api-keys", &body).bearer(node.management_key()).try_send() else {
            return false;
        };
        if answer.status != 201 {
            assert_eq!(answer.status, 503, "{answer}");
            return false;
        }
        self.made.lock().unwrap().push(answer.value()["key"].as_str().unwrap().to_owned());
        true
    }

    fn keep_writing(&self, node: &Server) {
        while !self.is_over.load(Ordering::SeqCst) {
            if !self.write(node) {
                sleep(Duration::from_millis(20));
            }
        }
    }

    /// Whatever was acknowledged is there, on every node.
    fn are_all_there(&self, nodes: &[Server]) {
        let made = self.made.lock().unwrap();
        for (number, key) in made.iter().enumerate() {
            assert_eq!(nodes[number % nodes.len()].verdict(key), "valid", "{number} of {}", made.len());
        }
        eprintln!("{} acknowledged writes, all there", made.len());
    }
}

/// Waits until every node has accepted a change, and tells how long after `since` that was.
fn resumed(nodes: &[Server], writes: &Writes, since: Instant) {
    for node in nodes {
        while !writes.write(node) {
            assert!(since.elapsed() < RESUME, "no write within {RESUME:?}");
            sleep(Duration::from_millis(20));
        }
    }
    eprintln!("all nodes write again after {:?}", since.elapsed());
}

/// While PostgreSQL is away, no node answers past its lease. When it is back, they go on by themselves, and nothing is lost that was
/// acknowledged.
#[test]
fn postgres_goes_away_and_comes_back() {
    if !Backend::Postgres.is_available() {
        return;
    }
    let mut postgres = Postgres::primary(&[]);
    let nodes = three_nodes(&postgres.url());
    let warm = nodes[0].create_key(&json!({"scopes": ["*"]}))["key"].as_str().unwrap().to_owned();
    nodes.iter().for_each(|node| assert_eq!(node.verdict(&warm), "valid"));
    let writes = Writes::default();
    for round in 0..if crate::is_long() { 5 } else { 1 } {
        std::thread::scope(|scope| {
            let over = Over(&writes.is_over);
            for node in &nodes {
                let writes = &writes;
                scope.spawn(move || writes.keep_writing(node));
            }
            let before = writes.count();
            eventually("some writes", 20, || writes.count() > before + 30);
            postgres.stop_at_once();
            let stopped = Instant::now();
            // From here on every lease is over.
            sleep(TTL);
            let count = writes.count();
            let end = Instant::now() + Duration::from_secs(2 + 2 * round);
            while Instant::now() < end {
                for node in &nodes {
                    let asked = node.post("/v1/keys/verify", &json!({"key": warm})).bearer(node.management_key());
                    let answer = asked.try_send().expect("an answer");
                    assert_eq!(answer.status, 503, "{answer}");
                    assert!(answer.number("retry-after") >= 1);
                    assert_eq!(node.get("/readyz").send().status, 503);
                    assert_eq!(node.get("/livez").send().status, 200);
                }
            }
            assert_eq!(writes.count(), count, "acknowledged without a database");
            eprintln!("away for {:?}", stopped.elapsed());
            let back = Instant::now();
            postgres.start();
            resumed(&nodes, &writes, back);
            drop(over);
        });
        writes.is_over.store(false, Ordering::SeqCst);
        writes.are_all_there(&nodes);
    }
}

/// The primary dies, and its synchronous standby takes its place: nodes follow, and nothing is lost that was acknowledged. The old
/// primary comes back and takes itself for one, with nothing that keeps it from accepting writes: no node writes to it, not even one
/// that was started since.
#[test]
fn a_standby_takes_over_and_the_old_primary_is_refused() {
    if !Backend::Postgres.is_available() {
        return;
    }
    let mut old = Postgres::primary(&[]);
    let new = old.standby(&[]);
    let _ = old.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
    let _ = old.sql("SELECT pg_reload_conf()");
    eventually("a synchronous standby", 20, || old.sql("SELECT sync_state FROM pg_stat_replication") == "sync");
    // The old one comes first: whoever connects tries it first.
    let url = format!("postgres://mgmt@127.0.0.1:{},127.0.0.1:{}/postgres", old.port, new.port);
    let mut nodes = three_nodes(&url);
    let writes = Writes::default();
    std::thread::scope(|scope| {
        let over = Over(&writes.is_over);
        for node in &nodes {
            let writes = &writes;
            scope.spawn(move || writes.keep_writing(node));
        }
        eventually("some writes", 20, || writes.count() > 30);
        old.stop_at_once();
        let stopped = Instant::now();
        new.promote();
        resumed(&nodes, &writes, stopped);
        drop(over);
    });
    writes.are_all_there(&nodes);

    old.start_with(&["synchronous_standby_names=", "log_statement=all"]);
    assert_eq!(old.sql("SELECT pg_is_in_recovery()"), "f");
    let _ = old.sql("CREATE TABLE writable (n int)");
    // Every connection is lost, and the next ones find the old primary first; one node knows nothing of what was.
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'mgmt'";
    for _ in 0..if crate::is_long() { 10 } else { 2 } {
        let _ = new.sql(cut);
        resumed(&nodes, &writes, Instant::now());
    }
    nodes[0].kill();
    nodes[0].run();
    resumed(&nodes, &writes, Instant::now());
    writes.are_all_there(&nodes);
    let seen = old.log();
    assert!(seen.contains("pg_walfile_name"), "no node has come across the old primary");
    assert!(!seen.contains("READ WRITE"), "a node has begun to write to the old primary");
    // The one of the process that was killed ends by itself.
    let leases = "SELECT count(*) FROM node_leases WHERE lease_until > extract(epoch FROM clock_timestamp()) * 1000";
    eventually("three leases", 10, || new.sql(leases) == "3");
}
