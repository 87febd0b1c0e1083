//! Pages and filters.

use super::{ask, draft, id};
use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(pages, filters);

fn pages(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let empty = ask(&server, key, "GET", "/v1/shipments", None).expect(200);
    assert_eq!(empty, json!({"count": 0, "next": null, "previous": null, "results": []}));
    let made: Vec<Value> = (0..5).map(|n| draft(&server, key, json!({"reference": format!("R{n}")}))).collect();
    let newest: Vec<&str> = made.iter().rev().map(id).collect();
    let mut seen = Vec::new();
    let mut path = "/v1/shipments?limit=2&status=draft".to_owned();
    loop {
        let page = ask(&server, key, "GET", &path, None).expect(200);
        assert_eq!(page["count"], 5);
        seen.extend(page["results"].as_array().unwrap().iter().map(|s| id(s).to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = next[next.find("/v1/").unwrap()..].to_owned();
        assert!(path.contains("status=draft"), "filters go along");
    }
    assert_eq!(seen, newest);
    let last = ask(&server, key, "GET", "/v1/shipments?limit=2&offset=4", None).expect(200);
    assert!(last["next"].is_null() && last["previous"].as_str().unwrap().contains("offset=2"));
}

fn filters(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let first =
        draft(&server, key, json!({"reference": "Alpha", "order_id": "O-1", "metadata": {"team": "a"}, "is_return": true}));
    let second = draft(&server, key, json!({"reference": "Beta", "service": "standard_service", "options": {"insurance": 100}}));
    let number = second["tracking_number"].as_str().unwrap();
    let (one, two) = (id(&first), id(&second));
    for (query, expected) in [
        ("keyword=alpha".to_owned(), &[one][..]),
        ("keyword=ACME%20widgets".to_owned(), &[two, one]),
        (format!("keyword={}", &number[4..10]), &[two]),
        (format!("tracking_number={number}"), &[two]),
        ("reference=Beta".to_owned(), &[two]),
        ("order_id=O-1".to_owned(), &[one]),
        ("address=ottawa".to_owned(), &[two, one]),
        ("status=draft&status=created".to_owned(), &[two, one]),
        ("status=draft,delivered".to_owned(), &[one]),
        ("carrier_name=generic".to_owned(), &[two]),
        ("service=standard_service".to_owned(), &[two]),
        ("metadata_key=team&metadata_value=a".to_owned(), &[one]),
        ("metadata_value=b".to_owned(), &[]),
        ("option_key=insurance&option_value=100".to_owned(), &[two]),
        ("has_tracker=TRUE".to_owned(), &[two]),
        ("has_tracker=False".to_owned(), &[one]),
        ("is_return=true".to_owned(), &[one]),
        ("is_archived=true".to_owned(), &[]),
        ("is_archived=false".to_owned(), &[two, one]),
        (format!("id={one},{two}"), &[two, one]),
        ("id=shp_nothing".to_owned(), &[]),
        ("created_after=2020-01-01T00:00:00".to_owned(), &[two, one]),
        ("created_before=2020-01-01".to_owned(), &[]),
        (format!("request_id={}", first["meta"]["request_id"].as_str().unwrap()), &[one]),
    ] {
        let list = ask(&server, key, "GET", &format!("/v1/shipments?{query}"), None).expect(200);
        let found: Vec<&str> = list["results"].as_array().unwrap().iter().map(id).collect();
        assert_eq!(found, expected, "{query}");
        assert_eq!(list["count"], expected.len(), "{query}");
    }
    ask(&server, key, "POST", "/v1/trackers", Some(&json!({"tracking_number": "TN-77", "carrier_name": "ups"}))).expect(201);
    for (query, count) in
        [("", 2), ("?carrier_name=ups", 1), ("?tracking_number=n-7", 1), ("?status=pending", 2), ("?status=delivered", 0)]
    {
        assert_eq!(ask(&server, key, "GET", &format!("/v1/trackers{query}"), None).expect(200)["count"], count, "{query}");
    }
}
