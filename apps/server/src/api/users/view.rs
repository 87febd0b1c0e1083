//! Bodies of the user endpoints.

use mgmt_core::{
    account::{Email, Membership, User},
    id::UserId,
    invitation::Invitation,
    key_draft::Change,
    role::Role,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Person;
use crate::{error::ApiError, http::precondition::EntityTag};

/// A member with their place.
pub(crate) struct MemberFacts {
    pub(crate) user: User,
    pub(crate) place: Membership,
}

/// Which page of a list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// 1 to 100; 20 when left out.
    pub(crate) limit: Option<i64>,
    /// From `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// Somebody to be invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateUser {
    #[schema(example = "ana@example.com")]
    pub(crate) email: String,
    /// What they are called.
    #[schema(max_length = 120)]
    pub(crate) name: Option<String>,
    /// `owner`, `admin`, `developer`, `member` or `viewer`.
    #[schema(example = "member", pattern = "^(owner|admin|developer|member|viewer)$")]
    pub(crate) role: String,
}

/// A change of a user: what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateUser {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) email: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 120)]
    pub(super) name: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(owner|admin|developer|member|viewer)$")]
    pub(super) role: Change<String>,
}

/// A user of the organization.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PersonView {
    #[schema(value_type = String, example = "usr_019a3c5e7f0070008000000000000001")]
    pub(super) id: UserId,
    #[schema(value_type = String, example = "ana@example.com")]
    email: Email,
    name: String,
    #[schema(value_type = String, example = "member")]
    role: Role,
    /// `active`, or `invited` until the invitation is accepted.
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A page of users.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserList {
    data: Vec<PersonView>,
    next_cursor: Option<String>,
}

impl PersonView {
    pub(crate) fn member(user: &User, place: &Membership) -> Self {
        Self {
            id: user.id,
            email: user.email.clone(),
            name: user.name.clone(),
            role: place.role,
            status: "active",
            created_at: place.created_at,
            updated_at: user.updated_at.max(place.created_at),
        }
    }

    pub(crate) fn invited(invitation: &Invitation) -> Self {
        let before_at = invitation.email.as_str().split('@').next().unwrap_or_default();
        Self {
            id: invitation.user_id(),
            email: invitation.email.clone(),
            name: invitation.name.clone().unwrap_or_else(|| before_at.to_owned()),
            role: invitation.role,
            status: "invited",
            created_at: invitation.created_at,
            updated_at: invitation.updated_at,
        }
    }

    pub(super) fn of(person: &Person) -> Self {
        match person {
            Person::Member(facts) => Self::member(&facts.user, &facts.place),
            Person::Invited(invitation) => Self::invited(invitation),
        }
    }

    pub(crate) fn to_json(&self) -> Result<Value, ApiError> {
        serde_json::to_value(self).map_err(ApiError::internal)
    }

    pub(super) fn tag(&self) -> EntityTag {
        EntityTag::of_bytes(format!("{self:?} {}", self.email.as_str()).as_bytes())
    }
}
