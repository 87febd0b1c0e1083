//! What limits and quotas are counted on: a key's lineage, an organization's traffic, a session. A subject outlives the cached
//! records that point to it, so that a refreshed or evicted record never forgets what was counted.

use std::{collections::HashMap, sync::Arc};

use mgmt_core::{
    id::{KeyId, OrganizationId, SessionId},
    limit::Window,
};
use parking_lot::Mutex;

use crate::quota::Units;

/// Names a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SubjectId {
    /// A key and its successors by rotation.
    Lineage(KeyId),
    /// An organization's management traffic.
    Management(OrganizationId),
    /// An organization's resource traffic, and its quota.
    Resource(OrganizationId),
    /// A session.
    Session(SessionId),
}

impl SubjectId {
    /// The name of the subject's quota row.
    pub(crate) fn quota_row(self) -> String {
        match self {
            Self::Lineage(id) => id.to_string(),
            Self::Management(id) | Self::Resource(id) => id.to_string(),
            Self::Session(id) => id.to_string(),
        }
    }
}

/// What is counted on a subject.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// The moments of the last acceptances.
    pub(crate) window: Window,
    /// Units of a quota that were taken from the store and not used yet.
    pub(crate) units: Units,
}

/// One subject.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) id: SubjectId,
    /// Under one lock, since most requests count on both.
    pub(crate) counts: Mutex<Counts>,
    /// Held while units are fetched and waited for, so that one fetch serves all who wait. Taken before `refill`.
    pub(crate) turn: Mutex<()>,
    /// Held while units move between this node and the store.
    pub(crate) refill: Mutex<()>,
}

/// All subjects that count anything.
#[derive(Debug, Default)]
pub(crate) struct Subjects(Mutex<HashMap<SubjectId, Arc<Subject>>>);

impl Subjects {
    pub(crate) fn get(&self, id: SubjectId) -> Arc<Subject> {
        let mut map = self.0.lock();
        let make = || Subject { id, counts: Mutex::default(), turn: Mutex::default(), refill: Mutex::default() };
        Arc::clone(map.entry(id).or_insert_with(|| Arc::new(make())))
    }

    /// Units that are held for a subject and not used.
    pub(crate) fn unused(&self, id: SubjectId) -> u64 {
        self.0.lock().get(&id).map_or(0, |subject| subject.counts.lock().units.held())
    }

    /// Those who count on a quota's row.
    pub(crate) fn of_row(&self, row: &str) -> Vec<Arc<Subject>> {
        let ids = [
            row.parse().ok().map(SubjectId::Lineage),
            row.parse().ok().map(SubjectId::Management),
            row.parse().ok().map(SubjectId::Resource),
        ];
        let map = self.0.lock();
        ids.into_iter().flatten().filter_map(|id| map.get(&id).cloned()).collect()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Subject>> {
        self.0.lock().values().cloned().collect()
    }

    /// Forgets subjects that nobody points to and that can refuse nobody any more.
    pub(crate) fn sweep(&self, nanos: u64) {
        self.0.lock().retain(|_, subject| {
            if Arc::strong_count(subject) > 1 {
                return true;
            }
            let counts = subject.counts.lock();
            !counts.window.is_idle(nanos) || counts.units.held() > 0
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }
}
