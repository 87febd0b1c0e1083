//! Reading keys ahead of their first use.

use std::{
    collections::{HashMap, HashSet},
    panic::resume_unwind,
    sync::Arc,
    thread,
};

use mgmt_core::{
    account::Organization,
    id::{KeyId, OrganizationId},
    key::ApiKey,
    time::Timestamp,
};
use mgmt_store::{Result, Tx};
use parking_lot::Mutex;

use crate::{clock::Moment, gate::Gate};

/// Keys that are read ahead in one transaction, working or not.
const KEYS: i64 = 2_000;
/// Threads that read ahead, at most.
const THREADS: usize = 4;
/// Changed keys that are read in one transaction.
const REREAD: usize = 200;

/// A key as it is in the store, with its organization and the units used of its quota.
type Found = (Arc<Organization>, ApiKey, u64);

/// The lowest id of a page, and the one that it ends before.
type Page = (Option<KeyId>, Option<KeyId>);

/// What is to be read next.
enum Next {
    /// The keys before this one; at the beginning, before none.
    Page(Option<KeyId>),
    /// Nothing any more.
    End,
}

impl Gate {
    /// Reads the keys that work into memory, the newest first, until all are there or the cache is full: how many. To be called at the
    /// start, on a thread of its own; it starts as many more as there are cores, up to four in all. Checks go on meanwhile, and changes
    /// are followed as ever. It ends early, within some thousand keys, when `go_on` says no.
    ///
    /// # Errors
    /// When the store cannot be read. What was read till then is kept.
    pub fn warm(&self, now: Moment, go_on: impl Fn() -> bool + Sync) -> Result<usize> {
        let (next, go_on) = (Mutex::new(Next::Page(None)), &go_on);
        let work = || {
            let read = self.warm_pages(&next, now, go_on);
            if read.is_err() {
                *next.lock() = Next::End;
            }
            read
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            // Where the system has no threads left, there are fewer.
            let start = |_| thread::Builder::new().name("gate-warm".to_owned()).spawn_scoped(scope, work).ok();
            let others: Vec<_> = (1..cores.min(THREADS)).filter_map(start).collect();
            let own = work();
            let others = others.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            others.chain([own]).sum()
        })
    }

    /// Reads page after page, as others do beside it: how many keys.
    fn warm_pages(&self, next: &Mutex<Next>, now: Moment, go_on: &impl Fn() -> bool) -> Result<usize> {
        let mut count = 0;
        loop {
            // Apart from the look at what it is: that would hold the lock until the page is read.
            let page = self.next_page(&mut next.lock(), go_on)?;
            let Some((from, before)) = page else { return Ok(count) };
            // Before the store is read, as for every fill.
            let epochs = self.epochs();
            let page = self.store().read("gate.warm", |tx| read_page(tx, (from, before), now))?;
            for (organization, key, used) in page {
                count += usize::from(self.fill(key, &organization, used, &epochs, now));
            }
        }
    }

    /// Takes the next page, for one of those who read.
    fn next_page(&self, next: &mut Next, go_on: &impl Fn() -> bool) -> Result<Option<Page>> {
        let before = match *next {
            Next::End => return Ok(None),
            Next::Page(None) => None,
            Next::Page(before) if !self.is_full() && go_on() => before,
            Next::Page(_) => {
                *next = Next::End;
                return Ok(None);
            }
        };
        let from = self.store().read("gate.warm", |tx| tx.keys().page_start(before, KEYS))?;
        *next = from.map_or(Next::End, |from| Next::Page(Some(from)));
        Ok(Some((from, before)))
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

/// The keys of a page, in as many statements however many there are.
fn read_page(tx: &mut dyn Tx, (from, before): Page, now: Moment) -> Result<Vec<Found>> {
    let keys = tx.keys().list_active(now.wall, from, before)?;
    let owners: HashSet<OrganizationId> = keys.iter().map(|key| key.organization_id).collect();
    let owners: Vec<_> = owners.into_iter().collect();
    let owners = tx.organizations().find_all(&owners)?;
    let owners: HashMap<_, _> = owners.into_iter().map(|organization| (organization.id, Arc::new(organization))).collect();
    let limited: Vec<_> = keys.iter().filter(|key| key.settings.quota.is_some()).map(|key| key.lineage.to_string()).collect();
    let mut used: HashMap<(String, Timestamp), u64> = HashMap::new();
    for (subject, start, units) in tx.quotas().list_used(&limited)? {
        // A day and a month may start together.
        let most = used.entry((subject, start)).or_default();
        *most = units.max(*most);
    }
    let find = |key: ApiKey| {
        let start = key.settings.quota.map(|quota| (key.lineage.to_string(), quota.period.start(now.wall)));
        let units = start.and_then(|start| used.get(&start)).copied().unwrap_or(0);
        // It has one: the key's row refers to it.
        owners.get(&key.organization_id).map(|owner| (Arc::clone(owner), key, units))
    };
    Ok(keys.into_iter().filter_map(find).collect())
}
