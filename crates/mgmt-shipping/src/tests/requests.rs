use serde_json::{Value, json};

use super::{NOW, draft, parts, request, rng};
use crate::{
    carrier::Carriers,
    fault::Invalid,
    sheet::RateSheet,
    shipment::{PurchaseDraft, Refused, Shipment, ShipmentDraft},
    shipment_state::ShipmentStatus,
};

fn fields(invalid: &Invalid) -> Vec<&str> {
    invalid.faults().keys().map(String::as_str).collect()
}

#[test]
fn every_fault_is_told_with_its_path() {
    let mut wrong = request();
    wrong["shipper"]["country_code"] = json!("XX");
    wrong["recipient"]["postal_code"] = json!("12345");
    wrong["parcels"] = json!([
        { "weight": 0, "weight_unit": "KG", "length": 1, "items": [{ "weight": -1, "weight_unit": "G", "origin_country": "XX" }] },
        { "weight": -2, "weight_unit": "LB", "description": "x".repeat(251) }
    ]);
    wrong["customs"] = json!({ "commodities": [], "invoice_date": "soon", "duty": { "currency": "XXXX" } });
    wrong["payment"] = json!({ "currency": "DOLLARS" });
    wrong["reference"] = json!("x".repeat(101));
    wrong["options"] = json!({ "shipment_date": "someday" });
    assert_eq!(
        fields(&parts(wrong).unwrap_err()),
        [
            "customs.commodities",
            "customs.duty.currency",
            "customs.invoice_date",
            "options.shipment_date",
            "parcels[0].dimension_unit",
            "parcels[0].height",
            "parcels[0].items[0].origin_country",
            "parcels[0].items[0].weight",
            "parcels[0].weight",
            "parcels[0].width",
            "parcels[1].description",
            "parcels[1].weight",
            "payment.currency",
            "recipient.postal_code",
            "reference",
            "shipper.country_code",
        ]
    );
    let mut empty = request();
    empty["parcels"] = json!([]);
    assert_eq!(parts(empty).unwrap_err().faults()["parcels"], "This field is required");
}

#[test]
fn the_day_it_is_sent_is_the_next_business_day() {
    let given = |options: Value| {
        let mut asked = request();
        asked["options"] = options;
        parts(asked).unwrap().options
    };
    // The clock stands at Wednesday, 2027-01-20.
    assert_eq!(given(json!({}))["shipment_date"], "2027-01-21");
    assert_eq!(given(json!({ "shipping_date": "2027-03-01T10:00" }))["shipment_date"], "2027-03-01");
    assert_eq!(given(json!({ "insurance": 100 }))["insurance"], 100);
}

fn starter() -> [RateSheet; 1] {
    [RateSheet::starter(NOW, &mut rng()).unwrap()]
}

#[test]
fn a_purchase_names_one_of_the_rates() {
    let shipment = draft(request(), &starter());
    let buy = |choice: Value| {
        let choice: PurchaseDraft = serde_json::from_value(choice).unwrap();
        shipment.clone().purchase(choice, &Carriers::built_in(), NOW, &mut rng())
    };
    let refused = |choice| match buy(choice).unwrap_err() {
        Refused::Invalid(invalid) => fields(&invalid).join(","),
        Refused::State(state) => state.to_string(),
    };
    assert_eq!(refused(json!({})), "selected_rate_id");
    assert_eq!(refused(json!({ "service": "other", "payment": { "currency": "no" } })), "payment.currency,service");
    assert_eq!(refused(json!({ "selected_rate_id": "rat_00000000000000000000000000000000" })), "selected_rate_id");
    assert_eq!(refused(json!({ "selected_rate_id": shipment.rates.rates[0].id, "service": "other" })), "service");
    let choice =
        json!({ "selected_rate_id": shipment.rates.rates[0].id, "label_type": "ZPL", "reference": "R1", "metadata": { "a": 1 } });
    let (bought, tracker) = buy(choice).unwrap();
    let purchase = bought.state.purchase().unwrap();
    assert_eq!((bought.status(), bought.parts.reference.as_deref()), (ShipmentStatus::Created, Some("R1")));
    assert_eq!((&purchase.tracking_number, purchase.tracker_id), (&tracker.tracking_number, Some(tracker.id)));
    let again = bought.purchase(PurchaseDraft::default(), &Carriers::built_in(), NOW, &mut rng());
    assert!(matches!(again, Err(Refused::State(_))));
}

#[test]
fn patches_are_merged_into_the_request() {
    let mut asked = request();
    asked["customs"] = json!({ "commodities": [{ "weight": 1, "weight_unit": "KG" }], "duty": { "declared_value": 10.5 } });
    asked["parcels"][0]["items"] = json!([{ "weight": 1, "weight_unit": "KG", "title": "Pen" }]);
    let shipment = draft(asked, &starter());
    let patch = |value: Value| {
        let merged = shipment.patched(value.as_object().cloned().unwrap()).unwrap();
        let draft: ShipmentDraft = serde_json::from_value(Value::Object(merged)).unwrap();
        draft.parse(NOW, &mut rng())
    };
    let without_ids = |parts: crate::shipment::ShipmentParts| {
        let text = serde_json::to_string(&parts).unwrap();
        text.split('"').filter(|t| !t.contains('_') || t.len() != 36).collect::<Vec<_>>().join("\"")
    };
    assert_eq!(without_ids(patch(json!({})).unwrap()), without_ids(shipment.parts.clone()));
    let moved = patch(json!({ "recipient": { "city": "Gatineau", "company_name": null }, "reference": "R2" })).unwrap();
    assert_eq!((moved.recipient.parts().city(), moved.recipient.parts().names().count()), (Some("Gatineau"), 0));
    assert_eq!(moved.reference.as_deref(), Some("R2"));
    assert_eq!(fields(&patch(json!({ "recipient": { "country_code": "US" } })).unwrap_err()), ["recipient.postal_code"]);
}

#[test]
fn what_is_stored_comes_back() {
    let shipment = draft(request(), &starter());
    let choice = PurchaseDraft { service: Some("standard_service".to_owned()), ..PurchaseDraft::default() };
    let (bought, tracker) = shipment.clone().purchase(choice, &Carriers::built_in(), NOW, &mut rng()).unwrap();
    for known in [shipment, bought.clone(), bought.cancel(NOW).unwrap()] {
        let text = serde_json::to_string(&known).unwrap();
        assert_eq!(serde_json::from_str::<Shipment>(&text).unwrap(), known);
    }
    let text = serde_json::to_string(&tracker).unwrap();
    assert_eq!(serde_json::from_str::<crate::tracker::Tracker>(&text).unwrap(), tracker);
}
