//! Inviting, changing and letting go. Each change holds the organization's lock, so that of two owners who remove each other at
//! the same moment one finds that they are the last.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use mgmt_core::{
    account::Email,
    error::{Code, Error, Faults},
    event::EventType,
    id::UserId,
    invitation::Invitation,
    key_draft::Change,
    member,
    role::Role,
    text::label,
};

use super::{CreateUser, MemberFacts, Person, PersonView, UpdateUser, find, leaving::settle_keys};
use crate::{
    api::{
        invitations::{self, Invited},
        tagged,
    },
    app::{App, Deed, Work},
    auth::{
        Allow, Caller,
        permission::{UsersRemove, UsersWrite},
    },
    error::ApiError,
    http::{
        body::{Body, OptionalBody},
        path::PathId,
        precondition::Preconditions,
        query::{NoParameters, Query},
    },
};

const MAX_NAME: usize = 120;

/// Invites somebody. They are listed as `invited` until they accept.
#[utoipa::path(post, path = "/v1/management/users", tag = "Users", operation_id = "createUser", request_body = CreateUser,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer, after 15 minutes without the link")),
    responses((status = 201, description = "The invited user, with the invitation", body = PersonView)))]
pub(crate) async fn create(
    app: Data<App>,
    caller: Allow<UsersWrite>,
    query: Query<NoParameters>,
    body: Body<CreateUser>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let (wanted, bytes) = body.parse(|body| Wanted::parse(&body.email, body.name.as_deref(), &body.role)).await?;
    let show = |invited: &Invited| {
        let mut view = PersonView::invited(&invited.invitation).to_json()?;
        let (object, link) = (view.as_object_mut(), invited.view()?);
        object.map(|o| o.insert("invitation".to_owned(), link));
        Ok(view)
    };
    invitations::answer(app, caller.into_caller(), (wanted, bytes), request, show).await
}

/// Who is to be invited, and as what.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) email: Email,
    pub(crate) name: Option<String>,
    pub(crate) role: Role,
}

impl Wanted {
    pub(crate) fn parse(email: &str, name: Option<&str>, role: &str) -> Result<Self, Error> {
        let mut faults = Faults::default();
        let email = faults.take(Email::parse("email", email));
        let name = name.map(|name| faults.take(label("name", name, MAX_NAME)));
        let role = faults.take(Role::parse(role));
        faults.finish()?;
        match (email, role) {
            (Some(email), Some(role)) => Ok(Self { email, name: name.flatten(), role }),
            _ => Err(Error::invalid("email", "is not valid")),
        }
    }
}

/// What is to be changed of a user.
#[derive(Clone, Default)]
struct Wish {
    email: Option<Email>,
    name: Option<String>,
    role: Option<Role>,
}

impl Wish {
    fn parse(body: UpdateUser) -> Result<Self, Error> {
        let mut faults = Faults::default();
        let email = faults.take(given("email", body.email, |text| Email::parse("email", text)));
        let name = faults.take(given("name", body.name, |text| label("name", text, MAX_NAME)));
        let role = faults.take(given("role", body.role, Role::parse));
        faults.finish()?;
        Ok(Self { email: email.flatten(), name: name.flatten(), role: role.flatten() })
    }
}

fn given<T>(field: &str, change: Change<String>, read: impl Fn(&str) -> Result<T, Error>) -> Result<Option<T>, Error> {
    match change {
        Change::Keep => Ok(None),
        Change::Clear => Err(Error::invalid(field, "must not be null")),
        Change::Set(text) => read(&text).map(Some),
    }
}

/// Changes a user. A new role counts from the next request on.
#[utoipa::path(patch, path = "/v1/management/users/{id}", tag = "Users", operation_id = "updateUser", request_body = UpdateUser,
    params(("id" = String, Path, description = "The user's id")),
    responses((status = 200, description = "The user as it is now", body = PersonView)))]
pub(crate) async fn update(
    app: Data<App>,
    caller: Allow<UsersWrite>,
    id: PathId<UserId>,
    query: Query<NoParameters>,
    body: Body<UpdateUser>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    let (wish, _) = body.parse(Wish::parse).await?;
    let changed = app.run("users.update", move |work| {
        work.tx.organizations().lock(caller.organization_id)?;
        let person = find(work, caller.organization_id, id)?;
        let before = PersonView::of(&person);
        preconditions.check(&before.tag())?;
        let is_member = matches!(person, Person::Member(_));
        match person {
            Person::Member(facts) => change_member(work, &caller, *facts, &wish)?,
            Person::Invited(invitation) => change_invited(work, &caller, *invitation, &wish)?,
        }
        let after = PersonView::of(&find(work, caller.organization_id, id)?);
        if after.tag() != before.tag() {
            work.invalidate_user(id);
            let (before, told) = (Some(before.to_json()?), after.to_json()?);
            let deed = Deed { action: "user.updated", target: id.to_string(), before, after: Some(told.clone()) };
            work.audit(&caller.origin(), deed)?;
            // Who is only invited was never told of as created.
            if is_member {
                work.event(caller.organization_id, EventType::UserUpdated, told)?;
            }
        }
        Ok(after)
    });
    let view = changed.await?;
    Ok(tagged(&request, view.tag(), view.to_json()?))
}

/// A missing user is 404, and a changed one 412, before anything is said about the body. The change itself judges both again.
async fn precheck(app: &App, caller: &Caller, id: UserId, preconditions: &Preconditions) -> Result<(), ApiError> {
    let (organization, preconditions) = (caller.organization_id, preconditions.clone());
    let judged =
        app.read("users.precheck", move |work| Ok(preconditions.check(&PersonView::of(&find(work, organization, id)?).tag())?));
    judged.await
}

fn change_member(work: &mut Work<'_>, caller: &Caller, facts: MemberFacts, wish: &Wish) -> Result<(), ApiError> {
    let reach = caller.reach(work)?;
    let MemberFacts { mut user, place } = facts;
    if let Some(role) = wish.role.filter(|&role| role != place.role) {
        reach.take(place.role)?;
        reach.grant(role)?;
        let owners = work.tx.memberships().count_owners(caller.organization_id)?;
        member::keeps_an_owner(owners, place.role, Some(role))?;
        work.tx.memberships().set_role(caller.organization_id, user.id, role)?;
    }
    let name = wish.name.clone().filter(|name| *name != user.name);
    let email = wish.email.clone().filter(|email| *email != user.email);
    if name.is_none() && email.is_none() {
        return Ok(());
    }
    if let Some(email) = email {
        // Whoever holds the address can set the password: a new address hands the account over, with all it may do.
        reach.take(place.role)?;
        reach.grant(place.role)?;
        if work.tx.memberships().list_of_user(user.id)?.len() > 1 {
            return Err(ApiError::new(Code::Forbidden, "they belong to other organizations, too: their address is not yours"));
        }
        if work.tx.users().find_by_email(&email)?.is_some() {
            return Err(ApiError::new(Code::Conflict, "the address is taken"));
        }
        user.email = email;
        work.tx.password_resets().delete(user.id)?;
        work.tx.sessions().revoke_of_user(user.id, caller.session().ok().map(|s| s.1), work.now)?;
    }
    user.name = name.unwrap_or(user.name);
    user.updated_at = work.now;
    Ok(work.tx.users().update(&user)?)
}

fn change_invited(work: &mut Work<'_>, caller: &Caller, mut invitation: Invitation, wish: &Wish) -> Result<(), ApiError> {
    let reach = caller.reach(work)?;
    if wish.email.as_ref().is_some_and(|email| *email != invitation.email) {
        let message = "an invitation is for one address: withdraw it, and invite the other one";
        return Err(ApiError::new(Code::InvalidState, message));
    }
    let role = wish.role.unwrap_or(invitation.role);
    if role != invitation.role {
        reach.take(invitation.role)?;
        reach.grant(role)?;
    }
    if role != invitation.role || wish.name.is_some() {
        invitation.role = role;
        invitation.name = wish.name.clone().or(invitation.name);
        invitation.updated_at = work.now;
        work.tx.invitations().update(&invitation)?;
    }
    Ok(())
}

/// Lets a member go, or withdraws an invitation. Everybody may leave.
#[utoipa::path(delete, path = "/v1/management/users/{id}", tag = "Users", operation_id = "removeUser",
    params(("id" = String, Path, description = "The user's id")),
    responses((status = 204, description = "Gone: their next request in this organization is refused")))]
pub(crate) async fn remove(
    app: Data<App>,
    caller: Allow<UsersRemove>,
    id: PathId<UserId>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(&app, &caller, id, &preconditions).await?;
    query.read()?;
    body.read().await?;
    let removed = app.run("users.remove", move |work| {
        work.tx.organizations().lock(caller.organization_id)?;
        let person = find(work, caller.organization_id, id)?;
        let before = PersonView::of(&person);
        preconditions.check(&before.tag())?;
        let is_member = matches!(person, Person::Member(_));
        match person {
            Person::Member(facts) => let_go(work, &caller, &facts)?,
            Person::Invited(invitation) => {
                caller.reach(work)?.take(invitation.role)?;
                work.tx.invitations().delete(caller.organization_id, invitation.id)?;
            }
        }
        work.tx.project_members().delete_of_user(caller.organization_id, id)?;
        work.invalidate_user(id);
        let told = before.to_json()?;
        let deed = Deed { action: "user.deleted", target: id.to_string(), before: Some(told.clone()), after: None };
        work.audit(&caller.origin(), deed)?;
        if is_member { work.event(caller.organization_id, EventType::UserDeleted, told) } else { Ok(()) }
    });
    removed.await?;
    Ok(HttpResponse::NoContent().finish())
}

fn let_go(work: &mut Work<'_>, caller: &Caller, facts: &MemberFacts) -> Result<(), ApiError> {
    let leaves = caller.session().is_ok_and(|(user, _)| user == facts.user.id);
    if !leaves {
        caller.reach(work)?.take(facts.place.role)?;
    }
    let owners = work.tx.memberships().count_owners(caller.organization_id)?;
    member::keeps_an_owner(owners, facts.place.role, None)?;
    work.tx.memberships().delete(caller.organization_id, facts.user.id)?;
    settle_keys(work, &caller.origin(), caller.organization_id, facts.user.id)
}
