//! What is numbered: changes that caches must follow with the leases of those who follow, and the audit log.

use std::{ops::Bound, time::Duration};

use mgmt_core::{
    audit::{AuditEntry, ChainHead, ChainedEntry, GENESIS, chain},
    id::OrganizationId,
    lease::Holder,
    time::Timestamp,
};
use mgmt_store::{Audit, AuditFilter, Invalidation, Invalidations, NodeLeases, Result};

use crate::{
    table::{most, page},
    tx::{MemoryTx, guarded},
};

/// How long after its end the row of a node is kept.
const FORGET_MILLIS: i64 = 60_000;

impl Invalidations for MemoryTx {
    fn append(&mut self, invalidation: Invalidation, now: Timestamp) -> Result<i64> {
        self.write(|s| {
            // INVARIANT: one writer at a time counts and commits, so numbers become visible in their order and without gaps.
            s.invalidations_head += 1;
            s.invalidations.put(s.invalidations_head, (invalidation, now));
            Ok(s.invalidations_head)
        })
    }

    fn list_after(&mut self, seq: i64, limit: i64) -> Result<Vec<(i64, Invalidation)>> {
        self.look(|s| {
            let later = s.invalidations.range((Bound::Excluded(seq), Bound::Unbounded)).take(most(limit));
            later.map(|(seq, (invalidation, _))| (*seq, *invalidation)).collect()
        })
    }

    fn head(&mut self) -> Result<i64> {
        self.look(|s| s.invalidations_head)
    }

    fn delete_before(&mut self, before: Timestamp) -> Result<usize> {
        self.write(|s| Ok(s.invalidations.remove_all(|(_, added_at)| *added_at < before)))
    }
}

impl NodeLeases for MemoryTx {
    fn renew(&mut self, node: &str, ttl: Duration, applied: i64) -> Result<bool> {
        // INVARIANT: whoever writes is alone, so that nothing is numbered from here to the commit.
        let until = self.clock_millis().saturating_add(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX));
        self.write(|s| {
            if s.invalidations_head > applied {
                return Ok(false);
            }
            // The node may still answer by a longer one.
            let until = s.node_leases.get(node).map_or(until, |held| held.until.max(until));
            s.node_leases.put(node.to_owned(), Holder { node: node.to_owned(), until, applied });
            Ok(true)
        })
    }

    fn acknowledge(&mut self, node: &str, applied: i64) -> Result<()> {
        self.write(|s| {
            s.node_leases.change(node, |held| held.applied < applied, |held| held.applied = applied);
            Ok(())
        })
    }

    fn release(&mut self, node: &str) -> Result<()> {
        self.write(|s| {
            s.node_leases.remove(node, |_| true);
            Ok(())
        })
    }

    fn list(&mut self) -> Result<(Vec<Holder>, i64)> {
        let rows = self.look(|s| s.node_leases.values().cloned().collect())?;
        Ok((rows, self.clock_millis()))
    }

    fn delete_ended(&mut self) -> Result<usize> {
        let now = self.clock_millis();
        self.write(|s| Ok(s.node_leases.remove_all(|held| held.until < now - FORGET_MILLIS)))
    }
}

impl Audit for MemoryTx {
    fn append(&mut self, entry: &AuditEntry) -> Result<i64> {
        let organization = entry.organization_id;
        self.write(|s| {
            s.organizations.refer(&organization)?;
            s.audit.none(|known| known.entry.id == entry.id, "audit entry")?;
            let last = s.audit_heads.get(&organization).copied().unwrap_or(ChainHead { seq: 0, hash: GENESIS, seal: None });
            let seq = last.seq + 1;
            let hash = chain(&last.hash, seq, entry);
            s.audit.put((organization, seq), ChainedEntry { seq, entry: entry.clone(), hash });
            s.audit_heads.put(organization, ChainHead { seq, hash, ..last });
            Ok(seq)
        })
    }

    fn list(&mut self, organization: OrganizationId, after: i64, limit: i64) -> Result<Vec<ChainedEntry>> {
        self.look(|s| {
            let later = s.audit.range((Bound::Excluded((organization, after)), Bound::Unbounded));
            page(later.take_while(|((of, _), _)| *of == organization).map(|(_, entry)| entry), limit)
        })
    }

    fn search(
        &mut self,
        organization: OrganizationId,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<ChainedEntry>> {
        let fits = |ChainedEntry { seq, entry, .. }: &&ChainedEntry| {
            before.is_none_or(|before| *seq < before)
                && filter.actor.is_none_or(|actor| entry.actor == actor)
                && filter.action.as_ref().is_none_or(|action| entry.action == *action)
                && filter.from.is_none_or(|from| entry.at >= from)
                && filter.to.is_none_or(|to| entry.at < to)
        };
        self.look(|s| {
            let own = s.audit.range((organization, i64::MIN)..=(organization, i64::MAX)).map(|(_, entry)| entry);
            page(own.rev().filter(fits), limit)
        })
    }

    fn head(&mut self, organization: OrganizationId) -> Result<Option<ChainHead>> {
        self.look(|s| s.audit_heads.get(&organization).copied())
    }

    fn seal(&mut self, organization: OrganizationId, seal: &[u8; 32]) -> Result<()> {
        let done = self.write(|s| Ok(s.audit_heads.change(&organization, |_| true, |head| head.seal = Some(*seal))))?;
        guarded(done, "audit chain")
    }
}
