//! Nobody grants what they do not hold, and the number of active keys has a limit that no race gets past.

use super::{Surface, id, key};
use mgmt_tests::{Backend, Server, in_parallel, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(
    fifty_parallel_creates_leave_five_keys,
    parallel_first_creates_of_several_organizations,
    what_counts_against_the_limit,
    permissions_do_not_escalate,
    bounds_do_not_widen,
    changes_do_not_escalate,
    missing_permission_is_told,
    a_cut_acts_at_once,
);

fn active(server: &Server, kind: &str) -> usize {
    let surface = Surface::management(server);
    let list = surface.call("GET", &format!("?kind={kind}&status=active&limit=100")).send().expect(200);
    list["data"].as_array().unwrap().len()
}

fn fifty_parallel_creates_leave_five_keys(backend: Backend) {
    let server = Server::start(backend);
    let surface = Surface::management(&server);
    for (kind, scope) in [("secret", "shipments:read"), ("management", "webhooks:read")] {
        let answers = in_parallel(50, |n| surface.create(&json!({"name": format!("{n}"), "kind": kind, "scopes": [scope]})));
        for answer in &answers {
            if answer.status != 201 {
                answer.refused(409, "key_limit_reached");
            }
        }
        // The bootstrap made one of each kind.
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 4, "{kind}");
        assert_eq!(active(&server, kind), 5, "{kind}");
        for answer in answers.iter().filter(|answer| answer.status == 201 && kind == "secret") {
            assert_eq!(server.verdict(key(&answer.value())), "valid");
        }
    }
}

/// What the organizations share, such as what new secrets are encrypted under, is made by whoever comes first; nobody
/// else sees anything of that.
fn parallel_first_creates_of_several_organizations(backend: Backend) {
    let server = Server::start(backend);
    let tenants: Vec<_> = (0..8).map(|n| server.tenant(&format!("Tenant {n}"))).collect();
    let _ = server.database.sql(&server.folder, "DELETE FROM reveals");
    let _ = server.database.sql(&server.folder, "DELETE FROM bucket_keys");
    let answers = in_parallel(tenants.len(), |n| {
        Surface::management_as(&server, &tenants[n].management_key).create(&json!({"scopes": ["orders:read"]}))
    });
    for answer in answers {
        answer.expect(201);
    }
}

fn what_counts_against_the_limit(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "3")]);
    let surface = Surface::management(&server);
    let one = surface.created();
    let two = surface.created();
    surface.create(&json!({"scopes": ["orders:read"]})).refused(409, "key_limit_reached");
    // Suspended keys count; revoked ones make room at once.
    surface.act(id(&one), "suspend", &json!({})).expect(200);
    surface.create(&json!({"scopes": ["orders:read"]})).refused(409, "key_limit_reached");
    assert_eq!(surface.revoke(id(&one)).status, 204);
    let three =
        surface.object(&surface.create(&json!({"scopes": ["orders:read"], "expires_at": mgmt_tests::in_seconds(3)})), 201);
    // A rotation is no additional key, even at the limit.
    let newer = surface.object(&surface.act(id(&two), "rotate", &json!({"overlap_seconds": 100})), 201);
    surface.create(&json!({"scopes": ["orders:read"]})).refused(409, "key_limit_reached");
    std::thread::sleep(std::time::Duration::from_millis(3_100));
    assert_eq!(server.verdict(key(&three)), "expired");
    surface.created();
    assert_eq!(server.verdict(key(&newer)), "valid");
}

fn management_key(server: &Server, body: &Value) -> Value {
    let mut body = body.clone();
    body["kind"] = json!("management");
    server.create_key(&body)
}

fn permissions_do_not_escalate(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let grantor = management_key(&server, &json!({"permissions": ["api-keys:*", "webhooks:read"]}));
    let surface = Surface::management_as(&server, key(&grantor));
    for (kind, scopes, status) in [
        ("management", json!(["webhooks:read"]), 201),
        ("management", json!(["read:webhooks", "api-keys:write"]), 201),
        ("management", json!(["api-keys:*"]), 201),
        ("management", json!(["webhooks:write"]), 403),
        ("management", json!(["webhooks:*"]), 403),
        ("management", json!(["webhooks:read", "users:read"]), 403),
        ("management", json!(["keys:verify"]), 403),
        ("management", json!(["organizations:create"]), 403),
        ("management", json!(["*"]), 403),
        ("secret", json!(["shipments:read"]), 201),
        ("secret", json!(["*"]), 201),
    ] {
        let answer = surface.create(&json!({"kind": kind, "scopes": scopes}));
        match status {
            201 => assert_eq!(answer.status, 201, "{answer}"),
            _ => drop(answer.refused(403, "scope_exceeds_grantor")),
        }
    }
    // The owner holds all.
    let session = server.login();
    let owner = Surface::session(&server, &session);
    owner.create(&json!({"kind": "management", "permissions": ["*"]})).expect_data(201);
    // An API key grants nothing, anywhere.
    Surface::management_as(&server, server.api_key()).create(&json!({"scopes": ["shipments:read"]})).refused(401, "unauthorized");
}

fn bounds_do_not_widen(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let bounded = |bound: Value| {
        let mut body = json!({"permissions": ["api-keys:*"]});
        body.as_object_mut().unwrap().extend(bound.as_object().unwrap().clone());
        key(&management_key(&server, &body)).to_owned()
    };
    let life = bounded(json!({"expires_at": "2090-01-01T00:00:00Z"}));
    let limit = bounded(json!({"rate_limit": {"requests": 100, "per_seconds": 60}}));
    let network = bounded(json!({"ip_allowlist": ["127.0.0.0/8"]}));
    let quota = bounded(json!({"quota": {"limit": 1000, "period": "day"}}));
    for (grantor, extra, status) in [
        (&life, json!({"expires_at": "2089-12-31T23:59:59Z"}), 201),
        (&life, json!({"expires_at": "2090-01-01T00:00:00Z"}), 201),
        (&life, json!({"expires_at": "2090-01-01T00:00:01Z"}), 403),
        (&life, json!({}), 403),
        (&limit, json!({"rate_limit": {"requests": 100, "per_seconds": 60}}), 201),
        (&limit, json!({"rate_limit": {"requests": 10, "per_seconds": 60}}), 201),
        (&limit, json!({"rate_limit": {"requests": 101, "per_seconds": 60}}), 403),
        (&limit, json!({"rate_limit": {"requests": 100, "per_seconds": 1}}), 403),
        (&limit, json!({}), 403),
        (&network, json!({"ip_allowlist": ["127.0.0.1"]}), 201),
        (&network, json!({"ip_allowlist": ["127.0.0.0/8"]}), 201),
        (&network, json!({"ip_allowlist": ["127.0.0.0/7"]}), 403),
        (&network, json!({"ip_allowlist": ["127.0.0.1", "10.0.0.1"]}), 403),
        (&network, json!({"ip_allowlist": []}), 403),
        (&network, json!({}), 403),
        (&quota, json!({"quota": {"limit": 1000, "period": "day"}}), 201),
        (&quota, json!({"quota": {"limit": 1001, "period": "day"}}), 403),
        (&quota, json!({}), 403),
    ] {
        for (kind, scope) in [("secret", "orders:read"), ("management", "api-keys:read")] {
            let mut body = json!({"kind": kind, "scopes": [scope]});
            body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            let answer = Surface::management_as(&server, grantor).create(&body);
            match status {
                201 => assert_eq!(answer.status, 201, "{body}: {answer}"),
                _ => drop(answer.refused(403, "scope_exceeds_grantor")),
            }
        }
    }
}

fn changes_do_not_escalate(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let grantor =
        management_key(&server, &json!({"permissions": ["api-keys:*", "webhooks:read"], "expires_at": "2090-01-01T00:00:00Z"}));
    let surface = Surface::management_as(&server, key(&grantor));
    let child =
        surface.create(&json!({"kind": "management", "permissions": ["webhooks:read"], "expires_at": "2080-01-01T00:00:00Z"}));
    let child = child.expect(201);
    for target in [&child, &grantor] {
        for wider in [
            json!({"permissions": ["users:read"]}),
            json!({"permissions": ["*"]}),
            json!({"expires_at": null}),
            json!({"expires_at": "2091-01-01T00:00:00Z"}),
        ] {
            surface.patch(id(target), &wider).refused(403, "scope_exceeds_grantor");
        }
    }
    surface.patch(id(&child), &json!({"permissions": ["api-keys:read"]})).expect(200);
    // The key of somebody stronger: its new secret would be an escalation.
    let strong = server.bootstrap["management_key"]["id"].as_str().unwrap();
    surface.act(strong, "rotate", &json!({})).refused(403, "scope_exceeds_grantor");
    assert_eq!(surface.get(strong).status, 200);
    server.get("/v1/management/scopes").bearer(server.management_key()).send().expect(200);
}

fn missing_permission_is_told(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let reader = management_key(&server, &json!({"permissions": ["api-keys:read"]}));
    let surface = Surface::management_as(&server, key(&reader));
    assert_eq!(surface.get(id(&reader)).status, 200);
    let refusals = [
        surface.create(&json!({"scopes": ["shipments:read"]})),
        surface.patch(id(&reader), &json!({"name": "x"})),
        surface.revoke(server.bootstrap["api_key"]["id"].as_str().unwrap()),
        surface.act(id(&reader), "rotate", &json!({})),
        surface.act(id(&reader), "suspend", &json!({})),
        surface.act(id(&reader), "resume", &json!({})),
    ];
    for answer in refusals {
        answer.refused(403, "insufficient_scope");
        let challenge = answer.header("www-authenticate").expect("a challenge");
        assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\"api-keys:write\""), "{answer}");
    }
    // The function is refused before the object is looked up, so that ids cannot be probed.
    surface.revoke("key_00000000000070008000000000000000").refused(403, "insufficient_scope");
    let verifier = management_key(&server, &json!({"permissions": ["keys:verify"]}));
    Surface::management_as(&server, key(&verifier)).call("GET", "").send().refused(403, "insufficient_scope");
}

fn a_cut_acts_at_once(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let owner = Surface::management(&server);
    let cut = management_key(&server, &json!({"permissions": ["api-keys:*"]}));
    let surface = Surface::management_as(&server, key(&cut));
    surface.created();
    owner.patch(id(&cut), &json!({"permissions": ["api-keys:read"]})).expect(200);
    surface.create(&json!({"scopes": ["orders:read"]})).refused(403, "insufficient_scope");
    assert_eq!(surface.call("GET", "").send().status, 200);
    owner.act(id(&cut), "suspend", &json!({})).expect(200);
    surface.call("GET", "").send().refused(401, "unauthorized");
    owner.act(id(&cut), "resume", &json!({})).expect(200);
    assert_eq!(surface.call("GET", "").send().status, 200);
    assert_eq!(owner.revoke(id(&cut)).status, 204);
    surface.call("GET", "").send().refused(401, "unauthorized");
    // A key may revoke itself.
    let own = management_key(&server, &json!({"permissions": ["api-keys:write"]}));
    let surface = Surface::management_as(&server, key(&own));
    assert_eq!(surface.revoke(id(&own)).status, 204);
    surface.call("GET", "").send().refused(401, "unauthorized");
}
