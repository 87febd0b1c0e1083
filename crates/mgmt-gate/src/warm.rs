//! Reading keys ahead of their first use.

use mgmt_core::{
    account::Organization,
    id::{KeyId, OrganizationId},
    key::ApiKey,
};
use mgmt_store::{KeyCondition, KeyFilter, Result, Tx};

use crate::{clock::Moment, gate::Gate};

/// How many organizations, and about how many keys, are read at once.
const ORGANIZATIONS: i64 = 500;
const KEYS: usize = 2_000;
/// Changed keys that are read in one transaction.
const REREAD: usize = 200;

/// Keys as they are in the store, each with the units used of its quota.
type Keys = Vec<(ApiKey, u64)>;

/// How far the reading is.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The organization that was begun last.
    organization: Option<OrganizationId>,
    /// The last key of it that was read, if there are more.
    key: Option<KeyId>,
}

/// What was read in one transaction.
#[derive(Debug, Default)]
struct Page {
    organizations: Vec<(Organization, Keys)>,
    /// Where the next one begins; `None` when nothing is left.
    next: Option<Place>,
}

impl Gate {
    /// Reads the keys that work into memory, the newest organizations' and keys first, until all are there or the cache is full: how
    /// many. To be called at the start, on a thread of its own. Checks go on meanwhile, and changes are followed as ever. It ends early,
    /// within some thousand keys, when `go_on` says no.
    ///
    /// # Errors
    /// When the store cannot be read. What was read till then is kept.
    pub fn warm(&self, now: Moment, go_on: impl Fn() -> bool) -> Result<usize> {
        let (mut count, mut place) = (0, Place::default());
        loop {
            // Before the store is read, as for every fill.
            let epochs = self.epochs();
            let page = self.store().read("gate.warm", |tx| read_page(tx, place, now))?;
            for (organization, keys) in page.organizations {
                for (key, used) in keys {
                    count += usize::from(self.fill(key, &organization, used, &epochs, now));
                }
            }
            match page.next {
                Some(next) if !self.is_full() && go_on() => place = next,
                _ => return Ok(count),
            }
        }
    }

    /// Reads keys that were in memory until they changed into memory again, so that the next check of them need not wait for the store:
    /// how many. To be called about every 50 ms; without it, checks read them as they need them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn reread(&self, now: Moment) -> Result<usize> {
        let mut count = 0;
        for ids in self.take_changed().chunks(REREAD) {
            let epochs = self.epochs();
            let found = self.store().read("gate.reread", |tx| {
                let missing = ids.iter().filter(|id| self.is_missing(**id, now));
                missing.map(|id| read_key(tx, *id, now)).collect::<Result<Vec<_>>>()
            })?;
            for (organization, key, used) in found.into_iter().flatten() {
                let id = key.id;
                if self.fill(key, &organization, used, &epochs, now) {
                    count += 1;
                } else {
                    self.note_changed(id);
                }
            }
        }
        Ok(count)
    }
}

/// One key with its organization, and the units used of its quota.
pub(crate) fn read_key(tx: &mut dyn Tx, id: KeyId, now: Moment) -> Result<Option<(Organization, ApiKey, u64)>> {
    let Some(key) = tx.keys().find_any(id)? else { return Ok(None) };
    let Some(organization) = tx.organizations().find(key.organization_id)? else { return Ok(None) };
    let used = used(tx, &key, now)?;
    Ok(Some((organization, key, used)))
}

fn used(tx: &mut dyn Tx, key: &ApiKey, now: Moment) -> Result<u64> {
    match key.settings.quota {
        Some(quota) => tx.quotas().used(&key.lineage.to_string(), quota.period.start(now.wall)),
        None => Ok(0),
    }
}

/// Reads on from a place: the rest of an organization, or several ones, as most have few keys.
fn read_page(tx: &mut dyn Tx, place: Place, now: Moment) -> Result<Page> {
    let mut page = Page::default();
    let (organizations, mut before) = match place {
        Place { organization: Some(id), key: Some(key) } => (tx.organizations().find(id)?.into_iter().collect(), Some(key)),
        Place { organization, .. } => (tx.organizations().list(organization, ORGANIZATIONS)?, None),
    };
    // Those that were removed meanwhile are passed over.
    page.next = before.map(|_| Place { key: None, ..place });
    let mut count = 0;
    for organization in organizations {
        let keys = read_keys(tx, organization.id, before.take(), now)?;
        count += keys.len();
        let more = keys.len() >= KEYS;
        page.next = Some(Place { organization: Some(organization.id), key: keys.last().filter(|_| more).map(|(key, _)| key.id) });
        page.organizations.push((organization, keys));
        if more || count >= KEYS {
            break;
        }
    }
    Ok(page)
}

/// The newest keys of an organization, those before `before` if given.
fn read_keys(tx: &mut dyn Tx, organization: OrganizationId, before: Option<KeyId>, now: Moment) -> Result<Keys> {
    let filter = KeyFilter { kind: None, condition: KeyCondition::Active };
    let limit = i64::try_from(KEYS).unwrap_or(i64::MAX);
    let keys = tx.keys().list(organization, filter, now.wall, before, limit)?;
    keys.into_iter().map(|key| used(tx, &key, now).map(|used| (key, used))).collect()
}
