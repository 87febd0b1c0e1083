//! `/v1/authorize`: forward authentication for proxies, and how credentials are read everywhere.

use crate::keys::{Surface, id, key};
use mgmt_tests::{Answer, Backend, Call, Server, in_seconds, on_each_backend, raw, unknown_id, wrong_secret};
use serde_json::json;
use std::thread::sleep;
use std::time::Duration;

on_each_backend!(
    what_a_proxy_is_told,
    schemes,
    refusals_look_alike,
    scopes_addresses_and_warehouses,
    exactly_one_credential,
    keys_do_not_belong_into_addresses,
    a_revocation_acts_at_once,
    plain_requests_are_answered_like_others,
);

fn what_a_proxy_is_told(backend: Backend) {
    let server = Server::start(backend);
    let made = server.create_key(&json!({"scopes": ["shipments:read", "orders:*"]}));
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "PROPFIND"] {
        let answer = server.call(method, "/v1/authorize").bearer(key(&made)).send();
        assert_eq!(answer.status, 200, "{method}: {answer}");
        assert_eq!(answer.header("x-auth-organization-id"), Some(server.organization()));
        assert_eq!(answer.header("x-auth-key-id"), Some(id(&made)));
        assert_eq!(answer.header("x-auth-scopes"), Some("shipments:read orders:*"));
        assert_eq!(answer.number("x-ratelimit-limit"), 10_000);
    }
    // A proxy forwards the head of the client's request, whatever it says about a body.
    let answer = server
        .call("POST", "/v1/authorize")
        .bearer(key(&made))
        .header("content-type", "text/plain")
        .header("accept", "text/html")
        .send();
    assert_eq!(answer.status, 200, "{answer}");
}

/// Plain requests to the two routes take a shorter way through the server. A cookie makes a request one that is not plain: the answer is the same.
fn plain_requests_are_answered_like_others(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let good = server.create_key(&json!({"name": "a", "scopes": ["orders:read"], "metadata": {"a": [1]}}));
    let revoked = server.create_key(&json!({"scopes": ["*"]}));
    server.delete(&format!("/v1/management/api-keys/{}", id(&revoked))).bearer(server.management_key()).send().expect_status(204);
    let bound = server.create_key(&json!({"scopes": ["*"], "ip_allowlist": ["192.0.2.1"]}));
    let warehouse = server.create_key(&json!({"scopes": ["*"], "warehouse_ids": ["w1"]}));
    let spent = server.create_key(&json!({"scopes": ["*"], "rate_limit": {"requests": 1, "per_seconds": 3600}}));
    assert_eq!(server.verdict(key(&spent)), "valid");
    let used = server.create_key(&json!({"scopes": ["*"], "quota": {"limit": 1, "period": "month"}}));
    assert_eq!(server.verdict(key(&used)), "valid");
    let weak = server.create_key(&json!({"kind": "management", "permissions": ["api-keys:read"]}));
    let wrong = wrong_secret(key(&good));
    let mut requests = Vec::new();
    for text in
        [key(&good), key(&revoked), key(&bound), key(&warehouse), key(&spent), key(&used), &wrong, "x", server.management_key()]
    {
        for query in
            ["", "?scope=orders:read", "?scope=shipments:write", "?scope=", "?scope=nonsense", "?scope=a&scope=b", "?other=1"]
        {
            requests.push(server.get(&format!("/v1/authorize{query}")).bearer(text));
        }
        requests.push(server.get("/v1/authorize").header("x-api-key", text).header("x-warehouse-id", "w1"));
        let question = json!({"key": text, "scopes": ["orders:read"], "warehouse_id": "w2"});
        for caller in [server.management_key(), key(&weak), key(&good), "a.b.c", "x"] {
            requests.push(server.post("/v1/keys/verify", &question).bearer(caller));
        }
    }
    let ask = |body: &str| server.call("POST", "/v1/keys/verify").bearer(server.management_key()).bytes(body.as_bytes());
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"key":1}"#,
        r#"{"key":"k","cost":-1}"#,
        r#"{"key":"k","scopes":["nonsense:x"]}"#,
        r#"{"k\u0065y":"k"}"#,
    ] {
        requests.push(ask(body).header("content-type", "application/json"));
        requests.push(ask(body).header("content-type", "text/plain"));
    }
    requests.push(ask(&format!(r#"{{"key":"{}"}}"#, "k".repeat(300_000))).header("content-type", "application/json"));
    requests.push(ask(r#"{"key":"k"}"#).header("content-type", "application/json").header("accept", "text/html"));
    requests.push(ask(r#"{"key":"k"}"#).header("content-type", "application/json").header("x-organization-id", "org_x"));
    for request in requests {
        let answers = [request.clone(), request.header("cookie", "a=b")].map(Call::send);
        let [plain, other] = answers.each_ref().map(comparable);
        assert_eq!(plain, other, "{}", answers[0].what);
    }
}

/// An answer without what differs from one to the next: its time, its id, what the limits have left, and whether the body had come when it
/// was refused (if not, the connection ends).
fn comparable(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let passing =
        ["date", "x-request-id", "ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after", "content-length"];
    let fields = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "connection")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("?").to_owned()));
    let mut fields: Vec<_> = fields
        .map(|(name, value)| if passing.contains(&name.as_str()) { (name, String::new()) } else { (name, value) })
        .collect();
    fields.sort();
    let mut body = serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap_or_default();
    for path in
        ["/error/request_id", "/rate_limit/remaining", "/rate_limit/reset", "/retry_after", "/quota/used", "/quota/remaining"]
    {
        if let Some(value) = body.pointer_mut(path) {
            *value = json!(null);
        }
    }
    (answer.status, fields, body.to_string())
}

fn schemes(backend: Backend) {
    let server = Server::start(backend);
    let text = server.api_key();
    let with = |name: &str, value: &str| server.get("/v1/authorize").header(name, value).send();
    for scheme in ["Bearer", "bearer", "BEARER", "ApiKey", "apikey", "APIKEY", "Token", "token"] {
        assert_eq!(with("authorization", &format!("{scheme} {text}")).status, 200, "{scheme}");
    }
    assert_eq!(with("authorization", &format!("Bearer   {text}")).status, 200, "one space or more");
    assert_eq!(with("x-api-key", text).status, 200);
    for value in
        [text.to_owned(), format!("Basic {text}"), format!("Bearer{text}"), "Bearer".to_owned(), format!("Bearer \"{text}\"")]
    {
        with("authorization", &value).refused(401, "unauthorized");
    }
    with("x-api-key", &wrong_secret(text)).refused(401, "unauthorized");
    // A browser would send it everywhere; it is not evaluated there.
    with("cookie", &format!("api_key={text}")).refused(400, "credential_in_url");
    // Elsewhere X-API-Key is no credential.
    server.get("/v1/management/api-keys").header("x-api-key", server.management_key()).send().refused(401, "unauthorized");
    // A management key speaks Bearer only.
    for scheme in ["ApiKey", "Token"] {
        let value = format!("{scheme} {}", server.management_key());
        server.get("/v1/management/api-keys").header("authorization", &value).send().refused(401, "unauthorized");
    }
    let answer = server.get("/v1/authorize").send();
    answer.refused(401, "unauthorized");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer") && !challenge.contains("error"), "no credential, no error: {answer}");
    let answer = with("authorization", &format!("Bearer {}", wrong_secret(text)));
    assert!(answer.header("www-authenticate").unwrap().contains("error=\"invalid_token\""), "{answer}");
}

fn refusals_look_alike(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let surface = Surface::management(&server);
    for (kind, scope, path) in
        [("secret", "shipments:read", "/v1/authorize"), ("management", "api-keys:read", "/v1/management/api-keys")]
    {
        let make = |extra: &str| {
            let mut body = json!({"kind": kind, "scopes": [scope]});
            if !extra.is_empty() {
                body["expires_at"] = json!(extra);
            }
            server.create_key(&body)
        };
        let expired = make(&in_seconds(3));
        let (revoked, suspended, rotated, good) = (make(""), make(""), make(""), make(""));
        assert_eq!(surface.revoke(id(&revoked)).status, 204);
        surface.act(id(&suspended), "suspend", &json!({})).expect(200);
        surface.act(id(&rotated), "rotate", &json!({})).expect(201);
        sleep(Duration::from_millis(3_100));
        let ask = |text: &str| server.get(path).bearer(text).send();
        assert_eq!(ask(key(&good)).status, 200);
        let (start, last) = key(&good).split_at(key(&good).len() - 1);
        let miswritten = format!("{start}{}", if last == "x" { "y" } else { "x" });
        let wrong_kind = if kind == "secret" { server.management_key() } else { server.api_key() };
        let answers: Vec<(&str, Answer)> = vec![
            ("unknown", ask(&unknown_id(key(&good)))),
            ("wrong secret", ask(&wrong_secret(key(&good)))),
            ("wrong checksum", ask(&miswritten)),
            ("malformed", ask("nonsense")),
            ("revoked", ask(key(&revoked))),
            ("rotated out", ask(key(&rotated))),
            ("suspended", ask(key(&suspended))),
            ("expired", ask(key(&expired))),
            ("the other kind", ask(wrong_kind)),
        ];
        let (_, first) = &answers[0];
        for (what, answer) in &answers {
            answer.refused(401, "unauthorized");
            assert_eq!(answer.without_request_id(), first.without_request_id(), "{what}");
            assert_eq!(answer.headers.len(), first.headers.len(), "{what}: {answer}");
            assert_eq!(answer.comparable_fields(), first.comparable_fields(), "{what}");
        }
    }
}

fn scopes_addresses_and_warehouses(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let made = server.create_key(&json!({"scopes": ["shipments:read", "orders:*"]}));
    let ask = |query: &str| server.get(&format!("/v1/authorize{query}")).bearer(key(&made)).send();
    for query in ["?scope=shipments:read", "?scope=read:shipments", "?scope=shipments%3Aread&scope=orders:write", ""] {
        assert_eq!(ask(query).status, 200, "{query}");
    }
    for query in ["?scope=shipments:write", "?scope=shipments:read&scope=rates:read"] {
        let answer = ask(query);
        answer.refused(403, "insufficient_scope");
        let challenge = answer.header("www-authenticate").expect("a challenge");
        assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\""), "{challenge}");
    }
    let answer = ask("?scope=no:such");
    answer.refused(400, "invalid_request");
    assert!(answer.text().contains("no:such"));

    let housed = server.create_key(&json!({"scopes": ["*"], "warehouse_ids": ["wh_1", "wh_2"]}));
    let at = |warehouse: &str| server.get("/v1/authorize").bearer(key(&housed)).header("x-warehouse-id", warehouse).send();
    let answer = at("wh_2");
    assert_eq!((answer.status, answer.header("x-auth-warehouse-id")), (200, Some("wh_2")), "{answer}");
    at("wh_3").refused(403, "warehouse_not_allowed");
    server.get("/v1/authorize").bearer(key(&housed)).send().refused(403, "warehouse_not_allowed");
    assert_eq!(server.get("/v1/authorize").bearer(key(&made)).header("x-warehouse-id", "wh_9").send().status, 200);

    let local = server.create_key(&json!({"scopes": ["*"], "ip_allowlist": ["127.0.0.1"]}));
    let far = server.create_key(&json!({"scopes": ["*"], "ip_allowlist": ["203.0.113.0/24"]}));
    assert_eq!(server.get("/v1/authorize").bearer(key(&local)).send().status, 200);
    server.get("/v1/authorize").bearer(key(&far)).send().refused(403, "ip_not_allowed");
    // Nobody is believed who is not configured as a proxy; an invalid key stays a 401.
    let claim = |server: &Server, text: &str, name: &str, value: &str| {
        server.get("/v1/authorize").bearer(text).header(name, value).send()
    };
    claim(&server, key(&far), "x-forwarded-for", "203.0.113.7").refused(403, "ip_not_allowed");
    claim(&server, key(&far), "forwarded", "for=203.0.113.7").refused(403, "ip_not_allowed");
    server.get("/v1/authorize").bearer(&wrong_secret(key(&far))).send().refused(401, "unauthorized");

    let trusting = Server::with(backend, &[("MGMT_SERVER__TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8")]);
    let far = trusting.create_key(&json!({"scopes": ["*"], "ip_allowlist": ["203.0.113.0/24", "2001:db8::/32"]}));
    for (name, value, status) in [
        ("x-forwarded-for", "203.0.113.7", 200),
        ("x-forwarded-for", "198.51.100.1, 203.0.113.7", 200),
        ("x-forwarded-for", "203.0.113.7, 10.1.1.1", 200),
        ("x-forwarded-for", "203.0.113.7, 198.51.100.1", 403),
        ("forwarded", "for=203.0.113.7", 200),
        ("forwarded", "for=\"[2001:db8::1]:4711\"", 200),
        ("forwarded", "for=198.51.100.1", 403),
    ] {
        let answer = claim(&trusting, key(&far), name, value);
        assert_eq!(answer.status, status, "{name}: {value}: {answer}");
    }
    trusting.get("/v1/authorize").bearer(key(&far)).send().refused(403, "ip_not_allowed");
}

fn exactly_one_credential(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    let (api, management) = (server.api_key(), server.management_key());
    let bearer = |text: &str| ("authorization", format!("Bearer {text}"));
    let path = "/v1/management/api-keys";
    let cases: Vec<(&str, Vec<(&str, String)>)> = vec![
        ("/v1/authorize", vec![bearer(api), ("x-api-key", api.to_owned())]),
        ("/v1/authorize", vec![bearer(api), bearer(api)]),
        ("/v1/authorize", vec![("x-api-key", api.to_owned()), ("x-api-key", api.to_owned())]),
        ("/v1/authorize", vec![("authorization", format!("Bearer {api}, Bearer {api}"))]),
        (path, vec![bearer(management), bearer(management)]),
        (path, vec![bearer(management), bearer(&session.token)]),
        (path, vec![("authorization", format!("Bearer {management}, Bearer {management}"))]),
        (path, vec![bearer(management), ("x-management-token", management.to_owned())]),
        (path, vec![bearer(&session.token), ("x-management-id", "x".to_owned()), ("x-management-token", management.to_owned())]),
        ("/api/api-keys", vec![bearer(&session.token), bearer(&session.token)]),
    ];
    for (path, fields) in cases {
        let call = fields.iter().fold(server.get(path), |call, (name, value)| call.header(name, value));
        call.send().refused(400, "invalid_request");
    }
    // The refresh cookie beside a Bearer token is not a second credential.
    assert_eq!(server.get("/api/auth/me").bearer(&session.token).header("cookie", &session.cookie).send().status, 200);
    assert_eq!(server.get(path).bearer(management).header("cookie", &session.cookie).send().status, 200);
}

fn keys_do_not_belong_into_addresses(backend: Backend) {
    let server = Server::start(backend);
    let (api, management) = (server.api_key().to_owned(), server.management_key().to_owned());
    for path in [
        format!("/v1/authorize?api_key={api}"),
        format!("/v1/authorize?key={api}"),
        format!("/v1/authorize?access_token={api}"),
        format!("/v1/authorize?anything={api}"),
        format!("/v1/management/api-keys?token={management}"),
        format!("/v1/management/api-keys/{management}"),
        format!("/v1/management/api-keys/{api}"),
        format!("/nowhere/{api}"),
    ] {
        for call in [server.get(&path), server.get(&path).bearer(&management)] {
            let answer = call.send();
            answer.refused(400, "credential_in_url");
            assert!(!answer.text().contains(&api) && !answer.text().contains(&management), "{answer}");
        }
    }
    // Percent-encoded is the same.
    let hidden: String = api.bytes().map(|byte| format!("%{byte:02X}")).collect();
    server.get(&format!("/v1/authorize?x={hidden}")).send().refused(400, "credential_in_url");
    let request = format!("GET /v1/authorize?api_key={api} HTTP/1.1\r\nhost: x\r\nx-api-key: {api}\r\n\r\n");
    assert_eq!(raw(&server.address, request.as_bytes()).unwrap().code().as_deref(), Some("credential_in_url"));
    let log = server.log();
    assert!(!log.contains(&api) && !log.contains(&management) && !log.contains(&hidden), "a key is in the log");
}

fn a_revocation_acts_at_once(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let surface = Surface::management(&server);
    for _ in 0..5 {
        let made = surface.created();
        let text = key(&made).to_owned();
        let revoked = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let checks = scope.spawn(|| {
                let mut after = 0;
                while after < 20 {
                    let was_revoked = revoked.load(std::sync::atomic::Ordering::SeqCst);
                    let status = server.get("/v1/authorize").bearer(&text).send().status;
                    assert!([200, 401].contains(&status), "{status}");
                    assert!(!was_revoked || status == 401, "accepted after the revocation was confirmed");
                    after += u32::from(was_revoked);
                }
            });
            sleep(Duration::from_millis(30));
            assert_eq!(surface.revoke(id(&made)).status, 204);
            revoked.store(true, std::sync::atomic::Ordering::SeqCst);
            checks.join().unwrap();
        });
        assert_eq!(server.verdict(&text), "revoked");
    }
}
