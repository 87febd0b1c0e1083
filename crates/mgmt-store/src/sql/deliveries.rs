//! Events on their way to endpoints.

use diesel::prelude::*;
use mgmt_core::{
    delivery::{Delivery, DeliveryStatus},
    event::EventType,
    id::{DeliveryId, WebhookId},
    time::Timestamp,
};

use super::{
    bulk::FinishedRow,
    kept::Kept,
    schema::deliveries as table,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::{Deliveries, Lease},
};

/// A row of the table.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table)]
pub(super) struct DeliveryRow {
    id: String,
    organization_id: String,
    webhook_id: String,
    event_id: String,
    event_type: String,
    status: String,
    tries: i64,
    attempts: String,
    next_attempt_at: Option<i64>,
    lease: Option<String>,
    created_at: i64,
}

impl From<&Delivery> for DeliveryRow {
    fn from(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            organization_id: delivery.organization_id.to_string(),
            webhook_id: delivery.webhook_id.to_string(),
            event_id: delivery.event_id.to_string(),
            event_type: delivery.event_type.as_str().to_owned(),
            status: delivery.status.as_str().to_owned(),
            tries: delivery.tries,
            attempts: log_text(delivery),
            next_attempt_at: delivery.next_attempt_at.map(Timestamp::as_millis),
            lease: None,
            created_at: delivery.created_at.as_millis(),
        }
    }
}

fn finished_row(delivery: &Delivery) -> FinishedRow {
    let next = delivery.next_attempt_at.map(Timestamp::as_millis);
    (delivery.id.to_string(), delivery.status.as_str(), delivery.tries, log_text(delivery), next)
}

fn log_text(delivery: &Delivery) -> String {
    serde_json::to_string(&delivery.attempts).unwrap_or_else(|_| "[]".to_owned())
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self> {
        let at = RowRef { table: "deliveries", id: &row.id };
        Ok(Self {
            id: at.ok(row.id.parse())?,
            organization_id: at.ok(row.organization_id.parse())?,
            webhook_id: at.ok(row.webhook_id.parse())?,
            event_id: at.ok(row.event_id.parse())?,
            event_type: at.some(EventType::parse(&row.event_type))?,
            status: at.some(DeliveryStatus::parse(&row.status))?,
            tries: row.tries,
            attempts: at.ok(serde_json::from_str(&row.attempts))?,
            // Under a lease the column says when the lease ends.
            next_attempt_at: if row.lease.is_some() { None } else { at.maybe_time(row.next_attempt_at)? },
            created_at: at.time(row.created_at)?,
        })
    }
}

impl Deliveries for SqlTx<'_> {
    fn insert(&mut self, deliveries: &[Delivery]) -> Result<()> {
        let rows: Vec<DeliveryRow> = deliveries.iter().map(Into::into).collect();
        self.query(|c| c.insert_deliveries(&rows))
    }

    fn find(&mut self, webhook: WebhookId, id: DeliveryId) -> Result<Option<Delivery>> {
        let own = table::id.eq(id.to_string()).and(table::webhook_id.eq(webhook.to_string()));
        let query = table::table.filter(own).select(DeliveryRow::as_select());
        let found = self.query(|c| query.get_result::<DeliveryRow>(c).optional())?;
        found.map(TryInto::try_into).transpose()
    }

    fn list(
        &mut self,
        webhook: WebhookId,
        status: Option<DeliveryStatus>,
        before: Option<DeliveryId>,
        limit: i64,
    ) -> Result<Vec<Delivery>> {
        let mut query = table::table
            .filter(table::webhook_id.eq(webhook.to_string()))
            .order(table::id.desc())
            .limit(limit.max(0))
            .select(DeliveryRow::as_select())
            .into_boxed();
        if let Some(status) = status {
            query = query.filter(table::status.eq(status.as_str()));
        }
        if let Some(before) = before {
            query = query.filter(table::id.lt(before.to_string()));
        }
        let rows = self.query(|c| query.load::<DeliveryRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn claim(&mut self, webhook: WebhookId, now: Timestamp, lease: &Lease, limit: i64) -> Result<Vec<Delivery>> {
        let due = table::table
            .filter(table::webhook_id.eq(webhook.to_string()).and(table::next_attempt_at.le(now.as_millis())))
            .order(table::next_attempt_at)
            .limit(limit.max(0))
            .select(DeliveryRow::as_select());
        let rows = self.query(|c| due.load::<DeliveryRow>(c))?;
        let ids: Vec<&str> = rows.iter().map(|r| r.id.as_str()).collect();
        let claimed = (table::lease.eq(&lease.mark), table::next_attempt_at.eq(lease.until.as_millis()));
        self.query(|c| diesel::update(table::table.filter(table::id.eq_any(ids))).set(claimed).execute(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn finish(&mut self, deliveries: &[Delivery], mark: &str) -> Result<Vec<DeliveryId>> {
        let rows: Vec<FinishedRow> = deliveries.iter().map(finished_row).collect();
        let written = self.query(|c| c.finish_deliveries(&rows, mark))?;
        written.iter().map(|id| RowRef { table: "deliveries", id }.ok(id.parse())).collect()
    }

    fn release_all(&mut self, now: Timestamp) -> Result<usize> {
        let leased = table::table.filter(table::next_attempt_at.is_not_null().and(table::lease.is_not_null()));
        let free = (table::lease.eq(None::<String>), table::next_attempt_at.eq(now.as_millis()));
        self.query(|c| Kept(diesel::update(leased).set(free)).execute(c))
    }

    fn stop(&mut self, webhook: WebhookId) -> Result<usize> {
        let waiting = table::next_attempt_at.is_not_null().and(table::lease.is_null());
        let own = table::table.filter(table::webhook_id.eq(webhook.to_string()).and(waiting));
        let ended = (table::status.eq(DeliveryStatus::Dead.as_str()), table::next_attempt_at.eq(None::<i64>));
        self.query(|c| Kept(diesel::update(own).set(ended)).execute(c))
    }

    fn repeat(&mut self, webhook: WebhookId, id: DeliveryId, now: Timestamp) -> Result<bool> {
        let own = table::id.eq(id.to_string()).and(table::webhook_id.eq(webhook.to_string()));
        let idle = table::table.filter(own.and(table::lease.is_null()));
        Ok(self.query(|c| Kept(diesel::update(idle).set(new_round(now))).execute(c))? == 1)
    }

    fn repeat_since(&mut self, webhook: WebhookId, since: Timestamp, now: Timestamp, most: i64) -> Result<usize> {
        let failed = [DeliveryStatus::Failed, DeliveryStatus::Dead].map(DeliveryStatus::as_str);
        let own = table::webhook_id.eq(webhook.to_string()).and(table::status.eq_any(failed));
        let idle = own.and(table::created_at.ge(since.as_millis())).and(table::lease.is_null());
        let some = table::table.filter(idle).order(table::id).limit(most.max(0)).select(table::id);
        let ids = self.query(|c| some.load::<String>(c))?;
        let rows = table::table.filter(table::id.eq_any(ids).and(table::lease.is_null()));
        self.query(|c| diesel::update(rows).set(new_round(now)).execute(c))
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

type NewRound = (
    diesel::dsl::Eq<table::status, &'static str>,
    diesel::dsl::Eq<table::tries, i64>,
    diesel::dsl::Eq<table::next_attempt_at, i64>,
);

fn new_round(now: Timestamp) -> NewRound {
    (table::status.eq(DeliveryStatus::Pending.as_str()), table::tries.eq(0), table::next_attempt_at.eq(now.as_millis()))
}
