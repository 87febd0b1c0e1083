//! Shipments: drafts that are rated, bought, printed and cancelled. Each change is one transaction with the event that tells it.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use mgmt_core::{error::Error, event::EventType};
use mgmt_shipping::{
    id::ShipmentId,
    shipment::{PurchaseDraft, Shipment, ShipmentDraft, ShipmentParts},
    shipment_state::{LabelType, ShipmentStatus},
};
use mgmt_store::{Realm, Versioned};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    Patch, forbidden,
    list::{self, ListShipments},
    moment, once, realm, refused, request_meta, rng, tag, tell_shipment, tell_tracker, told,
    view::{self, ShipmentPage, ShipmentView},
};
use crate::{
    api::tagged,
    app::{App, Work},
    auth::resource::{AllowKey, KeyCaller, RatesRead, ShipmentsRead, ShipmentsWrite},
    error::ApiError,
    http::{
        body::{Body, OptionalBody},
        path::PathId,
        precondition::Preconditions,
        query::{NoParameters, Query},
    },
};

/// Lists shipments, newest first.
#[utoipa::path(get, path = "/v1/shipments", tag = "Shipments", operation_id = "listShipments", params(ListShipments),
    responses((status = 200, description = "A page of shipments", body = ShipmentPage)))]
pub(crate) async fn list(
    app: Data<App>,
    caller: AllowKey<ShipmentsRead>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (filter, window, possible) = list::read::<ListShipments>(&request)?.parse()?;
    let realm = realm(&caller);
    let found = app.read("shipments.list", move |work| {
        if !possible {
            return Ok((0, Vec::new()));
        }
        Ok(work.tx.shipments().page(realm, &filter, window)?)
    });
    let (count, rows) = found.await?;
    let views: Vec<_> = rows.into_iter().map(|shipment| view::shipment_view(&app, shipment, None)).collect();
    Ok(list::page(&app, &request, window, count, &views))
}

/// Makes a shipment and rates it. With `service`, its label is bought at once.
#[utoipa::path(post, path = "/v1/shipments", tag = "Shipments", operation_id = "createShipment", request_body = ShipmentDraft,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 201, description = "The shipment", body = ShipmentView)))]
pub(crate) async fn create(
    app: Data<App>,
    caller: AllowKey<ShipmentsWrite>,
    query: Query<NoParameters>,
    body: Body<ShipmentDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let caller = caller.into_caller();
    let bytes = body.bytes().await?;
    let now = moment(app.clock.now().wall);
    let judge = |bytes: &[u8]| {
        Body::judge(bytes, |draft: ShipmentDraft| {
            let service = draft.service.clone();
            let parts = draft.parse(now, &mut rng()).map_err(|invalid| told(&invalid))?;
            Ok((parts, service))
        })
    };
    let who = (caller.organization_id, caller.actor());
    let make = move |work: &mut Work<'_>, (parts, service): &(ShipmentParts, Option<String>)| {
        Ok((make(work, &caller, parts, service.as_deref())?, true))
    };
    let (answer, _) = once(&app, who, (&request, &bytes), judge, make).await?;
    Ok(answer.into_response())
}

/// Keeps a new shipment, bought if a service is named; as clients see it.
fn make(
    work: &mut Work<'_>,
    caller: &KeyCaller,
    parts: &ShipmentParts,
    service: Option<&str>,
) -> Result<Map<String, Value>, ApiError> {
    let (realm, now) = (realm(caller), moment(work.now));
    let sheets = work.tx.rate_sheets().all(realm.organization)?;
    let rates = parts.rate((&work.app.carriers, &sheets), realm.test_mode, now, &mut work.rng);
    let meta = request_meta(caller);
    let draft = Shipment::new(parts.clone(), rates, (realm.test_mode, meta.clone()), now, &mut work.rng);
    let Some(service) = service else {
        work.tx.shipments().insert(realm.organization, &draft)?;
        return tell_shipment(work, realm, EventType::ShipmentCreated, &draft);
    };
    let choice = PurchaseDraft { service: Some(service.to_owned()), ..PurchaseDraft::default() };
    let (bought, mut tracker) = draft.purchase(choice, &work.app.carriers, now, &mut work.rng).map_err(refused)?;
    tracker.meta = meta;
    work.tx.shipments().insert(realm.organization, &bought)?;
    work.tx.trackers().insert(realm.organization, &tracker)?;
    let shown = tell_shipment(work, realm, EventType::ShipmentCreated, &bought)?;
    work.event(realm.organization, EventType::ShipmentPurchased, Value::Object(shown))?;
    tell_tracker(work, realm, EventType::TrackerCreated, &tracker)?;
    view::shipment_with_label(work.app, &bought)
}

/// Shows a shipment.
#[utoipa::path(get, path = "/v1/shipments/{id}", tag = "Shipments", operation_id = "showShipment",
    params(("id" = String, Path, description = "The shipment's id")),
    responses((status = 200, description = "The shipment", body = ShipmentView), (status = 304, description = "Not changed since")))]
pub(crate) async fn show(
    app: Data<App>,
    caller: AllowKey<ShipmentsRead>,
    id: PathId<ShipmentId>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, realm) = (id.get()?, realm(&caller));
    query.read()?;
    let found = app.read("shipments.show", move |work| {
        let found = find(work, realm, id)?;
        Ok((tag(id, found.version), view::shipment(work.app, &found.object)?))
    });
    let (tag, view) = found.await?;
    Ok(tagged(&request, tag, Value::Object(view)))
}

fn find(work: &mut Work<'_>, realm: Realm, id: ShipmentId) -> Result<Versioned<Shipment>, ApiError> {
    Ok(work.tx.shipments().find(realm, id)?.ok_or_else(Error::not_found)?)
}

/// A missing shipment is 404, and a changed one 412, before anything is said about the body.
async fn precheck(app: &App, realm: Realm, id: ShipmentId, preconditions: &Preconditions) -> Result<(), ApiError> {
    let preconditions = preconditions.clone();
    let judged = app.read("shipments.precheck", move |work| {
        let found = find(work, realm, id)?;
        Ok(preconditions.check(&tag(id, found.version))?)
    });
    judged.await
}

/// Applies a rule to a shipment, tells what happened if anything did, and answers with the shipment as it is then.
async fn change(
    app: &App,
    realm: Realm,
    id: ShipmentId,
    request: &HttpRequest,
    what: EventType,
    rule: impl Fn(&mut Work<'_>, Shipment) -> Result<Shipment, ApiError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let preconditions = Preconditions::from_headers(request.headers());
    let changed = app.run("shipments.change", move |work| {
        let Versioned { object: before, mut version } = find(work, realm, id)?;
        preconditions.check(&tag(id, version))?;
        let after = rule(work, before.clone())?;
        if after == before {
            return Ok((tag(id, version), view::shipment(work.app, &after)?));
        }
        work.tx.shipments().update(realm.organization, &after, version)?;
        version += 1;
        let shown = tell_shipment(work, realm, what, &after)?;
        Ok((tag(id, version), shown))
    });
    let (tag, view) = changed.await?;
    Ok(tagged(request, tag, Value::Object(view)))
}

/// Changes a draft by a merge patch and rates it anew; in any other state only `metadata` can be changed. `PUT` does the same.
#[utoipa::path(patch, path = "/v1/shipments/{id}", tag = "Shipments", operation_id = "updateShipment",
    request_body(content = Object, description = "The members of a shipment that change; `null` clears what can be absent"),
    params(("id" = String, Path, description = "The shipment's id")),
    responses((status = 200, description = "The shipment as it is now", body = ShipmentView)))]
pub(crate) async fn update(
    app: Data<App>,
    caller: AllowKey<ShipmentsWrite>,
    id: PathId<ShipmentId>,
    query: Query<NoParameters>,
    body: Body<Patch>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, realm) = (id.get()?, realm(&caller));
    precheck(&app, realm, id, &Preconditions::from_headers(request.headers())).await?;
    query.read()?;
    let Patch(patch) = body.read().await?;
    change(&app, realm, id, &request, EventType::ShipmentUpdated, move |work, shipment| patched(work, realm, shipment, &patch))
        .await
}

fn patched(work: &mut Work<'_>, realm: Realm, shipment: Shipment, patch: &Map<String, Value>) -> Result<Shipment, ApiError> {
    let now = moment(work.now);
    if patch.keys().all(|name| name == "metadata") {
        let Some(metadata) = patch.get("metadata") else { return Ok(shipment) };
        return Ok(shipment.with_metadata_patched(metadata.clone(), now).map_err(|invalid| told(&invalid))?);
    }
    let request = shipment.patched(patch.clone()).map_err(forbidden)?;
    let bytes = serde_json::to_vec(&request).map_err(ApiError::internal)?;
    let parts = Body::judge(&bytes, |draft: ShipmentDraft| match draft.service {
        Some(_) => Err(Error::invalid("service", "must be left out here: a label is bought by `purchase`")),
        None => draft.parse(now, &mut rng()).map_err(|invalid| told(&invalid)),
    })?;
    let sheets = work.tx.rate_sheets().all(realm.organization)?;
    let rate = |parts: &ShipmentParts| parts.rate((&work.app.carriers, &sheets), realm.test_mode, now, &mut work.rng);
    Ok(shipment.changed(parts, rate, now))
}

/// What is rated anew.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RateAnew {
    /// The services to be rated; those of the shipment when left out.
    services: Option<Vec<String>>,
    /// The rate sheets to be used; those of the shipment when left out.
    carrier_ids: Option<Vec<String>>,
}

/// Rates a draft anew.
#[utoipa::path(post, path = "/v1/shipments/{id}/rates", tag = "Shipments", operation_id = "rateShipment", request_body = Option<RateAnew>,
    params(("id" = String, Path, description = "The shipment's id")),
    responses((status = 200, description = "The shipment with its rates", body = ShipmentView)))]
pub(crate) async fn rerate(
    app: Data<App>,
    caller: AllowKey<RatesRead>,
    id: PathId<ShipmentId>,
    query: Query<NoParameters>,
    body: OptionalBody<RateAnew>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, realm) = (id.get()?, realm(&caller));
    precheck(&app, realm, id, &Preconditions::from_headers(request.headers())).await?;
    query.read()?;
    let wanted = body.read().await?;
    let rule = move |work: &mut Work<'_>, mut shipment: Shipment| {
        shipment.state.demand_draft("rated").map_err(forbidden)?;
        let now = moment(work.now);
        let narrowed = shipment.parts.narrowed(wanted.services.clone(), wanted.carrier_ids.clone());
        shipment.parts = narrowed.map_err(|invalid| told(&invalid))?;
        let sheets = work.tx.rate_sheets().all(realm.organization)?;
        let rate = |parts: &ShipmentParts| parts.rate((&work.app.carriers, &sheets), realm.test_mode, now, &mut work.rng);
        Ok(shipment.rated(rate, now).map_err(forbidden)?)
    };
    change(&app, realm, id, &request, EventType::ShipmentUpdated, rule).await
}

/// Buys the label of one of a draft's rates, and follows the parcel.
#[utoipa::path(post, path = "/v1/shipments/{id}/purchase", tag = "Shipments", operation_id = "purchaseShipment", request_body = PurchaseDraft,
    params(("id" = String, Path, description = "The shipment's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 200, description = "The shipment with its label", body = ShipmentView)))]
pub(crate) async fn purchase(
    app: Data<App>,
    caller: AllowKey<ShipmentsWrite>,
    id: PathId<ShipmentId>,
    query: Query<NoParameters>,
    body: Body<PurchaseDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, realm) = (id.get()?, realm(&caller));
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(&app, realm, id, &Preconditions::default()).await?;
    query.read()?;
    let bytes = body.bytes().await?;
    let judge = |bytes: &[u8]| Body::judge(bytes, |draft: PurchaseDraft| Ok(draft));
    let (who, meta) = ((caller.organization_id, caller.actor()), request_meta(&caller));
    let buy = move |work: &mut Work<'_>, choice: &PurchaseDraft| {
        let Versioned { object: draft, version } = find(work, realm, id)?;
        preconditions.check(&tag(id, version))?;
        let now = moment(work.now);
        let bought = draft.purchase(choice.clone(), &work.app.carriers, now, &mut work.rng);
        let (bought, mut tracker) = bought.map_err(refused)?;
        tracker.meta = meta.clone();
        work.tx.shipments().update(realm.organization, &bought, version)?;
        work.tx.trackers().insert(realm.organization, &tracker)?;
        tell_shipment(work, realm, EventType::ShipmentPurchased, &bought)?;
        tell_tracker(work, realm, EventType::TrackerCreated, &tracker)?;
        Ok((view::shipment_with_label(work.app, &bought)?, true))
    };
    let (answer, _) = once(&app, who, (&request, &bytes), judge, buy).await?;
    Ok(answer.into_response_with(StatusCode::OK))
}

/// Cancels a shipment that is not on its way. Repeating it is safe. `DELETE` does the same.
#[utoipa::path(post, path = "/v1/shipments/{id}/cancel", tag = "Shipments", operation_id = "cancelShipment",
    params(("id" = String, Path, description = "The shipment's id")),
    responses((status = 200, description = "The cancelled shipment", body = ShipmentView)))]
pub(crate) async fn cancel(
    app: Data<App>,
    caller: AllowKey<ShipmentsWrite>,
    id: PathId<ShipmentId>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (id, realm) = (id.get()?, realm(&caller));
    precheck(&app, realm, id, &Preconditions::from_headers(request.headers())).await?;
    query.read()?;
    body.read().await?;
    let rule = move |work: &mut Work<'_>, shipment: Shipment| {
        if shipment.status() == ShipmentStatus::Cancelled {
            return Ok(shipment);
        }
        let tracker = shipment.state.purchase().and_then(|p| p.tracker_id);
        let cancelled = shipment.cancel(moment(work.now)).map_err(forbidden)?;
        if let Some(tracker) = tracker {
            work.tx.trackers().delete(realm, tracker)?;
        }
        Ok(cancelled)
    };
    change(&app, realm, id, &request, EventType::ShipmentCancelled, rule).await
}

/// The format of a label.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LabelQuery {
    /// As the shipment's `label_type` says when left out.
    format: Option<LabelType>,
}

/// Hands out the label of a shipment that was bought: a file of its `label_type`.
#[utoipa::path(get, path = "/v1/shipments/{id}/documents/label", tag = "Shipments", operation_id = "showLabel",
    params(LabelQuery, ("id" = String, Path, description = "The shipment's id")),
    responses((status = 200, description = "The label",
        content((String = "application/pdf"), (String = "image/png"), (String = "application/zpl")))))]
pub(crate) async fn label(
    app: Data<App>,
    caller: AllowKey<ShipmentsRead>,
    id: PathId<ShipmentId>,
    query: Query<LabelQuery>,
) -> Result<HttpResponse, ApiError> {
    let (id, realm) = (id.get()?, realm(&caller));
    let wanted = query.read()?.format;
    let drawn = app.read("shipments.label", move |work| {
        let shipment = find(work, realm, id)?.object;
        let format = wanted.unwrap_or(shipment.parts.label_type);
        let label = view::label(work.app, &shipment, format)?.ok_or_else(Error::not_found)?;
        Ok((format, label))
    });
    let (format, label) = drawn.await?;
    Ok(HttpResponse::Ok().content_type(format.media_type()).body(label))
}
