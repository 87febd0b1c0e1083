//! The journal of changes that caches must follow.

use diesel::prelude::*;
use mgmt_core::time::Timestamp;

use super::{
    conn::Channel,
    kept::Kept,
    schema::{invalidations as table, sequences},
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::{Invalidation, Invalidations},
};

/// The sequence that numbers the journal.
const SEQUENCE: &str = "invalidations";

fn columns(invalidation: Invalidation) -> (&'static str, String) {
    match invalidation {
        Invalidation::Key(id) => ("key", id.to_string()),
        Invalidation::Organization(id) => ("organization", id.to_string()),
        Invalidation::Session(id) => ("session", id.to_string()),
        Invalidation::User(id) => ("user", id.to_string()),
    }
}

fn read((seq, kind, subject): (i64, String, String)) -> Result<(i64, Invalidation)> {
    let id = seq.to_string();
    let at = RowRef { table: "invalidations", id: &id };
    let invalidation = match kind.as_str() {
        "key" => Invalidation::Key(at.ok(subject.parse())?),
        "organization" => Invalidation::Organization(at.ok(subject.parse())?),
        "session" => Invalidation::Session(at.ok(subject.parse())?),
        "user" => Invalidation::User(at.ok(subject.parse())?),
        _ => return Err(at.corrupt()),
    };
    Ok((seq, invalidation))
}

impl Invalidations for SqlTx<'_> {
    fn append(&mut self, invalidation: Invalidation, now: Timestamp) -> Result<i64> {
        // INVARIANT: the row's lock is held until the commit, so numbers become visible in their order and without gaps.
        let count_up = diesel::update(sequences::table.find(SEQUENCE)).set(sequences::value.eq(sequences::value + 1));
        if self.query(|c| Kept(count_up).execute(c))? != 1 {
            return Err(StoreError::Corrupt { table: "sequences", id: SEQUENCE.to_owned() });
        }
        let seq = Invalidations::head(self)?;
        let (kind, subject) = columns(invalidation);
        let row = (table::seq.eq(seq), table::kind.eq(kind), table::subject.eq(subject), table::added_at.eq(now.as_millis()));
        self.query(|c| Kept(diesel::insert_into(table::table).values(row)).execute(c))?;
        self.query(|c| c.notify(Channel::Changes, ""))?;
        Ok(seq)
    }

    fn list_after(&mut self, seq: i64, limit: i64) -> Result<Vec<(i64, Invalidation)>> {
        let query = table::table.filter(table::seq.gt(seq)).order(table::seq).limit(limit.max(0)).select((
            table::seq,
            table::kind,
            table::subject,
        ));
        let rows = self.query(|c| query.load::<(i64, String, String)>(c))?;
        rows.into_iter().map(read).collect()
    }

    fn head(&mut self) -> Result<i64> {
        let found = self.query(|c| sequences::table.find(SEQUENCE).select(sequences::value).get_result(c).optional())?;
        Ok(found.unwrap_or(0))
    }

    fn delete_before(&mut self, before: Timestamp) -> Result<usize> {
        self.query(|c| diesel::delete(table::table.filter(table::added_at.lt(before.as_millis()))).execute(c))
    }
}
