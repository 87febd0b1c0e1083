//! The people of an organization: members, and those who are only invited.

mod change;
mod leaving;
mod view;

use actix_web::{HttpRequest, HttpResponse, web::Data, web::ServiceConfig};
use mgmt_core::{
    cursor,
    error::Error,
    id::{InvitationId, OrganizationId, UserId},
    invitation::Invitation,
};

pub(crate) use change::*;
pub(crate) use leaving::*;
pub(crate) use view::*;

use super::{page, page_size, tagged};
use crate::{
    app::{App, Work},
    auth::{Allow, permission::UsersRead},
    error::ApiError,
    http::{
        path::PathId,
        query::{NoParameters, Query},
        route::endpoint,
    },
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/v1/management/users").get(list).post(create))
        .service(endpoint("/v1/management/users/{id}").get(show).patch(update).delete(remove))
        .service(endpoint("/v1/management/users/{id}/impact").get(impact));
}

/// Somebody who is listed as a user.
pub(crate) enum Person {
    Member(Box<MemberFacts>),
    Invited(Box<Invitation>),
}

/// A user of the organization; an invited one has the id of their invitation.
fn find(work: &mut Work<'_>, organization: OrganizationId, id: UserId) -> Result<Person, ApiError> {
    if let Some(place) = work.tx.memberships().find(organization, id)? {
        let user = work.tx.users().find(id)?.ok_or_else(Error::not_found)?;
        return Ok(Person::Member(Box::new(MemberFacts { user, place })));
    }
    let invited = work.tx.invitations().find(organization, InvitationId::from_u128(id.as_u128()))?;
    Ok(Person::Invited(Box::new(invited.ok_or_else(Error::not_found)?)))
}

/// Lists users, newest first: members, and those who are invited.
#[utoipa::path(get, path = "/v1/management/users", tag = "Users", operation_id = "listUsers", params(PageQuery),
    responses((status = 200, description = "A page of users", body = UserList)))]
pub(crate) async fn list(
    app: Data<App>,
    caller: Allow<UsersRead>,
    query: Query<PageQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = query.read()?;
    let limit = page_size(query.limit)?;
    let list = format!("users {}", caller.organization_id);
    let open = |text: &String| cursor::open(&app.keyring.cursor, &list, text);
    let before = query.cursor.as_ref().map(open).transpose()?;
    let organization = caller.organization_id;
    let found = app.read("users.list", move |work| people(work, organization, before, limit)).await?;
    let next = found.1.map(|id| cursor::seal(&app.keyring.cursor, &list, id.as_u128()));
    Ok(page(&request, &found.0, next))
}

/// One page of members and invited people together, and where the next begins.
fn people(
    work: &mut Work<'_>,
    organization: OrganizationId,
    before: Option<u128>,
    limit: i64,
) -> Result<(Vec<PersonView>, Option<UserId>), ApiError> {
    let mut found = Vec::new();
    for place in work.tx.memberships().list(organization, before.map(UserId::from_u128), limit + 1)? {
        let user = work.tx.users().find(place.user_id)?.ok_or_else(|| ApiError::internal("a member without a user"))?;
        found.push(PersonView::member(&user, &place));
    }
    let invited = work.tx.invitations().list(organization, before.map(InvitationId::from_u128), limit + 1)?;
    found.extend(invited.iter().map(PersonView::invited));
    found.sort_by_key(|person| std::cmp::Reverse(person.id));
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().map(|p| p.id).filter(|_| more);
    Ok((found, next))
}

/// Shows a user.
#[utoipa::path(get, path = "/v1/management/users/{id}", tag = "Users", operation_id = "showUser",
    params(("id" = String, Path, description = "The user's id")),
    responses((status = 200, description = "The user", body = PersonView), (status = 304, description = "Not changed since")))]
pub(crate) async fn show(
    app: Data<App>,
    caller: Allow<UsersRead>,
    id: PathId<UserId>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = id.get()?;
    query.read()?;
    let organization = caller.organization_id;
    let view = app.read("users.show", move |work| Ok(PersonView::of(&find(work, organization, id)?))).await?;
    Ok(tagged(&request, view.tag(), view.to_json()?))
}
