use mgmt_core::{
    id::{KeyId, OrganizationId},
    usage::{Outcome, Surface, UsageCount},
};

use super::bench::{Bench, NOW, after, race, read, write};
use crate::{
    error::StoreError,
    store::{IdempotencyRecord, Store, Throttle},
};

fn record(organization: OrganizationId, id: &str, end: i64) -> IdempotencyRecord {
    IdempotencyRecord {
        id: id.to_owned(),
        organization_id: organization,
        fingerprint: "f".to_owned(),
        status: 201,
        body: "{\"ü\": \"\\u0000\"}".to_owned(),
        key_id: Some(KeyId::from_u128(7)),
        created_at: NOW,
        expires_at: after(end),
    }
}

/// A record reads back as it was written, and stands until it expires.
pub fn idempotency_round_trips(store: &dyn Store) {
    let organization = Bench::new().organization(store).id;
    let with_key = record(organization, "a", 100);
    let without = IdempotencyRecord { key_id: None, status: 204, body: String::new(), ..record(organization, "b", 100) };
    write(store, |tx| tx.idempotency().insert(&with_key));
    write(store, |tx| tx.idempotency().insert(&without));
    read(store, |tx| {
        assert_eq!(tx.idempotency().find("a", after(99))?, Some(with_key.clone()));
        assert_eq!(tx.idempotency().find("b", NOW)?, Some(without.clone()));
        assert_eq!(tx.idempotency().find("c", NOW)?, None);
        Ok(())
    });
    let result = store.run("conformance.idempotency", |tx| tx.idempotency().insert(&with_key));
    assert!(matches!(result, Err(StoreError::Conflict("idempotency"))), "{result:?}");
}

/// A record that has expired is not found, is in nobody's way, and can be forgotten.
pub fn idempotency_records_expire(store: &dyn Store) {
    let organization = Bench::new().organization(store).id;
    write(store, |tx| tx.idempotency().insert(&record(organization, "a", 100)));
    write(store, |tx| tx.idempotency().insert(&record(organization, "b", 100)));
    assert_eq!(read(store, |tx| tx.idempotency().find("a", after(100))), None);
    let later = IdempotencyRecord { created_at: after(100), expires_at: after(200), ..record(organization, "a", 0) };
    write(store, |tx| tx.idempotency().insert(&later));
    assert_eq!(read(store, |tx| tx.idempotency().find("a", after(100))), Some(later));
    assert_eq!(write(store, |tx| tx.idempotency().delete_expired(after(99))), 0);
    assert_eq!(write(store, |tx| tx.idempotency().delete_expired(after(100))), 1);
    assert_eq!(write(store, |tx| tx.idempotency().delete_expired(after(200))), 1);
}

/// Of many who bring a record for one id, one wins, and the others are told of a conflict and nothing else.
pub fn one_idempotency_record_wins(store: &dyn Store) {
    let organization = Bench::new().organization(store).id;
    for (round, expired) in [("fresh", false), ("expired", true)] {
        if expired {
            write(store, |tx| tx.idempotency().insert(&record(organization, round, 0)));
        }
        let bring = |i: i64| IdempotencyRecord { status: i, ..record(organization, round, 100) };
        let results = race(16, |i| store.run("conformance.idempotency", |tx| tx.idempotency().insert(&bring(i as i64))));
        let winners: Vec<_> = (0..16).filter(|&i| results[i].is_ok()).collect();
        assert_eq!(winners.len(), 1, "{round}");
        assert!(results.iter().all(|r| matches!(r, Ok(()) | Err(StoreError::Conflict("idempotency")))), "{round}: {results:?}");
        assert_eq!(read(store, |tx| tx.idempotency().find(round, NOW)), Some(bring(winners[0] as i64)));
    }
}

fn count(organization: OrganizationId, key: u128, minute: i64, count: u64) -> UsageCount {
    UsageCount {
        organization_id: organization,
        key_id: KeyId::from_u128(key),
        surface: Surface::Resource,
        outcome: Outcome::Accepted,
        minute: after(minute * 60_000),
        count,
    }
}

/// Counts of a bucket add up, within a batch and over batches; a batch that comes again adds nothing.
pub fn usage_is_added_once(store: &dyn Store) {
    let organization = OrganizationId::new(NOW, &mut Bench::new().rng);
    let refused = UsageCount { outcome: Outcome::Refused, ..count(organization, 1, 0, 7) };
    let batch = [count(organization, 1, 0, 2), count(organization, 1, 0, 3), refused];
    assert!(write(store, |tx| tx.usage().add("b1", &batch, NOW)));
    assert!(!write(store, |tx| tx.usage().add("b1", &batch, NOW)));
    assert!(write(store, |tx| tx.usage().add("b2", &[count(organization, 1, 0, 10)], after(9))));
    assert!(write(store, |tx| tx.usage().add("b3", &[], after(9))));
    let list = || read(store, |tx| tx.usage().list(organization, NOW, after(60_000)));
    assert_eq!(list(), [count(organization, 1, 0, 15), refused]);
    assert_eq!(write(store, |tx| tx.usage().delete_batches(after(9))), 1);
    assert!(!write(store, |tx| tx.usage().add("b2", &batch, NOW)));
    assert!(write(store, |tx| tx.usage().add("b1", &batch, NOW)), "forgotten by demand");
    assert_eq!(list()[0].count, 20);
}

/// Counts are listed by minute, key, surface and outcome, from the first moment to before the last, of one organization.
pub fn usage_is_listed_by_range(store: &dyn Store) {
    let mut bench = Bench::new();
    let own = OrganizationId::new(NOW, &mut bench.rng);
    let other = OrganizationId::new(NOW, &mut bench.rng);
    let verify = UsageCount { surface: Surface::Verify, ..count(own, 1, 2, 4) };
    let batch =
        [verify, count(own, 2, 2, 3), count(own, 1, 3, 9), count(own, 1, 2, 2), count(own, 1, 1, 1), count(other, 1, 2, 8)];
    write(store, |tx| tx.usage().add("b", &batch, NOW));
    let list = |from: i64, to: i64| read(store, |tx| tx.usage().list(own, after(from * 60_000), after(to * 60_000)));
    assert_eq!(list(1, 3), [count(own, 1, 1, 1), count(own, 1, 2, 2), verify, count(own, 2, 2, 3)]);
    assert_eq!(list(3, 4), [count(own, 1, 3, 9)]);
    assert_eq!(list(4, 9), []);
}

/// Flushes of many nodes at once lose and double nothing, in whatever order they list their buckets.
pub fn usage_adds_up_under_concurrency(store: &dyn Store) {
    let organization = OrganizationId::new(NOW, &mut Bench::new().rng);
    let added = race(8, |i| {
        let mut batch: Vec<_> = (0..6).map(|key| count(organization, key, 0, 1)).collect();
        batch.rotate_left(i % 6);
        // Two nodes each bring the same batch.
        store.run("conformance.usage", |tx| tx.usage().add(&format!("batch {}", i / 2), &batch, NOW)).unwrap()
    });
    assert_eq!(added.iter().filter(|&&a| a).count(), 4);
    let counts = read(store, |tx| tx.usage().list(organization, NOW, after(1)));
    assert_eq!(counts, (0..6).map(|key| count(organization, key, 0, 4)).collect::<Vec<_>>());
}

/// Failures are counted by subject until they are cleared or too old.
pub fn throttles_count(store: &dyn Store) {
    let find = |subject: &str| read(store, |tx| tx.throttles().find(subject));
    assert_eq!(find("a"), None);
    for at in [1, 2, 3] {
        write(store, |tx| tx.throttles().fail("a", after(at)));
    }
    write(store, |tx| tx.throttles().fail("b", after(9)));
    assert_eq!(find("a"), Some(Throttle { failures: 3, last_failure_at: after(3) }));
    assert_eq!(find("b"), Some(Throttle { failures: 1, last_failure_at: after(9) }));
    write(store, |tx| tx.throttles().clear("b"));
    write(store, |tx| tx.throttles().clear("unknown"));
    assert_eq!(find("b"), None);
    assert_eq!(write(store, |tx| tx.throttles().delete_before(after(3))), 0);
    assert_eq!(write(store, |tx| tx.throttles().delete_before(after(4))), 1);
    assert_eq!(find("a"), None);
}

/// No failure is lost when many happen at once, also the first ones.
pub fn throttles_count_under_concurrency(store: &dyn Store) {
    for result in race(16, |_| store.run("conformance.throttle", |tx| tx.throttles().fail("a", NOW))) {
        result.unwrap();
    }
    assert_eq!(read(store, |tx| tx.throttles().find("a")).unwrap().failures, 16);
}

/// The first value of a name stays, also when many set it at once.
pub fn settings_are_set_once(store: &dyn Store) {
    let set = race(16, |i| store.run("conformance.setting", |tx| tx.settings().insert("name", &i.to_string())).unwrap());
    let winners: Vec<_> = (0..16).filter(|&i| set[i]).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(read(store, |tx| tx.settings().find("name")), Some(winners[0].to_string()));
    assert!(!write(store, |tx| tx.settings().insert("name", "other")));
    assert!(write(store, |tx| tx.settings().insert("other", "")));
    assert_eq!(read(store, |tx| tx.settings().find("other")).as_deref(), Some(""));
    assert_eq!(read(store, |tx| tx.settings().find("missing")), None);
}
