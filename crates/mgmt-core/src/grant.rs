//! Who may hand out what. The one rule behind all of it: nobody grants what they do not hold now.

use crate::{
    error::{Code, Error, Result},
    key::{ApiKey, KeySettings},
    key_text::{Environment, KeyKind},
    role::Role,
    scope::ScopeSet,
};

/// What a key can do: the part of it that is authority rather than description.
#[derive(Clone, Copy, Debug)]
pub struct Authority<'a> {
    /// What it opens.
    pub kind: KeyKind,
    /// Which data it works on.
    pub environment: Environment,
    /// Scopes, life, limits and restrictions.
    pub settings: &'a KeySettings,
}

impl<'a> Authority<'a> {
    /// The authority of a key.
    #[must_use]
    pub fn of(key: &'a ApiKey) -> Self {
        Self { kind: key.kind, environment: key.environment, settings: &key.settings }
    }

    /// Whether everything that `self` can do, `other` can do.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        self.kind == other.kind && other.settings.scopes.covers(&self.settings.scopes) && self.beyond(other).is_empty()
    }

    /// The fields in which `self` reaches further than `other`, scopes aside.
    fn beyond(&self, other: &Self) -> Vec<&'static str> {
        let (mine, theirs) = (self.settings, other.settings);
        let larger = |mine: Option<bool>, bounded: bool| bounded && !mine.unwrap_or(false);
        let mut fields = Vec::new();
        // Whoever may touch real data may hand out test data, never the other way round.
        if self.environment == Environment::Prod && other.environment == Environment::Test {
            fields.push("environment");
        }
        if larger(mine.expires_at.zip(theirs.expires_at).map(|(m, t)| m <= t), theirs.expires_at.is_some()) {
            fields.push("expires_at");
        }
        if larger(mine.rate_limit.zip(theirs.rate_limit).map(|(m, t)| m.within(&t)), theirs.rate_limit.is_some()) {
            fields.push("rate_limit");
        }
        if larger(mine.quota.zip(theirs.quota).map(|(m, t)| m.within(&t)), theirs.quota.is_some()) {
            fields.push("quota");
        }
        if !mine.ip_allowlist.within(&theirs.ip_allowlist) {
            fields.push("ip_allowlist");
        }
        if !mine.warehouse_ids.within(&theirs.warehouse_ids) {
            fields.push("warehouse_ids");
        }
        fields
    }
}

/// Who hands out.
#[derive(Clone, Copy, Debug)]
pub enum Grantor<'a> {
    /// The operator on the command line.
    Operator,
    /// A member by their role.
    Member(Role),
    /// A management key, by what it holds itself.
    Key(&'a ApiKey),
}

impl Grantor<'_> {
    /// The management permissions held now.
    #[must_use]
    pub fn permissions(&self) -> ScopeSet {
        match self {
            Self::Operator => ScopeSet::all(),
            Self::Member(role) => role.permissions(),
            Self::Key(key) if key.kind == KeyKind::Management => key.settings.scopes.clone(),
            Self::Key(_) => ScopeSet::default(),
        }
    }

    fn hands_out_scopes(&self) -> bool {
        match self {
            Self::Operator => true,
            Self::Member(role) => role.manages_keys(),
            Self::Key(key) => {
                let needed = ScopeSet::from_text("api-keys:write");
                key.kind == KeyKind::Management && key.settings.scopes.covers(&needed)
            }
        }
    }
}

/// Checks that a grantor may make a key with this authority, or hand out an existing one by rotation.
///
/// A management permission must be held to be granted. Catalogue scopes are granted by owners, admins and management keys with
/// `api-keys:write`. A key makes no key that lives longer, has larger limits, reaches from wider networks, serves other
/// warehouses, or works on real data where the key itself is for test data.
///
/// # Errors
/// `scope_exceeds_grantor` naming each field that goes too far.
pub fn check(grantor: &Grantor<'_>, wanted: &Authority<'_>) -> Result<()> {
    let mut fields: Vec<(&str, String)> = Vec::new();
    match wanted.kind {
        KeyKind::Secret if !grantor.hands_out_scopes() => {
            fields.push(("scopes", "only owners, admins and management keys with `api-keys:write` grant scopes".to_owned()));
        }
        KeyKind::Secret => {}
        KeyKind::Management => {
            let held = grantor.permissions();
            let missing: Vec<&str> = held.missing(&wanted.settings.scopes).map(|s| s.as_str()).collect();
            if !missing.is_empty() {
                fields.push(("permissions", format!("you do not hold `{}` yourself", missing.join("`, `"))));
            }
        }
    }
    if let Grantor::Key(own) = grantor {
        for field in wanted.beyond(&Authority::of(own)) {
            fields.push((field, "reaches further than the key that grants it".to_owned()));
        }
    }
    if fields.is_empty() {
        return Ok(());
    }
    let refusal = Error::new(Code::ScopeExceedsGrantor, "nobody grants what they do not hold themselves: see `details`");
    Err(fields.into_iter().fold(refusal, |error, (field, reason)| error.with_detail(field, reason)))
}

/// Checks a change of an existing key: narrowing is free, anything that widens it is a grant.
///
/// # Errors
/// As for [`check`].
pub fn check_change(grantor: &Grantor<'_>, before: &Authority<'_>, after: &Authority<'_>) -> Result<()> {
    if after.within(before) { Ok(()) } else { check(grantor, after) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::Actor,
        id::OrganizationId,
        key::{Mint, NewKey},
        key_text::KeyFormat,
        limit::RateLimit,
        network::{Networks, Warehouses},
        quota::{Period, Quota},
        scope::Catalogues,
        secret::{KeyMaterial, Keyring},
        time::Timestamp,
    };
    use proptest::{prelude::*, sample::select};
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    use serde_json::Map;

    const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn any_kind() -> impl Strategy<Value = KeyKind> {
        select(vec![KeyKind::Secret, KeyKind::Management])
    }

    fn any_scopes(kind: KeyKind) -> impl Strategy<Value = ScopeSet> {
        let texts = match kind {
            KeyKind::Secret => vec!["*", "orders:*", "orders:read", "orders:write", "rates:read"],
            KeyKind::Management => vec!["*", "api-keys:*", "api-keys:write", "api-keys:read", "users:write", "keys:verify"],
        };
        proptest::collection::vec(select(texts), 1..4)
            .prop_map(move |t| Catalogues::default().of(kind).parse_set("s", &t).unwrap())
    }

    fn any_settings(kind: KeyKind) -> impl Strategy<Value = KeySettings> {
        (
            any_scopes(kind),
            proptest::option::of((1..4_u32, 1..4_u32)),
            proptest::option::of((1..100_u64, select(vec![Period::Day, Period::Month]))),
            proptest::collection::vec(select(vec!["10.0.0.0/8", "10.1.0.0/16", "11.0.0.1"]), 0..2),
            proptest::collection::vec(select(vec!["a", "b"]), 0..2),
            proptest::option::of(1..100_i64),
        )
            .prop_map(|(scopes, rate, quota, nets, houses, expiry)| KeySettings {
                name: "k".to_owned(),
                scopes,
                rate_limit: rate.map(|(requests, per_seconds)| RateLimit { requests, per_seconds }),
                quota: quota.map(|(limit, period)| Quota { limit, period }),
                ip_allowlist: Networks::parse("n", &nets).unwrap(),
                warehouse_ids: Warehouses::parse("w", &houses).unwrap(),
                metadata: Map::new(),
                expires_at: expiry.map(|s| START.plus_secs(s)),
            })
    }

    fn any_draft() -> impl Strategy<Value = (KeyKind, Environment, KeySettings)> {
        any_kind().prop_flat_map(|kind| (Just(kind), select(vec![Environment::Prod, Environment::Test]), any_settings(kind)))
    }

    fn issue(draft: (KeyKind, Environment, KeySettings), rng: &mut ChaCha20Rng) -> ApiKey {
        let keyring = Keyring::derive(&KeyMaterial::new([5; 32]));
        let format = KeyFormat::new("mg").unwrap();
        let mint = Mint { format: &format, pepper: &keyring.pepper };
        let (kind, environment, settings) = draft;
        let organization_id = OrganizationId::from_u128(1);
        let new = NewKey { organization_id, project_id: None, kind, environment, settings, created_by: Actor::System };
        ApiKey::issue(new, mint, START, rng).unwrap().0
    }

    #[derive(Clone, Debug)]
    enum Step {
        Create { by: usize, draft: (KeyKind, Environment, KeySettings) },
        Update { by: usize, target: usize, settings: KeySettings },
        Rotate { by: usize, target: usize },
        ChangeRole(Role),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0..8_usize, any_draft()).prop_map(|(by, draft)| Step::Create { by, draft }),
            2 => (0..8_usize, 0..8_usize, any_settings(KeyKind::Management)).prop_map(|(by, target, settings)| Step::Update { by, target, settings }),
            1 => (0..8_usize, 0..8_usize).prop_map(|(by, target)| Step::Rotate { by, target }),
            1 => select(Role::ALL.to_vec()).prop_map(Step::ChangeRole),
        ]
    }

    /// Every management permission that a key holds, for comparison with what its grantor held.
    fn exceeds(child: &ApiKey, parent: &ApiKey) -> bool {
        let probes = ["api-keys:read", "api-keys:write", "users:write", "users:read", "keys:verify", "organizations:create"];
        let held = |k: &ApiKey, p: &str| k.kind == KeyKind::Management && k.settings.scopes.covers(&ScopeSet::from_text(p));
        probes.iter().any(|p| held(child, p) && !held(parent, p))
            || (child.environment == Environment::Prod && parent.environment == Environment::Test)
            || parent.settings.expires_at.is_some_and(|t| child.settings.expires_at.is_none_or(|c| c > t))
    }

    proptest! {
        /// authority(child) ⊆ authority(parent), whatever is created, changed, rotated or demoted.
        #[test]
        fn nobody_escalates(first in any_draft(), steps in proptest::collection::vec(any_step(), 1..24)) {
            let mut rng = ChaCha20Rng::seed_from_u64(11);
            let mut keys = vec![issue(first, &mut rng)];
            let mut role = Role::Viewer;
            for step in steps {
                match step {
                    Step::Create { by, draft } => {
                        let parent = keys[by % keys.len()].clone();
                        let child = issue(draft, &mut rng);
                        if check(&Grantor::Key(&parent), &Authority::of(&child)).is_ok() {
                            prop_assert!(!exceeds(&child, &parent));
                            prop_assert!(parent.kind == KeyKind::Management);
                            keys.push(child);
                        } else if child.kind == KeyKind::Management && check(&Grantor::Member(role), &Authority::of(&child)).is_ok() {
                            prop_assert!(role.permissions().covers(&child.settings.scopes));
                        }
                    }
                    Step::Update { by, target, settings } => {
                        let parent = keys[by % keys.len()].clone();
                        let before = keys[target % keys.len()].clone();
                        if before.kind != KeyKind::Management { continue; }
                        let mut after = before.clone();
                        after.settings = settings;
                        if check_change(&Grantor::Key(&parent), &Authority::of(&before), &Authority::of(&after)).is_ok() {
                            prop_assert!(!exceeds(&after, &before) || !exceeds(&after, &parent));
                        }
                    }
                    Step::Rotate { by, target } => {
                        let parent = keys[by % keys.len()].clone();
                        let key = keys[target % keys.len()].clone();
                        if check(&Grantor::Key(&parent), &Authority::of(&key)).is_ok() {
                            prop_assert!(!exceeds(&key, &parent));
                        }
                    }
                    Step::ChangeRole(next) => role = next,
                }
            }
        }

        #[test]
        fn a_key_is_within_itself(draft in any_draft()) {
            let key = issue(draft, &mut ChaCha20Rng::seed_from_u64(1));
            prop_assert!(Authority::of(&key).within(&Authority::of(&key)));
        }

        #[test]
        fn only_those_who_manage_keys_grant_scopes(draft in any_draft(), role in select(Role::ALL.to_vec())) {
            let key = issue(draft, &mut ChaCha20Rng::seed_from_u64(1));
            if key.kind == KeyKind::Secret {
                prop_assert_eq!(check(&Grantor::Member(role), &Authority::of(&key)).is_ok(), role.manages_keys());
                prop_assert!(check(&Grantor::Key(&key), &Authority::of(&key)).is_err());
            }
        }
    }
}
