//! What belongs to somebody else does not exist.

use super::{Surface, id, key};
use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::json;

on_each_backend!(foreign_is_missing, the_operator_acts_for_others);

const NOBODY: &str = "key_00000000000070008000000000000000";

fn foreign_is_missing(backend: Backend) {
    let server = Server::start(backend);
    let tenant = server.tenant("Other");
    let mine = Surface::management(&server);
    let theirs = Surface::management_as(&server, &tenant.management_key);
    let made = mine.created();

    let ask = |which: &str, method: &str, below: &str| {
        let call = theirs.call(method, &format!("/{which}{below}"));
        let call = if method == "POST" || method == "PATCH" { call.json(&json!({})) } else { call };
        call.send()
    };
    for (method, below) in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/rotate"),
        ("POST", "/suspend"),
        ("POST", "/resume"),
        ("GET", "/secret"),
        ("DELETE", "/secret"),
    ] {
        let foreign = ask(id(&made), method, below);
        let missing = ask(NOBODY, method, below);
        foreign.refused(404, "not_found");
        assert_eq!(foreign.without_request_id(), missing.without_request_id(), "{method} {below}");
        assert_eq!(foreign.comparable_fields(), missing.comparable_fields(), "{method} {below}");
    }
    let mut list = theirs.call("GET", "?limit=100").send().expect(200);
    assert!(!list["data"].take().to_string().contains(id(&made)));
    let question = json!({"key": key(&made)});
    let foreign = server.post("/v1/keys/verify", &question).bearer(&tenant.management_key).send().expect(200);
    assert_eq!((&foreign["valid"], &foreign["code"]), (&json!(false), &json!("not_found")));
    let unknown = json!({"key": mgmt_tests::unknown_id(key(&made))});
    let missing = server.post("/v1/keys/verify", &unknown).bearer(&tenant.management_key).send().expect(200);
    assert_eq!(foreign, missing);
    assert_eq!(server.verdict(key(&made)), "valid", "nothing of that had an effect");

    // The same for organizations.
    let path = |id: &str| format!("/v1/management/organizations/{id}");
    let foreign = server.get(&path(server.organization())).bearer(&tenant.management_key).send();
    let missing = server.get(&path("org_00000000000070008000000000000000")).bearer(&tenant.management_key).send();
    foreign.refused(404, "not_found");
    assert_eq!(foreign.without_request_id(), missing.without_request_id());
    let own = server.get(&path(&tenant.id)).bearer(&tenant.management_key).send().expect(200);
    assert_eq!((id(&own), &own["name"]), (tenant.id.as_str(), &json!("Other")));
    let list = server.get("/v1/management/organizations").bearer(&tenant.management_key).send().expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "a tenant sees itself only: {list}");
}

fn the_operator_acts_for_others(backend: Backend) {
    let server = Server::start(backend);
    let tenant = server.tenant("Other");
    let call = |method: &str, below: &str, key: &str, organization: &str| {
        server.call(method, &format!("/v1/management/api-keys{below}")).bearer(key).header("x-organization-id", organization)
    };
    let body = json!({"scopes": ["shipments:read"]});
    let made = call("POST", "", server.management_key(), &tenant.id).json(&body).send().expect(201);
    let theirs = Surface::management_as(&server, &tenant.management_key);
    assert_eq!(theirs.get(id(&made)).status, 200, "it belongs to the tenant");
    Surface::management(&server).get(id(&made)).refused(404, "not_found");
    let question = json!({"key": key(&made)});
    let verdict = server.post("/v1/keys/verify", &question).bearer(&tenant.management_key).send().expect(200);
    assert_eq!((&verdict["code"], &verdict["organization_id"]), (&json!("valid"), &json!(tenant.id)));
    let list = call("GET", "?kind=secret", server.management_key(), &tenant.id).send().expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(call("DELETE", &format!("/{}", id(&made)), server.management_key(), &tenant.id).send().status, 204);

    // With an API key of the operator's as well, where those are taken.
    let (ours, own) = (server.create_key(&json!({"scopes": ["*"]})), theirs.create(&json!({"scopes": ["*"]})).expect(201));
    let ship = |call: &str, key: &str, organization: &str| {
        server.call(call, "/v1/shipments").bearer(key).header("x-organization-id", organization)
    };
    let shipment = json!({
        "shipper": {"country_code": "US"}, "recipient": {"country_code": "US"}, "parcels": [{"weight": 1, "weight_unit": "KG"}],
    });
    ship("POST", key(&ours), &tenant.id).json(&shipment).send().expect(201);
    for (bearer, organization, count) in
        [(key(&own), &*tenant.id, 1), (key(&ours), &*tenant.id, 1), (key(&ours), server.organization(), 0)]
    {
        assert_eq!(ship("GET", bearer, organization).send().expect(200)["count"], count);
    }
    ship("GET", key(&own), server.organization()).send().refused(403, "forbidden");
    ship("GET", key(&ours), "zz").send().refused(404, "not_found");
    call("GET", "", &tenant.management_key, server.organization()).send().refused(403, "forbidden");
    call("GET", "", server.management_key(), "org_00000000000070008000000000000000").send().refused(404, "not_found");
}
