//! The audit log.

use mgmt_core::{
    account::Actor,
    audit::{AuditEntry, ChainHead, ChainedEntry},
    id::OrganizationId,
    time::Timestamp,
};

use crate::error::Result;

/// Which entries of the audit log to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only by this actor.
    pub actor: Option<Actor>,
    /// Only this action.
    pub action: Option<String>,
    /// Only at this time or later.
    pub from: Option<Timestamp>,
    /// Only before this time.
    pub to: Option<Timestamp>,
}

/// The audit log.
pub trait Audit {
    /// Adds an entry at the end of its organization's chain; its number.
    fn append(&mut self, entry: &AuditEntry) -> Result<i64>;
    /// An organization's entries after `seq`, in order, `limit` at most.
    fn list(&mut self, organization: OrganizationId, after: i64, limit: i64) -> Result<Vec<ChainedEntry>>;
    /// An organization's entries that pass the filter, newest first, `limit` at most, those with numbers below `before` if given.
    fn search(
        &mut self,
        organization: OrganizationId,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<ChainedEntry>>;
    /// The end of an organization's chain.
    fn head(&mut self, organization: OrganizationId) -> Result<Option<ChainHead>>;
    /// Keeps the seal of the end of an organization's chain. `Conflict` when there is no chain.
    fn seal(&mut self, organization: OrganizationId, seal: &[u8; 32]) -> Result<()>;
}
