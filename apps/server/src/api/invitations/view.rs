//! Bodies of the invitation endpoints, and the letter.

use mgmt_core::{
    account::{Actor, Email},
    id::{InvitationId, UserId},
    invitation::Invitation,
    role::Role,
    secret::PlainSecret,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    app::{Work, mail::Letter},
    error::ApiError,
};

/// An acceptance. Who has an account already gives its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptInvitation {
    /// What they are called; only for new accounts.
    #[schema(max_length = 120)]
    pub(super) name: Option<String>,
    /// At least 15 characters.
    #[schema(min_length = 15)]
    pub(super) password: String,
}

/// What an invitation is about, for whoever has its link.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationOffer {
    #[schema(value_type = String)]
    pub(super) email: Email,
    #[schema(value_type = String)]
    pub(super) role: Role,
    /// The organization's name.
    pub(super) organization: String,
    #[schema(value_type = String, format = DateTime)]
    pub(super) expires_at: Timestamp,
}

/// An invitation.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct InvitationView {
    #[schema(value_type = String, example = "inv_019a3c5e7f0070008000000000000001")]
    id: InvitationId,
    /// Under which the person is listed until they accept.
    #[schema(value_type = String)]
    user_id: UserId,
    #[schema(value_type = String, example = "ana@example.com")]
    email: Email,
    name: Option<String>,
    #[schema(value_type = String, example = "member")]
    role: Role,
    /// `pending` or `expired`.
    status: &'static str,
    #[schema(value_type = String)]
    invited_by: Actor,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// An invitation with its link, for whoever may invite.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationCreated {
    #[serde(flatten)]
    invitation: InvitationView,
    /// The last part of the link.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// A page of invitations.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationList {
    data: Vec<InvitationView>,
    next_cursor: Option<String>,
}

impl InvitationView {
    pub(super) fn new(invitation: &Invitation, now: Timestamp) -> Self {
        Self {
            id: invitation.id,
            user_id: invitation.user_id(),
            email: invitation.email.clone(),
            name: invitation.name.clone(),
            role: invitation.role,
            status: if invitation.stands(now) { "pending" } else { "expired" },
            invited_by: invitation.invited_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }

    pub(super) fn to_json(&self) -> Result<Value, ApiError> {
        serde_json::to_value(self).map_err(ApiError::internal)
    }
}

/// An invitation that was made or renewed just now, with its link.
pub(crate) struct Invited {
    pub(crate) invitation: Invitation,
    organization: String,
    at: Timestamp,
    link: Option<Link>,
}

struct Link {
    token: PlainSecret,
    url: String,
}

impl Invited {
    pub(super) fn new(work: &mut Work<'_>, invitation: Invitation, token: PlainSecret) -> Result<Self, ApiError> {
        let organization = work.tx.organizations().find(invitation.organization_id)?.map(|o| o.name).unwrap_or_default();
        // In the fragment, which browsers send to nobody: no log and no `Referer` has it.
        let url = format!("{}/#/invitations/{}", work.app.config.server.public_url, token.expose());
        Ok(Self { invitation, organization, at: work.now, link: Some(Link { token, url }) })
    }

    /// As records may keep it.
    pub(crate) fn without_link(&self) -> Self {
        Self { invitation: self.invitation.clone(), organization: self.organization.clone(), at: self.at, link: None }
    }

    /// The invitation with its link, for the answer.
    pub(crate) fn view(&self) -> Result<Value, ApiError> {
        let created = InvitationCreated {
            invitation: InvitationView::new(&self.invitation, self.at),
            token: self.link.as_ref().map(|l| l.token.expose().to_owned()),
            url: self.link.as_ref().map(|l| l.url.clone()),
        };
        serde_json::to_value(created).map_err(ApiError::internal)
    }

    /// The mail to the person.
    pub(crate) fn letter(&self) -> Option<Letter> {
        let link = self.link.as_ref()?;
        let (organization, role) = (&self.organization, self.invitation.role.as_str());
        Some(Letter {
            to: self.invitation.email.clone(),
            subject: format!("Invitation to {organization}"),
            text: format!(
                "You are invited to join {organization} as {role}.\r\n\r\nOpen this link to accept:\r\n{}\r\n\r\n\
                 It works once, until {}. If you did not expect it, you need do nothing.\r\n",
                link.url, self.invitation.expires_at
            ),
        })
    }
}
