//! From a price to a delivery.

use super::{ask, draft, id, request, with};
use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(
    from_a_price_to_a_delivery,
    bought_in_one_call,
    labels_in_every_format,
    changes_and_their_ends,
    aliases,
    repeats_and_conditions,
    trackers_by_id_and_number,
    events_are_told,
);

fn from_a_price_to_a_delivery(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let rates = ask(&server, key, "POST", "/v1/rates", Some(&request())).expect(200);
    let rate = &rates["rates"][0];
    assert_eq!(
        (&rate["service"], &rate["total_charge"], &rate["currency"]),
        (&json!("standard_service"), &json!(0), &json!("USD"))
    );
    assert_eq!((&rate["carrier_name"], &rate["test_mode"], &rates["messages"]), (&json!("generic"), &json!(false), &json!([])));

    let made = draft(&server, key, json!({"reference": "PO-1", "metadata": {"team": "a"}}));
    assert_eq!((&made["status"], &made["object_type"], &made["test_mode"]), (&json!("draft"), &json!("shipment"), &json!(false)));
    assert_eq!(
        (&made["recipient"]["postal_code"], &made["recipient"]["phone_number"]),
        (&json!("K1A0B1"), &json!("+1 613-555-0199"))
    );
    assert_eq!(
        (&made["label_url"], &made["tracking_number"], &made["parcels"][0]["weight"]),
        (&Value::Null, &Value::Null, &json!(1.25))
    );
    assert!(
        id(&made).starts_with("shp_")
            && id(&made["rates"][0]).starts_with("rat_")
            && made["options"]["shipment_date"].is_string()
    );
    let path = format!("/v1/shipments/{}", id(&made));
    assert_eq!(ask(&server, key, "GET", &path, None).expect(200), made);

    let bought =
        ask(&server, key, "POST", &format!("{path}/purchase"), Some(&json!({"selected_rate_id": id(&made["rates"][0])})))
            .expect(200);
    assert_eq!((&bought["status"], &bought["selected_rate_id"]), (&json!("created"), &made["rates"][0]["id"]));
    assert!(bought["shipping_documents"][0]["base64"].as_str().unwrap().starts_with("JVBERi"), "a PDF");
    let label = server.get(&format!("{path}/documents/label")).bearer(key).send();
    assert_eq!((label.status, label.header("content-type")), (200, Some("application/pdf")));
    assert!(label.body.starts_with(b"%PDF-"));

    let tracker = format!("/v1/trackers/{}", bought["tracker_id"].as_str().unwrap());
    let followed = ask(&server, key, "GET", &tracker, None).expect(200);
    assert_eq!((&followed["tracking_number"], &followed["status"]), (&bought["tracking_number"], &json!("pending")));
    for (status, shipment) in [
        ("picked_up", "shipped"),
        ("in_transit", "in_transit"),
        ("on_hold", "needs_attention"),
        ("out_for_delivery", "out_for_delivery"),
        ("delivered", "delivered"),
        ("in_transit", "delivered"),
    ] {
        let report = json!({"events": [{"description": format!("now {status}")}], "status": status});
        let done = ask(&server, key, "POST", &format!("{tracker}/inject-events"), Some(&report)).expect(200);
        assert_eq!(done["success"], true);
        assert_eq!(ask(&server, key, "GET", &path, None).expect(200)["status"], shipment, "{status}");
    }
    let followed = ask(&server, key, "GET", &tracker, None).expect(200);
    assert_eq!((&followed["delivered"], followed["events"].as_array().unwrap().len()), (&json!(true), 6));
    ask(&server, key, "POST", &format!("{path}/cancel"), None).refused(409, "invalid_state");
    ask(&server, key, "POST", &format!("{path}/purchase"), Some(&json!({"service": "standard_service"})))
        .refused(409, "invalid_state");
}

fn bought_in_one_call(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let bought = draft(&server, key, json!({"service": "standard_service", "label_type": "PNG"}));
    assert_eq!((&bought["status"], &bought["shipping_documents"][0]["format"]), (&json!("created"), &json!("PNG")));
    assert!(bought["shipping_documents"][0]["base64"].as_str().unwrap().starts_with("iVBOR"));
    let later = ask(&server, key, "GET", &format!("/v1/shipments/{}", id(&bought)), None).expect(200);
    assert!(later["shipping_documents"][0].get("base64").is_none() && later["label_url"].is_string());
    let none = ask(&server, key, "POST", "/v1/shipments", Some(&with(request(), json!({"service": "other"}))));
    none.refused(400, "invalid_request");
    none.names_fields(&["service"]);
    let list = ask(&server, key, "GET", "/v1/shipments", None).expect(200);
    assert_eq!(list["count"], 1, "nothing is left of what was refused");
}

fn labels_in_every_format(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let made = draft(&server, key, json!({"label_type": "ZPL"}));
    let path = format!("/v1/shipments/{}/documents/label", id(&made));
    ask(&server, key, "GET", &path, None).refused(404, "not_found");
    ask(&server, key, "POST", &format!("/v1/shipments/{}/purchase", id(&made)), Some(&json!({"service": "standard_service"})))
        .expect(200);
    for (query, kind, start) in [
        ("", "application/zpl", &b"^XA"[..]),
        ("?format=PDF", "application/pdf", b"%PDF-"),
        ("?format=PNG", "image/png", b"\x89PNG"),
    ] {
        let answer = server.get(&format!("{path}{query}")).bearer(key).send();
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)));
        assert!(answer.body.starts_with(start), "{kind}");
    }
    ask(&server, key, "GET", &format!("{path}?format=GIF"), None).refused(400, "invalid_request");
}

fn changes_and_their_ends(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let made = draft(&server, key, json!({"reference": "one", "metadata": {"a": 1, "b": 2}}));
    let path = format!("/v1/shipments/{}", id(&made));
    let patch = json!({"recipient": {"city": "Gatineau", "company_name": null}, "reference": null, "metadata": {"a": null}});
    let changed = ask(&server, key, "PATCH", &path, Some(&patch)).expect(200);
    assert_eq!((&changed["recipient"]["city"], &changed["recipient"]["company_name"]), (&json!("Gatineau"), &Value::Null));
    assert_eq!((&changed["recipient"]["postal_code"], &changed["reference"]), (&json!("K1A0B1"), &Value::Null));
    assert_eq!(changed["metadata"], json!({"b": 2}));
    assert_ne!(changed["rates"][0]["id"], made["rates"][0]["id"], "a changed draft is rated anew");
    let rated = ask(&server, key, "POST", &format!("{path}/rates"), Some(&json!({"services": ["none"]}))).expect(200);
    assert_eq!((&rated["rates"], &rated["messages"][0]["code"]), (&json!([]), &json!("service_not_found")));
    let rated = ask(&server, key, "POST", &format!("{path}/rates"), Some(&json!({"services": []}))).expect(200);
    assert_eq!(rated["rates"].as_array().unwrap().len(), 1);

    let cancelled = ask(&server, key, "POST", &format!("{path}/cancel"), None).expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(ask(&server, key, "POST", &format!("{path}/cancel"), None).expect(200), cancelled, "twice is once");
    assert_eq!(ask(&server, key, "DELETE", &path, None).expect(200), cancelled);
    ask(&server, key, "PATCH", &path, Some(&json!({"reference": "two"}))).refused(409, "invalid_state");
    ask(&server, key, "POST", &format!("{path}/rates"), None).refused(409, "invalid_state");
    let noted = ask(&server, key, "PATCH", &path, Some(&json!({"metadata": {"c": 3}}))).expect(200);
    assert_eq!(noted["metadata"], json!({"b": 2, "c": 3}));

    let bought = draft(&server, key, json!({"service": "standard_service"}));
    let tracker = format!("/v1/trackers/{}", bought["tracker_id"].as_str().unwrap());
    let cancelled = ask(&server, key, "DELETE", &format!("/v1/shipments/{}", id(&bought)), None).expect(200);
    assert_eq!((&cancelled["status"], &cancelled["tracker_id"]), (&json!("cancelled"), &Value::Null));
    ask(&server, key, "GET", &tracker, None).refused(404, "not_found");
}

fn aliases(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let rates = server.post("/v1/proxy/rates", &request()).header("authorization", &format!("Token {key}")).send().expect(200);
    assert_eq!(rates["rates"].as_array().unwrap().len(), 1);
    let made = draft(&server, key, json!({}));
    let path = format!("/v1/shipments/{}", id(&made));
    let put = ask(&server, key, "PUT", &path, Some(&json!({"reference": "by PUT"}))).expect(200);
    assert_eq!((&put["reference"], &put["recipient"]["city"]), (&json!("by PUT"), &json!("Ottawa")));
    let listed = server.get("/v1/shipments").header("authorization", &format!("ApiKey {key}")).send().expect(200);
    assert_eq!(listed["count"], 1);
}

fn repeats_and_conditions(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let once = |path: &str, body: &Value| server.post(path, body).bearer(key).header("idempotency-key", "k-1").send();
    let first = once("/v1/shipments", &request());
    let again = once("/v1/shipments", &request());
    assert_eq!((first.expect(201), again.header("idempotent-replayed")), (again.expect(201), Some("true")));
    once("/v1/shipments", &with(request(), json!({"reference": "x"}))).refused(422, "idempotency_key_reused");
    let path = format!("/v1/shipments/{}", id(&first.value()));
    let buy = json!({"service": "standard_service"});
    let bought = once(&format!("{path}/purchase"), &buy).expect(200);
    assert_eq!(once(&format!("{path}/purchase"), &buy).expect(200), bought, "a repeat buys nothing twice");

    let shown = server.get(&path).bearer(key).send();
    let tag = shown.header("etag").unwrap().to_owned();
    assert_eq!(server.get(&path).bearer(key).header("if-none-match", &tag).send().status, 304);
    let note = |tag: &str| server.patch(&path, &json!({"metadata": {"n": 1}})).bearer(key).header("if-match", tag).send();
    note(&tag).expect(200);
    note(&tag).refused(412, "precondition_failed");
    server.delete(&path).bearer(key).header("if-match", &tag).send().refused(412, "precondition_failed");
}

fn trackers_by_id_and_number(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let body = json!({"tracking_number": "1Z999AA1", "carrier_name": "ups", "info": {"note": "fragile"}, "reference": "R-9"});
    let made = ask(&server, key, "POST", "/v1/trackers?pending_pickup=True", Some(&body)).expect(201);
    assert_eq!(
        (&made["object_type"], &made["status"], &made["info"]["source"]),
        (&json!("tracker"), &json!("pending"), &Value::Null)
    );
    assert_eq!(id(&ask(&server, key, "POST", "/v1/trackers", Some(&body)).expect(200)), id(&made));
    for name in [id(&made), "1Z999AA1"] {
        assert_eq!(id(&ask(&server, key, "GET", &format!("/v1/trackers/{name}"), None).expect(200)), id(&made));
    }
    let path = "/v1/trackers/1Z999AA1";
    let patch = json!({"info": {"note": null, "signed_by": "Bo"}, "metadata": {"a": 1}});
    let changed = ask(&server, key, "PUT", path, Some(&patch)).expect(200);
    assert_eq!((&changed["info"]["note"], &changed["info"]["signed_by"]), (&Value::Null, &json!("Bo")));
    let event = json!({"timestamp": "2027-01-05T10:00:00Z", "status": "in_transit", "location": "Paris"});
    let report = json!({"events": [event.clone(), event], "estimated_delivery": "2027-02-01"});
    ask(&server, key, "POST", &format!("{path}/inject-events"), Some(&report)).expect(200);
    let moved = ask(&server, key, "GET", path, None).expect(200);
    assert_eq!((moved["events"].as_array().unwrap().len(), &moved["events"][0]["status"]), (1, &json!("picked_up")));
    assert_eq!((&moved["events"][0]["date"], &moved["events"][0]["time"]), (&json!("2027-01-05"), &json!("10:00")));
    assert_eq!((&moved["status"], &moved["estimated_delivery"]), (&json!("in_transit"), &json!("2027-02-01")));
    assert_eq!(id(&ask(&server, key, "DELETE", path, None).expect(200)), id(&made));
    ask(&server, key, "GET", path, None).refused(404, "not_found");
    assert_ne!(id(&ask(&server, key, "POST", "/v1/trackers", Some(&body)).expect(201)), id(&made), "it can be followed anew");
}

fn events_are_told(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let made = draft(&server, key, json!({}));
    let path = format!("/v1/shipments/{}", id(&made));
    let bought =
        ask(&server, key, "POST", &format!("{path}/purchase"), Some(&json!({"service": "standard_service"}))).expect(200);
    let tracker = format!("/v1/trackers/{}/inject-events", bought["tracker_id"].as_str().unwrap());
    ask(&server, key, "POST", &tracker, Some(&json!({"events": [], "status": "in_transit"}))).expect(200);
    ask(&server, key, "POST", &tracker, Some(&json!({"events": [], "status": "in_transit"}))).expect(200);
    let other = draft(&server, key, json!({}));
    for _ in 0..2 {
        ask(&server, key, "POST", &format!("/v1/shipments/{}/cancel", id(&other)), None).expect(200);
    }
    let list = server.get("/v1/management/events?limit=100").bearer(server.management_key()).send().expect(200);
    let told: Vec<&str> = list["data"].as_array().unwrap().iter().rev().map(|e| e["type"].as_str().unwrap()).collect();
    let mut told: Vec<&str> = told.into_iter().filter(|t| t.starts_with("shipment.") || t.starts_with("tracker.")).collect();
    assert_eq!(told.len(), 7, "{told:?}");
    // What one transaction tells is told at one moment, in any order.
    told[1..3].sort_unstable();
    told[3..5].sort_unstable();
    let expected = [
        "shipment.created",
        "shipment.purchased",
        "tracker.created",
        "shipment.updated",
        "tracker.updated",
        "shipment.created",
        "shipment.cancelled",
    ];
    assert_eq!(told, expected);
    let last = &list["data"][0]["data"];
    assert_eq!((&last["id"], &last["status"], &last["recipient"]["city"]), (&other["id"], &json!("cancelled"), &json!("Ottawa")));
}
