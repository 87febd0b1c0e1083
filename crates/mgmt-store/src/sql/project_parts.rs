//! What hangs on projects.

use diesel::prelude::*;
use mgmt_core::{
    id::ProjectId,
    project::part::{PartId, PartKind},
    time::Timestamp,
};

use super::{
    schema::project_parts as table,
    tx::{RowRef, SqlTx, json_text},
};
use crate::{
    error::{Result, StoreError},
    store::{PartRecord, ProjectParts},
};

#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct PartRow {
    id: String,
    project_id: String,
    kind: String,
    name: String,
    body: String,
    created_at: i64,
    updated_at: Option<i64>,
    version: i64,
}

impl From<&PartRecord> for PartRow {
    fn from(part: &PartRecord) -> Self {
        Self {
            id: part.id.to_string(),
            project_id: part.project_id.to_string(),
            kind: part.id.kind().as_str().to_owned(),
            name: part.name.clone(),
            body: json_text(&part.body),
            created_at: part.created_at.as_millis(),
            updated_at: part.updated_at.map(Timestamp::as_millis),
            version: part.version,
        }
    }
}

impl TryFrom<PartRow> for PartRecord {
    type Error = StoreError;

    fn try_from(row: PartRow) -> Result<Self> {
        let at = RowRef { table: "project_parts", id: &row.id };
        let kind = at.some(PartKind::parse(&row.kind))?;
        Ok(Self {
            id: at.some(PartId::parse(kind, &row.id))?,
            project_id: at.ok(row.project_id.parse())?,
            body: at.object(&row.body)?,
            created_at: at.time(row.created_at)?,
            updated_at: at.maybe_time(row.updated_at)?,
            version: row.version,
            name: row.name,
        })
    }
}

impl ProjectParts for SqlTx<'_> {
    fn insert(&mut self, part: &PartRecord) -> Result<()> {
        self.query(|c| diesel::insert_into(table::table).values(PartRow::from(part)).execute(c))?;
        Ok(())
    }

    fn find(&mut self, project: ProjectId, id: PartId) -> Result<Option<PartRecord>> {
        let own =
            table::id.eq(id.to_string()).and(table::project_id.eq(project.to_string())).and(table::kind.eq(id.kind().as_str()));
        let query = table::table.filter(own).select(PartRow::as_select());
        let found = self.query(|c| query.get_result::<PartRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn find_by_name(&mut self, project: ProjectId, kind: PartKind, name: &str) -> Result<Option<PartRecord>> {
        let own = table::project_id.eq(project.to_string()).and(table::kind.eq(kind.as_str())).and(table::name.eq(name));
        let query = table::table.filter(own).select(PartRow::as_select());
        let found = self.query(|c| query.get_result::<PartRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn list(&mut self, project: ProjectId, kind: PartKind) -> Result<Vec<PartRecord>> {
        let own = table::project_id.eq(project.to_string()).and(table::kind.eq(kind.as_str()));
        let query = table::table.filter(own).order(table::id).select(PartRow::as_select());
        let rows = self.query(|c| query.load::<PartRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn count(&mut self, project: ProjectId, kind: PartKind) -> Result<i64> {
        let own = table::project_id.eq(project.to_string()).and(table::kind.eq(kind.as_str()));
        self.query(|c| table::table.filter(own).count().get_result(c))
    }

    fn update(&mut self, part: &PartRecord) -> Result<()> {
        let row = PartRow::from(part);
        let read = table::id
            .eq(row.id.clone())
            .and(table::project_id.eq(row.project_id.clone()))
            .and(table::version.eq(part.version - 1));
        let changed = self.query(|c| diesel::update(table::table.filter(read)).set(row).execute(c))?;
        if changed == 1 { Ok(()) } else { Err(StoreError::Conflict("project part")) }
    }

    fn delete(&mut self, project: ProjectId, id: PartId) -> Result<bool> {
        let own =
            table::id.eq(id.to_string()).and(table::project_id.eq(project.to_string())).and(table::kind.eq(id.kind().as_str()));
        Ok(self.query(|c| diesel::delete(table::table.filter(own)).execute(c))? == 1)
    }
}
