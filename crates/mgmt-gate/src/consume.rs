//! Counting a request on all that limits it: windows, quotas, and places in windows that nodes share.

use std::sync::Arc;

use mgmt_core::{
    id::OrganizationId,
    limit::{RateLimit, Verdict},
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

/// What limits a request, and the counts of it under their locks. They are always taken in the same order: the organization's, the key's.
struct Locked<'a> {
    plan: Option<RateLimit>,
    shared_quota: Option<Quota>,
    /// The organization's counts, if its plan or its quota asks for them.
    common: Option<(&'a Arc<Subject>, MutexGuard<'a, Counts>)>,
    limit: Option<RateLimit>,
    quota: Option<Quota>,
    /// The key's counts, if it has a limit or quota of its own.
    own: Option<(&'a Arc<Subject>, MutexGuard<'a, Counts>)>,
}

impl<'a> Locked<'a> {
    #[inline]
    fn new(record: &'a KeyRecord, traffic: Traffic) -> Self {
        let profile = record.shared.common();
        let (plan, shared_quota, subject) = match traffic {
            Traffic::Management => (profile.plan_limit, None, &record.shared.management),
            Traffic::Resource => (profile.plan_limit, profile.quota, &record.shared.resource),
            Traffic::Exempt => (None, None, &record.shared.resource),
        };
        let own = record.own();
        Self {
            plan,
            shared_quota,
            common: (plan.is_some() || shared_quota.is_some()).then(|| (subject, subject.counts.lock())),
            limit: own.and_then(|own| own.limit),
            quota: own.and_then(|own| own.quota),
            own: own.map(|own| (&own.lineage, own.lineage.counts.lock())),
        }
    }

    /// The limits with their windows.
    #[inline]
    fn windows(&mut self) -> [Option<(RateLimit, &mut Counts)>; 2] {
        let common = self.common.as_mut().map(|(_, counts)| &mut **counts);
        let own = self.own.as_mut().map(|(_, counts)| &mut **counts);
        [self.plan.zip(common), self.limit.zip(own)]
    }

    /// The quotas with their units: the key's, then the organization's.
    #[inline]
    fn quotas(&mut self) -> [Option<(Quota, &'a Arc<Subject>, &mut Counts)>; 2] {
        let common = self.common.as_mut().map(|(subject, counts)| (*subject, &mut **counts));
        let own = self.own.as_mut().map(|(subject, counts)| (*subject, &mut **counts));
        [self.quota.zip(own), self.shared_quota.zip(common)]
            .map(|held| held.map(|(quota, (subject, counts))| (quota, subject, counts)))
    }

    /// The places in shared windows that stand for the limits.
    fn places(&self, home: OrganizationId) -> Option<Places> {
        let plan = self.plan.zip(self.common.as_ref().map(|(subject, _)| subject.id));
        let own = self.limit.zip(self.own.as_ref().map(|(subject, _)| subject.id));
        Places::of_key(home, plan, own)
    }

    /// The seconds to wait, if a window of this node is full.
    #[inline]
    fn retry_after(&mut self, counting: Counting, now: Moment) -> Option<u64> {
        let waits = self.windows().into_iter().flatten().filter_map(|(limit, counts)| {
            match counting.check(&mut counts.window, &limit, now.nanos) {
                Verdict::Open { .. } => None,
                Verdict::Full { retry_after } => Some(retry_after),
            }
        });
        waits.max()
    }

    /// Where everything stands; of shared windows that is not known here. Read under the locks of the request: what clients are told
    /// is what was true with it.
    #[inline]
    fn standings(&mut self, counting: Counting, now: Moment) -> Standings {
        let [plan, key] = if counting.is_shared() {
            [None, None]
        } else {
            self.windows().map(|limited| limited.map(|(limit, counts)| counting.standing(&mut counts.window, &limit, now.nanos)))
        };
        let [quota, _] = self.quotas();
        Standings { plan, key, quota: quota.map(|(quota, _, counts)| counts.units.standing(&quota, now)) }
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
    if let Some(retry_after) = locked.retry_after(counting, now) {
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
    for (quota, subject, counts) in locked.quotas().into_iter().flatten() {
        match counts.units.cover(&quota, request.cost, now) {
            Cover::Enough => {}
            Cover::Fetch => lacks = lacks.or(Some((subject, quota))),
            Cover::Exhausted => spent = spent.or(Some(quota)),
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
    for (_, _, counts) in locked.quotas().into_iter().flatten() {
        counts.units.spend(request.cost, now);
    }
    for (_, counts) in locked.windows().into_iter().flatten() {
        counts.window.accept(now.nanos);
    }
    let here = locked.standings(counting, now);
    Consumed::Yes(answered.map_or(here, |(places, taken)| Standings { quota: here.quota, ..places.standings(taken) }))
}
