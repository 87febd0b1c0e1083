//! Answers to repeat.

use diesel::prelude::*;
use mgmt_core::time::Timestamp;

use super::{
    kept::Kept,
    schema::idempotency as table,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::{Idempotency, IdempotencyRecord},
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
struct IdempotencyRow {
    id: String,
    organization_id: String,
    fingerprint: String,
    status: i64,
    body: String,
    key_id: Option<String>,
    created_at: i64,
    expires_at: i64,
}

impl From<&IdempotencyRecord> for IdempotencyRow {
    fn from(record: &IdempotencyRecord) -> Self {
        Self {
            id: record.id.clone(),
            organization_id: record.organization_id.to_string(),
            fingerprint: record.fingerprint.clone(),
            status: record.status,
            body: record.body.clone(),
            key_id: record.key_id.map(|id| id.to_string()),
            created_at: record.created_at.as_millis(),
            expires_at: record.expires_at.as_millis(),
        }
    }
}

impl TryFrom<IdempotencyRow> for IdempotencyRecord {
    type Error = StoreError;

    fn try_from(row: IdempotencyRow) -> Result<Self> {
        let at = RowRef { table: "idempotency", id: &row.id };
        Ok(Self {
            organization_id: at.ok(row.organization_id.parse())?,
            status: row.status,
            key_id: row.key_id.map(|id| at.ok(id.parse())).transpose()?,
            created_at: at.time(row.created_at)?,
            expires_at: at.time(row.expires_at)?,
            id: row.id,
            fingerprint: row.fingerprint,
            body: row.body,
        })
    }
}

impl Idempotency for SqlTx<'_> {
    fn insert(&mut self, record: &IdempotencyRecord) -> Result<()> {
        let row = IdempotencyRow::from(record);
        // One that has expired is as good as forgotten, whether it was deleted yet or not.
        let expired = table::table.filter(table::id.eq(row.id.clone()).and(table::expires_at.le(row.created_at)));
        self.query(|c| diesel::delete(expired).execute(c))?;
        self.query(|c| Kept(diesel::insert_into(table::table).values(row)).execute(c))?;
        Ok(())
    }

    fn find(&mut self, id: &str, now: Timestamp) -> Result<Option<IdempotencyRecord>> {
        let query =
            table::table.filter(table::id.eq(id).and(table::expires_at.gt(now.as_millis()))).select(IdempotencyRow::as_select());
        let found = self.query(|c| query.get_result::<IdempotencyRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn delete_expired(&mut self, now: Timestamp) -> Result<usize> {
        self.query(|c| diesel::delete(table::table.filter(table::expires_at.le(now.as_millis()))).execute(c))
    }
}
