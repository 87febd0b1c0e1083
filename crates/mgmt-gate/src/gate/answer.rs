//! What a gate says.

use std::sync::Arc;

use mgmt_core::{
    access::Denial,
    id::KeyId,
    limit::Standing,
    quota::{Quota, QuotaStanding},
};

use crate::{record::KeyRecord, shared::Places, subject::Subject};

/// Where the limits of a key stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standings {
    /// The plan's limit.
    pub plan: Option<Standing>,
    /// The key's own limit.
    pub key: Option<Standing>,
    /// The key's own quota.
    pub quota: Option<QuotaStanding>,
}

impl Standings {
    /// The limit that is closest to refusing.
    #[must_use]
    pub fn tightest(&self) -> Option<Standing> {
        [self.plan, self.key].into_iter().flatten().min_by_key(|s| (s.remaining, u64::MAX - s.reset))
    }
}

/// A key that was let through.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The key.
    pub record: Arc<KeyRecord>,
    /// Where its limits stand after this request.
    pub standings: Standings,
}

/// Why a key was refused.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// It authenticates nobody: malformed, unknown, of the wrong kind, or with a wrong secret.
    Unknown,
    /// It is known, and a rule refuses it.
    Denied(Denial, Admission),
    /// A limit is reached; a request would be accepted after so many whole seconds.
    RateLimited(u64, Admission),
    /// A quota is used up; its period ends after so many whole seconds.
    QuotaExceeded(u64, Admission),
}

/// What must be fetched before the gate can answer.
#[derive(Clone, Debug)]
pub struct Pending(pub(super) Need);

#[derive(Clone, Debug)]
pub(super) enum Need {
    Key(KeyId),
    Units { subject: Arc<Subject>, quota: Quota, cost: u64 },
    Places(Places),
}

impl Pending {
    /// What is fetched: requests with the same value are served by one fetch.
    #[must_use]
    pub fn flight(&self) -> String {
        match &self.0 {
            Need::Key(id) => id.to_string(),
            Need::Units { subject, .. } => format!("units {}", subject.id().quota_row()),
            Need::Places(_) => "places".to_owned(),
        }
    }

    /// The places that must be taken, where windows are shared: then this is not for
    /// [`Gate::resolve`](crate::Gate::resolve) but for [`SharedWindows::take`](crate::SharedWindows::take) and
    /// [`Gate::check_holding`](crate::Gate::check_holding).
    #[must_use]
    pub const fn places(&self) -> Option<&Places> {
        match &self.0 {
            Need::Places(places) => Some(places),
            Need::Key(_) | Need::Units { .. } => None,
        }
    }

    /// Whether every request with the same [`flight`](Self::flight) is answered by one fetch.
    #[must_use]
    pub fn is_shareable(&self) -> bool {
        matches!(self.0, Need::Key(_))
    }
}

/// What the gate says.
#[derive(Clone, Debug)]
pub enum Check {
    /// Let it through. It is counted.
    Accepted(Admission),
    /// Refuse it.
    Refused(Refusal),
    /// [`Gate::resolve`](crate::Gate::resolve) this away from latency-critical threads, then ask again. Nothing is counted yet.
    Pending(Pending),
    /// This node holds no lease: it cannot know. Tell the client to ask again, or another node. Nothing is counted.
    Unleased,
}
