//! Links that set a new password.

use diesel::prelude::*;
use mgmt_core::{id::UserId, invitation::PasswordReset, secret::SecretHash, time::Timestamp};

use super::{
    schema::password_resets as table,
    tx::{RowRef, SqlTx},
};
use crate::{error::Result, store::PasswordResets};

impl PasswordResets for SqlTx<'_> {
    fn replace(&mut self, reset: &PasswordReset) -> Result<()> {
        let user = reset.user_id.to_string();
        self.query(|c| diesel::delete(table::table.find(&user)).execute(c))?;
        let row = (
            table::user_id.eq(&user),
            table::hash.eq(reset.hash.to_bytes()),
            table::created_at.eq(reset.created_at.as_millis()),
            table::expires_at.eq(reset.expires_at.as_millis()),
        );
        self.insert_missing(|c| diesel::insert_into(table::table).values(row).execute(c))
    }

    fn find_by_hash(&mut self, hash: &SecretHash) -> Result<Option<PasswordReset>> {
        let columns = (table::user_id, table::created_at, table::expires_at);
        let query = table::table.filter(table::hash.eq(hash.to_bytes())).select(columns);
        let Some((user, created, expires)) = self.query(|c| query.get_result::<(String, i64, i64)>(c).optional())? else {
            return Ok(None);
        };
        let at = RowRef { table: "password_resets", id: &user };
        Ok(Some(PasswordReset {
            user_id: at.ok(user.parse())?,
            hash: *hash,
            created_at: at.time(created)?,
            expires_at: at.time(expires)?,
        }))
    }

    fn delete(&mut self, user: UserId) -> Result<bool> {
        Ok(self.query(|c| diesel::delete(table::table.find(user.to_string())).execute(c))? == 1)
    }

    fn delete_expired(&mut self, now: Timestamp) -> Result<usize> {
        self.query(|c| diesel::delete(table::table.filter(table::expires_at.le(now.as_millis()))).execute(c))
    }
}
