//! The decision whether a key may do what a request asks. Pure and total: the same facts give the same answer, and each
//! refusal has its reason.

use std::net::IpAddr;

use crate::{
    error::Code,
    network::{Networks, Warehouses},
    scope::ScopeMask,
    time::Timestamp,
};

/// What a decision needs to know of a key.
#[derive(Clone, Copy, Debug)]
pub struct KeyFacts<'a> {
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
    /// Where it may be used from; `None` is anywhere.
    pub networks: Option<&'a Networks>,
    /// What it may be used for; `None` is anything.
    pub warehouses: Option<&'a Warehouses>,
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
#[inline]
pub fn decide(key: &KeyFacts<'_>, question: &Question<'_>, now: Timestamp) -> Decision {
    let passed = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
    let denial = if key.revoked || passed(key.retires_at) {
        Denial::Revoked
    } else if passed(key.expires_at) {
        Denial::Expired
    } else if key.suspended {
        Denial::Suspended
    } else if !key.networks.is_none_or(|networks| networks.allow(question.address)) {
        Denial::IpNotAllowed
    } else if !key.warehouses.is_none_or(|warehouses| warehouses.allow(question.warehouse)) {
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
    use crate::scope::Catalogues;
    use proptest::prelude::*;

    fn facts(scopes: &[&str]) -> KeyFacts<'static> {
        let catalogues = Catalogues::default();
        KeyFacts {
            revoked: false,
            suspended: false,
            expires_at: None,
            retires_at: None,
            granted: catalogues.scopes.granted(&catalogues.scopes.parse_set("s", scopes).unwrap()),
            networks: None,
            warehouses: None,
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
            let (networks, warehouses) = (Networks::parse("n", &["10.0.0.0/8"]).unwrap(), Warehouses::parse("w", &["a"]).unwrap());
            let key = KeyFacts {
                revoked,
                suspended,
                expires_at: Some(if expired { now } else { now.plus_millis(1) }),
                retires_at: retired.then_some(now),
                networks: Some(&networks),
                warehouses: Some(&warehouses),
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
        let (networks, warehouses) = (Networks::parse("n", &["10.0.0.0/8"]).unwrap(), Warehouses::parse("w", &["a"]).unwrap());
        key.networks = Some(&networks);
        assert_eq!(decide(&key, &Question::default(), now), Decision::Deny(Denial::IpNotAllowed));
        key.networks = None;
        key.warehouses = Some(&warehouses);
        assert_eq!(decide(&key, &Question::default(), now), Decision::Deny(Denial::WarehouseNotAllowed));
    }
}
