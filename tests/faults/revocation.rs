//! A revocation that was answered holds on every node, whatever became of the nodes.

use std::thread::sleep;
use std::time::{Duration, Instant};

use mgmt_tests::{Backend, Server, eventually, signal};
use serde_json::json;

use crate::history::{History, Phase, SLACK, TTL};

/// Revocations of each phase with a fault, and of the healthy one.
fn sizes() -> (usize, usize) {
    if crate::is_long() { (500, 2_000) } else { (60, 200) }
}

/// Healthy, with a node that is killed, one that is stopped for longer than a lease, and one whose database connection goes
/// silent: no check that starts after the answer to a revocation is accepted. And nobody waits longer than promised.
#[test]
fn crash_pause_or_silence_no_revoked_key_is_accepted() {
    if !Backend::Postgres.is_available() {
        return;
    }
    let (some, many) = sizes();
    let mut history = History::start((many + 3 * some + 40).next_multiple_of(4), &[]);
    let short = Duration::from_millis(150);

    history.phase(&Phase { name: "healthy", revocations: many, writers: &[0, 1, 2] }, || {});
    assert_eq!(history.violations(), 0);

    let times = history.phase(&Phase { name: "kill -9", revocations: some, writers: &[0, 1] }, || {
        sleep(short);
        signal(history.nodes[2].pid(), "KILL");
    });
    assert!(times.quantile(1.0) <= TTL + SLACK, "{:?}", times.quantile(1.0));
    assert_eq!(history.violations(), 0);
    history.nodes[2].kill();
    history.nodes[2].run();

    let times = history.phase(&Phase { name: "SIGSTOP", revocations: some, writers: &[0, 2] }, || {
        sleep(short);
        history.pause(1, TTL * 3);
    });
    assert!(times.quantile(1.0) <= TTL + SLACK, "{:?}", times.quantile(1.0));
    assert_eq!(history.violations(), 0);

    let times = history.phase(&Phase { name: "silent database", revocations: some, writers: &[0, 1] }, || {
        sleep(short);
        history.relay.silence();
        let start = Instant::now();
        // It says so once its lease is out, and answers nothing from then on.
        eventually("not ready", 8, || history.nodes[2].get("/readyz").try_send().is_ok_and(|a| a.status == 503));
        assert!(start.elapsed() < TTL * 4);
        sleep(TTL);
        history.relay.go_on();
    });
    assert!(times.quantile(1.0) <= TTL + SLACK, "{:?}", times.quantile(1.0));
    assert_eq!(history.violations(), 0);
    eventually("ready again", 10, || history.nodes[2].get("/readyz").try_send().is_ok_and(|a| a.status == 200));
    history.phase(&Phase { name: "healed", revocations: 20, writers: &[0, 1, 2] }, || {});
    assert_eq!(history.violations(), 0);
}

/// The history finds it when the wait for other nodes is left out.
#[test]
fn without_the_wait_the_history_finds_accepted_keys() {
    if !Backend::Postgres.is_available() {
        return;
    }
    if std::env::var("MGMT_BIN").is_ok() {
        eprintln!("*** SKIPPED: only a debug build can leave the wait out ***");
        return;
    }
    let history = History::start(1_000, &[("TESTS_MGMT_SKIP_WAIT", "1")]);
    let start = Instant::now();
    for _ in 0..10 {
        history.phase(&Phase { name: "no wait", revocations: 80, writers: &[0, 1] }, || {
            history.relay.silence();
            sleep(TTL);
            history.relay.go_on();
        });
        if history.violations() > 0 {
            break;
        }
    }
    assert!(history.violations() > 0 && start.elapsed().as_secs() < 60, "{} violations", history.violations());
}

/// A node that did not run for longer than its lease renews it before it answers, rather than refuse what came meanwhile.
#[test]
fn a_node_that_wakes_renews_its_lease_and_answers() {
    if !Backend::Postgres.is_available() {
        return;
    }
    let ttl = TTL.as_millis().to_string();
    let node = Server::with(Backend::Postgres, &[("MGMT_CLUSTER__LEASE_TTL_MS", &ttl)]);
    let made = node.create_key(&json!({"scopes": ["*"]}));
    let (key, id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    let check = || node.post("/v1/keys/verify", &json!({"key": key})).bearer(node.management_key()).send();
    for way in 0..4 {
        signal(node.pid(), "STOP");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| match way {
                0 => check(),
                1 => node.get("/v1/shipments").bearer(key).send(),
                2 => node.get(&format!("/v1/management/api-keys/{id}")).bearer(node.management_key()).send(),
                _ => node
                    .patch(&format!("/v1/management/api-keys/{id}"), &json!({"name": "awake"}))
                    .bearer(node.management_key())
                    .send(),
            });
            sleep(TTL * 2);
            signal(node.pid(), "CONT");
            let answer = waiting.join().unwrap();
            assert_eq!(answer.status, 200, "{way}: {answer}");
        });
        assert_eq!(check().value()["code"], "valid");
    }
}
