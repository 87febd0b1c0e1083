//! All other cuts hold on every node when they are answered, creations are known there, and a node that stops holds nobody up.

use std::time::{Duration, Instant};

use mgmt_tests::{Backend, PASSWORD, Server, Settings};
use serde_json::json;

fn nodes() -> Option<(Server, Server)> {
    nodes_with(&[])
}

fn nodes_with(more: Settings<'_>) -> Option<(Server, Server)> {
    Backend::Postgres.is_available().then(|| {
        let settings = [("MGMT_KEYS__MAX_ACTIVE", "1000"), ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0")];
        let first = Server::with(Backend::Postgres, &[&settings[..], more].concat());
        let second = first.another_node();
        (first, second)
    })
}

/// Scopes, states and organizations that are cut on one node are cut on the other one.
#[test]
fn every_cut_holds_on_the_other_node() {
    let Some((first, second)) = nodes() else { return };
    let asks = |node: &Server, key: &str| {
        node.verify(&json!({"key": key, "scopes": ["orders:read"]}))["code"].as_str().unwrap().to_owned()
    };
    for round in 0..10 {
        let made = first.create_key(&json!({"scopes": ["orders:read", "orders:write"]}));
        let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
        let path = format!("/v1/management/api-keys/{id}");
        // Known at once where it was not made.
        assert_eq!(asks(&second, key), "valid", "{round}");
        let change = |body| first.patch(&path, &body).bearer(first.management_key()).send().expect(200);
        let act = |deed: &str| {
            first.post(&format!("{path}/{deed}"), &json!({})).bearer(first.management_key()).send().expect(200);
        };
        change(json!({"scopes": ["orders:write"]}));
        assert_eq!(asks(&second, key), "insufficient_scope");
        change(json!({"scopes": ["orders:read"]}));
        assert_eq!(asks(&second, key), "valid");
        change(json!({"rate_limit": {"requests": 1, "per_seconds": 3600}}));
        assert_eq!((asks(&second, key), asks(&second, key)), ("valid".to_owned(), "rate_limited".to_owned()));
        change(json!({"rate_limit": null}));
        act("suspend");
        assert_eq!(asks(&second, key), "suspended");
        act("resume");
        assert_eq!(asks(&second, key), "valid");
        first.delete(&path).bearer(first.management_key()).send().expect_status_in(&[200, 204]);
        assert_eq!(asks(&second, key), "revoked");
        // A command, which is another process, waits as well.
        let made = second.create_key(&json!({"scopes": ["orders:read"]}));
        let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
        assert_eq!((asks(&first, key), asks(&second, key)), ("valid".to_owned(), "valid".to_owned()));
        if round == 0 {
            let _ = first.command(&["key", "revoke", id]).ok();
            assert_eq!((asks(&first, key), asks(&second, key)), ("revoked".to_owned(), "revoked".to_owned()));
        }
    }
}

/// Who logs out on one node, or changes their password, is out on the other one.
#[test]
fn sessions_end_on_the_other_node() {
    let Some((first, second)) = nodes() else { return };
    let me = |node: &Server, token: &str| node.get("/api/auth/me").bearer(token).send().status;
    for _ in 0..5 {
        let session = first.login();
        assert_eq!((me(&first, &session.token), me(&second, &session.token)), (200, 200));
        first.post("/api/auth/logout", &json!({})).bearer(&session.token).header("cookie", &session.cookie).send();
        assert_eq!(me(&second, &session.token), 401);
    }
    let (one, other) = (first.login(), second.login());
    let body = json!({"current_password": PASSWORD, "new_password": "another horse battery staple 8"});
    let changed = first.post("/api/auth/password", &body).bearer(&one.token).send();
    assert!((200..300).contains(&changed.status), "{}", changed.text());
    assert_eq!(me(&second, &other.token), 401);
}

/// A node that stops in order gives its lease back: nobody waits for it. While it stops, it answers what it has begun.
#[test]
fn nobody_waits_for_a_node_that_has_stopped() {
    // So long that nobody mistakes a crowded machine for a wait.
    let Some((first, mut second)) = nodes_with(&[("MGMT_CLUSTER__LEASE_TTL_MS", "30000")]) else { return };
    let held = || first.database.sql(&first.folder, "SELECT count(*) FROM node_leases").trim().to_owned();
    assert_eq!(held(), "2");
    second.terminate();
    assert!(second.wait().success());
    assert_eq!(held(), "1");
    let made = first.create_key(&json!({"scopes": ["*"]}));
    let start = Instant::now();
    let path = format!("/v1/management/api-keys/{}", made["id"].as_str().unwrap());
    first.delete(&path).bearer(first.management_key()).send().expect_status_in(&[200, 204]);
    assert!(start.elapsed() < Duration::from_secs(10));
}
