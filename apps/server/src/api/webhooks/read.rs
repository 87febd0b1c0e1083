//! Reading webhooks.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use mgmt_core::{cursor, id::WebhookId};

use super::{WebhookList, WebhookView, find, tag, written};
use crate::{
    api::{page, page_size, tagged, users::PageQuery},
    app::App,
    auth::{Allow, permission::WebhooksRead},
    error::ApiError,
    http::{
        path::PathId,
        query::{NoParameters, Query},
    },
};

/// Lists endpoints, newest first.
#[utoipa::path(get, path = "/v1/management/webhooks", tag = "Webhooks", operation_id = "listWebhooks", params(PageQuery),
    responses((status = 200, description = "A page of webhooks", body = WebhookList)))]
pub(crate) async fn list(
    app: Data<App>,
    caller: Allow<WebhooksRead>,
    query: Query<PageQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (query, organization) = (query.read()?, caller.organization_id);
    let limit = page_size(query.limit)?;
    let list = format!("webhooks {organization}");
    let open = |text: &String| cursor::open(&app.keyring.cursor, &list, text).map(WebhookId::from_u128);
    let before = query.cursor.as_ref().map(open).transpose()?;
    let (rows, next) = app
        .read("webhooks.list", move |work| {
            let mut webhooks = work.tx.webhooks().list(organization, before, limit + 1)?;
            let more = webhooks.len() > usize::try_from(limit).unwrap_or(usize::MAX);
            webhooks.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            let next = webhooks.last().map(|w| w.id).filter(|_| more);
            let rows = webhooks.iter().map(|webhook| written(work, webhook)).collect::<Result<Vec<_>, _>>()?;
            Ok((rows, next))
        })
        .await?;
    let next = next.map(|id| cursor::seal(&app.keyring.cursor, &list, id.as_u128()));
    Ok(page(&request, &rows, next))
}

/// Shows an endpoint, without its secret.
#[utoipa::path(get, path = "/v1/management/webhooks/{id}", tag = "Webhooks", operation_id = "showWebhook",
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 200, description = "The webhook", body = WebhookView), (status = 304, description = "Not changed since")))]
pub(crate) async fn show(
    app: Data<App>,
    caller: Allow<WebhooksRead>,
    id: PathId<WebhookId>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let found = app.read("webhooks.show", move |work| {
        let webhook = find(work, &caller, id)?;
        Ok((tag(&webhook), written(work, &webhook)?))
    });
    let (tag, view) = found.await?;
    query.read()?;
    Ok(tagged(&request, tag, view))
}
