//! The log of what was sent to a project's webhook, and sending it again. Voucherify shows both in its dashboard only.

use actix_web::{HttpRequest, HttpResponse};
use mgmt_core::{
    delivery::{Attempt, DeliveryStatus},
    error::{Code, Error},
    id::SendOutId,
    project::{send_out::SendOut, webhook::ProjectWebhook},
    time::Timestamp,
};
use mgmt_store::SendOutFilter;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{admit::Within, hold, no_query, parts, samples::must_be_active, segment, view::ListOf, wrong_query};
use crate::{
    auth::permission::{ProjectsAdmin, ProjectsRead},
    error::ApiError,
    http::{
        body::OptionalBody,
        query::{NoParameters, Query},
    },
};

const DEFAULT_PAGE: i64 = 20;
const MAX_PAGE: i64 = 100;

/// Something that is or was on its way to a webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct SendOutView {
    #[schema(example = "whs_019a3c5e7f0070008000000000000001")]
    id: String,
    #[serde(rename = "type")]
    kind: String,
    /// `pending`, `succeeded`, `failed` (tried again later) or `dead` (given up).
    #[schema(value_type = String)]
    status: DeliveryStatus,
    /// The latest tries, the oldest first.
    #[schema(value_type = Vec<Value>)]
    attempts: Vec<AttemptView>,
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    object: &'static str,
}

#[derive(Serialize)]
struct AttemptView {
    at: Timestamp,
    status_code: Option<u16>,
    duration_ms: u64,
    error: Option<String>,
    response: Option<String>,
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        let Attempt { at, status_code, duration_ms, error, response } = attempt.clone();
        Self { at, status_code, duration_ms, error, response }
    }
}

/// The send-out as clients see it.
pub(super) fn shown(send_out: &SendOut) -> SendOutView {
    let progress = &send_out.progress;
    SendOutView {
        id: send_out.id.to_string(),
        kind: send_out.event_type.clone(),
        status: progress.status,
        attempts: progress.attempts.iter().map(Into::into).collect(),
        next_attempt_at: progress.next_attempt_at,
        created_at: send_out.created_at,
        object: "webhook_send_out",
    }
}

/// Which send-outs to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SendOutPage {
    /// Only with this status: `pending`, `succeeded`, `failed` or `dead`.
    #[param(pattern = "^(pending|succeeded|failed|dead)$")]
    status: Option<String>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// The last id of the page before.
    starting_after_id: Option<String>,
}

impl SendOutPage {
    fn judge(self) -> Result<SendOutFilter, ApiError> {
        let wrong = |field, reason: &str| Error::invalid(field, reason).with_reason("invalid_query_params");
        let limit = self.limit.unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(wrong("limit", "must be a whole number from 1 to 100").into());
        }
        let unknown = || wrong("status", "must be pending, succeeded, failed or dead");
        let status = self.status.map(|text| DeliveryStatus::parse(&text).ok_or_else(unknown)).transpose()?;
        let no_id = |_| wrong("starting_after_id", "must be the id of a send-out");
        let before = self.starting_after_id.map(|text| text.parse::<SendOutId>().map_err(no_id)).transpose()?;
        Ok(SendOutFilter { status, before, limit })
    }
}

/// Lists what was sent to a webhook, newest first. `total` is the number in this answer.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/webhooks/{webhookId}/send-outs", tag = "Project webhooks",
    operation_id = "listProjectWebhookSendOuts",
    params(("projectId" = String, Path, description = "The project's id"), ("webhookId" = String, Path, description = "The webhook's id"), SendOutPage),
    responses((status = 200, description = "A page of send-outs", body = ListOf<SendOutView>)))]
pub(crate) async fn list_send_outs(
    within: Within<ProjectsRead>,
    query: Query<SendOutPage>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = segment(&request, "webhookId")?;
    let Within { app, project, .. } = within;
    let hook = app.read("project_parts.precheck", move |work| parts::find::<ProjectWebhook>(work, &project, &id)).await?;
    let filter = query.read().map_err(wrong_query)?.judge()?;
    let mut wider = filter;
    wider.limit += 1;
    let mut found = app.read("send_outs.list", move |work| Ok(work.tx.send_outs().list(hook.id, wider)?)).await?;
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map(|s| s.id.to_string()).filter(|_| has_more);
    let rows: Vec<SendOutView> = found.iter().map(shown).collect();
    Ok(HttpResponse::Ok().json(json!({
        "object": "list", "data_ref": "data", "data": rows, "total": rows.len(), "has_more": has_more, "more_starting_after": next,
    })))
}

/// Sends something again, in a new round of tries, whatever came of it before.
#[utoipa::path(post, path = "/management/v1/projects/{projectId}/webhooks/{webhookId}/send-outs/{sendOutId}/retry", tag = "Project webhooks",
    operation_id = "retryProjectWebhookSendOut",
    params(("projectId" = String, Path, description = "The project's id"), ("webhookId" = String, Path, description = "The webhook's id"),
        ("sendOutId" = String, Path, description = "Its id")),
    responses((status = 202, description = "It is on its way", body = SendOutView),
        (status = 409, description = "The webhook is switched off, or it is being sent right now")))]
pub(crate) async fn retry_send_out(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: OptionalBody<Map<String, Value>>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (hook, text) = (segment(&request, "webhookId")?, segment(&request, "sendOutId")?);
    let Within { caller, app, project, .. } = within;
    let missing = move || Error::not_found().about("webhook_send_out", &text);
    let id = request.match_info().get("sendOutId").and_then(|text| text.parse::<SendOutId>().ok());
    let id = id.ok_or_else(&missing)?;
    no_query(&query)?;
    body.read().await?;
    let repeated = app.run("send_outs.retry", move |work| {
        let project = hold(work, &caller, project.id)?;
        let hook = parts::find::<ProjectWebhook>(work, &project, &hook)?;
        work.tx.send_outs().find(hook.id, id)?.ok_or_else(&missing)?;
        must_be_active(&hook)?;
        let now = work.now;
        if !work.tx.send_outs().repeat(hook.id, id, now)? {
            return Err(Error::new(Code::InvalidState, "it is being sent right now").into());
        }
        work.deliveries_wait();
        let again = work.tx.send_outs().find(hook.id, id)?.ok_or_else(&missing)?;
        Ok(shown(&again))
    });
    Ok(HttpResponse::Accepted().json(repeated.await?))
}
