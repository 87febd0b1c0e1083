//! What is known of keys. Bounded; a fill that raced with an invalidation is dropped.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use mgmt_core::id::{KeyId, OrganizationId};
use parking_lot::Mutex;
use quick_cache::sync::Cache as Bounded;

use crate::{
    hot::Wanted,
    record::{Common, KeyRecord, Shared},
    subject::{SubjectId, Subjects},
    table::{Mark, Pen, Table},
};

/// How many counters of invalidations there are: a copy that a thread made of a record lasts until the next one of its counter.
const EPOCHS: usize = 1024;
/// How many ids that do not exist are remembered, and for how long: enough to keep a spray of them off the database.
const ABSENT: usize = 10_000;
const ABSENT_NANOS: u64 = 1_000_000_000;

/// So many profiles that no record has any more do no harm.
const FEW_PROFILES: usize = 1_000;

/// What the cache knows of an id.
pub(crate) enum Lookup {
    Hit(Arc<KeyRecord>),
    /// There is no such key.
    Absent,
    /// Nothing is known.
    Miss,
}

/// All epochs at one time.
pub(crate) struct Epochs(Box<[u64]>);

impl Epochs {
    pub(crate) fn of(&self, id: KeyId) -> u64 {
        self.0.get(Mark::of(id).pick(EPOCHS)).copied().unwrap_or_default()
    }
}

pub(crate) struct Cache {
    /// Tells the copies of this cache's records from those of others.
    number: u64,
    records: Table,
    absent: Bounded<KeyId, u64>,
    /// Each counts the invalidations of its part of the keys. A fill that began before the last one may have read what it replaced.
    epochs: Box<[AtomicU64]>,
    /// Held by fills and invalidations, never by look-ups.
    pen: Mutex<Pen>,
    profiles: Mutex<Profiles>,
}

/// What keys of organizations have in common.
#[derive(Debug, Default)]
struct Profiles {
    of: HashMap<OrganizationId, Vec<Arc<Shared>>>,
    /// How many were kept since those that no record has any more were forgotten, and how many there were then.
    added: usize,
    needed: usize,
}

impl Cache {
    pub(crate) fn new(capacity: usize) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            records: Table::new(capacity),
            absent: Bounded::new(ABSENT),
            epochs: std::iter::repeat_with(AtomicU64::default).take(EPOCHS).collect(),
            pen: Mutex::default(),
            profiles: Mutex::default(),
        }
    }

    #[inline]
    pub(crate) fn get(&self, id: KeyId, nanos: u64) -> Lookup {
        let mark = Mark::of(id);
        self.records.fetch_ahead(mark);
        // Before the record is looked up: what is found may be older than the invalidations that are counted later, and a copy of
        // it must not outlast them.
        let wanted = Wanted { gate: self.number, id, mark, epoch: self.epoch_of(mark) };
        let found = match wanted.find() {
            Ok(record) => return Lookup::Hit(record),
            Err(keep) => self.records.get(id, mark).filter(|record| !record.is_stale()).inspect(|record| {
                if keep {
                    wanted.keep(record);
                }
            }),
        };
        if let Some(record) = found {
            return Lookup::Hit(record);
        }
        match self.absent.get(&id) {
            Some(since) if nanos.saturating_sub(since) < ABSENT_NANOS => Lookup::Absent,
            _ => Lookup::Miss,
        }
    }

    /// To be read before the database is, and handed to [`fill`](Self::fill).
    pub(crate) fn epoch(&self, id: KeyId) -> u64 {
        self.epoch_of(Mark::of(id))
    }

    /// The same for all keys.
    pub(crate) fn epochs(&self) -> Epochs {
        Epochs(self.epochs.iter().map(|epoch| epoch.load(Ordering::SeqCst)).collect())
    }

    /// What a key of an organization has in common with others, in one place for all of them: the one that `is_it`, or a new one.
    pub(crate) fn share(
        &self,
        id: OrganizationId,
        is_it: impl Fn(&Common) -> bool,
        make: impl FnOnce() -> Common,
        subjects: &Subjects,
    ) -> Arc<Shared> {
        let mut profiles = self.profiles.lock();
        let known = profiles.of.entry(id).or_default();
        if let Some(shared) = known.iter().find(|shared| is_it(shared.common())) {
            return Arc::clone(shared);
        }
        let (management, resource) = (SubjectId::Management(id), SubjectId::Resource(id));
        let shared = Arc::new(Shared::new(make(), subjects.get(management), subjects.get(resource)));
        known.push(Arc::clone(&shared));
        profiles.added += 1;
        profiles.sweep();
        shared
    }

    /// Keeps what was read, unless the key changed since `epoch` was taken: then `false`.
    pub(crate) fn fill(&self, id: KeyId, epoch: u64, record: Option<KeyRecord>, nanos: u64) -> bool {
        let mut pen = self.pen.lock();
        if self.epoch(id) != epoch {
            return false;
        }
        match record {
            Some(record) => self.records.insert(&mut pen, id, Arc::new(record)),
            None => self.absent.insert(id, nanos),
        }
        true
    }

    /// Whether it was known.
    pub(crate) fn forget(&self, id: KeyId) -> bool {
        let mut pen = self.pen.lock();
        let was_known = self.records.remove(&mut pen, id);
        self.absent.remove(&id);
        // Last: who sees it finds nothing of the old record to make a copy of.
        self.advance(Mark::of(id));
        was_known
    }

    pub(crate) fn forget_organization(&self, id: OrganizationId) {
        let _pen = self.pen.lock();
        let stale = self.profiles.lock().of.remove(&id).unwrap_or_default();
        // Its records stay where they are, useless, until they are read anew or others need their place.
        stale.iter().for_each(|shared| shared.expire());
        self.advance_all();
    }

    pub(crate) fn forget_all(&self) {
        let mut pen = self.pen.lock();
        self.records.clear(&mut pen);
        self.absent.clear();
        *self.profiles.lock() = Profiles::default();
        self.advance_all();
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    fn epoch_of(&self, mark: Mark) -> u64 {
        self.epochs.get(mark.pick(EPOCHS)).map_or(0, |epoch| epoch.load(Ordering::SeqCst))
    }

    fn advance(&self, mark: Mark) {
        self.epochs.get(mark.pick(EPOCHS)).into_iter().for_each(count_one);
    }

    fn advance_all(&self) {
        self.epochs.iter().for_each(count_one);
    }
}

impl Profiles {
    /// Forgets what no record has any more, each time as many were added as are needed: so it costs little for each.
    fn sweep(&mut self) {
        if self.added <= self.needed.max(FEW_PROFILES) {
            return;
        }
        self.of.retain(|_, known| {
            known.retain(|shared| Arc::strong_count(shared) > 1);
            !known.is_empty()
        });
        self.needed = self.of.values().map(Vec::len).sum();
        self.added = 0;
    }
}

fn count_one(epoch: &AtomicU64) {
    epoch.fetch_add(1, Ordering::SeqCst);
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache({} records)", self.records.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::samples::records;

    #[test]
    fn what_no_record_has_any_more_is_forgotten() {
        let (cache, subjects) = (Cache::new(100), Subjects::default());
        let common = records()(1).shared.common().clone();
        let of = |number: u128| {
            let mut own = common.clone();
            own.organization_id = OrganizationId::from_u128(number);
            own
        };
        let share = |number| {
            let own = of(number);
            cache.share(own.organization_id, |known| *known == own, || own.clone(), &subjects)
        };
        let kept: Vec<_> = (0..10).map(share).collect();
        for number in 10..10_000 {
            drop(share(number));
        }
        assert!(cache.profiles.lock().of.len() <= 2 * FEW_PROFILES);
        for (number, shared) in (0..).zip(&kept) {
            assert!(Arc::ptr_eq(&share(number), shared), "those in use are the same for all");
        }
    }
}
