//! Invitations: made, listed, sent again and withdrawn by those who may, and accepted by whoever has the link.

mod accept;
mod view;

use actix_web::{HttpRequest, HttpResponse, web::Data, web::ServiceConfig};
use bytes::Bytes;
use mgmt_core::{
    account::{Actor, Email},
    cursor,
    error::{Code, Error},
    id::{InvitationId, OrganizationId},
    invitation::{INVITATION_SECS, Invitation, TOKEN_SYMBOLS},
    key_text::random_token,
    role::Role,
    secret::token_hash,
};
use serde_json::{Map, Value};

pub(crate) use accept::*;
pub(crate) use view::*;

use super::{
    page, page_size,
    users::{CreateUser, PageQuery, Wanted},
};
use crate::{
    app::{
        App, Deed, Work,
        idempotency::{Created, Once},
        mail::Letter,
    },
    auth::{
        Allow, Caller,
        permission::{UsersRead, UsersWrite},
        reach,
    },
    error::ApiError,
    http::{
        body::{Body, OptionalBody},
        path::PathId,
        query::{NoParameters, Query},
        route::endpoint,
    },
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/v1/management/invitations").get(list).post(create))
        .service(endpoint("/v1/management/invitations/{id}").delete(withdraw))
        .service(endpoint("/v1/management/invitations/{id}/resend").post(resend))
        .service(endpoint("/api/invitations/{token}").get(look).post(accept));
}

/// Invites an address into an organization. The caller holds the rights for it, or is refused.
///
/// # Errors
/// `conflict` when the address is a member or invited already, `scope_exceeds_grantor` when the role is beyond the caller.
pub(crate) fn invite(
    work: &mut Work<'_>,
    caller: &Caller,
    organization_id: OrganizationId,
    wanted: &Wanted,
) -> Result<Invited, ApiError> {
    invite_by(work, caller, caller.actor(), organization_id, wanted)
}

/// Invites the owner of an organization that the operator has just made. That is the installation's own act: it does not depend on
/// what the key or the person that asked for it may hand out, now or later.
///
/// # Errors
/// As for [`invite`].
pub(crate) fn invite_first_owner(
    work: &mut Work<'_>,
    caller: &Caller,
    organization_id: OrganizationId,
    email: &Email,
) -> Result<Invited, ApiError> {
    let wanted = Wanted { email: email.clone(), name: None, role: Role::Owner };
    invite_by(work, caller, Actor::System, organization_id, &wanted)
}

fn invite_by(
    work: &mut Work<'_>,
    caller: &Caller,
    inviter: Actor,
    organization_id: OrganizationId,
    wanted: &Wanted,
) -> Result<Invited, ApiError> {
    if !work.tx.organizations().lock(organization_id)? {
        return Err(Error::not_found().into());
    }
    reach(work, inviter, organization_id)?.ok_or_else(Error::unauthorized)?.grant(wanted.role)?;
    if let Some(user) = work.tx.users().find_by_email(&wanted.email)?
        && work.tx.memberships().find(organization_id, user.id)?.is_some()
    {
        return Err(ApiError::new(Code::Conflict, "the address is a member already"));
    }
    if let Some(earlier) = work.tx.invitations().find_by_email(organization_id, &wanted.email)? {
        if earlier.stands(work.now) {
            return Err(ApiError::new(Code::Conflict, "the address is invited already: send that invitation again"));
        }
        work.tx.invitations().delete(organization_id, earlier.id)?;
        work.tx.project_members().delete_of_user(organization_id, earlier.user_id())?;
    }
    let token = random_token(TOKEN_SYMBOLS, &mut work.rng);
    let invitation = Invitation {
        id: InvitationId::new(work.now, &mut work.rng),
        organization_id,
        email: wanted.email.clone(),
        name: wanted.name.clone(),
        role: wanted.role,
        invited_by: inviter,
        hash: token_hash(token.expose()),
        created_at: work.now,
        updated_at: work.now,
        expires_at: work.now.plus_secs(INVITATION_SECS),
    };
    work.tx.invitations().insert(&invitation)?;
    let invited = Invited::new(work, invitation, token)?;
    note(work, caller, "invitation.created", &invited.invitation)?;
    Ok(invited)
}

/// One line of the audit log about an invitation.
fn note(work: &mut Work<'_>, caller: &Caller, action: &str, invitation: &Invitation) -> Result<(), ApiError> {
    let after = Some(InvitationView::new(invitation, work.now).to_json()?);
    let origin = crate::app::Origin { organization_id: invitation.organization_id, ..caller.origin() };
    work.audit(&origin, Deed { action, target: invitation.id.to_string(), before: None, after })
}

/// Invites, mails the link, and answers with it; a repeat gets the same answer, after the reveal window without the link.
pub(super) async fn answer(
    app: Data<App>,
    caller: Caller,
    (wanted, bytes): (Wanted, Bytes),
    request: HttpRequest,
    show: fn(&Invited) -> Result<Value, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::from_request(&request, (caller.organization_id, caller.actor()), &bytes)?;
    let _busy = once.as_ref().map(|o| o.begin(&app)).transpose()?;
    let made = app.run("invitations.create", move |work| {
        if let Some(once) = &once
            && let Some(earlier) = once.replay(work, caller.actor(), false)?
        {
            return Ok((earlier, None));
        }
        let invited = invite(work, &caller, caller.organization_id, &wanted)?;
        let answer = created(show(&invited)?);
        if let Some(once) = &once {
            once.keep_whole(work, caller.organization_id, created(show(&invited.without_link())?), &answer)?;
        }
        Ok((answer, invited.letter()))
    });
    let (answer, letter) = made.await?;
    app.send(letter);
    Ok(answer.into_response())
}

fn created(view: Value) -> Created {
    let object = match view {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    Created { object, wrapped: false, secret: None, key_id: None, replayed: false }
}

impl App {
    /// Sends a letter, if there is one, in the background.
    pub(crate) fn send(&self, letter: Option<Letter>) {
        if let Some(letter) = letter {
            self.mailer.send(letter);
        }
    }
}

/// Invites an address, mails the link, and answers with it.
#[utoipa::path(post, path = "/v1/management/invitations", tag = "Invitations", operation_id = "createInvitation", request_body = CreateUser,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer, after 15 minutes without the link")),
    responses((status = 201, description = "The invitation with its link", body = InvitationCreated)))]
pub(crate) async fn create(
    app: Data<App>,
    caller: Allow<UsersWrite>,
    query: Query<NoParameters>,
    body: Body<CreateUser>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let (wanted, bytes) = body.parse(|body| Wanted::parse(&body.email, body.name.as_deref(), &body.role)).await?;
    answer(app, caller.into_caller(), (wanted, bytes), request, Invited::view).await
}

/// Lists invitations that were neither accepted nor withdrawn, newest first.
#[utoipa::path(get, path = "/v1/management/invitations", tag = "Invitations", operation_id = "listInvitations", params(PageQuery),
    responses((status = 200, description = "A page of invitations", body = InvitationList)))]
pub(crate) async fn list(
    app: Data<App>,
    caller: Allow<UsersRead>,
    query: Query<PageQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = query.read()?;
    let limit = page_size(query.limit)?;
    let list = format!("invitations {}", caller.organization_id);
    let open = |text: &String| cursor::open(&app.keyring.cursor, &list, text).map(InvitationId::from_u128);
    let before = query.cursor.as_ref().map(open).transpose()?;
    let organization = caller.organization_id;
    let found = app.read("invitations.list", move |work| {
        let mut found = work.tx.invitations().list(organization, before, limit + 1)?;
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > size;
        found.truncate(size);
        let next = found.last().map(|i| i.id).filter(|_| more);
        Ok((found.iter().map(|i| InvitationView::new(i, work.now)).collect::<Vec<_>>(), next))
    });
    let (rows, next) = found.await?;
    let next = next.map(|id| cursor::seal(&app.keyring.cursor, &list, id.as_u128()));
    Ok(page(&request, &rows, next))
}

/// The invitation of the caller's organization.
fn find(work: &mut Work<'_>, caller: &Caller, id: InvitationId) -> Result<Invitation, ApiError> {
    Ok(work.tx.invitations().find(caller.organization_id, id)?.ok_or_else(Error::not_found)?)
}

async fn precheck(app: &App, caller: &Caller, id: InvitationId) -> Result<(), ApiError> {
    let caller = caller.clone();
    app.read("invitations.precheck", move |work| find(work, &caller, id).map(drop)).await
}

/// Withdraws an invitation: its link works no more.
#[utoipa::path(delete, path = "/v1/management/invitations/{id}", tag = "Invitations", operation_id = "withdrawInvitation",
    params(("id" = String, Path, description = "The invitation's id")), responses((status = 204, description = "Withdrawn")))]
pub(crate) async fn withdraw(
    app: Data<App>,
    caller: Allow<UsersWrite>,
    id: PathId<InvitationId>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    precheck(&app, &caller, id).await?;
    query.read()?;
    body.read().await?;
    let withdrawn = app.run("invitations.withdraw", move |work| {
        let invitation = find(work, &caller, id)?;
        caller.reach(work)?.take(invitation.role)?;
        work.tx.invitations().delete(caller.organization_id, id)?;
        work.tx.project_members().delete_of_user(caller.organization_id, invitation.user_id())?;
        note(work, &caller, "invitation.withdrawn", &invitation)
    });
    withdrawn.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Sends an invitation again, with a new link and a new week: the old link works no more. From now on it stands on the rights
/// of whoever sends it.
#[utoipa::path(post, path = "/v1/management/invitations/{id}/resend", tag = "Invitations", operation_id = "resendInvitation",
    params(("id" = String, Path, description = "The invitation's id")),
    responses((status = 200, description = "The invitation with its new link", body = InvitationCreated)))]
pub(crate) async fn resend(
    app: Data<App>,
    caller: Allow<UsersWrite>,
    id: PathId<InvitationId>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
) -> Result<HttpResponse, ApiError> {
    let (id, caller) = (id.get()?, caller.into_caller());
    precheck(&app, &caller, id).await?;
    query.read()?;
    body.read().await?;
    let sent = app.run("invitations.resend", move |work| {
        let mut invitation = find(work, &caller, id)?;
        caller.reach(work)?.grant(invitation.role)?;
        let token = random_token(TOKEN_SYMBOLS, &mut work.rng);
        invitation.hash = token_hash(token.expose());
        invitation.invited_by = caller.actor();
        invitation.updated_at = work.now;
        invitation.expires_at = work.now.plus_secs(INVITATION_SECS);
        if !work.tx.invitations().update(&invitation)? {
            return Err(Error::not_found().into());
        }
        let invited = Invited::new(work, invitation, token)?;
        note(work, &caller, "invitation.sent_again", &invited.invitation)?;
        Ok(invited)
    });
    let invited = sent.await?;
    app.send(invited.letter());
    Ok(HttpResponse::Ok().json(invited.view()?))
}
