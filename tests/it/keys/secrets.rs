//! The reveal window: a new secret can be fetched again for a while, by its creator or an owner, three times.

use super::{Surface, id, key};
use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;

on_each_backend!(
    three_reads_then_gone,
    deletion_ends_the_window,
    time_ends_the_window,
    revocation_and_rotation_end_the_window,
    only_creator_and_owner,
);

fn secret(surface: &Surface<'_>, object: &Value) -> mgmt_tests::Answer {
    surface.call("GET", &format!("/{}/secret", id(object))).send()
}

fn three_reads_then_gone(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    for surface in [Surface::management(&server), Surface::session(&server, &session)] {
        let made = surface.created();
        let head = surface.call("HEAD", &format!("/{}/secret", id(&made))).send();
        assert_eq!((head.status, head.header("allow")), (405, Some("GET, DELETE, OPTIONS")), "nothing is used up");
        for left in [2, 1, 0] {
            let answer = secret(&surface, &made);
            let revealed = surface.object(&answer, 200);
            assert_eq!(revealed["key"], made["key"]);
            assert_eq!(revealed["reads_left"], left);
            assert!(revealed["expires_at"].as_str().unwrap().ends_with('Z'));
            assert_eq!(revealed.as_object().unwrap().len(), 3, "{answer}");
            assert!(answer.header("etag").is_none(), "{answer}");
        }
        for _ in 0..2 {
            secret(&surface, &made).refused(410, "gone");
        }
        assert_eq!(server.verdict(key(&made)), "valid", "the key goes on");
        // One more read in parallel than there are: never more than three succeed.
        let made = surface.created();
        let answers = mgmt_tests::in_parallel(8, |_| secret(&surface, &made).status);
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 3, "{answers:?}");
    }
}

fn deletion_ends_the_window(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    for surface in [Surface::management(&server), Surface::session(&server, &session)] {
        let made = surface.created();
        let path = format!("/{}/secret", id(&made));
        assert_eq!(surface.call("DELETE", &path).send().status, 204);
        secret(&surface, &made).refused(410, "gone");
        let again = surface.call("DELETE", &path).send().status;
        assert!([204, 410].contains(&again), "{again}");
        assert_eq!(server.verdict(key(&made)), "valid", "the key goes on");
    }
}

fn time_ends_the_window(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_SECURITY__REVEAL_WINDOW_SECONDS", "4")]);
    let surface = Surface::management(&server);
    let made = surface.created();
    assert_eq!(surface.object(&secret(&surface, &made), 200)["key"], made["key"]);
    sleep(Duration::from_millis(4_200));
    secret(&surface, &made).refused(410, "gone");
}

fn revocation_and_rotation_end_the_window(backend: Backend) {
    let server = Server::start(backend);
    let surface = Surface::management(&server);
    let made = surface.created();
    let new = surface.object(&surface.act(id(&made), "rotate", &json!({"overlap_seconds": 60})), 201);
    secret(&surface, &made).refused(410, "gone");
    assert_eq!(surface.object(&secret(&surface, &new), 200)["key"], new["key"]);
    assert_eq!(surface.revoke(id(&new)).status, 204);
    secret(&surface, &new).refused(410, "gone");
}

fn only_creator_and_owner(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    let creator = Surface::management(&server);
    let owner = Surface::session(&server, &session);
    let other = creator.create(&json!({"kind": "management", "permissions": ["api-keys:*"]})).expect(201);
    let other = Surface::management_as(&server, key(&other));

    let made = creator.created();
    for method in ["GET", "DELETE"] {
        let answer = other.call(method, &format!("/{}/secret", id(&made))).send();
        assert!([403, 404].contains(&answer.status), "{answer}");
    }
    assert_eq!(owner.object(&secret(&owner, &made), 200)["key"], made["key"]);
    assert_eq!(owner.call("DELETE", &format!("/{}/secret", id(&made))).send().status, 204);
    secret(&creator, &made).refused(410, "gone");
    // An API key reaches neither surface.
    server.get(&format!("{}/{}/secret", creator.path, id(&made))).bearer(server.api_key()).send().refused(401, "unauthorized");
}
