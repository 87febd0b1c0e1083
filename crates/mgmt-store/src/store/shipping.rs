//! Shipments, trackers, and the sheets that shipments are priced by.

use mgmt_core::id::OrganizationId;
use mgmt_shipping::{
    id::{RateSheetId, ShipmentId, TrackerId},
    sheet::RateSheet,
    shipment::Shipment,
    shipment_state::ShipmentStatus,
    time::Moment,
    tracker::{Tracker, TrackerStatus},
};

use crate::error::Result;

/// What was read, with the version that an update must name.
#[derive(Clone, Debug, PartialEq)]
pub struct Versioned<T> {
    /// What was read.
    pub object: T,
    /// How often it was written.
    pub version: i64,
}

/// Whose objects: an organization's of one mode. Those of another are as good as missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Realm {
    /// The organization.
    pub organization: OrganizationId,
    /// Whether it is about objects of test keys.
    pub test_mode: bool,
}

/// A free object of a shipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    /// The client's free data.
    Metadata,
    /// Options.
    Options,
    /// Data about the shipment.
    Meta,
}

impl Facet {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Metadata, Self::Options, Self::Meta];

    /// The name of the object.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Options => "options",
            Self::Meta => "meta",
        }
    }
}

/// A member of a free object. The same member has the name and the value, where both are asked for. Free objects are kept as they came;
/// names and values are compared in [normalization form C](mgmt_shipping::text::composed), in which they are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetFilter {
    /// Of which object.
    pub facet: Facet,
    /// Its name.
    pub name: Option<String>,
    /// Its value: a text as it is, anything else as JSON.
    pub value: Option<String>,
}

/// Which shipments to list. Lists are met by any of their entries, and by everything when empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShipmentFilter {
    /// These ids.
    pub ids: Vec<ShipmentId>,
    /// A part of reference, order id, tracking number or a name, in any case.
    pub keyword: Option<String>,
    /// A part of an address, in any case.
    pub address: Option<String>,
    /// A part of the tracking number, in any case.
    pub tracking_number: Option<String>,
    /// A part of the reference, in any case.
    pub reference: Option<String>,
    /// A part of the order id, in any case.
    pub order_id: Option<String>,
    /// Made at this moment or later.
    pub created_after: Option<Moment>,
    /// Made at this moment or earlier.
    pub created_before: Option<Moment>,
    /// Bought from one of these carriers.
    pub carriers: Vec<String>,
    /// In one of these states.
    pub statuses: Vec<ShipmentStatus>,
    /// Bought with one of these services.
    pub services: Vec<String>,
    /// Members of free objects, all of them.
    pub facets: Vec<FacetFilter>,
    /// Whether a tracker follows it.
    pub has_tracker: Option<bool>,
    /// Whether goods go back.
    pub is_return: Option<bool>,
}

/// Which trackers to list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrackerFilter {
    /// A part of tracking number or reference, in any case.
    pub keyword: Option<String>,
    /// A part of the tracking number.
    pub tracking_number: Option<String>,
    /// In one of these states.
    pub statuses: Vec<TrackerStatus>,
    /// Of one of these carriers.
    pub carriers: Vec<String>,
    /// Made by the request with this id, as `meta.request_id` has it.
    pub request_id: Option<String>,
    /// Made at this moment or later.
    pub created_after: Option<Moment>,
    /// Made at this moment or earlier.
    pub created_before: Option<Moment>,
}

/// A part of a list: how many to pass over, and how many to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// To pass over.
    pub offset: i64,
    /// At most to give.
    pub limit: i64,
}

/// Shipments.
pub trait Shipments {
    /// Adds one.
    fn insert(&mut self, organization: OrganizationId, shipment: &Shipment) -> Result<()>;
    /// One of a realm.
    fn find(&mut self, realm: Realm, id: ShipmentId) -> Result<Option<Versioned<Shipment>>>;
    /// Newest first.
    fn list(&mut self, realm: Realm, filter: &ShipmentFilter, window: Window) -> Result<Vec<Shipment>>;
    /// How many there are.
    fn count(&mut self, realm: Realm, filter: &ShipmentFilter) -> Result<i64>;
    /// Both at once, which costs less where a text is searched for.
    fn page(&mut self, realm: Realm, filter: &ShipmentFilter, window: Window) -> Result<(i64, Vec<Shipment>)>;
    /// Replaces what was read with `version`. When it has another one by now, the transaction is run again.
    fn update(&mut self, organization: OrganizationId, shipment: &Shipment, version: i64) -> Result<()>;
}

/// Trackers.
pub trait Trackers {
    /// Adds one. `Conflict` when its number is followed in its realm already.
    fn insert(&mut self, organization: OrganizationId, tracker: &Tracker) -> Result<()>;
    /// One of a realm.
    fn find(&mut self, realm: Realm, id: TrackerId) -> Result<Option<Versioned<Tracker>>>;
    /// One of a realm by the carrier's number.
    fn find_by_number(&mut self, realm: Realm, number: &str) -> Result<Option<Versioned<Tracker>>>;
    /// Newest first.
    fn list(&mut self, realm: Realm, filter: &TrackerFilter, window: Window) -> Result<Vec<Tracker>>;
    /// How many there are.
    fn count(&mut self, realm: Realm, filter: &TrackerFilter) -> Result<i64>;
    /// Replaces what was read with `version`. When it has another one by now, the transaction is run again.
    fn update(&mut self, organization: OrganizationId, tracker: &Tracker, version: i64) -> Result<()>;
    /// Removes one; `false` when there is none.
    fn delete(&mut self, realm: Realm, id: TrackerId) -> Result<bool>;
}

/// Rate sheets, which both modes share.
pub trait RateSheets {
    /// Organizations that have not been given the sheet that every one starts with, `limit` at most.
    fn unstarted(&mut self, limit: i64) -> Result<Vec<OrganizationId>>;
    /// Notes that one is given that sheet now. If another transaction has noted it since it was looked for, this one is run again.
    fn start(&mut self, organization: OrganizationId) -> Result<()>;
    /// Adds one. `Conflict` when its slug is taken.
    fn insert(&mut self, organization: OrganizationId, sheet: &RateSheet) -> Result<()>;
    /// One of an organization.
    fn find(&mut self, organization: OrganizationId, id: RateSheetId) -> Result<Option<Versioned<RateSheet>>>;
    /// The oldest first, all of them.
    fn all(&mut self, organization: OrganizationId) -> Result<Vec<RateSheet>>;
    /// Newest first, `limit` at most, those before `before` if given.
    fn list(&mut self, organization: OrganizationId, before: Option<RateSheetId>, limit: i64) -> Result<Vec<RateSheet>>;
    /// Replaces what was read with `version`. When it has another one by now, the transaction is run again.
    fn update(&mut self, organization: OrganizationId, sheet: &RateSheet, version: i64) -> Result<()>;
    /// Removes one; `false` when there is none.
    fn delete(&mut self, organization: OrganizationId, id: RateSheetId) -> Result<bool>;
}
