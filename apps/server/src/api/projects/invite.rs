//! Inviting somebody into the organization and into projects at once.

use actix_web::HttpResponse;
use mgmt_core::{
    error::{Code, Error},
    id::ProjectId,
    project::member::{Invite, InviteDraft},
    role::Role,
};

use super::{admit::Open, hold, members::put, no_project, no_query, view::InviteUser};
use crate::{
    api::{invitations::invite, users::Wanted},
    auth::permission::ProjectsWrite,
    error::ApiError,
    http::{
        body::Body,
        query::{NoParameters, Query},
    },
};

/// Invites somebody into the organization as a `member`, with roles in projects, and mails the link. The caller must hold what a
/// member may do, and `users:write`.
#[utoipa::path(post, path = "/management/v1/projects/users/invite", tag = "Project users", operation_id = "inviteProjectUser",
    request_body = InviteUser, responses((status = 204, description = "Invited")))]
pub(crate) async fn invite_user(
    open: Open<ProjectsWrite>,
    query: Query<NoParameters>,
    body: Body<InviteDraft>,
) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    let Open { caller, app, .. } = open;
    let (wanted, _) = body.parse(InviteDraft::parse).await?;
    let invited = app.run("projects.invite", move |work| {
        let Invite { email, name, projects } = &wanted;
        let mut found = Vec::new();
        for (id, role) in projects {
            let parsed: ProjectId = id.parse().map_err(|_| no_project(id))?;
            found.push((hold(work, &caller, parsed)?, *role));
        }
        let member = Wanted { email: email.clone(), name: Some(name.clone()), role: Role::Member };
        let taken = |error: ApiError| match error.error().code() {
            Code::Conflict => {
                let refusal = Error::new(Code::Conflict, "the address is a user or invited already");
                refusal.with_reason("duplicate_found").about("user", email.as_str()).into()
            }
            _ => error,
        };
        let invited = invite(work, &caller, caller.organization_id, &member).map_err(taken)?;
        for (project, role) in found {
            put(work, &caller, project.id, invited.invitation.user_id(), role)?;
        }
        Ok(invited.letter())
    });
    let letter = invited.await?;
    app.send(letter);
    Ok(HttpResponse::NoContent().finish())
}
