//! What belongs to somebody else is answered like what does not exist, byte by byte, on every operation of `/openapi.json`
//! that has an id in its path. An operation whose kind of object is not in the table fails the test.

use crate::keys::id;
use mgmt_tests::{Answer, Backend, Server, Session, on_each_backend};
use serde_json::json;

on_each_backend!(every_foreign_object_is_missing);

/// Operations below a path, somebody else's object, an id of nobody, and who asks.
struct Kind {
    below: &'static str,
    foreign: String,
    missing: &'static str,
    credential: String,
}

const PROJECT: &str = "/management/v1/projects/{projectId}";
const NO_KEY: &str = "key_00000000000070008000000000000000";

fn every_foreign_object_is_missing(backend: Backend) {
    let mut server = Server::start(backend);
    let session = foreign_session(&mut server);
    let tenant = server.tenant("Other");
    let mine = server.create_key(&json!({"scopes": ["shipments:read"]}));
    let body = json!({"scopes": ["shipments:read"]});
    let theirs = server.post("/v1/management/api-keys", &body).bearer(&tenant.management_key).send().expect(201);
    let owner = server.login().token;
    let invited = json!({"email": "somebody@example.com", "role": "viewer"});
    let invited = server.post("/v1/management/invitations", &invited).bearer(server.management_key()).send().expect(201);
    let project = json!({"name": "Shop", "case_sensitive_codes": true, "timezone": "UTC", "currency": "EUR"});
    let project = server.post("/management/v1/projects", &project).bearer(server.management_key()).send().expect(200);
    let hook = json!({"url": "https://example.com/", "events": ["*"]});
    let hook = server.post("/v1/management/webhooks", &hook).bearer(server.management_key()).send().expect(201);
    let shipper = json!({"scopes": ["*"]});
    let shipper = server.post("/v1/management/api-keys", &shipper).bearer(&tenant.management_key).send().expect(201);
    let shipper = shipper["key"].as_str().unwrap();
    let shipment = json!({"shipper": {"country_code": "US"}, "recipient": {"country_code": "CA"},
        "parcels": [{"weight": 1, "weight_unit": "KG"}], "service": "standard_service"});
    let shipment = server.post("/v1/shipments", &shipment).bearer(server.api_key()).send().expect(201);
    let sheets = server.get("/v1/management/rate-sheets").bearer(server.management_key()).send().expect(200);
    let kind = |below, foreign: &str, missing, credential: &str| Kind {
        below,
        foreign: foreign.to_owned(),
        missing,
        credential: credential.to_owned(),
    };
    let kinds = [
        kind("/api/auth/sessions/{id}", &session, "ses_00000000000070008000000000000000", &owner),
        kind("/api/api-keys/{id}", id(&theirs), NO_KEY, &owner),
        kind("/v1/management/api-keys/{id}", id(&mine), NO_KEY, &tenant.management_key),
        kind(
            "/v1/management/organizations/{id}",
            server.organization(),
            "org_00000000000070008000000000000000",
            &tenant.management_key,
        ),
        kind(
            "/v1/management/users/{id}",
            server.bootstrap["user"]["id"].as_str().unwrap(),
            "usr_00000000000070008000000000000000",
            &tenant.management_key,
        ),
        kind("/v1/management/webhooks/{id}", id(&hook), "whk_00000000000070008000000000000000", &tenant.management_key),
        kind("/v1/management/invitations/{id}", id(&invited), "inv_00000000000070008000000000000000", &tenant.management_key),
        kind("/v1/shipments/{id}", id(&shipment), "shp_00000000000070008000000000000000", shipper),
        kind("/v1/trackers/{id}", shipment["tracker_id"].as_str().unwrap(), "trk_00000000000070008000000000000000", shipper),
        kind(
            "/v1/management/rate-sheets/{id}",
            id(&sheets["data"][0]),
            "rsht_00000000000070008000000000000000",
            &tenant.management_key,
        ),
        kind(PROJECT, id(&project), "proj_00000000000070008000000000000000", &tenant.management_key),
    ];
    let mut compared = 0;
    for (method, path) in operations_with_ids(&server) {
        let kind = kinds.iter().find(|k| path == k.below || path.starts_with(&format!("{}/", k.below)));
        let kind = kind.unwrap_or_else(|| panic!("{method} {path} has an id, but its kind of object is not in the table"));
        let ask =
            |id: &str| ask(&server, &method, &path.replacen("{id}", id, 1).replacen("{projectId}", id, 1), &kind.credential);
        let (foreign, missing) = (ask(&kind.foreign), ask(kind.missing));
        // What is the operator's alone is refused before anything is looked up.
        let operators =
            path.starts_with("/v1/management/organizations/") && (path.ends_with("/suspend") || path.ends_with("/resume"));
        foreign.refused(if operators { 403 } else { 404 }, if operators { "forbidden" } else { "not_found" });
        // Some say which object is missing: the one that was asked for.
        let told = |answer: &Answer, id: &str| answer.without_request_id().replace(id, "ID");
        assert_eq!(told(&foreign, &kind.foreign), told(&missing, kind.missing), "{method} {path}");
        assert_eq!(foreign.comparable_fields(), missing.comparable_fields(), "{method} {path}");
        compared += 1;
    }
    assert!(compared >= 50, "{compared} operations");
    // Nothing of that had an effect.
    for (key, credential) in [(&mine, server.management_key()), (&theirs, tenant.management_key.as_str())] {
        let now = server.get(&format!("/v1/management/api-keys/{}", id(key))).bearer(credential).send().expect(200);
        assert_eq!(now["status"], "active");
    }
}

/// Sends the operation with a body that would pass, or one that fails validation where nothing is there to be changed.
fn ask(server: &Server, method: &str, path: &str, credential: &str) -> Answer {
    let call = server.call(method, path).bearer(credential);
    if ["POST", "PUT", "PATCH"].contains(&method) { call.json(&json!({})).send() } else { call.send() }
}

fn operations_with_ids(server: &Server) -> Vec<(String, String)> {
    let document = server.get("/openapi.json").send().expect(200);
    let mut found = Vec::new();
    for (path, item) in document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .filter(|(path, _)| path.contains("{id}") || path.starts_with(PROJECT))
    {
        for method in item.as_object().expect("a path item").keys() {
            if ["get", "put", "post", "delete", "patch"].contains(&method.as_str()) {
                found.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    found
}

/// A session of somebody else, made by handing over one of the owner's while no server runs on the database.
fn foreign_session(server: &mut Server) -> String {
    let Session { token, .. } = server.login();
    let list = server.get("/api/auth/sessions").bearer(&token).send().expect(200);
    let id = id(&list["data"][0]).to_owned();
    server.terminate();
    assert!(server.wait().success());
    let other = "usr_019a3c5e7f0070008000000000000001";
    let columns = "email, name, password_hash, created_at, updated_at";
    let values = "'other@example.com', name, password_hash, created_at, updated_at";
    for statement in [
        format!("INSERT INTO users (id, {columns}) SELECT '{other}', {values} FROM users"),
        format!("UPDATE sessions SET user_id = '{other}' WHERE id = '{id}'"),
    ] {
        let _ = server.database.sql(&server.folder, &statement);
    }
    server.run();
    id
}
