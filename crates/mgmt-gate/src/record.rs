//! What the gate keeps of a key, in few bytes: what keys of an organization have in common is kept once, what few keys have stands
//! behind a pointer, and nothing is formatted before somebody asks.

use std::{
    fmt,
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use mgmt_core::{
    access::KeyFacts,
    account::{Organization, OrganizationState},
    id::{KeyId, OrganizationId},
    key::{ApiKey, KeyState},
    key_text::{Environment, KeyKind},
    limit::RateLimit,
    network::{Networks, Warehouses},
    quota::Quota,
    scope::{Catalogues, ScopeMask, ScopeSet},
    secret::SecretHash,
    time::Timestamp,
};
use serde_json::{Map, Value};
use smol_str::SmolStr;

use crate::{
    meter::Tally,
    subject::{Subject, Subjects, Terms},
};

/// What the gate keeps of a key.
// In this order: what every check reads stands together in front.
#[repr(C)]
pub struct KeyRecord {
    pub(crate) tally: Tally,
    /// The id in words: as a `u128` it would need an alignment, and with it eight more bytes.
    id: [u64; 2],
    pub(crate) hash: SecretHash,
    pub(crate) shared: Arc<Shared>,
    /// Its limits and whatever else few keys have.
    subject: Option<Arc<Subject>>,
    /// In milliseconds; later than any moment for a key that never expires.
    expires_at: i64,
    name: SmolStr,
}

/// What many keys of an organization have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    common: Common,
    pub(crate) management: Arc<Subject>,
    pub(crate) resource: Arc<Subject>,
    /// Set when the organization changed: no record that points here may be used any more.
    stale: AtomicBool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Common {
    pub(crate) organization_id: OrganizationId,
    is_operator: bool,
    kind: KeyKind,
    environment: Environment,
    revoked: bool,
    suspended: bool,
    granted: ScopeMask,
    scopes: ScopeSet,
    pub(crate) pepper_version: i64,
    pub(crate) plan_limit: Option<RateLimit>,
    pub(crate) quota: Option<Quota>,
}

impl Common {
    pub(crate) fn new(key: &ApiKey, organization: &Organization, catalogues: &Catalogues, plan_limit: Option<RateLimit>) -> Self {
        Self {
            organization_id: organization.id,
            is_operator: organization.is_operator,
            kind: key.kind,
            environment: key.environment,
            revoked: is_revoked(key),
            suspended: is_suspended(key, organization),
            granted: catalogues.of(key.kind).granted(&key.settings.scopes),
            scopes: key.settings.scopes.clone(),
            pepper_version: key.pepper_version,
            plan_limit,
            quota: organization.quota,
        }
    }

    /// Whether [`new`](Self::new) would make the same of this key: many keys share one, and what scopes grant takes longer to find than
    /// everything else. What is granted follows from kind and scopes.
    pub(crate) fn is_of(&self, key: &ApiKey, organization: &Organization, plan_limit: Option<RateLimit>) -> bool {
        // All of them, so that a new one is not forgotten here.
        let Self {
            organization_id,
            is_operator,
            kind,
            environment,
            revoked,
            suspended,
            granted: _,
            scopes,
            pepper_version,
            plan_limit: limit,
            quota,
        } = self;
        *organization_id == organization.id
            && *is_operator == organization.is_operator
            && *kind == key.kind
            && *environment == key.environment
            && *revoked == is_revoked(key)
            && *suspended == is_suspended(key, organization)
            && *pepper_version == key.pepper_version
            && *limit == plan_limit
            && *quota == organization.quota
            && *scopes == key.settings.scopes
    }
}

fn is_revoked(key: &ApiKey) -> bool {
    matches!(key.state, KeyState::Revoked { .. })
}

fn is_suspended(key: &ApiKey, organization: &Organization) -> bool {
    matches!(key.state, KeyState::Suspended { .. }) || organization.state != OrganizationState::Active
}

impl Shared {
    pub(crate) fn new(common: Common, management: Arc<Subject>, resource: Arc<Subject>) -> Self {
        Self { common, management, resource, stale: AtomicBool::new(false) }
    }

    pub(crate) fn common(&self) -> &Common {
        &self.common
    }

    pub(crate) fn expire(&self) {
        self.stale.store(true, Ordering::SeqCst);
    }
}

/// What few keys have.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    /// Where the key's limits are counted, if not beside them.
    pub(crate) counted: Option<Arc<Subject>>,
    retires_at: Option<Timestamp>,
    networks: Networks,
    warehouses: Warehouses,
    metadata: Map<String, Value>,
    key: Option<Box<ApiKey>>,
}

/// A limit and a quota of the key's own, one of them at least.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own<'a> {
    pub(crate) limit: Option<RateLimit>,
    pub(crate) quota: Option<Quota>,
    /// What they are counted on.
    pub(crate) lineage: &'a Arc<Subject>,
}

impl KeyRecord {
    pub(crate) fn new(key: ApiKey, shared: Arc<Shared>, subjects: &Subjects) -> Self {
        let bits = key.id.as_u128();
        Self {
            tally: Tally::default(),
            id: [(bits >> 64) as u64, bits as u64],
            hash: key.hash,
            shared,
            expires_at: key.settings.expires_at.map_or(i64::MAX, Timestamp::as_millis),
            name: SmolStr::new(&key.settings.name),
            subject: {
                let terms = Terms::new(key.settings.rate_limit, key.settings.quota);
                subjects.of_key(key.lineage, terms, Rare::of(key))
            },
        }
    }

    /// The same in another place, with counts of its own: for one thread alone.
    pub(crate) fn copy(&self) -> Self {
        Self {
            tally: Tally::default(),
            id: self.id,
            hash: self.hash,
            shared: Arc::clone(&self.shared),
            subject: self.subject.clone(),
            expires_at: self.expires_at,
            name: self.name.clone(),
        }
    }

    /// The key.
    #[must_use]
    #[inline]
    pub fn id(&self) -> KeyId {
        let [high, low] = self.id;
        KeyId::from_u128(u128::from(high) << 64 | u128::from(low))
    }

    /// Whose it is.
    #[must_use]
    pub fn organization_id(&self) -> OrganizationId {
        self.shared.common.organization_id
    }

    /// Whether its organization is the operator's.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.shared.common.is_operator
    }

    /// What it opens.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.shared.common.kind
    }

    /// Which data it works on.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.shared.common.environment
    }

    /// A name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key may do, as it was given.
    #[must_use]
    pub fn scopes(&self) -> &ScopeSet {
        &self.shared.common.scopes
    }

    /// What the key may do, in the bits of its catalogue.
    #[must_use]
    pub fn granted(&self) -> ScopeMask {
        self.shared.common.granted
    }

    /// Its owner's free data; `None` when there is none.
    #[must_use]
    pub fn metadata(&self) -> Option<&Map<String, Value>> {
        self.rare().map(|rare| &rare.metadata).filter(|map| !map.is_empty())
    }

    /// When it expires by itself.
    #[must_use]
    #[inline]
    pub fn expires_at(&self) -> Option<Timestamp> {
        (self.expires_at != i64::MAX).then(|| Timestamp::from_millis(self.expires_at))
    }

    /// Its own limit.
    #[must_use]
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.own()?.limit
    }

    /// Its own quota.
    #[must_use]
    pub fn quota(&self) -> Option<Quota> {
        self.own()?.quota
    }

    /// The key itself, for rules that need all of it (who may grant what): kept of management keys only.
    #[must_use]
    pub fn key(&self) -> Option<&ApiKey> {
        self.rare()?.key.as_deref()
    }

    /// What decisions need.
    #[must_use]
    #[inline]
    pub fn facts(&self) -> KeyFacts<'_> {
        let common = &self.shared.common;
        let rare = self.rare();
        KeyFacts {
            revoked: common.revoked,
            suspended: common.suspended,
            expires_at: self.expires_at(),
            retires_at: rare.and_then(|rare| rare.retires_at),
            granted: common.granted,
            networks: rare.map(|rare| &rare.networks),
            warehouses: rare.map(|rare| &rare.warehouses),
        }
    }

    #[inline]
    fn rare(&self) -> Option<&Rare> {
        self.subject.as_ref()?.rare.as_deref()
    }

    #[inline]
    pub(crate) fn own(&self) -> Option<Own<'_>> {
        let subject = self.subject.as_ref().filter(|subject| subject.terms.is_some())?;
        let lineage = subject.rare.as_deref().and_then(|rare| rare.counted.as_ref()).unwrap_or(subject);
        Some(Own { limit: subject.terms.limit(), quota: subject.terms.quota(), lineage })
    }

    /// Begins to fetch the rest of the record into the processor's cache, before something is locked that all reading waits for.
    #[inline]
    pub(crate) fn fetch_rest(&self) {
        black_box(self.expires_at);
    }

    /// Begins to fetch what the key counts on into the processor's cache: that takes as long as the keyed hash, which needs none of
    /// it.
    #[inline]
    pub(crate) fn fetch_ahead(&self) {
        if let Some(subject) = &self.subject {
            subject.fetch_ahead();
        }
    }

    /// Whether its organization changed since it was read.
    #[inline]
    pub(crate) fn is_stale(&self) -> bool {
        self.shared.stale.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRecord")
            .field("id", &self.id())
            .field("name", &self.name)
            .field("common", self.shared.common())
            .finish()
    }
}

impl Rare {
    fn of(key: ApiKey) -> Option<Self> {
        let settings = &key.settings;
        // Only management keys grant anything.
        let management = key.kind == KeyKind::Management;
        let plain = key.retirement().is_none()
            && settings.ip_allowlist.is_empty()
            && settings.warehouse_ids.is_empty()
            && settings.metadata.is_empty();
        if plain && !management {
            return None;
        }
        Some(Self {
            counted: None,
            retires_at: key.retirement().map(|r| r.at),
            networks: settings.ip_allowlist.clone(),
            warehouses: settings.warehouse_ids.clone(),
            metadata: settings.metadata.clone(),
            key: management.then(|| Box::new(key)),
        })
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::subject::SubjectId;
    use mgmt_core::{
        account::{Actor, Plan},
        key::{Mint, NewKey},
        key_draft::KeyDraft,
        key_text::KeyFormat,
        quota::Period,
        secret::{KeyMaterial, Keyring},
    };
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn sample() -> (ApiKey, Organization, Catalogues) {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let catalogues = Catalogues::default();
        let organization = Organization::new("Acme", Plan::Scale, true, NOW, &mut rng).unwrap();
        let draft = KeyDraft { scopes: Some(vec!["orders:read".to_owned()]), ..KeyDraft::default() };
        let parsed = draft.parse(&catalogues, NOW).unwrap();
        let new = NewKey {
            organization_id: organization.id,
            project_id: None,
            kind: parsed.kind,
            environment: parsed.environment,
            settings: parsed.settings,
            created_by: Actor::System,
        };
        let (format, keyring) = (KeyFormat::new("mg").unwrap(), Keyring::derive(&KeyMaterial::new([1; 32])));
        let mint = Mint { format: &format, pepper: &keyring.pepper };
        let (key, _) = ApiKey::issue(new, mint, NOW, &mut rng).unwrap();
        (key, organization, catalogues)
    }

    /// Makes records that differ in their ids.
    pub(crate) fn records() -> impl Fn(u128) -> Arc<KeyRecord> {
        let (key, organization, catalogues) = sample();
        let subjects = Subjects::default();
        let [management, resource] = [SubjectId::Management, SubjectId::Resource].map(|id| subjects.get(id(organization.id)));
        let shared = Arc::new(Shared::new(Common::new(&key, &organization, &catalogues, None), management, resource));
        move |bits| Arc::new(KeyRecord::new(ApiKey { id: KeyId::from_u128(bits), ..key.clone() }, Arc::clone(&shared), &subjects))
    }

    /// With the header of an `Arc` and of an allocation, 128 bytes.
    #[test]
    fn records_are_compact() {
        assert_eq!(size_of::<KeyRecord>(), 104);
    }

    /// Keys share what they have in common exactly when it is the same.
    #[test]
    fn what_is_shared_is_what_would_be_made() {
        let (key, organization, catalogues) = sample();
        let limit = RateLimit { requests: 5, per_seconds: 1 };
        let mut wide = key.settings.clone();
        wide.scopes = ScopeSet::all();
        let keys = [
            key.clone(),
            ApiKey { id: KeyId::from_u128(1), last_four: "last".to_owned(), ..key.clone() },
            ApiKey { kind: KeyKind::Management, ..key.clone() },
            ApiKey { environment: Environment::Test, ..key.clone() },
            ApiKey { pepper_version: key.pepper_version + 1, ..key.clone() },
            ApiKey { settings: wide, ..key.clone() },
            key.clone().suspend(NOW).unwrap(),
            key.revoke(None, NOW),
        ];
        let quota = Some(Quota { limit: 5, period: Period::Day });
        let organizations = [
            organization.clone(),
            Organization { id: OrganizationId::from_u128(1), ..organization.clone() },
            Organization { is_operator: false, ..organization.clone() },
            Organization { state: OrganizationState::Suspended, ..organization.clone() },
            Organization { quota, ..organization.clone() },
            Organization { name: "Ajax".to_owned(), ..organization },
        ];
        let mut all = Vec::new();
        for key in &keys {
            for organization in &organizations {
                all.extend([None, Some(limit)].map(|limit| (key, organization, limit)));
            }
        }
        let made: Vec<_> =
            all.iter().map(|(key, organization, limit)| Common::new(key, organization, &catalogues, *limit)).collect();
        for ((key, organization, limit), own) in all.iter().zip(&made) {
            for other in &made {
                assert_eq!(other.is_of(key, organization, *limit), other == own, "{other:?} and {own:?}");
            }
        }
    }
}
