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
    usage::{Outcome, Surface, UsageCount, minute_of},
};
use mgmt_store::{Result, Store, StoreError};
use parking_lot::Mutex;

const SHARDS: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Bucket {
    organization_id: OrganizationId,
    key_id: KeyId,
    surface: Surface,
    outcome: Outcome,
    minute: Timestamp,
}

/// What was counted of one key in one minute, by surface and outcome.
type Counts = [[u64; Outcome::ALL.len()]; Surface::ALL.len()];

/// What is counted of one key, until it is drained.
#[derive(Debug)]
pub(crate) struct Tally {
    owner: (OrganizationId, KeyId),
    state: Mutex<TallyState>,
}

#[derive(Debug)]
struct TallyState {
    /// Whether it is on a list of those to drain. If not, nothing is counted in it.
    is_listed: bool,
    minute: Timestamp,
    counts: Counts,
    /// When it was last let through.
    used: Option<Timestamp>,
}

impl Tally {
    pub(crate) fn new(owner: (OrganizationId, KeyId)) -> Self {
        let state = TallyState { is_listed: false, minute: Timestamp::from_millis(0), counts: Counts::default(), used: None };
        Self { owner, state: Mutex::new(state) }
    }
}

/// The counts of a minute that has ended.
type Rolled = ((OrganizationId, KeyId), Timestamp, Counts);

/// A batch that is being written, or whose writing failed.
#[derive(Debug)]
struct Batch {
    id: String,
    counts: Vec<UsageCount>,
    used: Vec<(KeyId, Timestamp)>,
}

/// Counts requests.
#[derive(Debug)]
pub(crate) struct Meter {
    /// Tallies in which something was counted since the last time, on a list for each of some threads.
    listed: Vec<Mutex<Vec<Arc<Tally>>>>,
    rolled: Mutex<Vec<Rolled>>,
    /// Tells this process's batches from those of others and of earlier runs.
    run: String,
    next: AtomicU64,
    pending: Mutex<Option<Batch>>,
}

impl Meter {
    pub(crate) fn new(run: String) -> Self {
        let listed = std::iter::repeat_with(Mutex::default).take(SHARDS).collect();
        Self { listed, rolled: Mutex::default(), run, next: AtomicU64::new(0), pending: Mutex::default() }
    }

    /// Counts one request. Nothing is allocated but, once a key and flush, a place on a list.
    pub(crate) fn count(&self, tally: &Arc<Tally>, surface: Surface, outcome: Outcome, now: Timestamp) {
        let minute = minute_of(now);
        let mut state = tally.state.lock();
        if state.minute != minute {
            if state.is_listed {
                let ended = (tally.owner, state.minute, mem::take(&mut state.counts));
                self.rolled.lock().push(ended);
            }
            state.minute = minute;
        }
        if let Some(count) = state.counts.get_mut(surface as usize).and_then(|row| row.get_mut(outcome as usize)) {
            *count += 1;
        }
        if outcome == Outcome::Accepted {
            state.used = state.used.max(Some(now));
        }
        if !mem::replace(&mut state.is_listed, true) {
            drop(state);
            if let Some(list) = self.listed.get(shard_of_thread()) {
                list.lock().push(Arc::clone(tally));
            }
        }
    }

    /// Writes all that was counted. What cannot be written now is kept for the next time.
    pub(crate) fn flush(&self, store: &dyn Store, now: Timestamp) -> Result<()> {
        let mut pending = self.pending.lock();
        if pending.is_none() {
            *pending = self.drain();
        }
        while let Some(batch) = pending.as_ref() {
            store.run("usage.flush", |tx| {
                if tx.usage().add(&batch.id, &batch.counts, now)? {
                    tx.keys().touch(&batch.used)?;
                }
                Ok::<_, StoreError>(())
            })?;
            *pending = self.drain();
        }
        Ok(())
    }

    fn drain(&self) -> Option<Batch> {
        let mut buckets: HashMap<Bucket, u64> = HashMap::new();
        let mut used: HashMap<KeyId, Timestamp> = HashMap::new();
        for list in &self.listed {
            for tally in mem::take(&mut *list.lock()) {
                let mut state = tally.state.lock();
                state.is_listed = false;
                add(&mut buckets, (tally.owner, state.minute, mem::take(&mut state.counts)));
                if let Some(at) = state.used.take() {
                    let last = used.entry(tally.owner.1).or_insert(at);
                    *last = (*last).max(at);
                }
            }
        }
        for ended in mem::take(&mut *self.rolled.lock()) {
            add(&mut buckets, ended);
        }
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

fn add(buckets: &mut HashMap<Bucket, u64>, ((organization_id, key_id), minute, counts): Rolled) {
    for (surface, row) in Surface::ALL.into_iter().zip(counts) {
        for (outcome, count) in Outcome::ALL.into_iter().zip(row) {
            if count > 0 {
                *buckets.entry(Bucket { organization_id, key_id, surface, outcome, minute }).or_default() += count;
            }
        }
    }
}

fn shard_of_thread() -> usize {
    thread_local! {
        static SHARD: usize = {
            let mut hasher = DefaultHasher::new();
            thread::current().id().hash(&mut hasher);
            (hasher.finish() as usize) % SHARDS
        };
    }
    SHARD.with(|s| *s)
}
