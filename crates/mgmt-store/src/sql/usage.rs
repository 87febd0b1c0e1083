//! Counted requests.

use std::collections::BTreeMap;

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{BigInt, Bool},
};
use mgmt_core::{
    id::OrganizationId,
    time::Timestamp,
    usage::{Interval, Outcome, Surface, UsageCount, UsageSum},
};

use super::{
    bulk::CountRow,
    kept::Kept,
    schema::{usage_batches, usage_counts as table},
    tx::{RowRef, SqlTx, signed},
};
use crate::{
    error::{Result, StoreError},
    store::{Usage, UsageFilter},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct UsageRow {
    organization_id: String,
    minute: i64,
    key_id: String,
    surface: String,
    outcome: String,
    count: i64,
}

fn count_row(count: &UsageCount) -> CountRow {
    let (surface, outcome) = (count.surface.as_str().to_owned(), count.outcome.as_str().to_owned());
    let (organization, minute) = (count.organization_id.to_string(), count.minute.as_millis());
    (organization, minute, count.key_id.to_string(), surface, outcome, signed(count.count))
}

impl TryFrom<UsageRow> for UsageCount {
    type Error = StoreError;

    fn try_from(row: UsageRow) -> Result<Self> {
        let id = format!("{} {} {}", row.organization_id, row.minute, row.key_id);
        let at = RowRef { table: "usage_counts", id: &id };
        Ok(Self {
            organization_id: at.ok(row.organization_id.parse())?,
            key_id: at.ok(row.key_id.parse())?,
            surface: at.some(Surface::parse(&row.surface))?,
            outcome: at.some(Outcome::parse(&row.outcome))?,
            minute: at.time(row.minute)?,
            count: at.count(row.count)?,
        })
    }
}

impl Usage for SqlTx<'_> {
    fn add(&mut self, batch: &str, counts: &[UsageCount], now: Timestamp) -> Result<bool> {
        let known = usage_batches::table.find(batch).count();
        if self.query(|c| known.get_result::<i64>(c))? > 0 {
            return Ok(false);
        }
        let row = (usage_batches::id.eq(batch), usage_batches::added_at.eq(now.as_millis()));
        self.insert_missing(|c| Kept(diesel::insert_into(usage_batches::table).values(row)).execute(c))?;
        // In one order for everybody, so that two flushes wait for each other and never in a circle.
        let mut buckets = BTreeMap::new();
        for count in counts {
            let bucket = (count.organization_id, count.minute, count.key_id, count.surface, count.outcome);
            buckets.entry(bucket).or_insert(UsageCount { count: 0, ..*count }).count += count.count;
        }
        let rows: Vec<CountRow> = buckets.values().map(count_row).collect();
        self.query(|c| c.add_counts(&rows))?;
        Ok(true)
    }

    fn list(&mut self, organization: OrganizationId, from: Timestamp, to: Timestamp) -> Result<Vec<UsageCount>> {
        let query = table::table
            .filter(table::organization_id.eq(organization.to_string()))
            .filter(table::minute.ge(from.as_millis()).and(table::minute.lt(to.as_millis())))
            .order((table::minute, table::key_id, table::surface, table::outcome))
            .select(UsageRow::as_select());
        let rows = self.query(|c| query.load::<UsageRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn sums(&mut self, organization: OrganizationId, of: UsageFilter, from: Timestamp, to: Timestamp) -> Result<Vec<UsageSum>> {
        let mut query = table::table
            .group_by((table::minute, table::outcome))
            .filter(table::organization_id.eq(organization.to_string()))
            .filter(table::minute.ge(from.as_millis()).and(table::minute.lt(to.as_millis())))
            .select((table::minute, table::outcome, sql::<BigInt>("CAST(SUM(count) AS BIGINT)")))
            .into_boxed();
        if let Some(surface) = of.surface {
            query = query.filter(table::surface.eq(surface.as_str()));
        }
        if let Some(key) = of.key {
            query = query.filter(table::key_id.eq(key.to_string()));
        }
        let rows = self.query(|c| query.load::<(i64, String, i64)>(c))?;
        let id = organization.to_string();
        let at = RowRef { table: "usage_counts", id: &id };
        let sum = |(minute, outcome, count): (i64, String, i64)| {
            Ok(UsageSum { minute: at.time(minute)?, outcome: at.some(Outcome::parse(&outcome))?, count: at.count(count)? })
        };
        rows.into_iter().map(sum).collect()
    }

    fn roll_up(&mut self, before: Timestamp, most: i64) -> Result<usize> {
        let query = table::table
            .filter(table::minute.lt(before.as_millis()))
            .filter(sql::<Bool>("minute % 3600000 <> 0"))
            .order((table::organization_id, table::minute, table::key_id, table::surface, table::outcome))
            .limit(most)
            .select(UsageRow::as_select());
        let mut hours = BTreeMap::new();
        let mut moved = 0;
        for row in self.query(|c| query.load::<UsageRow>(c))? {
            // As it was read: what another node moved or added to meanwhile is left to the next round.
            let same = table::organization_id
                .eq(row.organization_id.clone())
                .and(table::minute.eq(row.minute))
                .and(table::key_id.eq(row.key_id.clone()))
                .and(table::surface.eq(row.surface.clone()))
                .and(table::outcome.eq(row.outcome.clone()))
                .and(table::count.eq(row.count));
            if self.query(|c| diesel::delete(table::table.filter(same)).execute(c))? == 1 {
                let count = UsageCount::try_from(row)?;
                let minute = Interval::Hour.start(count.minute);
                let bucket = (count.organization_id, minute, count.key_id, count.surface, count.outcome);
                hours.entry(bucket).or_insert(UsageCount { count: 0, minute, ..count }).count += count.count;
                moved += 1;
            }
        }
        let rows: Vec<CountRow> = hours.values().map(count_row).collect();
        self.query(|c| c.add_counts(&rows))?;
        Ok(moved)
    }

    fn delete_before(&mut self, before: Timestamp) -> Result<usize> {
        let old = table::table.filter(table::minute.lt(before.as_millis()));
        self.query(|c| diesel::delete(old).execute(c))
    }

    fn delete_batches(&mut self, before: Timestamp) -> Result<usize> {
        let old = usage_batches::table.filter(usage_batches::added_at.lt(before.as_millis()));
        self.query(|c| diesel::delete(old).execute(c))
    }
}
