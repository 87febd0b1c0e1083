//! Projects, the people in them, and what hangs on them.

use mgmt_core::{
    id::{OrganizationId, ProjectId, UserId},
    project::{
        Project,
        member::ProjectMember,
        part::{PartId, PartKind},
    },
};
use mgmt_store::{PartRecord, ProjectMembers, ProjectParts, Projects, Result};

use crate::{
    state::State,
    table::count,
    tx::{Fault, MemoryTx, guarded},
};

impl Projects for MemoryTx {
    fn insert(&mut self, project: &Project) -> Result<()> {
        self.write(|s| {
            s.projects.insert(project.id, project.clone(), "project")?;
            s.organizations.refer(&project.organization_id)
        })
    }

    fn find(&mut self, organization: OrganizationId, id: ProjectId) -> Result<Option<Project>> {
        self.look(|s| s.projects.get(&id).filter(|p| p.organization_id == organization).cloned())
    }

    fn list(&mut self, organization: OrganizationId) -> Result<Vec<Project>> {
        self.look(|s| s.projects.values().filter(|p| p.organization_id == organization).cloned().collect())
    }

    fn count(&mut self, organization: OrganizationId) -> Result<i64> {
        self.look(|s| count(s.projects.values().filter(|p| p.organization_id == organization)))
    }

    fn update(&mut self, project: &Project) -> Result<()> {
        let read = |p: &Project| p.organization_id == project.organization_id && p.version == project.version - 1;
        let done = self.write(|s| Ok(s.projects.change(&project.id, read, |p| *p = project.clone())))?;
        guarded(done, "project")
    }

    fn delete(&mut self, organization: OrganizationId, id: ProjectId) -> Result<bool> {
        self.write(|s| {
            let done = s.projects.remove(&id, |p| p.organization_id == organization);
            if done {
                s.project_members.remove_all(|m| m.project_id == id);
                remove_parts(s, |p| p.project_id == id);
            }
            Ok(done)
        })
    }
}

impl ProjectMembers for MemoryTx {
    fn put(&mut self, member: &ProjectMember) -> Result<()> {
        let place = (member.project_id, member.user_id);
        self.write(|s| {
            if s.project_members.change(&place, |_| true, |m| m.role = member.role) {
                return Ok(());
            }
            s.project_members.put(place, *member);
            s.projects.refer(&member.project_id)
        })
    }

    fn find(&mut self, project: ProjectId, user: UserId) -> Result<Option<ProjectMember>> {
        self.look(|s| s.project_members.get(&(project, user)).copied())
    }

    fn list(&mut self, project: ProjectId) -> Result<Vec<ProjectMember>> {
        self.look(|s| s.project_members.values().filter(|m| m.project_id == project).copied().collect())
    }

    fn list_of_user(&mut self, organization: OrganizationId, user: UserId) -> Result<Vec<ProjectMember>> {
        let own = |m: &&ProjectMember| m.organization_id == organization && m.user_id == user;
        self.look(|s| s.project_members.values().filter(own).copied().collect())
    }

    fn delete(&mut self, project: ProjectId, user: UserId) -> Result<bool> {
        self.write(|s| Ok(s.project_members.remove(&(project, user), |_| true)))
    }

    fn delete_of_user(&mut self, organization: OrganizationId, user: UserId) -> Result<usize> {
        self.write(|s| Ok(s.project_members.remove_all(|m| m.organization_id == organization && m.user_id == user)))
    }

    fn hand_over(&mut self, organization: OrganizationId, from: UserId, to: UserId) -> Result<usize> {
        let own = |m: &ProjectMember| m.organization_id == organization && m.user_id == from;
        self.write(|s| {
            let places: Vec<ProjectMember> = s.project_members.values().filter(|m| own(m)).copied().collect();
            s.project_members.remove_all(own);
            for place in &places {
                let handed = ProjectMember { user_id: to, ..*place };
                s.project_members.insert((place.project_id, to), handed, "project member")?;
            }
            Ok(places.len())
        })
    }
}

/// A name is that of one part of its kind in a project.
fn unique(s: &State, new: &PartRecord) -> Result<(), Fault> {
    let same = |p: &PartRecord| p.project_id == new.project_id && p.id.kind() == new.id.kind() && p.name == new.name;
    s.project_parts.none(|p| p.id != new.id && same(p), "project part")
}

/// Removes parts with what waits to be sent to them.
fn remove_parts(s: &mut State, which: impl Fn(&PartRecord) -> bool) -> usize {
    let gone = s.project_parts.remove_all(which);
    if gone > 0 {
        let parts = s.project_parts.clone();
        s.send_outs.remove_all(|job| !parts.has(&job.what.webhook_id));
    }
    gone
}

impl ProjectParts for MemoryTx {
    fn insert(&mut self, part: &PartRecord) -> Result<()> {
        self.write(|s| {
            unique(s, part)?;
            s.project_parts.insert(part.id, part.clone(), "project part")?;
            s.projects.refer(&part.project_id)
        })
    }

    fn find(&mut self, project: ProjectId, id: PartId) -> Result<Option<PartRecord>> {
        self.look(|s| s.project_parts.get(&id).filter(|p| p.project_id == project).cloned())
    }

    fn find_by_name(&mut self, project: ProjectId, kind: PartKind, name: &str) -> Result<Option<PartRecord>> {
        let fits = |p: &&PartRecord| p.project_id == project && p.id.kind() == kind && p.name == name;
        self.look(|s| s.project_parts.values().find(fits).cloned())
    }

    fn list(&mut self, project: ProjectId, kind: PartKind) -> Result<Vec<PartRecord>> {
        let fits = |p: &&PartRecord| p.project_id == project && p.id.kind() == kind;
        self.look(|s| s.project_parts.values().filter(fits).cloned().collect())
    }

    fn count(&mut self, project: ProjectId, kind: PartKind) -> Result<i64> {
        let fits = |p: &&PartRecord| p.project_id == project && p.id.kind() == kind;
        self.look(|s| count(s.project_parts.values().filter(fits)))
    }

    fn update(&mut self, part: &PartRecord) -> Result<()> {
        let done = self.write(|s| {
            if !s.project_parts.is(&part.id, |p| p.project_id == part.project_id && p.version == part.version - 1) {
                return Ok(false);
            }
            unique(s, part)?;
            s.project_parts.put(part.id, part.clone());
            Ok(true)
        })?;
        guarded(done, "project part")
    }

    fn delete(&mut self, project: ProjectId, id: PartId) -> Result<bool> {
        self.write(|s| Ok(remove_parts(s, |p| p.id == id && p.project_id == project) > 0))
    }
}
