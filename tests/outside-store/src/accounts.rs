//! Organizations, people, and people's places in organizations.

use mgmt_core::{
    account::{Email, Membership, Organization, User},
    id::{OrganizationId, UserId},
    role::Role,
};
use mgmt_store::{Memberships, Organizations, Result, Users};

use crate::{
    table::{count, page},
    tx::{MemoryTx, guarded},
};

impl Organizations for MemoryTx {
    fn insert(&mut self, organization: &Organization) -> Result<()> {
        self.write(|s| {
            s.organizations.none(|o| o.slug == organization.slug, "slug")?;
            s.organizations.none(|o| o.is_operator && organization.is_operator, "operator")?;
            s.organizations.insert(organization.id, organization.clone(), "organization")
        })
    }

    fn find(&mut self, id: OrganizationId) -> Result<Option<Organization>> {
        self.look(|s| s.organizations.get(&id).cloned())
    }

    fn find_all(&mut self, ids: &[OrganizationId]) -> Result<Vec<Organization>> {
        self.look(|s| ids.iter().filter_map(|id| s.organizations.get(id).cloned()).collect())
    }

    fn find_by_slug(&mut self, slug: &str) -> Result<Option<Organization>> {
        self.look(|s| s.organizations.values().find(|o| o.slug == slug).cloned())
    }

    fn find_operator(&mut self) -> Result<Option<Organization>> {
        self.look(|s| s.organizations.values().find(|o| o.is_operator).cloned())
    }

    fn list(&mut self, before: Option<OrganizationId>, limit: i64) -> Result<Vec<Organization>> {
        self.look(|s| page(s.organizations.newest(before), limit))
    }

    fn update(&mut self, organization: &Organization) -> Result<()> {
        let Organization { id, version, .. } = *organization;
        let done = self.write(|s| {
            if !s.organizations.is(&id, |o| o.version == version - 1) {
                return Ok(false);
            }
            s.organizations.none(|o| o.id != id && o.slug == organization.slug, "slug")?;
            Ok(s.organizations.change(
                &id,
                |_| true,
                |o| {
                    *o = Organization { is_operator: o.is_operator, created_at: o.created_at, ..organization.clone() };
                },
            ))
        })?;
        guarded(done, "organization")
    }

    fn lock(&mut self, id: OrganizationId) -> Result<bool> {
        // Whoever writes is alone: this transaction holds every lock that there is.
        self.write(|s| Ok(s.organizations.has(&id)))
    }
}

impl Users for MemoryTx {
    fn insert(&mut self, user: &User) -> Result<()> {
        self.write(|s| {
            s.users.none(|u| u.email == user.email, "email")?;
            s.users.insert(user.id, user.clone(), "user")
        })
    }

    fn find(&mut self, id: UserId) -> Result<Option<User>> {
        self.look(|s| s.users.get(&id).cloned())
    }

    fn find_by_email(&mut self, email: &Email) -> Result<Option<User>> {
        self.look(|s| s.users.values().find(|u| u.email == *email).cloned())
    }

    fn update(&mut self, user: &User) -> Result<()> {
        let done = self.write(|s| {
            if !s.users.has(&user.id) {
                return Ok(false);
            }
            s.users.none(|u| u.id != user.id && u.email == user.email, "email")?;
            Ok(s.users.change(&user.id, |_| true, |u| *u = User { created_at: u.created_at, ..user.clone() }))
        })?;
        guarded(done, "user")
    }

    fn lock(&mut self, id: UserId) -> Result<bool> {
        self.write(|s| Ok(s.users.has(&id)))
    }
}

impl Memberships for MemoryTx {
    fn insert(&mut self, membership: &Membership) -> Result<()> {
        let place = (membership.organization_id, membership.user_id);
        self.write(|s| {
            s.memberships.insert(place, membership.clone(), "membership")?;
            s.organizations.refer(&place.0)?;
            s.users.refer(&place.1)
        })
    }

    fn find(&mut self, organization: OrganizationId, user: UserId) -> Result<Option<Membership>> {
        self.look(|s| s.memberships.get(&(organization, user)).cloned())
    }

    fn list_of_user(&mut self, user: UserId) -> Result<Vec<Membership>> {
        self.look(|s| {
            let mut places: Vec<Membership> = s.memberships.values().filter(|m| m.user_id == user).cloned().collect();
            places.sort_by_key(|m| (m.created_at, m.organization_id));
            places
        })
    }

    fn list(&mut self, organization: OrganizationId, before: Option<UserId>, limit: i64) -> Result<Vec<Membership>> {
        let fits = |m: &&Membership| m.organization_id == organization && before.is_none_or(|before| m.user_id < before);
        self.look(|s| page(s.memberships.values().rev().filter(fits), limit))
    }

    fn set_role(&mut self, organization: OrganizationId, user: UserId, role: Role) -> Result<bool> {
        self.write(|s| Ok(s.memberships.change(&(organization, user), |_| true, |m| m.role = role)))
    }

    fn delete(&mut self, organization: OrganizationId, user: UserId) -> Result<bool> {
        self.write(|s| Ok(s.memberships.remove(&(organization, user), |_| true)))
    }

    fn count_owners(&mut self, organization: OrganizationId) -> Result<i64> {
        let owns = |m: &&Membership| m.organization_id == organization && m.role == Role::Owner;
        self.look(|s| count(s.memberships.values().filter(owns)))
    }
}
