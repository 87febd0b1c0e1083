//! Addresses of people and companies.

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use crate::{
    country::Country,
    fault::{Faults, Invalid, Result},
    id::{AddressId, Ids},
    text::{self, Object, optional},
    word::ObjectType,
};

const MAX_LINE: usize = 100;

/// An address as a client sends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddressDraft {
    /// Two letters of ISO 3166-1.
    #[cfg_attr(feature = "openapi", schema(example = "US"))]
    pub country_code: String,
    /// Who lives or works there.
    pub person_name: Option<String>,
    /// The company.
    pub company_name: Option<String>,
    /// Street and number.
    pub address_line1: Option<String>,
    /// A second line.
    pub address_line2: Option<String>,
    /// The house number, where it is kept apart.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub street_number: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The state or province.
    pub state_code: Option<String>,
    /// The postal code; judged by the country's rules in the United States and Canada.
    #[cfg_attr(feature = "openapi", schema(max_length = 20))]
    pub postal_code: Option<String>,
    /// A telephone number as dialled in the country, or an international one.
    pub phone_number: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// A tax number of the country.
    #[cfg_attr(feature = "openapi", schema(max_length = 50))]
    pub federal_tax_id: Option<String>,
    /// A tax number of the state.
    #[cfg_attr(feature = "openapi", schema(max_length = 50))]
    pub state_tax_id: Option<String>,
    /// Whether people live there.
    pub residential: Option<bool>,
    /// Whether a carrier should check the address, where it can.
    pub validate_location: Option<bool>,
    /// Free data.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub meta: Option<Object>,
}

/// An address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Address {
    id: AddressId,
    object_type: ObjectType,
    #[serde(flatten)]
    pub(crate) parts: AddressParts,
}

/// What an address says, in the order it is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddressParts {
    person_name: Option<String>,
    company_name: Option<String>,
    address_line1: Option<String>,
    address_line2: Option<String>,
    street_number: Option<String>,
    city: Option<String>,
    state_code: Option<String>,
    postal_code: Option<String>,
    country_code: Country,
    phone_number: Option<String>,
    email: Option<String>,
    federal_tax_id: Option<String>,
    state_tax_id: Option<String>,
    residential: bool,
    validate_location: bool,
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    meta: Object,
}

/// The members of an address side by side, as they are read faster than from a struct within another.
#[derive(Deserialize)]
struct Stored {
    id: AddressId,
    object_type: ObjectType,
    person_name: Option<String>,
    company_name: Option<String>,
    address_line1: Option<String>,
    address_line2: Option<String>,
    street_number: Option<String>,
    city: Option<String>,
    state_code: Option<String>,
    postal_code: Option<String>,
    country_code: Country,
    phone_number: Option<String>,
    email: Option<String>,
    federal_tax_id: Option<String>,
    state_tax_id: Option<String>,
    residential: bool,
    validate_location: bool,
    meta: Object,
}

impl From<Stored> for Address {
    fn from(stored: Stored) -> Self {
        let parts = AddressParts {
            person_name: stored.person_name,
            company_name: stored.company_name,
            address_line1: stored.address_line1,
            address_line2: stored.address_line2,
            street_number: stored.street_number,
            city: stored.city,
            state_code: stored.state_code,
            postal_code: stored.postal_code,
            country_code: stored.country_code,
            phone_number: stored.phone_number,
            email: stored.email,
            federal_tax_id: stored.federal_tax_id,
            state_tax_id: stored.state_tax_id,
            residential: stored.residential,
            validate_location: stored.validate_location,
            meta: stored.meta,
        };
        Self { id: stored.id, object_type: stored.object_type, parts }
    }
}

impl AddressDraft {
    /// Judges the draft.
    ///
    /// # Errors
    /// Every field at fault.
    pub fn parse(self) -> Result<AddressParts> {
        let mut faults = Faults::default();
        let country = faults.at("country_code", Country::parse(&self.country_code));
        let postal_code = self.postal_code.filter(|t| !t.trim().is_empty());
        let phone_number = self.phone_number.filter(|t| !t.trim().is_empty());
        let by_country = |faults: &mut Faults, field, text: Option<String>, rule: fn(Country, &str) -> Result<String>| {
            country.and_then(|country| faults.maybe(field, text, |text| rule(country, &text)))
        };
        let parts = AddressParts {
            postal_code: by_country(&mut faults, "postal_code", postal_code, Country::postal_code),
            phone_number: by_country(&mut faults, "phone_number", phone_number, Country::phone_number),
            person_name: optional(&mut faults, "person_name", self.person_name, MAX_LINE),
            company_name: optional(&mut faults, "company_name", self.company_name, MAX_LINE),
            address_line1: optional(&mut faults, "address_line1", self.address_line1, MAX_LINE),
            address_line2: optional(&mut faults, "address_line2", self.address_line2, MAX_LINE),
            street_number: optional(&mut faults, "street_number", self.street_number, MAX_LINE),
            city: optional(&mut faults, "city", self.city, MAX_LINE),
            state_code: optional(&mut faults, "state_code", self.state_code, MAX_LINE),
            country_code: country.unwrap_or(Country::FALLBACK),
            email: faults.maybe("email", self.email.filter(|t| !t.trim().is_empty()), |t| email(&t)),
            federal_tax_id: optional(&mut faults, "federal_tax_id", self.federal_tax_id, 50),
            state_tax_id: optional(&mut faults, "state_tax_id", self.state_tax_id, 50),
            residential: self.residential.unwrap_or(false),
            validate_location: self.validate_location.unwrap_or(false),
            meta: faults.maybe("meta", self.meta, text::object).unwrap_or_default(),
        };
        faults.finish(Some(parts))
    }
}

fn email(text: &str) -> Result<String> {
    let clean = text::line(text, 254)?;
    let well_formed = clean.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !clean.contains(char::is_whitespace)
    });
    if well_formed { Ok(clean) } else { Err(Invalid::new("must be an e-mail address, such as `ana@example.com`")) }
}

impl AddressParts {
    pub(crate) fn with_id<R: CryptoRng + ?Sized>(self, ids: &mut Ids<'_, R>) -> Address {
        Address { id: ids.make(AddressId::new), object_type: ObjectType::Address, parts: self }
    }

    /// The country.
    #[must_use]
    pub fn country(&self) -> Country {
        self.country_code
    }

    /// The city.
    #[must_use]
    pub fn city(&self) -> Option<&str> {
        self.city.as_deref()
    }

    /// The postal code.
    #[must_use]
    pub fn postal_code(&self) -> Option<&str> {
        self.postal_code.as_deref()
    }

    /// The names of person and company.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.person_name, &self.company_name].into_iter().filter_map(|name| name.as_deref())
    }

    /// The lines of a label: names, street, city, country.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let joined = |parts: &[Option<&str>], separator| {
            let given: Vec<&str> = parts.iter().copied().flatten().collect();
            given.join(separator)
        };
        let place = joined(&[self.city.as_deref(), self.state_code.as_deref(), self.postal_code.as_deref()], " ");
        let street = joined(&[self.street_number.as_deref(), self.address_line1.as_deref()], " ");
        let lines = self.names().map(str::to_owned).chain([street]).chain(self.address_line2.clone());
        let lines = lines.chain([place, self.country_code.name().to_owned()]);
        lines.filter(|line| !line.is_empty()).collect()
    }
}

impl Address {
    /// What it says.
    #[must_use]
    pub fn parts(&self) -> &AddressParts {
        &self.parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parse(value: Value) -> Result<AddressParts> {
        serde_json::from_value::<AddressDraft>(value).unwrap().parse()
    }

    #[test]
    fn every_fault_is_told() {
        let wrong = json!({
            "country_code": "US", "postal_code": "941", "phone_number": "12", "email": "ana", "street_number": "1".repeat(101),
            "federal_tax_id": "1".repeat(51), "city": "a\u{0}b"
        });
        let invalid = parse(wrong).unwrap_err();
        let fields: Vec<_> = invalid.faults().keys().map(String::as_str).collect();
        assert_eq!(fields, ["city", "email", "federal_tax_id", "phone_number", "postal_code", "street_number"]);
        assert!(parse(json!({"country_code": "XX"})).unwrap_err().faults()["country_code"].contains("ISO 3166-1"));
    }

    #[test]
    fn a_country_is_enough() {
        let parts = parse(json!({"country_code": "de", "city": "  ", "postal_code": null})).unwrap();
        assert_eq!((parts.country().as_str(), parts.city(), parts.lines()), ("DE", None, vec!["Germany".to_owned()]));
    }

    #[test]
    fn lines_are_written_in_order() {
        let parts = parse(json!({
            "country_code": "CA", "person_name": "Ana", "company_name": "Acme", "address_line1": "Main St", "street_number": "5",
            "address_line2": "Suite 2", "city": "Ottawa", "state_code": "ON", "postal_code": "k1a 0b1"
        }));
        assert_eq!(parts.unwrap().lines(), ["Ana", "Acme", "5 Main St", "Suite 2", "Ottawa ON K1A0B1", "Canada"]);
    }
}
