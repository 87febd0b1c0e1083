//! Windows that several nodes count in together, and what a node allows while it cannot reach them.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};

use mgmt_core::{
    id::OrganizationId,
    limit::{RateLimit, Standing, Verdict, Window},
};

use crate::{gate::Standings, subject::SubjectId};

/// An answer that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One window that all nodes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedWindow {
    subject: SubjectId,
    /// Whose it is: windows of one organization are asked for together.
    home: Option<OrganizationId>,
    limit: RateLimit,
}

impl SharedWindow {
    /// The limit that the request is held to.
    #[must_use]
    pub const fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Names the window on all nodes. Made of public ids; the part in braces is the same for all windows of one request.
    #[must_use]
    pub fn name(&self) -> String {
        let tag = |id: &dyn fmt::Display| self.home.map_or_else(|| format!("{{{id}}}"), |home| format!("{{{home}}}"));
        match self.subject {
            SubjectId::Lineage(id) => format!("{}:key:{id}", tag(&id)),
            SubjectId::Management(id) => format!("{}:management", tag(&id)),
            SubjectId::Resource(id) => format!("{}:resource", tag(&id)),
            SubjectId::Session(id) => format!("{}:session", tag(&id)),
        }
    }
}

/// A place in each of the windows that a request counts in: of the plan, of the key; or of a session alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    windows: [Option<SharedWindow>; 2],
}

impl Places {
    /// Of a request with a key; `None` where nothing limits it.
    pub(crate) fn of_key(
        home: OrganizationId,
        plan: Option<(RateLimit, SubjectId)>,
        own: Option<(RateLimit, SubjectId)>,
    ) -> Option<Self> {
        let window = |(limit, subject)| SharedWindow { subject, home: Some(home), limit };
        let windows = [plan.map(window), own.map(window)];
        windows.iter().any(Option::is_some).then_some(Self { windows })
    }

    pub(crate) const fn of_session(subject: SubjectId, limit: RateLimit) -> Self {
        Self { windows: [Some(SharedWindow { subject, home: None, limit }), None] }
    }

    /// The windows, one or two.
    pub fn windows(&self) -> impl Iterator<Item = &SharedWindow> {
        self.windows.iter().flatten()
    }

    /// What was answered for each of the [windows](Self::windows), as it is told of a key.
    #[must_use]
    pub fn standings(&self, taken: &Taken) -> Standings {
        let mut answers = taken.standings.iter().copied();
        let [plan, key] = self.windows.map(|window| window.and_then(|_| answers.next()));
        Standings { plan, key, quota: None }
    }
}

/// What was answered for some [`Places`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whole seconds after which a request would find a place in each window; `None` when there was one.
    pub retry_after: Option<u64>,
    /// Where each window stands after the request.
    pub standings: Vec<Standing>,
    /// What names the places that were taken, to whoever gave them.
    pub receipts: Vec<String>,
}

/// Windows outside of the process.
///
/// The rule is that of [`Window`]: a request is refused exactly when as many as the limit were accepted in the span before it, by
/// one clock for all nodes.
pub trait SharedWindows: Send + Sync + fmt::Debug {
    /// Takes a place in each window, or in none if one of them is full. `None` when they cannot be reached; then the gate was told
    /// already to [count here](crate::Gate::count_here).
    fn take<'a>(&'a self, places: &'a Places) -> Later<'a, Option<Taken>>;
    /// Where the windows stand.
    fn look<'a>(&'a self, places: &'a Places) -> Later<'a, Option<Taken>>;
    /// Gives places back that were not used after all. If that fails they stay taken.
    fn give_back<'a>(&'a self, places: &'a Places, taken: &'a Taken) -> Later<'a, ()>;
}

/// What a session's limit says.
#[derive(Clone, Debug)]
pub enum SessionCheck {
    /// Accepted and counted, or the whole seconds to wait; and where the limit stands.
    Here(std::result::Result<Standing, (u64, Standing)>),
    /// Take this place first.
    Shared(Places),
}

const SHARED: u32 = 1 << 31;

/// How this node counts: for itself, a share of each limit, or together with others.
#[derive(Debug)]
pub(crate) struct Spread {
    /// The number of nodes that a limit is divided among, and [`SHARED`].
    mode: AtomicU32,
    /// When counting together began anew, after this node had counted for itself; 0 for never.
    since: AtomicU64,
}

/// How a request is counted: a [`Spread`] at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counting {
    nodes: u32,
    shared: bool,
    since: u64,
}

impl Default for Spread {
    fn default() -> Self {
        Self { mode: AtomicU32::new(1), since: AtomicU64::new(0) }
    }
}

impl Spread {
    #[inline]
    pub(crate) fn counting(&self) -> Counting {
        let mode = self.mode.load(Ordering::Acquire);
        let shared = mode & SHARED != 0;
        Counting { nodes: mode & !SHARED, shared, since: if shared { self.since.load(Ordering::Acquire) } else { 0 } }
    }

    pub(crate) fn divide_among(&self, nodes: u32) {
        let nodes = nodes.clamp(1, SHARED - 1);
        let set = |mode: u32| (mode & !SHARED != nodes).then_some(mode & SHARED | nodes);
        let _ = self.mode.fetch_update(Ordering::AcqRel, Ordering::Acquire, set);
    }

    pub(crate) fn share(&self, since: u64) {
        self.since.store(since, Ordering::Release);
        self.mode.fetch_or(SHARED, Ordering::AcqRel);
    }

    pub(crate) fn keep(&self) {
        self.mode.fetch_and(!SHARED, Ordering::AcqRel);
    }
}

impl Counting {
    /// Whether places must be taken outside.
    pub(crate) const fn is_shared(self) -> bool {
        self.shared
    }

    /// The same as long as this node's own window decides.
    pub(crate) const fn alone(self) -> Self {
        Self { shared: false, ..self }
    }

    /// What this node may accept of a limit: an equal share, and at least one.
    #[inline]
    fn share(self, limit: &RateLimit) -> RateLimit {
        if self.nodes <= 1 { *limit } else { RateLimit { requests: (limit.requests / self.nodes).max(1), ..*limit } }
    }

    /// Whether this node's own window decides. Where windows are shared it does so for one span after they came back: they may
    /// have lost what they held, and lack what was accepted without them.
    #[inline]
    fn decides(self, limit: &RateLimit, now: u64) -> bool {
        !self.shared || (self.since > 0 && now < self.since.saturating_add(u64::from(limit.per_seconds) * 1_000_000_000))
    }

    /// Judges a request by this node's own window.
    #[inline]
    pub(crate) fn check(self, window: &mut Window, limit: &RateLimit, now: u64) -> Verdict {
        if self.decides(limit, now) {
            return window.check(&self.share(limit), now);
        }
        // Asked all the same, so that the window keeps as much as the limit needs.
        let _ = window.check(limit, now);
        Verdict::Open { remaining: 0 }
    }

    /// What clients are told of this node's own window: the limit that they have, and what is left of this node's share.
    #[inline]
    pub(crate) fn standing(self, window: &mut Window, limit: &RateLimit, now: u64) -> Standing {
        Standing { limit: limit.requests, ..window.standing(&self.share(limit), now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn accepted(counting: Counting, window: &mut Window, limit: &RateLimit, now: u64, asked: u32) -> u32 {
        let mut count = 0;
        for _ in 0..asked {
            if matches!(counting.check(window, limit, now), Verdict::Open { .. }) {
                window.accept(now);
                count += 1;
            }
        }
        count
    }

    #[test]
    fn each_node_allows_its_share_and_at_least_one() {
        let spread = Spread::default();
        for (nodes, requests, share) in [(1, 10, 10), (3, 10, 3), (3, 2, 1), (0, 10, 10)] {
            spread.divide_among(nodes);
            let limit = RateLimit { requests, per_seconds: 10 };
            let mut window = Window::default();
            assert_eq!(accepted(spread.counting(), &mut window, &limit, SECOND, 20), share);
            let standing = spread.counting().standing(&mut window, &limit, SECOND);
            assert_eq!((standing.limit, standing.remaining), (requests, 0));
        }
    }

    #[test]
    fn the_number_of_nodes_and_the_mode_do_not_touch_each_other() {
        let spread = Spread::default();
        spread.share(0);
        spread.divide_among(4);
        assert_eq!(spread.counting(), Counting { nodes: 4, shared: true, since: 0 });
        spread.keep();
        assert_eq!(spread.counting(), Counting { nodes: 4, shared: false, since: 0 });
    }

    #[test]
    fn what_was_accepted_together_counts_when_a_node_is_left_alone() {
        let (spread, limit) = (Spread::default(), RateLimit { requests: 10, per_seconds: 10 });
        spread.divide_among(2);
        spread.share(0);
        let mut window = Window::default();
        assert_eq!(accepted(spread.counting(), &mut window, &limit, SECOND, 4), 4);
        spread.keep();
        assert_eq!(accepted(spread.counting(), &mut window, &limit, 2 * SECOND, 9), 1);
    }

    #[test]
    fn after_a_return_the_share_holds_for_one_span() {
        let (spread, limit) = (Spread::default(), RateLimit { requests: 10, per_seconds: 10 });
        spread.divide_among(2);
        let mut window = Window::default();
        assert_eq!(accepted(spread.counting(), &mut window, &limit, SECOND, 9), 5);
        spread.share(2 * SECOND);
        assert_eq!(accepted(spread.counting(), &mut window, &limit, 3 * SECOND, 9), 0);
        assert_eq!(accepted(spread.counting(), &mut window, &limit, 11 * SECOND, 9), 5);
        assert_eq!(accepted(spread.counting(), &mut window, &limit, 12 * SECOND, 9), 9);
    }
}
