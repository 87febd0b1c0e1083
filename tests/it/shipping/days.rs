//! The day a shipment is sent, and the day it is expected.

use super::{ask, draft, id, request, with};
use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(
    a_delivery_after_the_year_9999_is_none,
    shipments_with_an_unreadable_day_are_read,
    the_day_it_is_sent_has_two_names,
);

const BUY: &str = "standard_service";

fn a_delivery_after_the_year_9999_is_none(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let last = json!({"options": {"shipping_date": "9999-12-31"}});
    let rates = ask(&server, key, "POST", "/v1/rates", Some(&with(request(), last.clone()))).expect(200);
    assert_eq!((&rates["rates"][0]["transit_days"], &rates["rates"][0]["estimated_delivery"]), (&json!(1), &Value::Null));
    let made = draft(&server, key, last.clone());
    assert_eq!(made["rates"][0]["estimated_delivery"], Value::Null);
    let bought = draft(&server, key, with(last, json!({"service": BUY})));
    assert_eq!(bought["selected_rate"]["estimated_delivery"], Value::Null);
    let before = draft(&server, key, json!({"options": {"shipping_date": "9999-12-30"}}));
    assert_eq!(before["rates"][0]["estimated_delivery"], "9999-12-31");
    let all = ask(&server, key, "GET", "/v1/shipments", None).expect(200);
    assert_eq!(all["count"], 3);
    assert_eq!(ask(&server, key, "GET", &format!("/v1/shipments/{}", id(&made)), None).expect(200), made);
    let tracker = format!("/v1/trackers/{}", bought["tracker_id"].as_str().unwrap());
    assert_eq!(ask(&server, key, "GET", &tracker, None).expect(200)["estimated_delivery"], Value::Null);
    assert_eq!(ask(&server, key, "GET", "/v1/trackers", None).expect(200)["count"], 1);
}

/// Such days were once kept. Everything around them can be read, and changed.
fn shipments_with_an_unreadable_day_are_read(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let bought = draft(&server, key, json!({"service": BUY}));
    let expected = bought["selected_rate"]["estimated_delivery"].as_str().unwrap();
    for table in ["shipments", "trackers"] {
        let (day, unreadable) = (format!("\"estimated_delivery\":\"{expected}\""), "\"estimated_delivery\":\"+10000-01-03\"");
        let statement = format!("UPDATE {table} SET document = replace(document, '{day}', '{unreadable}')");
        let _ = server.database.sql(&server.folder, &statement);
        let count = format!("SELECT count(*) FROM {table} WHERE document LIKE '%+10000-01-03%'");
        assert_eq!(server.database.sql(&server.folder, &count).trim(), "1", "{table}");
    }
    let all = ask(&server, key, "GET", "/v1/shipments", None).expect(200);
    assert_eq!(all["results"][0]["selected_rate"]["estimated_delivery"], Value::Null);
    let path = format!("/v1/shipments/{}", id(&bought));
    assert_eq!(ask(&server, key, "GET", &path, None).expect(200)["rates"][0]["estimated_delivery"], Value::Null);
    ask(&server, key, "PATCH", &path, Some(&json!({"metadata": {"seen": true}}))).expect(200);
    let tracker = format!("/v1/trackers/{}", bought["tracker_id"].as_str().unwrap());
    assert_eq!(ask(&server, key, "GET", &tracker, None).expect(200)["estimated_delivery"], Value::Null);
    assert_eq!(ask(&server, key, "GET", "/v1/trackers", None).expect(200)["count"], 1);
    ask(&server, key, "POST", &format!("{path}/cancel"), None).expect(200);
}

fn the_day_it_is_sent_has_two_names(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let days = |shipment: &Value| {
        let options = &shipment["options"];
        [&options["shipping_date"], &options["shipment_date"], &shipment["rates"][0]["estimated_delivery"]].map(Value::clone)
    };
    let made = draft(&server, key, json!({}));
    let path = format!("/v1/shipments/{}", id(&made));
    for name in ["shipping_date", "shipment_date"] {
        for method in ["PATCH", "PUT"] {
            // A Wednesday, and the day after it.
            let patch = json!({"options": {(name): "2027-05-05"}});
            let changed = ask(&server, key, method, &path, Some(&patch)).expect(200);
            assert_eq!(days(&changed), ["2027-05-05", "2027-05-05", "2027-05-06"], "{method} {name}");
            let cleared = ask(&server, key, method, &path, Some(&json!({"options": {(name): null}}))).expect(200);
            assert_eq!(days(&cleared), days(&made), "{method} {name}");
        }
    }
    let both = json!({"options": {"shipment_date": "2027-05-05", "shipping_date": "2027-06-07"}});
    assert_eq!(days(&draft(&server, key, both)), ["2027-06-07", "2027-05-05", "2027-06-08"]);
}
