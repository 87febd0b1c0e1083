//! The reference verifiers of Standard Webhooks, from PyPI and npm, accept every delivery and refuse an altered one.

use super::{ask, hook_at, local, path};
use mgmt_tests::{Backend, Client, Received, Server, Sink, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(the_reference_verifiers_accept_every_delivery);

fn line(secret: &Value, received: &Received) -> String {
    let headers: serde_json::Map<String, Value> = ["webhook-id", "webhook-timestamp", "webhook-signature"]
        .iter()
        .map(|name| ((*name).to_owned(), json!(received.header(name))))
        .collect();
    json!({"secret": secret, "headers": headers, "body": received.body}).to_string()
}

fn the_reference_verifiers_accept_every_delivery(backend: Backend) {
    let server = Server::with(backend, &local("0,1", &[]));
    let sink = Sink::start();
    let made = hook_at(&server, &sink, &["*"]);
    for name in ["plain", "Zoë – „quoted“ \\ \" </script>", "emoji 🦀 and \u{10FFFF}", "a".repeat(100).as_str()] {
        server.create_key(&json!({"name": name, "scopes": ["*"], "metadata": {"text": name, "null": null, "n": 1.5e300}}));
    }
    let organization = format!("/v1/management/organizations/{}", server.organization());
    ask(&server, "PATCH", &organization, Some(&json!({"name": "Ünïcode & Söhne"}))).expect(200);
    for event in ["user.created", "quota.threshold_reached", "shipment.purchased"] {
        ask(&server, "POST", &path(&made, "/test"), Some(&json!({"type": event}))).expect(202);
    }
    let first = sink.wait_for(8, 20);
    let mut lines: Vec<String> = first.iter().map(|received| line(&made["secret"], received)).collect();

    // During an overlap a delivery verifies with either secret, afterwards with the new one alone.
    let next = ask(&server, "POST", &path(&made, "/rotate-secret"), Some(&json!({"overlap_seconds": 60}))).expect(200);
    server.create_key(&json!({"scopes": ["*"]}));
    let both = sink.wait_for(9, 20)[8].clone();
    lines.push(line(&made["secret"], &both));
    lines.push(line(&next["secret"], &both));
    let last =
        ask(&server, "POST", &path(&made, "/rotate-secret"), Some(&json!({"overlap_seconds": 0, "force": true}))).expect(200);
    server.create_key(&json!({"scopes": ["*"]}));
    let alone = sink.wait_for(10, 20)[9].clone();
    lines.push(line(&last["secret"], &alone));

    let input = lines.join("\n");
    for client in [Client::python("verify_webhooks.py"), Client::node("verify_webhooks.mjs")] {
        assert_eq!(client.run(&input).trim(), lines.len().to_string());
        let old = client.fails(&line(&made["secret"], &alone));
        assert!(old.contains("refused"), "a secret that has ended verifies: {old}");
    }
}
