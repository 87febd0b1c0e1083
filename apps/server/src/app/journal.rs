//! The revocation journal: what is out of service, kept outside the database, so that an older copy of the database does not bring
//! it back.

use std::path::Path;

use mgmt_core::{
    account::{Actor, OrganizationState},
    id::{KeyId, OrganizationId},
    key::{ApiKey, KeyState, KeyStatus},
    secret::KeyMaterial,
    time::Timestamp,
};
use mgmt_store::KeyFilter;
use serde::{Deserialize, Serialize};

use super::{Deed, Origin, Work, sealed};
use crate::{cli::Failure, error::ApiError};

/// Rows that are read at once.
const PAGE: i64 = 500;
/// What the seal of a journal is for.
const PURPOSE: &str = "mgmt revocation journal 1";

/// What was out of service at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    /// Nothing that came later is in it.
    pub(crate) made_at: Timestamp,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Head {
    made_at: Timestamp,
}

/// One thing that is out of service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    /// A key that was revoked, or that its successor has replaced.
    KeyRevoked { id: KeyId, at: Timestamp, reason: Option<String> },
    /// A key that is paused.
    KeySuspended { id: KeyId },
    /// An organization that is paused.
    OrganizationSuspended { id: OrganizationId },
}

impl Journal {
    /// Collects what is out of service.
    pub(crate) fn collect(work: &mut Work<'_>) -> Result<Self, ApiError> {
        let mut entries = Vec::new();
        for organization in organizations(work)? {
            let found = work.tx.organizations().find(organization)?;
            if found.is_some_and(|o| o.state == OrganizationState::Suspended) {
                entries.push(Entry::OrganizationSuspended { id: organization });
            }
            each_key(work, organization, |work, key| {
                entries.extend(Entry::of(key, work.now));
                Ok(())
            })?;
        }
        Ok(Self { made_at: work.now, entries })
    }

    /// Writes the journal to a file, in place of what was there.
    pub(crate) fn write(&self, path: &Path, key: &KeyMaterial) -> Result<(), Failure> {
        let head = serde_json::to_string(&Head { made_at: self.made_at });
        let entries = self.entries.iter().map(serde_json::to_string);
        let lines: Result<Vec<_>, _> = std::iter::once(head).chain(entries).collect();
        sealed::write(path, key, PURPOSE, &lines.map_err(Failure::new)?)
    }

    /// Reads a journal from a file.
    ///
    /// # Errors
    /// It was altered, or is not a journal of this installation.
    pub(crate) fn read(path: &Path, key: &KeyMaterial) -> Result<Self, Failure> {
        let lines = sealed::read(path, key, PURPOSE)?;
        let (head, entries) = lines.split_first().ok_or_else(|| Failure::new("the journal is empty"))?;
        let head: Head = serde_json::from_str(head).map_err(Failure::new)?;
        let entries: Result<_, _> = entries.iter().map(|line| serde_json::from_str(line)).collect();
        Ok(Self { made_at: head.made_at, entries: entries.map_err(Failure::new)? })
    }

    /// Takes out of service what the journal names; how many changed.
    pub(crate) fn apply(&self, work: &mut Work<'_>) -> Result<usize, ApiError> {
        let mut changed = 0;
        for entry in &self.entries {
            changed += usize::from(entry.apply(work)?);
        }
        Ok(changed)
    }
}

impl Entry {
    fn of(key: &ApiKey, now: Timestamp) -> Option<Self> {
        let id = key.id;
        match (&key.state, key.status(now)) {
            (KeyState::Revoked { at, reason, .. }, _) => Some(Self::KeyRevoked { id, at: *at, reason: reason.clone() }),
            (_, KeyStatus::Revoked) => Some(Self::KeyRevoked { id, at: now, reason: Some("rotated".to_owned()) }),
            (_, KeyStatus::Suspended) => Some(Self::KeySuspended { id }),
            (_, KeyStatus::Active | KeyStatus::Expired) => None,
        }
    }

    /// Whether it changed anything. What the database does not know needs nothing: it cannot be used.
    fn apply(&self, work: &mut Work<'_>) -> Result<bool, ApiError> {
        let now = work.now;
        match self {
            Self::KeyRevoked { id, at, reason } => {
                let Some(key) = work.tx.keys().find_any(*id)? else { return Ok(false) };
                revoke(work, &key, reason.clone(), (*at).min(now))
            }
            Self::KeySuspended { id } => {
                let Some(key) = work.tx.keys().find_any(*id)? else { return Ok(false) };
                match key.clone().suspend(now) {
                    Ok(next) => replace(work, &key, &next, "api_key.suspended"),
                    // Revoked or expired by now, which is more.
                    Err(_) => Ok(false),
                }
            }
            Self::OrganizationSuspended { id } => {
                let Some(before) = work.tx.organizations().find(*id)? else { return Ok(false) };
                let after = before.suspend(now)?;
                if after.version == before.version {
                    return Ok(false);
                }
                work.tx.organizations().update(&after)?;
                work.invalidate_organization(*id);
                note(work, *id, id.to_string(), "organization.suspended")?;
                Ok(true)
            }
        }
    }
}

/// Revokes every key that was used at `since` or later; how many.
pub(crate) fn revoke_used_since(work: &mut Work<'_>, since: Timestamp) -> Result<usize, ApiError> {
    let mut revoked = 0;
    for organization in organizations(work)? {
        each_key(work, organization, |work, key| {
            if key.last_used_at.is_some_and(|at| at >= since) {
                let now = work.now;
                revoked += usize::from(revoke(work, key, Some("used since the backup".to_owned()), now)?);
            }
            Ok(())
        })?;
    }
    Ok(revoked)
}

/// Ends what a copy of a database would bring back: every session, and every window in which a secret can be fetched.
pub(crate) fn end_sessions(work: &mut Work<'_>) -> Result<usize, ApiError> {
    let (now, mut ended) = (work.now, 0);
    for organization in organizations(work)? {
        let mut before = None;
        loop {
            let page = work.tx.memberships().list(organization, before, PAGE)?;
            for member in &page {
                ended += work.tx.sessions().revoke_of_user(member.user_id, None, now)?;
            }
            before = page.last().map(|m| m.user_id);
            if before.is_none() {
                break;
            }
        }
        each_key(work, organization, |work, key| {
            work.tx.reveals().delete(key.id)?;
            Ok(())
        })?;
    }
    Ok(ended)
}

fn organizations(work: &mut Work<'_>) -> Result<Vec<OrganizationId>, ApiError> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = work.tx.organizations().list(before, PAGE)?;
        before = page.last().map(|o| o.id);
        all.extend(page.iter().map(|o| o.id));
        if before.is_none() {
            return Ok(all);
        }
    }
}

fn each_key(
    work: &mut Work<'_>,
    organization: OrganizationId,
    mut visit: impl FnMut(&mut Work<'_>, &ApiKey) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let mut before = None;
    loop {
        let page = work.tx.keys().list(organization, KeyFilter::default(), work.now, before, PAGE)?;
        for key in &page {
            visit(work, key)?;
        }
        before = page.last().map(|k| k.id);
        if before.is_none() {
            return Ok(());
        }
    }
}

fn revoke(work: &mut Work<'_>, key: &ApiKey, reason: Option<String>, at: Timestamp) -> Result<bool, ApiError> {
    let next = key.clone().revoke(reason, at);
    replace(work, key, &next, "api_key.revoked")
}

fn replace(work: &mut Work<'_>, before: &ApiKey, after: &ApiKey, action: &str) -> Result<bool, ApiError> {
    if after.version == before.version {
        return Ok(false);
    }
    work.tx.keys().update(after)?;
    work.tx.reveals().delete(after.id)?;
    work.invalidate(after.id);
    note(work, after.organization_id, after.id.to_string(), action)?;
    Ok(true)
}

fn note(work: &mut Work<'_>, organization_id: OrganizationId, target: String, action: &str) -> Result<(), ApiError> {
    let origin = Origin { actor: Actor::System, organization_id, address: None, request_id: None };
    work.audit(&origin, Deed { action, target, before: None, after: None })
}
