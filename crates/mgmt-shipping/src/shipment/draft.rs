//! What a client sends of a shipment.

use rand_core::CryptoRng;
use serde::Deserialize;
use serde_json::Value;

use super::{SENT_ON, ShipmentParts, usual_day};
use crate::{
    address::AddressDraft,
    customs::{CustomsDraft, PaymentDraft},
    fault::{Faults, Result},
    id::Ids,
    parcel::{ParcelDraft, parcels},
    shipment_state::LabelType,
    text::{self, Object, optional, token},
    time::Moment,
};

/// A shipment as a client sends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShipmentDraft {
    /// Where it starts.
    pub shipper: AddressDraft,
    /// Where it goes.
    pub recipient: AddressDraft,
    /// 1 to 100 parcels.
    pub parcels: Vec<ParcelDraft>,
    /// Where it goes back to.
    pub return_address: Option<AddressDraft>,
    /// Whom the carrier bills.
    pub billing_address: Option<AddressDraft>,
    /// What customs are told.
    pub customs: Option<CustomsDraft>,
    /// Who pays; the sender when left out.
    pub payment: Option<PaymentDraft>,
    /// Free options. `shipping_date` is the day it is sent, and `shipment_date` another name of it; the next business day when both are
    /// left out.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub options: Option<Object>,
    /// A service whose label is bought at once.
    pub service: Option<String>,
    /// The services to be rated; all when left out.
    pub services: Option<Vec<String>>,
    /// The rate sheets to be used, by slug or id; all when left out.
    pub carrier_ids: Option<Vec<String>>,
    /// The client's own number of it.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub reference: Option<String>,
    /// The number of an order.
    #[cfg_attr(feature = "openapi", schema(max_length = 50))]
    pub order_id: Option<String>,
    /// `PDF` when left out.
    pub label_type: Option<LabelType>,
    /// Whether goods go back.
    pub is_return: Option<bool>,
    /// Free data.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub metadata: Option<Object>,
}

/// A shipment to be rated, and not kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "the fields are those of `ShipmentDraft`")]
pub struct RatesDraft {
    pub shipper: AddressDraft,
    pub recipient: AddressDraft,
    pub parcels: Vec<ParcelDraft>,
    pub return_address: Option<AddressDraft>,
    pub billing_address: Option<AddressDraft>,
    pub customs: Option<CustomsDraft>,
    pub payment: Option<PaymentDraft>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub options: Option<Object>,
    pub services: Option<Vec<String>>,
    pub carrier_ids: Option<Vec<String>>,
    pub reference: Option<String>,
    pub is_return: Option<bool>,
}

/// Which rate is bought, and what is said with it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PurchaseDraft {
    /// One of the shipment's rates; or else `service`.
    pub selected_rate_id: Option<String>,
    /// The code of a service: its cheapest rate is bought.
    pub service: Option<String>,
    /// As it was when left out.
    pub label_type: Option<LabelType>,
    /// As it was when left out.
    pub payment: Option<PaymentDraft>,
    /// As it was when left out.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub reference: Option<String>,
    /// Merged into what there is.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub metadata: Option<Object>,
}

impl From<RatesDraft> for ShipmentDraft {
    fn from(draft: RatesDraft) -> Self {
        Self {
            shipper: draft.shipper,
            recipient: draft.recipient,
            parcels: draft.parcels,
            return_address: draft.return_address,
            billing_address: draft.billing_address,
            customs: draft.customs,
            payment: draft.payment,
            options: draft.options,
            service: None,
            services: draft.services,
            carrier_ids: draft.carrier_ids,
            reference: draft.reference,
            order_id: None,
            label_type: None,
            is_return: draft.is_return,
            metadata: None,
        }
    }
}

impl ShipmentDraft {
    /// Judges the draft. The service to be bought at once is judged when the rates are known.
    ///
    /// # Errors
    /// Every field at fault.
    pub fn parse(self, now: Moment, rng: &mut (impl CryptoRng + ?Sized)) -> Result<ShipmentParts> {
        let mut ids = Ids::new(now, rng);
        let mut faults = Faults::default();
        let mut address = |faults: &mut Faults, field, draft: AddressDraft| {
            faults.at(field, draft.parse().map(|parts| parts.with_id(&mut ids)))
        };
        let shipper = address(&mut faults, "shipper", self.shipper);
        let recipient = address(&mut faults, "recipient", self.recipient);
        let return_address = self.return_address.and_then(|a| address(&mut faults, "return_address", a));
        let billing_address = self.billing_address.and_then(|a| address(&mut faults, "billing_address", a));
        let parcels = faults.at("parcels", parcels(self.parcels, &mut ids)).unwrap_or_default();
        let customs = faults.maybe("customs", self.customs, |customs| customs.parse(&mut ids));
        let payment = faults.maybe("payment", self.payment, PaymentDraft::parse).unwrap_or_default();
        let options = faults.at("options", options(self.options.unwrap_or_default(), now)).unwrap_or_default();
        let services = faults.each("services", self.services.unwrap_or_default(), |s| token(&s, 100));
        let carrier_ids = faults.each("carrier_ids", self.carrier_ids.unwrap_or_default(), |c| token(&c, 64));
        let reference = optional(&mut faults, "reference", self.reference, 100);
        let order_id = optional(&mut faults, "order_id", self.order_id, 50);
        let metadata = faults.maybe("metadata", self.metadata, text::object).unwrap_or_default();
        let parts = shipper.zip(recipient).map(|(shipper, recipient)| ShipmentParts {
            shipper,
            recipient,
            return_address,
            billing_address,
            parcels,
            customs,
            payment,
            options,
            services,
            carrier_ids,
            reference,
            order_id,
            label_type: self.label_type.unwrap_or(LabelType::Pdf),
            is_return: self.is_return.unwrap_or(false),
            metadata,
        });
        faults.finish(parts)
    }
}

/// Reads the options: the day it is sent is either given, by one of its names or by both, or the next business day.
fn options(options: Object, now: Moment) -> Result<Object> {
    let mut faults = Faults::default();
    let mut options = text::object(options)?;
    let mut day = |name: &str| match options.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => faults.at(name, Moment::parse(text).map(Moment::day)),
        Some(_) => {
            faults.note(name, "must be a day, such as `2027-01-31`");
            None
        }
    };
    let [first, second] = SENT_ON.map(&mut day);
    let sent = first.or(second).unwrap_or_else(|| usual_day(now)).to_string();
    for name in SENT_ON {
        if options.get(name).is_none_or(Value::is_null) {
            options.insert(name.to_owned(), Value::from(sent.clone()));
        }
    }
    faults.finish(Some(options))
}
