//! Nodes that are restarted one by one behind a load balancer, and databases of other versions.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use mgmt_tests::{Answer, Backend, Gateway, Server};
use serde_json::json;

use crate::Over;

const CLIENTS: usize = 8;

struct Load<'a> {
    gateway: &'a Gateway,
    management_key: &'a str,
    key: &'a str,
    id: &'a str,
    is_over: AtomicBool,
    answered: AtomicUsize,
    failed: Mutex<Vec<String>>,
}

impl Load<'_> {
    /// Whatever is asked must be answered as if nothing happened.
    fn note(&self, what: &str, answer: Result<Answer, String>, expected: u16) {
        self.answered.fetch_add(1, Ordering::SeqCst);
        let fault = match answer {
            Ok(answer) if answer.status == expected => return,
            Ok(answer) => answer.to_string(),
            Err(error) => error,
        };
        self.failed.lock().unwrap().push(format!("{what}: {fault}"));
    }

    fn client(&self, number: usize) {
        let path = format!("/v1/management/api-keys/{}", self.id);
        let call = |method, path: &str| self.gateway.call(method, path).bearer(self.management_key);
        let mut round = 0;
        while !self.is_over.load(Ordering::SeqCst) {
            round += 1;
            match (number + round) % 8 {
                0 => {
                    let create = call("POST", "/v1/management/api-keys").json(&json!({"scopes": ["*"]}));
                    let once = format!("create-{number}-{round}");
                    self.note("create", create.header("idempotency-key", &once).try_send(), 201);
                }
                1 => self.note("change", call("PATCH", &path).json(&json!({"name": format!("name {round}")})).try_send(), 200),
                2 => self.note("list", call("GET", "/v1/management/api-keys").try_send(), 200),
                3 => self.note("read", call("GET", &path).try_send(), 200),
                4 => self.note("authorize", self.gateway.call("GET", "/v1/authorize").bearer(self.key).try_send(), 200),
                _ => self.note("verify", call("POST", "/v1/keys/verify").json(&json!({"key": self.key})).try_send(), 200),
            }
        }
    }
}

/// Three nodes behind nginx, with the configuration of the documentation, are restarted one by one: no request fails.
#[test]
fn a_rolling_restart_fails_no_request() {
    if !Backend::Postgres.is_available() {
        return;
    }
    let settings = [
        ("MGMT_KEYS__MAX_ACTIVE", "100000"),
        ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0"),
        ("MGMT_SERVER__DRAIN_SECONDS", "1"),
        ("MGMT_SERVER__TRUSTED_PROXIES", "127.0.0.1/32"),
        ("MGMT_LOG__FILTER", "warn"),
    ];
    let first = Server::with(Backend::Postgres, &settings);
    let mut nodes = [first.another_node(), first.another_node(), first];
    let gateway = Gateway::nodes([&nodes[0].address, &nodes[1].address, &nodes[2].address]);
    let management_key = nodes[0].management_key().to_owned();
    let made = nodes[0].create_key(&json!({"scopes": ["*"]}));
    let load = Load {
        gateway: &gateway,
        management_key: &management_key,
        key: made["key"].as_str().unwrap(),
        id: made["id"].as_str().unwrap(),
        is_over: AtomicBool::new(false),
        answered: AtomicUsize::new(0),
        failed: Mutex::default(),
    };
    let rounds = if crate::is_long() { 10 } else { 2 };
    std::thread::scope(|scope| {
        let over = Over(&load.is_over);
        for number in 0..CLIENTS {
            let load = &load;
            scope.spawn(move || load.client(number));
        }
        for _ in 0..rounds {
            for node in &mut nodes {
                sleep(Duration::from_millis(300));
                node.terminate();
                assert!(node.wait().success());
                node.run_there_again();
            }
        }
        sleep(Duration::from_millis(300));
        drop(over);
    });
    let failed = load.failed.into_inner().unwrap();
    eprintln!("{} restarts: {} requests, {} failed", rounds * 3, load.answered.into_inner(), failed.len());
    assert!(failed.is_empty(), "{} failed: {:#?}", failed.len(), &failed[..failed.len().min(10)]);
}

/// A newer program changes the schema only by adding to it. Nodes that run go on; a program that does not know the schema does not
/// start, and one that finds it too old is not ready.
#[test]
fn running_nodes_survive_a_newer_schema() {
    if !Backend::Postgres.is_available() {
        return;
    }
    let node = Server::start(Backend::Postgres);
    let sql = |statement: &str| node.database.sql(&node.folder, statement);
    let ready = || node.get("/readyz").send().status;
    let _ = sql("INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('99999999999999', now())");
    assert_eq!(ready(), 200);
    let made = node.create_key(&json!({"scopes": ["*"]}));
    assert_eq!(node.verdict(made["key"].as_str().unwrap()), "valid");
    let _ = node.command(&["migrate"]).failed(&["newer", "99999999999999"]);
    let _ = node.command(&["serve"]).failed(&["newer", "99999999999999"]);
    let _ = sql("DELETE FROM __diesel_schema_migrations WHERE version = '99999999999999'");
    let _ = sql("DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)");
    assert_eq!(ready(), 503);
}
