//! Forgotten passwords: a link by mail, good for one new password. What is answered does not tell whether somebody has the address.

use actix_web::{HttpRequest, HttpResponse, web::Data, web::ServiceConfig};
use mgmt_core::{
    account::{Actor, Email},
    error::{Code, Error},
    id::UserId,
    invitation::{PasswordReset, RESET_SECS, TOKEN_SYMBOLS},
    key_text::random_token,
    secret::{SecretHash, token_hash},
};
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::sessions::Client;
use crate::{
    app::{App, Deed, Work, mail::Letter},
    auth::{password, throttle::Subjects},
    error::ApiError,
    http::{
        address::ClientAddress,
        body::Body,
        query::{NoParameters, Query},
        request_id::RequestId,
        route::endpoint,
    },
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/api/auth/password-reset").post(ask))
        .service(endpoint("/api/auth/password-reset/{token}").post(set));
}

/// Whose password was forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskPasswordReset {
    #[schema(example = "ana@example.com")]
    email: String,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetPassword {
    /// At least 15 characters.
    #[schema(min_length = 15)]
    password: String,
}

/// Mails a link that sets a new password, if somebody has the address. The answer is the same if nobody has.
#[utoipa::path(post, path = "/api/auth/password-reset", tag = "Sessions", operation_id = "askPasswordReset", security(()), request_body = AskPasswordReset,
    responses((status = 202, description = "A link is on its way, if there is such an account")))]
pub(crate) async fn ask(
    app: Data<App>,
    query: Query<NoParameters>,
    body: Body<AskPasswordReset>,
    address: ClientAddress,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let email = Email::parse("email", &body.read().await?.email)?;
    let subjects = Subjects::of_resets(&app, &email, address.0);
    let written = app.run("password_resets.ask", move |work| {
        let waits = subjects.check(work).is_err();
        // Counted for everybody: the same work is done whether somebody has the address or nobody.
        subjects.fail(work)?;
        let user = work.tx.users().find_by_email(&email)?.filter(|u| u.password_hash.is_some() && !waits);
        user.map(|user| letter(work, user.id, &email)).transpose()
    });
    app.send(written.await?);
    Ok(HttpResponse::Accepted().finish())
}

fn letter(work: &mut Work<'_>, user_id: UserId, email: &Email) -> Result<Letter, ApiError> {
    let token = random_token(TOKEN_SYMBOLS, &mut work.rng);
    let hash = token_hash(token.expose());
    let reset = PasswordReset { user_id, hash, created_at: work.now, expires_at: work.now.plus_secs(RESET_SECS) };
    work.tx.password_resets().replace(&reset)?;
    let url = format!("{}/#/password-reset/{}", work.app.config.server.public_url, token.expose());
    let text = format!(
        "Somebody asked for a new password for your account.\r\n\r\nOpen this link to set one:\r\n{url}\r\n\r\n\
         It works once, for half an hour. If it was not you, you need do nothing.\r\n"
    );
    Ok(Letter { to: email.clone(), subject: "A new password".to_owned(), text })
}

/// Sets a new password, and ends all of the person's sessions.
#[utoipa::path(post, path = "/api/auth/password-reset/{token}", tag = "Sessions", operation_id = "setPassword", security(()), request_body = SetPassword,
    params(("token" = String, Path, description = "The last part of the link")),
    responses((status = 204, description = "Set: sign in with it")))]
pub(crate) async fn set(
    app: Data<App>,
    query: Query<NoParameters>,
    body: Body<SetPassword>,
    address: ClientAddress,
    id: RequestId,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let hash = token_hash(request.match_info().get("token").unwrap_or_default());
    let found = app.read("password_resets.open", move |work| {
        let user = open(work, &hash)?.user_id;
        Ok(work.tx.users().find(user)?.ok_or_else(Error::not_found)?)
    });
    let user = found.await?;
    query.read()?;
    let secret = Zeroizing::new(body.read().await?.password);
    password::check_new("password", &secret, &[user.email.as_str(), &user.name, "mgmt"])?;
    let new = app.passwords.hash(secret).await?;
    let client = Client::new(&request, address, &id);
    let subjects = Subjects::new(&app, &user.email, address.0);
    let changed = app.run("password_resets.set", move |work| {
        let reset = open(work, &hash)?;
        // Of several who use a link at once exactly one gets past here.
        if !work.tx.password_resets().delete(reset.user_id)? {
            return Err(Error::not_found().into());
        }
        subjects.succeed(work)?;
        change(work, reset.user_id, &new, &client)
    });
    changed.await?;
    Ok(HttpResponse::NoContent().finish())
}

fn open(work: &mut Work<'_>, hash: &SecretHash) -> Result<PasswordReset, ApiError> {
    let reset = work.tx.password_resets().find_by_hash(hash)?.ok_or_else(Error::not_found)?;
    if work.now < reset.expires_at {
        return Ok(reset);
    }
    Err(ApiError::new(Code::Gone, "the link has expired: ask for a new one"))
}

fn change(work: &mut Work<'_>, id: UserId, hash: &str, client: &Client) -> Result<(), ApiError> {
    work.tx.users().lock(id)?;
    let mut user = work.tx.users().find(id)?.ok_or_else(Error::not_found)?;
    user.password_hash = Some(hash.to_owned());
    user.updated_at = work.now;
    work.tx.users().update(&user)?;
    work.tx.sessions().revoke_of_user(id, None, work.now)?;
    work.invalidate_user(id);
    for place in work.tx.memberships().list_of_user(id)? {
        let origin = client.origin(Actor::User(id), place.organization_id);
        work.audit(&origin, Deed { action: "user.password_reset", target: id.to_string(), before: None, after: None })?;
    }
    Ok(())
}
