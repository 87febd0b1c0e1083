use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use mgmt_core::{
    id::{KeyId, OrganizationId, UserId},
    quota::{Period, Quota},
    time::Timestamp,
    usage::{Outcome, Surface, UsageCount},
};
use mgmt_store::{Ending, Invalidation, Mode, Result, Store, StoreError, Throttle, Tx};

use crate::Memory;

mod agreement;

mod conformance {
    use mgmt_store::Store;

    fn open() -> Box<dyn Store> {
        Box::new(crate::Memory::new())
    }

    mgmt_store::conformance_tests!(open());
}

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn count(units: u64) -> UsageCount {
    UsageCount {
        organization_id: OrganizationId::from_u128(1),
        key_id: KeyId::from_u128(2),
        surface: Surface::Resource,
        outcome: Outcome::Accepted,
        minute: NOW,
        count: units,
    }
}

fn quota() -> Quota {
    Quota { limit: Quota::MAX_LIMIT, period: Period::Day }
}

/// Something in several tables.
fn write_much(tx: &mut dyn Tx, mark: &str) -> Result<()> {
    tx.settings().insert(mark, mark)?;
    tx.throttles().fail("subject", NOW)?;
    tx.usage().add(mark, &[count(1)], NOW)?;
    tx.quotas().take("subject", &quota(), NOW, 1)?;
    tx.invalidations().append(Invalidation::User(UserId::from_u128(3)), NOW)?;
    tx.node_leases().renew("node", Duration::from_secs(60), i64::MAX)?;
    Ok(())
}

/// What [`write_much`] has left.
#[derive(Debug, Default, PartialEq)]
struct Left {
    setting: Option<String>,
    throttle: Option<Throttle>,
    counts: Vec<UsageCount>,
    used: u64,
    head: i64,
    changes: Vec<i64>,
    leases: usize,
}

fn look_around(store: &dyn Store) -> Left {
    let look = |tx: &mut dyn Tx| -> Result<Left> {
        Ok(Left {
            setting: tx.settings().find("kept")?,
            throttle: tx.throttles().find("subject")?,
            counts: tx.usage().list(OrganizationId::from_u128(1), NOW, Timestamp::MAX)?,
            used: tx.quotas().used("subject", NOW)?,
            head: tx.invalidations().head()?,
            changes: tx.invalidations().list_after(0, 100)?.into_iter().map(|(seq, _)| seq).collect(),
            leases: tx.node_leases().list()?.0.len(),
        })
    };
    store.read("look", look).unwrap()
}

#[test]
fn a_transaction_that_is_given_up_leaves_nothing() {
    let memory = Memory::new();
    let store: &dyn Store = &memory;
    assert_eq!(look_around(store), Left::default());
    store.run("kept", |tx| write_much(tx, "kept")).unwrap();
    let before = look_around(store);
    assert_eq!((&before.counts, &before.changes, before.leases), (&vec![count(1)], &vec![1], 1));

    let refused = store.run("refused", |tx| {
        write_much(tx, "refused")?;
        Err::<(), _>(StoreError::Conflict("on purpose"))
    });
    assert!(matches!(refused, Err(StoreError::Conflict("on purpose"))), "{refused:?}");
    assert_eq!(look_around(store), before, "an error");

    let mut rollback = |tx: &mut dyn Tx| {
        write_much(tx, "undone").unwrap();
        Ending::Rollback
    };
    store.transact("undone", Mode::Write, &mut rollback).unwrap();
    assert_eq!(look_around(store), before, "a rollback");

    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.run("panicked", |tx| {
            write_much(tx, "panicked")?;
            if tx.invalidations().head()? == 2 { resume_unwind(Box::new("on purpose")) } else { Ok::<(), StoreError>(()) }
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(look_around(store), before, "a panic");

    // Nobody is told of what is not committed, and a statement that failed is not forgotten.
    let spoiled = store.run("spoiled", |tx| {
        write_much(tx, "spoiled")?;
        let _ = tx.rate_sheets().start(OrganizationId::from_u128(9));
        Ok::<(), StoreError>(())
    });
    assert!(matches!(spoiled, Err(StoreError::Conflict("reference"))), "{spoiled:?}");
    assert_eq!(look_around(store), before, "a failed statement");
}

#[test]
fn eight_threads_that_add_units_lose_none() {
    const THREADS: u64 = 8;
    const EACH: u64 = 50;
    let memory = Memory::new();
    let taken = AtomicU64::new(0);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, taken): (&dyn Store, _) = (&memory, &taken);
            scope.spawn(move || {
                for n in 0..EACH {
                    let units = store.run("units", |tx| {
                        tx.usage().add(&format!("{thread} {n}"), &[count(n), count(1)], NOW)?;
                        Ok::<_, StoreError>(tx.quotas().take("subject", &quota(), NOW, 1)?.units)
                    });
                    taken.fetch_add(units.unwrap(), Ordering::Relaxed);
                }
            });
        }
    });
    let Left { counts, used, .. } = look_around(&memory);
    assert_eq!(counts, [count(THREADS * (EACH * (EACH - 1) / 2 + EACH))]);
    assert_eq!(used, taken.into_inner());
}

#[test]
fn readers_keep_to_their_moment_while_others_write() {
    let memory = Memory::new();
    let store: &dyn Store = &memory;
    let (early, late) = store
        .read("reader", |tx| {
            let early = tx.settings().find("kept")?;
            store.run("writer", |tx| write_much(tx, "kept"))?;
            Ok::<_, StoreError>((early, tx.settings().find("kept")?))
        })
        .unwrap();
    assert_eq!((early, late), (None, None));
    assert_eq!(look_around(store).setting.as_deref(), Some("kept"));
}

#[test]
fn who_waits_for_themselves_is_told_that_the_store_is_busy() {
    let memory = Memory::waiting(Duration::from_millis(20));
    let store: &dyn Store = &memory;
    let within = store.run("outer", |tx| {
        write_much(tx, "kept")?;
        store.run("inner", |tx| write_much(tx, "inner"))
    });
    assert!(matches!(within, Err(StoreError::Unavailable(_))), "{within:?}");
    assert_eq!(look_around(store).head, 0);
}

#[test]
fn a_copy_is_refused_and_no_file_is_made() {
    let target = std::env::temp_dir().join(format!("mgmt-outside-store-{}", std::process::id()));
    let result = Memory::new().back_up(&target, NOW);
    assert!(matches!(result, Err(StoreError::Backend(_))), "{result:?}");
    assert!(!target.exists());
}
