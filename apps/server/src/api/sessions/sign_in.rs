//! Signing in, and continuing a session with the refresh token in its cookie.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
    http::header::{HeaderName, ORIGIN, USER_AGENT},
    web::Data,
};
use mgmt_core::{
    account::{Actor, Email, User},
    error::{Code, Error},
    id::{OrganizationId, SessionId, UserId},
    key_text::random_token,
    secret::{PlainSecret, token_hash},
    session::{Presented, RefreshToken, Session},
    time::Timestamp,
};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Login, SignedIn, SignedInView, SwitchOrganization, idle_secs};
use crate::{
    api::document::Enveloped,
    app::{App, Deed, Origin, Work},
    auth::{Allow, permission::AnySession, throttle::Subjects},
    error::ApiError,
    http::{
        address::ClientAddress,
        body::{Body, OptionalBody},
        query::{NoParameters, Query},
        request_id::RequestId,
    },
};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// 256 bits and more.
const REFRESH_SYMBOLS: usize = 44;
const MAX_USER_AGENT: usize = 200;
const SECURE_COOKIE: &str = "__Host-mgmt_refresh";
const LOCAL_COOKIE: &str = "mgmt_refresh";

/// Where a sign-in comes from.
pub(in crate::api) struct Client {
    pub(in crate::api) address: ClientAddress,
    request_id: String,
    user_agent: Option<String>,
}

impl Client {
    pub(in crate::api) fn new(request: &HttpRequest, address: ClientAddress, id: &RequestId) -> Self {
        let agent = request.headers().get(USER_AGENT).and_then(|v| v.to_str().ok());
        let cut = |text: &str| text.chars().take(MAX_USER_AGENT).collect();
        Self { address, request_id: id.as_str().to_owned(), user_agent: agent.map(cut) }
    }

    fn session(&self, work: &mut Work<'_>, user: UserId, organization: OrganizationId, end: Timestamp) -> Session {
        Session {
            id: SessionId::new(work.now, &mut work.rng),
            user_id: user,
            organization_id: organization,
            created_at: work.now,
            last_used_at: work.now,
            expires_at: end,
            revoked_at: None,
            address: Some(self.address.0.to_string()),
            user_agent: self.user_agent.clone(),
        }
    }

    pub(in crate::api) fn origin(&self, actor: Actor, organization_id: OrganizationId) -> Origin {
        Origin { actor, organization_id, address: Some(self.address.0.to_string()), request_id: Some(self.request_id.clone()) }
    }
}

/// The one answer to every sign-in that fails.
fn wrong() -> ApiError {
    Error::new(Code::Unauthorized, "the e-mail address or the password is wrong").into()
}

/// Signs in. The refresh token comes in a cookie.
#[utoipa::path(post, path = "/api/auth/login", tag = "Sessions", operation_id = "login", security(()), request_body = Login,
    responses((status = 200, description = "Signed in", body = Enveloped<SignedInView>)))]
pub(crate) async fn login(
    app: Data<App>,
    query: Query<NoParameters>,
    body: Body<Login>,
    address: ClientAddress,
    id: RequestId,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let body = body.read().await?;
    let password = Zeroizing::new(body.password);
    let email = Email::parse("email", &body.email)?;
    let client = Client::new(&request, address, &id);
    let subjects = Subjects::new(&app, &email, address.0);
    let _turn = subjects.turn(&app).await?;
    let (known, check) = (email.clone(), subjects.clone());
    let (user, subjects) = app
        .read("login.find", move |work| {
            let user = work.tx.users().find_by_email(&known)?;
            let subjects = check.clone().recognised(work, user.as_ref().map(|u| u.id))?;
            subjects.check(work)?;
            Ok((user, subjects))
        })
        .await?;
    let stored = user.as_ref().and_then(|u| u.password_hash.clone());
    let right = app.passwords.verify(password, stored).await?;
    let Some(user) = user.filter(|_| right) else {
        app.run("login.fail", move |work| subjects.fail(work)).await?;
        return Err(wrong());
    };
    let started = app.run("login.start", move |work| {
        // The password may have been changed while it was checked: then it was the old one.
        work.tx.users().lock(user.id)?;
        let current = work.tx.users().find(user.id)?.ok_or_else(wrong)?;
        if current.password_hash != user.password_hash {
            return Err(wrong());
        }
        subjects.succeed(work)?;
        start(work, &current, &client, None)
    });
    let (person, token) = started.await?;
    answer(&app, person, &token)
}

/// Starts a session in the wanted organization, or in the person's first one.
pub(in crate::api) fn start(
    work: &mut Work<'_>,
    user: &User,
    client: &Client,
    wanted: Option<OrganizationId>,
) -> Result<(SignedIn, PlainSecret), ApiError> {
    let places = work.tx.memberships().list_of_user(user.id)?;
    for membership in places.into_iter().filter(|place| wanted.is_none_or(|id| id == place.organization_id)) {
        let end = work.now.plus_secs(work.app.config.security.session_absolute_seconds);
        let session = client.session(work, user.id, membership.organization_id, end);
        work.tx.sessions().insert(&session)?;
        let Some(person) = SignedIn::find(work, user.id, session.id, None)? else {
            work.tx.sessions().revoke(session.id, work.now)?;
            continue;
        };
        let token = issue_refresh_token(work, session.id)?;
        let origin = client.origin(Actor::User(user.id), membership.organization_id);
        work.audit(&origin, Deed { action: "session.started", target: session.id.to_string(), before: None, after: None })?;
        return Ok((person, token));
    }
    Err(ApiError::new(Code::Forbidden, "you belong to no organization that is active"))
}

/// Goes on in another organization that the person belongs to. Rights change with it, so the session gets a new id and new
/// tokens, and the former ones end.
#[utoipa::path(post, path = "/api/auth/switch", tag = "Sessions", operation_id = "switchOrganization", request_body = SwitchOrganization,
    responses((status = 200, description = "Switched", body = Enveloped<SignedInView>)))]
pub(crate) async fn switch(
    app: Data<App>,
    caller: Allow<AnySession>,
    query: Query<NoParameters>,
    body: Body<SwitchOrganization>,
    address: ClientAddress,
    id: RequestId,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let wanted = body.read().await?.organization_id;
    let (user, former) = caller.session()?;
    let client = Client::new(&request, address, &id);
    let switched = app.run("sessions.switch", move |work| {
        let before = SignedIn::find(work, user, former, Some(wanted))?.ok_or_else(Error::not_found)?;
        let next = client.session(work, user, wanted, before.session.expires_at);
        work.tx.sessions().insert(&next)?;
        let token = issue_refresh_token(work, next.id)?;
        if !work.tx.sessions().revoke(former, work.now)? {
            return Err(Error::unauthorized().into());
        }
        let origin = client.origin(Actor::User(user), wanted);
        work.audit(&origin, Deed { action: "session.switched", target: next.id.to_string(), before: None, after: None })?;
        work.invalidate_session(former);
        Ok((SignedIn { session: next, ..before }, token))
    });
    let (person, token) = switched.await?;
    answer(&app, person, &token)
}

fn issue_refresh_token(work: &mut Work<'_>, session_id: SessionId) -> Result<PlainSecret, ApiError> {
    let token = random_token(REFRESH_SYMBOLS, &mut work.rng);
    let stored = RefreshToken { hash: token_hash(token.expose()), session_id, issued_at: work.now, spent_at: None };
    work.tx.refresh_tokens().insert(&stored)?;
    Ok(token)
}

/// What presenting a refresh token led to.
enum Refreshed {
    Continued(Box<SignedIn>, PlainSecret),
    Refused,
}

/// Continues a session: spends the cookie's refresh token, and sends the next.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "Sessions", operation_id = "refresh", security(("refresh_cookie" = [])),
    responses((status = 200, description = "Continued", body = Enveloped<SignedInView>)))]
pub(crate) async fn refresh(
    app: Data<App>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
    address: ClientAddress,
    id: RequestId,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    refuse_other_sites(&app, &request)?;
    query.read()?;
    body.read().await?;
    let cookie = the_cookie(&request, cookie_name(&app))?;
    let hash = token_hash(cookie.value());
    let client = Client::new(&request, address, &id);
    let idle = idle_secs(&app);
    let refreshed = app.run("sessions.refresh", move |work| {
        let Some(token) = work.tx.refresh_tokens().find(&hash)? else { return Ok(Refreshed::Refused) };
        match token.judge(work.now) {
            Presented::Fresh => go_on(work, &token, idle),
            Presented::Race => Ok(Refreshed::Refused),
            Presented::Stolen => end_stolen(work, &token, &client),
        }
    });
    match refreshed.await? {
        Refreshed::Continued(person, token) => answer(&app, *person, &token),
        Refreshed::Refused => Err(Error::unauthorized().into()),
    }
}

/// The one refresh cookie. Two of the name, as a neighbour on a shared domain could set, are no credential.
fn the_cookie(request: &HttpRequest, name: &str) -> Result<Cookie<'static>, ApiError> {
    let cookies = request.cookies().map_err(|_| Error::unauthorized())?;
    let mut named = cookies.iter().filter(|c| c.name() == name);
    match (named.next(), named.next()) {
        (Some(cookie), None) => Ok(cookie.clone()),
        (None, _) => Err(ApiError::no_credential()),
        (Some(_), Some(_)) => Err(ApiError::ambiguous_credential("send one refresh cookie")),
    }
}

fn go_on(work: &mut Work<'_>, token: &RefreshToken, idle: u32) -> Result<Refreshed, ApiError> {
    let session = work.tx.sessions().find(token.session_id)?.filter(|s| s.is_live(idle, work.now));
    let Some(session) = session else { return Ok(Refreshed::Refused) };
    // Of parallel requests with one token exactly one gets past here.
    if !work.tx.refresh_tokens().spend(&token.hash, work.now)? {
        return Ok(Refreshed::Refused);
    }
    let Some(person) = SignedIn::find(work, session.user_id, session.id, None)? else { return Ok(Refreshed::Refused) };
    work.tx.sessions().refresh(session.id, person.organization.id, work.now)?;
    let next = issue_refresh_token(work, session.id)?;
    Ok(Refreshed::Continued(Box::new(person), next))
}

/// A token that was used before is in somebody else's hands, or its successor is: both lose the session.
fn end_stolen(work: &mut Work<'_>, token: &RefreshToken, client: &Client) -> Result<Refreshed, ApiError> {
    if let Some(session) = work.tx.sessions().find(token.session_id)?
        && work.tx.sessions().revoke(session.id, work.now)?
    {
        let origin = client.origin(Actor::User(session.user_id), session.organization_id);
        let action = "session.refresh_token_reused";
        work.audit(&origin, Deed { action, target: session.id.to_string(), before: None, after: None })?;
        work.invalidate_session(session.id);
    }
    Ok(Refreshed::Refused)
}

/// The cookie is the one credential that browsers send by themselves: only our own pages may use it.
fn refuse_other_sites(app: &App, request: &HttpRequest) -> Result<(), ApiError> {
    let text = |name: &HeaderName| request.headers().get(name).map(|v| v.to_str().unwrap_or("?"));
    let allowed = match (text(&FETCH_SITE), text(&ORIGIN)) {
        (Some(site), _) if site == "same-origin" || site == "none" => true,
        (_, Some(origin)) => {
            let own = app.config.server.public_url.trim_end_matches('/');
            origin == own || app.config.server.allowed_origins.iter().any(|o| o == origin)
        }
        (Some(_), None) => false,
        // No browser: those send one or the other with every POST.
        (None, None) => true,
    };
    if allowed { Ok(()) } else { Err(ApiError::new(Code::Forbidden, "the refresh cookie is for the dashboard's own pages only")) }
}

pub(in crate::api) fn answer(app: &App, person: SignedIn, token: &PlainSecret) -> Result<HttpResponse, ApiError> {
    let left = app.clock.now().wall.secs_until(person.session.expires_at);
    let age = Duration::seconds(i64::try_from(left).unwrap_or(i64::MAX));
    let cookie = cookie(app, token.expose().to_owned(), age);
    Ok(HttpResponse::Ok().cookie(cookie).json(json!({ "data": person.into_view(app)? })))
}

/// The cookie that takes the refresh token away again.
pub(super) fn cleared_cookie(app: &App) -> Cookie<'static> {
    cookie(app, String::new(), Duration::ZERO)
}

fn cookie(app: &App, value: String, age: Duration) -> Cookie<'static> {
    let name = cookie_name(app);
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .secure(name == SECURE_COOKIE)
        .same_site(SameSite::Strict)
        .max_age(age)
        .finish()
}

/// Browsers refuse the `__Host-` prefix without TLS, so plain http, which is for loopback only, does without.
fn cookie_name(app: &App) -> &'static str {
    if app.config.server.public_url.starts_with("https://") { SECURE_COOKIE } else { LOCAL_COOKIE }
}
