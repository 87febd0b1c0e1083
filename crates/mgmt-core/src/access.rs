//! The decision whether a key may do what a request asks. Pure and total: the same facts give the same answer, and each
//! refusal has its reason.

use std::net::IpAddr;

use crate::{
    account::{Organization, OrganizationState},
    error::Code,
    id::{KeyId, OrganizationId},
    key::{ApiKey, KeyState},
    key_text::{Environment, KeyKind},
    network::{Networks, Warehouses},
    scope::{Catalogues, ScopeMask},
    secret::SecretHash,
    time::Timestamp,
};

/// What a decision needs to know of a key, in a compact form for caches.
#[derive(Clone, Debug)]
pub struct KeyFacts {
    /// The key.
    pub id: KeyId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// What it opens.
    pub kind: KeyKind,
    /// Which data it works on.
    pub environment: Environment,
    /// The keyed hash of its text.
    pub hash: SecretHash,
    /// Revoked for ever.
    pub revoked: bool,
    /// Paused, itself or with its organization.
    pub suspended: bool,
    /// The first moment at which it has expired.
    pub expires_at: Option<Timestamp>,
    /// The first moment at which it is rotated out.
    pub retires_at: Option<Timestamp>,
    /// What it may do.
    pub granted: ScopeMask,
    /// Where it may be used from.
    pub networks: Networks,
    /// What it may be used for.
    pub warehouses: Warehouses,
}

impl KeyFacts {
    /// The facts of a key and its organization.
    #[must_use]
    pub fn new(key: &ApiKey, organization: &Organization, catalogues: &Catalogues) -> Self {
        Self {
            id: key.id,
            organization_id: key.organization_id,
            kind: key.kind,
            environment: key.environment,
            hash: key.hash,
            revoked: matches!(key.state, KeyState::Revoked { .. }),
            suspended: matches!(key.state, KeyState::Suspended { .. }) || organization.state != OrganizationState::Active,
            expires_at: key.settings.expires_at,
            retires_at: key.retirement().map(|r| r.at),
            granted: catalogues.of(key.kind).granted(&key.settings.scopes),
            networks: key.settings.ip_allowlist.clone(),
            warehouses: key.settings.warehouse_ids.clone(),
        }
    }
}

/// What a request asks of a key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question<'a> {
    /// Scopes that are all demanded.
    pub all_of: ScopeMask,
    /// Scopes of which one is demanded, unless the mask is empty.
    pub any_of: ScopeMask,
    /// Where the request comes from; unknown passes only without a restriction.
    pub address: Option<IpAddr>,
    /// What it is for; unknown passes only without a restriction.
    pub warehouse: Option<&'a str>,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The key may.
    Allow,
    /// The key may not, and why.
    Deny(Denial),
}

/// Why a key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Denial {
    /// It was revoked or rotated out.
    Revoked,
    /// It is paused, or its organization is.
    Suspended,
    /// Its time has passed.
    Expired,
    /// It may not be used from there.
    IpNotAllowed,
    /// It may not be used for that.
    WarehouseNotAllowed,
    /// It lacks a scope.
    InsufficientScope,
}

impl Denial {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::Revoked, Self::Suspended, Self::Expired, Self::IpNotAllowed, Self::WarehouseNotAllowed, Self::InsufficientScope];

    /// The reason as a verification answer names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::IpNotAllowed => "ip_not_allowed",
            Self::WarehouseNotAllowed => "warehouse_not_allowed",
            Self::InsufficientScope => "insufficient_scope",
        }
    }

    /// The reason as the bearer is told: a key that is out of service is like one that never was.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Revoked | Self::Suspended | Self::Expired => Code::Unauthorized,
            Self::IpNotAllowed => Code::IpNotAllowed,
            Self::WarehouseNotAllowed => Code::WarehouseNotAllowed,
            Self::InsufficientScope => Code::InsufficientScope,
        }
    }
}

/// Decides. Deny is the answer unless every rule allows.
#[must_use]
pub fn decide(key: &KeyFacts, question: &Question<'_>, now: Timestamp) -> Decision {
    let passed = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
    let denial = if key.revoked || passed(key.retires_at) {
        Denial::Revoked
    } else if passed(key.expires_at) {
        Denial::Expired
    } else if key.suspended {
        Denial::Suspended
    } else if !key.networks.allow(question.address) {
        Denial::IpNotAllowed
    } else if !key.warehouses.allow(question.warehouse) {
        Denial::WarehouseNotAllowed
    } else if !key.granted.covers(question.all_of) || !(question.any_of.is_empty() || key.granted.meets(question.any_of)) {
        Denial::InsufficientScope
    } else {
        return Decision::Allow;
    };
    Decision::Deny(denial)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::token_hash;
    use proptest::prelude::*;

    fn facts(scopes: &[&str]) -> KeyFacts {
        let catalogues = Catalogues::default();
        KeyFacts {
            id: KeyId::from_u128(1),
            organization_id: OrganizationId::from_u128(1),
            kind: KeyKind::Secret,
            environment: Environment::Prod,
            hash: token_hash("x"),
            revoked: false,
            suspended: false,
            expires_at: None,
            retires_at: None,
            granted: catalogues.scopes.granted(&catalogues.scopes.parse_set("s", scopes).unwrap()),
            networks: Networks::default(),
            warehouses: Warehouses::default(),
        }
    }

    proptest! {
        /// The answer is Allow exactly when no rule objects, and the reason is the first rule that does.
        #[test]
        fn deny_unless_every_rule_allows(
            revoked: bool, suspended: bool, expired: bool, retired: bool, wrong_ip: bool, wrong_warehouse: bool, lacks: bool, lacks_any: bool,
        ) {
            let now = Timestamp::from_millis(1_000_000);
            let catalogue = Catalogues::default().scopes;
            let mask = |s: &[&str]| catalogue.demanded(&catalogue.parse_set("s", s).unwrap());
            let key = KeyFacts {
                revoked,
                suspended,
                expires_at: Some(if expired { now } else { now.plus_millis(1) }),
                retires_at: retired.then_some(now),
                networks: Networks::parse("n", &["10.0.0.0/8"]).unwrap(),
                warehouses: Warehouses::parse("w", &["a"]).unwrap(),
                ..facts(&["orders:read", "rates:*"])
            };
            let question = Question {
                all_of: mask(if lacks { &["orders:write"] } else { &["orders:read"] }),
                any_of: mask(if lacks_any { &["orders:write", "agent:read"] } else { &["orders:write", "rates:read"] }),
                address: Some(if wrong_ip { "11.0.0.1" } else { "10.0.0.1" }.parse().unwrap()),
                warehouse: Some(if wrong_warehouse { "b" } else { "a" }),
            };
            let rules = [
                (revoked || retired, Denial::Revoked), (expired, Denial::Expired), (suspended, Denial::Suspended),
                (wrong_ip, Denial::IpNotAllowed), (wrong_warehouse, Denial::WarehouseNotAllowed), (lacks || lacks_any, Denial::InsufficientScope),
            ];
            let expected = rules.iter().find(|(broken, _)| *broken).map_or(Decision::Allow, |(_, denial)| Decision::Deny(*denial));
            prop_assert_eq!(decide(&key, &question, now), expected);
        }
    }

    #[test]
    fn a_restricted_key_needs_to_know_the_address_and_the_warehouse() {
        let now = Timestamp::from_millis(0);
        let mut key = facts(&["*"]);
        key.networks = Networks::parse("n", &["10.0.0.0/8"]).unwrap();
        assert_eq!(decide(&key, &Question::default(), now), Decision::Deny(Denial::IpNotAllowed));
        key.networks = Networks::default();
        key.warehouses = Warehouses::parse("w", &["a"]).unwrap();
        assert_eq!(decide(&key, &Question::default(), now), Decision::Deny(Denial::WarehouseNotAllowed));
    }
}
