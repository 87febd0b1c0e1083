//! The audit log of an organization.

use actix_web::{HttpRequest, HttpResponse, web::Data, web::ServiceConfig};
use mgmt_core::{
    account::Actor,
    audit::{AuditEntry, ChainedEntry},
    cursor,
    error::{Error, Faults},
    id::{AuditId, OrganizationId},
    time::Timestamp,
};
use mgmt_store::AuditFilter;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{page, page_limit};
use crate::{
    app::App,
    auth::{Allow, permission::AuditRead},
    error::ApiError,
    http::{query::Query, route::endpoint},
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/v1/management/audit-log").get(list));
}

/// One thing that happened.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditView {
    #[schema(value_type = String, example = "aud_019a3c5e7f0070008000000000000001")]
    id: AuditId,
    #[schema(value_type = String)]
    organization_id: OrganizationId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The id of a user or of a management key, or `system`.
    #[schema(value_type = String)]
    actor: Actor,
    #[schema(example = "api_key.revoked")]
    action: String,
    /// The id of what it was done to.
    target: String,
    /// The client's address.
    address: Option<String>,
    request_id: Option<String>,
    /// The object before, without secrets.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// The object after, without secrets.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditList {
    data: Vec<AuditView>,
    next_cursor: Option<String>,
}

impl From<ChainedEntry> for AuditView {
    fn from(ChainedEntry { entry, .. }: ChainedEntry) -> Self {
        let AuditEntry { id, organization_id, at, actor, action, target, address, request_id, before, after } = entry;
        Self { id, organization_id, created_at: at, actor, action, target, address, request_id, before, after }
    }
}

/// Which entries to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAudit {
    /// The id of a user or of a management key, or `system`.
    actor: Option<String>,
    /// Such as `api_key.revoked`.
    action: Option<String>,
    /// At this time or later.
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Before this time.
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
    /// 1 to 100; 20 when left out.
    limit: Option<i64>,
    /// From `next_cursor` of the page before.
    cursor: Option<String>,
}

impl ListAudit {
    /// Which entries, how many, and the cursor.
    fn judge(self) -> Result<(AuditFilter, i64, Option<String>), Error> {
        let mut faults = Faults::default();
        let wrong = |_| Error::invalid("actor", "must be the id of a user or of a key, or `system`");
        let actor = faults.take(self.actor.as_deref().map(|text| text.parse::<Actor>().map_err(wrong)).transpose()).flatten();
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            faults.note(Error::invalid("to", "must not be before `from`"));
        }
        let limit = faults.take(page_limit(self.limit)).unwrap_or_default();
        faults.finish()?;
        Ok((AuditFilter { actor, action: self.action, from: self.from, to: self.to }, limit, self.cursor))
    }
}

/// Lists what happened in the organization, newest first.
#[utoipa::path(get, path = "/v1/management/audit-log", tag = "Audit log", operation_id = "listAuditLog", params(ListAudit),
    responses((status = 200, description = "A page of the audit log", body = AuditList)))]
pub(crate) async fn list(
    app: Data<App>,
    caller: Allow<AuditRead>,
    query: Query<ListAudit>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (filter, limit, from) = query.judge(ListAudit::judge)?;
    let list = format!("audit {} {filter:?}", caller.organization_id);
    let open = |text: &String| cursor::open(&app.keyring.cursor, &list, text).map(|seq| i64::try_from(seq).unwrap_or(i64::MAX));
    let before = from.as_ref().map(open).transpose()?;
    let organization = caller.organization_id;
    let found = app.read("audit.list", move |work| Ok(work.tx.audit().search(organization, &filter, before, limit + 1)?));
    let mut found = found.await?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > size;
    found.truncate(size);
    let last = found.last().map(|e| e.seq).filter(|_| more);
    let next = last.map(|seq| cursor::seal(&app.keyring.cursor, &list, u128::from(seq.unsigned_abs())));
    let rows: Vec<AuditView> = found.into_iter().map(Into::into).collect();
    Ok(page(&request, &rows, next))
}
