//! The audit log.

use diesel::prelude::*;
use mgmt_core::{
    audit::{AuditEntry, ChainHead, ChainedEntry, GENESIS, chain},
    id::OrganizationId,
};
use serde_json::Value;

use super::{
    kept::Kept,
    schema::{audit as table, audit_heads as heads},
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::{Audit, AuditFilter},
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
struct AuditRow {
    organization_id: String,
    seq: i64,
    id: String,
    at: i64,
    actor: String,
    action: String,
    target: String,
    address: Option<String>,
    request_id: Option<String>,
    state_before: Option<String>,
    state_after: Option<String>,
    hash: Vec<u8>,
}

impl AuditRow {
    fn new(entry: &AuditEntry, seq: i64, hash: [u8; 32]) -> Self {
        Self {
            organization_id: entry.organization_id.to_string(),
            seq,
            id: entry.id.to_string(),
            at: entry.at.as_millis(),
            actor: entry.actor.to_string(),
            action: entry.action.clone(),
            target: entry.target.clone(),
            address: entry.address.clone(),
            request_id: entry.request_id.clone(),
            state_before: entry.before.as_ref().map(Value::to_string),
            state_after: entry.after.as_ref().map(Value::to_string),
            hash: hash.to_vec(),
        }
    }
}

impl TryFrom<AuditRow> for ChainedEntry {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self> {
        let at = RowRef { table: "audit", id: &row.id };
        let value = |text: Option<String>| text.map(|t| at.ok(serde_json::from_str(&t))).transpose();
        let entry = AuditEntry {
            id: at.ok(row.id.parse())?,
            organization_id: at.ok(row.organization_id.parse())?,
            at: at.time(row.at)?,
            actor: at.ok(row.actor.parse())?,
            before: value(row.state_before)?,
            after: value(row.state_after)?,
            action: row.action,
            target: row.target,
            address: row.address,
            request_id: row.request_id,
        };
        Ok(Self { seq: row.seq, entry, hash: at.ok(row.hash.try_into())? })
    }
}

impl SqlTx<'_> {
    /// Takes the next place of a chain, and with it the right to fill it: the number and the hash before it.
    fn next_place(&mut self, organization: &str) -> Result<(i64, [u8; 32])> {
        let count_up = diesel::update(heads::table.find(organization)).set(heads::seq.eq(heads::seq + 1));
        if self.query(|c| Kept(count_up).execute(c))? == 1 {
            let query = heads::table.find(organization).select((heads::seq, heads::hash));
            let (seq, hash) = self.query(|c| query.get_result::<(i64, Vec<u8>)>(c))?;
            return Ok((seq, RowRef { table: "audit_heads", id: organization }.ok(hash.try_into())?));
        }
        let row = (heads::organization_id.eq(organization), heads::seq.eq(1_i64), heads::hash.eq(GENESIS.to_vec()));
        self.insert_missing(|c| Kept(diesel::insert_into(heads::table).values(row)).execute(c))?;
        Ok((1, GENESIS))
    }
}

impl Audit for SqlTx<'_> {
    fn append(&mut self, entry: &AuditEntry) -> Result<i64> {
        let organization = entry.organization_id.to_string();
        let (seq, previous) = self.next_place(&organization)?;
        let hash = chain(&previous, seq, entry);
        let row = AuditRow::new(entry, seq, hash);
        self.query(|c| Kept(diesel::insert_into(table::table).values(row)).execute(c))?;
        let head = diesel::update(heads::table.find(&organization)).set(heads::hash.eq(hash.to_vec()));
        self.query(|c| Kept(head).execute(c))?;
        Ok(seq)
    }

    fn list(&mut self, organization: OrganizationId, after: i64, limit: i64) -> Result<Vec<ChainedEntry>> {
        let query = table::table
            .filter(table::organization_id.eq(organization.to_string()).and(table::seq.gt(after)))
            .order(table::seq)
            .limit(limit.max(0))
            .select(AuditRow::as_select());
        let rows = self.query(|c| query.load::<AuditRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn search(
        &mut self,
        organization: OrganizationId,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<ChainedEntry>> {
        let mut query = table::table
            .filter(table::organization_id.eq(organization.to_string()))
            .order(table::seq.desc())
            .limit(limit.max(0))
            .select(AuditRow::as_select())
            .into_boxed();
        if let Some(actor) = filter.actor {
            query = query.filter(table::actor.eq(actor.to_string()));
        }
        if let Some(action) = &filter.action {
            query = query.filter(table::action.eq(action.clone()));
        }
        if let Some(from) = filter.from {
            query = query.filter(table::at.ge(from.as_millis()));
        }
        if let Some(to) = filter.to {
            query = query.filter(table::at.lt(to.as_millis()));
        }
        if let Some(before) = before {
            query = query.filter(table::seq.lt(before));
        }
        let rows = self.query(|c| query.load::<AuditRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn head(&mut self, organization: OrganizationId) -> Result<Option<ChainHead>> {
        let id = organization.to_string();
        let query = heads::table.find(&id).select((heads::seq, heads::hash, heads::seal));
        let found = self.query(|c| query.get_result::<(i64, Vec<u8>, Option<Vec<u8>>)>(c).optional())?;
        let at = RowRef { table: "audit_heads", id: &id };
        let read = |(seq, hash, seal): (i64, Vec<u8>, Option<Vec<u8>>)| {
            let seal = seal.map(|s| at.ok(s.try_into())).transpose()?;
            Ok(ChainHead { seq, hash: at.ok(hash.try_into())?, seal })
        };
        found.map(read).transpose()
    }

    fn seal(&mut self, organization: OrganizationId, seal: &[u8; 32]) -> Result<()> {
        let set = diesel::update(heads::table.find(organization.to_string())).set(heads::seal.eq(seal.to_vec()));
        if self.query(|c| Kept(set).execute(c))? == 1 { Ok(()) } else { Err(StoreError::Conflict("audit chain")) }
    }
}
