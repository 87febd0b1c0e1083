//! Samples for a project's webhook.

use actix_web::{HttpRequest, HttpResponse};
use mgmt_core::{
    delivery::Progress,
    error::{Code, Error},
    id::SendOutId,
    project::{
        part::Part,
        send_out::SendOut,
        webhook::{ProjectWebhook, is_event},
    },
    time::Timestamp,
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    admit::Within,
    hold, no_query, parts, segment,
    send_outs::{SendOutView, shown},
};
use crate::{
    auth::{Caller, Principal, permission::ProjectsAdmin},
    error::ApiError,
    http::{
        body::OptionalBody,
        query::{NoParameters, Query},
        request_id::RequestId,
    },
};

/// Which sample to send.
#[derive(Clone, Default, Deserialize, ToSchema)]
pub(crate) struct SampleBody {
    /// A published event name; the first of the webhook's own when left out.
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// Sends a sample, as real events are sent: with the same signature and the same retries. Voucherify has no such operation: there,
/// the dashboard does it.
#[utoipa::path(post, path = "/management/v1/projects/{projectId}/webhooks/{webhookId}/test", tag = "Project webhooks",
    operation_id = "testProjectWebhook", request_body = Option<SampleBody>,
    params(("projectId" = String, Path, description = "The project's id"), ("webhookId" = String, Path, description = "Its id")),
    responses((status = 202, description = "It is on its way", body = SendOutView),
        (status = 409, description = "The webhook is switched off")))]
pub(crate) async fn test_hook(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: OptionalBody<SampleBody>,
    request_id: RequestId,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = segment(&request, "webhookId")?;
    let Within { caller, app, project, .. } = within;
    let (seen, asked) = (project.clone(), id.clone());
    app.read("project_parts.precheck", move |work| parts::find::<ProjectWebhook>(work, &seen, &asked).map(drop)).await?;
    no_query(&query)?;
    let wanted = body.read().await?.kind;
    if wanted.as_deref().is_some_and(|kind| !is_event(kind)) {
        return Err(Error::invalid("type", "must be one of the allowed values: the published event names").into());
    }
    let sent = app.run("send_outs.sample", move |work| {
        let project = hold(work, &caller, project.id)?;
        let hook = parts::find::<ProjectWebhook>(work, &project, &id)?;
        must_be_active(&hook)?;
        let kind = wanted.clone().or_else(|| hook.content.events.first().cloned()).unwrap_or_default();
        let now = work.now;
        let id = SendOutId::new(now, &mut work.rng);
        let body = sample(id, &hook, &kind, &caller, (now, request_id.as_str())).to_string();
        let send_out = SendOut {
            id,
            organization_id: caller.organization_id,
            project_id: project.id,
            webhook_id: hook.id,
            event_type: kind,
            body,
            progress: Progress::due(now),
            created_at: now,
        };
        work.send_out(&send_out)?;
        Ok(shown(&send_out))
    });
    Ok(HttpResponse::Accepted().json(sent.await?))
}

/// Refuses to send to a webhook that is switched off.
pub(super) fn must_be_active(hook: &Part<ProjectWebhook>) -> Result<(), ApiError> {
    if hook.content.active {
        return Ok(());
    }
    Err(Error::new(Code::InvalidState, "the webhook is switched off: set `active` to true first").into())
}

/// The body of a sample, as Voucherify's send-outs are.
fn sample(id: SendOutId, hook: &Part<ProjectWebhook>, kind: &str, caller: &Caller, of: (Timestamp, &str)) -> Value {
    let (now, request_id) = of;
    let source = match &caller.principal {
        Principal::Session { user, .. } => json!({"channel": "USER_PORTAL", "user": {"id": user}}),
        Principal::Key(record) => {
            let name = record.key().map(|key| key.settings.name.as_str());
            json!({"channel": "API", "api_key": {"name": name, "app_id": record.id()}})
        }
    };
    json!({
        "id": id,
        "project_id": hook.project_id,
        "created_at": now,
        "type": kind,
        "data": {"object": "sample", "sample": true},
        "source": {"id": hook.id.to_string(), "object": "webhook", "target_url": hook.content.target_url},
        "event": {
            "id": format!("ev_{:032x}", id.as_u128()),
            "type": kind,
            "created_at": now,
            "entity_id": hook.id.to_string(),
            "group_id": request_id,
            "event_source": source,
        },
    })
}
