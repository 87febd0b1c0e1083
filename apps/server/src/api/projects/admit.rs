//! What comes before every operation: the caller with their permission, the plan, and the project.

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use futures_util::future::LocalBoxFuture;
use mgmt_core::{
    error::{Code, Error},
    project::Project,
};

use super::{no_project, segment};
use crate::{
    app::App,
    auth::{Allow, Caller, permission::Permission},
    error::ApiError,
};

/// A caller who holds the permission, of an organization whose plan has projects.
pub(crate) struct Open<P> {
    pub(super) caller: Caller,
    pub(super) app: Data<App>,
    permission: std::marker::PhantomData<P>,
}

/// The same, and the project that the path names.
pub(crate) struct Within<P> {
    pub(super) caller: Caller,
    pub(super) app: Data<App>,
    pub(super) project: Project,
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
            let Open { caller, app, .. } = opened.await?;
            let text = segment(&request, "projectId")?;
            let id = text.parse().map_err(|_| no_project(&text))?;
            let organization = caller.organization_id;
            let found = app.read("projects.find", move |work| Ok(work.tx.projects().find(organization, id)?)).await?;
            let project = found.ok_or_else(|| no_project(&text))?;
            Ok(Self { caller, app, project, permission: std::marker::PhantomData })
        })
    }
}
