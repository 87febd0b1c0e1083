//! Shipments, trackers, and the sheets that shipments are priced by.

use mgmt_core::id::OrganizationId;
use mgmt_shipping::{
    id::{RateSheetId, ShipmentId, TrackerId},
    sheet::RateSheet,
    shipment::Shipment,
    text::composed,
    tracker::Tracker,
};
use mgmt_store::{
    Facet, FacetFilter, RateSheets, Realm, Result, ShipmentFilter, Shipments, TrackerFilter, Trackers, Versioned, Window,
};

use crate::{
    state::State,
    table::{Table, count, most},
    tx::{Fault, MemoryTx},
};

/// Whose it is, and how often it was written.
#[derive(Clone)]
pub(crate) struct Kept<T> {
    organization: OrganizationId,
    object: T,
    version: i64,
}

impl<T: Clone> Kept<T> {
    fn new(organization: OrganizationId, object: &T, version: i64) -> Self {
        Self { organization, object: object.clone(), version }
    }

    fn versioned(&self) -> Versioned<T> {
        Versioned { object: self.object.clone(), version: self.version }
    }
}

/// Replaces what was read with `version`. If it has another one by now, the transaction is run again.
fn replace<K: Ord + Clone, T: Clone>(
    table: &mut Table<K, Kept<T>>,
    id: &K,
    organization: OrganizationId,
    (object, version): (&T, i64),
) -> Result<(), Fault> {
    let seen = |kept: &Kept<T>| kept.organization == organization && kept.version == version;
    let done = table.change(id, seen, |kept| *kept = Kept::new(organization, object, version + 1));
    if done { Ok(()) } else { Err(Fault::Collision) }
}

fn window<'a, T: Clone + 'a>(rows: impl Iterator<Item = &'a T>, window: Window) -> Vec<T> {
    rows.skip(most(window.offset)).take(most(window.limit)).cloned().collect()
}

/// Whether a text has this part, in any case. Nobody asks for anything where no part is given.
fn has_part<'a>(mut texts: impl Iterator<Item = &'a str>, part: Option<&String>) -> bool {
    part.is_none_or(|part| {
        let part = part.to_lowercase();
        texts.any(|text| text.to_lowercase().contains(&part))
    })
}

/// Whether a value is among those that are asked for; any is where none are.
fn is_among<T: PartialEq>(asked: &[T], value: Option<&T>) -> bool {
    asked.is_empty() || value.is_some_and(|value| asked.contains(value))
}

fn has_member(shipment: &Shipment, wanted: &FacetFilter) -> bool {
    let object = match wanted.facet {
        Facet::Metadata => &shipment.parts.metadata,
        Facet::Options => &shipment.parts.options,
        Facet::Meta => &shipment.meta,
    };
    let anything = wanted.name.is_none() && wanted.value.is_none();
    let is_as = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|wanted| composed(text) == *wanted);
    anything
        || object.iter().any(|(name, value)| {
            // A text as it is, anything else as JSON.
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            is_as(&wanted.name, name) && is_as(&wanted.value, &text)
        })
}

fn fits_text(shipment: &Shipment, filter: &ShipmentFilter) -> bool {
    let number = shipment.state.purchase().map(|p| p.tracking_number.as_str());
    let (reference, order_id) = (shipment.parts.reference.as_deref(), shipment.parts.order_id.as_deref());
    let numbers = reference.into_iter().chain(order_id).chain(number);
    let (from, to) = (shipment.parts.shipper.parts(), shipment.parts.recipient.parts());
    has_part(numbers.chain(shipment.names()), filter.keyword.as_ref())
        && has_part(from.lines().iter().chain(&to.lines()).map(String::as_str), filter.address.as_ref())
        && has_part(number.into_iter(), filter.tracking_number.as_ref())
        && has_part(reference.into_iter(), filter.reference.as_ref())
        && has_part(order_id.into_iter(), filter.order_id.as_ref())
}

fn fits(shipment: &Shipment, filter: &ShipmentFilter) -> bool {
    let purchase = shipment.state.purchase();
    is_among(&filter.ids, Some(&shipment.id))
        && filter.created_after.is_none_or(|at| shipment.created_at >= at)
        && filter.created_before.is_none_or(|at| shipment.created_at <= at)
        && is_among(&filter.statuses, Some(&shipment.status()))
        && is_among(&filter.carriers, purchase.map(|p| &p.rate.carrier_name))
        && is_among(&filter.services, purchase.map(|p| &p.rate.service))
        && filter.has_tracker.is_none_or(|asked| purchase.is_some_and(|p| p.tracker_id.is_some()) == asked)
        && filter.is_return.is_none_or(|asked| shipment.parts.is_return == asked)
        && filter.facets.iter().all(|wanted| has_member(shipment, wanted))
        && fits_text(shipment, filter)
}

fn of_realm(kept: &Kept<Shipment>, realm: Realm) -> bool {
    kept.organization == realm.organization && kept.object.test_mode == realm.test_mode
}

fn shipments<'a>(s: &'a State, realm: Realm, filter: &'a ShipmentFilter) -> impl Iterator<Item = &'a Shipment> {
    let own = s.shipments.newest(None).filter(move |kept| of_realm(kept, realm)).map(|kept| &kept.object);
    own.filter(move |shipment| fits(shipment, filter))
}

impl Shipments for MemoryTx {
    fn insert(&mut self, organization: OrganizationId, shipment: &Shipment) -> Result<()> {
        self.write(|s| {
            s.shipments.insert(shipment.id, Kept::new(organization, shipment, 1), "shipment")?;
            s.organizations.refer(&organization)
        })
    }

    fn find(&mut self, realm: Realm, id: ShipmentId) -> Result<Option<Versioned<Shipment>>> {
        self.look(|s| s.shipments.get(&id).filter(|kept| of_realm(kept, realm)).map(Kept::versioned))
    }

    fn list(&mut self, realm: Realm, filter: &ShipmentFilter, part: Window) -> Result<Vec<Shipment>> {
        self.look(|s| window(shipments(s, realm, filter), part))
    }

    fn count(&mut self, realm: Realm, filter: &ShipmentFilter) -> Result<i64> {
        self.look(|s| count(shipments(s, realm, filter)))
    }

    fn page(&mut self, realm: Realm, filter: &ShipmentFilter, part: Window) -> Result<(i64, Vec<Shipment>)> {
        self.look(|s| (count(shipments(s, realm, filter)), window(shipments(s, realm, filter), part)))
    }

    fn update(&mut self, organization: OrganizationId, shipment: &Shipment, version: i64) -> Result<()> {
        self.write(|s| replace(&mut s.shipments, &shipment.id, organization, (shipment, version)))
    }
}

fn is_of(kept: &Kept<Tracker>, realm: Realm) -> bool {
    kept.organization == realm.organization && kept.object.test_mode == realm.test_mode
}

fn is_followed(tracker: &Tracker, filter: &TrackerFilter) -> bool {
    let number = tracker.tracking_number.as_str();
    let meta = |name: &str| tracker.meta.get(name).and_then(|text| text.as_str());
    let reference = meta("reference");
    has_part(reference.into_iter().chain([number]), filter.keyword.as_ref())
        && has_part([number].into_iter(), filter.tracking_number.as_ref())
        && is_among(&filter.statuses, Some(&tracker.status))
        && is_among(&filter.carriers, Some(&tracker.carrier_name))
        && filter.request_id.as_ref().is_none_or(|id| meta("request_id") == Some(id))
        && filter.created_after.is_none_or(|at| tracker.created_at >= at)
        && filter.created_before.is_none_or(|at| tracker.created_at <= at)
}

fn trackers<'a>(s: &'a State, realm: Realm, filter: &'a TrackerFilter) -> impl Iterator<Item = &'a Tracker> {
    let own = s.trackers.newest(None).filter(move |kept| is_of(kept, realm)).map(|kept| &kept.object);
    own.filter(move |tracker| is_followed(tracker, filter))
}

/// A number is followed once in a realm.
fn unique(s: &State, organization: OrganizationId, new: &Tracker) -> Result<(), Fault> {
    let realm = Realm { organization, test_mode: new.test_mode };
    let same = |kept: &Kept<Tracker>| is_of(kept, realm) && kept.object.tracking_number == new.tracking_number;
    s.trackers.none(|kept| kept.object.id != new.id && same(kept), "tracking number")
}

impl Trackers for MemoryTx {
    fn insert(&mut self, organization: OrganizationId, tracker: &Tracker) -> Result<()> {
        self.write(|s| {
            unique(s, organization, tracker)?;
            s.trackers.insert(tracker.id, Kept::new(organization, tracker, 1), "tracker")?;
            s.organizations.refer(&organization)
        })
    }

    fn find(&mut self, realm: Realm, id: TrackerId) -> Result<Option<Versioned<Tracker>>> {
        self.look(|s| s.trackers.get(&id).filter(|kept| is_of(kept, realm)).map(Kept::versioned))
    }

    fn find_by_number(&mut self, realm: Realm, number: &str) -> Result<Option<Versioned<Tracker>>> {
        let same = |kept: &&Kept<Tracker>| is_of(kept, realm) && kept.object.tracking_number == number;
        self.look(|s| s.trackers.values().find(same).map(Kept::versioned))
    }

    fn list(&mut self, realm: Realm, filter: &TrackerFilter, part: Window) -> Result<Vec<Tracker>> {
        self.look(|s| window(trackers(s, realm, filter), part))
    }

    fn count(&mut self, realm: Realm, filter: &TrackerFilter) -> Result<i64> {
        self.look(|s| count(trackers(s, realm, filter)))
    }

    fn update(&mut self, organization: OrganizationId, tracker: &Tracker, version: i64) -> Result<()> {
        self.write(|s| {
            replace(&mut s.trackers, &tracker.id, organization, (tracker, version))?;
            unique(s, organization, tracker)
        })
    }

    fn delete(&mut self, realm: Realm, id: TrackerId) -> Result<bool> {
        self.write(|s| Ok(s.trackers.remove(&id, |kept| is_of(kept, realm))))
    }
}

/// A slug names one sheet of an organization.
fn unique_slug(s: &State, organization: OrganizationId, new: &RateSheet) -> Result<(), Fault> {
    let same = |kept: &Kept<RateSheet>| kept.organization == organization && kept.object.slug() == new.slug();
    s.rate_sheets.none(|kept| kept.object.id != new.id && same(kept), "slug")
}

impl RateSheets for MemoryTx {
    fn unstarted(&mut self, limit: i64) -> Result<Vec<OrganizationId>> {
        self.look(|s| {
            let ids = s.organizations.values().map(|o| o.id);
            ids.filter(|id| !s.rate_sheet_starts.has(id)).take(most(limit)).collect()
        })
    }

    fn start(&mut self, organization: OrganizationId) -> Result<()> {
        self.write(|s| {
            if s.rate_sheet_starts.has(&organization) {
                return Err(Fault::Collision);
            }
            s.rate_sheet_starts.put(organization, ());
            s.organizations.refer(&organization)
        })
    }

    fn insert(&mut self, organization: OrganizationId, sheet: &RateSheet) -> Result<()> {
        self.write(|s| {
            unique_slug(s, organization, sheet)?;
            s.rate_sheets.insert(sheet.id, Kept::new(organization, sheet, 1), "rate sheet")?;
            s.organizations.refer(&organization)
        })
    }

    fn find(&mut self, organization: OrganizationId, id: RateSheetId) -> Result<Option<Versioned<RateSheet>>> {
        self.look(|s| s.rate_sheets.get(&id).filter(|kept| kept.organization == organization).map(Kept::versioned))
    }

    fn all(&mut self, organization: OrganizationId) -> Result<Vec<RateSheet>> {
        self.look(|s| {
            let own = s.rate_sheets.values().filter(|kept| kept.organization == organization);
            own.map(|kept| kept.object.clone()).collect()
        })
    }

    fn list(&mut self, organization: OrganizationId, before: Option<RateSheetId>, limit: i64) -> Result<Vec<RateSheet>> {
        self.look(|s| {
            let own = s.rate_sheets.newest(before).filter(|kept| kept.organization == organization);
            own.take(most(limit)).map(|kept| kept.object.clone()).collect()
        })
    }

    fn update(&mut self, organization: OrganizationId, sheet: &RateSheet, version: i64) -> Result<()> {
        self.write(|s| {
            replace(&mut s.rate_sheets, &sheet.id, organization, (sheet, version))?;
            unique_slug(s, organization, sheet)
        })
    }

    fn delete(&mut self, organization: OrganizationId, id: RateSheetId) -> Result<bool> {
        self.write(|s| Ok(s.rate_sheets.remove(&id, |kept| kept.organization == organization)))
    }
}
