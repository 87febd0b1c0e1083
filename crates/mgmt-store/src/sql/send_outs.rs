//! Events on their way to webhooks of projects.

use diesel::{dsl::min, prelude::*};
use mgmt_core::{
    delivery::{Attempt, DeliveryStatus, Progress},
    id::{OrganizationId, SendOutId},
    project::{
        part::{PartId, PartKind},
        send_out::SendOut,
    },
    time::Timestamp,
};

use super::{
    kept::Kept,
    schema::send_outs as table,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::{Lease, SendOutFilter, SendOuts},
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
struct SendOutRow {
    id: String,
    organization_id: String,
    project_id: String,
    webhook_id: String,
    event_type: String,
    body: String,
    status: String,
    tries: i64,
    attempts: String,
    next_attempt_at: Option<i64>,
    lease: Option<String>,
    created_at: i64,
}

impl From<&SendOut> for SendOutRow {
    fn from(send_out: &SendOut) -> Self {
        let progress = &send_out.progress;
        Self {
            id: send_out.id.to_string(),
            organization_id: send_out.organization_id.to_string(),
            project_id: send_out.project_id.to_string(),
            webhook_id: send_out.webhook_id.to_string(),
            event_type: send_out.event_type.clone(),
            body: send_out.body.clone(),
            status: progress.status.as_str().to_owned(),
            tries: progress.tries,
            attempts: log_text(&progress.attempts),
            next_attempt_at: progress.next_attempt_at.map(Timestamp::as_millis),
            lease: None,
            created_at: send_out.created_at.as_millis(),
        }
    }
}

fn log_text(attempts: &[Attempt]) -> String {
    serde_json::to_string(attempts).unwrap_or_else(|_| "[]".to_owned())
}

impl TryFrom<SendOutRow> for SendOut {
    type Error = StoreError;

    fn try_from(row: SendOutRow) -> Result<Self> {
        let at = RowRef { table: "send_outs", id: &row.id };
        let progress = Progress {
            status: at.some(DeliveryStatus::parse(&row.status))?,
            tries: row.tries,
            attempts: at.ok(serde_json::from_str(&row.attempts))?,
            // Under a lease the column says when the lease ends.
            next_attempt_at: if row.lease.is_some() { None } else { at.maybe_time(row.next_attempt_at)? },
        };
        Ok(Self {
            id: at.ok(row.id.parse())?,
            organization_id: at.ok(row.organization_id.parse())?,
            project_id: at.ok(row.project_id.parse())?,
            webhook_id: at.some(PartId::parse(PartKind::Webhook, &row.webhook_id))?,
            created_at: at.time(row.created_at)?,
            event_type: row.event_type,
            body: row.body,
            progress,
        })
    }
}

fn read(rows: Vec<SendOutRow>) -> Result<Vec<SendOut>> {
    rows.into_iter().map(TryInto::try_into).collect()
}

impl SendOuts for SqlTx<'_> {
    fn insert(&mut self, send_out: &SendOut) -> Result<()> {
        self.query(|c| Kept(diesel::insert_into(table::table).values(SendOutRow::from(send_out))).execute(c))?;
        Ok(())
    }

    fn find(&mut self, webhook: PartId, id: SendOutId) -> Result<Option<SendOut>> {
        let own = table::id.eq(id.to_string()).and(table::webhook_id.eq(webhook.to_string()));
        let query = table::table.filter(own).select(SendOutRow::as_select());
        let found = self.query(|c| query.get_result::<SendOutRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn list(&mut self, webhook: PartId, filter: SendOutFilter) -> Result<Vec<SendOut>> {
        let mut query = table::table
            .filter(table::webhook_id.eq(webhook.to_string()))
            .order(table::id.desc())
            .limit(filter.limit.max(0))
            .select(SendOutRow::as_select())
            .into_boxed();
        if let Some(status) = filter.status {
            query = query.filter(table::status.eq(status.as_str()));
        }
        if let Some(before) = filter.before {
            query = query.filter(table::id.lt(before.to_string()));
        }
        read(self.query(|c| query.load::<SendOutRow>(c))?)
    }

    fn due(&mut self, now: Timestamp, except: &[PartId], limit: i64) -> Result<Vec<(PartId, OrganizationId)>> {
        let except: Vec<String> = except.iter().map(ToString::to_string).collect();
        let earliest = min(table::next_attempt_at);
        let query = table::table
            .filter(table::next_attempt_at.le(now.as_millis()).and(table::webhook_id.ne_all(except)))
            .group_by((table::webhook_id, table::organization_id))
            .order((earliest, table::webhook_id))
            .limit(limit.max(0))
            .select((table::webhook_id, table::organization_id));
        let rows = self.query(|c| query.load::<(String, String)>(c))?;
        let whose = |(id, organization): &(String, String)| {
            let at = RowRef { table: "send_outs", id };
            Ok((at.some(PartId::parse(PartKind::Webhook, id))?, at.ok(organization.parse())?))
        };
        rows.iter().map(whose).collect()
    }

    fn claim(&mut self, webhook: PartId, now: Timestamp, lease: &Lease, limit: i64) -> Result<Vec<SendOut>> {
        let due = table::table
            .filter(table::webhook_id.eq(webhook.to_string()).and(table::next_attempt_at.le(now.as_millis())))
            .order(table::next_attempt_at)
            .limit(limit.max(0))
            .select(SendOutRow::as_select());
        let rows = self.query(|c| due.load::<SendOutRow>(c))?;
        let ids: Vec<&str> = rows.iter().map(|r| r.id.as_str()).collect();
        let claimed = (table::lease.eq(&lease.mark), table::next_attempt_at.eq(lease.until.as_millis()));
        self.query(|c| diesel::update(table::table.filter(table::id.eq_any(ids))).set(claimed).execute(c))?;
        read(rows)
    }

    fn finish(&mut self, send_out: &SendOut, mark: &str) -> Result<bool> {
        let own = table::id.eq(send_out.id.to_string()).and(table::lease.eq(mark));
        let progress = &send_out.progress;
        let changes = (
            table::status.eq(progress.status.as_str()),
            table::tries.eq(progress.tries),
            table::attempts.eq(log_text(&progress.attempts)),
            table::next_attempt_at.eq(progress.next_attempt_at.map(Timestamp::as_millis)),
            table::lease.eq(None::<String>),
        );
        Ok(self.query(|c| Kept(diesel::update(table::table.filter(own)).set(changes)).execute(c))? == 1)
    }

    fn release_all(&mut self, now: Timestamp) -> Result<usize> {
        let leased = table::table.filter(table::next_attempt_at.is_not_null().and(table::lease.is_not_null()));
        let free = (table::lease.eq(None::<String>), table::next_attempt_at.eq(now.as_millis()));
        self.query(|c| Kept(diesel::update(leased).set(free)).execute(c))
    }

    fn stop(&mut self, webhook: PartId) -> Result<usize> {
        let waiting = table::next_attempt_at.is_not_null().and(table::lease.is_null());
        let own = table::table.filter(table::webhook_id.eq(webhook.to_string()).and(waiting));
        let ended = (table::status.eq(DeliveryStatus::Dead.as_str()), table::next_attempt_at.eq(None::<i64>));
        self.query(|c| Kept(diesel::update(own).set(ended)).execute(c))
    }

    fn repeat(&mut self, webhook: PartId, id: SendOutId, now: Timestamp) -> Result<bool> {
        let own = table::id.eq(id.to_string()).and(table::webhook_id.eq(webhook.to_string()));
        let idle = table::table.filter(own.and(table::lease.is_null()));
        let status = table::status.eq(DeliveryStatus::Pending.as_str());
        let anew = (status, table::tries.eq(0), table::next_attempt_at.eq(now.as_millis()));
        Ok(self.query(|c| Kept(diesel::update(idle).set(anew)).execute(c))? == 1)
    }

    fn delete_before(&mut self, before: Timestamp, most: i64) -> Result<usize> {
        // Ids are ordered by time: the oldest rows are the first ones.
        let oldest = table::table.order(table::id).limit(most.max(0)).select((table::id, table::created_at));
        let oldest = self.query(|c| oldest.load::<(String, i64)>(c))?;
        let ended = oldest.into_iter().filter(|(_, at)| *at < before.as_millis()).map(|(id, _)| id);
        let rows = table::table.filter(table::id.eq_any(ended.collect::<Vec<_>>()));
        self.query(|c| diesel::delete(rows).execute(c))
    }
}
