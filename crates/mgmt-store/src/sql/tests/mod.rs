//! The suite over every backend, and what is particular to each.

mod groups;
mod places;
mod postgres;
mod sqlite;

use std::thread;

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text};
use mgmt_core::{id::OrganizationId, time::Timestamp};

use self::places::Place;
use super::{conn::AnyConnection, *};
use crate::error::StoreError;

#[derive(diesel::QueryableByName)]
struct OneText {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The answer of a database to a question that the store never asks.
fn ask(connection: &mut AnyConnection, query: &str) -> String {
    sql_query(query).get_result::<OneText>(connection).unwrap().value
}

/// Changes a database behind the store's back.
fn tamper(place: &Place, statements: &str) {
    let mut connection = place.address.connect().unwrap();
    connection.batch_execute(statements).unwrap();
}

/// The list of the macro is the whole suite.
#[test]
fn every_function_of_the_suite_is_run() {
    let list = include_str!("../../conformance/mod.rs");
    let sources = [
        include_str!("../../conformance/accounts.rs"),
        include_str!("../../conformance/counters.rs"),
        include_str!("../../conformance/foreign_hashes.rs"),
        include_str!("../../conformance/invitations.rs"),
        include_str!("../../conformance/journals.rs"),
        include_str!("../../conformance/keys.rs"),
        include_str!("../../conformance/leases.rs"),
        include_str!("../../conformance/projects.rs"),
        include_str!("../../conformance/quotas.rs"),
        include_str!("../../conformance/reveals.rs"),
        include_str!("../../conformance/sessions.rs"),
        include_str!("../../conformance/shipping.rs"),
        include_str!("../../conformance/transactions.rs"),
        include_str!("../../conformance/usage.rs"),
        include_str!("../../conformance/webhooks.rs"),
    ];
    let names = sources.iter().flat_map(|s| s.lines()).filter_map(|l| l.strip_prefix("pub fn ")?.split('(').next());
    let mut count = 0;
    for name in names {
        assert!(list.lines().any(|l| l.trim() == name), "`{name}` is not in the list");
        count += 1;
    }
    assert_eq!(
        list.lines()
            .filter(|l| l.starts_with("            ")
                && l.trim().chars().all(|c| c == '_' || c.is_ascii_lowercase())
                && !l.trim().is_empty())
            .count(),
        count
    );
}

#[test]
fn wrong_addresses_are_refused() {
    for bad in ["mysql://localhost/x", "", "mgmt.db", "sqlite://"] {
        assert!(matches!(open(bad, Options::default()), Err(StoreError::Address(_))), "{bad}");
    }
}

/// Nodes that start at once apply the migrations once, and all come up.
fn ten_openers_migrate_once(place: &Place) {
    let results = thread::scope(|scope| {
        let openers: Vec<_> = (0..10)
            .map(|_| {
                scope.spawn(|| {
                    let store = place.open();
                    let applied = store.migrate().unwrap();
                    store.check_schema().unwrap();
                    applied
                })
            })
            .collect();
        openers.into_iter().map(|o| o.join().unwrap()).collect::<Vec<_>>()
    });
    let mut applied: Vec<_> = results.into_iter().filter(|a| !a.is_empty()).collect();
    assert_eq!(applied.len(), 1);
    assert_eq!(applied.remove(0), versions(place));
}

/// Every migration that there is.
fn versions(place: &Place) -> Vec<String> {
    use diesel::migration::MigrationSource;
    let migrations = place.address.connect().unwrap().migrations();
    let list = MigrationSource::<super::conn::any::MultiBackend>::migrations(&migrations).unwrap();
    list.iter().map(|m| m.name().version().to_string()).collect()
}

/// A schema that lacks migrations, or has some that this program does not know, is told apart and left alone.
fn other_schemas_are_refused(place: &Place) {
    let (store, all) = (place.open(), versions(place).len());
    assert!(matches!(store.check_schema(), Err(StoreError::OlderSchema(n)) if n == all));
    assert!(matches!(store.check_schema(), Err(StoreError::OlderSchema(n)) if n == all), "looking changes nothing");
    store.migrate().unwrap();
    tamper(place, "INSERT INTO __diesel_schema_migrations (version) VALUES ('00000000009999'), ('00000000009998')");
    for result in [store.check_schema(), store.migrate().map(|_| ())] {
        assert!(matches!(&result, Err(StoreError::NewerSchema(version)) if version == "00000000009999"), "{result:?}");
    }
}

/// A process that dies while it migrates leaves nothing behind, and the next one does the whole.
fn a_killed_migration_leaves_nothing(place: &Place) {
    let (store, all) = (place.open(), versions(place).len());
    let mut dying = place.address.connect().unwrap();
    dying.begin_migration().unwrap();
    dying.batch_execute("CREATE TABLE organizations (id TEXT); CREATE TABLE unfinished (id TEXT)").unwrap();
    drop(dying);
    assert!(matches!(store.check_schema(), Err(StoreError::OlderSchema(n)) if n == all));
    assert_eq!(store.migrate().unwrap().len(), all);
    tamper(place, "CREATE TABLE unfinished (id TEXT)");
}

/// Going down and up again gives the same empty schema.
fn migrations_can_be_reverted(place: &Place) {
    use diesel_migrations::MigrationHarness;
    let store = place.open();
    store.migrate().unwrap();
    let mut connection = place.address.connect().unwrap();
    let source = connection.migrations();
    connection.revert_all_migrations(source).unwrap();
    let all = versions(place).len();
    assert!(matches!(store.check_schema(), Err(StoreError::OlderSchema(n)) if n == all));
    assert_eq!(store.migrate().unwrap().len(), all);
}

/// Rows that something else wrote are reported by table and id, and never panic.
fn corrupt_rows_are_reported(place: &Place) {
    let store = place.open();
    store.migrate().unwrap();
    let organization = OrganizationId::from_u128(7);
    let key = mgmt_core::id::KeyId::from_u128(8);
    tamper(
        place,
        &format!(
            "INSERT INTO organizations (id, name, slug, plan, state, metadata, created_at, updated_at, version, lock_count)
               VALUES ('{organization}', 'n', 's', 'scale', 'active', '{{}}', 1, 1, 1, 0);
             INSERT INTO keys (id, organization_id, kind, environment, name, scopes, ip_allowlist, warehouse_ids, metadata, state,
                 hash, pepper_version, display_prefix, last_four, lineage, created_by, created_at, updated_at, version)
               SELECT '{key}', '{organization}', 'secret', 'prod', 'n', '', '[]', '[]', '{{}}', 'active',
                 hash, 1, 'p', '1234', '{key}', 'system', 1, 1, 1 FROM (SELECT {ZEROES} AS hash) AS h",
            ZEROES = place.zeroes()
        ),
    );
    let find = || store.read("test.find", |tx| tx.keys().find_any(key));
    find().unwrap().unwrap();
    for (change, undo) in [
        ("ip_allowlist = '[\"nowhere\"]'", "ip_allowlist = '[]'"),
        ("ip_allowlist = 'x'", "ip_allowlist = '[]'"),
        ("warehouse_ids = '[1]'", "warehouse_ids = '[]'"),
        ("warehouse_ids = '[\"a,b\"]'", "warehouse_ids = '[]'"),
        ("metadata = '[]'", "metadata = '{}'"),
        ("metadata = ''", "metadata = '{}'"),
        ("lineage = 'x'", "lineage = id"),
        ("created_by = 'root'", "created_by = 'system'"),
        ("created_at = -1", "created_at = 1"),
        ("expires_at = 9223372036854775807", "expires_at = NULL"),
        ("rate_requests = 100001, rate_seconds = 1", "rate_requests = NULL, rate_seconds = NULL"),
        ("replaced_by = 'x', retires_at = 1", "replaced_by = NULL, retires_at = NULL"),
    ] {
        tamper(place, &format!("UPDATE keys SET {change}"));
        match find() {
            Err(StoreError::Corrupt { table: "keys", id }) => assert_eq!(id, key.to_string()),
            other => panic!("{change}: {other:?}"),
        }
        tamper(place, &format!("UPDATE keys SET {undo}"));
        find().unwrap().unwrap();
    }
    tamper(place, "UPDATE organizations SET metadata = 'null'");
    let result = store.read("test.find", |tx| tx.organizations().list(None, 10));
    assert!(matches!(result, Err(StoreError::Corrupt { table: "organizations", .. })), "{result:?}");
}

/// The checks of the schema refuse what the store never writes.
fn impossible_rows_are_refused(place: &Place) {
    let store = place.open();
    store.migrate().unwrap();
    let mut connection = place.address.connect().unwrap();
    for statement in [
        "INSERT INTO quotas (subject, period, period_start, used) VALUES ('s', 'day', 0, -1)",
        "INSERT INTO quotas (subject, period, period_start, used) VALUES ('s', 'week', 0, 1)",
        "INSERT INTO throttles (subject, failures, last_failure_at) VALUES ('s', 0, 0)",
        "INSERT INTO throttles (subject, failures, last_failure_at) VALUES ('s', NULL, 0)",
        "INSERT INTO invalidations (seq, kind, subject, added_at) VALUES (1, 'other', 's', 0)",
        "INSERT INTO memberships (organization_id, user_id, role, created_at) VALUES ('o', 'u', 'member', 0)",
        "INSERT INTO organizations (id, name, slug, plan, state, operator_slot, metadata, created_at, updated_at, version, lock_count)
           VALUES ('o', 'n', 's', 'scale', 'active', 2, '{}', 0, 0, 1, 0)",
        "INSERT INTO organizations (id, name, slug, plan, state, quota_limit, metadata, created_at, updated_at, version, lock_count)
           VALUES ('o', 'n', 's', 'scale', 'active', 2, '{}', 0, 0, 1, 0)",
        "INSERT INTO refresh_tokens (hash, session_id, issued_at) VALUES ('short', 's', 0)",
    ] {
        assert!(connection.batch_execute(statement).is_err(), "{statement}");
    }
}

/// A pause grows, is spread, and stays short.
#[test]
fn pauses_are_short_and_spread() {
    let at = |run, millis| pause(run, Duration::from_micros(millis));
    assert!(at(1, 0) >= Duration::from_millis(1) && at(1, 999) <= Duration::from_millis(3));
    assert!((1..40).all(|run| at(run, 777) <= MAX_PAUSE * 3 / 2));
    assert_ne!(pause(5, Duration::from_nanos(1)), pause(5, Duration::from_nanos(700)));
}

/// A transaction inside another one waits for itself: it gets an answer in time, not a dead process.
fn nested_transactions_end(place: &Place) {
    let store = place.open_with(Options { pool_size: 1, wait: Duration::from_millis(100) });
    store.migrate().unwrap();
    let result = store.run("test.outer", |tx| {
        tx.settings().insert("outer", "")?;
        store.run::<_, StoreError>("test.inner", |tx| tx.settings().insert("inner", ""))
    });
    assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
    assert_eq!(store.read("test.find", |tx| tx.settings().find("outer")).unwrap(), None);
}

/// The moment that is written is the moment that is read, also at both ends of the range.
fn the_ends_of_time_are_kept(place: &Place) {
    let store = place.open();
    store.migrate().unwrap();
    for (subject, at) in [("first", Timestamp::from_millis(0)), ("last", Timestamp::MAX)] {
        store.run("test.fail", |tx| tx.throttles().fail(subject, at)).unwrap();
        let found = store.read("test.find", |tx| tx.throttles().find(subject)).unwrap().unwrap();
        assert_eq!(found.last_failure_at, at);
    }
}

/// What a child process of [`processes_share`] does: it migrates, then writes until it is done or killed.
#[test]
#[ignore = "run by other tests, in processes of their own"]
fn child() {
    #[expect(clippy::disallowed_methods, reason = "a child is told its database by an environment variable")]
    let Ok(url) = std::env::var("MGMT_TEST_CHILD") else { return };
    let store = open(&url, Options::default()).unwrap();
    let applied = store.migrate().unwrap();
    store.check_schema().unwrap();
    store.run("test.child", |tx| tx.throttles().fail("children", Timestamp::from_millis(1))).unwrap();
    for _ in &applied {
        store.run("test.applied", |tx| tx.throttles().fail("applied", Timestamp::from_millis(1))).unwrap();
    }
}

fn spawn_child(place: &Place) -> std::process::Child {
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sql::tests::child", "--ignored"])
        .env("MGMT_TEST_CHILD", &place.url)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

/// Processes that start at once on an empty database all come up, and one of them migrates it.
fn processes_share(place: &Place) {
    let children: Vec<_> = (0..10).map(|_| spawn_child(place)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let store = place.open();
    let count = |subject| store.read("test.find", |tx| tx.throttles().find(subject)).unwrap().unwrap().failures;
    let all = i64::try_from(versions(place).len()).unwrap();
    assert_eq!((count("children"), count("applied")), (10, all));
}

/// However early a starting process is killed, the next one comes up.
fn killed_starts_are_survived(place: &Place) {
    for millis in 0..12 {
        let mut child = spawn_child(place);
        thread::sleep(Duration::from_millis(millis * 3));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(spawn_child(place).wait().unwrap().success());
    place.open().check_schema().unwrap();
}
