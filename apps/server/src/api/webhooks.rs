//! Webhooks under `/v1/management/webhooks`, their deliveries, and the log of events.

mod change;
mod deliveries;
mod events;
mod read;
mod secret;
mod view;

use actix_web::web::ServiceConfig;
use mgmt_core::{error::Error, id::WebhookId, webhook::Webhook};
use serde_json::Value;

pub(crate) use change::*;
pub(crate) use deliveries::*;
pub(crate) use events::*;
pub(crate) use read::*;
pub(crate) use secret::*;
pub(crate) use view::*;

use crate::{
    app::{App, Deed, Origin, Work},
    auth::Caller,
    error::ApiError,
    http::{
        precondition::{EntityTag, Preconditions},
        route::endpoint,
    },
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    const BASE: &str = "/v1/management/webhooks";
    config
        .service(endpoint(BASE).get(list).post(create))
        .service(endpoint(&format!("{BASE}/{{id}}")).get(show).patch(update).delete(remove))
        .service(endpoint(&format!("{BASE}/{{id}}/test")).post(test))
        .service(endpoint(&format!("{BASE}/{{id}}/secret")).get(secret))
        .service(endpoint(&format!("{BASE}/{{id}}/rotate-secret")).post(rotate_secret))
        .service(endpoint(&format!("{BASE}/{{id}}/recover")).post(recover))
        .service(endpoint(&format!("{BASE}/{{id}}/deliveries")).get(list_deliveries))
        .service(endpoint(&format!("{BASE}/{{id}}/deliveries/{{delivery}}")).get(show_delivery))
        .service(endpoint(&format!("{BASE}/{{id}}/deliveries/{{delivery}}/retry")).post(retry))
        .service(endpoint("/v1/management/events").get(list_events));
}

/// The tag of a webhook: it changes with settings and secret, not with deliveries.
fn tag(webhook: &Webhook) -> EntityTag {
    EntityTag::of_bytes(format!("{} {}", webhook.id, webhook.version).as_bytes())
}

/// The webhook of the caller's organization, as it is now.
fn find(work: &mut Work<'_>, caller: &Caller, id: WebhookId) -> Result<Webhook, ApiError> {
    Ok(work.tx.webhooks().find(caller.organization_id, id)?.ok_or_else(Error::not_found)?)
}

/// The webhook as clients see it, without its secret.
pub(crate) fn written(work: &mut Work<'_>, webhook: &Webhook) -> Result<Value, ApiError> {
    let queue = work.tx.webhook_queues().find(webhook.id)?;
    let failing_since = queue.and_then(|q| q.health.failing_since);
    serde_json::to_value(WebhookView::new(webhook, failing_since)).map_err(ApiError::internal)
}

/// One line of the audit log about a webhook.
fn note(
    work: &mut Work<'_>,
    origin: &Origin,
    action: &str,
    before: Option<&Webhook>,
    after: Option<&Webhook>,
) -> Result<(), ApiError> {
    let target = after.or(before).map(|w| w.id.to_string()).unwrap_or_default();
    let written = |webhook: &Webhook| serde_json::to_value(WebhookView::new(webhook, None)).map_err(ApiError::internal);
    let (before, after) = (before.map(written).transpose()?, after.map(written).transpose()?);
    work.audit(origin, Deed { action, target, before, after })
}

/// A missing webhook is 404, and a changed one 412, before anything is said about the body. The change itself judges both again.
async fn precheck(app: &App, caller: &Caller, id: WebhookId, preconditions: &Preconditions) -> Result<Webhook, ApiError> {
    let (caller, preconditions) = (caller.clone(), preconditions.clone());
    let judged = app.read("webhooks.precheck", move |work| {
        let webhook = find(work, &caller, id)?;
        preconditions.check(&tag(&webhook))?;
        Ok(webhook)
    });
    judged.await
}
