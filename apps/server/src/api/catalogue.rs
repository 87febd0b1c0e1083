//! What there is to grant: roles and scopes.

use actix_web::{HttpResponse, web::Data, web::ServiceConfig};
use mgmt_core::{
    role::Role,
    scope::{Catalogue, CatalogueEntry, ScopeSet},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    auth::{Allow, permission::AnyManager},
    error::ApiError,
    http::{
        query::{NoParameters, Query},
        route::endpoint,
    },
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/v1/management/roles").get(roles)).service(endpoint("/v1/management/scopes").get(scopes));
}

/// A role.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoleView {
    #[schema(value_type = String, example = "admin")]
    role: Role,
    description: &'static str,
    /// The management permissions that it gives.
    #[schema(value_type = Vec<String>)]
    permissions: ScopeSet,
    /// The roles that it may give to others and take away.
    #[schema(value_type = Vec<String>)]
    grants: Vec<Role>,
}

/// Every role.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoleList {
    data: Vec<RoleView>,
    next_cursor: Option<String>,
}

/// A scope.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScopeView {
    #[schema(example = "shipments:read")]
    scope: String,
    resource: String,
    action: String,
    description: String,
}

/// Every scope that API keys can hold, and every permission that management keys can hold.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScopeList {
    data: Vec<ScopeView>,
    permissions: Vec<ScopeView>,
    next_cursor: Option<String>,
}

/// Lists the roles and what each may do.
#[utoipa::path(get, path = "/v1/management/roles", tag = "Catalogue", operation_id = "listRoles",
    responses((status = 200, description = "Every role", body = RoleList)))]
pub(crate) async fn roles(_caller: Allow<AnyManager>, query: Query<NoParameters>) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let view = |role: Role| RoleView {
        role,
        description: role.description(),
        permissions: role.permissions(),
        grants: Role::ALL.into_iter().filter(|other| role.may_grant(*other)).collect(),
    };
    Ok(HttpResponse::Ok().json(RoleList { data: Role::ALL.map(view).into(), next_cursor: None }))
}

/// Lists the scopes of API keys and the permissions of management keys.
#[utoipa::path(get, path = "/v1/management/scopes", tag = "Catalogue", operation_id = "listScopes",
    responses((status = 200, description = "Every scope", body = ScopeList)))]
pub(crate) async fn scopes(
    app: Data<App>,
    _caller: Allow<AnyManager>,
    query: Query<NoParameters>,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let catalogues = app.catalogues();
    let list = ScopeList { data: views(&catalogues.scopes), permissions: views(&catalogues.permissions), next_cursor: None };
    Ok(HttpResponse::Ok().json(list))
}

fn views(catalogue: &Catalogue) -> Vec<ScopeView> {
    let view = |entry: &CatalogueEntry, action: &String| ScopeView {
        scope: format!("{}:{action}", entry.resource),
        resource: entry.resource.clone(),
        action: action.clone(),
        description: entry.description.clone(),
    };
    catalogue.entries().iter().flat_map(|e| e.actions.iter().map(move |a| view(e, a))).collect()
}
