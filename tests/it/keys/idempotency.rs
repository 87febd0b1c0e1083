//! Idempotency-Key on the POSTs that create.

use super::{Surface, id, key};
use mgmt_tests::{Backend, Server, in_parallel, on_each_backend};
use serde_json::json;
use std::thread::sleep;
use std::time::Duration;

on_each_backend!(a_replay_is_byte_equal, a_parallel_replay_makes_one_key, the_secret_ends_with_its_window, what_is_not_kept);

fn a_replay_is_byte_equal(backend: Backend) {
    let mut server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let session = server.login();
    let body = json!({"name": "once", "scopes": ["shipments:read"]});
    let other = server.create_key(&json!({"kind": "management", "permissions": ["api-keys:*"]}));
    {
        let management = Surface::management(&server);
        let owner = Surface::session(&server, &session);
        let stranger = Surface::management_as(&server, key(&other));
        let mut made = Vec::new();
        // Each principal, each route and each key has its own memory.
        for (surface, name) in
            [(&management, "\"order-1\""), (&management, "order-2"), (&owner, "order-2"), (&stranger, "order-2")]
        {
            let create = || surface.call("POST", "").header("idempotency-key", name).json(&body).send();
            let first = create();
            assert_eq!(first.status, 201, "{first}");
            assert!(first.header("idempotent-replayed").is_none(), "{first}");
            for _ in 0..2 {
                let replay = create();
                assert_eq!(replay.status, 201);
                assert_eq!(replay.text(), first.text(), "byte-equal, secret included");
                assert_eq!(replay.header("idempotent-replayed"), Some("true"), "{replay}");
            }
            made.push(id(&surface.object(&first, 201)).to_owned());
            let different = surface
                .call("POST", "")
                .header("idempotency-key", name)
                .json(&json!({"name": "other", "scopes": ["shipments:read"]}));
            different.send().refused(422, "idempotency_key_reused");
        }
        made.sort();
        made.dedup();
        assert_eq!(made.len(), 4);
        // Rotation makes a key too.
        let target = made[0].clone();
        let rotate =
            || management.call("POST", &format!("/{target}/rotate")).header("idempotency-key", "turn").json(&json!({})).send();
        let first = rotate();
        assert_eq!(first.status, 201, "{first}");
        assert_eq!(rotate().text(), first.text());
    }
    // It outlives the process.
    let create =
        |server: &Server| Surface::management(server).call("POST", "").header("idempotency-key", "order-9").json(&body).send();
    let first = create(&server);
    server.restart();
    assert_eq!(create(&server).text(), first.text());
}

fn a_parallel_replay_makes_one_key(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let surface = Surface::management(&server);
    let before = surface.call("GET", "?limit=100").send().expect(200)["data"].as_array().unwrap().len();
    let body = json!({"name": "race", "scopes": ["shipments:read"]});
    let answers = in_parallel(20, |_| surface.call("POST", "").header("idempotency-key", "race").json(&body).send());
    let mut texts: Vec<_> = answers.iter().filter(|answer| answer.status == 201).map(mgmt_tests::Answer::text).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 1, "every success is the same one");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.refused(409, "idempotency_in_progress");
        assert!(answer.number("retry-after") >= 1);
    }
    let after = surface.call("GET", "?limit=100").send().expect(200)["data"].as_array().unwrap().len();
    assert_eq!(after, before + 1);
}

fn the_secret_ends_with_its_window(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_SECURITY__REVEAL_WINDOW_SECONDS", "2")]);
    let surface = Surface::management(&server);
    let body = json!({"name": "once", "scopes": ["shipments:read"]});
    let create = || surface.call("POST", "").header("idempotency-key", "late").json(&body).send();
    let first = create().expect(201);
    sleep(Duration::from_millis(2_200));
    let replay = create();
    let late = replay.expect(201);
    assert_eq!(id(&late), id(&first));
    assert!(!replay.text().contains(key(&first)), "the secret outlives its window");

    let first = surface.call("POST", "").header("idempotency-key", "ended").json(&body).send().expect(201);
    assert_eq!(surface.call("DELETE", &format!("/{}/secret", id(&first))).send().status, 204);
    let replay = surface.call("POST", "").header("idempotency-key", "ended").json(&body).send();
    assert_eq!(id(&replay.expect(201)), id(&first));
    assert!(!replay.text().contains(key(&first)));
}

fn what_is_not_kept(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "2")]);
    let surface = Surface::management(&server);
    let create = |name: &str, scope: &str| {
        surface.call("POST", "").header("idempotency-key", name).json(&json!({"scopes": [scope]})).send()
    };
    create("again", "no:such").names_fields(&["scopes"]);
    let made = create("again", "shipments:read").expect(201);
    create("full", "shipments:read").refused(409, "key_limit_reached");
    assert_eq!(surface.revoke(id(&made)).status, 204);
    create("full", "shipments:read").expect(201);
    for malformed in ["", "\"\"", "\"unclosed", &"x".repeat(256), "caf\u{e9}"] {
        let answer = create(malformed, "shipments:read");
        answer.refused(400, "invalid_request");
    }
    let twice = surface.call("POST", "").header("idempotency-key", "a").header("idempotency-key", "b");
    twice.json(&json!({"scopes": ["shipments:read"]})).send().refused(400, "invalid_request");
}
