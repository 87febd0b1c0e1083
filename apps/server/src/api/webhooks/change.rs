//! Making, changing and removing webhooks.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use mgmt_core::{
    error::{Code, Error, Faults},
    event::Subscriptions,
    id::WebhookId,
    key_draft::Change,
    secret::PlainSecret,
    target::{TargetRules, TargetUrl},
    webhook::{SealedSecret, Webhook, WebhookSettings, parse_description},
};
use serde_json::{Map, Value};

use super::{CreateWebhook, UpdateWebhook, WebhookCreated, WebhookView, find, note, precheck, tag, written};
use crate::{
    api::tagged,
    app::{
        App, Work,
        idempotency::{Created, Once},
    },
    auth::{Allow, Caller, permission::WebhooksWrite},
    error::ApiError,
    http::{
        body::{Body, OptionalBody},
        path::PathId,
        precondition::Preconditions,
        query::{NoParameters, Query},
    },
};

fn parse_url(text: &str, rules: &TargetRules) -> Result<String, Error> {
    TargetUrl::parse(text, rules).map(|url| url.as_str().to_owned()).map_err(|reason| Error::invalid("url", reason))
}

fn parse_new(body: &CreateWebhook, rules: &TargetRules) -> Result<WebhookSettings, Error> {
    let mut faults = Faults::default();
    let url = faults.take(parse_url(&body.url, rules));
    let events = faults.take(Subscriptions::parse("events", &body.events));
    let description = faults.take(parse_description(body.description.as_deref())).flatten();
    faults.finish()?;
    match (url, events) {
        (Some(url), Some(events)) => Ok(WebhookSettings { url, events, active: body.active.unwrap_or(true), description }),
        _ => Err(Error::invalid("url", "is not valid")),
    }
}

/// The settings after a patch. What is not changed is not judged again: rules may have become stricter since.
fn parse_patch(body: UpdateWebhook, before: &WebhookSettings, rules: &TargetRules) -> Result<WebhookSettings, Error> {
    let mut faults = Faults::default();
    let mut after = before.clone();
    if let Some(url) = faults.take(required("url", body.url)).flatten() {
        after.url = faults.take(parse_url(&url, rules)).unwrap_or_default();
    }
    if let Some(events) = faults.take(required("events", body.events)).flatten()
        && let Some(events) = faults.take(Subscriptions::parse("events", &events))
    {
        after.events = events;
    }
    if let Some(active) = faults.take(required("active", body.active)).flatten() {
        after.active = active;
    }
    match body.description {
        Change::Keep => {}
        Change::Clear => after.description = None,
        Change::Set(text) => after.description = faults.take(parse_description(Some(&text))).flatten(),
    }
    faults.finish()?;
    Ok(after)
}

fn required<T>(field: &str, change: Change<T>) -> Result<Option<T>, Error> {
    match change {
        Change::Keep => Ok(None),
        Change::Clear => Err(Error::invalid(field, "must not be null")),
        Change::Set(value) => Ok(Some(value)),
    }
}

/// Makes an endpoint. The answer holds the secret that its deliveries are signed with.
#[utoipa::path(post, path = "/v1/management/webhooks", tag = "Webhooks", operation_id = "createWebhook", request_body = CreateWebhook,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 201, description = "The endpoint with its secret", body = WebhookCreated)))]
pub(crate) async fn create(
    app: Data<App>,
    caller: Allow<WebhooksWrite>,
    query: Query<NoParameters>,
    body: Body<CreateWebhook>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let caller = caller.into_caller();
    query.read()?;
    let (settings, bytes) = body.parse(|body| parse_new(&body, &app.targets)).await?;
    let once = Once::from_request(&request, (caller.organization_id, caller.actor()), &bytes)?;
    let _busy = once.as_ref().map(|o| o.begin(&app)).transpose()?;
    let answer = app.run("webhooks.create", move |work| {
        if let Some(once) = &once
            && let Some(earlier) = once.replay(work, caller.actor(), false)?
        {
            return with_secret(work, &caller, earlier);
        }
        let (webhook, secret) = make(work, &caller, settings.clone())?;
        let object = object(written(work, &webhook)?)?;
        let answer = Created { object, wrapped: false, secret: None, key_id: None, replayed: false };
        if let Some(once) = &once {
            once.keep(work, caller.organization_id, &answer)?;
        }
        Ok(shown(answer, &secret))
    });
    Ok(answer.await?.into_response())
}

fn make(work: &mut Work<'_>, caller: &Caller, settings: WebhookSettings) -> Result<(Webhook, PlainSecret), ApiError> {
    let organization_id = caller.organization_id;
    // Held, so that no two creations count at the same time.
    work.tx.organizations().lock(organization_id)?;
    let limit = work.app.config.webhooks.max_endpoints;
    if work.tx.webhooks().count(organization_id)? >= limit {
        let message = format!("the organization has {limit} webhooks already: remove one first");
        return Err(Error::new(Code::Conflict, message).into());
    }
    let id = WebhookId::new(work.now, &mut work.rng);
    let sealed = SealedSecret::generate(&work.app.keyring.keep, id, &mut work.rng);
    let (secret, plain) = sealed.ok_or_else(|| ApiError::internal("a webhook secret could not be encrypted"))?;
    let webhook = Webhook {
        id,
        organization_id,
        settings,
        created_by: caller.actor(),
        secret,
        previous: None,
        disabled: None,
        created_at: work.now,
        updated_at: work.now,
        version: 1,
    };
    work.tx.webhooks().insert(&webhook)?;
    note(work, &caller.origin(), "webhook.created", None, Some(&webhook))?;
    Ok((webhook, plain))
}

/// A repeated answer with the secret of today; without one when the endpoint is gone.
fn with_secret(work: &mut Work<'_>, caller: &Caller, answer: Created) -> Result<Created, ApiError> {
    let id = answer.object.get("id").and_then(Value::as_str).and_then(|id| id.parse::<WebhookId>().ok());
    let webhook = match id {
        Some(id) => work.tx.webhooks().find(caller.organization_id, id)?,
        None => None,
    };
    let secret = webhook.and_then(|w| w.secret.open(&work.app.keyring.keep, w.id));
    Ok(match secret {
        Some(secret) => shown(answer, &secret),
        None => answer,
    })
}

fn shown(mut answer: Created, secret: &PlainSecret) -> Created {
    answer.object.insert("secret".to_owned(), Value::from(secret.expose()));
    answer
}

fn object(value: Value) -> Result<Map<String, Value>, ApiError> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(ApiError::internal("a webhook could not be written as an object")),
    }
}

/// Changes an endpoint by a merge patch. One that is switched off gets nothing more, also nothing that waits.
#[utoipa::path(patch, path = "/v1/management/webhooks/{id}", tag = "Webhooks", operation_id = "updateWebhook", request_body = UpdateWebhook,
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 200, description = "The webhook as it is now", body = WebhookView)))]
pub(crate) async fn update(
    app: Data<App>,
    caller: Allow<WebhooksWrite>,
    id: PathId<WebhookId>,
    query: Query<NoParameters>,
    body: Body<UpdateWebhook>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let preconditions = Preconditions::from_headers(request.headers());
    let known = precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    let bytes = body.bytes().await?;
    Body::judge(&bytes, |body| parse_patch(body, &known.settings, &app.targets))?;
    let changed = app.run("webhooks.update", move |work| {
        work.tx.organizations().lock(caller.organization_id)?;
        let before = find(work, &caller, id)?;
        preconditions.check(&tag(&before))?;
        let targets = &work.app.targets;
        let settings = Body::judge(&bytes, |body: UpdateWebhook| parse_patch(body, &before.settings, targets))?;
        let after = before.clone().update(settings, work.now);
        if after.version != before.version {
            work.tx.webhooks().update(&after)?;
            apply_activity(work, &before, &after)?;
            note(work, &caller.origin(), "webhook.updated", Some(&before), Some(&after))?;
        }
        Ok((tag(&after), written(work, &after)?))
    });
    let (tag, view) = changed.await?;
    Ok(tagged(&request, tag, view))
}

/// An endpoint that is switched off gets nothing that waits; one that is switched on starts with a clean slate.
fn apply_activity(work: &mut Work<'_>, before: &Webhook, after: &Webhook) -> Result<(), ApiError> {
    if before.settings.active && !after.settings.active {
        work.stop_deliveries(after.id)?;
    }
    if !before.settings.active && after.settings.active {
        let fresh = mgmt_store::Queue {
            webhook_id: after.id,
            paused_until: work.now,
            timeouts: 0,
            health: mgmt_core::delivery::Health::default(),
        };
        work.tx.webhook_queues().update(&fresh)?;
    }
    Ok(())
}

/// Removes an endpoint with all that waits for it.
#[utoipa::path(delete, path = "/v1/management/webhooks/{id}", tag = "Webhooks", operation_id = "removeWebhook",
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 204, description = "Gone")))]
pub(crate) async fn remove(
    app: Data<App>,
    caller: Allow<WebhooksWrite>,
    id: PathId<WebhookId>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    body.read().await?;
    let removed = app.run("webhooks.remove", move |work| {
        work.tx.organizations().lock(caller.organization_id)?;
        let before = find(work, &caller, id)?;
        preconditions.check(&tag(&before))?;
        work.stop_deliveries(id)?;
        work.tx.webhooks().delete(caller.organization_id, id)?;
        note(work, &caller.origin(), "webhook.deleted", Some(&before), None)
    });
    removed.await?;
    Ok(HttpResponse::NoContent().finish())
}
