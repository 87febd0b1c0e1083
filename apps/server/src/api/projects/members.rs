//! The people of a project: assigned by id or login, with a role.

use std::cmp::Reverse;

use actix_web::{HttpRequest, HttpResponse};
use mgmt_core::{
    account::Email,
    error::{Code, Error},
    id::{InvitationId, OrganizationId, ProjectId, UserId},
    project::member::{AssignDraft, ProjectMember, ProjectRole, RoleDraft, split_name},
    role::Role,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    admit::Within,
    hold, no_query, once_within, parts, segment,
    view::{AssignUser, ListOf, ProjectUser, UserRole},
    wrong_query,
};
use crate::{
    app::{Deed, Work, idempotency::Once},
    auth::{
        Caller,
        permission::{ProjectsRead, ProjectsWrite},
    },
    error::ApiError,
    http::{
        body::{Body, OptionalBody},
        query::{NoParameters, Query},
    },
};

const MAX_PAGE: usize = 100;

/// Somebody of the organization: a member, or somebody who is invited.
pub(super) struct Person {
    pub(super) id: UserId,
    email: Email,
    name: String,
    is_owner: bool,
}

/// Whoever has this id or this login in the organization.
pub(super) fn find_person(work: &mut Work<'_>, organization: OrganizationId, who: &str) -> Result<Option<Person>, ApiError> {
    if let Ok(id) = who.parse() {
        return person(work, organization, id);
    }
    let Ok(email) = Email::parse("login", who) else { return Ok(None) };
    let account = work.tx.users().find_by_email(&email)?;
    if let Some(user) = account
        && let Some(found) = person(work, organization, user.id)?
    {
        return Ok(Some(found));
    }
    let invited = work.tx.invitations().find_by_email(organization, &email)?;
    invited.map_or(Ok(None), |invitation| person(work, organization, invitation.user_id()))
}

fn person(work: &mut Work<'_>, organization: OrganizationId, id: UserId) -> Result<Option<Person>, ApiError> {
    if let Some(place) = work.tx.memberships().find(organization, id)? {
        let user = work.tx.users().find(id)?;
        return Ok(user.map(|u| Person { id, email: u.email, name: u.name, is_owner: place.role == Role::Owner }));
    }
    let invited = work.tx.invitations().find(organization, InvitationId::from_u128(id.as_u128()))?;
    Ok(invited.map(|i| Person { id, name: i.name.unwrap_or_default(), email: i.email, is_owner: false }))
}

fn view(work: &mut Work<'_>, place: &ProjectMember, person: &Person) -> Result<Map<String, Value>, ApiError> {
    let places = work.tx.project_members().list_of_user(place.organization_id, person.id)?;
    let projects: Map<_, _> = places.iter().map(|p| (p.project_id.to_string(), json!(p.role))).collect();
    let (first_name, last_name) = split_name(&person.name);
    let members = [
        ("id", json!(person.id)),
        ("login", json!(person.email)),
        ("email", json!(person.email)),
        ("first_name", json!(first_name)),
        ("last_name", json!(last_name)),
        ("role", json!(place.role)),
        ("projects", Value::Object(projects)),
        ("is_owner", json!(person.is_owner)),
    ];
    Ok(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn no_user(who: &str) -> Error {
    Error::not_found().about("user", who)
}

/// Somebody of the organization and their place in the project, if they have one.
fn look(
    work: &mut Work<'_>,
    organization: OrganizationId,
    project: ProjectId,
    who: &str,
) -> Result<(Person, Option<ProjectMember>), ApiError> {
    let person = find_person(work, organization, who)?.ok_or_else(|| no_user(who))?;
    let place = work.tx.project_members().find(project, person.id)?;
    Ok((person, place))
}

/// Gives somebody a place, or another role in it.
pub(super) fn put(
    work: &mut Work<'_>,
    caller: &Caller,
    project: ProjectId,
    user: UserId,
    role: ProjectRole,
) -> Result<ProjectMember, ApiError> {
    let before = work.tx.project_members().find(project, user)?;
    let organization_id = caller.organization_id;
    let place = ProjectMember { project_id: project, organization_id, user_id: user, role, created_at: work.now };
    work.tx.project_members().put(&place)?;
    note(work, caller, before.as_ref(), Some(&place))?;
    Ok(place)
}

/// One line of the audit log about a place.
fn note(
    work: &mut Work<'_>,
    caller: &Caller,
    before: Option<&ProjectMember>,
    after: Option<&ProjectMember>,
) -> Result<(), ApiError> {
    let action = match (before, after) {
        (None, _) => "project.user.assigned",
        (_, Some(_)) => "project.user.updated",
        (_, None) => "project.user.unassigned",
    };
    let target = before.or(after).map(|p| p.user_id.to_string()).unwrap_or_default();
    let written = |p: &ProjectMember| json!({"project_id": p.project_id, "user_id": p.user_id, "role": p.role});
    work.audit(&caller.origin(), Deed { action, target, before: before.map(written), after: after.map(written) })
}

/// Which users of a project to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserPage {
    /// 1 to 100; all when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// From 1.
    #[param(minimum = 1)]
    page: Option<usize>,
}

impl UserPage {
    /// How many to skip and to show.
    fn range(&self) -> Result<(usize, usize), ApiError> {
        let (limit, page) = (self.limit.unwrap_or(MAX_PAGE), self.page.unwrap_or(1));
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(Error::invalid("limit", "must be a whole number from 1 to 100")
                .with_reason("invalid_query_params")
                .into());
        }
        if page == 0 {
            return Err(Error::invalid("page", "must be >= 1").with_reason("invalid_query_params").into());
        }
        let paged = self.limit.is_some() || self.page.is_some();
        Ok(if paged { ((page - 1).saturating_mul(limit), limit) } else { (0, usize::MAX) })
    }
}

/// Lists the people of a project, newest first.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/users", tag = "Project users", operation_id = "listProjectUsers",
    params(("projectId" = String, Path, description = "The project's id"), UserPage),
    responses((status = 200, description = "The people", body = ListOf<ProjectUser>)))]
pub(crate) async fn list_users(within: Within<ProjectsRead>, query: Query<UserPage>) -> Result<HttpResponse, ApiError> {
    let (skip, take) = query.read().map_err(wrong_query)?.range()?;
    let Within { app, project, .. } = within;
    let found = app.read("project_members.list", move |work| {
        let mut places = work.tx.project_members().list(project.id)?;
        places.sort_by_key(|place| Reverse(place.user_id));
        let total = places.len();
        let mut rows = Vec::new();
        for place in places.iter().skip(skip).take(take) {
            if let Some(person) = person(work, project.organization_id, place.user_id)? {
                rows.push(view(work, place, &person)?);
            }
        }
        Ok((rows, total))
    });
    let (rows, total) = found.await?;
    Ok(HttpResponse::Ok().json(json!({"object": "list", "data_ref": "data", "data": rows, "total": total})))
}

/// Assigns somebody of the organization, also somebody who is only invited, to a project. Whoever is in it gets the role.
#[utoipa::path(post, path = "/management/v1/projects/{projectId}/users", tag = "Project users", operation_id = "assignProjectUser",
    request_body = AssignUser, params(("projectId" = String, Path, description = "The project's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 200, description = "The person", body = ProjectUser)))]
pub(crate) async fn assign_user(
    within: Within<ProjectsWrite>,
    query: Query<NoParameters>,
    body: Body<AssignDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    let (wanted, bytes) = body.parse(|draft| draft.parse("")).await?;
    let Within { caller, app, project, .. } = within;
    let once = once_within(&request, &caller, project.id, &bytes)?;
    let _busy = once.as_ref().map(|o| o.begin(&app)).transpose()?;
    let assigned = app.run("project_members.assign", move |work| {
        if let Some(earlier) = Once::earlier(once.as_ref(), work, caller.actor())? {
            return Ok((earlier, true));
        }
        let project = hold(work, &caller, project.id)?;
        let (person, _) = look(work, caller.organization_id, project.id, &wanted.who)?;
        let place = put(work, &caller, project.id, person.id, wanted.role)?;
        let object = view(work, &place, &person)?;
        if let Some(once) = &once {
            once.keep_object(work, caller.organization_id, &object)?;
        }
        Ok((object, false))
    });
    let (object, replayed) = assigned.await?;
    Ok(parts::made(object, replayed))
}

/// Shows somebody of a project, by id or login.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}/users/{userId}", tag = "Project users", operation_id = "showProjectUser",
    params(("projectId" = String, Path, description = "The project's id"), ("userId" = String, Path, description = "The person's id or login")),
    responses((status = 200, description = "The person", body = ProjectUser)))]
pub(crate) async fn show_user(
    within: Within<ProjectsRead>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let who = segment(&request, "userId")?;
    let Within { app, project, .. } = within;
    let found = app.read("project_members.show", move |work| {
        let (person, place) = look(work, project.organization_id, project.id, &who)?;
        let place = place.ok_or_else(|| not_in(&who, project.id))?;
        view(work, &place, &person)
    });
    let object = found.await?;
    no_query(&query)?;
    Ok(parts::made(object, false))
}

/// The words name the project as well; what it is about is the user.
fn not_in(who: &str, project: ProjectId) -> Error {
    Error::new(Code::NotFound, format!("Cannot find user with id {who} in project {project}")).about("user", who)
}

/// Gives somebody of a project another role.
#[utoipa::path(put, path = "/management/v1/projects/{projectId}/users/{userId}", tag = "Project users", operation_id = "updateProjectUser",
    request_body = UserRole,
    params(("projectId" = String, Path, description = "The project's id"), ("userId" = String, Path, description = "The person's id or login")),
    responses((status = 200, description = "The person", body = ProjectUser)))]
pub(crate) async fn update_user(
    within: Within<ProjectsWrite>,
    query: Query<NoParameters>,
    body: Body<RoleDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let who = segment(&request, "userId")?;
    let Within { caller, app, project, .. } = within;
    let (asked, own) = (who.clone(), project.clone());
    let known = app.read("project_members.precheck", move |work| {
        let (_, place) = look(work, own.organization_id, own.id, &asked)?;
        Ok(place.map(drop).ok_or_else(|| not_in(&asked, own.id))?)
    });
    known.await?;
    no_query(&query)?;
    let (role, _) = body.parse(|draft| ProjectRole::parse("role", &draft.role)).await?;
    let changed = app.run("project_members.update", move |work| {
        let project = hold(work, &caller, project.id)?;
        let (person, place) = look(work, caller.organization_id, project.id, &who)?;
        place.ok_or_else(|| not_in(&who, project.id))?;
        let place = put(work, &caller, project.id, person.id, role)?;
        view(work, &place, &person)
    });
    Ok(parts::made(changed.await?, false))
}

/// Takes somebody out of a project. Everybody keeps one project at least, and every project one of its people.
#[utoipa::path(delete, path = "/management/v1/projects/{projectId}/users/{userId}", tag = "Project users", operation_id = "unassignProjectUser",
    params(("projectId" = String, Path, description = "The project's id"), ("userId" = String, Path, description = "The person's id or login")),
    responses((status = 204, description = "Not in the project any more")))]
pub(crate) async fn unassign_user(
    within: Within<ProjectsWrite>,
    query: Query<NoParameters>,
    body: OptionalBody<Map<String, Value>>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let who = segment(&request, "userId")?;
    let Within { caller, app, project, .. } = within;
    let (asked, own) = (who.clone(), project.clone());
    app.read("project_members.precheck", move |work| look(work, own.organization_id, own.id, &asked).map(drop)).await?;
    no_query(&query)?;
    body.read().await?;
    let removed = app.run("project_members.unassign", move |work| {
        let project = hold(work, &caller, project.id)?;
        let (person, place) = look(work, caller.organization_id, project.id, &who)?;
        let Some(place) = place else {
            let refusal = Error::new(Code::InvalidRequest, format!("User {who} is not assigned to project {}", project.id));
            return Err(refusal.with_reason("user_not_assigned").about("user", &who).into());
        };
        let places = work.tx.project_members().list_of_user(caller.organization_id, person.id)?;
        if places.len() < 2 {
            let refusal =
                Error::new(Code::InvalidRequest, "the user is in no other project, and must be in one: assign another first");
            return Err(refusal.with_reason("last_project").about("user", &who).into());
        }
        if work.tx.project_members().list(project.id)?.len() < 2 {
            let refusal = Error::new(
                Code::InvalidRequest,
                "nobody else is in the project, and somebody must be: assign another user first",
            );
            return Err(refusal.with_reason("last_user").about("user", &who).into());
        }
        work.tx.project_members().delete(project.id, person.id)?;
        note(work, &caller, Some(&place), None)
    });
    removed.await?;
    Ok(HttpResponse::NoContent().finish())
}
