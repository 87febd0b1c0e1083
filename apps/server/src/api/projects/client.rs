//! What the holder of a project's key may read: the metadata schemas of the project.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use mgmt_core::{
    access::Question,
    error::Error,
    id::ProjectId,
    key_text::KeyKind,
    project::{
        metadata_schema::MetadataSchema,
        part::{Part, PartKind},
    },
    usage::Surface,
};
use mgmt_gate::{Check, Request, Traffic};
use mgmt_store::PartRecord;
use serde_json::Value;

use super::{
    no_part, no_query, parts, segment,
    view::{ListOf, SchemaView},
};
use crate::{
    app::App,
    auth::{LimitFields, api_key_text, note, refuse},
    error::ApiError,
    http::{
        address::ClientAddress,
        query::{NoParameters, Query},
    },
};
use mgmt_actix::rate_limit_fields;

/// The project of the key that the request carries: `X-App-Id` and `X-App-Token`, or the key in `Authorization`.
async fn own_project(app: &Data<App>, address: ClientAddress, request: &HttpRequest) -> Result<ProjectId, ApiError> {
    let text = api_key_text(app, request, false)?;
    let asked = Request {
        kind: KeyKind::Secret,
        question: Question { address: Some(address.0), ..Question::default() },
        traffic: Traffic::Resource,
        surface: Surface::Resource,
        cost: 1,
        within: None,
    };
    let admission = match app.admitter.admit(text, &asked).await.map_err(ApiError::unavailable)? {
        Check::Accepted(admission) => admission,
        Check::Refused(refusal) => return Err(refuse(request, refusal, "")),
        Check::Pending(_) | Check::Unleased => return Err(ApiError::internal("the gate did not answer")),
    };
    let id = admission.record.id();
    note(request, id, LimitFields(rate_limit_fields(&admission.standings)));
    let found = app.read("projects.of_key", move |work| Ok(work.tx.keys().find_any(id)?.and_then(|k| k.project_id))).await?;
    Ok(found.ok_or_else(|| Error::not_found().about("project", format!("of key {id}")))?)
}

async fn schemas(app: &Data<App>, project: ProjectId) -> Result<Vec<Part<MetadataSchema>>, ApiError> {
    let found = app.read("project_parts.of_key", move |work| {
        let records = work.tx.project_parts().list(project, PartKind::MetadataSchema)?;
        Ok(records.into_iter().map(PartRecord::into_part).collect::<Result<Vec<_>, _>>()?)
    });
    let mut found: Vec<Part<MetadataSchema>> = found.await?;
    found.sort_by(|a, b| a.content.related_object.cmp(&b.content.related_object));
    Ok(found)
}

/// Lists the metadata schemas of the project that the key belongs to.
#[utoipa::path(get, path = "/v1/metadata-schemas", tag = "Metadata schemas", operation_id = "listOwnMetadataSchemas",
    responses((status = 200, description = "All of them", body = ListOf<SchemaView>)))]
pub(crate) async fn list_own_schemas(
    app: Data<App>,
    address: ClientAddress,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let project = own_project(&app, address, &request).await?;
    no_query(&query)?;
    parts::rows(&schemas(&app, project).await?)
}

/// Shows the metadata schema of one kind of object.
#[utoipa::path(get, path = "/v1/metadata-schemas/{relatedObject}", tag = "Metadata schemas", operation_id = "showOwnMetadataSchema",
    params(("relatedObject" = String, Path, description = "Such as `voucher` or `customer`")),
    responses((status = 200, description = "The schema", body = SchemaView)))]
pub(crate) async fn show_own_schema(
    app: Data<App>,
    address: ClientAddress,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let project = own_project(&app, address, &request).await?;
    let name = segment(&request, "relatedObject")?;
    let found = schemas(&app, project).await?.into_iter().find(|s| s.content.related_object == name);
    let found = found.ok_or_else(|| no_part(PartKind::MetadataSchema, &name))?;
    no_query(&query)?;
    Ok(HttpResponse::Ok().json(Value::Object(parts::view(&found)?)))
}
