//! Countries by ISO 3166-1, with the rules of postal codes and telephone numbers that go with them; currencies by ISO 4217.

use std::{fmt, str::FromStr};

use phonenumber::Mode;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::fault::{Invalid, Result};

/// A country by its two letters of ISO 3166-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country(&'static str);

impl Country {
    /// Stands where a fault was noted, so that the other fields can be judged.
    pub(crate) const FALLBACK: Self = Self("US");

    /// Reads two letters in either case.
    ///
    /// # Errors
    /// When no country has them.
    pub fn parse(text: &str) -> Result<Self> {
        let known = rust_iso3166::from_alpha2(&text.trim().to_ascii_uppercase());
        known.map(|c| Self(c.alpha2)).ok_or_else(|| Invalid::new("must be a country's two letters of ISO 3166-1, such as `US`"))
    }

    /// The two letters in upper case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The English short name.
    #[must_use]
    pub fn name(self) -> &'static str {
        rust_iso3166::from_alpha2(self.0).map_or(self.0, |c| c.name)
    }

    /// Reads a postal code: five digits, or five and four, for the United States; `A9A9A9` for Canada, spaces removed and in
    /// upper case; up to 20 characters for others.
    pub(crate) fn postal_code(self, text: &str) -> Result<String> {
        let clean = crate::text::line(text, 20)?;
        match self.0 {
            "US" => us_postal_code(clean),
            "CA" => ca_postal_code(&clean),
            _ => Ok(clean),
        }
    }

    /// Reads a telephone number as dialled in the country, and yields its international form.
    pub(crate) fn phone_number(self, text: &str) -> Result<String> {
        let region = phonenumber::country::Id::from_str(self.0).ok();
        let parsed = phonenumber::parse(region, text).ok().filter(phonenumber::is_valid);
        let known = parsed.map(|number| number.format().mode(Mode::International).to_string());
        let wrong =
            || format!("must be a telephone number of {}, or one in international form such as `+1 650-253-0000`", self.0);
        known.ok_or_else(|| Invalid::new(wrong()))
    }
}

fn us_postal_code(text: String) -> Result<String> {
    let (five, four) = text.split_once('-').unwrap_or((&text, "0000"));
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    if digits(five, 5) && digits(four, 4) {
        return Ok(text);
    }
    Err(Invalid::new("must be 5 digits, or 5 and 4 such as `94105-1234`, in the United States"))
}

fn ca_postal_code(text: &str) -> Result<String> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    let fits = |(index, byte): (usize, u8)| if index % 2 == 0 { byte.is_ascii_uppercase() } else { byte.is_ascii_digit() };
    if compact.len() == 6 && compact.bytes().enumerate().all(fits) {
        return Ok(compact);
    }
    Err(Invalid::new("must be letters and digits in turn, such as `K1A0B1`, in Canada"))
}

/// Reads a currency of ISO 4217.
pub(crate) fn currency(text: &str) -> Result<Currency> {
    Currency::parse(text)
}

/// A currency by its three letters of ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// United States dollars.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// Reads three letters in either case.
    ///
    /// # Errors
    /// When no currency has them.
    pub fn parse(text: &str) -> Result<Self> {
        let known = iso_currency::Currency::from_code(&text.trim().to_ascii_uppercase());
        known.map(Self).ok_or_else(|| Invalid::new("must be a currency's three letters of ISO 4217, such as `USD`"))
    }

    /// The three letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.code()
    }

    /// The decimal places of its smallest coin: 2 for most, 0 for the yen, 3 for dinars.
    #[must_use]
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }
}

macro_rules! as_text {
    ($($name:ident: $what:literal),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(|_| de::Error::custom($what))
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String).into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    )+};
}

as_text! {
    Country: "must be a country's two letters of ISO 3166-1, such as `US`",
    Currency: "must be a currency's three letters of ISO 4217, such as `USD`"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(code: &str) -> Country {
        Country::parse(code).unwrap()
    }

    #[test]
    fn countries_and_currencies() {
        assert_eq!((country("us").as_str(), country("CA").name()), ("US", "Canada"));
        for wrong in ["", "XX", "USA", "ZZ", "é"] {
            assert!(Country::parse(wrong).is_err(), "{wrong}");
        }
        let decimals = ["usd", "JPY", "KWD"].map(|c| Currency::parse(c).unwrap().decimals());
        assert_eq!(decimals, [2, 0, 3]);
        assert!(Currency::parse("US").is_err());
    }

    #[test]
    fn postal_codes() {
        let read = |code: &str, text: &str| country(code).postal_code(text).ok();
        assert_eq!(read("US", "94105-1234").as_deref(), Some("94105-1234"));
        assert_eq!(read("CA", "k1a 0b1").as_deref(), Some("K1A0B1"));
        assert_eq!(read("GB", "SW1A 1AA").as_deref(), Some("SW1A 1AA"));
        for (code, wrong) in
            [("US", "9410"), ("US", "94105-12"), ("US", "abcde"), ("CA", "12345"), ("CA", "K1A0B"), ("DE", &"1".repeat(21))]
        {
            assert_eq!(read(code, wrong), None, "{code} {wrong}");
        }
    }

    #[test]
    fn phone_numbers() {
        let read = |code: &str, text: &str| country(code).phone_number(text).ok();
        assert_eq!(read("US", "(650) 253-0000").as_deref(), Some("+1 650-253-0000"));
        assert_eq!(read("DE", "030 901820").as_deref(), Some("+49 30 901820"));
        assert_eq!(read("US", "+49 30 901820").as_deref(), Some("+49 30 901820"));
        for wrong in ["12", "phone", "", "555-0100-99999999999999"] {
            assert_eq!(read("US", wrong), None, "{wrong}");
        }
    }
}
