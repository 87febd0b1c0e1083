//! What comes before every operation: the caller with their permission, the plan, and the project.

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use futures_util::future::LocalBoxFuture;
use mgmt_core::{
    error::{Code, Error},
    id::ProjectId,
    project::{Project, member::ProjectRole},
};

use super::{may_write, no_project, segment};
use crate::{
    app::{App, Work},
    auth::{
        Allow, Caller, Principal,
        permission::{Permission, ProjectsRead},
    },
    error::ApiError,
};

/// A caller who holds the permission, of an organization whose plan has projects.
pub(crate) struct Open<P> {
    pub(super) caller: Caller,
    pub(super) app: Data<App>,
    permission: std::marker::PhantomData<P>,
}

/// The same, and the project that the path names. Where the permission says so, people with the role ADMIN in the project need not
/// hold it.
pub(crate) struct Within<P> {
    pub(super) caller: Caller,
    pub(super) app: Data<App>,
    pub(super) project: Project,
    /// Whether they are a person with the role ADMIN in the project.
    is_admin: bool,
    permission: std::marker::PhantomData<P>,
}

fn application(request: &HttpRequest) -> Result<Data<App>, ApiError> {
    request.app_data::<Data<App>>().cloned().ok_or_else(|| ApiError::internal("the application lacks its data"))
}

impl<P: Permission> FromRequest for Open<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, allowed) = (request.clone(), Allow::<P>::from_request(request, payload));
        Box::pin(async move {
            let (caller, app) = (allowed.await?.into_caller(), application(&request)?);
            let organization = caller.organization_id;
            let plan = app.read("projects.plan", move |work| Ok(work.tx.organizations().find(organization)?.map(|o| o.plan)));
            if !plan.await?.ok_or_else(Error::not_found)?.has_projects() {
                let refusal = Error::new(Code::FeatureNotAvailable, "the plan does not include the management of projects");
                return Err(refusal.with_reason("missing_required_feature").into());
            }
            Ok(Self { caller, app, permission: std::marker::PhantomData })
        })
    }
}

impl<P: Permission> FromRequest for Within<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, opened) = (request.clone(), Open::<P>::from_request(request, payload));
        Box::pin(async move {
            let (Open { caller, app, .. }, refusal) = match opened.await {
                Ok(Open { caller, app, .. }) => (Open { caller, app, permission: std::marker::PhantomData }, None),
                Err(refusal) if P::BY_PROJECT_ADMINS && refusal.error().code() == Code::Forbidden => {
                    (Open::<ProjectsRead>::extract(&request).await?, Some(refusal))
                }
                Err(refusal) => return Err(refusal),
            };
            let text = segment(&request, "projectId")?;
            let found = match text.parse::<ProjectId>() {
                Ok(id) => {
                    let who = caller.clone();
                    app.read("projects.find", move |work| find(work, &who, id)).await?
                }
                Err(_) => None,
            };
            match (found, refusal) {
                (Some((project, is_admin)), refusal) if is_admin || refusal.is_none() => {
                    Ok(Self { caller, app, project, is_admin, permission: std::marker::PhantomData })
                }
                (_, Some(refusal)) => Err(refusal),
                (_, None) => Err(no_project(&text).into()),
            }
        })
    }
}

/// The project, and whether the caller is a person with the role ADMIN in it.
fn find(work: &mut Work<'_>, caller: &Caller, id: ProjectId) -> Result<Option<(Project, bool)>, ApiError> {
    let Some(project) = work.tx.projects().find(caller.organization_id, id)? else { return Ok(None) };
    let is_admin = match caller.principal {
        Principal::Session { user, .. } if caller.organization_id == caller.home => {
            work.tx.project_members().find(id, user)?.is_some_and(|place| place.role == ProjectRole::Admin)
        }
        Principal::Session { .. } | Principal::Key(_) => false,
    };
    Ok(Some((project, is_admin)))
}

impl<P> Within<P> {
    /// Whether they may change the project; who may not is not shown its secret.
    pub(super) fn may_write(&self) -> bool {
        self.is_admin || may_write(&self.app, &self.caller)
    }
}
