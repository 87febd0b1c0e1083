//! Exact decimal numbers as JSON numbers.
//!
//! A JSON number passes through an IEEE 754 double in most programs, this one included. A double carries every decimal of up to
//! 15 significant digits without loss, so what is read here has no more, and what is written comes back as it was.

use std::fmt;

use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::fault::{Invalid, Result};

/// The most of an amount of money: ten million less the smallest step.
const MAX_AMOUNT: Decimal = dec!(9999999.9999);
const AMOUNT_SCALE: u32 = 4;
/// The most of a weight or a length.
const MAX_MEASURE: Decimal = dec!(10000000);
const MEASURE_SCALE: u32 = 6;

/// A decimal number as it came in: finite, neither rounded nor judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(Decimal);

impl Number {
    /// Of a decimal.
    #[must_use]
    pub const fn new(value: Decimal) -> Self {
        Self(value)
    }

    /// The decimal.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }

    /// The number as an amount of money that is not negative.
    pub(crate) fn amount(self) -> Result<Self> {
        if self.0 < Decimal::ZERO || self.0 > MAX_AMOUNT || self.0.normalize().scale() > AMOUNT_SCALE {
            let most = MAX_AMOUNT.normalize();
            return Err(Invalid::new(format!("must be a number from 0 to {most} with at most {AMOUNT_SCALE} decimal places")));
        }
        Ok(self)
    }

    /// The number as a weight or length that is more than nothing.
    pub(crate) fn measure(self) -> Result<Self> {
        if self.0 <= Decimal::ZERO {
            return Err(Invalid::new("must be greater than 0"));
        }
        self.measure_or_zero()
    }

    /// The number as a bound of weights or lengths.
    pub(crate) fn measure_or_zero(self) -> Result<Self> {
        if self.0 < Decimal::ZERO || self.0 > MAX_MEASURE || self.0.normalize().scale() > MEASURE_SCALE {
            let reason = format!("must be a number from 0 to {MAX_MEASURE} with at most {MEASURE_SCALE} decimal places");
            return Err(Invalid::new(reason));
        }
        Ok(self)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.to_string();
        match text.parse::<i64>() {
            Ok(whole) => serializer.serialize_i64(whole),
            // Reading a decimal text yields the nearest double; `Decimal::to_f64` promises less.
            Err(_) => serializer.serialize_f64(text.parse().map_err(serde::ser::Error::custom)?),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_f64(NumberVisitor)
    }
}

struct NumberVisitor;

impl de::Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
        Ok(Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
        Ok(Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Number, E> {
        // Display writes the shortest decimal that means this double: the digits that were sent, up to 15 of them.
        let text = value.to_string();
        Decimal::from_str_exact(&text).map(Number).map_err(|_| E::custom("must be a number of a usual size and precision"))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Number {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::Number).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Number {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn digits_stay() {
        for text in ["0", "1", "-3", "12.1", "0.1", "0.000001", "9999999.9999", "123456789.123456"] {
            assert_eq!(read(text).to_string(), text);
            assert_eq!(serde_json::to_string(&read(text)).unwrap().parse::<f64>().unwrap(), text.parse::<f64>().unwrap());
        }
        assert_eq!(read("12.10").to_string(), "12.1");
        assert_eq!(read("1e3"), read("1000"));
        assert_eq!(read("0.1").get() + read("0.2").get(), read("0.3").get());
        assert!(serde_json::from_str::<Number>("1e300").is_err());
        assert!(serde_json::from_str::<Number>("\"1\"").is_err());
    }

    #[test]
    fn bounds() {
        assert!(read("9999999.9999").amount().is_ok());
        for wrong in ["10000000", "-0.01", "0.00001"] {
            assert!(read(wrong).amount().is_err(), "{wrong}");
        }
        assert!(read("0").measure().is_err());
        assert!(read("0").measure_or_zero().is_ok());
        assert!(read("0.000001").measure().is_ok());
        assert!(read("0.0000001").measure().is_err());
        assert!(read("-1").measure_or_zero().is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_comes_back(digits in -999_999_999_999_999_i64..=999_999_999_999_999, scale in 0_u32..=9) {
            let number = Number(Decimal::new(digits, scale));
            let text = serde_json::to_string(&number).unwrap();
            prop_assert_eq!(serde_json::from_str::<Number>(&text).unwrap(), number);
        }
    }
}
