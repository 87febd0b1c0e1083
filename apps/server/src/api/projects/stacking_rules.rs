//! The stacking rules of a project. See [`parts`] for what all kinds have in common.

use actix_web::{HttpRequest, HttpResponse, http::Method, web::ServiceConfig};
use mgmt_core::project::stacking_rules::{RulesChange, StackingRules};
use serde_json::{Map, Value};

use super::{
    BASE,
    admit::Within,
    list_of, no_query, parts,
    view::{ListOf, RulesBody, RulesView},
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
    let path = format!("{BASE}/{{projectId}}/stacking-rules");
    config.service(endpoint(&path).get(list_rules).post(create_rules)).service(
        endpoint(&format!("{path}/{{stackingRulesId}}")).get(show_rules).on(Method::PUT, update_rules).delete(delete_rules),
    );
}

/// Lists the one set of stacking rules: the default ones have no id.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/stacking-rules", tag = "Stacking rules", operation_id = "listStackingRules",
    params(("projectId" = String, Path, description = "The project's id")), responses((status = 200, description = "All of them", body = ListOf<RulesView>)))]
pub(crate) async fn list_rules(within: Within<ProjectsRead>, query: Query<NoParameters>) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    let parts = parts::load::<StackingRules, _>(&within).await?;
    if parts.is_empty() {
        let default = serde_json::to_value(StackingRules::default()).map_err(ApiError::internal)?;
        return Ok(list_of(vec![default]));
    }
    parts::rows(&parts)
}

/// Makes stacking rules.
#[utoipa::path(post, path = "/management/v1/projects/{projectId}/stacking-rules", tag = "Stacking rules", operation_id = "createStackingRules", request_body = RulesBody,
    params(("projectId" = String, Path, description = "The project's id"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 200, description = "As it is now", body = RulesView)))]
pub(crate) async fn create_rules(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: Body<RulesChange>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::create::<StackingRules, _>(within, query, body, request).await
}

/// Shows stacking rules.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/stacking-rules/{stackingRulesId}", tag = "Stacking rules", operation_id = "showStackingRules",
    params(("projectId" = String, Path, description = "The project's id"), ("stackingRulesId" = String, Path, description = "Its id")),
    responses((status = 200, description = "As it is now", body = RulesView), (status = 304, description = "Not changed since")))]
pub(crate) async fn show_rules(
    within: Within<ProjectsRead>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::show::<StackingRules, _>(within, "stackingRulesId", query, request).await
}

/// Changes stacking rules: what is left out stays.
#[utoipa::path(put, path = "/management/v1/projects/{projectId}/stacking-rules/{stackingRulesId}", tag = "Stacking rules", operation_id = "updateStackingRules", request_body = RulesBody,
    params(("projectId" = String, Path, description = "The project's id"), ("stackingRulesId" = String, Path, description = "Its id")), responses((status = 200, description = "As it is now", body = RulesView)))]
pub(crate) async fn update_rules(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: Body<RulesChange>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::update::<StackingRules, _>(within, "stackingRulesId", query, body, request).await
}

/// Deletes stacking rules.
#[utoipa::path(delete, path = "/management/v1/projects/{projectId}/stacking-rules/{stackingRulesId}", tag = "Stacking rules", operation_id = "deleteStackingRules",
    params(("projectId" = String, Path, description = "The project's id"), ("stackingRulesId" = String, Path, description = "Its id")), responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_rules(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: OptionalBody<Map<String, Value>>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::delete::<StackingRules, _>(within, "stackingRulesId", query, body, request).await
}
