//! Errors and header fields as Voucherify's clients expect them.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use mgmt_core::error::{Code, Error, REQUIRED};
use mgmt_gate::SystemClock;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::{
    ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, path::Operation},
};

use super::is_surface;
use crate::error::{Shape, envelope};

/// The body of every error of the projects API.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectError {
    /// The status.
    code: u16,
    /// The finer reason: a stable name.
    key: String,
    /// The reason in general words.
    message: String,
    /// What is wrong in particular, in words.
    details: String,
    /// The `X-Request-Id` of the response.
    request_id: String,
    /// The id or name of the object that this is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    /// The type of the object that this is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_type: Option<String>,
    /// The same error as on every other surface.
    error: BTreeMap<String, Value>,
}

/// The shape of the surface, if the path is of it: its errors, and the spelling of the rate-limit fields that its clients read.
pub(crate) fn shape_of(path: &str) -> Option<Shape> {
    is_surface(path).then_some(Shape { error: render, fields: add_limit_fields })
}

fn add_limit_fields(response: &mut HttpResponse) {
    let number = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).and_then(|t| t.parse::<i64>().ok());
    let found = (number("x-ratelimit-limit"), number("x-ratelimit-remaining"), number("x-ratelimit-reset"));
    let (Some(limit), Some(remaining), Some(reset)) = found else { return };
    let now = SystemClock.now().wall.as_secs();
    let limited = response.status() == StatusCode::TOO_MANY_REQUESTS;
    let headers = response.headers_mut();
    let mut add = |name: &'static str, value: HeaderValue| drop(headers.insert(HeaderName::from_static(name), value));
    add("x-rate-limit-limit", HeaderValue::from(limit));
    add("x-rate-limit-remaining", HeaderValue::from(remaining));
    add("x-rate-limit-retry", HeaderValue::from(if remaining > 0 { now } else { now + reset }));
    if limited {
        add("x-rate-limit-type", HeaderValue::from_static("api_calls"));
    }
}

/// Writes an error with Voucherify's members, and ours in `error`.
fn render(error: &Error, status: StatusCode, request_id: &str) -> Value {
    let mut body = Map::new();
    body.insert("code".to_owned(), json!(status.as_u16()));
    body.insert("key".to_owned(), json!(key(error)));
    body.insert("message".to_owned(), json!(message(error)));
    body.insert("details".to_owned(), json!(details(error)));
    body.insert("request_id".to_owned(), json!(request_id));
    if let Some((kind, id)) = error.resource() {
        body.insert("resource_id".to_owned(), json!(id));
        body.insert("resource_type".to_owned(), json!(kind));
    }
    if let Value::Object(own) = envelope(error, status, request_id) {
        body.extend(own);
    }
    Value::Object(body)
}

fn key(error: &Error) -> &'static str {
    match (error.reason(), error.code()) {
        (Some(reason), _) => reason,
        (None, Code::InvalidRequest) => "invalid_payload",
        (None, Code::FeatureNotAvailable) => "missing_required_feature",
        (None, code) => code.as_str(),
    }
}

fn message(error: &Error) -> &str {
    match key(error) {
        "invalid_payload" => "Invalid payload",
        "invalid_query_params" => "Invalid query params",
        "used_incorrect_role" => "Used incorrect role",
        "user_not_assigned" => "User is not assigned",
        "unauthorized" => "Unauthorized",
        "missing_required_feature" => "Payment required",
        "forbidden" => "Forbidden",
        "not_found" => "Resource not found",
        "method_not_allowed" => "HTTP Method Not Allowed",
        "duplicate_found" => "Duplicated resource found",
        "stacking_rules_exist" => "Stacking rules exist",
        "branding_exist" => "Branding exist",
        _ => error.message(),
    }
}

/// Every field at fault in a sentence, with Voucherify's paths: they start with a dot.
fn details(error: &Error) -> String {
    // Words of its own tell more than these.
    let is_plain = error.message() == Error::not_found().message();
    if let (true, Code::NotFound, Some((kind, id))) = (is_plain, error.code(), error.resource()) {
        return format!("Cannot find {kind} with id {id}");
    }
    let sentence = |(path, reason): (&String, &String)| {
        if reason == REQUIRED {
            format!("Payload must have required property `.{path}`")
        } else {
            format!("Property `.{path}` {reason}")
        }
    };
    let sentences: Vec<_> = error.details().iter().map(sentence).collect();
    if sentences.is_empty() { error.message().to_owned() } else { sentences.join("; ") }
}

/// The error answers in the description of an operation of this surface.
pub(crate) fn describe_errors(path: &str, operation: &mut Operation) {
    if !is_surface(path) {
        return;
    }
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProjectError"))).build();
    let response =
        ResponseBuilder::new().description("The request was refused, or failed.").content("application/json", content).build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(response));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_both_shapes() {
        let error = Error::invalid("brand.name", "must not be empty").with_detail("contact", REQUIRED);
        let body = render(&error, StatusCode::BAD_REQUEST, "r1");
        assert_eq!(
            (&body["code"], &body["key"], &body["message"]),
            (&json!(400), &json!("invalid_payload"), &json!("Invalid payload"))
        );
        let details = "Property `.brand.name` must not be empty; Payload must have required property `.contact`";
        assert_eq!(body["details"], details);
        assert_eq!((&body["request_id"], &body["error"]["code"]), (&json!("r1"), &json!("invalid_request")));
        let missing = render(&Error::not_found().about("webhook", "wh_1"), StatusCode::NOT_FOUND, "r1");
        assert_eq!(missing["details"], "Cannot find webhook with id wh_1");
        assert_eq!((&missing["resource_id"], &missing["resource_type"]), (&json!("wh_1"), &json!("webhook")));
        let apart = Error::new(Code::NotFound, "Cannot find user with id usr_1 in project proj_1").about("user", "usr_1");
        let apart = render(&apart, StatusCode::NOT_FOUND, "r1");
        assert_eq!(apart["details"], "Cannot find user with id usr_1 in project proj_1");
        assert_eq!((&apart["message"], &apart["resource_id"]), (&json!("Resource not found"), &json!("usr_1")));
    }
}
