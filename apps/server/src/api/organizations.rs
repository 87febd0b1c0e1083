//! Organizations.

mod change;

use actix_web::{HttpRequest, HttpResponse, web::Data, web::ServiceConfig};
use mgmt_core::{
    account::{Organization, OrganizationState, Plan},
    cursor,
    error::Error,
    id::OrganizationId,
    quota::{Quota, QuotaStanding},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub(crate) use change::*;

use super::{page, page_size, tagged};
use crate::{
    app::{App, Work},
    auth::{Allow, Caller, permission::OrganizationsRead},
    error::ApiError,
    http::{
        path::PathId,
        precondition::EntityTag,
        query::{NoParameters, Query},
        route::endpoint,
    },
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/v1/management/organizations").get(list).post(create))
        .service(endpoint("/v1/management/organizations/{id}").get(show).patch(update))
        .service(endpoint("/v1/management/organizations/{id}/suspend").post(suspend))
        .service(endpoint("/v1/management/organizations/{id}/resume").post(resume));
}

/// An organization.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrganizationView {
    #[schema(value_type = String, example = "org_019a3c5e7f0070008000000000000001")]
    id: OrganizationId,
    name: String,
    slug: String,
    #[schema(value_type = String, example = "scale")]
    plan: Plan,
    #[schema(value_type = String, example = "active")]
    status: OrganizationState,
    address: Option<Map<String, Value>>,
    metadata: Map<String, Value>,
    #[schema(value_type = Option<Object>)]
    quota: Option<QuotaStanding>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A page of organizations.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrganizationList {
    data: Vec<OrganizationView>,
    next_cursor: Option<String>,
}

impl OrganizationView {
    fn new(work: &mut Work<'_>, organization: Organization) -> Result<Self, ApiError> {
        let quota = organization.quota.map(|quota| standing(work, &organization, &quota)).transpose()?;
        Ok(Self {
            id: organization.id,
            name: organization.name,
            slug: organization.slug,
            plan: organization.plan,
            status: organization.state,
            address: organization.address,
            metadata: organization.metadata,
            quota,
            created_at: organization.created_at,
            updated_at: organization.updated_at,
        })
    }
}

fn standing(work: &mut Work<'_>, organization: &Organization, quota: &Quota) -> Result<QuotaStanding, ApiError> {
    let taken = work.tx.quotas().used(&organization.id.to_string(), quota.period.start(work.now))?;
    let used = taken.saturating_sub(work.app.gate.unused_organization_units(organization.id));
    let remaining = quota.limit.saturating_sub(used);
    let resets_at = quota.period.end(work.now);
    Ok(QuotaStanding { limit: quota.limit, used, remaining, period: quota.period, resets_at })
}

/// A page of a list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<i64>,
    /// From `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
}

/// Lists the organizations that the caller may see: its own; the operator sees all.
#[utoipa::path(get, path = "/v1/management/organizations", tag = "Organizations", operation_id = "listOrganizations", params(PageQuery),
    responses((status = 200, description = "A page of organizations", body = OrganizationList)))]
pub(crate) async fn list(
    app: Data<App>,
    caller: Allow<OrganizationsRead>,
    query: Query<PageQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = query.read()?;
    let limit = page_size(query.limit)?;
    let list = format!("organizations {} {}", caller.home, caller.is_operator);
    let open = |text: &String| cursor::open(&app.keyring.cursor, &list, text).map(OrganizationId::from_u128);
    let before = query.cursor.as_ref().map(open).transpose()?;
    // The operator sees all, unless it acts for one.
    let all = caller.is_operator && caller.organization_id == caller.home;
    let own = caller.organization_id;
    let (rows, next) = app
        .read("organizations.list", move |work| {
            let mut found = match all {
                true => work.tx.organizations().list(before, limit + 1)?,
                false => work.tx.organizations().find(own)?.into_iter().collect(),
            };
            let size = usize::try_from(limit).unwrap_or(usize::MAX);
            let more = found.len() > size;
            found.truncate(size);
            let next = found.last().map(|o| o.id).filter(|_| more);
            let rows = found.into_iter().map(|o| OrganizationView::new(work, o)).collect::<Result<Vec<_>, _>>()?;
            Ok((rows, next))
        })
        .await?;
    let next = next.map(|id| cursor::seal(&app.keyring.cursor, &list, id.as_u128()));
    Ok(page(&request, &rows, next))
}

/// Shows an organization.
#[utoipa::path(get, path = "/v1/management/organizations/{id}", tag = "Organizations", operation_id = "showOrganization",
    params(("id" = String, Path, description = "The organization's id")),
    responses((status = 200, description = "The organization", body = OrganizationView), (status = 304, description = "Not changed since")))]
pub(crate) async fn show(
    app: Data<App>,
    caller: Allow<OrganizationsRead>,
    id: PathId<OrganizationId>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    query.read()?;
    let found = app.read("organizations.show", move |work| {
        let organization = find(work, &caller, id)?;
        Ok((tag(&organization), Value::Object(view(work, organization)?)))
    });
    let (tag, view) = found.await?;
    Ok(tagged(&request, tag, view))
}

/// An organization that the caller may see: its own, or any for the operator.
fn find(work: &mut Work<'_>, caller: &Caller, id: OrganizationId) -> Result<Organization, ApiError> {
    if id != caller.organization_id && !caller.is_operator {
        return Err(Error::not_found().into());
    }
    Ok(work.tx.organizations().find(id)?.ok_or_else(Error::not_found)?)
}

fn tag(organization: &Organization) -> EntityTag {
    EntityTag::of_bytes(format!("{} {}", organization.id, organization.version).as_bytes())
}

/// The organization as clients see it.
fn view(work: &mut Work<'_>, organization: Organization) -> Result<Map<String, Value>, ApiError> {
    match serde_json::to_value(OrganizationView::new(work, organization)?) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err(ApiError::internal("an organization could not be written as an object")),
    }
}
