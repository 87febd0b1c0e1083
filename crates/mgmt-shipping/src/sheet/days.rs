//! Days on the way, as clients send them.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

use crate::fault::{Invalid, Result};

const MAX: u16 = 365;

/// Judges a number of days.
pub(super) fn days(days: u16) -> Result<u16> {
    if days <= MAX { Ok(days) } else { Err(Invalid::new(format!("must be a whole number from 0 to {MAX}"))) }
}

/// Reads a number of days. One that is larger than any is left for [`days`] to judge, so that what is too large is told of in the same
/// words however large it is, and hides no other fault.
pub(super) fn transit_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    Ok(Option::<TransitDays>::deserialize(deserializer)?.map(|TransitDays(days)| days))
}

struct TransitDays(u16);

impl<'de> Deserialize<'de> for TransitDays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(Judge)
    }
}

struct Judge;

impl de::Visitor<'_> for Judge {
    type Value = TransitDays;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from 0 to {MAX}")
    }

    fn visit_u64<E>(self, value: u64) -> Result<TransitDays, E> {
        Ok(TransitDays(u16::try_from(value).unwrap_or(u16::MAX)))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<TransitDays, E> {
        match u64::try_from(value) {
            Ok(days) => self.visit_u64(days),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn every_other_number_is_told_of_in_the_same_words() {
        let read = |value: Value| transit_days(value).map_err(|error| error.to_string());
        assert_eq!((read(json!(0)), read(json!(365)), read(json!(null))), (Ok(Some(0)), Ok(Some(365)), Ok(None)));
        for wrong in [json!(366), json!(65_535), json!(65_536), json!(2_147_483_647_i64), json!(u64::MAX)] {
            let told = days(read(wrong.clone()).unwrap().unwrap()).unwrap_err().to_string();
            assert!(told.contains("must be a whole number from 0 to 365"), "{wrong}: {told}");
        }
        for wrong in [json!(-1), json!(1.5), json!("7")] {
            let told = read(wrong.clone()).unwrap_err();
            assert!(told.contains("a whole number from 0 to 365"), "{wrong}: {told}");
        }
    }
}
