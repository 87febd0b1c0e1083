//! Inviting somebody into the organization and into projects at once.

use actix_web::{HttpRequest, HttpResponse};
use mgmt_core::{
    error::{Code, Error},
    id::ProjectId,
    project::member::{Invite, InviteDraft},
    role::Role,
};
use serde_json::Map;

use super::{admit::Open, hold, members::put, no_project, no_query, view::InviteUser};
use crate::{
    api::{invitations::invite, users::Wanted},
    app::idempotency::Once,
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
    request_body = InviteUser,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 204, description = "Invited")))]
pub(crate) async fn invite_user(
    open: Open<ProjectsWrite>,
    query: Query<NoParameters>,
    body: Body<InviteDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    let Open { caller, app, .. } = open;
    let (wanted, bytes) = body.parse(InviteDraft::parse).await?;
    let once = Once::from_request(&request, (caller.organization_id, caller.actor()), &bytes)?;
    let _busy = once.as_ref().map(|o| o.begin(&app)).transpose()?;
    let invited = app.run("projects.invite", move |work| {
        if Once::earlier(once.as_ref(), work, caller.actor())?.is_some() {
            return Ok(None);
        }
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
        if let Some(once) = &once {
            once.keep_object(work, caller.organization_id, &Map::new())?;
        }
        Ok(Some(invited.letter()))
    });
    let mut response = HttpResponse::NoContent();
    match invited.await? {
        Some(letter) => app.send(letter),
        None => drop(response.insert_header(("Idempotent-Replayed", "true"))),
    }
    Ok(response.finish())
}
