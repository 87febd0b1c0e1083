//! nginx, Caddy and HAProxy with the configurations of `docs/gateways`, in front of a service: what they let through, what the
//! service is told, and that nobody tells it anything else. The requests of Traefik and Envoy are made by hand, in their documented
//! shape.

use crate::keys::{id, key};
use mgmt_tests::{Backend, Call, Gateway, Received, Server, Sink, on_each_backend, raw, wrong_secret};
use serde_json::{Value, json};

on_each_backend!(other_gateways_by_their_requests);

const TRUST: (&str, &str) = ("MGMT_SERVER__TRUSTED_PROXIES", "127.0.0.1/32");
const INBOUND: &str = "/api/v1/inbound";

type Start = fn(&str, &str) -> Gateway;

#[test]
fn nginx() {
    guards(Gateway::nginx);
}

#[test]
fn caddy() {
    guards(Gateway::caddy);
}

#[test]
fn haproxy() {
    guards(Gateway::haproxy);
}

/// HAProxy goes on after a script that fails, here over an address that is none.
#[test]
fn haproxy_without_its_script() {
    let service = Sink::start();
    let gateway = Gateway::haproxy("", service.url("").trim_start_matches("http://"));
    refused(&service, gateway.call("POST", INBOUND), 503);
}

/// Everything that a gateway is to do, in one story: each start of a server and a gateway takes its time.
fn guards(start: Start) {
    let mut server = Server::with(Backend::Sqlite, &[TRUST, ("MGMT_KEYS__MAX_ACTIVE", "50")]);
    let service = Sink::start();
    let gateway = start(&server.address, service.url("").trim_start_matches("http://"));
    let inbound = |made: &Value| gateway.call("POST", INBOUND).header("authorization", &format!("ApiKey {}", key(made)));
    let made = server.create_key(&json!({"scopes": ["orders:write", "orders:read"], "warehouse_ids": ["WH-1", "WH-2"]}));

    what_the_service_is_told(&server, &service, &inbound(&made), &made);
    who_is_refused(&server, &service, &gateway);
    forgeries(&server, &service, &gateway, &made);
    addresses(&server, &service, &gateway);
    limits_and_ends(&server, &service, &gateway);

    // Without an answer nobody is let through.
    let count = service.received().len();
    server.kill();
    let status = inbound(&made).header("x-warehouse-id", "WH-1").try_send().expect("an answer").status;
    assert!((500..=504).contains(&status), "{status}");
    assert_eq!(service.received().len(), count);
}

/// The one value of a field; empty when it is not there.
fn field<'a>(received: &'a Received, name: &str) -> &'a str {
    let values: Vec<&str> = received.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect();
    assert!(values.len() <= 1, "{name}: {values:?}");
    values.first().copied().unwrap_or_default()
}

fn what_the_service_is_told(server: &Server, service: &Sink, call: &Call, made: &Value) {
    let answer = call.clone().header("x-warehouse-id", "WH-2").json(&json!({"orders": [1, 2]})).try_send().unwrap();
    assert_eq!(answer.status, 200, "{answer}");
    let received = service.received().pop().unwrap();
    assert_eq!((received.path.as_str(), received.body.as_str()), (INBOUND, r#"{"orders":[1,2]}"#));
    assert_eq!(field(&received, "x-auth-organization-id"), server.organization());
    assert_eq!(field(&received, "x-auth-key-id"), id(made));
    assert_eq!(field(&received, "x-auth-scopes"), "orders:write orders:read");
    assert_eq!((field(&received, "x-auth-warehouse-id"), field(&received, "x-warehouse-id")), ("WH-2", "WH-2"));
    assert_eq!(field(&received, "authorization"), "", "the service needs no credential");
}

#[track_caller]
fn refused(service: &Sink, call: Call, status: u16) -> mgmt_tests::Answer {
    let before = service.received().len();
    let answer = call.try_send().expect("an answer");
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(service.received().len(), before, "the service was reached");
    answer
}

fn who_is_refused(server: &Server, service: &Sink, gateway: &Gateway) {
    let post = || gateway.call("POST", INBOUND);
    let by = |text: &str| post().header("authorization", &format!("ApiKey {text}"));
    let answer = refused(service, post(), 401);
    assert!(answer.header("www-authenticate").is_some_and(|challenge| challenge.starts_with("Bearer")), "{answer}");
    refused(service, by(&wrong_secret(server.api_key())), 401);
    refused(service, by(server.management_key()), 401);
    refused(service, by(key(&server.create_key(&json!({"scopes": ["orders:read"]})))), 403);
    let narrow = server.create_key(&json!({"scopes": ["orders:write"], "warehouse_ids": ["WH-1"]}));
    refused(service, by(key(&narrow)), 403);
    refused(service, by(key(&narrow)).header("x-warehouse-id", "WH-2"), 403);
    assert_eq!(by(key(&narrow)).header("x-warehouse-id", "WH-1").try_send().unwrap().status, 200);
}

fn forgeries(server: &Server, service: &Sink, gateway: &Gateway, made: &Value) {
    let post = || gateway.call("POST", INBOUND).header("authorization", &format!("ApiKey {}", key(made)));
    let forged = ["X-Auth-Organization-Id", "X-Auth-Key-Id", "X-Auth-Scopes", "X-Auth-Warehouse-Id", "x-auth-organization-id"];
    for connection in ["keep-alive", "X-Auth-Organization-Id, X-Auth-Key-Id, X-Auth-Scopes, X-Warehouse-Id, X-Auth-Warehouse-Id"]
    {
        // By hand: a client library sends none of this.
        let fields: String = forged.iter().map(|name| format!("{name}: forged\r\n")).collect();
        let request = format!(
            "POST {INBOUND} HTTP/1.1\r\nHost: example.com\r\nConnection: {connection}\r\n{fields}Authorization: ApiKey {}\r\n\
             X-Warehouse-Id: WH-1\r\nContent-Length: 2\r\n\r\n{{}}",
            key(made)
        );
        let before = service.received().len();
        let answer = raw(gateway.address(), request.as_bytes()).expect("an answer");
        // Whoever has the warehouse removed on the way is refused, or the field stays: nobody is let through as somebody else.
        if answer.status != 200 {
            assert!((400..404).contains(&answer.status), "{answer:?}");
            assert_eq!(service.received().len(), before);
            continue;
        }
        let received = service.received().pop().unwrap();
        assert_eq!(field(&received, "x-auth-organization-id"), server.organization(), "{connection}");
        assert_eq!(field(&received, "x-auth-key-id"), id(made), "{connection}");
        assert_eq!(field(&received, "x-auth-warehouse-id"), "WH-1", "{connection}");
        assert!(received.headers.iter().all(|(_, value)| value != "forged"), "{:?}", received.headers);
    }
    // What is said twice is refused: two readers could believe different ones.
    let twice = |name: &str, first: &str, second: &str| {
        let request = format!(
            "POST {INBOUND} HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n{name}: {first}\r\n{name}: {second}\r\n{}\
             Content-Length: 0\r\n\r\n",
            if name == "Authorization" {
                "X-Warehouse-Id: WH-1\r\n".to_owned()
            } else {
                format!("Authorization: ApiKey {}\r\n", key(made))
            }
        );
        let before = service.received().len();
        let answer = raw(gateway.address(), request.as_bytes()).expect("an answer");
        assert!((400..404).contains(&answer.status), "{name}: {answer:?}");
        assert_eq!(service.received().len(), before, "{name}");
    };
    twice("X-Warehouse-Id", "WH-1", "WH-9");
    twice("Authorization", &format!("ApiKey {}", key(made)), &format!("ApiKey {}", wrong_secret(key(made))));
    refused(service, post().header("x-warehouse-id", "WH-1").header("x-api-key", server.api_key()), 400);
}

fn addresses(server: &Server, service: &Sink, gateway: &Gateway) {
    let by = |made: &Value| gateway.call("POST", INBOUND).header("authorization", &format!("ApiKey {}", key(made)));
    let far = server.create_key(&json!({"scopes": ["orders:write"], "ip_allowlist": ["203.0.113.0/24"]}));
    let near = server.create_key(&json!({"scopes": ["orders:write"], "ip_allowlist": ["127.0.0.0/8"]}));
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "x-client-ip", "true-client-ip"] {
        let value = if name == "forwarded" { "for=203.0.113.7" } else { "203.0.113.7" };
        refused(service, by(&far).header(name, value), 403);
        assert_eq!(by(&near).header(name, value).try_send().unwrap().status, 200, "{name}");
    }
}

fn limits_and_ends(server: &Server, service: &Sink, gateway: &Gateway) {
    let by = |made: &Value| gateway.call("POST", INBOUND).header("authorization", &format!("ApiKey {}", key(made)));
    let limited = server.create_key(&json!({"scopes": ["orders:write"], "rate_limit": {"requests": 2, "per_seconds": 60}}));
    for _ in 0..2 {
        assert_eq!(by(&limited).try_send().unwrap().status, 200);
    }
    let answer = refused(service, by(&limited), 429);
    assert!((1..=60).contains(&answer.number("retry-after")), "{answer}");
    let short = server.create_key(&json!({"scopes": ["orders:write"]}));
    assert_eq!(by(&short).try_send().unwrap().status, 200);
    server.delete(&format!("/v1/management/api-keys/{}", id(&short))).bearer(server.management_key()).send().expect_status(204);
    refused(service, by(&short), 401);
}

fn other_gateways_by_their_requests(backend: Backend) {
    let server = Server::with(backend, &[TRUST]);
    let made = server.create_key(&json!({"scopes": ["orders:write"], "ip_allowlist": ["203.0.113.0/24"]}));
    // Traefik: GET with the client's fields and its own.
    let traefik = |address: &str, scope: &str| {
        let call = server.get(&format!("/v1/authorize?scope={scope}")).header("authorization", &format!("ApiKey {}", key(&made)));
        let call = call.header("x-forwarded-for", address).header("x-forwarded-method", "POST");
        call.header("x-forwarded-proto", "https")
            .header("x-forwarded-host", "example.com")
            .header("x-forwarded-uri", INBOUND)
            .send()
    };
    assert_eq!(traefik("203.0.113.7", "orders:write").header("x-auth-key-id"), Some(id(&made)));
    traefik("198.51.100.1", "orders:write").refused(403, "ip_not_allowed");
    traefik("203.0.113.7", "orders:read").refused(403, "insufficient_scope");
    // Envoy: the client's method, path and query after the prefix.
    let envoy = |method: &str, rest: &str| {
        let call = server.call(method, &format!("/v1/authorize/{rest}")).bearer(key(&made));
        call.header("x-forwarded-for", "203.0.113.7").header("content-length", "0").send()
    };
    for method in ["GET", "POST", "DELETE", "OPTIONS"] {
        for rest in
            ["orders:write", "orders:write/", "orders:write/api/v1/inbound?a=1&scope=nothing", "-/x", "orders:write//../-/%2F"]
        {
            let answer = envoy(method, rest);
            assert_eq!((answer.status, answer.header("x-auth-key-id")), (200, Some(id(&made))), "{method} {rest}: {answer}");
        }
    }
    envoy("POST", "orders:write,orders:read/api").refused(403, "insufficient_scope");
    envoy("POST", "orders:reed/api").names_fields(&["scope"]);
    server.get("/v1/authorize/orders:write/api").send().refused(401, "unauthorized");
}
