//! Schemas of custom events: which attributes an event of a name may carry.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    metadata_schema::{merge, path},
    part::{Content, PartKind},
};
use crate::{
    error::{Error, Faults, Result},
    text::label,
};

const MAX_NAME: usize = 100;
const TYPES: [&str; 5] = ["string", "number", "date", "datetime", "boolean"];

/// What is said of one attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// `string`, `number`, `date`, `datetime` or `boolean`; may change.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it was removed; it can be restored.
    pub deleted: bool,
}

/// What a client sends of one attribute.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `Attribute`")]
pub struct AttributeDraft {
    #[serde(rename = "type")]
    pub kind: String,
    pub optional: bool,
    pub deleted: Option<bool>,
}

impl AttributeDraft {
    fn parse(self, at: &str) -> Result<Attribute> {
        if TYPES.contains(&self.kind.as_str()) {
            return Ok(Attribute { kind: self.kind, optional: self.optional, deleted: self.deleted.unwrap_or(false) });
        }
        Err(Error::invalid(format!("{at}.type"), format!("must be one of the allowed values [ {} ]", TYPES.join(", "))))
    }
}

/// The attributes of a schema, as a client sends them.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AttributeDrafts {
    /// By name.
    pub properties: std::collections::BTreeMap<String, AttributeDraft>,
}

/// What a client sends to make a schema.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EventSchemaDraft {
    /// The name of the events.
    pub name: String,
    /// Their attributes.
    pub schema: AttributeDrafts,
}

/// What a client sends to change a schema. Attributes that are not sent stay.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EventSchemaChange {
    /// Attributes to add or to replace whole.
    pub schema: AttributeDrafts,
}

/// The attributes by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attributes {
    /// By name.
    pub properties: Map<String, Value>,
}

/// The schema of the events of one name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventSchema {
    /// The name of the events; fixed.
    pub name: String,
    /// Their attributes.
    pub schema: Attributes,
}

fn merged(current: &Map<String, Value>, sent: AttributeDrafts) -> Result<Attributes> {
    let sent = sent.properties.into_iter().map(|(name, draft)| {
        let parsed = draft.parse(&path(&name));
        (name, parsed)
    });
    let properties = merge(current, sent).map_err(|e| e.below("schema"))?;
    Ok(Attributes { properties })
}

impl Content for EventSchema {
    const KIND: PartKind = PartKind::EventSchema;
    type Draft = EventSchemaDraft;
    type Change = EventSchemaChange;

    fn create(draft: EventSchemaDraft) -> Result<Self> {
        let mut faults = Faults::default();
        let name = faults.take(label("name", &draft.name, MAX_NAME)).unwrap_or_default();
        let schema = faults.take(merged(&Map::new(), draft.schema)).unwrap_or_default();
        faults.finish()?;
        Ok(Self { name, schema })
    }

    fn change(&self, change: EventSchemaChange) -> Result<Self> {
        Ok(Self { name: self.name.clone(), schema: merged(&self.schema.properties, change.schema)? })
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn one(kind: &str) -> Value {
        json!({"properties": {"p": {"type": kind, "optional": true}}})
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let draft = serde_json::from_value(json!({"name": "", "schema": one("object")})).unwrap();
        let error = EventSchema::create(draft).unwrap_err();
        assert_eq!(error.details().keys().collect::<Vec<_>>(), ["name", "schema.properties.p.type"]);
    }

    proptest! {
        #[test]
        fn a_type_may_change_and_others_stay(from in 0..TYPES.len(), to in 0..TYPES.len(), other in "[a-o]{1,5}") {
            let draft = json!({"name": "bought", "schema": one(TYPES[from])});
            let schema = EventSchema::create(serde_json::from_value(draft).unwrap()).unwrap();
            let added = json!({"schema": {"properties": {(other.clone()): {"type": TYPES[to], "optional": false, "deleted": true}}}});
            let added = schema.change(serde_json::from_value(added).unwrap()).unwrap();
            prop_assert_eq!(&added.schema.properties["p"], &schema.schema.properties["p"]);
            prop_assert_eq!(&added.schema.properties[&other]["deleted"], &json!(true));
            let changed = schema.change(serde_json::from_value(json!({"schema": one(TYPES[to])})).unwrap()).unwrap();
            prop_assert_eq!(&changed.schema.properties["p"]["type"], &json!(TYPES[to]));
        }
    }
}
