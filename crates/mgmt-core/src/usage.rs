//! What is counted: requests by organization, key, surface and outcome, in buckets of a minute.

mod report;

use serde::{Deserialize, Serialize};

pub use report::{Interval, MAX_BUCKETS, Tally, UsageBucket, UsageRange, UsageReport};

use crate::{
    id::{KeyId, OrganizationId},
    time::Timestamp,
};

/// Which part of the product a request used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Surface {
    /// The management API, by management keys.
    Management,
    /// The product's own API, and whatever is behind forward authentication.
    Resource,
    /// A verification that somebody asked for.
    Verify,
}

impl Surface {
    /// Every surface.
    pub const ALL: [Self; 3] = [Self::Management, Self::Resource, Self::Verify];

    /// The name in bodies and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Management => "management",
            Self::Resource => "resource",
            Self::Verify => "verify",
        }
    }

    /// Reads the name; `None` when it is another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// How a request ended at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Let through.
    Accepted,
    /// Refused by a rule.
    Refused,
    /// Refused by a limit or quota.
    Limited,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Refused, Self::Limited];

    /// The name in bodies and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Limited => "limited",
        }
    }

    /// Reads the name; `None` when it is another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == text)
    }
}

/// One count: a bucket and how many requests fell into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageCount {
    /// Whose requests.
    pub organization_id: OrganizationId,
    /// By which key.
    pub key_id: KeyId,
    /// On which surface.
    pub surface: Surface,
    /// How they ended.
    pub outcome: Outcome,
    /// The first moment of the minute.
    pub minute: Timestamp,
    /// How many.
    pub count: u64,
}

/// The first moment of the minute that holds `now`.
#[must_use]
pub fn minute_of(now: Timestamp) -> Timestamp {
    Timestamp::from_millis(now.as_millis() / 60_000 * 60_000)
}

/// How many of an organization's requests of one minute (or, of old ones, of one hour) ended in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageSum {
    /// The first moment of the minute or hour.
    pub minute: Timestamp,
    /// How they ended.
    pub outcome: Outcome,
    /// How many.
    pub count: u64,
}
