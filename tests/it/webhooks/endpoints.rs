//! Endpoints as resources.

use super::{BASE, LOCAL, ask, hook, path};
use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(
    an_endpoint_is_made_read_changed_and_removed,
    wrong_endpoints_are_refused,
    addresses_are_guarded,
    secrets_are_replaced_with_an_overlap,
    a_repeat_with_an_idempotency_key_is_one_endpoint,
    a_repeated_rotation_is_one_rotation,
    there_is_a_limit,
    changes_at_once_are_all_taken,
);

fn an_endpoint_is_made_read_changed_and_removed(backend: Backend) {
    let server = Server::start(backend);
    let made = hook(&server, "https://Example.com/hooks?a=b", &["api_key.*", "user.created"]);
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    assert!(made["id"].as_str().unwrap().starts_with("whk_"));
    assert_eq!(made["url"], "https://example.com/hooks?a=b");
    assert_eq!(made["events"], json!(["api_key.*", "user.created"]));
    assert_eq!((&made["active"], &made["description"]), (&json!(true), &json!(null)));

    let answer = ask(&server, "GET", &path(&made, ""), None);
    let shown = answer.expect(200);
    assert!(shown.get("secret").is_none());
    let mut without = made.clone();
    without.as_object_mut().unwrap().remove("secret");
    assert_eq!(shown, without);
    let listed = ask(&server, "GET", BASE, None).expect(200);
    assert_eq!(listed["data"], json!([shown]));
    assert_eq!(ask(&server, "GET", &path(&made, "/secret"), None).expect(200)["secret"], made["secret"]);

    let tag = answer.header("etag").unwrap().to_owned();
    let change = json!({"active": false, "description": "for the <b>night</b>", "events": ["*"]});
    let patch =
        |tag: &str| server.patch(&path(&made, ""), &change).bearer(server.management_key()).header("if-match", tag).send();
    let changed = patch(&tag).expect(200);
    assert_eq!((&changed["active"], &changed["events"]), (&json!(false), &json!(["*"])));
    assert_eq!(changed["description"], "for the <b>night</b>");
    patch(&tag).refused(412, "precondition_failed");
    let cleared = ask(&server, "PATCH", &path(&made, ""), Some(&json!({"description": null}))).expect(200);
    assert_eq!(cleared["description"], json!(null));

    ask(&server, "DELETE", &path(&made, ""), None).expect_status(204);
    ask(&server, "GET", &path(&made, ""), None).refused(404, "not_found");
    ask(&server, "DELETE", &path(&made, ""), None).refused(404, "not_found");
}

fn wrong_endpoints_are_refused(backend: Backend) {
    let server = Server::start(backend);
    let refused = |body| {
        let answer = ask(&server, "POST", BASE, Some(&body));
        answer.refused(400, "invalid_request");
        answer
    };
    refused(json!({})).names_fields(&["url", "events"]);
    refused(json!({"url": "https://example.com/", "events": []})).names_fields(&["events"]);
    refused(json!({"url": "x", "events": ["*", "nothing.happened", "shipment"]})).names_fields(&[
        "url",
        "events[1]",
        "events[2]",
    ]);
    refused(json!({"url": "https://example.com/", "events": ["*"], "secret": "x"})).names_fields(&["secret"]);
    refused(json!({"url": "https://example.com/", "events": ["*"], "active": "yes"})).names_fields(&["active"]);
    refused(json!({"url": "https://example.com/", "events": ["*"], "description": "\u{202e}x"})).names_fields(&["description"]);
    let made = hook(&server, "https://example.com/", &["*"]);
    for (change, field) in [
        (json!({"url": null}), "url"),
        (json!({"events": null}), "events"),
        (json!({"active": null}), "active"),
        (json!({"events": ["x"]}), "events[0]"),
        (json!({"created_at": "now"}), "created_at"),
    ] {
        let answer = ask(&server, "PATCH", &path(&made, ""), Some(&change));
        answer.refused(400, "invalid_request");
        answer.names_fields(&[field]);
    }
    for (rest, body, field) in [
        ("/test", json!({"type": "nothing.happened"}), "type"),
        ("/test", json!({"type": "*"}), "type"),
        ("/recover", json!({}), "since"),
        ("/recover", json!({"since": "yesterday"}), "since"),
        ("/rotate-secret", json!({"overlap_seconds": 604_801}), "overlap_seconds"),
        ("/rotate-secret", json!({"overlap_seconds": -1}), "overlap_seconds"),
    ] {
        let answer = ask(&server, "POST", &path(&made, rest), Some(&body));
        answer.refused(400, "invalid_request");
        answer.names_fields(&[field]);
    }
    for query in ["?status=lost", "?limit=0", "?limit=101", "?colour=red"] {
        ask(&server, "GET", &path(&made, &format!("/deliveries{query}")), None).refused(400, "invalid_request");
    }
    ask(&server, "GET", &path(&made, "/deliveries?cursor=x"), None).refused(400, "invalid_cursor");
    ask(&server, "GET", "/v1/management/events?type=shipment", None).refused(400, "invalid_request");
    ask(&server, "GET", &path(&made, "/deliveries/dlv_1"), None).refused(404, "not_found");
}

/// What must not be called cannot be set either, in any spelling.
fn addresses_are_guarded(backend: Backend) {
    let strict = Server::start(backend);
    let local = Server::with(backend, LOCAL);
    for url in [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://8.8.8.8/",
        "https://localhost/",
        "https://a.localhost/",
        "https://printer.local/",
        "https://db.internal/",
        "https://metadata.google.internal/",
        "https://intranet/",
        "https://user@example.com/",
        "https:user:pw@example.com/://x",
        "https://example.com@127.0.0.1/",
        "https://example.com/#part",
        "https://example.com:22/",
        "https://example.com:5432/",
        "https://example.com:80/",
        "https://１２７.0.0.1/",
        "https://%31%32%37.0.0.1/",
        "https:\\\\example.com\\",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "",
    ] {
        let body = json!({"url": url, "events": ["*"]});
        let answer = ask(&strict, "POST", BASE, Some(&body));
        answer.refused(400, "invalid_request");
        answer.names_fields(&["url"]);
    }
    for url in ["https://10.0.0.1/", "https://[fd00::1]/", "https://169.254.169.254/", "http://example.com:22/"] {
        ask(&local, "POST", BASE, Some(&json!({"url": url, "events": ["*"]}))).refused(400, "invalid_request");
    }
    for url in ["http://127.0.0.1:9/", "https://127.0.0.1:8443/", "http://example.com/", "https://example.com:8443/"] {
        hook(&local, url, &["*"]);
    }
}

fn secrets_are_replaced_with_an_overlap(backend: Backend) {
    let server = Server::start(backend);
    let made = hook(&server, "https://example.com/", &["*"]);
    let rotate = |body| ask(&server, "POST", &path(&made, "/rotate-secret"), Some(&body));
    let second = rotate(json!({})).expect(200);
    assert_ne!(second["secret"], made["secret"]);
    assert!(second["previous_expires_at"].is_string());
    rotate(json!({"overlap_seconds": 0})).refused(409, "invalid_state");
    let third = rotate(json!({"overlap_seconds": 0, "force": true})).expect(200);
    assert_eq!(third["previous_expires_at"], json!(null));
    let shown = ask(&server, "GET", &path(&made, "/secret"), None).expect(200);
    assert_eq!(shown["secret"], third["secret"]);
    let fourth = rotate(json!({"overlap_seconds": 1})).expect(200);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_ne!(rotate(json!({})).expect(200)["secret"], fourth["secret"]);
}

fn a_repeat_with_an_idempotency_key_is_one_endpoint(backend: Backend) {
    let server = Server::start(backend);
    let body = json!({"url": "https://example.com/", "events": ["*"]});
    let make = || server.post(BASE, &body).bearer(server.management_key()).header("idempotency-key", "once").send();
    let (first, again) = (make(), make());
    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(ask(&server, "GET", BASE, None).expect(200)["data"].as_array().unwrap().len(), 1);
}

fn a_repeated_rotation_is_one_rotation(backend: Backend) {
    let server = Server::start(backend);
    let made = hook(&server, "https://example.com/", &["*"]);
    let rotate = |key: &str, body: &Value| {
        let call = server.post(&path(&made, "/rotate-secret"), body).bearer(server.management_key());
        call.header("idempotency-key", key).send()
    };
    let current = || ask(&server, "GET", &path(&made, "/secret"), None).expect(200)["secret"].clone();
    let force = json!({"force": true});
    let first = rotate("one", &force);
    assert_eq!((first.header("idempotent-replayed"), first.header("etag")), (None, None));
    for _ in 0..2 {
        let again = rotate("one", &force);
        assert_eq!((again.status, again.text()), (200, first.text()), "byte by byte, secret included");
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
    }
    let fields: Vec<String> = first.value().as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        (fields, first.value()["secret"].clone()),
        (vec!["secret".to_owned(), "previous_expires_at".to_owned()], current())
    );
    rotate("one", &json!({"force": true, "overlap_seconds": 5})).refused(422, "idempotency_key_reused");
    // A refusal is not kept, and one endpoint's key is not another's.
    rotate("two", &json!({})).refused(409, "invalid_state");
    let other = hook(&server, "https://example.com/", &["*"]);
    let there = server.post(&path(&other, "/rotate-secret"), &force).bearer(server.management_key());
    assert_ne!(there.header("idempotency-key", "one").send().expect(200)["secret"], current());
    let second = rotate("two", &force).expect(200);
    assert_eq!(second["secret"], current());
    assert_ne!(second["secret"], first.value()["secret"]);
    // The secret of the first is no longer that of the endpoint: its answer comes without.
    let late = rotate("one", &force).expect(200);
    assert_eq!(late, json!({"previous_expires_at": first.value()["previous_expires_at"]}));
    assert_eq!(current(), second["secret"]);
    // A repeat finds the endpoint changed by the first request.
    let tag = ask(&server, "GET", &path(&made, ""), None).header("etag").unwrap().to_owned();
    let conditional = || {
        let call = server.post(&path(&made, "/rotate-secret"), &force).bearer(server.management_key());
        call.header("idempotency-key", "three").header("if-match", &tag).send()
    };
    assert_eq!(conditional().expect(200), conditional().expect(200));
    let stale = server.post(&path(&made, "/rotate-secret"), &force).bearer(server.management_key());
    stale.header("if-match", &tag).send().refused(412, "precondition_failed");
    let answers = mgmt_tests::in_parallel(8, |_| rotate("race", &force));
    assert!(answers.iter().filter(|answer| answer.status == 200).all(|answer| answer.value()["secret"] == current()));
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.code() == "idempotency_in_progress"));
}

/// Many change and remove one endpoint at once, none with a condition: each change is taken, one removal is.
fn changes_at_once_are_all_taken(backend: Backend) {
    let server = Server::start(backend);
    let made = hook(&server, "https://example.com/", &["*"]);
    let status = |method: &str, rest: &str, body: serde_json::Value| {
        server.call(method, &path(&made, rest)).bearer(server.management_key()).json(&body).send().status
    };
    let changed = mgmt_tests::in_parallel(12, |n| status("PATCH", "", json!({"description": format!("number {n}")})));
    assert!(changed.iter().all(|&s| s == 200), "{changed:?}");
    let rotated = mgmt_tests::in_parallel(12, |_| status("POST", "/rotate-secret", json!({"force": true})));
    assert!(rotated.iter().all(|&s| s == 200), "{rotated:?}");
    let removed = mgmt_tests::in_parallel(12, |_| ask(&server, "DELETE", &path(&made, ""), None).status);
    assert_eq!(removed.iter().filter(|&&s| s == 204).count(), 1, "{removed:?}");
    assert_eq!(removed.iter().filter(|&&s| s == 404).count(), 11, "{removed:?}");
}

fn there_is_a_limit(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_WEBHOOKS__MAX_ENDPOINTS", "3")]);
    let body = json!({"url": "https://example.com/", "events": ["*"]});
    let made = mgmt_tests::in_parallel(6, |_| server.post(BASE, &body).bearer(server.management_key()).send().status);
    assert_eq!(made.iter().filter(|&&s| s == 201).count(), 3, "{made:?}");
    assert_eq!(made.iter().filter(|&&s| s == 409).count(), 3, "{made:?}");
}
