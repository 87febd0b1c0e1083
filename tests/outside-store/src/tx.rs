//! One transaction, and the two ways by which all of the traits' methods go into it: to look and to write.

use std::time::Instant;

use mgmt_store::{
    Audit, Deliveries, Events, ForeignHashes, Idempotency, Invalidations, Invitations, Keys, Memberships, Mode, NodeLeases,
    Organizations, PasswordResets, ProjectMembers, ProjectParts, Projects, Quotas, RateSheets, RefreshTokens, Result, Reveals,
    SendOuts, Sessions, Settings, Shipments, StoreError, Throttles, Trackers, Tx, Usage, Users, WebhookQueues, Webhooks,
};

use crate::state::State;

/// Why a statement failed, and with it its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A unique value exists already, or something that is referred to does not.
    Conflict(&'static str),
    /// What the caller has seen earlier is not there any more: the transaction is run again.
    Collision,
    /// A reading transaction tried to write.
    ReadOnly,
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Conflict(what) => Self::Conflict(what),
            Fault::Collision => Self::Conflict("transaction"),
            Fault::ReadOnly => Self::Backend("a reading transaction tried to write".to_owned()),
        }
    }
}

/// A transaction: a copy of everything, which replaces the original at the end or is dropped.
pub(crate) struct MemoryTx {
    pub(crate) state: State,
    pub(crate) fault: Option<Fault>,
    mode: Mode,
    opened_at: Instant,
}

impl MemoryTx {
    pub(crate) fn new(state: State, mode: Mode, opened_at: Instant) -> Self {
        Self { state, fault: None, mode, opened_at }
    }

    /// Reads.
    ///
    /// # Errors
    /// `Backend` when an earlier statement has failed: what callers may do after that must not depend on the store.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> Result<T> {
        match self.fault {
            Some(_) => Err(StoreError::Backend("an earlier statement of the transaction failed".to_owned())),
            None => Ok(look(&self.state)),
        }
    }

    /// Reads and writes. A failure spoils the transaction, so that what `work` has done before it is never kept.
    ///
    /// # Errors
    /// As [`look`](Self::look), what `work` fails with, and `Backend` in a reading transaction.
    pub(crate) fn write<T>(&mut self, work: impl FnOnce(&mut State) -> Result<T, Fault>) -> Result<T> {
        self.look(|_| ())?;
        let done = if self.mode == Mode::Write { work(&mut self.state) } else { Err(Fault::ReadOnly) };
        done.map_err(|fault| {
            self.fault = Some(fault);
            fault.into()
        })
    }

    /// The store's own time: milliseconds since it was opened.
    pub(crate) fn clock_millis(&self) -> i64 {
        i64::try_from(self.opened_at.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// The answer to an update that keeps to a version. It is no failure: the transaction may go on.
pub(crate) fn guarded(done: bool, what: &'static str) -> Result<()> {
    if done { Ok(()) } else { Err(StoreError::Conflict(what)) }
}

macro_rules! implement_tx {
    ($($name:ident: $table:ident),+ $(,)?) => {
        impl Tx for MemoryTx {
            $(fn $name(&mut self) -> &mut dyn $table {
                self
            })+
        }
    };
}

implement_tx! {
    organizations: Organizations,
    users: Users,
    memberships: Memberships,
    invitations: Invitations,
    password_resets: PasswordResets,
    sessions: Sessions,
    refresh_tokens: RefreshTokens,
    keys: Keys,
    foreign_hashes: ForeignHashes,
    projects: Projects,
    project_members: ProjectMembers,
    project_parts: ProjectParts,
    reveals: Reveals,
    idempotency: Idempotency,
    quotas: Quotas,
    usage: Usage,
    invalidations: Invalidations,
    node_leases: NodeLeases,
    audit: Audit,
    rate_sheets: RateSheets,
    shipments: Shipments,
    trackers: Trackers,
    throttles: Throttles,
    settings: Settings,
    webhooks: Webhooks,
    webhook_queues: WebhookQueues,
    events: Events,
    deliveries: Deliveries,
    send_outs: SendOuts,
}
