//! Writers of SQLite that share a transaction.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::sql::group::Queue;

fn store(place: &Place) -> SqlStore {
    let store = place.sql(Options::default());
    store.migrate().unwrap();
    store
}

fn queue(store: &SqlStore) -> &Queue {
    store.lanes.of(Mode::Write).queue.as_ref().unwrap()
}

/// Writes one setting, and does not end before somebody waits for the place; how often it ran.
fn first(store: &SqlStore) -> (Result<bool, StoreError>, u32) {
    let mut runs = 0;
    let result = (store as &dyn Store).run("test.first", |tx| {
        runs += 1;
        let is_new = tx.settings().insert("first", "")?;
        while runs == 1 && !queue(store).is_waited_for() {
            thread::yield_now();
        }
        Ok(is_new)
    });
    (result, runs)
}

fn find(store: &dyn Store, name: &str) -> bool {
    store.read("test.find", |tx| tx.settings().find(name)).unwrap().is_some()
}

#[test]
fn nobody_is_answered_before_the_common_commit() {
    let place = Place::file();
    let store = &store(&place);
    let is_answered = &AtomicBool::new(false);
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            let done = first(store);
            is_answered.store(true, Ordering::SeqCst);
            done
        });
        while queue(store).open.try_lock().is_some() {
            thread::yield_now();
        }
        let other: &dyn Store = store;
        let refused = other.run("test.second", |tx| {
            assert!(!tx.settings().insert("first", "")?, "it is in the same transaction");
            tx.settings().insert("second", "")?;
            thread::sleep(Duration::from_millis(30));
            assert!(!is_answered.load(Ordering::SeqCst));
            assert!(!find(other, "first"), "not committed");
            Err::<(), _>(StoreError::Conflict("name"))
        });
        assert!(matches!(refused, Err(StoreError::Conflict("name"))), "{refused:?}");
        assert!(find(other, "first") && !find(other, "second"));
        let (result, runs) = first.join().unwrap();
        assert_eq!((result.unwrap(), runs), (true, 1));
    });
}

#[test]
fn a_transaction_that_is_gone_is_run_again_by_all() {
    let place = Place::file();
    let store = &store(&place);
    thread::scope(|scope| {
        let first = scope.spawn(|| first(store));
        while queue(store).open.try_lock().is_some() {
            thread::yield_now();
        }
        let mut turn = store.lanes.of(Mode::Write).begin(Mode::Write).unwrap();
        // As SQLite does by itself when a disk is full.
        turn.link.connection.batch_execute("ROLLBACK").unwrap();
        assert_eq!(turn.commit(Mode::Write), Err(Fault::Collision));
        let (result, runs) = first.join().unwrap();
        assert_eq!((result.unwrap(), runs), (true, 2));
    });
    assert!(find(store, "first"));
    assert!((store as &dyn Store).run("test.after", |tx| tx.settings().insert("after", "")).unwrap());
}

#[test]
fn one_whose_successor_does_not_come_commits() {
    let place = Place::file();
    let store = &store(&place);
    queue(store).waiting.fetch_add(1, Ordering::SeqCst);
    for name in ["a", "b"] {
        assert!((store as &dyn Store).run("test.alone", |tx| tx.settings().insert(name, "")).unwrap());
        assert!(find(store, name));
    }
    assert!(queue(store).open.lock().is_none());
}

#[test]
fn who_needs_a_transaction_of_its_own_lets_those_before_end() {
    let place = Place::file();
    let store = &store(&place);
    thread::scope(|scope| {
        let first = scope.spawn(|| first(store));
        while queue(store).open.try_lock().is_some() {
            thread::yield_now();
        }
        let turn = store.lanes.of(Mode::Write).begin_with(AnyConnection::begin_migration).unwrap();
        assert!(find(store, "first"));
        turn.roll_back().unwrap();
        assert!(first.join().unwrap().0.unwrap());
    });
}
