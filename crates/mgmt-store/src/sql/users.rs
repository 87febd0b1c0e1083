//! People.

use diesel::prelude::*;
use mgmt_core::{
    account::{Email, User},
    id::UserId,
};

use super::{
    schema::users as table,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::Users,
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table)]
struct UserRow {
    id: String,
    email: String,
    name: String,
    password_hash: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl From<&User> for UserRow {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.as_str().to_owned(),
            name: user.name.clone(),
            password_hash: user.password_hash.clone(),
            created_at: user.created_at.as_millis(),
            updated_at: user.updated_at.as_millis(),
        }
    }
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self> {
        let at = RowRef { table: "users", id: &row.id };
        Ok(Self {
            id: at.ok(row.id.parse())?,
            email: at.ok(Email::stored(row.email))?,
            created_at: at.time(row.created_at)?,
            updated_at: at.time(row.updated_at)?,
            name: row.name,
            password_hash: row.password_hash,
        })
    }
}

impl Users for SqlTx<'_> {
    fn insert(&mut self, user: &User) -> Result<()> {
        self.query(|c| diesel::insert_into(table::table).values(UserRow::from(user)).execute(c))?;
        Ok(())
    }

    fn find(&mut self, id: UserId) -> Result<Option<User>> {
        let query = table::table.find(id.to_string()).select(UserRow::as_select());
        let found = self.query(|c| query.get_result::<UserRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn find_by_email(&mut self, email: &Email) -> Result<Option<User>> {
        let query = table::table.filter(table::email.eq(email.as_str())).select(UserRow::as_select());
        let found = self.query(|c| query.get_result::<UserRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn update(&mut self, user: &User) -> Result<()> {
        let row = UserRow::from(user);
        let rows = self.query(|c| {
            diesel::update(table::table.find(row.id))
                .set((
                    table::email.eq(row.email),
                    table::name.eq(row.name),
                    table::password_hash.eq(row.password_hash),
                    table::updated_at.eq(row.updated_at),
                ))
                .execute(c)
        })?;
        if rows == 1 { Ok(()) } else { Err(StoreError::Conflict("user")) }
    }

    fn lock(&mut self, id: UserId) -> Result<bool> {
        // An update that changes nothing holds the row on both databases.
        let hold = diesel::update(table::table.find(id.to_string())).set(table::updated_at.eq(table::updated_at));
        Ok(self.query(|c| hold.execute(c))? == 1)
    }
}
