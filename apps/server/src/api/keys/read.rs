//! Reading keys, and fetching a new key's text again.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use mgmt_core::{
    cursor,
    error::{Code, Error, Faults},
    id::KeyId,
    key_text::KeyKind,
};
use mgmt_store::{KeyCondition, KeyFilter};
use serde_json::Value;

use super::{KeyList, KeyView, ListKeys, SecretView, find, note, precheck, tag, view};
use crate::{
    api::{object, page, page_limit, tagged},
    app::App,
    auth::{
        Allow, Caller,
        permission::{ApiKeysRead, ApiKeysWrite},
    },
    error::ApiError,
    http::{
        path::PathId,
        precondition::Preconditions,
        query::{NoParameters, Query},
    },
};

/// Lists keys, newest first.
#[utoipa::path(get, path = "/v1/management/api-keys", tag = "API keys", operation_id = "listKeys", params(ListKeys),
    responses((status = 200, description = "A page of keys", body = KeyList)))]
pub(crate) async fn list(
    app: Data<App>,
    caller: Allow<ApiKeysRead>,
    query: Query<ListKeys>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (filter, limit, from) = query.judge(judged)?;
    let list = format!("keys {} {filter:?}", caller.organization_id);
    let open = |text: &String| cursor::open(&app.keyring.cursor, &list, text).map(KeyId::from_u128);
    let before = from.as_ref().map(open).transpose()?;
    let organization = caller.organization_id;
    let (rows, next) = app
        .read("keys.list", move |work| {
            let mut keys = work.tx.keys().list(organization, filter, work.now, before, limit + 1)?;
            let more = keys.len() > usize::try_from(limit).unwrap_or(usize::MAX);
            keys.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            let next = keys.last().map(|k| k.id).filter(|_| more);
            let rows = keys.iter().map(|key| view(work, key)).collect::<Result<Vec<_>, _>>()?;
            Ok((rows, next))
        })
        .await?;
    let next = next.map(|id| cursor::seal(&app.keyring.cursor, &list, id.as_u128()));
    Ok(page(&request, &rows, next))
}

/// Which keys, how many, and the cursor.
fn judged(query: ListKeys) -> Result<(KeyFilter, i64, Option<String>), Error> {
    let mut faults = Faults::default();
    let kind = query
        .kind
        .as_deref()
        .map(|text| KeyKind::parse(text).ok_or_else(|| Error::invalid("kind", "must be `secret` or `management`")));
    let kind = kind.and_then(|kind| faults.take(kind));
    let condition = match query.status.as_deref() {
        None | Some("all") => Ok(KeyCondition::All),
        Some("active") => Ok(KeyCondition::Active),
        Some("revoked") => Ok(KeyCondition::Revoked),
        Some(_) => Err(Error::invalid("status", "must be `active`, `revoked` or `all`")),
    };
    let (condition, limit) = (faults.take(condition), faults.take(page_limit(query.limit)));
    faults.finish()?;
    Ok((KeyFilter { kind, condition: condition.unwrap_or_default() }, limit.unwrap_or_default(), query.cursor))
}

/// Shows a key, without its text.
#[utoipa::path(get, path = "/v1/management/api-keys/{id}", tag = "API keys", operation_id = "showKey", params(("id" = String, Path, description = "The key's id")),
    responses((status = 200, description = "The key", body = KeyView), (status = 304, description = "Not changed since")))]
pub(crate) async fn show(
    app: Data<App>,
    caller: Allow<ApiKeysRead>,
    id: PathId<KeyId>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let found = app.read("keys.show", move |work| {
        let key = find(work, &caller, id)?;
        Ok((tag(work, &key), view(work, &key)?))
    });
    let (tag, view) = found.await?;
    query.read()?;
    Ok(tagged(&request, tag, Value::Object(view)))
}

/// Shows a new key's text again, to its creator or an owner, within the reveal window and three times at most.
#[utoipa::path(get, path = "/v1/management/api-keys/{id}/secret", tag = "API keys", operation_id = "showKeySecret", params(("id" = String, Path, description = "The key's id")),
    responses((status = 200, description = "The key's text", body = SecretView)))]
pub(crate) async fn secret(
    app: Data<App>,
    caller: Allow<ApiKeysWrite>,
    id: PathId<KeyId>,
    query: Query<NoParameters>,
    preconditions: Preconditions,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    let shown = app.run("keys.secret", move |work| {
        let key = find(work, &caller, id)?;
        preconditions.check(&tag(work, &key))?;
        may_reveal(&caller, key.created_by)?;
        let gone = || ApiError::new(Code::Gone, "the key can no longer be shown: rotate it to get a new one");
        let reveal = work.tx.reveals().take_read(id, work.now)?.ok_or_else(gone)?;
        let secret = work.open_secret(&reveal)?;
        if reveal.reads_left == 0 {
            work.tx.reveals().delete(id)?;
        }
        note(work, &caller.origin(), "api_key.secret_retrieved", None, Some(&key))?;
        let view = SecretView { key: secret.expose().to_owned(), expires_at: reveal.expires_at, reads_left: reveal.reads_left };
        serde_json::to_value(view).map_err(ApiError::internal)
    });
    Ok(object(&request, HttpResponse::Ok(), shown.await?))
}

/// Ends the reveal window.
#[utoipa::path(delete, path = "/v1/management/api-keys/{id}/secret", tag = "API keys", operation_id = "endKeySecret", params(("id" = String, Path, description = "The key's id")),
    responses((status = 204, description = "Ended")))]
pub(crate) async fn end_secret(
    app: Data<App>,
    caller: Allow<ApiKeysWrite>,
    id: PathId<KeyId>,
    query: Query<NoParameters>,
    preconditions: Preconditions,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    let ended = app.run("keys.end_secret", move |work| {
        let key = find(work, &caller, id)?;
        preconditions.check(&tag(work, &key))?;
        may_reveal(&caller, key.created_by)?;
        if work.tx.reveals().delete(id)? {
            note(work, &caller.origin(), "api_key.secret_window_ended", None, Some(&key))?;
        }
        Ok(())
    });
    ended.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Only who made a key, or an owner, may see its text again.
fn may_reveal(caller: &Caller, creator: mgmt_core::account::Actor) -> Result<(), ApiError> {
    if caller.actor() == creator || caller.is_owner() {
        return Ok(());
    }
    Err(ApiError::new(Code::Forbidden, "only who created the key, or an owner, may see it again"))
}
