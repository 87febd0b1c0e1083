//! Projects, under `/management/v1/projects`: paths, bodies and statuses are those of Voucherify's management API, so that its
//! clients work unchanged. Unknown members of a body are ignored here, lists have Voucherify's envelope, and errors its fields
//! beside our own.

mod admit;
mod branding;
mod change;
mod client;
mod event_schemas;
mod invite;
mod members;
mod metadata_schemas;
mod parts;
mod samples;
mod send_outs;
mod shape;
mod stacking_rules;
mod templates;
mod view;
mod webhooks;

use std::fmt::Display;

use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Data, ServiceConfig},
};
use mgmt_core::{
    error::{Code, Error},
    id::ProjectId,
    project::{Project, part::PartKind},
};
use serde_json::{Value, json};

pub(crate) use branding::*;
pub(crate) use change::*;
pub(crate) use client::*;
pub(crate) use event_schemas::*;
pub(crate) use invite::*;
pub(crate) use members::*;
pub(crate) use metadata_schemas::*;
pub(crate) use samples::*;
pub(crate) use send_outs::*;
pub(crate) use shape::{ProjectError, describe_errors, shape_of};
pub(crate) use stacking_rules::*;
pub(crate) use templates::*;
pub(crate) use webhooks::*;

use crate::{
    app::{App, Work, idempotency::Once},
    auth::Caller,
    error::ApiError,
    http::{
        percent,
        query::{NoParameters, Query},
        route::endpoint,
    },
};

const BASE: &str = "/management/v1/projects";
/// The most projects of an organization, and the most objects of a kind in a project: lists have no pages.
const MAX_LISTED: i64 = 1000;

/// The routes. What is literal where a project's id could stand comes first.
pub(super) fn configure(config: &mut ServiceConfig) {
    let path = |rest: &str| format!("{BASE}/{{projectId}}{rest}");
    config
        .service(endpoint(BASE).get(list_projects).post(create_project))
        .service(endpoint(&format!("{BASE}/users/invite")).post(invite_user))
        .service(endpoint(&path("/users")).get(list_users).post(assign_user))
        .service(endpoint(&path("/users/{userId}")).get(show_user).on(Method::PUT, update_user).delete(unassign_user))
        .service(endpoint(&path("/templates/campaigns")).get(list_templates).post(create_template))
        .service(endpoint(&path("/templates/campaigns/{campaignTemplateId}/copy")).post(copy_template));
    config
        .service(endpoint(&path("/webhooks/{webhookId}/test")).post(test_hook))
        .service(endpoint(&path("/webhooks/{webhookId}/send-outs")).get(list_send_outs))
        .service(endpoint(&path("/webhooks/{webhookId}/send-outs/{sendOutId}/retry")).post(retry_send_out));
    for group in [
        stacking_rules::configure,
        metadata_schemas::configure,
        event_schemas::configure,
        webhooks::configure,
        branding::configure,
    ] {
        group(config);
    }
    config
        .service(endpoint(&path("")).get(show_project).on(Method::PUT, update_project).delete(delete_project))
        .service(endpoint("/v1/metadata-schemas").get(list_own_schemas))
        .service(endpoint("/v1/metadata-schemas/{relatedObject}").get(show_own_schema));
}

/// Whether an address belongs to this surface.
pub(super) fn is_surface(path: &str) -> bool {
    path.starts_with("/management/v1/") || path == "/v1/metadata-schemas" || path.starts_with("/v1/metadata-schemas/")
}

/// A list in Voucherify's envelope.
fn list_of(rows: Vec<Value>) -> HttpResponse {
    let total = rows.len();
    HttpResponse::Ok().json(json!({"object": "list", "data_ref": "data", "data": rows, "total": total}))
}

/// A parameter of the path, decoded; 404 when it cannot be.
fn segment(request: &HttpRequest, name: &str) -> Result<String, ApiError> {
    request.match_info().get(name).and_then(percent::decode_path).ok_or_else(|| Error::not_found().into())
}

/// Refuses every query parameter.
fn no_query(query: &Query<NoParameters>) -> Result<(), ApiError> {
    query.read().map(drop).map_err(wrong_query)
}

fn wrong_query(error: ApiError) -> ApiError {
    error.error().clone().with_reason("invalid_query_params").into()
}

/// The one answer for a project that is missing, and for one of another organization.
fn no_project(id: &str) -> Error {
    Error::not_found().about("project", id)
}

fn no_part(kind: PartKind, id: &str) -> Error {
    Error::not_found().about(kind.resource(), id)
}

/// What a client wants to be sure of doing once within what the path names.
fn once_within(request: &HttpRequest, caller: &Caller, place: impl Display, bytes: &[u8]) -> Result<Option<Once>, ApiError> {
    // The route alone does not tell in which project.
    let whole = [place.to_string().as_bytes(), bytes].concat();
    Once::from_request(request, (caller.organization_id, caller.actor()), &whole)
}

/// The project as it is now. From here on, no other change of the organization's projects runs beside this one.
fn hold(work: &mut Work<'_>, caller: &Caller, id: ProjectId) -> Result<Project, ApiError> {
    work.tx.organizations().lock(caller.organization_id)?;
    let found = work.tx.projects().find(caller.organization_id, id)?;
    Ok(found.ok_or_else(|| no_project(&id.to_string()))?)
}

/// Refuses to go beyond what a list can show.
fn room(count: i64) -> Result<(), ApiError> {
    if count < MAX_LISTED {
        return Ok(());
    }
    Err(Error::new(Code::InvalidState, format!("there are {MAX_LISTED} already: delete some first")).into())
}

/// Whether the caller may change projects; who may not is not shown their secrets.
fn may_write(app: &Data<App>, caller: &Caller) -> bool {
    caller.holds(app, "projects:write")
}
