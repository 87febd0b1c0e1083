//! Webhooks of a project. See [`parts`] for what all kinds have in common.

use actix_web::{HttpRequest, HttpResponse, http::Method, web::ServiceConfig};
use mgmt_core::project::webhook::{ProjectWebhook, ProjectWebhookChange, ProjectWebhookDraft};
use serde_json::{Map, Value};

use super::{
    BASE,
    admit::Within,
    no_query, parts,
    view::{HookBody, HookPatch, HookView, ListOf},
};
use crate::{
    auth::permission::{ProjectsAdmin, ProjectsRead},
    error::ApiError,
    http::{
        body::{Body, OptionalBody},
        query::{NoParameters, Query},
        route::endpoint,
    },
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    let path = format!("{BASE}/{{projectId}}/webhooks");
    config
        .service(endpoint(&path).get(list_hooks).post(create_hook))
        .service(endpoint(&format!("{path}/{{webhookId}}")).get(show_hook).on(Method::PUT, update_hook).delete(delete_hook));
}

/// Lists project webhooks.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/webhooks", tag = "Project webhooks", operation_id = "listProjectWebhooks",
    params(("projectId" = String, Path, description = "The project's id")), responses((status = 200, description = "All of them", body = ListOf<HookView>)))]
pub(crate) async fn list_hooks(within: Within<ProjectsRead>, query: Query<NoParameters>) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    parts::rows(&parts::load::<ProjectWebhook, _>(&within).await?)
}

/// Makes a webhook of the project.
#[utoipa::path(post, path = "/management/v1/projects/{projectId}/webhooks", tag = "Project webhooks", operation_id = "createProjectWebhook", request_body = HookBody,
    params(("projectId" = String, Path, description = "The project's id"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 200, description = "As it is now", body = HookView)))]
pub(crate) async fn create_hook(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: Body<ProjectWebhookDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::create::<ProjectWebhook, _>(within, query, body, request).await
}

/// Shows a webhook of the project.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/webhooks/{webhookId}", tag = "Project webhooks", operation_id = "showProjectWebhook",
    params(("projectId" = String, Path, description = "The project's id"), ("webhookId" = String, Path, description = "Its id")),
    responses((status = 200, description = "As it is now", body = HookView), (status = 304, description = "Not changed since")))]
pub(crate) async fn show_hook(
    within: Within<ProjectsRead>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::show::<ProjectWebhook, _>(within, "webhookId", query, request).await
}

/// Changes a webhook of the project: what is left out stays.
#[utoipa::path(put, path = "/management/v1/projects/{projectId}/webhooks/{webhookId}", tag = "Project webhooks", operation_id = "updateProjectWebhook", request_body = HookPatch,
    params(("projectId" = String, Path, description = "The project's id"), ("webhookId" = String, Path, description = "Its id")), responses((status = 200, description = "As it is now", body = HookView)))]
pub(crate) async fn update_hook(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: Body<ProjectWebhookChange>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::update::<ProjectWebhook, _>(within, "webhookId", query, body, request).await
}

/// Deletes a webhook of the project.
#[utoipa::path(delete, path = "/management/v1/projects/{projectId}/webhooks/{webhookId}", tag = "Project webhooks", operation_id = "deleteProjectWebhook",
    params(("projectId" = String, Path, description = "The project's id"), ("webhookId" = String, Path, description = "Its id")), responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_hook(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: OptionalBody<Map<String, Value>>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::delete::<ProjectWebhook, _>(within, "webhookId", query, body, request).await
}
