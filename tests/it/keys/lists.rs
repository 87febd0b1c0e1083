//! Pages, cursors and filters.

use super::{Surface, id};
use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(pages_are_complete, cursors_are_bound, filters, wrong_parameters);

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().expect("data").iter().map(|object| id(object).to_owned()).collect()
}

fn pages_are_complete(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let session = server.login();
    let management = Surface::management(&server);
    let mut made: Vec<_> = (0..7).map(|_| id(&management.created()).to_owned()).collect();
    made.reverse();
    for surface in [Surface::management(&server), Surface::session(&server, &session)] {
        let whole = surface.call("GET", "?kind=secret").send().expect(200);
        assert_eq!(whole["next_cursor"], Value::Null);
        assert_eq!(whole.as_object().unwrap().len(), 2, "{whole}");
        let whole = ids(&whole);
        let mine: Vec<_> = whole.iter().filter(|id| made.contains(id)).cloned().collect();
        assert_eq!(mine, made, "newest first");

        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let answer = surface.call("GET", &format!("?kind=secret&limit=3{cursor}")).send();
            let page = answer.expect(200);
            seen.extend(ids(&page));
            // What comes and goes while somebody turns pages neither repeats nor hides anything else.
            let passing = management.created();
            assert_eq!(management.revoke(id(&passing)).status, 204);
            let Some(next) = page["next_cursor"].as_str() else {
                assert!(answer.header("link").is_none(), "{answer}");
                break;
            };
            assert!(answer.header("link").is_some_and(|link| link.contains("rel=\"next\"")), "{answer}");
            assert_eq!(page["data"].as_array().unwrap().len(), 3);
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, whole);
        assert!(!surface.call("GET", "?limit=100").send().text().contains("\"key\""), "lists hold no secrets");
    }
}

fn cursors_are_bound(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let surface = Surface::management(&server);
    for _ in 0..4 {
        surface.created();
    }
    let page = surface.call("GET", "?kind=secret&limit=2").send().expect(200);
    let cursor = page["next_cursor"].as_str().expect("a cursor").to_owned();
    assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b)), "goes into an address as it is: {cursor}");
    let with = |query: &str, cursor: &str| surface.call("GET", &format!("?{query}&cursor={cursor}")).send();
    with("kind=secret&limit=2", &cursor).expect(200);
    with("kind=secret&limit=3", &cursor).expect(200);

    // Another filter, another list, another organization.
    with("kind=management", &cursor).refused(400, "invalid_cursor");
    with("status=active", &cursor).refused(400, "invalid_cursor");
    let tenant = server.tenant("Other");
    let foreign = Surface::management_as(&server, &tenant.management_key);
    foreign.call("GET", &format!("?kind=secret&limit=2&cursor={cursor}")).send().refused(400, "invalid_cursor");

    // Any change to it.
    for position in 0..cursor.len() {
        let mut changed = cursor.clone().into_bytes();
        changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
        let answer = with("kind=secret&limit=2", &String::from_utf8(changed).unwrap());
        // The last character of base64 may hold unused bits; nothing else may be free to change.
        if answer.status != 200 || position + 1 < cursor.len() {
            answer.refused(400, "invalid_cursor");
        }
    }
    for junk in ["", "x", "eyJhIjoxfQ", &"A".repeat(4000)] {
        with("kind=secret&limit=2", junk).refused(400, "invalid_cursor");
    }
}

fn filters(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100")]);
    let surface = Surface::management(&server);
    let alive = surface.created();
    let asleep = surface.created();
    let dead = surface.created();
    let manager = surface.object(&surface.create(&json!({"kind": "management", "permissions": ["usage:read"]})), 201);
    surface.act(id(&asleep), "suspend", &json!({})).expect(200);
    assert_eq!(surface.revoke(id(&dead)).status, 204);
    let listed = |query: &str| ids(&surface.call("GET", query).send().expect(200));
    let has = |query: &str, object: &Value| listed(query).contains(&id(object).to_owned());

    assert!(has("", &alive) && has("", &dead) && has("", &manager), "all by default");
    assert!(has("?status=all", &dead) && has("?status=all", &alive));
    assert!(has("?status=active", &alive) && !has("?status=active", &dead));
    assert!(has("?status=revoked", &dead) && !has("?status=revoked", &alive));
    assert!(has("?kind=management", &manager) && !has("?kind=management", &alive));
    assert!(has("?kind=secret", &alive) && !has("?kind=secret", &manager));
    assert!(has("?kind=secret&status=revoked", &dead) && !has("?kind=management&status=revoked", &dead));
}

fn wrong_parameters(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    for surface in [Surface::management(&server), Surface::session(&server, &session)] {
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=-1", "limit"),
            ("limit=ten", "limit"),
            ("limit=", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("status=dead", "status"),
            ("kind=public", "kind"),
        ] {
            surface.call("GET", &format!("?{query}")).send().names_fields(&[field]);
        }
        assert_eq!(surface.call("GET", "?limit=100").send().status, 200);
        assert_eq!(surface.call("GET", "?limit=1").send().expect(200)["data"].as_array().unwrap().len(), 1);
    }
}
