//! The secrets that deliveries are signed with.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use mgmt_core::{
    id::WebhookId,
    webhook::{DEFAULT_OVERLAP_SECS, SealedSecret},
};

use super::{RotateSecret, WebhookSecretView, find, note, precheck, tag};
use crate::{
    app::App,
    auth::{Allow, permission::WebhooksWrite},
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

/// Replaces the secret of an endpoint. Until the overlap ends, deliveries carry a signature by each of both.
#[utoipa::path(post, path = "/v1/management/webhooks/{id}/rotate-secret", tag = "Webhooks", operation_id = "rotateWebhookSecret", request_body = Option<RotateSecret>,
    params(("id" = String, Path, description = "The webhook's id")),
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
    precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    let body = body.read().await?;
    let overlap = body.overlap_seconds.unwrap_or(DEFAULT_OVERLAP_SECS);
    let rotated = app.run("webhooks.rotate_secret", move |work| {
        work.tx.organizations().lock(caller.organization_id)?;
        let before = find(work, &caller, id)?;
        preconditions.check(&tag(&before))?;
        let sealed = SealedSecret::generate(&work.app.keyring.keep, id, &mut work.rng);
        let (secret, plain) = sealed.ok_or_else(|| ApiError::internal("a webhook secret could not be encrypted"))?;
        let after = before.clone().rotate_secret(secret, overlap, body.force, work.now)?;
        work.tx.webhooks().update(&after)?;
        note(work, &caller.origin(), "webhook.secret_rotated", Some(&before), Some(&after))?;
        let previous_expires_at = after.previous_secret(work.now).map(|(_, until)| until);
        Ok(WebhookSecretView { secret: plain.expose().to_owned(), previous_expires_at })
    });
    Ok(HttpResponse::Ok().json(rotated.await?))
}
