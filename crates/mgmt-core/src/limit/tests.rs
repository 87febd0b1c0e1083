//! Windows beside one that keeps every moment for ever.

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

    /// Also while the ring grows and its ends move round it, and whatever the limit was before.
    #[test]
    fn what_clients_are_told_is_what_was_accepted(
        limits in proptest::collection::vec((1..40_u32, 1..4_u32), 1..4),
        steps in proptest::collection::vec((0..150_000_000_u64, 0..40_usize), 1..400),
    ) {
        let limits: Vec<_> = limits.into_iter().map(|(requests, per_seconds)| RateLimit { requests, per_seconds }).collect();
        let (mut window, mut oracle, mut now) = (Window::default(), Oracle::default(), 0);
        for limit in &limits { let _ = window.check(limit, now); }
        for (step, which) in steps {
            now += step;
            let limit = &limits[which % limits.len()];
            let open = matches!(window.check(limit, now), Verdict::Open { .. });
            prop_assert_eq!(open, oracle.ask(limit, now));
            if open { window.accept(now); }
            let inside: Vec<u64> = oracle.0.iter().copied().filter(|t| now - t < limit.span()).collect();
            let first = inside.len().saturating_sub(limit.requests as usize);
            let reset = inside.get(first).map_or(0, |t| (t + limit.span() - now).div_ceil(NANOS));
            let remaining = limit.requests - (inside.len() - first) as u32;
            let told = Standing { limit: limit.requests, remaining, reset, per_seconds: limit.per_seconds };
            prop_assert_eq!(window.standing(limit, now), told);
            prop_assert_eq!(window.is_idle(now), window.held == 0);
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
