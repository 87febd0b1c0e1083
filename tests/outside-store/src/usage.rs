//! Counted requests.

use std::collections::BTreeMap;

use mgmt_core::{
    id::{KeyId, OrganizationId},
    time::Timestamp,
    usage::{Interval, UsageCount, UsageSum},
};
use mgmt_store::{Result, Usage, UsageFilter};

use crate::{state::State, table::most, tx::MemoryTx};

/// Organization, minute, key, and the names of surface and outcome: the order of the list.
pub(crate) type CountKey = (OrganizationId, Timestamp, KeyId, &'static str, &'static str);

fn key(count: &UsageCount) -> CountKey {
    (count.organization_id, count.minute, count.key_id, count.surface.as_str(), count.outcome.as_str())
}

fn add(s: &mut State, count: &UsageCount) {
    let key = key(count);
    if !s.usage_counts.change(&key, |_| true, |known| known.count += count.count) {
        s.usage_counts.put(key, *count);
    }
}

impl Usage for MemoryTx {
    fn add(&mut self, batch: &str, counts: &[UsageCount], now: Timestamp) -> Result<bool> {
        self.write(|s| {
            if s.usage_batches.has(batch) {
                return Ok(false);
            }
            s.usage_batches.put(batch.to_owned(), now);
            counts.iter().for_each(|count| add(s, count));
            Ok(true)
        })
    }

    fn list(&mut self, organization: OrganizationId, from: Timestamp, to: Timestamp) -> Result<Vec<UsageCount>> {
        let fits = |c: &&UsageCount| c.organization_id == organization && c.minute >= from && c.minute < to;
        self.look(|s| s.usage_counts.values().filter(fits).copied().collect())
    }

    fn sums(&mut self, organization: OrganizationId, of: UsageFilter, from: Timestamp, to: Timestamp) -> Result<Vec<UsageSum>> {
        let asked = |c: &&UsageCount| of.surface.is_none_or(|s| c.surface == s) && of.key.is_none_or(|k| c.key_id == k);
        let fits = |c: &&UsageCount| c.organization_id == organization && c.minute >= from && c.minute < to;
        self.look(|s| {
            let mut sums = BTreeMap::new();
            for count in s.usage_counts.values().filter(fits).filter(asked) {
                *sums.entry((count.minute, count.outcome)).or_insert(0) += count.count;
            }
            sums.into_iter().map(|((minute, outcome), count)| UsageSum { minute, outcome, count }).collect()
        })
    }

    fn roll_up(&mut self, before: Timestamp, limit: i64) -> Result<usize> {
        let moves = |c: &&UsageCount| c.minute < before && c.minute != Interval::Hour.start(c.minute);
        self.write(|s| {
            let moved: Vec<UsageCount> = s.usage_counts.values().filter(moves).take(most(limit)).copied().collect();
            for count in &moved {
                s.usage_counts.remove(&key(count), |_| true);
                add(s, &UsageCount { minute: Interval::Hour.start(count.minute), ..*count });
            }
            Ok(moved.len())
        })
    }

    fn delete_before(&mut self, before: Timestamp) -> Result<usize> {
        self.write(|s| Ok(s.usage_counts.remove_all(|c| c.minute < before)))
    }

    fn delete_batches(&mut self, before: Timestamp) -> Result<usize> {
        self.write(|s| Ok(s.usage_batches.remove_all(|added_at| *added_at < before)))
    }
}
