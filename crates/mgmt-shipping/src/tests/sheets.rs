use serde_json::{Value, json};

use super::{NOW, rng, sheet};
use crate::sheet::{RateSheet, RateSheetDraft, Table, write_table};

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
fn lists_can_be_sent_back_as_they_came() {
    let before = sheet(json!({
        "name": "Sheet", "zones": [{ "id": "a", "country_codes": ["CA"], "transit_days": 2 }],
        "surcharges": [{ "name": "Fuel", "amount": 5 }],
        "services": [{ "service_name": "S", "service_code": "s", "zone_ids": ["a"], "surcharge_ids": ["surch_1"] }],
        "service_rates": [{ "service_code": "s", "zone_id": "a", "rate": 1.5, "max_weight": 2 }]
    }))
    .unwrap();
    let shown = serde_json::to_value(&before).unwrap();
    let lists = ["zones", "surcharges", "services", "service_rates", "origin_countries"];
    let patch = |lists: &[&str], shown: &Value| {
        let patch = lists.iter().map(|list| ((*list).to_owned(), shown[*list].clone())).collect();
        let draft: RateSheetDraft = serde_json::from_value(Value::Object(before.patched(patch))).unwrap();
        before.changed(draft, NOW, &mut rng())
    };
    for list in lists {
        assert_eq!(patch(&[list], &shown).unwrap(), before, "{list}");
    }
    assert_eq!(patch(&lists, &shown).unwrap(), before);
    let mut other = shown.clone();
    other["services"][0]["object_type"] = json!("shipment");
    assert_eq!(patch(&lists, &other).unwrap_err().faults().keys().collect::<Vec<_>>(), ["services[0].object_type"]);
}

fn table(text: &str) -> crate::fault::Result<RateSheet> {
    Table::read(text.as_bytes())?.sheet("Table", None, NOW, &mut rng())
}

fn told(text: &str) -> Vec<String> {
    table(text).unwrap_err().faults().iter().map(|(field, reason)| format!("{field}: {reason}")).collect()
}

#[test]
fn tables_come_back() {
    let text = "service_code,service_name,currency,weight_unit,zone_id,zone_label,country_codes,cities,postal_codes,min_weight,max_weight,rate,cost,transit_days\r\n\
        express,\"Express, fast\",EUR,LB,eu,'=Europe,DE;FR,,,0,1.5,9.99,3,2\r\n\
        express,\"Express, fast\",EUR,LB,eu,'=Europe,DE;FR,,,1.5,,19.99,,\r\n";
    let sheet = table(text).unwrap();
    assert_eq!(String::from_utf8(write_table(&sheet).unwrap()).unwrap(), text);
    assert_eq!(serde_json::to_value(&sheet).unwrap()["zones"][0]["label"], json!("=Europe"));
    let again = Table::read(format!("\u{feff}{text}").as_bytes()).unwrap().replace(&sheet, NOW, &mut rng()).unwrap();
    assert_eq!(again, sheet, "the same table changes nothing");
}

#[test]
fn a_table_keeps_what_it_has_no_columns_for() {
    let before = sheet(json!({
        "name": "Sheet", "metadata": { "a": 1 },
        "zones": [{ "id": "eu", "cities": ["a;b\\c", "-d"], "transit_time": 5 }, { "id": "other" }],
        "surcharges": [{ "id": "fuel", "name": "Fuel", "amount": 1 }],
        "services": [
            { "service_name": "S", "service_code": "s", "zone_ids": ["eu"], "surcharge_ids": ["fuel"], "dim_factor": 5000, "use_volumetric": true },
            { "service_name": "No prices", "service_code": "n" }
        ],
        "service_rates": [{ "service_code": "s", "zone_id": "eu", "rate": 1.25, "cost": 1, "transit_time": 4, "meta": { "k": "v" } }]
    }))
    .unwrap();
    let text = write_table(&before).unwrap();
    assert_eq!(Table::read(&text).unwrap().replace(&before, NOW, &mut rng()).unwrap(), before);
    let changes = b"rate,zone_id,service_code\n2,eu,s\n3,new,s\n";
    let after = Table::read(changes).unwrap().replace(&before, NOW, &mut rng()).unwrap();
    let written = serde_json::to_value(&after).unwrap();
    assert_eq!((&written["service_rates"][0]["rate"], &written["service_rates"][0]["cost"]), (&json!(2), &json!(1)));
    assert_eq!((&written["service_rates"][0]["meta"], &written["surcharges"][0]["id"]), (&json!({ "k": "v" }), &json!("fuel")));
    assert_eq!((&written["services"][0]["zone_ids"], &written["zones"][2]["id"]), (&json!(["eu", "new"]), &json!("new")));
    assert_eq!((after.id, after.slug(), after.services().len()), (before.id, before.slug(), 2));
}

#[test]
fn faults_of_tables_name_line_and_column() {
    assert_eq!(
        told("service_code,zone_id,rate\na,b,1\na,b\nc,d,x\n,,\n"),
        [
            "line[3]: must have 3 cells, as the header has",
            "line[4].rate: must be a number, such as 9.99",
            "line[5].rate: must not be empty",
            "line[5].service_code: must not be empty",
            "line[5].zone_id: must not be empty"
        ]
    );
    let lines = "service_code,zone_id,country_codes,rate,min_weight,max_weight,transit_days\n\
        a,b,\"DE;\nFR\",1,,1,1\na,c,XX,-1,2,1,366\nA,b,DE,1,0,1,x\n";
    let fields: Vec<String> = told(lines).iter().map(|f| f.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(fields, ["line[5].country_codes", "line[5].transit_days"], "lines of the text are counted");
    let lines = lines.replace("DE,1,0,1,x", "\"DE;\nFR\",1,0,1,");
    let fields: Vec<String> = told(&lines).iter().map(|f| f.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(fields, ["line[4].country_codes", "line[5].service_code"]);
    assert_eq!(told("service_code,zone_id,rate\ns,z,1\ns,z,2\n").len(), 1);
    assert!(told("service_code,zone_id,rate\ns,z,1\ns,z,2\n")[0].starts_with("line[3].min_weight: "));
    for (text, field) in [
        ("", "line[1].rate"),
        ("service_code,zone_id,rate\n", "line[2]"),
        ("service_code,zone_id,rate,colour\na,b,1,red\n", "line[1]"),
        ("service_code,zone_id,rate,rate\na,b,1,1\n", "line[1].rate"),
        ("service_code;zone_id;rate\na;b;1\n", "line[1]"),
        ("service_code,zone_id,rate,currency\na,b,1,EURO\n", "line[2].currency"),
    ] {
        assert!(table(text).unwrap_err().faults().contains_key(field), "{text:?}: {:?}", told(text));
    }
    assert!(Table::read(b"service_code,zone_id,rate\na,\xff,1\n").unwrap_err().faults().contains_key("line[2]"));
}
