//! People's places in tenants.

use diesel::prelude::*;
use mgmt_core::{
    account::Membership,
    id::{OrganizationId, UserId},
    role::Role,
};

use super::{
    schema::memberships as table,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::Memberships,
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table)]
struct MembershipRow {
    organization_id: String,
    user_id: String,
    role: String,
    created_at: i64,
}

impl From<&Membership> for MembershipRow {
    fn from(membership: &Membership) -> Self {
        Self {
            organization_id: membership.organization_id.to_string(),
            user_id: membership.user_id.to_string(),
            role: membership.role.as_str().to_owned(),
            created_at: membership.created_at.as_millis(),
        }
    }
}

impl TryFrom<MembershipRow> for Membership {
    type Error = StoreError;

    fn try_from(row: MembershipRow) -> Result<Self> {
        let id = format!("{} {}", row.organization_id, row.user_id);
        let at = RowRef { table: "memberships", id: &id };
        Ok(Self {
            organization_id: at.ok(row.organization_id.parse())?,
            user_id: at.ok(row.user_id.parse())?,
            role: at.ok(Role::parse(&row.role))?,
            created_at: at.time(row.created_at)?,
        })
    }
}

impl Memberships for SqlTx<'_> {
    fn insert(&mut self, membership: &Membership) -> Result<()> {
        self.query(|c| diesel::insert_into(table::table).values(MembershipRow::from(membership)).execute(c))?;
        Ok(())
    }

    fn find(&mut self, organization: OrganizationId, user: UserId) -> Result<Option<Membership>> {
        let query = table::table.find((organization.to_string(), user.to_string())).select(MembershipRow::as_select());
        let found = self.query(|c| query.get_result::<MembershipRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn list_of_user(&mut self, user: UserId) -> Result<Vec<Membership>> {
        let query = table::table
            .filter(table::user_id.eq(user.to_string()))
            .order((table::created_at, table::organization_id))
            .select(MembershipRow::as_select());
        let rows = self.query(|c| query.load::<MembershipRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn list(&mut self, organization: OrganizationId, before: Option<UserId>, limit: i64) -> Result<Vec<Membership>> {
        let mut query = table::table
            .filter(table::organization_id.eq(organization.to_string()))
            .order(table::user_id.desc())
            .limit(limit.max(0))
            .select(MembershipRow::as_select())
            .into_boxed();
        if let Some(before) = before {
            query = query.filter(table::user_id.lt(before.to_string()));
        }
        let rows = self.query(|c| query.load::<MembershipRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn set_role(&mut self, organization: OrganizationId, user: UserId, role: Role) -> Result<bool> {
        let place = table::table.find((organization.to_string(), user.to_string()));
        Ok(self.query(|c| diesel::update(place).set(table::role.eq(role.as_str())).execute(c))? == 1)
    }

    fn delete(&mut self, organization: OrganizationId, user: UserId) -> Result<bool> {
        let place = table::table.find((organization.to_string(), user.to_string()));
        Ok(self.query(|c| diesel::delete(place).execute(c))? == 1)
    }

    fn count_owners(&mut self, organization: OrganizationId) -> Result<i64> {
        let owners =
            table::table.filter(table::organization_id.eq(organization.to_string()).and(table::role.eq(Role::Owner.as_str())));
        self.query(|c| owners.count().get_result(c))
    }
}
