//! How many shipments there are of each kind, kept with every change: counting a million rows takes longer than reading a page.

use diesel::prelude::*;

use super::{
    conn::any::MultiBackend,
    schema::{shipment_counts as table, shipments},
    tx::SqlTx,
};
use crate::{
    error::Result,
    store::{Realm, ShipmentFilter},
};

/// Rows that one kind is spread over.
const SLOTS: i64 = 16;

/// What shipments are counted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Insertable)]
#[diesel(table_name = table)]
pub(super) struct Kind {
    pub(super) organization_id: String,
    pub(super) test_mode: bool,
    pub(super) status: String,
    pub(super) carrier_name: String,
    pub(super) service: String,
    pub(super) has_tracker: bool,
    pub(super) is_return: bool,
    pub(super) slot: i64,
}

type Query = table::BoxedQuery<'static, MultiBackend>;

/// The slot of a shipment, by the end of its id, which is random.
pub(super) fn slot(id: &str) -> i64 {
    id.bytes().last().map_or(0, |byte| i64::from(byte) % SLOTS)
}

/// The rows whose sum is the answer to a filter; `None` when it asks for what is not counted.
fn counted(realm: Realm, filter: &ShipmentFilter) -> Option<Query> {
    let ShipmentFilter { statuses, carriers, services, has_tracker, is_return, .. } = filter.clone();
    let known = ShipmentFilter { statuses, carriers, services, has_tracker, is_return, ..ShipmentFilter::default() };
    if known != *filter {
        return None;
    }
    let own = table::organization_id.eq(realm.organization.to_string()).and(table::test_mode.eq(realm.test_mode));
    let mut query = table::table.filter(own).into_boxed();
    if !known.statuses.is_empty() {
        let words: Vec<String> = known.statuses.iter().map(|status| status.as_str().to_owned()).collect();
        query = query.filter(table::status.eq_any(words));
    }
    if !known.carriers.is_empty() {
        query = query.filter(table::carrier_name.eq_any(known.carriers));
    }
    if !known.services.is_empty() {
        query = query.filter(table::service.eq_any(known.services));
    }
    if let Some(has_tracker) = known.has_tracker {
        query = query.filter(table::has_tracker.eq(has_tracker));
    }
    if let Some(is_return) = known.is_return {
        query = query.filter(table::is_return.eq(is_return));
    }
    Some(query)
}

impl SqlTx<'_> {
    /// How many shipments fit, where that is counted.
    pub(super) fn known_count(&mut self, realm: Realm, filter: &ShipmentFilter) -> Result<Option<i64>> {
        let Some(query) = counted(realm, filter) else { return Ok(None) };
        let counts = self.query(|c| query.select(table::shipments).load::<i64>(c))?;
        Ok(Some(counts.iter().sum()))
    }

    /// Counts a new shipment.
    pub(super) fn count_new(&mut self, kind: &Kind) -> Result<()> {
        self.count_by(kind, 1)
    }

    /// Counts a shipment that was read with `version` as what it is now.
    pub(super) fn count_changed(&mut self, id: &str, version: i64, now: &Kind) -> Result<()> {
        let seen = shipments::table.filter(shipments::id.eq(id).and(shipments::version.eq(version)));
        let columns = (
            shipments::organization_id,
            shipments::test_mode,
            shipments::status,
            shipments::carrier_name,
            shipments::service,
            shipments::tracker_id,
            shipments::is_return,
        );
        type Row = (String, bool, String, Option<String>, Option<String>, Option<String>, bool);
        let found = self.query(|c| seen.select(columns).first::<Row>(c).optional())?;
        let Some((organization_id, test_mode, status, carrier, service, tracker, is_return)) = found else {
            return self.collide();
        };
        let before = Kind {
            organization_id,
            test_mode,
            status,
            carrier_name: carrier.unwrap_or_default(),
            service: service.unwrap_or_default(),
            has_tracker: tracker.is_some(),
            is_return,
            slot: now.slot,
        };
        if before == *now {
            return Ok(());
        }
        // In one order everywhere, so that no two transactions wait for each other.
        let mut moves = [(&before, -1), (now, 1)];
        moves.sort_unstable();
        moves.into_iter().try_for_each(|(kind, by)| self.count_by(kind, by))
    }

    fn count_by(&mut self, kind: &Kind, by: i64) -> Result<()> {
        let Kind { organization_id, test_mode, status, carrier_name, service, has_tracker, is_return, slot } = kind.clone();
        let row = table::table.find((organization_id, test_mode, status, carrier_name, service, has_tracker, is_return, slot));
        let moved = self.query(|c| diesel::update(row).set(table::shipments.eq(table::shipments + by)).execute(c))?;
        if moved == 0 {
            let new = (kind.clone(), table::shipments.eq(by));
            self.insert_missing(|c| diesel::insert_into(table::table).values(new).execute(c))?;
        }
        Ok(())
    }
}
