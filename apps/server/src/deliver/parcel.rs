//! What is delivered, and where to: events go to endpoints of an organization, send-outs to webhooks of a project. The loop treats
//! both alike.

use mgmt_core::{
    delivery::{Attempt, Delivery},
    id::{OrganizationId, WebhookId},
    project::{part::PartId, send_out::SendOut},
};

/// Where something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Endpoint {
    /// A webhook of an organization.
    Webhook(WebhookId),
    /// A webhook of a project.
    Project(PartId),
}

impl Endpoint {
    pub(super) const fn webhook(self) -> Option<WebhookId> {
        match self {
            Self::Webhook(id) => Some(id),
            Self::Project(_) => None,
        }
    }

    pub(super) const fn project(self) -> Option<PartId> {
        match self {
            Self::Webhook(_) => None,
            Self::Project(id) => Some(id),
        }
    }
}

/// Something on its way.
#[derive(Clone, Debug)]
pub(super) enum Parcel {
    /// An event on its way to an endpoint.
    Delivery(Delivery),
    /// One on its way to a webhook of a project.
    SendOut(SendOut),
}

impl Parcel {
    /// What no other has: ids of both kinds are universally unique.
    pub(super) const fn number(&self) -> u128 {
        match self {
            Self::Delivery(delivery) => delivery.id.as_u128(),
            Self::SendOut(send_out) => send_out.id.as_u128(),
        }
    }

    pub(super) const fn endpoint(&self) -> Endpoint {
        match self {
            Self::Delivery(delivery) => Endpoint::Webhook(delivery.webhook_id),
            Self::SendOut(send_out) => Endpoint::Project(send_out.webhook_id),
        }
    }

    pub(super) const fn organization(&self) -> OrganizationId {
        match self {
            Self::Delivery(delivery) => delivery.organization_id,
            Self::SendOut(send_out) => send_out.organization_id,
        }
    }
}

/// An attempt that came to its end.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) parcel: Parcel,
    pub(super) attempt: Attempt,
    /// Seconds that the endpoint asked for.
    pub(super) retry_after: Option<u64>,
    /// Whether no answer came in time.
    pub(super) timed_out: bool,
}
