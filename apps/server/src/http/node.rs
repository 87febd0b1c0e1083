//! A parsed JSON value or query, and how it is read into a type with the path of every fault.
//!
//! Serde stops at the first fault; a client wants all of them. So [`decode`] notes a fault, mends that place with a
//! value that fits whatever is asked for, and tries again until nothing new is found.

use std::collections::BTreeMap;

use mgmt_core::error::{Code, Error};
use serde::{
    de::{
        self, DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess,
        Visitor,
    },
    forward_to_deserialize_any,
};

use super::fault::{Fault, REQUIRED, Step, one_of};

/// More faults than this are not worth telling.
const MAX_FAULTS: usize = 50;

/// A JSON value as it came in, or the text of a query parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(String),
    /// A query parameter: text that may stand for a number or a truth value.
    Loose(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
    /// Stands where a fault was noted, and fits everything that can be made without a rule of its own.
    Mended,
}

/// Reads a value into `T`.
///
/// # Errors
/// `invalid_request` whose details name every field at fault.
pub(crate) fn decode<T: DeserializeOwned>(node: Node) -> Result<T, Error> {
    decode_and(node, Ok)
}

/// Reads a value into `T` and judges it by the rules. The rules see what is well-formed of a value that is not, so that a
/// fault of form in one field hides no fault of meaning in another.
///
/// # Errors
/// `invalid_request` whose details name every field at fault.
pub(crate) fn decode_and<T: DeserializeOwned, U>(mut node: Node, rules: impl FnOnce(T) -> Result<U, Error>) -> Result<U, Error> {
    let mut told: Vec<Fault> = Vec::new();
    let mut mended = None;
    for _ in 0..MAX_FAULTS {
        let fault = match T::deserialize(&node) {
            Ok(value) if told.is_empty() => return rules(value),
            Ok(value) => {
                mended = Some(value);
                break;
            }
            Err(fault) => fault,
        };
        if told.iter().any(|known| known.path == fault.path) || !node.mend(&fault) {
            if told.is_empty() {
                told.push(fault);
            }
            break;
        }
        told.push(fault);
    }
    let error = summary(&told);
    let more = mended.and_then(|value| rules(value).err()).filter(|e| e.code() == Code::InvalidRequest);
    Err(more.map_or(error.clone(), |more| with_meaning(error, &more)))
}

/// Adds the rules' faults, but for what was not well-formed, what is in it and what holds it: stand-ins say nothing.
fn with_meaning(error: Error, more: &Error) -> Error {
    let known: Vec<String> = error.details().keys().cloned().collect();
    let is_known = |path: &str| known.iter().any(|known| is_within(path, known) || is_within(known, path));
    let fresh = more.details().iter().filter(|(path, reason)| !is_known(path) && *reason != REQUIRED);
    fresh.fold(error, |error, (path, reason)| error.with_detail(path.clone(), reason.clone()))
}

/// Whether a path is another one, or leads into it.
fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn summary(faults: &[Fault]) -> Error {
    let mut details = BTreeMap::new();
    for fault in faults {
        let inside_another = faults.iter().any(|other| fault.is_below(other));
        if !inside_another {
            details.insert(fault.field(), fault.reason.clone());
        }
    }
    let error = Error::new(Code::InvalidRequest, "the request is invalid: see `details`");
    details.into_iter().fold(error, |error, (field, reason)| error.with_detail(field, reason))
}

impl Node {
    /// Makes the place of a fault fit, so that the next one can be found. `false` if that is not possible.
    fn mend(&mut self, fault: &Fault) -> bool {
        let mut place = self;
        // The path is kept innermost first.
        for (depth, step) in fault.path.iter().rev().enumerate() {
            let is_last = depth + 1 == fault.path.len();
            match (place, step) {
                (Self::Array(items), Step::Index(index)) => match items.get_mut(*index) {
                    Some(item) => place = item,
                    None => return false,
                },
                (Self::Object(fields), Step::Field(name)) => {
                    if is_last && fault.unknown {
                        fields.retain(|(known, _)| known != name);
                        return true;
                    }
                    place = entry(fields, name);
                }
                (other @ Self::Mended, Step::Field(name)) => {
                    *other = Self::Object(vec![(name.clone(), Self::Mended)]);
                    return true;
                }
                _ => return false,
            }
        }
        let changed = *place != Self::Mended || fault.path.is_empty();
        *place = Self::Mended;
        changed && !fault.path.is_empty()
    }

    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Self::Null | Self::Mended => Unexpected::Unit,
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Int(value) => Unexpected::Signed(*value),
            Self::Uint(value) => Unexpected::Unsigned(*value),
            Self::Float(value) => Unexpected::Float(*value),
            Self::Text(text) | Self::Loose(text) => Unexpected::Str(text),
            Self::Array(_) => Unexpected::Seq,
            Self::Object(_) => Unexpected::Map,
        }
    }
}

fn entry<'a>(fields: &'a mut Vec<(String, Node)>, name: &str) -> &'a mut Node {
    let position = fields.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
        fields.push((name.to_owned(), Node::Null));
        fields.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "the position was found or pushed above")]
    &mut fields[position].1
}

macro_rules! numbers {
    ($($method:ident, $visit:ident, $type:ty, $name:literal);+ $(;)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self {
                Node::Mended => visitor.$visit(<$type>::default()),
                Node::Loose(text) => match text.parse::<$type>() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(de::Error::invalid_type(self.unexpected(), &$name)),
                },
                _ => self.deserialize_any(visitor),
            }
        }
    )+};
}

impl<'de> de::Deserializer<'de> for &'de Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Node::Null | Node::Mended => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Int(value) => visitor.visit_i64(*value),
            Node::Uint(value) => visitor.visit_u64(*value),
            Node::Float(value) => visitor.visit_f64(*value),
            Node::Text(text) | Node::Loose(text) => visitor.visit_borrowed_str(text),
            Node::Array(items) => visitor.visit_seq(Items { items: items.iter(), index: 0 }),
            Node::Object(fields) => visitor.visit_map(Fields { fields: fields.iter(), value: None }),
        }
    }

    numbers! {
        deserialize_i8, visit_i8, i8, "i8";
        deserialize_i16, visit_i16, i16, "i16";
        deserialize_i32, visit_i32, i32, "i32";
        deserialize_i64, visit_i64, i64, "i64";
        deserialize_u8, visit_u8, u8, "u8";
        deserialize_u16, visit_u16, u16, "u16";
        deserialize_u32, visit_u32, u32, "u32";
        deserialize_u64, visit_u64, u64, "u64";
        deserialize_f32, visit_f32, f32, "f32";
        deserialize_f64, visit_f64, f64, "f64";
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Node::Mended => visitor.visit_bool(false),
            Node::Loose(text) if text.eq_ignore_ascii_case("true") => visitor.visit_bool(true),
            Node::Loose(text) if text.eq_ignore_ascii_case("false") => visitor.visit_bool(false),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Node::Mended => visitor.visit_borrowed_str(""),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Node::Null | Node::Mended => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Node::Mended => visitor.visit_seq(Items { items: [].iter(), index: 0 }),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Node::Mended => visitor.visit_map(Fields { fields: [].iter(), value: None }),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self {
            // Serde would read an array as the fields in order.
            Node::Object(_) | Node::Mended => self.deserialize_map(visitor),
            _ => Err(de::Error::invalid_type(self.unexpected(), &"an object")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self {
            Node::Text(text) | Node::Loose(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            Node::Mended => visitor.visit_enum(variants.first().copied().unwrap_or_default().into_deserializer()),
            Node::Object(fields) if fields.len() == 1 => match fields.first() {
                Some((name, value)) => visitor.visit_enum(Tagged { name, value }),
                None => Err(de::Error::custom(one_of(variants))),
            },
            _ => Err(de::Error::custom(one_of(variants))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier }
}

struct Items<'de> {
    items: std::slice::Iter<'de, Node>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(item).map(Some).map_err(|fault| fault.at(Step::Index(index)))
    }
}

struct Fields<'de> {
    fields: std::slice::Iter<'de, (String, Node)>,
    value: Option<(&'de str, &'de Node)>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        self.value = Some((name, value));
        seed.deserialize(de::value::BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((name, value)) = self.value.take() else { return Err(de::Error::custom("a value without a name")) };
        seed.deserialize(value).map_err(|fault| fault.at(Step::Field(name.to_owned())))
    }
}

struct Tagged<'de> {
    name: &'de str,
    value: &'de Node,
}

impl<'de> EnumAccess<'de> for Tagged<'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        Ok((seed.deserialize(self.name.into_deserializer())?, self))
    }
}

impl<'de> VariantAccess<'de> for Tagged<'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Err(de::Error::custom("must be a string"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self.value).map_err(|fault| fault.at(Step::Field(self.name.to_owned())))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        de::Deserializer::deserialize_seq(self.value, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        de::Deserializer::deserialize_struct(self.value, "", fields, visitor)
            .map_err(|fault| fault.at(Step::Field(self.name.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fault::{REQUIRED, UNKNOWN};
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read by serde")]
    struct Limit {
        requests: u32,
        per_seconds: i64,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Secret,
        Management,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read by serde")]
    struct Create {
        name: String,
        scopes: Vec<String>,
        kind: Option<Kind>,
        rate_limit: Option<Limit>,
        expires_at: Option<mgmt_core::time::Timestamp>,
        metadata: Option<serde_json::Map<String, serde_json::Value>>,
        #[serde(default)]
        active: bool,
    }

    fn faults(json: &str) -> Vec<(String, String)> {
        let node = crate::http::json::parse(json.as_bytes()).unwrap();
        match decode::<Create>(node) {
            Ok(_) => Vec::new(),
            Err(error) => error.details().clone().into_iter().collect(),
        }
    }

    fn check(json: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(faults(json), expected, "{json}");
    }

    #[test]
    fn every_fault_is_told_with_its_path() {
        check(r#"{"name":"a","scopes":[],"metadata":{"a":[1,{"b":null}]},"kind":"secret","active":true}"#, &[]);
        check("{}", &[("name", REQUIRED), ("scopes", REQUIRED)]);
        check(
            r#"{"name":5,"scopes":"x","foo":1,"bar":2}"#,
            &[("bar", UNKNOWN), ("foo", UNKNOWN), ("name", "must be a string"), ("scopes", "must be an array")],
        );
        check(
            r#"{"name":"a","scopes":["a",1,null],"rate_limit":{"requests":-1,"x":1}}"#,
            &[
                ("rate_limit.per_seconds", REQUIRED),
                ("rate_limit.requests", "must be a whole number from 0 to 4294967295"),
                ("rate_limit.x", UNKNOWN),
                ("scopes[1]", "must be a string"),
                ("scopes[2]", "must be a string"),
            ],
        );
        check(r#"{"name":"a","scopes":[],"rate_limit":[1,2]}"#, &[("rate_limit", "must be an object")]);
        check(r#"{"name":"a","scopes":[],"kind":"x"}"#, &[("kind", "must be one of `secret`, `management`")]);
        check(r#"{"name":"a","scopes":[],"kind":7}"#, &[("kind", "must be one of `secret`, `management`")]);
        check(r#"{"name":"a","scopes":[],"active":"yes"}"#, &[("active", "must be true or false")]);
        check(
            r#"{"scopes":[],"expires_at":"tomorrow"}"#,
            &[("expires_at", "must be an RFC 3339 time with an offset, such as `2027-01-31T08:00:00Z`"), ("name", REQUIRED)],
        );
        check("[]", &[("body", "must be an object")]);
        check("3", &[("body", "must be an object")]);
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Page {
        limit: Option<u32>,
        all: Option<bool>,
        kind: Option<Kind>,
        cursor: Option<String>,
    }

    #[test]
    fn query_text_stands_for_numbers_and_truth_values() {
        let loose = |pairs: &[(&str, &str)]| {
            Node::Object(pairs.iter().map(|(k, v)| ((*k).to_owned(), Node::Loose((*v).to_owned()))).collect())
        };
        let page: Page = decode(loose(&[("limit", "5"), ("all", "TRUE"), ("kind", "management"), ("cursor", "7")])).unwrap();
        assert_eq!(page, Page { limit: Some(5), all: Some(true), kind: Some(Kind::Management), cursor: Some("7".to_owned()) });
        let error = decode::<Page>(loose(&[("limit", "x"), ("all", "1"), ("kind", "?"), ("no", "")])).unwrap_err();
        let fields: Vec<_> = error.details().keys().map(String::as_str).collect();
        assert_eq!(fields, ["all", "kind", "limit", "no"]);
    }
}
