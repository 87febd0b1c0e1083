//! Used units.

use diesel::prelude::*;
use mgmt_core::{
    quota::{Period, Quota},
    time::Timestamp,
};

use super::{
    schema::quotas as table,
    tx::{RowRef, SqlTx, signed},
};
use crate::{
    error::Result,
    store::{Allotment, Quotas},
};

impl SqlTx<'_> {
    /// Locks the row, so that what is read after stays true until the end; makes one if there is none.
    fn lock_quota(&mut self, subject: &str, period: Period, period_start: Timestamp) -> Result<()> {
        let lock = diesel::update(table::table.find((subject, period.as_str()))).set(table::used.eq(table::used));
        if self.query(|c| lock.execute(c))? == 1 {
            return Ok(());
        }
        let row = (
            table::subject.eq(subject),
            table::period.eq(period.as_str()),
            table::period_start.eq(period_start.as_millis()),
            table::used.eq(0_i64),
        );
        self.insert_missing(|c| diesel::insert_into(table::table).values(row).execute(c))
    }

    /// Which period a row counts, and how much of it is used.
    fn find_quota(&mut self, subject: &str, period: Period) -> Result<(Timestamp, u64)> {
        let query = table::table.find((subject, period.as_str())).select((table::period_start, table::used));
        let (start, used) = self.query(|c| query.first::<(i64, i64)>(c))?;
        let at = RowRef { table: "quotas", id: subject };
        Ok((at.time(start)?, at.count(used)?))
    }

    /// The rows that count the period that starts at `period_start`: a day and a month may start together.
    fn quotas_of(&mut self, subject: &str, period_start: Timestamp) -> Result<Vec<(String, i64)>> {
        let query = table::table
            .filter(table::subject.eq(subject).and(table::period_start.eq(period_start.as_millis())))
            .select((table::period, table::used));
        self.query(|c| query.load(c))
    }
}

impl Quotas for SqlTx<'_> {
    fn take(&mut self, subject: &str, quota: &Quota, period_start: Timestamp, cost: u64) -> Result<Allotment> {
        self.lock_quota(subject, quota.period, period_start)?;
        let (start, used) = self.find_quota(subject, quota.period)?;
        if start > period_start {
            // Another node's clock is in the next period already: this one is closed, and nothing is left of it.
            return Ok(Allotment { units: 0, used: quota.limit });
        }
        let used = if start == period_start { used } else { 0 };
        let left = quota.limit.saturating_sub(used);
        let units = if left < cost { 0 } else { quota.allotment(left, cost) };
        let row = table::subject.eq(subject).and(table::period.eq(quota.period.as_str()));
        let row = table::table.filter(row.and(table::period_start.eq(start.as_millis())));
        if start < period_start {
            let opened = (table::period_start.eq(period_start.as_millis()), table::used.eq(signed(units)));
            self.update_seen(|c| diesel::update(row).set(opened).execute(c))?;
        } else if units > 0 {
            let room = row.filter((table::used + signed(units)).le(signed(quota.limit)));
            self.update_seen(|c| diesel::update(room).set(table::used.eq(table::used + signed(units))).execute(c))?;
        }
        Ok(Allotment { units, used: used + units })
    }

    fn give_back(&mut self, subject: &str, period_start: Timestamp, units: u64) -> Result<()> {
        let rows = self.quotas_of(subject, period_start)?;
        // Where a day and a month start together, it is unknown whose units they are: they are lost rather than issued twice.
        let [(period, _)] = rows.as_slice() else { return Ok(()) };
        let row = table::subject.eq(subject).and(table::period.eq(period));
        let taken = row.and(table::period_start.eq(period_start.as_millis())).and(table::used.ge(signed(units)));
        let give = diesel::update(table::table.filter(taken)).set(table::used.eq(table::used - signed(units)));
        self.query(|c| give.execute(c))?;
        Ok(())
    }

    fn used(&mut self, subject: &str, period_start: Timestamp) -> Result<u64> {
        let used = self.quotas_of(subject, period_start)?.into_iter().map(|(_, used)| used).max().unwrap_or(0);
        RowRef { table: "quotas", id: subject }.count(used)
    }
}
