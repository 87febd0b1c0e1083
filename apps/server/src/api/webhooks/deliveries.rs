//! Deliveries: the log, samples, and repeats. A repeat goes through the same queue as everything else.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use mgmt_core::{
    cursor,
    delivery::DeliveryStatus,
    error::{Code, Error},
    event::EventType,
    id::{DeliveryId, WebhookId},
    webhook::Webhook,
};
use serde_json::{Map, Value, json};

use super::{DeliveryList, DeliveryView, ListDeliveries, RecoverWebhook, RecoveredView, TestWebhook, find, precheck};
use crate::{
    api::{page, page_size},
    app::{App, Work},
    auth::{
        Allow, Caller,
        permission::{WebhooksRead, WebhooksWrite},
    },
    error::ApiError,
    http::{
        body::{Body, OptionalBody},
        path::{PathId, parameter},
        precondition::Preconditions,
        query::{NoParameters, Query},
    },
};

/// Deliveries that are begun anew in one transaction, and by one request: other writers wait, and so does the client.
const RECOVER_MOST: i64 = 1_000;
const RECOVER_ALL: usize = 100_000;

/// Lists an endpoint's deliveries, newest first.
#[utoipa::path(get, path = "/v1/management/webhooks/{id}/deliveries", tag = "Webhooks", operation_id = "listDeliveries",
    params(("id" = String, Path, description = "The webhook's id"), ListDeliveries),
    responses((status = 200, description = "A page of deliveries", body = DeliveryList)))]
pub(crate) async fn list_deliveries(
    app: Data<App>,
    caller: Allow<WebhooksRead>,
    id: PathId<WebhookId>,
    query: Query<ListDeliveries>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    precheck(&app, &caller, id, &Preconditions::default()).await?;
    let query = query.read()?;
    let (status, limit) = (read_status(query.status.as_deref())?, page_size(query.limit)?);
    let list = format!("deliveries {id} {status:?}");
    let open = |text: &String| cursor::open(&app.keyring.cursor, &list, text).map(DeliveryId::from_u128);
    let before = query.cursor.as_ref().map(open).transpose()?;
    let (rows, next) = app
        .read("deliveries.list", move |work| {
            let mut deliveries = work.tx.deliveries().list(id, status, before, limit + 1)?;
            let more = deliveries.len() > usize::try_from(limit).unwrap_or(usize::MAX);
            deliveries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            let next = deliveries.last().map(|d| d.id).filter(|_| more);
            Ok((deliveries.into_iter().map(DeliveryView::from).collect::<Vec<_>>(), next))
        })
        .await?;
    let next = next.map(|id| cursor::seal(&app.keyring.cursor, &list, id.as_u128()));
    Ok(page(&request, &rows, next))
}

fn read_status(text: Option<&str>) -> Result<Option<DeliveryStatus>, Error> {
    let wrong = || Error::invalid("status", "must be `pending`, `succeeded`, `failed` or `dead`");
    text.map(|text| DeliveryStatus::parse(text).ok_or_else(wrong)).transpose()
}

/// Shows one delivery with its attempts.
#[utoipa::path(get, path = "/v1/management/webhooks/{id}/deliveries/{delivery}", tag = "Webhooks", operation_id = "showDelivery",
    params(("id" = String, Path, description = "The webhook's id"), ("delivery" = String, Path, description = "The delivery's id")),
    responses((status = 200, description = "The delivery", body = DeliveryView)))]
pub(crate) async fn show_delivery(
    app: Data<App>,
    caller: Allow<WebhooksRead>,
    id: PathId<WebhookId>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let delivery: DeliveryId = parameter(&request, "delivery")?;
    let found = app.read("deliveries.show", move |work| {
        find(work, &caller, id)?;
        Ok(work.tx.deliveries().find(id, delivery)?.ok_or_else(Error::not_found)?)
    });
    let found = found.await?;
    query.read()?;
    Ok(HttpResponse::Ok().json(DeliveryView::from(found)))
}

/// An endpoint that is switched off gets nothing, whoever asks.
fn active(work: &mut Work<'_>, caller: &Caller, id: WebhookId) -> Result<Webhook, ApiError> {
    let webhook = find(work, caller, id)?;
    if webhook.settings.active {
        return Ok(webhook);
    }
    Err(ApiError::new(Code::InvalidState, "the webhook is switched off: set `active` to true first"))
}

/// Tries a delivery again: a new round of the schedule, with the same event id.
#[utoipa::path(post, path = "/v1/management/webhooks/{id}/deliveries/{delivery}/retry", tag = "Webhooks", operation_id = "retryDelivery",
    params(("id" = String, Path, description = "The webhook's id"), ("delivery" = String, Path, description = "The delivery's id")),
    responses((status = 202, description = "It is tried again", body = DeliveryView)))]
pub(crate) async fn retry(
    app: Data<App>,
    caller: Allow<WebhooksWrite>,
    id: PathId<WebhookId>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let delivery: DeliveryId = parameter(&request, "delivery")?;
    precheck(&app, &caller, id, &Preconditions::default()).await?;
    query.read()?;
    body.read().await?;
    let again = app.run("deliveries.retry", move |work| {
        let known = work.tx.deliveries().find(id, delivery)?;
        known.ok_or_else(Error::not_found)?;
        active(work, &caller, id)?;
        let now = work.now;
        // One that is being tried at this moment needs no other try.
        if work.tx.deliveries().repeat(id, delivery, now)? {
            work.tx.webhook_queues().note_due(id, now)?;
            work.deliveries_wait();
        }
        Ok(work.tx.deliveries().find(id, delivery)?.ok_or_else(Error::not_found)?)
    });
    Ok(HttpResponse::Accepted().json(DeliveryView::from(again.await?)))
}

/// Tries all failed and dead deliveries again that were made since a time.
#[utoipa::path(post, path = "/v1/management/webhooks/{id}/recover", tag = "Webhooks", operation_id = "recoverWebhook", request_body = RecoverWebhook,
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 202, description = "They are tried again", body = RecoveredView)))]
pub(crate) async fn recover(
    app: Data<App>,
    caller: Allow<WebhooksWrite>,
    id: PathId<WebhookId>,
    query: Query<NoParameters>,
    body: Body<RecoverWebhook>,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    precheck(&app, &caller, id, &Preconditions::default()).await?;
    query.read()?;
    let since = body.read().await?.since;
    let mut recovered = 0;
    loop {
        let caller = caller.clone();
        let some = app.run("deliveries.recover", move |work| {
            active(work, &caller, id)?;
            let now = work.now;
            let some = work.tx.deliveries().repeat_since(id, since, now, RECOVER_MOST)?;
            if some > 0 {
                work.tx.webhook_queues().note_due(id, now)?;
                work.deliveries_wait();
            }
            Ok(some)
        });
        let some = some.await?;
        recovered += some;
        // What fails again meanwhile is not begun once more: a request has an end.
        if i64::try_from(some).unwrap_or(RECOVER_MOST) < RECOVER_MOST || recovered >= RECOVER_ALL {
            return Ok(HttpResponse::Accepted().json(RecoveredView { recovered }));
        }
    }
}

/// Sends a sample, by the same way as everything else. It stands in the log of deliveries, but in no list of events.
#[utoipa::path(post, path = "/v1/management/webhooks/{id}/test", tag = "Webhooks", operation_id = "testWebhook", request_body = Option<TestWebhook>,
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 202, description = "It is on its way", body = super::EventView)))]
pub(crate) async fn test(
    app: Data<App>,
    caller: Allow<WebhooksWrite>,
    id: PathId<WebhookId>,
    query: Query<NoParameters>,
    body: OptionalBody<TestWebhook>,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    precheck(&app, &caller, id, &Preconditions::default()).await?;
    query.read()?;
    let body = body.read().await?;
    let unknown = || Error::invalid("type", "must be the name of an event, such as `api_key.created`");
    let wanted = body.event_type.as_deref().map(|t| EventType::parse(t).ok_or_else(unknown)).transpose()?;
    let sent = app.run("webhooks.test", move |work| {
        let webhook = active(work, &caller, id)?;
        let event_type = wanted.or(webhook.settings.events.first()).unwrap_or(EventType::ApiKeyCreated);
        work.sample(&webhook, event_type, sample(event_type))
    });
    Ok(HttpResponse::Accepted().json(super::EventView::from(sent.await?)))
}

/// What a sample holds: an object of the right kind that does not exist.
fn sample(event_type: EventType) -> Map<String, Value> {
    let zeros = "0".repeat(32);
    let (prefix, fields) = match event_type.family() {
        "shipment" => ("shp", json!({ "object_type": "shipment", "status": "draft", "test_mode": true })),
        "tracker" => ("trk", json!({ "object_type": "tracker", "status": "in_transit", "test_mode": true })),
        "user" => ("usr", json!({ "email": "sample@example.com", "name": "Sample", "role": "member", "status": "active" })),
        "organization" => ("org", json!({ "name": "Sample" })),
        "webhook" => ("whk", json!({ "url": "https://example.com/", "active": false, "disabled_reason": "failing" })),
        "quota" => ("key", json!({ "percent": 80, "quota": { "limit": 100, "used": 80, "remaining": 20, "period": "day" } })),
        _ => ("key", json!({ "name": "Sample", "kind": "secret", "environment": "test", "status": "active", "scopes": [] })),
    };
    let id = [("id".to_owned(), json!(format!("{prefix}_{zeros}"))), ("sample".to_owned(), json!(true))];
    let fields = fields.as_object().cloned().unwrap_or_default();
    id.into_iter().chain(fields).collect()
}
