//! The exact sliding window: a request is refused exactly when `L` were accepted in the `W` seconds before it.
//!
//! The window keeps the moments of the last `L` acceptances. The request is refused when the oldest of them is younger than
//! `W`, so no window of `W` ever holds more than `L`, and nobody who stays below is ever refused. Refused requests leave no trace.

use std::collections::VecDeque;

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
#[derive(Clone, Debug, Default)]
pub struct Window {
    accepted: VecDeque<u64>,
    /// The longest span that was asked for, in nanoseconds.
    longest: u64,
    /// The largest number that was asked for: older moments decide nothing.
    most: usize,
}

impl Window {
    /// Judges a request at `now` without counting it.
    #[must_use]
    pub fn check(&mut self, limit: &RateLimit, now: u64) -> Verdict {
        let now = self.monotonic(now);
        let first = self.first_inside(limit, now);
        let (held, most) = (self.accepted.len() - first, limit.requests as usize);
        if held < most {
            return Verdict::Open { remaining: limit.requests - held as u32 - 1 };
        }
        // A limit that was lowered leaves more moments than it allows: the one that must leave is the limit-th newest.
        let leaves = self.accepted.get(first + held - most).map_or(now, |t| t.saturating_add(limit.span()));
        Verdict::Full { retry_after: leaves.saturating_sub(now).div_ceil(NANOS).max(1) }
    }

    /// Counts a request that [`check`](Self::check) found room for.
    pub fn accept(&mut self, now: u64) {
        let now = self.monotonic(now);
        self.accepted.push_back(now);
        while self.accepted.len() > self.most.max(1) {
            self.accepted.pop_front();
        }
    }

    /// Where the window stands at `now`.
    #[must_use]
    pub fn standing(&mut self, limit: &RateLimit, now: u64) -> Standing {
        let now = self.monotonic(now);
        let first = self.first_inside(limit, now);
        let held = u32::try_from(self.accepted.len() - first).unwrap_or(u32::MAX);
        let next = self.accepted.get(first + held.saturating_sub(limit.requests) as usize);
        Standing {
            limit: limit.requests,
            remaining: limit.requests.saturating_sub(held),
            reset: next.map_or(0, |t| t.saturating_add(limit.span()).saturating_sub(now).div_ceil(NANOS)),
            per_seconds: limit.per_seconds,
        }
    }

    /// Whether nothing in the window can still refuse anybody, so that it may be dropped.
    #[must_use]
    pub fn is_idle(&self, now: u64) -> bool {
        self.accepted.back().is_none_or(|t| t.saturating_add(self.longest) <= now)
    }

    fn monotonic(&self, now: u64) -> u64 {
        self.accepted.back().map_or(now, |&last| now.max(last))
    }

    /// The place of the first moment that counts for this limit, after dropping those that count for none.
    fn first_inside(&mut self, limit: &RateLimit, now: u64) -> usize {
        self.longest = self.longest.max(limit.span());
        self.most = self.most.max(limit.requests as usize);
        while self.accepted.front().is_some_and(|t| t.saturating_add(self.longest) <= now) {
            self.accepted.pop_front();
        }
        if limit.span() == self.longest {
            // All that is left counts: the common case, without a search.
            return 0;
        }
        self.accepted.partition_point(|t| t.saturating_add(limit.span()) <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Keeps every accepted moment for ever and counts afresh each time.
    #[derive(Default)]
    struct Oracle(Vec<u64>);

    impl Oracle {
        fn ask(&mut self, limit: &RateLimit, now: u64) -> bool {
            let inside = self.0.iter().filter(|&&t| now - t < limit.span()).count();
            let open = inside < limit.requests as usize;
            if open {
                self.0.push(now);
            }
            open
        }
    }

    #[test]
    fn ranges_are_checked() {
        assert_eq!(RateLimit::new(0, 0).unwrap_err().details().len(), 2);
        assert!(RateLimit::new(100_001, 60).is_err());
        assert!(RateLimit::new(1, 86_401).is_err());
        assert!(RateLimit::new(u64::MAX, 1).is_err());
    }

    #[test]
    fn a_lowered_limit_acts_at_once() {
        let (wide, narrow) = (RateLimit { requests: 3, per_seconds: 10 }, RateLimit { requests: 1, per_seconds: 10 });
        let mut window = Window::default();
        for at in [0, NANOS, 2 * NANOS] {
            assert!(matches!(window.check(&wide, at), Verdict::Open { .. }));
            window.accept(at);
        }
        assert_eq!(window.check(&narrow, 3 * NANOS), Verdict::Full { retry_after: 9 });
        assert_eq!(window.standing(&narrow, 3 * NANOS).remaining, 0);
    }

    proptest! {
        /// Whatever limits take turns on one window, none of them ever sees more than it allows.
        #[test]
        fn limits_that_share_a_window_are_all_exact(
            limits in proptest::collection::vec((1..5_u32, 1..4_u32), 1..4),
            steps in proptest::collection::vec((0..2_000_000_000_u64, 0..4_usize), 1..120),
        ) {
            let limits: Vec<_> = limits.into_iter().map(|(requests, per_seconds)| RateLimit { requests, per_seconds }).collect();
            let (mut window, mut oracle, mut now) = (Window::default(), Oracle::default(), 0);
            // All of them are known from the start, as those of a key and its successor are.
            for limit in &limits { let _ = window.check(limit, now); }
            for (step, which) in steps {
                now += step;
                let limit = &limits[which % limits.len()];
                let open = matches!(window.check(limit, now), Verdict::Open { .. });
                prop_assert_eq!(open, oracle.ask(limit, now));
                if open { window.accept(now); }
            }
        }

        #[test]
        fn equals_the_oracle(
            requests in 1..6_u32,
            per_seconds in 1..4_u32,
            steps in proptest::collection::vec(0..2_000_000_000_u64, 1..80),
        ) {
            let limit = RateLimit { requests, per_seconds };
            let (mut window, mut oracle, mut now) = (Window::default(), Oracle::default(), 0);
            for step in steps {
                now += step;
                let verdict = window.check(&limit, now);
                let open = matches!(verdict, Verdict::Open { .. });
                prop_assert_eq!(open, oracle.ask(&limit, now));
                if open { window.accept(now); }
                if let Verdict::Full { retry_after } = verdict {
                    // Honest: refused one second earlier, accepted at the named second.
                    let mut copy = window.clone();
                    let accepted_then = matches!(copy.check(&limit, now + retry_after * NANOS), Verdict::Open { .. });
                    prop_assert!(accepted_then);
                    if retry_after > 1 {
                        let earlier = matches!(copy.clone().check(&limit, now + (retry_after - 1) * NANOS), Verdict::Full { .. });
                        prop_assert!(!earlier || retry_after > 1);
                        let mut fresh = window.clone();
                        let refused_before = matches!(fresh.check(&limit, now + (retry_after - 1) * NANOS), Verdict::Full { .. });
                        prop_assert!(refused_before);
                    }
                }
            }
        }

        #[test]
        fn a_clock_that_goes_back_grants_nothing(steps in proptest::collection::vec(-3_000_000_000_i64..3_000_000_000, 1..60)) {
            let limit = RateLimit { requests: 3, per_seconds: 2 };
            let (mut window, mut now, mut accepted) = (Window::default(), 1_i64 << 40, Vec::new());
            let mut highest = 0_u64;
            for step in steps {
                now += step;
                let at = now.unsigned_abs();
                if let Verdict::Open { .. } = window.check(&limit, at) {
                    window.accept(at);
                    highest = highest.max(at);
                    accepted.push(highest);
                }
            }
            for (i, t) in accepted.iter().enumerate() {
                let inside = accepted[i..].iter().filter(|u| *u - t < 2 * NANOS).count();
                prop_assert!(inside <= 3);
            }
        }

        #[test]
        fn within_is_a_partial_order(a in (1..50_u32, 1..50_u32), b in (1..50_u32, 1..50_u32), c in (1..50_u32, 1..50_u32)) {
            let make = |(requests, per_seconds)| RateLimit { requests, per_seconds };
            let (a, b, c) = (make(a), make(b), make(c));
            prop_assert!(a.within(&a));
            if a.within(&b) && b.within(&c) { prop_assert!(a.within(&c)); }
            if a.within(&b) && b.within(&a) { prop_assert_eq!(a, b); }
        }
    }
}
