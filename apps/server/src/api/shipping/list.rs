//! Lists with `limit` and `offset`, and the filters of their queries.

use actix_web::{HttpRequest, HttpResponse};
use mgmt_core::error::{Error, Faults};
use mgmt_shipping::{fault::Invalid, shipment_state::ShipmentStatus, text::composed, time::Moment, tracker::TrackerStatus};
use mgmt_store::{Facet, FacetFilter, ShipmentFilter, TrackerFilter, Window};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{api::page_size, app::App, error::ApiError, http::query};

/// The longest text that is searched for.
const MAX_TEXT: usize = 200;
/// The most entries of one list in a query.
const MAX_ENTRIES: usize = 100;
/// Parameters that may be repeated. One with commas says the same.
const REPEATABLE: [&str; 4] = ["id", "status", "carrier_name", "service"];

/// Which shipments to list.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListShipments {
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// How many to pass over.
    #[param(minimum = 0)]
    offset: Option<i64>,
    /// Ids, separated by commas.
    id: Option<String>,
    /// A part of reference, order id, tracking number or a name.
    keyword: Option<String>,
    /// A part of an address.
    address: Option<String>,
    tracking_number: Option<String>,
    reference: Option<String>,
    order_id: Option<String>,
    /// A time; without a zone in UTC.
    created_after: Option<String>,
    /// A time; without a zone in UTC.
    created_before: Option<String>,
    /// May be repeated.
    carrier_name: Option<String>,
    /// May be repeated.
    status: Option<String>,
    /// May be repeated.
    service: Option<String>,
    metadata_key: Option<String>,
    metadata_value: Option<String>,
    option_key: Option<String>,
    option_value: Option<String>,
    meta_key: Option<String>,
    meta_value: Option<String>,
    has_tracker: Option<bool>,
    /// No shipment has a manifest.
    has_manifest: Option<bool>,
    is_return: Option<bool>,
    /// No shipment is archived.
    is_archived: Option<bool>,
    /// The id of the request that made it.
    request_id: Option<String>,
}

/// Which trackers to list.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTrackers {
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// How many to pass over.
    #[param(minimum = 0)]
    offset: Option<i64>,
    /// A part of tracking number or reference.
    keyword: Option<String>,
    /// A part of the tracking number.
    tracking_number: Option<String>,
    /// May be repeated.
    status: Option<String>,
    /// May be repeated.
    carrier_name: Option<String>,
    /// A time; without a zone in UTC.
    created_after: Option<String>,
    /// A time; without a zone in UTC.
    created_before: Option<String>,
    /// No tracker is archived.
    is_archived: Option<bool>,
    /// The id of the request that made it.
    request_id: Option<String>,
}

/// Reads a query whose list parameters may be repeated.
pub(super) fn read<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ApiError> {
    let mut single: Vec<String> = Vec::new();
    for pair in request.query_string().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let prefix = format!("{name}=");
        match single.iter_mut().find(|known| REPEATABLE.contains(&name) && known.starts_with(&prefix)) {
            Some(known) => {
                known.push(',');
                known.push_str(value);
            }
            None => single.push(pair.to_owned()),
        }
    }
    Ok(query::parse(&single.join("&"))?)
}

/// What a query means, and whether anything can fit at all.
pub(super) type Wanted<F> = (F, Window, bool);

fn note<T>(faults: &mut Faults, field: &str, result: Result<T, Invalid>) -> Option<T> {
    let reason = |invalid: &Invalid| invalid.faults().values().next().cloned().unwrap_or_default();
    faults.take(result.map_err(|invalid| Error::invalid(field, reason(&invalid))))
}

fn entries(faults: &mut Faults, field: &str, text: Option<String>) -> Vec<String> {
    let Some(text) = text else { return Vec::new() };
    let entries: Vec<String> = text.split(',').map(|entry| composed(entry.trim())).filter(|e| !e.is_empty()).collect();
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        faults.note(Error::invalid(field, format!("must have 1 to {MAX_ENTRIES} entries")));
    }
    entries
}

/// Reads each entry as a word.
fn words<T>(faults: &mut Faults, field: &str, text: Option<String>, parse: fn(&str) -> Option<T>, known: &str) -> Vec<T> {
    let parsed: Vec<Option<T>> = entries(faults, field, text).iter().map(|entry| parse(entry)).collect();
    if parsed.iter().any(Option::is_none) {
        faults.note(Error::invalid(field, format!("must be one of {known}")));
    }
    parsed.into_iter().flatten().collect()
}

/// A text in the form in which texts are kept, so that it is found whichever form it is asked for in.
fn kept(text: Option<String>) -> Option<String> {
    text.map(|text| composed(&text))
}

fn searched(faults: &mut Faults, field: &str, text: Option<String>) -> Option<String> {
    let text = kept(text).filter(|text| !text.is_empty())?;
    if text.chars().count() > MAX_TEXT {
        faults.note(Error::invalid(field, format!("must have at most {MAX_TEXT} characters")));
    }
    Some(text)
}

fn time(faults: &mut Faults, field: &str, text: Option<&String>) -> Option<Moment> {
    text.and_then(|text| note(faults, field, Moment::parse(text)))
}

fn window(faults: &mut Faults, limit: Option<i64>, offset: Option<i64>) -> Window {
    let limit = match page_size(limit) {
        Ok(limit) => limit,
        Err(error) => {
            faults.note(error.error().clone());
            1
        }
    };
    let offset = offset.unwrap_or(0);
    if offset < 0 {
        faults.note(Error::invalid("offset", "must be a whole number that is not negative"));
    }
    Window { offset, limit }
}

fn quoted(words: impl Iterator<Item = &'static str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

impl ListShipments {
    /// Judges the query.
    ///
    /// # Errors
    /// 400 that names every parameter at fault.
    pub(super) fn parse(self) -> Result<Wanted<ShipmentFilter>, ApiError> {
        let mut faults = Faults::default();
        let window = window(&mut faults, self.limit, self.offset);
        let possible = self.is_archived != Some(true) && self.has_manifest != Some(true);
        let members = [
            (Facet::Metadata, self.metadata_key, self.metadata_value),
            (Facet::Options, self.option_key, self.option_value),
            (Facet::Meta, self.meta_key, self.meta_value),
        ];
        let members = members.into_iter().filter(|(_, name, value)| name.is_some() || value.is_some());
        let by_request = self.request_id.map(|id| (Facet::Meta, Some("request_id".to_owned()), Some(id)));
        let facets =
            members.chain(by_request).map(|(facet, name, value)| FacetFilter { facet, name: kept(name), value: kept(value) });
        let ids = entries(&mut faults, "id", self.id);
        let known = quoted(ShipmentStatus::ALL.iter().map(|s| s.as_str()));
        let asked_ids = !ids.is_empty();
        let filter = ShipmentFilter {
            // What is no id is the id of nothing.
            ids: ids.iter().filter_map(|id| id.parse().ok()).collect(),
            keyword: searched(&mut faults, "keyword", self.keyword),
            address: searched(&mut faults, "address", self.address),
            tracking_number: kept(self.tracking_number),
            reference: kept(self.reference),
            order_id: kept(self.order_id),
            created_after: time(&mut faults, "created_after", self.created_after.as_ref()),
            created_before: time(&mut faults, "created_before", self.created_before.as_ref()),
            carriers: entries(&mut faults, "carrier_name", self.carrier_name),
            statuses: words(&mut faults, "status", self.status, ShipmentStatus::from_word, &known),
            services: entries(&mut faults, "service", self.service),
            facets: facets.collect(),
            has_tracker: self.has_tracker,
            is_return: self.is_return,
        };
        faults.finish()?;
        let possible = possible && (!asked_ids || !filter.ids.is_empty());
        Ok((filter, window, possible))
    }
}

impl ListTrackers {
    /// Judges the query.
    ///
    /// # Errors
    /// 400 that names every parameter at fault.
    pub(super) fn parse(self) -> Result<Wanted<TrackerFilter>, ApiError> {
        let mut faults = Faults::default();
        let window = window(&mut faults, self.limit, self.offset);
        let known = quoted(TrackerStatus::ALL.iter().map(|s| s.as_str()));
        let filter = TrackerFilter {
            keyword: searched(&mut faults, "keyword", self.keyword),
            tracking_number: searched(&mut faults, "tracking_number", self.tracking_number),
            statuses: words(&mut faults, "status", self.status, TrackerStatus::from_word, &known),
            carriers: entries(&mut faults, "carrier_name", self.carrier_name),
            request_id: self.request_id,
            created_after: time(&mut faults, "created_after", self.created_after.as_ref()),
            created_before: time(&mut faults, "created_before", self.created_before.as_ref()),
        };
        faults.finish()?;
        Ok((filter, window, self.is_archived != Some(true)))
    }
}

/// What [`page`] answers; written at once, as a hundred shipments are some hundred thousand characters.
#[derive(Serialize)]
struct Page<'a, T> {
    count: i64,
    next: Option<String>,
    previous: Option<String>,
    results: &'a [T],
}

/// A page with the addresses of the ones beside it.
pub(super) fn page<T: Serialize>(app: &App, request: &HttpRequest, window: Window, count: i64, results: &[T]) -> HttpResponse {
    let base = app.config.server.public_url.trim_end_matches('/');
    let kept = || {
        let pairs = request.query_string().split('&');
        pairs.filter(|pair| !pair.is_empty() && !pair.starts_with("offset=") && !pair.starts_with("limit=")).map(str::to_owned)
    };
    let link = |offset: i64| {
        let pairs = kept().chain([format!("limit={}", window.limit), format!("offset={offset}")]);
        format!("{base}{}?{}", request.path(), pairs.collect::<Vec<_>>().join("&"))
    };
    let end = window.offset.saturating_add(window.limit);
    let next = (end < count).then(|| link(end));
    let previous = (window.offset > 0).then(|| link((window.offset - window.limit).max(0)));
    HttpResponse::Ok().json(Page { count, next, previous, results })
}
