//! Every operation of `/openapi.json` with every kind of caller. An operation that is not in the table fails the test, and
//! so does one that is in the table only.

use mgmt_tests::{Answer, Backend, Server, on_each_backend};
use serde_json::json;
use std::collections::BTreeSet;

on_each_backend!(every_operation_with_every_caller, every_operation_with_every_role);

/// Who gets past authentication and authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Everybody.
    Public,
    /// The holder of the refresh cookie; no other credential counts.
    Cookie,
    /// A session.
    Session,
    /// A session whose role holds the permission; under `/v1` also a management key that holds it.
    Permission(&'static str),
    /// Every session, and every management key.
    Anybody,
    /// A management key with the permission, and no session.
    KeyOnly(&'static str),
    /// An API key.
    ApiKey,
}

use Access::{Anybody, ApiKey, Cookie, KeyOnly, Permission, Public, Session};

const TABLE: &[(&str, &str, Access)] = &[
    ("GET", "/livez", Public),
    ("GET", "/readyz", Public),
    ("POST", "/api/auth/login", Public),
    ("POST", "/api/auth/refresh", Cookie),
    ("POST", "/api/auth/password-reset", Public),
    ("POST", "/api/auth/password-reset/{token}", Public),
    ("POST", "/api/auth/logout", Session),
    ("POST", "/api/auth/switch", Session),
    ("GET", "/api/auth/me", Session),
    ("POST", "/api/auth/password", Session),
    ("GET", "/api/auth/sessions", Session),
    ("DELETE", "/api/auth/sessions/{id}", Session),
    ("GET", "/api/api-keys", Permission("api-keys:read")),
    ("POST", "/api/api-keys", Permission("api-keys:write")),
    ("GET", "/api/api-keys/{id}", Permission("api-keys:read")),
    ("PATCH", "/api/api-keys/{id}", Permission("api-keys:write")),
    ("DELETE", "/api/api-keys/{id}", Permission("api-keys:write")),
    ("POST", "/api/api-keys/{id}/rotate", Permission("api-keys:write")),
    ("POST", "/api/api-keys/{id}/suspend", Permission("api-keys:write")),
    ("POST", "/api/api-keys/{id}/resume", Permission("api-keys:write")),
    ("GET", "/api/api-keys/{id}/secret", Permission("api-keys:write")),
    ("DELETE", "/api/api-keys/{id}/secret", Permission("api-keys:write")),
    ("GET", "/v1/management/api-keys", Permission("api-keys:read")),
    ("POST", "/v1/management/api-keys", Permission("api-keys:write")),
    ("GET", "/v1/management/api-keys/{id}", Permission("api-keys:read")),
    ("PATCH", "/v1/management/api-keys/{id}", Permission("api-keys:write")),
    ("DELETE", "/v1/management/api-keys/{id}", Permission("api-keys:write")),
    ("POST", "/v1/management/api-keys/{id}/rotate", Permission("api-keys:write")),
    ("POST", "/v1/management/api-keys/{id}/suspend", Permission("api-keys:write")),
    ("POST", "/v1/management/api-keys/{id}/resume", Permission("api-keys:write")),
    ("GET", "/v1/management/api-keys/{id}/secret", Permission("api-keys:write")),
    ("DELETE", "/v1/management/api-keys/{id}/secret", Permission("api-keys:write")),
    ("GET", "/v1/management/organizations", Permission("organizations:read")),
    ("GET", "/v1/management/organizations/{id}", Permission("organizations:read")),
    ("POST", "/v1/management/organizations", Permission("organizations:create")),
    ("PATCH", "/v1/management/organizations/{id}", Permission("organizations:write")),
    ("POST", "/v1/management/organizations/{id}/suspend", Permission("organizations:write")),
    ("POST", "/v1/management/organizations/{id}/resume", Permission("organizations:write")),
    ("GET", "/v1/management/audit-log", Permission("audit:read")),
    ("GET", "/v1/management/users", Permission("users:read")),
    ("POST", "/v1/management/users", Permission("users:write")),
    ("GET", "/v1/management/users/{id}", Permission("users:read")),
    ("PATCH", "/v1/management/users/{id}", Permission("users:write")),
    ("DELETE", "/v1/management/users/{id}", Permission("users:write")),
    ("GET", "/v1/management/users/{id}/impact", Permission("users:read")),
    ("GET", "/v1/management/invitations", Permission("users:read")),
    ("POST", "/v1/management/invitations", Permission("users:write")),
    ("DELETE", "/v1/management/invitations/{id}", Permission("users:write")),
    ("POST", "/v1/management/invitations/{id}/resend", Permission("users:write")),
    ("GET", "/api/invitations/{token}", Public),
    ("POST", "/api/invitations/{token}", Public),
    ("GET", "/v1/management/usage", Permission("usage:read")),
    ("GET", "/v1/management/webhooks", Permission("webhooks:read")),
    ("POST", "/v1/management/webhooks", Permission("webhooks:write")),
    ("GET", "/v1/management/webhooks/{id}", Permission("webhooks:read")),
    ("PATCH", "/v1/management/webhooks/{id}", Permission("webhooks:write")),
    ("DELETE", "/v1/management/webhooks/{id}", Permission("webhooks:write")),
    ("POST", "/v1/management/webhooks/{id}/test", Permission("webhooks:write")),
    ("GET", "/v1/management/webhooks/{id}/secret", Permission("webhooks:write")),
    ("POST", "/v1/management/webhooks/{id}/rotate-secret", Permission("webhooks:write")),
    ("POST", "/v1/management/webhooks/{id}/recover", Permission("webhooks:write")),
    ("GET", "/v1/management/webhooks/{id}/deliveries", Permission("webhooks:read")),
    ("GET", "/v1/management/webhooks/{id}/deliveries/{delivery}", Permission("webhooks:read")),
    ("POST", "/v1/management/webhooks/{id}/deliveries/{delivery}/retry", Permission("webhooks:write")),
    ("GET", "/v1/management/events", Permission("webhooks:read")),
    ("GET", "/v1/management/roles", Anybody),
    ("GET", "/v1/management/scopes", Anybody),
    ("POST", "/v1/keys/verify", KeyOnly("keys:verify")),
    ("POST", "/v1/keys/verify-batch", KeyOnly("keys:verify")),
    ("GET", "/v1/authorize", ApiKey),
    ("GET", "/v1/shipments", ApiKey),
    ("POST", "/v1/shipments", ApiKey),
    ("GET", "/v1/shipments/{id}", ApiKey),
    ("PATCH", "/v1/shipments/{id}", ApiKey),
    ("PUT", "/v1/shipments/{id}", ApiKey),
    ("DELETE", "/v1/shipments/{id}", ApiKey),
    ("POST", "/v1/shipments/{id}/rates", ApiKey),
    ("POST", "/v1/shipments/{id}/purchase", ApiKey),
    ("POST", "/v1/shipments/{id}/cancel", ApiKey),
    ("GET", "/v1/shipments/{id}/documents/label", ApiKey),
    ("POST", "/v1/rates", ApiKey),
    ("POST", "/v1/proxy/rates", ApiKey),
    ("GET", "/v1/trackers", ApiKey),
    ("POST", "/v1/trackers", ApiKey),
    ("GET", "/v1/trackers/{id}", ApiKey),
    ("PATCH", "/v1/trackers/{id}", ApiKey),
    ("PUT", "/v1/trackers/{id}", ApiKey),
    ("DELETE", "/v1/trackers/{id}", ApiKey),
    ("POST", "/v1/trackers/{id}/inject-events", ApiKey),
    ("GET", "/v1/management/rate-sheets", Permission("rate-sheets:read")),
    ("POST", "/v1/management/rate-sheets", Permission("rate-sheets:write")),
    ("GET", "/v1/management/rate-sheets/{id}", Permission("rate-sheets:read")),
    ("PATCH", "/v1/management/rate-sheets/{id}", Permission("rate-sheets:write")),
    ("PUT", "/v1/management/rate-sheets/{id}", Permission("rate-sheets:write")),
    ("DELETE", "/v1/management/rate-sheets/{id}", Permission("rate-sheets:write")),
    ("GET", "/management/v1/projects", Permission("projects:read")),
    ("POST", "/management/v1/projects", Permission("projects:write")),
    ("POST", "/management/v1/projects/users/invite", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}", Permission("projects:read")),
    ("PUT", "/management/v1/projects/{projectId}", Permission("projects:write")),
    ("DELETE", "/management/v1/projects/{projectId}", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/users", Permission("projects:read")),
    ("POST", "/management/v1/projects/{projectId}/users", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/users/{userId}", Permission("projects:read")),
    ("PUT", "/management/v1/projects/{projectId}/users/{userId}", Permission("projects:write")),
    ("DELETE", "/management/v1/projects/{projectId}/users/{userId}", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/templates/campaigns", Permission("projects:read")),
    ("POST", "/management/v1/projects/{projectId}/templates/campaigns", Permission("projects:write")),
    ("POST", "/management/v1/projects/{projectId}/templates/campaigns/{campaignTemplateId}/copy", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/stacking-rules", Permission("projects:read")),
    ("POST", "/management/v1/projects/{projectId}/stacking-rules", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/stacking-rules/{stackingRulesId}", Permission("projects:read")),
    ("PUT", "/management/v1/projects/{projectId}/stacking-rules/{stackingRulesId}", Permission("projects:write")),
    ("DELETE", "/management/v1/projects/{projectId}/stacking-rules/{stackingRulesId}", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/metadata-schemas", Permission("projects:read")),
    ("POST", "/management/v1/projects/{projectId}/metadata-schemas", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/metadata-schemas/{metadataSchemaId}", Permission("projects:read")),
    ("PUT", "/management/v1/projects/{projectId}/metadata-schemas/{metadataSchemaId}", Permission("projects:write")),
    ("DELETE", "/management/v1/projects/{projectId}/metadata-schemas/{metadataSchemaId}", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/custom-event-schemas", Permission("projects:read")),
    ("POST", "/management/v1/projects/{projectId}/custom-event-schemas", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/custom-event-schemas/{customEventSchemaId}", Permission("projects:read")),
    ("PUT", "/management/v1/projects/{projectId}/custom-event-schemas/{customEventSchemaId}", Permission("projects:write")),
    ("DELETE", "/management/v1/projects/{projectId}/custom-event-schemas/{customEventSchemaId}", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/webhooks", Permission("projects:read")),
    ("POST", "/management/v1/projects/{projectId}/webhooks", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/webhooks/{webhookId}", Permission("projects:read")),
    ("PUT", "/management/v1/projects/{projectId}/webhooks/{webhookId}", Permission("projects:write")),
    ("DELETE", "/management/v1/projects/{projectId}/webhooks/{webhookId}", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/branding", Permission("projects:read")),
    ("POST", "/management/v1/projects/{projectId}/branding", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/branding/{brandingId}", Permission("projects:read")),
    ("PUT", "/management/v1/projects/{projectId}/branding/{brandingId}", Permission("projects:write")),
    ("DELETE", "/management/v1/projects/{projectId}/branding/{brandingId}", Permission("projects:write")),
    ("POST", "/management/v1/projects/{projectId}/webhooks/{webhookId}/test", Permission("projects:write")),
    ("GET", "/management/v1/projects/{projectId}/webhooks/{webhookId}/send-outs", Permission("projects:read")),
    (
        "POST",
        "/management/v1/projects/{projectId}/webhooks/{webhookId}/send-outs/{sendOutId}/retry",
        Permission("projects:write"),
    ),
    ("GET", "/v1/metadata-schemas", ApiKey),
    ("GET", "/v1/metadata-schemas/{relatedObject}", ApiKey),
];

const PERMISSIONS: [&str; 16] = [
    "organizations:read",
    "organizations:write",
    "organizations:create",
    "users:read",
    "users:write",
    "api-keys:read",
    "api-keys:write",
    "webhooks:read",
    "webhooks:write",
    "projects:read",
    "projects:write",
    "rate-sheets:read",
    "rate-sheets:write",
    "usage:read",
    "audit:read",
    "keys:verify",
];

/// Sends the operation in a form that has no effect: ids of nobody, and bodies that fail validation.
fn ask(server: &Server, method: &str, path: &str, credential: Option<&str>) -> Answer {
    let path = path.replace("{id}", "key_00000000000070008000000000000000");
    let call = server.call(method, &path);
    let call = if ["POST", "PUT", "PATCH"].contains(&method) { call.json(&json!({})) } else { call };
    credential.map_or(call.clone(), |credential| call.bearer(credential)).send()
}

#[track_caller]
fn gets_in(answer: &Answer) {
    assert!(![401, 403].contains(&answer.status) && answer.status < 500, "should get in: {answer}");
}

fn every_operation_with_every_caller(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    is_complete(&server);
    let session = server.login();
    let single: Vec<(&str, String)> = PERMISSIONS
        .iter()
        .map(|permission| {
            let made = server.create_key(&json!({"kind": "management", "permissions": [permission]}));
            (*permission, made["key"].as_str().unwrap().to_owned())
        })
        .collect();
    let junk = "mg_mk_prod_junk";
    for (method, path, access) in TABLE {
        let anonymous = ask(&server, method, path, None);
        let with_junk = ask(&server, method, path, Some(junk));
        if *access == Public {
            gets_in_publicly(path, &anonymous);
        } else {
            anonymous.refused(401, "unauthorized");
            with_junk.refused(401, "unauthorized");
        }
        api_key(&server, method, path, *access);
        management_keys(&server, method, path, *access, &single);
        let answer = if *path == "/api/auth/logout" {
            ask(&server, method, path, Some(&server.login().token))
        } else {
            ask(&server, method, path, Some(&session.token))
        };
        match access {
            Public => {}
            Session | Permission(_) | Anybody => gets_in(&answer),
            Cookie | KeyOnly(_) | ApiKey => drop(answer.refused(401, "unauthorized")),
        }
    }
}

#[track_caller]
fn gets_in_publicly(path: &str, answer: &Answer) {
    match path {
        "/api/auth/login" | "/api/auth/password-reset" => drop(answer.refused(400, "invalid_request")),
        "/api/invitations/{token}" | "/api/auth/password-reset/{token}" => drop(answer.refused(404, "not_found")),
        _ => answer.expect_status(200),
    }
}

#[track_caller]
fn api_key(server: &Server, method: &str, path: &str, access: Access) {
    let answer = ask(server, method, path, Some(server.api_key()));
    match access {
        Public => {}
        ApiKey => gets_in(&answer),
        _ => drop(answer.refused(401, "unauthorized")),
    }
}

#[track_caller]
fn management_keys(server: &Server, method: &str, path: &str, access: Access, single: &[(&str, String)]) {
    let reaches = !path.starts_with("/api/");
    for (held, text) in single {
        let answer = ask(server, method, path, Some(text));
        match access {
            Public => {}
            Permission(needed) | KeyOnly(needed) if reaches => {
                if needed == *held {
                    gets_in(&answer);
                } else {
                    answer.refused(403, "insufficient_scope");
                    let challenge = answer.header("www-authenticate").unwrap_or_default();
                    assert!(challenge.contains(&format!("scope=\"{needed}\"")), "{held}: {answer}");
                }
            }
            Anybody => gets_in(&answer),
            Permission(_) | KeyOnly(_) | Cookie | Session | ApiKey => drop(answer.refused(401, "unauthorized")),
        }
    }
}

fn is_complete(server: &Server) {
    let document = server.get("/openapi.json").send().expect(200);
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("a path item").keys() {
            if ["get", "put", "post", "delete", "options", "head", "patch", "trace"].contains(&method.as_str()) {
                // It answers any method in the same way; the table holds one of them.
                let method = if path == "/v1/authorize" { "GET".to_owned() } else { method.to_uppercase() };
                described.insert((method, path.clone()));
            }
        }
    }
    let table: BTreeSet<_> = TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    let untested: Vec<_> = described.difference(&table).collect();
    let undescribed: Vec<_> = table.difference(&described).collect();
    assert!(untested.is_empty(), "in openapi.json, but not in the table of this test: {untested:?}");
    assert!(undescribed.is_empty(), "in the table of this test, but not in openapi.json: {undescribed:?}");
}

/// What each role may do, of what the table needs.
const ROLES: [(&str, &[&str]); 5] = [
    (
        "owner",
        &[
            "api-keys:read",
            "rate-sheets:read",
            "rate-sheets:write",
            "api-keys:write",
            "organizations:read",
            "organizations:write",
            "organizations:create",
            "audit:read",
            "users:read",
            "users:write",
            "usage:read",
            "projects:read",
            "projects:write",
            "webhooks:read",
            "webhooks:write",
        ],
    ),
    (
        "admin",
        &[
            "api-keys:read",
            "rate-sheets:read",
            "rate-sheets:write",
            "api-keys:write",
            "organizations:read",
            "organizations:write",
            "organizations:create",
            "audit:read",
            "users:read",
            "users:write",
            "usage:read",
            "projects:read",
            "projects:write",
            "webhooks:read",
            "webhooks:write",
        ],
    ),
    (
        "developer",
        &[
            "api-keys:read",
            "rate-sheets:read",
            "organizations:read",
            "users:read",
            "usage:read",
            "projects:read",
            "projects:write",
            "webhooks:read",
            "webhooks:write",
        ],
    ),
    (
        "member",
        &[
            "api-keys:read",
            "rate-sheets:read",
            "organizations:read",
            "users:read",
            "usage:read",
            "projects:read",
            "webhooks:read",
        ],
    ),
    (
        "viewer",
        &[
            "api-keys:read",
            "rate-sheets:read",
            "organizations:read",
            "users:read",
            "usage:read",
            "projects:read",
            "webhooks:read",
        ],
    ),
];

/// There is one user, so the role is changed in the database, while no server runs on it.
fn every_operation_with_every_role(backend: Backend) {
    let mut server = Server::start(backend);
    for (role, permissions) in ROLES {
        server.terminate();
        assert!(server.wait().success());
        let _ = server.database.sql(&server.folder, &format!("UPDATE memberships SET role = '{role}'"));
        server.run();
        let session = server.login();
        let who = server.get("/api/auth/me").bearer(&session.token).send().expect_data(200);
        assert_eq!(who["role"], role);
        for (method, path, access) in TABLE.iter().filter(|(_, path, _)| *path != "/api/auth/logout") {
            let answer = ask(&server, method, path, Some(&session.token));
            match access {
                Public => {}
                Permission(needed) if !permissions.contains(needed) => {
                    answer.refused(403, "forbidden");
                }
                Session | Permission(_) | Anybody => gets_in(&answer),
                Cookie | KeyOnly(_) | ApiKey => drop(answer.refused(401, "unauthorized")),
            }
        }
    }
}
