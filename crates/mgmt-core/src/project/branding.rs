//! The brand of a project: who sends what its customers get.

use serde::{Deserialize, Serialize};

use super::{
    part::{Content, PartKind},
    settings::paragraph,
};
use crate::{
    account::Email,
    error::{Error, Faults, Result},
    key_draft::Change,
    text::label,
};

const MAX_NAME: usize = 200;
const MAX_URL: usize = 2048;
/// What a brand says of its mails unless it says something else.
pub const PERMISSION_REMINDER: &str = "You get this message because you gave us your address and agreed to hear from us.";

/// What the brand is called and where it tells of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as on the wire")]
pub struct BrandDetails {
    pub name: String,
    pub privacy_policy_url: Option<String>,
    pub terms_of_use_url: Option<String>,
    pub permission_reminder: String,
    pub website_url: Option<String>,
}

/// Where the brand is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as on the wire")]
pub struct BrandAddress {
    pub street: String,
    pub city: String,
    pub postal: Option<String>,
    pub state: Option<String>,
    pub country: String,
}

/// How the brand is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as on the wire")]
pub struct BrandContact {
    pub email: String,
    pub phone: Option<String>,
}

/// The brand of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branding {
    /// What it is called.
    pub brand: BrandDetails,
    /// Where it is.
    pub address: BrandAddress,
    /// How it is reached.
    pub contact: BrandContact,
}

/// What a client sends to make a brand. `null` means absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `Branding`")]
pub struct BrandDraft {
    pub brand: DetailsDraft,
    pub address: AddressDraft,
    pub contact: ContactDraft,
}

/// See [`BrandDetails`].
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "named as on the wire")]
pub struct DetailsDraft {
    pub name: String,
    pub privacy_policy_url: Option<String>,
    pub terms_of_use_url: Option<String>,
    pub permission_reminder: Option<String>,
    pub website_url: Option<String>,
}

/// See [`BrandAddress`].
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "named as on the wire")]
pub struct AddressDraft {
    pub street: String,
    pub city: String,
    pub postal: Option<String>,
    pub state: Option<String>,
    pub country: String,
}

/// See [`BrandContact`].
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "named as on the wire")]
pub struct ContactDraft {
    pub email: String,
    pub phone: Option<String>,
}

/// What a client sends to change a brand: what is left out stays, at every depth.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `Branding`")]
#[serde(default)]
pub struct BrandChange {
    pub brand: Option<DetailsChange>,
    pub address: Option<AddressChange>,
    pub contact: Option<ContactChange>,
}

/// See [`BrandDetails`].
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "named as on the wire")]
#[serde(default)]
pub struct DetailsChange {
    pub name: Option<String>,
    pub privacy_policy_url: Change<String>,
    pub terms_of_use_url: Change<String>,
    pub permission_reminder: Option<String>,
    pub website_url: Change<String>,
}

/// See [`BrandAddress`].
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "named as on the wire")]
#[serde(default)]
pub struct AddressChange {
    pub street: Option<String>,
    pub city: Option<String>,
    pub postal: Change<String>,
    pub state: Change<String>,
    pub country: Option<String>,
}

/// See [`BrandContact`].
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "named as on the wire")]
#[serde(default)]
pub struct ContactChange {
    pub email: Option<String>,
    pub phone: Change<String>,
}

impl Branding {
    fn judge(self) -> Result<Self> {
        let mut faults = Faults::default();
        let mut text = |field: &str, value: &str| faults.take(label(field, value, MAX_NAME)).unwrap_or_default();
        let (name, street) = (text("brand.name", &self.brand.name), text("address.street", &self.address.street));
        let (city, country) = (text("address.city", &self.address.city), text("address.country", &self.address.country));
        for (field, value) in [
            ("address.postal", &self.address.postal),
            ("address.state", &self.address.state),
            ("contact.phone", &self.contact.phone),
        ] {
            if value.as_ref().is_some_and(|v| v.chars().count() > MAX_NAME || v.chars().any(char::is_control)) {
                let reason = format!("must be one line of at most {MAX_NAME} characters");
                faults.note(Error::invalid(field, reason));
            }
        }
        for (field, value) in [
            ("brand.privacy_policy_url", &self.brand.privacy_policy_url),
            ("brand.terms_of_use_url", &self.brand.terms_of_use_url),
            ("brand.website_url", &self.brand.website_url),
        ] {
            faults.take(value.as_deref().map_or(Ok(()), |v| web_address(field, v)));
        }
        let reminder = faults.take(paragraph("brand.permission_reminder", self.brand.permission_reminder)).unwrap_or_default();
        let email = faults.take(Email::parse("contact.email", &self.contact.email));
        faults.finish()?;
        Ok(Self {
            brand: BrandDetails { name, permission_reminder: reminder, ..self.brand },
            address: BrandAddress { street, city, country, ..self.address },
            contact: BrandContact { email: email.map(|e| e.to_string()).unwrap_or_default(), ..self.contact },
        })
    }
}

/// An address of the web; the scheme may be left out.
fn web_address(field: &str, text: &str) -> Result<()> {
    let wrong = || Error::invalid(field, "must be a web address, such as `https://example.com`");
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = url::Url::parse(&whole).map_err(|_| wrong())?;
    let plain = text.len() <= MAX_URL && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if plain && matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none() {
        return Ok(());
    }
    Err(wrong())
}

impl Content for Branding {
    const KIND: PartKind = PartKind::Branding;
    type Draft = BrandDraft;
    type Change = BrandChange;

    fn create(draft: BrandDraft) -> Result<Self> {
        let BrandDraft { brand, address, contact } = draft;
        let brand = BrandDetails {
            name: brand.name,
            privacy_policy_url: brand.privacy_policy_url,
            terms_of_use_url: brand.terms_of_use_url,
            permission_reminder: brand.permission_reminder.unwrap_or_else(|| PERMISSION_REMINDER.to_owned()),
            website_url: brand.website_url,
        };
        let AddressDraft { street, city, postal, state, country } = address;
        let address = BrandAddress { street, city, postal, state, country };
        let contact = BrandContact { email: contact.email, phone: contact.phone };
        Self { brand, address, contact }.judge()
    }

    fn change(&self, change: BrandChange) -> Result<Self> {
        let mut next = self.clone();
        let keep = |slot: &mut String, sent: Option<String>| *slot = sent.unwrap_or_else(|| std::mem::take(slot));
        let or = |slot: &mut Option<String>, sent: Change<String>| *slot = sent.or_keep(slot.take());
        let brand = change.brand.unwrap_or_default();
        keep(&mut next.brand.name, brand.name);
        keep(&mut next.brand.permission_reminder, brand.permission_reminder);
        or(&mut next.brand.privacy_policy_url, brand.privacy_policy_url);
        or(&mut next.brand.terms_of_use_url, brand.terms_of_use_url);
        or(&mut next.brand.website_url, brand.website_url);
        let address = change.address.unwrap_or_default();
        keep(&mut next.address.street, address.street);
        keep(&mut next.address.city, address.city);
        keep(&mut next.address.country, address.country);
        or(&mut next.address.postal, address.postal);
        or(&mut next.address.state, address.state);
        let contact = change.contact.unwrap_or_default();
        keep(&mut next.contact.email, contact.email);
        or(&mut next.contact.phone, contact.phone);
        next.judge()
    }

    fn name(&self) -> Option<&str> {
        Some("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn body() -> Value {
        json!({
            "brand": {"name": "Acme", "website_url": "acme.example"},
            "address": {"street": "1 Main St", "city": "Ghent", "postal": "9000", "country": "Belgium"},
            "contact": {"email": "hello@acme.example"},
        })
    }

    fn made() -> Branding {
        Branding::create(serde_json::from_value(body()).unwrap()).unwrap()
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let mut bad = body();
        bad["brand"] = json!({"name": "", "website_url": "javascript:alert(1)", "privacy_policy_url": "ftp://x"});
        bad["contact"]["email"] = json!("nobody");
        let error = Branding::create(serde_json::from_value(bad).unwrap()).unwrap_err();
        let fields: Vec<_> = error.details().keys().map(String::as_str).collect();
        assert_eq!(fields, ["brand.name", "brand.privacy_policy_url", "brand.website_url", "contact.email"]);
    }

    proptest! {
        #[test]
        fn only_what_is_sent_changes(city in proptest::option::of("[a-z]{1,9}"), phone in proptest::option::of("[0-9]{1,9}"), clear: bool) {
            let mut change = json!({"address": {}, "contact": {"phone": phone}});
            if let Some(city) = &city { change["address"]["city"] = json!(city); }
            if clear { change["brand"] = json!({"website_url": null}); }
            let after = made().change(serde_json::from_value(change).unwrap()).unwrap();
            let mut expected = made();
            expected.contact.phone = phone;
            expected.address.city = city.unwrap_or(expected.address.city);
            if clear { expected.brand.website_url = None; }
            prop_assert_eq!(after, expected);
        }
    }
}
