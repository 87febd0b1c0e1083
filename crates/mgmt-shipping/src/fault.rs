//! What is wrong with a request: every field at fault with its path and what would be right.

use std::{collections::BTreeMap, fmt};

/// The reason for a field that is missing.
pub const REQUIRED: &str = "This field is required";

/// A request that was refused. Paths are as clients write them: `parcels[0].weight`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(BTreeMap<String, String>);

/// What parsers return.
pub type Result<T, E = Invalid> = std::result::Result<T, E>;

impl Invalid {
    /// A fault of the value itself, whose path whoever holds the value adds by [`below`](Self::below).
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self::at("", reason)
    }

    /// A fault of one field.
    #[must_use]
    pub fn at(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self(BTreeMap::from([(field.into(), reason.into())]))
    }

    /// The same faults, seen from the object that has the value under `field`.
    #[must_use]
    pub fn below(self, field: &str) -> Self {
        Self(self.0.into_iter().map(|(path, reason)| (joined(field, &path), reason)).collect())
    }

    /// Path to reason.
    #[must_use]
    pub fn faults(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

fn joined(field: &str, path: &str) -> String {
    match path.chars().next() {
        _ if field.is_empty() => path.to_owned(),
        None => field.to_owned(),
        Some('[') => format!("{field}{path}"),
        Some(_) => format!("{field}.{path}"),
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (field, reason) in &self.0 {
            write!(f, "{separator}`{field}`: {reason}")?;
            separator = "; ";
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// Gathers faults, so that a client is told all of them at once.
#[derive(Debug, Default)]
pub(crate) struct Faults(BTreeMap<String, String>);

impl Faults {
    /// Keeps the value, or notes its faults under `field` and yields `None`.
    pub(crate) fn at<T>(&mut self, field: &str, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(invalid) => {
                self.0.extend(invalid.below(field).0);
                None
            }
        }
    }

    /// [`at`](Self::at) for a value that may be left out.
    pub(crate) fn maybe<T, U>(&mut self, field: &str, value: Option<T>, parse: impl FnOnce(T) -> Result<U>) -> Option<U> {
        value.and_then(|value| self.at(field, parse(value)))
    }

    /// Reads every entry of a list.
    pub(crate) fn each<T, U>(&mut self, field: &str, items: Vec<T>, mut parse: impl FnMut(T) -> Result<U>) -> Vec<U> {
        let indexed = items.into_iter().enumerate();
        indexed.filter_map(|(index, item)| self.at(&format!("{field}[{index}]"), parse(item))).collect()
    }

    /// Notes a fault.
    pub(crate) fn note(&mut self, field: impl Into<String>, reason: impl Into<String>) {
        self.0.insert(field.into(), reason.into());
    }

    /// Notes a fault unless `holds`.
    pub(crate) fn demand(&mut self, holds: bool, field: &str, reason: &str) {
        if !holds {
            self.note(field, reason);
        }
    }

    /// Whether a fault was noted at or below one of the fields.
    pub(crate) fn touches(&self, fields: &[&str]) -> bool {
        let top = |path: &str| path.split(['.', '[']).next().unwrap_or_default().to_owned();
        self.0.keys().any(|path| fields.contains(&top(path).as_str()))
    }

    /// The value, if there were no faults.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            // A value is missing only where a fault was noted.
            _ => Err(Invalid(self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_as_clients_write_them() {
        let mut faults = Faults::default();
        let odd = |n: i32| if n % 2 == 1 { Ok(n) } else { Err(Invalid::at("weight", "must be odd")) };
        assert_eq!(faults.each("parcels", vec![1, 2, 3], odd), [1, 3]);
        assert_eq!(faults.at::<()>("name", Err(Invalid::new("must not be empty"))), None);
        let invalid = faults.finish(Some(())).unwrap_err().below("shipment");
        assert_eq!(invalid.to_string(), "`shipment.name`: must not be empty; `shipment.parcels[1].weight`: must be odd");
    }
}
