//! The API's description: the operations of the handlers, and what all of them have in common.

use serde::Serialize;
use utoipa::{
    OpenApi, ToSchema,
    openapi::{
        OpenApi as Document, PathItem, RefOr,
        path::Operation,
        schema::{AllOfBuilder, AnyOfBuilder, Array, Object, ObjectBuilder, Schema, Type},
        security::SecurityRequirement,
    },
};

use crate::openapi::operations;

use super::{
    audit, authorize, catalogue, invitations, keys, organizations, password_resets, projects, sessions, shipping, usage, users,
    verify, webhooks,
};

/// How single objects are answered under `/api`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Enveloped<T> {
    data: T,
}

#[derive(OpenApi)]
#[openapi(
    paths(
        sessions::login,
        sessions::refresh,
        sessions::logout,
        sessions::switch,
        sessions::me,
        sessions::change_password,
        sessions::list,
        sessions::revoke,
        keys::list,
        keys::create,
        keys::show,
        keys::update,
        keys::revoke,
        keys::rotate,
        keys::suspend,
        keys::resume,
        keys::secret,
        keys::end_secret,
        organizations::list,
        organizations::show,
        organizations::create,
        organizations::update,
        organizations::suspend,
        organizations::resume,
        audit::list,
        users::list,
        users::create,
        users::show,
        users::update,
        users::remove,
        users::impact,
        invitations::list,
        invitations::create,
        invitations::withdraw,
        invitations::resend,
        invitations::look,
        invitations::accept,
        password_resets::ask,
        password_resets::set,
        catalogue::roles,
        catalogue::scopes,
        usage::show,
        webhooks::list,
        webhooks::create,
        webhooks::show,
        webhooks::update,
        webhooks::remove,
        webhooks::test,
        webhooks::secret,
        webhooks::rotate_secret,
        webhooks::recover,
        webhooks::list_deliveries,
        webhooks::show_delivery,
        webhooks::retry,
        webhooks::list_events,
        shipping::shipments::list,
        shipping::shipments::create,
        shipping::shipments::show,
        shipping::shipments::update,
        shipping::shipments::rerate,
        shipping::shipments::purchase,
        shipping::shipments::cancel,
        shipping::shipments::label,
        shipping::rates::rate,
        shipping::trackers::list,
        shipping::trackers::create,
        shipping::trackers::show,
        shipping::trackers::update,
        shipping::trackers::remove,
        shipping::trackers::inject,
        shipping::rate_sheets::list,
        shipping::rate_sheets::create,
        shipping::rate_sheets::show,
        shipping::rate_sheets::replace,
        shipping::rate_sheets::update,
        shipping::rate_sheets::remove,
        verify::verify,
        verify::verify_batch,
        authorize::authorize,
        projects::list_projects,
        projects::create_project,
        projects::show_project,
        projects::update_project,
        projects::delete_project,
        projects::list_users,
        projects::assign_user,
        projects::show_user,
        projects::update_user,
        projects::unassign_user,
        projects::invite_user,
        projects::list_templates,
        projects::create_template,
        projects::copy_template,
        projects::list_rules,
        projects::create_rules,
        projects::show_rules,
        projects::update_rules,
        projects::delete_rules,
        projects::list_schemas,
        projects::create_schema,
        projects::show_schema,
        projects::update_schema,
        projects::delete_schema,
        projects::list_event_schemas,
        projects::create_event_schema,
        projects::show_event_schema,
        projects::update_event_schema,
        projects::delete_event_schema,
        projects::list_hooks,
        projects::create_hook,
        projects::show_hook,
        projects::update_hook,
        projects::delete_hook,
        projects::test_hook,
        projects::list_send_outs,
        projects::retry_send_out,
        projects::list_brands,
        projects::create_brand,
        projects::show_brand,
        projects::update_brand,
        projects::delete_brand,
        projects::list_own_schemas,
        projects::show_own_schema,
    ),
    components(schemas(projects::ProjectError))
)]
struct Paths;

const MANAGEMENT: &str = "/v1/management/api-keys";
const DASHBOARD: &str = "/api/api-keys";

/// Every operation, with its credentials.
pub(crate) fn document() -> Document {
    let mut document = Paths::openapi();
    mirror_keys(&mut document);
    name_aliases(&mut document);
    demand_scopes(&mut document);
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            secure(path, operation);
            projects::describe_errors(path, operation);
        }
    }
    document
}

/// A new key needs `scopes`, by one of their two names.
fn demand_scopes(document: &mut Document) {
    let Some(schema) = document.components.as_mut().and_then(|all| all.schemas.get_mut("CreateKey")) else { return };
    let with = |name: &str| ObjectBuilder::new().property(name, Array::new(Object::with_type(Type::String))).required(name);
    let either = AnyOfBuilder::new().item(with("scopes")).item(with("permissions"));
    *schema = RefOr::T(AllOfBuilder::new().item(schema.clone()).item(either).into());
}

/// The key endpoints once more, as the dashboard calls them.
fn mirror_keys(document: &mut Document) {
    let management = document.paths.paths.iter().filter(|(path, _)| path.starts_with(MANAGEMENT));
    let mirrored: Vec<(String, PathItem)> = management
        .map(|(path, item)| {
            let mut item = item.clone();
            for operation in operations(&mut item) {
                if let Some(id) = &mut operation.operation_id {
                    id.push_str("InSession");
                }
                envelope(operation);
            }
            (path.replacen(MANAGEMENT, DASHBOARD, 1), item)
        })
        .collect();
    document.paths.paths.extend(mirrored);
}

/// Puts the schema of a single object into `data`; lists have it already.
fn envelope(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        for content in response.content.values_mut().filter(|_| matches!(status.as_str(), "200" | "201")) {
            let is_list = matches!(&content.schema, Some(RefOr::Ref(r)) if r.ref_location.ends_with("List"));
            if let Some(schema) = content.schema.take() {
                let object = || ObjectBuilder::new().property("data", schema.clone()).required("data").build();
                content.schema = Some(if is_list { schema } else { RefOr::T(Schema::Object(object())) });
            }
        }
    }
}

/// Whether API keys open it.
fn is_resource(path: &str) -> bool {
    ["/v1/shipments", "/v1/rates", "/v1/proxy/rates", "/v1/trackers"].iter().any(|base| path.starts_with(base))
}

/// The operations that have a second name.
fn name_aliases(document: &mut Document) {
    let paths = &mut document.paths.paths;
    let alias = |operation: Option<&Operation>, suffix: &str| {
        operation.map(|operation| {
            let mut operation = operation.clone();
            if let Some(id) = &mut operation.operation_id {
                id.push_str(suffix);
            }
            operation
        })
    };
    for path in ["/v1/shipments/{id}", "/v1/trackers/{id}"] {
        if let Some(item) = paths.get_mut(path) {
            item.put = alias(item.patch.as_ref(), "ByPut");
        }
    }
    let cancel = paths.get("/v1/shipments/{id}/cancel").and_then(|item| alias(item.post.as_ref(), "ByDelete"));
    if let Some(item) = paths.get_mut("/v1/shipments/{id}") {
        item.delete = cancel;
    }
    if let Some(mut item) = paths.get("/v1/rates").cloned() {
        item.post = alias(item.post.as_ref(), "ByProxy");
        paths.insert("/v1/proxy/rates".to_owned(), item);
    }
}

/// Which credentials open an operation.
fn secure(path: &str, operation: &mut Operation) {
    let none: [String; 0] = [];
    let need = |name: &str| SecurityRequirement::new(name, none.clone());
    let by_id = || need("management_id").add("management_token", none.clone());
    let by_app = || need("app_id").add("app_token", none.clone());
    let credentials = match path {
        _ if path.starts_with("/api/") => vec![need("session")],
        _ if path.starts_with("/v1/keys/") => vec![need("management_key"), by_id()],
        "/v1/authorize" => vec![need("api_key"), by_app()],
        _ if path.starts_with("/v1/metadata-schemas") => vec![need("api_key"), by_app()],
        _ if is_resource(path) => vec![need("api_key"), by_app()],
        _ => vec![need("management_key"), by_id(), need("session")],
    };
    operation.security.get_or_insert(credentials);
}
