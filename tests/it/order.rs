//! The order in which a request is judged, pair by pair: of two faults, the earlier one is told.

use crate::keys::{id, key};
use mgmt_tests::{Answer, Backend, Server, on_each_backend};
use serde_json::json;

on_each_backend!(
    of_two_faults_the_earlier_is_told,
    a_limit_comes_before_what_is_in_the_request,
    another_spelling_of_a_path_opens_nothing
);

const NOBODY: &str = "/v1/management/api-keys/key_00000000000070008000000000000000";

fn of_two_faults_the_earlier_is_told(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "3")]);
    let reader = server.create_key(&json!({"kind": "management", "permissions": ["api-keys:read"]}));
    let made = server.create_key(&json!({"scopes": ["orders:read"]}));
    let path = format!("/v1/management/api-keys/{}", id(&made));
    let full = server.management_key();
    let patch = |path: &str, credential: &str, tag: &str, kind: &str, body: &str| -> Answer {
        let call = server.call("PATCH", path).header("content-type", kind).bytes(body.as_bytes());
        let call = if credential.is_empty() { call } else { call.bearer(credential) };
        let call = if tag.is_empty() { call } else { call.header("if-match", tag) };
        call.send()
    };
    let (stale, good) = ("\"stale\"", "application/json");
    patch(&format!("{path}?api_key=x"), "", stale, "text/plain", "{").refused(400, "credential_in_url");
    patch(NOBODY, "", stale, "text/plain", "{").refused(401, "unauthorized");
    patch(NOBODY, key(&reader), stale, "text/plain", "{").refused(403, "insufficient_scope");
    patch(NOBODY, full, stale, "text/plain", "{").refused(404, "not_found");
    patch(&path, full, stale, "text/plain", "{").refused(412, "precondition_failed");
    patch(&path, full, stale, good, "{\"nonsense\":1}").refused(412, "precondition_failed");
    patch(&path, full, "", "text/plain", "{").refused(415, "unsupported_media_type");
    patch(&path, full, "", good, "{").refused(400, "invalid_request");
    server.delete(NOBODY).bearer(key(&reader)).send().refused(403, "insufficient_scope");

    // A wrong body comes before its idempotency key, and that before the effect.
    let create = |body: &serde_json::Value| {
        server.post("/v1/management/api-keys", body).bearer(full).header("idempotency-key", "one").send()
    };
    create(&json!({"scopes": ["orders:read"]})).expect(201);
    create(&json!({"scopes": ["no:such"]})).names_fields(&["scopes"]);
    create(&json!({"scopes": ["orders:write"]})).refused(422, "idempotency_key_reused");
    create(&json!({"scopes": ["orders:read"]})).expect(201);
    server
        .post("/v1/management/api-keys", &json!({"scopes": ["orders:read"]}))
        .bearer(full)
        .send()
        .refused(409, "key_limit_reached");
}

fn a_limit_comes_before_what_is_in_the_request(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "3")]);
    let full = server.management_key();
    let reader = server.create_key(&json!({"kind": "management", "permissions": ["api-keys:read"]}));
    for _ in 0..2 {
        server.get("/v1/management/scopes").bearer(full).send().expect_status(200);
    }
    server.get("/v1/management/scopes").bearer(full).send().refused(429, "rate_limited");
    let answer =
        server.call("POST", "/v1/management/api-keys").bearer(full).header("content-type", "text/plain").bytes(b"{").send();
    answer.refused(429, "rate_limited");
    // Who it is, and whether they may, come first.
    server.get("/v1/management/scopes").send().refused(401, "unauthorized");
    server.post("/v1/management/api-keys", &json!({})).bearer(key(&reader)).send().refused(403, "insufficient_scope");
}

/// `%61` is `a`: routes are found by what a path means, and so must everything be that depends on the route.
fn another_spelling_of_a_path_opens_nothing(backend: Backend) {
    let server = Server::start(backend);
    let full = server.management_key();
    for path in ["/%61pi/api-keys", "/a%70i/api-keys", "//api/api-keys", "/api//api-keys", "/api/./api-keys"] {
        let answer = server.get(path).bearer(full).send();
        assert!([401, 404].contains(&answer.status), "{path}: {}", answer.status);
    }
    let body = json!({"scopes": ["orders:read"]});
    let create =
        |path: &str| server.post(path, &body).bearer(full).header("idempotency-key", "one").send().expect(201)["id"].clone();
    let first = create("/v1/management/api-keys");
    assert_eq!(create("/v1/managemen%74/api-keys"), first);
}
