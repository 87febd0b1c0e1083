//! Tenants.

use diesel::prelude::*;
use mgmt_core::{
    account::{Organization, OrganizationState, Plan},
    id::OrganizationId,
    quota::{Period, Quota},
};

use super::{
    kept::Kept,
    schema::organizations as table,
    tx::{RowRef, SqlTx, json_text, signed},
};
use crate::{
    error::{Result, StoreError},
    store::Organizations,
};

/// The value of `operator_slot` in the one row that has it.
const OPERATOR: i64 = 1;
/// Ids in one statement.
pub(super) const IDS: usize = 1_000;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table)]
struct OrganizationRow {
    id: String,
    name: String,
    slug: String,
    plan: String,
    state: String,
    operator_slot: Option<i64>,
    address: Option<String>,
    metadata: String,
    quota_limit: Option<i64>,
    quota_period: Option<String>,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

#[derive(AsChangeset)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct Changes {
    name: String,
    slug: String,
    plan: String,
    state: String,
    address: Option<String>,
    metadata: String,
    quota_limit: Option<i64>,
    quota_period: Option<String>,
    updated_at: i64,
    version: i64,
}

impl From<&Organization> for OrganizationRow {
    fn from(organization: &Organization) -> Self {
        let (quota_limit, quota_period) = quota_columns(organization.quota);
        Self {
            id: organization.id.to_string(),
            name: organization.name.clone(),
            slug: organization.slug.clone(),
            plan: organization.plan.as_str().to_owned(),
            state: organization.state.as_str().to_owned(),
            operator_slot: organization.is_operator.then_some(OPERATOR),
            address: organization.address.as_ref().map(json_text),
            metadata: json_text(&organization.metadata),
            quota_limit,
            quota_period,
            created_at: organization.created_at.as_millis(),
            updated_at: organization.updated_at.as_millis(),
            version: organization.version,
        }
    }
}

impl From<OrganizationRow> for Changes {
    fn from(row: OrganizationRow) -> Self {
        Self {
            name: row.name,
            slug: row.slug,
            plan: row.plan,
            state: row.state,
            address: row.address,
            metadata: row.metadata,
            quota_limit: row.quota_limit,
            quota_period: row.quota_period,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl TryFrom<OrganizationRow> for Organization {
    type Error = StoreError;

    fn try_from(row: OrganizationRow) -> Result<Self> {
        let at = RowRef { table: "organizations", id: &row.id };
        Ok(Self {
            id: at.ok(row.id.parse())?,
            plan: at.ok(Plan::parse(&row.plan))?,
            state: at.some(OrganizationState::parse(&row.state))?,
            is_operator: row.operator_slot.is_some(),
            address: row.address.as_deref().map(|text| at.object(text)).transpose()?,
            metadata: at.object(&row.metadata)?,
            quota: quota(at, row.quota_limit, row.quota_period.as_deref())?,
            created_at: at.time(row.created_at)?,
            updated_at: at.time(row.updated_at)?,
            version: row.version,
            name: row.name,
            slug: row.slug,
        })
    }
}

/// A quota as two columns.
pub(super) fn quota_columns(quota: Option<Quota>) -> (Option<i64>, Option<String>) {
    quota.map(|q| (signed(q.limit), q.period.as_str().to_owned())).unzip()
}

/// A quota from two columns.
pub(super) fn quota(at: RowRef<'_>, limit: Option<i64>, period: Option<&str>) -> Result<Option<Quota>> {
    match (limit, period) {
        (None, None) => Ok(None),
        (Some(limit), Some(period)) => Ok(Some(Quota { limit: at.count(limit)?, period: at.some(Period::parse(period))? })),
        _ => Err(at.corrupt()),
    }
}

impl Organizations for SqlTx<'_> {
    fn insert(&mut self, organization: &Organization) -> Result<()> {
        let row = OrganizationRow::from(organization);
        self.query(|c| Kept(diesel::insert_into(table::table).values((row, table::lock_count.eq(0_i64)))).execute(c))?;
        Ok(())
    }

    fn find(&mut self, id: OrganizationId) -> Result<Option<Organization>> {
        let found = self.query(|c| {
            table::table.find(id.to_string()).select(OrganizationRow::as_select()).get_result::<OrganizationRow>(c).optional()
        })?;
        found.map(TryInto::try_into).transpose()
    }

    fn find_all(&mut self, ids: &[OrganizationId]) -> Result<Vec<Organization>> {
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(IDS) {
            let own = table::id.eq_any(some.iter().map(ToString::to_string));
            let query = table::table.filter(own).select(OrganizationRow::as_select());
            found.extend(self.query(|c| query.load::<OrganizationRow>(c))?);
        }
        found.into_iter().map(TryInto::try_into).collect()
    }

    fn find_by_slug(&mut self, slug: &str) -> Result<Option<Organization>> {
        let query = table::table.filter(table::slug.eq(slug)).select(OrganizationRow::as_select());
        let found = self.query(|c| query.get_result::<OrganizationRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn find_operator(&mut self) -> Result<Option<Organization>> {
        let query = table::table.filter(table::operator_slot.eq(OPERATOR)).select(OrganizationRow::as_select());
        let found = self.query(|c| query.get_result::<OrganizationRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn list(&mut self, before: Option<OrganizationId>, limit: i64) -> Result<Vec<Organization>> {
        let mut query =
            table::table.select(OrganizationRow::as_select()).order(table::id.desc()).limit(limit.max(0)).into_boxed();
        if let Some(before) = before {
            query = query.filter(table::id.lt(before.to_string()));
        }
        let rows = self.query(|c| query.load::<OrganizationRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn update(&mut self, organization: &Organization) -> Result<()> {
        let changes = Changes::from(OrganizationRow::from(organization));
        let read = table::id.eq(organization.id.to_string()).and(table::version.eq(organization.version - 1));
        let rows = self.query(|c| Kept(diesel::update(table::table.filter(read)).set(changes)).execute(c))?;
        if rows == 1 { Ok(()) } else { Err(StoreError::Conflict("organization")) }
    }

    fn lock(&mut self, id: OrganizationId) -> Result<bool> {
        self.query(|c| c.lock_organization(&id.to_string()))
    }
}
