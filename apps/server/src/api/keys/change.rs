//! Making and changing keys. Each change is one transaction with the journal entry that caches follow and the audit line; the
//! answer goes out after this node follows it.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use mgmt_core::{
    error::{Code, Error},
    event::EventType,
    grant::{self, Authority},
    id::{KeyId, OrganizationId},
    key::{ApiKey, NewKey},
    key_draft::{KeyDraft, KeyPatch, ParsedKey, parse_reason},
    key_text::KeyKind,
};
use serde_json::Value;

use super::{CreateKey, KeyCreated, KeyView, RevokeKey, RotateKey, UpdateKey, created, find, log, note, precheck, tag, view};
use crate::{
    api::{is_wrapped, tagged},
    app::{App, Work, idempotency::Once},
    auth::{
        Allow, Caller,
        permission::{ApiKeysRevoke, ApiKeysWrite},
    },
    error::ApiError,
    http::{
        body::{Body, OptionalBody},
        path::PathId,
        precondition::Preconditions,
        query::{NoParameters, Query},
    },
};

/// Makes a key. Its text is in this answer and nowhere else.
#[utoipa::path(post, path = "/v1/management/api-keys", tag = "API keys", operation_id = "createKey", request_body = CreateKey,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 201, description = "The key with its text", body = KeyCreated)))]
pub(crate) async fn create(
    app: Data<App>,
    caller: Allow<ApiKeysWrite>,
    query: Query<NoParameters>,
    body: Body<CreateKey>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let (caller, wrapped) = (caller.into_caller(), is_wrapped(&request));
    let bytes = body.bytes().await?;
    let once = Once::from_request(&request, (caller.organization_id, caller.actor()), &bytes)?;
    let _busy = once.as_ref().map(|o| o.begin(&app)).transpose()?;
    // A repeat is not judged again: what was right then may lie in the past now.
    if let Some(earlier) = Once::repeated(once.as_ref(), &app, caller.actor(), wrapped).await? {
        return Ok(earlier.into_response());
    }
    let now = app.clock.now().wall;
    let parsed = Body::judge(&bytes, |body: CreateKey| KeyDraft::from(body).parse(app.catalogues(), now))?;
    let answer = app.run("keys.create", move |work| {
        if let Some(once) = &once
            && let Some(earlier) = once.replay(work, caller.actor(), wrapped)?
        {
            return Ok(earlier);
        }
        let (key, secret) = issue(work, &caller, parsed.clone())?;
        let answer = created(work, &key, secret, wrapped)?;
        if let Some(once) = &once {
            once.keep(work, caller.organization_id, &answer)?;
        }
        Ok(answer)
    });
    Ok(answer.await?.into_response())
}

/// Makes a key within the organization's limit, if the caller may hand out what it holds.
fn issue(work: &mut Work<'_>, caller: &Caller, parsed: ParsedKey) -> Result<(ApiKey, mgmt_core::secret::PlainSecret), ApiError> {
    let ParsedKey { kind, environment, settings } = parsed;
    grant::check(&caller.grantor()?, &Authority { kind, environment, settings: &settings })?;
    make_room(work, caller.organization_id, kind)?;
    let new = NewKey {
        organization_id: caller.organization_id,
        project_id: None,
        kind,
        environment,
        settings,
        created_by: caller.actor(),
    };
    let (key, secret) = ApiKey::issue(new, work.app.mint(), work.now, &mut work.rng)?;
    let reveal = work.new_reveal(&key, caller.actor(), &secret)?;
    let data = Value::Object(view(work, &key)?);
    let event = work.new_event(key.organization_id, EventType::ApiKeyCreated, data)?;
    // Nothing to forget: a key that no node knows is looked for in the database.
    work.store_key(&key, reveal.as_ref(), &event)?;
    log(work, &caller.origin(), "api_key.created", None, Some(&key))?;
    Ok((key, secret))
}

/// Refuses when the organization has as many active keys of this kind as it may have. Holds the organization's lock from here
/// on, so that no two creations count at the same time.
pub(crate) fn make_room(work: &mut Work<'_>, organization: OrganizationId, kind: KeyKind) -> Result<(), ApiError> {
    let active = work.tx.keys().lock_and_count(organization, kind, work.now)?.ok_or_else(Error::not_found)?;
    let limit = i64::from(work.app.config.keys.max_active);
    if active < limit {
        return Ok(());
    }
    let message = format!("the organization has {limit} active {} keys already: revoke one first", kind.as_str());
    Err(Error::new(Code::KeyLimitReached, message).into())
}

/// Changes a key by a merge patch.
#[utoipa::path(patch, path = "/v1/management/api-keys/{id}", tag = "API keys", operation_id = "updateKey", request_body = UpdateKey, params(("id" = String, Path, description = "The key's id")),
    responses((status = 200, description = "The key as it is now", body = KeyView)))]
pub(crate) async fn update(
    app: Data<App>,
    caller: Allow<ApiKeysWrite>,
    id: PathId<KeyId>,
    query: Query<NoParameters>,
    body: Body<UpdateKey>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let preconditions = Preconditions::from_headers(request.headers());
    let now = precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    let judge = |body| {
        let patch = KeyPatch::from(body);
        patch.clone().apply(&now.settings, now.kind, app.catalogues()).map(|_| patch)
    };
    let (patch, _) = body.parse(judge).await?;
    let changed = app.run("keys.update", move |work| {
        work.tx.organizations().lock(caller.organization_id)?;
        let before = find(work, &caller, id)?;
        preconditions.check(&tag(work, &before))?;
        let settings = patch.clone().apply(&before.settings, before.kind, work.app.catalogues())?;
        let after = before.clone().update(settings, work.now)?;
        grant::check_change(&caller.grantor()?, &Authority::of(&before), &Authority::of(&after))?;
        if after.version != before.version {
            work.tx.keys().update(&after)?;
            work.invalidate(id);
            note(work, &caller.origin(), "api_key.updated", Some(&before), Some(&after))?;
        }
        Ok((tag(work, &after), view(work, &after)?))
    });
    let (tag, view) = changed.await?;
    Ok(tagged(&request, tag, Value::Object(view)))
}

/// Revokes a key for ever. Repeating it is safe.
#[utoipa::path(delete, path = "/v1/management/api-keys/{id}", tag = "API keys", operation_id = "revokeKey", request_body = Option<RevokeKey>, params(("id" = String, Path, description = "The key's id")),
    responses((status = 204, description = "Revoked: no check that starts now accepts it")))]
pub(crate) async fn revoke(
    app: Data<App>,
    caller: Allow<ApiKeysRevoke>,
    id: PathId<KeyId>,
    query: Query<NoParameters>,
    body: OptionalBody<RevokeKey>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    let reason = parse_reason(body.read().await?.reason.as_deref())?;
    let revoked = app.run("keys.revoke", move |work| {
        work.tx.organizations().lock(caller.organization_id)?;
        let before = find(work, &caller, id)?;
        preconditions.check(&tag(work, &before))?;
        let after = before.clone().revoke(reason.clone(), work.now);
        if after.version != before.version {
            work.tx.keys().update(&after)?;
            work.tx.reveals().delete(id)?;
            note(work, &caller.origin(), "api_key.revoked", Some(&before), Some(&after))?;
        }
        // Also when it was revoked before: whoever repeats the call wants it confirmed.
        work.invalidate(id);
        Ok(())
    });
    revoked.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Gives a key a successor with the same settings.
#[utoipa::path(post, path = "/v1/management/api-keys/{id}/rotate", tag = "API keys", operation_id = "rotateKey", request_body = Option<RotateKey>,
    params(("id" = String, Path, description = "The key's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 201, description = "The new key with its text", body = KeyCreated)))]
pub(crate) async fn rotate(
    app: Data<App>,
    caller: Allow<ApiKeysWrite>,
    id: PathId<KeyId>,
    query: Query<NoParameters>,
    body: OptionalBody<RotateKey>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller, wrapped) = (id.get()?, caller.into_caller(), is_wrapped(&request));
    let preconditions = Preconditions::from_headers(request.headers());
    if Once::is_asked(&request) {
        // A repeat finds the key changed by the first request: only the first one judges the condition.
        precheck(&app, &caller, id, &Preconditions::default()).await?;
    } else {
        precheck(&app, &caller, id, &preconditions).await?;
    }
    query.read()?;
    let (body, bytes) = body.read_with_bytes().await?;
    let once = Once::from_request(&request, (caller.organization_id, caller.actor()), &bytes)?;
    let _busy = once.as_ref().map(|o| o.begin(&app)).transpose()?;
    let overlap = body.overlap_seconds.unwrap_or(0);
    let answer = app.run("keys.rotate", move |work| {
        if let Some(once) = &once
            && let Some(earlier) = once.replay(work, caller.actor(), wrapped)?
        {
            return Ok(earlier);
        }
        work.tx.organizations().lock(caller.organization_id)?;
        let before = find(work, &caller, id)?;
        preconditions.check(&tag(work, &before))?;
        // Whoever rotates a key learns its successor: that is a grant of all it holds.
        grant::check(&caller.grantor()?, &Authority::of(&before))?;
        let rotation = before.clone().rotate(overlap, caller.actor(), work.app.mint(), work.now, &mut work.rng)?;
        work.tx.keys().insert(&rotation.new)?;
        work.tx.keys().update(&rotation.old)?;
        work.tx.reveals().delete(id)?;
        work.keep_secret(&rotation.new, caller.actor(), &rotation.secret)?;
        work.invalidate(rotation.old.id);
        note(work, &caller.origin(), "api_key.rotated", Some(&before), Some(&rotation.new))?;
        let answer = created(work, &rotation.new, rotation.secret, wrapped)?;
        if let Some(once) = &once {
            once.keep(work, caller.organization_id, &answer)?;
        }
        Ok(answer)
    });
    Ok(answer.await?.into_response())
}

/// Pauses a key. Repeating it is safe.
#[utoipa::path(post, path = "/v1/management/api-keys/{id}/suspend", tag = "API keys", operation_id = "suspendKey", params(("id" = String, Path, description = "The key's id")),
    responses((status = 200, description = "The key as it is now", body = KeyView)))]
pub(crate) async fn suspend(
    app: Data<App>,
    caller: Allow<ApiKeysWrite>,
    id: PathId<KeyId>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let pause = Transition { action: "api_key.suspended", of: |key, now| key.suspend(now) };
    pause.run(app, caller.into_caller(), id, (query, body), request).await
}

/// Lets a paused key work again. Repeating it is safe.
#[utoipa::path(post, path = "/v1/management/api-keys/{id}/resume", tag = "API keys", operation_id = "resumeKey", params(("id" = String, Path, description = "The key's id")),
    responses((status = 200, description = "The key as it is now", body = KeyView)))]
pub(crate) async fn resume(
    app: Data<App>,
    caller: Allow<ApiKeysWrite>,
    id: PathId<KeyId>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let go_on = Transition { action: "api_key.resumed", of: |key, now| key.resume(now) };
    go_on.run(app, caller.into_caller(), id, (query, body), request).await
}

/// A change of state that answers with the key.
struct Transition {
    action: &'static str,
    of: fn(ApiKey, mgmt_core::time::Timestamp) -> mgmt_core::error::Result<ApiKey>,
}

impl Transition {
    async fn run(
        self,
        app: Data<App>,
        caller: Caller,
        id: PathId<KeyId>,
        input: (Query<NoParameters>, OptionalBody<NoParameters>),
        request: HttpRequest,
    ) -> Result<HttpResponse, ApiError> {
        let id = id.get()?;
        let preconditions = Preconditions::from_headers(request.headers());
        precheck(&app, &caller, id, &preconditions).await?;
        input.0.read()?;
        input.1.read().await?;
        let changed = app.run("keys.transition", move |work| {
            work.tx.organizations().lock(caller.organization_id)?;
            let before = find(work, &caller, id)?;
            preconditions.check(&tag(work, &before))?;
            let after = (self.of)(before.clone(), work.now)?;
            if after.version != before.version {
                work.tx.keys().update(&after)?;
                note(work, &caller.origin(), self.action, Some(&before), Some(&after))?;
            }
            work.invalidate(id);
            Ok((tag(work, &after), view(work, &after)?))
        });
        let (tag, view) = changed.await?;
        Ok(tagged(&request, tag, Value::Object(view)))
    }
}
