//! Which web origins may call the API from a browser: none, unless the configuration names them.

use actix_cors::Cors;
use actix_web::{
    dev::ServiceRequest,
    http::header::{HeaderName, ORIGIN},
};

/// How long a browser may remember the answer to a preflight, in seconds.
const MAX_AGE: usize = 600;

/// Forward authentication is for gateways. A preflight that a gateway passes on must be judged like every request, not answered by
/// the middleware: 200 would let it through.
pub(super) fn spare_authorize(request: &mut ServiceRequest) {
    // Before routing, this is the decoded path that routes are matched with.
    let path = request.match_info().as_str();
    if path == "/v1/authorize" || path.starts_with("/v1/authorize/") {
        request.headers_mut().remove(ORIGIN);
    }
}

/// The middleware for these exact origins.
pub(super) fn cors(origins: &[String]) -> Cors {
    let exposed = ["x-request-id", "etag", "retry-after", "ratelimit", "ratelimit-policy", "idempotent-replayed", "link"];
    let cors = origins.iter().fold(Cors::default(), |cors, origin| cors.allowed_origin(origin));
    cors.allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allow_any_header()
        .expose_headers(exposed.map(HeaderName::from_static))
        .supports_credentials()
        .max_age(MAX_AGE)
}
