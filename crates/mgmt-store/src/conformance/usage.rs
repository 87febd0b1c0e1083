use mgmt_core::{
    id::{KeyId, OrganizationId},
    time::Timestamp,
    usage::{Outcome, Surface, UsageCount, UsageSum},
};

use super::bench::{Bench, NOW, after, race, read, write};
use crate::store::{Store, UsageFilter};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// A count of a minute after [`NOW`], which begins an hour.
fn count(organization: OrganizationId, key: u128, minute: i64, count: u64) -> UsageCount {
    let (surface, outcome) = (Surface::Resource, Outcome::Accepted);
    UsageCount {
        organization_id: organization,
        key_id: KeyId::from_u128(key),
        surface,
        outcome,
        minute: after(minute * MINUTE),
        count,
    }
}

fn list(store: &dyn Store, organization: OrganizationId) -> Vec<UsageCount> {
    read(store, |tx| tx.usage().list(organization, Timestamp::from_millis(0), Timestamp::MAX))
}

/// Sums go over all keys and surfaces of one organization, or those that are asked for.
pub fn usage_is_summed_by_minute_and_outcome(store: &dyn Store) {
    let mut bench = Bench::new();
    let own = OrganizationId::new(NOW, &mut bench.rng);
    let other = OrganizationId::new(NOW, &mut bench.rng);
    let verify = UsageCount { surface: Surface::Verify, ..count(own, 1, 0, 4) };
    let limited = UsageCount { outcome: Outcome::Limited, ..count(own, 2, 1, 7) };
    let batch = [
        count(own, 1, 0, 1),
        count(own, 2, 0, 2),
        verify,
        count(own, 1, 1, 10),
        limited,
        count(own, 1, 2, 99),
        count(other, 1, 0, 50),
    ];
    write(store, |tx| tx.usage().add("b", &batch, NOW));
    let sums = |of| {
        let mut sums = read(store, |tx| tx.usage().sums(own, of, NOW, after(2 * MINUTE)));
        sums.sort_by_key(|s| (s.minute, s.outcome));
        sums
    };
    let accepted = |minute: i64, count| UsageSum { minute: after(minute * MINUTE), outcome: Outcome::Accepted, count };
    let refused = UsageSum { outcome: Outcome::Limited, ..accepted(1, 7) };
    assert_eq!(sums(UsageFilter::default()), [accepted(0, 7), accepted(1, 10), refused]);
    let (surface, key) = (Some(Surface::Resource), Some(KeyId::from_u128(2)));
    assert_eq!(sums(UsageFilter { surface, key: None }), [accepted(0, 3), accepted(1, 10), refused]);
    assert_eq!(sums(UsageFilter { surface: None, key }), [accepted(0, 2), refused]);
    assert_eq!(sums(UsageFilter { surface: Some(Surface::Verify), key }), []);
}

/// Old minutes become their hour, new ones stay, and late counts of an hour are added to it.
pub fn usage_is_rolled_up_to_hours(store: &dyn Store) {
    let own = OrganizationId::new(NOW, &mut Bench::new().rng);
    let refused = UsageCount { outcome: Outcome::Refused, ..count(own, 1, 7, 5) };
    let batch = [
        count(own, 1, 0, 1),
        count(own, 1, 1, 2),
        count(own, 1, 59, 3),
        count(own, 2, 1, 4),
        refused,
        count(own, 1, 61, 6),
        count(own, 1, 121, 7),
    ];
    write(store, |tx| tx.usage().add("b1", &batch, NOW));
    let all = || while write(store, |tx| tx.usage().roll_up(after(2 * HOUR), 2)) > 0 {};
    assert_eq!(write(store, |tx| tx.usage().roll_up(after(2 * HOUR), 2)), 2, "no more than asked for");
    all();
    let refused = UsageCount { minute: NOW, ..refused };
    let hours = [count(own, 1, 0, 6), refused, count(own, 2, 0, 4), count(own, 1, 60, 6), count(own, 1, 121, 7)];
    assert_eq!(list(store, own), hours);
    write(store, |tx| tx.usage().add("b2", &[count(own, 1, 30, 10)], NOW));
    all();
    assert_eq!(list(store, own)[0], count(own, 1, 0, 16));
    assert_eq!(write(store, |tx| tx.usage().roll_up(after(2 * HOUR), 100)), 0);
}

/// Nodes that roll up at once, while others still count, lose and double nothing.
pub fn usage_is_rolled_up_once_under_concurrency(store: &dyn Store) {
    let own = OrganizationId::new(NOW, &mut Bench::new().rng);
    let batch: Vec<_> = (0..60).map(|minute| count(own, 1, minute, 1)).collect();
    write(store, |tx| tx.usage().add("b", &batch, NOW));
    race(6, |i| {
        for round in 0..8 {
            if i < 2 {
                let late = [count(own, 1, 7 * round, 1), count(own, 1, 59, 1)];
                store.run("conformance.usage", |tx| tx.usage().add(&format!("{i} {round}"), &late, NOW)).unwrap();
            } else {
                store.run("conformance.roll_up", |tx| tx.usage().roll_up(after(HOUR), 10)).unwrap();
            }
        }
    });
    while write(store, |tx| tx.usage().roll_up(after(HOUR), 10)) > 0 {}
    assert_eq!(list(store, own), [count(own, 1, 0, 60 + 2 * 8 * 2)]);
}

/// As many counts as a busy second has are added as few are, also twice of one kind in a batch, and each key's last use is noted.
pub fn usage_adds_up_in_batches_of_any_size(store: &dyn Store) {
    let own = OrganizationId::new(NOW, &mut Bench::new().rng);
    let batch: Vec<_> = (0..5_001).map(|n| count(own, u128::from(n % 3_000_u64), 0, n)).collect();
    write(store, |tx| {
        tx.keys().touch(&batch.iter().map(|count| (count.key_id, NOW)).collect::<Vec<_>>())?;
        tx.usage().add("b1", &batch, NOW)
    });
    write(store, |tx| tx.usage().add("b2", &batch[4_000..], NOW));
    let expected = |key: u64| {
        let all = batch.iter().filter(|count| count.key_id == KeyId::from_u128(key.into())).map(|count| count.count).sum::<u64>();
        all + batch[4_000..]
            .iter()
            .filter(|count| count.key_id == KeyId::from_u128(key.into()))
            .map(|count| count.count)
            .sum::<u64>()
    };
    let found = list(store, own);
    assert_eq!(found.len(), 3_000);
    for key in [0, 1, 1_999, 2_000, 2_001, 2_999] {
        let one = found.iter().find(|count| count.key_id == KeyId::from_u128(key.into())).unwrap();
        assert_eq!(one.count, expected(key), "{key}");
    }
}

/// What is too old goes, whatever its organization.
pub fn old_usage_is_forgotten(store: &dyn Store) {
    let own = OrganizationId::new(NOW, &mut Bench::new().rng);
    write(store, |tx| tx.usage().add("b", &[count(own, 1, 0, 1), count(own, 1, 60, 2), count(own, 1, 61, 3)], NOW));
    assert_eq!(write(store, |tx| tx.usage().delete_before(after(HOUR))), 1);
    assert_eq!(list(store, own), [count(own, 1, 60, 2), count(own, 1, 61, 3)]);
}
