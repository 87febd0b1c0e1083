//! What happened: the outbox, and the log of events.

use mgmt_core::{
    event::Event,
    id::{EventId, OrganizationId, WebhookId},
    time::Timestamp,
};
use mgmt_store::{EventFilter, Events, Result, WaitingEvent};

use crate::{
    state::State,
    table::most,
    tx::{Fault, MemoryTx},
};

/// An event, and whether it waits for its deliveries.
#[derive(Clone)]
pub(crate) struct EventRow {
    told: WaitingEvent,
    waits: bool,
}

/// Adds an event; whether it waits. It does where its organization has endpoints: nobody else will ever want it, as no endpoint gets
/// events that are older than itself.
pub(crate) fn push(s: &mut State, event: &Event, only: Option<WebhookId>) -> Result<bool, Fault> {
    let waits = s.webhooks.values().any(|w| w.organization_id == event.organization_id);
    let told = WaitingEvent { event: event.clone(), only };
    s.events.insert(event.id, EventRow { told, waits }, "event")?;
    Ok(waits)
}

impl Events for MemoryTx {
    fn push(&mut self, event: &Event, only: Option<WebhookId>) -> Result<()> {
        self.write(|s| push(s, event, only).map(|_| ()))
    }

    fn find(&mut self, id: EventId) -> Result<Option<Event>> {
        self.look(|s| s.events.get(&id).map(|row| row.told.event.clone()))
    }

    fn find_all(&mut self, ids: &[EventId]) -> Result<Vec<Event>> {
        self.look(|s| ids.iter().filter_map(|id| s.events.get(id)).map(|row| row.told.event.clone()).collect())
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: i64,
    ) -> Result<Vec<Event>> {
        let of_type = |event: &Event| filter.types.is_empty() || filter.types.contains(&event.event_type);
        self.look(|s| {
            let logged = s.events.newest(before).filter(|row| row.told.only.is_none()).map(|row| &row.told.event);
            let own = logged.filter(|event| event.organization_id == organization && of_type(event));
            own.take(most(limit)).cloned().collect()
        })
    }

    fn waiting(&mut self, limit: i64) -> Result<Vec<WaitingEvent>> {
        self.look(|s| {
            let mut waiting: Vec<&WaitingEvent> = s.events.values().filter(|row| row.waits).map(|row| &row.told).collect();
            waiting.sort_by_key(|told| (told.event.at, told.event.id));
            waiting.into_iter().take(most(limit)).cloned().collect()
        })
    }

    fn dispatched(&mut self, ids: &[EventId]) -> Result<()> {
        self.write(|s| {
            for id in ids {
                s.events.change(id, |row| row.waits, |row| row.waits = false);
            }
            Ok(())
        })
    }

    fn delete_before(&mut self, before: Timestamp, most: i64) -> Result<usize> {
        self.write(|s| Ok(s.events.remove_most(|row| row.told.event.at < before, most)))
    }
}
