//! Sessions and their refresh tokens.

use mgmt_core::{
    id::{OrganizationId, SessionId, UserId},
    secret::SecretHash,
    session::{RefreshToken, Session},
    time::Timestamp,
};
use mgmt_store::{RefreshTokens, Result, Sessions};

use crate::tx::MemoryTx;

fn is_open(session: &Session) -> bool {
    session.revoked_at.is_none()
}

impl Sessions for MemoryTx {
    fn insert(&mut self, session: &Session) -> Result<()> {
        self.write(|s| {
            s.sessions.insert(session.id, session.clone(), "session")?;
            s.users.refer(&session.user_id)?;
            s.organizations.refer(&session.organization_id)
        })
    }

    fn find(&mut self, id: SessionId) -> Result<Option<Session>> {
        self.look(|s| s.sessions.get(&id).cloned())
    }

    fn list_open(&mut self, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
        let stands = |x: &&Session| x.user_id == user && is_open(x) && x.expires_at > now;
        self.look(|s| s.sessions.newest(None).filter(stands).cloned().collect())
    }

    fn refresh(&mut self, id: SessionId, organization: OrganizationId, at: Timestamp) -> Result<bool> {
        self.write(|s| {
            let used = |x: &mut Session| (x.last_used_at, x.organization_id) = (at, organization);
            let done = s.sessions.change(&id, is_open, used);
            if done {
                s.organizations.refer(&organization)?;
            }
            Ok(done)
        })
    }

    fn revoke(&mut self, id: SessionId, at: Timestamp) -> Result<bool> {
        self.write(|s| Ok(s.sessions.change(&id, is_open, |x| x.revoked_at = Some(at))))
    }

    fn revoke_of_user(&mut self, user: UserId, except: Option<SessionId>, at: Timestamp) -> Result<usize> {
        let ends = |x: &Session| x.user_id == user && is_open(x) && Some(x.id) != except;
        self.write(|s| Ok(s.sessions.change_all(ends, |x| x.revoked_at = Some(at))))
    }

    fn delete_ended(&mut self, before: Timestamp) -> Result<usize> {
        let ended = |x: &Session| x.expires_at < before || x.revoked_at.is_some_and(|at| at < before);
        self.write(|s| {
            let gone = s.sessions.remove_all(ended);
            let sessions = s.sessions.clone();
            s.refresh_tokens.remove_all(|token| !sessions.has(&token.session_id));
            Ok(gone)
        })
    }
}

impl RefreshTokens for MemoryTx {
    fn insert(&mut self, token: &RefreshToken) -> Result<()> {
        self.write(|s| {
            s.refresh_tokens.insert(token.hash.to_bytes(), token.clone(), "refresh token")?;
            s.sessions.refer(&token.session_id)
        })
    }

    fn find(&mut self, hash: &SecretHash) -> Result<Option<RefreshToken>> {
        self.look(|s| s.refresh_tokens.get(&hash.to_bytes()).cloned())
    }

    fn spend(&mut self, hash: &SecretHash, at: Timestamp) -> Result<bool> {
        let fresh = |token: &RefreshToken| token.spent_at.is_none();
        self.write(|s| Ok(s.refresh_tokens.change(&hash.to_bytes(), fresh, |token| token.spent_at = Some(at))))
    }
}
