//! The people of a project, and what each may do there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    account::Email,
    error::{Code, Error, Faults, Result},
    id::{OrganizationId, ProjectId, UserId},
    text::label,
    time::Timestamp,
};

const MAX_NAME: usize = 60;
const MAX_PROJECTS: usize = 100;

/// A person's role in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ProjectRole {
    /// All data and settings of the project.
    Admin,
    /// Data, but no settings.
    User,
    /// Reads.
    Viewer,
    /// Validates and redeems.
    Merchant,
}

impl ProjectRole {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Admin, Self::User, Self::Viewer, Self::Merchant];

    /// The name in bodies and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::User => "USER",
            Self::Viewer => "VIEWER",
            Self::Merchant => "MERCHANT",
        }
    }

    /// Reads the name.
    ///
    /// # Errors
    /// `invalid_request` under `field`, with the reason `used_incorrect_role`.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|r| r.as_str() == text);
        let wrong = || {
            let given: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
            Error::new(Code::InvalidRequest, "Used incorrect role").with_reason("used_incorrect_role").with_detail(
                field,
                format!("`{given}` is no role: must be one of the allowed values [ ADMIN, USER, VIEWER, MERCHANT ]"),
            )
        };
        found.ok_or_else(wrong)
    }
}

/// Somebody's place in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectMember {
    /// The project.
    pub project_id: ProjectId,
    /// The organization that both belong to.
    pub organization_id: OrganizationId,
    /// The person; whoever is only invited has the id of their invitation.
    pub user_id: UserId,
    /// What they may do there.
    pub role: ProjectRole,
    /// Since when.
    pub created_at: Timestamp,
}

/// Who to assign, and as what: a role and exactly one of `id` and `login`.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "named as in the type's description")]
pub struct AssignDraft {
    pub id: Option<String>,
    pub login: Option<String>,
    pub role: String,
}

/// Somebody to assign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Their id or their login.
    pub who: String,
    /// What they are to be.
    pub role: ProjectRole,
}

impl AssignDraft {
    /// Judges the draft; faults stand below `path`.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(self, path: &str) -> Result<Assignment> {
        let at = |field: &str| if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
        let mut faults = Faults::default();
        let who = match (self.id, self.login) {
            (Some(who), None) | (None, Some(who)) => Some(who),
            (Some(_), Some(_)) => {
                faults.note(Error::invalid(at("login"), "must not be sent together with `id`"));
                None
            }
            (None, None) => {
                faults.note(Error::invalid(at("id"), "is required, or `login` is"));
                None
            }
        };
        let role = faults.take(ProjectRole::parse(&at("role"), &self.role));
        faults.finish()?;
        who.zip(role).map(|(who, role)| Assignment { who, role }).ok_or_else(|| Error::new(Code::Internal, "nobody to assign"))
    }
}

/// A new role for somebody.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct RoleDraft {
    /// The role.
    pub role: String,
}

/// Somebody to invite into projects.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "named as on the wire")]
pub struct InviteDraft {
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub projects: BTreeMap<String, String>,
}

/// An invitation into projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// For whom.
    pub email: Email,
    /// What they are called.
    pub name: String,
    /// Into which projects, as what. What is no id of a project is one that does not exist.
    pub projects: Vec<(String, ProjectRole)>,
}

impl InviteDraft {
    /// Judges the draft.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each wrong field.
    pub fn parse(self) -> Result<Invite> {
        let mut faults = Faults::default();
        let email = faults.take(Email::parse("email", &self.email));
        let first = faults.take(label("first_name", &self.first_name, MAX_NAME)).unwrap_or_default();
        let last = faults.take(label("last_name", &self.last_name, MAX_NAME)).unwrap_or_default();
        if self.projects.is_empty() {
            faults.note(Error::invalid("projects", "must not have fewer than 1 items"));
        }
        if self.projects.len() > MAX_PROJECTS {
            faults.note(Error::invalid("projects", format!("must have at most {MAX_PROJECTS} items")));
        }
        let mut projects = Vec::new();
        for (id, role) in self.projects {
            let shown: String = id.chars().filter(|c| !c.is_control()).take(60).collect();
            projects.extend(faults.take(ProjectRole::parse(&format!("projects.{shown}"), &role)).map(|role| (id, role)));
        }
        faults.finish()?;
        let email = email.ok_or_else(|| Error::new(Code::Internal, "nobody to invite"))?;
        Ok(Invite { email, name: format!("{first} {last}"), projects })
    }
}

/// A name in two parts, for clients that want that: the last word, and what stands before.
#[must_use]
pub fn split_name(name: &str) -> (&str, &str) {
    name.trim().rsplit_once(' ').map_or((name.trim(), ""), |(first, last)| (first.trim_end(), last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assign(id: Option<&str>, login: Option<&str>, role: &str) -> Result<Assignment> {
        AssignDraft { id: id.map(str::to_owned), login: login.map(str::to_owned), role: role.to_owned() }.parse("users[0]")
    }

    #[test]
    fn one_of_id_and_login_is_sent() {
        assert_eq!(assign(Some("usr_1"), None, "USER").unwrap(), Assignment { who: "usr_1".to_owned(), role: ProjectRole::User });
        assert!(assign(None, Some("a@b.co"), "ADMIN").is_ok());
        let both = assign(Some("usr_1"), Some("a@b.co"), "BOSS").unwrap_err();
        assert_eq!(both.details().keys().collect::<Vec<_>>(), ["users[0].login", "users[0].role"]);
        let role = assign(Some("usr_1"), None, "user").unwrap_err();
        assert_eq!((role.reason(), role.code()), (Some("used_incorrect_role"), Code::InvalidRequest));
        assert!(assign(None, None, "USER").unwrap_err().details().contains_key("users[0].id"));
    }

    #[test]
    fn every_fault_of_an_invitation_is_told() {
        let projects = BTreeMap::from([("proj_1".to_owned(), "BOSS".to_owned())]);
        let bad = InviteDraft { email: "x".to_owned(), first_name: String::new(), last_name: String::new(), projects };
        let error = bad.parse().unwrap_err();
        assert_eq!(error.details().keys().collect::<Vec<_>>(), ["email", "first_name", "last_name", "projects.proj_1"]);
        let none =
            InviteDraft { email: "a@b.co".into(), first_name: "A".into(), last_name: "B".into(), projects: BTreeMap::new() };
        assert!(none.parse().unwrap_err().details().contains_key("projects"));
    }

    #[test]
    fn names_are_split() {
        assert_eq!(split_name("Ana Maria Luz"), ("Ana Maria", "Luz"));
        assert_eq!(split_name("ana"), ("ana", ""));
    }
}
