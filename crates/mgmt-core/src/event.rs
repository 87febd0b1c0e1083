//! Events: what happened, in the form that webhooks tell it, and which of them an endpoint wants.

use std::{collections::BTreeSet, fmt};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::{
    error::{Error, REQUIRED, Result},
    id::{EventId, OrganizationId},
    time::Timestamp,
};

/// The most bytes of a body. What is larger is told by its id alone.
pub const MAX_BODY: usize = 64 * 1024;
/// The most entries of a list of subscriptions.
pub const MAX_SUBSCRIPTIONS: usize = 100;

macro_rules! event_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// What can happen. Names are never changed or reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventType {
            $($(#[$doc])* $name),+
        }

        impl EventType {
            /// Every type, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name in bodies and subscriptions.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

event_types! {
    /// A shipment was drafted, or bought in the same call.
    ShipmentCreated = "shipment.created",
    /// A shipment was changed, also by what its tracker reports.
    ShipmentUpdated = "shipment.updated",
    /// A shipment was cancelled.
    ShipmentCancelled = "shipment.cancelled",
    /// A label was bought.
    ShipmentPurchased = "shipment.purchased",
    /// A parcel is followed.
    TrackerCreated = "tracker.created",
    /// A parcel was somewhere.
    TrackerUpdated = "tracker.updated",
    /// A key was made.
    ApiKeyCreated = "api_key.created",
    /// A key was changed or resumed.
    ApiKeyUpdated = "api_key.updated",
    /// A key got a successor.
    ApiKeyRotated = "api_key.rotated",
    /// A key was revoked.
    ApiKeyRevoked = "api_key.revoked",
    /// A key was paused.
    ApiKeySuspended = "api_key.suspended",
    /// A key ends in 14, 7 or 1 days.
    ApiKeyExpiring = "api_key.expiring",
    /// Somebody accepted an invitation, or was added.
    UserCreated = "user.created",
    /// Somebody's name or role changed.
    UserUpdated = "user.updated",
    /// Somebody left or was removed.
    UserDeleted = "user.deleted",
    /// An organization's settings or standing changed.
    OrganizationUpdated = "organization.updated",
    /// An endpoint was switched off because it fails or said that it is gone.
    WebhookDisabled = "webhook.disabled",
    /// 80 % or all of a quota are used.
    QuotaThresholdReached = "quota.threshold_reached",
}

impl EventType {
    /// Reads a name; `None` when there is none such.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|t| t.as_str() == text)
    }

    /// What stands before the first dot.
    #[must_use]
    pub fn family(self) -> &'static str {
        self.as_str().split('.').next().unwrap_or_default()
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A set of event types, as a client writes it: names, `family.*` and `*`. It keeps the client's spelling and order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriptions {
    written: Vec<String>,
    types: BTreeSet<EventType>,
}

impl Subscriptions {
    /// Reads a list. A repeated entry is kept once.
    ///
    /// # Errors
    /// `invalid_request` when it is empty or too long, or an entry names nothing: under `field`, and `field[i]`.
    pub fn parse(field: &str, entries: &[String]) -> Result<Self> {
        if entries.is_empty() {
            return Err(Error::invalid(field, "must name at least one event, such as `api_key.revoked`, `shipment.*` or `*`"));
        }
        if entries.len() > MAX_SUBSCRIPTIONS {
            return Err(Error::invalid(field, format!("must have at most {MAX_SUBSCRIPTIONS} entries")));
        }
        let mut this = Self { written: Vec::new(), types: BTreeSet::new() };
        let mut faults = crate::error::Faults::default();
        for (i, entry) in entries.iter().enumerate() {
            let Some(types) = faults.take(Self::one(&format!("{field}[{i}]"), entry)) else { continue };
            this.types.extend(types);
            if !this.written.contains(entry) {
                this.written.push(entry.clone());
            }
        }
        faults.finish()?;
        Ok(this)
    }

    /// The types that one name, `family.*` or `*` stands for.
    ///
    /// # Errors
    /// `invalid_request` under `field` when it names nothing.
    pub fn one(field: &str, entry: &str) -> Result<Vec<EventType>> {
        let family = entry.strip_suffix(".*");
        let fits = |t: &EventType| entry == "*" || family.map_or(t.as_str() == entry, |f| t.family() == f);
        let types: Vec<EventType> = EventType::ALL.iter().copied().filter(fits).collect();
        if entry.is_empty() {
            return Err(Error::invalid(field, REQUIRED));
        }
        if types.is_empty() {
            let shown: String = entry.chars().take(64).collect();
            return Err(Error::invalid(field, format!("unknown event `{shown}`: see the list of events in the documentation")));
        }
        Ok(types)
    }

    /// Whether an event of this type is wanted.
    #[must_use]
    pub fn includes(&self, event_type: EventType) -> bool {
        self.types.contains(&event_type)
    }

    /// The first type that is wanted.
    #[must_use]
    pub fn first(&self) -> Option<EventType> {
        self.types.first().copied()
    }

    /// The entries as they were written.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.written
    }
}

impl Serialize for Subscriptions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written.serialize(serializer)
    }
}

/// Something that happened in an organization.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id, the same in every delivery and repeat.
    pub id: EventId,
    /// Whose.
    pub organization_id: OrganizationId,
    /// What.
    pub event_type: EventType,
    /// When.
    pub at: Timestamp,
    /// The object it happened to, as the API shows it, never with a secret.
    pub data: Map<String, Value>,
}

impl Event {
    /// Makes one. Data that would make the body larger than [`MAX_BODY`] is replaced by its `id` and `truncated: true`.
    #[must_use]
    pub fn new(
        id: EventId,
        organization_id: OrganizationId,
        event_type: EventType,
        at: Timestamp,
        data: Map<String, Value>,
    ) -> Self {
        let mut event = Self { id, organization_id, event_type, at, data };
        if event.body().len() > MAX_BODY {
            let kept = event.data.remove("id").unwrap_or(Value::Null);
            event.data = Map::from_iter([("id".to_owned(), kept), ("truncated".to_owned(), Value::Bool(true))]);
        }
        event
    }

    /// The body of every delivery: compact JSON, the same bytes each time.
    #[must_use]
    pub fn body(&self) -> String {
        json!({
            "id": self.id,
            "type": self.event_type,
            "timestamp": self.at,
            "organization_id": self.organization_id,
            "data": self.data,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn strings(entries: &[&str]) -> Vec<String> {
        entries.iter().map(|&e| e.to_owned()).collect()
    }

    #[test]
    fn names_are_well_formed_and_unique() {
        let names: BTreeSet<_> = EventType::ALL.iter().map(|t| t.as_str()).collect();
        assert_eq!(names.len(), EventType::ALL.len());
        for name in names {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'.'), "{name}");
            assert_eq!(EventType::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn sets_stand_for_their_members() {
        let set = Subscriptions::parse("events", &strings(&["shipment.*", "api_key.revoked", "shipment.*"])).unwrap();
        assert_eq!(set.as_slice(), ["shipment.*", "api_key.revoked"]);
        let included: Vec<_> = EventType::ALL.iter().filter(|&&t| set.includes(t)).map(|t| t.as_str()).collect();
        assert_eq!(
            included,
            ["shipment.created", "shipment.updated", "shipment.cancelled", "shipment.purchased", "api_key.revoked"]
        );
        let all = Subscriptions::parse("events", &strings(&["*"])).unwrap();
        assert!(EventType::ALL.iter().all(|&t| all.includes(t)));
    }

    #[test]
    fn every_wrong_entry_is_named() {
        let error = Subscriptions::parse("events", &strings(&["*", "shipment", "", "key.*", "api_key.created"])).unwrap_err();
        let fields: Vec<_> = error.details().keys().map(String::as_str).collect();
        assert_eq!(fields, ["events[1]", "events[2]", "events[3]"]);
        assert!(Subscriptions::parse("events", &[]).is_err());
        assert!(Subscriptions::parse("events", &vec!["*".to_owned(); MAX_SUBSCRIPTIONS + 1]).is_err());
        for near in ["*.*", "shipment.", ".*", "Shipment.created", " *", "shipment.**", "*.created"] {
            assert!(Subscriptions::one("events", near).is_err(), "{near}");
        }
    }

    proptest! {
        #[test]
        fn bodies_are_bounded_and_keep_the_id(text in ".{0,200}", times in 1..2000_usize) {
            let data = Map::from_iter([("id".to_owned(), json!("key_1")), ("name".to_owned(), json!(text.repeat(times)))]);
            let event = Event::new(
                EventId::from_u128(1), OrganizationId::from_u128(2), EventType::ApiKeyCreated, Timestamp::from_millis(0), data.clone(),
            );
            let body: Value = serde_json::from_str(&event.body()).unwrap();
            prop_assert!(event.body().len() <= MAX_BODY);
            prop_assert_eq!(&body["data"]["id"], "key_1");
            prop_assert!(body["data"].get("truncated").is_some() || body["data"] == Value::Object(data));
        }
    }
}
