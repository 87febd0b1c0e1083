//! Texts that people give, in Unicode normalization form C (UAX #15), and free objects.

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use crate::fault::{Faults, Invalid, Result};

/// A free object, such as metadata.
pub type Object = Map<String, Value>;

/// The most bytes that a free object may take when written as JSON.
const MAX_OBJECT: usize = 8 * 1024;
const MAX_DEPTH: usize = 5;

/// A text in the form in which texts are compared: those that look alike are written alike.
#[must_use]
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// Reads one line: trimmed, not empty, without control, direction-changing or invisible characters.
pub(crate) fn line(text: &str, max: usize) -> Result<String> {
    let clean = composed(text.trim());
    if clean.is_empty() {
        return Err(Invalid::new("must not be empty"));
    }
    if clean.chars().count() > max {
        return Err(Invalid::new(format!("must have at most {max} characters")));
    }
    if clean.chars().any(is_deceptive) {
        return Err(Invalid::new("must not hold control, direction-changing or invisible characters"));
    }
    Ok(clean)
}

/// Reads a line that may be left out; an empty one is left out.
pub(crate) fn optional(faults: &mut Faults, field: &str, text: Option<String>, max: usize) -> Option<String> {
    let given = text.filter(|t| !t.trim().is_empty());
    faults.maybe(field, given, |t| line(&t, max))
}

fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// Reads a name for programs: ASCII letters, digits, `_`, `-` and `.`.
pub(crate) fn token(text: &str, max: usize) -> Result<String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let clean = text.trim();
    if (1..=max).contains(&clean.len()) && clean.bytes().all(allowed) {
        return Ok(clean.to_owned());
    }
    Err(Invalid::new(format!("must be 1 to {max} ASCII letters, digits, `_`, `-` or `.`")))
}

/// Reads a code of lower-case letters, digits and `_`.
pub(crate) fn code(text: &str, max: usize) -> Result<String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if (1..=max).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(format!("must be 1 to {max} lower-case letters, digits or `_`")))
}

/// Checks the size of a free object.
pub(crate) fn object(object: Object) -> Result<Object> {
    let value = Value::Object(object);
    if depth(&value) > MAX_DEPTH {
        return Err(Invalid::new(format!("must be nested at most {MAX_DEPTH} levels deep")));
    }
    if value.to_string().len() > MAX_OBJECT {
        return Err(Invalid::new(format!("must take at most {MAX_OBJECT} bytes as JSON")));
    }
    match value {
        Value::Object(object) => Ok(object),
        _ => Ok(Object::new()),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Applies a merge patch to an object (RFC 7396): members replace, `null` removes, objects merge.
pub fn merge_patch(target: &mut Object, patch: Object) {
    for (name, change) in patch {
        match change {
            Value::Null => {
                target.shift_remove(&name);
            }
            Value::Object(inner) => {
                let slot = target.entry(name).or_insert_with(|| Value::Object(Object::new()));
                if !slot.is_object() {
                    *slot = Value::Object(Object::new());
                }
                if let Value::Object(object) = slot {
                    merge_patch(object, inner);
                }
            }
            other => {
                target.insert(name, other);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_and_codes() {
        assert_eq!(line("  Cafe\u{301} ", 4).unwrap(), "Caf\u{e9}");
        for wrong in ["", "  ", "a\nb", "a\u{202e}b", "abcdef"] {
            assert!(line(wrong, 5).is_err(), "{wrong:?}");
        }
        assert!(token("1Z-99_a.b", 50).is_ok() && token("a/b", 50).is_err() && token("", 50).is_err());
        assert!(code("express_1", 50).is_ok() && code("Express", 50).is_err());
    }

    #[test]
    fn patches_follow_the_standard() {
        let mut target = json!({"a": {"b": 1, "c": 2}, "d": 3}).as_object().cloned().unwrap();
        merge_patch(&mut target, json!({"a": {"b": null, "e": 4}, "d": [1]}).as_object().cloned().unwrap());
        assert_eq!(Value::Object(target), json!({"a": {"c": 2, "e": 4}, "d": [1]}));
    }

    #[test]
    fn free_objects_are_bounded() {
        let deep = json!({"a": {"b": {"c": {"d": {"e": {}}}}}}).as_object().cloned().unwrap();
        assert!(object(deep).is_err());
        let large = json!({"a": "x".repeat(9000)}).as_object().cloned().unwrap();
        assert!(object(large).is_err());
    }
}
