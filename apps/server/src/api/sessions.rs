//! Signing in and out, and what a session is and may do.

mod sign_in;
mod view;

use actix_web::{HttpRequest, HttpResponse, web::Data, web::ServiceConfig};
use mgmt_core::{
    cursor,
    error::{Code, Error},
    id::SessionId,
};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

pub(crate) use sign_in::*;
pub(crate) use view::*;

use super::{document::Enveloped, page, page_size};
use crate::{
    app::{App, Deed},
    auth::{Allow, password, permission::AnySession, throttle::Subjects},
    error::ApiError,
    http::{
        address::ClientAddress,
        body::{Body, OptionalBody},
        path::PathId,
        query::{NoParameters, Query},
        route::endpoint,
    },
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/api/auth/login").post(login))
        .service(endpoint("/api/auth/refresh").post(refresh))
        .service(endpoint("/api/auth/logout").post(logout))
        .service(endpoint("/api/auth/switch").post(switch))
        .service(endpoint("/api/auth/me").get(me))
        .service(endpoint("/api/auth/password").post(change_password))
        .service(endpoint("/api/auth/sessions").get(list))
        .service(endpoint("/api/auth/sessions/{id}").delete(revoke));
}

/// Ends the session.
#[utoipa::path(post, path = "/api/auth/logout", tag = "Sessions", operation_id = "logout", responses((status = 204, description = "Ended")))]
pub(crate) async fn logout(
    app: Data<App>,
    caller: Allow<AnySession>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    body.read().await?;
    let (_, session) = caller.session()?;
    let caller = caller.into_caller();
    let ended = app.run("sessions.logout", move |work| {
        work.tx.sessions().revoke(session, work.now)?;
        work.invalidate_session(session);
        work.audit(&caller.origin(), Deed { action: "session.ended", target: session.to_string(), before: None, after: None })
    });
    ended.await?;
    Ok(HttpResponse::NoContent().cookie(cleared_cookie(&app)).finish())
}

/// Tells who is signed in.
#[utoipa::path(get, path = "/api/auth/me", tag = "Sessions", operation_id = "me", responses((status = 200, description = "Who", body = Enveloped<MeView>)))]
pub(crate) async fn me(app: Data<App>, caller: Allow<AnySession>, query: Query<NoParameters>) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let (user, session) = caller.session()?;
    let organization = caller.home;
    let found = app.read("sessions.me", move |work| {
        let person = SignedIn::find(work, user, session, Some(organization))?.ok_or_else(Error::unauthorized)?;
        MeView::new(work, person)
    });
    Ok(HttpResponse::Ok().json(json!({ "data": found.await? })))
}

/// Changes the password, and ends the person's other sessions.
#[utoipa::path(post, path = "/api/auth/password", tag = "Sessions", operation_id = "changePassword", request_body = ChangePassword,
    responses((status = 204, description = "Changed")))]
pub(crate) async fn change_password(
    app: Data<App>,
    caller: Allow<AnySession>,
    query: Query<NoParameters>,
    body: Body<ChangePassword>,
    address: ClientAddress,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let body = body.read().await?;
    let (user, session) = caller.session()?;
    let (current, new) = (Zeroizing::new(body.current_password), Zeroizing::new(body.new_password));
    let person =
        app.read("sessions.person", move |work| Ok(work.tx.users().find(user)?.ok_or_else(Error::unauthorized)?)).await?;
    password::check_new("new_password", &new, &[person.email.as_str(), &person.name, "mgmt"])?;
    if *current == *new {
        return Err(Error::invalid("new_password", "is the password that you have").into());
    }
    let subjects = Subjects::of_session(&app, &person.email, session, address.0);
    let (_turn, check) = (subjects.turn(&app).await?, subjects.clone());
    app.read("sessions.throttle", move |work| check.check(work)).await?;
    if !app.passwords.verify(current, person.password_hash.clone()).await? {
        app.run("sessions.guess", move |work| subjects.fail(work)).await?;
        return Err(Error::invalid("current_password", "is not your password").into());
    }
    let hash = app.passwords.hash(new).await?;
    let (caller, before) = (caller.into_caller(), person.password_hash);
    let changed = app.run("sessions.password", move |work| {
        work.tx.users().lock(user)?;
        let mut person = work.tx.users().find(user)?.ok_or_else(Error::unauthorized)?;
        if person.password_hash != before {
            return Err(ApiError::new(Code::Conflict, "the password was changed by another request meanwhile"));
        }
        person.password_hash = Some(hash.clone());
        person.updated_at = work.now;
        subjects.succeed(work)?;
        work.tx.users().update(&person)?;
        work.tx.sessions().revoke_of_user(user, Some(session), work.now)?;
        work.invalidate_user(user);
        work.audit(
            &caller.origin(),
            Deed { action: "user.password_changed", target: user.to_string(), before: None, after: None },
        )
    });
    changed.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Which sessions to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSessions {
    /// 1 to 100; 20 when left out.
    limit: Option<i64>,
    /// From `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the person's sessions, newest first.
#[utoipa::path(get, path = "/api/auth/sessions", tag = "Sessions", operation_id = "listSessions", params(ListSessions),
    responses((status = 200, description = "The sessions", body = SessionList)))]
pub(crate) async fn list(
    app: Data<App>,
    caller: Allow<AnySession>,
    query: Query<ListSessions>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = query.read()?;
    let limit = page_size(query.limit)?;
    let (user, current) = caller.session()?;
    let (idle, list) = (idle_secs(&app), format!("sessions {user}"));
    let open = |text: &String| cursor::open(&app.keyring.cursor, &list, text).map(SessionId::from_u128);
    let before = query.cursor.as_ref().map(open).transpose()?;
    let found = app.read("sessions.list", move |work| {
        // A person has a few: there is nothing that an index would save.
        let mut live = work.tx.sessions().list_open(user, work.now)?;
        live.retain(|s| s.is_live(idle, work.now) && before.is_none_or(|before| s.id < before));
        live.sort_unstable_by_key(|s| std::cmp::Reverse(s.id));
        Ok(live)
    });
    let mut found = found.await?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|s| cursor::seal(&app.keyring.cursor, &list, s.id.as_u128()));
    let rows: Vec<_> = found.into_iter().map(|s| SessionView::new(s, current)).collect();
    Ok(page(&request, &rows, next))
}

/// Ends one of the person's sessions.
#[utoipa::path(delete, path = "/api/auth/sessions/{id}", tag = "Sessions", operation_id = "endSession",
    params(("id" = String, Path, description = "The session's id")), responses((status = 204, description = "Ended")))]
pub(crate) async fn revoke(
    app: Data<App>,
    caller: Allow<AnySession>,
    id: PathId<SessionId>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
) -> Result<HttpResponse, ApiError> {
    let (id, (user, _)) = (id.get()?, caller.session()?);
    query.read()?;
    body.read().await?;
    let caller = caller.into_caller();
    let ended = app.run("sessions.revoke", move |work| {
        work.tx.sessions().find(id)?.filter(|s| s.user_id == user).ok_or_else(Error::not_found)?;
        if work.tx.sessions().revoke(id, work.now)? {
            work.audit(&caller.origin(), Deed { action: "session.ended", target: id.to_string(), before: None, after: None })?;
        }
        work.invalidate_session(id);
        Ok(())
    });
    ended.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// How long a session may be idle.
pub(super) fn idle_secs(app: &App) -> u32 {
    u32::try_from(app.config.security.session_idle_seconds).unwrap_or(u32::MAX)
}
