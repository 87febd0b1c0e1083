//! The secrets that deliveries are signed with.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use mgmt_core::{
    id::WebhookId,
    secret::{PlainSecret, token_hash},
    webhook::{DEFAULT_OVERLAP_SECS, SealedSecret},
};
use serde_json::{Map, Value, json};

use super::{RotateSecret, WebhookSecretView, find, note, precheck, tag};
use crate::{
    app::{
        App, Work,
        idempotency::{Created, Once},
    },
    auth::{Allow, Caller, permission::WebhooksWrite},
    error::ApiError,
    http::{
        body::OptionalBody,
        path::PathId,
        precondition::Preconditions,
        query::{NoParameters, Query},
    },
};

/// Shows the secret of an endpoint to whoever may change it.
#[utoipa::path(get, path = "/v1/management/webhooks/{id}/secret", tag = "Webhooks", operation_id = "showWebhookSecret",
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 200, description = "The secret", body = WebhookSecretView)))]
pub(crate) async fn secret(
    app: Data<App>,
    caller: Allow<WebhooksWrite>,
    id: PathId<WebhookId>,
    query: Query<NoParameters>,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    precheck(&app, &caller, id, &Preconditions::default()).await?;
    query.read()?;
    let shown = app.run("webhooks.secret", move |work| {
        let webhook = find(work, &caller, id)?;
        let secret = webhook.secret.open(&work.app.keyring.keep, id);
        let secret = secret.ok_or_else(|| ApiError::internal(format!("the secret of `{id}` cannot be decrypted")))?;
        note(work, &caller.origin(), "webhook.secret_retrieved", None, Some(&webhook))?;
        let previous_expires_at = webhook.previous_secret(work.now).map(|(_, until)| until);
        Ok(WebhookSecretView { secret: secret.expose().to_owned(), previous_expires_at })
    });
    Ok(HttpResponse::Ok().json(shown.await?))
}

/// What a kept answer has in place of the secret: its hash, which tells whether it is still that of the endpoint.
const HASH: &str = "secret_hash";

/// Replaces the secret of an endpoint. Until the overlap ends, deliveries carry a signature by each of both.
#[utoipa::path(post, path = "/v1/management/webhooks/{id}/rotate-secret", tag = "Webhooks", operation_id = "rotateWebhookSecret", request_body = Option<RotateSecret>,
    params(("id" = String, Path, description = "The webhook's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 200, description = "The new secret", body = WebhookSecretView)))]
pub(crate) async fn rotate_secret(
    app: Data<App>,
    caller: Allow<WebhooksWrite>,
    id: PathId<WebhookId>,
    query: Query<NoParameters>,
    body: OptionalBody<RotateSecret>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let preconditions = Preconditions::from_headers(request.headers());
    // A repeat finds the endpoint changed by the first request: only the first one judges the condition.
    let early = if Once::is_asked(&request) { &Preconditions::default() } else { &preconditions };
    precheck(&app, &caller, id, early).await?;
    query.read()?;
    let (body, bytes) = body.read_with_bytes().await?;
    let once = Once::from_request(&request, (caller.organization_id, caller.actor()), &bytes)?;
    let _busy = once.as_ref().map(|o| o.begin(&app)).transpose()?;
    let answer = app.run("webhooks.rotate_secret", move |work| {
        if let Some(once) = &once
            && let Some(earlier) = once.replay(work, caller.actor(), false)?
        {
            return repeated(work, &caller, id, earlier);
        }
        let (kept, secret) = rotate(work, &caller, id, &preconditions, &body)?;
        if let Some(once) = &once {
            once.keep_object(work, caller.organization_id, &kept)?;
        }
        let answer = Created { object: kept, wrapped: false, secret: None, key_id: None, replayed: false };
        Ok(shown(answer, Some(&secret)))
    });
    Ok(answer.await?.into_response_with(StatusCode::OK))
}

/// Gives an endpoint a new secret; the answer as it is kept, and the secret.
fn rotate(
    work: &mut Work<'_>,
    caller: &Caller,
    id: WebhookId,
    preconditions: &Preconditions,
    body: &RotateSecret,
) -> Result<(Map<String, Value>, PlainSecret), ApiError> {
    work.tx.organizations().lock(caller.organization_id)?;
    let before = find(work, caller, id)?;
    preconditions.check(&tag(&before))?;
    let sealed = SealedSecret::generate(&work.app.keyring.keep, id, &mut work.rng);
    let (sealed, secret) = sealed.ok_or_else(|| ApiError::internal("a webhook secret could not be encrypted"))?;
    let overlap = body.overlap_seconds.unwrap_or(DEFAULT_OVERLAP_SECS);
    let after = before.clone().rotate_secret(sealed, overlap, body.force, work.now)?;
    work.tx.webhooks().update(&after)?;
    note(work, &caller.origin(), "webhook.secret_rotated", Some(&before), Some(&after))?;
    let previous_expires_at = after.previous_secret(work.now).map(|(_, until)| until);
    let kept = [(HASH, json!(hash(&secret))), ("previous_expires_at", json!(previous_expires_at))];
    Ok((kept.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), secret))
}

/// A repeated answer, with the secret as long as it is that of the endpoint.
fn repeated(work: &mut Work<'_>, caller: &Caller, id: WebhookId, earlier: Created) -> Result<Created, ApiError> {
    let secret = find(work, caller, id)?.secret.open(&work.app.keyring.keep, id);
    let same = secret.filter(|secret| earlier.object.get(HASH) == Some(&json!(hash(secret))));
    Ok(shown(earlier, same.as_ref()))
}

fn shown(mut answer: Created, secret: Option<&PlainSecret>) -> Created {
    answer.object.shift_remove(HASH);
    if let Some(secret) = secret {
        answer.object.shift_insert(0, "secret".to_owned(), Value::from(secret.expose()));
    }
    answer
}

fn hash(secret: &PlainSecret) -> String {
    token_hash(secret.expose()).to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
