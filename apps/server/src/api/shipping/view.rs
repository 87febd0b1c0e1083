//! What clients see of shipments and trackers.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mgmt_shipping::{
    id::{RateId, ShipmentId, TrackerId},
    rate::{Message, Rate},
    shipment::{Shipment, ShipmentParts},
    shipment_state::{LabelType, ShipmentStatus},
    text::Object,
    time::{Day, Moment},
    tracker::{Event, Tracker, TrackerStatus, whole_info},
    word::ObjectType,
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::object;
use crate::{app::App, error::ApiError};

/// A shipment. What is not known is `null`.
#[derive(Serialize, ToSchema)]
#[schema(as = Shipment)]
pub(crate) struct ShipmentView {
    id: ShipmentId,
    object_type: ObjectType,
    status: ShipmentStatus,
    carrier_name: Option<String>,
    carrier_id: Option<String>,
    tracking_number: Option<String>,
    shipment_identifier: Option<String>,
    tracking_url: Option<String>,
    tracker_id: Option<TrackerId>,
    #[serde(flatten)]
    parts: ShipmentParts,
    /// The service that was bought.
    service: Option<String>,
    selected_rate_id: Option<RateId>,
    selected_rate: Option<Rate>,
    rates: Vec<Rate>,
    messages: Vec<Message>,
    test_mode: bool,
    #[schema(value_type = Object)]
    meta: Object,
    label_url: Option<String>,
    invoice_url: Option<String>,
    shipping_documents: Vec<DocumentView>,
    #[schema(value_type = Option<Object>)]
    return_shipment: Option<Value>,
    is_archived: bool,
    archived_at: Option<Moment>,
    created_at: Moment,
    updated_at: Moment,
}

/// A document of a shipment: where it is, and, in the answer to a purchase, the document itself.
#[derive(Serialize, ToSchema)]
#[schema(as = ShippingDocument)]
pub(crate) struct DocumentView {
    /// `label`.
    category: &'static str,
    format: LabelType,
    url: String,
    /// The document itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// A page of shipments.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShipmentPage {
    /// How many there are in all.
    count: i64,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<ShipmentView>,
}

/// A tracker.
#[derive(Serialize, ToSchema)]
#[schema(as = Tracker)]
pub(crate) struct TrackerView {
    id: TrackerId,
    object_type: ObjectType,
    carrier_name: String,
    carrier_id: String,
    tracking_number: String,
    status: TrackerStatus,
    delivered: bool,
    estimated_delivery: Option<Day>,
    events: Vec<EventView>,
    #[schema(value_type = Object)]
    info: Object,
    messages: Vec<Message>,
    #[schema(value_type = Object)]
    meta: Object,
    #[schema(value_type = Object)]
    metadata: Object,
    /// The shipment that it drives.
    shipment_id: Option<ShipmentId>,
    test_mode: bool,
    delivery_image_url: Option<String>,
    signature_image_url: Option<String>,
    is_archived: bool,
    archived_at: Option<Moment>,
    created_at: Moment,
    updated_at: Moment,
}

/// Something that happened on the way; the newest stands first.
#[derive(Serialize, ToSchema)]
#[schema(as = TrackingEvent)]
pub(crate) struct EventView {
    date: Day,
    #[schema(example = "17:05")]
    time: String,
    #[serde(flatten)]
    event: Event,
}

/// A page of trackers.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrackerPage {
    /// How many there are in all.
    count: i64,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<TrackerView>,
}

/// A shipment as clients see it; `label` goes with it, if given.
pub(super) fn shipment_view(app: &App, shipment: Shipment, label: Option<&[u8]>) -> ShipmentView {
    let purchase = shipment.state.purchase();
    let base = app.config.server.public_url.trim_end_matches('/');
    let label_url = purchase.map(|_| format!("{base}/v1/shipments/{}/documents/label", shipment.id));
    let document = label_url.clone().map(|url| DocumentView {
        category: "label",
        format: shipment.parts.label_type,
        url,
        base64: label.map(|bytes| STANDARD.encode(bytes)),
    });
    ShipmentView {
        id: shipment.id,
        object_type: ObjectType::Shipment,
        status: shipment.status(),
        carrier_name: purchase.map(|p| p.rate.carrier_name.clone()),
        carrier_id: purchase.map(|p| p.rate.carrier_id.clone()),
        tracking_number: purchase.map(|p| p.tracking_number.clone()),
        shipment_identifier: purchase.map(|p| p.shipment_identifier.clone()),
        tracking_url: purchase.and_then(|p| p.tracking_url.clone()),
        tracker_id: purchase.and_then(|p| p.tracker_id),
        service: purchase.map(|p| p.rate.service.clone()),
        selected_rate_id: purchase.map(|p| p.rate.id),
        selected_rate: purchase.map(|p| p.rate.clone()),
        parts: shipment.parts,
        rates: shipment.rates.rates,
        messages: shipment.rates.messages,
        test_mode: shipment.test_mode,
        meta: shipment.meta,
        label_url,
        invoice_url: None,
        shipping_documents: document.into_iter().collect(),
        return_shipment: None,
        is_archived: false,
        archived_at: None,
        created_at: shipment.created_at,
        updated_at: shipment.updated_at,
    }
}

/// A shipment as clients see it, as an object.
pub(super) fn shipment(app: &App, shipment: &Shipment) -> Result<Map<String, Value>, ApiError> {
    object(&shipment_view(app, shipment.clone(), None))
}

/// A shipment that was bought just now, with its label.
pub(super) fn shipment_with_label(app: &App, shipment: &Shipment) -> Result<Map<String, Value>, ApiError> {
    let label = label(app, shipment, shipment.parts.label_type)?;
    object(&shipment_view(app, shipment.clone(), label.as_deref()))
}

/// The label of a shipment; `None` when it was not bought.
pub(super) fn label(app: &App, shipment: &Shipment, format: LabelType) -> Result<Option<Vec<u8>>, ApiError> {
    let Some(purchase) = shipment.state.purchase() else { return Ok(None) };
    let carrier = app.carriers.find(&purchase.rate.carrier_name);
    carrier.label(shipment, format).map(Some).map_err(ApiError::internal)
}

/// A tracker as clients see it, as an object.
pub(super) fn tracker(tracker: &Tracker) -> Result<Map<String, Value>, ApiError> {
    object(&tracker_view(tracker.clone()))
}

/// A tracker as clients see it.
pub(super) fn tracker_view(tracker: Tracker) -> TrackerView {
    let event = |event: Event| EventView { date: event.timestamp.day(), time: event.timestamp.clock(), event };
    TrackerView {
        id: tracker.id,
        object_type: ObjectType::Tracker,
        delivered: tracker.is_delivered(),
        events: tracker.events().into_iter().map(event).collect(),
        carrier_name: tracker.carrier_name,
        carrier_id: tracker.carrier_id,
        tracking_number: tracker.tracking_number,
        status: tracker.status,
        estimated_delivery: tracker.estimated_delivery,
        info: whole_info(&tracker.info),
        messages: Vec::new(),
        meta: tracker.meta,
        metadata: tracker.metadata,
        shipment_id: tracker.shipment_id,
        test_mode: tracker.test_mode,
        delivery_image_url: None,
        signature_image_url: None,
        is_archived: false,
        archived_at: None,
        created_at: tracker.created_at,
        updated_at: tracker.updated_at,
    }
}
