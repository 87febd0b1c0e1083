//! Leases: how a node may answer from memory, and how a change is complete on every node when it is answered.
//!
//! # The protocol
//!
//! All changes have numbers, and become visible in the order of their numbers. Each node holds a lease, a row in the database
//! with an end (by the database's clock) and the number up to which the node has applied the changes.
//!
//! - A node **renews** in one transaction, in which no change can be numbered: it applies all changes there are, then writes its row.
//!   Before that it noted its own clock, and answers until that time plus the lease's length less a margin ([`Lease`]).
//! - Whoever **changes** something commits, waits until every row that has not ended says that the change was applied there, and
//!   then answers ([`reached`]).
//!
//! A check that starts after that answer meets a node that has applied the change, or one whose lease has ended. The margin covers
//! clocks that run at different speeds. It is the node's clock when the request has arrived that counts, and it must go on while
//! the process is stopped and the machine sleeps.
//!
//! `tests/lease.rs` checks a model made of these functions, and that each guard is needed.

use std::time::Duration;

/// How long leases last, in units of a clock (nanoseconds, outside of models).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    ttl: u64,
    margin: u64,
}

impl Terms {
    /// Leases of `ttl`, of which a node leaves the last tenth unused.
    #[must_use]
    pub fn of(ttl: Duration) -> Self {
        let ttl = u64::try_from(ttl.as_nanos()).unwrap_or(u64::MAX);
        Self::new(ttl, ttl / 10)
    }

    /// Leases of `ttl`, of which a node leaves the last `margin` unused.
    #[must_use]
    pub const fn new(ttl: u64, margin: u64) -> Self {
        Self { ttl, margin }
    }

    /// The length of a lease as the database counts it.
    #[must_use]
    pub const fn ttl(self) -> Duration {
        Duration::from_nanos(self.ttl)
    }
}

/// A node's right to answer from memory, on the clock of the node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease {
    end: u64,
}

impl Lease {
    /// The right of a node that has none.
    pub const NONE: Self = Self { end: 0 };

    /// The right of a node that needs none, as it is the only one.
    pub const FOR_EVER: Self = Self { end: u64::MAX };

    /// What was granted to a node that began to ask for it at `asked`.
    #[must_use]
    pub const fn granted(asked: u64, terms: Terms) -> Self {
        Self { end: asked.saturating_add(terms.ttl.saturating_sub(terms.margin)) }
    }

    /// A lease as it was kept by [`end`](Self::end).
    #[must_use]
    pub const fn until(end: u64) -> Self {
        Self { end }
    }

    /// The first moment at which it does not stand.
    #[must_use]
    pub const fn end(self) -> u64 {
        self.end
    }

    /// Whether a request may be answered from memory. `now` must have been read after the request arrived.
    #[must_use]
    pub const fn may_answer(self, now: u64) -> bool {
        now < self.end
    }
}

/// A node's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who holds it.
    pub node: String,
    /// When it ends, in milliseconds on the database's clock.
    pub until: i64,
    /// The changes that the node has applied: all up to this number.
    pub applied: i64,
}

/// The number up to which all nodes but `own` have applied the changes; `i64::MAX` when nobody else holds a lease at `now`, by the
/// database's clock. It says nothing of changes that were committed after the rows were read.
#[must_use]
pub fn reached<'a>(holders: impl IntoIterator<Item = &'a Holder>, own: &str, now: i64) -> i64 {
    let standing = holders.into_iter().filter(|h| h.node != own && h.until > now);
    standing.map(|h| h.applied).min().unwrap_or(i64::MAX)
}

/// How many nodes there are at `now`, by the database's clock: `own`, and all others whose lease stands.
#[must_use]
pub fn nodes<'a>(holders: impl IntoIterator<Item = &'a Holder>, own: &str, now: i64) -> usize {
    1 + holders.into_iter().filter(|holder| holder.node != own && holder.until > now).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holder(node: &str, until: i64, applied: i64) -> Holder {
        Holder { node: node.to_owned(), until, applied }
    }

    #[test]
    fn the_last_tenth_is_left_unused() {
        let lease = Lease::granted(1_000, Terms::of(Duration::from_nanos(100)));
        assert!(lease.may_answer(1_089));
        assert!(!lease.may_answer(1_090));
        assert!(!Lease::NONE.may_answer(0));
        assert!(Lease::FOR_EVER.may_answer(u64::MAX - 1));
    }

    #[test]
    fn only_others_whose_lease_stands_are_waited_for() {
        let rows = [holder("a", 10, 3), holder("b", 20, 5), holder("c", 30, 9)];
        assert_eq!(reached(&rows, "c", 9), 3);
        assert_eq!(reached(&rows, "c", 10), 5);
        assert_eq!(reached(&rows, "b", 10), 9);
        assert_eq!(reached(&rows, "c", 20), i64::MAX);
        assert_eq!(reached(&[], "c", 0), i64::MAX);
    }

    proptest! {
        #[test]
        fn a_node_stops_before_the_database_lets_it_go(asked: u32, delay: u16, ttl in 10_u32..1_000_000, tick: u32) {
            // The row's end is counted from a moment not before `asked`. Clocks of one speed.
            let (asked, ttl) = (u64::from(asked), u64::from(ttl));
            let end = asked + u64::from(delay) + ttl;
            let now = asked + u64::from(tick);
            let lease = Lease::granted(asked, Terms::new(ttl, ttl / 10));
            prop_assert!(!lease.may_answer(now) || now < end);
        }

        #[test]
        fn what_is_reached_was_applied_by_all(rows in prop::collection::vec((0_i64..20, 0_i64..20), 0..6), now in 0_i64..20) {
            let rows: Vec<_> = rows.into_iter().enumerate().map(|(i, (u, a))| holder(&i.to_string(), u, a)).collect();
            let reached = reached(&rows, "0", now);
            for row in rows.iter().skip(1) {
                prop_assert!(row.until <= now || row.applied >= reached);
            }
        }
    }
}
