use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use mgmt_core::{
    account::Actor,
    audit::{AuditEntry, verify},
    id::{AuditId, KeyId, OrganizationId, SessionId, UserId},
};
use serde_json::{Value, json};

use super::bench::{Bench, Done, NOW, after, race, read, write};
use crate::{
    error::StoreError,
    store::{AuditFilter, Invalidation, Store},
};

fn key(number: u128) -> Invalidation {
    Invalidation::Key(KeyId::from_u128(number))
}

/// Changes of every kind are numbered from the last number on, and listed in that order.
pub fn invalidations_are_numbered(store: &dyn Store) {
    let changes = [
        key(1),
        Invalidation::Organization(OrganizationId::from_u128(2)),
        Invalidation::Session(SessionId::from_u128(3)),
        Invalidation::User(UserId::from_u128(4)),
    ];
    let head = read(store, |tx| tx.invalidations().head());
    let numbers =
        write(store, |tx| changes.iter().map(|&change| tx.invalidations().append(change, NOW)).collect::<Result<Vec<_>, _>>());
    assert_eq!(numbers, (head + 1..=head + 4).collect::<Vec<_>>());
    assert_eq!(read(store, |tx| tx.invalidations().head()), head + 4);
    let wanted: Vec<_> = numbers.into_iter().zip(changes).collect();
    assert_eq!(read(store, |tx| tx.invalidations().list_after(head, 100)), wanted);
    assert_eq!(read(store, |tx| tx.invalidations().list_after(head + 1, 2)), wanted[1..3]);
    assert_eq!(read(store, |tx| tx.invalidations().list_after(head + 4, 100)), []);
}

/// Numbers go on where they were after a rollback and after old changes are forgotten.
pub fn invalidations_keep_their_numbering(store: &dyn Store) {
    let append = |at| write(store, |tx| tx.invalidations().append(key(1), after(at)));
    let first = append(0);
    let result = store.run::<(), StoreError>("conformance.rollback", |tx| {
        tx.invalidations().append(key(2), NOW)?;
        Err(StoreError::Backend("on purpose".to_owned()))
    });
    assert!(result.is_err());
    assert_eq!(append(5), first + 1);
    assert_eq!(write(store, |tx| tx.invalidations().delete_before(after(5))), 1);
    assert_eq!(read(store, |tx| tx.invalidations().list_after(0, 10)), [(first + 1, key(1))]);
    assert_eq!(write(store, |tx| tx.invalidations().delete_before(after(6))), 1);
    assert_eq!(read(store, |tx| tx.invalidations().head()), first + 1);
    assert_eq!(append(9), first + 2);
}

/// A reader that follows the journal while many write sees every number in turn: none appears behind it later.
pub fn invalidations_have_no_gaps_that_fill_later(store: &dyn Store) {
    const WRITERS: usize = 8;
    const EACH: i64 = 12;
    let start = read(store, |tx| tx.invalidations().head());
    let done = AtomicBool::new(false);
    let follow = || {
        let mut seen = start;
        loop {
            let last_look = done.load(Ordering::SeqCst);
            let (page, head) = read(store, |tx| Ok((tx.invalidations().list_after(seen, 1000)?, tx.invalidations().head()?)));
            for (number, _) in page {
                assert_eq!(number, seen + 1, "a number is missing");
                seen = number;
            }
            assert_eq!(seen, head, "the head is the last number");
            if last_look {
                return seen;
            }
        }
    };
    let seen = thread::scope(|scope| {
        let reader = scope.spawn(follow);
        let writers = Done(&done);
        race(WRITERS, |i| {
            for n in 0..EACH {
                // Some change more than one thing, and some fail at the end.
                let result = store.run("conformance.append", |tx| {
                    tx.invalidations().append(key(i as u128), NOW)?;
                    if n % 3 == 0 { Err(StoreError::Conflict("on purpose")) } else { Ok(()) }
                });
                assert!(matches!(result, Ok(()) | Err(StoreError::Conflict("on purpose"))), "{result:?}");
            }
        });
        drop(writers);
        reader.join().unwrap()
    });
    assert_eq!(seen, start + WRITERS as i64 * EACH * 2 / 3);
}

fn entry(bench: &mut Bench, organization: OrganizationId, after_state: Option<Value>) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(NOW, &mut bench.rng),
        organization_id: organization,
        at: after(1),
        actor: Actor::System,
        action: "api_key.created".to_owned(),
        target: "key_1".to_owned(),
        address: None,
        request_id: None,
        before: None,
        after: after_state,
    }
}

/// An entry reads back exactly as it was hashed: order of members, numbers, and texts of all kinds.
pub fn audit_entries_read_back_as_they_were_hashed(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let awkward = json!({"z": 0.1, "a": [1e300, -0.0, 5e-324, 0.333_333_333_333_333_3, 9_007_199_254_740_993_i64], "ü\u{0}\n": "\u{1F600}\"\\", "e": {}});
    let full = AuditEntry {
        actor: Actor::User(UserId::from_u128(5)),
        address: Some("2001:db8::1".to_owned()),
        request_id: Some("req_1".to_owned()),
        before: Some(awkward.clone()),
        ..entry(&mut bench, organization, Some(awkward))
    };
    let plain = entry(&mut bench, organization, None);
    assert_eq!(write(store, |tx| tx.audit().append(&full)), 1);
    assert_eq!(write(store, |tx| tx.audit().append(&plain)), 2);
    let entries = read(store, |tx| tx.audit().list(organization, 0, 10));
    assert_eq!(entries.iter().map(|e| &e.entry).collect::<Vec<_>>(), [&full, &plain]);
    verify(&entries).unwrap();
    let result = store.run("conformance.audit", |tx| tx.audit().append(&plain));
    assert!(matches!(result, Err(StoreError::Conflict("audit entry"))), "{result:?}");
}

/// Each organization has a chain of its own, listed in pages.
pub fn audit_chains_are_apart(store: &dyn Store) {
    let mut bench = Bench::new();
    let (own, other) = (bench.organization(store).id, bench.organization(store).id);
    for n in 1..=5 {
        for organization in [own, other] {
            let entry = entry(&mut bench, organization, Some(json!(n)));
            assert_eq!(write(store, |tx| tx.audit().append(&entry)), n);
        }
    }
    let page = |seq, limit| -> Vec<_> {
        read(store, |tx| tx.audit().list(own, seq, limit)).iter().map(|e| (e.seq, e.entry.organization_id)).collect()
    };
    assert_eq!(page(0, 2), [(1, own), (2, own)]);
    assert_eq!(page(2, 100), [(3, own), (4, own), (5, own)]);
    assert_eq!(page(5, 100), []);
}

/// Entries of many transactions at once, some undone, some of two entries, form one chain.
pub fn audit_chains_hold_under_concurrency(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    let entries: Vec<[AuditEntry; 2]> =
        (0..32).map(|n| [(); 2].map(|()| entry(&mut bench, organization, Some(json!({ "n": n }))))).collect();
    race(8, |i| {
        for n in 0..4 {
            let result = store.run("conformance.audit", |tx| {
                for entry in &entries[i * 4 + n] {
                    tx.audit().append(entry)?;
                }
                if n == 1 { Err(StoreError::Conflict("on purpose")) } else { Ok(()) }
            });
            assert!(matches!(result, Ok(()) | Err(StoreError::Conflict("on purpose"))), "{result:?}");
        }
    });
    let chain = read(store, |tx| tx.audit().list(organization, 0, 1000));
    assert_eq!(chain.len(), 48);
    verify(&chain).unwrap();
}

/// Entries are found by actor, action and time, newest first, in pages.
pub fn audit_entries_are_found(store: &dyn Store) {
    let mut bench = Bench::new();
    let (own, other) = (bench.organization(store).id, bench.organization(store).id);
    let person = Actor::User(UserId::from_u128(7));
    for n in 1..=6_i64 {
        for organization in [own, other] {
            let actor = if n % 2 == 0 { person } else { Actor::System };
            let action = if n <= 3 { "a_b.c" } else { "axb.c" }.to_owned();
            let entry = AuditEntry { at: after(n), actor, action, ..entry(&mut bench, organization, None) };
            write(store, |tx| tx.audit().append(&entry));
        }
    }
    let found = |filter: AuditFilter, before, limit| -> Vec<i64> {
        let page = read(store, |tx| tx.audit().search(own, &filter, before, limit));
        assert!(page.iter().all(|e| e.entry.organization_id == own));
        page.iter().map(|e| e.seq).collect()
    };
    let all = AuditFilter::default();
    assert_eq!(found(all.clone(), None, 100), [6, 5, 4, 3, 2, 1]);
    assert_eq!(found(all.clone(), None, 2), [6, 5]);
    assert_eq!(found(all.clone(), Some(5), 2), [4, 3]);
    assert_eq!(found(AuditFilter { actor: Some(person), ..all.clone() }, None, 100), [6, 4, 2]);
    assert_eq!(found(AuditFilter { action: Some("a_b.c".to_owned()), ..all.clone() }, None, 100), [3, 2, 1]);
    let range = AuditFilter { from: Some(after(2)), to: Some(after(5)), ..all };
    assert_eq!(found(range.clone(), None, 100), [4, 3, 2]);
    assert_eq!(found(AuditFilter { actor: Some(person), ..range }, Some(4), 100), [2]);
}

/// The end of a chain moves with it, and its seal is kept.
pub fn audit_heads_are_sealed(store: &dyn Store) {
    let mut bench = Bench::new();
    let organization = bench.organization(store).id;
    assert_eq!(read(store, |tx| tx.audit().head(organization)), None);
    let result = store.run("conformance.seal", |tx| tx.audit().seal(organization, &[1; 32]));
    assert!(matches!(result, Err(StoreError::Conflict("audit chain"))), "{result:?}");
    for seq in 1..=2 {
        let entry = entry(&mut bench, organization, None);
        write(store, |tx| tx.audit().append(&entry));
        write(store, |tx| tx.audit().seal(organization, &[9; 32]));
        let head = read(store, |tx| tx.audit().head(organization)).unwrap();
        let last = read(store, |tx| tx.audit().list(organization, seq - 1, 1)).pop().unwrap();
        assert_eq!((head.seq, head.hash, head.seal), (seq, last.hash, Some([9; 32])));
    }
}
