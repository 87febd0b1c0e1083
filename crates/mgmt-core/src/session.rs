//! Signed-in sessions and their refresh tokens.

use crate::{
    id::{OrganizationId, SessionId, UserId},
    secret::SecretHash,
    time::Timestamp,
};

/// Two refreshes with one token this close together are a race of one client, not a theft.
pub const RACE_MILLIS: i64 = 10_000;

/// A signed-in session. It ends when it is revoked, was idle too long, or reaches its absolute end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The organization it acts in.
    pub organization_id: OrganizationId,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub revoked_at: Option<Timestamp>,
    /// The client's address at sign-in.
    pub address: Option<String>,
    /// The client's own name for itself at sign-in.
    pub user_agent: Option<String>,
}

impl Session {
    /// Whether the session stands at `now`, given how long it may be idle.
    #[must_use]
    pub fn is_live(&self, idle_secs: u32, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at && now < self.last_used_at.plus_secs(idle_secs.into())
    }
}

/// A refresh token: found by the hash of its text, good for one use.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// The hash of its text.
    pub hash: SecretHash,
    /// The session it continues.
    pub session_id: SessionId,
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it was used.
    pub spent_at: Option<Timestamp>,
}

/// What presenting a refresh token means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// It was not used yet.
    Fresh,
    /// It was used a moment ago: refuse, but leave the session.
    Race,
    /// It was used before: somebody else has it. End the session.
    Stolen,
}

impl RefreshToken {
    /// Judges a token that is presented at `now`.
    #[must_use]
    pub fn judge(&self, now: Timestamp) -> Presented {
        match self.spent_at {
            None => Presented::Fresh,
            Some(at) if now < at.plus_millis(RACE_MILLIS) => Presented::Race,
            Some(_) => Presented::Stolen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::token_hash;

    #[test]
    fn sessions_end_by_idleness_age_and_revocation() {
        let at = Timestamp::from_millis;
        let session = Session {
            id: SessionId::from_u128(1),
            user_id: UserId::from_u128(1),
            organization_id: OrganizationId::from_u128(1),
            created_at: at(0),
            last_used_at: at(0),
            expires_at: at(100_000),
            revoked_at: None,
            address: None,
            user_agent: None,
        };
        assert!(session.is_live(60, at(59_999)) && !session.is_live(60, at(60_000)));
        assert!(!session.is_live(1000, at(100_000)));
        assert!(!Session { revoked_at: Some(at(1)), ..session }.is_live(60, at(2)));
    }

    #[test]
    fn reuse_is_theft_unless_it_is_a_race() {
        let at = Timestamp::from_millis;
        let token =
            RefreshToken { hash: token_hash("t"), session_id: SessionId::from_u128(1), issued_at: at(0), spent_at: Some(at(5)) };
        assert_eq!(token.judge(at(6)), Presented::Race);
        assert_eq!(token.judge(at(10_004)), Presented::Race);
        assert_eq!(token.judge(at(10_005)), Presented::Stolen);
        assert_eq!(RefreshToken { spent_at: None, ..token }.judge(at(99_999)), Presented::Fresh);
    }
}
