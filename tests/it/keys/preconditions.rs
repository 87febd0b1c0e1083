//! ETag, If-Match, If-None-Match, and merge patches.

use super::{Surface, id, key};
use mgmt_tests::{Answer, Backend, Server, in_parallel, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(tags, merge_patch, parallel_changes_with_one_tag);

#[track_caller]
fn tag(answer: &Answer) -> String {
    let tag = answer.header("etag").unwrap_or_else(|| panic!("no ETag: {answer}"));
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2, "a strong tag: {answer}");
    tag.to_owned()
}

fn tags(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    for surface in [Surface::management(&server), Surface::session(&server, &session)] {
        let made = surface.created();
        let path = format!("/{}", id(&made));
        let first = tag(&surface.get(id(&made)));
        assert_eq!(tag(&surface.get(id(&made))), first, "the same while nothing changes");

        let with = |method: &str, field: &str, value: &str| surface.call(method, &path).header(field, value);
        for value in [first.clone(), format!("\"x\", {first}"), format!("W/{first}"), "*".to_owned()] {
            let answer = with("GET", "if-none-match", &value).send();
            assert_eq!(answer.status, 304, "{value}: {answer}");
            assert!(answer.body.is_empty());
            assert_eq!(tag(&answer), first);
        }
        assert_eq!(with("GET", "if-none-match", "\"other\"").send().status, 200);
        for (value, status) in [("\"other\"", 412), (&*first, 200), ("*", 200)] {
            assert_eq!(with("GET", "if-match", value).send().status, status, "{value}");
        }
        // The window is left as it is.
        for method in ["GET", "DELETE"] {
            let answer = surface.call(method, &format!("{path}/secret")).header("if-match", "\"other\"").send();
            answer.refused(412, "precondition_failed");
        }
        assert_eq!(surface.call("GET", &format!("{path}/secret")).send().status, 200);

        let change = json!({"name": "second"});
        let stale = "\"stale\"".to_owned();
        for value in [&stale, &format!("W/{first}")] {
            with("PATCH", "if-match", value).json(&change).send().refused(412, "precondition_failed");
            with("DELETE", "if-match", value).send().refused(412, "precondition_failed");
        }
        let answer = with("PATCH", "if-match", &format!("{stale}, {first}")).json(&change).send();
        assert_eq!(surface.object(&answer, 200)["name"], "second");
        let second = tag(&answer);
        assert_ne!(second, first);
        assert_eq!(tag(&surface.get(id(&made))), second);
        with("PATCH", "if-match", &first).json(&change).send().refused(412, "precondition_failed");
        assert_eq!(with("PATCH", "if-match", "*").json(&change).send().status, 200);
        // Never required.
        assert_eq!(surface.patch(id(&made), &json!({"name": "third"})).status, 200);
        // A state is part of what the tag stands for.
        let before = tag(&surface.get(id(&made)));
        surface.act(id(&made), "suspend", &json!({})).expect(200);
        let after = tag(&surface.get(id(&made)));
        assert_ne!(before, after);
        // Missing comes before the precondition.
        let missing = surface.call("PATCH", "/key_00000000000070008000000000000000").header("if-match", &stale);
        missing.json(&change).send().refused(404, "not_found");
        assert_eq!(with("DELETE", "if-match", &after).send().status, 204);
    }
}

fn merge_patch(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    for surface in [Surface::management(&server), Surface::session(&server, &session)] {
        let made = surface.object(&surface.create(&json!({"scopes": ["orders:read"], "metadata": {"a": {"b": 1, "c": 2}}})), 201);
        let path = format!("/{}", id(&made));
        let patch = |kind: &str, body: &Value| {
            surface.call("PATCH", &path).header("content-type", kind).bytes(body.to_string().as_bytes()).send()
        };
        let changed = patch("application/merge-patch+json", &json!({"metadata": {"a": {"b": null}, "d": [1]}}));
        assert_eq!(surface.object(&changed, 200)["metadata"], json!({"a": {"c": 2}, "d": [1]}));
        assert_eq!(surface.object(&patch("application/json", &json!({})), 200)["name"], made["name"]);
        let same = surface.object(&surface.get(id(&made)), 200);

        for (body, fields) in [
            (json!({"name": null}), vec!["name"]),
            (json!({"scopes": null}), vec!["scopes"]),
            (json!({"scopes": []}), vec!["scopes"]),
            (json!({"scopes": "orders:read"}), vec!["scopes"]),
            (json!({"name": "x", "scopes": ["no:such"]}), vec!["scopes"]),
            (json!({"status": "revoked"}), vec!["status"]),
            (json!({"id": "key_00000000000070008000000000000000"}), vec!["id"]),
            (json!({"kind": "management"}), vec!["kind"]),
            (json!({"environment": "test"}), vec!["environment"]),
            (json!({"created_at": "2020-01-01T00:00:00Z"}), vec!["created_at"]),
            (json!({"key_prefix": "x", "last_four": "abcd"}), vec!["key_prefix", "last_four"]),
            (json!({"organization_id": "x"}), vec!["organization_id"]),
            (json!({"nonsense": 1, "name": ""}), vec!["nonsense"]),
            (json!({"expires_at": "2001-01-01T00:00:00Z"}), vec!["expires_at"]),
            (json!({"quota": {"limit": -1, "period": "day"}}), vec!["quota"]),
        ] {
            let answer = patch("application/merge-patch+json", &body);
            let details = answer.refused(400, "invalid_request");
            for field in fields {
                let named = details.as_object().unwrap().keys().any(|path| path.starts_with(field));
                assert!(named, "`{field}` is not named: {answer}");
            }
        }
        for body in [json!([]), json!("x"), json!(1), json!(null)] {
            patch("application/merge-patch+json", &body).refused(400, "invalid_request");
        }
        patch("text/plain", &json!({"name": "x"})).refused(415, "unsupported_media_type");
        assert_eq!(surface.object(&surface.get(id(&made)), 200), same, "a refused patch changes nothing");
        assert_eq!(server.verdict(key(&made)), "valid");
        assert_eq!(surface.revoke(id(&made)).status, 204);
    }
}

fn parallel_changes_with_one_tag(backend: Backend) {
    let server = Server::start(backend);
    let surface = Surface::management(&server);
    let made = surface.created();
    let first = tag(&surface.get(id(&made)));
    let answers = in_parallel(16, |n| {
        let call = surface.call("PATCH", &format!("/{}", id(&made))).header("if-match", &first);
        call.json(&json!({"name": format!("writer {n}")})).send()
    });
    let winners: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(winners.len(), 1, "of writers with one tag, one wins");
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.refused(412, "precondition_failed");
    }
    assert_eq!(surface.get(id(&made)).expect(200)["name"], winners[0].value()["name"]);
}
