//! What happened: the outbox, and the log of events.

use diesel::prelude::*;
use mgmt_core::{
    event::{Event, EventType},
    id::{EventId, OrganizationId, WebhookId},
    time::Timestamp,
};

use super::{
    kept::Kept,
    schema::events as table,
    tx::{RowRef, SqlTx, json_text},
};
use crate::{
    error::{Result, StoreError},
    store::{EventFilter, Events, WaitingEvent},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
pub(super) struct EventRow {
    pub(super) id: String,
    pub(super) organization_id: String,
    pub(super) event_type: String,
    pub(super) at: i64,
    pub(super) data: String,
    pub(super) webhook_id: Option<String>,
}

impl EventRow {
    pub(super) fn new(event: &Event, only: Option<WebhookId>) -> Self {
        Self {
            id: event.id.to_string(),
            organization_id: event.organization_id.to_string(),
            event_type: event.event_type.as_str().to_owned(),
            at: event.at.as_millis(),
            data: json_text(&event.data),
            webhook_id: only.map(|id| id.to_string()),
        }
    }
}

/// What is inserted for an event. It waits where its organization has endpoints: nobody else will ever want it, as no endpoint gets
/// events that are older than itself.
macro_rules! event_values {
    ($row:expr) => {{
        use crate::sql::schema::{events, webhooks};
        let row: $crate::sql::events::EventRow = $row;
        let at = diesel::IntoSql::into_sql::<diesel::sql_types::BigInt>(row.at);
        let endpoints = webhooks::table.filter(webhooks::organization_id.eq(row.organization_id.clone()));
        (
            events::id.eq(row.id),
            events::organization_id.eq(row.organization_id),
            events::event_type.eq(row.event_type),
            events::at.eq(row.at),
            events::data.eq(row.data),
            events::webhook_id.eq(row.webhook_id),
            events::waiting_since.eq(endpoints.select(at).single_value()),
        )
    }};
}
pub(super) use event_values;

impl TryFrom<EventRow> for WaitingEvent {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self> {
        let at = RowRef { table: "events", id: &row.id };
        let event = Event {
            id: at.ok(row.id.parse())?,
            organization_id: at.ok(row.organization_id.parse())?,
            event_type: at.some(EventType::parse(&row.event_type))?,
            at: at.time(row.at)?,
            data: at.object(&row.data)?,
        };
        Ok(Self { event, only: row.webhook_id.map(|id| at.ok(id.parse())).transpose()? })
    }
}

impl Events for SqlTx<'_> {
    fn push(&mut self, event: &Event, only: Option<WebhookId>) -> Result<()> {
        let values = event_values!(EventRow::new(event, only));
        self.query(|c| Kept(diesel::insert_into(table::table).values(values)).execute(c))?;
        Ok(())
    }

    fn find(&mut self, id: EventId) -> Result<Option<Event>> {
        let query = table::table.find(id.to_string()).select(EventRow::as_select());
        let found = self.query(|c| query.get_result::<EventRow>(c).optional())?;
        found.map(|row| WaitingEvent::try_from(row).map(|w| w.event)).transpose()
    }

    fn find_all(&mut self, ids: &[EventId]) -> Result<Vec<Event>> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let query = table::table.filter(table::id.eq_any(ids)).select(EventRow::as_select());
        let rows = self.query(|c| query.load::<EventRow>(c))?;
        rows.into_iter().map(|row| WaitingEvent::try_from(row).map(|w| w.event)).collect()
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: i64,
    ) -> Result<Vec<Event>> {
        let mut query = table::table
            .filter(table::organization_id.eq(organization.to_string()).and(table::webhook_id.is_null()))
            .order(table::id.desc())
            .limit(limit.max(0))
            .select(EventRow::as_select())
            .into_boxed();
        if !filter.types.is_empty() {
            let names: Vec<&str> = filter.types.iter().map(|t| t.as_str()).collect();
            query = query.filter(table::event_type.eq_any(names));
        }
        if let Some(before) = before {
            query = query.filter(table::id.lt(before.to_string()));
        }
        let rows = self.query(|c| query.load::<EventRow>(c))?;
        rows.into_iter().map(|row| WaitingEvent::try_from(row).map(|w| w.event)).collect()
    }

    fn waiting(&mut self, limit: i64) -> Result<Vec<WaitingEvent>> {
        let query = table::table
            .filter(table::waiting_since.is_not_null())
            .order((table::waiting_since, table::id))
            .limit(limit.max(0))
            .select(EventRow::as_select());
        let rows = self.query(|c| query.load::<EventRow>(c))?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    fn dispatched(&mut self, ids: &[EventId]) -> Result<()> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let rows = table::table.filter(table::id.eq_any(ids));
        self.query(|c| diesel::update(rows).set(table::waiting_since.eq(None::<i64>)).execute(c))?;
        Ok(())
    }

    fn delete_before(&mut self, before: Timestamp, most: i64) -> Result<usize> {
        // Ids are ordered by time: the oldest rows are the first ones.
        let oldest = table::table.order(table::id).limit(most.max(0)).select((table::id, table::at));
        let oldest = self.query(|c| oldest.load::<(String, i64)>(c))?;
        let ended = oldest.into_iter().filter(|(_, at)| *at < before.as_millis()).map(|(id, _)| id);
        let rows = table::table.filter(table::id.eq_any(ended.collect::<Vec<_>>()));
        self.query(|c| diesel::delete(rows).execute(c))
    }
}
