//! The command line: bootstrap, start-up faults, migrations, keys and organizations.

use mgmt_tests::{Backend, OWNER, Run, Server, command, in_parallel, on_each_backend};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

on_each_backend!(
    bootstrap_works_once,
    bootstrap_refuses_bad_input,
    a_race_of_bootstraps_has_one_winner,
    keys_and_organizations,
    migrations,
    a_newer_schema_is_refused,
    master_key_faults,
);

fn bootstrap(server: &Server, password: Option<&str>) -> Run {
    let mut arguments = vec!["bootstrap", "--org", "Acme", "--email", OWNER, "--json"];
    if password.is_some() {
        arguments.push("--password-stdin");
    }
    server.command_with_input(&arguments, password.unwrap_or_default())
}

fn bootstrap_works_once(backend: Backend) {
    let mut server = Server::stopped(backend, &[]);
    let printed = bootstrap(&server, None).ok().json();
    let password = printed["password"].as_str().expect("a generated password").to_owned();
    assert!(password.chars().count() >= 15);
    assert!(printed["organization"]["id"].as_str().unwrap().starts_with("org_"));
    assert!(printed["user"]["id"].as_str().unwrap().starts_with("usr_"));
    assert_eq!(printed["user"]["email"], OWNER);
    for (name, start) in [("management_key", "mg_mk_prod_"), ("api_key", "mg_sk_prod_")] {
        assert!(printed[name]["id"].as_str().unwrap().starts_with("key_"));
        assert!(printed[name]["key"].as_str().unwrap().starts_with(start));
    }
    let again = bootstrap(&server, None).failed(&[]);
    assert!(!again.stdout.contains("mg_"), "no second set of keys");
    let other = server.command(&["bootstrap", "--org", "Other", "--email", "other@example.com", "--json"]);
    let _ = other.failed(&[]);

    server.bootstrap = printed;
    server.run();
    let login = |password: &str| server.post("/api/auth/login", &json!({"email": OWNER, "password": password})).send();
    assert_eq!(login(&password).expect_data(200)["role"], "owner");
    let question = json!({"key": server.api_key(), "scopes": ["orders:write"]});
    assert_eq!(server.verify(&question)["code"], "valid", "the API key holds `*`");
    server.get("/v1/management/api-keys").bearer(server.management_key()).send().expect_status(200);
    // While it runs as well.
    let _ = bootstrap(&server, None).failed(&[]);
}

fn bootstrap_refuses_bad_input(backend: Backend) {
    let server = Server::stopped(backend, &[]);
    for arguments in [
        vec!["bootstrap", "--org", "", "--email", OWNER, "--json"],
        vec!["bootstrap", "--org", "Acme", "--email", "not an address", "--json"],
        vec!["bootstrap", "--org", "Acme", "--email", OWNER, "--plan", "free", "--json"],
        vec!["bootstrap", "--email", OWNER, "--json"],
        vec!["bootstrap", "--nonsense"],
    ] {
        let _ = server.command(&arguments).failed(&[]);
    }
    for weak in ["", "too short", "fourteen chars", "passwordpassword"] {
        let run = bootstrap(&server, Some(weak)).failed(&[]);
        assert!(weak.len() < 5 || !run.stderr.contains(weak), "echoes the password: {run:?}");
    }
    // None of that made anything.
    let printed = bootstrap(&server, Some("a password that is long enough\n")).ok().json();
    assert!(printed.get("password").is_none_or(Value::is_null), "a given password is not printed");
}

fn a_race_of_bootstraps_has_one_winner(backend: Backend) {
    let server = Server::stopped(backend, &[]);
    let runs = in_parallel(5, |_| bootstrap(&server, None));
    let winners = runs.iter().filter(|run| run.code == Some(0)).count();
    assert_eq!(winners, 1, "{runs:?}");
    for run in runs.into_iter().filter(|run| run.code != Some(0)) {
        let run = run.failed(&[]);
        assert!(!run.stdout.contains("mg_"), "a loser prints keys: {run:?}");
    }
}

fn keys_and_organizations(backend: Backend) {
    let server = Server::start(backend);
    let made = server.command(&[
        "key",
        "create",
        "--org",
        server.organization(),
        "--name",
        "cli",
        "--scope",
        "shipments:read,write:orders",
        "--json",
    ]);
    let made = made.ok().json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    // The server that runs beside it knows the key at once, and its end as well.
    let verdict = server.verify(&json!({"key": key, "scopes": ["orders:write"]}));
    assert_eq!((&verdict["code"], &verdict["key_id"], &verdict["name"]), (&json!("valid"), &json!(id), &json!("cli")));
    let list = server.command(&["key", "list", "--org", server.organization(), "--json"]).ok();
    assert!(list.stdout.contains(id) && !list.stdout.contains(key), "{list:?}");
    let _ = server.command(&["key", "revoke", id]).ok();
    assert_eq!(server.verdict(key), "revoked", "a revocation is complete when the command returns");
    let _ = server.command(&["key", "revoke", id]).ok();
    let _ = server.command(&["key", "revoke", "key_00000000000070008000000000000000"]).failed(&[]);
    let unknown = ["key", "create", "--org", server.organization(), "--scope", "no:such", "--json"];
    let _ = server.command(&unknown).failed(&["no:such"]);
    let nobody = ["key", "create", "--org", "org_00000000000070008000000000000000", "--scope", "*", "--json"];
    let _ = server.command(&nobody).failed(&[]);

    let tenant = server.tenant("Second");
    let list = server.command(&["org", "list", "--json"]).ok();
    assert!(list.stdout.contains(&tenant.id) && list.stdout.contains(server.organization()), "{list:?}");
    let list = server.get("/v1/management/organizations").bearer(server.management_key()).send().expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 2, "the operator sees every organization: {list}");
}

fn migrations(backend: Backend) {
    let mut server = Server::stopped(backend, &[]);
    for run in in_parallel(5, |_| server.command(&["migrate"])) {
        let _ = run.ok();
    }
    let _ = server.command(&["migrate"]).ok();
    server.bootstrap();
    let _ = server.command(&["migrate"]).ok();
    server.run();
    assert_eq!(server.verdict(server.api_key()), "valid");
}

fn a_newer_schema_is_refused(backend: Backend) {
    let mut server = Server::stopped(backend, &[]);
    server.bootstrap();
    let statement = "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('99991231235959', '2026-01-01 00:00:00')";
    let _ = server.database.sql(&server.folder, statement);
    for arguments in [["serve"].as_slice(), &["migrate"], &["org", "list"]] {
        let run = server.command(arguments).failed(&[]);
        assert!(run.stderr.to_lowercase().contains("newer"), "{arguments:?}: {run:?}");
    }
}

fn master_key_faults(backend: Backend) {
    let server = Server::stopped(backend, &[]);
    let path = server.folder.file("data/master.key");
    if backend == Backend::Sqlite {
        let _ = bootstrap(&server, None).ok();
        let mode = std::fs::metadata(&path).expect("it was made").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    }
    let key = std::fs::read(&path).unwrap();
    assert_eq!(key.len(), 32);
    let chmod = |mode: u32| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o644, 0o604, 0o666] {
        chmod(mode);
        let _ = server.command(&["serve"]).failed(&["master.key"]);
        let _ = bootstrap(&server, None).failed(&["master.key"]);
    }
    chmod(0o600);
    for wrong in [&key[..31], &[]] {
        std::fs::write(&path, wrong).unwrap();
        let _ = server.command(&["serve"]).failed(&["master.key"]);
    }
    std::fs::remove_file(&path).unwrap();
    if backend == Backend::Postgres {
        let _ = server.command(&["serve"]).failed(&["master.key"]);
        assert!(!path.exists(), "with PostgreSQL it is not made");
    }
}

/// What does not depend on a database.
mod without_database {
    use super::*;
    use mgmt_tests::Folder;

    #[test]
    fn all_faults_of_the_settings_are_told_at_once() {
        let folder = Folder::new();
        let wrong = [
            ("MGMT_SERVER__LISTEN", "nowhere"),
            ("MGMT_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,300.0.0.0/8"),
            ("MGMT_DATABASE__URL", "mysql://user:s3cret-word@localhost/x"),
            ("MGMT_KEYS__PREFIX", "Not A Prefix"),
            ("MGMT_KEYS__MAX_ACTIVE", "many"),
            ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "-1"),
            ("MGMT_SECURITY__REVEAL_WINDOW_SECONDS", "901"),
            ("MGMT_WEBHOOKS__ALLOW_HTTP", "perhaps"),
            ("MGMT_CLUSTER__LEASE_TTL_MS", "0"),
            ("MGMT_SERVER__LISTENN", "127.0.0.1:1"),
        ];
        let names: Vec<_> = wrong.iter().map(|(name, _)| *name).collect();
        for arguments in [["config", "check"].as_slice(), &["serve"], &["migrate"]] {
            let run = Run::new(&folder, &wrong, arguments).failed(&names);
            assert!(!run.stderr.contains("s3cret-word"), "a password is echoed: {run:?}");
        }
        assert!(!folder.file("data").exists(), "nothing is made before the settings are right");
        let _ = Run::new(&folder, &[], &["config", "check"]).ok();
        std::fs::write(folder.file("mgmt.toml"), "[server]\nlistenn = \"x\"\n\n[nonsense]\na = 1\n").unwrap();
        let _ = Run::new(&folder, &[], &["config", "check"]).failed(&["listenn", "nonsense"]);
        std::fs::write(folder.file("mgmt.toml"), "[keys]\nprefix = \"acme\"\n").unwrap();
        let _ = Run::new(&folder, &[], &["config", "check"]).ok();
        // The environment wins over the file.
        let _ = Run::new(&folder, &[("MGMT_KEYS__PREFIX", "No!")], &["config", "check"]).failed(&["MGMT_KEYS__PREFIX"]);
        std::fs::write(folder.file("mgmt.toml"), "not toml at all").unwrap();
        let _ = Run::new(&folder, &[], &["serve"]).failed(&["mgmt.toml"]);
    }

    #[test]
    fn an_unreachable_database_is_told() {
        let folder = Folder::new();
        std::fs::create_dir(folder.file("data")).unwrap();
        std::fs::write(folder.file("data/master.key"), [7; 32]).unwrap();
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(folder.file("data/master.key"), private).unwrap();
        let port = mgmt_tests::free_port();
        let url = format!("postgres://somebody:s3cret-word@127.0.0.1:{port}/nothing?connect_timeout=2");
        for arguments in [["serve"].as_slice(), &["migrate"], &["bootstrap", "--org", "A", "--email", OWNER]] {
            let run = Run::new(&folder, &[("MGMT_DATABASE__URL", &url)], arguments).failed(&["database"]);
            assert!(!run.stderr.contains("s3cret-word") && !run.stdout.contains("s3cret-word"), "{run:?}");
        }
        std::fs::write(folder.file("a-file"), "not a folder").unwrap();
        std::fs::write(
            folder.file("no.db"),
            "this is no SQLite database, but a text that is long enough to be read as one".repeat(20),
        )
        .unwrap();
        for url in ["sqlite://a-file/mgmt.db", "sqlite://no.db"] {
            let _ = Run::new(&folder, &[("MGMT_DATABASE__URL", url)], &["serve"]).failed(&["database"]);
        }
    }

    #[test]
    fn a_taken_port_is_told() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let folder = Folder::new();
        let _ = Run::new(&folder, &[("MGMT_SERVER__LISTEN", &address), ("MGMT_SERVER__METRICS_LISTEN", "")], &["serve"])
            .failed(&[&address]);
    }

    #[test]
    fn usage() {
        let folder = Folder::new();
        for arguments in [["--help"].as_slice(), &["--version"], &["key", "--help"]] {
            assert!(!Run::new(&folder, &[], arguments).ok().stdout.is_empty());
        }
        for arguments in [["nonsense"].as_slice(), &["key"], &["key", "fly"], &["serve", "--nonsense"]] {
            let _ = Run::new(&folder, &[], arguments).failed(&[]);
        }
        let absolute = folder.file("elsewhere/deep/mgmt.db");
        let url = format!("sqlite://{}", absolute.display());
        let _ = Run::new(&folder, &[("MGMT_DATABASE__URL", &url)], &["migrate"]).ok();
        assert!(absolute.exists(), "folders are made");
    }

    #[test]
    fn the_committed_description_is_current() {
        let folder = Folder::new();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
        let committed: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("docs/openapi.json")).unwrap();
        let mut command = command(folder.path());
        let printed = Run::of(command.arg("openapi"), "").ok().json();
        assert!(printed == committed, "docs/openapi.json is not what the server describes: run `make openapi`");
    }
}
