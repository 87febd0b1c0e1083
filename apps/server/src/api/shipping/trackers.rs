//! Trackers: parcels that are followed, whoever sent them.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use mgmt_core::{
    error::{Code, Error},
    event::EventType,
};
use mgmt_shipping::tracker::{InjectionDraft, NewTracker, Tracker, TrackerDraft, TrackerPatch};
use mgmt_store::{Realm, Versioned};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    drive,
    list::{self, ListTrackers},
    moment, once, realm, request_meta, tag, tell_shipment, tell_tracker, told,
    view::{self, TrackerPage, TrackerView},
};
use crate::{
    api::tagged,
    app::{App, Work},
    auth::resource::{AllowKey, TrackersRead, TrackersWrite},
    error::ApiError,
    http::{
        body::{Body, OptionalBody},
        path::PathId,
        precondition::Preconditions,
        query::{NoParameters, Query},
    },
};

/// Lists trackers, newest first.
#[utoipa::path(get, path = "/v1/trackers", tag = "Trackers", operation_id = "listTrackers", params(ListTrackers),
    responses((status = 200, description = "A page of trackers", body = TrackerPage)))]
pub(crate) async fn list(app: Data<App>, caller: AllowKey<TrackersRead>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let (filter, window, possible) = list::read::<ListTrackers>(&request)?.parse()?;
    let realm = realm(&caller);
    let found = app.read("trackers.list", move |work| {
        if !possible {
            return Ok((0, Vec::new()));
        }
        let count = work.tx.trackers().count(realm, &filter)?;
        Ok((count, work.tx.trackers().list(realm, &filter, window)?))
    });
    let (count, rows) = found.await?;
    let views: Vec<_> = rows.into_iter().map(view::tracker_view).collect();
    Ok(list::page(&app, &request, window, count, &views))
}

/// Parameters that other servers of this API know. They change nothing here: no carrier is asked.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "what is accepted is read, and of no effect")]
pub(crate) struct TrackerOptions {
    hub: Option<String>,
    pending_pickup: Option<bool>,
}

/// Follows a parcel. A number that is followed already yields the tracker that there is.
#[utoipa::path(post, path = "/v1/trackers", tag = "Trackers", operation_id = "createTracker", request_body = TrackerDraft,
    params(TrackerOptions, ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: it gets the first answer")),
    responses((status = 201, description = "The new tracker", body = TrackerView), (status = 200, description = "The tracker that there is", body = TrackerView)))]
pub(crate) async fn create(
    app: Data<App>,
    caller: AllowKey<TrackersWrite>,
    query: Query<TrackerOptions>,
    body: Body<TrackerDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    query.read()?;
    let realm = realm(&caller);
    let who = (caller.organization_id, caller.actor());
    let by_request = request_meta(&caller);
    let bytes = body.bytes().await?;
    let judge = |bytes: &[u8]| {
        Body::judge(bytes, |draft: TrackerDraft| {
            let mut new = draft.parse().map_err(|invalid| told(&invalid))?;
            new.meta.extend(by_request.clone());
            Ok(new)
        })
    };
    let make = move |work: &mut Work<'_>, new: &NewTracker| make(work, realm, new);
    let made = match once(&app, who, (&request, &bytes), judge, make).await {
        // Somebody else was faster: theirs is there now.
        Err(error) if error.error().code() == Code::Conflict => once(&app, who, (&request, &bytes), judge, make).await,
        other => other,
    };
    let (answer, made) = made?;
    Ok(answer.into_response_with(if made { StatusCode::CREATED } else { StatusCode::OK }))
}

fn make(work: &mut Work<'_>, realm: Realm, new: &NewTracker) -> Result<(serde_json::Map<String, Value>, bool), ApiError> {
    if let Some(known) = work.tx.trackers().find_by_number(realm, &new.tracking_number)? {
        return Ok((view::tracker(&known.object)?, false));
    }
    let tracker = Tracker::new(new.clone(), realm.test_mode, moment(work.now), &mut work.rng);
    work.tx.trackers().insert(realm.organization, &tracker)?;
    tell_tracker(work, realm, EventType::TrackerCreated, &tracker)?;
    Ok((view::tracker(&tracker)?, true))
}

/// A tracker by its id, or else by the carrier's number.
fn find(work: &mut Work<'_>, realm: Realm, name: &str) -> Result<Versioned<Tracker>, ApiError> {
    let found = match name.parse() {
        Ok(id) => work.tx.trackers().find(realm, id)?,
        Err(_) => work.tx.trackers().find_by_number(realm, name)?,
    };
    Ok(found.ok_or_else(Error::not_found)?)
}

/// Shows a tracker.
#[utoipa::path(get, path = "/v1/trackers/{id}", tag = "Trackers", operation_id = "showTracker",
    params(("id" = String, Path, description = "The tracker's id, or the carrier's number")),
    responses((status = 200, description = "The tracker", body = TrackerView), (status = 304, description = "Not changed since")))]
pub(crate) async fn show(
    app: Data<App>,
    caller: AllowKey<TrackersRead>,
    name: PathId<String>,
    query: Query<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (name, realm) = (name.get()?, realm(&caller));
    query.read()?;
    let found = app.read("trackers.show", move |work| {
        let found = find(work, realm, &name)?;
        Ok((tag(found.object.id, found.version), view::tracker(&found.object)?))
    });
    let (tag, view) = found.await?;
    Ok(tagged(&request, tag, Value::Object(view)))
}

/// A missing tracker is 404, and a changed one 412, before anything is said about the body.
async fn precheck(app: &App, realm: Realm, name: String, preconditions: &Preconditions) -> Result<(), ApiError> {
    let preconditions = preconditions.clone();
    let judged = app.read("trackers.precheck", move |work| {
        let found = find(work, realm, &name)?;
        Ok(preconditions.check(&tag(found.object.id, found.version))?)
    });
    judged.await
}

/// Applies a rule to a tracker, tells what happened if anything did, and moves the shipment that it drives.
async fn change(
    app: &App,
    realm: Realm,
    name: String,
    preconditions: Preconditions,
    rule: impl Fn(Tracker, &Work<'_>) -> Result<Tracker, ApiError> + Send + 'static,
) -> Result<Versioned<Tracker>, ApiError> {
    let changed = app.run("trackers.change", move |work| {
        let Versioned { object: before, mut version } = find(work, realm, &name)?;
        preconditions.check(&tag(before.id, version))?;
        let after = rule(before.clone(), work)?;
        if after != before {
            work.tx.trackers().update(realm.organization, &after, version)?;
            version += 1;
            tell_tracker(work, realm, EventType::TrackerUpdated, &after)?;
            drive(work, realm, &after)?;
        }
        Ok(Versioned { object: after, version })
    });
    changed.await
}

/// Changes `info` and `metadata` by a merge patch. `PUT` does the same.
#[utoipa::path(patch, path = "/v1/trackers/{id}", tag = "Trackers", operation_id = "updateTracker", request_body = TrackerPatch,
    params(("id" = String, Path, description = "The tracker's id, or the carrier's number")),
    responses((status = 200, description = "The tracker as it is now", body = TrackerView)))]
pub(crate) async fn update(
    app: Data<App>,
    caller: AllowKey<TrackersWrite>,
    name: PathId<String>,
    query: Query<NoParameters>,
    body: Body<TrackerPatch>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (name, realm) = (name.get()?, realm(&caller));
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(&app, realm, name.clone(), &preconditions).await?;
    query.read()?;
    let patch = body.read().await?;
    let rule = move |tracker: Tracker, work: &Work<'_>| {
        Ok(tracker.patched(patch.clone(), moment(work.now)).map_err(|invalid| told(&invalid))?)
    };
    let changed = change(&app, realm, name, preconditions, rule).await?;
    let view = view::tracker(&changed.object)?;
    Ok(tagged(&request, tag(changed.object.id, changed.version), Value::Object(view)))
}

/// Reports what happened to a parcel. Its shipment follows.
#[utoipa::path(post, path = "/v1/trackers/{id}/inject-events", tag = "Trackers", operation_id = "injectTrackerEvents", request_body = InjectionDraft,
    params(("id" = String, Path, description = "The tracker's id, or the carrier's number")),
    responses((status = 200, description = "Done", body = Operation)))]
pub(crate) async fn inject(
    app: Data<App>,
    caller: AllowKey<TrackersWrite>,
    name: PathId<String>,
    query: Query<NoParameters>,
    body: Body<InjectionDraft>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (name, realm) = (name.get()?, realm(&caller));
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(&app, realm, name.clone(), &preconditions).await?;
    query.read()?;
    let now = moment(app.clock.now().wall);
    let judge = |draft: InjectionDraft| draft.parse(now).map_err(|invalid| told(&invalid));
    let (report, _) = body.parse(judge).await?;
    let rule = move |tracker: Tracker, _: &Work<'_>| Ok(tracker.inject(report.clone(), now));
    change(&app, realm, name, preconditions, rule).await?;
    Ok(HttpResponse::Ok().json(json!({ "operation": "Inject tracker events", "success": true })))
}

/// What was done.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Operation {
    operation: String,
    success: bool,
}

/// Follows a parcel no longer. The answer is the tracker as it was.
#[utoipa::path(delete, path = "/v1/trackers/{id}", tag = "Trackers", operation_id = "removeTracker",
    params(("id" = String, Path, description = "The tracker's id, or the carrier's number")),
    responses((status = 200, description = "The tracker as it was", body = TrackerView)))]
pub(crate) async fn remove(
    app: Data<App>,
    caller: AllowKey<TrackersWrite>,
    name: PathId<String>,
    query: Query<NoParameters>,
    body: OptionalBody<NoParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (name, realm) = (name.get()?, realm(&caller));
    let preconditions = Preconditions::from_headers(request.headers());
    precheck(&app, realm, name.clone(), &preconditions).await?;
    query.read()?;
    body.read().await?;
    let removed = app.run("trackers.remove", move |work| {
        let Versioned { object: tracker, version } = find(work, realm, &name)?;
        preconditions.check(&tag(tracker.id, version))?;
        work.tx.trackers().delete(realm, tracker.id)?;
        forget(work, realm, &tracker)?;
        view::tracker(&tracker)
    });
    Ok(HttpResponse::Ok().json(removed.await?))
}

/// Lets the shipment that a tracker drove go on without one.
fn forget(work: &mut Work<'_>, realm: Realm, tracker: &Tracker) -> Result<(), ApiError> {
    let Some(id) = tracker.shipment_id else { return Ok(()) };
    let Some(Versioned { object: shipment, version }) = work.tx.shipments().find(realm, id)? else { return Ok(()) };
    let after = shipment.untracked(moment(work.now));
    work.tx.shipments().update(realm.organization, &after, version)?;
    tell_shipment(work, realm, EventType::ShipmentUpdated, &after).map(|_| ())
}
