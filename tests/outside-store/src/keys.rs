//! API keys and management keys, and keys of other systems.

use std::collections::BTreeMap;

use mgmt_core::{
    account::Actor,
    event::Event,
    foreign::{ForeignDigest, ForeignHash},
    id::{KeyId, OrganizationId, ProjectId},
    key::{ApiKey, KeyState, KeyStatus},
    key_text::KeyKind,
    reveal::Reveal,
    secret::SecretHash,
    time::Timestamp,
};
use mgmt_store::{ForeignHashes, Issued, KeyCondition, KeyFilter, Keys, Result};

use crate::{
    events::push,
    reveals,
    state::State,
    table::{count, most, page},
    tx::{Fault, MemoryTx, guarded},
};

/// Keys that live no longer have no notice of their end.
const SHORT_LIFE_MILLIS: i64 = 24 * 3600 * 1000;

/// The last notice of a key's end.
#[derive(Clone, Copy)]
pub(crate) struct Notice {
    expires_at: Timestamp,
    days: i64,
}

fn is_active(key: &ApiKey, now: Timestamp) -> bool {
    matches!(key.status(now), KeyStatus::Active | KeyStatus::Suspended)
}

fn is_revoked(key: &ApiKey) -> bool {
    matches!(key.state, KeyState::Revoked { .. })
}

fn insert(s: &mut State, key: &ApiKey) -> Result<(), Fault> {
    s.keys.insert(key.id, key.clone(), "key")?;
    s.organizations.refer(&key.organization_id)
}

fn count_active(s: &State, organization: OrganizationId, kind: KeyKind, now: Timestamp) -> i64 {
    count(s.keys.values().filter(|k| k.organization_id == organization && k.kind == kind && k.counts(now)))
}

impl Keys for MemoryTx {
    fn insert(&mut self, key: &ApiKey) -> Result<()> {
        self.write(|s| insert(s, key))
    }

    fn issue(&mut self, key: &ApiKey, reveal: Option<&Reveal>, event: Option<&Event>) -> Result<Issued> {
        self.write(|s| {
            insert(s, key)?;
            let waits = event.map_or(Ok(false), |event| push(s, event, None))?;
            if let Some(reveal) = reveal {
                reveals::insert(s, reveal)?;
                if !s.bucket_keys.has(&reveal.bucket) {
                    return Err(Fault::Collision);
                }
            }
            Ok(Issued { seq: s.invalidations_head, waits })
        })
    }

    fn find(&mut self, organization: OrganizationId, id: KeyId) -> Result<Option<ApiKey>> {
        self.look(|s| s.keys.get(&id).filter(|k| k.organization_id == organization).cloned())
    }

    fn find_any(&mut self, id: KeyId) -> Result<Option<ApiKey>> {
        self.look(|s| s.keys.get(&id).cloned())
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        filter: KeyFilter,
        now: Timestamp,
        before: Option<KeyId>,
        limit: i64,
    ) -> Result<Vec<ApiKey>> {
        // The rules say in which condition a key is: nothing is written twice.
        let fits = |key: &&ApiKey| {
            let condition = match filter.condition {
                KeyCondition::All => true,
                KeyCondition::Active => is_active(key, now),
                KeyCondition::Revoked => key.status(now) == KeyStatus::Revoked,
            };
            condition && key.organization_id == organization && filter.kind.is_none_or(|kind| key.kind == kind)
        };
        self.look(|s| page(s.keys.newest(before).filter(fits), limit))
    }

    fn list_active(&mut self, now: Timestamp, from: Option<KeyId>, before: Option<KeyId>) -> Result<Vec<ApiKey>> {
        let is_in = |key: &&ApiKey| from.is_none_or(|from| key.id >= from);
        self.look(|s| s.keys.newest(before).take_while(is_in).filter(|key| is_active(key, now)).cloned().collect())
    }

    fn page_start(&mut self, before: Option<KeyId>, count: i64) -> Result<Option<KeyId>> {
        self.look(|s| s.keys.newest(before).nth(most(count.max(1)) - 1).map(|key| key.id))
    }

    fn list_of_maker(&mut self, organization: OrganizationId, maker: Actor) -> Result<Vec<ApiKey>> {
        let fits = |k: &&ApiKey| k.organization_id == organization && k.created_by == maker && !is_revoked(k);
        self.look(|s| s.keys.newest(None).filter(fits).cloned().collect())
    }

    fn list_of_project(&mut self, project: ProjectId) -> Result<Vec<ApiKey>> {
        let fits = |k: &&ApiKey| k.project_id == Some(project) && !is_revoked(k);
        self.look(|s| s.keys.newest(None).filter(fits).cloned().collect())
    }

    fn update(&mut self, key: &ApiKey) -> Result<()> {
        let read = |k: &ApiKey| k.organization_id == key.organization_id && k.version == key.version - 1;
        let done = self.write(|s| {
            Ok(s.keys.change(&key.id, read, |k| {
                k.settings = key.settings.clone();
                k.state = key.state.clone();
                k.updated_at = key.updated_at;
                k.version = key.version;
            }))
        })?;
        guarded(done, "key")
    }

    fn count_active(&mut self, organization: OrganizationId, kind: KeyKind, now: Timestamp) -> Result<i64> {
        self.look(|s| count_active(s, organization, kind, now))
    }

    fn lock_and_count(&mut self, organization: OrganizationId, kind: KeyKind, now: Timestamp) -> Result<Option<i64>> {
        self.write(|s| Ok(s.organizations.has(&organization).then(|| count_active(s, organization, kind, now))))
    }

    fn list_expiring(&mut self, now: Timestamp, until: Timestamp, days: i64, limit: i64) -> Result<Vec<ApiKey>> {
        self.look(|s| {
            let noticed = |key: &ApiKey, end| s.expiry_notices.is(&key.id, |n| n.expires_at == end && n.days <= days);
            let end = |key: &ApiKey| {
                let soon = |end: &Timestamp| *end > now && *end <= until && *end > key.created_at.plus_millis(SHORT_LIFE_MILLIS);
                let end = key.settings.expires_at.filter(soon)?;
                (!is_revoked(key) && key.retirement().is_none() && !noticed(key, end)).then_some(end)
            };
            let mut ends: Vec<(Timestamp, &ApiKey)> = s.keys.values().filter_map(|key| Some((end(key)?, key))).collect();
            ends.sort_by_key(|(end, key)| (*end, key.id));
            ends.into_iter().take(most(limit)).map(|(_, key)| key.clone()).collect()
        })
    }

    fn note_expiry(&mut self, key: &ApiKey, days: i64) -> Result<()> {
        let Some(expires_at) = key.settings.expires_at else { return Ok(()) };
        self.write(|s| {
            s.expiry_notices.put(key.id, Notice { expires_at, days });
            Ok(())
        })
    }

    fn touch(&mut self, used: &[(KeyId, Timestamp)]) -> Result<()> {
        let mut last = BTreeMap::new();
        for &(id, at) in used {
            let known = last.entry(id).or_insert(at);
            *known = at.max(*known);
        }
        self.write(|s| {
            for (id, at) in last {
                s.keys.change(&id, |k| k.last_used_at.is_none_or(|last| last < at), |k| k.last_used_at = Some(at));
            }
            Ok(())
        })
    }
}

impl ForeignHashes for MemoryTx {
    fn insert(&mut self, hash: &ForeignHash) -> Result<()> {
        self.write(|s| {
            let same = |h: &ForeignHash| h.digest == hash.digest || h.origin.matches(&hash.origin);
            s.foreign_hashes.none(same, "foreign_hash")?;
            s.foreign_hashes.insert(hash.key_id, hash.clone(), "foreign_hash")?;
            s.keys.refer(&hash.key_id)
        })
    }

    fn find(&mut self, digests: &[ForeignDigest]) -> Result<Option<ForeignHash>> {
        self.look(|s| s.foreign_hashes.values().find(|h| digests.contains(&h.digest)).cloned())
    }

    fn find_origin(&mut self, origin: &SecretHash) -> Result<Option<ForeignHash>> {
        self.look(|s| s.foreign_hashes.values().find(|h| h.origin.matches(origin)).cloned())
    }

    fn is_empty(&mut self) -> Result<bool> {
        self.look(|s| s.foreign_hashes.values().next().is_none())
    }

    fn adopt(&mut self, key: &ApiKey, digest: &ForeignDigest) -> Result<bool> {
        self.write(|s| {
            if !s.foreign_hashes.is(&key.id, |h| !h.is_adopted) {
                return Ok(false);
            }
            s.foreign_hashes.none(|h| h.key_id != key.id && h.digest == *digest, "foreign_hash")?;
            s.foreign_hashes.change(&key.id, |_| true, |h| (h.digest, h.is_adopted) = (digest.clone(), true));
            let ours = |k: &mut ApiKey| (k.hash, k.pepper_version) = (key.hash, key.pepper_version);
            if s.keys.change(&key.id, |_| true, ours) { Ok(true) } else { Err(Fault::Collision) }
        })
    }
}
