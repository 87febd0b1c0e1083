//! Shipments as they are read from what is kept.

use serde::Deserialize;

use super::{Shipment, ShipmentParts};
use crate::{
    address::Address,
    customs::{Customs, Payment},
    id::ShipmentId,
    parcel::Parcel,
    rate::{Message, Rate, Rates},
    shipment_state::{LabelType, Progress, Purchase, State},
    text::Object,
    time::Moment,
};

/// The members of a shipment side by side. A struct that is flattened into another, or an enum that is told by a member, is read by way
/// of a tree of everything around it, which takes twice as long: much, where a page has a hundred shipments.
#[derive(Deserialize)]
pub(super) struct Stored {
    id: ShipmentId,
    test_mode: bool,
    shipper: Address,
    recipient: Address,
    return_address: Option<Address>,
    billing_address: Option<Address>,
    parcels: Vec<Parcel>,
    customs: Option<Customs>,
    payment: Payment,
    options: Object,
    services: Vec<String>,
    carrier_ids: Vec<String>,
    reference: Option<String>,
    order_id: Option<String>,
    label_type: LabelType,
    is_return: bool,
    metadata: Object,
    state: Name,
    purchase: Option<Purchase>,
    progress: Option<Progress>,
    rates: Vec<Rate>,
    messages: Vec<Message>,
    meta: Object,
    created_at: Moment,
    updated_at: Moment,
}

/// Which [`State`] it is.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Draft,
    Bought,
    Cancelled,
}

impl TryFrom<Stored> for Shipment {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let state = match (stored.state, stored.purchase, stored.progress) {
            (Name::Draft, ..) => State::Draft,
            (Name::Bought, Some(purchase), Some(progress)) => State::Bought { purchase, progress },
            (Name::Bought, ..) => return Err("a shipment that is bought has a purchase and its progress"),
            (Name::Cancelled, purchase, _) => State::Cancelled { purchase },
        };
        let parts = ShipmentParts {
            shipper: stored.shipper,
            recipient: stored.recipient,
            return_address: stored.return_address,
            billing_address: stored.billing_address,
            parcels: stored.parcels,
            customs: stored.customs,
            payment: stored.payment,
            options: stored.options,
            services: stored.services,
            carrier_ids: stored.carrier_ids,
            reference: stored.reference,
            order_id: stored.order_id,
            label_type: stored.label_type,
            is_return: stored.is_return,
            metadata: stored.metadata,
        };
        Ok(Self {
            id: stored.id,
            test_mode: stored.test_mode,
            parts,
            state,
            rates: Rates { rates: stored.rates, messages: stored.messages },
            meta: stored.meta,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        })
    }
}
