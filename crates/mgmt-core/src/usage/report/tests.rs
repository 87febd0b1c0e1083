use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn the_last_24_hours_by_hour() {
    let range = UsageRange::new(None, None, Interval::Hour, at("2027-03-01T10:30:00Z")).unwrap();
    assert_eq!((range.from(), range.to(), range.len()), (at("2027-02-28T11:00:00Z"), at("2027-03-01T11:00:00Z"), 24));
    let range = UsageRange::new(None, None, Interval::Hour, at("2027-03-01T10:00:00Z")).unwrap();
    assert_eq!((range.to(), range.len()), (at("2027-03-01T11:00:00Z"), 24), "the hour that begins now is one of them");
    let range = UsageRange::new(None, None, Interval::Minute, at("2027-03-01T10:30:00Z")).unwrap();
    assert_eq!((range.to(), range.len()), (at("2027-03-01T10:31:00Z"), 1440));
    let range = UsageRange::new(None, None, Interval::Day, at("2027-03-01T10:30:00Z")).unwrap();
    assert_eq!((range.from(), range.to()), (at("2027-02-28T00:00:00Z"), at("2027-03-02T00:00:00Z")));
}

#[test]
fn buckets_are_whole() {
    let (from, to) = (at("2028-02-28T23:59:59.999Z"), at("2028-03-01T00:00:00.001Z"));
    let starts = |interval| {
        let range = UsageRange::new(Some(from), Some(to), interval, to).unwrap();
        UsageReport::new(range, &[]).buckets.iter().map(|b| b.start.to_string()).collect::<Vec<_>>()
    };
    let days = ["2028-02-28T00:00:00.000Z", "2028-02-29T00:00:00.000Z", "2028-03-01T00:00:00.000Z"];
    assert_eq!(starts(Interval::Day), days, "a leap day is a day");
    assert_eq!((starts(Interval::Hour).len(), starts(Interval::Minute).len()), (26, 1442));
    let range = UsageRange::new(Some(at("2027-12-31T00:00:00Z")), Some(at("2028-01-01T00:00:00Z")), Interval::Day, to).unwrap();
    assert_eq!(range.len(), 1, "the end is not in the range");
}

#[test]
fn wrong_ranges_are_refused() {
    let now = at("2027-03-01T10:30:00Z");
    for (from, to) in [(Some(now), Some(now)), (Some(now.plus_secs(1)), None), (None, Some(Timestamp::from_millis(0)))] {
        assert!(UsageRange::new(from, to, Interval::Hour, now).is_err(), "{from:?} {to:?}");
    }
    let from = now.plus_secs(-60 * MAX_BUCKETS);
    assert!(UsageRange::new(Some(from), Some(now), Interval::Minute, now).is_ok());
    assert!(UsageRange::new(Some(from.plus_millis(-1)), Some(now), Interval::Minute, now).is_err());
    assert!(UsageRange::new(Some(Timestamp::from_millis(0)), Some(Timestamp::MAX), Interval::Day, now).is_err());
}

fn interval() -> impl Strategy<Value = Interval> {
    prop::sample::select(Interval::ALL.to_vec())
}

proptest! {
    #[test]
    fn nothing_is_lost_or_doubled(
        interval in interval(),
        first in 0i64..4_000_000_000_000,
        length in 1i64..86_400_000,
        counts in prop::collection::vec((-100_000_000i64..200_000_000, 0usize..3, 0u64..1_000_000), 0..50),
    ) {
        let from = Timestamp::from_millis(first);
        let range = UsageRange::new(Some(from), Some(from.plus_millis(length)), interval, from).unwrap();
        let sums: Vec<_> = counts
            .iter()
            .map(|&(offset, outcome, count)| UsageSum {
                minute: Interval::Minute.start(from.plus_millis(offset)),
                outcome: Outcome::ALL[outcome],
                count,
            })
            .collect();
        let report = UsageReport::new(range, &sums);
        for outcome in Outcome::ALL {
            let of = |t: &Tally| match outcome {
                Outcome::Accepted => t.accepted,
                Outcome::Refused => t.refused,
                Outcome::Limited => t.limited,
            };
            let inside = sums.iter().filter(|s| s.outcome == outcome && range.from() <= s.minute && s.minute < range.to());
            let expected: u64 = inside.map(|s| s.count).sum();
            prop_assert_eq!(of(&report.totals), expected);
            prop_assert_eq!(report.buckets.iter().map(|b| of(&b.tally)).sum::<u64>(), expected);
        }
    }

    #[test]
    fn there_are_no_gaps(interval in interval(), first in 0i64..4_000_000_000_000, length in 1i64..86_400_000) {
        let (from, to) = (Timestamp::from_millis(first), Timestamp::from_millis(first + length));
        let range = UsageRange::new(Some(from), Some(to), interval, to).unwrap();
        let starts: Vec<_> = UsageReport::new(range, &[]).buckets.iter().map(|b| b.start).collect();
        prop_assert!(starts[0] <= from && from < starts[0].plus_millis(interval.millis()));
        let last = *starts.last().unwrap();
        prop_assert!(last < to && to <= last.plus_millis(interval.millis()));
        prop_assert!(starts.windows(2).all(|w| w[0].plus_millis(interval.millis()) == w[1]));
        prop_assert!(starts.iter().all(|s| interval.start(*s) == *s));
    }
}
