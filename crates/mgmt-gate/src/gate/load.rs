//! Reading a key that is not in memory: once for all who wait for it.

use std::sync::Arc;

use mgmt_core::{account::Organization, id::KeyId, key::ApiKey};
use mgmt_store::{Result, StoreError};
use parking_lot::{Condvar, Mutex};

use super::Gate;
use crate::{
    cache::{Epochs, Lookup},
    clock::Moment,
    record::{Common, KeyRecord},
    warm::read_key,
};

/// How often a fill starts anew because the key changed while it was read.
const FILL_ATTEMPTS: usize = 16;
/// So many keys that have changed are noted at most: the others are read when they are used.
const CHANGED: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Flight {
    landed: Mutex<Option<std::result::Result<(), String>>>,
    signal: Condvar,
}

impl Gate {
    pub(super) fn load_once(&self, id: KeyId, now: Moment) -> Result<()> {
        let (flight, leads) = {
            let mut flights = self.flights.lock();
            match flights.get(&id) {
                Some(flight) => (Arc::clone(flight), false),
                None => {
                    let flight = Arc::new(Flight::default());
                    flights.insert(id, Arc::clone(&flight));
                    (flight, true)
                }
            }
        };
        if !leads {
            let mut landed = flight.landed.lock();
            while landed.is_none() {
                flight.signal.wait(&mut landed);
            }
            return match landed.clone() {
                Some(Err(reason)) => Err(StoreError::Unavailable(reason)),
                _ => Ok(()),
            };
        }
        // Lands the flight even when loading panics, so that nobody waits for ever.
        let landing = Landing { gate: self, id, flight: &flight };
        // Another flight may have landed between the check that missed and this one's start.
        let known = !matches!(self.cache.get(id, now.nanos), Lookup::Miss);
        let result = if known { Ok(()) } else { self.load(id, now) };
        landing.land(result.as_ref().map(|_| ()).map_err(ToString::to_string));
        result
    }

    fn load(&self, id: KeyId, now: Moment) -> Result<()> {
        for _ in 0..FILL_ATTEMPTS {
            let epoch = self.cache.epoch(id);
            let found = self.store.read("gate.load", |tx| read_key(tx, id, now))?;
            metrics::counter!("mgmt_gate_loads_total").increment(1);
            let record = found.map(|(organization, key, used)| self.record(key, &organization, used, now));
            if self.cache.fill(id, epoch, record, now.nanos) {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("the key changes faster than it can be read".to_owned()))
    }

    fn record(&self, key: ApiKey, organization: &Organization, used: u64, now: Moment) -> KeyRecord {
        let limit = self.options.limits.of(organization.plan);
        let make = || Common::new(&key, organization, &self.options.catalogues, limit);
        let shared = self.cache.share(organization.id, |known| known.is_of(&key, organization, limit), make, &self.subjects);
        let quota = key.settings.quota;
        let record = KeyRecord::new(key, shared, &self.subjects);
        if let (Some(quota), Some(own)) = (quota, record.own()) {
            own.lineage.counts.lock().units.observe(&quota, used, now);
        }
        record
    }

    /// Keeps a key that was read after `epochs` were, unless it changed since.
    pub(crate) fn fill(&self, key: ApiKey, organization: &Organization, used: u64, epochs: &Epochs, now: Moment) -> bool {
        let id = key.id;
        self.cache.fill(id, epochs.of(id), Some(self.record(key, organization, used, now)), now.nanos)
    }

    pub(crate) fn epochs(&self) -> Epochs {
        self.cache.epochs()
    }

    pub(crate) fn is_missing(&self, id: KeyId, now: Moment) -> bool {
        matches!(self.cache.get(id, now.nanos), Lookup::Miss)
    }

    /// Keys that were in memory until they changed, since the last call.
    pub(crate) fn take_changed(&self) -> Vec<KeyId> {
        std::mem::take(&mut *self.changed.lock())
    }

    /// Notes that a key is not in memory any more, as it changed.
    pub(crate) fn note_changed(&self, id: KeyId) {
        let mut changed = self.changed.lock();
        if changed.len() < CHANGED {
            changed.push(id);
        }
    }
}

struct Landing<'a> {
    gate: &'a Gate,
    id: KeyId,
    flight: &'a Flight,
}

impl Landing<'_> {
    fn land(&self, result: std::result::Result<(), String>) {
        self.gate.flights.lock().remove(&self.id);
        self.flight.landed.lock().get_or_insert(result);
        self.flight.signal.notify_all();
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.land(Err("the look-up was broken off".to_owned()));
    }
}
