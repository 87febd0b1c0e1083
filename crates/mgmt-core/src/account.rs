//! Organizations, their plans, the people in them, and who acts.

pub mod address;
pub mod draft;
mod email;

use std::{fmt, str::FromStr};

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use crate::{
    error::{Error, Result},
    id::{KeyId, OrganizationId, UserId},
    quota::Quota,
    role::Role,
    text::label,
    time::Timestamp,
};

pub use email::Email;

const MAX_NAME: usize = 120;
const MAX_SLUG: usize = 60;

/// What an organization pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// The operator's own installation.
    SelfHosted,
    /// For growing products.
    Scale,
    /// For large ones.
    Enterprise,
}

impl Plan {
    /// Every plan.
    pub const ALL: [Self; 3] = [Self::SelfHosted, Self::Scale, Self::Enterprise];

    /// The name in bodies and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SelfHosted => "self_hosted",
            Self::Scale => "scale",
            Self::Enterprise => "enterprise",
        }
    }

    /// Whether the management of projects is part of the plan.
    #[must_use]
    pub const fn has_projects(self) -> bool {
        matches!(self, Self::SelfHosted | Self::Enterprise)
    }

    /// Reads the name.
    ///
    /// # Errors
    /// `invalid_request` naming the plans there are.
    pub fn parse(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|p| p.as_str() == text)
            .ok_or_else(|| Error::invalid("plan", "must be `self_hosted`, `scale` or `enterprise`"))
    }
}

/// Whether an organization may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationState {
    /// It may.
    Active,
    /// None of its credentials work.
    Suspended,
}

impl OrganizationState {
    /// The name in bodies and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// Reads the name; `None` when it is another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Suspended].into_iter().find(|s| s.as_str() == text)
    }
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// A name for people.
    pub name: String,
    /// A name for addresses: lower-case letters, digits and hyphens; unique.
    pub slug: String,
    /// What it pays for.
    pub plan: Plan,
    /// Whether it may act.
    pub state: OrganizationState,
    /// Whether it is the operator's: the first one, which may act for all others.
    pub is_operator: bool,
    /// Its postal address, as an object.
    pub address: Option<Map<String, Value>>,
    /// Whatever its people want to keep with it.
    pub metadata: Map<String, Value>,
    /// A quota over all of its keys.
    pub quota: Option<Quota>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes, for guarded updates.
    pub version: i64,
}

impl Organization {
    /// A new organization; its slug is made from its name and the end of its id.
    ///
    /// # Errors
    /// `invalid_request` when the name is not one.
    pub fn new(name: &str, plan: Plan, is_operator: bool, now: Timestamp, rng: &mut impl CryptoRng) -> Result<Self> {
        let name = label("name", name, MAX_NAME)?;
        let id = OrganizationId::new(now, rng);
        Ok(Self {
            id,
            slug: slug(&name, id),
            name,
            plan,
            state: OrganizationState::Active,
            is_operator,
            address: None,
            metadata: Map::new(),
            quota: None,
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }
}

/// `Acme, Inc.` becomes `acme-inc-1f2e3d`: readable, and unique by the random end of the id.
fn slug(name: &str, id: OrganizationId) -> String {
    let mut slug = String::new();
    for c in name.nfkd().filter(char::is_ascii) {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= MAX_SLUG - 7 {
            break;
        }
    }
    let stem = slug.trim_end_matches('-');
    let end = id.as_u128() & 0xff_ffff;
    if stem.is_empty() { format!("org-{end:06x}") } else { format!("{stem}-{end:06x}") }
}

/// A person.
#[derive(Clone, Debug)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// The address they sign in with; unique.
    pub email: Email,
    /// What they are called.
    pub name: String,
    /// The PHC string of their password; none while they are only invited.
    pub password_hash: Option<String>,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// A new person; without a name, the part of the address before the `@` is used.
    ///
    /// # Errors
    /// `invalid_request` when the name is not one.
    pub fn new(email: Email, name: Option<&str>, now: Timestamp, rng: &mut impl CryptoRng) -> Result<Self> {
        let name = match name {
            Some(name) => label("name", name, MAX_NAME)?,
            None => email.as_str().split('@').next().unwrap_or_default().to_owned(),
        };
        Ok(Self { id: UserId::new(now, rng), email, name, password_hash: None, created_at: now, updated_at: now })
    }
}

/// A person's place in an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub organization_id: OrganizationId,
    /// Who.
    pub user_id: UserId,
    /// As what.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
}

/// Who did something, as records name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person in a session.
    User(UserId),
    /// A management key.
    Key(KeyId),
    /// The operator on the command line, or the server itself.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Key(id) => id.fmt(f),
            Self::System => f.write_str("system"),
        }
    }
}

impl FromStr for Actor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "system" {
            return Ok(Self::System);
        }
        text.parse().map(Self::User).or_else(|_| text.parse().map(Self::Key))
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    #[test]
    fn slugs_are_readable_and_unique() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut make = |name| Organization::new(name, Plan::Scale, false, Timestamp::from_millis(1), &mut rng).unwrap().slug;
        assert!(make("Acme, Inc.").starts_with("acme-inc-"));
        assert_ne!(make("Acme"), make("Acme"));
        assert!(make("日本").starts_with("org-"));
    }

    proptest! {
        #[test]
        fn actors_round_trip(bits: u128, which in 0..3_u8) {
            let actor = match which {
                0 => Actor::User(UserId::from_u128(bits)),
                1 => Actor::Key(KeyId::from_u128(bits)),
                _ => Actor::System,
            };
            prop_assert_eq!(actor.to_string().parse::<Actor>().unwrap(), actor);
        }
    }
}
