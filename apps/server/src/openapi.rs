//! The API's description, OpenAPI 3.1, put together from the handlers' own.

use std::collections::BTreeMap;

use mgmt_core::error::Code;
use serde::Serialize;
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        OpenApi as Document, Ref, RefOr, ResponseBuilder,
        header::HeaderBuilder,
        path::{Operation, PathItem},
        schema::{Object, ObjectBuilder, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

/// The body of every error.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody {
    error: ErrorObject,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ErrorObject)]
struct ErrorObject {
    /// A stable, machine-readable reason.
    #[schema(schema_with = code_schema)]
    code: String,
    /// The reason in words.
    message: String,
    /// Field path to what is wrong with it; may be empty.
    details: BTreeMap<String, String>,
    /// The `X-Request-Id` of the response.
    request_id: String,
}

fn code_schema() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(Code::ALL.iter().map(|code| code.as_str())))
        .description(Some("A stable, machine-readable reason."))
        .build()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "mgmt",
        description = "Keys, scopes, quotas, limits, users and audit of an API product. Errors share one body, see `Error`; \
                       ids are opaque; times are RFC 3339 in UTC.",
        license(name = "Apache-2.0 OR MIT")
    ),
    servers((url = "/", description = "this server")),
    components(schemas(ErrorBody)),
    modifiers(&Shared),
    paths(crate::pages::live, crate::pages::ready)
)]
struct Base;

struct Shared;

impl Modify for Shared {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let bearer = |description: &str| {
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description.to_owned())).build()
        };
        components.add_security_scheme("api_key", SecurityScheme::Http(bearer("An API key, `mg_sk_prod_…`.")));
        components.add_security_scheme("management_key", SecurityScheme::Http(bearer("A management key, `mg_mk_prod_…`.")));
        let mut session = bearer("The access token of a login.");
        session.bearer_format = Some("JWT".to_owned());
        components.add_security_scheme("session", SecurityScheme::Http(session));
        let header = |name: &str, description: &str| {
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, description)))
        };
        let cookie =
            ApiKeyValue::with_description("mgmt_refresh", "The refresh token of a session; over https `__Host-mgmt_refresh`.");
        components.add_security_scheme("refresh_cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        components.add_security_scheme("management_id", header("X-Management-Id", "A management key's id."));
        components.add_security_scheme("management_token", header("X-Management-Token", "The management key itself."));
        components.add_security_scheme("app_id", header("X-App-Id", "The `app_id` of a project's key."));
        components.add_security_scheme("app_token", header("X-App-Token", "The `app_token` of a project's key."));
        components.responses.insert("Error".to_owned(), RefOr::T(error_response()));
    }
}

fn error_response() -> utoipa::openapi::Response {
    let content = utoipa::openapi::ContentBuilder::new().schema(Some(Ref::from_schema_name("Error"))).build();
    let request_id = HeaderBuilder::new().description(Some("Identifies the request in the server's log.")).build();
    let retry = HeaderBuilder::new()
        .schema(ObjectBuilder::new().schema_type(Type::Integer))
        .description(Some("Seconds to wait before a repeat, on 429 and 503."))
        .build();
    ResponseBuilder::new()
        .description("The request was refused, or failed.")
        .content("application/json", content)
        .header("X-Request-Id", request_id)
        .header("Retry-After", retry)
        .build()
}

/// The whole document: the base, the handlers' parts, and the error answer on every operation.
pub(crate) fn document() -> Document {
    let mut document = Base::openapi();
    document.merge(crate::api::document());
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let responses = &mut operation.responses.responses;
            responses.entry("default".to_owned()).or_insert_with(|| RefOr::Ref(Ref::from_response_name("Error")));
        }
    }
    document
}

/// The operations of a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_whole() {
        let json: serde_json::Value = serde_json::from_str(&document().to_json().unwrap()).unwrap();
        assert!(json["openapi"].as_str().unwrap().starts_with("3.1"));
        assert_eq!(json["info"]["version"], env!("CARGO_PKG_VERSION"));
        let codes = json["components"]["schemas"]["ErrorObject"]["properties"]["code"]["enum"].as_array().unwrap();
        assert_eq!(codes.len(), Code::ALL.len());
        for (path, item) in json["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["responses"]["default"].is_object(), "{method} {path}");
            }
        }
    }
}
