//! The brand of a project. See [`parts`] for what all kinds have in common.

use actix_web::{HttpRequest, HttpResponse, http::Method, web::ServiceConfig};
use mgmt_core::project::branding::{BrandChange, BrandDraft, Branding};
use serde_json::{Map, Value};

use super::{
    BASE,
    admit::Within,
    no_query, parts,
    view::{BrandBody, BrandPatch, BrandView, ListOf},
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
    let path = format!("{BASE}/{{projectId}}/branding");
    config
        .service(endpoint(&path).get(list_brands).post(create_brand))
        .service(endpoint(&format!("{path}/{{brandingId}}")).get(show_brand).on(Method::PUT, update_brand).delete(delete_brand));
}

/// Lists the brand, if there is one.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/branding", tag = "Branding", operation_id = "listBranding",
    params(("projectId" = String, Path, description = "The project's id")), responses((status = 200, description = "All of them", body = ListOf<BrandView>)))]
pub(crate) async fn list_brands(within: Within<ProjectsRead>, query: Query<NoParameters>) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    parts::rows(&parts::load::<Branding, _>(&within).await?)
}

/// Makes the brand.
#[utoipa::path(post, path = "/management/v1/projects/{projectId}/branding", tag = "Branding", operation_id = "createBranding", request_body = BrandBody,
    params(("projectId" = String, Path, description = "The project's id"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 200, description = "As it is now", body = BrandView)))]
pub(crate) async fn create_brand(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: Body<BrandDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::create::<Branding, _>(within, query, body, request).await
}

/// Shows the brand.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/branding/{brandingId}", tag = "Branding", operation_id = "showBranding",
    params(("projectId" = String, Path, description = "The project's id"), ("brandingId" = String, Path, description = "Its id")),
    responses((status = 200, description = "As it is now", body = BrandView), (status = 304, description = "Not changed since")))]
pub(crate) async fn show_brand(
    within: Within<ProjectsRead>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::show::<Branding, _>(within, "brandingId", query, request).await
}

/// Changes the brand: what is left out stays.
#[utoipa::path(put, path = "/management/v1/projects/{projectId}/branding/{brandingId}", tag = "Branding", operation_id = "updateBranding", request_body = BrandPatch,
    params(("projectId" = String, Path, description = "The project's id"), ("brandingId" = String, Path, description = "Its id")), responses((status = 200, description = "As it is now", body = BrandView)))]
pub(crate) async fn update_brand(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: Body<BrandChange>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::update::<Branding, _>(within, "brandingId", query, body, request).await
}

/// Deletes the brand.
#[utoipa::path(delete, path = "/management/v1/projects/{projectId}/branding/{brandingId}", tag = "Branding", operation_id = "deleteBranding",
    params(("projectId" = String, Path, description = "The project's id"), ("brandingId" = String, Path, description = "Its id")), responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_brand(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: OptionalBody<Map<String, Value>>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::delete::<Branding, _>(within, "brandingId", query, body, request).await
}
