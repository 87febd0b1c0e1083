//! Bodies of the webhook endpoints.

use mgmt_core::{
    delivery::{Attempt, Delivery, DeliveryStatus},
    event::{Event, EventType, Subscriptions},
    id::{DeliveryId, EventId, OrganizationId, WebhookId},
    key_draft::Change,
    time::Timestamp,
    webhook::Webhook,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An endpoint to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateWebhook {
    /// Where to: `https`, with a public name.
    #[schema(example = "https://example.com/hooks", max_length = 2048)]
    pub(super) url: String,
    /// Event names, sets such as `shipment.*`, or `*`.
    #[schema(example = json!(["api_key.*", "quota.threshold_reached"]), min_items = 1, max_items = 100)]
    pub(super) events: Vec<String>,
    /// Whether events are sent; `true` when left out.
    #[schema(nullable)]
    pub(super) active: Option<bool>,
    /// A note for people.
    #[schema(max_length = 200, nullable)]
    pub(super) description: Option<String>,
}

/// A merge patch of an endpoint (RFC 7396): what is left out stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateWebhook {
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2048, nullable = false)]
    pub(super) url: Change<String>,
    /// Replaces the whole list.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, nullable = false)]
    pub(super) events: Change<Vec<String>>,
    /// `true` also lets an endpoint work again that was switched off.
    #[serde(default)]
    #[schema(value_type = Option<bool>, nullable = false)]
    pub(super) active: Change<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub(super) description: Change<String>,
}

/// An endpoint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WebhookView {
    #[schema(value_type = String, example = "whk_019a3c5e7f0070008000000000000001")]
    id: WebhookId,
    url: String,
    #[schema(value_type = Vec<String>)]
    events: Subscriptions,
    active: bool,
    description: Option<String>,
    /// Why the server switched it off: `failing` or `gone`.
    disabled_reason: Option<&'static str>,
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Timestamp>,
    /// Since when nothing was delivered, if the last attempt failed.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// Until when the secret before signs, too.
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_secret_expires_at: Option<Timestamp>,
    #[schema(value_type = String)]
    created_by: mgmt_core::account::Actor,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl WebhookView {
    pub(crate) fn new(webhook: &Webhook, failing_since: Option<Timestamp>) -> Self {
        let settings = &webhook.settings;
        Self {
            id: webhook.id,
            url: settings.url.clone(),
            events: settings.events.clone(),
            active: settings.active,
            description: settings.description.clone(),
            disabled_reason: webhook.disabled.map(|(reason, _)| reason.as_str()),
            disabled_at: webhook.disabled.map(|(_, at)| at),
            failing_since,
            previous_secret_expires_at: webhook.previous.as_ref().map(|(_, until)| *until),
            created_by: webhook.created_by,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }
}

/// A page of endpoints.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookList {
    data: Vec<WebhookView>,
    next_cursor: Option<String>,
}

/// An endpoint with its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookCreated {
    #[serde(flatten)]
    view: WebhookView,
    /// What deliveries are signed with.
    #[schema(example = "whsec_…")]
    secret: String,
}

/// What deliveries are signed with.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookSecretView {
    /// The current secret.
    #[schema(example = "whsec_…")]
    pub(super) secret: String,
    /// Until when the secret before signs, too.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) previous_expires_at: Option<Timestamp>,
}

/// How a secret is replaced.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateSecret {
    /// How long the old secret signs as well: 0 to 604,800 seconds, 86,400 when left out.
    #[schema(minimum = 0, maximum = 604_800, nullable)]
    pub(super) overlap_seconds: Option<u64>,
    /// Ends an earlier overlap that still lasts.
    #[serde(default)]
    pub(super) force: bool,
}

/// Which sample to send.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestWebhook {
    /// The name of an event; the first one of the endpoint's list when left out.
    #[serde(rename = "type")]
    #[schema(example = "api_key.created", nullable)]
    pub(super) event_type: Option<String>,
}

/// From when on to repeat.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecoverWebhook {
    /// Deliveries that were made at this time or later.
    #[schema(value_type = String, format = DateTime)]
    pub(super) since: Timestamp,
}

/// What is repeated.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveredView {
    /// How many deliveries.
    pub(super) recovered: usize,
}

/// A try of a delivery.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttemptView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The status of the answer, if one came.
    status_code: Option<u16>,
    duration_ms: u64,
    /// What went wrong, in a word.
    #[schema(example = "timeout")]
    error: Option<String>,
    /// The first 1,024 bytes of the answer.
    response: Option<String>,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        let Attempt { at, status_code, duration_ms, error, response } = attempt;
        Self { at, status_code, duration_ms, error, response }
    }
}

/// One event on its way to one endpoint.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    #[schema(value_type = String, example = "dlv_019a3c5e7f0070008000000000000001")]
    id: DeliveryId,
    #[schema(value_type = String)]
    webhook_id: WebhookId,
    /// The same in all deliveries and repeats of the event: what `webhook-id` says.
    #[schema(value_type = String)]
    event_id: EventId,
    #[schema(value_type = String, example = "api_key.created")]
    event_type: EventType,
    /// `pending`, `succeeded`, `failed` (and to be repeated) or `dead`.
    #[schema(value_type = String, example = "succeeded")]
    status: DeliveryStatus,
    /// The last 30 tries, oldest first.
    attempts: Vec<AttemptView>,
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            webhook_id: delivery.webhook_id,
            event_id: delivery.event_id,
            event_type: delivery.event_type,
            status: delivery.status,
            attempts: delivery.attempts.into_iter().map(Into::into).collect(),
            next_attempt_at: delivery.next_attempt_at,
            created_at: delivery.created_at,
        }
    }
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryList {
    data: Vec<DeliveryView>,
    next_cursor: Option<String>,
}

/// Which deliveries to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDeliveries {
    /// `pending`, `succeeded`, `failed` or `dead`.
    #[param(pattern = "^(pending|succeeded|failed|dead)$")]
    pub(super) status: Option<String>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<i64>,
    /// From `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
}

/// What happened, as webhooks tell it.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventView {
    #[schema(value_type = String, example = "evt_019a3c5e7f0070008000000000000001")]
    id: EventId,
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "api_key.created")]
    event_type: EventType,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    #[schema(value_type = String)]
    organization_id: OrganizationId,
    /// The object it happened to.
    data: Map<String, Value>,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let Event { id, organization_id, event_type, at, data } = event;
        Self { id, event_type, timestamp: at, organization_id, data }
    }
}

/// A page of events.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventList {
    data: Vec<EventView>,
    next_cursor: Option<String>,
}

/// Which events to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListEvents {
    /// The name of an event, or a set such as `shipment.*`.
    #[serde(rename = "type")]
    #[param(rename = "type", example = "api_key.created")]
    pub(super) event_type: Option<String>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<i64>,
    /// From `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
}
