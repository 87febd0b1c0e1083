//! What becomes of the keys that somebody made when they leave: a setting, and a list of what it would touch.

use actix_web::{HttpResponse, web::Data};
use mgmt_core::{
    account::Actor,
    id::{OrganizationId, UserId},
    key::ApiKey,
    key_text::KeyKind,
    webhook::Webhook,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::{
    api::keys,
    app::{App, Origin, Work},
    auth::{Allow, permission::UsersRead},
    config::LeaverKeys,
    error::ApiError,
    http::{
        path::PathId,
        query::{NoParameters, Query},
    },
};

/// What would be touched if somebody left.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImpactView {
    /// What happens to their keys: `keep`, `suspend` or `revoke`.
    #[schema(value_type = String, example = "keep")]
    leaver_keys: LeaverKeys,
    /// The keys that they made and that are not revoked.
    keys: Vec<LeaverKey>,
    /// The webhooks that they made. They go on as they are, whatever becomes of the keys.
    webhooks: Vec<LeaverWebhook>,
}

/// A key that somebody made.
#[derive(Serialize, ToSchema)]
pub(crate) struct LeaverKey {
    id: String,
    name: String,
    #[schema(value_type = String, example = "secret")]
    kind: KeyKind,
    #[schema(example = "active")]
    status: &'static str,
}

/// A webhook that somebody made.
#[derive(Serialize, ToSchema)]
pub(crate) struct LeaverWebhook {
    id: String,
    url: String,
    active: bool,
}

/// Lists what would be touched if a user left.
#[utoipa::path(get, path = "/v1/management/users/{id}/impact", tag = "Users", operation_id = "showUserImpact",
    params(("id" = String, Path, description = "The user's id")),
    responses((status = 200, description = "What would be touched", body = ImpactView)))]
pub(crate) async fn impact(
    app: Data<App>,
    caller: Allow<UsersRead>,
    id: PathId<UserId>,
    query: Query<NoParameters>,
) -> Result<HttpResponse, ApiError> {
    let id = id.get()?;
    query.read()?;
    let organization = caller.organization_id;
    let found = app.read("users.impact", move |work| {
        find(work, organization, id)?;
        let now = work.now;
        let made = work.tx.keys().list_of_maker(organization, Actor::User(id))?;
        let line = |key: ApiKey| LeaverKey {
            id: key.id.to_string(),
            status: key.status(now).as_str(),
            kind: key.kind,
            name: key.settings.name,
        };
        let webhooks = work.tx.webhooks().list_of_maker(organization, Actor::User(id))?;
        let endpoint = |webhook: Webhook| LeaverWebhook {
            id: webhook.id.to_string(),
            url: webhook.settings.url,
            active: webhook.settings.active,
        };
        Ok(ImpactView {
            leaver_keys: work.app.config.users.leaver_keys,
            keys: made.into_iter().map(line).collect(),
            webhooks: webhooks.into_iter().map(endpoint).collect(),
        })
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// Does to a leaver's keys what the setting says. Whoever takes part holds the organization's lock.
pub(super) fn settle_keys(
    work: &mut Work<'_>,
    origin: &Origin,
    organization: OrganizationId,
    leaver: UserId,
) -> Result<(), ApiError> {
    let fate = work.app.config.users.leaver_keys;
    if fate == LeaverKeys::Keep {
        return Ok(());
    }
    for before in work.tx.keys().list_of_maker(organization, Actor::User(leaver))? {
        let (after, action) = match fate {
            LeaverKeys::Suspend => (before.clone().suspend(work.now).unwrap_or_else(|_| before.clone()), "api_key.suspended"),
            _ => (before.clone().revoke(Some("its maker left".to_owned()), work.now), "api_key.revoked"),
        };
        if after.version != before.version {
            work.tx.keys().update(&after)?;
            work.tx.reveals().delete(before.id)?;
            work.invalidate(before.id);
            keys::note(work, origin, action, Some(&before), Some(&after))?;
        }
    }
    Ok(())
}
