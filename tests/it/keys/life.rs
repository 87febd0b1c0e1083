//! Create, read, change, rotate, suspend, resume, revoke.

use super::{Surface, id, key};
use mgmt_tests::{Backend, KeyText, Server, eventually, on_each_backend};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;

on_each_backend!(
    a_key_is_made_read_changed_and_revoked,
    defaults_and_both_kinds,
    rotation_without_overlap,
    rotation_with_overlap,
    suspend_and_resume,
    state_errors,
    expiry_needs_no_sweeper,
    both_spellings_and_wildcards,
);

const FIELDS: [&str; 21] = [
    "id",
    "name",
    "kind",
    "environment",
    "status",
    "key_prefix",
    "last_four",
    "scopes",
    "permissions",
    "rate_limit",
    "quota",
    "ip_allowlist",
    "warehouse_ids",
    "metadata",
    "created_by",
    "created_at",
    "last_used_at",
    "expires_at",
    "revoked_at",
    "revoked_reason",
    "replaced_by",
];

#[track_caller]
fn has_exactly(object: &Value, extra: &[&str]) {
    let mut names: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut expected = [&FIELDS[..], extra].concat();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[track_caller]
fn is_a_time(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{text}");
}

fn a_key_is_made_read_changed_and_revoked(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    for surface in [Surface::management(&server), Surface::session(&server, &session)] {
        let body = json!({
            "name": "  Cafe\u{301}  ", "scopes": ["read:shipments", "orders:write"], "environment": "test",
            "expires_at": "2099-01-02T03:04:05Z", "rate_limit": {"requests": 5, "per_seconds": 60},
            "quota": {"limit": 1000, "period": "day"}, "ip_allowlist": ["127.0.0.0/8", "2001:db8::/32"],
            "warehouse_ids": ["wh_north"], "metadata": {"team": "blue", "n": 1},
        });
        let answer = surface.create(&body);
        let made = surface.object(&answer, 201);
        has_exactly(&made, &["key"]);
        assert!(answer.header("etag").is_none(), "an answer with a secret carries no ETag: {answer}");
        assert_eq!(made["name"], "Caf\u{e9}");
        assert_eq!(made["kind"], "secret");
        assert_eq!(made["environment"], "test");
        assert_eq!(made["status"], "active");
        assert_eq!(made["scopes"], json!(["shipments:read", "orders:write"]), "canonical, in the order that was sent");
        assert_eq!(made["permissions"], made["scopes"]);
        assert_eq!(made["expires_at"], "2099-01-02T03:04:05.000Z");
        assert_eq!(made["rate_limit"], json!({"requests": 5, "per_seconds": 60}));
        assert_eq!(made["quota"]["limit"], 1000);
        assert_eq!(made["quota"]["period"], "day");
        assert_eq!(made["warehouse_ids"], json!(["wh_north"]));
        assert_eq!(made["metadata"], json!({"team": "blue", "n": 1}));
        is_a_time(&made["created_at"]);
        for empty in ["last_used_at", "revoked_at", "revoked_reason", "replaced_by"] {
            assert_eq!(made[empty], Value::Null, "{empty}");
        }
        let text = KeyText::of(key(&made));
        assert_eq!(text.head, "mg_sk_test_");
        assert!(text.has_a_true_checksum());
        assert!(text.payload.len() >= 12 + 32 && text.payload.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert!(key(&made).len() <= 100);
        assert_eq!(made["key_prefix"], "mg_sk_test_****");
        assert!(key(&made).ends_with(made["last_four"].as_str().unwrap()));

        let answer = surface.get(id(&made));
        let read = surface.object(&answer, 200);
        has_exactly(&read, &[]);
        let mut without_key = made.clone();
        without_key.as_object_mut().unwrap().shift_remove("key");
        assert_eq!(read, without_key);
        assert!(!answer.text().contains(key(&made)));

        let change = json!({
            "name": "changed", "scopes": ["orders:read"], "metadata": {"team": null, "more": [1]}, "expires_at": null,
            "rate_limit": null, "quota": null, "ip_allowlist": [], "warehouse_ids": [],
        });
        let changed = surface.object(&surface.patch(id(&made), &change), 200);
        assert_eq!(changed["name"], "changed");
        assert_eq!(changed["scopes"], json!(["orders:read"]));
        assert_eq!(changed["metadata"], json!({"n": 1, "more": [1]}));
        for cleared in ["expires_at", "rate_limit", "quota"] {
            assert_eq!(changed[cleared], Value::Null, "{cleared}");
        }
        assert_eq!(server.verify(&json!({"key": key(&made), "scopes": ["orders:read"]}))["code"], "valid");
        assert_eq!(server.verify(&json!({"key": key(&made), "scopes": ["orders:write"]}))["code"], "insufficient_scope");

        let answer = surface.call("DELETE", &format!("/{}", id(&made))).json(&json!({"reason": "no longer used"})).send();
        assert_eq!(answer.status, 204, "{answer}");
        assert!(answer.body.is_empty());
        assert_eq!(server.verdict(key(&made)), "revoked");
        let revoked = surface.object(&surface.get(id(&made)), 200);
        assert_eq!(revoked["status"], "revoked");
        assert_eq!(revoked["revoked_reason"], "no longer used");
        is_a_time(&revoked["revoked_at"]);
        assert_eq!(surface.revoke(id(&made)).status, 204);
        let mut again = surface.object(&surface.get(id(&made)), 200);
        // Uses are written a second later.
        again["last_used_at"] = revoked["last_used_at"].clone();
        assert_eq!(again, revoked, "a repeated revocation changes nothing");
    }
}

fn defaults_and_both_kinds(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__PREFIX", "acme")]);
    let surface = Surface::management(&server);
    let made = surface.object(&surface.create(&json!({"scopes": ["shipments:read"]})), 201);
    assert_eq!(made["name"], "Untitled key");
    assert_eq!(made["environment"], "prod");
    assert_eq!(made["kind"], "secret");
    assert_eq!(made["metadata"], json!({}));
    assert_eq!(made["expires_at"], Value::Null);
    assert!(key(&made).starts_with("acme_sk_prod_"));
    for name in ["scopes", "permissions"] {
        let body = json!({"kind": "management", name: ["webhooks:read"]});
        let made = surface.object(&surface.create(&body), 201);
        assert!(key(&made).starts_with("acme_mk_prod_"));
        assert_eq!(made["permissions"], json!(["webhooks:read"]));
        assert_eq!(made["scopes"], made["permissions"]);
    }
    // What the kind decides: a permission is no catalogue scope, and the other way round.
    surface.create(&json!({"scopes": ["keys:verify"]})).names_fields(&["scopes"]);
    surface.create(&json!({"kind": "management", "permissions": ["shipments:read"]})).names_fields(&["permissions"]);
    // What was used is known within a minute; here it is written at the next flush.
    assert_eq!(server.verdict(key(&made)), "valid");
    eventually("last_used_at", 30, || surface.object(&surface.get(id(&made)), 200)["last_used_at"].is_string());
}

fn rotation_without_overlap(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    for surface in [Surface::management(&server), Surface::session(&server, &session)] {
        let body = json!({"name": "turning", "scopes": ["shipments:*"], "metadata": {"a": 1}, "quota": {"limit": 10, "period": "month"}});
        let old = surface.object(&surface.create(&body), 201);
        assert_eq!(server.verify(&json!({"key": key(&old), "cost": 4}))["code"], "valid");
        let answer = surface.act(id(&old), "rotate", &json!({}));
        let new = surface.object(&answer, 201);
        assert!(answer.header("etag").is_none());
        assert_ne!(id(&new), id(&old));
        assert_ne!(key(&new), key(&old));
        for same in ["name", "kind", "environment", "scopes", "metadata", "rate_limit", "expires_at", "ip_allowlist"] {
            assert_eq!(new[same], old[same], "{same}");
        }
        assert_eq!(server.verdict(key(&old)), "revoked");
        let verdict = server.verify(&json!({"key": key(&new)}));
        assert_eq!(verdict["code"], "valid");
        assert_eq!(verdict["quota"]["used"], 5, "a rotated key shares one quota with its predecessor: {verdict}");
        let old = surface.object(&surface.get(id(&old)), 200);
        assert_eq!(old["status"], "revoked");
        assert_eq!(old["revoked_reason"], "rotated");
        assert_eq!(old["replaced_by"], new["id"]);
        surface.act(id(&old), "rotate", &json!({})).refused(409, "invalid_state");
        assert_eq!(surface.revoke(id(&new)).status, 204);
    }
}

fn rotation_with_overlap(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "2")]);
    let surface = Surface::management(&server);
    let old = surface.created();
    // Two are active now, the bootstrap's and this one; a rotated-out key does not count.
    let new = surface.object(&surface.act(id(&old), "rotate", &json!({"overlap_seconds": 4})), 201);
    assert_eq!(server.verdict(key(&old)), "valid");
    assert_eq!(server.verdict(key(&new)), "valid");
    surface.create(&json!({"scopes": ["orders:read"]})).refused(409, "key_limit_reached");
    assert_eq!(surface.object(&surface.get(id(&old)), 200)["replaced_by"], new["id"]);
    sleep(Duration::from_millis(4_300));
    assert_eq!(server.verdict(key(&old)), "revoked");
    assert_eq!(server.verdict(key(&new)), "valid");
    let old = surface.object(&surface.get(id(&old)), 200);
    assert_eq!(old["status"], "revoked");
    assert_eq!(old["revoked_reason"], "rotated");
    for wrong in [json!(604_801), json!(-1), json!("60"), json!(1.5)] {
        surface.act(id(&new), "rotate", &json!({"overlap_seconds": wrong})).names_fields(&["overlap_seconds"]);
    }
    // A key in its overlap can still be revoked at once.
    let newer = surface.object(&surface.act(id(&new), "rotate", &json!({"overlap_seconds": 604_800})), 201);
    assert_eq!(server.verdict(key(&new)), "valid");
    assert_eq!(surface.revoke(id(&new)).status, 204);
    assert_eq!(server.verdict(key(&new)), "revoked");
    assert_eq!(server.verdict(key(&newer)), "valid");
}

fn suspend_and_resume(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    for surface in [Surface::management(&server), Surface::session(&server, &session)] {
        let made = surface.created();
        for _ in 0..2 {
            let suspended = surface.object(&surface.act(id(&made), "suspend", &json!({})), 200);
            assert_eq!(suspended["status"], "suspended");
            assert_eq!(server.verdict(key(&made)), "suspended");
            server.get("/v1/authorize").bearer(key(&made)).send().refused(401, "unauthorized");
        }
        for _ in 0..2 {
            // A body is not needed.
            let answer = surface.call("POST", &format!("/{}/resume", id(&made))).send();
            assert_eq!(surface.object(&answer, 200)["status"], "active");
            assert_eq!(server.verdict(key(&made)), "valid");
        }
        surface.act(id(&made), "suspend", &json!({})).expect(200);
        assert_eq!(surface.revoke(id(&made)).status, 204);
        assert_eq!(server.verdict(key(&made)), "revoked");
    }
}

fn state_errors(backend: Backend) {
    let server = Server::start(backend);
    let surface = Surface::management(&server);
    let revoked = surface.created();
    assert_eq!(surface.revoke(id(&revoked)).status, 204);
    for action in ["suspend", "resume", "rotate"] {
        surface.act(id(&revoked), action, &json!({})).refused(409, "invalid_state");
    }
    for action in ["suspend", "resume", "rotate"] {
        surface.act("key_00000000000070008000000000000000", action, &json!({})).refused(404, "not_found");
        surface.act("not-an-id", action, &json!({})).refused(404, "not_found");
    }
    surface.get("org_00000000000070008000000000000000").refused(404, "not_found");
}

fn expiry_needs_no_sweeper(backend: Backend) {
    let server = Server::start(backend);
    let surface = Surface::management(&server);
    let soon = mgmt_tests::in_seconds(3);
    let made = surface.object(&surface.create(&json!({"scopes": ["orders:read"], "expires_at": soon})), 201);
    assert_eq!(server.verdict(key(&made)), "valid");
    sleep(Duration::from_millis(3_100));
    assert_eq!(server.verdict(key(&made)), "expired");
    assert_eq!(surface.object(&surface.get(id(&made)), 200)["status"], "expired");
    for action in ["suspend", "resume"] {
        surface.act(id(&made), action, &json!({})).refused(409, "invalid_state");
    }
    server.get("/v1/authorize").bearer(key(&made)).send().refused(401, "unauthorized");
    assert_eq!(surface.revoke(id(&made)).status, 204);
}

fn both_spellings_and_wildcards(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "50")]);
    let surface = Surface::management(&server);
    for (held, asked, code) in [
        ("shipments:read", "read:shipments", "valid"),
        ("read:shipments", "shipments:read", "valid"),
        ("shipments:*", "shipments:write", "valid"),
        ("*", "carrier-accounts:write", "valid"),
        ("shipments:read", "shipments:write", "insufficient_scope"),
        ("shipments:*", "orders:read", "insufficient_scope"),
        ("operations:execute", "execute:operations", "valid"),
    ] {
        let made = surface.object(&surface.create(&json!({"scopes": [held]})), 201);
        let verdict = server.verify(&json!({"key": key(&made), "scopes": [asked]}));
        assert_eq!(verdict["code"], code, "{held} asked for {asked}");
    }
    let made = surface.object(&surface.create(&json!({"kind": "management", "permissions": ["read:webhooks", "users:*"]})), 201);
    assert_eq!(made["permissions"], json!(["webhooks:read", "users:*"]));
    for unknown in ["shipments:fly", "ships:read", "read", "shipments:", ":read", "shipments:read:x", "", "insights:write"] {
        let answer = surface.create(&json!({"scopes": ["orders:read", unknown]}));
        answer.names_fields(&["scopes"]);
        assert!(answer.text().contains(unknown), "`{unknown}` is not named: {answer}");
    }
}
