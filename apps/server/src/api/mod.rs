//! The endpoints, one module an aggregate. A resource that is served on two surfaces has one set of handlers: the surfaces differ
//! in their routes and in the envelope of an answer.

pub(crate) mod audit;
pub(crate) mod authorize;
pub(crate) mod catalogue;
pub(crate) mod document;
pub(crate) mod invitations;
pub(crate) mod keys;
pub(crate) mod organizations;
pub(crate) mod password_resets;
pub(crate) mod projects;
pub(crate) mod sessions;
pub(crate) mod shipping;
pub(crate) mod usage;
pub(crate) mod users;
pub(crate) mod verify;
pub(crate) mod webhooks;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError as _,
    http::{
        StatusCode,
        header::{ETAG, LINK},
    },
    web::ServiceConfig,
};
use mgmt_core::error::Error;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    auth::is_session_surface,
    error::ApiError,
    http::precondition::{EntityTag, Preconditions},
};

pub(crate) use document::document;

/// All routes of the API.
pub(crate) fn configure(config: &mut ServiceConfig) {
    // Routes are tried in this order, so those come first that are asked most.
    verify::configure(config);
    authorize::configure(config);
    sessions::configure(config);
    keys::configure(config);
    organizations::configure(config);
    audit::configure(config);
    users::configure(config);
    invitations::configure(config);
    password_resets::configure(config);
    catalogue::configure(config);
    usage::configure(config);
    shipping::configure(config);
    webhooks::configure(config);
    projects::configure(config);
}

/// Whether answers of this request's surface stand inside `data`.
pub(crate) fn is_wrapped(request: &HttpRequest) -> bool {
    is_session_surface(request)
}

/// A single object in the envelope of its surface.
pub(crate) fn object(request: &HttpRequest, mut builder: HttpResponseBuilder, object: Value) -> HttpResponse {
    if is_wrapped(request) { builder.json(json!({ "data": object })) } else { builder.json(object) }
}

/// A single object that can change, with its tag; 304 when the client has it already, 412 when it means another version.
pub(crate) fn tagged(request: &HttpRequest, tag: EntityTag, view: Value) -> HttpResponse {
    let tag = tag.with_figures(view.to_string().as_bytes());
    let preconditions = Preconditions::from_headers(request.headers());
    if request.method() == actix_web::http::Method::GET {
        if let Err(changed) = preconditions.check(&tag) {
            return ApiError::from(changed).error_response();
        }
        if preconditions.is_unchanged(&tag) {
            return HttpResponse::build(StatusCode::NOT_MODIFIED).insert_header((ETAG, tag.header_value())).finish();
        }
    }
    let mut builder = HttpResponse::Ok();
    builder.insert_header((ETAG, tag.header_value()));
    object(request, builder, view)
}

/// One page of a list, with the cursor of the next in the body and as a `Link`.
pub(crate) fn page<T: Serialize>(request: &HttpRequest, rows: &[T], next: Option<String>) -> HttpResponse {
    let mut builder = HttpResponse::Ok();
    if let Some(cursor) = &next {
        let kept = request.query_string().split('&').filter(|p| !p.is_empty() && !p.starts_with("cursor="));
        let query: Vec<String> = kept.map(str::to_owned).chain([format!("cursor={}", cursor)]).collect();
        builder.insert_header((LINK, format!("<{}?{}>; rel=\"next\"", request.path(), query.join("&"))));
    }
    builder.json(json!({ "data": rows, "next_cursor": next }))
}

/// The most rows of a page.
const MAX_PAGE: i64 = 100;
const DEFAULT_PAGE: i64 = 20;

/// Reads `limit`.
///
/// # Errors
/// 400 outside 1 to 100.
pub(crate) fn page_size(limit: Option<i64>) -> Result<i64, ApiError> {
    Ok(page_limit(limit)?)
}

/// The same, to be told together with other faults.
///
/// # Errors
/// 400 outside 1 to 100.
pub(crate) fn page_limit(limit: Option<i64>) -> Result<i64, Error> {
    let size = limit.unwrap_or(DEFAULT_PAGE);
    if (1..=MAX_PAGE).contains(&size) {
        Ok(size)
    } else {
        Err(Error::invalid("limit", format!("must be a whole number from 1 to {MAX_PAGE}")))
    }
}
