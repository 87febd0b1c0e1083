//! Used units.

use diesel::prelude::*;
use mgmt_core::{quota::Quota, time::Timestamp};

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
    fn lock_quota(&mut self, subject: &str, period_start: Timestamp) -> Result<()> {
        let lock = diesel::update(table::table.find(subject)).set(table::used.eq(table::used));
        if self.query(|c| lock.execute(c))? == 1 {
            return Ok(());
        }
        let row = (table::subject.eq(subject), table::period_start.eq(period_start.as_millis()), table::used.eq(0_i64));
        self.insert_missing(|c| diesel::insert_into(table::table).values(row).execute(c))
    }

    fn find_quota(&mut self, subject: &str) -> Result<Option<(Timestamp, u64)>> {
        let query = table::table.find(subject).select((table::period_start, table::used));
        let Some((start, used)) = self.query(|c| query.first::<(i64, i64)>(c).optional())? else { return Ok(None) };
        let at = RowRef { table: "quotas", id: subject };
        Ok(Some((at.time(start)?, at.count(used)?)))
    }
}

impl Quotas for SqlTx<'_> {
    fn take(&mut self, subject: &str, quota: &Quota, period_start: Timestamp, cost: u64) -> Result<Allotment> {
        self.lock_quota(subject, period_start)?;
        let (start, used) = self.find_quota(subject)?.unwrap_or((period_start, 0));
        if start > period_start {
            // Another node's clock is in the next period already: this one is closed, and nothing is left of it.
            return Ok(Allotment { units: 0, used: quota.limit });
        }
        let used = if start == period_start { used } else { 0 };
        let left = quota.limit.saturating_sub(used);
        let units = if left < cost { 0 } else { quota.allotment(left, cost) };
        let (now_used, seen) = (used + units, start.as_millis());
        if start < period_start {
            let close = diesel::update(table::table.filter(table::subject.eq(subject).and(table::period_start.eq(seen))))
                .set((table::period_start.eq(period_start.as_millis()), table::used.eq(signed(now_used))));
            self.update_seen(|c| close.execute(c))?;
        } else if units > 0 {
            let guard = table::subject
                .eq(subject)
                .and(table::period_start.eq(seen))
                .and((table::used + signed(units)).le(signed(quota.limit)));
            let take = diesel::update(table::table.filter(guard)).set(table::used.eq(table::used + signed(units)));
            self.update_seen(|c| take.execute(c))?;
        }
        Ok(Allotment { units, used: now_used })
    }

    fn give_back(&mut self, subject: &str, period_start: Timestamp, units: u64) -> Result<()> {
        let units = signed(units);
        let taken = table::subject.eq(subject).and(table::period_start.eq(period_start.as_millis())).and(table::used.ge(units));
        self.query(|c| diesel::update(table::table.filter(taken)).set(table::used.eq(table::used - units)).execute(c))?;
        Ok(())
    }

    fn used(&mut self, subject: &str, period_start: Timestamp) -> Result<u64> {
        let found = self.find_quota(subject)?;
        Ok(found.filter(|(start, _)| *start == period_start).map_or(0, |(_, used)| used))
    }
}
