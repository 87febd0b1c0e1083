//! Forward authentication: a gateway asks, with the client's own header fields, whether to let a request through.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderName, HeaderValue},
    web::{Data, ServiceConfig},
};
use mgmt_actix::{WAREHOUSE, rate_limit_fields};
use mgmt_core::{
    access::Question,
    error::{Error, Faults},
    key_text::KeyKind,
    scope::{Catalogue, ScopeSet},
    usage::Surface,
};
use mgmt_gate::{Admission, Check, Request, Traffic};

use crate::{
    app::App,
    auth::{api_key_text, note, refuse},
    error::ApiError,
    http::{address::ClientAddress, percent, route::page},
};

const ORGANIZATION_ID: HeaderName = HeaderName::from_static("x-auth-organization-id");
const KEY_ID: HeaderName = HeaderName::from_static("x-auth-key-id");
const SCOPES: HeaderName = HeaderName::from_static("x-auth-scopes");
const WAREHOUSE_ID: HeaderName = HeaderName::from_static("x-auth-warehouse-id");

/// The route, for every method: gateways send the client's, or one of their own.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(page("/v1/authorize").any(authorize))
        .service(page("/v1/authorize/{scopes}").any(authorize_below))
        .service(page("/v1/authorize/{scopes}/{path:.*}").any(authorize_below));
}

/// The same for gateways that append the client's path and query to the address they ask, as Envoy does: the scopes are a segment
/// of the path, separated by commas, `-` for none. What follows is the client's and says nothing.
async fn authorize_below(app: Data<App>, address: ClientAddress, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let text = api_key_text(&app, &request, true)?;
    let named = request.match_info().get("scopes").and_then(percent::decode_path);
    let named = named.ok_or_else(|| Error::invalid("scope", "is not well percent-encoded UTF-8"))?;
    let named: Vec<String> = if named == "-" { Vec::new() } else { named.split(',').map(str::to_owned).collect() };
    let scopes = app.catalogues().scopes.parse_set("scope", &named)?;
    judge(&app, (&request, address), text, &scopes).await
}

/// Judges a request for a gateway: nginx, Caddy, Traefik, Envoy. Any method; the client's own header fields.
#[utoipa::path(get, path = "/v1/authorize", tag = "Verification", operation_id = "authorize",
    params(("scope" = Option<Vec<String>>, Query, description = "A scope that is demanded; may be repeated: all are demanded"),
        ("X-API-Key" = Option<String>, Header, description = "The key, instead of `Authorization`"),
        ("X-App-Id" = Option<String>, Header, description = "The `app_id` of a project's key"),
        ("X-App-Token" = Option<String>, Header, description = "The `app_token` of a project's key, instead of `Authorization`"),
        ("X-Warehouse-Id" = Option<String>, Header, description = "What the request is for")),
    responses((status = 200, description = "Let it through",
        headers(("X-Auth-Organization-Id" = String), ("X-Auth-Key-Id" = String), ("X-Auth-Scopes" = String), ("X-Auth-Warehouse-Id" = String)))))]
pub(crate) async fn authorize(app: Data<App>, address: ClientAddress, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let text = api_key_text(&app, &request, true)?;
    let scopes = demanded(request.query_string(), &app.catalogues().scopes)?;
    judge(&app, (&request, address), text, &scopes).await
}

async fn judge(
    app: &Data<App>,
    (request, address): (&HttpRequest, ClientAddress),
    text: &str,
    scopes: &ScopeSet,
) -> Result<HttpResponse, ApiError> {
    let warehouse = warehouse(request)?;
    let asked = Request {
        kind: KeyKind::Secret,
        question: Question {
            all_of: app.catalogues().scopes.demanded(scopes),
            address: Some(address.0),
            warehouse,
            ..Question::default()
        },
        traffic: Traffic::Resource,
        surface: Surface::Resource,
        cost: 1,
        within: None,
    };
    match app.admitter.admit(text, &asked).await.map_err(ApiError::unavailable)? {
        Check::Accepted(admission) => Ok(accept(request, &admission, warehouse)),
        Check::Refused(refusal) => Err(refuse(request, refusal, &scopes.to_text())),
        Check::Pending(_) | Check::Unleased => Err(ApiError::internal("the gate did not answer")),
    }
}

fn accept(request: &HttpRequest, admission: &Admission, warehouse: Option<&str>) -> HttpResponse {
    let record = &admission.record;
    note(request, record.id().to_string(), rate_limit_fields(&admission.standings));
    let mut response = HttpResponse::Ok();
    response.insert_header((ORGANIZATION_ID, record.organization_id().to_string()));
    response.insert_header((KEY_ID, record.id().to_string()));
    response.insert_header((SCOPES, record.scopes().to_text()));
    // Always there, so that a gateway that copies it overwrites what the client sent.
    let warehouse = warehouse.and_then(|w| HeaderValue::from_str(w).ok());
    response.insert_header((WAREHOUSE_ID, warehouse.unwrap_or_else(|| HeaderValue::from_static(""))));
    response.finish()
}

/// Reads `?scope=…`, which may be repeated. Any other parameter is refused: a misspelt one would demand nothing.
fn demanded(query: &str, catalogue: &Catalogue) -> Result<ScopeSet, Error> {
    let mut faults = Faults::default();
    let mut scopes = Vec::new();
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = percent::decode_form(value);
        match (name, decoded) {
            ("scope", Some(scope)) => scopes.push(scope),
            ("scope", None) => faults.note(Error::invalid("scope", "is not well percent-encoded UTF-8")),
            (other, _) => {
                let name: String = other.chars().take(40).collect();
                faults.note(Error::invalid(name, "This parameter is not known here: only `scope` is"));
            }
        }
    }
    faults.finish()?;
    catalogue.parse_set("scope", &scopes)
}

/// The warehouse that a request is for.
///
/// # Errors
/// 400 when it is named twice, or not in visible ASCII.
pub(crate) fn warehouse(request: &HttpRequest) -> Result<Option<&str>, Error> {
    let mut values = request.headers().get_all(&WAREHOUSE);
    let first = values.next();
    if values.next().is_some() {
        return Err(Error::invalid("X-Warehouse-Id", "must be sent once"));
    }
    let text = first.map(|v| v.to_str().map_err(|_| Error::invalid("X-Warehouse-Id", "must be visible ASCII")));
    Ok(text.transpose()?.map(str::trim).filter(|t| !t.is_empty()))
}
