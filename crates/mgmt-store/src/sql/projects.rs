//! Projects of organizations.

use diesel::prelude::*;
use mgmt_core::{
    id::{OrganizationId, ProjectId},
    project::Project,
};

use super::{
    schema::projects as table,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::Projects,
};

#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct ProjectRow {
    id: String,
    organization_id: String,
    settings: String,
    webhook_token: Vec<u8>,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

impl TryFrom<&Project> for ProjectRow {
    type Error = StoreError;

    fn try_from(project: &Project) -> Result<Self> {
        Ok(Self {
            id: project.id.to_string(),
            organization_id: project.organization_id.to_string(),
            settings: serde_json::to_string(&project.settings).map_err(|e| StoreError::Backend(e.to_string()))?,
            webhook_token: project.webhook_token.clone(),
            created_at: project.created_at.as_millis(),
            updated_at: project.updated_at.as_millis(),
            version: project.version,
        })
    }
}

impl TryFrom<ProjectRow> for Project {
    type Error = StoreError;

    fn try_from(row: ProjectRow) -> Result<Self> {
        let at = RowRef { table: "projects", id: &row.id };
        Ok(Self {
            id: at.ok(row.id.parse())?,
            organization_id: at.ok(row.organization_id.parse())?,
            settings: at.ok(serde_json::from_str(&row.settings))?,
            created_at: at.time(row.created_at)?,
            updated_at: at.time(row.updated_at)?,
            version: row.version,
            webhook_token: row.webhook_token,
        })
    }
}

impl Projects for SqlTx<'_> {
    fn insert(&mut self, project: &Project) -> Result<()> {
        let row = ProjectRow::try_from(project)?;
        self.query(|c| diesel::insert_into(table::table).values(row).execute(c))?;
        Ok(())
    }

    fn find(&mut self, organization: OrganizationId, id: ProjectId) -> Result<Option<Project>> {
        let own = table::id.eq(id.to_string()).and(table::organization_id.eq(organization.to_string()));
        let query = table::table.filter(own).select(ProjectRow::as_select());
        let found = self.query(|c| query.get_result::<ProjectRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn list(&mut self, organization: OrganizationId) -> Result<Vec<Project>> {
        let own = table::organization_id.eq(organization.to_string());
        let query = table::table.filter(own).order(table::id).select(ProjectRow::as_select());
        let rows = self.query(|c| query.load::<ProjectRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn count(&mut self, organization: OrganizationId) -> Result<i64> {
        let own = table::organization_id.eq(organization.to_string());
        self.query(|c| table::table.filter(own).count().get_result(c))
    }

    fn update(&mut self, project: &Project) -> Result<()> {
        let row = ProjectRow::try_from(project)?;
        let read = table::id
            .eq(row.id.clone())
            .and(table::organization_id.eq(row.organization_id.clone()))
            .and(table::version.eq(project.version - 1));
        let changed = self.query(|c| diesel::update(table::table.filter(read)).set(row).execute(c))?;
        if changed == 1 { Ok(()) } else { Err(StoreError::Conflict("project")) }
    }

    fn delete(&mut self, organization: OrganizationId, id: ProjectId) -> Result<bool> {
        let own = table::id.eq(id.to_string()).and(table::organization_id.eq(organization.to_string()));
        Ok(self.query(|c| diesel::delete(table::table.filter(own)).execute(c))? == 1)
    }
}
