//! Failed sign-ins.

use diesel::prelude::*;
use mgmt_core::time::Timestamp;

use super::{
    kept::Kept,
    schema::throttles as table,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::Result,
    store::{Throttle, Throttles},
};

impl Throttles for SqlTx<'_> {
    fn find(&mut self, subject: &str) -> Result<Option<Throttle>> {
        let query = table::table.find(subject).select((table::failures, table::last_failure_at));
        let Some((failures, last)) = self.query(|c| query.get_result::<(i64, i64)>(c).optional())? else { return Ok(None) };
        let at = RowRef { table: "throttles", id: subject };
        Ok(Some(Throttle { failures, last_failure_at: at.time(last)? }))
    }

    fn fail(&mut self, subject: &str, at: Timestamp) -> Result<()> {
        let count_up = diesel::update(table::table.find(subject))
            .set((table::failures.eq(table::failures + 1), table::last_failure_at.eq(at.as_millis())));
        if self.query(|c| Kept(count_up).execute(c))? == 1 {
            return Ok(());
        }
        let row = (table::subject.eq(subject), table::failures.eq(1_i64), table::last_failure_at.eq(at.as_millis()));
        self.insert_missing(|c| Kept(diesel::insert_into(table::table).values(row)).execute(c))
    }

    fn clear(&mut self, subject: &str) -> Result<()> {
        self.query(|c| diesel::delete(table::table.find(subject)).execute(c))?;
        Ok(())
    }

    fn delete_before(&mut self, before: Timestamp) -> Result<usize> {
        self.query(|c| diesel::delete(table::table.filter(table::last_failure_at.lt(before.as_millis()))).execute(c))
    }
}
