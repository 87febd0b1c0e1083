//! All tables.

use mgmt_core::{
    account::{Membership, Organization, User},
    audit::{ChainHead, ChainedEntry},
    delivery::Delivery,
    foreign::ForeignHash,
    id::{DeliveryId, EventId, InvitationId, KeyId, OrganizationId, ProjectId, SendOutId, SessionId, UserId, WebhookId},
    invitation::{Invitation, PasswordReset},
    key::ApiKey,
    lease::Holder,
    project::{Project, member::ProjectMember, part::PartId, send_out::SendOut},
    reveal::{Reveal, WrappedBucketKey},
    session::{RefreshToken, Session},
    time::Timestamp,
    usage::UsageCount,
    webhook::Webhook,
};
use mgmt_shipping::{
    id::{RateSheetId, ShipmentId, TrackerId},
    sheet::RateSheet,
    shipment::Shipment,
    tracker::Tracker,
};
use mgmt_store::{IdempotencyRecord, Invalidation, PartRecord, Throttle};

use crate::{
    events::EventRow,
    jobs::Job,
    keys::Notice,
    quotas::{Mark, MarkKey, Period, Used},
    shipping::Kept,
    table::Table,
    usage::CountKey,
    webhooks::QueueRow,
};

/// Everything. A copy costs a pointer a table: see [`Table`].
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) organizations: Table<OrganizationId, Organization>,
    pub(crate) users: Table<UserId, User>,
    pub(crate) memberships: Table<(OrganizationId, UserId), Membership>,
    pub(crate) invitations: Table<InvitationId, Invitation>,
    pub(crate) password_resets: Table<UserId, PasswordReset>,
    pub(crate) sessions: Table<SessionId, Session>,
    /// By the bytes of their hashes.
    pub(crate) refresh_tokens: Table<Vec<u8>, RefreshToken>,
    pub(crate) keys: Table<KeyId, ApiKey>,
    pub(crate) expiry_notices: Table<KeyId, Notice>,
    pub(crate) foreign_hashes: Table<KeyId, ForeignHash>,
    pub(crate) projects: Table<ProjectId, Project>,
    pub(crate) project_members: Table<(ProjectId, UserId), ProjectMember>,
    pub(crate) project_parts: Table<PartId, PartRecord>,
    pub(crate) reveals: Table<KeyId, Reveal>,
    pub(crate) bucket_keys: Table<i64, WrappedBucketKey>,
    pub(crate) idempotency: Table<String, IdempotencyRecord>,
    pub(crate) quotas: Table<(String, Period), Used>,
    pub(crate) quota_marks: Table<MarkKey, Mark>,
    pub(crate) usage_counts: Table<CountKey, UsageCount>,
    /// When each batch was added.
    pub(crate) usage_batches: Table<String, Timestamp>,
    /// With the time that each was added.
    pub(crate) invalidations: Table<i64, (Invalidation, Timestamp)>,
    /// The last number of the journal, whether its change is still there or not.
    pub(crate) invalidations_head: i64,
    pub(crate) node_leases: Table<String, Holder>,
    pub(crate) audit: Table<(OrganizationId, i64), ChainedEntry>,
    pub(crate) audit_heads: Table<OrganizationId, ChainHead>,
    pub(crate) throttles: Table<String, Throttle>,
    pub(crate) settings: Table<String, String>,
    pub(crate) webhooks: Table<WebhookId, Webhook>,
    pub(crate) webhook_queues: Table<WebhookId, QueueRow>,
    pub(crate) events: Table<EventId, EventRow>,
    pub(crate) deliveries: Table<DeliveryId, Job<Delivery>>,
    pub(crate) send_outs: Table<SendOutId, Job<SendOut>>,
    pub(crate) rate_sheets: Table<RateSheetId, Kept<RateSheet>>,
    /// Organizations that were given the sheet that every one starts with.
    pub(crate) rate_sheet_starts: Table<OrganizationId, ()>,
    pub(crate) shipments: Table<ShipmentId, Kept<Shipment>>,
    pub(crate) trackers: Table<TrackerId, Kept<Tracker>>,
}
