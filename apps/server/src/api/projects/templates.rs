//! Campaign templates of a project: listed, made, and copied into projects.

use actix_web::{HttpRequest, HttpResponse};
use mgmt_core::{
    error::Error,
    id::ProjectId,
    project::{
        part::PartKind,
        template::{CopyDraft, Listing, Template, TemplateDraft},
    },
};
use serde_json::{Value, json};

use super::{
    admit::Within,
    hold, no_part, no_project, no_query, once_within, parts, segment,
    view::{CopyBody, TemplateBody, TemplateList, TemplateView},
};
use crate::{
    app::idempotency::Once,
    auth::permission::{ProjectsAdmin, ProjectsRead, ProjectsWrite},
    error::ApiError,
    http::{
        body::Body,
        percent,
        query::{NoParameters, Query},
    },
};

/// Lists campaign templates, the oldest first.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/templates/campaigns", tag = "Campaign templates",
    operation_id = "listCampaignTemplates",
    params(("projectId" = String, Path, description = "The project's id"),
        ("limit" = Option<u32>, Query, description = "1 to 100; 10 when left out", minimum = 1, maximum = 100),
        ("starting_after_id" = Option<String>, Query, description = "From `more_starting_after` of the page before"),
        ("order" = Option<String>, Query, description = "`id` (the default) or `-id`", pattern = "^-?id$"),
        ("include_total" = Option<bool>, Query, description = "Whether to tell how many there are"),
        ("filters[junction]" = Option<String>, Query, description = "`and` (the default) or `or`; conditions are \
            `filters[field][conditions][operator]` with the fields id, name and campaign_type", pattern = "^(and|or)$")),
    responses((status = 200, description = "A page of templates", body = TemplateList)))]
pub(crate) async fn list_templates(within: Within<ProjectsRead>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let listing = Listing::parse(&parameters(request.query_string())?)?;
    let page = listing.page(parts::load::<Template, _>(&within).await?);
    let next = page.items.last().map(|t| t.id.to_string()).filter(|_| page.has_more);
    let rows: Result<Vec<_>, _> = page.items.iter().map(|t| parts::view(t).map(Value::Object)).collect();
    // Readers of the published example look for the second name.
    let rows = rows?;
    let mut body = json!({
        "object": "list", "data_ref": "data", "data": rows, "campaign_templates": rows,
        "has_more": page.has_more, "more_starting_after": next,
    });
    if let (true, Value::Object(object)) = (listing.include_total, &mut body) {
        object.insert("total".to_owned(), json!(page.total));
    }
    Ok(HttpResponse::Ok().json(body))
}

/// Names and values of a query. Names in brackets may be repeated.
fn parameters(query: &str) -> Result<Vec<(String, String)>, Error> {
    let read = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        percent::decode_form(name).zip(percent::decode_form(value)).filter(|(n, v)| !n.contains('\0') && !v.contains('\0'))
    };
    let wrong = || Error::invalid("query", "is not well percent-encoded UTF-8").with_reason("invalid_query_params");
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| read(pair).ok_or_else(wrong)).collect()
}

/// Makes a campaign template. Voucherify has no such operation: there, templates are made in its dashboard.
#[utoipa::path(post, path = "/management/v1/projects/{projectId}/templates/campaigns", tag = "Campaign templates",
    operation_id = "createCampaignTemplate", request_body = TemplateBody,
    params(("projectId" = String, Path, description = "The project's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 200, description = "The template", body = TemplateView)))]
pub(crate) async fn create_template(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: Body<TemplateDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    parts::create::<Template, _>(within, query, body, request).await
}

/// Copies a campaign template into a project, under a name that is new there.
#[utoipa::path(post, path = "/management/v1/projects/{projectId}/templates/campaigns/{campaignTemplateId}/copy",
    tag = "Campaign templates", operation_id = "copyCampaignTemplate", request_body = CopyBody,
    params(("projectId" = String, Path, description = "The project's id"),
        ("campaignTemplateId" = String, Path, description = "The template's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 200, description = "The copy", body = TemplateView)))]
pub(crate) async fn copy_template(
    within: Within<ProjectsWrite>,
    query: Query<NoParameters>,
    body: Body<CopyDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = segment(&request, "campaignTemplateId")?;
    let originals = parts::load::<Template, _>(&within).await?;
    let original = originals.into_iter().find(|t| t.id.to_string() == id).ok_or_else(|| no_part(PartKind::Template, &id))?;
    no_query(&query)?;
    let copy = |draft: CopyDraft| {
        let content = original.content.copy(draft.name, draft.description)?;
        Ok((content, draft.destination_project_id))
    };
    let ((content, destination), bytes) = body.parse(copy).await?;
    let Within { caller, app, .. } = within;
    let once = once_within(&request, &caller, &id, &bytes)?;
    let _busy = once.as_ref().map(|o| o.begin(&app)).transpose()?;
    let made = app.run("templates.copy", move |work| {
        if let Some(earlier) = Once::earlier(once.as_ref(), work, caller.actor())? {
            return Ok((earlier, true));
        }
        let target: ProjectId = destination.parse().map_err(|_| no_project(&destination))?;
        let target = hold(work, &caller, target)?;
        let object = parts::view(&parts::add(work, &caller, &target, content.clone())?)?;
        if let Some(once) = &once {
            once.keep_object(work, caller.organization_id, &object)?;
        }
        Ok((object, false))
    });
    let (object, replayed) = made.await?;
    Ok(parts::made(object, replayed))
}
