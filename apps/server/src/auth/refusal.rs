//! What callers who are refused are told, and what is noted of them.

use std::fmt::Display;

use actix_web::{
    HttpMessage as _, HttpRequest,
    http::header::{HeaderName, HeaderValue},
};
use mgmt_actix::{credential::CredentialFault, rate_limit_fields};
use mgmt_core::{
    access::Denial,
    error::{Code, Error},
    id::KeyId,
};
use mgmt_gate::Refusal;

use crate::{error::ApiError, telemetry};

/// The rate-limit fields of the answer, left in the request's extensions for the middleware that writes them.
#[derive(Clone, Default)]
pub(crate) struct LimitFields(pub(crate) Vec<(HeaderName, HeaderValue)>);

/// What a request without a usable credential is told.
pub(crate) fn refuse_credential(fault: CredentialFault) -> ApiError {
    match fault {
        CredentialFault::Missing => ApiError::no_credential(),
        CredentialFault::Malformed => Error::unauthorized().into(),
        CredentialFault::Ambiguous => ApiError::ambiguous_credential("send exactly one credential"),
    }
}

/// The answer to the bearer of a key that the gate refused. Whoever is out of service looks like whoever never was.
pub(crate) fn refuse(request: &HttpRequest, refusal: Refusal, scopes: &str) -> ApiError {
    let (error, told) = refused(refusal, scopes);
    if let Some((key, fields)) = told {
        note(request, key, fields);
    }
    error
}

/// What is noted of a request: which key it came with, and the fields that tell where its limits stand.
pub(crate) type Noted = Option<(KeyId, LimitFields)>;

/// The same, and what is to be noted with it.
pub(crate) fn refused(refusal: Refusal, scopes: &str) -> (ApiError, Noted) {
    let (error, admission) = match refusal {
        Refusal::Unknown => return (Error::unauthorized().into(), None),
        Refusal::Denied(denial, admission) => (denied(denial, scopes), admission),
        Refusal::RateLimited(after, admission) => (
            Error::new(Code::RateLimited, "too many requests: wait for `Retry-After` seconds").with_retry_after(after),
            admission,
        ),
        Refusal::QuotaExceeded(after, admission) => {
            (Error::new(Code::QuotaExceeded, "the quota of this period is used up").with_retry_after(after), admission)
        }
    };
    let is_known = error.code() != Code::Unauthorized;
    let told = is_known.then(|| (admission.record.id(), LimitFields(rate_limit_fields(&admission.standings))));
    (error.into(), told)
}

fn denied(denial: Denial, scopes: &str) -> Error {
    match denial.code() {
        Code::InsufficientScope => Error::new(Code::InsufficientScope, format!("the key lacks `{scopes}`")).with_scope(scopes),
        Code::IpNotAllowed => Error::new(Code::IpNotAllowed, "the key may not be used from this address"),
        Code::WarehouseNotAllowed => Error::new(
            Code::WarehouseNotAllowed,
            "the key may be used for certain warehouses only: send one of them as `X-Warehouse-Id`",
        ),
        _ => Error::unauthorized(),
    }
}

/// Leaves what the access log and the answer need with the request.
pub(crate) fn note(request: &HttpRequest, principal: impl Display, fields: LimitFields) {
    note_principal(request, principal);
    if !fields.0.is_empty() {
        request.extensions_mut().insert(fields);
    }
}

/// Leaves what the access log needs with the request.
pub(crate) fn note_principal(request: &HttpRequest, principal: impl Display) {
    if telemetry::logs_access() {
        request.extensions_mut().insert(telemetry::Principal(principal.to_string()));
    }
}
