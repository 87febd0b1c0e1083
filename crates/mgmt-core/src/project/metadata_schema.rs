//! Schemas of metadata: which fields the objects of a kind may carry, and of what type.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::part::{Content, PartKind};
use crate::{
    error::{Error, Faults, Result},
    text::label,
};

/// Kinds of objects that have a schema by nature. Every other name is a custom schema, for nested objects.
pub const STANDARD: [&str; 12] = [
    "campaign",
    "customer",
    "earning_rule",
    "loyalty_tier",
    "order",
    "order_item",
    "product",
    "promotion_tier",
    "publication",
    "redemption",
    "reward",
    "voucher",
];

/// The most definitions of a schema, removed ones included.
pub const MAX_DEFINITIONS: usize = 100;
const MAX_NAME: usize = 100;
const MAX_LENGTH: i64 = 1_000_000;
const MAX_VALUES: usize = 1000;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DefinitionType {
    String,
    Number,
    Object,
    Date,
    Datetime,
    Geopoint,
    Boolean,
    ImageUrl,
}

impl DefinitionType {
    const NAMES: [(&str, Self); 8] = [
        ("string", Self::String),
        ("number", Self::Number),
        ("object", Self::Object),
        ("date", Self::Date),
        ("datetime", Self::Datetime),
        ("geopoint", Self::Geopoint),
        ("boolean", Self::Boolean),
        ("image_url", Self::ImageUrl),
    ];

    fn parse(field: &str, text: &str) -> Result<Self> {
        let found = Self::NAMES.into_iter().find(|(name, _)| *name == text).map(|(_, kind)| kind);
        let names: Vec<_> = Self::NAMES.iter().map(|(name, _)| *name).collect();
        found.ok_or_else(|| Error::invalid(field, format!("must be one of the allowed values [ {} ]", names.join(", "))))
    }
}

/// What is said of one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// Its type; fixed once it is there.
    #[serde(rename = "type")]
    pub kind: DefinitionType,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it holds several values.
    pub array: bool,
    /// Whether it was removed; it can be restored.
    pub deleted: bool,
    /// The custom schema of an object.
    pub object_type: Option<String>,
    /// The fewest characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<i64>,
    /// The most characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<i64>,
    /// So many characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact_length: Option<i64>,
    /// One of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eq: Option<Vec<Value>>,
    /// None of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ne: Option<Vec<Number>>,
    /// Less than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lt: Option<Number>,
    /// At most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lte: Option<Number>,
    /// More than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gt: Option<Number>,
    /// At least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gte: Option<Number>,
}

/// What a client sends of one field. `null` means absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `Definition`")]
pub struct DefinitionDraft {
    #[serde(rename = "type")]
    pub kind: String,
    pub optional: bool,
    pub array: bool,
    pub deleted: Option<bool>,
    pub object_type: Option<String>,
    pub min_length: Option<i64>,
    pub max_length: Option<i64>,
    pub exact_length: Option<i64>,
    pub eq: Option<Vec<Value>>,
    pub ne: Option<Vec<Value>>,
    pub lt: Option<Value>,
    pub lte: Option<Value>,
    pub gt: Option<Value>,
    pub gte: Option<Value>,
}

impl DefinitionDraft {
    /// Judges the draft of a field whose path is `at`, in a schema for `related_object`.
    fn parse(self, at: &str, related_object: &str) -> Result<Definition> {
        let mut faults = Faults::default();
        let kind = faults.take(DefinitionType::parse(&format!("{at}.type"), &self.kind));
        faults.take(self.fits(at, kind));
        faults.take(self.nesting(at, kind, related_object));
        faults.take(self.lengths(at));
        let mut number = |name: &str, value: &Option<Value>| {
            let value = value.as_ref().map(|v| amount(&format!("{at}.{name}"), v));
            faults.take(value.transpose()).flatten()
        };
        let (lt, lte) = (number("lt", &self.lt), number("lte", &self.lte));
        let (gt, gte) = (number("gt", &self.gt), number("gte", &self.gte));
        let ne = self.ne.map(|list| items(&format!("{at}.ne"), list, |field, v| amount(field, &v)));
        let ne = faults.take(ne.transpose()).flatten();
        let eq = self.eq.map(|list| items(&format!("{at}.eq"), list, |field, v| equal(field, v, kind)));
        let eq = faults.take(eq.transpose()).flatten();
        faults.finish()?;
        Ok(Definition {
            kind: kind.unwrap_or(DefinitionType::String),
            optional: self.optional,
            array: self.array,
            deleted: self.deleted.unwrap_or(false),
            object_type: self.object_type,
            min_length: self.min_length,
            max_length: self.max_length,
            exact_length: self.exact_length,
            eq,
            ne,
            lt,
            lte,
            gt,
            gte,
        })
    }

    /// Which restrictions a type has.
    fn fits(&self, at: &str, kind: Option<DefinitionType>) -> Result<()> {
        let Some(kind) = kind else { return Ok(()) };
        let (string, number) = (kind == DefinitionType::String, kind == DefinitionType::Number);
        let mut faults = Faults::default();
        for (name, sent, allowed, types) in [
            ("min_length", self.min_length.is_some(), string, "string"),
            ("max_length", self.max_length.is_some(), string, "string"),
            ("exact_length", self.exact_length.is_some(), string, "string"),
            ("eq", self.eq.is_some(), string || number, "string or number"),
            ("ne", self.ne.is_some(), number, "number"),
            ("lt", self.lt.is_some(), number, "number"),
            ("lte", self.lte.is_some(), number, "number"),
            ("gt", self.gt.is_some(), number, "number"),
            ("gte", self.gte.is_some(), number, "number"),
            ("object_type", self.object_type.is_some(), kind == DefinitionType::Object, "object"),
        ] {
            if sent && !allowed {
                faults.note(Error::invalid(format!("{at}.{name}"), format!("is for definitions of type {types} only")));
            }
        }
        faults.finish()
    }

    /// Objects stand in standard schemas only, and are described by custom ones.
    fn nesting(&self, at: &str, kind: Option<DefinitionType>, related_object: &str) -> Result<()> {
        let mut faults = Faults::default();
        if kind == Some(DefinitionType::Object) && !STANDARD.contains(&related_object) {
            faults
                .note(Error::invalid(format!("{at}.type"), "must not be object in a custom schema: objects nest one level deep"));
        }
        if let Some(name) = &self.object_type {
            let field = format!("{at}.object_type");
            if STANDARD.contains(&name.as_str()) {
                faults.note(Error::invalid(field, "must name a custom schema"));
            } else {
                faults.take(label(&field, name, MAX_NAME));
            }
        }
        faults.finish()
    }

    fn lengths(&self, at: &str) -> Result<()> {
        let mut faults = Faults::default();
        for (name, value) in
            [("min_length", self.min_length), ("max_length", self.max_length), ("exact_length", self.exact_length)]
        {
            if value.is_some_and(|v| v < 0) {
                faults.note(Error::invalid(format!("{at}.{name}"), "must be >= 0"));
            } else if value.is_some_and(|v| v > MAX_LENGTH) {
                faults.note(Error::invalid(format!("{at}.{name}"), format!("must be <= {MAX_LENGTH}")));
            }
        }
        if let (Some(min), Some(max)) = (self.min_length, self.max_length)
            && min > max
        {
            faults.note(Error::invalid(format!("{at}.max_length"), "must be >= min_length"));
        }
        faults.finish()
    }
}

fn items<T>(field: &str, list: Vec<Value>, read: impl Fn(&str, Value) -> Result<T>) -> Result<Vec<T>> {
    if list.len() > MAX_VALUES {
        return Err(Error::invalid(field, format!("must have at most {MAX_VALUES} items")));
    }
    let mut faults = Faults::default();
    let read = |(index, value)| faults.take(read(&format!("{field}.{index}"), value));
    let list = list.into_iter().enumerate().filter_map(read).collect();
    faults.finish()?;
    Ok(list)
}

/// A number with two decimals at most.
fn amount(field: &str, value: &Value) -> Result<Number> {
    let Value::Number(number) = value else { return Err(Error::invalid(field, "must be of type number")) };
    // The shortest text that reads back as the same number is what the client wrote.
    let text = number.to_string();
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len());
    if decimals > 2 || text.contains("e-") {
        return Err(Error::invalid(field, "must have at most 2 decimals"));
    }
    Ok(number.clone())
}

fn equal(field: &str, value: Value, kind: Option<DefinitionType>) -> Result<Value> {
    match (kind, &value) {
        (Some(DefinitionType::Number), _) => amount(field, &value).map(Value::Number),
        (Some(DefinitionType::String), Value::String(_)) => Ok(value),
        (Some(DefinitionType::String), _) => Err(Error::invalid(field, "must be of type string")),
        // The type is wrong, or has no such restriction: that is told of the definition.
        _ => Ok(value),
    }
}

/// The definitions of one kind of object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetadataSchema {
    /// Whose metadata it describes; one schema each.
    pub related_object: String,
    /// The definitions by name.
    pub properties: Map<String, Value>,
    /// Whether fields without a definition are refused.
    pub allow_defined_only: bool,
}

/// What a client sends to make a schema.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SchemaDraft {
    /// Whose metadata it describes.
    pub related_object: String,
    /// The definitions by name.
    pub properties: Drafts,
    /// Whether fields without a definition are refused; they are not when left out.
    pub allow_defined_only: Option<bool>,
}

/// What a client sends to change a schema. Definitions that are not sent stay.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SchemaChange {
    /// Definitions to add or to replace whole.
    pub properties: Drafts,
    /// Stays when left out.
    pub allow_defined_only: Option<bool>,
}

/// Drafts of definitions by name.
pub type Drafts = std::collections::BTreeMap<String, DefinitionDraft>;

/// The path of a definition, without what cannot be shown.
pub(super) fn path(name: &str) -> String {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    format!("properties.{shown}")
}

/// Adds definitions to those that are there; what is sent replaces what is called the same.
pub(super) fn merge<T: Serialize>(
    current: &Map<String, Value>,
    sent: impl IntoIterator<Item = (String, Result<T>)>,
) -> Result<Map<String, Value>> {
    let mut faults = Faults::default();
    let mut next = current.clone();
    for (name, definition) in sent {
        let name = faults.take(label(&path(&name), &name, MAX_NAME));
        let definition = faults.take(definition).and_then(|d| serde_json::to_value(d).ok());
        if let Some((name, definition)) = name.zip(definition) {
            next.insert(name, definition);
        }
    }
    if next.len() > MAX_DEFINITIONS {
        faults.note(Error::invalid(
            "properties",
            format!("must have at most {MAX_DEFINITIONS} definitions, removed ones included"),
        ));
    }
    faults.finish()?;
    Ok(next)
}

impl MetadataSchema {
    /// The definition of a field.
    #[must_use]
    pub fn definition(&self, name: &str) -> Option<Definition> {
        self.properties.get(name).and_then(|value| serde_json::from_value(value.clone()).ok())
    }

    /// The custom schemas that definitions refer to.
    #[must_use]
    pub fn references(&self) -> BTreeSet<String> {
        let named = self.properties.values().filter_map(|v| v.get("object_type")).filter_map(Value::as_str);
        named.map(str::to_owned).collect()
    }
}

impl Content for MetadataSchema {
    const KIND: PartKind = PartKind::MetadataSchema;
    type Draft = SchemaDraft;
    type Change = SchemaChange;

    fn create(draft: SchemaDraft) -> Result<Self> {
        let mut faults = Faults::default();
        let related_object = faults.take(label("related_object", &draft.related_object, MAX_NAME)).unwrap_or_default();
        let sent = draft.properties.into_iter().map(|(name, d)| {
            let parsed = d.parse(&path(&name), &related_object);
            (name, parsed)
        });
        let properties = faults.take(merge(&Map::new(), sent)).unwrap_or_default();
        faults.finish()?;
        Ok(Self { related_object, properties, allow_defined_only: draft.allow_defined_only.unwrap_or(false) })
    }

    fn change(&self, change: SchemaChange) -> Result<Self> {
        let sent = change.properties.into_iter().map(|(name, d)| {
            let parsed = d.parse(&path(&name), &self.related_object).and_then(|next| match self.definition(name.trim()) {
                Some(current) if current.kind != next.kind => {
                    Err(Error::invalid(format!("{}.type", path(&name)), "must not change: the type of a definition is fixed"))
                }
                _ => Ok(next),
            });
            (name, parsed)
        });
        Ok(Self {
            related_object: self.related_object.clone(),
            properties: merge(&self.properties, sent)?,
            allow_defined_only: change.allow_defined_only.unwrap_or(self.allow_defined_only),
        })
    }

    fn name(&self) -> Option<&str> {
        Some(&self.related_object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::btree_map, prelude::*, sample::select};
    use serde_json::json;

    fn create(body: Value) -> Result<MetadataSchema> {
        MetadataSchema::create(serde_json::from_value(body).unwrap())
    }

    fn faults(properties: Value) -> Vec<String> {
        let error = create(json!({"related_object": "voucher", "properties": properties})).unwrap_err();
        error.details().keys().cloned().collect()
    }

    #[test]
    fn definitions_are_judged() {
        let of = |extra: Value| {
            let mut one = json!({"type": "number", "optional": true, "array": false});
            one.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            faults(json!({"p": one}))
        };
        assert_eq!(of(json!({"type": "text"})), ["properties.p.type"]);
        assert_eq!(of(json!({"min_length": 1})), ["properties.p.min_length"]);
        assert_eq!(of(json!({"eq": [1, "x", 1.005]})), ["properties.p.eq.1", "properties.p.eq.2"]);
        assert_eq!(of(json!({"ne": ["x"], "lt": 1e-9})), ["properties.p.lt", "properties.p.ne.0"]);
        assert_eq!(of(json!({"type": "string", "eq": ["a", 1]})), ["properties.p.eq.1"]);
        assert_eq!(of(json!({"type": "string", "min_length": 3, "max_length": 2})), ["properties.p.max_length"]);
        assert_eq!(of(json!({"type": "string", "exact_length": -1, "gt": 1})), ["properties.p.exact_length", "properties.p.gt"]);
        assert_eq!(of(json!({"type": "object", "object_type": "voucher"})), ["properties.p.object_type"]);
        assert_eq!(of(json!({"object_type": "address"})), ["properties.p.object_type"]);
    }

    #[test]
    fn objects_nest_one_level_deep() {
        let nested = json!({"a": {"type": "object", "optional": true, "array": false, "object_type": "address"}});
        let schema = create(json!({"related_object": "customer", "properties": nested})).unwrap();
        assert_eq!(schema.references(), BTreeSet::from(["address".to_owned()]));
        let error = create(json!({"related_object": "address", "properties": nested})).unwrap_err();
        assert!(error.details().contains_key("properties.a.type"));
    }

    #[test]
    fn the_type_is_fixed() {
        let one = |kind: &str| json!({"p": {"type": kind, "optional": true, "array": false}});
        let schema = create(json!({"related_object": "order", "properties": one("date")})).unwrap();
        let change = |kind: &str| schema.change(serde_json::from_value(json!({"properties": one(kind)})).unwrap());
        assert!(change("date").is_ok());
        assert!(change("datetime").unwrap_err().details().contains_key("properties.p.type"));
    }

    fn definition() -> impl Strategy<Value = DefinitionDraft> {
        (any::<bool>(), any::<bool>(), any::<Option<bool>>(), proptest::option::of(0..50_i64)).prop_map(
            |(optional, array, deleted, max_length)| DefinitionDraft {
                kind: "string".to_owned(),
                optional,
                array,
                deleted,
                max_length,
                ..DefinitionDraft::default()
            },
        )
    }

    fn drafts(most: usize) -> impl Strategy<Value = Drafts> {
        btree_map("[a-z]{1,2}", definition(), 0..most)
    }

    proptest! {
        #[test]
        fn a_change_merges_by_name(first in drafts(90), second in drafts(90), only: Option<bool>) {
            let draft = SchemaDraft { related_object: "voucher".into(), properties: first.clone(), allow_defined_only: None };
            let schema = MetadataSchema::create(draft).unwrap();
            let change = SchemaChange { properties: second.clone(), allow_defined_only: only };
            let mut names: BTreeSet<_> = first.keys().cloned().collect();
            names.extend(second.keys().cloned());
            let changed = schema.change(change);
            prop_assert_eq!(changed.is_ok(), names.len() <= MAX_DEFINITIONS);
            if let Ok(changed) = changed {
                prop_assert_eq!(changed.properties.len(), names.len());
                prop_assert_eq!(changed.allow_defined_only, only.unwrap_or(false));
                for name in names {
                    let expected = second.get(&name).or_else(|| first.get(&name)).unwrap().clone();
                    prop_assert_eq!(changed.definition(&name), expected.parse("", "voucher").ok(), "{}", name);
                }
            }
        }

        #[test]
        fn two_decimals_are_kept(cents in -1_000_000_000_i64..1_000_000_000, name in select(vec!["lt", "gte"])) {
            let value = json!(cents as f64 / 100.0);
            let mut one = json!({"type": "number", "optional": true, "array": false});
            one[name] = value.clone();
            let schema = create(json!({"related_object": "order", "properties": {"p": one}})).unwrap();
            prop_assert_eq!(&schema.properties["p"][name], &value);
        }
    }
}
