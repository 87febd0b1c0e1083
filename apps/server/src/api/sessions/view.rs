//! Bodies of the session endpoints.

use mgmt_core::{
    account::{Email, Membership, Organization, OrganizationState, Plan, User},
    id::{OrganizationId, SessionId, UserId},
    key_text::random_token,
    limit::RateLimit,
    role::Role,
    session::Session,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::keys::RateLimitBody,
    app::{App, Work, setup::plan_limits},
    auth::token,
    error::ApiError,
};

/// A sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    #[schema(example = "ana@example.com")]
    pub(super) email: String,
    pub(super) password: String,
}

/// A change of organization.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwitchOrganization {
    #[schema(value_type = String)]
    pub(super) organization_id: OrganizationId,
}

/// A change of password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    pub(super) current_password: String,
    /// At least 15 characters.
    #[schema(min_length = 15)]
    pub(super) new_password: String,
}

/// A person, as they see themselves.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserView {
    #[schema(value_type = String)]
    id: UserId,
    #[schema(value_type = String)]
    email: Email,
    name: String,
}

/// An organization, as its members see it from the outside.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrganizationBrief {
    #[schema(value_type = String)]
    id: OrganizationId,
    name: String,
    slug: String,
    #[schema(value_type = String)]
    plan: Plan,
    /// Whether it is the operator's, which may act for all others.
    is_operator: bool,
}

impl From<&Organization> for OrganizationBrief {
    fn from(organization: &Organization) -> Self {
        Self {
            id: organization.id,
            name: organization.name.clone(),
            slug: organization.slug.clone(),
            plan: organization.plan,
            is_operator: organization.is_operator,
        }
    }
}

/// A session that was started or continued. The refresh token is in a cookie.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedInView {
    /// To be sent as `Authorization: Bearer`.
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token ends.
    expires_in: i64,
    user: UserView,
    organization: OrganizationBrief,
    #[schema(value_type = String)]
    role: Role,
}

/// The organization that a session is in, with what it may use.
#[derive(Serialize, ToSchema)]
pub(crate) struct CurrentOrganization {
    #[serde(flatten)]
    organization: OrganizationBrief,
    limits: OrganizationLimits,
}

/// What an organization may use by its plan and the server's settings.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrganizationLimits {
    /// The plan's limit, which holds for management traffic and for resource traffic each. `null` = unlimited.
    #[schema(value_type = Option<RateLimitBody>)]
    rate_limit: Option<RateLimit>,
    /// Active and suspended keys of each kind.
    #[schema(example = 5)]
    max_active_keys: u32,
    /// Seconds after its making in which a key can be shown again. 0 = never.
    #[schema(example = 900)]
    reveal_window_seconds: i64,
}

impl OrganizationLimits {
    fn of(app: &App, plan: Plan) -> Self {
        Self {
            rate_limit: plan_limits(&app.config).of(plan),
            max_active_keys: app.config.keys.max_active,
            reveal_window_seconds: app.config.security.reveal_window_seconds,
        }
    }
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct MeView {
    user: UserView,
    organization: CurrentOrganization,
    #[schema(value_type = String)]
    role: Role,
    /// The management permissions of the role.
    permissions: Vec<String>,
    /// Every organization that the person belongs to.
    organizations: Vec<MembershipView>,
    session: SessionView,
}

/// A person's place in an organization.
#[derive(Serialize, ToSchema)]
pub(crate) struct MembershipView {
    #[serde(flatten)]
    organization: OrganizationBrief,
    #[schema(value_type = String)]
    role: Role,
}

impl MeView {
    pub(super) fn new(work: &mut Work<'_>, person: SignedIn) -> Result<Self, ApiError> {
        let mut organizations = Vec::new();
        for membership in work.tx.memberships().list_of_user(person.user.id)? {
            if let Some(organization) = work.tx.organizations().find(membership.organization_id)? {
                organizations.push(MembershipView { organization: (&organization).into(), role: membership.role });
            }
        }
        let current = person.session.id;
        let limits = OrganizationLimits::of(work.app, person.organization.plan);
        Ok(Self {
            user: person.user_view(),
            organization: CurrentOrganization { organization: (&person.organization).into(), limits },
            role: person.role,
            permissions: person.role.permissions().iter().map(ToString::to_string).collect(),
            organizations,
            session: SessionView::new(person.session, current),
        })
    }
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionView {
    #[schema(value_type = String)]
    id: SessionId,
    #[schema(value_type = String)]
    organization_id: OrganizationId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    address: Option<String>,
    user_agent: Option<String>,
    /// Whether it is the one that asks.
    current: bool,
}

impl SessionView {
    pub(super) fn new(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id,
            organization_id: session.organization_id,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            address: session.address,
            user_agent: session.user_agent,
            current: session.id == current,
        }
    }
}

/// A person in a session in an organization, with the role they have there now.
pub(crate) struct SignedIn {
    pub(super) user: User,
    pub(super) session: Session,
    pub(super) organization: Organization,
    pub(super) role: Role,
}

impl SignedIn {
    /// The person of a session, in an organization or in the one the session is in. `None` when they are no member there, or the
    /// organization is suspended.
    pub(super) fn find(
        work: &mut Work<'_>,
        user: UserId,
        session: SessionId,
        organization: Option<OrganizationId>,
    ) -> Result<Option<Self>, ApiError> {
        let (Some(user), Some(session)) = (work.tx.users().find(user)?, work.tx.sessions().find(session)?) else {
            return Ok(None);
        };
        let wanted = organization.unwrap_or(session.organization_id);
        let Some(Membership { role, .. }) = work.tx.memberships().find(wanted, user.id)? else { return Ok(None) };
        let organization = work.tx.organizations().find(wanted)?.filter(|o| o.state == OrganizationState::Active);
        Ok(organization.map(|organization| Self { user, session, organization, role }))
    }

    fn user_view(&self) -> UserView {
        UserView { id: self.user.id, email: self.user.email.clone(), name: self.user.name.clone() }
    }

    /// The answer, with a new access token.
    pub(super) fn into_view(self, app: &App) -> Result<SignedInView, ApiError> {
        let lifetime = app.config.security.access_token_seconds;
        let ids = (self.user.id, self.session.id, self.organization.id);
        let jti = random_token(22, &mut rand_core::UnwrapErr(getrandom::SysRng)).expose().to_owned();
        let token = token::issue(&app.keyring.session, ids, app.clock.now().wall, lifetime, jti);
        Ok(SignedInView {
            access_token: token.ok_or_else(|| ApiError::internal("an access token could not be signed"))?,
            token_type: "Bearer",
            expires_in: lifetime,
            user: self.user_view(),
            organization: (&self.organization).into(),
            role: self.role,
        })
    }
}

/// A person's sessions.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionList {
    data: Vec<SessionView>,
    next_cursor: Option<String>,
}
