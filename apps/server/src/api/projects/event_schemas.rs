//! Schemas of the custom events of a project. See [`parts`] for what all kinds have in common.

use actix_web::{HttpRequest, HttpResponse, http::Method, web::ServiceConfig};
use mgmt_core::project::event_schema::{EventSchema, EventSchemaChange, EventSchemaDraft};
use serde_json::{Map, Value};

use super::{
    BASE,
    admit::Within,
    no_query, parts,
    view::{EventSchemaBody, EventSchemaPatch, EventSchemaView, ListOf},
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
    let path = format!("{BASE}/{{projectId}}/custom-event-schemas");
    config.service(endpoint(&path).get(list_event_schemas).post(create_event_schema)).service(
        endpoint(&format!("{path}/{{customEventSchemaId}}"))
            .get(show_event_schema)
            .on(Method::PUT, update_event_schema)
            .delete(delete_event_schema),
    );
}

/// Lists custom event schemas.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/custom-event-schemas", tag = "Custom event schemas", operation_id = "listCustomEventSchemas",
    params(("projectId" = String, Path, description = "The project's id")), responses((status = 200, description = "All of them", body = ListOf<EventSchemaView>)))]
pub(crate) async fn list_event_schemas(
    within: Within<ProjectsRead>,
    query: Query<NoParameters>,
) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    parts::rows(&parts::load::<EventSchema, _>(&within).await?)
}

/// Makes a schema of custom events.
#[utoipa::path(post, path = "/management/v1/projects/{projectId}/custom-event-schemas", tag = "Custom event schemas", operation_id = "createCustomEventSchema", request_body = EventSchemaBody,
    params(("projectId" = String, Path, description = "The project's id"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 200, description = "As it is now", body = EventSchemaView)))]
pub(crate) async fn create_event_schema(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: Body<EventSchemaDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::create::<EventSchema, _>(within, query, body, request).await
}

/// Shows a schema of custom events.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/custom-event-schemas/{customEventSchemaId}", tag = "Custom event schemas", operation_id = "showCustomEventSchema",
    params(("projectId" = String, Path, description = "The project's id"), ("customEventSchemaId" = String, Path, description = "Its id")),
    responses((status = 200, description = "As it is now", body = EventSchemaView), (status = 304, description = "Not changed since")))]
pub(crate) async fn show_event_schema(
    within: Within<ProjectsRead>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::show::<EventSchema, _>(within, "customEventSchemaId", query, request).await
}

/// Changes a schema of custom events: what is left out stays.
#[utoipa::path(put, path = "/management/v1/projects/{projectId}/custom-event-schemas/{customEventSchemaId}", tag = "Custom event schemas", operation_id = "updateCustomEventSchema", request_body = EventSchemaPatch,
    params(("projectId" = String, Path, description = "The project's id"), ("customEventSchemaId" = String, Path, description = "Its id")), responses((status = 200, description = "As it is now", body = EventSchemaView)))]
pub(crate) async fn update_event_schema(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: Body<EventSchemaChange>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::update::<EventSchema, _>(within, "customEventSchemaId", query, body, request).await
}

/// Deletes a schema of custom events.
#[utoipa::path(delete, path = "/management/v1/projects/{projectId}/custom-event-schemas/{customEventSchemaId}", tag = "Custom event schemas", operation_id = "deleteCustomEventSchema",
    params(("projectId" = String, Path, description = "The project's id"), ("customEventSchemaId" = String, Path, description = "Its id")), responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_event_schema(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: OptionalBody<Map<String, Value>>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::delete::<EventSchema, _>(within, "customEventSchemaId", query, body, request).await
}
