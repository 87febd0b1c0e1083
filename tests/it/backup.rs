//! Backup and restore: nothing is lost, and nothing that was revoked comes back.

use mgmt_tests::{Backend, Run, Server, command, in_parallel, on_each_backend};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

on_each_backend!(revoked_keys_stay_revoked_with_the_journal, keys_may_be_revoked_by_their_last_use);

/// A key of the operator's organization: id and text.
fn key(server: &Server) -> (String, String) {
    let made = server.create_key(&json!({"scopes": ["orders:read"]}));
    (made["id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap().to_owned())
}

fn script(server: &Server, name: &str, arguments: &[&str]) -> Run {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts").join(name);
    let mut script = Command::new(path);
    script.args(arguments).current_dir(server.folder.path()).env("MGMT", mgmt_tests::binary());
    script.env("MGMT_DATABASE__URL", server.database.url());
    Run::of(&mut script, "")
}

fn back_up(server: &Server, backend: Backend) {
    let run = match backend {
        Backend::Sqlite => server.command(&["backup", "copy"]),
        Backend::Postgres => {
            let _ = server.command(&["backup", "copy"]).failed(&["backup-postgres"]);
            script(server, "backup-postgres", &["copy"])
        }
    };
    let _ = run.ok();
    let mode = std::fs::metadata(server.folder.file("copy")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "only its owner may read it");
}

/// Stops the server, puts the copy in place of the database, and starts the server again.
fn restore(server: &mut Server, backend: Backend, arguments: &[&str]) -> String {
    server.terminate();
    assert!(server.wait().success());
    let all: Vec<&str> = std::iter::once("copy").chain(arguments.iter().copied()).collect();
    let run = match backend {
        Backend::Sqlite => {
            let all: Vec<&str> = std::iter::once("restore").chain(all).collect();
            server.command(&all)
        }
        Backend::Postgres => {
            for statement in ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"] {
                let _ = server.database.sql(&server.folder, statement);
            }
            script(server, "restore-postgres", &all)
        }
    };
    let printed = run.ok().stdout;
    server.run();
    printed
}

fn revoked_keys_stay_revoked_with_the_journal(backend: Backend) {
    let mut server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "20")]);
    let (kept, revoked, suspended, rotated) = (key(&server), key(&server), key(&server), key(&server));
    let session = server.login();
    back_up(&server, backend);
    let made_later = key(&server);
    let call = |method: &str, path: &str| {
        server.call(method, &format!("/v1/management/api-keys/{path}")).bearer(server.management_key())
    };
    call("DELETE", &revoked.0).send().expect_status(204);
    call("POST", &format!("{}/suspend", suspended.0)).send().expect_status(200);
    call("POST", &format!("{}/rotate", rotated.0)).send().expect_status(201);
    let _ = server.command(&["backup", "--journal", "journal"]).ok();

    // Without the journal the gap is told, and the state is that of the copy.
    let printed = restore(&mut server, backend, &[]);
    assert!(printed.contains("gap"), "{printed}");
    assert_eq!(server.verdict(&revoked.1), "valid");

    let printed = restore(&mut server, backend, &["--journal", "journal"]);
    assert!(printed.contains("took 3"), "{printed}");
    assert_eq!(server.verdict(&kept.1), "valid");
    assert_eq!(server.verdict(&made_later.1), "not_found");
    assert_eq!(server.verdict(&revoked.1), "revoked");
    assert_eq!(server.verdict(&suspended.1), "suspended");
    assert_eq!(server.verdict(&rotated.1), "revoked");
    server.get("/api/auth/me").bearer(&session.token).send().refused(401, "unauthorized");
    let _ = server.login();
    let _ = server.command(&["audit", "verify"]).ok();

    server.terminate();
    assert!(server.wait().success());
    let path = server.folder.file("journal");
    let cut: String = std::fs::read_to_string(&path).unwrap().lines().skip(1).map(|line| format!("{line}\n")).collect();
    std::fs::write(&path, cut).unwrap();
    let _ = server.command(&["restore", "--journal", "journal"]).failed(&["seal"]);
}

fn keys_may_be_revoked_by_their_last_use(backend: Backend) {
    let mut server = Server::start(backend);
    let (used, idle) = (key(&server), key(&server));
    assert_eq!(server.verdict(&used.1), "valid");
    let path = format!("/v1/management/api-keys/{}", used.0);
    mgmt_tests::eventually("the use is noted", 10, || {
        server.get(&path).bearer(server.management_key()).send().expect(200)["last_used_at"] != Value::Null
    });
    back_up(&server, backend);
    server.terminate();
    assert!(server.wait().success());
    let _ = server.command(&["restore", "--revoke-used-since", "soon"]).failed(&["RFC 3339"]);
    let operator = server.management_key().to_owned();
    let printed = server.command(&["restore", "--revoke-used-since", "2020-01-01T00:00:00Z"]).ok().stdout;
    assert!(printed.contains("by their last use"), "{printed}");
    server.run();
    // The bootstrap's management key was used as well: a new one asks.
    server.get("/v1/management/api-keys").bearer(&operator).send().refused(401, "unauthorized");
    let list = server.get("/api/api-keys?status=active").bearer(&server.login().token).send().expect(200);
    let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(|k| k["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&idle.0.as_str()) && !ids.contains(&used.0.as_str()), "{list}");
}

/// What only the copying of a file knows.
mod sqlite_files {
    use super::*;

    #[test]
    fn a_copy_taken_under_load_is_whole_and_holds_no_secret() {
        let mut server = Server::with(Backend::Sqlite, &[("MGMT_KEYS__MAX_ACTIVE", "1000")]);
        let copied = in_parallel(4, |worker| {
            if worker == 0 {
                for n in 0..5 {
                    let _ = server.command(&["backup", &format!("copy-{n}")]).ok();
                }
                return Vec::new();
            }
            (0..20).map(|_| key(&server).1).collect()
        });
        let _ = server.command(&["backup", "copy-0"]).failed(&["already"]);
        let _ = server.command(&["backup", "copy"]).ok();
        let bytes = std::fs::read(server.folder.file("copy")).unwrap();
        for text in copied.iter().flatten().chain([&server.api_key().to_owned()]) {
            let secret = &text.as_bytes()[text.len() - 20..];
            assert!(!bytes.windows(secret.len()).any(|w| w == secret), "a secret is in the copy");
        }
        let _ = server.command(&["restore", "copy"]).failed(&["in use"]);
        assert_eq!(server.verdict(server.api_key()), "valid", "a refused restore leaves everything as it was");
        server.terminate();
        assert!(server.wait().success());
        for n in 0..5 {
            let _ = server.command(&["restore", &format!("copy-{n}")]).ok();
            let _ = server.command(&["audit", "verify"]).ok();
        }
        let _ = server.command(&["restore", "copy"]).ok();
        server.run();
        for text in copied.iter().flatten() {
            assert_eq!(server.verdict(text), "valid");
        }
    }

    #[test]
    fn what_is_no_copy_is_refused() {
        let mut server = Server::start(Backend::Sqlite);
        let _ = server.command(&["backup", "copy"]).ok();
        server.terminate();
        assert!(server.wait().success());
        let whole = std::fs::read(server.folder.file("copy")).unwrap();
        for wrong in [&b""[..], b"not a database at all, but long enough to be read as one", &whole[..whole.len() / 2]] {
            std::fs::write(server.folder.file("wrong"), wrong).unwrap();
            let _ = server.command(&["restore", "wrong"]).failed(&["not a whole backup"]);
        }
        let _ = server.command(&["restore", "nothing"]).failed(&["nothing"]);
        server.run();
        assert_eq!(server.verdict(server.api_key()), "valid");
    }

    #[test]
    fn a_copy_restores_into_an_empty_place() {
        let server = Server::start(Backend::Sqlite);
        let _ = server.command(&["backup", "copy"]).ok();
        let mut moved = Server::stopped(Backend::Sqlite, &[]);
        std::fs::create_dir_all(moved.folder.file("data")).unwrap();
        for name in ["copy", "data/master.key"] {
            std::fs::copy(server.folder.file(name), moved.folder.file(name)).unwrap();
        }
        let _ = moved.command(&["restore", "copy"]).ok();
        moved.bootstrap = server.bootstrap.clone();
        moved.run();
        assert_eq!(moved.verdict(server.api_key()), "valid");
        // Without the master key it is of no use.
        let mut thief = Server::stopped(Backend::Sqlite, &[]);
        std::fs::copy(server.folder.file("copy"), thief.folder.file("copy")).unwrap();
        let run = command(thief.folder.path()).args(["restore", "copy"]).output().expect("runs");
        assert!(String::from_utf8_lossy(&run.stdout).contains("another master key"));
        thief.run();
        thief.get("/v1/management/api-keys").bearer(server.management_key()).send().refused(401, "unauthorized");
    }
}
