//! `POST /v1/keys/verify` and `verify-batch`.

use crate::keys::{Surface, id, key};
use mgmt_tests::{Backend, KeyText, Server, in_parallel, in_seconds, on_each_backend, unknown_id, wrong_secret};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::{Duration, Instant};

on_each_backend!(
    a_valid_key,
    every_verdict,
    one_changed_character,
    who_may_ask,
    wrong_questions,
    batches,
    costs_and_quotas,
    all_or_nothing,
    parallel_clients_get_exactly_the_quota,
    the_window_never_holds_more,
    plans_limit_each_kind_of_traffic,
    unlimited_plans,
);

fn a_valid_key(backend: Backend) {
    let server = Server::start(backend);
    let body = json!({"name": "shop", "scopes": ["read:shipments", "orders:*"], "environment": "test", "metadata": {"tier": "gold"},
        "expires_at": "2099-01-01T00:00:00Z", "quota": {"limit": 100, "period": "month"}});
    let made = server.create_key(&body);
    let verdict = server.verify(&json!({"key": key(&made), "scopes": ["shipments:read"], "cost": 3}));
    assert_eq!(verdict["valid"], true);
    assert_eq!(verdict["code"], "valid");
    assert_eq!(verdict["key_id"], made["id"]);
    assert_eq!(verdict["organization_id"], server.organization());
    assert_eq!(verdict["name"], "shop");
    assert_eq!(verdict["environment"], "test");
    assert_eq!(verdict["scopes"], json!(["shipments:read", "orders:*"]));
    assert_eq!(verdict["metadata"], json!({"tier": "gold"}));
    assert_eq!(verdict["expires_at"], "2099-01-01T00:00:00.000Z");
    let limit = verdict["rate_limit"].as_object().expect("the plan's limit");
    assert_eq!(limit["limit"], 10_000);
    assert_eq!(limit["remaining"], 9_999);
    assert!(limit["reset"].is_u64());
    let quota = verdict["quota"].as_object().expect("a quota");
    assert_eq!((&quota["limit"], &quota["used"], &quota["remaining"]), (&json!(100), &json!(3), &json!(97)));
    assert_eq!(quota["period"], "month");
    assert!(quota["resets_at"].as_str().unwrap().ends_with("-01T00:00:00.000Z"), "a calendar month in UTC: {verdict}");
    assert_eq!(quota.len(), 5);
    let plain = server.create_key(&json!({"scopes": ["orders:read"]}));
    let verdict = server.verify(&json!({"key": key(&plain)}));
    assert_eq!(verdict["quota"], Value::Null);
    assert_eq!(verdict["expires_at"], Value::Null);
}

fn every_verdict(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let surface = Surface::management(&server);
    let code = |question: Value| {
        let verdict = server.verify(&question);
        assert_eq!(verdict["valid"], verdict["code"] == "valid", "{verdict}");
        verdict["code"].as_str().unwrap().to_owned()
    };
    let made = server.create_key(&json!({"scopes": ["shipments:read", "orders:*"]}));
    let text = key(&made);

    assert_eq!(code(json!({"key": text})), "valid");
    for unknown in [
        wrong_secret(text),
        unknown_id(text),
        format!("{text}x"),
        text[1..].to_owned(),
        text.to_uppercase(),
        format!(" {text}"),
        format!("Bearer {text}"),
        "mg_sk_prod_".to_owned(),
        "x".to_owned(),
        String::new(),
        "\u{1f511}".repeat(20),
        "x".repeat(5_000),
        server.management_key().to_owned(),
    ] {
        let verdict = server.verify(&json!({"key": unknown}));
        assert_eq!((&verdict["valid"], &verdict["code"]), (&json!(false), &json!("not_found")), "{unknown}");
        assert!(!verdict.to_string().contains(id(&made)), "tells about the key that it is not: {verdict}");
    }

    assert_eq!(code(json!({"key": text, "scopes": ["shipments:read", "write:orders"]})), "valid");
    assert_eq!(code(json!({"key": text, "scopes": ["shipments:read", "shipments:write"]})), "insufficient_scope");
    assert_eq!(code(json!({"key": text, "any_scopes": ["shipments:write", "orders:read"]})), "valid");
    assert_eq!(code(json!({"key": text, "any_scopes": ["shipments:write", "rates:read"]})), "insufficient_scope");
    assert_eq!(code(json!({"key": text, "scopes": ["shipments:read"], "any_scopes": ["rates:read"]})), "insufficient_scope");

    let local = server.create_key(&json!({"scopes": ["*"], "ip_allowlist": ["10.0.0.0/8", "2001:db8::/32"]}));
    for (address, expected) in [
        (json!("10.1.2.3"), "valid"),
        (json!("::ffff:10.1.2.3"), "valid"),
        (json!("2001:db8::1"), "valid"),
        (json!("11.0.0.1"), "ip_not_allowed"),
        (json!("2001:db9::1"), "ip_not_allowed"),
        (Value::Null, "ip_not_allowed"),
    ] {
        assert_eq!(code(json!({"key": key(&local), "ip": address})), expected, "{address}");
    }
    assert_eq!(code(json!({"key": key(&local)})), "ip_not_allowed", "restricted, and no address given");

    let housed = server.create_key(&json!({"scopes": ["*"], "warehouse_ids": ["wh_1", "wh_2"]}));
    assert_eq!(code(json!({"key": key(&housed), "warehouse_id": "wh_2"})), "valid");
    assert_eq!(code(json!({"key": key(&housed), "warehouse_id": "wh_3"})), "warehouse_not_allowed");
    assert_eq!(code(json!({"key": key(&housed)})), "warehouse_not_allowed");
    assert_eq!(code(json!({"key": text, "warehouse_id": "wh_3", "ip": "11.0.0.1"})), "valid", "unrestricted");

    let short = server.create_key(&json!({"scopes": ["*"], "expires_at": in_seconds(3)}));
    surface.act(id(&made), "suspend", &json!({})).expect(200);
    assert_eq!(code(json!({"key": text})), "suspended");
    surface.act(id(&made), "resume", &json!({})).expect(200);
    assert_eq!(code(json!({"key": text})), "valid");
    assert_eq!(surface.revoke(id(&made)).status, 204);
    assert_eq!(code(json!({"key": text})), "revoked");
    assert_eq!(code(json!({"key": text, "scopes": ["rates:read"]})), "revoked", "the state comes before the scopes");
    sleep(Duration::from_millis(3_100));
    assert_eq!(code(json!({"key": key(&short)})), "expired");
}

fn one_changed_character(backend: Backend) {
    let server = Server::start(backend);
    let text = server.api_key().to_owned();
    assert!(KeyText::of(&text).has_a_true_checksum());
    let changed: Vec<String> = (0..text.len())
        .map(|position| {
            let mut bytes = text.clone().into_bytes();
            bytes[position] = if bytes[position] == b'k' { b'j' } else { b'k' };
            String::from_utf8(bytes).unwrap()
        })
        .collect();
    let keys: Vec<_> = changed.iter().map(|key| json!({"key": key})).collect();
    let answer = server.post("/v1/keys/verify-batch", &json!({"keys": keys})).bearer(server.management_key()).send().expect(200);
    for (verdict, key) in answer["data"].as_array().unwrap().iter().zip(&changed) {
        assert_eq!(verdict["code"], "not_found", "{key}");
    }
    assert_eq!(answer["data"].as_array().unwrap().len(), text.len());
    for key in changed.iter().step_by(7) {
        server.get("/v1/authorize").bearer(key).send().refused(401, "unauthorized");
    }
    assert_eq!(server.verdict(&text), "valid");
}

fn who_may_ask(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    let question = json!({"key": server.api_key()});
    let ask = |credential: &str| server.post("/v1/keys/verify", &question).bearer(credential).send();
    let verifier = server.create_key(&json!({"kind": "management", "permissions": ["keys:verify"]}));
    assert_eq!(ask(key(&verifier)).expect(200)["code"], "valid");
    let answer = server
        .post("/v1/keys/verify", &question)
        .header("x-management-id", id(&verifier))
        .header("x-management-token", key(&verifier))
        .send();
    assert_eq!(answer.expect(200)["code"], "valid");
    let other = server.create_key(&json!({"kind": "management", "permissions": ["api-keys:*"]}));
    ask(key(&other)).refused(403, "insufficient_scope");
    ask(server.api_key()).refused(401, "unauthorized");
    ask(&session.token).refused(401, "unauthorized");
    server.post("/v1/keys/verify", &question).send().refused(401, "unauthorized");

    // The id and the token have to belong together, and one without the other is nothing.
    let with = |fields: &[(&str, &str)]| {
        fields.iter().fold(server.post("/v1/keys/verify", &question), |call, (name, value)| call.header(name, value)).send()
    };
    with(&[("x-management-id", id(&other)), ("x-management-token", key(&verifier))]).refused(401, "unauthorized");
    with(&[("x-management-token", key(&verifier))]).refused(401, "unauthorized");
    with(&[("x-management-id", id(&verifier))]).refused(401, "unauthorized");
    let both = [
        ("x-management-id", id(&verifier)),
        ("x-management-token", key(&verifier)),
        ("authorization", &format!("Bearer {}", key(&verifier))),
    ];
    with(&both).refused(400, "invalid_request");
    for path in ["/v1/keys/verify", "/v1/keys/verify-batch"] {
        let answer = server.get(path).bearer(key(&verifier)).send();
        answer.refused(405, "method_not_allowed");
        assert!(answer.header("allow").is_some_and(|allow| allow.contains("POST")), "{answer}");
    }
}

fn wrong_questions(backend: Backend) {
    let server = Server::start(backend);
    let text = server.api_key();
    let ask = |question: &Value| server.post("/v1/keys/verify", question).bearer(server.management_key()).send();
    for (field, value) in [
        ("key", json!(null)),
        ("key", json!(5)),
        ("key", json!([text])),
        ("scopes", json!(["no:such"])),
        ("scopes", json!("shipments:read")),
        ("any_scopes", json!(["no:such"])),
        ("ip", json!("10.0.0")),
        ("ip", json!("10.0.0.0/8")),
        ("ip", json!(5)),
        ("warehouse_id", json!(5)),
        ("cost", json!(-1)),
        ("cost", json!(1_000_001)),
        ("cost", json!(1.5)),
        ("cost", json!("1")),
        ("cost", json!(9_223_372_036_854_775_807_i64)),
        ("cost", json!(1e30)),
        ("nonsense", json!(1)),
    ] {
        let mut question = json!({"key": text});
        question[field] = value;
        let answer = ask(&question);
        answer.names_fields(&[field]);
        assert!(!answer.text().contains(text), "echoes the key: {answer}");
    }
    let answer = ask(&json!({"key": text, "scopes": ["orders:read", "ships:read"]}));
    answer.names_fields(&["scopes"]);
    assert!(answer.text().contains("ships:read"), "{answer}");
    ask(&json!({})).names_fields(&["key"]);
    assert_eq!(ask(&json!({"key": text, "cost": 1_000_000})).expect(200)["code"], "valid");
}

fn batches(backend: Backend) {
    let server = Server::start(backend);
    let batch =
        |keys: &Value| server.post("/v1/keys/verify-batch", &json!({"keys": keys})).bearer(server.management_key()).send();
    let text = server.api_key();
    let made = server.create_key(&json!({"scopes": ["orders:read"], "quota": {"limit": 2, "period": "day"}}));
    let keys = json!([
        {"key": text},
        {"key": unknown_id(text)},
        {"key": key(&made), "scopes": ["orders:read"]},
        {"key": key(&made), "scopes": ["orders:write"]},
        {"key": key(&made), "cost": 2},
        {"key": key(&made)},
        {"key": key(&made)},
    ]);
    let answer = batch(&keys).expect(200);
    let codes: Vec<_> = answer["data"].as_array().unwrap().iter().map(|verdict| verdict["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["valid", "not_found", "valid", "insufficient_scope", "quota_exceeded", "valid", "quota_exceeded"]);
    assert_eq!(answer["data"][0]["valid"], true);
    assert_eq!(answer["data"][1]["valid"], false);
    let many = |count: usize| json!((0..count).map(|_| json!({"key": text})).collect::<Vec<_>>());
    assert_eq!(batch(&many(100)).expect(200)["data"].as_array().unwrap().len(), 100);
    batch(&many(101)).names_fields(&["keys"]);
    batch(&json!([{"key": text}, {"key": text, "scopes": ["no:such"]}])).names_fields(&["keys[1]"]);
    batch(&json!([{"key": text}, "x"])).names_fields(&["keys[1]"]);
    batch(&json!([{"key": 5}, {"key": text, "cost": -1}, {"key": text, "scopes": ["x:y"]}])).names_fields(&[
        "keys[0].key",
        "keys[1].cost",
        "keys[2].scopes",
    ]);
    batch(&json!("x")).names_fields(&["keys"]);
}

fn costs_and_quotas(backend: Backend) {
    let server = Server::start(backend);
    let surface = Surface::management(&server);
    let made = server.create_key(&json!({"scopes": ["*"], "quota": {"limit": 10, "period": "day"}}));
    let ask = |cost: u64| server.verify(&json!({"key": key(&made), "cost": cost}));
    for (cost, code, used) in [
        (4, "valid", 4),
        (0, "valid", 4),
        (4, "valid", 8),
        (4, "quota_exceeded", 8),
        (3, "quota_exceeded", 8),
        (2, "valid", 10),
        (0, "valid", 10),
        (1, "quota_exceeded", 10),
        (1_000_000, "quota_exceeded", 10),
    ] {
        let verdict = ask(cost);
        assert_eq!(verdict["code"], code, "cost {cost}: {verdict}");
        assert_eq!(verdict["quota"]["used"], used, "cost {cost}: {verdict}");
        assert_eq!(verdict["quota"]["remaining"], 10 - used);
    }
    // A changed limit acts at once, in both directions.
    surface.patch(id(&made), &json!({"quota": {"limit": 12, "period": "day"}})).expect(200);
    assert_eq!(ask(2)["code"], "valid");
    surface.patch(id(&made), &json!({"quota": {"limit": 5, "period": "day"}})).expect(200);
    let verdict = ask(1);
    assert_eq!(verdict["code"], "quota_exceeded");
    assert_eq!((&verdict["quota"]["used"], &verdict["quota"]["remaining"]), (&json!(12), &json!(0)), "never negative");
    let read = surface.get(id(&made)).expect(200);
    assert_eq!(read["quota"]["used"], 12, "{read}");
    let answer = server.get("/v1/authorize").bearer(key(&made)).send();
    answer.refused(429, "quota_exceeded");
    assert!(answer.number("retry-after") <= 86_400, "{answer}");
    surface.patch(id(&made), &json!({"quota": null})).expect(200);
    assert_eq!(ask(1)["code"], "valid");
    assert_eq!(ask(1)["quota"], Value::Null);
}

fn all_or_nothing(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let surface = Surface::management(&server);
    let limit = json!({"requests": 3, "per_seconds": 3600});
    // What the limit refuses costs no quota.
    let made = server.create_key(&json!({"scopes": ["*"], "rate_limit": limit, "quota": {"limit": 100, "period": "day"}}));
    let codes: Vec<_> = (0..6).map(|_| server.verdict(key(&made))).collect();
    assert_eq!(codes, ["valid", "valid", "valid", "rate_limited", "rate_limited", "rate_limited"]);
    assert_eq!(surface.get(id(&made)).expect(200)["quota"]["used"], 3);
    // What the quota refuses costs no limit.
    let made = server.create_key(&json!({"scopes": ["*"], "rate_limit": limit, "quota": {"limit": 1, "period": "day"}}));
    let codes: Vec<_> = (0..6).map(|_| server.verdict(key(&made))).collect();
    assert_eq!(codes[..2], ["valid", "quota_exceeded"]);
    surface.patch(id(&made), &json!({"quota": {"limit": 100, "period": "day"}})).expect(200);
    let codes: Vec<_> = (0..3).map(|_| server.verdict(key(&made))).collect();
    assert_eq!(codes, ["valid", "valid", "rate_limited"]);
    // What is refused for another reason costs neither.
    let made =
        server.create_key(&json!({"scopes": ["orders:read"], "rate_limit": limit, "quota": {"limit": 3, "period": "day"}}));
    for _ in 0..5 {
        let verdict = server.verify(&json!({"key": key(&made), "scopes": ["orders:write"]}));
        assert_eq!(verdict["code"], "insufficient_scope");
    }
    for expected in ["valid", "valid", "valid"] {
        assert_eq!(server.verdict(key(&made)), expected);
    }
}

fn parallel_clients_get_exactly_the_quota(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0")]);
    for (limit, clients, each) in [(1_000_u64, 64, 20), (10, 16, 4)] {
        let made = server.create_key(&json!({"scopes": ["*"], "quota": {"limit": limit, "period": "day"}}));
        let codes = in_parallel(clients, |_| (0..each).map(|_| server.verdict(key(&made))).collect::<Vec<_>>());
        let codes = codes.concat();
        let accepted = codes.iter().filter(|code| *code == "valid").count() as u64;
        assert_eq!(accepted, limit);
        assert!(codes.iter().all(|code| code == "valid" || code == "quota_exceeded"), "{codes:?}");
        let read = Surface::management(&server).get(id(&made)).expect(200);
        assert_eq!((&read["quota"]["used"], &read["quota"]["remaining"]), (&json!(limit), &json!(0)));
    }
}

/// Whatever the clock of the server, an accept lies between the client's send and receive: if more than L accepts were
/// within a window, the first send and the last receive of L + 1 of them would be closer than the window.
fn the_window_never_holds_more(backend: Backend) {
    const LIMIT: usize = 5;
    const WINDOW: Duration = Duration::from_secs(2);
    let server = Server::start(backend);
    let made = server.create_key(&json!({"scopes": ["*"], "rate_limit": {"requests": LIMIT, "per_seconds": WINDOW.as_secs()}}));
    let end = Instant::now() + WINDOW * 2;
    let accepted = in_parallel(4, |_| {
        let mut accepted = Vec::new();
        while Instant::now() < end {
            let sent = Instant::now();
            if server.verdict(key(&made)) == "valid" {
                accepted.push((sent, Instant::now()));
            }
        }
        accepted
    });
    let mut accepted = accepted.concat();
    accepted.sort();
    assert!(accepted.len() > LIMIT, "the window slides: {}", accepted.len());
    for group in accepted.windows(LIMIT + 1) {
        let last = group.iter().map(|(_, received)| *received).max().unwrap();
        assert!(last - group[0].0 >= WINDOW, "{} accepts in less than {WINDOW:?}", LIMIT + 1);
    }
    // Who waits as long as it is told is accepted, and refused requests do not count.
    for _ in 0..2 {
        let refused = loop {
            let answer = server.get("/v1/authorize").bearer(key(&made)).send();
            if answer.status != 200 {
                break answer;
            }
        };
        refused.refused(429, "rate_limited");
        let wait = refused.number("retry-after");
        assert!(wait <= WINDOW.as_secs(), "{refused}");
        sleep(Duration::from_secs(wait));
        server.get("/v1/authorize").bearer(key(&made)).send().expect(200);
    }
}

fn plans_limit_each_kind_of_traffic(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "20")]);
    let session = server.login();
    let manage = || server.get("/v1/management/scopes").bearer(server.management_key()).send();
    for used in 1..=20 {
        let answer = manage();
        assert_eq!(answer.status, 200, "{answer}");
        assert_eq!(answer.number("x-ratelimit-limit"), 20);
        assert_eq!(answer.number("x-ratelimit-remaining"), 20 - used);
        assert!(answer.number("x-ratelimit-reset") <= 60, "seconds from now: {answer}");
        let policy = answer.header("ratelimit-policy").expect("RateLimit-Policy");
        assert!(policy.starts_with('"') && policy.contains(";q=20") && policy.contains(";w=60"), "{policy}");
        let state = answer.header("ratelimit").expect("RateLimit");
        assert!(state.starts_with('"') && state.contains(&format!(";r={}", 20 - used)), "{state}");
    }
    let answer = manage();
    answer.refused(429, "rate_limited");
    assert!((1..=60).contains(&answer.number("retry-after")), "{answer}");
    assert_eq!(answer.number("x-ratelimit-remaining"), 0);
    assert!(answer.header("ratelimit-policy").is_some() && answer.header("ratelimit").is_some(), "{answer}");

    // A session is not counted against the plan; whoever asks about keys is not either.
    let answer = server.get("/v1/management/scopes").bearer(&session.token).send();
    answer.expect(200);
    assert_eq!(answer.number("x-ratelimit-limit"), 600);
    // Resource traffic is counted apart, over all keys of the organization, verify and authorize together.
    let made = server.post("/api/api-keys", &json!({"scopes": ["orders:read"]})).bearer(&session.token).send().expect_data(201);
    for n in 0..20 {
        let text = if n % 2 == 0 { server.api_key() } else { key(&made) };
        if n % 4 < 2 {
            let answer = server.get("/v1/authorize").bearer(text).send();
            assert_eq!(answer.status, 200, "{answer}");
            assert_eq!(answer.number("x-ratelimit-remaining"), 19 - n);
        } else {
            let verdict = server.verify(&json!({"key": text}));
            assert_eq!((&verdict["code"], &verdict["rate_limit"]["remaining"]), (&json!("valid"), &json!(19 - n)));
        }
    }
    let answer = server.get("/v1/authorize").bearer(server.api_key()).send();
    answer.refused(429, "rate_limited");
    let verdict = server.verify(&json!({"key": key(&made)}));
    assert_eq!((&verdict["valid"], &verdict["code"]), (&json!(false), &json!("rate_limited")));
    assert_eq!(verdict["rate_limit"]["remaining"], 0);
    // A failed authentication tells nothing about a limit.
    let answer = server.get("/v1/authorize").bearer(&wrong_secret(server.api_key())).send();
    answer.refused(401, "unauthorized");
    assert!(answer.headers.keys().all(|name| !name.as_str().contains("ratelimit")), "{answer}");
}

fn unlimited_plans(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0")]);
    for answer in [
        server.get("/v1/management/scopes").bearer(server.management_key()).send(),
        server.get("/v1/authorize").bearer(server.api_key()).send(),
    ] {
        answer.expect_status(200);
        assert!(answer.headers.keys().all(|name| !name.as_str().contains("ratelimit")), "{answer}");
    }
    // A limit of the key's own is told all the same.
    let made = server.create_key(&json!({"scopes": ["*"], "rate_limit": {"requests": 7, "per_seconds": 60}}));
    let answer = server.get("/v1/authorize").bearer(key(&made)).send();
    assert_eq!((answer.number("x-ratelimit-limit"), answer.number("x-ratelimit-remaining")), (7, 6));
}
