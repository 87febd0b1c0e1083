//! PostgreSQL, where a server is given.

use std::{net::TcpListener, sync::Barrier};

use super::*;
use crate::store::{News, Realm, ShipmentFilter, Shipments, Window};

/// A database on the server, or the end of the test.
macro_rules! place {
    () => {
        match Place::postgres() {
            Some(place) => place,
            None => return,
        }
    };
}

mod server {
    use super::*;

    crate::conformance_tests!(place!().fresh());
}

#[test]
fn migrations() {
    ten_openers_migrate_once(&place!());
    other_schemas_are_refused(&place!());
    a_killed_migration_leaves_nothing(&place!());
    migrations_can_be_reverted(&place!());
}

#[test]
fn processes() {
    processes_share(&place!());
    killed_starts_are_survived(&place!());
}

#[test]
fn rows() {
    corrupt_rows_are_reported(&place!());
    impossible_rows_are_refused(&place!());
    the_ends_of_time_are_kept(&place!());
    nested_transactions_end(&place!());
}

#[test]
fn connections_are_set_up_for_safety() {
    let place = place!();
    let store = place.sql(Options::default());
    assert!(store.is_shared());
    for (mode, isolation, lock, idle) in
        [(Mode::Read, "repeatable read", "0", "10s"), (Mode::Write, "read committed", "3s", "2s")]
    {
        let mut turn = store.lanes.of(mode).begin(mode).unwrap();
        for (setting, value) in [
            ("transaction_isolation", isolation),
            ("statement_timeout", "5s"),
            ("lock_timeout", lock),
            ("idle_in_transaction_session_timeout", idle),
            ("application_name", "mgmt"),
        ] {
            let found = ask(&mut turn.link.connection, &format!("SELECT current_setting('{setting}') AS value"));
            assert_eq!(found, value, "{setting} {mode:?}");
        }
        turn.roll_back().unwrap();
    }
}

const KILL_ALL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// Connections that died while they were idle are passed over, without an error for anybody.
#[test]
fn dead_connections_are_replaced() {
    let place = place!();
    let store = place.open();
    store.migrate().unwrap();
    let barrier = Barrier::new(10);
    for round in 0..3 {
        thread::scope(|scope| {
            for _ in 0..10 {
                // All at once, so that there are ten connections.
                scope.spawn(|| {
                    store
                        .read("test.fill", |tx| {
                            barrier.wait();
                            tx.settings().find("a")
                        })
                        .unwrap();
                });
            }
        });
        tamper(&place, KILL_ALL);
        assert!(store.run("test.after", |tx| tx.settings().insert(&format!("a{round}"), "")).unwrap());
    }
}

/// A transaction that loses its connection before the commit is run again.
#[test]
fn a_lost_transaction_is_run_again() {
    let place = place!();
    let store = place.open();
    store.migrate().unwrap();
    let mut runs = 0;
    store
        .run("test.lost", |tx| {
            runs += 1;
            tx.throttles().fail("s", Timestamp::from_millis(runs))?;
            if runs == 1 {
                tamper(&place, KILL_ALL);
            }
            tx.throttles().fail("s", Timestamp::from_millis(runs))
        })
        .unwrap();
    assert_eq!(runs, 2);
    assert_eq!(store.read("test.find", |tx| tx.throttles().find("s")).unwrap().unwrap().failures, 2);
}

/// One that stands still for so long that the database undoes it is run again, once: also when it had only to be committed.
#[test]
fn a_transaction_that_stood_still_is_run_again() {
    let place = place!();
    let store = place.open();
    store.migrate().unwrap();
    for (subject, is_last) in [("within", false), ("at its end", true)] {
        let mut runs = 0;
        let rest =
            |tx: &mut dyn Tx| if is_last { Ok(()) } else { tx.throttles().fail(subject, Timestamp::from_millis(2)).map(drop) };
        store
            .run("test.stall", |tx| {
                runs += 1;
                tx.throttles().fail(subject, Timestamp::from_millis(1))?;
                if runs == 1 {
                    thread::sleep(Duration::from_millis(2_500));
                }
                rest(tx)
            })
            .unwrap();
        assert_eq!(runs, 2, "{subject}");
        let found = store.read("test.find", |tx| tx.throttles().find(subject)).unwrap().unwrap().failures;
        assert_eq!(found, if is_last { 1 } else { 2 }, "{subject}");
    }
}

/// Transactions that wait for each other in a circle all end well.
#[test]
fn deadlocks_are_run_again() {
    let place = place!();
    let store = place.open();
    store.migrate().unwrap();
    for subject in ["a", "b"] {
        store.run("test.make", |tx| tx.throttles().fail(subject, Timestamp::from_millis(1))).unwrap();
    }
    let barrier = Barrier::new(2);
    let runs = thread::scope(|scope| {
        let threads = [["a", "b"], ["b", "a"]].map(|[first, second]| {
            let (store, barrier) = (&store, &barrier);
            scope.spawn(move || {
                let mut runs = 0;
                store
                    .run("test.circle", |tx| {
                        runs += 1;
                        tx.throttles().fail(first, Timestamp::from_millis(2))?;
                        if runs == 1 {
                            barrier.wait();
                        }
                        tx.throttles().fail(second, Timestamp::from_millis(2))
                    })
                    .unwrap();
                runs
            })
        });
        threads.into_iter().map(|t| t.join().unwrap()).sum::<u32>()
    });
    // Under load the server may end both.
    assert!(runs >= 3, "one of the two was run again: {runs} runs");
    for subject in ["a", "b"] {
        assert_eq!(store.read("test.find", |tx| tx.throttles().find(subject)).unwrap().unwrap().failures, 3);
    }
}

/// A lock that is held for too long is an error in time, and the store goes on.
#[test]
fn a_lock_that_is_not_released_is_unavailable() {
    let place = place!();
    let store = place.open();
    store.migrate().unwrap();
    store.run("test.make", |tx| tx.throttles().fail("s", Timestamp::from_millis(1))).unwrap();
    let mut other = place.address.connect().unwrap();
    other.batch_execute("BEGIN; UPDATE throttles SET failures = 7").unwrap();
    let result = store.run("test.wait", |tx| tx.throttles().fail("s", Timestamp::from_millis(2)));
    assert!(matches!(&result, Err(StoreError::Unavailable(text)) if text.contains("lock timeout")), "{result:?}");
    other.batch_execute("ROLLBACK").unwrap();
    store.run("test.go_on", |tx| tx.throttles().fail("s", Timestamp::from_millis(2))).unwrap();
}

/// A server that is away, or accepts and says nothing, is one clear error within seconds, without the password.
#[test]
fn an_unreachable_server_is_told_soon_and_without_the_password() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    for address in [format!("127.0.0.1:{port}"), "127.0.0.1:1".to_owned()] {
        let url = format!("postgres://ana:s%65cret@{address}/mgmt");
        #[expect(clippy::disallowed_methods, reason = "this is about how long it takes")]
        let start = Instant::now();
        let error = open(&url, Options::default()).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        assert!(!error.to_string().contains("secret") && !error.to_string().contains("s%65cret"), "{error}");
        assert!(error.to_string().contains("127.0.0.1"), "{error}");
    }
    // libpq itself repeats what it cannot read.
    let error = open("postgres://ana:50%secret@127.0.0.1:1/mgmt", Options::default()).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}

/// What `ANALYZE` found every shipment to have is not asked for, and what is found stays the same.
#[test]
fn rare_trigrams_are_asked_for() {
    let place = place!();
    let store = place.sql(Options::default());
    store.migrate().unwrap();
    crate::conformance::shipments_are_found_by_any_part(&store);
    tamper(&place, "ANALYZE shipments");
    let text = "po-0039595";
    let mut turn = store.lanes.of(Mode::Read).begin(Mode::Read).unwrap();
    let connection = &mut turn.link.connection;
    let organization = ask(connection, "SELECT min(organization_id) AS value FROM shipments").parse().unwrap();
    let realm = Realm { organization, test_mode: true };
    let common = ["po-", "o-0", "-00"].map(|gram| {
        let one = format!("SELECT (mgmt_grams('{organization}', true, '{gram}'))[1]::text AS value");
        ask(connection, &one).parse::<i64>().unwrap()
    });
    let mut tx = SqlTx::new(connection, Mode::Read);
    let asked = tx.rare_grams(realm, text).unwrap();
    assert_eq!(asked.len(), 5);
    assert!(common.iter().all(|gram| !asked.contains(gram)), "{asked:?} {common:?}");
    let filter = ShipmentFilter { reference: Some(text.to_uppercase()), ..ShipmentFilter::default() };
    let (count, found) = tx.page(realm, &filter, Window { offset: 0, limit: 10 }).unwrap();
    assert_eq!((count, found[0].parts.reference.as_deref()), (1, Some("PO-0039595")));
    turn.roll_back().unwrap();
}

/// What is asked back of other nodes, and what comes back, is heard by whoever listens, and by its name.
#[test]
fn recalls_are_heard() {
    let place = place!();
    let store = place.fresh();
    let mut ear = store.listen().unwrap().unwrap();
    assert_eq!(ear.news().unwrap(), News::default());
    let tell = |tx: &mut dyn Tx| {
        tx.quotas().recall("key_1'; --")?;
        tx.quotas().announce_return("key_2")
    };
    store.run("test.tell", tell).unwrap();
    let mut heard = News::default();
    for _ in 0..500 {
        let news = ear.news().unwrap();
        heard.recalled.extend(news.recalled);
        heard.returned.extend(news.returned);
        if !heard.returned.is_empty() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!((heard.recalled, heard.returned), (vec!["key_1'; --".to_owned()], vec!["key_2".to_owned()]));
}

/// A primary tells its timeline without special rights, and at once.
#[test]
fn primaries_tell_their_timeline() {
    let place = place!();
    let mut connection = place.address.connect().unwrap();
    let timeline = place.address.timeline(&mut connection).unwrap();
    assert!(timeline.number() >= 1 && !timeline.is_past());
    // In a transaction of a role that may nothing.
    connection.batch_execute("BEGIN; CREATE ROLE mgmt_nobody; SET LOCAL ROLE mgmt_nobody").unwrap();
    assert_eq!(place.address.timeline(&mut connection), Some(timeline));
    connection.batch_execute("ROLLBACK").unwrap();
}
