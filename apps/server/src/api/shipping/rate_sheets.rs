//! Rate sheets, which management keeps: what the organization's shipments cost in either mode.

use actix_web::{HttpRequest, HttpResponse, web::Data, web::ServiceConfig};
use mgmt_core::{
    cursor,
    error::{Code, Error},
};
use mgmt_shipping::{
    id::RateSheetId,
    sheet::{RateSheet, RateSheetDraft, write_table},
};
use mgmt_store::Versioned;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{begin, begun, moment, object, once, rng, tag, told};
use crate::{
    api::{organizations::PageQuery, page as page_of, page_size, tagged},
    app::{App, Deed, Work},
    auth::{
        Allow, Caller,
        permission::{RateSheetsRead, RateSheetsWrite},
    },
    error::ApiError,
    http::{
        accept::{self, Form},
        body::{Body, OptionalBody},
        csv,
        path::PathId,
        precondition::Preconditions,
        query::{NoParameters, Query},
        route::{endpoint, page},
    },
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/v1/management/rate-sheets").get(list).post(create))
        // Whether an answer is JSON or CSV is the handler's affair.
        .service(page("/v1/management/rate-sheets/{id}").get(show).patch(update).delete(remove));
}

/// A page of rate sheets.
#[derive(Serialize, ToSchema)]
pub(crate) struct RateSheetList {
    data: Vec<RateSheet>,
    next_cursor: Option<String>,
}

/// Lists rate sheets, newest first.
#[utoipa::path(get, path = "/v1/management/rate-sheets", tag = "Rate sheets", operation_id = "listRateSheets", params(PageQuery),
    responses((status = 200, description = "A page of rate sheets", body = RateSheetList)))]
pub(crate) async fn list(
    app: Data<App>,
    caller: Allow<RateSheetsRead>,
    query: Query<PageQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = query.read()?;
    let limit = page_size(query.limit)?;
    let organization = caller.organization_id;
    let list = format!("rate_sheets {organization}");
    let open = |text: &String| cursor::open(&app.keyring.cursor, &list, text).map(RateSheetId::from_u128);
    let before = query.cursor.as_ref().map(open).transpose()?;
    begun(&app, organization).await?;
    let found = app.read("rate_sheets.list", move |work| Ok(work.tx.rate_sheets().list(organization, before, limit + 1)?));
    let mut rows = found.await?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| more).map(|sheet| cursor::seal(&app.keyring.cursor, &list, sheet.id.as_u128()));
    Ok(page_of(&request, &rows, next))
}

/// Makes a rate sheet.
#[utoipa::path(post, path = "/v1/management/rate-sheets", tag = "Rate sheets", operation_id = "createRateSheet", request_body = RateSheetDraft,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 201, description = "The rate sheet", body = RateSheet)))]
pub(crate) async fn create(
    app: Data<App>,
    caller: Allow<RateSheetsWrite>,
    query: Query<NoParameters>,
    body: Body<RateSheetDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let caller = caller.into_caller();
    let bytes = body.bytes().await?;
    let now = moment(app.clock.now().wall);
    let judge =
        |bytes: &[u8]| Body::judge(bytes, |draft: RateSheetDraft| draft.parse(now, &mut rng()).map_err(|invalid| told(&invalid)));
    let who = (caller.organization_id, caller.actor());
    let make = move |work: &mut Work<'_>, sheet: &RateSheet| {
        begin(work, caller.organization_id)?;
        work.tx.rate_sheets().insert(caller.organization_id, sheet)?;
        note(work, &caller, "rate_sheet.created", None, Some(sheet))?;
        Ok((object(sheet)?, true))
    };
    let (answer, _) = once(&app, who, (&request, &bytes), judge, make).await?;
    Ok(answer.into_response())
}

fn find(work: &mut Work<'_>, caller: &Caller, id: RateSheetId) -> Result<Versioned<RateSheet>, ApiError> {
    Ok(work.tx.rate_sheets().find(caller.organization_id, id)?.ok_or_else(Error::not_found)?)
}

/// Shows a rate sheet; its prices as a table on `Accept: text/csv`.
#[utoipa::path(get, path = "/v1/management/rate-sheets/{id}", tag = "Rate sheets", operation_id = "showRateSheet",
    params(("id" = String, Path, description = "The rate sheet's id")),
    responses((status = 200, description = "The rate sheet", content((RateSheet = "application/json"), (String = "text/csv"))),
        (status = 304, description = "Not changed since")))]
pub(crate) async fn show(
    app: Data<App>,
    caller: Allow<RateSheetsRead>,
    id: PathId<RateSheetId>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let neither = || ApiError::new(Code::NotAcceptable, "answers are `application/json` or `text/csv`");
    let form = accept::json_or_csv(request.headers()).ok_or_else(neither)?;
    let (id, caller) = (id.get()?, caller.into_caller());
    query.read()?;
    let found = app.read("rate_sheets.show", move |work| find(work, &caller, id)).await?;
    match form {
        Form::Json => Ok(tagged(&request, tag(id, found.version), Value::Object(object(&found.object)?))),
        Form::Csv => {
            let table = write_table(&found.object).map_err(ApiError::internal)?;
            Ok(csv::file("rate-sheet", String::from_utf8(table).map_err(ApiError::internal)?))
        }
    }
}

/// A missing sheet is 404, and a changed one 412, before anything is said about the body.
async fn precheck(app: &App, caller: &Caller, id: RateSheetId, preconditions: &Preconditions) -> Result<(), ApiError> {
    let (caller, preconditions) = (caller.clone(), preconditions.clone());
    let judged = app.read("rate_sheets.precheck", move |work| {
        let found = find(work, &caller, id)?;
        Ok(preconditions.check(&tag(id, found.version))?)
    });
    judged.await
}

/// Changes a rate sheet by a merge patch.
#[utoipa::path(patch, path = "/v1/management/rate-sheets/{id}", tag = "Rate sheets", operation_id = "updateRateSheet",
    request_body(content = Object, description = "The members of a rate sheet that change; lists are replaced"),
    params(("id" = String, Path, description = "The rate sheet's id")),
    responses((status = 200, description = "The rate sheet as it is now", body = RateSheet)))]
pub(crate) async fn update(
    app: Data<App>,
    caller: Allow<RateSheetsWrite>,
    id: PathId<RateSheetId>,
    query: Query<NoParameters>,
    body: Body<Map<String, Value>>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    let patch = body.read().await?;
    let changed = app.run("rate_sheets.update", move |work| {
        let Versioned { object: before, mut version } = find(work, &caller, id)?;
        preconditions.check(&tag(id, version))?;
        let bytes = serde_json::to_vec(&before.patched(patch.clone())).map_err(ApiError::internal)?;
        let now = moment(work.now);
        let judge = |draft: RateSheetDraft| before.changed(draft, now, &mut rng()).map_err(|invalid| told(&invalid));
        let after = Body::judge(&bytes, judge)?;
        if after != before {
            work.tx.rate_sheets().update(caller.organization_id, &after, version)?;
            version += 1;
            note(work, &caller, "rate_sheet.updated", Some(&before), Some(&after))?;
        }
        Ok((tag(id, version), object(&after)?))
    });
    let (tag, view) = changed.await?;
    Ok(tagged(&request, tag, Value::Object(view)))
}

/// Removes a rate sheet. What was bought by it stays as it is.
#[utoipa::path(delete, path = "/v1/management/rate-sheets/{id}", tag = "Rate sheets", operation_id = "removeRateSheet",
    params(("id" = String, Path, description = "The rate sheet's id")),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(
    app: Data<App>,
    caller: Allow<RateSheetsWrite>,
    id: PathId<RateSheetId>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    body.read().await?;
    let removed = app.run("rate_sheets.remove", move |work| {
        let found = find(work, &caller, id)?;
        preconditions.check(&tag(id, found.version))?;
        work.tx.rate_sheets().delete(caller.organization_id, id)?;
        note(work, &caller, "rate_sheet.deleted", Some(&found.object), None)
    });
    removed.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// One line of the audit log about a sheet.
fn note(
    work: &mut Work<'_>,
    caller: &Caller,
    action: &str,
    before: Option<&RateSheet>,
    after: Option<&RateSheet>,
) -> Result<(), ApiError> {
    let target = after.or(before).map(|sheet| sheet.id.to_string()).unwrap_or_default();
    let written = |sheet: &RateSheet| object(sheet).map(Value::Object);
    let (before, after) = (before.map(written).transpose()?, after.map(written).transpose()?);
    work.audit(&caller.origin(), Deed { action, target, before, after })
}
