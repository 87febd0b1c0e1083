//! Projects themselves: made with their keys, changed, and deleted with all that hangs on them.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use mgmt_core::{
    error::Error,
    grant::{self, Authority},
    key::{ApiKey, KeySettings, NewKey},
    key_text::{Environment, KeyKind},
    network::{Networks, Warehouses},
    project::{
        Project,
        member::{Assignment, ProjectMember, ProjectRole},
        part::PartKind,
        settings::{ProjectChange, ProjectDraft, ProjectSettings},
    },
    role::Role,
    scope::ScopeSet,
};
use serde_json::{Map, Value, json};

use super::{
    admit::{Open, Within},
    hold, list_of, may_write,
    members::find_person,
    no_project, no_query, room,
    view::{CreateProject, ListOf, ProjectCreated, ProjectView, UpdateProject},
};
use crate::{
    api::{keys, tagged},
    app::{App, Deed, Work, idempotency::Once},
    auth::{
        Caller,
        permission::{ProjectsAdmin, ProjectsRead, ProjectsWrite},
    },
    error::ApiError,
    http::{
        body::{Body, OptionalBody},
        precondition::{EntityTag, Preconditions},
        query::{NoParameters, Query},
    },
};

/// The project as clients see it, with its secret or without.
fn view(app: &Data<App>, project: &Project, with_secret: bool) -> Result<Map<String, Value>, ApiError> {
    let Value::Object(settings) = serde_json::to_value(&project.settings).map_err(ApiError::internal)? else {
        return Err(ApiError::internal("a project could not be written as an object"));
    };
    let mut object = Map::from_iter([("id".to_owned(), json!(project.id))]);
    object.extend(settings);
    object.insert("is_sandbox".to_owned(), json!(false));
    if with_secret {
        let token =
            project.open_token(&app.keyring.keep).ok_or_else(|| ApiError::internal("a webhook token cannot be decrypted"))?;
        object.insert("webhook_token".to_owned(), json!(token.expose()));
    }
    Ok(object)
}

fn tag(project: &Project) -> EntityTag {
    EntityTag::of_bytes(format!("{} {}", project.id, project.version).as_bytes())
}

/// Lists the organization's projects, the oldest first.
#[utoipa::path(get, path = "/management/v1/projects", tag = "Projects", operation_id = "listProjects",
    responses((status = 200, description = "All projects", body = ListOf<ProjectView>)))]
pub(crate) async fn list_projects(open: Open<ProjectsRead>, query: Query<NoParameters>) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    let Open { caller, app, .. } = open;
    let organization = caller.organization_id;
    let found = app.read("projects.list", move |work| Ok(work.tx.projects().list(organization)?)).await?;
    let with_secrets = may_write(&app, &caller);
    let rows: Result<_, _> = found.iter().map(|project| view(&app, project, with_secrets).map(Value::Object)).collect();
    Ok(list_of(rows?))
}

/// Makes a project with a server-side and a client-side key, whose texts are in this answer only. All owners of the organization
/// are assigned to it. A caller who may not hand out the scopes of keys gets none.
#[utoipa::path(post, path = "/management/v1/projects", tag = "Projects", operation_id = "createProject", request_body = CreateProject,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer, after 15 minutes without the texts of the keys")),
    responses((status = 200, description = "The project with its keys", body = ProjectCreated)))]
pub(crate) async fn create_project(
    open: Open<ProjectsWrite>,
    query: Query<NoParameters>,
    body: Body<ProjectDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    let Open { caller, app, .. } = open;
    let bytes = body.bytes().await?;
    let once = Once::from_request(&request, (caller.organization_id, caller.actor()), &bytes)?;
    let _busy = once.as_ref().map(|o| o.begin(&app)).transpose()?;
    let shown = app.clone();
    let made = app.run("projects.create", move |work| {
        if let Some(mut earlier) = Once::earlier(once.as_ref(), work, caller.actor())? {
            for name in KEYS {
                show_token(work, &caller, earlier.get_mut(name))?;
            }
            return Ok((earlier, true));
        }
        work.tx.organizations().lock(caller.organization_id)?;
        let owners = owners(work, &caller)?;
        let emails: Vec<_> = owners.iter().map(|(_, email)| email.clone()).collect();
        let (settings, wanted) = Body::judge(&bytes, |draft: ProjectDraft| parse(draft, &emails))?;
        let (project, keys) = make(work, &caller, settings, &wanted, &owners)?;
        let mut object = view(&shown, &project, true)?;
        object.extend(keys);
        if let Some(once) = &once {
            let mut bare = object.clone();
            for name in KEYS {
                bare.get_mut(name).and_then(|key| key.get_mut("app_token")).map(Value::take);
            }
            once.keep_object(work, caller.organization_id, &bare)?;
        }
        Ok((object, false))
    });
    let (object, replayed) = made.await?;
    Ok(super::parts::made(object, replayed))
}

fn parse(mut draft: ProjectDraft, owners: &[String]) -> Result<(ProjectSettings, Vec<Assignment>), Error> {
    let mut faults = mgmt_core::error::Faults::default();
    let users = draft.users.take().unwrap_or_default().into_iter().enumerate();
    let wanted = users.filter_map(|(at, user)| faults.take(user.parse(&format!("users[{at}]")))).collect();
    let settings = faults.take(draft.parse(owners));
    faults.finish()?;
    settings.map(|s| (s, wanted)).ok_or_else(|| Error::new(mgmt_core::error::Code::Internal, "no settings"))
}

/// The keys of a new project in its answer.
const KEYS: [&str; 2] = ["server_side_key", "client_side_key"];

/// Puts a key's text into an earlier answer again, while it may be revealed.
fn show_token(work: &mut Work<'_>, caller: &Caller, key: Option<&mut Value>) -> Result<(), ApiError> {
    let Some(key) = key else { return Ok(()) };
    let Some(id) = key.get("app_id").and_then(Value::as_str).and_then(|id| id.parse().ok()) else { return Ok(()) };
    if let (Some(secret), Some(token)) = (work.replay_secret(id, caller.actor())?, key.get_mut("app_token")) {
        *token = Value::from(secret.expose());
    }
    Ok(())
}

type Owners = Vec<(mgmt_core::id::UserId, String)>;

fn owners(work: &mut Work<'_>, caller: &Caller) -> Result<Owners, ApiError> {
    let (mut owners, mut before) = (Vec::new(), None);
    loop {
        let page = work.tx.memberships().list(caller.organization_id, before, 100)?;
        for place in page.iter().filter(|place| place.role == Role::Owner) {
            owners.extend(work.tx.users().find(place.user_id)?.map(|user| (user.id, user.email.to_string())));
        }
        before = page.last().map(|m| m.user_id);
        if before.is_none() {
            return Ok(owners);
        }
    }
}

fn make(
    work: &mut Work<'_>,
    caller: &Caller,
    settings: ProjectSettings,
    wanted: &[Assignment],
    owners: &Owners,
) -> Result<(Project, Map<String, Value>), ApiError> {
    let organization_id = caller.organization_id;
    room(work.tx.projects().count(organization_id)?)?;
    let made = Project::new(organization_id, settings, &work.app.keyring.keep, work.now, &mut work.rng);
    let project = made.ok_or_else(|| ApiError::internal("a webhook token could not be encrypted"))?;
    work.tx.projects().insert(&project)?;
    let place = |user_id, role, created_at| ProjectMember { project_id: project.id, organization_id, user_id, role, created_at };
    for (user, _) in owners {
        work.tx.project_members().put(&place(*user, ProjectRole::Admin, work.now))?;
    }
    for assignment in wanted {
        let person = find_person(work, organization_id, &assignment.who)?;
        let person = person.ok_or_else(|| Error::not_found().about("user", &assignment.who))?;
        work.tx.project_members().put(&place(person.id, assignment.role, work.now))?;
    }
    let mut keys = Map::new();
    let reads = work.app.catalogues().scopes.reads();
    let [server, client] = KEYS;
    for (name, label, scopes) in [(server, "server-side", ScopeSet::all()), (client, "client-side", reads)] {
        keys.insert(name.to_owned(), issue(work, caller, &project, label, scopes)?);
    }
    note(work, caller, "project.created", None, Some(&project))?;
    Ok((project, keys))
}

/// A key of a new project, as its app id and token; null when the caller may not hand it out.
fn issue(work: &mut Work<'_>, caller: &Caller, project: &Project, label: &str, scopes: ScopeSet) -> Result<Value, ApiError> {
    let settings = KeySettings {
        name: format!("{} ({label})", project.settings.name),
        scopes,
        rate_limit: None,
        quota: None,
        ip_allowlist: Networks::default(),
        warehouse_ids: Warehouses::default(),
        metadata: Map::new(),
        expires_at: None,
    };
    let (kind, environment) = (KeyKind::Secret, Environment::Prod);
    if grant::check(&caller.grantor()?, &Authority { kind, environment, settings: &settings }).is_err() {
        return Ok(Value::Null);
    }
    let new = NewKey {
        organization_id: caller.organization_id,
        project_id: Some(project.id),
        kind,
        environment,
        settings,
        created_by: caller.actor(),
    };
    let (key, secret) = ApiKey::issue(new, work.app.mint(), work.now, &mut work.rng)?;
    work.tx.keys().insert(&key)?;
    work.keep_secret(&key, caller.actor(), &secret)?;
    keys::note(work, &caller.origin(), "api_key.created", None, Some(&key))?;
    Ok(json!({"app_id": key.id, "app_token": secret.expose()}))
}

/// One line of the audit log about a project, without its secret.
fn note(
    work: &mut Work<'_>,
    caller: &Caller,
    action: &str,
    before: Option<&Project>,
    after: Option<&Project>,
) -> Result<(), ApiError> {
    let target = after.or(before).map(|p| p.id.to_string()).unwrap_or_default();
    let written = |project: &Project| serde_json::to_value(&project.settings).map_err(ApiError::internal);
    let (before, after) = (before.map(written).transpose()?, after.map(written).transpose()?);
    work.audit(&caller.origin(), Deed { action, target, before, after })
}

/// Shows a project.
#[utoipa::path(get, path = "/management/v1/projects/{projectId}", tag = "Projects", operation_id = "showProject",
    params(("projectId" = String, Path, description = "The project's id")),
    responses((status = 200, description = "The project", body = ProjectView), (status = 304, description = "Not changed since")))]
pub(crate) async fn show_project(
    within: Within<ProjectsRead>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    let object = view(&within.app, &within.project, within.may_write())?;
    Ok(tagged(&request, tag(&within.project), Value::Object(object)))
}

/// Changes a project: what is left out stays.
#[utoipa::path(put, path = "/management/v1/projects/{projectId}", tag = "Projects", operation_id = "updateProject", request_body = UpdateProject,
    params(("projectId" = String, Path, description = "The project's id")),
    responses((status = 200, description = "The project as it is now", body = ProjectView)))]
pub(crate) async fn update_project(
    within: Within<ProjectsAdmin>,
    query: Query<NoParameters>,
    body: Body<ProjectChange>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    let Within { caller: by, app, project, .. } = within;
    let preconditions = Preconditions::from_headers(request.headers());
    preconditions.check(&tag(&project))?;
    let bytes = body.bytes().await?;
    let changed = app.run("projects.update", move |work| {
        let before = hold(work, &by, project.id)?;
        preconditions.check(&tag(&before))?;
        let settings = Body::judge(&bytes, |change: ProjectChange| change.apply(&before.settings))?;
        let after = before.clone().update(settings, work.now);
        if after.version != before.version {
            work.tx.projects().update(&after)?;
            note(work, &by, "project.updated", Some(&before), Some(&after))?;
        }
        Ok(after)
    });
    let after = changed.await?;
    Ok(tagged(&request, tag(&after), Value::Object(view(&app, &after, true)?)))
}

/// Deletes a project with all that hangs on it. Its keys are revoked: no check that starts after the answer accepts them.
#[utoipa::path(delete, path = "/management/v1/projects/{projectId}", tag = "Projects", operation_id = "deleteProject",
    params(("projectId" = String, Path, description = "The project's id")), responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_project(
    within: Within<ProjectsWrite>,
    query: Query<NoParameters>,
    body: OptionalBody<Map<String, Value>>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    no_query(&query)?;
    let Within { caller, app, project, .. } = within;
    let preconditions = Preconditions::from_headers(request.headers());
    preconditions.check(&tag(&project))?;
    body.read().await?;
    let deleted = app.run("projects.delete", move |work| {
        let before = hold(work, &caller, project.id)?;
        preconditions.check(&tag(&before))?;
        for key in work.tx.keys().list_of_project(before.id)? {
            let after = key.clone().revoke(Some("its project was deleted".to_owned()), work.now);
            if after.version != key.version {
                work.tx.keys().update(&after)?;
            }
            work.tx.reveals().delete(key.id)?;
            work.invalidate(key.id);
            keys::note(work, &caller.origin(), "api_key.revoked", Some(&key), Some(&after))?;
        }
        for webhook in work.tx.project_parts().list(before.id, PartKind::Webhook)? {
            work.stop_send_outs(webhook.id)?;
        }
        if !work.tx.projects().delete(caller.organization_id, before.id)? {
            return Err(no_project(&before.id.to_string()).into());
        }
        note(work, &caller, "project.deleted", Some(&before), None)
    });
    deleted.await?;
    Ok(HttpResponse::NoContent().finish())
}
