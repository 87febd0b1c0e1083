//! What limits and quotas are counted on: a key's lineage, an organization's traffic, a session. A subject outlives the cached
//! records that point to it, so that a refreshed or evicted record never forgets what was counted.

use std::{
    borrow::Borrow,
    collections::HashSet,
    hash::Hash,
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use mgmt_core::{
    id::{KeyId, OrganizationId, SessionId},
    limit::{RateLimit, Window},
    quota::Quota,
};
use parking_lot::Mutex;

use crate::{quota::Units, record::Rare};

/// Names a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SubjectId {
    /// A key and its successors by rotation.
    Lineage(KeyId),
    /// An organization's management traffic.
    Management(OrganizationId),
    /// An organization's resource traffic, and its quota.
    Resource(OrganizationId),
    /// A session.
    Session(SessionId),
}

impl SubjectId {
    /// The name of the subject's quota row.
    pub(crate) fn quota_row(self) -> String {
        match self {
            Self::Lineage(id) => id.to_string(),
            Self::Management(id) | Self::Resource(id) => id.to_string(),
            Self::Session(id) => id.to_string(),
        }
    }
}

/// A [`SubjectId`] in the fewest bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Name([u8; 17]);

impl Name {
    const LINEAGE: u8 = 0;
    const MANAGEMENT: u8 = 1;
    const RESOURCE: u8 = 2;

    fn of(id: SubjectId) -> Self {
        let (kind, bits) = match id {
            SubjectId::Lineage(id) => (Self::LINEAGE, id.as_u128()),
            SubjectId::Management(id) => (Self::MANAGEMENT, id.as_u128()),
            SubjectId::Resource(id) => (Self::RESOURCE, id.as_u128()),
            SubjectId::Session(id) => (3, id.as_u128()),
        };
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = bits.to_be_bytes();
        Self([kind, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
    }

    fn id(self) -> SubjectId {
        let [kind, bits @ ..] = self.0;
        let bits = u128::from_be_bytes(bits);
        match kind {
            Self::LINEAGE => SubjectId::Lineage(KeyId::from_u128(bits)),
            Self::MANAGEMENT => SubjectId::Management(OrganizationId::from_u128(bits)),
            Self::RESOURCE => SubjectId::Resource(OrganizationId::from_u128(bits)),
            _ => SubjectId::Session(SessionId::from_u128(bits)),
        }
    }
}

/// What is counted on a subject.
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct Counts {
    /// The moments of the last acceptances.
    pub(crate) window: Window,
    /// Units of a quota that were taken from the store and not used yet.
    pub(crate) units: Units,
}

/// A limit and a quota of one key's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The limit's number and span; no number for no limit.
    requests: u32,
    per_seconds: u32,
    quota: Option<Quota>,
}

impl Terms {
    pub(crate) fn new(limit: Option<RateLimit>, quota: Option<Quota>) -> Self {
        let RateLimit { requests, per_seconds } = limit.unwrap_or(RateLimit { requests: 0, per_seconds: 0 });
        Self { requests, per_seconds, quota }
    }

    #[inline]
    pub(crate) fn limit(&self) -> Option<RateLimit> {
        (self.requests > 0).then_some(RateLimit { requests: self.requests, per_seconds: self.per_seconds })
    }

    #[inline]
    pub(crate) fn quota(&self) -> Option<Quota> {
        self.quota
    }

    /// Whether there is a limit or a quota.
    #[inline]
    pub(crate) fn is_some(&self) -> bool {
        self.requests > 0 || self.quota.is_some()
    }
}

/// One subject, with the terms of the key that it was made for. A key of the lineage with other terms, or with anything [rare](Rare),
/// has a subject of its own that nothing is counted on and that points to this one. So most records with limits find everything in
/// one place.
// In this order: what every request touches stands together.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Subject {
    pub(crate) terms: Terms,
    pub(crate) rare: Option<Box<Rare>>,
    /// Under one lock, since most requests count on both.
    pub(crate) counts: Mutex<Counts>,
    name: Name,
    /// Whether it is on the list of those that may hold units.
    is_listed: AtomicBool,
    /// Held while units are fetched and waited for, so that one fetch serves all who wait. Taken before `refill`.
    pub(crate) turn: Mutex<()>,
    /// Held while units move between this node and the store.
    pub(crate) refill: Mutex<()>,
}

impl Subject {
    fn new(id: SubjectId, terms: Terms, rare: Option<Box<Rare>>) -> Self {
        let (name, counts) = (Name::of(id), Mutex::default());
        let is_listed = AtomicBool::new(false);
        Self { terms, rare, counts, name, is_listed, turn: Mutex::default(), refill: Mutex::default() }
    }

    pub(crate) fn id(&self) -> SubjectId {
        self.name.id()
    }

    /// Begins to fetch terms and counts into the processor's cache, without waiting for them: it reads something of each line but the
    /// third, which processors fetch together with its neighbour.
    #[inline]
    pub(crate) fn fetch_ahead(&self) {
        black_box(self.terms.requests);
        black_box(self.counts.is_locked());
        let [kind, ..] = self.name.0;
        black_box(kind);
    }
}

/// Is found by the name that stands in it.
#[derive(Debug)]
struct Entry(Arc<Subject>);

impl Borrow<Name> for Entry {
    fn borrow(&self) -> &Name {
        &self.0.name
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Entry {}

impl Hash for Entry {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

/// Subjects are kept in so many parts, one of which is swept at a time: no request waits long for its place, however many there are.
const PARTS: usize = 64;

/// All subjects that count anything.
#[derive(Debug)]
pub(crate) struct Subjects {
    parts: [Mutex<HashSet<Entry>>; PARTS],
    /// The part that is swept next.
    next: AtomicUsize,
    /// Those that may hold units: few, beside all.
    holding: Mutex<Vec<Arc<Subject>>>,
}

impl Default for Subjects {
    fn default() -> Self {
        Self { parts: std::array::from_fn(|_| Mutex::default()), next: AtomicUsize::new(0), holding: Mutex::default() }
    }
}

impl Subjects {
    pub(crate) fn get(&self, id: SubjectId) -> Arc<Subject> {
        self.get_or_make(id, Terms::default())
    }

    /// What a key finds its limits in, and what is counted there: `None` for a key that has nothing of the kind.
    pub(crate) fn of_key(&self, lineage: KeyId, terms: Terms, rare: Option<Rare>) -> Option<Arc<Subject>> {
        let id = SubjectId::Lineage(lineage);
        let counted = terms.is_some().then(|| self.get_or_make(id, terms));
        match (counted, rare) {
            (Some(counted), None) if counted.terms == terms => Some(counted),
            (None, None) => None,
            (counted, rare) => {
                let mut rare = rare.unwrap_or_default();
                rare.counted = counted;
                Some(Arc::new(Subject::new(id, terms, Some(Box::new(rare)))))
            }
        }
    }

    fn get_or_make(&self, id: SubjectId, terms: Terms) -> Arc<Subject> {
        let name = Name::of(id);
        let mut part = self.part(name).lock();
        if let Some(Entry(subject)) = part.get(&name) {
            return Arc::clone(subject);
        }
        let subject = Arc::new(Subject::new(id, terms, None));
        part.insert(Entry(Arc::clone(&subject)));
        subject
    }

    /// By the last bits of ids, which are random.
    fn part(&self, name: Name) -> &Mutex<HashSet<Entry>> {
        let [.., last] = name.0;
        let [first, ..] = &self.parts;
        self.parts.get(usize::from(last) % PARTS).unwrap_or(first)
    }

    fn find(&self, id: SubjectId) -> Option<Arc<Subject>> {
        let name = Name::of(id);
        self.part(name).lock().get(&name).map(|Entry(subject)| Arc::clone(subject))
    }

    /// Units that are held for a subject and not used.
    pub(crate) fn unused(&self, id: SubjectId) -> u64 {
        self.find(id).map_or(0, |subject| subject.counts.lock().units.held())
    }

    /// Those who count on a quota's row.
    pub(crate) fn of_row(&self, row: &str) -> Vec<Arc<Subject>> {
        let ids = [
            row.parse().ok().map(SubjectId::Lineage),
            row.parse().ok().map(SubjectId::Management),
            row.parse().ok().map(SubjectId::Resource),
        ];
        ids.into_iter().flatten().filter_map(|id| self.find(id)).collect()
    }

    /// Notes that a subject may hold units from now on.
    pub(crate) fn list(&self, subject: &Arc<Subject>) {
        if !subject.is_listed.swap(true, Ordering::SeqCst) {
            self.holding.lock().push(Arc::clone(subject));
        }
    }

    /// Those that may hold units, off the list: whoever finds that they still do lists them again.
    pub(crate) fn take_listed(&self) -> Vec<Arc<Subject>> {
        let listed = std::mem::take(&mut *self.holding.lock());
        listed.iter().for_each(|subject| subject.is_listed.store(false, Ordering::SeqCst));
        listed
    }

    /// Forgets subjects that nobody points to and that can refuse nobody any more, in the next part of all.
    pub(crate) fn sweep(&self, nanos: u64) {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % PARTS;
        let Some(part) = self.parts.get(next) else { return };
        part.lock().retain(|Entry(subject)| {
            if Arc::strong_count(subject) > 1 {
                return true;
            }
            let counts = subject.counts.lock();
            !counts.window.is_idle(nanos) || counts.units.held() > 0
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.lock().len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgmt_core::quota::Period;

    const LINEAGE: KeyId = KeyId::from_u128(7);

    /// With the header of an `Arc` and of an allocation, four cache lines.
    #[test]
    fn subjects_are_compact() {
        assert_eq!(size_of::<Subject>(), 232);
    }

    #[test]
    fn keys_of_one_lineage_count_in_one_place_whatever_their_terms() {
        let subjects = Subjects::default();
        let limit = |requests| Some(RateLimit { requests, per_seconds: 60 });
        let quota = Some(Quota { limit: 10, period: Period::Day });
        let first = subjects.of_key(LINEAGE, Terms::new(limit(5), None), None).unwrap();
        let again = subjects.of_key(LINEAGE, Terms::new(limit(5), None), None).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        for (terms, rare) in [
            (Terms::new(limit(6), quota), None),
            (Terms::new(limit(5), None), Some(Rare::default())),
            (Terms::new(None, quota), None),
        ] {
            let other = subjects.of_key(LINEAGE, terms, rare).unwrap();
            assert_eq!(other.terms, terms);
            assert!(Arc::ptr_eq(other.rare.as_ref().unwrap().counted.as_ref().unwrap(), &first));
        }
        assert!(subjects.of_key(LINEAGE, Terms::default(), None).is_none());
        let restricted = subjects.of_key(LINEAGE, Terms::default(), Some(Rare::default())).unwrap();
        assert!(restricted.rare.as_ref().unwrap().counted.is_none());
        assert_eq!(subjects.len(), 1);
        drop((first, again));
        (0..PARTS).for_each(|_| subjects.sweep(0));
        assert_eq!(subjects.len(), 0, "nobody points to it");
    }

    #[test]
    fn names_hold_all_of_an_id() {
        let bits = u128::MAX - 1;
        for id in [
            SubjectId::Lineage(KeyId::from_u128(bits)),
            SubjectId::Management(OrganizationId::from_u128(bits)),
            SubjectId::Resource(OrganizationId::from_u128(bits)),
            SubjectId::Session(SessionId::from_u128(bits)),
        ] {
            assert_eq!(Name::of(id).id(), id);
        }
    }
}
