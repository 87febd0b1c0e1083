use mgmt_core::{
    quota::{Period, Quota},
    time::Timestamp,
};

use super::bench::{NOW, race, read, write};
use crate::store::{Allotment, Store};

fn day(number: i64) -> Timestamp {
    Period::Day.start(NOW.plus_secs(number * 86_400))
}

fn quota(limit: u64) -> Quota {
    Quota { limit, period: Period::Day }
}

fn take(store: &dyn Store, subject: &str, limit: u64, start: Timestamp, cost: u64) -> Allotment {
    store.run("conformance.quota", |tx| tx.quotas().take(subject, &quota(limit), start, cost)).unwrap()
}

fn used(store: &dyn Store, subject: &str, start: Timestamp) -> u64 {
    read(store, |tx| tx.quotas().used(subject, start))
}

/// Allotments are those of the rule, and add up to the limit.
pub fn quotas_give_until_the_limit(store: &dyn Store) {
    assert_eq!(used(store, "s", day(0)), 0);
    let (mut total, mut takes) = (0, 0);
    loop {
        let given = take(store, "s", 1000, day(0), 1);
        assert_eq!(given.units, quota(1000).allotment(1000 - total, 1));
        if given.units == 0 {
            assert_eq!(given.used, 1000);
            break;
        }
        total += given.units;
        takes += 1;
        assert_eq!((given.used, used(store, "s", day(0))), (total, total));
    }
    assert_eq!(total, 1000);
    assert!(takes < 200, "in blocks, not one by one: {takes}");
    assert_eq!(take(store, "other", 1000, day(0), 1).used, 10, "subjects are apart");
}

/// A cost is met whole or not at all; a cost of nothing may take nothing.
pub fn quotas_give_enough_or_nothing(store: &dyn Store) {
    assert_eq!(take(store, "s", 100, day(0), 70), Allotment { units: 70, used: 70 });
    assert_eq!(take(store, "s", 100, day(0), 31), Allotment { units: 0, used: 70 });
    assert_eq!(take(store, "s", 100, day(0), 30), Allotment { units: 30, used: 100 });
    assert_eq!(take(store, "s", 100, day(0), 1), Allotment { units: 0, used: 100 });
    assert_eq!(take(store, "s", 100, day(0), 0), Allotment { units: 0, used: 100 });
    assert_eq!(take(store, "t", 100, day(0), 1_000_000), Allotment { units: 0, used: 0 });
    let most = Quota::MAX_LIMIT;
    assert_eq!(take(store, "u", most, day(0), 1_000_000), Allotment { units: 1_000_000, used: 1_000_000 });
}

/// A new period starts at nothing; one that another node has closed gives nothing, and is not opened again.
pub fn quotas_start_anew(store: &dyn Store) {
    take(store, "s", 10, day(0), 10);
    assert_eq!(take(store, "s", 10, day(1), 4), Allotment { units: 4, used: 4 });
    assert_eq!((used(store, "s", day(0)), used(store, "s", day(1))), (0, 4));
    assert_eq!(take(store, "s", 10, day(0), 1).units, 0);
    assert_eq!(used(store, "s", day(1)), 4);
    assert_eq!(take(store, "s", 10, day(3), 11), Allotment { units: 0, used: 0 });
    assert_eq!(take(store, "s", 10, day(2), 1).units, 0, "the refused request closed the period");
    assert_eq!(take(store, "s", 10, day(3), 10), Allotment { units: 10, used: 10 });
}

/// What is used can be read of many at once.
pub fn used_units_are_listed(store: &dyn Store) {
    take(store, "s", 10, day(1), 4);
    take(store, "t", 10, day(0), 10);
    take(store, "u", 10, day(0), 1);
    let list = |subjects: &[&str]| {
        let subjects: Vec<_> = subjects.iter().map(|subject| (*subject).to_owned()).collect();
        let mut found = read(store, |tx| tx.quotas().list_used(&subjects));
        found.sort();
        found
    };
    assert_eq!(list(&["t", "unknown", "s"]), [("s".to_owned(), day(1), 4), ("t".to_owned(), day(0), 10)]);
    assert_eq!(list(&[]), []);
    // A month is counted apart.
    let month = Quota { limit: 50, period: Period::Month };
    let start = Period::Month.start(NOW);
    write(store, |tx| tx.quotas().take("s", &month, start, 9).map(|_| ()));
    let found = list(&["s"]);
    assert_eq!(found.len(), 2);
    assert!(found.contains(&("s".to_owned(), start, used(store, "s", start))), "{found:?}");
}

/// Unused units go back to the period they came from, and nowhere else.
pub fn quotas_take_units_back(store: &dyn Store) {
    take(store, "s", 100, day(0), 50);
    write(store, |tx| tx.quotas().give_back("s", day(0), 20));
    assert_eq!(used(store, "s", day(0)), 30);
    write(store, |tx| tx.quotas().give_back("s", day(1), 20));
    write(store, |tx| tx.quotas().give_back("unknown", day(0), 20));
    assert_eq!((used(store, "s", day(0)), used(store, "unknown", day(0))), (30, 0));
    take(store, "s", 100, day(1), 5);
    write(store, |tx| tx.quotas().give_back("s", day(0), 5));
    assert_eq!(used(store, "s", day(1)), 5);
}

/// A quota by the month and one by the day are counted apart: changing from one to the other neither closes nor reopens any.
pub fn quotas_may_change_their_period(store: &dyn Store) {
    let now = "2028-02-29T12:00:00Z".parse().unwrap();
    let take = |period: Period, cost| {
        let quota = Quota { limit: 10, period };
        store.run("conformance.quota", |tx| tx.quotas().take("s", &quota, period.start(now), cost)).unwrap()
    };
    assert_eq!(take(Period::Day, 6), Allotment { units: 6, used: 6 });
    assert_eq!(take(Period::Month, 3), Allotment { units: 3, used: 3 });
    assert_eq!(take(Period::Day, 5), Allotment { units: 0, used: 6 });
    assert_eq!(take(Period::Month, 7), Allotment { units: 7, used: 10 });
    assert_eq!(take(Period::Day, 4), Allotment { units: 4, used: 10 });
    write(store, |tx| tx.quotas().give_back("s", Period::Day.start(now), 2));
    assert_eq!((used(store, "s", Period::Day.start(now)), used(store, "s", Period::Month.start(now))), (8, 10));
}

/// A limit that was lowered below what is used gives nothing; one that was raised gives again.
pub fn quotas_follow_a_lowered_limit(store: &dyn Store) {
    take(store, "s", 100, day(0), 50);
    assert_eq!(take(store, "s", 40, day(0), 1), Allotment { units: 0, used: 50 });
    assert_eq!(take(store, "s", 60, day(0), 1), Allotment { units: 1, used: 51 });
}

/// Many takers at once, some of whom return units, use exactly the limit.
pub fn quotas_are_never_over_issued(store: &dyn Store) {
    let kept: u64 = race(8, |i| {
        let mut kept = 0;
        let mut returns = if i % 2 == 0 { 3 } else { 0 };
        loop {
            let given = take(store, "s", 200, day(0), 1);
            assert!(given.used <= 200 && given.units <= 2, "{given:?}");
            if given.units == 0 {
                return kept;
            }
            if returns > 0 {
                returns -= 1;
                write(store, |tx| tx.quotas().give_back("s", day(0), given.units));
            } else {
                kept += given.units;
            }
        }
    })
    .into_iter()
    .sum();
    // A taker may find the row empty for the moment before another one returns units.
    assert!(kept <= 200, "{kept}");
    assert_eq!(used(store, "s", day(0)), kept);
    while take(store, "s", 200, day(0), 1).units > 0 {}
    assert_eq!(used(store, "s", day(0)), 200);
}
