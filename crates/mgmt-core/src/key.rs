//! API keys and management keys: what they are, and the states they pass through.
//!
//! ```text
//!   issue ─▶ active ⇄ suspended          expired: active or suspended, past its time
//!              │  ╲       │
//!       rotate │   ╲______│ revoke
//!              ▼          ▼
//!   active until a time ─▶ revoked (for ever)
//! ```

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    account::Actor,
    error::{Code, Error, Result},
    id::{KeyId, OrganizationId, ProjectId},
    key_text::{Environment, KeyFormat, KeyKind, last_four},
    limit::RateLimit,
    network::{Networks, Warehouses},
    quota::Quota,
    scope::ScopeSet,
    secret::{Pepper, PlainSecret, SecretHash},
    time::Timestamp,
};

/// The longest time that a rotated key may go on working: seven days.
pub const MAX_OVERLAP_SECS: u64 = 604_800;

/// The reason that a rotated-out key carries.
pub const ROTATED: &str = "rotated";

/// The pepper of keys whose text was never seen. No pepper has this version.
const UNSEEN_PEPPER: i64 = 0;

/// What a key is told to be: everything that its owner can choose and change later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySettings {
    /// A name for people.
    pub name: String,
    /// What the key may do: catalogue scopes, or management permissions.
    pub scopes: ScopeSet,
    /// A limit of its own, below the plan's.
    pub rate_limit: Option<RateLimit>,
    /// A quota of its own.
    pub quota: Option<Quota>,
    /// The networks it may be used from.
    pub ip_allowlist: Networks,
    /// The warehouses it may be used for.
    pub warehouse_ids: Warehouses,
    /// Whatever the owner wants to keep with it.
    pub metadata: Map<String, Value>,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
}

/// A time from which a rotated key is out of service, and the key that took its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retirement {
    /// The first moment at which the key no longer works.
    pub at: Timestamp,
    /// The key to use instead.
    pub replaced_by: KeyId,
}

/// The state of a key with the data that belongs to it. Whether a key has expired is a question of time, not of state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It works, until its retirement if it has one.
    Active {
        /// Set by a rotation with overlap.
        retirement: Option<Retirement>,
    },
    /// It is paused and can be resumed.
    Suspended {
        /// Since when.
        at: Timestamp,
        /// A retirement that was set before goes on.
        retirement: Option<Retirement>,
    },
    /// It never works again.
    Revoked {
        /// Since when.
        at: Timestamp,
        /// Why, in the words of who did it.
        reason: Option<String>,
        /// The key to use instead, after a rotation.
        replaced_by: Option<KeyId>,
    },
}

/// The state of a key as clients see it at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyStatus {
    /// It works.
    Active,
    /// It is paused.
    Suspended,
    /// Its time has passed.
    Expired,
    /// It never works again.
    Revoked,
}

impl KeyStatus {
    /// The name in bodies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A key of an organization.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its id; also part of its text.
    pub id: KeyId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The project that it was made with and ends with. Such keys do not count against the limit of active keys.
    pub project_id: Option<ProjectId>,
    /// What it opens.
    pub kind: KeyKind,
    /// Which data it works on.
    pub environment: Environment,
    /// What its owner chose.
    pub settings: KeySettings,
    /// Where it is in its life.
    pub state: KeyState,
    /// The keyed hash of its text.
    pub hash: SecretHash,
    /// The pepper of that hash.
    pub pepper_version: i64,
    /// The part of the text before the id.
    pub display_prefix: String,
    /// The last four characters of the text.
    pub last_four: String,
    /// The first key of a chain of rotations: its members share one quota and one limit of their own.
    pub lineage: KeyId,
    /// Who made it.
    pub created_by: Actor,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its settings or state last changed.
    pub updated_at: Timestamp,
    /// When it was last used, within a minute.
    pub last_used_at: Option<Timestamp>,
    /// Counts changes, for guarded updates.
    pub version: i64,
}

/// A key that is to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Whose it will be.
    pub organization_id: OrganizationId,
    /// The project that it is of.
    pub project_id: Option<ProjectId>,
    /// What it opens.
    pub kind: KeyKind,
    /// Which data it works on.
    pub environment: Environment,
    /// What its owner chose.
    pub settings: KeySettings,
    /// Who makes it.
    pub created_by: Actor,
}

/// What is needed to make key texts.
#[derive(Clone, Copy, Debug)]
pub struct Mint<'a> {
    /// How texts are written.
    pub format: &'a KeyFormat,
    /// How they are hashed.
    pub pepper: &'a Pepper,
}

impl ApiKey {
    /// Makes a key. Whether the caller may is for [`grant`](crate::grant) to say.
    ///
    /// # Errors
    /// `invalid_request` when the expiry is not in the future.
    pub fn issue(new: NewKey, mint: Mint<'_>, now: Timestamp, rng: &mut impl CryptoRng) -> Result<(Self, PlainSecret)> {
        let NewKey { organization_id, project_id, kind, environment, settings, created_by } = new;
        if settings.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::invalid("expires_at", "must lie in the future"));
        }
        let id = KeyId::new(now, rng);
        let secret = mint.format.issue(id, kind, environment, rng);
        let presented =
            mint.format.parse(secret.expose()).ok_or_else(|| Error::new(Code::Internal, "a new key does not parse"))?;
        let key = Self {
            id,
            organization_id,
            project_id,
            kind,
            environment,
            settings,
            state: KeyState::Active { retirement: None },
            hash: mint.pepper.hash(&presented),
            pepper_version: mint.pepper.version(),
            display_prefix: mint.format.display_prefix(kind, environment),
            last_four: last_four(&secret),
            lineage: id,
            created_by,
            created_at: now,
            updated_at: now,
            last_used_at: None,
            version: 1,
        };
        Ok((key, secret))
    }

    /// Takes over a key of another system. Its text is unknown, and nothing opens it, until [`adopt`](Self::adopt) says what does.
    /// One that is not `enabled` there is suspended here, since now.
    pub fn import(
        new: NewKey,
        display_prefix: String,
        is_enabled: bool,
        created_at: Timestamp,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let NewKey { organization_id, project_id, kind, environment, settings, created_by } = new;
        let id = KeyId::new(now, rng);
        Self {
            id,
            organization_id,
            project_id,
            kind,
            environment,
            settings,
            state: match is_enabled {
                true => KeyState::Active { retirement: None },
                false => KeyState::Suspended { at: now, retirement: None },
            },
            hash: SecretHash::UNSEEN,
            pepper_version: UNSEEN_PEPPER,
            display_prefix,
            last_four: String::new(),
            lineage: id,
            created_by,
            created_at,
            updated_at: now,
            last_used_at: None,
            version: 1,
        }
    }

    /// What opens an imported key from its first use on: the hash of its [alias](KeyFormat::alias).
    ///
    /// # Errors
    /// `internal` when the format does not read what it wrote.
    pub fn adopt(&mut self, keyed: &SecretHash, mint: Mint<'_>) -> Result<()> {
        let alias = mint.format.alias(self.id, keyed);
        let presented = mint.format.parse(alias.expose()).ok_or_else(|| Error::new(Code::Internal, "an alias does not parse"))?;
        self.hash = mint.pepper.hash(&presented);
        self.pepper_version = mint.pepper.version();
        Ok(())
    }

    /// The state as clients see it at `now`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        match &self.state {
            KeyState::Revoked { .. } => KeyStatus::Revoked,
            _ if self.retired(now).is_some() => KeyStatus::Revoked,
            _ if self.settings.expires_at.is_some_and(|at| at <= now) => KeyStatus::Expired,
            KeyState::Suspended { .. } => KeyStatus::Suspended,
            KeyState::Active { .. } => KeyStatus::Active,
        }
    }

    /// The retirement, whether reached or still ahead.
    #[must_use]
    pub fn retirement(&self) -> Option<Retirement> {
        match self.state {
            KeyState::Active { retirement } | KeyState::Suspended { retirement, .. } => retirement,
            KeyState::Revoked { .. } => None,
        }
    }

    /// The key that takes its place, if it was rotated.
    #[must_use]
    pub fn successor(&self) -> Option<KeyId> {
        match &self.state {
            KeyState::Revoked { replaced_by, .. } => *replaced_by,
            KeyState::Active { .. } | KeyState::Suspended { .. } => self.retirement().map(|r| r.replaced_by),
        }
    }

    fn retired(&self, now: Timestamp) -> Option<Retirement> {
        self.retirement().filter(|r| r.at <= now)
    }

    /// When and why the key was revoked, and by what it is replaced, as of `now`.
    #[must_use]
    pub fn revocation(&self, now: Timestamp) -> Option<(Timestamp, Option<&str>, Option<KeyId>)> {
        match &self.state {
            KeyState::Revoked { at, reason, replaced_by } => Some((*at, reason.as_deref(), *replaced_by)),
            _ => self.retired(now).map(|r| (r.at, Some(ROTATED), Some(r.replaced_by))),
        }
    }

    /// Whether the key counts against the number of active keys: rotated-out, expired and revoked ones do not.
    #[must_use]
    pub fn counts(&self, now: Timestamp) -> bool {
        self.project_id.is_none()
            && self.retirement().is_none()
            && matches!(self.status(now), KeyStatus::Active | KeyStatus::Suspended)
    }

    /// Ends the key for ever. Repeating it changes nothing.
    #[must_use]
    pub fn revoke(mut self, reason: Option<String>, now: Timestamp) -> Self {
        if self.status(now) == KeyStatus::Revoked {
            return self;
        }
        let replaced_by = self.retirement().map(|r| r.replaced_by);
        self.state = KeyState::Revoked { at: now, reason, replaced_by };
        self.touched(now)
    }

    /// Pauses the key. Repeating it changes nothing.
    ///
    /// # Errors
    /// `invalid_state` when it is revoked or expired.
    pub fn suspend(mut self, now: Timestamp) -> Result<Self> {
        self.must_live(now, "suspended")?;
        Ok(match self.state {
            KeyState::Active { retirement } => {
                self.state = KeyState::Suspended { at: now, retirement };
                self.touched(now)
            }
            _ => self,
        })
    }

    /// Lets a paused key work again. Repeating it changes nothing.
    ///
    /// # Errors
    /// `invalid_state` when it is revoked or expired.
    pub fn resume(mut self, now: Timestamp) -> Result<Self> {
        self.must_live(now, "resumed")?;
        Ok(match self.state {
            KeyState::Suspended { retirement, .. } => {
                self.state = KeyState::Active { retirement };
                self.touched(now)
            }
            _ => self,
        })
    }

    /// Takes over new settings.
    ///
    /// # Errors
    /// `invalid_state` when it is revoked or expired; `invalid_request` when the new expiry is not in the future.
    pub fn update(mut self, settings: KeySettings, now: Timestamp) -> Result<Self> {
        self.must_live(now, "changed")?;
        if settings.expires_at != self.settings.expires_at && settings.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::invalid("expires_at", "must lie in the future"));
        }
        if settings == self.settings {
            return Ok(self);
        }
        self.settings = settings;
        Ok(self.touched(now))
    }

    /// Gives the key a successor with the same settings, quota and limits. The old one works for `overlap_secs` more.
    ///
    /// # Errors
    /// `invalid_state` unless it is active and was not rotated before; `invalid_request` when the overlap is too long.
    pub fn rotate(
        mut self,
        overlap_secs: u64,
        by: Actor,
        mint: Mint<'_>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Rotation> {
        if overlap_secs > MAX_OVERLAP_SECS {
            return Err(Error::invalid("overlap_seconds", format!("must be a whole number from 0 to {MAX_OVERLAP_SECS}")));
        }
        if self.status(now) != KeyStatus::Active || self.retirement().is_some() {
            return Err(self.refuse("rotated", "only an active key that was not rotated before can be", now));
        }
        let successor = NewKey {
            organization_id: self.organization_id,
            project_id: self.project_id,
            kind: self.kind,
            environment: self.environment,
            settings: self.settings.clone(),
            created_by: by,
        };
        let (mut new, secret) = Self::issue(successor, mint, now, rng)?;
        new.lineage = self.lineage;
        self.state = if overlap_secs == 0 {
            KeyState::Revoked { at: now, reason: Some(ROTATED.to_owned()), replaced_by: Some(new.id) }
        } else {
            let at = now.plus_secs(overlap_secs.cast_signed());
            KeyState::Active { retirement: Some(Retirement { at, replaced_by: new.id }) }
        };
        Ok(Rotation { old: self.touched(now), new, secret })
    }

    fn must_live(&self, now: Timestamp, verb: &str) -> Result<()> {
        match self.status(now) {
            KeyStatus::Active | KeyStatus::Suspended => Ok(()),
            KeyStatus::Expired | KeyStatus::Revoked => Err(self.refuse(verb, "create a new key instead", now)),
        }
    }

    fn refuse(&self, verb: &str, advice: &str, now: Timestamp) -> Error {
        let status = if self.retirement().is_some() { "rotated out" } else { self.status(now).as_str() };
        Error::new(Code::InvalidState, format!("the key is {status} and cannot be {verb}: {advice}"))
    }

    fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.version += 1;
        self
    }
}

/// What a rotation yields.
#[derive(Debug)]
pub struct Rotation {
    /// The key that was rotated, now revoked or on its way out.
    pub old: ApiKey,
    /// Its successor.
    pub new: ApiKey,
    /// The successor's text, to be shown once.
    pub secret: PlainSecret,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::UserId, scope::Catalogue, secret::KeyMaterial, secret::Keyring};
    use proptest::prelude::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    struct Bench {
        format: KeyFormat,
        keyring: Keyring,
        rng: ChaCha20Rng,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                format: KeyFormat::new("mg").unwrap(),
                keyring: Keyring::derive(&KeyMaterial::new([9; 32])),
                rng: ChaCha20Rng::seed_from_u64(3),
            }
        }

        fn key(&mut self, expires_at: Option<Timestamp>) -> ApiKey {
            let settings = KeySettings {
                name: "k".to_owned(),
                scopes: Catalogue::default_scopes().parse_set("scopes", &["orders:read"]).unwrap(),
                rate_limit: None,
                quota: None,
                ip_allowlist: Networks::default(),
                warehouse_ids: Warehouses::default(),
                metadata: Map::new(),
                expires_at,
            };
            let mint = Mint { format: &self.format, pepper: &self.keyring.pepper };
            let new = NewKey {
                organization_id: OrganizationId::from_u128(1),
                project_id: None,
                kind: KeyKind::Secret,
                environment: Environment::Prod,
                settings,
                created_by: Actor::User(UserId::from_u128(1)),
            };
            ApiKey::issue(new, mint, START, &mut self.rng).unwrap().0
        }

        fn rotate(&mut self, key: ApiKey, overlap: u64, now: Timestamp) -> Result<Rotation> {
            let mint = Mint { format: &self.format, pepper: &self.keyring.pepper };
            key.rotate(overlap, Actor::System, mint, now, &mut self.rng)
        }
    }

    #[test]
    fn a_rotation_with_overlap_ends_on_time() {
        let mut bench = Bench::new();
        let key = bench.key(None);
        let rotation = bench.rotate(key, 60, START).unwrap();
        assert_eq!(rotation.new.settings, rotation.old.settings);
        assert_eq!(rotation.new.lineage, rotation.old.id);
        assert_eq!(rotation.old.status(START.plus_millis(59_999)), KeyStatus::Active);
        assert!(!rotation.old.counts(START));
        let end = START.plus_secs(60);
        assert_eq!(rotation.old.status(end), KeyStatus::Revoked);
        assert_eq!(rotation.old.revocation(end), Some((end, Some(ROTATED), Some(rotation.new.id))));
        let error = bench.rotate(rotation.old, 0, START).unwrap_err();
        assert_eq!(error.code(), Code::InvalidState);
    }

    #[test]
    fn expiry_is_a_matter_of_time() {
        let key = Bench::new().key(Some(START.plus_secs(1)));
        assert_eq!(key.status(START.plus_millis(999)), KeyStatus::Active);
        assert_eq!(key.status(START.plus_secs(1)), KeyStatus::Expired);
        assert_eq!(key.clone().suspend(START.plus_secs(1)).unwrap_err().code(), Code::InvalidState);
        assert_eq!(key.revoke(None, START.plus_secs(2)).status(START.plus_secs(2)), KeyStatus::Revoked);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Suspend,
        Resume,
        Revoke,
        Rotate(u64),
        Wait(i64),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Suspend),
            Just(Step::Resume),
            Just(Step::Revoke),
            (0..100_u64).prop_map(Step::Rotate),
            (0..50_i64).prop_map(Step::Wait)
        ]
    }

    proptest! {
        /// Whatever happens to a key, once it is out of service it never works again.
        #[test]
        fn no_history_revives_a_key(expiry in proptest::option::of(1..200_i64), steps in proptest::collection::vec(any_step(), 1..40)) {
            let mut bench = Bench::new();
            let mut key = bench.key(expiry.map(|s| START.plus_secs(s)));
            let (mut now, mut ended) = (START, false);
            for step in steps {
                let before = key.clone();
                let result = match step {
                    Step::Suspend => key.clone().suspend(now),
                    Step::Resume => key.clone().resume(now),
                    Step::Revoke => Ok(key.clone().revoke(None, now)),
                    Step::Rotate(overlap) => bench.rotate(key.clone(), overlap, now).map(|r| r.old),
                    Step::Wait(secs) => { now = now.plus_secs(secs); Ok(key.clone()) }
                };
                if let Ok(next) = result { key = next; }
                let status = key.status(now);
                if ended { prop_assert!(matches!(status, KeyStatus::Revoked | KeyStatus::Expired)); }
                if before.status(now) == KeyStatus::Revoked { prop_assert_eq!(status, KeyStatus::Revoked); }
                ended |= matches!(status, KeyStatus::Revoked | KeyStatus::Expired);
                prop_assert_eq!(key.revocation(now).is_some(), status == KeyStatus::Revoked);
            }
        }
    }
}
