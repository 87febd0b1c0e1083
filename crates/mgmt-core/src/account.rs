//! Organizations, their plans, the people in them, and who acts.

pub mod address;
pub mod draft;

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

const MAX_EMAIL: usize = 254;
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

/// An e-mail address in the form that identities are compared in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    /// Reads an address: NFKC, lower case, one `@`, a domain of letters, digits, hyphens and dots. Dots and `+` in the local
    /// part are kept: what they mean is the receiver's affair.
    ///
    /// # Errors
    /// `invalid_request` under `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let wrong = || Error::invalid(field, "must be an e-mail address, such as `ana@example.com`");
        let clean: String = text.trim().nfkc().collect::<String>().to_lowercase();
        let (local, domain) = clean.rsplit_once('@').ok_or_else(wrong)?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let label_ok = |l: &str| {
            (1..=63).contains(&l.len())
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !l.starts_with('-')
                && !l.ends_with('-')
        };
        let domain_ok = domain.split('.').all(label_ok);
        if local_ok && domain_ok && clean.len() <= MAX_EMAIL { Ok(Self(clean)) } else { Err(wrong()) }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}

impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
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
    fn addresses_are_compared_in_one_form() {
        assert_eq!(Email::parse("email", " Ana@Example.COM ").unwrap().as_str(), "ana@example.com");
        assert_eq!(Email::parse("email", "ana+x.y@example.com").unwrap().as_str(), "ana+x.y@example.com");
        for bad in [
            "",
            "ana",
            "@example.com",
            "ana@",
            "a b@example.com",
            "ana@exa mple.com",
            "ana@-a.com",
            "a..b@example.com",
            "ana@example..com",
            "a\u{200B}@example.com",
            "a\u{202E}@x.com",
        ] {
            assert!(Email::parse("email", bad).is_err(), "{bad:?}");
        }
        assert!(Email::parse("email", &format!("a@{}.com", "x".repeat(300))).is_err());
    }

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

        #[test]
        fn reading_an_address_twice_changes_nothing(text in "[ -~é]{0,40}@[a-zA-Z0-9.-]{1,20}") {
            if let Ok(email) = Email::parse("email", &text) {
                prop_assert_eq!(&Email::parse("email", email.as_str()).unwrap(), &email);
            }
        }
    }
}
