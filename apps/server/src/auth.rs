//! Who calls, and whether they may: `caller: Allow<ApiKeysWrite>` in a handler's signature.

pub(crate) mod password;
pub(crate) mod permission;
mod reach;
mod refusal;
pub(crate) mod resource;
pub(crate) mod throttle;
pub(crate) mod token;

use std::{marker::PhantomData, net::IpAddr, ops::Deref, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::HeaderName, web::Data};
use futures_util::future::LocalBoxFuture;
use mgmt_actix::{
    credential::{self, Credential, Scheme},
    rate_limit_fields, single_limit_fields,
};
use mgmt_core::{
    access::Question,
    account::{Actor, OrganizationState},
    error::{Code, Error},
    grant::Grantor,
    id::{OrganizationId, SessionId, UserId},
    key_text::KeyKind,
    member::Reach,
    role::Role,
    scope::{ScopeMask, ScopeSet},
    usage::Surface,
};
use mgmt_gate::{Check, KeyRecord, Request, Traffic};

use crate::{
    app::{App, Origin, Work},
    error::ApiError,
    http::{address::ClientAddress, arrival::moment, request_id::RequestId},
};
use permission::{Doors, Permission};
pub(crate) use reach::reach;
pub(crate) use refusal::{LimitFields, Noted, note, note_principal, refuse, refuse_credential, refused};

/// The field by which the operator acts for another organization.
pub(crate) const ACT_FOR: HeaderName = HeaderName::from_static("x-organization-id");

/// Who calls.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The organization that is acted upon: the caller's own, or the one the operator names.
    pub(crate) organization_id: OrganizationId,
    /// The caller's own.
    pub(crate) home: OrganizationId,
    /// Whether that is the operator's.
    pub(crate) is_operator: bool,
    /// Session or key.
    pub(crate) principal: Principal,
    address: IpAddr,
    request_id: RequestId,
}

/// A session or a key.
#[derive(Clone, Debug)]
pub(crate) enum Principal {
    /// A person.
    Session { user: UserId, session: SessionId, role: Role },
    /// A management key.
    Key(Arc<KeyRecord>),
}

impl Caller {
    /// As records name them.
    pub(crate) fn actor(&self) -> Actor {
        match &self.principal {
            Principal::Session { user, .. } => Actor::User(*user),
            Principal::Key(record) => Actor::Key(record.id()),
        }
    }

    /// For the audit log.
    pub(crate) fn origin(&self) -> Origin {
        Origin {
            actor: self.actor(),
            organization_id: self.organization_id,
            address: Some(self.address.to_string()),
            request_id: Some(self.request_id.as_str().to_owned()),
        }
    }

    /// What they may hand out.
    ///
    /// # Errors
    /// 500 when a key record lacks its key, which the gate keeps for every management key.
    pub(crate) fn grantor(&self) -> Result<Grantor<'_>, ApiError> {
        match &self.principal {
            Principal::Session { role, .. } => Ok(Grantor::Member(*role)),
            Principal::Key(record) => {
                let key = record.key().ok_or_else(|| ApiError::internal("a management key's record lacks the key"))?;
                Ok(Grantor::Key(key))
            }
        }
    }

    /// What they can do to members, from what they hold at this moment.
    ///
    /// # Errors
    /// 401 when they have lost their place or their key meanwhile.
    pub(crate) fn reach(&self, work: &mut Work<'_>) -> Result<Reach, ApiError> {
        self.reach_over(work, self.organization_id)
    }

    /// [`reach`](Self::reach) in an organization that is not necessarily the one acted upon.
    ///
    /// # Errors
    /// As [`reach`](Self::reach).
    pub(crate) fn reach_over(&self, work: &mut Work<'_>, organization: OrganizationId) -> Result<Reach, ApiError> {
        Ok(reach(work, self.actor(), organization)?.ok_or_else(Error::unauthorized)?)
    }

    /// Whether they own the organization that they act upon. The operator's owner owns no other.
    pub(crate) fn is_owner(&self) -> bool {
        self.organization_id == self.home && matches!(self.principal, Principal::Session { role: Role::Owner, .. })
    }

    /// Whether they may act for another organization: the operator's keys, owners and admins.
    fn may_act_for_others(&self) -> bool {
        let trusted = match &self.principal {
            Principal::Session { role, .. } => matches!(role, Role::Owner | Role::Admin),
            Principal::Key(_) => true,
        };
        self.is_operator && trusted
    }

    /// Whether they hold a permission, beside the one that their request demands.
    pub(crate) fn holds(&self, app: &App, permission: &str) -> bool {
        match &self.principal {
            Principal::Session { role, .. } => role.permissions().covers(&ScopeSet::from_text(permission)),
            Principal::Key(record) => record.granted().covers(app.permission(permission)),
        }
    }

    /// Refuses everybody but the operator, whatever they ask for.
    ///
    /// # Errors
    /// 403.
    pub(crate) fn demand_operator(&self) -> Result<(), ApiError> {
        if self.is_operator { Ok(()) } else { Err(ApiError::new(Code::Forbidden, "only the operator may do this")) }
    }

    /// The person and the session.
    ///
    /// # Errors
    /// 401 for keys.
    pub(crate) fn session(&self) -> Result<(UserId, SessionId), ApiError> {
        match self.principal {
            Principal::Session { user, session, .. } => Ok((user, session)),
            Principal::Key(_) => Err(Error::unauthorized().into()),
        }
    }
}

/// A caller who holds the permission.
pub(crate) struct Allow<P> {
    caller: Caller,
    permission: PhantomData<P>,
}

impl<P> Allow<P> {
    /// The caller alone.
    pub(crate) fn into_caller(self) -> Caller {
        self.caller
    }
}

impl<P> Deref for Allow<P> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<P: Permission> FromRequest for Allow<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = authenticate::<P>(&request).await?;
            Ok(Self { caller, permission: PhantomData })
        })
    }
}

/// What every route needs of a request before it knows the caller.
struct Arrival {
    app: Data<App>,
    address: IpAddr,
    request_id: RequestId,
}

async fn authenticate<P: Permission>(request: &HttpRequest) -> Result<Caller, ApiError> {
    let app = request.app_data::<Data<App>>().cloned().ok_or_else(|| ApiError::internal("the application lacks its data"))?;
    let arrival = Arrival {
        app,
        address: ClientAddress::extract(request).await.map_err(ApiError::internal)?.0,
        request_id: RequestId::extract(request).await.map_err(ApiError::internal)?,
    };
    let credential = credential::find(request.headers(), false).map_err(refuse_credential)?;
    // Verification is on no surface of sessions.
    let sessions_only = P::DOORS == Doors::Session || (P::DOORS != Doors::Verification && is_session_surface(request));
    let caller = match credential {
        Credential::Token(Scheme::Bearer, text) if text.contains('.') => {
            if P::DOORS == Doors::Verification {
                return Err(Error::unauthorized().into());
            }
            by_session::<P>(request, &arrival, text).await?
        }
        _ if sessions_only => return Err(Error::unauthorized().into()),
        Credential::Token(Scheme::Bearer, text) => by_key::<P>(request, &arrival, text).await?,
        Credential::Management { id, token } => {
            let same = arrival.app.format.parse(token).is_some_and(|k| k.id().to_string() == id);
            if !same {
                return Err(Error::unauthorized().into());
            }
            by_key::<P>(request, &arrival, token).await?
        }
        Credential::Token(..) | Credential::App { .. } => return Err(Error::unauthorized().into()),
    };
    let (home, may) = (caller.home, caller.may_act_for_others());
    let wanted = act_for(request, &arrival.app, home, may).await?;
    // A session is its person's own affair, also the operator's.
    Ok(if P::DOORS == Doors::Session { caller } else { Caller { organization_id: wanted, ..caller } })
}

/// Whether the request goes to `/api`. By the route that was matched: the path itself has other spellings.
pub(crate) fn is_session_surface(request: &HttpRequest) -> bool {
    request.match_pattern().is_none_or(|route| route.starts_with("/api/"))
}

/// The text of the API key that a request carries: in `Authorization`, in `X-API-Key` where that is read, or as a project's key in
/// `X-App-Token`, whose id must be that of `X-App-Id`.
pub(crate) fn api_key_text<'a>(app: &App, request: &'a HttpRequest, field: bool) -> Result<&'a str, ApiError> {
    match credential::find(request.headers(), field).map_err(refuse_credential)? {
        Credential::Token(_, text) => Ok(text),
        Credential::App { id, token } if app.format.parse(token).is_some_and(|k| k.id().to_string() == id) => Ok(token),
        Credential::App { .. } | Credential::Management { .. } => Err(Error::unauthorized().into()),
    }
}

/// What the gate is asked about a management key; `own` when the request is about that key.
pub(crate) fn question<P: Permission>(app: &App, own: bool, address: IpAddr) -> Request<'static> {
    Request {
        kind: KeyKind::Management,
        question: Question {
            all_of: if own { ScopeMask::NONE } else { app.permission(P::NAME) },
            address: Some(address),
            ..Question::default()
        },
        traffic: if P::DOORS == Doors::Verification { Traffic::Exempt } else { Traffic::Management },
        surface: Surface::Management,
        cost: 1,
        within: None,
    }
}

async fn by_key<P: Permission>(request: &HttpRequest, arrival: &Arrival, text: &str) -> Result<Caller, ApiError> {
    let app = &arrival.app;
    let own = P::OWN && app.format.parse(text).is_some_and(|k| request.match_info().get("id") == Some(&k.id().to_string()));
    let asked = question::<P>(app, own, arrival.address);
    let answer = app.admitter.admit_at(text, &asked, moment(request)).await.map_err(ApiError::unavailable)?;
    let admission = match answer {
        Check::Accepted(admission) => admission,
        Check::Refused(refusal) => return Err(refuse(request, refusal, P::NAME)),
        Check::Pending(_) | Check::Unleased => return Err(ApiError::internal("the gate did not answer")),
    };
    note(request, admission.record.id(), LimitFields(rate_limit_fields(&admission.standings)));
    let home = admission.record.organization_id();
    Ok(Caller {
        organization_id: home,
        home,
        is_operator: admission.record.is_operator(),
        principal: Principal::Key(admission.record),
        address: arrival.address,
        request_id: arrival.request_id.clone(),
    })
}

async fn by_session<P: Permission>(request: &HttpRequest, arrival: &Arrival, text: &str) -> Result<Caller, ApiError> {
    let permission = P::NAME;
    let app = &arrival.app;
    let now = app.clock.now();
    let lifetime = app.config.security.access_token_seconds;
    let claims = token::read(&app.keyring.session, text, now.wall, lifetime).ok_or_else(Error::unauthorized)?;
    let (role, is_operator) = live_role(app, claims.sub, claims.sid, claims.org).await?;
    let own = P::OWN && request.match_info().get("id") == Some(&claims.sub.to_string());
    if !own && !role.permissions().covers(&ScopeSet::from_text(permission)) {
        note(request, claims.sub, LimitFields::default());
        let message = format!("the role `{}` does not include `{permission}`", role.as_str());
        return Err(Error::new(Code::Forbidden, message).into());
    }
    let admitted = match app.session_limit {
        Some(limit) => app.admitter.admit_session(claims.sid, limit).await.map(Some),
        None => Ok(None),
    };
    let fields = match &admitted {
        Ok(standing) => standing.map(|s| single_limit_fields("session", s)).unwrap_or_default(),
        Err((_, standing)) => single_limit_fields("session", *standing),
    };
    note(request, claims.sub, LimitFields(fields));
    if let Err((after, _)) = admitted {
        let message = "too many requests in this session: wait for `Retry-After` seconds";
        return Err(Error::new(Code::RateLimited, message).with_retry_after(after).into());
    }
    Ok(Caller {
        organization_id: claims.org,
        home: claims.org,
        is_operator,
        principal: Principal::Session { user: claims.sub, session: claims.sid, role },
        address: arrival.address,
        request_id: arrival.request_id.clone(),
    })
}

/// The role that a session has now: rights are looked up for each request, never taken from the token.
async fn live_role(app: &App, user: UserId, session: SessionId, org: OrganizationId) -> Result<(Role, bool), ApiError> {
    let idle = u32::try_from(app.config.security.session_idle_seconds).unwrap_or(u32::MAX);
    let found = app.read("auth.session", move |work| {
        let Some(stored) = work.tx.sessions().find(session)? else { return Ok(None) };
        if stored.user_id != user || !stored.is_live(idle, work.now) {
            return Ok(None);
        }
        let Some(membership) = work.tx.memberships().find(org, user)? else { return Ok(None) };
        let organization = work.tx.organizations().find(org)?.filter(|o| o.state == OrganizationState::Active);
        Ok(organization.map(|o| (membership.role, o.is_operator)))
    });
    Ok(found.await?.ok_or_else(Error::unauthorized)?)
}

/// The organization that a request acts upon: the caller's home, or the one that the operator names.
async fn act_for(request: &HttpRequest, app: &App, home: OrganizationId, may: bool) -> Result<OrganizationId, ApiError> {
    let mut values = request.headers().get_all(ACT_FOR);
    let Some(value) = values.next() else { return Ok(home) };
    if values.next().is_some() {
        return Err(Error::invalid("X-Organization-Id", "must be sent once").into());
    }
    let wanted: Option<OrganizationId> = value.to_str().ok().and_then(|t| t.trim().parse().ok());
    if wanted == Some(home) {
        return Ok(home);
    }
    if !may {
        return Err(ApiError::new(Code::Forbidden, "only the operator may act for another organization"));
    }
    let wanted = wanted.ok_or_else(Error::not_found)?;
    let exists = app.read("auth.act_for", move |work| Ok(work.tx.organizations().find(wanted)?.is_some())).await?;
    if exists { Ok(wanted) } else { Err(Error::not_found().into()) }
}
