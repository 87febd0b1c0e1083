//! What is wrong with one field, and where it is.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

pub(super) use mgmt_core::error::REQUIRED;
pub(super) const UNKNOWN: &str = "This field is not known here";

/// One step from a value into what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Field(String),
    Index(usize),
}

/// Why a value can't be read, and where. The path is kept innermost first, as it is learned on the way out.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(super) path: Vec<Step>,
    pub(super) reason: String,
    /// Whether the field is there and should not be.
    pub(super) unknown: bool,
}

impl Fault {
    pub(super) fn at(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    pub(super) fn is_below(&self, other: &Self) -> bool {
        self.path.len() > other.path.len() && self.path.ends_with(&other.path)
    }

    /// The path as clients read it: `parcels[0].weight`.
    pub(super) fn field(&self) -> String {
        let mut text = String::new();
        for step in self.path.iter().rev() {
            match step {
                Step::Field(name) if text.is_empty() => text.push_str(name),
                Step::Field(name) => {
                    text.push('.');
                    text.push_str(name);
                }
                Step::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        if text.is_empty() { "body".to_owned() } else { text }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.field(), self.reason)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { path: Vec::new(), reason: message.to_string(), unknown: false }
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("must be {}", plain(&expected.to_string())))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("must be {}", plain(&expected.to_string())))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("must be {}", plain(&expected.to_string())))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(one_of(expected))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self { unknown: true, ..Self::custom(UNKNOWN).at(Step::Field(field.to_owned())) }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(REQUIRED).at(Step::Field(field.to_owned()))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::custom("must be given once").at(Step::Field(field.to_owned()))
    }
}

pub(super) fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [only] => format!("must be {only}"),
        _ => format!("must be one of {}", quoted.join(", ")),
    }
}

/// What serde calls a type, in words for somebody who knows JSON and not Rust.
fn plain(expected: &str) -> String {
    let range = |from: &str, to: String| format!("a whole number from {from} to {to}");
    match expected {
        "u8" => range("0", u8::MAX.to_string()),
        "u16" => range("0", u16::MAX.to_string()),
        "u32" => range("0", u32::MAX.to_string()),
        "i8" => range(&i8::MIN.to_string(), i8::MAX.to_string()),
        "i16" => range(&i16::MIN.to_string(), i16::MAX.to_string()),
        "i32" => range(&i32::MIN.to_string(), i32::MAX.to_string()),
        "u64" | "usize" => "a whole number that is not negative".to_owned(),
        "i64" | "isize" | "i128" | "u128" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" => "an object".to_owned(),
        "unit" => "null".to_owned(),
        text if text.starts_with("struct ") || text.starts_with("internally tagged") => "an object".to_owned(),
        text if text.starts_with("tuple") || text.starts_with("an array of") => "an array of the right length".to_owned(),
        text if text.starts_with("enum ") || text.contains("variant") => "one of the known values".to_owned(),
        text => text.to_owned(),
    }
}
