//! The log of events: everything that happened, whether anybody is told or not.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use mgmt_core::{cursor, event::Subscriptions, id::EventId};
use mgmt_store::EventFilter;

use super::{EventList, EventView, ListEvents};
use crate::{
    api::{page, page_size},
    app::App,
    auth::{Allow, permission::WebhooksRead},
    error::ApiError,
    http::query::Query,
};

/// Lists events, newest first. They are kept for 30 days.
#[utoipa::path(get, path = "/v1/management/events", tag = "Webhooks", operation_id = "listEvents", params(ListEvents),
    responses((status = 200, description = "A page of events", body = EventList)))]
pub(crate) async fn list_events(
    app: Data<App>,
    caller: Allow<WebhooksRead>,
    query: Query<ListEvents>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (query, organization) = (query.read()?, caller.organization_id);
    let types = query.event_type.as_deref().map(|text| Subscriptions::one("type", text)).transpose()?;
    let (filter, limit) = (EventFilter { types: types.unwrap_or_default() }, page_size(query.limit)?);
    let list = format!("events {organization} {filter:?}");
    let open = |text: &String| cursor::open(&app.keyring.cursor, &list, text).map(EventId::from_u128);
    let before = query.cursor.as_ref().map(open).transpose()?;
    let (rows, next) = app
        .read("events.list", move |work| {
            let mut events = work.tx.events().list(organization, &filter, before, limit + 1)?;
            let more = events.len() > usize::try_from(limit).unwrap_or(usize::MAX);
            events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            let next = events.last().map(|e| e.id).filter(|_| more);
            Ok((events.into_iter().map(EventView::from).collect::<Vec<_>>(), next))
        })
        .await?;
    let next = next.map(|id| cursor::seal(&app.keyring.cursor, &list, id.as_u128()));
    Ok(page(&request, &rows, next))
}
