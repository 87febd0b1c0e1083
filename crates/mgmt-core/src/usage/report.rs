//! Counts as they are reported: in buckets of a minute, an hour or a day in UTC, without gaps.

use serde::Serialize;

use super::{Outcome, UsageSum};
use crate::{
    error::{Error, Result},
    time::Timestamp,
};

/// The most buckets of a report: a week of minutes.
pub const MAX_BUCKETS: i64 = 7 * 24 * 60;

const HOUR_MILLIS: i64 = 3_600_000;
const DAY_MILLIS: i64 = 24 * HOUR_MILLIS;

/// How long a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day in UTC.
    Day,
}

impl Interval {
    /// Every interval.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// The name in queries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Reads the name; `None` when it is another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|i| i.as_str() == text)
    }

    /// How long it is. Moments count no leap seconds, so that all buckets of an interval are of one length.
    #[must_use]
    pub const fn millis(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => HOUR_MILLIS,
            Self::Day => DAY_MILLIS,
        }
    }

    /// The first moment of the bucket that holds `at`.
    #[must_use]
    pub const fn start(self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.as_millis() / self.millis() * self.millis())
    }

    /// The first moment of a bucket that is not before `at`.
    #[must_use]
    pub const fn end(self, at: Timestamp) -> Timestamp {
        self.start(at.plus_millis(self.millis() - 1))
    }
}

/// Which buckets a report has: whole ones, from the one that holds the first moment to the one that holds the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageRange {
    from: Timestamp,
    to: Timestamp,
    interval: Interval,
}

impl UsageRange {
    /// The buckets that hold anything from `from` until before `to`. Left out, `to` is `now`, and `from` 24 hours before the end.
    ///
    /// # Errors
    /// When the range is empty or has more than [`MAX_BUCKETS`] buckets.
    pub fn new(from: Option<Timestamp>, to: Option<Timestamp>, interval: Interval, now: Timestamp) -> Result<Self> {
        let last = to.unwrap_or_else(|| now.plus_millis(1));
        // Of the last 24 hours the running hour is one, and of the last 1440 minutes the running minute.
        let finest = if interval == Interval::Minute { Interval::Minute } else { Interval::Hour };
        let first = from.unwrap_or_else(|| finest.end(last).plus_millis(-DAY_MILLIS));
        if first >= last {
            let field = if from.is_some() { "from" } else { "to" };
            let message = if to.is_some() { "must lie before `to`" } else { "must not lie in the future" };
            return Err(Error::invalid(field, message));
        }
        let range = Self { from: interval.start(first), to: interval.end(last), interval };
        if range.len() > MAX_BUCKETS {
            let message = format!(
                "covers {} buckets of `{}`; at most {MAX_BUCKETS} can be asked for at once: shorten the range or take a longer `interval`",
                range.len(),
                interval.as_str()
            );
            return Err(Error::invalid("from", message));
        }
        Ok(range)
    }

    /// The first moment of the first bucket.
    #[must_use]
    pub const fn from(self) -> Timestamp {
        self.from
    }

    /// The first moment after the last bucket.
    #[must_use]
    pub const fn to(self) -> Timestamp {
        self.to
    }

    const fn len(self) -> i64 {
        (self.to.as_millis() - self.from.as_millis()) / self.interval.millis()
    }
}

/// Counts by how requests ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Let through.
    pub accepted: u64,
    /// Refused by a rule.
    pub refused: u64,
    /// Refused by a limit or quota.
    pub limited: u64,
}

impl Tally {
    fn add(&mut self, outcome: Outcome, count: u64) {
        let place = match outcome {
            Outcome::Accepted => &mut self.accepted,
            Outcome::Refused => &mut self.refused,
            Outcome::Limited => &mut self.limited,
        };
        *place = place.saturating_add(count);
    }
}

/// The counts of one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UsageBucket {
    /// Its first moment.
    pub start: Timestamp,
    /// Its counts.
    #[serde(flatten)]
    pub tally: Tally,
}

/// All buckets of a range, those without requests included, and their sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageReport {
    /// From the oldest to the newest.
    pub buckets: Vec<UsageBucket>,
    /// Of all buckets.
    pub totals: Tally,
}

impl UsageReport {
    /// Sorts sums into the buckets of a range; what lies outside is left out.
    #[must_use]
    pub fn new(range: UsageRange, sums: &[UsageSum]) -> Self {
        let step = range.interval.millis();
        let start = |i| Timestamp::from_millis(range.from.as_millis() + i * step);
        let mut buckets: Vec<_> = (0..range.len()).map(|i| UsageBucket { start: start(i), tally: Tally::default() }).collect();
        let mut totals = Tally::default();
        for sum in sums {
            let index = (sum.minute.as_millis() - range.from.as_millis()).div_euclid(step);
            if let Some(bucket) = usize::try_from(index).ok().and_then(|i| buckets.get_mut(i)) {
                bucket.tally.add(sum.outcome, sum.count);
                totals.add(sum.outcome, sum.count);
            }
        }
        Self { buckets, totals }
    }
}

#[cfg(test)]
mod tests;
