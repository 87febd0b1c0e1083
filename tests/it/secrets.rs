//! Marker secrets: after a whole life, no secret stands anywhere that a thief or an operator would look.

use crate::keys::{Surface, id, key};
use mgmt_tests::{Backend, OWNER, PASSWORD, Server, Session, on_each_backend, wrong_secret};
use serde_json::{Value, json};

on_each_backend!(no_secret_is_written_down, another_master_key_opens_nothing);

#[derive(Debug, Default)]
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn add(&mut self, what: &str, text: &str) {
        self.0.push((what.to_owned(), text.to_owned()));
    }

    /// The key's text, and the part of it that a thief would need.
    fn add_key(&mut self, what: &str, text: &str) {
        self.add(what, text);
        let secret = &text[text.len() - 6 - 32..text.len() - 6];
        self.add(&format!("{what}, secret part"), secret);
        self.add(&format!("{what}, half of it"), &secret[..16]);
    }

    fn not_in(&self, place: &str, bytes: &[u8]) {
        for (what, text) in &self.0 {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{what} stands in {place}");
        }
    }
}

fn no_secret_is_written_down(backend: Backend) {
    let mut server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100"), ("MGMT_LOG__FILTER", "debug")]);
    let mut secrets = Secrets::default();
    secrets.add("the owner's password", PASSWORD);
    secrets.add_key("the first management key", server.management_key());
    secrets.add_key("the first API key", server.api_key());
    live(&server, &mut secrets);
    for place in ["while running", "after the stop"] {
        for (path, bytes) in server.folder.contents() {
            secrets.not_in(&format!("{} {place}", path.display()), &bytes);
        }
        secrets.not_in(&format!("the dump {place}"), &server.database.dump());
        if place == "while running" {
            server.terminate();
            assert!(server.wait().success());
        }
    }
}

/// Everything that touches a secret, the ways that fail included.
fn live(server: &Server, secrets: &mut Secrets) {
    let session = server.login();
    secrets.add("an access token", &session.token);
    secrets.add("a refresh token", session.cookie.split_once('=').unwrap().1);
    let next = Session::of(
        server.call("POST", "/api/auth/refresh").header("cookie", &session.cookie).header("sec-fetch-site", "same-origin").send(),
    );
    secrets.add("the next refresh token", next.cookie.split_once('=').unwrap().1);
    let guess = "a wrong guess that nobody should read";
    server.post("/api/auth/login", &json!({"email": OWNER, "password": guess})).send().refused(401, "unauthorized");
    secrets.add("a guessed password", guess);

    let surface = Surface::management(server);
    let mut answers = Vec::new();
    for (kind, scope) in [("secret", "shipments:read"), ("management", "webhooks:read")] {
        let create = || {
            let body = json!({"kind": kind, "scopes": [scope], "name": "marked", "expires_at": "2099-01-01T00:00:00Z"});
            surface.call("POST", "").header("idempotency-key", kind).json(&body).send()
        };
        let made = create().expect(201);
        assert_eq!(create().expect(201), made);
        secrets.add_key("a created key", key(&made));
        surface.call("GET", &format!("/{}/secret", id(&made))).send().expect(200);
        let new = surface.act(id(&made), "rotate", &json!({"overlap_seconds": 60})).expect(201);
        secrets.add_key("a rotated key", key(&new));
        for text in [key(&made), key(&new)] {
            server.verdict(text);
            server.get("/v1/authorize").bearer(text).send();
            server.get("/v1/management/api-keys").bearer(text).send();
            server.get("/v1/management/api-keys").header("x-management-id", text).send();
            server.get(&format!("/v1/authorize?api_key={text}")).send().refused(400, "credential_in_url");
            server.get(&format!("/v1/authorize/{text}")).send().refused(400, "credential_in_url");
            server.get("/v1/authorize").header("user-agent", "marked").bearer(&format!("{text}x")).send();
            answers.push(
                server.post("/v1/keys/verify", &json!({"key": text, "nonsense": 1})).bearer(server.management_key()).send(),
            );
            answers.push(server.post("/v1/keys/verify", &json!({"key": [text]})).bearer(server.management_key()).send());
            answers.push(server.verify_answer(&json!({"key": text})));
            answers.push(server.verify_answer(&json!({"key": wrong_secret(text)})));
        }
        answers.push(surface.get(id(&made)));
        answers.push(surface.act(id(&new), "suspend", &json!({})));
        answers.push(surface.act(id(&new), "resume", &json!({})));
        answers.push(surface.patch(id(&new), &json!({"name": "changed"})));
        answers.push(surface.revoke(id(&new)));
    }
    answers.push(surface.call("GET", "?limit=100").send());
    answers.push(server.get("/api/auth/sessions").bearer(&next.token).send());
    answers.push(server.get("/api/auth/me").bearer(&next.token).send());
    for answer in &answers {
        secrets.not_in(&answer.what, &answer.body);
    }
    let new_password = "another horse, another battery 8";
    let body = json!({"current_password": PASSWORD, "new_password": new_password});
    server.post("/api/auth/password", &body).bearer(&next.token).send();
    secrets.add("the new password", new_password);
}

fn another_master_key_opens_nothing(backend: Backend) {
    let mut server = Server::start(backend);
    assert_eq!(server.verdict(server.api_key()), "valid");
    let session = server.login();
    server.terminate();
    assert!(server.wait().success());
    let path = server.folder.file("data/master.key");
    let key = std::fs::read(&path).unwrap();
    assert_eq!(key.len(), 32, "32 random bytes");
    let mut other = key.clone();
    other.reverse();
    std::fs::write(&path, &other).unwrap();
    // Either it does not start at all, and says why, or it knows nobody.
    let check = server.command(&["migrate"]);
    if check.code == Some(0) {
        server.run();
        server.get("/v1/authorize").bearer(server.api_key()).send().refused(401, "unauthorized");
        server.get("/v1/management/api-keys").bearer(server.management_key()).send().refused(401, "unauthorized");
        server.get("/api/auth/me").bearer(&session.token).send().refused(401, "unauthorized");
        server.terminate();
        assert!(server.wait().success());
    }
    std::fs::write(&path, &key).unwrap();
    server.run();
    assert_eq!(server.verdict(server.api_key()), "valid");
    let _: Value = server.get("/api/auth/me").bearer(&session.token).send().expect_data(200);
}
