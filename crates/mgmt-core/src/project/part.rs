//! What schemas, rules, branding, templates and webhooks of a project have in common: an id, a name that is unique among their
//! kind in the project, content, and two times.

use std::fmt;

use rand_core::CryptoRng;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{Code, Error, Result},
    id::{ProjectId, parse_hex, uuid_v7},
    time::Timestamp,
};

/// The kinds of objects that hang on a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// See [`metadata_schema`](super::metadata_schema).
    MetadataSchema,
    /// See [`event_schema`](super::event_schema).
    EventSchema,
    /// See [`stacking_rules`](super::stacking_rules).
    StackingRules,
    /// See [`branding`](super::branding).
    Branding,
    /// See [`template`](super::template).
    Template,
    /// See [`webhook`](super::webhook).
    Webhook,
}

impl PartKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::MetadataSchema, Self::EventSchema, Self::StackingRules, Self::Branding, Self::Template, Self::Webhook];

    /// The name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MetadataSchema => "metadata_schema",
            Self::EventSchema => "event_schema",
            Self::StackingRules => "stacking_rules",
            Self::Branding => "branding",
            Self::Template => "template",
            Self::Webhook => "webhook",
        }
    }

    /// Reads the name; `None` when it is another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }

    /// The start of its ids. Both kinds of schema share theirs.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::MetadataSchema | Self::EventSchema => "ms",
            Self::StackingRules => "stk",
            Self::Branding => "brd",
            Self::Template => "camp_tpl",
            Self::Webhook => "wh",
        }
    }

    /// The type that errors name.
    #[must_use]
    pub const fn resource(self) -> &'static str {
        match self {
            Self::MetadataSchema => "metadata schema",
            Self::EventSchema => "custom_event_schema",
            Self::StackingRules => "stacking_rules",
            Self::Branding => "branding_details",
            Self::Template => "campaign_template",
            Self::Webhook => "webhook",
        }
    }

    /// The refusal of a second object of one name.
    #[must_use]
    pub fn duplicate(self, name: &str) -> Error {
        let reason = match self {
            Self::StackingRules => "stacking_rules_exist",
            Self::Branding => "branding_exist",
            _ => "duplicate_found",
        };
        let message = format!("a {} of this name exists in the project", self.resource());
        Error::new(Code::Conflict, message).with_reason(reason).about(self.resource(), name)
    }
}

/// The id of a part: the prefix of its kind and the digits of a UUID version 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartId {
    kind: PartKind,
    bits: u128,
}

impl PartId {
    /// A new id, ordered by `now`.
    pub fn new(kind: PartKind, now: Timestamp, rng: &mut impl CryptoRng) -> Self {
        Self { kind, bits: uuid_v7(now, rng) }
    }

    /// Reads an id of this kind; `None` when it is none.
    #[must_use]
    pub fn parse(kind: PartKind, text: &str) -> Option<Self> {
        let digits = text.strip_prefix(kind.prefix())?.strip_prefix('_')?;
        parse_hex(digits).map(|bits| Self { kind, bits })
    }

    /// What it is the id of.
    #[must_use]
    pub const fn kind(self) -> PartKind {
        self.kind
    }
}

impl fmt::Display for PartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{:032x}", self.kind.prefix(), self.bits)
    }
}

/// The content of a part.
pub trait Content: Clone + PartialEq + Serialize + DeserializeOwned {
    /// Which kind of part.
    const KIND: PartKind;
    /// What a client sends to make one.
    type Draft: DeserializeOwned + 'static;
    /// What a client sends to change one.
    type Change: DeserializeOwned + 'static;

    /// Judges a draft.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each wrong field.
    fn create(draft: Self::Draft) -> Result<Self>;

    /// Judges and applies a change.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each wrong field; nothing is applied then.
    fn change(&self, change: Self::Change) -> Result<Self>;

    /// What no other of its kind in the project may be called; `None` where any number may be alike.
    fn name(&self) -> Option<&str>;
}

/// A part with its content.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<T> {
    /// Its id.
    pub id: PartId,
    /// On which project it hangs.
    pub project_id: ProjectId,
    /// What it is.
    pub content: T,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed; none before the first change.
    pub updated_at: Option<Timestamp>,
    /// Counts changes, for guarded updates.
    pub version: i64,
}

impl<T: Content> Part<T> {
    /// A new part.
    pub fn new(project_id: ProjectId, content: T, now: Timestamp, rng: &mut impl CryptoRng) -> Self {
        Self { id: PartId::new(T::KIND, now, rng), project_id, content, created_at: now, updated_at: None, version: 1 }
    }

    /// Takes over new content. A change that changes nothing is one, too: clients see when it was.
    #[must_use]
    pub fn update(self, content: T, now: Timestamp) -> Self {
        Self { content, updated_at: Some(now), version: self.version + 1, ..self }
    }

    /// The name under which it is unique: its own, or its id.
    #[must_use]
    pub fn unique_name(&self) -> String {
        self.content.name().map_or_else(|| self.id.to_string(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    proptest! {
        #[test]
        fn ids_read_back(seed: u64, at in 0..4_000_000_000_000_i64) {
            for kind in PartKind::ALL {
                let id = PartId::new(kind, Timestamp::from_millis(at), &mut ChaCha20Rng::seed_from_u64(seed));
                prop_assert_eq!(PartId::parse(kind, &id.to_string()), Some(id));
                prop_assert_eq!(PartKind::parse(kind.as_str()), Some(kind));
                prop_assert!(PartId::parse(kind, &id.to_string().to_uppercase()).is_none());
            }
        }
    }
}
