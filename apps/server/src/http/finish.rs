//! The last step of every response: the error body, the security headers, the request id.

use actix_web::{
    HttpResponse,
    body::{BoxBody, MessageBody},
    http::{
        StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, REFERRER_POLICY, SERVER,
            STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
        },
    },
};
use mgmt_core::error::{Code, Error};

use super::request_id::{RequestId, X_REQUEST_ID};
use crate::error::{ApiError, Refusal, Shape, envelope};

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What finishing needs to know about the request.
#[derive(Clone)]
pub(crate) struct Finish {
    /// The id to send back.
    pub(crate) id: RequestId,
    /// Whether to send `Strict-Transport-Security`.
    pub(crate) https: bool,
    /// Whether the server is stopping, so that the connection should end.
    pub(crate) close: bool,
    /// How answers differ on the request's surface, where they do.
    pub(crate) shape: Option<Shape>,
}

impl Finish {
    /// Completes a response.
    pub(crate) fn apply(&self, response: HttpResponse) -> HttpResponse {
        let mut response = self.render_error(response);
        self.add_headers(&mut response);
        if self.close {
            response.head_mut().set_connection_type(actix_http::ConnectionType::Close);
        }
        response
    }

    fn render_error(&self, response: HttpResponse) -> HttpResponse {
        let status = response.status();
        let refusal = response.extensions().get::<Refusal>().cloned();
        if let Some(refusal) = refusal {
            self.log_cause(&refusal, status);
            return self.write_error(response, &refusal.error);
        }
        if is_foreign_error(&response) {
            let error = ApiError::from(foreign_error(status));
            return self.write_error(response, error.error());
        }
        response
    }

    fn log_cause(&self, refusal: &Refusal, status: StatusCode) {
        let (id, code) = (self.id.as_str(), refusal.error.code().as_str());
        let cause = refusal.cause.as_deref();
        if status.is_server_error() {
            tracing::error!(request_id = id, code, cause, "request failed");
        } else if cause.is_some() {
            tracing::info!(request_id = id, code, cause, "request refused");
        }
    }

    fn write_error(&self, response: HttpResponse, error: &Error) -> HttpResponse {
        let status = response.status();
        let write = self.shape.map_or(envelope as fn(&Error, StatusCode, &str) -> _, |shape| shape.error);
        let body = write(error, status, self.id.as_str()).to_string();
        let mut response = response.set_body(BoxBody::new(body));
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        response.headers_mut().remove(ETAG);
        response
    }

    fn add_headers(&self, response: &mut HttpResponse) {
        let headers = response.headers_mut();
        headers.remove(SERVER);
        headers.insert(X_REQUEST_ID, self.id.header_value());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(CORP, HeaderValue::from_static("same-origin"));
        if self.https {
            let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
            headers.insert(STRICT_TRANSPORT_SECURITY, year);
        }
        if !headers.contains_key(CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if !headers.contains_key(CONTENT_SECURITY_POLICY) {
            let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// An error answer that neither we nor a handler wrote: actix's own, or a library's.
fn is_foreign_error(response: &HttpResponse) -> bool {
    let status = response.status();
    let is_json = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|text| text.starts_with("application/json") || text.starts_with("application/problem+json"));
    (status.is_client_error() || status.is_server_error())
        && !(is_json && response.body().size() != actix_web::body::BodySize::None)
}

fn foreign_error(status: StatusCode) -> Error {
    let (code, message) = match status {
        StatusCode::UNAUTHORIZED => return Error::unauthorized(),
        StatusCode::NOT_FOUND => (Code::NotFound, "there is nothing at this address"),
        StatusCode::METHOD_NOT_ALLOWED => (Code::MethodNotAllowed, "this method is not allowed here"),
        StatusCode::PAYLOAD_TOO_LARGE => (Code::PayloadTooLarge, "the body is too large"),
        StatusCode::URI_TOO_LONG => (Code::UriTooLong, "the address is too long"),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (Code::HeadersTooLarge, "the header fields are too large"),
        StatusCode::REQUEST_TIMEOUT => (Code::InvalidRequest, "the request was not received in time"),
        StatusCode::SERVICE_UNAVAILABLE => (Code::Unavailable, ""),
        status if status.is_client_error() => (Code::InvalidRequest, "the request is malformed"),
        _ => (Code::Internal, ""),
    };
    Error::new(code, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{ResponseError, body::to_bytes_limited};

    fn finish() -> Finish {
        Finish { id: RequestId::new(mgmt_core::time::Timestamp::from_millis(1)), https: false, close: false, shape: None }
    }

    async fn body(response: HttpResponse) -> serde_json::Value {
        let bytes = to_bytes_limited(response.into_body(), 10_000).await.unwrap().unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[actix_web::test]
    async fn a_refusal_becomes_the_envelope() {
        let finish = finish();
        let response = finish.apply(ApiError::from(Error::invalid("name", "must be a string")).error_response());
        assert_eq!(response.headers().get(X_REQUEST_ID).unwrap(), finish.id.as_str());
        assert_eq!(response.headers().get(CONTENT_TYPE).unwrap(), "application/json");
        let body = body(response).await;
        assert_eq!(body["error"]["code"], "invalid_request");
        assert_eq!(body["error"]["details"]["name"], "must be a string");
        assert_eq!(body["error"]["request_id"], finish.id.as_str());
    }

    #[actix_web::test]
    async fn somebody_elses_error_becomes_the_envelope_too() {
        for (status, code) in [(404, "not_found"), (400, "invalid_request"), (500, "internal"), (503, "unavailable")] {
            let text = HttpResponse::build(StatusCode::from_u16(status).unwrap()).body("<h1>oops</h1>");
            assert_eq!(body(finish().apply(text)).await["error"]["code"], code);
        }
    }

    #[actix_web::test]
    async fn headers_are_on_every_response_and_a_handlers_own_stay() {
        let response = finish().apply(HttpResponse::Ok().insert_header((CACHE_CONTROL, "max-age=60")).finish());
        assert_eq!(response.headers().get(CACHE_CONTROL).unwrap(), "max-age=60");
        assert_eq!(response.headers().get(X_CONTENT_TYPE_OPTIONS).unwrap(), "nosniff");
        assert!(response.headers().get(STRICT_TRANSPORT_SECURITY).is_none());
        let secure = Finish { https: true, ..finish() }.apply(HttpResponse::Ok().finish());
        assert!(secure.headers().get(STRICT_TRANSPORT_SECURITY).is_some());
    }
}
