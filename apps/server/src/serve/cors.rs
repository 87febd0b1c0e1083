//! Which web origins may call the API from a browser: none, unless the configuration names them.

use actix_cors::Cors;
use actix_web::http::header::HeaderName;

/// How long a browser may remember the answer to a preflight, in seconds.
const MAX_AGE: usize = 600;

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
