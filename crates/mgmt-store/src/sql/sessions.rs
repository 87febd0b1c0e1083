//! Signed-in sessions.

use diesel::prelude::*;
use mgmt_core::{
    id::{OrganizationId, SessionId, UserId},
    session::Session,
    time::Timestamp,
};

use super::{
    kept::Kept,
    schema::sessions as table,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::Sessions,
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
struct SessionRow {
    id: String,
    user_id: String,
    organization_id: String,
    created_at: i64,
    last_used_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
    address: Option<String>,
    user_agent: Option<String>,
}

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            user_id: session.user_id.to_string(),
            organization_id: session.organization_id.to_string(),
            created_at: session.created_at.as_millis(),
            last_used_at: session.last_used_at.as_millis(),
            expires_at: session.expires_at.as_millis(),
            revoked_at: session.revoked_at.map(Timestamp::as_millis),
            address: session.address.clone(),
            user_agent: session.user_agent.clone(),
        }
    }
}

impl TryFrom<SessionRow> for Session {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self> {
        let at = RowRef { table: "sessions", id: &row.id };
        Ok(Self {
            id: at.ok(row.id.parse())?,
            user_id: at.ok(row.user_id.parse())?,
            organization_id: at.ok(row.organization_id.parse())?,
            created_at: at.time(row.created_at)?,
            last_used_at: at.time(row.last_used_at)?,
            expires_at: at.time(row.expires_at)?,
            revoked_at: at.maybe_time(row.revoked_at)?,
            address: row.address,
            user_agent: row.user_agent,
        })
    }
}

impl Sessions for SqlTx<'_> {
    fn insert(&mut self, session: &Session) -> Result<()> {
        self.query(|c| Kept(diesel::insert_into(table::table).values(SessionRow::from(session))).execute(c))?;
        Ok(())
    }

    fn find(&mut self, id: SessionId) -> Result<Option<Session>> {
        let query = table::table.find(id.to_string()).select(SessionRow::as_select());
        let found = self.query(|c| query.get_result::<SessionRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn list_open(&mut self, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
        let query = table::table
            .filter(table::user_id.eq(user.to_string()))
            .filter(table::revoked_at.is_null().and(table::expires_at.gt(now.as_millis())))
            .order(table::id.desc())
            .select(SessionRow::as_select());
        let rows = self.query(|c| query.load::<SessionRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn refresh(&mut self, id: SessionId, organization: OrganizationId, at: Timestamp) -> Result<bool> {
        let open = table::table.filter(table::id.eq(id.to_string()).and(table::revoked_at.is_null()));
        let used = (table::last_used_at.eq(at.as_millis()), table::organization_id.eq(organization.to_string()));
        Ok(self.query(|c| Kept(diesel::update(open).set(used)).execute(c))? == 1)
    }

    fn revoke(&mut self, id: SessionId, at: Timestamp) -> Result<bool> {
        let open = table::table.filter(table::id.eq(id.to_string()).and(table::revoked_at.is_null()));
        Ok(self.query(|c| Kept(diesel::update(open).set(table::revoked_at.eq(at.as_millis()))).execute(c))? == 1)
    }

    fn revoke_of_user(&mut self, user: UserId, except: Option<SessionId>, at: Timestamp) -> Result<usize> {
        // No session has an empty id.
        let except = except.map_or_else(String::new, |id| id.to_string());
        let open =
            table::table.filter(table::user_id.eq(user.to_string()).and(table::revoked_at.is_null()).and(table::id.ne(except)));
        self.query(|c| Kept(diesel::update(open).set(table::revoked_at.eq(at.as_millis()))).execute(c))
    }

    fn delete_ended(&mut self, before: Timestamp) -> Result<usize> {
        let before = before.as_millis();
        let ended = table::table.filter(table::expires_at.lt(before).or(table::revoked_at.lt(before)));
        self.query(|c| diesel::delete(ended).execute(c))
    }
}
