use mgmt_core::{
    account::Actor,
    id::KeyId,
    reveal::{Reveal, WrappedBucketKey},
};

use super::bench::{Bench, after, race, read, write};
use crate::{error::StoreError, store::Store};

fn reveal(bench: &mut Bench, store: &dyn Store, end: i64) -> Reveal {
    let organization = bench.organization(store).id;
    let key = bench.key(store, organization);
    let reveal = Reveal {
        key_id: key.id,
        organization_id: organization,
        creator: Actor::Key(key.id),
        bucket: 6_000_000,
        ciphertext: vec![0, 255, 1, 39, 92],
        expires_at: after(end),
        reads_left: 3,
    };
    write(store, |tx| tx.reveals().insert(&reveal));
    reveal
}

/// A record reads back as it was written, without counting; there is one a key; it can be removed.
pub fn reveals_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let made = reveal(&mut bench, store, 900);
    assert_eq!(read(store, |tx| tx.reveals().find(made.key_id)), Some(made.clone()));
    assert_eq!(read(store, |tx| tx.reveals().find(made.key_id)), Some(made.clone()));
    let result = store.run("conformance.reveal", |tx| tx.reveals().insert(&made));
    assert!(matches!(result, Err(StoreError::Conflict("reveal"))), "{result:?}");
    assert!(write(store, |tx| tx.reveals().delete(made.key_id)));
    assert!(!write(store, |tx| tx.reveals().delete(made.key_id)));
    assert_eq!(read(store, |tx| tx.reveals().find(made.key_id)), None);
}

/// Reads are counted down and end by number and by time.
pub fn reveal_reads_are_counted(store: &dyn Store) {
    let mut bench = Bench::new();
    let made = reveal(&mut bench, store, 900);
    let take = |at| write(store, |tx| tx.reveals().take_read(made.key_id, after(at)));
    assert_eq!(take(900), None, "the end is no longer within");
    for left in [2, 1, 0] {
        assert_eq!(take(899), Some(Reveal { reads_left: left, ..made.clone() }));
    }
    assert_eq!(take(0), None);
    assert_eq!(write(store, |tx| tx.reveals().take_read(KeyId::from_u128(1), after(0))), None);
}

/// Of many who read at once, as many succeed as there are reads, each told another number.
pub fn reveal_reads_are_never_given_twice(store: &dyn Store) {
    let mut bench = Bench::new();
    let made = reveal(&mut bench, store, 900);
    let results = race(12, |_| write(store, |tx| tx.reveals().take_read(made.key_id, after(1))));
    let mut left: Vec<_> = results.into_iter().flatten().map(|r| r.reads_left).collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2]);
}

/// A bucket has one key, also when many bring one at once.
pub fn bucket_keys_are_kept_once(store: &dyn Store) {
    let key = |i: u8| WrappedBucketKey { bucket: 42, wrapped: vec![i; 72], expires_at: after(i.into()) };
    let results = race(8, |i| store.run("conformance.bucket", |tx| tx.reveals().insert_bucket_key(&key(i as u8))));
    let winners: Vec<_> = (0..8).filter(|&i| results[i].is_ok()).collect();
    assert_eq!(winners.len(), 1);
    assert!(results.iter().all(|r| matches!(r, Ok(()) | Err(StoreError::Conflict("bucket key")))), "{results:?}");
    assert_eq!(read(store, |tx| tx.reveals().find_bucket_key(42)), Some(key(winners[0] as u8)));
    assert_eq!(read(store, |tx| tx.reveals().find_bucket_key(43)), None);
}

/// Transactions that look for a bucket's key and bring one if there is none all end up with the same.
pub fn bucket_keys_are_shared_by_all_who_look_first(store: &dyn Store) {
    let key = |i: u8| WrappedBucketKey { bucket: 42, wrapped: vec![i; 72], expires_at: after(900) };
    let found = race(8, |i| {
        write(store, |tx| {
            if let Some(found) = tx.reveals().find_bucket_key(42)? {
                return Ok(found);
            }
            tx.reveals().insert_bucket_key(&key(i as u8))?;
            Ok(key(i as u8))
        })
    });
    let kept = read(store, |tx| tx.reveals().find_bucket_key(42)).unwrap();
    assert!(found.iter().all(|f| *f == kept), "{found:?}");
}

/// Windows and bucket keys that have ended go, others stay.
pub fn expired_reveals_are_forgotten(store: &dyn Store) {
    let mut bench = Bench::new();
    let (old, live) = (reveal(&mut bench, store, 100), reveal(&mut bench, store, 101));
    for (bucket, end) in [(1, 100), (2, 101)] {
        let key = WrappedBucketKey { bucket, wrapped: vec![1], expires_at: after(end) };
        write(store, |tx| tx.reveals().insert_bucket_key(&key));
    }
    assert_eq!(write(store, |tx| tx.reveals().delete_expired(after(99))), 0);
    assert_eq!(write(store, |tx| tx.reveals().delete_expired(after(100))), 2);
    read(store, |tx| {
        assert_eq!(tx.reveals().find(old.key_id)?, None);
        assert_eq!(tx.reveals().find(live.key_id)?, Some(live.clone()));
        assert_eq!(tx.reveals().find_bucket_key(1)?, None);
        assert!(tx.reveals().find_bucket_key(2)?.is_some());
        Ok(())
    });
}
