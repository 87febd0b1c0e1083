//! Events on their way to webhooks of projects.

use mgmt_core::{
    delivery::DeliveryStatus,
    id::{OrganizationId, SendOutId},
    project::{part::PartId, send_out::SendOut},
    time::Timestamp,
};

use super::webhooks::Lease;
use crate::error::Result;

/// Which send-outs to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendOutFilter {
    /// Only with this status.
    pub status: Option<DeliveryStatus>,
    /// Only those before this one.
    pub before: Option<SendOutId>,
    /// So many at most.
    pub limit: i64,
}

/// Events on their way to webhooks of projects. Whatever hands them out holds [`WebhookQueues::lock`](super::WebhookQueues::lock).
pub trait SendOuts {
    /// Adds one.
    fn insert(&mut self, send_out: &SendOut) -> Result<()>;
    /// One of a webhook.
    fn find(&mut self, webhook: PartId, id: SendOutId) -> Result<Option<SendOut>>;
    /// A webhook's, newest first.
    fn list(&mut self, webhook: PartId, filter: SendOutFilter) -> Result<Vec<SendOut>>;
    /// Webhooks with one that is due at `now`, and whose they are, those that wait longest first, without `except`, `limit` at most.
    fn due(&mut self, now: Timestamp, except: &[PartId], limit: i64) -> Result<Vec<(PartId, OrganizationId)>>;
    /// Takes a lease on a webhook's that are due at `now`, the earliest first, `limit` at most.
    fn claim(&mut self, webhook: PartId, now: Timestamp, lease: &Lease, limit: i64) -> Result<Vec<SendOut>>;
    /// Writes what became of one, if it is still under the lease with this mark, and ends the lease.
    fn finish(&mut self, send_out: &SendOut, mark: &str) -> Result<bool>;
    /// Ends all leases: nobody tries anything now. For a database that only one process uses.
    fn release_all(&mut self, now: Timestamp) -> Result<usize>;
    /// Gives up all of a webhook's that wait. What is being tried ends as it ends.
    fn stop(&mut self, webhook: PartId) -> Result<usize>;
    /// Begins a new round at `now` for one that is not being tried; `false` when there is none such.
    fn repeat(&mut self, webhook: PartId, id: SendOutId, now: Timestamp) -> Result<bool>;
    /// Forgets at most `most` of those that were made before `before`.
    fn delete_before(&mut self, before: Timestamp, most: i64) -> Result<usize>;
}
