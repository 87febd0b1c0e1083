//! What a refused request looks like on the wire.
//!
//! A handler returns [`ApiError`]; actix asks it for a response, which carries the refusal as an extension and no body.
//! The outermost middleware knows the request id and renders the body (see `http::finish`), so that there is one place
//! where errors are written, whoever made them.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use mgmt_core::error::{Code, Error};
use serde_json::{Value, json};

/// The status of every code. Exhaustive on purpose: a new code does not compile until it has one.
pub(crate) const fn status_of(code: Code) -> StatusCode {
    match code {
        Code::InvalidRequest | Code::CredentialInUrl | Code::InvalidCursor => StatusCode::BAD_REQUEST,
        Code::Unauthorized => StatusCode::UNAUTHORIZED,
        Code::FeatureNotAvailable => StatusCode::PAYMENT_REQUIRED,
        Code::InsufficientScope
        | Code::Forbidden
        | Code::ScopeExceedsGrantor
        | Code::IpNotAllowed
        | Code::WarehouseNotAllowed => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        Code::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UriTooLong => StatusCode::URI_TOO_LONG,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Code::Conflict | Code::KeyLimitReached | Code::LastOwner | Code::InvalidState | Code::IdempotencyInProgress => {
            StatusCode::CONFLICT
        }
        Code::Gone => StatusCode::GONE,
        Code::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Code::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Code::RateLimited | Code::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The RFC 6750 challenge that goes with a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// No credential was sent: the scheme only, without an error.
    Plain,
    /// The credential authenticates nobody.
    InvalidToken,
    /// Credentials were sent in a way that can't be evaluated, such as two at once.
    InvalidRequest,
    /// The key lacks a scope; the error names it.
    InsufficientScope,
}

/// A refusal on its way to the client.
#[derive(Clone)]
pub(crate) struct ApiError(Box<Refusal>);

/// The parts of a refusal, as the renderer finds them in the response's extensions.
#[derive(Clone)]
pub(crate) struct Refusal {
    /// What the client may see.
    pub(crate) error: Error,
    /// What only the log may see.
    pub(crate) cause: Option<String>,
    challenge: Option<Challenge>,
    headers: Vec<(HeaderName, HeaderValue)>,
    status: StatusCode,
    close: bool,
}

impl ApiError {
    /// A refusal with a code and a message for the client.
    pub(crate) fn new(code: Code, message: &'static str) -> Self {
        Error::new(code, message).into()
    }

    /// A fault of ours. The cause goes to the log only.
    pub(crate) fn internal(cause: impl fmt::Display) -> Self {
        Self::from(Error::new(Code::Internal, "")).caused_by(cause)
    }

    /// A dependency is away or overloaded. The cause goes to the log only.
    pub(crate) fn unavailable(cause: impl fmt::Display) -> Self {
        Self::from(Error::new(Code::Unavailable, "")).caused_by(cause)
    }

    /// 401 for a request without any credential.
    pub(crate) fn no_credential() -> Self {
        Self::from(Error::unauthorized()).with_challenge(Challenge::Plain)
    }

    /// 400 for credentials that can't be evaluated: two of them, or a repeated field.
    pub(crate) fn ambiguous_credential(message: &'static str) -> Self {
        Self::new(Code::InvalidRequest, message).with_challenge(Challenge::InvalidRequest)
    }

    /// Notes what the log should know about this refusal.
    pub(crate) fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// Sends this challenge instead of the one that follows from the code.
    pub(crate) fn with_challenge(mut self, challenge: Challenge) -> Self {
        self.0.challenge = Some(challenge);
        self
    }

    /// Adds a header field to the answer.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Answers with another status than the code's usual one.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// Ends the connection after the answer, as the rest of the request was not read.
    pub(crate) fn closing(mut self) -> Self {
        self.0.close = true;
        self
    }

    /// What the client may see.
    pub(crate) fn error(&self) -> &Error {
        &self.0.error
    }

    /// What only the log, and the operator at the command line, may see.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let code = error.code();
        let challenge = match code {
            Code::Unauthorized => Some(Challenge::InvalidToken),
            Code::InsufficientScope => Some(Challenge::InsufficientScope),
            _ => None,
        };
        let status = status_of(code);
        let (error, cause) = if status.is_server_error() { conceal(error) } else { (error, None) };
        Self(Box::new(Refusal { error, cause, challenge, headers: Vec::new(), status, close: false }))
    }
}

/// Splits a fault of ours into a general error for the client and the cause for the log.
fn conceal(error: Error) -> (Error, Option<String>) {
    let cause = error.to_string();
    let message = match error.code() {
        Code::Unavailable => "the service is not available at the moment; try again",
        _ => "something went wrong on our side; the request id helps us to find it",
    };
    let mut general = Error::new(error.code(), message);
    if let Some(seconds) = error.retry_after() {
        general = general.with_retry_after(seconds);
    }
    (general, (!cause.is_empty()).then_some(cause))
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} (cause: {:?})", self.0.error, self.0.cause)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.error, f)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        let refusal = &*self.0;
        let mut response = HttpResponse::new(refusal.status);
        let headers = response.headers_mut();
        for (name, value) in &refusal.headers {
            headers.append(name.clone(), value.clone());
        }
        if let Some(value) = refusal.challenge.and_then(|c| challenge_value(c, refusal.error.scope())) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
        if let Some(seconds) = retry_after(refusal) {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if refusal.close {
            response.head_mut().set_connection_type(actix_http::ConnectionType::Close);
        }
        response.extensions_mut().insert(refusal.clone());
        response
    }
}

fn retry_after(refusal: &Refusal) -> Option<u64> {
    let always = matches!(refusal.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    refusal.error.retry_after().map(|s| s.max(1)).or_else(|| always.then_some(1))
}

fn challenge_value(challenge: Challenge, scope: Option<&str>) -> Option<HeaderValue> {
    let text = match (challenge, scope) {
        (Challenge::Plain, _) => "Bearer realm=\"mgmt\"".to_owned(),
        (Challenge::InvalidToken, _) => "Bearer realm=\"mgmt\", error=\"invalid_token\"".to_owned(),
        (Challenge::InvalidRequest, _) => "Bearer realm=\"mgmt\", error=\"invalid_request\"".to_owned(),
        (Challenge::InsufficientScope, None) => "Bearer realm=\"mgmt\", error=\"insufficient_scope\"".to_owned(),
        (Challenge::InsufficientScope, Some(scope)) => {
            let scope: String = scope.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
            format!("Bearer realm=\"mgmt\", error=\"insufficient_scope\", scope=\"{scope}\"")
        }
    };
    HeaderValue::from_str(&text).ok()
}

/// How answers of a surface differ that follows somebody else's published API. Put it into the request's extensions before it is
/// routed, and every answer to the request is written by it.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Writes the body of an error in the place of the envelope.
    pub(crate) error: fn(&Error, StatusCode, &str) -> Value,
    /// Adds the surface's own header fields.
    pub(crate) fields: fn(&mut HttpResponse),
}

/// The envelope of every error: `{"error":{"code","message","details","request_id"}}`.
pub(crate) fn envelope(error: &Error, _status: StatusCode, request_id: &str) -> Value {
    json!({
        "error": {
            "code": error.code().as_str(),
            "message": error.message(),
            "details": error.details(),
            "request_id": request_id,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(error: ApiError, name: HeaderName) -> Option<String> {
        error.error_response().headers().get(name).map(|v| v.to_str().unwrap().to_owned())
    }

    #[test]
    fn every_code_has_an_error_status() {
        for code in Code::ALL {
            let status = status_of(*code);
            assert!(status.is_client_error() || status.is_server_error(), "{code}");
            assert_eq!(ApiError::from(Error::new(*code, "x")).status_code(), status);
        }
    }

    #[test]
    fn challenges_follow_rfc_6750() {
        let www = |e| header(e, WWW_AUTHENTICATE);
        assert_eq!(www(ApiError::no_credential()).unwrap(), "Bearer realm=\"mgmt\"");
        assert_eq!(www(Error::unauthorized().into()).unwrap(), "Bearer realm=\"mgmt\", error=\"invalid_token\"");
        let scope = Error::new(Code::InsufficientScope, "x").with_scope("orders:read");
        assert_eq!(www(scope.into()).unwrap(), "Bearer realm=\"mgmt\", error=\"insufficient_scope\", scope=\"orders:read\"");
        assert_eq!(www(ApiError::ambiguous_credential("x")).unwrap(), "Bearer realm=\"mgmt\", error=\"invalid_request\"");
        assert_eq!(www(Error::new(Code::Forbidden, "x").into()), None);
    }

    #[test]
    fn retry_after_is_there_when_a_repeat_can_help() {
        let after = |e| header(e, RETRY_AFTER);
        assert_eq!(after(Error::new(Code::RateLimited, "x").with_retry_after(7).into()).unwrap(), "7");
        assert_eq!(after(Error::new(Code::RateLimited, "x").into()).unwrap(), "1");
        assert_eq!(after(ApiError::unavailable("db")).unwrap(), "1");
        assert_eq!(after(Error::new(Code::Conflict, "x").into()), None);
    }

    #[test]
    fn faults_of_ours_are_told_to_the_log_only() {
        let error = ApiError::from(Error::new(Code::Internal, "table keys is corrupt").with_detail("a", "b"));
        assert!(error.error().details().is_empty());
        assert!(!error.to_string().contains("table"));
        assert!(error.0.cause.unwrap().contains("table keys is corrupt"));
    }
}
