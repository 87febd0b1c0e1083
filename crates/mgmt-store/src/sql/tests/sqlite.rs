//! SQLite, in memory and in a file.

use std::{fs, os::unix::fs::PermissionsExt};

use super::*;

mod memory {
    use super::*;

    crate::conformance_tests! {{
        let store = open("sqlite::memory:", Options::default()).unwrap();
        store.migrate().unwrap();
        store
    }}
}

mod file {
    use super::*;

    crate::conformance_tests!(Place::file().fresh());
}

#[test]
fn migrations() {
    ten_openers_migrate_once(&Place::file());
    other_schemas_are_refused(&Place::file());
    a_killed_migration_leaves_nothing(&Place::file());
    migrations_can_be_reverted(&Place::file());
}

#[test]
fn processes() {
    processes_share(&Place::file());
    killed_starts_are_survived(&Place::file());
}

#[test]
fn rows() {
    corrupt_rows_are_reported(&Place::file());
    impossible_rows_are_refused(&Place::file());
    the_ends_of_time_are_kept(&Place::file());
    nested_transactions_end(&Place::file());
}

#[test]
fn only_the_owner_can_read_the_files() {
    let place = Place::file();
    let store = place.open();
    store.migrate().unwrap();
    let file = place.url.strip_prefix("sqlite://").unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let mode = fs::metadata(format!("{file}{suffix}")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
    let folder = std::path::Path::new(file).parent().unwrap();
    assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(!store.is_shared());
}

#[test]
fn connections_are_set_up_for_safety() {
    let place = Place::file();
    let store = place.sql(Options::default());
    for mode in [Mode::Read, Mode::Write] {
        let mut turn = store.lanes.of(mode).begin(mode).unwrap();
        let connection = &mut turn.link.connection;
        for (pragma, value) in [
            ("journal_mode", "wal"),
            // Commits of the writer are brought to the disk by `Disk`.
            ("synchronous", if mode == Mode::Read { "2" } else { "1" }),
            ("foreign_keys", "1"),
            ("busy_timeout", "5000"),
            ("trusted_schema", "0"),
            ("secure_delete", "1"),
            ("query_only", if mode == Mode::Read { "1" } else { "0" }),
        ] {
            let column = if pragma == "busy_timeout" { "timeout" } else { pragma };
            let found = ask(connection, &format!("SELECT CAST({column} AS TEXT) AS value FROM pragma_{pragma}"));
            assert_eq!(found, value, "{pragma} {mode:?}");
        }
        turn.roll_back().unwrap();
    }
}

/// Otherwise a statement with a limit, which diesel binds, is planned anew each time it is run.
#[test]
fn plans_are_kept_whatever_is_bound() {
    let place = Place::file();
    let store = place.sql(Options::default());
    let mut turn = store.lanes.of(Mode::Read).begin(Mode::Read).unwrap();
    let used = ask(&mut turn.link.connection, "SELECT CAST(sqlite_compileoption_used('ENABLE_QPSG') AS TEXT) AS value");
    assert_eq!(used, "1", "`.cargo/config.toml` is not read: it says how SQLite is built");
    turn.roll_back().unwrap();
}

#[test]
fn what_is_no_database_is_refused() {
    let place = Place::file();
    let file = place.url.strip_prefix("sqlite://").unwrap();
    fs::create_dir_all(std::path::Path::new(file).parent().unwrap()).unwrap();
    fs::write(file, "this is certainly not a database, but a text of some length that tells you so").unwrap();
    let error = open(&place.url, Options::default()).unwrap_err();
    assert!(error.to_string().contains("not a database"), "{error}");
    assert_eq!(fs::read(file).unwrap()[..4], *b"this");
    fs::remove_file(file).unwrap();
    fs::create_dir(file).unwrap();
    assert!(matches!(open(&place.url, Options::default()), Err(StoreError::Unavailable(_))));
    let blocked = format!("{}/inside/of.db", place.url);
    fs::remove_dir(file).unwrap();
    fs::write(file, "").unwrap();
    let error = open(&blocked, Options::default()).unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable(text) if text.contains("cannot create")), "{error}");
}

#[test]
fn a_file_that_went_away_is_not_replaced_by_an_empty_one() {
    let place = Place::file();
    let store = place.open();
    store.migrate().unwrap();
    let file = place.url.strip_prefix("sqlite://").unwrap();
    fs::remove_file(file).unwrap();
    assert!(place.address.connect().is_err());
    assert!(!std::path::Path::new(file).exists());
}

#[test]
fn writers_wait_for_other_processes() {
    let place = Place::file();
    let store = place.open();
    store.migrate().unwrap();
    let mut other = place.address.connect().unwrap();
    other.begin(Mode::Write).unwrap();
    let free = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        other.rollback().unwrap();
    });
    assert_eq!(store.read("test.read", |tx| tx.settings().find("a")).unwrap(), None, "readers do not wait");
    assert!(store.run("test.wait", |tx| tx.settings().insert("a", "")).unwrap());
    free.join().unwrap();
}

#[test]
fn a_full_disk_stops_writes_only_and_passes() {
    let place = Place::file();
    let store = place.sql(Options::default());
    store.migrate().unwrap();
    let limit = |pages: i64| {
        // The limit belongs to the connection, and there is one that writes.
        let turn = store.lanes.of(Mode::Write).begin_with(|c| {
            c.batch_execute(&format!("PRAGMA max_page_count = {pages}"))?;
            c.begin(Mode::Write)
        });
        turn.unwrap().roll_back().unwrap();
    };
    limit(1);
    let big = "x".repeat(1 << 20);
    let store: &dyn Store = &store;
    for _ in 0..3 {
        let result = store.run("test.full", |tx| tx.settings().insert("big", &big));
        assert!(matches!(&result, Err(StoreError::Unavailable(text)) if text.contains("full")), "{result:?}");
        assert_eq!(store.read("test.read", |tx| tx.settings().find("big")).unwrap(), None);
    }
    limit(1_000_000);
    assert!(store.run("test.room", |tx| tx.settings().insert("big", &big)).unwrap());
}
