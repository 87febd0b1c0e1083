//! Endpoints, events, and events on their way.

use mgmt_core::{
    account::Actor,
    delivery::{Delivery, DeliveryStatus, Health},
    event::{Event, EventType},
    id::{DeliveryId, EventId, OrganizationId, WebhookId},
    time::Timestamp,
    webhook::Webhook,
};

use crate::error::Result;

/// Endpoints that events are sent to.
pub trait Webhooks {
    /// Adds one, with an empty queue.
    fn insert(&mut self, webhook: &Webhook) -> Result<()>;
    /// One of an organization.
    fn find(&mut self, organization: OrganizationId, id: WebhookId) -> Result<Option<Webhook>>;
    /// One of any organization, for delivery only.
    fn find_any(&mut self, id: WebhookId) -> Result<Option<Webhook>>;
    /// Newest first, `limit` at most, those before `before` if given.
    fn list(&mut self, organization: OrganizationId, before: Option<WebhookId>, limit: i64) -> Result<Vec<Webhook>>;
    /// An organization's that are switched on.
    fn list_active(&mut self, organization: OrganizationId) -> Result<Vec<Webhook>>;
    /// Those that somebody made, newest first.
    fn list_of_maker(&mut self, organization: OrganizationId, maker: Actor) -> Result<Vec<Webhook>>;
    /// How many an organization has.
    fn count(&mut self, organization: OrganizationId) -> Result<i64>;
    /// Replaces one that was read with `webhook.version - 1`. `Conflict` when it has another version by now.
    fn update(&mut self, webhook: &Webhook) -> Result<()>;
    /// Removes one with its queue; `false` when there is none.
    fn delete(&mut self, organization: OrganizationId, id: WebhookId) -> Result<bool>;
}

/// What the deliveries of an endpoint have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Whose.
    pub webhook_id: WebhookId,
    /// No delivery is tried before.
    pub paused_until: Timestamp,
    /// Attempts in a row that got no answer in time.
    pub timeouts: i64,
    /// Whether it is to be given up.
    pub health: Health,
}

/// How the deliveries of endpoints fare.
pub trait WebhookQueues {
    /// Waits until no other transaction hands deliveries out, then is the only one to do so until the end.
    fn lock(&mut self) -> Result<()>;
    /// Endpoints with a delivery that is due at `now` and no pause, those that wait longest first, without `except`, `limit` at
    /// most.
    fn due(&mut self, now: Timestamp, except: &[WebhookId], limit: i64) -> Result<Vec<WebhookId>>;
    /// Notes that a delivery is due at `at`.
    fn note_due(&mut self, webhook: WebhookId, at: Timestamp) -> Result<()>;
    /// Reads anew when the next delivery is due.
    fn settle(&mut self, webhook: WebhookId) -> Result<()>;
    /// One endpoint's; `None` when there is no such endpoint.
    fn find(&mut self, webhook: WebhookId) -> Result<Option<Queue>>;
    /// Replaces an endpoint's pause and health; nothing happens when it is gone.
    fn update(&mut self, queue: &Queue) -> Result<()>;
}

/// Which events to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only of these types; all when empty.
    pub types: Vec<EventType>,
}

/// An event without deliveries.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingEvent {
    /// The event.
    pub event: Event,
    /// The one endpoint that it is a sample for.
    pub only: Option<WebhookId>,
}

/// What happened: the outbox, and the log of events.
pub trait Events {
    /// Adds one that waits for its deliveries, if its organization has endpoints, active or not. A sample for `only` one endpoint is in no list.
    fn push(&mut self, event: &Event, only: Option<WebhookId>) -> Result<()>;
    /// By id, samples too.
    fn find(&mut self, id: EventId) -> Result<Option<Event>>;
    /// Those of these ids that there are, samples too, in any order.
    fn find_all(&mut self, ids: &[EventId]) -> Result<Vec<Event>>;
    /// An organization's, newest first, `limit` at most, those before `before` if given.
    fn list(
        &mut self,
        organization: OrganizationId,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: i64,
    ) -> Result<Vec<Event>>;
    /// Those that wait for their deliveries, `limit` at most.
    fn waiting(&mut self, limit: i64) -> Result<Vec<WaitingEvent>>;
    /// Notes that these have their deliveries.
    fn dispatched(&mut self, ids: &[EventId]) -> Result<()>;
    /// Forgets at most `most` of those that happened before `before`.
    fn delete_before(&mut self, before: Timestamp, most: i64) -> Result<usize>;
}

/// A node's right to try deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// A mark that nobody else has.
    pub mark: String,
    /// From then on others may try them.
    pub until: Timestamp,
}

/// Events on their way to endpoints.
pub trait Deliveries {
    /// Adds many.
    fn insert(&mut self, deliveries: &[Delivery]) -> Result<()>;
    /// One of an endpoint.
    fn find(&mut self, webhook: WebhookId, id: DeliveryId) -> Result<Option<Delivery>>;
    /// An endpoint's, newest first, `limit` at most, those before `before` if given.
    fn list(
        &mut self,
        webhook: WebhookId,
        status: Option<DeliveryStatus>,
        before: Option<DeliveryId>,
        limit: i64,
    ) -> Result<Vec<Delivery>>;
    /// Takes a lease on an endpoint's deliveries that are due at `now`, the earliest first, `limit` at most. Only under
    /// [`WebhookQueues::lock`].
    fn claim(&mut self, webhook: WebhookId, now: Timestamp, lease: &Lease, limit: i64) -> Result<Vec<Delivery>>;
    /// Writes what became of deliveries, of those that are still under the lease with this mark, and ends the lease: the ids of these, in
    /// any order. No delivery may be named twice.
    fn finish(&mut self, deliveries: &[Delivery], mark: &str) -> Result<Vec<DeliveryId>>;
    /// Ends all leases: nobody tries anything now. For a database that only one process uses.
    fn release_all(&mut self, now: Timestamp) -> Result<usize>;
    /// Gives up all of an endpoint's deliveries that wait. What is being tried ends as it ends.
    fn stop(&mut self, webhook: WebhookId) -> Result<usize>;
    /// Begins a new round at `now` for one that is not being tried; `false` when there is none such.
    fn repeat(&mut self, webhook: WebhookId, id: DeliveryId, now: Timestamp) -> Result<bool>;
    /// Begins a new round at `now` for at most `most` failed and dead ones that were made at `since` or later; how many.
    fn repeat_since(&mut self, webhook: WebhookId, since: Timestamp, now: Timestamp, most: i64) -> Result<usize>;
    /// Forgets at most `most` of those that were made before `before`.
    fn delete_before(&mut self, before: Timestamp, most: i64) -> Result<usize>;
}
