//! Counting what passes and what does not. Counts are gathered in memory and written in batches with an id of their own, so that
//! a batch whose answer was lost can be written again without counting twice.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::atomic::{AtomicU64, Ordering},
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

#[derive(Debug, Default)]
struct Counts {
    buckets: HashMap<Bucket, u64>,
    used: HashMap<KeyId, Timestamp>,
}

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
    shards: Vec<Mutex<Counts>>,
    /// Tells this process's batches from those of others and of earlier runs.
    run: String,
    next: AtomicU64,
    pending: Mutex<Option<Batch>>,
}

impl Meter {
    pub(crate) fn new(run: String) -> Self {
        let shards = std::iter::repeat_with(Mutex::default).take(SHARDS).collect();
        Self { shards, run, next: AtomicU64::new(0), pending: Mutex::default() }
    }

    pub(crate) fn count(&self, owner: (OrganizationId, KeyId), surface: Surface, outcome: Outcome, now: Timestamp) {
        let (organization_id, key_id) = owner;
        let bucket = Bucket { organization_id, key_id, surface, outcome, minute: minute_of(now) };
        let Some(shard) = self.shards.get(shard_of_thread()) else { return };
        let mut counts = shard.lock();
        *counts.buckets.entry(bucket).or_default() += 1;
        if outcome == Outcome::Accepted {
            let last = counts.used.entry(key_id).or_insert(now);
            *last = (*last).max(now);
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
        for shard in &self.shards {
            let counts = std::mem::take(&mut *shard.lock());
            for (bucket, count) in counts.buckets {
                *buckets.entry(bucket).or_default() += count;
            }
            for (key, at) in counts.used {
                let last = used.entry(key).or_insert(at);
                *last = (*last).max(at);
            }
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
