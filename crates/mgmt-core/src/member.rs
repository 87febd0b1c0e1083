//! Who may bring people in, change what they are, and let them go.

use crate::{
    error::{Code, Error, Result},
    role::Role,
    scope::ScopeSet,
};

/// What somebody can do to members, from what they hold now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    permissions: ScopeSet,
    owners: bool,
}

impl Reach {
    /// The operator on the command line.
    #[must_use]
    pub fn operator() -> Self {
        Self::member(Role::Owner)
    }

    /// A member.
    #[must_use]
    pub fn member(role: Role) -> Self {
        Self { permissions: role.permissions(), owners: role.may_grant(Role::Owner) }
    }

    /// A management key. Whoever made it lends it their hand for owners, as long as they are one themselves: an admin must not
    /// become an owner by way of a key.
    #[must_use]
    pub fn key(permissions: ScopeSet, maker: Option<Role>) -> Self {
        let owners = permissions.covers(&ScopeSet::all()) && maker.is_some_and(|role| role.may_grant(Role::Owner));
        Self { permissions, owners }
    }

    /// Whether members may be brought in, changed and let go at all.
    #[must_use]
    pub fn manages(&self) -> bool {
        self.permissions.covers(&ScopeSet::from_text("users:write"))
    }

    /// Checks that the role may be given. A role is the permissions in it: nobody grants what they do not hold.
    ///
    /// # Errors
    /// `scope_exceeds_grantor`.
    pub fn grant(&self, role: Role) -> Result<()> {
        if self.manages() && self.permissions.covers(&role.permissions()) && (role != Role::Owner || self.owners) {
            return Ok(());
        }
        let refusal = Error::new(Code::ScopeExceedsGrantor, "nobody grants what they do not hold themselves: see `details`");
        Err(refusal.with_detail("role", format!("you may not make anybody `{}`", role.as_str())))
    }

    /// Checks that the role may be taken away.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn take(&self, role: Role) -> Result<()> {
        if self.manages() && (role != Role::Owner || self.owners) {
            return Ok(());
        }
        Err(Error::new(Code::Forbidden, format!("you may not take `{}` away from anybody", role.as_str())))
    }
}

/// Checks that an organization keeps an owner when one of its members stops being `from` and becomes `to`, or nothing.
///
/// # Errors
/// `last_owner`.
pub fn keeps_an_owner(owners: i64, from: Role, to: Option<Role>) -> Result<()> {
    if from != Role::Owner || to == Some(Role::Owner) || owners > 1 {
        return Ok(());
    }
    Err(Error::new(Code::LastOwner, "the organization would be left without an owner: make somebody else one first"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owners_reach_owners() {
        for role in Role::ALL {
            let reach = Reach::member(role);
            assert_eq!(reach.grant(Role::Owner).is_ok(), role == Role::Owner);
            assert_eq!(reach.take(Role::Owner).is_ok(), role == Role::Owner);
            assert_eq!(reach.grant(Role::Viewer).is_ok(), role.manages_keys(), "{role:?}");
            assert_eq!(reach.take(Role::Admin).is_ok(), role.manages_keys(), "{role:?}");
            let key = Reach::key(ScopeSet::all(), Some(role));
            assert_eq!(key.grant(Role::Owner).is_ok(), role == Role::Owner);
            assert!(key.grant(Role::Admin).is_ok());
        }
        assert!(Reach::key(ScopeSet::all(), None).grant(Role::Owner).is_err());
    }

    #[test]
    fn a_key_grants_what_it_holds() {
        let narrow = Reach::key(ScopeSet::from_text("users:write"), Some(Role::Owner));
        assert!(Role::ALL.iter().all(|&role| narrow.grant(role).is_err()));
        assert!(narrow.take(Role::Admin).is_ok() && narrow.take(Role::Owner).is_err());
        assert!(!Reach::key(ScopeSet::from_text("users:read"), Some(Role::Owner)).manages());
    }

    #[test]
    fn the_last_owner_stays() {
        assert!(keeps_an_owner(1, Role::Owner, None).is_err());
        assert!(keeps_an_owner(1, Role::Owner, Some(Role::Admin)).is_err());
        assert!(keeps_an_owner(1, Role::Owner, Some(Role::Owner)).is_ok());
        assert!(keeps_an_owner(2, Role::Owner, None).is_ok());
        assert!(keeps_an_owner(1, Role::Admin, None).is_ok());
    }
}
