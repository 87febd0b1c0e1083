//! Projects: Voucherify's own client works, projects are apart, and what ends a project ends its keys.

use mgmt_tests::{Answer, Backend, Client, Server, Session, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(
    the_published_client_runs_every_operation,
    a_plan_without_projects_is_told,
    a_second_organization_sees_none_of_it,
    keys_of_a_project_end_with_it,
    keys_of_projects_do_not_count,
    both_spellings_of_events_come_back_as_sent,
    whoever_may_not_hand_out_scopes_gets_no_keys,
    places_follow_their_people,
    repeats_are_answered_once,
    whoever_is_not_in_a_project_is_named,
    notices_go_to_addresses,
    people_of_a_project_have_its_roles,
    answers_are_as_documented,
);

pub(crate) const BASE: &str = "/management/v1/projects";

fn body(name: &str) -> Value {
    json!({"name": name, "case_sensitive_codes": true, "timezone": "UTC", "currency": "EUR"})
}

pub(crate) fn project(server: &Server, credential: &str) -> Value {
    server.post(BASE, &body("Shop")).bearer(credential).send().expect(200)
}

pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}: {value}"))
}

fn the_published_client_runs_every_operation(backend: Backend) {
    let server = Server::start(backend);
    let invited = json!({"email": "ana@example.com", "role": "member", "name": "Ana Luz"});
    server.post("/v1/management/invitations", &invited).bearer(server.management_key()).send().expect(201);
    let key = (text(&server.bootstrap, "/management_key/id"), server.management_key());
    let input = format!("http://{} {} {} ana@example.com", server.address, key.0, key.1);
    assert_eq!(Client::python("voucherify_sdk.py").run(&input).trim(), "38");
}

fn a_plan_without_projects_is_told(backend: Backend) {
    let server = Server::start(backend);
    let tenant = server.tenant("Small");
    let path = format!("/v1/management/organizations/{}", tenant.id);
    let set = |plan: &str| server.patch(&path, &json!({"plan": plan})).bearer(server.management_key()).send().expect(200);
    set("scale");
    let refusal = server.get(BASE).bearer(&tenant.management_key).send();
    refusal.refused(402, "feature_not_available");
    assert_eq!(
        (refusal.value()["key"].as_str(), refusal.value()["code"].as_u64()),
        (Some("missing_required_feature"), Some(402))
    );
    server.post(BASE, &json!({})).bearer(&tenant.management_key).send().refused(402, "feature_not_available");
    set("enterprise");
    server.get(BASE).bearer(&tenant.management_key).send().expect(200);
}

fn a_second_organization_sees_none_of_it(backend: Backend) {
    let server = Server::start(backend);
    let tenant = server.tenant("Other");
    let mine = project(&server, server.management_key());
    let id = text(&mine, "/id");
    let hook = json!({"target_url": "https://example.com", "events": ["voucher.created"]});
    let hook = server.post(&format!("{BASE}/{id}/webhooks"), &hook).bearer(server.management_key()).send().expect(200);
    let theirs = project(&server, &tenant.management_key);
    let listed = server.get(BASE).bearer(&tenant.management_key).send().expect(200);
    assert_eq!((listed["total"].as_u64(), &listed["data"][0]["id"]), (Some(1), &theirs["id"]));
    for path in [id.to_owned(), format!("{id}/webhooks"), format!("{id}/webhooks/{}", text(&hook, "/id")), format!("{id}/users")]
    {
        for method in ["GET", "PUT", "DELETE"] {
            let answer = server.call(method, &format!("{BASE}/{path}")).bearer(&tenant.management_key).json(&json!({})).send();
            answer.expect_status_in(&[404, 405]);
        }
    }
    let elsewhere = format!("{BASE}/{}/webhooks/{}", text(&theirs, "/id"), text(&hook, "/id"));
    server.get(&elsewhere).bearer(&tenant.management_key).send().refused(404, "not_found");
    server.get(&format!("{BASE}/{id}/webhooks/{}", text(&hook, "/id"))).bearer(server.management_key()).send().expect(200);
}

fn with_app(server: &Server, path: &str, pair: &Value) -> Answer {
    server.get(path).header("x-app-id", text(pair, "/app_id")).header("x-app-token", text(pair, "/app_token")).send()
}

fn keys_of_a_project_end_with_it(backend: Backend) {
    let server = Server::start(backend);
    let made = project(&server, server.management_key());
    let (path, full, client) = (format!("{BASE}/{}", text(&made, "/id")), &made["server_side_key"], &made["client_side_key"]);
    let schema = json!({"related_object": "voucher", "properties": {"a": {"type": "date", "optional": true, "array": false}}});
    let schema = server.post(&format!("{path}/metadata-schemas"), &schema).bearer(server.management_key()).send().expect(200);
    with_app(&server, "/v1/authorize?scope=shipments:write", full).expect_status(200);
    with_app(&server, "/v1/authorize?scope=shipments:read", client).expect_status(200);
    with_app(&server, "/v1/authorize?scope=shipments:write", client).refused(403, "insufficient_scope");
    server.get("/v1/authorize").bearer(text(full, "/app_token")).send().expect_status(200);
    let swapped = json!({"app_id": client["app_id"], "app_token": full["app_token"]});
    with_app(&server, "/v1/authorize", &swapped).refused(401, "unauthorized");
    assert_eq!(with_app(&server, "/v1/metadata-schemas", client).expect(200)["data"], json!([schema]));
    assert_eq!(with_app(&server, "/v1/metadata-schemas/voucher", client).expect(200), schema);
    with_app(&server, "/v1/metadata-schemas/order", client).refused(404, "not_found");
    server.get("/v1/metadata-schemas").bearer(server.api_key()).send().refused(404, "not_found");
    server.get("/v1/metadata-schemas").send().refused(401, "unauthorized");
    server.delete(&path).bearer(server.management_key()).send().expect_status(204);
    for pair in [full, client] {
        with_app(&server, "/v1/authorize", pair).refused(401, "unauthorized");
        with_app(&server, "/v1/metadata-schemas", pair).refused(401, "unauthorized");
        assert_eq!(server.verdict(text(pair, "/app_token")), "revoked");
    }
    server.get(&format!("{path}/metadata-schemas")).bearer(server.management_key()).send().refused(404, "not_found");
}

fn keys_of_projects_do_not_count(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "2")]);
    for _ in 0..3 {
        project(&server, server.management_key());
    }
    server.create_key(&json!({"scopes": ["shipments:read"]}));
    let another = json!({"scopes": ["shipments:read"]});
    server.post("/v1/management/api-keys", &another).bearer(server.management_key()).send().refused(409, "key_limit_reached");
}

fn both_spellings_of_events_come_back_as_sent(backend: Backend) {
    let server = Server::start(backend);
    let path = format!("{BASE}/{}/webhooks", text(&project(&server, server.management_key()), "/id"));
    let events = json!(["voucher.gift.balance_added", "voucher.gift.balance_aded", "customer.updated"]);
    let hook = json!({"target_url": "https://example.com", "events": events, "cockpits": 1});
    let made = server.post(&path, &hook).bearer(server.management_key()).send().expect(200);
    assert_eq!(made["events"], events);
    let wrong = json!({"target_url": 1, "events": ["nope"], "active": "yes"});
    let refusal = server.post(&path, &wrong).bearer(server.management_key()).send();
    refusal.names_fields(&["target_url", "events", "active"]);
    let details = refusal.value()["details"].as_str().unwrap().to_owned();
    assert!([".target_url", ".events[0]", ".active"].iter().all(|path| details.contains(path)), "{details}");
}

fn whoever_may_not_hand_out_scopes_gets_no_keys(backend: Backend) {
    let server = Server::start(backend);
    let narrow = server.create_key(&json!({"kind": "management", "permissions": ["projects:write", "projects:read"]}));
    let made = project(&server, text(&narrow, "/key"));
    assert_eq!((&made["server_side_key"], &made["client_side_key"]), (&Value::Null, &Value::Null));
    let reads = server.create_key(&json!({"kind": "management", "permissions": ["projects:read"]}));
    let path = format!("{BASE}/{}", text(&made, "/id"));
    let read = server.get(&path).bearer(text(&reads, "/key")).send().expect(200);
    assert!(read.get("webhook_token").is_none() && made["webhook_token"].is_string());
    server.delete(&path).bearer(text(&reads, "/key")).send().refused(403, "insufficient_scope");
    let dashboard = server.login().token;
    assert_eq!(server.get(&path).bearer(&dashboard).send().expect(200)["id"], made["id"]);
    assert!(project(&server, &dashboard)["server_side_key"].is_object());
}

fn places_follow_their_people(backend: Backend) {
    let server = Server::start(backend);
    let made = project(&server, server.management_key());
    let id = text(&made, "/id");
    let body = json!({"email": "ana@example.com", "first_name": "Ana", "last_name": "Luz", "projects": {(id): "VIEWER"}});
    server.post(&format!("{BASE}/users/invite"), &body).bearer(server.management_key()).send().expect_status(204);
    let users = || server.get(&format!("{BASE}/{id}/users")).bearer(server.management_key()).send().expect(200);
    let all = users();
    assert_eq!((all["total"].as_u64(), &all["data"][0]["login"]), (Some(2), &json!("ana@example.com")));
    assert_eq!((&all["data"][1]["is_owner"], &all["data"][1]["role"]), (&json!(true), &json!("ADMIN")));
    let page = server.get(&format!("{BASE}/{id}/users?limit=1&page=2")).bearer(server.management_key()).send().expect(200);
    assert_eq!((page["data"].as_array().map(Vec::len), &page["data"][0]), (Some(1), &all["data"][1]));
    let ana = text(&all, "/data/0/id");
    let path = format!("/v1/management/users/{ana}");
    server.delete(&path).bearer(server.management_key()).send().expect_status(204);
    assert_eq!(users()["total"], 1);
}

fn repeats_are_answered_once(backend: Backend) {
    let server = Server::start(backend);
    let ask =
        |path: &str, body: &Value| server.post(path, body).bearer(server.management_key()).header("Idempotency-Key", "k").send();
    let first = ask(BASE, &body("Shop")).expect(200);
    let owner = text(&server.bootstrap, "/user/id");
    let assign = json!({"id": owner, "role": "USER"});
    let users = format!("{BASE}/{}/users", text(&first, "/id"));
    let assigned = ask(&users, &assign).expect(200);
    assert_eq!(ask(&users, &assign).header("idempotent-replayed"), Some("true"));
    assert_eq!(ask(&users, &assign).expect(200), assigned);
    let invite =
        json!({"email": "ana@example.com", "first_name": "A", "last_name": "B", "projects": {(text(&first, "/id")): "USER"}});
    for replayed in [None, Some("true")] {
        let answer = ask(&format!("{BASE}/users/invite"), &invite);
        answer.expect_status(204);
        assert_eq!(answer.header("idempotent-replayed"), replayed);
    }
    let templates = format!("{BASE}/{}/templates/campaigns", text(&first, "/id"));
    let template = ask(&templates, &json!({"name": "Ten", "campaign_type": "DISCOUNT_COUPONS"})).expect(200);
    let copy = json!({"name": "Copy", "destination_project_id": first["id"]});
    let copies = format!("{templates}/{}/copy", text(&template, "/id"));
    let copied = ask(&copies, &copy).expect(200);
    assert_eq!(ask(&copies, &copy).expect(200), copied);
    let again = ask(BASE, &body("Shop"));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let again = again.expect(200);
    assert_eq!(again, first);
    // A key whose text can no longer be shown is still named.
    let key = text(&first, "/server_side_key/app_id");
    server.delete(&format!("/v1/management/api-keys/{key}/secret")).bearer(server.management_key()).send().expect_status(204);
    let later = ask(BASE, &body("Shop")).expect(200);
    assert_eq!(
        (&later["server_side_key"], &later["client_side_key"]),
        (&json!({"app_id": key, "app_token": null}), &first["client_side_key"])
    );
    let other = project(&server, server.management_key());
    let hook = json!({"target_url": "https://example.com", "events": ["voucher.created"]});
    let made = ask(&format!("{BASE}/{}/webhooks", text(&first, "/id")), &hook).expect(200);
    assert_eq!(ask(&format!("{BASE}/{}/webhooks", text(&first, "/id")), &hook).expect(200), made);
    ask(&format!("{BASE}/{}/webhooks", text(&other, "/id")), &hook).refused(422, "idempotency_key_reused");
    let path = format!("{BASE}/{}", text(&first, "/id"));
    let shown = server.get(&path).bearer(server.management_key()).send();
    let stale = shown.header("etag").unwrap().to_owned();
    let put = |tag: &str, name: &str| {
        server.call("PUT", &path).json(&json!({"name": name})).header("If-Match", tag).bearer(server.management_key()).send()
    };
    put(&stale, "New").expect(200);
    put(&stale, "Newer").refused(412, "precondition_failed");
}

fn whoever_is_not_in_a_project_is_named(backend: Backend) {
    let server = Server::start(backend);
    let made = project(&server, server.management_key());
    let (_, ana) = member(&server, "ana@example.com", "member");
    for who in [ana.as_str(), "ana@example.com"] {
        let path = format!("{BASE}/{}/users/{who}", text(&made, "/id"));
        let put = server.call("PUT", &path).json(&json!({"role": "USER"}));
        for answer in [server.get(&path).bearer(server.management_key()).send(), put.bearer(server.management_key()).send()] {
            answer.refused(404, "not_found");
            let body = answer.value();
            assert_eq!((&body["resource_id"], &body["resource_type"]), (&json!(who), &json!("user")));
            assert_eq!(body["details"], format!("Cannot find user with id {who} in project {}", text(&made, "/id")));
            assert_eq!((&body["key"], &body["message"]), (&json!("not_found"), &json!("Resource not found")));
        }
    }
}

fn notices_go_to_addresses(backend: Backend) {
    let server = Server::start(backend);
    let made = project(&server, server.management_key());
    let mut callouts = made["webhooks_callout_notifications"].clone();
    callouts["webhooks"]["emails"] = json!(["ana@example.com", "not an address"]);
    let mut usage = made["api_usage_notifications"].clone();
    usage["messages"]["emails"] = json!([""]);
    let wrong = json!({"webhooks_callout_notifications": callouts, "api_usage_notifications": usage});
    let mut create = body("Other");
    create.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
    let path = format!("{BASE}/{}", text(&made, "/id"));
    let put = |body: &Value| server.call("PUT", &path).json(body).bearer(server.management_key()).send();
    for answer in [put(&wrong), server.post(BASE, &create).bearer(server.management_key()).send()] {
        let details = answer.refused(400, "invalid_request");
        let named: Vec<_> = details.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(named, ["api_usage_notifications.messages.emails[0]", "webhooks_callout_notifications.webhooks.emails[1]"]);
    }
    callouts["webhooks"]["emails"] = json!(["ana@example.com", "Ben@Example.com"]);
    let changed = put(&json!({"webhooks_callout_notifications": callouts})).expect(200);
    assert_eq!(changed["webhooks_callout_notifications"], callouts);
    // A body that is no object is none on any change.
    for body in [json!(null), json!([])] {
        put(&body).refused(400, "invalid_request");
    }
}

/// Somebody with a role in the organization, signed in: token and id.
fn member(server: &Server, email: &str, role: &str) -> (String, String) {
    let body = json!({"email": email, "role": role});
    let invited = server.post("/v1/management/invitations", &body).bearer(server.management_key()).send().expect(201);
    let path = format!("/api/invitations/{}", text(&invited, "/token"));
    let session = Session::of(server.post(&path, &json!({"password": "correct horse battery staple"})).send());
    let id = text(&session.answer.expect_data(200), "/user/id").to_owned();
    (session.token, id)
}

fn people_of_a_project_have_its_roles(backend: Backend) {
    let server = Server::start(backend);
    let (made, other) = (project(&server, server.management_key()), project(&server, server.management_key()));
    let (path, elsewhere) = (format!("{BASE}/{}", text(&made, "/id")), format!("{BASE}/{}", text(&other, "/id")));
    let (ana, id) = member(&server, "ana@example.com", "member");
    let hook = json!({"target_url": "https://example.com", "events": ["voucher.created"]});
    let make = |path: &str| server.post(&format!("{path}/webhooks"), &hook).bearer(&ana).send();
    make(&path).refused(403, "forbidden");
    for role in ["USER", "VIEWER", "MERCHANT"] {
        let body = json!({"id": id, "role": role});
        server.post(&format!("{path}/users"), &body).bearer(server.management_key()).send().expect(200);
        make(&path).refused(403, "forbidden");
        assert_eq!(server.get(&path).bearer(&ana).send().expect(200).get("webhook_token"), None);
    }
    let admin = json!({"role": "ADMIN"});
    server.call("PUT", &format!("{path}/users/{id}")).json(&admin).bearer(server.management_key()).send().expect(200);
    let own = make(&path).expect(200);
    let name = json!({"name": "Renamed"});
    let renamed = server.call("PUT", &path).json(&name).bearer(&ana).send().expect(200);
    assert_eq!((&renamed["name"], &renamed["webhook_token"]), (&json!("Renamed"), &made["webhook_token"]));
    server.delete(&format!("{path}/webhooks/{}", text(&own, "/id"))).bearer(&ana).send().expect_status(204);
    // Who is in a project, and whether there is one, is the organization's affair; so is every other project.
    server.post(&format!("{path}/users"), &json!({"id": id, "role": "USER"})).bearer(&ana).send().refused(403, "forbidden");
    server.delete(&path).bearer(&ana).send().refused(403, "forbidden");
    make(&elsewhere).refused(403, "forbidden");
    server.call("PUT", &elsewhere).json(&name).bearer(&ana).send().refused(403, "forbidden");
    make(&format!("{BASE}/proj_00000000000070008000000000000000")).refused(403, "forbidden");
}

fn answers_are_as_documented(backend: Backend) {
    let limits = [("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0"), ("MGMT_WEBHOOKS__PROJECT_RETRY_SCHEDULE_SECONDS", "0")];
    let server = Server::with(backend, &limits);
    let made = project(&server, server.management_key());
    let hook = json!({"target_url": "https://127.0.0.1:1/", "events": ["voucher.created"]});
    let hooks = format!("{BASE}/{}/webhooks", text(&made, "/id"));
    server.post(&hooks, &hook).bearer(server.management_key()).send().names_fields(&["target_url"]);
    let key = &made["server_side_key"];
    let input = json!({
        "base": format!("http://{}", server.address),
        "key": server.management_key(),
        "project": made["id"],
        "user": server.bootstrap["user"]["id"],
        "app_id": key["app_id"],
        "app_token": key["app_token"],
    });
    let report = Client::python("fuzz_projects.py").run(&input.to_string());
    assert!(report.trim().parse::<u32>().expect("a number") >= 40, "operations that were tried: {report}");
}
