use proptest::prelude::*;
use serde_json::{Value, json};

use super::{NOW, draft, parts, request, rng, sheet};
use crate::{
    carrier::Carriers,
    rate::Rates,
    shipment::{PurchaseDraft, Shipment, ShipmentDraft, ShipmentParts},
    time::{Day, Moment},
    tracker::Tracker,
};

/// The options of a request, read.
fn given(options: Value) -> ShipmentParts {
    let mut asked = request();
    asked["options"] = options;
    parts(asked).unwrap()
}

/// A draft whose options were patched, read again.
fn patched(options: Value, patch: Value) -> ShipmentParts {
    let mut asked = request();
    asked["options"] = options;
    let patch = json!({ "options": patch }).as_object().cloned().unwrap();
    let merged = draft(asked, &[]).patched(patch).unwrap();
    serde_json::from_value::<ShipmentDraft>(Value::Object(merged)).unwrap().parse(NOW, &mut rng()).unwrap()
}

fn days(parts: &ShipmentParts) -> [String; 3] {
    let option = |name: &str| parts.options[name].as_str().unwrap().to_owned();
    [option("shipping_date"), option("shipment_date"), parts.day(NOW).to_string()]
}

#[test]
fn the_day_it_is_sent_has_two_names() {
    // The clock stands at Wednesday, 2027-01-20.
    for (options, expected) in [
        (json!({}), ["2027-01-21"; 3]),
        (json!({ "shipping_date": "2027-05-05" }), ["2027-05-05"; 3]),
        (json!({ "shipment_date": "2027-05-05", "shipping_date": null }), ["2027-05-05"; 3]),
        (json!({ "shipment_date": "2027-05-05", "shipping_date": "2027-06-07" }), ["2027-06-07", "2027-05-05", "2027-06-07"]),
    ] {
        assert_eq!(days(&given(options.clone())), expected, "{options}");
    }
}

#[test]
fn a_patch_of_either_name_changes_the_day() {
    let apart = json!({ "shipment_date": "2027-04-01", "shipping_date": "2027-04-02" });
    for before in [json!({}), json!({ "shipment_date": "2027-04-01" }), json!({ "shipping_date": "2027-04-01" }), apart.clone()] {
        for name in ["shipping_date", "shipment_date"] {
            assert_eq!(days(&patched(before.clone(), json!({ (name): "2027-05-05" }))), ["2027-05-05"; 3], "{before} {name}");
            assert_eq!(days(&patched(before.clone(), json!({ (name): null }))), ["2027-01-21"; 3], "{before} {name}");
        }
    }
    let both = json!({ "shipment_date": "2027-05-05", "shipping_date": "2027-06-07" });
    assert_eq!(days(&patched(json!({}), both)), ["2027-06-07", "2027-05-05", "2027-06-07"]);
    assert_eq!(days(&patched(apart, json!({ "insurance": 100 }))), ["2027-04-02", "2027-04-01", "2027-04-02"]);
    assert_eq!(days(&patched(json!({ "shipping_date": "2027-04-01" }), Value::Null)), ["2027-01-21"; 3]);
}

#[test]
fn a_day_that_was_kept_and_is_none_is_absent() {
    let shipment = draft(
        request(),
        &[sheet(json!({
            "name": "Slow", "zones": [{}], "services": [{ "service_name": "Slow", "service_code": "slow", "transit_days": 1 }],
            "service_rates": [{ "service_code": "slow", "zone_id": "zone_1", "rate": 1 }]
        }))
        .unwrap()],
    );
    let choice = PurchaseDraft { service: Some("slow".to_owned()), ..PurchaseDraft::default() };
    let (bought, tracker) = shipment.purchase(choice, &Carriers::built_in(), NOW, &mut rng()).unwrap();
    let poisoned =
        |text: String| text.replace("\"estimated_delivery\":\"2027-01-22\"", "\"estimated_delivery\":\"+10000-01-03\"");
    let text = poisoned(serde_json::to_string(&bought).unwrap());
    assert_eq!(text.matches("+10000-01-03").count(), 2, "{text}");
    let read: Shipment = serde_json::from_str(&text).unwrap();
    assert_eq!((read.id, read.rates.rates[0].estimated_delivery), (bought.id, None));
    assert_eq!(read.state.purchase().unwrap().rate.estimated_delivery, None);
    let text = poisoned(serde_json::to_string(&tracker).unwrap());
    assert!(text.contains("+10000-01-03"), "{text}");
    assert_eq!(serde_json::from_str::<Tracker>(&text).unwrap().estimated_delivery, None);
}

proptest! {
    /// Whatever is made can be written and read back, whenever it is sent and however long it takes.
    #[test]
    fn whatever_is_made_reads_back(before_the_end in 0..2_000_i64, early: bool, transit_days in 0..=365_u16) {
        let last = Moment::from_millis(i64::MAX).as_millis();
        let sent = Moment::from_millis(last - before_the_end * 86_400_000 * if early { 1_000 } else { 1 }).day();
        let sheets = [sheet(json!({
            "name": "Slow", "zones": [{}],
            "services": [{ "service_name": "Slow", "service_code": "slow", "transit_days": transit_days }],
            "service_rates": [{ "service_code": "slow", "zone_id": "zone_1", "rate": 1 }]
        })).unwrap()];
        let mut asked = request();
        asked["options"] = json!({ "shipping_date": sent.to_string() });
        let shipment = draft(asked, &sheets);
        let rates = serde_json::to_string(&shipment.rates).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Rates>(&rates).unwrap(), &shipment.rates);
        let delivery: Option<Day> = shipment.rates.rates[0].estimated_delivery;
        prop_assert_eq!(delivery, sent.plus_business_days(transit_days));
        let choice = PurchaseDraft { service: Some("slow".to_owned()), ..PurchaseDraft::default() };
        let (bought, tracker) = shipment.clone().purchase(choice, &Carriers::built_in(), NOW, &mut rng()).unwrap();
        for known in [shipment, bought] {
            let text = serde_json::to_string(&known).unwrap();
            prop_assert_eq!(serde_json::from_str::<Shipment>(&text).unwrap(), known);
        }
        let text = serde_json::to_string(&tracker).unwrap();
        prop_assert_eq!(serde_json::from_str::<Tracker>(&text).unwrap(), tracker);
    }
}
