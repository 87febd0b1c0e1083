//! Quotas: how many units may be used in a calendar period, in UTC. Never over-issued by one.

use chrono::{Datelike, Months, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Faults, Result},
    time::Timestamp,
};

/// The most that one request may cost.
pub const MAX_COST: u64 = 1_000_000;

/// The calendar period after which a quota starts anew, at midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// A day.
    Day,
    /// A month.
    Month,
}

impl Period {
    /// The name in bodies and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// Reads the name; `None` when it is another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Day, Self::Month].into_iter().find(|p| p.as_str() == text)
    }

    /// The first moment of the period that holds `now`.
    #[must_use]
    pub fn start(self, now: Timestamp) -> Timestamp {
        at_midnight(self.first_day(now))
    }

    /// The first moment of the next period.
    #[must_use]
    pub fn end(self, now: Timestamp) -> Timestamp {
        let first = self.first_day(now);
        let next = match self {
            Self::Day => first.succ_opt(),
            Self::Month => first.checked_add_months(Months::new(1)),
        };
        next.map_or(Timestamp::MAX, at_midnight)
    }

    fn first_day(self, now: Timestamp) -> NaiveDate {
        let day = now.to_chrono().date_naive();
        match self {
            Self::Day => day,
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }
}

fn at_midnight(day: NaiveDate) -> Timestamp {
    Timestamp::from_millis(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
}

/// A quota: at most `limit` units in each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Units, 1 to 10^15.
    pub limit: u64,
    /// The calendar period.
    pub period: Period,
}

impl Quota {
    /// The largest limit: far above any use, and exact in every JSON reader.
    pub const MAX_LIMIT: u64 = 1_000_000_000_000_000;

    /// Parts of the limit, in percent, that are announced when they are reached.
    pub const MARKS: [u64; 2] = [80, 100];

    /// The [marks](Self::MARKS) that are reached when the used units go from `before` to `after`.
    pub fn marks_between(&self, before: u64, after: u64) -> impl Iterator<Item = u64> + use<> {
        let limit = u128::from(self.limit);
        let reached = move |used: u64, percent: u64| u128::from(used) * 100 >= limit * u128::from(percent);
        Self::MARKS.into_iter().filter(move |&percent| !reached(before, percent) && reached(after, percent))
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// `invalid_request` naming the field that is wrong.
    pub fn new(limit: u64, period: &str) -> Result<Self> {
        let mut faults = Faults::default();
        if limit == 0 || limit > Self::MAX_LIMIT {
            faults.note(Error::invalid("limit", format!("must be a whole number from 1 to {}", Self::MAX_LIMIT)));
        }
        let parsed = Period::parse(period).ok_or_else(|| Error::invalid("period", "must be `day` or `month`"));
        let period = faults.take(parsed);
        faults.finish()?;
        Ok(Self { limit, period: period.unwrap_or(Period::Day) })
    }

    /// Whether `self` never allows more than `other` in any period of `other`.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        match (self.period, other.period) {
            (Period::Day, Period::Month) => self.limit.saturating_mul(31) <= other.limit,
            _ => self.limit <= other.limit,
        }
    }

    /// How many units to take from a row that has `left` units: about 1 % of the limit and at most 100, one by one near the
    /// end, but always enough for `cost` if that many are left.
    #[must_use]
    pub fn allotment(&self, left: u64, cost: u64) -> u64 {
        let block = (self.limit / 100).clamp(1, 100);
        let block = if left < block.saturating_mul(4) { 1 } else { block };
        block.max(cost).min(left)
    }
}

/// What clients are told of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct QuotaStanding {
    /// Units a period.
    pub limit: u64,
    /// Units used in this period.
    pub used: u64,
    /// Units left in this period.
    pub remaining: u64,
    /// The calendar period.
    pub period: Period,
    /// When the next period starts.
    pub resets_at: Timestamp,
}

/// Checks the cost of a request.
///
/// # Errors
/// `invalid_request` past [`MAX_COST`].
pub fn parse_cost(cost: Option<i64>) -> Result<u64> {
    let cost = cost.unwrap_or(1);
    u64::try_from(cost)
        .ok()
        .filter(|&c| c <= MAX_COST)
        .ok_or_else(|| Error::invalid("cost", format!("must be a whole number from 0 to {MAX_COST}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn periods_are_calendar_periods_in_utc() {
        let leap = at("2028-02-29T23:59:59.999Z");
        assert_eq!(Period::Day.start(leap), at("2028-02-29T00:00:00Z"));
        assert_eq!(Period::Day.end(leap), at("2028-03-01T00:00:00Z"));
        assert_eq!(Period::Month.start(leap), at("2028-02-01T00:00:00Z"));
        assert_eq!(Period::Month.end(leap), at("2028-03-01T00:00:00Z"));
        assert_eq!(Period::Month.end(at("2027-12-31T12:00:00Z")), at("2028-01-01T00:00:00Z"));
    }

    #[test]
    fn bad_quotas_name_their_fields() {
        assert_eq!(Quota::new(0, "week").unwrap_err().details().len(), 2);
        assert!(parse_cost(Some(-1)).is_err());
        assert!(parse_cost(Some(1_000_001)).is_err());
        assert_eq!(parse_cost(Some(0)).unwrap(), 0);
        assert_eq!(parse_cost(None).unwrap(), 1);
    }

    proptest! {
        #[test]
        fn a_moment_lies_in_its_period(millis in 0..200_000_000_000_000_i64) {
            let now = Timestamp::from_millis(millis);
            for period in [Period::Day, Period::Month] {
                let (start, end) = (period.start(now), period.end(now));
                prop_assert!(start <= now && now < end);
                prop_assert_eq!(period.start(end), end);
                prop_assert_eq!(period.end(start), end);
            }
        }

        #[test]
        fn allotments_never_exceed_what_is_left(limit in 1..1_000_000_u64, cost in 0..10_000_u64) {
            let quota = Quota { limit, period: Period::Day };
            let mut left = limit;
            let mut steps = 0;
            while left > 0 && steps < 1000 {
                let taken = quota.allotment(left, cost);
                prop_assert!(taken <= left && taken >= 1);
                prop_assert!(taken <= 100.max(cost));
                left -= taken;
                steps += 1;
            }
            prop_assert_eq!(quota.allotment(0, cost), 0);
        }
    }

    proptest! {
        /// However the units are taken, each mark is reached once, and exactly when its part is used.
        #[test]
        fn marks_are_reached_once(limit in 1..=Quota::MAX_LIMIT, mut steps in prop::collection::vec(0..=100_u64, 0..20)) {
            let quota = Quota { limit, period: Period::Day };
            steps.sort_unstable();
            let used: Vec<u64> = steps.iter().map(|percent| limit / 100 * percent).chain([limit]).collect();
            let mut reached = Vec::new();
            let mut before = 0;
            for after in used {
                for percent in quota.marks_between(before, after) {
                    prop_assert!(u128::from(after) * 100 >= u128::from(limit) * u128::from(percent));
                    reached.push(percent);
                }
                before = after;
            }
            prop_assert_eq!(reached, Quota::MARKS);
        }
    }
}
