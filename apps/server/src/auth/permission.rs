//! The permissions that routes demand, as types: a handler's signature says who may call it.

use std::collections::HashMap;

use mgmt_core::scope::{Catalogue, ScopeMask, ScopeSet};

/// Which credentials open a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doors {
    /// Management keys and sessions; under `/api` sessions only.
    Management,
    /// Management keys only, and their requests do not count against the plan.
    Verification,
    /// Sessions only, wherever it is.
    Session,
}

/// A permission that a route demands.
pub(crate) trait Permission: 'static {
    /// Its name in the catalogue; empty where any caller will do.
    const NAME: &'static str;
    /// Which credentials open the route.
    const DOORS: Doors = Doors::Management;
    /// Whether a key or a person may do this to themselves without the permission: the route's `{id}` is their own.
    const OWN: bool = false;
    /// Whether people with the role ADMIN in the project that the route names need not hold it.
    const BY_PROJECT_ADMINS: bool = false;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal $(, $constant:ident: $kind:ty = $value:expr)?;)+) => {
        $(
            $(#[$doc])*
            pub(crate) struct $name;

            impl Permission for $name {
                const NAME: &'static str = $text;
                $(const $constant: $kind = $value;)?
            }
        )+

        const NAMES: &[&str] = &[$($text),+];
    };
}

permissions! {
    /// Whoever is signed in or holds a management key.
    AnyManager = "";
    /// Whoever is signed in.
    AnySession = "", DOORS: Doors = Doors::Session;
    /// Reading keys.
    ApiKeysRead = "api-keys:read";
    /// Making, changing and revoking keys.
    ApiKeysWrite = "api-keys:write";
    /// Revoking keys; every key may revoke itself.
    ApiKeysRevoke = "api-keys:write", OWN: bool = true;
    /// Reading the organization.
    OrganizationsRead = "organizations:read";
    /// Changing the organization.
    OrganizationsWrite = "organizations:write";
    /// Making organizations; the operator's.
    OrganizationsCreate = "organizations:create";
    /// Reading the audit log.
    AuditRead = "audit:read";
    /// Reading members and invitations.
    UsersRead = "users:read";
    /// Bringing people in and changing what they are.
    UsersWrite = "users:write";
    /// Letting members go; everybody may leave.
    UsersRemove = "users:write", OWN: bool = true;
    /// Reading projects.
    ProjectsRead = "projects:read";
    /// Making, changing and deleting projects and what hangs on them.
    ProjectsWrite = "projects:write";
    /// Changing what a project is, and what hangs on it.
    ProjectsAdmin = "projects:write", BY_PROJECT_ADMINS: bool = true;
    /// Reading usage figures.
    UsageRead = "usage:read";
    /// Reading webhooks, their deliveries, and events.
    WebhooksRead = "webhooks:read";
    /// Making and changing webhooks, and seeing their secrets.
    WebhooksWrite = "webhooks:write";
    /// Reading rate sheets.
    RateSheetsRead = "rate-sheets:read";
    /// Making, changing and removing rate sheets.
    RateSheetsWrite = "rate-sheets:write";
    /// Asking whether a key is good.
    KeysVerify = "keys:verify", DOORS: Doors = Doors::Verification;
}

/// The bits of every permission that routes demand.
pub(crate) fn masks(catalogue: &Catalogue) -> HashMap<&'static str, ScopeMask> {
    NAMES.iter().map(|&name| (name, catalogue.demanded(&ScopeSet::from_text(name)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_demanded_permission_is_in_the_catalogue() {
        let catalogue = Catalogue::permissions();
        for name in NAMES.iter().filter(|n| !n.is_empty()) {
            assert!(catalogue.parse(name).is_ok(), "{name}");
            assert!(!masks(&catalogue)[name].is_empty());
        }
    }
}
