use mgmt_core::id::OrganizationId;
use mgmt_shipping::{
    carrier::Carriers,
    sheet::RateSheet,
    shipment::{PurchaseDraft, Shipment, ShipmentDraft},
    shipment_state::ShipmentStatus,
    time::Moment,
    tracker::{InjectionDraft, Tracker, TrackerStatus},
};
use serde_json::{Value, json};

use super::bench::{Bench, NOW, race, read, write};
use crate::{
    error::StoreError,
    store::{Facet, FacetFilter, Realm, ShipmentFilter, Store, TrackerFilter, Window},
};

fn at(minute: i64) -> Moment {
    Moment::from_millis(NOW.as_millis() + minute * 60_000)
}

const ALL: Window = Window { offset: 0, limit: 100 };

fn sheet(bench: &mut Bench) -> RateSheet {
    RateSheet::starter(at(0), &mut bench.rng).unwrap()
}

fn draft(bench: &mut Bench, minute: i64, reference: &str) -> Shipment {
    let request = json!({
        "shipper": { "country_code": "US", "city": "Boston" },
        "recipient": { "country_code": "FR", "city": "Lyon", "person_name": "Zoë 100%_\\" },
        "parcels": [{ "weight": 0.1, "weight_unit": "KG" }],
        "reference": reference, "order_id": "O-1", "metadata": { "team": "a", "n": 5 }
    });
    let draft: ShipmentDraft = serde_json::from_value(request).unwrap();
    let parts = draft.parse(at(minute), &mut bench.rng).unwrap();
    let sheets = [sheet(bench)];
    let rates = parts.rate((&Carriers::built_in(), &sheets), true, at(minute), &mut bench.rng);
    Shipment::new(parts, rates, (true, Default::default()), at(minute), &mut bench.rng)
}

fn buy(bench: &mut Bench, shipment: &Shipment) -> (Shipment, Tracker) {
    let choice = PurchaseDraft { service: Some("standard_service".to_owned()), ..PurchaseDraft::default() };
    shipment.clone().purchase(choice, &Carriers::built_in(), at(1), &mut bench.rng).unwrap()
}

fn realms(bench: &mut Bench, store: &dyn Store) -> [Realm; 3] {
    let (own, other) = (bench.organization(store).id, bench.organization(store).id);
    let realm = |organization: OrganizationId, test_mode| Realm { organization, test_mode };
    [realm(own, true), realm(own, false), realm(other, true)]
}

/// A shipment reads back as it was written and changed, in its organization and mode only.
pub fn shipments_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let [own, live, other] = realms(&mut bench, store);
    let shipment = draft(&mut bench, 0, "R");
    write(store, |tx| tx.shipments().insert(own.organization, &shipment));
    let found = read(store, |tx| tx.shipments().find(own, shipment.id)).unwrap();
    assert_eq!((found.object, found.version), (shipment.clone(), 1));
    for realm in [live, other] {
        assert_eq!(read(store, |tx| tx.shipments().find(realm, shipment.id)), None);
        assert_eq!(read(store, |tx| tx.shipments().count(realm, &ShipmentFilter::default())), 0);
    }
    let (bought, _) = buy(&mut bench, &shipment);
    write(store, |tx| tx.shipments().update(own.organization, &bought, 1));
    let found = read(store, |tx| tx.shipments().find(own, shipment.id)).unwrap();
    assert_eq!((found.object, found.version), (bought.clone(), 2));
    let stale = store.run("conformance.stale", |tx| tx.shipments().update(own.organization, &bought, 1));
    assert!(stale.is_err());
}

/// Of several who change a shipment at once, each sees what the one before did.
pub fn shipment_updates_are_not_lost(store: &dyn Store) {
    let mut bench = Bench::new();
    let [own, ..] = realms(&mut bench, store);
    let shipment = draft(&mut bench, 0, "R");
    write(store, |tx| tx.shipments().insert(own.organization, &shipment));
    race(4, |i| {
        write(store, |tx| {
            let found = tx.shipments().find(own, shipment.id)?.unwrap();
            let mut metadata = found.object.parts.metadata.clone();
            metadata.insert(format!("writer{i}"), Value::from(i));
            tx.shipments().update(own.organization, &found.object.with_metadata(metadata, at(2)), found.version)
        });
    });
    let found = read(store, |tx| tx.shipments().find(own, shipment.id)).unwrap();
    assert_eq!((found.object.parts.metadata.len(), found.version), (6, 5));
}

/// Shipments are found by what they hold, and the count is that of the list.
pub fn shipments_are_filtered(store: &dyn Store) {
    let mut bench = Bench::new();
    let [own, ..] = realms(&mut bench, store);
    let (first, second) = (draft(&mut bench, 0, "Alpha_1"), draft(&mut bench, 5, "Beta"));
    let (bought, tracker) = buy(&mut bench, &first);
    write(store, |tx| {
        tx.shipments().insert(own.organization, &bought)?;
        tx.shipments().insert(own.organization, &second)
    });
    let found = |filter: ShipmentFilter| -> Vec<_> {
        let rows = read(store, |tx| tx.shipments().list(own, &filter, ALL));
        assert_eq!(read(store, |tx| tx.shipments().count(own, &filter)), rows.len() as i64);
        assert_eq!(read(store, |tx| tx.shipments().page(own, &filter, ALL)), (rows.len() as i64, rows.clone()));
        rows.iter().map(|s| s.id).collect()
    };
    let any = ShipmentFilter::default;
    let text = |t: &str| Some(t.to_owned());
    assert_eq!(found(any()), [second.id, first.id]);
    assert_eq!(found(ShipmentFilter { keyword: text("ALPHA_"), ..any() }), [first.id]);
    assert_eq!(found(ShipmentFilter { keyword: text("a%1"), ..any() }), []);
    assert_eq!(found(ShipmentFilter { keyword: text("zoë 100%_\\"), ..any() }), [second.id, first.id]);
    assert_eq!(found(ShipmentFilter { address: text("lyon"), ..any() }), [second.id, first.id]);
    assert_eq!(found(ShipmentFilter { tracking_number: Some(tracker.tracking_number.clone()), ..any() }), [first.id]);
    assert_eq!(found(ShipmentFilter { reference: text("Beta"), order_id: text("O-1"), ..any() }), [second.id]);
    assert_eq!(found(ShipmentFilter { reference: text("ET"), order_id: text("o-"), ..any() }), [second.id]);
    let part = tracker.tracking_number.to_lowercase()[3..].to_owned();
    assert_eq!(found(ShipmentFilter { tracking_number: Some(part), ..any() }), [first.id]);
    assert_eq!(found(ShipmentFilter { keyword: text("z"), reference: text("a_1"), ..any() }), [first.id]);
    assert_eq!(found(ShipmentFilter { reference: text("bet\nO-1"), ..any() }), []);
    assert_eq!(found(ShipmentFilter { statuses: vec![ShipmentStatus::Created], ..any() }), [first.id]);
    let both = vec![ShipmentStatus::Created, ShipmentStatus::Draft];
    assert_eq!(found(ShipmentFilter { statuses: both, is_return: Some(false), ..any() }), [second.id, first.id]);
    assert_eq!(found(ShipmentFilter { carriers: vec!["generic".to_owned()], ..any() }), [first.id]);
    assert_eq!(found(ShipmentFilter { services: vec!["none".to_owned()], ..any() }), []);
    assert_eq!(found(ShipmentFilter { has_tracker: Some(true), ..any() }), [first.id]);
    assert_eq!(found(ShipmentFilter { has_tracker: Some(false), is_return: Some(false), ..any() }), [second.id]);
    assert_eq!(found(ShipmentFilter { created_after: Some(at(5)), ..any() }), [second.id]);
    assert_eq!(found(ShipmentFilter { created_before: Some(at(4)), ..any() }), [first.id]);
    assert_eq!(found(ShipmentFilter { ids: vec![second.id], ..any() }), [second.id]);
    let facet = |name: Option<&str>, value: Option<&str>| ShipmentFilter {
        facets: vec![FacetFilter { facet: Facet::Metadata, name: name.map(str::to_owned), value: value.map(str::to_owned) }],
        ..any()
    };
    assert_eq!(found(facet(Some("team"), Some("a"))).len(), 2);
    assert_eq!(found(facet(Some("n"), Some("5"))).len(), 2);
    assert_eq!(found(facet(Some("n"), Some("a"))).len(), 0);
    assert_eq!(found(facet(None, Some("a"))).len(), 2);
    let page = |offset, limit| -> Vec<_> {
        read(store, |tx| tx.shipments().list(own, &any(), Window { offset, limit })).iter().map(|s| s.id).collect()
    };
    assert_eq!((page(0, 1), page(1, 1), page(2, 1)), (vec![second.id], vec![first.id], vec![]));
}

/// Numbers that begin alike are found by every part of them, in any case, and by nothing else.
pub fn shipments_are_found_by_any_part(store: &dyn Store) {
    let mut bench = Bench::new();
    let [own, ..] = realms(&mut bench, store);
    let references: Vec<String> = (1..21).map(|n| format!("PO-00{:05}", n * 7919)).collect();
    for (minute, reference) in (0..).zip(&references) {
        let shipment = draft(&mut bench, minute, reference);
        write(store, |tx| tx.shipments().insert(own.organization, &shipment));
    }
    let whole = references[4].to_lowercase();
    for (start, end) in (0..whole.len()).flat_map(|start| (start + 1..=whole.len()).map(move |end| (start, end))) {
        let part = &whole[start..end];
        let filter = ShipmentFilter { reference: Some(part.to_owned()), ..ShipmentFilter::default() };
        let (count, found) = read(store, |tx| tx.shipments().page(own, &filter, ALL));
        let found: Vec<String> = found.into_iter().filter_map(|shipment| shipment.parts.reference).collect();
        let expected: Vec<String> = references.iter().rev().filter(|r| r.to_lowercase().contains(part)).cloned().collect();
        assert_eq!((count, found), (expected.len() as i64, expected), "{part}");
    }
}

/// A member of a free object is found in normalization form C, in whichever form it came; it is kept as it came.
pub fn shipments_are_found_by_composed_members(store: &dyn Store) {
    let mut bench = Bench::new();
    let [own, ..] = realms(&mut bench, store);
    for (minute, (name, value)) in (0..).zip([("re\u{301}gion", "co\u{302}te"), ("r\u{e9}gion", "c\u{f4}te")]) {
        let made = draft(&mut bench, minute, "R");
        let metadata = Value::from_iter([(name, value)]).as_object().cloned().unwrap();
        let shipment = made.with_metadata(metadata, at(minute));
        write(store, |tx| tx.shipments().insert(own.organization, &shipment));
        assert_eq!(read(store, |tx| tx.shipments().find(own, shipment.id)).unwrap().object, shipment);
    }
    for (name, value) in [(Some("r\u{e9}gion"), None), (None, Some("c\u{f4}te")), (Some("r\u{e9}gion"), Some("c\u{f4}te"))] {
        let [name, value] = [name, value].map(|text| text.map(str::to_owned));
        let filter = ShipmentFilter { facets: vec![FacetFilter { facet: Facet::Metadata, name, value }], ..Default::default() };
        assert_eq!(read(store, |tx| tx.shipments().count(own, &filter)), 2, "{filter:?}");
    }
}

/// Pages of several states, carriers or services are pages of one list, newest first, in which nothing stands twice.
pub fn shipments_of_several_values_are_one_list(store: &dyn Store) {
    let mut bench = Bench::new();
    let [own, ..] = realms(&mut bench, store);
    let mut newest = Vec::new();
    for minute in 0..9 {
        let made = draft(&mut bench, minute, "R");
        let shipment = if minute % 3 == 0 { made } else { buy(&mut bench, &made).0 };
        write(store, |tx| tx.shipments().insert(own.organization, &shipment));
        newest.insert(0, shipment);
    }
    let words = |words: &[&str]| -> Vec<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let any = ShipmentFilter::default;
    let statuses = vec![ShipmentStatus::Draft, ShipmentStatus::Created, ShipmentStatus::Draft, ShipmentStatus::Delivered];
    let bought = |s: &Shipment| s.status() == ShipmentStatus::Created;
    for (filter, fits) in [
        (ShipmentFilter { statuses, ..any() }, &(|_: &Shipment| true) as &dyn Fn(&Shipment) -> bool),
        (ShipmentFilter { carriers: words(&["generic", "none", "generic"]), ..any() }, &bought),
        (ShipmentFilter { services: words(&["none", "standard_service"]), carriers: words(&["a", "generic"]), ..any() }, &bought),
    ] {
        let all: Vec<Shipment> = newest.iter().filter(|s| fits(s)).cloned().collect();
        for (offset, limit) in (0..=9).flat_map(|offset| [0, 1, 4, 100].map(|limit| (offset, limit))) {
            let (count, found) = read(store, |tx| tx.shipments().page(own, &filter, Window { offset, limit }));
            let expected: Vec<Shipment> = all.iter().skip(offset as usize).take(limit as usize).cloned().collect();
            assert_eq!((count, found), (all.len() as i64, expected), "{filter:?} {offset} {limit}");
        }
    }
}

/// A tracker reads back as it was written and changed, by id and by number, in its organization and mode only.
pub fn trackers_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let [own, live, other] = realms(&mut bench, store);
    let shipment = draft(&mut bench, 0, "R");
    let (_, tracker) = buy(&mut bench, &shipment);
    write(store, |tx| tx.trackers().insert(own.organization, &tracker));
    let mut again = tracker.clone();
    again.id = buy(&mut bench, &shipment).1.id;
    let result = store.run("conformance.tracker", |tx| tx.trackers().insert(own.organization, &again));
    assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
    write(store, |tx| tx.trackers().insert(other.organization, &again));
    let report = InjectionDraft { status: Some(TrackerStatus::OnHold), ..InjectionDraft::default() };
    let moved = tracker.clone().inject(report.parse(at(3)).unwrap(), at(3));
    write(store, |tx| tx.trackers().update(own.organization, &moved, 1));
    let found = read(store, |tx| tx.trackers().find_by_number(own, &tracker.tracking_number)).unwrap();
    assert_eq!((found.object, found.version), (moved, 2));
    assert_eq!(read(store, |tx| tx.trackers().find(live, tracker.id)), None);
    assert_eq!(read(store, |tx| tx.trackers().find_by_number(live, &tracker.tracking_number)), None);
    let held = TrackerFilter { statuses: vec![TrackerStatus::OnHold], ..TrackerFilter::default() };
    let keyword = TrackerFilter { keyword: Some(tracker.tracking_number.to_lowercase()), ..TrackerFilter::default() };
    for filter in [held, keyword] {
        assert_eq!(read(store, |tx| tx.trackers().list(own, &filter, ALL)).len(), 1);
        assert_eq!(read(store, |tx| tx.trackers().count(own, &filter)), 1);
        assert_eq!(read(store, |tx| tx.trackers().count(live, &filter)), 0);
    }
    // A reference with the number of another one is no number.
    let mut beside = buy(&mut bench, &shipment).1;
    beside.meta.insert("reference".to_owned(), tracker.tracking_number.clone().into());
    write(store, |tx| tx.trackers().insert(own.organization, &beside));
    let part = Some(tracker.tracking_number.to_lowercase());
    let numbered = TrackerFilter { tracking_number: part.clone(), ..TrackerFilter::default() };
    let found = read(store, |tx| tx.trackers().list(own, &numbered, ALL));
    assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), [tracker.id]);
    let keyword = TrackerFilter { keyword: part, ..TrackerFilter::default() };
    assert_eq!(read(store, |tx| tx.trackers().count(own, &keyword)), 2);
    assert!(!write(store, |tx| tx.trackers().delete(live, tracker.id)));
    assert!(write(store, |tx| tx.trackers().delete(own, tracker.id)));
    assert!(!write(store, |tx| tx.trackers().delete(own, tracker.id)));
}

/// Trackers are found by the request that made them, which their `meta` names, in their organization and mode only.
pub fn trackers_are_found_by_request(store: &dyn Store) {
    let mut bench = Bench::new();
    let [own, live, other] = realms(&mut bench, store);
    let shipment = draft(&mut bench, 0, "R");
    let made: Vec<Tracker> = [None, Some("req-7"), Some("req-8"), Some("req-7")]
        .map(|request| {
            let mut tracker = buy(&mut bench, &shipment).1;
            tracker.meta.extend(request.map(|id| ("request_id".to_owned(), Value::from(id))));
            write(store, |tx| tx.trackers().insert(own.organization, &tracker));
            tracker
        })
        .to_vec();
    for (request, expected) in
        [("req-7", vec![&made[3], &made[1]]), ("req-8", vec![&made[2]]), ("REQ-7", vec![]), ("req", vec![])]
    {
        let filter = TrackerFilter { request_id: Some(request.to_owned()), ..TrackerFilter::default() };
        let found = read(store, |tx| tx.trackers().list(own, &filter, ALL));
        let mut newest = expected.clone();
        newest.sort_by_key(|tracker| std::cmp::Reverse(tracker.id));
        assert_eq!(found.iter().collect::<Vec<_>>(), newest, "{request}");
        assert_eq!(read(store, |tx| tx.trackers().count(own, &filter)), expected.len() as i64, "{request}");
        for realm in [live, other] {
            assert_eq!(read(store, |tx| tx.trackers().count(realm, &filter)), 0);
        }
    }
}

/// Sheets read back as they were written and changed, in their organization only; the first one is given once.
pub fn rate_sheets_round_trip(store: &dyn Store) {
    let mut bench = Bench::new();
    let [own, _, other] = realms(&mut bench, store).map(|realm| realm.organization);
    let given = race(4, |_| {
        let mut bench = Bench::new();
        let starter = sheet(&mut bench);
        write(store, |tx| {
            if !tx.rate_sheets().unstarted(1000)?.contains(&own) {
                return Ok(false);
            }
            tx.rate_sheets().start(own)?;
            tx.rate_sheets().insert(own, &starter)?;
            Ok(true)
        })
    });
    assert_eq!(given.iter().filter(|given| **given).count(), 1);
    assert_eq!(read(store, |tx| tx.rate_sheets().unstarted(0)), []);
    assert!(read(store, |tx| tx.rate_sheets().unstarted(1000)).contains(&other));
    let sheets = read(store, |tx| tx.rate_sheets().all(own));
    assert_eq!((sheets.len(), read(store, |tx| tx.rate_sheets().all(other)).len()), (1, 0));
    let known = &sheets[0];
    let clash = sheet(&mut bench);
    let result = store.run("conformance.sheet", |tx| tx.rate_sheets().insert(own, &clash));
    assert!(matches!(result, Err(StoreError::Conflict("slug"))), "{result:?}");
    let mut request = known.patched(Default::default());
    request.insert("name".to_owned(), Value::from("Änderung"));
    let changed = known.changed(serde_json::from_value(Value::Object(request)).unwrap(), at(9), &mut bench.rng).unwrap();
    write(store, |tx| tx.rate_sheets().update(own, &changed, 1));
    let found = read(store, |tx| tx.rate_sheets().find(own, known.id)).unwrap();
    assert_eq!((&found.object, found.version), (&changed, 2));
    assert_eq!(read(store, |tx| tx.rate_sheets().find(other, known.id)), None);
    assert_eq!(read(store, |tx| tx.rate_sheets().list(own, None, 5)), [changed]);
    assert_eq!(read(store, |tx| tx.rate_sheets().list(own, Some(known.id), 5)), []);
    assert!(!write(store, |tx| tx.rate_sheets().delete(other, known.id)));
    assert!(write(store, |tx| tx.rate_sheets().delete(own, known.id)));
}
