//! Texts that people give: names, labels, free metadata. Stored in Unicode normalization form C (UAX #15).

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result};

/// The most bytes that an object of free metadata may take when written as JSON.
pub const MAX_METADATA: usize = 8 * 1024;
const MAX_METADATA_DEPTH: usize = 5;

/// Reads a one-line name: trimmed, in form C, without control, bidirectional-override or zero-width characters.
///
/// # Errors
/// `invalid_request` under `field` when it is empty, longer than `max` characters (or four times that in bytes), or holds a
/// character that could hide or disguise text.
pub fn label(field: &str, text: &str, max: usize) -> Result<String> {
    let clean: String = text.trim().nfc().collect();
    if clean.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if clean.chars().count() > max || clean.len() > max * 4 {
        return Err(Error::invalid(field, format!("must have at most {max} characters")));
    }
    if clean.chars().any(is_deceptive) || clean.starts_with(is_variation_selector) || clean.chars().all(is_blank) {
        return Err(Error::invalid(field, "must not hold control, direction-changing or invisible characters"));
    }
    Ok(clean)
}

/// Control characters, line and paragraph separators, bidirectional controls, zero-width and other invisible characters.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// Says how the character before it is drawn; without one it is nothing that can be seen.
fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}')
}

/// The space of braille, which is no white space by Unicode.
fn is_blank(c: char) -> bool {
    c == '\u{2800}' || c.is_whitespace()
}

/// Checks an object of free metadata.
///
/// # Errors
/// `invalid_request` under `field` when it is larger than [`MAX_METADATA`] or nested deeper than five levels.
pub fn metadata(field: &str, object: Map<String, Value>) -> Result<Map<String, Value>> {
    let value = Value::Object(object);
    if depth(&value) > MAX_METADATA_DEPTH {
        return Err(Error::invalid(field, format!("must be nested at most {MAX_METADATA_DEPTH} levels deep")));
    }
    if value.to_string().len() > MAX_METADATA {
        return Err(Error::invalid(field, format!("must take at most {MAX_METADATA} bytes as JSON")));
    }
    match value {
        Value::Object(object) => Ok(object),
        _ => Ok(Map::new()),
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
pub fn merge_patch(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, change) in patch {
        match change {
            Value::Null => {
                target.shift_remove(&name);
            }
            Value::Object(inner) => {
                let slot = target.entry(name).or_insert_with(|| Value::Object(Map::new()));
                if !slot.is_object() {
                    *slot = Value::Object(Map::new());
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
    fn labels_are_cleaned_or_refused() {
        assert_eq!(label("name", "  Cafe\u{301}  ", 10).unwrap(), "Café");
        assert_eq!(label("name", "<img onerror=x>", 64).unwrap(), "<img onerror=x>");
        assert_eq!(label("name", "❤\u{FE0F}", 10).unwrap(), "❤\u{FE0F}");
        assert_eq!(label("name", "⠁\u{2800}⠃", 10).unwrap(), "⠁\u{2800}⠃");
        for bad in ["\u{34F}", "\u{2800} \u{2800}", "\u{FE0F}"] {
            assert!(label("name", bad, 10).is_err(), "{bad:?}");
        }
        for bad in ["", "   ", "a\u{0}b", "a\nb", "a\u{202E}b", "a\u{200B}b", "\u{FEFF}a", "12345678901"] {
            assert!(label("name", bad, 10).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn metadata_is_bounded() {
        let object = |v: Value| v.as_object().cloned().unwrap();
        assert!(metadata("metadata", object(json!({"a": {"b": [1, 2]}}))).is_ok());
        assert!(metadata("metadata", object(json!({"a": {"b": {"c": {"d": {"e": 1}}}}}))).is_ok());
        assert!(metadata("metadata", object(json!({"a": {"b": {"c": {"d": {"e": {}}}}}}))).is_err());
        assert!(metadata("metadata", object(json!({"a": "x".repeat(9000)}))).is_err());
    }

    /// The examples of RFC 7396, appendix A, that have objects on both sides.
    #[test]
    fn merge_patch_follows_the_rfc() {
        for (target, patch, result) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ] {
            let mut object = target.as_object().cloned().unwrap();
            merge_patch(&mut object, patch.as_object().cloned().unwrap());
            assert_eq!(Value::Object(object), result);
        }
    }
}
