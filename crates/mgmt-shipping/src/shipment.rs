//! Shipments: what a client asks for, and what becomes of it.

mod draft;
mod stored;

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    address::{Address, AddressParts},
    carrier::{Carriers, RateRequest},
    customs::{Customs, CustomsParts, Payment, PaymentDraft},
    fault::{Faults, Invalid, Result},
    id::{RateId, ShipmentId},
    parcel::{CommodityParts, Parcel},
    rate::{Rate, Rates},
    sheet::RateSheet,
    shipment_state::{Forbidden, LabelType, Purchase, ShipmentStatus, State},
    text::{self, Object, merge_patch, optional},
    time::{Day, Moment},
    tracker::{NewTracker, Tracker, TrackerStatus},
};

pub use draft::{PurchaseDraft, RatesDraft, ShipmentDraft};

/// The option that says when it is sent, and its other name. Where they differ, the first one decides.
const SENT_ON: [&str; 2] = ["shipping_date", "shipment_date"];

/// What is asked for, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShipmentParts {
    /// Where it starts.
    pub shipper: Address,
    /// Where it goes.
    pub recipient: Address,
    /// Where it goes back to.
    pub return_address: Option<Address>,
    /// Whom the carrier bills.
    pub billing_address: Option<Address>,
    /// What is sent.
    pub parcels: Vec<Parcel>,
    /// What customs are told.
    pub customs: Option<Customs>,
    /// Who pays.
    pub payment: Payment,
    /// Free options.
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    pub options: Object,
    /// The services to be rated.
    pub services: Vec<String>,
    /// The rate sheets to be used.
    pub carrier_ids: Vec<String>,
    /// The client's own number.
    pub reference: Option<String>,
    /// The number of an order.
    pub order_id: Option<String>,
    /// The format of the label.
    pub label_type: LabelType,
    /// Whether goods go back.
    pub is_return: bool,
    /// Free data.
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    pub metadata: Object,
}

/// A shipment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "stored::Stored")]
pub struct Shipment {
    /// Its id.
    pub id: ShipmentId,
    /// Whether it was made with a test key.
    pub test_mode: bool,
    /// What was asked for.
    #[serde(flatten)]
    pub parts: ShipmentParts,
    /// What became of it.
    #[serde(flatten)]
    pub state: State,
    /// What it can be bought for.
    #[serde(flatten)]
    pub rates: Rates,
    /// More about it, such as the id of the request that made it.
    pub meta: Object,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

/// Why something cannot be done to a shipment.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Its state does not allow it.
    #[error(transparent)]
    State(#[from] Forbidden),
    /// The request is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl ShipmentParts {
    /// The day it is sent.
    #[must_use]
    pub fn day(&self, now: Moment) -> Day {
        let given = |name: &&str| self.options.get(*name).and_then(Value::as_str).and_then(|text| Moment::parse(text).ok());
        SENT_ON.iter().find_map(given).map_or_else(|| usual_day(now), Moment::day)
    }

    /// Rates it by the sheets.
    pub fn rate(
        &self,
        (carriers, sheets): (&Carriers, &[RateSheet]),
        test_mode: bool,
        now: Moment,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Rates {
        let request = RateRequest { parts: self, test_mode, day: self.day(now) };
        carriers.rate(sheets, &request, now, rng)
    }

    /// The same with other services to be rated, or other sheets to be used; what is `None` stays.
    ///
    /// # Errors
    /// Every entry that is no code or slug.
    pub fn narrowed(&self, services: Option<Vec<String>>, carrier_ids: Option<Vec<String>>) -> Result<Self> {
        let mut faults = Faults::default();
        let mut next = self.clone();
        if let Some(services) = services {
            next.services = faults.each("services", services, |s| text::token(&s, 100));
        }
        if let Some(carrier_ids) = carrier_ids {
            next.carrier_ids = faults.each("carrier_ids", carrier_ids, |c| text::token(&c, 64));
        }
        faults.finish(Some(next))
    }

    /// The request that it answers to.
    fn request(&self) -> Object {
        let address = |address: &Address| object(address.parts());
        let mut request = object(self);
        let mut put = |name: &str, value: Value| request.insert(name.to_owned(), value);
        put("shipper", address(&self.shipper).into());
        put("recipient", address(&self.recipient).into());
        for (name, other) in [("return_address", &self.return_address), ("billing_address", &self.billing_address)] {
            put(name, other.as_ref().map(address).into());
        }
        let parcels = self.parcels.iter().map(|parcel| {
            let mut value = object(&parcel.parts);
            value.insert("items".to_owned(), parcel.items().map(object::<CommodityParts>).collect());
            Value::from(value)
        });
        put("parcels", parcels.collect());
        let customs = self.customs.as_ref().map(|customs| {
            let mut value = object::<CustomsParts>(&customs.parts);
            value.insert("commodities".to_owned(), customs.commodities().map(object::<CommodityParts>).collect());
            value
        });
        put("customs", customs.into());
        request
    }
}

/// Drops the day it is sent from a request, if a patch says another one. It stands there by two names, and the patch may say one of them.
fn forget_date(request: &mut Object, patch: &Object) {
    let Some(Value::Object(patched)) = patch.get("options") else { return };
    if let Some(Value::Object(options)) = request.get_mut("options")
        && SENT_ON.iter().any(|name| patched.contains_key(*name))
    {
        SENT_ON.iter().for_each(|name| drop(options.shift_remove(*name)));
    }
}

/// The day that a shipment is sent on where nothing else is said: the next business day, as long as there is one.
fn usual_day(now: Moment) -> Day {
    now.day().next_business_day().unwrap_or_else(|| now.day())
}

fn object<T: Serialize>(value: &T) -> Object {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        // Everything that is written here is an object.
        Ok(_) | Err(_) => Object::new(),
    }
}

impl Shipment {
    /// A draft.
    pub fn new(
        parts: ShipmentParts,
        rates: Rates,
        (test_mode, meta): (bool, Object),
        now: Moment,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Self {
        let id = ShipmentId::new(now, rng);
        Self { id, test_mode, parts, state: State::Draft, rates, meta, created_at: now, updated_at: now }
    }

    /// What clients see of its state.
    #[must_use]
    pub fn status(&self) -> ShipmentStatus {
        self.state.status()
    }

    /// The names of shipper and recipient, for searching.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.parts.shipper.parts().names().chain(self.parts.recipient.parts().names()).collect()
    }

    /// Where it goes.
    #[must_use]
    pub fn destination(&self) -> &AddressParts {
        self.parts.recipient.parts()
    }

    /// The request that this shipment answers to, with a merge patch (RFC 7396) applied. A patch of `metadata` alone is always
    /// allowed; any other needs a draft.
    ///
    /// # Errors
    /// When the state does not allow it.
    pub fn patched(&self, patch: Object) -> Result<Object, Forbidden> {
        if !patch.keys().all(|name| name == "metadata") {
            self.state.demand_draft("changed")?;
        }
        let mut request = self.parts.request();
        forget_date(&mut request, &patch);
        merge_patch(&mut request, patch);
        Ok(request)
    }

    /// The shipment with other parts; a draft is rated anew by `rate`.
    #[must_use]
    pub fn changed(self, parts: ShipmentParts, rate: impl FnOnce(&ShipmentParts) -> Rates, now: Moment) -> Self {
        let rates = if self.status() == ShipmentStatus::Draft { rate(&parts) } else { self.rates };
        Self { parts, rates, updated_at: now, ..self }
    }

    /// Applies a merge patch of the metadata; `null` clears it.
    ///
    /// # Errors
    /// When it is no object, or becomes too large.
    pub fn with_metadata_patched(self, patch: Value, now: Moment) -> Result<Self> {
        let mut metadata = self.parts.metadata.clone();
        match patch {
            Value::Null => metadata.clear(),
            Value::Object(patch) => merge_patch(&mut metadata, patch),
            _ => return Err(Invalid::at("metadata", "must be an object")),
        }
        let metadata = text::object(metadata).map_err(|invalid| invalid.below("metadata"))?;
        Ok(self.with_metadata(metadata, now))
    }

    /// The shipment with other metadata and nothing else.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Object, now: Moment) -> Self {
        if self.parts.metadata != metadata {
            self.parts.metadata = metadata;
            self.updated_at = now;
        }
        self
    }

    /// Rates a draft anew.
    ///
    /// # Errors
    /// When it is none.
    pub fn rated(self, rate: impl FnOnce(&ShipmentParts) -> Rates, now: Moment) -> Result<Self, Forbidden> {
        self.state.demand_draft("rated")?;
        let rates = rate(&self.parts);
        Ok(Self { rates, updated_at: now, ..self })
    }

    /// Buys one of its rates; with the tracker that follows it, where the carrier has one.
    ///
    /// # Errors
    /// When it is no draft, when no rate or more than one is named, or none that it has.
    pub fn purchase(
        mut self,
        draft: PurchaseDraft,
        carriers: &Carriers,
        now: Moment,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(Self, Tracker), Refused> {
        self.state.demand_draft("purchased")?;
        let mut faults = Faults::default();
        let rate = faults.at("", self.choose(draft.selected_rate_id.as_deref(), draft.service.as_deref()));
        let payment = faults.maybe("payment", draft.payment, PaymentDraft::parse);
        let reference = optional(&mut faults, "reference", draft.reference, 100);
        let metadata = draft.metadata.map(|patch| {
            let mut merged = self.parts.metadata.clone();
            merge_patch(&mut merged, patch);
            merged
        });
        let metadata = faults.maybe("metadata", metadata, text::object);
        let rate = faults.finish(rate)?;
        let parts = &mut self.parts;
        parts.payment = payment.unwrap_or_else(|| parts.payment.clone());
        parts.reference = reference.or_else(|| parts.reference.take());
        parts.metadata = metadata.unwrap_or_else(|| std::mem::take(&mut parts.metadata));
        parts.label_type = draft.label_type.unwrap_or(parts.label_type);
        let booking = carriers.find(&rate.carrier_name).book(&self, &rate, &mut &mut *rng);
        let tracker = Tracker::new(
            NewTracker {
                tracking_number: booking.tracking_number.clone(),
                carrier_name: rate.carrier_name.clone(),
                carrier_id: rate.carrier_id.clone(),
                info: Object::new(),
                metadata: Object::new(),
                meta: Object::new(),
                shipment_id: Some(self.id),
                estimated_delivery: rate.estimated_delivery,
            },
            self.test_mode,
            now,
            rng,
        );
        let purchase = Purchase {
            tracking_number: booking.tracking_number,
            shipment_identifier: booking.shipment_identifier,
            tracking_url: booking.tracking_url,
            tracker_id: Some(tracker.id),
            rate,
        };
        Ok((Self { state: self.state.buy(purchase)?, updated_at: now, ..self }, tracker))
    }

    /// The rate that is named, by its id or its service. Rates are sorted, so that the first of a service is its cheapest.
    fn choose(&self, id: Option<&str>, service: Option<&str>) -> Result<Rate> {
        let named = |field, rate: Option<&Rate>| {
            let reason = "must be one of this shipment's `rates`";
            rate.cloned().ok_or_else(|| Invalid::at(field, reason))
        };
        let by_id = |id: &str| {
            let id = id.parse::<RateId>().ok();
            named("selected_rate_id", self.rates.rates.iter().find(|rate| Some(rate.id) == id))
        };
        let by_service = |code: &str| named("service", self.rates.rates.iter().find(|rate| rate.service == code));
        match (id, service) {
            (Some(id), None) => by_id(id),
            (None, Some(code)) => by_service(code),
            (Some(id), Some(code)) => {
                let rate = by_id(id)?;
                named("service", Some(&rate).filter(|rate| rate.service == code))
            }
            (None, None) => Err(Invalid::at("selected_rate_id", "This field is required, or else `service`")),
        }
    }

    /// Cancels it.
    ///
    /// # Errors
    /// When it is on its way.
    pub fn cancel(self, now: Moment) -> Result<Self, Forbidden> {
        if self.status() == ShipmentStatus::Cancelled {
            return Ok(self);
        }
        Ok(Self { state: self.state.cancel()?, updated_at: now, ..self })
    }

    /// Follows its tracker.
    #[must_use]
    pub fn follow(self, tracker: TrackerStatus, now: Moment) -> Self {
        let before = self.status();
        let next = Self { state: self.state.follow(tracker), ..self };
        if next.status() == before { next } else { Self { updated_at: now, ..next } }
    }

    /// Forgets its tracker.
    #[must_use]
    pub fn untracked(self, now: Moment) -> Self {
        Self { state: self.state.tracked_by(None), updated_at: now, ..self }
    }
}
