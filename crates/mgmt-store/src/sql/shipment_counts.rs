//! How many shipments there are of each kind, kept with every change: counting a million rows takes longer than reading a page.

use diesel::{dsl::sql, prelude::*, sql_types::BigInt};
use mgmt_shipping::{id::ShipmentId, time::Moment};

use super::{
    conn::any::MultiBackend,
    kept::Kept,
    schema::{shipment_counts as table, shipments},
    tx::SqlTx,
};
use crate::{
    error::Result,
    store::{Realm, ShipmentFilter},
};

/// Rows that one kind of one day is spread over, so that those who make shipments at a time seldom wait for each other.
const SLOTS: i64 = 4;
const DAY: i64 = 86_400_000;

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
    /// The day that it was made on, since 1970 in UTC.
    pub(super) day: i64,
    pub(super) slot: i64,
}

type Query = table::BoxedQuery<'static, MultiBackend>;

/// Day and slot of a shipment: its id begins with the milliseconds, and its end is random.
pub(super) fn day_and_slot(id: ShipmentId) -> (i64, i64) {
    let bits = id.as_u128();
    let millis = i64::try_from(bits >> 80).unwrap_or(i64::MAX);
    (millis / DAY, i64::try_from(bits % 4).unwrap_or(0) % SLOTS)
}

/// Whole days, whose counts are kept, and the parts of days beside them.
#[derive(Debug, Default, PartialEq)]
struct Days {
    first: Option<i64>,
    last: Option<i64>,
    parts: Vec<(Moment, Moment)>,
}

impl Days {
    /// `None` when there is no whole day between the two.
    fn between(after: Option<Moment>, before: Option<Moment>) -> Option<Self> {
        let mut days = Self::default();
        let part = |from: i64, to: i64| (Moment::from_millis(from), Moment::from_millis(to));
        if let Some(after) = after.map(Moment::as_millis) {
            // The first midnight from there on.
            let first = after.saturating_add(DAY - 1).div_euclid(DAY);
            days.first = Some(first);
            if first * DAY > after {
                days.parts.push(part(after, first * DAY - 1));
            }
        }
        if let Some(before) = before.map(Moment::as_millis) {
            // What is made in the last millisecond belongs to it, so the next one begins what does not.
            let next = before.saturating_add(1).div_euclid(DAY);
            days.last = Some(next - 1);
            if next * DAY <= before {
                days.parts.push(part(next * DAY, before));
            }
        }
        let whole = days.first.zip(days.last).is_none_or(|(first, last)| first <= last);
        whole.then_some(days)
    }
}

/// The rows whose sum is the answer to a filter within whole days, and those days; `None` when it asks for what is not counted.
fn counted(realm: Realm, filter: &ShipmentFilter) -> Option<(Query, Days)> {
    let ShipmentFilter { statuses, carriers, services, has_tracker, is_return, created_after, created_before, .. } =
        filter.clone();
    let dates = ShipmentFilter { created_after, created_before, ..ShipmentFilter::default() };
    let known = ShipmentFilter { statuses, carriers, services, has_tracker, is_return, ..dates };
    if known != *filter {
        return None;
    }
    let days = Days::between(created_after, created_before)?;
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
    if let Some(first) = days.first {
        query = query.filter(table::day.ge(first));
    }
    if let Some(last) = days.last {
        query = query.filter(table::day.le(last));
    }
    Some((query, days))
}

impl SqlTx<'_> {
    /// How many shipments fit, where that is counted.
    pub(super) fn known_count(&mut self, realm: Realm, filter: &ShipmentFilter) -> Result<Option<i64>> {
        let Some((query, days)) = counted(realm, filter) else { return Ok(None) };
        let sum = sql::<BigInt>("CAST(COALESCE(SUM(shipment_counts.shipments), 0) AS BIGINT)");
        let mut count = self.query(|c| query.select(sum).get_result::<i64>(c))?;
        for (from, to) in days.parts {
            let part = ShipmentFilter { created_after: Some(from), created_before: Some(to), ..filter.clone() };
            count += self.count_shipments(realm, &part)?;
        }
        Ok(Some(count))
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
        let found = self.query(|c| seen.select(columns).get_result::<Row>(c).optional())?;
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
            day: now.day,
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
        let Kind { organization_id, test_mode, status, carrier_name, service, has_tracker, is_return, day, slot } = kind.clone();
        let row =
            table::table.find((organization_id, test_mode, status, carrier_name, service, has_tracker, is_return, day, slot));
        let moved = self.query(|c| Kept(diesel::update(row).set(table::shipments.eq(table::shipments + by))).execute(c))?;
        if moved == 0 {
            let new = (kind.clone(), table::shipments.eq(by));
            self.insert_missing(|c| Kept(diesel::insert_into(table::table).values(new)).execute(c))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_days_and_parts_of_days() {
        let at = |millis: i64| Some(Moment::from_millis(millis));
        let part = |from, to| (Moment::from_millis(from), Moment::from_millis(to));
        assert_eq!(Days::between(None, None), Some(Days::default()));
        let days = |first, last, parts| Some(Days { first, last, parts });
        assert_eq!(Days::between(at(DAY), at(3 * DAY - 1)), days(Some(1), Some(2), vec![]));
        assert_eq!(
            Days::between(at(DAY + 1), at(3 * DAY)),
            days(Some(2), Some(2), vec![part(DAY + 1, 2 * DAY - 1), part(3 * DAY, 3 * DAY)])
        );
        assert_eq!(Days::between(at(DAY + 1), at(2 * DAY + 5)), None);
        assert_eq!(Days::between(at(9), at(5)), None);
    }

    proptest! {
        /// Every moment of the range is in exactly one part or whole day, and no other is.
        #[test]
        fn nothing_is_counted_twice(after in 0..5 * DAY, length in 0..5 * DAY, moment in 0..11 * DAY) {
            let before = after + length;
            if let Some(days) = Days::between(Some(Moment::from_millis(after)), Some(Moment::from_millis(before))) {
                let day = moment / DAY;
                let whole = days.first.is_none_or(|first| day >= first) && days.last.is_none_or(|last| day <= last);
                let parts = days.parts.iter().filter(|(from, to)| from.as_millis() <= moment && moment <= to.as_millis()).count();
                prop_assert_eq!(parts + usize::from(whole), usize::from(after <= moment && moment <= before));
            }
        }
    }
}
