//! The table of cached records: bounded, growing, and with a lock of its own for every six of them.
//!
//! A bucket is one cache line: its lock, a byte of each id's hash, and the records. So a look-up waits for one line and the record's,
//! and two threads meet only on the same few keys. The table grows by linear hashing (Litwin, 1980), a bucket at a time: nothing is
//! ever rebuilt, and nobody waits for growth.

use std::{
    collections::HashMap,
    hint::black_box,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use mgmt_core::id::KeyId;
use parking_lot::{Mutex, MutexGuard};

use crate::record::KeyRecord;

const WAYS: usize = 6;
/// Buckets that are made at once.
const SEGMENT: usize = 256;
/// Records in two buckets, on average. With more of them, too many do not find a place; with fewer, memory lies idle.
const LOAD: usize = 7;

/// A hash of an id. Ids are made here and random in their low bits, so nobody chooses who meets whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(u64);

impl Mark {
    #[inline]
    pub(crate) fn of(id: KeyId) -> Self {
        let bits = id.as_u128();
        Self((bits as u64 ^ ((bits >> 64) as u64).rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// One of `count`, a power of two up to 2^16, that depends on other bits than the bucket does in small tables.
    #[inline]
    pub(crate) fn pick(self, count: usize) -> usize {
        (self.0 >> 48) as usize & (count - 1)
    }

    #[inline]
    fn tag(self) -> u8 {
        // Zero is for empty places.
        (self.0 >> 24) as u8 | 1
    }

    /// Which of so many buckets.
    #[inline]
    fn bucket(self, buckets: usize) -> usize {
        let bits = (self.0 >> 32) as usize;
        let wide = bits & ((1 << (buckets.ilog2() + 1)) - 1);
        if wide < buckets { wide } else { bits & ((1 << buckets.ilog2()) - 1) }
    }
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Bucket(Mutex<Places>);

/// A cache line.
const _: () = assert!(size_of::<Bucket>() == 64);

#[derive(Debug, Default)]
struct Places {
    tags: [u8; WAYS],
    /// A bit for each place: whether it was looked up since the hand passed.
    used: u8,
    /// Records that found no place and stand in the segment's overflow.
    overflown: u8,
    records: [Option<Arc<KeyRecord>>; WAYS],
}

impl Places {
    #[inline]
    fn find(&self, id: KeyId, tag: u8) -> Option<(usize, &Arc<KeyRecord>)> {
        for (place, (is, record)) in self.tags.iter().zip(&self.records).enumerate() {
            if *is == tag
                && let Some(record) = record
                && record.id() == id
            {
                record.fetch_rest();
                return Some((place, record));
            }
        }
        None
    }

    fn free(&self) -> Option<usize> {
        self.records.iter().position(Option::is_none)
    }

    fn take(&mut self, place: usize) -> Option<Arc<KeyRecord>> {
        if let Some(tag) = self.tags.get_mut(place) {
            *tag = 0;
        }
        self.used &= !(1 << place);
        self.records.get_mut(place)?.take()
    }

    fn set(&mut self, place: usize, tag: u8, record: Arc<KeyRecord>) {
        if let (Some(is), Some(slot)) = (self.tags.get_mut(place), self.records.get_mut(place)) {
            *is = tag;
            *slot = Some(record);
            // Whoever came last is not the first to go.
            self.used |= 1 << place;
        }
    }
}

#[derive(Debug)]
struct Segment {
    buckets: Box<[Bucket]>,
    /// Locked only by those who hold the lock of a bucket of this segment.
    overflow: Mutex<HashMap<KeyId, Arc<KeyRecord>>>,
}

impl Segment {
    fn new() -> Self {
        Self { buckets: std::iter::repeat_with(Bucket::default).take(SEGMENT).collect(), overflow: Mutex::default() }
    }
}

/// A bucket that is locked, with what belongs to it.
struct Locked<'a> {
    places: MutexGuard<'a, Places>,
    segment: &'a Segment,
}

impl Locked<'_> {
    #[inline]
    fn find(&mut self, id: KeyId, mark: Mark) -> Option<Arc<KeyRecord>> {
        if let Some((place, record)) = self.places.find(id, mark.tag()) {
            let record = Arc::clone(record);
            self.places.used |= 1 << place;
            return Some(record);
        }
        if self.places.overflown == 0 {
            return None;
        }
        self.segment.overflow.lock().get(&id).cloned()
    }

    /// Puts a record in: whether there was none of its id before.
    fn insert(&mut self, id: KeyId, mark: Mark, record: Arc<KeyRecord>) -> bool {
        if let Some((place, _)) = self.places.find(id, mark.tag()) {
            self.places.set(place, mark.tag(), record);
            return false;
        }
        let mut overflow = self.segment.overflow.lock();
        if self.places.overflown > 0
            && let Some(there) = overflow.get_mut(&id)
        {
            *there = record;
            return false;
        }
        match self.places.free() {
            Some(place) => self.places.set(place, mark.tag(), record),
            None if self.places.overflown < u8::MAX => {
                self.places.overflown += 1;
                overflow.insert(id, record);
            }
            None => return false,
        }
        true
    }

    fn remove(&mut self, id: KeyId, mark: Mark) -> bool {
        if let Some((place, _)) = self.places.find(id, mark.tag()) {
            return self.places.take(place).is_some();
        }
        let gone = self.places.overflown > 0 && self.segment.overflow.lock().remove(&id).is_some();
        self.places.overflown -= u8::from(gone);
        gone
    }

    /// Takes out all for which `wanted` says so; it is told whether they were used since the last time.
    fn extract(&mut self, mine: impl Fn(KeyId) -> bool, mut wanted: impl FnMut(&KeyRecord, bool) -> bool) -> Vec<Arc<KeyRecord>> {
        let mut out = Vec::new();
        for place in 0..WAYS {
            let used = self.places.used & 1 << place != 0;
            if self.places.records.get(place).and_then(Option::as_ref).is_some_and(|record| wanted(record, used)) {
                out.extend(self.places.take(place));
            }
        }
        if self.places.overflown > 0 {
            let mut overflow = self.segment.overflow.lock();
            let leaving: Vec<KeyId> =
                overflow.iter().filter(|(id, record)| mine(**id) && wanted(record, false)).map(|(id, _)| *id).collect();
            self.places.overflown -= leaving.len() as u8;
            out.extend(leaving.iter().filter_map(|id| overflow.remove(id)));
        }
        out
    }
}

/// The table. Reading needs nothing; changing it is for the holder of the [`Pen`], of which the owner of the table has one.
#[derive(Debug)]
pub(crate) struct Table {
    segments: Box<[OnceLock<Segment>]>,
    /// How many buckets are in use. Grows only, and while the bucket that is split is locked.
    buckets: AtomicUsize,
    /// How many records there are.
    len: AtomicUsize,
    capacity: usize,
}

/// What the one who changes a table must hold.
#[derive(Debug, Default)]
pub(crate) struct Pen {
    /// The bucket that is looked at next when something must go.
    hand: usize,
}

impl Table {
    pub(crate) fn new(capacity: usize) -> Self {
        let most = (capacity.saturating_mul(2) / LOAD).max(SEGMENT).div_ceil(SEGMENT);
        let segments: Box<[_]> = std::iter::repeat_with(OnceLock::new).take(most).collect();
        Self { segments, buckets: AtomicUsize::new(SEGMENT), len: AtomicUsize::new(0), capacity: capacity.max(1) }
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    #[inline]
    fn lock(&self, bucket: usize) -> Option<Locked<'_>> {
        let segment = self.segments.get(bucket / SEGMENT)?.get()?;
        Some(Locked { places: segment.buckets.get(bucket % SEGMENT)?.0.lock(), segment })
    }

    /// Begins to fetch a bucket into the processor's cache: a lock waits until all before it is done, this does not.
    #[inline]
    pub(crate) fn fetch_ahead(&self, mark: Mark) {
        let at = mark.bucket(self.buckets.load(Ordering::Acquire));
        if let Some(bucket) = self.segments.get(at / SEGMENT).and_then(OnceLock::get).and_then(|s| s.buckets.get(at % SEGMENT)) {
            black_box(bucket.0.is_locked());
        }
    }

    /// Finds a record. Takes the lock of its bucket for a moment.
    #[inline]
    pub(crate) fn get(&self, id: KeyId, mark: Mark) -> Option<Arc<KeyRecord>> {
        let mut buckets = self.buckets.load(Ordering::Acquire);
        loop {
            let at = mark.bucket(buckets);
            let found = self.lock(at)?.find(id, mark);
            if found.is_some() {
                return found;
            }
            // It may have moved meanwhile. Who saw its old bucket without it sees the number of buckets with which it has its new one.
            buckets = self.buckets.load(Ordering::Acquire);
            if mark.bucket(buckets) == at {
                return None;
            }
        }
    }

    pub(crate) fn insert(&self, pen: &mut Pen, id: KeyId, record: Arc<KeyRecord>) {
        let mark = Mark::of(id);
        let at = mark.bucket(self.buckets.load(Ordering::Acquire));
        if let Some(segment) = self.segments.get(at / SEGMENT) {
            segment.get_or_init(Segment::new);
        }
        let is_new = self.lock(at).is_some_and(|mut bucket| bucket.insert(id, mark, record));
        if is_new && self.len.fetch_add(1, Ordering::Relaxed) >= self.capacity {
            self.evict(pen);
        }
        self.grow();
    }

    /// Whether it was there.
    pub(crate) fn remove(&self, _pen: &mut Pen, id: KeyId) -> bool {
        let mark = Mark::of(id);
        let at = mark.bucket(self.buckets.load(Ordering::Acquire));
        let gone = self.lock(at).is_some_and(|mut bucket| bucket.remove(id, mark));
        self.len.fetch_sub(usize::from(gone), Ordering::Relaxed);
        gone
    }

    pub(crate) fn clear(&self, _pen: &mut Pen) {
        for at in 0..self.buckets.load(Ordering::Acquire) {
            let gone = self.extract(at, |_, _| true).len();
            self.len.fetch_sub(gone, Ordering::Relaxed);
        }
    }

    fn extract(&self, at: usize, wanted: impl FnMut(&KeyRecord, bool) -> bool) -> Vec<Arc<KeyRecord>> {
        let buckets = self.buckets.load(Ordering::Acquire);
        let Some(mut bucket) = self.lock(at) else { return Vec::new() };
        let gone = bucket.extract(|id| Mark::of(id).bucket(buckets) == at, wanted);
        bucket.places.used = 0;
        gone
    }

    /// Drops a record that was not used since the hand passed it the last time, or whose organization changed.
    fn evict(&self, pen: &mut Pen) {
        let buckets = self.buckets.load(Ordering::Acquire);
        // Whoever was used is spared once, so two rounds find somebody.
        for _ in 0..2 * buckets {
            let mut one = false;
            let gone = self.extract(pen.hand % buckets, |record, used| {
                let goes = record.is_stale() || !used && !one;
                one |= goes;
                goes
            });
            pen.hand = (pen.hand + 1) % buckets;
            if !gone.is_empty() {
                self.len.fetch_sub(gone.len(), Ordering::Relaxed);
                return;
            }
        }
    }

    /// Splits the next bucket if the records have become too many for those there are.
    fn grow(&self) {
        let buckets = self.buckets.load(Ordering::Acquire);
        if self.len() * 2 <= buckets * LOAD || buckets >= self.segments.len() * SEGMENT {
            return;
        }
        if let Some(segment) = self.segments.get(buckets / SEGMENT) {
            segment.get_or_init(Segment::new);
        }
        let half = buckets - (1 << buckets.ilog2());
        if let Some(segment) = self.segments.get(half / SEGMENT) {
            segment.get_or_init(Segment::new);
        }
        let (Some(mut from), Some(mut to)) = (self.lock(half), self.lock(buckets)) else { return };
        let moving = from
            .extract(|id| Mark::of(id).bucket(buckets) == half, |record, _| Mark::of(record.id()).bucket(buckets + 1) == buckets);
        for record in moving {
            let id = record.id();
            to.insert(id, Mark::of(id), record);
        }
        // Before the locks go, so that whoever finds the old bucket empty learns of the new one.
        self.buckets.store(buckets + 1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::samples::records;
    use proptest::prelude::*;
    use std::{
        sync::atomic::{AtomicBool, AtomicU64},
        thread,
    };

    /// Ids as they are made: time above, random bits below.
    fn id(number: u64) -> u128 {
        u128::from(number) << 80 | u128::from(number.wrapping_mul(0xD6E8_FEB8_6659_FD93)) | 7 << 76
    }

    fn find(table: &Table, bits: u128) -> Option<Arc<KeyRecord>> {
        let id = KeyId::from_u128(bits);
        table.get(id, Mark::of(id))
    }

    #[test]
    fn it_grows_and_keeps_everything() {
        let (make, table, mut pen) = (records(), Table::new(100_000), Pen::default());
        for number in 0..20_000 {
            table.insert(&mut pen, KeyId::from_u128(id(number)), make(id(number)));
        }
        assert_eq!(table.len(), 20_000);
        for number in 0..20_000 {
            assert_eq!(find(&table, id(number)).unwrap().id(), KeyId::from_u128(id(number)));
            assert!(find(&table, id(number + 20_000)).is_none());
        }
        let overflown: usize = table.segments.iter().filter_map(OnceLock::get).map(|s| s.overflow.lock().len()).sum();
        assert!(overflown < 20_000 / 10, "{overflown} found no place");
        table.clear(&mut pen);
        assert_eq!(table.len(), 0);
        assert!((0..20_000).all(|number| find(&table, id(number)).is_none()));
    }

    #[test]
    fn it_holds_no_more_than_it_may_and_keeps_what_is_used() {
        let (make, table, mut pen) = (records(), Table::new(1_000), Pen::default());
        for number in 0..5_000 {
            table.insert(&mut pen, KeyId::from_u128(id(number)), make(id(number)));
            // A few are asked for all the time.
            assert!(
                (0..number.min(10)).filter(|favourite| find(&table, id(*favourite)).is_some()).count() >= number.min(9) as usize
            );
            assert!(table.len() <= 1_000);
        }
        assert_eq!((0..5_000).filter(|number| find(&table, id(*number)).is_some()).count(), table.len());
    }

    /// Whoever looks finds what is there, also while it moves because the table grows.
    #[test]
    fn nothing_is_missed_while_it_grows() {
        let (make, table, done) = (records(), Table::new(1_000_000), AtomicBool::new(false));
        let (there, missed) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for thread in 0..3 {
                let (table, done, there, missed) = (&table, &done, &there, &missed);
                scope.spawn(move || {
                    let mut number = thread;
                    while !done.load(Ordering::SeqCst) {
                        let count = there.load(Ordering::SeqCst);
                        if count > 0 {
                            number = (number + 7_919) % count;
                            missed.fetch_add(find(table, id(number)).is_none().into(), Ordering::SeqCst);
                        }
                    }
                });
            }
            let mut pen = Pen::default();
            for number in 0..30_000 {
                table.insert(&mut pen, KeyId::from_u128(id(number)), make(id(number)));
                there.store(number + 1, Ordering::SeqCst);
            }
            done.store(true, Ordering::SeqCst);
        });
        assert_eq!(missed.load(Ordering::SeqCst), 0);
    }

    proptest! {
        /// Like a map, whatever is done to it, as long as nothing has to go.
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((0..400_u64, 0..3_u8), 0..3_000)) {
            let (make, table, mut pen, mut oracle) = (records(), Table::new(10_000), Pen::default(), HashMap::new());
            for (number, step) in steps {
                let key = KeyId::from_u128(id(number));
                if step == 0 {
                    table.remove(&mut pen, key);
                    oracle.remove(&number);
                } else {
                    let record = make(id(number));
                    oracle.insert(number, Arc::clone(&record));
                    table.insert(&mut pen, key, record);
                }
                let found = find(&table, id(number));
                prop_assert_eq!(found.map(|r| Arc::as_ptr(&r)), oracle.get(&number).map(Arc::as_ptr));
                prop_assert_eq!(table.len(), oracle.len());
            }
        }

        /// A bucket's records stay where they are or move to the bucket that was split off.
        #[test]
        fn growth_moves_records_to_the_new_bucket_only(bits: u64, buckets in 256..100_000_usize) {
            let mark = Mark(bits);
            let (before, after) = (mark.bucket(buckets), mark.bucket(buckets + 1));
            prop_assert!(before < buckets);
            prop_assert!(after == before || (after == buckets && before == buckets - (1 << buckets.ilog2())));
        }
    }
}
