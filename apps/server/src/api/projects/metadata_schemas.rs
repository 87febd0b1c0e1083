//! Metadata schemas of a project. See [`parts`] for what all kinds have in common.

use actix_web::{HttpRequest, HttpResponse, http::Method, web::ServiceConfig};
use mgmt_core::project::metadata_schema::{MetadataSchema, SchemaChange, SchemaDraft};
use serde_json::{Map, Value};

use super::{
    BASE,
    admit::Within,
    no_query, parts,
    view::{ListOf, SchemaBody, SchemaPatch, SchemaView},
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
    let path = format!("{BASE}/{{projectId}}/metadata-schemas");
    config.service(endpoint(&path).get(list_schemas).post(create_schema)).service(
        endpoint(&format!("{path}/{{metadataSchemaId}}")).get(show_schema).on(Method::PUT, update_schema).delete(delete_schema),
    );
}

/// Lists metadata schemas.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/metadata-schemas", tag = "Metadata schemas", operation_id = "listMetadataSchemas",
    params(("projectId" = String, Path, description = "The project's id")), responses((status = 200, description = "All of them", body = ListOf<SchemaView>)))]
pub(crate) async fn list_schemas(within: Within<ProjectsRead>, query: Query<NoParameters>) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    let mut parts = parts::load::<MetadataSchema, _>(&within).await?;
    parts.sort_by(|a, b| a.content.related_object.cmp(&b.content.related_object));
    parts::rows(&parts)
}

/// Makes a metadata schema.
#[utoipa::path(post, path = "/management/v1/projects/{projectId}/metadata-schemas", tag = "Metadata schemas", operation_id = "createMetadataSchema", request_body = SchemaBody,
    params(("projectId" = String, Path, description = "The project's id"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 200, description = "As it is now", body = SchemaView)))]
pub(crate) async fn create_schema(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: Body<SchemaDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::create::<MetadataSchema, _>(within, query, body, request).await
}

/// Shows a metadata schema.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/metadata-schemas/{metadataSchemaId}", tag = "Metadata schemas", operation_id = "showMetadataSchema",
    params(("projectId" = String, Path, description = "The project's id"), ("metadataSchemaId" = String, Path, description = "Its id")),
    responses((status = 200, description = "As it is now", body = SchemaView), (status = 304, description = "Not changed since")))]
pub(crate) async fn show_schema(
    within: Within<ProjectsRead>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::show::<MetadataSchema, _>(within, "metadataSchemaId", query, request).await
}

/// Changes a metadata schema: what is left out stays.
#[utoipa::path(put, path = "/management/v1/projects/{projectId}/metadata-schemas/{metadataSchemaId}", tag = "Metadata schemas", operation_id = "updateMetadataSchema", request_body = SchemaPatch,
    params(("projectId" = String, Path, description = "The project's id"), ("metadataSchemaId" = String, Path, description = "Its id")), responses((status = 200, description = "As it is now", body = SchemaView)))]
pub(crate) async fn update_schema(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: Body<SchemaChange>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::update::<MetadataSchema, _>(within, "metadataSchemaId", query, body, request).await
}

/// Deletes a metadata schema.
#[utoipa::path(delete, path = "/management/v1/projects/{projectId}/metadata-schemas/{metadataSchemaId}", tag = "Metadata schemas", operation_id = "deleteMetadataSchema",
    params(("projectId" = String, Path, description = "The project's id"), ("metadataSchemaId" = String, Path, description = "Its id")), responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_schema(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: OptionalBody<Map<String, Value>>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::delete::<MetadataSchema, _>(within, "metadataSchemaId", query, body, request).await
}
