//! Organizations: made, suspended and resumed by the operator, changed by their own people.

use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(
    the_operator_makes_organizations,
    others_make_none,
    people_change_their_own,
    plan_and_quota_are_the_operators,
    addresses_are_judged,
    a_suspended_organization_is_out_of_service,
);

const BASE: &str = "/v1/management/organizations";
const NOBODY: &str = "org_00000000000070008000000000000000";

fn the_operator_makes_organizations(backend: Backend) {
    let server = Server::start(backend);
    let body = json!({
        "name": "Globex", "slug": "globex", "plan": "scale", "owner_email": "hank@example.com",
        "address": {"street1": "1 Main St", "city": "Cypress Creek", "state_code": "or", "postal_code": "97001", "country_code": "us"},
        "metadata": {"tier": "gold"},
    });
    let made = server.post(BASE, &body).bearer(server.management_key()).header("Idempotency-Key", "o1").send().expect(201);
    assert_eq!((&made["slug"], &made["plan"], &made["status"]), (&json!("globex"), &json!("scale"), &json!("active")));
    assert_eq!(made["address"]["state_code"], "OR");
    assert_eq!(made["address"]["street2"], Value::Null);
    let again = server.post(BASE, &body).bearer(server.management_key()).header("Idempotency-Key", "o1").send();
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    // With the invitation's link: whoever lost the first answer has no other way to it.
    assert_eq!(again.expect(201), made);
    assert!(made["invitation"]["url"].as_str().unwrap().ends_with(made["invitation"]["token"].as_str().unwrap()));
    server.post(BASE, &body).bearer(server.management_key()).send().refused(409, "conflict");
    let id = made["id"].as_str().unwrap();
    let shown = server.get(&format!("{BASE}/{id}")).bearer(server.management_key()).send().expect(200);
    let mut organization = made.clone();
    organization.as_object_mut().unwrap().remove("invitation");
    assert_eq!(shown, organization);
    let plain = json!({"name": "Initech", "owner_email": "bill@example.com"});
    let plain = server.post(BASE, &plain).bearer(&server.login().token).send().expect(201);
    assert!(plain["slug"].as_str().unwrap().starts_with("initech-"));
    assert_eq!(plain["plan"], "self_hosted");

    let wrong =
        json!({"name": "", "owner_email": "x", "slug": "A B", "plan": "free", "address": {"country_code": "XX"}, "id": 1});
    let answer = server.post(BASE, &wrong).bearer(server.management_key()).send();
    answer.refused(400, "invalid_request");
    answer.names_fields(&["name", "owner_email", "slug", "plan", "address.country_code", "id"]);
    server.post(BASE, &json!({"name": "A"})).bearer(server.management_key()).send().names_fields(&["owner_email"]);
}

fn others_make_none(backend: Backend) {
    let server = Server::start(backend);
    let tenant = server.tenant("Second");
    let body = json!({"name": "Third", "owner_email": "c@example.com"});
    server.post(BASE, &body).bearer(&tenant.management_key).send().refused(403, "forbidden");
    for action in ["suspend", "resume"] {
        for id in [tenant.id.as_str(), server.organization(), NOBODY] {
            let path = format!("{BASE}/{id}/{action}");
            server.call("POST", &path).bearer(&tenant.management_key).send().refused(403, "forbidden");
        }
        let path = format!("{BASE}/{NOBODY}/{action}");
        server.call("POST", &path).bearer(server.management_key()).send().refused(404, "not_found");
    }
    let foreign =
        server.patch(&format!("{BASE}/{}", server.organization()), &json!({"name": "Mine"})).bearer(&tenant.management_key);
    let missing = server.patch(&format!("{BASE}/{NOBODY}"), &json!({"name": "Mine"})).bearer(&tenant.management_key);
    let (foreign, missing) = (foreign.send(), missing.send());
    foreign.refused(404, "not_found");
    assert_eq!(foreign.without_request_id(), missing.without_request_id());
}

fn people_change_their_own(backend: Backend) {
    let server = Server::start(backend);
    let tenant = server.tenant("Second");
    let path = format!("{BASE}/{}", tenant.id);
    let patch = |body: &Value| server.patch(&path, body).bearer(&tenant.management_key);
    let first = server.get(&path).bearer(&tenant.management_key).send();
    let tag = first.header("etag").expect("a tag").to_owned();
    let changed =
        patch(&json!({"name": "Renamed", "slug": "renamed", "metadata": {"a": 1, "b": 2}})).header("If-Match", &tag).send();
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    let changed = changed.expect(200);
    assert_eq!((&changed["name"], &changed["slug"]), (&json!("Renamed"), &json!("renamed")));
    patch(&json!({"name": "Again"})).header("If-Match", &tag).send().refused(412, "precondition_failed");
    let merged =
        patch(&json!({"metadata": {"a": null}, "address": {"country_code": "DE", "postal_code": "10115"}})).send().expect(200);
    assert_eq!(merged["metadata"], json!({"b": 2}));
    let merged = patch(&json!({"address": {"city": "Berlin"}})).send().expect(200);
    assert_eq!((&merged["address"]["city"], &merged["address"]["postal_code"]), (&json!("Berlin"), &json!("10115")));
    assert_eq!(patch(&json!({"address": null})).send().expect(200)["address"], Value::Null);
    for field in ["id", "status", "created_at", "is_operator", "version"] {
        patch(&json!({field: "x"})).send().names_fields(&[field]);
    }
    patch(&json!({"name": null, "slug": "-"})).send().names_fields(&["name", "slug"]);
    let operator = server.get(&format!("{BASE}/{}", server.organization())).bearer(server.management_key()).send().expect(200);
    patch(&json!({"slug": operator["slug"]})).send().refused(409, "conflict");
}

fn plan_and_quota_are_the_operators(backend: Backend) {
    let server = Server::start(backend);
    let tenant = server.tenant("Second");
    let path = format!("{BASE}/{}", tenant.id);
    for body in [json!({"plan": "enterprise"}), json!({"quota": {"limit": 5, "period": "day"}}), json!({"quota": null})] {
        server.patch(&path, &body).bearer(&tenant.management_key).send().refused(403, "forbidden");
    }
    let body = json!({"plan": "enterprise", "quota": {"limit": 2, "period": "month"}});
    let changed = server.patch(&path, &body).bearer(server.management_key()).send().expect(200);
    assert_eq!((&changed["plan"], &changed["quota"]["remaining"]), (&json!("enterprise"), &json!(2)));
    // In force at once, over all keys of the organization.
    let key = |name| {
        let made = server.post("/v1/management/api-keys", &json!({"name": name, "scopes": ["orders:read"]}));
        made.bearer(&tenant.management_key).send().expect(201)["key"].as_str().unwrap().to_owned()
    };
    let (one, two) = (key("one"), key("two"));
    assert_eq!((server.verdict(&one), server.verdict(&two)), ("valid".to_owned(), "valid".to_owned()));
    assert_eq!(server.verdict(&one), "quota_exceeded");
    let lifted = server.patch(&path, &json!({"quota": null})).bearer(server.management_key()).send().expect(200);
    assert_eq!(lifted["quota"], Value::Null);
    assert_eq!(server.verdict(&two), "valid");
}

fn addresses_are_judged(backend: Backend) {
    let server = Server::start(backend);
    let path = format!("{BASE}/{}", server.organization());
    for (address, field) in [
        (json!({"country_code": "ZZ"}), "address.country_code"),
        (json!({"city": "Nowhere"}), "address.country_code"),
        (json!({"country_code": "US", "state_code": "XX"}), "address.state_code"),
        (json!({"country_code": "US", "postal_code": "1"}), "address.postal_code"),
        (json!({"country_code": "GB", "postal_code": "12345"}), "address.postal_code"),
        (json!({"country_code": "US", "zip": "94105"}), "address.zip"),
        (json!({"country_code": "US", "city": 5}), "address.city"),
    ] {
        let answer = server.patch(&path, &json!({"address": address})).bearer(server.management_key()).send();
        answer.refused(400, "invalid_request");
        answer.names_fields(&[field]);
    }
}

fn a_suspended_organization_is_out_of_service(backend: Backend) {
    let server = Server::start(backend);
    let tenant = server.tenant("Second");
    let body = json!({"scopes": ["orders:read"]});
    let key = server.post("/v1/management/api-keys", &body).bearer(&tenant.management_key).send().expect(201);
    let key = key["key"].as_str().unwrap();
    assert_eq!(server.verdict(key), "valid");
    let change =
        |action: &str| server.call("POST", &format!("{BASE}/{}/{action}", tenant.id)).bearer(server.management_key()).send();
    for _ in 0..2 {
        assert_eq!(change("suspend").expect(200)["status"], "suspended");
        assert_eq!(server.verdict(key), "suspended");
        server.get(BASE).bearer(&tenant.management_key).send().refused(401, "unauthorized");
        server.get("/v1/authorize").bearer(key).send().refused(401, "unauthorized");
    }
    for _ in 0..2 {
        assert_eq!(change("resume").expect(200)["status"], "active");
        assert_eq!(server.verdict(key), "valid");
    }
    server.get(BASE).bearer(&tenant.management_key).send().expect_status(200);
    let own = format!("{BASE}/{}/suspend", server.organization());
    server.call("POST", &own).bearer(server.management_key()).send().refused(409, "invalid_state");
}
