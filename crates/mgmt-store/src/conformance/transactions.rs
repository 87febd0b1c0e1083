use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::bench::{Bench, Done, NOW, race, read, write};
use crate::{
    error::StoreError,
    store::{Ending, Mode, Store},
};

/// Migrating an up-to-date store applies nothing, and its schema is the right one.
pub fn migrating_again_changes_nothing(store: &dyn Store) {
    assert_eq!(store.migrate().unwrap(), Vec::<String>::new());
    store.check_schema().unwrap();
    assert!(race(4, |_| store.migrate().unwrap()).iter().all(Vec::is_empty));
}

/// What a transaction committed is there for all that begin later.
pub fn commits_are_seen(store: &dyn Store) {
    assert!(write(store, |tx| tx.settings().insert("a", "1")));
    assert_eq!(read(store, |tx| tx.settings().find("a")).as_deref(), Some("1"));
    let seen = thread::scope(|s| s.spawn(|| read(store, |tx| tx.settings().find("a"))).join().unwrap());
    assert_eq!(seen.as_deref(), Some("1"));
}

/// `Err` undoes all that the transaction did.
pub fn errors_roll_back(store: &dyn Store) {
    let result = store.run::<(), StoreError>("conformance.error", |tx| {
        tx.settings().insert("a", "1")?;
        tx.throttles().fail("s", NOW)?;
        assert_eq!(tx.settings().find("a")?.as_deref(), Some("1"));
        Err(StoreError::Backend("on purpose".to_owned()))
    });
    assert!(matches!(result, Err(StoreError::Backend(text)) if text == "on purpose"));
    assert_eq!(read(store, |tx| tx.settings().find("a")), None);
    store
        .transact("conformance.rollback", Mode::Write, &mut |tx| {
            tx.settings().insert("a", "1").unwrap();
            Ending::Rollback
        })
        .unwrap();
    assert_eq!(read(store, |tx| Ok((tx.settings().find("a")?, tx.throttles().find("s")?))), (None, None));
}

/// A panic undoes all that the transaction did and reaches the caller; the store goes on working.
pub fn panics_roll_back_and_go_on(store: &dyn Store) {
    for _ in 0..20 {
        let result = catch_unwind(AssertUnwindSafe(|| {
            store.run::<(), StoreError>("conformance.panic", |tx| {
                tx.settings().insert("a", "1")?;
                std::panic::resume_unwind(Box::new("on purpose"));
            })
        }));
        assert_eq!(result.unwrap_err().downcast_ref::<&str>(), Some(&"on purpose"));
    }
    assert_eq!(read(store, |tx| tx.settings().find("a")), None);
    assert!(write(store, |tx| tx.settings().insert("a", "2")));
}

/// After a statement failed, nothing more can be done in its transaction, and what was done is not kept: databases differ here,
/// and callers must not notice.
pub fn failed_statements_spoil_their_transaction(store: &dyn Store) {
    let mut bench = Bench::new();
    let user = bench.user(store);
    let result = store.run::<_, StoreError>("conformance.spoil", |tx| {
        tx.settings().insert("a", "1")?;
        assert!(matches!(tx.users().insert(&user), Err(StoreError::Conflict(_))));
        assert!(tx.settings().find("a").is_err());
        Ok(())
    });
    assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
    assert_eq!(read(store, |tx| tx.settings().find("a")), None);
}

/// A reading transaction that writes gets an error, and changes nothing.
pub fn reading_transactions_cannot_write(store: &dyn Store) {
    let result = store.read("conformance.read_only", |tx| tx.settings().insert("a", "1"));
    assert!(matches!(result, Err(StoreError::Backend(_))), "{result:?}");
    assert_eq!(read(store, |tx| tx.settings().find("a")), None);
    assert!(write(store, |tx| tx.settings().insert("a", "1")));
}

/// A reader sees all of a transaction or nothing of it, however often it looks.
pub fn readers_see_whole_transactions(store: &dyn Store) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _done = Done(&done);
            for i in 0..40 {
                write(store, |tx| Ok(tx.settings().insert(&format!("a{i}"), "")? && tx.settings().insert(&format!("b{i}"), "")?));
            }
        });
        while !done.load(Ordering::SeqCst) {
            read(store, |tx| {
                for i in 0..40 {
                    let first = tx.settings().find(&format!("a{i}"))?;
                    let second = tx.settings().find(&format!("b{i}"))?;
                    assert_eq!(first.is_some(), second.is_some(), "{i}");
                }
                Ok(())
            });
        }
    });
}

/// Many writers at once all get their turn.
pub fn writers_do_not_starve(store: &dyn Store) {
    let results = race(32, |_| (0..5).map(|_| store.run("conformance.turn", |tx| tx.throttles().fail("turns", NOW))).collect());
    for result in results.into_iter().flat_map(|r: Vec<_>| r) {
        result.unwrap();
    }
    assert_eq!(read(store, |tx| tx.throttles().find("turns")).unwrap().failures, 160);
}

/// What some of many writers fail at, whichever way, undoes nothing of the others, and nothing of it is kept.
pub fn failures_of_some_undo_nothing_of_others(store: &dyn Store) {
    let mut bench = Bench::new();
    let user = bench.user(store);
    let name = |writer: usize, step: usize| format!("{writer} {step}");
    let results = race(24, |writer| {
        let each = (0..10).map(|step| {
            let run = || {
                store.run("conformance.some", |tx| {
                    assert!(tx.settings().insert(&name(writer, step), "")?);
                    tx.throttles().fail("some", NOW)?;
                    match (writer + step) % 5 {
                        1 => return Err(StoreError::Backend("on purpose".to_owned())),
                        2 => std::panic::resume_unwind(Box::new("on purpose")),
                        3 => tx.users().insert(&user)?,
                        _ => {}
                    }
                    Ok(())
                })
            };
            matches!(catch_unwind(AssertUnwindSafe(run)), Ok(Ok(())))
        });
        each.collect::<Vec<_>>()
    });
    for (writer, steps) in results.into_iter().enumerate() {
        for (step, succeeded) in steps.into_iter().enumerate() {
            assert_eq!(succeeded, matches!((writer + step) % 5, 0 | 4), "{writer} {step}");
            let found = read(store, |tx| tx.settings().find(&name(writer, step)));
            assert_eq!(found.is_some(), succeeded, "{writer} {step}");
        }
    }
    assert_eq!(read(store, |tx| tx.throttles().find("some")).unwrap().failures, 24 * 10 * 2 / 5);
}
