//! The five roles and what each may do, in one table.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    scope::{Catalogue, ScopeSet},
};

/// A person's role in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but granting or removing owners.
    Admin,
    /// Webhooks and projects; reads the rest but the audit log.
    Developer,
    /// Reads.
    Member,
    /// Reads.
    Viewer,
}

/// What members who only read may see: all but the audit log.
const READS: &[&str] =
    &["organizations:read", "users:read", "api-keys:read", "webhooks:read", "projects:read", "rate-sheets:read", "usage:read"];

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Developer, Self::Member, Self::Viewer];

    /// The name in bodies and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// One sentence for people.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Owner => "Everything, including granting and removing owners",
            Self::Admin => "Everything but granting and removing owners",
            Self::Developer => "Manages webhooks and projects, and reads all but the audit log",
            Self::Member => "Reads all but the audit log",
            Self::Viewer => "Reads all but the audit log",
        }
    }

    /// Reads the name.
    ///
    /// # Errors
    /// `invalid_request` under `role`, naming the roles there are.
    pub fn parse(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|r| r.as_str() == text)
            .ok_or_else(|| Error::invalid("role", "must be `owner`, `admin`, `developer`, `member` or `viewer`"))
    }

    /// The management permissions that the role gives.
    #[must_use]
    pub fn permissions(self) -> ScopeSet {
        let texts: Vec<&str> = match self {
            Self::Owner | Self::Admin => return ScopeSet::all(),
            Self::Developer => READS.iter().chain(&["webhooks:write", "projects:write"]).copied().collect(),
            Self::Member | Self::Viewer => READS.to_vec(),
        };
        Catalogue::permissions().parse_set("permissions", &texts).unwrap_or_default()
    }

    /// Whether members of this role may give `other` to somebody, or take it away.
    #[must_use]
    pub fn may_grant(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => other != Self::Owner,
            Self::Developer | Self::Member | Self::Viewer => false,
        }
    }

    /// Whether members of this role may create, change and revoke keys and hand out catalogue scopes.
    #[must_use]
    pub const fn manages_keys(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_published_one() {
        let permissions = Catalogue::permissions();
        let holds = |role: Role, p: &str| role.permissions().allows(&permissions.parse(p).unwrap());
        for entry in permissions.entries() {
            for action in &entry.actions {
                let permission = format!("{}:{action}", entry.resource);
                assert!(holds(Role::Owner, &permission) && holds(Role::Admin, &permission));
                let reads = action == "read" && entry.resource != "audit";
                assert_eq!(holds(Role::Member, &permission), reads, "{permission}");
                assert_eq!(holds(Role::Viewer, &permission), reads, "{permission}");
                let develops = reads || ["webhooks:write", "projects:write"].contains(&permission.as_str());
                assert_eq!(holds(Role::Developer, &permission), develops, "{permission}");
            }
        }
    }

    #[test]
    fn only_owners_make_owners() {
        for role in Role::ALL {
            assert_eq!(role.may_grant(Role::Owner), role == Role::Owner);
            assert_eq!(Role::parse(role.as_str()).unwrap(), role);
        }
        assert!(Role::parse("root").is_err());
    }
}
