//! Rate sheets, and the prices that they make.

use super::{ask, id, request, with};
use mgmt_tests::{Answer, Backend, Server, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(
    every_organization_starts_with_one,
    organizations_of_older_databases_are_given_one,
    prices_are_exact,
    faults,
    tables,
    tables_come_back,
    faults_of_tables,
    changes,
);

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

/// The sheet is there before anybody asks: it is made with the organization, however that is made.
fn organizations_of_older_databases_are_given_one(backend: Backend) {
    let mut server = Server::start(backend);
    let tenant = server.tenant("Made by the shell");
    let owner = json!({"name": "Made over HTTP", "slug": "over-http", "owner_email": "ada@example.com"});
    server.post("/v1/management/organizations", &owner).bearer(server.management_key()).send().expect(201);
    let sql = |server: &Server, statement: &str| server.database.sql(&server.folder, statement).trim().to_owned();
    assert_eq!(sql(&server, "SELECT count(*) FROM rate_sheets"), "3");
    server.terminate();
    assert!(server.wait().success());
    let _ = sql(&server, &format!("DELETE FROM rate_sheets WHERE organization_id = '{}'", tenant.id));
    let _ = sql(&server, &format!("DELETE FROM rate_sheet_starts WHERE organization_id = '{}'", tenant.id));
    server.run();
    assert_eq!(sql(&server, "SELECT count(*) FROM rate_sheets"), "3");
    let theirs = ask(&server, &tenant.management_key, "GET", BASE, None).expect(200);
    assert_eq!(theirs["data"][0]["slug"], "generic");
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
    for days in [json!(366), json!(65_535), json!(2_147_483_647), json!(-1), json!(1.5)] {
        for list in ["zones", "services", "service_rates"] {
            let mut late = sheet();
            late[list][0]["transit_days"] = days.clone();
            let reasons = manage(&server, "POST", BASE, Some(&late)).refused(400, "invalid_request");
            let field = format!("{list}[0].transit_days");
            assert_eq!(reasons, json!({(field): "must be a whole number from 0 to 365"}), "{days}");
        }
    }
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

/// Sends a table.
fn send(server: &Server, method: &str, path: &str, table: &str) -> Answer {
    let call = server.call(method, path).bearer(server.management_key()).header("content-type", "text/csv; charset=utf-8");
    call.bytes(table.as_bytes()).send()
}

fn table_of(server: &Server, path: &str) -> String {
    let answer = server.get(path).bearer(server.management_key()).header("accept", "text/csv").send();
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    answer.text()
}

fn tables_come_back(backend: Backend) {
    let server = Server::start(backend);
    let mut odd = sheet();
    odd["zones"][0]["label"] = json!("=HYPERLINK(\"x\"), \"quoted\"");
    odd["zones"][1]["cities"] = json!(["a;b\\c", "+1", "São Paulo"]);
    let made = manage(&server, "POST", BASE, Some(&odd)).expect(201);
    let path = format!("{BASE}/{}", id(&made));
    let table = table_of(&server, &path);
    assert!(table.contains("\"'=HYPERLINK("), "no cell is a formula: {table}");
    let same = send(&server, "PUT", &path, &table);
    assert_eq!(same.expect(200), made, "its own table changes nothing");
    let shown = manage(&server, "GET", &path, None);
    assert_eq!(shown.header("etag"), same.header("etag"));

    let copy = send(&server, "POST", &format!("{BASE}?name=A%20copy&slug=copy"), &table).expect(201);
    assert_eq!(
        (&copy["name"], &copy["slug"], &copy["zones"]),
        (&json!("A copy"), &json!("copy"), &{
            let mut zones = made["zones"].clone();
            zones[0]["transit_days"] = Value::Null;
            zones
        })
    );
    assert_eq!(table_of(&server, &format!("{BASE}/{}", id(&copy))), table);

    let changed = send(&server, "PUT", &path, &table.replace(",9.99,", ",7.50,")).expect(200);
    assert_eq!((&changed["service_rates"][0]["rate"], &changed["surcharges"]), (&json!(7.5), &made["surcharges"]));
    let late = server.call("PUT", &path).bearer(server.management_key()).header("content-type", "text/csv");
    late.header("if-match", shown.header("etag").unwrap()).bytes(table.as_bytes()).send().refused(412, "precondition_failed");
    let reader = server.create_key(&json!({"kind": "management", "permissions": ["rate-sheets:read"]}));
    let denied = server.call("PUT", &path).bearer(reader["key"].as_str().unwrap()).header("content-type", "text/csv");
    denied.bytes(table.as_bytes()).send().refused(403, "insufficient_scope");
    let tenant = server.tenant("Other");
    let foreign = server.call("PUT", &path).bearer(&tenant.management_key).header("content-type", "text/csv");
    foreign.bytes(table.as_bytes()).send().refused(404, "not_found");

    let once = |query: &str| {
        let call = server.call("POST", &format!("{BASE}?{query}")).bearer(server.management_key());
        call.header("content-type", "text/csv").header("idempotency-key", "sheet-1").bytes(table.as_bytes()).send()
    };
    let first = once("name=Once").expect(201);
    assert_eq!(once("name=Once").expect(201), first);
    once("name=Twice").refused(422, "idempotency_key_reused");
}

fn faults_of_tables(backend: Backend) {
    let server = Server::start(backend);
    let named = format!("{BASE}?name=Table");
    let wrong = |table: &str, fields: &[(&str, &str)]| {
        let details = send(&server, "POST", &named, table).refused(400, "invalid_request");
        let expected: Value =
            fields.iter().map(|(field, reason)| ((*field).to_owned(), json!(reason))).collect::<serde_json::Map<_, _>>().into();
        assert_eq!(details, expected);
    };
    wrong(
        "service_code,zone_id,rate,cost\na,z,1,\na,z,x,-\n",
        &[("line[3].cost", "must be a number, such as 9.99"), ("line[3].rate", "must be a number, such as 9.99")],
    );
    wrong(
        "service_code,zone_id,country_codes,rate\na,z,DE,1\na,y,XX,1\n",
        &[("line[3].country_codes", "must be a country's two letters of ISO 3166-1, such as `US`")],
    );
    wrong("service_code,zone_id\na,z\n", &[("line[1].rate", "the column must be there")]);
    let table = "service_code,zone_id,rate\na,z,1\n";
    send(&server, "POST", BASE, table).names_fields(&["name"]);
    let twice = server.post(&format!("{BASE}?name=x"), &sheet()).bearer(server.management_key()).send();
    twice.names_fields(&["name"]);
    let made = send(&server, "POST", &named, table).expect(201);
    send(&server, "POST", &named, table).refused(409, "conflict");
    let path = format!("{BASE}/{}", id(&made));
    send(&server, "POST", &named, "").refused(400, "invalid_request");
    // Tables are taken here and nowhere else.
    send(&server, "PATCH", &path, table).refused(415, "unsupported_media_type");
    send(&server, "POST", "/v1/management/webhooks", table).refused(415, "unsupported_media_type");
    let json = manage(&server, "PUT", &path, Some(&sheet()));
    json.refused(415, "unsupported_media_type");
    assert_eq!(json.header("accept"), Some("text/csv"));
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
    for body in [json!(null), json!([]), json!("x")] {
        let answer = manage(&server, "PATCH", &path, Some(&body));
        assert_eq!(answer.refused(400, "invalid_request"), json!({"body": "must be an object"}), "{body}");
    }
    for list in ["zones", "surcharges", "services", "service_rates", "origin_countries"] {
        let patch = json!({(list): changed[list]});
        assert_eq!(manage(&server, "PATCH", &path, Some(&patch)).expect(200), changed, "{list} as they came");
    }
    manage(&server, "DELETE", &path, None).expect_status(204);
    manage(&server, "GET", &path, None).refused(404, "not_found");
}
