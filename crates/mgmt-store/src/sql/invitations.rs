//! People who were asked in.

use diesel::prelude::*;
use mgmt_core::{
    account::Email,
    id::{InvitationId, OrganizationId},
    invitation::Invitation,
    role::Role,
    secret::SecretHash,
};

use super::{
    schema::invitations as table,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::Invitations,
};

#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct InvitationRow {
    id: String,
    organization_id: String,
    email: String,
    name: Option<String>,
    role: String,
    invited_by: String,
    hash: Vec<u8>,
    created_at: i64,
    updated_at: i64,
    expires_at: i64,
}

impl From<&Invitation> for InvitationRow {
    fn from(invitation: &Invitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            organization_id: invitation.organization_id.to_string(),
            email: invitation.email.as_str().to_owned(),
            name: invitation.name.clone(),
            role: invitation.role.as_str().to_owned(),
            invited_by: invitation.invited_by.to_string(),
            hash: invitation.hash.to_bytes(),
            created_at: invitation.created_at.as_millis(),
            updated_at: invitation.updated_at.as_millis(),
            expires_at: invitation.expires_at.as_millis(),
        }
    }
}

impl TryFrom<InvitationRow> for Invitation {
    type Error = StoreError;

    fn try_from(row: InvitationRow) -> Result<Self> {
        let at = RowRef { table: "invitations", id: &row.id };
        Ok(Self {
            id: at.ok(row.id.parse())?,
            organization_id: at.ok(row.organization_id.parse())?,
            email: at.ok(Email::stored(row.email))?,
            role: at.ok(Role::parse(&row.role))?,
            invited_by: at.ok(row.invited_by.parse())?,
            hash: at.some(SecretHash::from_bytes(&row.hash))?,
            created_at: at.time(row.created_at)?,
            updated_at: at.time(row.updated_at)?,
            expires_at: at.time(row.expires_at)?,
            name: row.name,
        })
    }
}

impl Invitations for SqlTx<'_> {
    fn insert(&mut self, invitation: &Invitation) -> Result<()> {
        self.query(|c| diesel::insert_into(table::table).values(InvitationRow::from(invitation)).execute(c))?;
        Ok(())
    }

    fn find(&mut self, organization: OrganizationId, id: InvitationId) -> Result<Option<Invitation>> {
        let own = table::id.eq(id.to_string()).and(table::organization_id.eq(organization.to_string()));
        let query = table::table.filter(own).select(InvitationRow::as_select());
        let found = self.query(|c| query.get_result::<InvitationRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn find_by_email(&mut self, organization: OrganizationId, email: &Email) -> Result<Option<Invitation>> {
        let own = table::email.eq(email.as_str()).and(table::organization_id.eq(organization.to_string()));
        let query = table::table.filter(own).select(InvitationRow::as_select());
        let found = self.query(|c| query.get_result::<InvitationRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn find_by_hash(&mut self, hash: &SecretHash) -> Result<Option<Invitation>> {
        let query = table::table.filter(table::hash.eq(hash.to_bytes())).select(InvitationRow::as_select());
        let found = self.query(|c| query.get_result::<InvitationRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn list(&mut self, organization: OrganizationId, before: Option<InvitationId>, limit: i64) -> Result<Vec<Invitation>> {
        let mut query = table::table
            .filter(table::organization_id.eq(organization.to_string()))
            .order(table::id.desc())
            .limit(limit.max(0))
            .select(InvitationRow::as_select())
            .into_boxed();
        if let Some(before) = before {
            query = query.filter(table::id.lt(before.to_string()));
        }
        let rows = self.query(|c| query.load::<InvitationRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn update(&mut self, invitation: &Invitation) -> Result<bool> {
        let row = InvitationRow::from(invitation);
        let own = table::id.eq(row.id.clone()).and(table::organization_id.eq(row.organization_id.clone()));
        Ok(self.query(|c| diesel::update(table::table.filter(own)).set(row).execute(c))? == 1)
    }

    fn delete(&mut self, organization: OrganizationId, id: InvitationId) -> Result<bool> {
        let own = table::id.eq(id.to_string()).and(table::organization_id.eq(organization.to_string()));
        Ok(self.query(|c| diesel::delete(table::table.filter(own)).execute(c))? == 1)
    }
}
