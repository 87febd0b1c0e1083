//! Carriers: who rates, books and tracks. An embedder adds one by implementing [`Carrier`].

use std::{fmt, sync::Arc};

use rand_core::CryptoRng;

use crate::{
    id::Ids,
    label::{self, LabelFault},
    rate::{Message, Rate, Rates},
    rating::{Consignment, Quote, Reason, Refusal, price},
    sheet::{GENERIC, RateSheet},
    shipment::{Shipment, ShipmentParts},
    shipment_state::LabelType,
    time::{Day, Moment},
};

/// What is to be rated.
#[derive(Clone, Copy, Debug)]
pub struct RateRequest<'a> {
    /// The shipment.
    pub parts: &'a ShipmentParts,
    /// Whether it is asked with a test key.
    pub test_mode: bool,
    /// The day it is sent.
    pub day: Day,
}

/// What a carrier answers to a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// The number of the parcels.
    pub tracking_number: String,
    /// The number of the shipment.
    pub shipment_identifier: String,
    /// Where people follow it.
    pub tracking_url: Option<String>,
}

/// A carrier. The default methods are those of the built-in one: prices by a rate sheet, labels drawn here.
pub trait Carrier: fmt::Debug + Send + Sync {
    /// The name that rate sheets give it, in `carrier_name`.
    fn name(&self) -> &str;

    /// A quote or a refusal for each service that is asked for.
    fn quote(&self, sheet: &RateSheet, consignment: &Consignment<'_>) -> (Vec<Quote>, Vec<Refusal>) {
        price(sheet, consignment)
    }

    /// Books a rate.
    fn book(&self, shipment: &Shipment, rate: &Rate, rng: &mut dyn CryptoRng) -> Booking;

    /// The label of what was booked.
    ///
    /// # Errors
    /// When nothing was booked, or the label cannot be drawn.
    fn label(&self, shipment: &Shipment, format: LabelType) -> Result<Vec<u8>, LabelFault> {
        label::render(shipment, format)
    }
}

/// The built-in carrier: no network, no account.
#[derive(Clone, Copy, Debug)]
pub struct Generic;

impl Carrier for Generic {
    fn name(&self) -> &str {
        GENERIC
    }

    /// Numbers are `MG`, 16 random digits and a check digit (Luhn, ISO/IEC 7812-1 annex B).
    fn book(&self, shipment: &Shipment, _: &Rate, rng: &mut dyn CryptoRng) -> Booking {
        let tracking_number = tracking_number(rng);
        Booking { shipment_identifier: shipment.id.to_string(), tracking_number, tracking_url: None }
    }
}

fn tracking_number(rng: &mut dyn CryptoRng) -> String {
    let digits: Vec<u32> = std::iter::from_fn(|| Some(rng.next_u32() >> 28)).filter(|digit| *digit < 10).take(16).collect();
    let check = luhn(&digits);
    digits.iter().chain([&check]).fold(String::from("MG"), |text, digit| text + &digit.to_string())
}

/// The digit that makes the whole number pass.
fn luhn(digits: &[u32]) -> u32 {
    let weighed = digits.iter().rev().enumerate().map(|(place, digit)| {
        let doubled = if place % 2 == 0 { digit * 2 } else { *digit };
        doubled / 10 + doubled % 10
    });
    (10 - weighed.sum::<u32>() % 10) % 10
}

/// The carriers that are known.
#[derive(Clone, Debug)]
pub struct Carriers {
    others: Vec<Arc<dyn Carrier>>,
}

impl Carriers {
    /// The built-in one alone.
    #[must_use]
    pub fn built_in() -> Self {
        Self { others: Vec::new() }
    }

    /// These and another one.
    #[must_use]
    pub fn with(mut self, carrier: Arc<dyn Carrier>) -> Self {
        self.others.push(carrier);
        self
    }

    /// The carrier of a name. The sheets of a carrier that nobody knows are served by the built-in one.
    #[must_use]
    pub fn find(&self, name: &str) -> &dyn Carrier {
        self.others.iter().find(|carrier| carrier.name() == name).map_or(&Generic, |carrier| &**carrier)
    }

    /// Rates by all sheets that are asked for.
    pub(crate) fn rate(
        &self,
        sheets: &[RateSheet],
        request: &RateRequest<'_>,
        now: Moment,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Rates {
        let parts = request.parts;
        let consignment = Consignment {
            shipper: parts.shipper.parts(),
            recipient: parts.recipient.parts(),
            parcels: &parts.parcels,
            services: &parts.services,
        };
        let named = |sheet: &RateSheet, name: &str| sheet.slug() == name || sheet.id.to_string() == name;
        let asked = |sheet: &&RateSheet| parts.carrier_ids.is_empty() || parts.carrier_ids.iter().any(|name| named(sheet, name));
        let mut ids = Ids::new(now, rng);
        let (mut rates, mut refused) = (Vec::new(), Vec::new());
        for sheet in sheets.iter().filter(asked) {
            let (quotes, refusals) = self.find(sheet.carrier_name()).quote(sheet, &consignment);
            rates.extend(quotes.into_iter().map(|quote| Rate::new(sheet, quote, (request.test_mode, request.day), &mut ids)));
            refused.extend(refusals.into_iter().map(|refusal| (sheet, refusal)));
        }
        // The order of sheets and services decides between equal prices.
        rates.sort_by_key(|rate| rate.total_charge);
        let mut messages: Vec<Message> = Vec::new();
        for name in parts.carrier_ids.iter().filter(|name| !sheets.iter().any(|sheet| named(sheet, name))) {
            messages.push(Message::general("carrier_not_found", format!("no rate sheet has the slug or id `{name}`")));
        }
        let known = |code: &String| rates.iter().any(|r| r.service == *code) || refused.iter().any(|(_, r)| r.service == *code);
        for code in parts.services.iter().filter(|code| !known(code)) {
            let reason = Reason::ServiceNotFound;
            messages.push(Message::general(
                reason.as_str(),
                format!("the service `{code}` is not offered: {}", reason.explanation()),
            ));
        }
        if rates.is_empty() || !parts.services.is_empty() {
            messages.extend(refused.iter().map(|(sheet, refusal)| Message::refusal(sheet, refusal)));
        }
        if rates.is_empty() && messages.is_empty() {
            let text = "no rate sheet has an active service".to_owned();
            messages.push(Message::general(Reason::ServiceNotFound.as_str(), text));
        }
        Rates { rates, messages }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    #[test]
    fn check_digits() {
        // The example of ISO/IEC 7812-1.
        assert_eq!(luhn(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1]), 3);
    }

    #[test]
    fn numbers_are_well_formed_and_differ() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let numbers: std::collections::HashSet<String> = (0..1000).map(|_| tracking_number(&mut rng)).collect();
        assert_eq!(numbers.len(), 1000);
        for number in &numbers {
            let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
            assert_eq!((number.len(), &number[..2], luhn(&digits[..16])), (19, "MG", digits[16]));
        }
    }
}
