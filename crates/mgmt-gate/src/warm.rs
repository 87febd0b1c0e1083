//! Reading keys ahead of their first use.

use mgmt_core::{
    account::Organization,
    id::{KeyId, OrganizationId},
    key::ApiKey,
};
use mgmt_store::{KeyCondition, KeyFilter, Result, StoreError};

use crate::{clock::Moment, gate::Gate};

/// How many organizations, and how many keys, are read at once.
const ORGANIZATIONS: i64 = 500;
const KEYS: i64 = 2_000;

/// Keys as they are in the store, each with the units used of its quota.
type Page = (Organization, Vec<(ApiKey, u64)>);

impl Gate {
    /// Reads the keys that work into memory, the newest organizations' and keys first, until all are there or the cache is full: how
    /// many. To be called at the start, on a thread of its own. Checks go on meanwhile, and changes are followed as ever. It ends early,
    /// within some thousand keys, when `go_on` says no.
    ///
    /// # Errors
    /// When the store cannot be read. What was read till then is kept.
    pub fn warm(&self, now: Moment, go_on: impl Fn() -> bool) -> Result<usize> {
        let (mut count, mut after) = (0, None);
        loop {
            let organizations = self.store().read("gate.warm", |tx| tx.organizations().list(after, ORGANIZATIONS))?;
            let Some(last) = organizations.last() else { return Ok(count) };
            after = Some(last.id);
            for organization in &organizations {
                count += self.warm_organization(organization.id, now, &go_on)?;
                if self.is_full() || !go_on() {
                    return Ok(count);
                }
            }
        }
    }

    fn warm_organization(&self, id: OrganizationId, now: Moment, go_on: &impl Fn() -> bool) -> Result<usize> {
        let (mut count, mut before) = (0, None);
        loop {
            // Before the store is read, as for every fill.
            let epochs = self.epochs();
            let Some((organization, keys)) = self.read_page(id, before, now)? else { return Ok(count) };
            let Some((last, _)) = keys.last() else { return Ok(count) };
            before = Some(last.id);
            for (key, used) in keys {
                count += usize::from(self.fill(key, &organization, used, &epochs, now));
            }
            if self.is_full() || !go_on() {
                return Ok(count);
            }
        }
    }

    fn read_page(&self, id: OrganizationId, before: Option<KeyId>, now: Moment) -> Result<Option<Page>> {
        let filter = KeyFilter { kind: None, condition: KeyCondition::Active };
        self.store().read("gate.warm", |tx| {
            let Some(organization) = tx.organizations().find(id)? else { return Ok::<_, StoreError>(None) };
            let mut keys = Vec::new();
            for key in tx.keys().list(id, filter, now.wall, before, KEYS)? {
                let used = match key.settings.quota {
                    Some(quota) => tx.quotas().used(&key.lineage.to_string(), quota.period.start(now.wall))?,
                    None => 0,
                };
                keys.push((key, used));
            }
            Ok(Some((organization, keys)))
        })
    }
}
