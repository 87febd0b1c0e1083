//! The rules of shipping: what may be sent, what it costs, and where it is.
//!
//! # The model
//!
//! A [shipment](shipment::Shipment) goes from an [address](address::Address) to another and consists of [parcels](parcel). It is
//! [rated](rating) by [rate sheets](sheet) with zones, bands of weight and surcharges, bought at a [carrier](carrier::Carrier),
//! printed as a [label], and followed by a [tracker](tracker::Tracker). Its [states](shipment_state::State) own their data and
//! are left by transitions that consume them.
//!
//! What a client sends is a draft: [`shipment::ShipmentDraft`], [`sheet::RateSheetDraft`], [`tracker::TrackerDraft`]. A draft is
//! parsed into a value that holds the rules, or refused with [every fault](fault::Invalid) and its path.
//!
//! Everything here is pure. The time and the source of randomness are arguments, nothing reads a clock, a file or a socket.
//! Money and weights are [exact decimals](number::Number).
//!
//! # Example
//!
//! ```
//! use mgmt_shipping::{carrier::Carriers, sheet::RateSheet, shipment::{PurchaseDraft, Shipment, ShipmentDraft}, time::Moment};
//! use mgmt_shipping::{label, shipment_state::LabelType, tracker::TrackerStatus};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # let mut rng = ChaCha20Rng::seed_from_u64(1);
//!
//! let now = Moment::from_millis(1_800_000_000_000);
//! let sheets = [RateSheet::starter(now, &mut rng)?];
//! let carriers = Carriers::built_in();
//!
//! let draft: ShipmentDraft = serde_json::from_str(r#"{
//!     "shipper": { "country_code": "US", "postal_code": "94105" },
//!     "recipient": { "country_code": "CA", "postal_code": "k1a 0b1" },
//!     "parcels": [{ "weight": 1.5, "weight_unit": "KG" }]
//! }"#)?;
//! let parts = draft.parse(now, &mut rng)?;
//! let rates = parts.rate((&carriers, &sheets), true, now, &mut rng);
//! let shipment = Shipment::new(parts, rates, (true, Default::default()), now, &mut rng);
//!
//! let choice = PurchaseDraft { service: Some("standard_service".into()), ..PurchaseDraft::default() };
//! let (shipment, tracker) = shipment.purchase(choice, &carriers, now, &mut rng)?;
//! assert!(label::render(&shipment, LabelType::Pdf)?.starts_with(b"%PDF-"));
//! assert_eq!(shipment.follow(TrackerStatus::Delivered, now).status().as_str(), "delivered");
//! # let _ = tracker;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # To add a carrier
//!
//! Implement [`carrier::Carrier`] and hand it to [`carrier::Carriers::with`]. Rate sheets whose `carrier_name` is its name are
//! then quoted, booked and labelled by it.

#![deny(missing_docs)]

pub mod address;
pub mod carrier;
pub mod country;
pub mod customs;
pub mod fault;
pub mod id;
pub mod label;
pub mod number;
pub mod parcel;
pub mod rate;
pub mod rating;
pub mod sheet;
pub mod shipment;
pub mod shipment_state;
pub mod text;
pub mod time;
pub mod tracker;
pub mod unit;
pub mod word;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests;
