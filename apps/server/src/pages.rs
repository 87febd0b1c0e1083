//! What is public: health, the API's description, and the pages.

#[cfg(feature = "dashboard")]
mod dashboard;
#[cfg(not(feature = "dashboard"))]
mod home;

#[cfg(feature = "dashboard")]
use dashboard as front;
#[cfg(not(feature = "dashboard"))]
use home as front;

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    body::MessageBody,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    web::{Data, ServiceConfig},
};
use bytes::Bytes;
use serde_json::json;
use utoipa_swagger_ui::Config as SwaggerConfig;

use crate::{
    app::App,
    drain::Drain,
    error::ApiError,
    http::route::{endpoint, page},
};

const HTML: &str = "text/html; charset=utf-8";
const COOP: (&str, &str) = ("Cross-Origin-Opener-Policy", "same-origin");
/// Swagger UI sets styles on elements and draws its icons from data URLs. Scripts are files of ours only.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                           font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'none'; object-src 'none'";

static OPENAPI: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(crate::openapi::document().to_json().unwrap_or_default()));

/// Registers the public endpoints.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/livez").get(live))
        .service(endpoint("/readyz").get(ready))
        .service(endpoint("/openapi.json").get(openapi))
        .service(page("/docs").get(docs))
        .service(page("/docs/").get(docs))
        .service(page("/docs/{file}").get(docs_file));
    front::configure(config);
}

pub(crate) use front::elsewhere;

/// Whether the process answers at all.
#[utoipa::path(get, path = "/livez", tag = "health", security(()),
    responses((status = 200, description = "The process is alive.")))]
pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Whether requests can be answered here now.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()),
    responses((status = 200, description = "Requests can be answered."),
              (status = 503, description = "Not now: send them elsewhere.")))]
pub(crate) async fn ready(app: Data<App>, drain: Data<Drain>) -> Result<HttpResponse, ApiError> {
    if drain.is_draining() {
        return Err(ApiError::unavailable("the server is stopping"));
    }
    if !app.is_ready().await {
        return Err(ApiError::unavailable("the application is not ready"));
    }
    Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
}

async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(OPENAPI.clone())
}

async fn docs() -> HttpResponse {
    html(include_str!("pages/docs.html"), DOCS_POLICY)
}

fn html(text: impl MessageBody + 'static, policy: &str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HTML))
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header(COOP)
        .body(text)
}

async fn docs_file(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let file = request.match_info().get("file").unwrap_or_default();
    if file == "start.js" {
        let script = include_str!("pages/start.js");
        return Ok(HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(script));
    }
    let served = matches!(file, "swagger-ui.css" | "index.css" | "swagger-ui-bundle.js" | "favicon-32x32.png");
    let missing = || ApiError::from(mgmt_core::error::Error::not_found());
    if !served {
        return Err(missing());
    }
    let found = utoipa_swagger_ui::serve(file, Arc::new(SwaggerConfig::from("/openapi.json"))).map_err(ApiError::internal)?;
    let found = found.ok_or_else(missing)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, found.content_type))
        .insert_header((CACHE_CONTROL, "public, max-age=86400"))
        .body(found.bytes.into_owned()))
}
