//! Rate sheets, and the prices that they make.

use super::{ask, id, request, with};
use mgmt_tests::{Answer, Backend, Server, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(every_organization_starts_with_one, prices_are_exact, faults, tables, changes);

const BASE: &str = "/v1/management/rate-sheets";

fn manage(server: &Server, method: &str, path: &str, body: Option<&Value>) -> Answer {
    ask(server, server.management_key(), method, path, body)
}

fn sheet() -> Value {
    json!({
        "name": "Express sheet",
        "zones": [{"id": "north", "country_codes": ["CA"], "transit_days": 3}, {"id": "world"}],
        "surcharges": [{"id": "fuel", "name": "Fuel", "amount": 12.5, "surcharge_type": "percentage"}, {"id": "sign", "name": "Signature", "amount": 0.1}],
        "services": [{"service_name": "Express", "service_code": "express", "currency": "USD", "zone_ids": ["north", "world"], "surcharge_ids": ["fuel", "sign"]}],
        "service_rates": [
            {"service_code": "express", "zone_id": "north", "min_weight": 0, "max_weight": 1.25, "rate": 9.99},
            {"service_code": "express", "zone_id": "north", "min_weight": 1.25, "max_weight": 5, "rate": 19.99},
            {"service_code": "express", "zone_id": "world", "rate": 50}
        ]
    })
}

fn every_organization_starts_with_one(backend: Backend) {
    let server = Server::start(backend);
    let list = manage(&server, "GET", BASE, None).expect(200);
    assert_eq!((list["data"].as_array().unwrap().len(), &list["next_cursor"]), (1, &Value::Null));
    let starter = &list["data"][0];
    assert_eq!(
        (&starter["slug"], &starter["carrier_name"], &starter["object_type"]),
        (&json!("generic"), &json!("generic"), &json!("rate_sheet"))
    );
    let tenant = server.tenant("Other");
    let theirs = ask(&server, &tenant.management_key, "GET", BASE, None).expect(200);
    assert_eq!(theirs["data"].as_array().unwrap().len(), 1);
    assert_ne!(id(&theirs["data"][0]), id(starter));
    // Whoever removes it does not get it back.
    manage(&server, "DELETE", &format!("{BASE}/{}", id(starter)), None).expect_status(204);
    assert_eq!(manage(&server, "GET", BASE, None).expect(200)["data"], json!([]));
    let found = ask(&server, server.api_key(), "POST", "/v1/rates", Some(&request())).expect(200);
    assert_eq!((&found["rates"], found["messages"].as_array().unwrap().len()), (&json!([]), 1));
}

fn prices_are_exact(backend: Backend) {
    let server = Server::start(backend);
    manage(&server, "POST", BASE, Some(&sheet())).expect(201);
    let key = server.api_key();
    let priced = |weight: f64| {
        let body = with(request(), json!({"services": ["express"], "parcels": [{"weight": weight, "weight_unit": "KG"}]}));
        ask(&server, key, "POST", "/v1/rates", Some(&body)).expect(200)["rates"][0].clone()
    };
    let rate = priced(1.25);
    let amounts: Vec<&Value> = rate["extra_charges"].as_array().unwrap().iter().map(|c| &c["amount"]).collect();
    assert_eq!(amounts, [&json!(19.99), &json!(2.5), &json!(0.1)]);
    assert_eq!(
        (&rate["total_charge"], &rate["transit_days"], &rate["carrier_id"]),
        (&json!(22.59), &json!(3), &json!("express-sheet"))
    );
    assert_eq!(priced(1.249999)["extra_charges"][0]["amount"], json!(9.99), "weights are not rounded");
    assert_eq!(priced(5.0)["extra_charges"][0]["amount"], json!(50));
    let both = ask(&server, key, "POST", "/v1/rates", Some(&request())).expect(200);
    let services: Vec<&Value> = both["rates"].as_array().unwrap().iter().map(|r| &r["service"]).collect();
    assert_eq!(services, ["standard_service", "express"], "the cheapest first");
}

fn faults(backend: Backend) {
    let server = Server::start(backend);
    let wrong = |body: &Value, fields: &[&str]| {
        let answer = manage(&server, "POST", BASE, Some(body));
        answer.refused(400, "invalid_request");
        answer.names_fields(fields);
    };
    wrong(&json!({}), &["name"]);
    wrong(&with(sheet(), json!({"zones": []})), &["services[0].zone_ids[0]", "services[0].zone_ids[1]"]);
    let rows = json!([{"service_code": "none", "zone_id": "world", "rate": 1}, {"service_code": "express", "zone_id": "none", "rate": -1}]);
    wrong(
        &with(sheet(), json!({"service_rates": rows})),
        &["service_rates[0].service_code", "service_rates[1].rate", "service_rates[1].zone_id"],
    );
    let rows = json!([
        {"service_code": "express", "zone_id": "world", "min_weight": 0, "max_weight": 2, "rate": 1},
        {"service_code": "express", "zone_id": "world", "min_weight": 1, "max_weight": 3, "rate": 1}
    ]);
    wrong(&with(sheet(), json!({"service_rates": rows})), &["service_rates[1].min_weight"]);
    manage(&server, "POST", BASE, Some(&sheet())).expect(201);
    manage(&server, "POST", BASE, Some(&sheet())).refused(409, "conflict");
    ask(&server, server.api_key(), "GET", BASE, None).refused(401, "unauthorized");
}

fn tables(backend: Backend) {
    let server = Server::start(backend);
    let made = manage(&server, "POST", BASE, Some(&sheet())).expect(201);
    let path = format!("{BASE}/{}", id(&made));
    let table = server.get(&path).bearer(server.management_key()).header("accept", "text/csv").send();
    assert_eq!(table.status, 200);
    let lines: Vec<String> = table.text().lines().map(str::to_owned).collect();
    assert_eq!((lines.len(), lines[0].starts_with("service_code,service_name,currency")), (4, true));
    assert!(lines[2].contains(",1.25,5,19.99,"), "{}", lines[2]);
    let neither = server.get(&path).bearer(server.management_key()).header("accept", "image/png").send();
    neither.refused(406, "not_acceptable");
}

fn changes(backend: Backend) {
    let server = Server::start(backend);
    let made = manage(&server, "POST", BASE, Some(&sheet())).expect(201);
    let path = format!("{BASE}/{}", id(&made));
    let shown = manage(&server, "GET", &path, None);
    assert_eq!(shown.expect(200), made);
    let tag = shown.header("etag").unwrap().to_owned();
    assert_eq!(manage(&server, "PATCH", &path, Some(&json!({}))).expect(200), made, "an empty patch changes nothing");
    let changed = manage(&server, "PATCH", &path, Some(&json!({"name": "Other", "metadata": {"a": 1}}))).expect(200);
    assert_eq!(
        (&changed["name"], &changed["services"], &changed["service_rates"]),
        (&json!("Other"), &made["services"], &made["service_rates"])
    );
    let stale = server.patch(&path, &json!({"name": "x"})).bearer(server.management_key()).header("if-match", &tag).send();
    stale.refused(412, "precondition_failed");
    let broken = manage(&server, "PATCH", &path, Some(&json!({"services": []})));
    broken.refused(400, "invalid_request");
    manage(&server, "DELETE", &path, None).expect_status(204);
    manage(&server, "GET", &path, None).refused(404, "not_found");
}
