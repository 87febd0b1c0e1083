//! Every fault is told, with its path.

use super::{ask, draft, id, request, with};
use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(faults_of_shipments, faults_of_purchases, faults_of_trackers, prices_of_nothing);

fn faults_of_shipments(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let wrong = |path: &str, body: &Value, fields: &[&str]| {
        let answer = ask(&server, key, "POST", path, Some(body));
        answer.refused(400, "invalid_request");
        answer.names_fields(fields);
    };
    for path in ["/v1/shipments", "/v1/rates"] {
        wrong(path, &json!({}), &["parcels", "recipient", "shipper"]);
        wrong(path, &with(request(), json!({"parcels": []})), &["parcels"]);
        wrong(path, &with(request(), json!({"parcels": [{"weight": 0, "weight_unit": "KG"}]})), &["parcels[0].weight"]);
        wrong(
            path,
            &with(request(), json!({"parcels": [{"weight": "1", "weight_unit": "STONE"}]})),
            &["parcels[0].weight", "parcels[0].weight_unit"],
        );
        wrong(
            path,
            &with(request(), json!({"parcels": [{"weight": 1, "weight_unit": "KG", "length": 1}]})),
            &["parcels[0].dimension_unit", "parcels[0].height", "parcels[0].width"],
        );
        wrong(
            path,
            &with(request(), json!({"shipper": {"country_code": "XX"}, "recipient": {"country_code": "US", "postal_code": "1"}})),
            &["recipient.postal_code", "shipper.country_code"],
        );
        wrong(path, &with(request(), json!({"colour": "red", "payment": {"paid_by": "nobody"}})), &["colour", "payment.paid_by"]);
    }
    wrong("/v1/rates", &with(request(), json!({"label_type": "PDF"})), &["label_type"]);
    wrong(
        "/v1/shipments",
        &with(request(), json!({"label_type": "GIF", "reference": "x".repeat(101)})),
        &["label_type", "reference"],
    );
    let missing = ask(&server, key, "POST", "/v1/shipments", Some(&with(request(), json!({"shipper": {}})))).value();
    assert_eq!(missing["error"]["details"]["shipper.country_code"], "This field is required");
    let made = draft(&server, key, json!({}));
    let path = format!("/v1/shipments/{}", id(&made));
    for (patch, field) in [
        (json!({"parcels": []}), "parcels"),
        (json!({"recipient": null}), "recipient"),
        (json!({"recipient": {"country_code": "US"}}), "recipient.postal_code"),
        (json!({"status": "delivered"}), "status"),
        (json!({"metadata": 5}), "metadata"),
        (json!({"service": "standard_service"}), "service"),
    ] {
        let answer = ask(&server, key, "PATCH", &path, Some(&patch));
        answer.refused(400, "invalid_request");
        answer.names_fields(&[field]);
    }
    for (method, body) in ["PATCH", "PUT"].iter().flat_map(|m| [json!(null), json!([]), json!("x"), json!(5)].map(|b| (m, b))) {
        let answer = ask(&server, key, method, &path, Some(&body));
        assert_eq!(answer.refused(400, "invalid_request"), json!({"body": "must be an object"}), "{method} {body}");
    }
    assert_eq!(ask(&server, key, "GET", &path, None).expect(200), made, "nothing of that had an effect");
    for query in ["limit=0", "limit=101", "offset=-1", "status=lost", "created_after=soon", "has_tracker=maybe", "colour=red"] {
        let answer = ask(&server, key, "GET", &format!("/v1/shipments?{query}"), None);
        answer.refused(400, "invalid_request");
        answer.names_fields(&[query.split('=').next().unwrap()]);
    }
}

fn faults_of_purchases(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let made = draft(&server, key, json!({}));
    let path = format!("/v1/shipments/{}/purchase", id(&made));
    for (body, field) in [
        (json!({}), "selected_rate_id"),
        (json!({"service": "none"}), "service"),
        (json!({"selected_rate_id": "rat_00000000000070008000000000000000"}), "selected_rate_id"),
        (json!({"selected_rate_id": "x"}), "selected_rate_id"),
        (json!({"service": "standard_service", "rate": 1}), "rate"),
    ] {
        let answer = ask(&server, key, "POST", &path, Some(&body));
        answer.refused(400, "invalid_request");
        answer.names_fields(&[field]);
    }
    ask(&server, key, "POST", "/v1/shipments/shp_00000000000070008000000000000000/purchase", Some(&json!({})))
        .refused(404, "not_found");
}

fn faults_of_trackers(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    for (body, fields) in [
        (json!({}), &["carrier_name", "tracking_number"][..]),
        (json!({"tracking_number": "a/b", "carrier_name": "U P S"}), &["carrier_name", "tracking_number"]),
        (json!({"tracking_number": "1", "carrier_name": "ups", "info": {"colour": "red"}}), &["info.colour"]),
        (json!({"tracking_number": ".", "carrier_name": "ups"}), &["tracking_number"]),
        (json!({"tracking_number": "..", "carrier_name": "ups"}), &["tracking_number"]),
    ] {
        let answer = ask(&server, key, "POST", "/v1/trackers", Some(&body));
        answer.refused(400, "invalid_request");
        answer.names_fields(fields);
    }
    ask(&server, key, "POST", "/v1/trackers", Some(&json!({"tracking_number": "1", "carrier_name": "ups"}))).expect(201);
    let report = json!({"events": [{"date": "x"}, {"status": "lost"}], "status": "on_hold", "delivered": true});
    let answer = ask(&server, key, "POST", "/v1/trackers/1/inject-events", Some(&report));
    answer.refused(400, "invalid_request");
    let answer = ask(&server, key, "POST", "/v1/trackers/1/inject-events", Some(&json!({"events": [{"date": "x"}]})));
    answer.names_fields(&["events[0].date"]);
    let answer = ask(&server, key, "PATCH", "/v1/trackers/1", Some(&json!({"status": "delivered"})));
    answer.refused(400, "invalid_request");
    answer.names_fields(&["status"]);
}

fn prices_of_nothing(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let found = ask(&server, key, "POST", "/v1/rates", Some(&with(request(), json!({"services": ["overnight"]})))).expect(200);
    assert_eq!((&found["rates"], &found["messages"][0]["code"]), (&json!([]), &json!("service_not_found")));
    let found = ask(&server, key, "POST", "/v1/rates", Some(&with(request(), json!({"carrier_ids": ["other"]})))).expect(200);
    assert_eq!((&found["rates"], &found["messages"][0]["code"]), (&json!([]), &json!("carrier_not_found")));
}
