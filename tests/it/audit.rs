//! The audit log: what is in it, who reads it, and how tampering is found.

use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(
    sessions_and_the_shell_are_logged,
    the_log_is_filtered_and_paged,
    each_organization_reads_its_own,
    tampering_is_found,
    a_cut_tail_is_found,
    an_older_state_is_found_by_the_checkpoint,
);

const LOG: &str = "/v1/management/audit-log";

fn log(server: &Server, query: &str) -> Vec<Value> {
    let answer = server.get(&format!("{LOG}{query}")).bearer(server.management_key()).send().expect(200);
    answer["data"].as_array().unwrap().clone()
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|e| e["action"].as_str().unwrap()).collect()
}

fn sessions_and_the_shell_are_logged(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    let made = server.post("/api/api-keys", &json!({"name": "ci", "scopes": ["orders:read"]}));
    let made = made.bearer(&session.token).header("X-Request-Id", "my-request").send().expect_data(201);
    let id = made["id"].as_str().unwrap();
    server.patch(&format!("/api/api-keys/{id}"), &json!({"name": "cd"})).bearer(&session.token).send().expect_status(200);
    // What management keys do is the customer's own affair.
    let silent = server.create_key(&json!({"scopes": ["orders:read"]}));
    let _ = server.command(&["key", "revoke", id]).ok();

    let entries = log(&server, "?limit=100");
    let about: Vec<_> = entries.iter().filter(|e| e["target"] == id).cloned().collect();
    assert_eq!(actions(&about), ["api_key.revoked", "api_key.updated", "api_key.created"]);
    assert_eq!(about[0]["actor"], "system");
    assert_eq!((&about[1]["before"]["name"], &about[1]["after"]["name"]), (&json!("ci"), &json!("cd")));
    let created = &about[2];
    assert_eq!((&created["actor"], &created["request_id"]), (&server.bootstrap["user"]["id"], &json!("my-request")));
    assert_eq!((&created["address"], &created["before"]), (&json!("127.0.0.1"), &Value::Null));
    assert!(created["id"].as_str().unwrap().starts_with("aud_"));
    assert!(entries.iter().all(|e| e["target"] != silent["id"]), "a management key's actions stay out");
    let text = json!(entries).to_string();
    assert!(!text.contains(made["key"].as_str().unwrap()), "no secret is in the log");
}

fn the_log_is_filtered_and_paged(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    for name in ["a", "b", "c"] {
        let body = json!({"name": name, "scopes": ["orders:read"]});
        server.post("/api/api-keys", &body).bearer(&session.token).send().expect_status(201);
    }
    let user = server.bootstrap["user"]["id"].as_str().unwrap().to_owned();
    let made = log(&server, &format!("?actor={user}&action=api_key.created"));
    assert_eq!(made.iter().map(|e| &e["after"]["name"]).collect::<Vec<_>>(), ["c", "b", "a"]);
    assert_eq!(log(&server, &format!("?actor={user}&action=api_key.created")).len(), 3);
    assert_eq!(log(&server, "?actor=system&action=api_key.created").len(), 2, "the keys of the bootstrap");
    let (oldest, newest) = (made[2]["created_at"].as_str().unwrap(), made[0]["created_at"].as_str().unwrap());
    assert!(log(&server, &format!("?actor={user}&from={oldest}&action=api_key.created")).len() == 3);
    assert!(log(&server, &format!("?actor={user}&to={oldest}&action=api_key.created")).is_empty());
    assert!(log(&server, &format!("?from={newest}&to={newest}")).is_empty());
    let page = |query: &str| {
        server.get(&format!("{LOG}?actor={user}&action=api_key.created&limit=2{query}")).bearer(server.management_key()).send()
    };
    let first = page("").expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = page(&format!("&cursor={cursor}")).expect(200);
    assert_eq!((second["data"].as_array().unwrap().len(), &second["next_cursor"]), (1, &Value::Null));
    let other = server.get(&format!("{LOG}?limit=2&cursor={cursor}")).bearer(server.management_key());
    other.send().refused(400, "invalid_cursor");
    for (query, field) in [("actor=x", "actor"), ("from=yesterday", "from"), ("limit=0", "limit"), ("who=x", "who")] {
        server.get(&format!("{LOG}?{query}")).bearer(server.management_key()).send().names_fields(&[field]);
    }
}

fn each_organization_reads_its_own(backend: Backend) {
    let server = Server::start(backend);
    let tenant = server.tenant("Second");
    let own = server.get(LOG).bearer(&tenant.management_key).send().expect(200);
    assert!(own["data"].as_array().unwrap().iter().all(|e| e["organization_id"] == tenant.id.as_str()), "{own}");
    let session = server.login();
    let path = format!("/v1/management/organizations/{}", tenant.id);
    server.patch(&path, &json!({"plan": "scale"})).bearer(&session.token).send().expect_status(200);
    let own = server.get(LOG).bearer(&tenant.management_key).send().expect(200);
    assert_eq!(own["data"][0]["action"], "organization.updated");
    assert!(log(&server, "?action=organization.updated").is_empty());
    let acting = server.get(LOG).bearer(server.management_key()).header("X-Organization-Id", &tenant.id).send().expect(200);
    assert_eq!(acting["data"], own["data"]);
}

/// A log of some length on a server that has stopped.
fn stopped(backend: Backend) -> Server {
    let server = Server::stopped(backend, &[]);
    let mut server = server;
    server.bootstrap();
    for _ in 0..2 {
        let org = server.organization().to_owned();
        let _ = server.command(&["key", "create", "--org", &org, "--scope", "orders:read", "--json"]).ok();
    }
    server
}

fn tampering_is_found(backend: Backend) {
    for statement in [
        "UPDATE audit SET actor = 'usr_00000000000070008000000000000000' WHERE seq = 2",
        "UPDATE audit SET target = 'key_1' WHERE seq = 3",
        "UPDATE audit SET state_after = 'nonsense' WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 6",
        "DELETE FROM audit",
        "UPDATE audit_heads SET seal = NULL",
        "DELETE FROM audit_heads",
        "INSERT INTO audit SELECT organization_id, 7, 'aud_00000000000070008000000000000000', at, actor, action, target, address, \
         request_id, state_before, state_after, hash FROM audit WHERE seq = 6",
    ] {
        let server = stopped(backend);
        let whole = server.command(&["audit", "verify", "--json"]).ok().json();
        assert_eq!((&whole["valid"], &whole["entries"]), (&json!(true), &json!(6)), "{whole}");
        let _ = server.database.sql(&server.folder, statement);
        let run = server.command(&["audit", "verify"]).failed(&["tampered"]);
        assert!(run.stdout.contains(server.organization()), "{statement}: {run:?}");
    }
}

/// The thief takes the head back as well, and lacks only the master key.
fn a_cut_tail_is_found(backend: Backend) {
    let server = stopped(backend);
    let _ = server.command(&["audit", "verify"]).ok();
    for statement in
        ["DELETE FROM audit WHERE seq = 6", "UPDATE audit_heads SET seq = 5, hash = (SELECT hash FROM audit WHERE seq = 5)"]
    {
        let _ = server.database.sql(&server.folder, statement);
    }
    let _ = server.command(&["audit", "verify"]).failed(&["tampered"]);
}

/// The thief puts back a whole older state, with the seal that was right then.
fn an_older_state_is_found_by_the_checkpoint(backend: Backend) {
    let server = stopped(backend);
    let sql = |statement: &str| drop(server.database.sql(&server.folder, statement));
    sql("CREATE TABLE old_heads AS SELECT * FROM audit_heads");
    let org = server.organization().to_owned();
    let _ = server.command(&["key", "create", "--org", &org, "--scope", "orders:read", "--json"]).ok();
    let verify = || server.command(&["audit", "verify", "--checkpoint", "audit.checkpoint"]);
    let _ = verify().ok();
    let _ = verify().ok();
    sql("DELETE FROM audit WHERE seq = 7");
    sql("DELETE FROM audit_heads");
    sql("INSERT INTO audit_heads SELECT * FROM old_heads");
    let _ = server.command(&["audit", "verify"]).ok();
    let _ = verify().failed(&["tampered"]);
    let path = server.folder.file("audit.checkpoint");
    let altered = std::fs::read_to_string(&path).unwrap().replacen("\"seq\":7", "\"seq\":6", 1);
    std::fs::write(&path, altered).unwrap();
    let _ = verify().failed(&["seal"]);
}
