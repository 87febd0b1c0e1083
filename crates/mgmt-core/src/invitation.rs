//! Invitations into organizations, and links that set a forgotten password: both are found by the hash of a text that is mailed.

use crate::{
    account::{Actor, Email},
    id::{InvitationId, OrganizationId, UserId},
    role::Role,
    secret::SecretHash,
    time::Timestamp,
};

/// How long an invitation stands: seven days.
pub const INVITATION_SECS: i64 = 7 * 24 * 3600;
/// How long a link for a new password stands: half an hour.
pub const RESET_SECS: i64 = 30 * 60;
/// Base62 symbols of a mailed token: 190 bits and more.
pub const TOKEN_SYMBOLS: usize = 32;

/// An invitation that was neither accepted nor withdrawn. It is for one address, one organization and one role.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Into which organization.
    pub organization_id: OrganizationId,
    /// For whom.
    pub email: Email,
    /// What they are called, if the inviter said so.
    pub name: Option<String>,
    /// As what.
    pub role: Role,
    /// Who invites. Their rights are judged again when it is accepted.
    pub invited_by: Actor,
    /// The hash of the mailed text.
    pub hash: SecretHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed or was sent again.
    pub updated_at: Timestamp,
    /// The first moment at which it has expired.
    pub expires_at: Timestamp,
}

impl Invitation {
    /// Whether it can be accepted at `now`.
    #[must_use]
    pub fn stands(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// The id that the person gets if nobody has the address yet, and is listed under until then. It tells nothing about whether
    /// somebody has.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        UserId::from_u128(self.id.as_u128())
    }
}

/// The right to set a new password once.
#[derive(Clone, Debug)]
pub struct PasswordReset {
    /// Whose password.
    pub user_id: UserId,
    /// The hash of the mailed text.
    pub hash: SecretHash,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// The first moment at which it has expired.
    pub expires_at: Timestamp,
}
