//! The shipping API.

mod days;
mod errors;
mod lists;
mod sheets;
mod tour;
mod walls;

use mgmt_tests::{Answer, Server};
use serde_json::{Value, json};

/// A request that the sheet every organization starts with can price.
fn request() -> Value {
    json!({
        "shipper": {"country_code": "US", "postal_code": "94105", "city": "San Francisco", "person_name": "Ana"},
        "recipient": {"country_code": "CA", "postal_code": "k1a 0b1", "city": "Ottawa", "company_name": "Acme Widgets",
            "phone_number": "(613) 555-0199"},
        "parcels": [{"weight": 1.25, "weight_unit": "KG"}]
    })
}

fn with(mut request: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

/// Asks with an API key.
fn ask(server: &Server, key: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let call = server.call(method, path).bearer(key);
    body.map_or(call.clone(), |body| call.json(body)).send()
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

/// A new shipment of the key.
fn draft(server: &Server, key: &str, changes: Value) -> Value {
    ask(server, key, "POST", "/v1/shipments", Some(&with(request(), changes))).expect(201)
}

/// A key of the server's own organization.
fn key_with(server: &Server, environment: &str, scopes: &[&str]) -> String {
    let made = server.create_key(&json!({"environment": environment, "scopes": scopes}));
    made["key"].as_str().unwrap().to_owned()
}
