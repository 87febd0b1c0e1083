//! Rate sheets, which management keeps: what the organization's shipments cost in either mode.

use actix_web::{HttpRequest, HttpResponse, http::Method, web::Data, web::ServiceConfig};
use bytes::Bytes;
use mgmt_core::{
    cursor,
    error::{Code, Error},
};
use mgmt_shipping::{
    id::RateSheetId,
    sheet::{RateSheet, RateSheetDraft, Table, write_table},
    time::Moment,
};
use mgmt_store::Versioned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::{Patch, moment, object, once, rng, tag, told};
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
        body::{Body, BodyOrTable, OptionalBody, TableBody},
        csv,
        path::PathId,
        precondition::{EntityTag, Preconditions},
        query::{NoParameters, Query},
        route::{endpoint, page},
    },
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/v1/management/rate-sheets").get(list).post(create))
        // Whether an answer is JSON or CSV is the handler's affair.
        .service(page("/v1/management/rate-sheets/{id}").get(show).on(Method::PUT, replace).patch(update).delete(remove));
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
    let found = app.read("rate_sheets.list", move |work| Ok(work.tx.rate_sheets().list(organization, before, limit + 1)?));
    let mut rows = found.await?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| more).map(|sheet| cursor::seal(&app.keyring.cursor, &list, sheet.id.as_u128()));
    Ok(page_of(&request, &rows, next))
}

/// The name of a sheet that is made from a table, which has none. JSON has it in the body.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NewSheetQuery {
    /// With a table: a name for people.
    #[param(max_length = 100)]
    name: Option<String>,
    /// With a table: a name for programs; made from the name when left out.
    #[param(max_length = 50)]
    slug: Option<String>,
}

/// Makes a rate sheet, from JSON or from a table of prices.
#[utoipa::path(post, path = "/v1/management/rate-sheets", tag = "Rate sheets", operation_id = "createRateSheet",
    request_body(content((RateSheetDraft = "application/json"), (String = "text/csv"))),
    params(NewSheetQuery, ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 201, description = "The rate sheet", body = RateSheet)))]
pub(crate) async fn create(
    app: Data<App>,
    caller: Allow<RateSheetsWrite>,
    query: Query<NewSheetQuery>,
    body: BodyOrTable,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let caller = caller.into_caller();
    let named = query.read()?;
    let (form, bytes) = body.bytes().await?;
    // The name of a table's sheet is part of what a repeat must repeat.
    let asked = Bytes::from([request.query_string().as_bytes(), b"\n", &bytes].concat());
    let now = moment(app.clock.now().wall);
    let judge = |_: &[u8]| judged(&named, form, &bytes, now);
    let who = (caller.organization_id, caller.actor());
    let make = move |work: &mut Work<'_>, sheet: &RateSheet| {
        work.tx.rate_sheets().insert(caller.organization_id, sheet)?;
        note(work, &caller, "rate_sheet.created", None, Some(sheet))?;
        Ok((object(sheet)?, true))
    };
    let (answer, _) = once(&app, who, (&request, &asked), judge, make).await?;
    Ok(answer.into_response())
}

/// The sheet that a body describes.
fn judged(named: &NewSheetQuery, form: Form, bytes: &[u8], now: Moment) -> Result<RateSheet, ApiError> {
    if form == Form::Json {
        let fields = [("name", &named.name), ("slug", &named.slug)];
        let error = Error::new(Code::InvalidRequest, "the request is invalid: see `details`");
        let wrong = fields.iter().filter(|(_, value)| value.is_some());
        let error =
            wrong.fold(error, |error, (field, _)| error.with_detail(*field, "belongs into the body, unless it is a table"));
        if !error.details().is_empty() {
            return Err(error.into());
        }
        return Body::judge(bytes, |draft: RateSheetDraft| draft.parse(now, &mut rng()).map_err(|invalid| told(&invalid)));
    }
    let name =
        named.name.as_deref().ok_or_else(|| Error::invalid("name", "must be given as a parameter, as a table has no name"))?;
    let sheet = Table::read(bytes).and_then(|table| table.sheet(name, named.slug.clone(), now, &mut rng()));
    sheet.map_err(|invalid| told(&invalid).into())
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
    body: Body<Patch>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    let Patch(patch) = body.read().await?;
    let after = move |before: &RateSheet, now: Moment| {
        let bytes = serde_json::to_vec(&before.patched(patch.clone())).map_err(ApiError::internal)?;
        let judge = |draft: RateSheetDraft| before.changed(draft, now, &mut rng()).map_err(|invalid| told(&invalid));
        Body::judge(&bytes, judge)
    };
    let (tag, view) = change(&app, caller, id, preconditions, after).await?;
    Ok(tagged(&request, tag, Value::Object(view)))
}

/// Replaces the prices of a rate sheet by those of a table. Services and zones that the table names are made or changed in what
/// it has columns for; everything else stays.
#[utoipa::path(put, path = "/v1/management/rate-sheets/{id}", tag = "Rate sheets", operation_id = "importRateSheet",
    request_body(content = String, content_type = "text/csv", description = "A table, as `Accept: text/csv` yields it"),
    params(("id" = String, Path, description = "The rate sheet's id")),
    responses((status = 200, description = "The rate sheet as it is now", body = RateSheet)))]
pub(crate) async fn replace(
    app: Data<App>,
    caller: Allow<RateSheetsWrite>,
    id: PathId<RateSheetId>,
    query: Query<NoParameters>,
    body: TableBody,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    let table = Table::read(&body.bytes().await?).map_err(|invalid| told(&invalid))?;
    let after =
        move |before: &RateSheet, now: Moment| Ok(table.replace(before, now, &mut rng()).map_err(|invalid| told(&invalid))?);
    let (tag, view) = change(&app, caller, id, preconditions, after).await?;
    Ok(tagged(&request, tag, Value::Object(view)))
}

/// Changes a sheet, unless nothing changes by it.
async fn change(
    app: &App,
    caller: Caller,
    id: RateSheetId,
    preconditions: Preconditions,
    after: impl Fn(&RateSheet, Moment) -> Result<RateSheet, ApiError> + Send + 'static,
) -> Result<(EntityTag, Map<String, Value>), ApiError> {
    let changed = app.run("rate_sheets.update", move |work| {
        let Versioned { object: before, mut version } = find(work, &caller, id)?;
        preconditions.check(&tag(id, version))?;
        let after = after(&before, moment(work.now))?;
        if after != before {
            work.tx.rate_sheets().update(caller.organization_id, &after, version)?;
            version += 1;
            note(work, &caller, "rate_sheet.updated", Some(&before), Some(&after))?;
        }
        Ok((tag(id, version), object(&after)?))
    });
    changed.await
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
