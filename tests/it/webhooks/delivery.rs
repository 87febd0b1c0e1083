//! How events arrive: signatures, repeats, endpoints that fail, hang or are switched off, and restarts.

use super::{ask, deliveries, hook, hook_at, local, path};
use mgmt_tests::{Backend, MailSink, OWNER, Received, Reply, Server, Sink, eventually, on_each_backend};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::time::Duration;

on_each_backend!(
    a_delivery_is_signed_and_logged,
    failures_are_repeated_with_the_same_id,
    answers_are_read_with_care,
    retry_after_is_honoured,
    gone_is_for_good,
    five_days_of_failures_switch_an_endpoint_off,
    what_is_dead_can_be_recovered,
    switched_off_means_nothing_more,
    a_change_counts_for_what_waits,
    samples_arrive_and_are_no_events,
    a_stop_keeps_what_waits,
    blocked_targets_are_not_called,
    proxy_variables_are_not_read,
);

fn key(server: &Server) -> Value {
    server.create_key(&json!({"scopes": ["*"]}))
}

fn statuses(server: &Server, hook: &Value) -> Vec<String> {
    deliveries(server, hook).iter().map(|d| d["status"].as_str().unwrap().to_owned()).collect()
}

fn a_delivery_is_signed_and_logged(backend: Backend) {
    let server = Server::with(backend, &local("0,1", &[]));
    let sink = Sink::answering(|_, _| Reply::status(201).body("thank you\u{0}".as_bytes()));
    let made = hook_at(&server, &sink, &["api_key.created"]);
    key(&server);
    let first = sink.wait_for(1, 20).remove(0);
    assert!(first.header("webhook-id").starts_with("evt_"));
    assert_eq!(first.header("webhook-id"), first.json()["id"]);
    assert_eq!(first.header("content-type"), "application/json");
    assert!(first.header("user-agent").starts_with("mgmt"));
    assert!(first.header("webhook-timestamp").parse::<i64>().is_ok());
    assert_eq!(signatures(&first).len(), 1);
    eventually("the log", 20, || statuses(&server, &made) == ["succeeded"]);
    let delivery = deliveries(&server, &made).remove(0);
    assert_eq!(delivery["event_id"], first.json()["id"]);
    assert_eq!(delivery["event_type"], "api_key.created");
    assert_eq!(delivery["next_attempt_at"], json!(null));
    let attempt = &delivery["attempts"][0];
    assert_eq!((&attempt["status_code"], &attempt["error"]), (&json!(201), &json!(null)));
    assert!(attempt["duration_ms"].is_u64() && attempt["at"].is_string());
    assert!(attempt["response"].as_str().unwrap().starts_with("thank you"));
    let one = ask(&server, "GET", &path(&made, &format!("/deliveries/{}", delivery["id"].as_str().unwrap())), None);
    assert_eq!(one.expect(200), delivery);

    // During an overlap both secrets sign, the current one first.
    ask(&server, "POST", &path(&made, "/rotate-secret"), Some(&json!({"overlap_seconds": 60}))).expect(200);
    key(&server);
    assert_eq!(signatures(&sink.wait_for(2, 20)[1]).len(), 2);
    ask(&server, "POST", &path(&made, "/rotate-secret"), Some(&json!({"overlap_seconds": 0, "force": true}))).expect(200);
    key(&server);
    assert_eq!(signatures(&sink.wait_for(3, 20)[2]).len(), 1);
}

fn signatures(received: &Received) -> Vec<String> {
    let all = received.header("webhook-signature").split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert!(all.iter().all(|s| s.starts_with("v1,")), "{all:?}");
    all
}

fn failures_are_repeated_with_the_same_id(backend: Backend) {
    let server = Server::with(backend, &local("0,1,1,1", &[]));
    let sink = Sink::answering(|_, before| Reply::status(if before < 2 { 500 } else { 204 }));
    let made = hook_at(&server, &sink, &["api_key.created"]);
    key(&server);
    let received = sink.wait_for(3, 20);
    assert_eq!(received.iter().map(Received::id).collect::<std::collections::BTreeSet<_>>().len(), 1);
    assert!(received.windows(2).all(|w| w[0].body == w[1].body), "the same bytes each time");
    let times: Vec<i64> = received.iter().map(|r| r.header("webhook-timestamp").parse().unwrap()).collect();
    assert!(times[0] < times[2], "the time of each attempt: {times:?}");
    eventually("success", 20, || statuses(&server, &made) == ["succeeded"]);
    let attempts = deliveries(&server, &made)[0]["attempts"].clone();
    let codes: Vec<u64> = attempts.as_array().unwrap().iter().map(|a| a["status_code"].as_u64().unwrap()).collect();
    assert_eq!(codes, [500, 500, 204]);
    assert_eq!(attempts[0]["error"], "http_status");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(sink.received().len(), 3, "no event twice after a success");
}

fn answers_are_read_with_care(backend: Backend) {
    let server = Server::with(backend, &local("0", &[("MGMT_WEBHOOKS__TIMEOUT_SECONDS", "2")]));
    let canary = Sink::start();
    let location = canary.url("/canary");
    let redirecting = Sink::answering(move |_, _| Reply::status(307).header("Location", &location));
    let hanging = Sink::answering(|_, _| Reply::status(200).after(Duration::from_secs(30)));
    let talking = Sink::answering(|_, _| Reply::status(500).body(&vec![b'x'; 1 << 20]));
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port())
    };
    let hooks = [
        hook_at(&server, &redirecting, &["api_key.created"]),
        hook_at(&server, &hanging, &["api_key.created"]),
        hook_at(&server, &talking, &["api_key.created"]),
        hook(&server, &closed, &["api_key.created"]),
    ];
    key(&server);
    for made in &hooks {
        eventually("the schedule ends", 20, || statuses(&server, made) == ["dead"]);
    }
    let attempt = |n: usize| deliveries(&server, &hooks[n])[0]["attempts"][0].clone();
    assert_eq!((&attempt(0)["status_code"], &attempt(0)["error"]), (&json!(307), &json!("http_status")));
    assert!(canary.received().is_empty(), "a redirect was followed");
    assert_eq!((&attempt(1)["status_code"], &attempt(1)["error"]), (&json!(null), &json!("timeout")));
    assert!(attempt(1)["duration_ms"].as_u64().unwrap() < 10_000);
    assert_eq!(attempt(2)["status_code"], 500);
    assert!(attempt(2)["response"].as_str().unwrap().len() <= 1024);
    assert_eq!((&attempt(3)["status_code"], &attempt(3)["error"]), (&json!(null), &json!("connect")));
}

fn retry_after_is_honoured(backend: Backend) {
    let server = Server::with(backend, &local("0,0", &[]));
    let sink = Sink::answering(|_, before| match before {
        0 => Reply::status(503).header("Retry-After", "3"),
        _ => Reply::status(200),
    });
    hook_at(&server, &sink, &["api_key.created"]);
    key(&server);
    let received = sink.wait_for(2, 20);
    let pause = received[1].at - received[0].at;
    assert!(pause >= Duration::from_secs(3), "{pause:?}");
}

fn gone_is_for_good(backend: Backend) {
    let mail = MailSink::start();
    let server = Server::with(backend, &local("0,1,1", &[("MGMT_SMTP__URL", &mail.url())]));
    let (sink, other) = (Sink::answering(|_, _| Reply::status(410)), Sink::start());
    let made = hook_at(&server, &sink, &["api_key.created"]);
    hook_at(&server, &other, &["webhook.disabled"]);
    key(&server);
    let told = other.wait_for(1, 20).remove(0).json();
    assert_eq!((&told["type"], &told["data"]["id"]), (&json!("webhook.disabled"), &made["id"]));
    assert_eq!((&told["data"]["active"], &told["data"]["disabled_reason"]), (&json!(false), &json!("gone")));
    let shown = ask(&server, "GET", &path(&made, ""), None).expect(200);
    assert_eq!((&shown["active"], &shown["disabled_reason"]), (&json!(false), &json!("gone")));
    assert!(mail.letter(OWNER, 0).contains(made["id"].as_str().unwrap()));
    assert_eq!(statuses(&server, &made), ["dead"]);
    key(&server);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(sink.received().len(), 1, "it is not called again");
    ask(&server, "POST", &path(&made, "/test"), None).refused(409, "invalid_state");
    let back = ask(&server, "PATCH", &path(&made, ""), Some(&json!({"active": true}))).expect(200);
    assert_eq!((&back["active"], &back["disabled_reason"]), (&json!(true), &json!(null)));
}

/// Five days cannot be waited for: the beginning of the failures is moved, while no server runs on the database.
fn five_days_of_failures_switch_an_endpoint_off(backend: Backend) {
    let mail = MailSink::start();
    let mut server = Server::with(backend, &local("0,1,1,1,1,1,1,1", &[("MGMT_SMTP__URL", &mail.url())]));
    let (failing, other) = (Sink::answering(|_, _| Reply::status(500)), Sink::start());
    let made = hook_at(&server, &failing, &["api_key.created"]);
    hook_at(&server, &other, &["webhook.*"]);
    key(&server);
    failing.wait_for(3, 20);
    eventually("it is known to fail", 20, || {
        ask(&server, "GET", &path(&made, ""), None).expect(200)["failing_since"].is_string()
    });
    assert_eq!(ask(&server, "GET", &path(&made, ""), None).expect(200)["active"], true);
    server.terminate();
    assert!(server.wait().success());
    let five_days = 5 * 24 * 3600 * 1000;
    let back = format!("UPDATE webhook_queues SET failing_since = failing_since - {five_days} WHERE failures >= 3");
    let _ = server.database.sql(&server.folder, &back);
    server.run();
    let told = other.wait_for(1, 20).remove(0).json();
    assert_eq!((&told["data"]["id"], &told["data"]["disabled_reason"]), (&made["id"], &json!("failing")));
    assert!(mail.letter(OWNER, 0).contains("five days"));
    eventually("in-flight repeats stop", 20, || statuses(&server, &made) == ["dead"]);
}

fn what_is_dead_can_be_recovered(backend: Backend) {
    let server = Server::with(backend, &local("0", &[]));
    let sink = Sink::answering(|_, before| Reply::status(if before < 3 { 500 } else { 200 }));
    let made = hook_at(&server, &sink, &["api_key.created"]);
    let since = server.create_key(&json!({"scopes": ["*"]}))["created_at"].clone();
    key(&server);
    key(&server);
    eventually("all dead", 20, || statuses(&server, &made) == ["dead", "dead", "dead"]);
    let dead = ask(&server, "GET", &path(&made, "/deliveries?status=dead"), None).expect(200);
    assert_eq!(dead["data"].as_array().unwrap().len(), 3);
    let one = &dead["data"][2];
    let retry = path(&made, &format!("/deliveries/{}/retry", one["id"].as_str().unwrap()));
    assert_eq!(ask(&server, "POST", &retry, None).expect(202)["id"], one["id"]);
    let again = sink.wait_for(4, 20)[3].clone();
    assert_eq!(again.id(), one["event_id"].as_str().unwrap(), "the same event");
    eventually("one arrived", 20, || statuses(&server, &made).iter().filter(|s| *s == "succeeded").count() == 1);
    let one_now = ask(&server, "GET", &path(&made, &format!("/deliveries/{}", one["id"].as_str().unwrap())), None).expect(200);
    assert_eq!(one_now["attempts"].as_array().unwrap().len(), 2, "the row is kept, with all attempts");
    let recovered = ask(&server, "POST", &path(&made, "/recover"), Some(&json!({"since": since}))).expect(202);
    assert_eq!(recovered["recovered"], 2);
    eventually("all arrived", 20, || statuses(&server, &made).iter().all(|s| s == "succeeded"));
    assert_eq!(sink.received().len(), 6);
    let nothing = ask(&server, "POST", &path(&made, "/recover"), Some(&json!({"since": since}))).expect(202);
    assert_eq!(nothing["recovered"], 0);
}

fn switched_off_means_nothing_more(backend: Backend) {
    let server = Server::with(backend, &local("0,2,2,2", &[]));
    let sink = Sink::answering(|_, _| Reply::status(500));
    let (paused, removed) = (hook_at(&server, &sink, &["api_key.created"]), hook_at(&server, &sink, &["api_key.created"]));
    key(&server);
    sink.wait_for(2, 20);
    ask(&server, "PATCH", &path(&paused, ""), Some(&json!({"active": false}))).expect(200);
    ask(&server, "DELETE", &path(&removed, ""), None).expect_status(204);
    let seen = sink.received().len();
    key(&server);
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(sink.received().len(), seen, "a repeat after the endpoint was switched off");
    assert_eq!(statuses(&server, &paused), ["dead"]);
    ask(&server, "GET", &path(&removed, "/deliveries"), None).refused(404, "not_found");
}

/// What is begun after a change was answered goes to the new address, and is signed with the new secret.
fn a_change_counts_for_what_waits(backend: Backend) {
    let server = Server::with(backend, &local("0", &[]));
    // Quick until the window is wide open, and slow from then on: plenty waits when the change comes.
    let slow = |_: &Received, before: usize| Reply::status(200).after(Duration::from_secs(if before < 40 { 0 } else { 2 }));
    let (old, new) = (Sink::answering(slow), Sink::start());
    let made = hook_at(&server, &old, &["api_key.created"]);
    for _ in 0..120 {
        key(&server);
    }
    old.wait_for(45, 30);
    ask(&server, "PATCH", &path(&made, ""), Some(&json!({"url": new.url("/new")}))).expect(200);
    ask(&server, "POST", &path(&made, "/rotate-secret"), Some(&json!({"overlap_seconds": 0}))).expect(200);
    // What was on the wire at the change may still come in.
    std::thread::sleep(Duration::from_millis(500));
    let seen = old.received().len();
    let came = new.wait_for(120 - seen, 60);
    assert_eq!(old.received().len(), seen, "sent to the old address after the change");
    let ids: std::collections::BTreeSet<_> = came.iter().chain(&old.received()).map(Received::id).collect();
    assert_eq!((ids.len(), came.len() + seen), (120, 120), "each event once");
    let times: Vec<_> = came.iter().map(|r| r.header("webhook-signature").split(' ').count()).collect();
    assert!(times.iter().all(|count| *count == 1), "an old secret that has ended signs");
}

fn samples_arrive_and_are_no_events(backend: Backend) {
    let server = Server::with(backend, &local("0", &[]));
    let (sink, other) = (Sink::start(), Sink::start());
    let made = hook_at(&server, &sink, &["api_key.revoked", "shipment.*"]);
    hook_at(&server, &other, &["*"]);
    let sent = ask(&server, "POST", &path(&made, "/test"), Some(&json!({"type": "tracker.updated"}))).expect(202);
    let came = sink.wait_for(1, 20).remove(0).json();
    assert_eq!(came, sent);
    assert_eq!((&came["type"], &came["data"]["sample"]), (&json!("tracker.updated"), &json!(true)));
    ask(&server, "POST", &path(&made, "/test"), None).expect(202);
    assert_eq!(sink.wait_for(2, 20)[1].json()["type"], "shipment.created");
    eventually("the log", 20, || statuses(&server, &made) == ["succeeded", "succeeded"]);
    let log = ask(&server, "GET", "/v1/management/events?limit=100", None).expect(200);
    assert!(!log.to_string().contains("tracker.updated"));
    assert!(other.received().is_empty(), "a sample for somebody else");
}

/// What waits is sent after a stop and a start, and what was sent is not sent again.
fn a_stop_keeps_what_waits(backend: Backend) {
    let mut server = Server::with(backend, &local("0,3", &[]));
    let sink = Sink::answering(|_, before| Reply::status(if before < 5 { 500 } else { 200 }));
    let made = hook_at(&server, &sink, &["api_key.created"]);
    for _ in 0..5 {
        key(&server);
    }
    sink.wait_for(5, 20);
    server.terminate();
    assert!(server.wait().success());
    server.run();
    sink.wait_for(10, 40);
    eventually("all arrived", 20, || statuses(&server, &made).iter().all(|s| s == "succeeded"));
    server.restart();
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(sink.received().len(), 10);
}

/// A target that was allowed when it was set, and is not any more, is not called.
fn blocked_targets_are_not_called(backend: Backend) {
    let mut server = Server::with(backend, &local("0", &[]));
    let sink = Sink::start();
    let port = sink.url("").rsplit(':').next().unwrap().to_owned();
    let literal = hook_at(&server, &sink, &["api_key.created"]);
    let named = hook(&server, &format!("http://localhost:{port}/hook"), &["api_key.created"]);
    key(&server);
    sink.wait_for(2, 20);
    server.set(&[("MGMT_WEBHOOKS__ALLOWED_NETWORKS", "")]);
    server.restart();
    key(&server);
    for made in [&literal, &named] {
        eventually("dead", 20, || statuses(&server, made).iter().any(|s| s == "dead"));
        let attempt = deliveries(&server, made)[0]["attempts"][0].clone();
        assert_eq!(attempt["status_code"], json!(null), "{attempt}");
        let error = attempt["error"].as_str().unwrap();
        assert!(["blocked_address", "invalid_url"].contains(&error), "{attempt}");
    }
    assert_eq!(sink.received().len(), 2);
}

/// A proxy would look names up itself, and call whom it likes.
fn proxy_variables_are_not_read(backend: Backend) {
    let proxy = Sink::start();
    let address = proxy.url("");
    let variables: Vec<_> = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        .map(|name| (name, address.as_str()))
        .into();
    let server = Server::with(backend, &local("0", &variables));
    let sink = Sink::start();
    hook_at(&server, &sink, &["api_key.created"]);
    key(&server);
    sink.wait_for(1, 20);
    assert!(proxy.received().is_empty(), "the proxy was asked");
}
