//! Refresh tokens.

use diesel::prelude::*;
use mgmt_core::{secret::SecretHash, session::RefreshToken, time::Timestamp};

use super::{
    kept::Kept,
    schema::refresh_tokens as table,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::RefreshTokens,
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
struct RefreshTokenRow {
    hash: Vec<u8>,
    session_id: String,
    issued_at: i64,
    spent_at: Option<i64>,
}

impl From<&RefreshToken> for RefreshTokenRow {
    fn from(token: &RefreshToken) -> Self {
        Self {
            hash: token.hash.to_bytes(),
            session_id: token.session_id.to_string(),
            issued_at: token.issued_at.as_millis(),
            spent_at: token.spent_at.map(Timestamp::as_millis),
        }
    }
}

impl TryFrom<RefreshTokenRow> for RefreshToken {
    type Error = StoreError;

    fn try_from(row: RefreshTokenRow) -> Result<Self> {
        let at = RowRef { table: "refresh_tokens", id: &row.session_id };
        Ok(Self {
            hash: at.some(SecretHash::from_bytes(&row.hash))?,
            session_id: at.ok(row.session_id.parse())?,
            issued_at: at.time(row.issued_at)?,
            spent_at: at.maybe_time(row.spent_at)?,
        })
    }
}

impl RefreshTokens for SqlTx<'_> {
    fn insert(&mut self, token: &RefreshToken) -> Result<()> {
        self.query(|c| Kept(diesel::insert_into(table::table).values(RefreshTokenRow::from(token))).execute(c))?;
        Ok(())
    }

    fn find(&mut self, hash: &SecretHash) -> Result<Option<RefreshToken>> {
        let query = table::table.find(hash.to_bytes()).select(RefreshTokenRow::as_select());
        let found = self.query(|c| query.get_result::<RefreshTokenRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn spend(&mut self, hash: &SecretHash, at: Timestamp) -> Result<bool> {
        let fresh = table::table.filter(table::hash.eq(hash.to_bytes()).and(table::spent_at.is_null()));
        Ok(self.query(|c| Kept(diesel::update(fresh).set(table::spent_at.eq(at.as_millis()))).execute(c))? == 1)
    }
}
