//! Used units.

use diesel::prelude::*;
use mgmt_core::{
    quota::{Period, Quota},
    time::Timestamp,
};

use super::{
    conn::Channel,
    kept::Kept,
    organizations::IDS,
    schema::{quota_marks as marks, quotas as table},
    tx::{RowRef, SqlTx, signed},
};
use crate::{
    error::Result,
    store::{Allotment, QuotaMark, Quotas},
};

impl SqlTx<'_> {
    /// Locks the row, so that what is read after stays true until the end; makes one if there is none.
    fn lock_quota(&mut self, subject: &str, period: Period, period_start: Timestamp) -> Result<()> {
        let lock = diesel::update(table::table.find((subject, period.as_str()))).set(table::used.eq(table::used));
        if self.query(|c| Kept(lock).execute(c))? == 1 {
            return Ok(());
        }
        let row = (
            table::subject.eq(subject),
            table::period.eq(period.as_str()),
            table::period_start.eq(period_start.as_millis()),
            table::used.eq(0_i64),
        );
        self.insert_missing(|c| Kept(diesel::insert_into(table::table).values(row)).execute(c))
    }

    /// Which period a row counts, and how much of it is used.
    fn find_quota(&mut self, subject: &str, period: Period) -> Result<(Timestamp, u64)> {
        let query = table::table.find((subject, period.as_str())).select((table::period_start, table::used));
        let (start, used) = self.query(|c| query.get_result::<(i64, i64)>(c))?;
        let at = RowRef { table: "quotas", id: subject };
        Ok((at.time(start)?, at.count(used)?))
    }

    /// Leaves a mark, if it is not there. The quota's row is locked, so nobody else leaves the same one.
    fn leave_mark(&mut self, mark: &QuotaMark) -> Result<()> {
        let (subject, period, start, limit, percent) = mark_key(mark);
        let known = marks::table.find(mark_key(mark)).select(marks::percent);
        if self.query(|c| known.get_result::<i64>(c).optional())?.is_some() {
            return Ok(());
        }
        let row = (
            marks::subject.eq(subject),
            marks::period.eq(period),
            marks::period_start.eq(start),
            marks::quota_limit.eq(limit),
            marks::percent.eq(percent),
            marks::used.eq(signed(mark.used)),
            marks::waiting_since.eq(start),
        );
        self.query(|c| Kept(diesel::insert_into(marks::table).values(row)).execute(c))?;
        Ok(())
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
            self.update_seen(|c| Kept(diesel::update(row).set(opened)).execute(c))?;
        } else if units > 0 {
            let room = row.filter((table::used + signed(units)).le(signed(quota.limit)));
            self.update_seen(|c| Kept(diesel::update(room).set(table::used.eq(table::used + signed(units)))).execute(c))?;
        }
        for percent in quota.marks_between(used, used + units) {
            let mark = QuotaMark { subject: subject.to_owned(), quota: *quota, period_start, percent, used: used + units };
            self.leave_mark(&mark)?;
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
        self.query(|c| Kept(give).execute(c))?;
        Ok(())
    }

    fn recall(&mut self, subject: &str) -> Result<()> {
        self.query(|c| c.notify(Channel::Recalls, subject))
    }

    fn announce_return(&mut self, subject: &str) -> Result<()> {
        self.query(|c| c.notify(Channel::Returns, subject))
    }

    fn used(&mut self, subject: &str, period_start: Timestamp) -> Result<u64> {
        let used = self.quotas_of(subject, period_start)?.into_iter().map(|(_, used)| used).max().unwrap_or(0);
        RowRef { table: "quotas", id: subject }.count(used)
    }

    fn list_used(&mut self, subjects: &[String]) -> Result<Vec<(String, Timestamp, u64)>> {
        let mut found = Vec::new();
        for some in subjects.chunks(IDS) {
            let query =
                table::table.filter(table::subject.eq_any(some)).select((table::subject, table::period_start, table::used));
            found.extend(self.query(|c| query.load::<(String, i64, i64)>(c))?);
        }
        let read = |(subject, start, used): (String, i64, i64)| {
            let at = RowRef { table: "quotas", id: &subject };
            let (start, used) = (at.time(start)?, at.count(used)?);
            Ok((subject, start, used))
        };
        found.into_iter().map(read).collect()
    }

    fn marks(&mut self, limit: i64) -> Result<Vec<QuotaMark>> {
        let query = marks::table
            .filter(marks::waiting_since.is_not_null())
            .order((marks::waiting_since, marks::percent))
            .limit(limit.max(0))
            .select((marks::subject, marks::period, marks::period_start, marks::quota_limit, marks::percent, marks::used));
        let rows = self.query(|c| query.load::<MarkColumns>(c))?;
        rows.into_iter().map(read_mark).collect()
    }

    fn announce(&mut self, mark: &QuotaMark) -> Result<bool> {
        let waiting = marks::table.find(mark_key(mark)).filter(marks::waiting_since.is_not_null());
        Ok(self.query(|c| Kept(diesel::update(waiting).set(marks::waiting_since.eq(None::<i64>))).execute(c))? == 1)
    }

    fn delete_marks(&mut self, before: Timestamp) -> Result<usize> {
        let ended = marks::period_start.lt(before.as_millis()).and(marks::waiting_since.is_null());
        self.query(|c| diesel::delete(marks::table.filter(ended)).execute(c))
    }
}

type MarkColumns = (String, String, i64, i64, i64, i64);

fn read_mark((subject, period, start, limit, percent, used): MarkColumns) -> Result<QuotaMark> {
    let at = RowRef { table: "quota_marks", id: &subject };
    let quota = Quota { limit: at.count(limit)?, period: at.some(Period::parse(&period))? };
    let (period_start, percent, used) = (at.time(start)?, at.count(percent)?, at.count(used)?);
    Ok(QuotaMark { quota, period_start, percent, used, subject })
}

fn mark_key(mark: &QuotaMark) -> (&str, &'static str, i64, i64, i64) {
    let quota = &mark.quota;
    (&mark.subject, quota.period.as_str(), mark.period_start.as_millis(), signed(quota.limit), signed(mark.percent))
}
