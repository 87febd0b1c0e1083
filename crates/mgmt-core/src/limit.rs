//! The exact sliding window: a request is refused exactly when `L` were accepted in the `W` seconds before it.
//!
//! The window keeps the moments of the last `L` acceptances. The request is refused when the oldest of them is younger than
//! `W`, so no window of `W` ever holds more than `L`, and nobody who stays below is ever refused. Refused requests leave no trace.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Faults, Result};

const NANOS: u64 = 1_000_000_000;

/// A rate limit: at most `requests` in any `per_seconds` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// How many requests, 1 to 100,000.
    pub requests: u32,
    /// The length of the window in seconds, 1 to 86,400.
    pub per_seconds: u32,
}

impl RateLimit {
    /// The most requests a limit may name: the window keeps a moment for each.
    pub const MAX_REQUESTS: u32 = 100_000;
    /// The longest window, a day.
    pub const MAX_SECONDS: u32 = 86_400;

    /// Checks the ranges.
    ///
    /// # Errors
    /// `invalid_request` naming each field that is out of its range.
    pub fn new(requests: u64, per_seconds: u64) -> Result<Self> {
        let mut faults = Faults::default();
        let requests = faults.take(ranged("requests", requests, Self::MAX_REQUESTS));
        let per_seconds = faults.take(ranged("per_seconds", per_seconds, Self::MAX_SECONDS));
        faults.finish()?;
        Ok(Self { requests: requests.unwrap_or(1), per_seconds: per_seconds.unwrap_or(1) })
    }

    /// A limit a minute; `None` for 0, which means unlimited.
    #[must_use]
    pub fn per_minute(requests: u32) -> Option<Self> {
        (requests > 0).then_some(Self { requests, per_seconds: 60 })
    }

    /// Whether every sequence of requests that `self` accepts would be accepted by `other` as well, judged by the number at
    /// once and by the rate.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        let rate = |a: &Self, b: &Self| u64::from(a.requests) * u64::from(b.per_seconds);
        self.requests <= other.requests && rate(self, other) <= rate(other, self)
    }

    #[inline]
    fn span(&self) -> u64 {
        u64::from(self.per_seconds) * NANOS
    }
}

fn ranged(field: &str, value: u64, max: u32) -> Result<u32> {
    u32::try_from(value)
        .ok()
        .filter(|v| (1..=max).contains(v))
        .ok_or_else(|| Error::invalid(field, format!("must be a whole number from 1 to {max}")))
}

/// What a window says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is room. `remaining` counts what would be left after this request.
    Open {
        /// Requests left in the window after this one.
        remaining: u32,
    },
    /// The window is full.
    Full {
        /// The first whole number of seconds after which one request would be accepted.
        retry_after: u64,
    },
}

/// What clients are told of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Requests the window may hold.
    pub limit: u32,
    /// Requests that would be accepted right now.
    pub remaining: u32,
    /// Whole seconds until the oldest counted request leaves the window; 0 when none is counted.
    pub reset: u64,
    /// The length of the window in seconds.
    #[serde(skip)]
    pub per_seconds: u32,
}

/// The moments of the last acceptances of one subject. Moments are nanoseconds of a clock that never goes back; one that is
/// earlier than the last acceptance is taken as that one.
///
/// Several limits may be asked of one window: a limit that was changed, or the limits of a key and its successor. Moments are
/// kept as long, and as many, as the widest of them needs.
///
/// The first few and the last few stand in the window itself, those between in groups in a ring. So most requests touch nothing but
/// the window, and one that only few count in needs no more memory.
// In this order: what every request touches stands together.
#[derive(Clone, Debug, Default)]
#[repr(C)]
pub struct Window {
    /// The last acceptance, also when it counts no more; 0 before the first.
    newest: u64,
    /// How many are kept.
    held: u32,
    /// The largest number that was asked for: older moments decide nothing.
    most: u32,
    /// The longest span that was asked for, in seconds.
    longest: u32,
    /// Where in `between` the first group is.
    first: u32,
    /// How many stand in `front`: at least one if any is kept.
    in_front: u8,
    in_back: u8,
    /// The oldest ones.
    front: Group,
    /// The newest ones, unless all are in front.
    back: Group,
    /// A ring of full groups: as many places as a power of two, none as long as none is needed.
    between: Box<[Group]>,
}

type Group = [u64; 4];
const GROUP: u32 = 4;
/// So many groups are made room for at first.
const ROOM: usize = 2;

impl Window {
    /// Judges a request at `now` without counting it.
    #[must_use]
    #[inline]
    pub fn check(&mut self, limit: &RateLimit, now: u64) -> Verdict {
        let now = self.monotonic(now);
        let held = self.held_for(limit, now);
        if held < limit.requests {
            return Verdict::Open { remaining: limit.requests - held - 1 };
        }
        Verdict::Full { retry_after: self.seconds_until_place(limit, held, now).max(1) }
    }

    /// Counts a request that [`check`](Self::check) found room for.
    #[inline]
    pub fn accept(&mut self, now: u64) {
        self.newest = self.monotonic(now);
        if self.held < GROUP && self.held == u32::from(self.in_front) {
            put(&mut self.front, &mut self.in_front, self.newest);
        } else {
            if u32::from(self.in_back) == GROUP {
                self.keep();
            }
            put(&mut self.back, &mut self.in_back, self.newest);
        }
        self.held += 1;
        while self.held > self.most.max(1) {
            self.drop_oldest();
        }
    }

    /// Where the window stands at `now`.
    #[must_use]
    #[inline]
    pub fn standing(&mut self, limit: &RateLimit, now: u64) -> Standing {
        let now = self.monotonic(now);
        let held = self.held_for(limit, now);
        Standing {
            limit: limit.requests,
            remaining: limit.requests.saturating_sub(held),
            reset: self.seconds_until_place(limit, held, now),
            per_seconds: limit.per_seconds,
        }
    }

    /// Whether nothing in the window can still refuse anybody, so that it may be dropped.
    #[must_use]
    pub fn is_idle(&self, now: u64) -> bool {
        self.held == 0 || self.newest.saturating_add(self.longest_span()) <= now
    }

    #[inline]
    fn monotonic(&self, now: u64) -> u64 {
        now.max(self.newest)
    }

    fn longest_span(&self) -> u64 {
        u64::from(self.longest) * NANOS
    }

    #[inline]
    fn oldest(&self) -> Option<u64> {
        let [oldest, ..] = self.front;
        (self.held > 0).then_some(oldest)
    }

    /// How many moments count for this limit, after dropping those that count for none. They are the newest ones.
    #[inline]
    fn held_for(&mut self, limit: &RateLimit, now: u64) -> u32 {
        self.longest = self.longest.max(limit.per_seconds);
        self.most = self.most.max(limit.requests);
        let span = self.longest_span();
        while self.oldest().is_some_and(|moment| moment.saturating_add(span) <= now) {
            self.drop_oldest();
        }
        // Without a search in the common case, in which all that is left counts.
        if limit.per_seconds == self.longest { self.held } else { self.held_within(limit.span(), now) }
    }

    /// Seconds, rounded up, until the oldest that counts leaves; 0 when none counts. A limit that was lowered leaves more moments
    /// than it allows: then it is the limit-th newest that must leave.
    #[inline]
    fn seconds_until_place(&self, limit: &RateLimit, held: u32, now: u64) -> u64 {
        let count = held.min(limit.requests);
        let decisive = if count == self.held { self.oldest() } else { self.at(self.held - count) };
        decisive.map_or(0, |moment| moment.saturating_add(limit.span()).saturating_sub(now).div_ceil(NANOS))
    }

    #[inline]
    fn drop_oldest(&mut self) {
        let [_, second, third, fourth] = self.front;
        self.front = [second, third, fourth, 0];
        self.held = self.held.saturating_sub(1);
        self.in_front = self.in_front.saturating_sub(1);
        if self.in_front == 0 {
            self.move_up();
        }
    }

    /// Fills the front anew.
    fn move_up(&mut self) {
        if self.groups() > 0 {
            self.front = self.between.get(self.place(0)).copied().unwrap_or_default();
            self.in_front = GROUP as u8;
            self.first = self.place(1) as u32;
        } else {
            (self.front, self.in_front) = (self.back, self.in_back);
            self.in_back = 0;
        }
    }

    /// Moves the full back in between.
    fn keep(&mut self) {
        let groups = self.groups();
        if groups == self.between.len() {
            let room = (2 * groups).max(ROOM);
            let (after, before) = self.between.split_at_checked(self.first as usize).unwrap_or_default();
            self.between = before.iter().chain(after).copied().chain(std::iter::repeat(Group::default())).take(room).collect();
            self.first = 0;
        }
        let place = self.place(groups);
        if let Some(group) = self.between.get_mut(place) {
            *group = self.back;
        }
        self.in_back = 0;
    }

    /// How many full groups are in between.
    #[inline]
    fn groups(&self) -> usize {
        (self.held.saturating_sub(u32::from(self.in_front) + u32::from(self.in_back)) / GROUP) as usize
    }

    /// Where one of these is.
    #[inline]
    fn place(&self, group: usize) -> usize {
        (self.first as usize + group) & self.between.len().wrapping_sub(1)
    }

    /// The moment at a place, the oldest at 0.
    fn at(&self, place: u32) -> Option<u64> {
        let in_front = u32::from(self.in_front);
        let Some(behind) = place.checked_sub(in_front) else { return self.front.get(place as usize).copied() };
        let (group, place) = ((behind / GROUP) as usize, (behind % GROUP) as usize);
        let group = if group < self.groups() { self.between.get(self.place(group))? } else { &self.back };
        group.get(place).copied().filter(|_| behind + in_front < self.held)
    }

    /// How many of the moments are less than a span old.
    #[cold]
    fn held_within(&self, span: u64, now: u64) -> u32 {
        let (mut old, mut end) = (0, self.held);
        while old < end {
            let middle = old + (end - old) / 2;
            if self.at(middle).is_some_and(|moment| moment.saturating_add(span) <= now) { old = middle + 1 } else { end = middle }
        }
        self.held - old
    }
}

#[inline]
fn put(group: &mut Group, count: &mut u8, moment: u64) {
    if let Some(place) = group.get_mut(usize::from(*count)) {
        *place = moment;
        *count += 1;
    }
}

#[cfg(test)]
mod tests;
