//! Pages and filters.

use super::{ask, draft, id};
use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(pages, filters, trackers_of_a_request, texts_are_found_in_either_form, counts_follow_every_change);

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
        ("reference=eT".to_owned(), &[two]),
        ("reference=O-1".to_owned(), &[]),
        ("order_id=O-1".to_owned(), &[one]),
        ("order_id=-".to_owned(), &[one]),
        ("order_id=alpha".to_owned(), &[]),
        (format!("tracking_number={}", number[3..9].to_lowercase()), &[two]),
        ("keyword=alpha&reference=lph&order_id=o-1&address=ottawa".to_owned(), &[one]),
        ("keyword=alpha&reference=beta".to_owned(), &[]),
        ("keyword=%25".to_owned(), &[]),
        ("status=created&carrier_name=generic&has_tracker=true&is_return=false".to_owned(), &[two]),
        ("status=draft&created_after=2020-01-01".to_owned(), &[one]),
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

/// The request that made a tracker stands in its `meta`, and finds it.
fn trackers_of_a_request(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let follow = |number: &str| {
        let body = json!({"tracking_number": number, "carrier_name": "ups", "reference": "R"});
        ask(&server, key, "POST", "/v1/trackers", Some(&body)).expect(201)
    };
    let (first, _) = (follow("TN-1"), follow("TN-2"));
    assert_eq!(first["meta"]["reference"], "R");
    let bought = draft(&server, key, json!({"service": "standard_service"}));
    let drafted = draft(&server, key, json!({}));
    let path = format!("/v1/shipments/{}/purchase", id(&drafted));
    let purchase = ask(&server, key, "POST", &path, Some(&json!({"service": "standard_service"})));
    let purchased = purchase.expect(200);
    for (request, tracker) in [
        (first["meta"]["request_id"].as_str().unwrap(), id(&first)),
        (bought["meta"]["request_id"].as_str().unwrap(), bought["tracker_id"].as_str().unwrap()),
        (purchase.header("x-request-id").unwrap(), purchased["tracker_id"].as_str().unwrap()),
    ] {
        let list = ask(&server, key, "GET", &format!("/v1/trackers?request_id={request}"), None).expect(200);
        let found: Vec<&str> = list["results"].as_array().unwrap().iter().map(id).collect();
        assert_eq!((found, &list["count"]), (vec![tracker], &json!(1)));
        assert_eq!(list["results"][0]["meta"]["request_id"], request);
    }
    assert_eq!(ask(&server, key, "GET", "/v1/trackers?request_id=other", None).expect(200)["count"], 0);
    // What happens to it later does not change who made it.
    let report = json!({"events": [{"description": "there"}], "status": "delivered"});
    ask(&server, key, "POST", "/v1/trackers/TN-1/inject-events", Some(&report)).expect(200);
    let found = format!("/v1/trackers?status=delivered&request_id={}", first["meta"]["request_id"].as_str().unwrap());
    assert_eq!(ask(&server, key, "GET", &found, None).expect(200)["count"], 1);
}

/// A letter with its accent may be one character or two: both are the same text.
fn texts_are_found_in_either_form(backend: Backend) {
    let server = Server::start(backend);
    let key = server.api_key();
    let one = json!({
        "reference": "Caf\u{e9}", "order_id": "M\u{fc}ll", "metadata": {"r\u{e9}gion": "c\u{f4}te"}, "options": {"caf\u{e9}": "\u{fc}"},
        "recipient": {"country_code": "FR", "city": "N\u{ee}mes", "person_name": "Zo\u{eb}"}
    });
    let two = json!({
        "reference": "Cafe\u{301}", "order_id": "Mu\u{308}ll", "metadata": {"re\u{301}gion": "co\u{302}te"}, "options": {"cafe\u{301}": "u\u{308}"},
        "recipient": {"country_code": "FR", "city": "Ni\u{302}mes", "person_name": "Zoe\u{308}"}
    });
    let made = [draft(&server, key, one), draft(&server, key, two)];
    assert_eq!(made[0]["reference"], made[1]["reference"], "kept in one form");
    for query in [
        ["reference=caf%C3%A9", "reference=cafe%CC%81"],
        ["order_id=M%C3%BC", "order_id=Mu%CC%88"],
        ["keyword=Zo%C3%AB", "keyword=Zoe%CC%88"],
        ["address=n%C3%AEmes", "address=ni%CC%82mes"],
        ["metadata_key=r%C3%A9gion", "metadata_key=re%CC%81gion"],
        ["metadata_value=c%C3%B4te", "metadata_value=co%CC%82te"],
        ["option_key=caf%C3%A9&option_value=%C3%BC", "option_key=cafe%CC%81&option_value=u%CC%88"],
    ]
    .as_flattened()
    {
        assert_eq!(ask(&server, key, "GET", &format!("/v1/shipments?{query}"), None).expect(200)["count"], 2, "{query}");
    }
    let body = json!({"tracking_number": "TN-1", "carrier_name": "ups", "reference": "Cafe\u{301}"});
    ask(&server, key, "POST", "/v1/trackers", Some(&body)).expect(201);
    for query in ["keyword=caf%C3%A9", "keyword=cafe%CC%81"] {
        assert_eq!(ask(&server, key, "GET", &format!("/v1/trackers?{query}"), None).expect(200)["count"], 1, "{query}");
    }
}

/// Counts are kept beside the shipments: after any change they are what a count of the rows would be.
fn counts_follow_every_change(backend: Backend) {
    let server = Server::start(backend);
    let (key, test) = (server.api_key(), super::key_with(&server, "test", &["*"]));
    let count =
        |key: &str, query: &str| ask(&server, key, "GET", &format!("/v1/shipments?{query}"), None).expect(200)["count"].clone();
    let counts = |key: &str| {
        [
            "",
            "status=draft",
            "status=created",
            "status=cancelled,delivered",
            "has_tracker=true",
            "service=standard_service",
            "is_return=true",
        ]
        .map(|query| count(key, query).as_i64().unwrap())
    };
    let made: Vec<Value> = (0..4).map(|_| draft(&server, key, json!({}))).collect();
    assert_eq!(counts(key), [4, 4, 0, 0, 0, 0, 0]);
    let path = |n: usize, rest: &str| format!("/v1/shipments/{}{rest}", id(&made[n]));
    let buy = json!({"service": "standard_service"});
    let bought = ask(&server, key, "POST", &path(0, "/purchase"), Some(&buy)).expect(200);
    ask(&server, key, "POST", &path(1, "/purchase"), Some(&buy)).expect(200);
    ask(&server, key, "PATCH", &path(2, ""), Some(&json!({"is_return": true}))).expect(200);
    assert_eq!(counts(key), [4, 2, 2, 0, 2, 2, 1]);
    ask(&server, key, "DELETE", &path(1, ""), None).expect(200);
    ask(&server, key, "DELETE", &path(3, ""), None).expect(200);
    let tracker = format!("/v1/trackers/{}/inject-events", bought["tracker_id"].as_str().unwrap());
    ask(&server, key, "POST", &tracker, Some(&json!({"events": [{"description": "there"}], "status": "delivered"}))).expect(200);
    draft(&server, key, json!({"service": "standard_service", "is_return": true}));
    assert_eq!(counts(key), [5, 1, 1, 3, 2, 3, 2]);
    assert_eq!(counts(&test), [0; 7], "the other mode is counted apart");
    // What is refused is not counted.
    ask(&server, key, "POST", "/v1/shipments", Some(&super::with(super::request(), json!({"service": "none"})))).expect(400);
    assert_eq!(counts(key)[0], 5);
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (call, body) = (server.post("/v1/shipments", &super::request()).bearer(key), 201);
            std::thread::spawn(move || (0..3).for_each(|_| drop(call.clone().send().expect(body))))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(counts(key)[..2], [29, 25]);
}
