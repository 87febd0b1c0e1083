//! Strict JSON: one reading of every text, and nothing that a database or another parser would read otherwise.

use std::{collections::HashSet, fmt};

use mgmt_core::error::{Code, Error};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::node::Node;

/// Arrays and objects inside each other.
const MAX_DEPTH: usize = 32;

/// Reads a text that is exactly one JSON value.
///
/// # Errors
/// `invalid_request` for what is not UTF-8 or JSON, for a byte order mark, duplicate names, U+0000, lone surrogates,
/// numbers out of range and too much depth.
pub(crate) fn parse(bytes: &[u8]) -> Result<Node, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("the body is not UTF-8"))?;
    if text.starts_with('\u{feff}') {
        return Err(malformed("the body starts with a byte order mark; JSON has none"));
    }
    let mut place = Place { oversized: oversized_integer(text), ..Place::default() };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = Strict(&mut place).deserialize(&mut deserializer).and_then(|node| deserializer.end().map(|()| node));
    parsed.map_err(|error| match place.fault.take().or_else(|| fault_of_value(&error)) {
        Some(reason) => Error::invalid(place.path(), reason),
        None => malformed(format!("the body is not valid JSON: {error}")),
    })
}

/// What is wrong with a value that is well-formed and cannot be held; the parser tells it by its message alone.
fn fault_of_value(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let reason = match text.split(" at line ").next()? {
        "number out of range" => "is out of range",
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => "must not hold half of a surrogate pair",
        _ => return None,
    };
    Some(reason.to_owned())
}

fn malformed(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidRequest, message)
}

/// Which of the numbers is the first integer that neither `i64` nor `u64` holds. Serde would turn it into the nearest float without a word.
fn oversized_integer(text: &str) -> Option<usize> {
    let (mut rest, mut count) = (text, 0);
    while let Some(start) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        rest = rest.get(start..)?;
        if let Some(string) = rest.strip_prefix('"') {
            rest = string.get(string_length(string)..)?;
            continue;
        }
        let is_number = |c: char| matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
        let end = rest.find(|c| !is_number(c)).unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let integer = number.strip_prefix('-').unwrap_or(number);
        let is_integer = integer.bytes().all(|b| b.is_ascii_digit()) && !integer.is_empty();
        if is_integer && number.parse::<i64>().is_err() && number.parse::<u64>().is_err() {
            return Some(count);
        }
        count += 1;
        rest = after;
    }
    None
}

/// The length of a string's rest up to and with its closing quote.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return position + 1,
            _ => {}
        }
    }
    text.len()
}

/// Where the reader is, and what it found wrong there.
#[derive(Default)]
struct Place {
    steps: Vec<String>,
    fault: Option<String>,
    /// How many numbers were read, and which one is too large.
    numbers: usize,
    oversized: Option<usize>,
}

impl Place {
    fn refuse<E: de::Error>(&mut self, reason: &str) -> E {
        self.fault.get_or_insert_with(|| reason.to_owned());
        E::custom(reason)
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.steps {
            if !path.is_empty() && !step.starts_with('[') {
                path.push('.');
            }
            path.push_str(step);
        }
        if path.is_empty() { "body".to_owned() } else { path }
    }

    fn enter<E: de::Error>(&mut self, step: String) -> Result<(), E> {
        self.steps.push(step);
        if self.steps.len() > MAX_DEPTH {
            self.steps.truncate(3);
            return Err(self.refuse("is nested too deeply: 32 levels are the most"));
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.steps.pop();
    }

    fn number<E: de::Error>(&mut self) -> Result<(), E> {
        self.numbers += 1;
        if self.oversized.is_some_and(|oversized| oversized + 1 == self.numbers) {
            Err(self.refuse("is out of range"))
        } else {
            Ok(())
        }
    }
}

struct Strict<'a>(&'a mut Place);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node, E> {
        self.0.number()?;
        Ok(Node::Int(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node, E> {
        self.0.number()?;
        Ok(Node::Uint(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        self.0.number()?;
        if value.is_finite() { Ok(Node::Float(value)) } else { Err(self.0.refuse("is out of range")) }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Node, E> {
        // PostgreSQL can't store U+0000 in text.
        if text.contains('\0') {
            return Err(self.0.refuse("must not hold the character U+0000"));
        }
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        loop {
            self.0.enter(format!("[{}]", items.len()))?;
            match seq.next_element_seed(Strict(self.0))? {
                Some(item) => items.push(item),
                None => break,
            }
            self.0.leave();
        }
        self.0.leave();
        Ok(Node::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut names = HashSet::new();
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            self.0.enter(name.clone())?;
            if name.contains('\0') {
                return Err(self.0.refuse("must not hold the character U+0000"));
            }
            if !names.insert(name.clone()) {
                return Err(self.0.refuse("must be given once"));
            }
            let value = map.next_value_seed(Strict(self.0))?;
            self.0.leave();
            fields.push((name, value));
        }
        Ok(Node::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Error {
        parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn strict_json() {
        for valid in [
            "{}",
            "[]",
            "null",
            " {\"a\": 1}\r\n",
            r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#,
            r#""\ud83d\ude00""#,
            "1e3",
            "-0.5",
            "18446744073709551615",
            "-9223372036854775808",
            r#"{"a":"99999999999999999999999"}"#,
            r#""\\\"99999999999999999999""#,
        ] {
            assert!(parse(valid.as_bytes()).is_ok(), "{valid}");
        }
        for invalid in [
            "",
            " ",
            "{",
            "{}{}",
            "{} x",
            "\u{feff}{}",
            "{'a':1}",
            "{\"a\":1,}",
            "[1,]",
            "NaN",
            "Infinity",
            "-Infinity",
            "[NaN]",
            "01",
            "+1",
            ".5",
            "1.",
            "1e999",
            "-1e999",
            "18446744073709551616",
            "-9223372036854775809",
            "{\"a\":99999999999999999999999999}",
            r#""\ud800""#,
            r#""\udc00\ud800""#,
            r#""\u0000""#,
            "\"\u{0}\"",
            "\"\n\"",
            r#"{"\u0000":1}"#,
            "// c\n{}",
            "{\"a\":1 \"b\":2}",
            "tru",
            "\"",
        ] {
            assert_eq!(fault(invalid).code(), Code::InvalidRequest, "{invalid}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert!(parse(b"\"\xed\xa0\x80\"").is_err());
    }

    #[test]
    fn duplicates_are_found_at_every_level() {
        for (text, path) in
            [(r#"{"a":1,"a":1}"#, "a"), (r#"{"a":{"b":1,"b":2}}"#, "a.b"), (r#"{"a":[{},{"b":1,"\u0062":2}]}"#, "a[1].b")]
        {
            assert_eq!(fault(text).details().keys().next().unwrap(), path);
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(parse(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(parse(nested(100_000).as_bytes()).is_err());
        assert!(parse(format!("{{\"a\":{}}}", nested(MAX_DEPTH)).as_bytes()).is_err());
    }

    #[test]
    fn a_value_that_cannot_be_held_is_named() {
        for (text, path, reason) in [
            (r#"{"a":1,"b":[-2,{"c":18446744073709551616}],"d":99999999999999999999999}"#, "b[1].c", "is out of range"),
            (r#"{"a":"18446744073709551616","b":-9223372036854775809}"#, "b", "is out of range"),
            (r#"{"a":{"b":1e400}}"#, "a.b", "is out of range"),
            ("18446744073709551616", "body", "is out of range"),
            (r#"{"a":["\ud800"]}"#, "a[0]", "must not hold half of a surrogate pair"),
            (r#"{"a":"\ud800\u0041"}"#, "a", "must not hold half of a surrogate pair"),
        ] {
            let error = fault(text);
            assert_eq!(error.details().iter().next().map(|(p, r)| (p.as_str(), r.as_str())), Some((path, reason)), "{text}");
        }
    }

    #[test]
    fn a_character_that_databases_refuse_is_named() {
        assert_eq!(fault(r#"{"a":{"b":["x","y\u0000"]}}"#).details().keys().next().unwrap(), "a.b[1]");
    }
}
