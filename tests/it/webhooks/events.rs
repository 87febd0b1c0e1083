//! What is told, and that it is told exactly when it happened.

use super::{BASE, LOCAL, ask, hook_at, local};
use mgmt_tests::{Backend, MailSink, Server, Sink, eventually, in_seconds, on_each_backend, token_after};
use serde_json::{Value, json};

on_each_backend!(
    keys_tell_what_happens_to_them,
    people_and_organizations_tell,
    an_endpoint_gets_what_it_asked_for,
    what_failed_is_not_told,
    the_log_has_everything_and_pages,
    keys_that_end_soon_are_announced_once,
    a_backlog_of_notices_delays_no_stop,
    quotas_are_announced_once,
);

/// The types and objects of the last events, oldest first.
fn told(server: &Server, query: &str) -> Vec<(String, Value)> {
    let list = ask(server, "GET", &format!("/v1/management/events?limit=100{query}"), None).expect(200);
    let rows = list["data"].as_array().unwrap().iter().rev();
    rows.map(|e| (e["type"].as_str().unwrap().to_owned(), e["data"].clone())).collect()
}

fn keys_tell_what_happens_to_them(backend: Backend) {
    let server = Server::with(backend, LOCAL);
    let sink = Sink::start();
    hook_at(&server, &sink, &["api_key.*"]);
    let made = server.create_key(&json!({"name": "first", "scopes": ["shipments:read"], "metadata": {"a": 1}}));
    let id = made["id"].as_str().unwrap();
    let key = format!("/v1/management/api-keys/{id}");
    ask(&server, "PATCH", &key, Some(&json!({"name": "second"}))).expect(200);
    ask(&server, "PATCH", &key, Some(&json!({"name": "second"}))).expect(200);
    ask(&server, "POST", &format!("{key}/suspend"), None).expect(200);
    ask(&server, "POST", &format!("{key}/suspend"), None).expect(200);
    ask(&server, "POST", &format!("{key}/resume"), None).expect(200);
    let next = ask(&server, "POST", &format!("{key}/rotate"), None).expect(201);
    let next_path = format!("/v1/management/api-keys/{}", next["id"].as_str().unwrap());
    ask(&server, "DELETE", &next_path, Some(&json!({"reason": "lost"}))).expect_status(204);
    ask(&server, "DELETE", &next_path, None).expect_status(204);

    let expected =
        ["api_key.created", "api_key.updated", "api_key.suspended", "api_key.updated", "api_key.rotated", "api_key.revoked"];
    sink.wait_for(expected.len(), 20);
    std::thread::sleep(std::time::Duration::from_millis(500));
    let mut received = sink.received();
    assert_eq!(received.len(), expected.len(), "no event twice, and none without a change");
    received.sort_by_key(|r| r.id());
    let bodies: Vec<Value> = received.iter().map(|r| r.json()).collect();
    let types: Vec<&str> = bodies.iter().map(|b| b["type"].as_str().unwrap()).collect();
    assert_eq!(types, expected);
    for body in &bodies {
        let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["id", "type", "timestamp", "organization_id", "data"]);
        assert_eq!(body["organization_id"], server.organization());
        assert!(body["data"].get("key").is_none());
    }
    let text = format!("{bodies:?}");
    for secret in [&made["key"], &next["key"]] {
        assert!(!text.contains(secret.as_str().unwrap()), "a secret was told");
    }
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("key");
    assert_eq!(bodies[0]["data"], shown, "the whole object");
    assert_eq!(bodies[1]["data"]["name"], "second");
    assert_eq!(bodies[3]["data"]["status"], "active");
    assert_eq!((&bodies[4]["data"]["id"], &bodies[4]["data"]["replaces"]), (&next["id"], &made["id"]));
    assert_eq!(bodies[5]["data"]["revoked_reason"], "lost");
}

fn people_and_organizations_tell(backend: Backend) {
    let mail = MailSink::start();
    let server = Server::with(backend, &[("MGMT_SMTP__URL", &mail.url())]);
    let before = told(&server, "").len();
    let invited = json!({"email": "ana@example.com", "role": "developer"});
    let invited = ask(&server, "POST", "/v1/management/users", Some(&invited)).expect(201);
    let other = json!({"email": "ben@example.com", "role": "viewer"});
    let other = ask(&server, "POST", "/v1/management/users", Some(&other)).expect(201);
    let other = format!("/v1/management/users/{}", other["id"].as_str().unwrap());
    ask(&server, "PATCH", &other, Some(&json!({"role": "member"}))).expect(200);
    ask(&server, "DELETE", &other, None).expect_status(204);
    assert_eq!(told(&server, "").len(), before, "nobody is there yet");
    let token = token_after(&mail.letter("ana@example.com", 0), "/invitations/");
    let accept = json!({"name": "Ana", "password": "a long pass phrase of hers 9"});
    server.post(&format!("/api/invitations/{token}"), &accept).send().expect(200);
    let user = format!("/v1/management/users/{}", invited["id"].as_str().unwrap());
    ask(&server, "PATCH", &user, Some(&json!({"role": "viewer"}))).expect(200);
    ask(&server, "PATCH", &user, Some(&json!({"role": "viewer"}))).expect(200);
    ask(&server, "DELETE", &user, None).expect_status(204);
    let organization = format!("/v1/management/organizations/{}", server.organization());
    ask(&server, "PATCH", &organization, Some(&json!({"name": "Acme 2"}))).expect(200);
    let told = told(&server, "");
    let types: Vec<&str> = told[before..].iter().map(|(t, _)| t.as_str()).collect();
    assert_eq!(types, ["user.created", "user.updated", "user.deleted", "organization.updated"]);
    assert_eq!(told[before].1["email"], "ana@example.com");
    assert_eq!(told[before + 1].1["role"], "viewer");
    assert_eq!(told[before + 3].1["name"], "Acme 2");
}

fn an_endpoint_gets_what_it_asked_for(backend: Backend) {
    let server = Server::with(backend, &local("0", &[]));
    let (all, some, other) = (Sink::start(), Sink::start(), Sink::start());
    hook_at(&server, &all, &["*"]);
    hook_at(&server, &some, &["api_key.revoked", "shipment.*"]);
    let tenant = server.tenant("Other");
    let body = json!({"url": other.url("/"), "events": ["*"]});
    server.post(BASE, &body).bearer(&tenant.management_key).send().expect(201);
    let made = server.create_key(&json!({"scopes": ["*"]}));
    let key = format!("/v1/management/api-keys/{}", made["id"].as_str().unwrap());
    ask(&server, "DELETE", &key, None).expect_status(204);
    all.wait_for(2, 20);
    some.wait_for(1, 20);
    std::thread::sleep(std::time::Duration::from_millis(400));
    assert_eq!(some.types(), ["api_key.revoked"]);
    assert!(other.received().iter().all(|r| r.json()["organization_id"] == tenant.id), "another organization's events");
    let seen = server.get("/v1/management/events").bearer(&tenant.management_key).send().expect(200);
    assert!(!seen.to_string().contains(made["id"].as_str().unwrap()));
}

fn what_failed_is_not_told(backend: Backend) {
    let server = Server::start(backend);
    let before = told(&server, "").len();
    let key = format!("/v1/management/api-keys/{}", server.bootstrap["api_key"]["id"].as_str().unwrap());
    ask(&server, "PATCH", &key, Some(&json!({"scopes": ["nothing:read"]}))).refused(400, "invalid_request");
    let stale = server.patch(&key, &json!({"name": "x"})).bearer(server.management_key()).header("if-match", "\"x\"").send();
    stale.refused(412, "precondition_failed");
    ask(&server, "POST", "/v1/management/api-keys", Some(&json!({"scopes": []}))).expect_status_in(&[400, 422]);
    assert_eq!(told(&server, "").len(), before);
}

fn the_log_has_everything_and_pages(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    for _ in 0..7 {
        server.create_key(&json!({"scopes": ["*"]}));
    }
    let all = told(&server, "&type=api_key.created");
    assert!(all.len() >= 9, "with the bootstrap's own");
    assert!(told(&server, "&type=shipment.*").is_empty());
    assert_eq!(told(&server, "&type=api_key.*").len(), all.len());
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ask(&server, "GET", &format!("/v1/management/events?type=api_key.created&limit=2{cursor}"), None).expect(200);
        seen.extend(page["data"].as_array().unwrap().iter().map(|e| e["data"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    seen.reverse();
    assert_eq!(seen, all.into_iter().map(|(_, data)| data).collect::<Vec<_>>());
}

fn keys_that_end_soon_are_announced_once(backend: Backend) {
    let mut server = Server::start(backend);
    let key = |days: u64| {
        let body = json!({"name": format!("{days} days"), "scopes": ["*"], "expires_at": in_seconds(days * 86_400 - 600)});
        server.create_key(&body)
    };
    key(20);
    let soon = key(6);
    let short = json!({"name": "short", "scopes": ["*"], "expires_at": in_seconds(3600)});
    server.create_key(&short);
    eventually("the notice", 60, || told(&server, "&type=api_key.expiring").len() == 1);
    let (_, data) = told(&server, "&type=api_key.expiring").remove(0);
    assert_eq!((&data["id"], &data["expires_in_days"]), (&soon["id"], &json!(7)));
    server.restart();
    std::thread::sleep(std::time::Duration::from_secs(12));
    assert_eq!(told(&server, "&type=api_key.expiring").len(), 1, "once");
    // Another end is another notice.
    let soon_path = format!("/v1/management/api-keys/{}", soon["id"].as_str().unwrap());
    ask(&server, "PATCH", &soon_path, Some(&json!({"expires_at": in_seconds(13 * 86_400)}))).expect(200);
    eventually("the next notice", 60, || told(&server, "&type=api_key.expiring").len() == 2);
}

/// Many keys that end at about the same time are announced bit by bit: who stops the server meanwhile need not wait for all of them.
fn a_backlog_of_notices_delays_no_stop(backend: Backend) {
    let mut server = Server::start(backend);
    server.create_key(&json!({"scopes": ["*"], "expires_at": in_seconds(6 * 86_400)}));
    server.terminate();
    assert!(server.wait().success());
    let hex = match backend {
        Backend::Sqlite => "printf('%012x', n)",
        Backend::Postgres => "lpad(to_hex(n), 12, '0')",
    };
    let rest = "organization_id, kind, environment, name, scopes, ip_allowlist, warehouse_ids, metadata, expires_at, state, hash, \
                pepper_version, display_prefix, last_four, lineage, created_by, created_at, updated_at, version";
    let copies = format!(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 60000) \
         INSERT INTO keys (id, {rest}) SELECT substr(id, 1, 24) || {hex}, {rest} FROM keys, numbers WHERE expires_at IS NOT NULL"
    );
    let _ = server.database.sql(&server.folder, &copies);
    server.run();
    eventually("the first notices", 60, || !told(&server, "&type=api_key.expiring").is_empty());
    server.terminate();
    assert!(server.wait().success());
}

fn quotas_are_announced_once(backend: Backend) {
    let server = Server::start(backend);
    let made = server.create_key(&json!({"scopes": ["*"], "quota": {"limit": 10, "period": "month"}}));
    let key = made["key"].as_str().unwrap();
    for _ in 0..7 {
        assert_eq!(server.verdict(key), "valid");
    }
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert!(told(&server, "&type=quota.*").is_empty(), "seven of ten are not four fifths");
    for _ in 0..3 {
        assert_eq!(server.verdict(key), "valid");
    }
    assert_eq!(server.verdict(key), "quota_exceeded");
    eventually("both marks", 20, || told(&server, "&type=quota.*").len() == 2);
    let told: Vec<Value> = told(&server, "&type=quota.*").into_iter().map(|(_, data)| data).collect();
    let percents: std::collections::BTreeSet<_> = told.iter().map(|d| d["percent"].as_u64().unwrap()).collect();
    assert_eq!(percents, [80, 100].into());
    for data in &told {
        assert_eq!((&data["id"], &data["object"]), (&made["id"], &json!("api_key")));
        assert_eq!((&data["quota"]["limit"], &data["quota"]["period"]), (&json!(10), &json!("month")));
    }
}
