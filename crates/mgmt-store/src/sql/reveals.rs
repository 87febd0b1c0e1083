//! Secrets that can still be fetched, and the keys that encrypt them.

use diesel::prelude::*;
use mgmt_core::{
    id::KeyId,
    reveal::{Reveal, WrappedBucketKey},
    time::Timestamp,
};

use super::{
    kept::Kept,
    schema::{bucket_keys, reveals as table},
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::Reveals,
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
pub(super) struct RevealRow {
    key_id: String,
    organization_id: String,
    creator: String,
    pub(super) bucket: i64,
    ciphertext: Vec<u8>,
    expires_at: i64,
    reads_left: i64,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = bucket_keys, treat_none_as_default_value = false)]
struct BucketKeyRow {
    bucket: i64,
    wrapped: Vec<u8>,
    expires_at: i64,
}

impl From<&Reveal> for RevealRow {
    fn from(reveal: &Reveal) -> Self {
        Self {
            key_id: reveal.key_id.to_string(),
            organization_id: reveal.organization_id.to_string(),
            creator: reveal.creator.to_string(),
            bucket: reveal.bucket,
            ciphertext: reveal.ciphertext.clone(),
            expires_at: reveal.expires_at.as_millis(),
            reads_left: reveal.reads_left,
        }
    }
}

impl TryFrom<RevealRow> for Reveal {
    type Error = StoreError;

    fn try_from(row: RevealRow) -> Result<Self> {
        let at = RowRef { table: "reveals", id: &row.key_id };
        Ok(Self {
            key_id: at.ok(row.key_id.parse())?,
            organization_id: at.ok(row.organization_id.parse())?,
            creator: at.ok(row.creator.parse())?,
            bucket: row.bucket,
            expires_at: at.time(row.expires_at)?,
            reads_left: row.reads_left,
            ciphertext: row.ciphertext,
        })
    }
}

impl Reveals for SqlTx<'_> {
    fn insert(&mut self, reveal: &Reveal) -> Result<()> {
        self.query(|c| Kept(diesel::insert_into(table::table).values(RevealRow::from(reveal))).execute(c))?;
        Ok(())
    }

    fn find(&mut self, key: KeyId) -> Result<Option<Reveal>> {
        let query = table::table.find(key.to_string()).select(RevealRow::as_select());
        let found = self.query(|c| query.get_result::<RevealRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn take_read(&mut self, key: KeyId, now: Timestamp) -> Result<Option<Reveal>> {
        let open = table::table
            .filter(table::key_id.eq(key.to_string()))
            .filter(table::expires_at.gt(now.as_millis()).and(table::reads_left.gt(0_i64)));
        let taken = self.query(|c| Kept(diesel::update(open).set(table::reads_left.eq(table::reads_left - 1))).execute(c))?;
        // The update holds the row's lock, so this is the record as this read left it.
        if taken == 1 { Reveals::find(self, key) } else { Ok(None) }
    }

    fn delete(&mut self, key: KeyId) -> Result<bool> {
        Ok(self.query(|c| diesel::delete(table::table.find(key.to_string())).execute(c))? == 1)
    }

    fn insert_bucket_key(&mut self, key: &WrappedBucketKey) -> Result<()> {
        // With PostgreSQL a second look can find what came in after the first.
        let looked_in_vain = self.bucket_without_key == Some(key.bucket);
        if self.find_bucket_key(key.bucket)?.is_some() {
            return if looked_in_vain { self.collide() } else { Err(StoreError::Conflict("bucket key")) };
        }
        let row = BucketKeyRow { bucket: key.bucket, wrapped: key.wrapped.clone(), expires_at: key.expires_at.as_millis() };
        // Whoever looked before and found none shall find the one that came in between.
        self.insert_missing(|c| Kept(diesel::insert_into(bucket_keys::table).values(row)).execute(c))
    }

    fn find_bucket_key(&mut self, bucket: i64) -> Result<Option<WrappedBucketKey>> {
        let query = bucket_keys::table.find(bucket).select(BucketKeyRow::as_select());
        let Some(row) = self.query(|c| query.get_result::<BucketKeyRow>(c).optional())? else {
            self.bucket_without_key = Some(bucket);
            return Ok(None);
        };
        let at = RowRef { table: "bucket_keys", id: &row.bucket.to_string() };
        Ok(Some(WrappedBucketKey { bucket: row.bucket, expires_at: at.time(row.expires_at)?, wrapped: row.wrapped }))
    }

    fn delete_expired(&mut self, now: Timestamp) -> Result<usize> {
        let now = now.as_millis();
        let windows = self.query(|c| diesel::delete(table::table.filter(table::expires_at.le(now))).execute(c))?;
        let keys = self.query(|c| diesel::delete(bucket_keys::table.filter(bucket_keys::expires_at.le(now))).execute(c))?;
        Ok(windows + keys)
    }
}
