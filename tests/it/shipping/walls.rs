//! Who may not: keys without the scope, other tenants, the other mode, whoever asks too often.

use super::{ask, draft, id, key_with, request};
use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::json;
use std::time::{Duration, Instant};

on_each_backend!(scopes, modes_and_tenants, a_plan_has_a_limit, the_wait_that_is_told_is_the_wait);

fn scopes(backend: Backend) {
    let server = Server::start(backend);
    let all = server.api_key();
    let made = draft(&server, all, json!({"service": "standard_service"}));
    let (shipment, tracker) =
        (format!("/v1/shipments/{}", id(&made)), format!("/v1/trackers/{}", made["tracker_id"].as_str().unwrap()));
    let reader = key_with(&server, "prod", &["read:shipments", "trackers:read"]);
    for path in ["/v1/shipments", "/v1/trackers", &shipment, &tracker, &format!("{shipment}/documents/label")] {
        assert_eq!(server.get(path).bearer(&reader).send().status, 200, "{path}");
    }
    let body = json!({});
    for (method, path, scope) in [
        ("POST", "/v1/shipments".to_owned(), "shipments:write"),
        ("PATCH", shipment.clone(), "shipments:write"),
        ("DELETE", shipment.clone(), "shipments:write"),
        ("POST", format!("{shipment}/cancel"), "shipments:write"),
        ("POST", format!("{shipment}/purchase"), "shipments:write"),
        ("POST", format!("{shipment}/rates"), "rates:read"),
        ("POST", "/v1/rates".to_owned(), "rates:read"),
        ("POST", "/v1/trackers".to_owned(), "trackers:write"),
        ("PATCH", tracker.clone(), "trackers:write"),
        ("DELETE", tracker.clone(), "trackers:write"),
        ("POST", format!("{tracker}/inject-events"), "trackers:write"),
    ] {
        let answer = ask(&server, &reader, method, &path, Some(&body));
        answer.refused(403, "insufficient_scope");
        assert!(answer.header("www-authenticate").unwrap().contains(&format!("scope=\"{scope}\"")), "{answer}");
    }
    assert_eq!(ask(&server, all, "GET", &shipment, None).expect(200)["status"], "created");
    for credential in [server.management_key(), &server.login().token, "mg_sk_prod_junk"] {
        ask(&server, credential, "GET", "/v1/shipments", None).refused(401, "unauthorized");
    }
    server.get("/v1/shipments").send().refused(401, "unauthorized");
}

fn modes_and_tenants(backend: Backend) {
    let server = Server::start(backend);
    let live = server.api_key();
    let test = key_with(&server, "test", &["*"]);
    let tenant = server.tenant("Other");
    let theirs =
        server.post("/v1/management/api-keys", &json!({"scopes": ["*"]})).bearer(&tenant.management_key).send().expect(201);
    let theirs = theirs["key"].as_str().unwrap();
    let made = draft(&server, live, json!({"service": "standard_service"}));
    assert_eq!(draft(&server, &test, json!({}))["test_mode"], true);
    let number = made["tracking_number"].as_str().unwrap();
    let shipment = format!("/v1/shipments/{}", id(&made));
    for other in [&*test, theirs] {
        for (method, path) in [
            ("GET", shipment.clone()),
            ("PATCH", shipment.clone()),
            ("DELETE", shipment.clone()),
            ("POST", format!("{shipment}/purchase")),
            ("POST", format!("{shipment}/rates")),
            ("POST", format!("{shipment}/cancel")),
            ("GET", format!("{shipment}/documents/label")),
            ("GET", format!("/v1/trackers/{number}")),
            ("DELETE", format!("/v1/trackers/{number}")),
            ("POST", format!("/v1/trackers/{number}/inject-events")),
        ] {
            let body = json!({"events": []});
            let foreign = ask(&server, other, method, &path, (method != "GET" && method != "DELETE").then_some(&body));
            foreign.refused(404, "not_found");
        }
        let list = ask(&server, other, "GET", &format!("/v1/shipments?tracking_number={number}"), None).expect(200);
        assert_eq!(list["count"], 0);
        // The number is free in another realm.
        let body = json!({"tracking_number": number, "carrier_name": "generic"});
        ask(&server, other, "POST", "/v1/trackers", Some(&body)).expect(201);
    }
    assert_eq!(ask(&server, live, "GET", &shipment, None).expect(200)["status"], "created");
    assert_eq!(ask(&server, live, "GET", "/v1/trackers", None).expect(200)["count"], 1);
}

fn a_plan_has_a_limit(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "100")]);
    let key = server.api_key();
    let before = Instant::now();
    let first = ask(&server, key, "POST", "/v1/rates", Some(&request()));
    let after = Instant::now();
    assert_eq!((first.number("x-ratelimit-limit"), first.number("x-ratelimit-remaining")), (100, 99));
    assert!(first.header("ratelimit").is_some() && first.header("ratelimit-policy").is_some());
    for _ in 0..99 {
        ask(&server, key, "GET", "/v1/shipments", None).expect(200);
    }
    let asked = Instant::now();
    let refused = ask(&server, key, "GET", "/v1/trackers", None);
    refused.refused(429, "rate_limited");
    // A minute after the first request one more is let in: what is left of it now, in whole seconds, upwards.
    let left = |first: Instant, now: Instant| (Duration::from_secs(60) - (now - first)).as_secs_f64().ceil() as u64;
    let wait = refused.number("retry-after");
    assert!((left(before, Instant::now())..=left(after, asked)).contains(&wait), "{wait}");
    assert_eq!(refused.number("x-ratelimit-remaining"), 0);
    // Management traffic is counted apart.
    server.get("/v1/management/rate-sheets").bearer(server.management_key()).send().expect(200);
}

/// One request more than the limit is refused; after the wait that it was told, it is let in, and not a second earlier.
fn the_wait_that_is_told_is_the_wait(backend: Backend) {
    let server = Server::start(backend);
    let limit = json!({"requests": 5, "per_seconds": 3});
    let key = server.create_key(&json!({"scopes": ["*"], "environment": "test", "rate_limit": limit}));
    let key = key["key"].as_str().unwrap();
    let ask = || ask(&server, key, "GET", "/v1/shipments", None);
    ask().expect(200);
    for _ in 0..4 {
        ask().expect(200);
    }
    // Early in a second of the wait, so that the answer to a request a second too early leaves time for its way.
    let told = ask();
    told.refused(429, "rate_limited");
    let (moment, wait) = (Instant::now(), told.number("retry-after"));
    assert!((1..=3).contains(&wait), "{wait}");
    let until =
        |seconds: u64| std::thread::sleep((moment + Duration::from_secs(seconds)).saturating_duration_since(Instant::now()));
    until(wait - 1);
    let early = ask();
    assert_eq!((early.status, early.number("retry-after")), (429, 1));
    until(wait);
    ask().expect(200);
}
