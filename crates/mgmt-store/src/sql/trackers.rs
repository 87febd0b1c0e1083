//! Trackers.

use diesel::prelude::*;
use mgmt_core::id::OrganizationId;
use mgmt_shipping::{id::TrackerId, tracker::Tracker};
use serde_json::Value;

use super::{
    conn::any::MultiBackend,
    kept::Kept,
    schema::trackers as table,
    shipments::{anywhere, document, haystack, id_bounds},
    tx::{RowRef, SqlTx},
};
use crate::{
    error::Result,
    store::{Realm, TrackerFilter, Trackers, Versioned, Window},
};

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = table, treat_none_as_default_value = false, treat_none_as_null = true)]
struct TrackerRow {
    id: String,
    organization_id: String,
    test_mode: bool,
    tracking_number: String,
    carrier_name: String,
    status: String,
    search: String,
    document: String,
    version: i64,
    request_id: Option<String>,
}

impl TrackerRow {
    fn new(organization: OrganizationId, tracker: &Tracker, version: i64) -> Result<Self> {
        let meta = |name: &str| tracker.meta.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            id: tracker.id.to_string(),
            organization_id: organization.to_string(),
            test_mode: tracker.test_mode,
            tracking_number: tracker.tracking_number.clone(),
            carrier_name: tracker.carrier_name.clone(),
            status: tracker.status.as_str().to_owned(),
            search: haystack([tracker.tracking_number.clone()].into_iter().chain(meta("reference"))),
            document: document(tracker)?,
            version,
            request_id: meta("request_id"),
        })
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// A text in lower case; only that of ASCII on SQLite.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

type Query = table::BoxedQuery<'static, MultiBackend>;

fn of(realm: Realm) -> Query {
    let own = table::organization_id.eq(realm.organization.to_string()).and(table::test_mode.eq(realm.test_mode));
    table::table.filter(own).into_boxed()
}

fn filtered(realm: Realm, filter: &TrackerFilter) -> Query {
    let mut query = of(realm);
    if let Some(keyword) = &filter.keyword {
        query = query.filter(table::search.like(anywhere(keyword)).escape('\\'));
    }
    if let Some(number) = &filter.tracking_number {
        // What is searched holds the number and the reference, and has an index.
        query = query.filter(table::search.like(anywhere(number)).escape('\\'));
        query = query.filter(lower(table::tracking_number).like(anywhere(number)).escape('\\'));
    }
    if !filter.statuses.is_empty() {
        query = query.filter(table::status.eq_any(filter.statuses.iter().map(|s| s.as_str().to_owned()).collect::<Vec<_>>()));
    }
    if !filter.carriers.is_empty() {
        query = query.filter(table::carrier_name.eq_any(filter.carriers.clone()));
    }
    if let Some(request) = &filter.request_id {
        query = query.filter(table::request_id.eq(request.clone()));
    }
    if let Some(after) = filter.created_after {
        query = query.filter(table::id.ge(TrackerId::from_u128(id_bounds(after).0).to_string()));
    }
    if let Some(before) = filter.created_before {
        query = query.filter(table::id.le(TrackerId::from_u128(id_bounds(before).1).to_string()));
    }
    query
}

fn parse(id: &str, document: &str) -> Result<Tracker> {
    RowRef { table: "trackers", id }.ok(serde_json::from_str(document))
}

impl SqlTx<'_> {
    fn one_tracker(&mut self, query: Query) -> Result<Option<Versioned<Tracker>>> {
        let query = query.select((table::id, table::document, table::version));
        let found = self.query(|c| query.get_result::<(String, String, i64)>(c).optional())?;
        found.map(|(id, text, version)| Ok(Versioned { object: parse(&id, &text)?, version })).transpose()
    }
}

impl Trackers for SqlTx<'_> {
    fn insert(&mut self, organization: OrganizationId, tracker: &Tracker) -> Result<()> {
        let row = TrackerRow::new(organization, tracker, 1)?;
        self.query(|c| Kept(diesel::insert_into(table::table).values(row)).execute(c))?;
        Ok(())
    }

    fn find(&mut self, realm: Realm, id: TrackerId) -> Result<Option<Versioned<Tracker>>> {
        self.one_tracker(of(realm).filter(table::id.eq(id.to_string())))
    }

    fn find_by_number(&mut self, realm: Realm, number: &str) -> Result<Option<Versioned<Tracker>>> {
        self.one_tracker(of(realm).filter(table::tracking_number.eq(number.to_owned())))
    }

    fn list(&mut self, realm: Realm, filter: &TrackerFilter, window: Window) -> Result<Vec<Tracker>> {
        let query = filtered(realm, filter).order(table::id.desc()).limit(window.limit.max(0)).offset(window.offset.max(0));
        let rows = self.query(|c| query.select((table::id, table::document)).load::<(String, String)>(c))?;
        rows.iter().map(|(id, text)| parse(id, text)).collect()
    }

    fn count(&mut self, realm: Realm, filter: &TrackerFilter) -> Result<i64> {
        let query = filtered(realm, filter).select(diesel::dsl::count_star());
        self.query(|c| query.get_result::<i64>(c))
    }

    fn update(&mut self, organization: OrganizationId, tracker: &Tracker, version: i64) -> Result<()> {
        let row = TrackerRow::new(organization, tracker, version + 1)?;
        let seen = table::id.eq(row.id.clone()).and(table::version.eq(version));
        let seen = seen.and(table::organization_id.eq(row.organization_id.clone()));
        self.update_seen(|c| Kept(diesel::update(table::table.filter(seen)).set(row)).execute(c))
    }

    fn delete(&mut self, realm: Realm, id: TrackerId) -> Result<bool> {
        let own = table::organization_id.eq(realm.organization.to_string()).and(table::test_mode.eq(realm.test_mode));
        let one = table::table.filter(own.and(table::id.eq(id.to_string())));
        Ok(self.query(|c| diesel::delete(one).execute(c))? == 1)
    }
}
