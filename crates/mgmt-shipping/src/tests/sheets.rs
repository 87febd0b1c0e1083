use serde_json::{Value, json};

use super::{NOW, rng, sheet};
use crate::sheet::{RateSheet, RateSheetDraft, read_table, write_table};

fn faults(value: Value) -> Vec<String> {
    sheet(value).unwrap_err().faults().keys().cloned().collect()
}

#[test]
fn every_fault_is_told() {
    let wrong = json!({
        "name": " ", "slug": "a b", "carrier_name": "No", "origin_countries": ["US", "XX"],
        "zones": [{ "country_codes": ["XX"] }, { "id": "a/b", "latitude": 91, "min_weight": 2, "max_weight": 2 }],
        "surcharges": [{ "name": "", "amount": -1 }, { "name": "x", "amount": 101, "surcharge_type": "percentage" }],
        "services": [{ "service_name": "", "service_code": "No", "currency": "EURO", "use_volumetric": true, "transit_days": 400 }]
    });
    assert_eq!(
        faults(wrong),
        [
            "carrier_name",
            "name",
            "origin_countries[1]",
            "services[0].currency",
            "services[0].dim_factor",
            "services[0].service_code",
            "services[0].service_name",
            "services[0].transit_days",
            "slug",
            "surcharges[0].amount",
            "surcharges[0].name",
            "surcharges[1].amount",
            "zones[0].country_codes[0]",
            "zones[1].id",
            "zones[1].latitude",
            "zones[1].max_weight",
        ]
    );
}

#[test]
fn references_and_bands_are_judged() {
    let wrong = json!({
        "name": "Sheet",
        "zones": [{ "id": "a" }, { "id": "a" }],
        "services": [
            { "service_name": "S", "service_code": "s", "zone_ids": ["b"], "surcharge_ids": ["c"] },
            { "service_name": "S", "service_code": "s" }
        ]
    });
    assert_eq!(
        faults(wrong),
        ["services[0].surcharge_ids[0]", "services[0].zone_ids[0]", "services[1].service_code", "zones[1].id"]
    );
    let row = |service: &str, zone: &str, min: f64, max: f64| json!({ "service_code": service, "zone_id": zone, "min_weight": min, "max_weight": max, "rate": 1 });
    let with = |rows: Value| json!({ "name": "Sheet", "zones": [{ "id": "a" }], "services": [{ "service_name": "S", "service_code": "s", "id": "mine" }], "service_rates": rows });
    assert_eq!(
        faults(with(json!([row("t", "a", 0.0, 1.0), row("s", "b", 0.0, 1.0), row("s", "a", 1.0, 1.0)]))),
        ["service_rates[0].service_code", "service_rates[1].zone_id", "service_rates[2].max_weight"]
    );
    assert_eq!(faults(with(json!([row("s", "a", 0.0, 2.0), row("s", "a", 1.0, 3.0)]))), ["service_rates[1].min_weight"]);
    assert!(sheet(with(json!([row("s", "a", 0.0, 1.0), row("s", "a", 1.0, 3.0)]))).is_ok());
    assert!(sheet(with(json!([{ "service_id": "mine", "zone_id": "a", "rate": 0.1 }]))).is_ok());
    assert_eq!(faults(with(json!([{ "service_id": "other", "zone_id": "a", "rate": 0.1 }]))), ["service_rates[0].service_id"]);
}

#[test]
fn names_are_made_where_none_are_given() {
    let sheet =
        sheet(json!({ "name": "Böhm & Söhne", "zones": [{}, {}], "surcharges": [{ "name": "x", "amount": 1 }] })).unwrap();
    let written = serde_json::to_value(&sheet).unwrap();
    assert_eq!((&written["slug"], &written["zones"][1]["id"]), (&json!("bohm-sohne"), &json!("zone_2")));
    assert_eq!((&written["surcharges"][0]["id"], &written["carrier_name"]), (&json!("surch_1"), &json!("generic")));
}

#[test]
fn an_empty_patch_changes_nothing_and_a_patch_merges() {
    let before = RateSheet::starter(NOW, &mut rng()).unwrap();
    let patch = |value: Value| {
        let request = before.patched(value.as_object().cloned().unwrap());
        let draft: RateSheetDraft = serde_json::from_value(Value::Object(request)).unwrap();
        before.changed(draft, NOW, &mut rng())
    };
    assert_eq!(patch(json!({})).unwrap(), before);
    let renamed = patch(json!({ "name": "Other", "metadata": { "a": 1 } })).unwrap();
    assert_eq!((renamed.name(), renamed.slug(), renamed.id), ("Other", "generic", before.id));
    assert_eq!(renamed.services(), before.services());
    // The prices still name the service that is gone.
    assert_eq!(patch(json!({ "services": [] })).unwrap_err().faults().keys().next().unwrap(), "service_rates[0].service_code");
}

#[test]
fn tables_come_back() {
    let text = "service_code,service_name,currency,weight_unit,zone_id,zone_label,country_codes,cities,postal_codes,min_weight,max_weight,rate,cost,transit_days\n\
        express,\"Express, fast\",EUR,LB,eu,Europe,DE;FR,,,0,1.5,9.99,3,2\n\
        express,\"Express, fast\",EUR,LB,eu,Europe,DE;FR,,,1.5,,19.99,,\n";
    let sheet = read_table("Table".to_owned(), text.as_bytes()).unwrap().parse(NOW, &mut rng()).unwrap();
    assert_eq!(String::from_utf8(write_table(&sheet).unwrap()).unwrap(), text);
    let short = read_table("Table".to_owned(), b"service_code,zone_id,rate\na,b,1\na,b\nc,d,x\n").unwrap_err();
    let told: Vec<_> = short.faults().iter().map(|(field, reason)| format!("{field}: {reason}")).collect();
    assert_eq!(told, ["rows[1]: must have 3 cells, as the header has", "rows[2].rate: must be a number"]);
}
