//! Rate sheets.

use diesel::prelude::*;
use mgmt_core::id::OrganizationId;
use mgmt_shipping::{id::RateSheetId, sheet::RateSheet};

use super::{
    schema::{organizations, rate_sheet_starts as starts, rate_sheets as table},
    shipments::document,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::Result,
    store::{RateSheets, Versioned},
};

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = table)]
struct SheetRow {
    id: String,
    organization_id: String,
    slug: String,
    document: String,
    version: i64,
}

impl SheetRow {
    fn new(organization: OrganizationId, sheet: &RateSheet, version: i64) -> Result<Self> {
        Ok(Self {
            id: sheet.id.to_string(),
            organization_id: organization.to_string(),
            slug: sheet.slug().to_owned(),
            document: document(sheet)?,
            version,
        })
    }
}

fn parse(id: &str, document: &str) -> Result<RateSheet> {
    RowRef { table: "rate_sheets", id }.ok(serde_json::from_str(document))
}

impl RateSheets for SqlTx<'_> {
    fn unstarted(&mut self, limit: i64) -> Result<Vec<OrganizationId>> {
        let started = starts::table.select(starts::organization_id);
        let query = organizations::table.filter(organizations::id.ne_all(started)).order(organizations::id).limit(limit.max(0));
        let ids = self.query(|c| query.select(organizations::id).load::<String>(c))?;
        ids.iter().map(|id| RowRef { table: "organizations", id }.ok(id.parse())).collect()
    }

    fn start(&mut self, organization: OrganizationId) -> Result<()> {
        let row = starts::organization_id.eq(organization.to_string());
        self.insert_missing(|c| diesel::insert_into(starts::table).values(row).execute(c))
    }

    fn insert(&mut self, organization: OrganizationId, sheet: &RateSheet) -> Result<()> {
        let row = SheetRow::new(organization, sheet, 1)?;
        self.query(|c| diesel::insert_into(table::table).values(row).execute(c))?;
        Ok(())
    }

    fn find(&mut self, organization: OrganizationId, id: RateSheetId) -> Result<Option<Versioned<RateSheet>>> {
        let id = id.to_string();
        let own = table::id.eq(&id).and(table::organization_id.eq(organization.to_string()));
        let query = table::table.filter(own).select((table::document, table::version));
        let found = self.query(|c| query.get_result::<(String, i64)>(c).optional())?;
        found.map(|(text, version)| Ok(Versioned { object: parse(&id, &text)?, version })).transpose()
    }

    fn all(&mut self, organization: OrganizationId) -> Result<Vec<RateSheet>> {
        let own = table::table.filter(table::organization_id.eq(organization.to_string()));
        let query = own.order(table::id).select((table::id, table::document));
        let rows = self.query(|c| query.load::<(String, String)>(c))?;
        rows.iter().map(|(id, text)| parse(id, text)).collect()
    }

    fn list(&mut self, organization: OrganizationId, before: Option<RateSheetId>, limit: i64) -> Result<Vec<RateSheet>> {
        let own = table::table.filter(table::organization_id.eq(organization.to_string()));
        let mut query = own.order(table::id.desc()).limit(limit.max(0)).select((table::id, table::document)).into_boxed();
        if let Some(before) = before {
            query = query.filter(table::id.lt(before.to_string()));
        }
        let rows = self.query(|c| query.load::<(String, String)>(c))?;
        rows.iter().map(|(id, text)| parse(id, text)).collect()
    }

    fn update(&mut self, organization: OrganizationId, sheet: &RateSheet, version: i64) -> Result<()> {
        let row = SheetRow::new(organization, sheet, version + 1)?;
        let seen = table::id.eq(row.id.clone()).and(table::version.eq(version));
        let seen = seen.and(table::organization_id.eq(row.organization_id.clone()));
        self.update_seen(|c| diesel::update(table::table.filter(seen)).set(row).execute(c))
    }

    fn delete(&mut self, organization: OrganizationId, id: RateSheetId) -> Result<bool> {
        let own = table::id.eq(id.to_string()).and(table::organization_id.eq(organization.to_string()));
        Ok(self.query(|c| diesel::delete(table::table.filter(own)).execute(c))? == 1)
    }
}
