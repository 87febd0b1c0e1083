//! Cached records. Bounded; a fill that raced with an invalidation is dropped.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use mgmt_core::{
    access::KeyFacts,
    account::Organization,
    id::{KeyId, OrganizationId},
    key::ApiKey,
    limit::RateLimit,
    quota::Quota,
    scope::{Catalogues, ScopeSet},
    time::Timestamp,
};
use parking_lot::Mutex;
use quick_cache::sync::Cache as Bounded;
use serde_json::{Map, Value};

use crate::{meter::Tally, subject::Subject};

const SHARDS: usize = 64;
/// How many ids that do not exist are remembered, and for how long: enough to keep a spray of them off the database.
const ABSENT: usize = 10_000;
const ABSENT_NANOS: u64 = 1_000_000_000;

/// What the gate keeps of a key.
#[derive(Debug)]
pub struct KeyRecord {
    /// What decisions need.
    pub facts: KeyFacts,
    /// A name for people.
    pub name: String,
    /// What the key may do, as it was given.
    pub scopes: ScopeSet,
    /// Its owner's free data.
    pub metadata: Map<String, Value>,
    /// When it expires by itself.
    pub expires_at: Option<Timestamp>,
    /// Its own limit.
    pub rate_limit: Option<RateLimit>,
    /// Its own quota.
    pub quota: Option<Quota>,
    /// Whether its organization is the operator's.
    pub is_operator: bool,
    /// The key itself, for rules that need all of it (who may grant what).
    pub key: Option<Box<ApiKey>>,
    pub(crate) pepper_version: i64,
    pub(crate) plan_limit: Option<RateLimit>,
    pub(crate) organization_quota: Option<Quota>,
    pub(crate) lineage: Arc<Subject>,
    pub(crate) management: Arc<Subject>,
    pub(crate) resource: Arc<Subject>,
    pub(crate) tally: Arc<Tally>,
}

pub(crate) struct Subjects3 {
    pub(crate) lineage: Arc<Subject>,
    pub(crate) management: Arc<Subject>,
    pub(crate) resource: Arc<Subject>,
}

impl KeyRecord {
    pub(crate) fn new(
        key: ApiKey,
        organization: &Organization,
        catalogues: &Catalogues,
        plan_limit: Option<RateLimit>,
        subjects: Subjects3,
    ) -> Self {
        let management = key.kind == mgmt_core::key_text::KeyKind::Management;
        Self {
            facts: KeyFacts::new(&key, organization, catalogues),
            name: key.settings.name.clone(),
            scopes: key.settings.scopes.clone(),
            metadata: key.settings.metadata.clone(),
            expires_at: key.settings.expires_at,
            rate_limit: key.settings.rate_limit,
            quota: key.settings.quota,
            is_operator: organization.is_operator,
            pepper_version: key.pepper_version,
            plan_limit,
            organization_quota: organization.quota,
            lineage: subjects.lineage,
            management: subjects.management,
            resource: subjects.resource,
            tally: Arc::new(Tally::new((key.organization_id, key.id))),
            // Only management keys grant anything.
            key: management.then(|| Box::new(key)),
        }
    }
}

/// What the cache knows of an id.
pub(crate) enum Lookup {
    Hit(Arc<KeyRecord>),
    /// There is no such key.
    Absent,
    /// Nothing is known.
    Miss,
}

#[derive(Default)]
struct Shard {
    /// Held by fills and invalidations, never by look-ups.
    guard: Mutex<()>,
    /// Counts invalidations. A fill that began before the last one may have read what it replaced.
    epoch: AtomicU64,
}

pub(crate) struct Cache {
    records: Bounded<KeyId, Arc<KeyRecord>>,
    absent: Bounded<KeyId, u64>,
    shards: Vec<Shard>,
}

impl Cache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            records: Bounded::new(capacity),
            absent: Bounded::new(ABSENT),
            shards: std::iter::repeat_with(Shard::default).take(SHARDS).collect(),
        }
    }

    pub(crate) fn get(&self, id: KeyId, nanos: u64) -> Lookup {
        if let Some(record) = self.records.get(&id) {
            return Lookup::Hit(record);
        }
        match self.absent.get(&id) {
            Some(since) if nanos.saturating_sub(since) < ABSENT_NANOS => Lookup::Absent,
            _ => Lookup::Miss,
        }
    }

    /// To be read before the database is, and handed to [`fill`](Self::fill).
    pub(crate) fn epoch(&self, id: KeyId) -> u64 {
        self.shard(id).map_or(0, |s| s.epoch.load(Ordering::SeqCst))
    }

    /// Keeps what was read, unless the key changed since `epoch` was taken: then `false`.
    pub(crate) fn fill(&self, id: KeyId, epoch: u64, record: Option<KeyRecord>, nanos: u64) -> bool {
        let Some(shard) = self.shard(id) else { return false };
        let _guard = shard.guard.lock();
        if shard.epoch.load(Ordering::SeqCst) != epoch {
            return false;
        }
        match record {
            Some(record) => self.records.insert(id, Arc::new(record)),
            None => self.absent.insert(id, nanos),
        }
        true
    }

    pub(crate) fn forget(&self, id: KeyId) {
        let Some(shard) = self.shard(id) else { return };
        let _guard = shard.guard.lock();
        shard.epoch.fetch_add(1, Ordering::SeqCst);
        self.records.remove(&id);
        self.absent.remove(&id);
    }

    pub(crate) fn forget_organization(&self, id: OrganizationId) {
        let _guards = self.advance_all();
        self.records.retain(|_, record| record.facts.organization_id != id);
    }

    pub(crate) fn forget_all(&self) {
        let _guards = self.advance_all();
        self.records.clear();
        self.absent.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    fn advance_all(&self) -> Vec<parking_lot::MutexGuard<'_, ()>> {
        let advance = |shard: &Shard| {
            shard.epoch.fetch_add(1, Ordering::SeqCst);
        };
        let guards = self.shards.iter().map(|s| s.guard.lock()).collect();
        self.shards.iter().for_each(advance);
        guards
    }

    fn shard(&self, id: KeyId) -> Option<&Shard> {
        // The low bits of a UUID version 7 are random.
        self.shards.get((id.as_u128() as usize) % SHARDS)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache({} records)", self.records.len())
    }
}
