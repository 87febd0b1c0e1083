//! Users, invitations and forgotten passwords.

use mgmt_tests::{Backend, MailSink, PASSWORD, Server, Session, in_parallel, on_each_backend, token_after};
use serde_json::{Value, json};

on_each_backend!(
    an_invitation_is_mailed_and_works_once,
    an_address_is_one_person,
    a_new_link_voids_the_old,
    admins_reach_no_owners,
    keys_grant_what_they_hold,
    a_repeated_invitation_is_the_same,
    inviters_need_their_rights_at_acceptance,
    members_may_leave,
    the_last_owner_stays,
    two_owners_who_remove_each_other,
    two_owners_who_throw_each_other_out,
    people_of_a_suspended_organization,
    roles_act_on_the_next_request,
    leavers_keys,
    forgotten_passwords,
    bodies_are_judged,
);

const USERS: &str = "/v1/management/users";
const INVITATIONS: &str = "/v1/management/invitations";

#[track_caller]
fn invite(server: &Server, credential: &str, email: &str, role: &str) -> Value {
    server.post(INVITATIONS, &json!({"email": email, "role": role})).bearer(credential).send().expect(201)
}

#[track_caller]
fn accept(server: &Server, invitation: &Value) -> Session {
    let path = format!("/api/invitations/{}", invitation["token"].as_str().unwrap());
    Session::of(server.post(&path, &json!({"password": PASSWORD})).send())
}

/// Somebody of this role, signed in, and their id.
#[track_caller]
fn member(server: &Server, owner: &Session, email: &str, role: &str) -> (Session, String) {
    let session = accept(server, &invite(server, &owner.token, email, role));
    let id = session.answer.expect_data(200)["user"]["id"].as_str().unwrap().to_owned();
    (session, id)
}

fn path(id: &str) -> String {
    format!("{USERS}/{id}")
}

fn an_invitation_is_mailed_and_works_once(backend: Backend) {
    let sink = MailSink::start();
    let server = Server::with(backend, &[("MGMT_SMTP__URL", &sink.url())]);
    let owner = server.login();
    let body = json!({"email": "Ana@Example.com", "role": "developer", "name": "Ana"});
    let made = server.post(USERS, &body).bearer(&owner.token).send().expect(201);
    assert_eq!((&made["status"], &made["email"]), (&json!("invited"), &json!("ana@example.com")), "{made}");
    let token = token_after(&sink.letter("ana@example.com", 0), "/invitations/");
    assert_eq!(made["invitation"]["token"], token);
    let id = made["id"].as_str().unwrap();
    assert_eq!(server.get(&path(id)).bearer(&owner.token).send().expect(200)["status"], "invited");
    server.post(USERS, &body).bearer(&owner.token).send().refused(409, "conflict");

    let link = format!("/api/invitations/{token}");
    for _ in 0..3 {
        assert_eq!(server.get(&link).send().expect_data(200)["organization"], "Acme");
    }
    server.post(&link, &json!({"password": "short"})).send().names_fields(&["password"]);
    server.post(&link, &json!({"password": PASSWORD})).bearer(&owner.token).send().refused(403, "forbidden");
    let accepted = in_parallel(4, |_| server.post(&link, &json!({"password": PASSWORD})).send());
    assert_eq!(accepted.iter().filter(|answer| answer.status == 200).count(), 1, "{accepted:?}");
    let session = Session::of(accepted.into_iter().find(|answer| answer.status == 200).unwrap());
    server.post(&link, &json!({"password": PASSWORD})).send().refused(404, "not_found");
    server.get(&link).send().refused(404, "not_found");

    let me = server.get("/api/auth/me").bearer(&session.token).send().expect_data(200);
    assert_eq!((&me["role"], &me["user"]["id"], &me["user"]["name"]), (&json!("developer"), &json!(id), &json!("Ana")));
    server.post("/api/auth/login", &json!({"email": "ana@example.com", "password": PASSWORD})).send().expect_status(200);
    let list = server.get(USERS).bearer(&session.token).send().expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    server.post(USERS, &body).bearer(&owner.token).send().refused(409, "conflict");
    assert!(!server.log().contains(&token), "the log holds the token");
}

/// Two ways to write an address are one person, and one that only looks like another's is nobody's.
fn an_address_is_one_person(backend: Backend) {
    let sink = MailSink::start();
    let server = Server::with(backend, &[("MGMT_SMTP__URL", &sink.url())]);
    let owner = server.login();
    let invite = |email: &str| server.post(USERS, &json!({"email": email, "role": "developer"})).bearer(&owner.token).send();
    let made = invite("Ana@Bücher.example").expect(201);
    assert_eq!(made["email"], "ana@xn--bcher-kva.example");
    let token = token_after(&sink.letter("ana@xn--bcher-kva.example", 0), "/invitations/");
    for other in ["ana@xn--bcher-kva.example", "ANA@BU\u{308}CHER.EXAMPLE", "ａｎａ@bücher。example"] {
        invite(other).refused(409, "conflict");
    }
    for alike in ["\u{430}na@example.com", "ana@ex\u{430}mple.com", "ana@xn--80ak6aa92e.com", "straße@example.com"] {
        invite(alike).names_fields(&["email"]);
    }
    server.post(&format!("/api/invitations/{token}"), &json!({"password": PASSWORD})).send().expect_status(200);
    let login = json!({"email": "ana@bücher.example", "password": PASSWORD});
    server.post("/api/auth/login", &login).send().expect_status(200);
}

fn a_new_link_voids_the_old(backend: Backend) {
    let server = Server::start(backend);
    let owner = server.login();
    let first = invite(&server, &owner.token, "ana@example.com", "member");
    let url = format!("{INVITATIONS}/{}", first["id"].as_str().unwrap());
    let second = server.post(&format!("{url}/resend"), &json!({})).bearer(&owner.token).send().expect(200);
    let link = |invitation: &Value| format!("/api/invitations/{}", invitation["token"].as_str().unwrap());
    server.get(&link(&first)).send().refused(404, "not_found");
    server.get(&link(&second)).send().expect_status(200);
    let list = server.get(INVITATIONS).bearer(&owner.token).send().expect(200);
    assert!(list["data"][0].get("token").is_none() && list["data"][0].get("url").is_none(), "{list}");
    server.delete(&url).bearer(&owner.token).send().expect_status(204);
    server.get(&link(&second)).send().refused(404, "not_found");
    server.delete(&url).bearer(&owner.token).send().refused(404, "not_found");
}

fn admins_reach_no_owners(backend: Backend) {
    let server = Server::start(backend);
    let owner = server.login();
    let (admin, id) = member(&server, &owner, "admin@example.com", "admin");
    let owner_id = server.bootstrap["user"]["id"].as_str().unwrap();
    let new = json!({"email": "x@example.com", "role": "owner"});
    server.post(INVITATIONS, &new).bearer(&admin.token).send().refused(403, "scope_exceeds_grantor");
    server.patch(&path(&id), &json!({"role": "owner"})).bearer(&admin.token).send().refused(403, "scope_exceeds_grantor");
    server.patch(&path(owner_id), &json!({"role": "viewer"})).bearer(&admin.token).send().refused(403, "forbidden");
    server.patch(&path(owner_id), &json!({"email": "y@example.com"})).bearer(&admin.token).send().refused(403, "forbidden");
    server.delete(&path(owner_id)).bearer(&admin.token).send().refused(403, "forbidden");
    // Neither by way of a key.
    let body = json!({"kind": "management", "permissions": ["*"]});
    let key = server.post("/v1/management/api-keys", &body).bearer(&admin.token).send().expect(201);
    let key = key["key"].as_str().unwrap();
    server.patch(&path(&id), &json!({"role": "owner"})).bearer(key).send().refused(403, "scope_exceeds_grantor");
    server.delete(&path(owner_id)).bearer(key).send().refused(403, "forbidden");
    server.patch(&path(&id), &json!({"role": "owner"})).bearer(&owner.token).send().expect_status(200);
}

fn keys_grant_what_they_hold(backend: Backend) {
    let server = Server::start(backend);
    let made = server.create_key(&json!({"kind": "management", "permissions": ["users:read", "users:write"]}));
    let new = json!({"email": "x@example.com", "role": "admin"});
    server.post(USERS, &new).bearer(made["key"].as_str().unwrap()).send().refused(403, "scope_exceeds_grantor");
}

/// Within the reveal window with the link, after it without.
fn a_repeated_invitation_is_the_same(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_SECURITY__REVEAL_WINDOW_SECONDS", "2")]);
    for (path, link) in [(USERS, "/invitation/token"), ("/v1/management/invitations", "/token")] {
        let new = json!({"email": format!("{}@example.com", path.len()), "role": "admin"});
        let ask = || server.post(path, &new).bearer(server.management_key()).header("idempotency-key", "a").send();
        let (first, again) = (ask(), ask());
        assert!(first.expect(201).pointer(link).is_some_and(Value::is_string), "{first}");
        assert_eq!((first.body, again.header("idempotent-replayed")), (again.body.clone(), Some("true")));
        std::thread::sleep(std::time::Duration::from_secs(2));
        let late = ask().expect(201);
        assert_eq!((&late["id"], late.pointer(link).filter(|token| !token.is_null())), (&again.expect(201)["id"], None));
    }
}

fn inviters_need_their_rights_at_acceptance(backend: Backend) {
    let server = Server::start(backend);
    let owner = server.login();
    let (admin, id) = member(&server, &owner, "admin@example.com", "admin");
    let invitation = invite(&server, &admin.token, "x@example.com", "admin");
    server.patch(&path(&id), &json!({"role": "developer"})).bearer(&owner.token).send().expect_status(200);
    let link = format!("/api/invitations/{}", invitation["token"].as_str().unwrap());
    server.post(&link, &json!({"password": PASSWORD})).send().refused(403, "forbidden");
    server.patch(&path(&id), &json!({"role": "admin"})).bearer(&owner.token).send().expect_status(200);
    server.post(&link, &json!({"password": PASSWORD})).send().expect_status(200);
}

fn members_may_leave(backend: Backend) {
    let server = Server::start(backend);
    let owner = server.login();
    let (viewer, id) = member(&server, &owner, "viewer@example.com", "viewer");
    let (other, other_id) = member(&server, &owner, "other@example.com", "viewer");
    server.delete(&path(&other_id)).bearer(&viewer.token).send().refused(403, "forbidden");
    server.delete(&path(&id)).bearer(&viewer.token).send().expect_status(204);
    server.get("/api/auth/me").bearer(&viewer.token).send().refused(401, "unauthorized");
    server.get(&path(&id)).bearer(&other.token).send().refused(404, "not_found");
    // Who had an account joins again with its password.
    let again = invite(&server, &owner.token, "viewer@example.com", "member");
    let link = format!("/api/invitations/{}", again["token"].as_str().unwrap());
    server.post(&link, &json!({"password": "another password 8 altogether"})).send().refused(401, "unauthorized");
    assert_eq!(accept(&server, &again).answer.expect_data(200)["user"]["id"], id);
}

fn the_last_owner_stays(backend: Backend) {
    let server = Server::start(backend);
    let owner = server.login();
    let id = server.bootstrap["user"]["id"].as_str().unwrap();
    server.delete(&path(id)).bearer(&owner.token).send().refused(409, "last_owner");
    server.patch(&path(id), &json!({"role": "admin"})).bearer(&owner.token).send().refused(409, "last_owner");
    // An invited owner is none yet.
    invite(&server, &owner.token, "x@example.com", "owner");
    server.delete(&path(id)).bearer(server.management_key()).send().refused(409, "last_owner");
}

fn two_owners_who_remove_each_other(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_LIMITS__SESSION_PER_MINUTE", "0")]);
    let mut owner = server.login();
    let mut id = server.bootstrap["user"]["id"].as_str().unwrap().to_owned();
    let (mut other, mut other_id) = member(&server, &owner, "b@example.com", "owner");
    for round in 0..100 {
        let pairs = [(&owner, &other_id), (&other, &id)];
        let done = in_parallel(2, |i| {
            let (session, target) = pairs[i];
            server.patch(&path(target), &json!({"role": "admin"})).bearer(&session.token).send().status
        });
        assert_eq!(done.iter().filter(|&&status| status == 200).count(), 1, "round {round}: {done:?}");
        if done[1] == 200 {
            std::mem::swap(&mut owner, &mut other);
            std::mem::swap(&mut id, &mut other_id);
        }
        server.patch(&path(&other_id), &json!({"role": "owner"})).bearer(&owner.token).send().expect_status(200);
    }
}

/// The same by taking each other out of the organization: whoever stays is asked in again.
fn two_owners_who_throw_each_other_out(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_LIMITS__SESSION_PER_MINUTE", "0")]);
    let (mut owner, mut id) = (server.login(), server.bootstrap["user"]["id"].as_str().unwrap().to_owned());
    for round in 0..20 {
        let (other, other_id) = member(&server, &owner, &format!("other{round}@example.com"), "owner");
        let pairs = [(&owner, &other_id), (&other, &id)];
        let done = in_parallel(2, |i| server.delete(&path(pairs[i].1)).bearer(&pairs[i].0.token).send().status);
        assert_eq!(done.iter().filter(|&&status| status == 204).count(), 1, "round {round}: {done:?}");
        if done[1] == 204 {
            (owner, id) = (other, other_id);
        }
        let people = server.get(USERS).bearer(&owner.token).send().expect(200);
        assert!(people["data"].as_array().unwrap().iter().any(|u| u["id"] == id.as_str() && u["role"] == "owner"), "{people}");
    }
}

/// Suspending an organization stops the sessions of its people too, and resuming lets them go on.
fn people_of_a_suspended_organization(backend: Backend) {
    let server = Server::start(backend);
    let made = json!({"name": "Globex", "owner_email": "hank@example.com"});
    let made = server.post("/v1/management/organizations", &made).bearer(server.management_key()).send().expect(201);
    let hank = accept(&server, &made["invitation"]);
    server.get(USERS).bearer(&hank.token).send().expect_status(200);
    let change = |what: &str| {
        let path = format!("/v1/management/organizations/{}/{what}", made["id"].as_str().unwrap());
        server.post(&path, &json!({})).bearer(server.management_key()).send().expect_status(200);
    };
    change("suspend");
    server.get(USERS).bearer(&hank.token).send().refused(401, "unauthorized");
    change("resume");
    server.get(USERS).bearer(&hank.token).send().expect_status(200);
}

fn roles_act_on_the_next_request(backend: Backend) {
    let server = Server::start(backend);
    let owner = server.login();
    let (session, id) = member(&server, &owner, "x@example.com", "admin");
    for role in ["viewer", "admin", "developer", "admin"] {
        server.patch(&path(&id), &json!({"role": role})).bearer(&owner.token).send().expect_status(200);
        let answer = server.get(USERS).bearer(&session.token).send();
        answer.expect_status(200);
        let answer = server.post(INVITATIONS, &json!({})).bearer(&session.token).send();
        answer.expect_status(if role == "admin" { 400 } else { 403 });
    }
    server.delete(&path(&id)).bearer(&owner.token).send().expect_status(204);
    server.get(USERS).bearer(&session.token).send().refused(401, "unauthorized");
}

fn leavers_keys(backend: Backend) {
    for (fate, verdict) in [("keep", "valid"), ("suspend", "suspended"), ("revoke", "revoked")] {
        let server = Server::with(backend, &[("MGMT_USERS__LEAVER_KEYS", fate)]);
        let owner = server.login();
        let (admin, id) = member(&server, &owner, "x@example.com", "admin");
        let body = json!({"scopes": ["orders:read"]});
        let key = server.post("/v1/management/api-keys", &body).bearer(&admin.token).send().expect(201);
        let impact = server.get(&format!("{}/impact", path(&id))).bearer(&owner.token).send().expect(200);
        assert_eq!((&impact["leaver_keys"], &impact["keys"][0]["id"]), (&json!(fate), &key["id"]), "{impact}");
        assert_eq!(impact["webhooks"], json!([]));
        server.delete(&path(&id)).bearer(&owner.token).send().expect_status(204);
        assert_eq!(server.verdict(key["key"].as_str().unwrap()), verdict);
    }
}

fn forgotten_passwords(backend: Backend) {
    let sink = MailSink::start();
    let server = Server::with(backend, &[("MGMT_SMTP__URL", &sink.url())]);
    let session = server.login();
    let ask = |email: &str| server.post("/api/auth/password-reset", &json!({"email": email})).send();
    let (known, unknown) = (ask("owner@example.com"), ask("nobody@example.com"));
    known.expect_status(202);
    assert_eq!((known.status, known.body), (unknown.status, unknown.body));
    let first = token_after(&sink.letter("owner@example.com", 0), "/password-reset/");
    ask("owner@example.com").expect_status(202);
    let second = token_after(&sink.letter("owner@example.com", 1), "/password-reset/");
    assert_eq!(sink.count(), 2);
    let set = |token: &str, password: &str| {
        server.post(&format!("/api/auth/password-reset/{token}"), &json!({"password": password})).send()
    };
    let new = "entirely another password 9";
    set(&first, new).refused(404, "not_found");
    set(&second, "short").names_fields(&["password"]);
    set(&second, new).expect_status(204);
    set(&second, new).refused(404, "not_found");
    server.get("/api/auth/me").bearer(&session.token).send().refused(401, "unauthorized");
    let login =
        |password: &str| server.post("/api/auth/login", &json!({"email": "owner@example.com", "password": password})).send();
    login(PASSWORD).refused(401, "unauthorized");
    login(new).expect_status(200);
    assert!(!server.log().contains(&second), "the log holds the token");
}

fn bodies_are_judged(backend: Backend) {
    let server = Server::start(backend);
    let post = |body: Value| server.post(USERS, &body).bearer(server.management_key()).send();
    post(json!({"email": "x", "role": "king", "name": ""})).names_fields(&["email", "role", "name"]);
    post(json!({"email": "x@example.com", "role": "member", "id": "usr_1"})).names_fields(&["id"]);
    let id = server.bootstrap["user"]["id"].as_str().unwrap();
    let patch = |body: Value| server.patch(&path(id), &body).bearer(server.management_key()).send();
    patch(json!({"role": null})).names_fields(&["role"]);
    patch(json!({"created_at": "2020-01-01T00:00:00Z"})).names_fields(&["created_at"]);
    let changed = patch(json!({"name": "Olga"}));
    assert_eq!(changed.expect(200)["name"], "Olga");
    let stale =
        server.patch(&path(id), &json!({"name": "Ola"})).bearer(server.management_key()).header("if-match", "\"x\"").send();
    stale.refused(412, "precondition_failed");
}
