//! Who calls the resources behind API keys: `caller: AllowKey<ShipmentsWrite>` in a handler's signature.

use std::{marker::PhantomData, ops::Deref};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use futures_util::future::LocalBoxFuture;
use mgmt_actix::rate_limit_fields;
use mgmt_core::{
    access::Question,
    account::Actor,
    error::{Code, Error},
    id::{KeyId, OrganizationId},
    key_text::{Environment, KeyKind},
    scope::ScopeSet,
    usage::Surface,
};
use mgmt_gate::{Check, Request, Traffic};

use super::{LimitFields, act_for, api_key_text, note, refuse};
use crate::{
    api::authorize::warehouse,
    app::App,
    error::ApiError,
    http::{address::ClientAddress, arrival::moment, request_id::RequestId},
};

/// A scope that a route demands of an API key.
pub(crate) trait Demand: 'static {
    /// Its name in the catalogue.
    const SCOPE: &'static str;
}

macro_rules! demands {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl Demand for $name {
            const SCOPE: &'static str = $text;
        }
    )+};
}

demands! {
    /// Reading shipments and their labels.
    ShipmentsRead = "shipments:read";
    /// Making, changing, buying and cancelling shipments.
    ShipmentsWrite = "shipments:write";
    /// Asking what shipments cost.
    RatesRead = "rates:read";
    /// Reading trackers.
    TrackersRead = "trackers:read";
    /// Making, changing and removing trackers.
    TrackersWrite = "trackers:write";
}

/// An API key that calls.
#[derive(Clone, Debug)]
pub(crate) struct KeyCaller {
    /// The organization that is acted upon: the key's own, or the one that a key of the operator's names.
    pub(crate) organization_id: OrganizationId,
    /// Which key.
    pub(crate) key_id: KeyId,
    /// Whether it works on test data.
    pub(crate) test_mode: bool,
    /// The request's id.
    pub(crate) request_id: String,
}

impl KeyCaller {
    /// As records name it.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Key(self.key_id)
    }
}

/// A caller whose key holds the scope.
pub(crate) struct AllowKey<D> {
    caller: KeyCaller,
    demand: PhantomData<D>,
}

impl<D> AllowKey<D> {
    /// The caller alone.
    pub(crate) fn into_caller(self) -> KeyCaller {
        self.caller
    }
}

impl<D> Deref for AllowKey<D> {
    type Target = KeyCaller;

    fn deref(&self) -> &KeyCaller {
        &self.caller
    }
}

impl<D: Demand> FromRequest for AllowKey<D> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self { caller: admit(&request, D::SCOPE).await?, demand: PhantomData }) })
    }
}

async fn admit(request: &HttpRequest, scope: &'static str) -> Result<KeyCaller, ApiError> {
    let app = request.app_data::<Data<App>>().cloned().ok_or_else(|| ApiError::internal("the application lacks its data"))?;
    let address = ClientAddress::extract(request).await.map_err(ApiError::internal)?.0;
    let request_id = RequestId::extract(request).await.map_err(ApiError::internal)?.as_str().to_owned();
    let text = api_key_text(&app, request, false)?;
    let all_of = app.catalogues().scopes.demanded(&ScopeSet::from_text(scope));
    let asked = Request {
        kind: KeyKind::Secret,
        question: Question { all_of, address: Some(address), warehouse: warehouse(request.headers())?, ..Question::default() },
        traffic: Traffic::Resource,
        surface: Surface::Resource,
        cost: 1,
        within: None,
    };
    let admission = match app.admitter.admit_at(text, &asked, moment(request)).await.map_err(ApiError::unavailable)? {
        Check::Accepted(admission) => admission,
        Check::Refused(refusal) => return Err(refuse(request, refusal, scope)),
        Check::Pending(_) | Check::Unleased => return Err(ApiError::internal("the gate did not answer")),
    };
    let record = &admission.record;
    note(request, record.id(), LimitFields(rate_limit_fields(&admission.standings)));
    if all_of.is_empty() {
        // A catalogue without the scope grants it to nobody.
        let message = format!("`{scope}` is not in this server's catalogue of scopes");
        return Err(Error::new(Code::InsufficientScope, message).with_scope(scope).into());
    }
    let test_mode = record.environment() == Environment::Test;
    let organization_id = act_for(request, &app, record.organization_id(), record.is_operator()).await?;
    Ok(KeyCaller { organization_id, key_id: record.id(), test_mode, request_id })
}
