//! Looking at an invitation, which changes nothing (mail scanners follow links), and accepting it.

use actix_web::{HttpRequest, HttpResponse, http::header::AUTHORIZATION, web::Data};
use mgmt_core::{
    account::{Actor, Membership, OrganizationState, User},
    error::{Code, Error},
    event::EventType,
    invitation::Invitation,
    secret::{SecretHash, token_hash},
    text::label,
};
use serde_json::json;
use zeroize::Zeroizing;

use super::{AcceptInvitation, InvitationOffer};
use crate::{
    api::{
        document::Enveloped,
        sessions::{self, Client, SignedInView},
        users::PersonView,
    },
    app::{App, Deed, Work},
    auth::{self, password, throttle::Subjects, token},
    error::ApiError,
    http::{
        address::ClientAddress,
        body::Body,
        query::{NoParameters, Query},
        request_id::RequestId,
    },
};

const MAX_NAME: usize = 120;

fn hash_of(request: &HttpRequest) -> SecretHash {
    token_hash(request.match_info().get("token").unwrap_or_default())
}

/// The invitation of a link that still works.
fn open(work: &mut Work<'_>, hash: &SecretHash) -> Result<Invitation, ApiError> {
    let invitation = work.tx.invitations().find_by_hash(hash)?.ok_or_else(Error::not_found)?;
    if invitation.stands(work.now) {
        return Ok(invitation);
    }
    Err(ApiError::new(Code::Gone, "the invitation has expired: ask for a new one"))
}

/// Tells what an invitation is about. It has no effect.
#[utoipa::path(get, path = "/api/invitations/{token}", tag = "Invitations", operation_id = "showInvitation", security(()),
    params(("token" = String, Path, description = "The last part of the link")),
    responses((status = 200, description = "What it is about", body = Enveloped<InvitationOffer>)))]
pub(crate) async fn look(app: Data<App>, query: Query<NoParameters>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let hash = hash_of(&request);
    query.read()?;
    let offer = app.read("invitations.look", move |work| {
        let invitation = open(work, &hash)?;
        let organization = work.tx.organizations().find(invitation.organization_id)?.ok_or_else(Error::not_found)?;
        let Invitation { email, role, expires_at, .. } = invitation;
        Ok(InvitationOffer { email, role, organization: organization.name, expires_at })
    });
    Ok(HttpResponse::Ok().json(json!({ "data": offer.await? })))
}

/// Accepts an invitation and signs in. Whoever has the link has the address; who has an account proves that with its password.
#[utoipa::path(post, path = "/api/invitations/{token}", tag = "Invitations", operation_id = "acceptInvitation", security(()), request_body = AcceptInvitation,
    params(("token" = String, Path, description = "The last part of the link")),
    responses((status = 200, description = "A member, and signed in", body = Enveloped<SignedInView>)))]
pub(crate) async fn accept(
    app: Data<App>,
    query: Query<NoParameters>,
    body: Body<AcceptInvitation>,
    address: ClientAddress,
    id: RequestId,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let hash = hash_of(&request);
    let found = app.read("invitations.open", move |work| {
        let invitation = open(work, &hash)?;
        let account = work.tx.users().find_by_email(&invitation.email)?;
        Ok((invitation, account))
    });
    let (invitation, account) = found.await?;
    refuse_others(&app, &request, account.as_ref())?;
    query.read()?;
    let body = body.read().await?;
    let name = body.name.as_deref().map(|name| label("name", name, MAX_NAME)).transpose()?;
    let name = name.or_else(|| invitation.name.clone());
    let secret = Zeroizing::new(body.password);
    let client = Client::new(&request, address, &id);
    let proof = prove(&app, &invitation, account, secret, &client).await?;
    let joined = app.run("invitations.accept", move |work| join(work, &hash, &proof, name.as_deref(), &client));
    let (person, token) = joined.await?;
    sessions::answer(&app, person, &token)
}

/// Somebody who is signed in as somebody else must not join by another's invitation.
fn refuse_others(app: &App, request: &HttpRequest, account: Option<&User>) -> Result<(), ApiError> {
    let Some(field) = request.headers().get(AUTHORIZATION) else { return Ok(()) };
    let text = field.to_str().ok().and_then(|f| f.strip_prefix("Bearer ")).unwrap_or_default();
    let lifetime = app.config.security.access_token_seconds;
    let claims = token::read(&app.keyring.session, text, app.clock.now().wall, lifetime).ok_or_else(Error::unauthorized)?;
    if account.is_some_and(|user| user.id == claims.sub) {
        return Ok(());
    }
    Err(ApiError::new(Code::Forbidden, "the invitation is for another address than the one you are signed in with"))
}

/// How somebody shows who they are.
enum Proof {
    /// With the password of this account, which had this hash.
    Account(Box<User>),
    /// With the link alone: here is the hash of their first password.
    Password(String),
}

async fn prove(
    app: &App,
    invitation: &Invitation,
    account: Option<User>,
    secret: Zeroizing<String>,
    client: &Client,
) -> Result<Proof, ApiError> {
    let Some(user) = account.filter(|u| u.password_hash.is_some()) else {
        password::check_new("password", &secret, &[invitation.email.as_str(), "mgmt"])?;
        return Ok(Proof::Password(app.passwords.hash(secret).await?));
    };
    let subjects = Subjects::new(app, &invitation.email, client.address.0);
    let (_turn, check) = (subjects.turn(app).await?, subjects.clone());
    app.read("invitations.throttle", move |work| check.check(work)).await?;
    if app.passwords.verify(secret, user.password_hash.clone()).await? {
        return Ok(Proof::Account(Box::new(user)));
    }
    app.run("invitations.fail", move |work| subjects.fail(work)).await?;
    Err(Error::new(Code::Unauthorized, "you have an account already: its password is another one").into())
}

fn join(
    work: &mut Work<'_>,
    hash: &SecretHash,
    proof: &Proof,
    name: Option<&str>,
    client: &Client,
) -> Result<(sessions::SignedIn, mgmt_core::secret::PlainSecret), ApiError> {
    let invitation = open(work, hash)?;
    let organization_id = invitation.organization_id;
    work.tx.organizations().lock(organization_id)?;
    let organization = work.tx.organizations().find(organization_id)?.ok_or_else(Error::not_found)?;
    if organization.state != OrganizationState::Active {
        return Err(ApiError::new(Code::Forbidden, "the organization is suspended"));
    }
    // The rights of whoever invites count when the invitation is used, not when it was made.
    let reach = auth::reach(work, invitation.invited_by, organization_id)?;
    if reach.is_none_or(|reach| reach.grant(invitation.role).is_err()) {
        return Err(ApiError::new(Code::Forbidden, "who invited you may not do so any more: ask for a new invitation"));
    }
    // Of several acceptances at once exactly one gets past here.
    if !work.tx.invitations().delete(organization_id, invitation.id)? {
        return Err(Error::not_found().into());
    }
    let user = account(work, &invitation, proof, name)?;
    if work.tx.memberships().find(organization_id, user.id)?.is_some() {
        return Err(ApiError::new(Code::Conflict, "you are a member already"));
    }
    let place = Membership { organization_id, user_id: user.id, role: invitation.role, created_at: work.now };
    work.tx.memberships().insert(&place)?;
    // Whoever had an account already was assigned to projects under the invitation's id.
    if user.id != invitation.user_id() {
        work.tx.project_members().hand_over(organization_id, invitation.user_id(), user.id)?;
    }
    work.invalidate_user(user.id);
    let told = PersonView::member(&user, &place).to_json()?;
    let origin = client.origin(Actor::User(user.id), organization_id);
    let deed = Deed { action: "user.created", target: user.id.to_string(), before: None, after: Some(told.clone()) };
    work.audit(&origin, deed)?;
    work.event(organization_id, EventType::UserCreated, told)?;
    sessions::start(work, &user, client, Some(organization_id))
}

/// The account that joins: the one that was proved, or a new one.
fn account(work: &mut Work<'_>, invitation: &Invitation, proof: &Proof, name: Option<&str>) -> Result<User, ApiError> {
    // Held, so that a password that is changed at this moment is seen.
    if let Some(user) = work.tx.users().find_by_email(&invitation.email)? {
        work.tx.users().lock(user.id)?;
    }
    let known = work.tx.users().find_by_email(&invitation.email)?;
    let meanwhile = || ApiError::new(Code::Conflict, "the account was changed by another request meanwhile");
    match (proof, known) {
        (Proof::Account(proved), Some(user)) if user.id == proved.id && user.password_hash == proved.password_hash => Ok(user),
        (Proof::Password(hash), Some(mut user)) if user.password_hash.is_none() => {
            user.password_hash = Some(hash.clone());
            user.updated_at = work.now;
            work.tx.users().update(&user)?;
            Ok(user)
        }
        (Proof::Password(hash), None) => {
            let new = User::new(invitation.email.clone(), name, work.now, &mut work.rng)?;
            let user = User { id: invitation.user_id(), password_hash: Some(hash.clone()), ..new };
            work.tx.users().insert(&user)?;
            Ok(user)
        }
        _ => Err(meanwhile()),
    }
}
