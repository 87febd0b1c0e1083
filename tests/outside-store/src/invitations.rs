//! People who were asked in, and links that set a new password.

use mgmt_core::{
    account::Email,
    id::{InvitationId, OrganizationId, UserId},
    invitation::{Invitation, PasswordReset},
    secret::SecretHash,
    time::Timestamp,
};
use mgmt_store::{Invitations, PasswordResets, Result};

use crate::{
    state::State,
    table::page,
    tx::{Fault, MemoryTx},
};

/// An address is invited into an organization once, and a text belongs to one invitation.
fn unique(s: &State, new: &Invitation) -> Result<(), Fault> {
    let same = |i: &Invitation| i.organization_id == new.organization_id && i.email == new.email;
    s.invitations.none(|i| i.id != new.id && (same(i) || i.hash.matches(&new.hash)), "invitation")
}

impl Invitations for MemoryTx {
    fn insert(&mut self, invitation: &Invitation) -> Result<()> {
        self.write(|s| {
            unique(s, invitation)?;
            s.invitations.insert(invitation.id, invitation.clone(), "invitation")?;
            s.organizations.refer(&invitation.organization_id)
        })
    }

    fn find(&mut self, organization: OrganizationId, id: InvitationId) -> Result<Option<Invitation>> {
        self.look(|s| s.invitations.get(&id).filter(|i| i.organization_id == organization).cloned())
    }

    fn find_by_email(&mut self, organization: OrganizationId, email: &Email) -> Result<Option<Invitation>> {
        self.look(|s| s.invitations.values().find(|i| i.organization_id == organization && i.email == *email).cloned())
    }

    fn find_by_hash(&mut self, hash: &SecretHash) -> Result<Option<Invitation>> {
        self.look(|s| s.invitations.values().find(|i| i.hash.matches(hash)).cloned())
    }

    fn list(&mut self, organization: OrganizationId, before: Option<InvitationId>, limit: i64) -> Result<Vec<Invitation>> {
        self.look(|s| page(s.invitations.newest(before).filter(|i| i.organization_id == organization), limit))
    }

    fn update(&mut self, invitation: &Invitation) -> Result<bool> {
        self.write(|s| {
            if !s.invitations.is(&invitation.id, |i| i.organization_id == invitation.organization_id) {
                return Ok(false);
            }
            unique(s, invitation)?;
            s.invitations.put(invitation.id, invitation.clone());
            Ok(true)
        })
    }

    fn delete(&mut self, organization: OrganizationId, id: InvitationId) -> Result<bool> {
        self.write(|s| Ok(s.invitations.remove(&id, |i| i.organization_id == organization)))
    }
}

impl PasswordResets for MemoryTx {
    fn replace(&mut self, reset: &PasswordReset) -> Result<()> {
        self.write(|s| {
            s.users.refer(&reset.user_id)?;
            s.password_resets.none(|r| r.user_id != reset.user_id && r.hash.matches(&reset.hash), "password reset")?;
            s.password_resets.put(reset.user_id, reset.clone());
            Ok(())
        })
    }

    fn find_by_hash(&mut self, hash: &SecretHash) -> Result<Option<PasswordReset>> {
        self.look(|s| s.password_resets.values().find(|r| r.hash.matches(hash)).cloned())
    }

    fn delete(&mut self, user: UserId) -> Result<bool> {
        self.write(|s| Ok(s.password_resets.remove(&user, |_| true)))
    }

    fn delete_expired(&mut self, now: Timestamp) -> Result<usize> {
        self.write(|s| Ok(s.password_resets.remove_all(|r| r.expires_at <= now)))
    }
}
