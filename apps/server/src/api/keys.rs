//! API keys and management keys, under `/api/api-keys` and `/v1/management/api-keys`.

mod change;
mod read;
mod view;

use actix_web::web::ServiceConfig;
use mgmt_core::{error::Error, event::EventType, id::KeyId, key::ApiKey, secret::PlainSecret};
use serde_json::{Map, Value};

pub(crate) use change::*;
pub(crate) use read::*;
pub(crate) use view::*;

use crate::{
    app::{App, Deed, Origin, Work, idempotency::Created},
    auth::Caller,
    error::ApiError,
    http::{
        precondition::{EntityTag, Preconditions},
        route::endpoint,
    },
};

/// The routes, on both surfaces.
pub(super) fn configure(config: &mut ServiceConfig) {
    let bases = ["/api/api-keys", "/v1/management/api-keys"];
    // Routes are tried in their order, and those with an id by regular expressions.
    for base in bases {
        config.service(endpoint(base).get(list).post(create));
    }
    for base in bases {
        config
            .service(endpoint(&format!("{base}/{{id}}")).get(show).patch(update).delete(revoke))
            .service(endpoint(&format!("{base}/{{id}}/rotate")).post(rotate))
            .service(endpoint(&format!("{base}/{{id}}/suspend")).post(suspend))
            .service(endpoint(&format!("{base}/{{id}}/resume")).post(resume))
            .service(endpoint(&format!("{base}/{{id}}/secret")).get_without_head(secret).delete(end_secret));
    }
}

/// The tag of a key: it changes with settings, state and status, not with its use.
fn tag(work: &Work<'_>, key: &ApiKey) -> EntityTag {
    EntityTag::of_bytes(format!("{} {} {}", key.id, key.version, key.status(work.now).as_str()).as_bytes())
}

/// The key as clients see it.
pub(crate) fn view(work: &mut Work<'_>, key: &ApiKey) -> Result<Map<String, Value>, ApiError> {
    let used = match key.settings.quota {
        Some(quota) => {
            let taken = work.tx.quotas().used(&key.lineage.to_string(), quota.period.start(work.now))?;
            taken.saturating_sub(work.app.gate.unused_units(key.lineage))
        }
        None => 0,
    };
    match serde_json::to_value(KeyView::new(key, used, work.now)) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err(ApiError::internal("a key could not be written as an object")),
    }
}

/// The key of the caller's organization, as it is now.
fn find(work: &mut Work<'_>, caller: &Caller, id: KeyId) -> Result<ApiKey, ApiError> {
    Ok(work.tx.keys().find(caller.organization_id, id)?.ok_or_else(Error::not_found)?)
}

/// The answer that shows a new key.
fn created(work: &mut Work<'_>, key: &ApiKey, secret: PlainSecret, wrapped: bool) -> Result<Created, ApiError> {
    Ok(Created { object: view(work, key)?, wrapped, secret: Some(secret), key_id: Some(key.id), replayed: false })
}

/// One line of the audit log about a key, and the event that goes with it.
pub(super) fn note(
    work: &mut Work<'_>,
    origin: &Origin,
    action: &str,
    before: Option<&ApiKey>,
    after: Option<&ApiKey>,
) -> Result<(), ApiError> {
    log(work, origin, action, before, after)?;
    let Some(after) = after else { return Ok(()) };
    announce(work, action, after, before)
}

/// One line of the audit log about a key.
fn log(
    work: &mut Work<'_>,
    origin: &Origin,
    action: &str,
    before: Option<&ApiKey>,
    after: Option<&ApiKey>,
) -> Result<(), ApiError> {
    if !work.logs(origin) {
        return Ok(());
    }
    let target = after.or(before).map(|k| k.id.to_string()).unwrap_or_default();
    let now = work.now;
    let written = |key: &ApiKey| serde_json::to_value(KeyView::new(key, 0, now)).map_err(ApiError::internal);
    let (before, after) = (before.map(written).transpose()?, after.map(written).transpose()?);
    work.audit(origin, Deed { action, target, before, after })
}

/// The event of an action on a key, where it is one.
pub(crate) fn announce(work: &mut Work<'_>, action: &str, key: &ApiKey, before: Option<&ApiKey>) -> Result<(), ApiError> {
    let event = if action == "api_key.resumed" { Some(EventType::ApiKeyUpdated) } else { EventType::parse(action) };
    let Some(event) = event else { return Ok(()) };
    let mut data = view(work, key)?;
    if let (EventType::ApiKeyRotated, Some(before)) = (event, before) {
        data.insert("replaces".to_owned(), Value::from(before.id.to_string()));
    }
    work.event(key.organization_id, event, Value::Object(data))
}

/// A missing key is 404, and a changed one 412, before anything is said about the body. The change itself judges both again.
async fn precheck(app: &App, caller: &Caller, id: KeyId, preconditions: &Preconditions) -> Result<ApiKey, ApiError> {
    let (caller, preconditions) = (caller.clone(), preconditions.clone());
    let judged = app.read("keys.precheck", move |work| {
        let key = find(work, &caller, id)?;
        preconditions.check(&tag(work, &key))?;
        Ok(key)
    });
    judged.await
}
