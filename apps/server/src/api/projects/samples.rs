//! Sending a sample to a project's webhook.

use actix_web::{HttpRequest, HttpResponse};
use hmac::{Hmac, KeyInit, Mac};
use mgmt_core::{
    error::Error,
    id::SendOutId,
    project::{
        part::Part,
        webhook::{ProjectWebhook, is_event},
    },
    target::TargetUrl,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use utoipa::ToSchema;

use super::{admit::Within, no_query, parts, segment};
use crate::{
    auth::{Caller, Principal, permission::ProjectsWrite},
    deliver::send_once,
    error::ApiError,
    http::{
        body::OptionalBody,
        query::{NoParameters, Query},
        request_id::RequestId,
    },
};

/// Which sample to send.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct SampleBody {
    /// A published event name; the first of the webhook's own when left out.
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// What came of a sample.
#[derive(Serialize, ToSchema)]
pub(crate) struct SampleView {
    #[schema(example = "whs_019a3c5e7f0070008000000000000001")]
    id: String,
    #[serde(rename = "type")]
    kind: String,
    /// What the webhook answered.
    status_code: Option<u16>,
    duration_ms: u64,
    /// Why it was not accepted.
    error: Option<String>,
}

/// Sends a sample now, once, and answers with what came of it. Voucherify has no such operation: there, the dashboard does it.
#[utoipa::path(post, path = "/management/v1/projects/{projectId}/webhooks/{webhookId}/test", tag = "Project webhooks",
    operation_id = "testProjectWebhook", request_body = Option<SampleBody>,
    params(("projectId" = String, Path, description = "The project's id"), ("webhookId" = String, Path, description = "Its id")),
    responses((status = 202, description = "It was sent", body = SampleView)))]
pub(crate) async fn test_hook(
    within: Within<ProjectsWrite>,
    query: Query<NoParameters>,
    body: OptionalBody<SampleBody>,
    request_id: RequestId,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = segment(&request, "webhookId")?;
    let project = within.project.clone();
    let hook = within.app.read("project_parts.show", move |work| parts::find::<ProjectWebhook>(work, &project, &id)).await?;
    no_query(&query)?;
    let kind = body.read().await?.kind.or_else(|| hook.content.events.first().cloned()).unwrap_or_default();
    if !is_event(&kind) {
        return Err(Error::invalid("type", "must be one of the allowed values: the published event names").into());
    }
    let target =
        TargetUrl::parse(&hook.content.target_url, &within.app.targets).map_err(|why| Error::invalid("target_url", why))?;
    let Within { caller, app, project, .. } = within;
    let token = project.open_token(&app.keyring.keep).ok_or_else(|| ApiError::internal("a webhook token cannot be decrypted"))?;
    let now = app.clock.now().wall;
    let id = SendOutId::new(now, &mut rand_core::UnwrapErr(getrandom::SysRng));
    let body = sample(id, &hook, &kind, &caller, (now, request_id.as_str())).to_string();
    let signature = sign(token.expose(), &body).ok_or_else(|| ApiError::internal("a sample could not be signed"))?;
    let done = send_once(&app, target.as_str(), vec![("x-voucherify-signature", signature)], body.into()).await?;
    let view =
        SampleView { id: id.to_string(), kind, status_code: done.status_code, duration_ms: done.duration_ms, error: done.error };
    Ok(HttpResponse::Accepted().json(view))
}

/// The body of a sample, as Voucherify's send-outs are.
fn sample(id: SendOutId, hook: &Part<ProjectWebhook>, kind: &str, caller: &Caller, of: (Timestamp, &str)) -> Value {
    let (now, request_id) = of;
    let source = match &caller.principal {
        Principal::Session { user, .. } => json!({"channel": "USER_PORTAL", "user": {"id": user}}),
        Principal::Key(record) => {
            let name = record.key.as_deref().map(|key| key.settings.name.as_str());
            json!({"channel": "API", "api_key": {"name": name, "app_id": record.facts.id}})
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

/// The lower-case hexadecimal HMAC-SHA256 of the body.
fn sign(token: &str, body: &str) -> Option<String> {
    let mut mac = <Hmac<Sha256>>::new_from_slice(token.as_bytes()).ok()?;
    mac.update(body.as_bytes());
    Some(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}
