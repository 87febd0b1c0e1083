//! What webhooks of projects receive: signed, until they accept or are switched off, and nothing after that.

use hmac::{Hmac, KeyInit, Mac};
use mgmt_tests::{Backend, Reply, Server, Sink, on_each_backend};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::projects::{BASE, project, text};

on_each_backend!(
    a_sample_is_sent_and_signed,
    failures_are_repeated_until_it_is_accepted,
    a_webhook_that_never_accepts_is_switched_off,
    what_is_switched_off_or_gone_receives_nothing,
    what_waits_survives_a_killed_server,
    addresses_are_judged,
);

const LOCAL: [(&str, &str); 2] = [("MGMT_WEBHOOKS__ALLOWED_NETWORKS", "127.0.0.0/8"), ("MGMT_WEBHOOKS__ALLOW_HTTP", "true")];
const SCHEDULE: &str = "MGMT_WEBHOOKS__PROJECT_RETRY_SCHEDULE_SECONDS";

/// A project with a webhook.
struct Hook {
    project: Value,
    path: String,
}

impl Hook {
    fn new(server: &Server, sink: &Sink) -> Self {
        let project = project(server, server.management_key());
        let path = format!("{BASE}/{}/webhooks", text(&project, "/id"));
        let body = json!({"target_url": sink.url("/hook"), "events": ["voucher.created"]});
        let made = server.post(&path, &body).bearer(server.management_key()).send().expect(200);
        Self { project, path: format!("{path}/{}", text(&made, "/id")) }
    }

    fn show(&self, server: &Server) -> Value {
        server.get(&self.path).bearer(server.management_key()).send().expect(200)
    }

    fn sample(&self, server: &Server) -> Value {
        server.call("POST", &format!("{}/test", self.path)).bearer(server.management_key()).send().expect(202)
    }

    fn log(&self, server: &Server, query: &str) -> Value {
        server.get(&format!("{}/send-outs{query}", self.path)).bearer(server.management_key()).send().expect(200)
    }

    /// Waits until the newest send-out has the status.
    fn newest(&self, server: &Server, status: &str) -> Value {
        for _ in 0..200 {
            let newest = self.log(server, "?limit=1")["data"][0].clone();
            if newest["status"] == status {
                return newest;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("not {status}: {}", self.log(server, ""));
    }
}

fn a_sample_is_sent_and_signed(backend: Backend) {
    let server = Server::with(backend, &LOCAL);
    let sink = Sink::start();
    let hook = Hook::new(&server, &sink);
    let test = format!("{}/test", hook.path);
    let sent = server.call("POST", &test).bearer(server.management_key()).send();
    let answer = sent.expect(202);
    assert_eq!((&answer["status"], &answer["type"]), (&json!("pending"), &json!("voucher.created")));
    let received = sink.wait_for(1, 10).remove(0);
    let body = received.json();
    assert_eq!((&body["id"], &body["project_id"], &body["type"]), (&answer["id"], &hook.project["id"], &answer["type"]));
    let shown = hook.show(&server);
    assert_eq!(body["source"], json!({"id": shown["id"], "object": "webhook", "target_url": shown["target_url"]}));
    assert_eq!(body["event"]["group_id"].as_str(), sent.header("x-request-id"));
    let mut mac = <Hmac<Sha256>>::new_from_slice(text(&hook.project, "/webhook_token").as_bytes()).unwrap();
    mac.update(received.body.as_bytes());
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(received.header("x-voucherify-signature"), signature);
    assert_eq!(body.to_string(), received.body, "compact, in the same order");
    let logged = hook.newest(&server, "succeeded");
    assert_eq!((&logged["id"], &logged["attempts"][0]["status_code"]), (&answer["id"], &json!(200)));
    let other = json!({"type": "customer.updated"});
    assert_eq!(server.post(&test, &other).bearer(server.management_key()).send().expect(202)["type"], "customer.updated");
    let wrong = json!({"type": "customer.eaten"});
    server.post(&test, &wrong).bearer(server.management_key()).send().names_fields(&["type"]);
    // What is said of it changes until it has succeeded, which is noted after it was received.
    assert_eq!(hook.newest(&server, "succeeded")["type"], "customer.updated");
    assert_eq!(sink.received().len(), 2);
    // The log is in pages, and another webhook has its own.
    let (first, all) = (hook.log(&server, "?limit=1"), hook.log(&server, ""));
    assert_eq!((&first["has_more"], &first["data"][0]), (&json!(true), &all["data"][0]));
    let next = hook.log(&server, &format!("?starting_after_id={}", text(&first, "/more_starting_after")));
    assert_eq!((&next["data"], &next["has_more"]), (&json!([all["data"][1]]), &json!(false)));
    assert_eq!(Hook::new(&server, &sink).log(&server, "")["total"], 0);
    for wrong in ["limit=0", "status=lost", "starting_after_id=1", "page=1"] {
        let path = format!("{}/send-outs?{wrong}", hook.path);
        server.get(&path).bearer(server.management_key()).send().expect_status_in(&[400]);
    }
}

fn failures_are_repeated_until_it_is_accepted(backend: Backend) {
    let server = Server::with(backend, &[LOCAL[0], LOCAL[1], (SCHEDULE, "0,0,0,0,0")]);
    let sink = Sink::answering(|_, before| Reply::status(if before < 3 { 500 } else { 200 }));
    let hook = Hook::new(&server, &sink);
    let sent = hook.sample(&server);
    let received = sink.wait_for(4, 20);
    assert!(received.iter().all(|r| r.body == received[0].body), "the same each time");
    let logged = hook.newest(&server, "succeeded");
    let codes: Vec<_> = logged["attempts"].as_array().unwrap().iter().map(|a| a["status_code"].clone()).collect();
    assert_eq!((&logged["id"], codes), (&sent["id"], vec![json!(500), json!(500), json!(500), json!(200)]));
    assert_eq!(hook.show(&server)["active"], true);
    let retry = format!("{}/send-outs/{}/retry", hook.path, text(&sent, "/id"));
    server.call("POST", &retry).bearer(server.management_key()).send().expect(202);
    assert_eq!(sink.wait_for(5, 10)[4].body, received[0].body);
    let nothing = format!("{}/send-outs/whs_00000000000070008000000000000000/retry", hook.path);
    server.call("POST", &nothing).bearer(server.management_key()).send().refused(404, "not_found");
}

fn a_webhook_that_never_accepts_is_switched_off(backend: Backend) {
    let server = Server::with(backend, &[LOCAL[0], LOCAL[1], (SCHEDULE, "0,0,0")]);
    let sink = Sink::answering(|_, _| Reply::status(500));
    let hook = Hook::new(&server, &sink);
    let sent = hook.sample(&server);
    let dead = hook.newest(&server, "dead");
    assert_eq!((&dead["id"], dead["attempts"].as_array().map(Vec::len)), (&sent["id"], Some(3)));
    assert_eq!(hook.show(&server)["active"], false);
    let test = format!("{}/test", hook.path);
    server.call("POST", &test).bearer(server.management_key()).send().refused(409, "invalid_state");
    let retry = format!("{}/send-outs/{}/retry", hook.path, text(&sent, "/id"));
    server.call("POST", &retry).bearer(server.management_key()).send().refused(409, "invalid_state");
    let on = json!({"active": true});
    server.call("PUT", &hook.path).json(&on).bearer(server.management_key()).send().expect(200);
    server.call("POST", &retry).bearer(server.management_key()).send().expect(202);
    assert!(sink.wait_for(4, 10).len() >= 4);
}

fn what_is_switched_off_or_gone_receives_nothing(backend: Backend) {
    let server = Server::with(backend, &[LOCAL[0], LOCAL[1], (SCHEDULE, "0,1,1,1,1,1,1,1")]);
    let sink = Sink::answering(|_, _| Reply::status(500));
    let (off, gone, whole) = (Hook::new(&server, &sink), Hook::new(&server, &sink), Hook::new(&server, &sink));
    for hook in [&off, &gone, &whole] {
        hook.sample(&server);
        hook.newest(&server, "failed");
    }
    server.call("PUT", &off.path).json(&json!({"active": false})).bearer(server.management_key()).send().expect(200);
    server.delete(&gone.path).bearer(server.management_key()).send().expect_status(204);
    let path = format!("{BASE}/{}", text(&whole.project, "/id"));
    server.delete(&path).bearer(server.management_key()).send().expect_status(204);
    // What was under way may end.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let before = sink.received().len();
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(sink.received().len(), before);
    assert_eq!(off.log(&server, "")["data"][0]["status"], "dead");
}

fn what_waits_survives_a_killed_server(backend: Backend) {
    let mut server = Server::with(backend, &[LOCAL[0], LOCAL[1], (SCHEDULE, "0,2,2")]);
    let sink = Sink::answering(|_, before| Reply::status(if before == 0 { 503 } else { 200 }));
    let hook = Hook::new(&server, &sink);
    let sent = hook.sample(&server);
    hook.newest(&server, "failed");
    server.kill();
    server.run();
    assert_eq!(sink.wait_for(2, 20)[1].json()["id"], sent["id"]);
    hook.newest(&server, "succeeded");
}

fn addresses_are_judged(backend: Backend) {
    let mut server = Server::with(backend, &LOCAL);
    let sink = Sink::start();
    let hook = Hook::new(&server, &sink);
    let path = format!("{BASE}/{}/webhooks", text(&hook.project, "/id"));
    let wrong = json!({"target_url": "http://10.0.0.1/", "events": ["voucher.created"]});
    server.post(&path, &wrong).bearer(server.management_key()).send().names_fields(&["target_url"]);
    server.call("PUT", &hook.path).json(&wrong).bearer(server.management_key()).send().names_fields(&["target_url"]);
    // Rules that have become stricter leave what is stored, and what is stored is not called.
    server.set(&[("MGMT_WEBHOOKS__ALLOWED_NETWORKS", ""), (SCHEDULE, "0")]);
    server.restart();
    let events = json!({"events": ["voucher.updated"]});
    server.call("PUT", &hook.path).json(&events).bearer(server.management_key()).send().expect(200);
    hook.sample(&server);
    assert_eq!(hook.newest(&server, "dead")["attempts"][0]["status_code"], Value::Null);
    assert_eq!(sink.received().len(), 0);
}
