//! Forward authentication: a gateway asks, with the client's own header fields, whether to let a request through.

use actix_web::{
    HttpRequest, HttpResponse,
    dev::RequestHead,
    http::{
        StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    web::{Data, ServiceConfig},
};
use mgmt_actix::{
    WAREHOUSE,
    credential::{self, Credential},
    insert_rate_limit_fields,
};
use mgmt_core::{
    access::Question,
    error::{Error, Faults},
    id::{KeyId, OrganizationId},
    key_text::KeyKind,
    scope::{Catalogue, ScopeMask, ScopeSet},
    usage::Surface,
};
use mgmt_gate::{Admission, Check, Request, Traffic};

use crate::{
    app::App,
    auth::{LimitFields, Noted, api_key_text, note_principal, refuse, refused},
    error::ApiError,
    http::{
        address::ClientAddress,
        arrival::{Arrived, moment},
        hex, percent,
        route::page,
    },
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
    let mask = app.catalogues().scopes.demanded(&scopes);
    judge(&app, (&request, address), text, (mask, || scopes.to_text())).await
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
    let (query, catalogue) = (request.query_string(), &app.catalogues().scopes);
    let mask = match plain(&app, query) {
        Some(mask) => mask,
        None => catalogue.demanded(&demanded(query, catalogue)?),
    };
    let named = || demanded(query, catalogue).unwrap_or_default().to_text();
    judge(&app, (&request, address), text, (mask, named)).await
}

/// One scope in its canonical spelling is what gateways ask for.
fn plain(app: &App, query: &str) -> Option<ScopeMask> {
    query.strip_prefix("scope=").and_then(|text| app.scope(text))
}

/// Judges a plain request with this head where nothing has to be waited for. `None` is for [`authorize`], and nothing is counted then.
pub(crate) fn judge_now(app: &App, head: &RequestHead, arrived: &Arrived) -> Option<(Result<HttpResponse, ApiError>, Noted)> {
    let scope = head.uri.query().unwrap_or_default();
    let mask = if scope.is_empty() { ScopeMask::NONE } else { plain(app, scope)? };
    let Ok(Credential::Token(_, text)) = credential::find(&head.headers, true) else { return None };
    let warehouse = warehouse(&head.headers).ok()?;
    match app.admitter.check_now(text, &question(mask, arrived.client, warehouse), arrived.at)? {
        Check::Accepted(admission) => {
            let noted = Some((admission.record.id(), LimitFields::default()));
            Some((Ok(accept(&admission, warehouse)), noted))
        }
        Check::Refused(refusal) => {
            let named = demanded(scope, &app.catalogues().scopes).unwrap_or_default().to_text();
            let (error, noted) = refused(refusal, &named);
            Some((Err(error), noted))
        }
        Check::Pending(_) | Check::Unleased => None,
    }
}

fn question(mask: ScopeMask, address: ClientAddress, warehouse: Option<&str>) -> Request<'_> {
    Request {
        kind: KeyKind::Secret,
        question: Question { all_of: mask, address: Some(address.0), warehouse, ..Question::default() },
        traffic: Traffic::Resource,
        surface: Surface::Resource,
        cost: 1,
        within: None,
    }
}

async fn judge(
    app: &Data<App>,
    (request, address): (&HttpRequest, ClientAddress),
    text: &str,
    (mask, named): (ScopeMask, impl FnOnce() -> String),
) -> Result<HttpResponse, ApiError> {
    let warehouse = warehouse(request.headers())?;
    let asked = question(mask, address, warehouse);
    match app.admitter.admit_at(text, &asked, moment(request)).await.map_err(ApiError::unavailable)? {
        Check::Accepted(admission) => {
            note_principal(request, admission.record.id());
            Ok(accept(&admission, warehouse))
        }
        Check::Refused(refusal) => Err(refuse(request, refusal, &named())),
        Check::Pending(_) | Check::Unleased => Err(ApiError::internal("the gate did not answer")),
    }
}

fn accept(admission: &Admission, warehouse: Option<&str>) -> HttpResponse {
    let record = &admission.record;
    let (organization, key) = (record.organization_id(), record.id());
    let mut response = HttpResponse::new(StatusCode::OK);
    let headers = response.headers_mut();
    insert_rate_limit_fields(&admission.standings, headers);
    headers.insert(ORGANIZATION_ID, value(hex::id(OrganizationId::PREFIX, organization.as_u128()).as_str()));
    headers.insert(KEY_ID, value(hex::id(KeyId::PREFIX, key.as_u128()).as_str()));
    headers.insert(SCOPES, value(&record.scopes().to_text()));
    // Always there, so that a gateway that copies it overwrites what the client sent.
    headers.insert(WAREHOUSE_ID, value(warehouse.unwrap_or_default()));
    response
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
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
pub(crate) fn warehouse(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let mut values = headers.get_all(&WAREHOUSE);
    let first = values.next();
    if values.next().is_some() {
        return Err(Error::invalid("X-Warehouse-Id", "must be sent once"));
    }
    let text = first.map(|v| v.to_str().map_err(|_| Error::invalid("X-Warehouse-Id", "must be visible ASCII")));
    Ok(text.transpose()?.map(str::trim).filter(|t| !t.is_empty()))
}
