//! Counting a request on all that limits it: windows, quotas, and places in windows that nodes share.

use std::sync::Arc;

use mgmt_core::{
    id::OrganizationId,
    limit::{RateLimit, Standing, Verdict},
    quota::Quota,
};
use parking_lot::MutexGuard;

use crate::{
    clock::Moment,
    gate::{Request, Standings, Traffic},
    quota::Cover,
    record::KeyRecord,
    shared::{Counting, Places, Taken},
    subject::{Counts, Subject},
};

/// What counting a request came to.
pub(crate) enum Consumed {
    /// It was counted.
    Yes(Standings),
    /// A window is full: the seconds to wait.
    Limited(u64, Standings),
    /// A quota is used up: the seconds to wait.
    Exhausted(u64, Standings),
    /// Units must be fetched first.
    Needs(Arc<Subject>, Quota),
    /// Places in shared windows must be taken first.
    NeedsPlaces(Places),
}

/// Places that were taken for a request, and what was answered.
pub(crate) type Held<'a> = Option<(&'a Places, &'a Taken)>;

/// What limits a request on one of its two sides, the organization's and the key's, with the counts under their lock.
struct Side<'a> {
    subject: &'a Arc<Subject>,
    limit: Option<RateLimit>,
    quota: Option<Quota>,
    counts: MutexGuard<'a, Counts>,
}

impl<'a> Side<'a> {
    #[inline]
    fn new(subject: &'a Arc<Subject>, limit: Option<RateLimit>, quota: Option<Quota>) -> Option<Self> {
        let asked = limit.is_some() || quota.is_some();
        asked.then(|| Self { subject, limit, quota, counts: subject.counts.lock() })
    }

    /// The seconds to wait, if the window of this node is full.
    #[inline]
    fn retry_after(&mut self, counting: Counting, now: Moment) -> Option<u64> {
        match counting.check(&mut self.counts.window, &self.limit?, now.nanos) {
            Verdict::Open { .. } => None,
            Verdict::Full { retry_after } => Some(retry_after),
        }
    }

    #[inline]
    fn cover(&self, cost: u64, now: Moment) -> Cover {
        self.quota.as_ref().map_or(Cover::Enough, |quota| self.counts.units.cover(quota, cost, now))
    }

    /// Counts a request.
    #[inline]
    fn take(&mut self, cost: u64, now: Moment) {
        if self.quota.is_some() {
            self.counts.units.spend(cost, now);
        }
        if self.limit.is_some() {
            self.counts.window.accept(now.nanos);
        }
    }

    #[inline]
    fn standing(&mut self, counting: Counting, now: Moment) -> Option<Standing> {
        Some(counting.standing(&mut self.counts.window, &self.limit?, now.nanos))
    }
}

/// Both sides of a request. They are always locked in the same order: the organization's, the key's.
struct Locked<'a> {
    common: Option<Side<'a>>,
    own: Option<Side<'a>>,
}

impl<'a> Locked<'a> {
    #[inline]
    fn new(record: &'a KeyRecord, traffic: Traffic) -> Self {
        let profile = record.shared.common();
        let common = match traffic {
            Traffic::Management => Side::new(&record.shared.management, profile.plan_limit, None),
            Traffic::Resource => Side::new(&record.shared.resource, profile.plan_limit, profile.quota),
            Traffic::Exempt => None,
        };
        Self { common, own: record.own().and_then(|own| Side::new(own.lineage, own.limit, own.quota)) }
    }

    /// The key's side, then the organization's.
    #[inline]
    fn sides(&mut self) -> impl Iterator<Item = &mut Side<'a>> {
        [self.own.as_mut(), self.common.as_mut()].into_iter().flatten()
    }

    /// The places in shared windows that stand for the limits.
    fn places(&self, home: OrganizationId) -> Option<Places> {
        let place = |side: &Option<Side<'_>>| side.as_ref().and_then(|side| Some((side.limit?, side.subject.id())));
        Places::of_key(home, place(&self.common), place(&self.own))
    }

    /// Where everything stands; of shared windows that is not known here. Read under the locks of the request: what clients are told
    /// is what was true with it.
    #[inline]
    fn standings(&mut self, counting: Counting, now: Moment) -> Standings {
        let quota = self.own.as_ref().and_then(|own| Some(own.counts.units.standing(own.quota.as_ref()?, now)));
        if counting.is_shared() {
            return Standings { plan: None, key: None, quota };
        }
        let stand = |side: &mut Option<Side<'_>>| side.as_mut().and_then(|side| side.standing(counting, now));
        Standings { plan: stand(&mut self.common), key: stand(&mut self.own), quota }
    }
}

/// The places that a request takes where windows are shared; `None` where nothing limits it.
pub(crate) fn places_of(record: &KeyRecord, traffic: Traffic) -> Option<Places> {
    Locked::new(record, traffic).places(record.organization_id())
}

/// Where the limits stand.
pub(crate) fn standings(record: &KeyRecord, traffic: Traffic, counting: Counting, now: Moment) -> Standings {
    Locked::new(record, traffic).standings(counting, now)
}

/// Takes one request from every limit and the cost from every quota, or nothing from any of them. Where windows are shared, places in
/// them come last.
#[inline]
pub(crate) fn consume(record: &KeyRecord, request: &Request<'_>, counting: Counting, held: Held<'_>, now: Moment) -> Consumed {
    let mut locked = Locked::new(record, request.traffic);
    if let Some(retry_after) = locked.sides().filter_map(|side| side.retry_after(counting, now)).max() {
        return Consumed::Limited(retry_after, locked.standings(counting.alone(), now));
    }
    let wanted = if counting.is_shared() { locked.places(record.organization_id()) } else { None };
    let answered = held.filter(|(places, _)| wanted.as_ref() == Some(*places));
    if let Some((places, taken)) = answered
        && let Some(retry_after) = taken.retry_after
    {
        return Consumed::Limited(retry_after, places.standings(taken));
    }
    let (mut lacks, mut spent) = (None, None);
    for side in locked.sides() {
        match side.cover(request.cost, now) {
            Cover::Enough => {}
            Cover::Fetch => lacks = lacks.or(side.quota.map(|quota| (side.subject, quota))),
            Cover::Exhausted => spent = spent.or(side.quota),
        }
    }
    if let Some(quota) = spent {
        let retry_after = now.wall.secs_until(quota.period.end(now.wall)).max(1);
        return Consumed::Exhausted(retry_after, locked.standings(counting, now));
    }
    if let Some((subject, quota)) = lacks {
        return Consumed::Needs(Arc::clone(subject), quota);
    }
    if let (Some(places), None) = (wanted, answered) {
        return Consumed::NeedsPlaces(places);
    }
    locked.sides().for_each(|side| side.take(request.cost, now));
    let here = locked.standings(counting, now);
    Consumed::Yes(answered.map_or(here, |(places, taken)| Standings { quota: here.quota, ..places.standings(taken) }))
}
