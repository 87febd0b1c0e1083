//! Counting what passes and what does not. Counts are gathered in memory and written in batches with an id of their own, so that
//! a batch whose answer was lost can be written again without counting twice.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use mgmt_core::{
    id::{KeyId, OrganizationId},
    time::Timestamp,
    usage::{Outcome, Surface, UsageCount},
};
use mgmt_store::{Result, Store};
use parking_lot::Mutex;

use crate::record::KeyRecord;

/// Threads are spread over so many lists.
const PARTS: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Bucket {
    organization_id: OrganizationId,
    key_id: KeyId,
    surface: Surface,
    outcome: Outcome,
    minute: Timestamp,
}

/// What is counted of one key since it was drained, in one word: a minute, when in it the key was last let through, a surface and an
/// outcome, and how many requests ended so. Zero when nothing was counted; else it is on a list of those to drain. When the next
/// request is another minute's or ends otherwise, what was counted before moves to the spill.
#[derive(Debug, Default)]
pub(crate) struct Tally(AtomicU64);

/// What a tally's word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    minute: u64,
    /// Milliseconds in the minute.
    at: u64,
    ending: u64,
    count: u64,
}

const COUNT_BITS: u32 = 11;
const ENDING_BITS: u32 = 4;
const AT_BITS: u32 = 16;
const MOST: u64 = (1 << COUNT_BITS) - 1;
const MINUTE_MILLIS: u64 = 60_000;

impl Count {
    #[inline]
    fn one(surface: Surface, outcome: Outcome, now: Timestamp) -> Self {
        let millis = now.as_millis().unsigned_abs();
        let ending = surface as u64 * Outcome::ALL.len() as u64 + outcome as u64;
        Self { minute: millis / MINUTE_MILLIS, at: millis % MINUTE_MILLIS, ending, count: 1 }
    }

    #[inline]
    fn unpack(word: u64) -> Self {
        let field = |shift: u32, bits: u32| word >> shift & ((1 << bits) - 1);
        Self {
            minute: word >> (COUNT_BITS + ENDING_BITS + AT_BITS),
            at: field(COUNT_BITS + ENDING_BITS, AT_BITS),
            ending: field(COUNT_BITS, ENDING_BITS),
            count: field(0, COUNT_BITS),
        }
    }

    #[inline]
    fn pack(self) -> u64 {
        ((self.minute << AT_BITS | self.at) << ENDING_BITS | self.ending) << COUNT_BITS | self.count
    }

    /// Both together, if they are counted alike.
    #[inline]
    fn and(self, next: Self) -> Option<Self> {
        let alike = self.minute == next.minute && self.ending == next.ending && (1..MOST).contains(&self.count);
        alike.then(|| Self { at: self.at.max(next.at), count: self.count + 1, ..self })
    }

    fn ending(self) -> Option<(Surface, Outcome)> {
        let outcomes = Outcome::ALL.len();
        let ending = self.ending as usize;
        Some((*Surface::ALL.get(ending / outcomes)?, *Outcome::ALL.get(ending % outcomes)?))
    }
}

/// Counts of several keys, ready to be written.
#[derive(Debug, Default)]
struct Sums {
    buckets: HashMap<Bucket, u64>,
    used: HashMap<KeyId, Timestamp>,
}

impl Sums {
    fn add(&mut self, record: &KeyRecord, counted: Count) {
        let Some((surface, outcome)) = counted.ending().filter(|_| counted.count > 0) else { return };
        let (organization_id, key_id) = (record.organization_id(), record.id());
        let start = (counted.minute * MINUTE_MILLIS).cast_signed();
        let bucket = Bucket { organization_id, key_id, surface, outcome, minute: Timestamp::from_millis(start) };
        *self.buckets.entry(bucket).or_default() += counted.count;
        if outcome == Outcome::Accepted {
            self.use_at(key_id, Timestamp::from_millis(start + counted.at.cast_signed()));
        }
    }

    fn use_at(&mut self, key_id: KeyId, at: Timestamp) {
        let last = self.used.entry(key_id).or_insert(at);
        *last = (*last).max(at);
    }

    fn merge(&mut self, other: Self) {
        for (bucket, count) in other.buckets {
            *self.buckets.entry(bucket).or_default() += count;
        }
        for (key_id, at) in other.used {
            self.use_at(key_id, at);
        }
    }
}

/// A batch that is being written, or whose writing failed.
#[derive(Debug)]
struct Batch {
    id: String,
    counts: Vec<UsageCount>,
    used: Vec<(KeyId, Timestamp)>,
}

impl Batch {
    fn write(&self, store: &dyn Store, now: Timestamp) -> Result<()> {
        store.run("usage.flush", |tx| {
            if tx.usage().add(&self.id, &self.counts, now)? {
                tx.keys().touch(&self.used)?;
            }
            Ok(())
        })
    }
}

/// What some of the threads have counted.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Part {
    /// Records in which something was counted since the last time.
    listed: Mutex<Vec<Arc<KeyRecord>>>,
    spilled: Mutex<Sums>,
}

/// Counts requests.
#[derive(Debug)]
pub(crate) struct Meter {
    parts: Vec<Part>,
    /// Tells this process's batches from those of others and of earlier runs.
    run: String,
    next: AtomicU64,
    pending: Mutex<Option<Batch>>,
}

impl Meter {
    pub(crate) fn new(run: String) -> Self {
        let parts = std::iter::repeat_with(Part::default).take(PARTS).collect();
        Self { parts, run, next: AtomicU64::new(0), pending: Mutex::default() }
    }

    /// Counts one request. Nothing is allocated but, once a key and flush, a place on a list.
    #[inline]
    pub(crate) fn count(&self, record: &Arc<KeyRecord>, surface: Surface, outcome: Outcome, now: Timestamp) {
        let one = Count::one(surface, outcome, now);
        let word = &record.tally.0;
        let mut seen = word.load(Ordering::Relaxed);
        loop {
            let before = Count::unpack(seen);
            let together = before.and(one);
            match word.compare_exchange_weak(seen, together.unwrap_or(one).pack(), Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) if together.is_some() => return,
                Ok(_) => return self.begin(record, before),
                Err(now) => seen = now,
            }
        }
    }

    /// Puts a record on a list, or what it has counted before aside.
    #[cold]
    fn begin(&self, record: &Arc<KeyRecord>, before: Count) {
        let Some(part) = self.parts.get(part_of_thread()) else { return };
        if before.count == 0 {
            part.listed.lock().push(Arc::clone(record));
        } else {
            part.spilled.lock().add(record, before);
        }
    }

    /// Writes all that was counted before. What cannot be written now is kept for the next time; what is counted meanwhile is left for it
    /// too, so that a busy gate does not write all the time.
    pub(crate) fn flush(&self, store: &dyn Store, now: Timestamp) -> Result<()> {
        let mut pending = self.pending.lock();
        if let Some(batch) = pending.as_ref() {
            batch.write(store, now)?;
        }
        *pending = self.drain();
        if let Some(batch) = pending.as_ref() {
            batch.write(store, now)?;
        }
        *pending = None;
        Ok(())
    }

    fn drain(&self) -> Option<Batch> {
        let mut sums = Sums::default();
        for part in &self.parts {
            let mut listed = mem::take(&mut *part.listed.lock());
            let count = listed.len();
            for record in listed.drain(..) {
                sums.add(&record, Count::unpack(record.tally.0.swap(0, Ordering::AcqRel)));
            }
            // The list is used again, so that no check waits for memory.
            listed.shrink_to(2 * count);
            let mut place = part.listed.lock();
            if place.is_empty() {
                *place = listed;
            }
            drop(place);
            sums.merge(mem::take(&mut *part.spilled.lock()));
        }
        let Sums { buckets, used } = sums;
        if buckets.is_empty() {
            return None;
        }
        let id = format!("{}-{}", self.run, self.next.fetch_add(1, Ordering::Relaxed));
        let count = |(b, count): (Bucket, u64)| UsageCount {
            organization_id: b.organization_id,
            key_id: b.key_id,
            surface: b.surface,
            outcome: b.outcome,
            minute: b.minute,
            count,
        };
        // Sorted, so that nodes that write the same rows at once wait for each other instead of deadlocking.
        let mut counts: Vec<UsageCount> = buckets.into_iter().map(count).collect();
        counts.sort_by_key(|c| (c.organization_id, c.minute, c.key_id, c.surface, c.outcome));
        let mut used: Vec<(KeyId, Timestamp)> = used.into_iter().collect();
        used.sort_unstable();
        Some(Batch { id, counts, used })
    }
}

fn part_of_thread() -> usize {
    thread_local! {
        static PART: usize = {
            let mut hasher = DefaultHasher::new();
            thread::current().id().hash(&mut hasher);
            (hasher.finish() as usize) % PARTS
        };
    }
    PART.with(|s| *s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::samples::records;
    use proptest::prelude::*;

    const START: i64 = 1_800_000_000_000;

    proptest! {
        /// Whatever is counted in whatever order is drained once, in its minute, with the last moment of use.
        #[test]
        fn every_request_is_counted_once(
            steps in prop::collection::vec((0..2_u128, 0..3_usize, 0..3_usize, 0..150_000_i64, 1..3_000_usize, 0..20_u8), 1..40),
        ) {
            let (make, meter) = (records(), Meter::new("run".to_owned()));
            let keys = [make(0), make(1)];
            let (mut expected, mut last) = (HashMap::new(), HashMap::new());
            let (mut drained, mut used) = (HashMap::new(), HashMap::new());
            let mut drain = |meter: &Meter| {
                let Some(batch) = meter.drain() else { return };
                for count in batch.counts {
                    *drained.entry((count.key_id, count.surface, count.outcome, count.minute)).or_insert(0) += count.count;
                }
                for (key, at) in batch.used {
                    let last = used.entry(key).or_insert(at);
                    *last = (*last).max(at);
                }
            };
            for (key, surface, outcome, millis, times, draining) in steps {
                let (surface, outcome, at) = (Surface::ALL[surface], Outcome::ALL[outcome], Timestamp::from_millis(START + millis));
                let record = &keys[key as usize];
                (0..times).for_each(|_| meter.count(record, surface, outcome, at));
                *expected.entry((record.id(), surface, outcome, mgmt_core::usage::minute_of(at))).or_insert(0) += times as u64;
                if outcome == Outcome::Accepted {
                    let last = last.entry(record.id()).or_insert(at);
                    *last = (*last).max(at);
                }
                if draining == 0 { drain(&meter); }
            }
            drain(&meter);
            prop_assert!(meter.drain().is_none());
            prop_assert_eq!(drained, expected);
            prop_assert_eq!(used, last);
        }
    }

    #[test]
    fn threads_that_count_while_it_is_drained_lose_nothing() {
        let (make, meter) = (records(), Meter::new("run".to_owned()));
        let record = make(1);
        let mut sum = 0;
        thread::scope(|scope| {
            let counting: Vec<_> = (0..3)
                .map(|thread| {
                    let (meter, record) = (&meter, &record);
                    scope.spawn(move || {
                        for number in 0..20_000 {
                            let outcome = if number % 50 == thread { Outcome::Limited } else { Outcome::Accepted };
                            meter.count(record, Surface::Verify, outcome, Timestamp::from_millis(START));
                        }
                    })
                })
                .collect();
            while !counting.iter().all(|thread| thread.is_finished()) {
                sum += meter.drain().map_or(0, |batch| batch.counts.iter().map(|c| c.count).sum::<u64>());
            }
        });
        sum += meter.drain().map_or(0, |batch| batch.counts.iter().map(|c| c.count).sum::<u64>());
        assert_eq!(sum, 60_000);
    }
}
