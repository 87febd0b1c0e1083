//! Shipments.

use std::collections::BTreeSet;

use diesel::{dsl::exists, prelude::*};
use mgmt_core::id::OrganizationId;
use mgmt_shipping::{
    id::ShipmentId,
    shipment::Shipment,
    text::{Object, composed},
    time::Moment,
};
use serde_json::Value;

use super::{
    conn::any::MultiBackend,
    kept::Kept,
    schema::{shipment_facets as facets, shipments as table},
    shipment_counts::{Kind, day_and_slot},
    shipment_grams,
    tx::{RowRef, SqlTx},
};
use crate::{
    error::{Result, StoreError},
    store::{Facet, Realm, ShipmentFilter, Shipments, Versioned, Window},
};

/// The most characters of a member's name and value that are kept to find it by.
const MAX_FACET: usize = 250;
/// The most shipments that a search reads to count and list them at once.
const MAX_HITS: i64 = 10_000;
/// The most rows that are read for each of several values, to merge what an index yields in order.
const MAX_MERGED: i64 = 5_000;

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = table, treat_none_as_default_value = false, treat_none_as_null = true)]
struct ShipmentRow {
    id: String,
    organization_id: String,
    test_mode: bool,
    status: String,
    carrier_name: Option<String>,
    service: Option<String>,
    tracking_number: Option<String>,
    tracker_id: Option<String>,
    reference: Option<String>,
    order_id: Option<String>,
    is_return: bool,
    search: String,
    address: String,
    document: String,
    version: i64,
}

impl ShipmentRow {
    fn new(organization: OrganizationId, shipment: &Shipment, version: i64) -> Result<Self> {
        let parts = &shipment.parts;
        let purchase = shipment.state.purchase();
        let number = purchase.map(|p| p.tracking_number.clone());
        let searched = [parts.reference.clone(), parts.order_id.clone(), number.clone()];
        let names = shipment.names().into_iter().map(str::to_owned);
        let lines = parts.shipper.parts().lines().into_iter().chain(parts.recipient.parts().lines());
        Ok(Self {
            id: shipment.id.to_string(),
            organization_id: organization.to_string(),
            test_mode: shipment.test_mode,
            status: shipment.status().as_str().to_owned(),
            carrier_name: purchase.map(|p| p.rate.carrier_name.clone()),
            service: purchase.map(|p| p.rate.service.clone()),
            tracker_id: purchase.and_then(|p| p.tracker_id).map(|id| id.to_string()),
            reference: parts.reference.as_deref().map(str::to_lowercase),
            order_id: parts.order_id.as_deref().map(str::to_lowercase),
            is_return: parts.is_return,
            search: haystack(searched.into_iter().flatten().chain(names)),
            address: haystack(lines),
            tracking_number: number.map(|number| number.to_lowercase()),
            document: document(shipment)?,
            version,
        })
    }

    fn kind(&self, id: ShipmentId) -> Kind {
        let (day, slot) = day_and_slot(id);
        Kind {
            organization_id: self.organization_id.clone(),
            test_mode: self.test_mode,
            status: self.status.clone(),
            carrier_name: self.carrier_name.clone().unwrap_or_default(),
            service: self.service.clone().unwrap_or_default(),
            has_tracker: self.tracker_id.is_some(),
            is_return: self.is_return,
            day,
            slot,
        }
    }
}

/// Texts to search in: in lower case, a line each.
pub(super) fn haystack(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join("\n").to_lowercase()
}

/// An object as it is kept.
pub(super) fn document<T: serde::Serialize>(object: &T) -> Result<String> {
    serde_json::to_string(object).map_err(|e| StoreError::Backend(e.to_string()))
}

/// A pattern that finds a text anywhere in another, in lower case.
pub(super) fn anywhere(text: &str) -> String {
    let escaped = text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// The bits of the first and last id that is made at a moment: ids begin with the milliseconds.
pub(super) fn id_bounds(at: Moment) -> (u128, u128) {
    let first = u128::from(at.as_millis().unsigned_abs()) << 80;
    (first, first | ((1 << 80) - 1))
}

type Query = table::BoxedQuery<'static, MultiBackend>;

/// Where a text is searched for.
#[derive(Clone, Copy)]
enum Place {
    Anything,
    Address,
    TrackingNumber,
    Reference,
    OrderId,
}

/// The texts that a filter searches for.
fn searches(filter: &ShipmentFilter) -> impl Iterator<Item = (&str, Place)> {
    let all = [
        (&filter.keyword, Place::Anything),
        (&filter.address, Place::Address),
        (&filter.tracking_number, Place::TrackingNumber),
        (&filter.reference, Place::Reference),
        (&filter.order_id, Place::OrderId),
    ];
    all.into_iter().filter_map(|(text, place)| Some((text.as_deref()?, place)))
}

fn filtered(realm: Realm, filter: &ShipmentFilter) -> Query {
    let own = table::organization_id.eq(realm.organization.to_string()).and(table::test_mode.eq(realm.test_mode));
    let mut query = table::table.filter(own).into_boxed();
    if !filter.ids.is_empty() {
        query = query.filter(table::id.eq_any(filter.ids.iter().map(ToString::to_string).collect::<Vec<_>>()));
    }
    for (text, place) in searches(filter) {
        let pattern = anywhere(text);
        query = match place {
            Place::Anything => query.filter(table::search.like(pattern).escape('\\')),
            Place::Address => query.filter(table::address.like(pattern).escape('\\')),
            Place::TrackingNumber => query.filter(table::tracking_number.like(pattern).escape('\\')),
            Place::Reference => query.filter(table::reference.like(pattern).escape('\\')),
            Place::OrderId => query.filter(table::order_id.like(pattern).escape('\\')),
        };
    }
    if let Some(after) = filter.created_after {
        query = query.filter(table::id.ge(ShipmentId::from_u128(id_bounds(after).0).to_string()));
    }
    if let Some(before) = filter.created_before {
        query = query.filter(table::id.le(ShipmentId::from_u128(id_bounds(before).1).to_string()));
    }
    let statuses: Vec<String> = filter.statuses.iter().map(|s| s.as_str().to_owned()).collect();
    // An index yields one value's rows in the order of the list, several values' it does not.
    query = match statuses.as_slice() {
        [] => query,
        [status] => query.filter(table::status.eq(status.clone())),
        _ => query.filter(table::status.eq_any(statuses)),
    };
    query = match filter.carriers.as_slice() {
        [] => query,
        [carrier] => query.filter(table::carrier_name.eq(carrier.clone())),
        carriers => query.filter(table::carrier_name.eq_any(carriers.to_vec())),
    };
    query = match filter.services.as_slice() {
        [] => query,
        [service] => query.filter(table::service.eq(service.clone())),
        services => query.filter(table::service.eq_any(services.to_vec())),
    };
    match filter.has_tracker {
        Some(true) => query = query.filter(table::tracker_id.is_not_null()),
        Some(false) => query = query.filter(table::tracker_id.is_null()),
        None => {}
    }
    if let Some(is_return) = filter.is_return {
        query = query.filter(table::is_return.eq(is_return));
    }
    with_facets(query, filter)
}

/// A filter for several values as filters for one each, of which no shipment fits two: an index yields the rows of one value in the order
/// of the list, those of several it does not. Empty when something else narrows more.
fn of_one_value(filter: &ShipmentFilter) -> Vec<ShipmentFilter> {
    if !filter.ids.is_empty() || !filter.facets.is_empty() || searches(filter).next().is_some() {
        return Vec::new();
    }
    let mut statuses = Vec::new();
    for status in &filter.statuses {
        if !statuses.contains(status) {
            statuses.push(*status);
        }
    }
    let distinct = |values: &[String]| values.iter().cloned().collect::<BTreeSet<_>>();
    if !statuses.is_empty() {
        return statuses.into_iter().map(|one| ShipmentFilter { statuses: vec![one], ..filter.clone() }).collect();
    }
    if filter.services.len() > 1 {
        return distinct(&filter.services)
            .into_iter()
            .map(|one| ShipmentFilter { services: vec![one], ..filter.clone() })
            .collect();
    }
    distinct(&filter.carriers).into_iter().map(|one| ShipmentFilter { carriers: vec![one], ..filter.clone() }).collect()
}

fn with_facets(mut query: Query, filter: &ShipmentFilter) -> Query {
    for wanted in &filter.facets {
        let own = facets::shipment_id.eq(table::id).and(facets::kind.eq(wanted.facet.as_str()));
        let any = facets::table.filter(own);
        query = match (&wanted.name, &wanted.value) {
            (Some(name), Some(value)) => {
                query.filter(exists(any.filter(facets::name.eq(short(name)).and(facets::value.eq(short(value))))))
            }
            (Some(name), None) => query.filter(exists(any.filter(facets::name.eq(short(name))))),
            (None, Some(value)) => query.filter(exists(any.filter(facets::value.eq(short(value))))),
            (None, None) => query,
        };
    }
    query
}

/// What is kept of a name or value, and asked for.
fn short(text: &str) -> String {
    composed(text).chars().take(MAX_FACET).collect()
}

fn members(shipment: &Shipment) -> impl Iterator<Item = (Facet, String, String)> {
    let of = |facet: Facet| -> &Object {
        match facet {
            Facet::Metadata => &shipment.parts.metadata,
            Facet::Options => &shipment.parts.options,
            Facet::Meta => &shipment.meta,
        }
    };
    Facet::ALL.into_iter().flat_map(move |facet| {
        of(facet).iter().map(move |(name, value)| {
            let text = match value {
                Value::String(text) => short(text),
                other => short(&other.to_string()),
            };
            (facet, short(name), text)
        })
    })
}

impl SqlTx<'_> {
    /// What fits a filter, by the indexes that there are.
    fn found(&mut self, realm: Realm, filter: &ShipmentFilter) -> Result<Query> {
        let mut query = filtered(realm, filter);
        if self.has_grams() {
            for (text, _) in searches(filter).filter(|(text, _)| text.chars().count() >= shipment_grams::LENGTH) {
                let grams = self.rare_grams(realm, text)?;
                query = query.filter(shipment_grams::has_all(&grams));
            }
        }
        Ok(query)
    }

    /// Counts rows, where nobody has counted them before.
    pub(super) fn count_shipments(&mut self, realm: Realm, filter: &ShipmentFilter) -> Result<i64> {
        let query = self.found(realm, filter)?.select(diesel::dsl::count_star());
        self.query(|c| query.get_result::<i64>(c))
    }

    /// The ids of a page. They alone are read from an index, whatever comes before the page.
    fn shipment_ids(&mut self, realm: Realm, filter: &ShipmentFilter, window: Window) -> Result<Vec<String>> {
        let (offset, limit) = (window.offset.max(0), window.limit.max(0));
        let end = offset.saturating_add(limit);
        let parts = if end <= MAX_MERGED { of_one_value(filter) } else { Vec::new() };
        if parts.len() < 2 {
            return self.ids_in_order(realm, filter, Window { offset, limit });
        }
        let mut ids = Vec::new();
        for part in &parts {
            ids.extend(self.ids_in_order(realm, part, Window { offset: 0, limit: end })?);
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let size = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
        Ok(ids.into_iter().skip(size(offset)).take(size(limit)).collect())
    }

    fn ids_in_order(&mut self, realm: Realm, filter: &ShipmentFilter, window: Window) -> Result<Vec<String>> {
        let query = self.found(realm, filter)?.order(table::id.desc()).limit(window.limit).offset(window.offset);
        self.query(|c| query.select(table::id).load::<String>(c))
    }

    fn load_shipments(&mut self, ids: Vec<String>) -> Result<Vec<Shipment>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = table::table.filter(table::id.eq_any(ids)).order(table::id.desc()).select((table::id, table::document));
        let rows = self.query(|c| query.load::<(String, String)>(c))?;
        rows.iter().map(|(id, text)| parse(id, text)).collect()
    }

    fn write_facets(&mut self, shipment: &Shipment) -> Result<()> {
        let id = shipment.id.to_string();
        for (place, (facet, name, value)) in (0_i64..).zip(members(shipment)) {
            let row = (
                facets::shipment_id.eq(&id),
                facets::place.eq(place),
                facets::kind.eq(facet.as_str()),
                facets::name.eq(name),
                facets::value.eq(value),
            );
            self.query(|c| Kept(diesel::insert_into(facets::table).values(row)).execute(c))?;
        }
        Ok(())
    }
}

fn parse(id: &str, document: &str) -> Result<Shipment> {
    RowRef { table: "shipments", id }.ok(serde_json::from_str(document))
}

impl Shipments for SqlTx<'_> {
    fn insert(&mut self, organization: OrganizationId, shipment: &Shipment) -> Result<()> {
        let row = ShipmentRow::new(organization, shipment, 1)?;
        let kind = row.kind(shipment.id);
        self.query(|c| Kept(diesel::insert_into(table::table).values(row)).execute(c))?;
        self.write_facets(shipment)?;
        self.count_new(&kind)
    }

    fn find(&mut self, realm: Realm, id: ShipmentId) -> Result<Option<Versioned<Shipment>>> {
        let id = id.to_string();
        let filter = ShipmentFilter::default();
        let query = filtered(realm, &filter).filter(table::id.eq(id.clone())).select((table::document, table::version));
        let found = self.query(|c| query.get_result::<(String, i64)>(c).optional())?;
        found.map(|(text, version)| Ok(Versioned { object: parse(&id, &text)?, version })).transpose()
    }

    fn list(&mut self, realm: Realm, filter: &ShipmentFilter, window: Window) -> Result<Vec<Shipment>> {
        let ids = self.shipment_ids(realm, filter, window)?;
        self.load_shipments(ids)
    }

    fn count(&mut self, realm: Realm, filter: &ShipmentFilter) -> Result<i64> {
        if let Some(count) = self.known_count(realm, filter)? {
            return Ok(count);
        }
        self.count_shipments(realm, filter)
    }

    fn page(&mut self, realm: Realm, filter: &ShipmentFilter, window: Window) -> Result<(i64, Vec<Shipment>)> {
        if searches(filter).next().is_some() {
            let hits = self.shipment_ids(realm, filter, Window { offset: 0, limit: MAX_HITS + 1 })?;
            let count = i64::try_from(hits.len()).unwrap_or(i64::MAX);
            if count <= MAX_HITS {
                let size = |n: i64| usize::try_from(n).unwrap_or(0);
                let wanted = hits.into_iter().skip(size(window.offset)).take(size(window.limit)).collect();
                return Ok((count, self.load_shipments(wanted)?));
            }
        }
        Ok((self.count(realm, filter)?, self.list(realm, filter, window)?))
    }

    fn update(&mut self, organization: OrganizationId, shipment: &Shipment, version: i64) -> Result<()> {
        let row = ShipmentRow::new(organization, shipment, version + 1)?;
        self.count_changed(&row.id, version, &row.kind(shipment.id))?;
        let seen = table::id.eq(row.id.clone()).and(table::version.eq(version));
        let seen = seen.and(table::organization_id.eq(row.organization_id.clone()));
        self.update_seen(|c| Kept(diesel::update(table::table.filter(seen)).set(row)).execute(c))?;
        let old = facets::table.filter(facets::shipment_id.eq(shipment.id.to_string()));
        self.query(|c| Kept(diesel::delete(old)).execute(c))?;
        self.write_facets(shipment)
    }
}
