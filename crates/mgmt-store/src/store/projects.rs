//! Projects, the people in them, and what hangs on them.

use mgmt_core::{
    id::{OrganizationId, ProjectId, UserId},
    project::{
        Project,
        member::ProjectMember,
        part::{Content, Part, PartId, PartKind},
    },
    time::Timestamp,
};
use serde_json::{Map, Value};

use crate::error::{Result, StoreError};

/// Projects of organizations.
pub trait Projects {
    /// Adds one.
    fn insert(&mut self, project: &Project) -> Result<()>;
    /// One of an organization.
    fn find(&mut self, organization: OrganizationId, id: ProjectId) -> Result<Option<Project>>;
    /// All of an organization, the oldest first.
    fn list(&mut self, organization: OrganizationId) -> Result<Vec<Project>>;
    /// How many an organization has.
    fn count(&mut self, organization: OrganizationId) -> Result<i64>;
    /// Replaces one that was read with `project.version - 1`. `Conflict` when it has another version by now.
    fn update(&mut self, project: &Project) -> Result<()>;
    /// Removes one with its members and parts; `false` when there is none. Its keys stay: see
    /// [`Keys::list_of_project`](super::Keys::list_of_project).
    fn delete(&mut self, organization: OrganizationId, id: ProjectId) -> Result<bool>;
}

/// People's places in projects.
pub trait ProjectMembers {
    /// Adds a place, or gives the one that is there another role; its beginning stays.
    fn put(&mut self, member: &ProjectMember) -> Result<()>;
    /// Somebody's place in a project.
    fn find(&mut self, project: ProjectId, user: UserId) -> Result<Option<ProjectMember>>;
    /// A project's people, by id.
    fn list(&mut self, project: ProjectId) -> Result<Vec<ProjectMember>>;
    /// Somebody's places in the projects of an organization, by project.
    fn list_of_user(&mut self, organization: OrganizationId, user: UserId) -> Result<Vec<ProjectMember>>;
    /// Removes a place; `false` when there is none.
    fn delete(&mut self, project: ProjectId, user: UserId) -> Result<bool>;
    /// Removes somebody's places in all projects of an organization; how many.
    fn delete_of_user(&mut self, organization: OrganizationId, user: UserId) -> Result<usize>;
    /// Hands the places of somebody who was invited on to the account that accepts, which has none in the organization; how many.
    fn hand_over(&mut self, organization: OrganizationId, from: UserId, to: UserId) -> Result<usize>;
}

/// A part of a project as stores keep it: the content is an object.
#[derive(Clone, Debug, PartialEq)]
pub struct PartRecord {
    /// Its id, which tells its kind.
    pub id: PartId,
    /// On which project it hangs.
    pub project_id: ProjectId,
    /// What no other of its kind in the project is called.
    pub name: String,
    /// What it is.
    pub body: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// Counts changes, for guarded updates.
    pub version: i64,
}

impl PartRecord {
    /// The record of a part.
    ///
    /// # Errors
    /// `Backend` when the content cannot be written as an object.
    pub fn of<T: Content>(part: &Part<T>) -> Result<Self> {
        let body = match serde_json::to_value(&part.content) {
            Ok(Value::Object(body)) => body,
            _ => return Err(StoreError::Backend(format!("the content of `{}` is no object", part.id))),
        };
        Ok(Self {
            id: part.id,
            project_id: part.project_id,
            name: part.unique_name(),
            body,
            created_at: part.created_at,
            updated_at: part.updated_at,
            version: part.version,
        })
    }

    /// The part of the record.
    ///
    /// # Errors
    /// `Corrupt` when the content is not of this kind.
    pub fn into_part<T: Content>(self) -> Result<Part<T>> {
        let corrupt = || StoreError::Corrupt { table: "project_parts", id: self.id.to_string() };
        if self.id.kind() != T::KIND {
            return Err(corrupt());
        }
        let content = serde_json::from_value(Value::Object(self.body)).map_err(|_| corrupt())?;
        Ok(Part {
            id: self.id,
            project_id: self.project_id,
            content,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        })
    }
}

/// What hangs on projects.
pub trait ProjectParts {
    /// Adds one. `Conflict("project part")` when the project has one of this kind and name.
    fn insert(&mut self, part: &PartRecord) -> Result<()>;
    /// One of a project.
    fn find(&mut self, project: ProjectId, id: PartId) -> Result<Option<PartRecord>>;
    /// The one of a name.
    fn find_by_name(&mut self, project: ProjectId, kind: PartKind, name: &str) -> Result<Option<PartRecord>>;
    /// All of a kind, the oldest first.
    fn list(&mut self, project: ProjectId, kind: PartKind) -> Result<Vec<PartRecord>>;
    /// How many of a kind there are.
    fn count(&mut self, project: ProjectId, kind: PartKind) -> Result<i64>;
    /// Replaces content, name and times of one that was read with `part.version - 1`. `Conflict` when it has another version by now.
    fn update(&mut self, part: &PartRecord) -> Result<()>;
    /// Removes one; `false` when there is none.
    fn delete(&mut self, project: ProjectId, id: PartId) -> Result<bool>;
}
