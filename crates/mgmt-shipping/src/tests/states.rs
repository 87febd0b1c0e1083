use proptest::prelude::*;
use serde_json::{Value, json};

use super::{NOW, draft, request, rng};
use crate::{
    carrier::Carriers,
    sheet::RateSheet,
    shipment::{PurchaseDraft, Shipment},
    shipment_state::{ShipmentStatus as Status, State},
    tracker::{EventDraft, InjectionDraft, NewTracker, Tracker, TrackerDraft, TrackerPatch, TrackerStatus},
};

#[derive(Clone, Copy, Debug)]
enum Action {
    Buy,
    Cancel,
    Rate,
    Change,
    Untrack,
    Follow(TrackerStatus),
}

fn any_action() -> impl Strategy<Value = Action> {
    let follow = || prop::sample::select(TrackerStatus::ALL).prop_map(Action::Follow);
    prop_oneof![
        2 => Just(Action::Buy), 1 => Just(Action::Cancel), 1 => Just(Action::Rate), 1 => Just(Action::Change),
        1 => Just(Action::Untrack), 5 => follow()
    ]
}

fn act(shipment: &Shipment, action: Action) -> Option<Shipment> {
    let before = shipment.clone();
    match action {
        Action::Buy => {
            let choice = PurchaseDraft { service: Some("standard_service".to_owned()), ..PurchaseDraft::default() };
            before.purchase(choice, &Carriers::built_in(), NOW, &mut rng()).ok().map(|(bought, _)| bought)
        }
        Action::Cancel => before.cancel(NOW).ok(),
        Action::Rate => {
            let same = before.rates.clone();
            before.rated(|_| same, NOW).ok()
        }
        Action::Change => {
            before.patched(json!({ "reference": "x" }).as_object().cloned().unwrap()).ok()?;
            Some(before)
        }
        Action::Untrack => Some(before.untracked(NOW)),
        Action::Follow(tracker) => Some(before.follow(tracker, NOW)),
    }
}

/// Which states may follow each other, as a table that shares nothing with the code.
fn may_follow(from: Status, to: Status, action: Action) -> bool {
    let on_its_way = |s| !matches!(s, Status::Draft | Status::Cancelled);
    match action {
        _ if from == to => true,
        Action::Buy => (from, to) == (Status::Draft, Status::Created),
        Action::Cancel => to == Status::Cancelled && matches!(from, Status::Draft | Status::Created),
        Action::Follow(_) => on_its_way(from) && on_its_way(to) && from != Status::Delivered && to != Status::Created,
        Action::Rate | Action::Change | Action::Untrack => false,
    }
}

fn check(shipment: &Shipment) {
    let purchase = shipment.state.purchase();
    match shipment.status() {
        Status::Draft => assert!(purchase.is_none()),
        Status::Cancelled => assert!(purchase.is_none_or(|p| p.tracker_id.is_none())),
        _ => assert!(purchase.is_some()),
    }
    assert!(matches!(shipment.state, State::Draft) == (shipment.status() == Status::Draft));
}

fn tracker() -> Tracker {
    let draft: TrackerDraft = serde_json::from_value(json!({ "tracking_number": "1Z9", "carrier_name": "generic" })).unwrap();
    let new: NewTracker = draft.parse().unwrap();
    Tracker::new(new, true, NOW, &mut rng())
}

fn inject(tracker: Tracker, report: Value) -> Tracker {
    let draft: InjectionDraft = serde_json::from_value(report).unwrap();
    tracker.inject(draft.parse(NOW).unwrap(), NOW)
}

#[test]
fn a_tracker_drives_its_shipment() {
    let sheets = [RateSheet::starter(NOW, &mut rng()).unwrap()];
    let bought = act(&draft(request(), &sheets), Action::Buy).unwrap();
    for (tracker, status) in [
        (TrackerStatus::Pending, Status::Created),
        (TrackerStatus::PickedUp, Status::Shipped),
        (TrackerStatus::InTransit, Status::InTransit),
        (TrackerStatus::OutForDelivery, Status::OutForDelivery),
        (TrackerStatus::Delivered, Status::Delivered),
        (TrackerStatus::DeliveryFailed, Status::DeliveryFailed),
        (TrackerStatus::OnHold, Status::NeedsAttention),
        (TrackerStatus::DeliveryDelayed, Status::NeedsAttention),
        (TrackerStatus::ReadyForPickup, Status::InTransit),
        (TrackerStatus::ReturnToSender, Status::InTransit),
        (TrackerStatus::Unknown, Status::InTransit),
    ] {
        assert_eq!(bought.clone().follow(tracker, NOW).status(), status, "{tracker}");
    }
    let shipped = bought.follow(TrackerStatus::PickedUp, NOW);
    assert_eq!(shipped.cancel(NOW).unwrap_err().to_string(), "a shipment that is `shipped` cannot be cancelled");
}

#[test]
fn metadata_may_always_be_patched() {
    let sheets = [RateSheet::starter(NOW, &mut rng()).unwrap()];
    let cancelled = act(&draft(request(), &sheets), Action::Cancel).unwrap();
    let patch = |value: Value| cancelled.patched(value.as_object().cloned().unwrap());
    assert!(patch(json!({ "metadata": { "a": 1 } })).is_ok());
    assert!(patch(json!({ "metadata": { "a": 1 }, "reference": "x" })).is_err());
}

#[test]
fn reports_are_merged() {
    let event = |time: &str, status: &str| json!({ "timestamp": time, "status": status, "description": status });
    let first = json!({ "events": [event("2027-01-20T10:00:00Z", "in_transit"), event("2027-01-21T10:00:00Z", "in_transit")] });
    let moved = inject(tracker(), first.clone());
    let told: Vec<_> = moved.events().iter().map(|e| e.status.unwrap().as_str()).collect();
    assert_eq!((moved.status, told), (TrackerStatus::InTransit, vec!["in_transit", "picked_up"]));
    assert_eq!(inject(moved.clone(), first), moved);
    let by_parts = json!({ "events": [{ "date": "2027-01-19", "time": "09:30" }], "estimated_delivery": "2027-01-25" });
    let older = inject(moved, by_parts);
    assert_eq!((older.events().len(), older.events()[2].timestamp.to_string()), (3, "2027-01-19T09:30:00.000Z".to_owned()));
    let delivered = inject(older, json!({ "events": [], "delivered": true }));
    assert!(delivered.is_delivered() && inject(delivered, json!({ "events": [], "status": "on_hold" })).is_delivered());
    assert_eq!(inject(tracker(), json!({ "events": [{}] })).status, TrackerStatus::InTransit);
}

#[test]
fn wrong_reports_and_patches() {
    let report = InjectionDraft {
        events: vec![EventDraft { date: Some("x".to_owned()), timestamp: Some("y".to_owned()), ..EventDraft::default() }],
        status: Some(TrackerStatus::OnHold),
        delivered: Some(true),
        estimated_delivery: Some("z".to_owned()),
    };
    let invalid = report.parse(NOW).unwrap_err();
    assert_eq!(invalid.faults().len(), 4);
    let patch = |value: Value| tracker().patched(serde_json::from_value::<TrackerPatch>(value).unwrap(), NOW);
    assert_eq!(patch(json!({ "info": { "colour": "red", "note": 5 } })).unwrap_err().faults().len(), 2);
    let noted = patch(json!({ "info": { "note": "fragile" }, "metadata": { "a": 1 } })).unwrap();
    assert_eq!((noted.info["note"].as_str(), noted.metadata["a"].as_i64()), (Some("fragile"), Some(1)));
    let follow = |number: &str, carrier: &str| {
        let draft = json!({ "tracking_number": number, "carrier_name": carrier });
        serde_json::from_value::<TrackerDraft>(draft).unwrap().parse()
    };
    assert_eq!(follow("a/b", "UPS!").unwrap_err().faults().len(), 2);
    for number in [".", "..", " .. ", "", "trk_00000000000000000000000000000000"] {
        assert!(follow(number, "ups").unwrap_err().faults().contains_key("tracking_number"), "{number}");
    }
    assert!(["1.Z", "...", "-"].iter().all(|number| follow(number, "ups").is_ok()));
}

proptest! {
    #[test]
    fn no_sequence_reaches_an_illegal_state(actions in prop::collection::vec(any_action(), 0..20)) {
        let sheets = [RateSheet::starter(NOW, &mut rng()).unwrap()];
        let mut shipment = draft(request(), &sheets);
        check(&shipment);
        for action in actions {
            let Some(next) = act(&shipment, action) else { continue };
            prop_assert!(may_follow(shipment.status(), next.status(), action), "{:?} {} -> {}", action, shipment.status(), next.status());
            check(&next);
            shipment = next;
        }
    }

    #[test]
    fn a_delivered_tracker_stays_so(statuses in prop::collection::vec(prop::sample::select(TrackerStatus::ALL), 1..10)) {
        let mut current = tracker();
        let mut was_delivered = false;
        for (minute, status) in statuses.into_iter().enumerate() {
            let time = format!("2027-01-20T10:{minute:02}:00Z");
            current = inject(current, json!({ "events": [{ "timestamp": time, "status": status }] }));
            was_delivered |= status == TrackerStatus::Delivered;
            prop_assert_eq!(current.status, if was_delivered { TrackerStatus::Delivered } else { status });
            prop_assert_eq!(current.events().len(), minute + 1);
            prop_assert!(current.events().windows(2).all(|pair| pair[0].timestamp >= pair[1].timestamp));
        }
    }
}
