//! The answers to refused requests, and the header fields that tell clients where their limits stand.

use std::fmt::Write;

use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use mgmt_core::error::Code;
use mgmt_gate::{Admission, Refusal, Standings};
use serde_json::json;

/// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers) with an item for each limit, and
/// `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds from now) for the one that is closest to refusing. Nothing where
/// nothing is limited.
#[must_use]
pub fn rate_limit_fields(standings: &Standings) -> Vec<(HeaderName, HeaderValue)> {
    let Some(tightest) = standings.tightest() else { return Vec::new() };
    let (mut policy, mut limit) = (String::new(), String::new());
    for (name, s) in [("plan", standings.plan), ("key", standings.key)].into_iter().filter_map(|(n, s)| Some((n, s?))) {
        let comma = if policy.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(policy, "{comma}\"{name}\";q={};w={}", s.limit, s.per_seconds);
        let _ = write!(limit, "{comma}\"{name}\";r={};t={}", s.remaining, s.reset);
    }
    let text = |t: String| HeaderValue::from_str(&t).unwrap_or_else(|_| HeaderValue::from_static(""));
    vec![
        (HeaderName::from_static("ratelimit-policy"), text(policy)),
        (HeaderName::from_static("ratelimit"), text(limit)),
        (HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(tightest.limit)),
        (HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(tightest.remaining)),
        (HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(tightest.reset)),
    ]
}

/// Why a request was not let through.
pub(crate) enum Fault {
    Missing,
    Ambiguous,
    Warehouses,
    Refused(Box<Refusal>),
    Unavailable,
}

/// The answer to it; `scopes` are those that the route demands.
pub(crate) fn answer<B: From<String>>(fault: &Fault, scopes: &str) -> Response<B> {
    match fault {
        Fault::Missing => challenge(StatusCode::UNAUTHORIZED, Code::Unauthorized, "a key is required", String::new()),
        Fault::Ambiguous => {
            let text = ", error=\"invalid_request\"".to_owned();
            challenge(StatusCode::BAD_REQUEST, Code::InvalidRequest, "send exactly one credential", text)
        }
        Fault::Warehouses => body(StatusCode::BAD_REQUEST, Code::InvalidRequest, "send one `X-Warehouse-Id`"),
        Fault::Refused(refusal) => refused(refusal, scopes),
        Fault::Unavailable => {
            let mut response = body(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, "try again");
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
    }
}

fn refused<B: From<String>>(refusal: &Refusal, scopes: &str) -> Response<B> {
    let unauthorized = || {
        let text = ", error=\"invalid_token\"".to_owned();
        challenge(StatusCode::UNAUTHORIZED, Code::Unauthorized, "the key is missing or invalid", text)
    };
    match refusal {
        Refusal::Unknown => unauthorized(),
        Refusal::Denied(denial, admission) => match denial.code() {
            // Whoever is out of service looks like whoever never was.
            Code::Unauthorized => unauthorized(),
            Code::InsufficientScope => {
                let text = format!(", error=\"insufficient_scope\", scope=\"{scopes}\"");
                let response = challenge(StatusCode::FORBIDDEN, Code::InsufficientScope, "the key lacks a scope", text);
                limited(response, admission)
            }
            code => limited(body(StatusCode::FORBIDDEN, code, "the key may not be used here"), admission),
        },
        Refusal::RateLimited(after, admission) => too_many(Code::RateLimited, *after, admission),
        Refusal::QuotaExceeded(after, admission) => too_many(Code::QuotaExceeded, *after, admission),
    }
}

fn too_many<B: From<String>>(code: Code, after: u64, admission: &Admission) -> Response<B> {
    let mut response = body(StatusCode::TOO_MANY_REQUESTS, code, "too many requests: see `Retry-After`");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after));
    limited(response, admission)
}

fn challenge<B: From<String>>(status: StatusCode, code: Code, message: &str, more: String) -> Response<B> {
    let mut response = body(status, code, message);
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer realm=\"api\"{more}")) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

fn limited<B>(mut response: Response<B>, admission: &Admission) -> Response<B> {
    response.headers_mut().extend(rate_limit_fields(&admission.standings));
    response
}

fn body<B: From<String>>(status: StatusCode, code: Code, message: &str) -> Response<B> {
    let envelope = json!({"error": {"code": code.as_str(), "message": message, "details": {}}});
    let mut response = Response::new(B::from(envelope.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgmt_core::limit::Standing;

    #[test]
    fn every_limit_is_told_and_the_tightest_twice() {
        let plan = Standing { limit: 100, remaining: 7, reset: 12, per_seconds: 60 };
        let key = Standing { limit: 20, remaining: 3, reset: 5, per_seconds: 10 };
        let fields = rate_limit_fields(&Standings { plan: Some(plan), key: Some(key), quota: None });
        let value = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.to_str().unwrap().to_owned()).unwrap();
        assert_eq!(value("ratelimit-policy"), "\"plan\";q=100;w=60, \"key\";q=20;w=10");
        assert_eq!(value("ratelimit"), "\"plan\";r=7;t=12, \"key\";r=3;t=5");
        assert_eq!(value("x-ratelimit-limit"), "20");
        assert!(rate_limit_fields(&Standings::default()).is_empty());
    }
}
