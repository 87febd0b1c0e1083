//! Trackers: what is known of a parcel on its way.

mod draft;

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    fault::{Faults, Result},
    id::{ShipmentId, TrackerId},
    number::Number,
    text::{self, Object, merge_patch, optional},
    time::{Day, Moment, kept_day},
    word::words,
};

pub use draft::{EventDraft, InjectionDraft, TrackerDraft, TrackerPatch};

/// The most events of a tracker.
const MAX_EVENTS: usize = 500;
/// What `info` may hold: texts, each of which may be absent.
const INFO: [&str; 19] = [
    "carrier_tracking_link",
    "customer_name",
    "expected_delivery",
    "note",
    "order_date",
    "order_id",
    "package_weight",
    "package_weight_unit",
    "shipment_package_count",
    "shipment_pickup_date",
    "shipment_delivery_date",
    "shipment_service",
    "shipment_origin_country",
    "shipment_origin_postal_code",
    "shipment_destination_country",
    "shipment_destination_postal_code",
    "shipping_date",
    "signed_by",
    "source",
];

words! {
    /// Where a parcel is.
    TrackerStatus {
        /// Nothing is known yet.
        Pending = "pending",
        /// Handed to the carrier.
        PickedUp = "picked_up",
        /// On its way.
        InTransit = "in_transit",
        /// With the courier.
        OutForDelivery = "out_for_delivery",
        /// With the recipient. Final.
        Delivered = "delivered",
        /// Held.
        OnHold = "on_hold",
        /// Late.
        DeliveryDelayed = "delivery_delayed",
        /// To be fetched.
        ReadyForPickup = "ready_for_pickup",
        /// The recipient was not reached.
        DeliveryFailed = "delivery_failed",
        /// On its way back.
        ReturnToSender = "return_to_sender",
        /// Not to be sent.
        Cancelled = "cancelled",
        /// The carrier says something that is not understood.
        Unknown = "unknown",
    }
}

/// Something that happened on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TrackerEvent))]
pub struct Event {
    /// When.
    pub timestamp: Moment,
    /// Where the parcel was then.
    pub status: Option<TrackerStatus>,
    /// The carrier's code.
    pub code: Option<String>,
    /// Why, by a word such as `consignee_not_home`.
    pub reason: Option<String>,
    /// In words.
    pub description: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// Degrees north.
    pub latitude: Option<Number>,
    /// Degrees east.
    pub longitude: Option<Number>,
}

/// Reported events that were judged well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    events: Vec<Event>,
    status: Option<TrackerStatus>,
    estimated_delivery: Option<Day>,
}

/// A tracker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tracker {
    /// Its id.
    pub id: TrackerId,
    /// Whether it was made with a test key.
    pub test_mode: bool,
    /// The carrier's number.
    pub tracking_number: String,
    /// The carrier.
    pub carrier_name: String,
    /// The slug of the rate sheet, or the carrier's name.
    pub carrier_id: String,
    /// Where the parcel is.
    pub status: TrackerStatus,
    /// The day it is expected.
    #[serde(default, deserialize_with = "kept_day")]
    pub estimated_delivery: Option<Day>,
    /// What was reported, the newest first.
    events: Vec<Event>,
    /// Texts about the parcel.
    pub info: Object,
    /// Free data.
    pub metadata: Object,
    /// What else was given: account number, reference.
    pub meta: Object,
    /// The shipment that it drives.
    pub shipment_id: Option<ShipmentId>,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

/// What a tracker is made of, besides its id.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTracker {
    /// The carrier's number.
    pub tracking_number: String,
    /// The carrier.
    pub carrier_name: String,
    /// The slug of the rate sheet, or the carrier's name.
    pub carrier_id: String,
    /// Texts about the parcel.
    pub info: Object,
    /// Free data.
    pub metadata: Object,
    /// What else was given.
    pub meta: Object,
    /// The shipment that it drives.
    pub shipment_id: Option<ShipmentId>,
    /// The day it is expected.
    pub estimated_delivery: Option<Day>,
}

fn info(object: Object) -> Result<Object> {
    let mut faults = Faults::default();
    let mut clean = Object::new();
    for (name, value) in object {
        match value {
            _ if !INFO.contains(&name.as_str()) => faults.note(name, "This field is not known here"),
            Value::Null => {}
            Value::String(text) => {
                if let Some(line) = optional(&mut faults, &name, Some(text), 250) {
                    clean.insert(name, Value::from(line));
                }
            }
            _ => faults.note(name, "must be a string"),
        }
    }
    faults.finish(Some(clean))
}

/// Every text that `info` may hold, those that are absent as `null`.
#[must_use]
pub fn whole_info(object: &Object) -> Object {
    INFO.iter().map(|name| ((*name).to_owned(), object.get(*name).cloned().unwrap_or_default())).collect()
}

impl Tracker {
    /// A tracker that knows nothing yet.
    pub fn new(new: NewTracker, test_mode: bool, now: Moment, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self {
            id: TrackerId::new(now, rng),
            test_mode,
            tracking_number: new.tracking_number,
            carrier_name: new.carrier_name,
            carrier_id: new.carrier_id,
            status: TrackerStatus::Pending,
            estimated_delivery: new.estimated_delivery,
            events: Vec::new(),
            info: new.info,
            metadata: new.metadata,
            meta: new.meta,
            shipment_id: new.shipment_id,
            created_at: now,
            updated_at: now,
        }
    }

    /// Takes a report over. Events that are known are passed over; what was delivered stays so.
    #[must_use]
    pub fn inject(mut self, injection: Injection, now: Moment) -> Self {
        let before = self.clone();
        for event in injection.events {
            if !self.events.contains(&event) {
                self.events.push(event);
            }
        }
        self.events.sort_by_key(|event| std::cmp::Reverse(event.timestamp));
        self.events.truncate(MAX_EVENTS);
        let newest = self.events.iter().find_map(|event| event.status);
        let moving = (!self.events.is_empty() && self.status == TrackerStatus::Pending).then_some(TrackerStatus::InTransit);
        if self.status != TrackerStatus::Delivered {
            self.status = injection.status.or(newest).or(moving).unwrap_or(self.status);
        }
        self.estimated_delivery = injection.estimated_delivery.or(self.estimated_delivery);
        self.updated_at = if self == before { self.updated_at } else { now };
        self
    }

    /// Applies a merge patch of `info` and `metadata`.
    ///
    /// # Errors
    /// Every field at fault.
    pub fn patched(mut self, patch: TrackerPatch, now: Moment) -> Result<Self> {
        let before = self.clone();
        let mut faults = Faults::default();
        let merged = |mut current: Object, patch: Option<Object>| match patch {
            None => Object::new(),
            Some(patch) => {
                merge_patch(&mut current, patch);
                current
            }
        };
        let info = faults.maybe("info", patch.info, |patch| info(merged(self.info.clone(), patch)));
        let metadata = faults.maybe("metadata", patch.metadata, |patch| text::object(merged(self.metadata.clone(), patch)));
        faults.finish(Some(()))?;
        self.info = info.unwrap_or(self.info);
        self.metadata = metadata.unwrap_or(self.metadata);
        self.updated_at = if self == before { self.updated_at } else { now };
        Ok(self)
    }

    /// Whether it was delivered.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.status == TrackerStatus::Delivered
    }

    /// What happened, the newest first. Where nobody reported that the parcel was picked up, its first transit is told as that.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let mut events = self.events.clone();
        if !events.iter().any(|event| event.status == Some(TrackerStatus::PickedUp))
            && let Some(first) = events.iter_mut().rev().find(|event| event.status == Some(TrackerStatus::InTransit))
        {
            first.status = Some(TrackerStatus::PickedUp);
        }
        events
    }
}
