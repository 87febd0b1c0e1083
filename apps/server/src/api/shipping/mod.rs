//! The shipping API: shipments, rates, trackers, and the rate sheets that management works on.

mod list;
pub(crate) mod rate_sheets;
pub(crate) mod rates;
pub(crate) mod shipments;
pub(crate) mod trackers;
mod view;

use actix_web::{HttpRequest, http::Method, web::ServiceConfig};
use mgmt_core::{
    account::Actor,
    error::{Code, Error},
    event::EventType,
    id::OrganizationId,
    time::Timestamp,
};
use mgmt_shipping::{
    fault::Invalid,
    shipment::{Refused, Shipment},
    shipment_state::Forbidden,
    time::Moment,
    tracker::Tracker,
};
use mgmt_store::{Realm, Versioned};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use crate::{
    app::{
        App, OsRng, Work,
        idempotency::{Created, Once},
    },
    auth::resource::KeyCaller,
    error::ApiError,
    http::{
        precondition::EntityTag,
        route::{endpoint, page},
    },
};

/// The routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/v1/rates").post(rates::rate))
        .service(endpoint("/v1/proxy/rates").post(rates::rate))
        .service(endpoint("/v1/shipments").get(shipments::list).post(shipments::create))
        .service(
            endpoint("/v1/shipments/{id}")
                .get(shipments::show)
                .patch(shipments::update)
                .on(Method::PUT, shipments::update)
                .delete(shipments::cancel),
        )
        .service(endpoint("/v1/shipments/{id}/rates").post(shipments::rerate))
        .service(endpoint("/v1/shipments/{id}/purchase").post(shipments::purchase))
        .service(endpoint("/v1/shipments/{id}/cancel").post(shipments::cancel))
        .service(page("/v1/shipments/{id}/documents/label").get(shipments::label))
        .service(endpoint("/v1/trackers").get(trackers::list).post(trackers::create))
        .service(
            endpoint("/v1/trackers/{id}")
                .get(trackers::show)
                .patch(trackers::update)
                .on(Method::PUT, trackers::update)
                .delete(trackers::remove),
        )
        .service(endpoint("/v1/trackers/{id}/inject-events").post(trackers::inject));
    rate_sheets::configure(config);
}

/// Whose objects a key works on.
fn realm(caller: &KeyCaller) -> Realm {
    Realm { organization: caller.organization_id, test_mode: caller.test_mode }
}

fn moment(at: Timestamp) -> Moment {
    Moment::from_millis(at.as_millis())
}

fn rng() -> OsRng {
    rand_core::UnwrapErr(getrandom::SysRng)
}

/// What is kept of the request that makes something, in its `meta`.
fn request_meta(caller: &KeyCaller) -> Map<String, Value> {
    Map::from_iter([("request_id".to_owned(), Value::from(caller.request_id.clone()))])
}

/// A merge patch: an object. Serde would read `null` as one without members.
pub(crate) struct Patch(Map<String, Value>);

impl<'de> Deserialize<'de> for Patch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(de::Error::custom("must be an object")),
        }
    }
}

/// The faults of a request, as clients are told of them.
fn told(invalid: &Invalid) -> Error {
    let error = Error::new(Code::InvalidRequest, "the request is invalid: see `details`");
    invalid.faults().iter().fold(error, |error, (field, reason)| error.with_detail(field.clone(), reason.clone()))
}

fn forbidden(reason: Forbidden) -> Error {
    Error::new(Code::InvalidState, reason.to_string())
}

fn refused(reason: Refused) -> Error {
    match reason {
        Refused::State(reason) => forbidden(reason),
        Refused::Invalid(invalid) => told(&invalid),
    }
}

fn tag(id: impl std::fmt::Display, version: i64) -> EntityTag {
    EntityTag::of_bytes(format!("{id} {version}").as_bytes())
}

fn object<T: Serialize>(value: &T) -> Result<Map<String, Value>, ApiError> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err(ApiError::internal("a value could not be written as an object")),
    }
}

/// Tells that something happened to a shipment; what it looks like.
fn tell_shipment(
    work: &mut Work<'_>,
    realm: Realm,
    what: EventType,
    shipment: &Shipment,
) -> Result<Map<String, Value>, ApiError> {
    let shown = view::shipment(work.app, shipment)?;
    work.event(realm.organization, what, Value::Object(shown.clone()))?;
    Ok(shown)
}

/// Tells that something happened to a tracker.
fn tell_tracker(work: &mut Work<'_>, realm: Realm, what: EventType, tracker: &Tracker) -> Result<(), ApiError> {
    let data = view::tracker(tracker)?;
    work.event(realm.organization, what, Value::Object(data))
}

/// Moves the shipment that a tracker drives.
fn drive(work: &mut Work<'_>, realm: Realm, tracker: &Tracker) -> Result<(), ApiError> {
    let Some(id) = tracker.shipment_id else { return Ok(()) };
    let Some(Versioned { object: before, version }) = work.tx.shipments().find(realm, id)? else { return Ok(()) };
    let after = before.clone().follow(tracker.status, moment(work.now));
    if after == before {
        return Ok(());
    }
    work.tx.shipments().update(realm.organization, &after, version)?;
    tell_shipment(work, realm, EventType::ShipmentUpdated, &after).map(|_| ())
}

/// Does something once, however often the same request comes in: judges the body, does the work, keeps the answer with it. What
/// was not made new is not kept.
async fn once<P: Send + 'static>(
    app: &App,
    (organization, actor): (OrganizationId, Actor),
    (request, bytes): (&HttpRequest, &[u8]),
    judge: impl FnOnce(&[u8]) -> Result<P, ApiError>,
    mut work: impl FnMut(&mut Work<'_>, &P) -> Result<(Map<String, Value>, bool), ApiError> + Send + 'static,
) -> Result<(Created, bool), ApiError> {
    let once = Once::from_request(request, (organization, actor), bytes)?;
    let _busy = once.as_ref().map(|o| o.begin(app)).transpose()?;
    if let Some(earlier) = Once::repeated(once.as_ref(), app, actor, false).await? {
        return Ok((earlier, true));
    }
    let parsed = judge(bytes)?;
    app.run("shipping.once", move |current| {
        if let Some(once) = &once
            && let Some(earlier) = once.replay(current, actor, false)?
        {
            return Ok((earlier, true));
        }
        let (object, made) = work(current, &parsed)?;
        let answer = Created { object, wrapped: false, secret: None, key_id: None, replayed: false };
        if let (Some(once), true) = (&once, made) {
            once.keep(current, organization, &answer)?;
        }
        Ok((answer, made))
    })
    .await
}
