//! People's places in projects.

use diesel::prelude::*;
use mgmt_core::{
    id::{OrganizationId, ProjectId, UserId},
    project::member::{ProjectMember, ProjectRole},
};

use super::{
    schema::project_members as table,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::ProjectMembers,
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table)]
struct MemberRow {
    project_id: String,
    user_id: String,
    organization_id: String,
    role: String,
    created_at: i64,
}

impl From<&ProjectMember> for MemberRow {
    fn from(member: &ProjectMember) -> Self {
        Self {
            project_id: member.project_id.to_string(),
            user_id: member.user_id.to_string(),
            organization_id: member.organization_id.to_string(),
            role: member.role.as_str().to_owned(),
            created_at: member.created_at.as_millis(),
        }
    }
}

impl TryFrom<MemberRow> for ProjectMember {
    type Error = StoreError;

    fn try_from(row: MemberRow) -> Result<Self> {
        let id = format!("{} {}", row.project_id, row.user_id);
        let at = RowRef { table: "project_members", id: &id };
        Ok(Self {
            project_id: at.ok(row.project_id.parse())?,
            user_id: at.ok(row.user_id.parse())?,
            organization_id: at.ok(row.organization_id.parse())?,
            role: at.ok(ProjectRole::parse("role", &row.role))?,
            created_at: at.time(row.created_at)?,
        })
    }
}

impl ProjectMembers for SqlTx<'_> {
    fn put(&mut self, member: &ProjectMember) -> Result<()> {
        let place = table::table.find((member.project_id.to_string(), member.user_id.to_string()));
        let role = table::role.eq(member.role.as_str());
        if self.query(|c| diesel::update(place).set(role).execute(c))? == 0 {
            self.insert_missing(|c| diesel::insert_into(table::table).values(MemberRow::from(member)).execute(c))?;
        }
        Ok(())
    }

    fn find(&mut self, project: ProjectId, user: UserId) -> Result<Option<ProjectMember>> {
        let query = table::table.find((project.to_string(), user.to_string())).select(MemberRow::as_select());
        let found = self.query(|c| query.get_result::<MemberRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn list(&mut self, project: ProjectId) -> Result<Vec<ProjectMember>> {
        let own = table::project_id.eq(project.to_string());
        let query = table::table.filter(own).order(table::user_id).select(MemberRow::as_select());
        let rows = self.query(|c| query.load::<MemberRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn list_of_user(&mut self, organization: OrganizationId, user: UserId) -> Result<Vec<ProjectMember>> {
        let own = table::organization_id.eq(organization.to_string()).and(table::user_id.eq(user.to_string()));
        let query = table::table.filter(own).order(table::project_id).select(MemberRow::as_select());
        let rows = self.query(|c| query.load::<MemberRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn delete(&mut self, project: ProjectId, user: UserId) -> Result<bool> {
        let place = table::table.find((project.to_string(), user.to_string()));
        Ok(self.query(|c| diesel::delete(place).execute(c))? == 1)
    }

    fn delete_of_user(&mut self, organization: OrganizationId, user: UserId) -> Result<usize> {
        let own = table::organization_id.eq(organization.to_string()).and(table::user_id.eq(user.to_string()));
        self.query(|c| diesel::delete(table::table.filter(own)).execute(c))
    }

    fn hand_over(&mut self, organization: OrganizationId, from: UserId, to: UserId) -> Result<usize> {
        let own = table::organization_id.eq(organization.to_string()).and(table::user_id.eq(from.to_string()));
        self.query(|c| diesel::update(table::table.filter(own)).set(table::user_id.eq(to.to_string())).execute(c))
    }
}
