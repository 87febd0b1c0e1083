//! What somebody can do to members, from what they hold at this moment.

use mgmt_core::{
    account::{Actor, OrganizationState},
    error::Error,
    id::{OrganizationId, UserId},
    key::KeyStatus,
    key_text::KeyKind,
    member::Reach,
    role::Role,
};

use crate::{app::Work, error::ApiError};

/// What somebody can do to an organization's members now; `None` when they have no place there any more.
///
/// # Errors
/// When the database is away.
pub(crate) fn reach(work: &mut Work<'_>, actor: Actor, organization: OrganizationId) -> Result<Option<Reach>, ApiError> {
    match actor {
        Actor::System => Ok(Some(Reach::operator())),
        Actor::User(user) => Ok(role_over(work, user, organization)?.map(Reach::member)),
        Actor::Key(id) => {
            let Some(key) = work.tx.keys().find_any(id)? else { return Ok(None) };
            let operates = || ApiError::from(Error::unauthorized());
            let home = work.tx.organizations().find(key.organization_id)?.ok_or_else(operates)?;
            let reaches = key.organization_id == organization || home.is_operator;
            let works = key.status(work.now) == KeyStatus::Active && home.state == OrganizationState::Active;
            if !reaches || !works || key.kind != KeyKind::Management {
                return Ok(None);
            }
            let maker = match key.created_by {
                Actor::System => Some(Role::Owner),
                Actor::User(user) => work.tx.memberships().find(home.id, user)?.map(|m| m.role),
                Actor::Key(_) => None,
            };
            Ok(Some(Reach::key(key.settings.scopes, maker)))
        }
    }
}

/// A person's role in an organization, or in the operator's, which acts for all others.
fn role_over(work: &mut Work<'_>, user: UserId, organization: OrganizationId) -> Result<Option<Role>, ApiError> {
    if let Some(place) = work.tx.memberships().find(organization, user)? {
        return Ok(Some(place.role));
    }
    let Some(operator) = work.tx.organizations().find_operator()? else { return Ok(None) };
    Ok(work.tx.memberships().find(operator.id, user)?.map(|m| m.role))
}
