//! nginx, Caddy, HAProxy, Traefik and Envoy with the configurations of `docs/gateways`, in front of a service: what they let
//! through, what the service is told, and that nobody tells it anything else.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use crate::keys::{id, key};
use mgmt_tests::{Backend, Call, Gateway, Received, Server, Sink, on_each_backend, raw, signal, wrong_secret};
use serde_json::{Value, json};

on_each_backend!(other_gateways_by_their_requests);

const TRUST: (&str, &str) = ("MGMT_SERVER__TRUSTED_PROXIES", "127.0.0.1/32");
const INBOUND: &str = "/api/v1/inbound";

type Start = fn(&str, &str) -> Gateway;

/// What is not the same for all of them.
struct Kind {
    start: Start,
    /// Whether every field below `X-Auth-` is removed, and not only those that mgmt sets.
    knows_beginnings: bool,
    /// How many seconds it waits for mgmt.
    patience: u64,
}

#[test]
fn nginx() {
    guards(&Kind { start: Gateway::nginx, knows_beginnings: false, patience: 5 });
}

#[test]
fn caddy() {
    guards(&Kind { start: Gateway::caddy, knows_beginnings: true, patience: 5 });
}

#[test]
fn haproxy() {
    guards(&Kind { start: Gateway::haproxy, knows_beginnings: true, patience: 5 });
}

#[test]
fn traefik() {
    guards(&Kind { start: Gateway::traefik, knows_beginnings: true, patience: 30 });
}

#[test]
fn envoy() {
    guards(&Kind { start: Gateway::envoy, knows_beginnings: true, patience: 5 });
}

/// Everything that a gateway is to do, in one story: each start of a server and a gateway takes its time.
fn guards(kind: &Kind) {
    let mut server = Server::with(Backend::Sqlite, &[TRUST, ("MGMT_KEYS__MAX_ACTIVE", "50")]);
    let service = Sink::start();
    let gateway = (kind.start)(&server.address, service.url("").trim_start_matches("http://"));
    let inbound = |made: &Value| gateway.call("POST", INBOUND).header("authorization", &format!("ApiKey {}", key(made)));
    let made = server.create_key(&json!({"scopes": ["orders:write", "orders:read"], "warehouse_ids": ["WH-1", "WH-2"]}));

    what_the_service_is_told(&server, &service, &inbound(&made), &made);
    who_is_refused(&server, &service, &gateway);
    forgeries(&server, &service, &gateway, &made);
    said_twice(&server, &service, &gateway, &made);
    other_spellings(&server, &service, &gateway, kind.knows_beginnings);
    tunnels(&server, &service, &gateway);
    paths(&server, &service, &gateway);
    trailers(&server, kind.start);
    addresses(&server, &service, &gateway);
    limits_and_ends(&server, &service, &gateway);

    // Without an answer nobody is let through.
    let no_answer = || {
        let (count, start) = (service.received().len(), Instant::now());
        let status = inbound(&made).header("x-warehouse-id", "WH-1").try_send().expect("an answer").status;
        assert!((500..=504).contains(&status), "{status}");
        assert_eq!(service.received().len(), count);
        assert!(start.elapsed() < Duration::from_secs(kind.patience + 10), "{:?}", start.elapsed());
    };
    signal(server.pid(), "STOP");
    no_answer();
    server.kill();
    no_answer();
}

/// HAProxy goes on after a script that fails, here over an address that is none.
#[test]
fn haproxy_without_its_script() {
    let service = Sink::start();
    let gateway = Gateway::haproxy("", service.url("").trim_start_matches("http://"));
    refused(&service, gateway.call("POST", INBOUND), 503);
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
    let forged = [
        ["X-Auth-Organization-Id", "X-Auth-Key-Id", "X-Auth-Scopes", "X-Auth-Warehouse-Id", "x-auth-organization-id"],
        ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Real-IP", "Forwarded"],
    ];
    let forged = forged.as_flattened();
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
        assert!(received.headers.iter().all(|(_, value)| !value.contains("forged")), "{:?}", received.headers);
        // The next one on the way would remove what it names.
        assert!(["", "close", "keep-alive"].contains(&field(&received, "connection")), "{:?}", received.headers);
    }
}

fn said_twice(server: &Server, service: &Sink, gateway: &Gateway, made: &Value) {
    let post = || gateway.call("POST", INBOUND).header("authorization", &format!("ApiKey {}", key(made)));
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
    for name in ["x-api-key", "x-app-id", "x-app-token", "x-management-id", "x-management-token"] {
        refused(service, post().header("x-warehouse-id", "WH-1").header(name, server.api_key()), 400);
    }
    let cookie = format!("session={}", server.api_key());
    refused(service, post().header("x-warehouse-id", "WH-1").header("cookie", &cookie), 400);
}

/// A request by hand, with the key that may do everything: a client library sends none of what these send.
fn by_hand(server: &Server, gateway: &Gateway, path: &str, rest: &str) -> u16 {
    let key = server.api_key();
    let request = format!("POST {path} HTTP/1.1\r\nHost: example.com\r\nAuthorization: ApiKey {key}\r\n{rest}");
    raw(gateway.address(), request.as_bytes()).expect("an answer").status
}

/// Services read `X_Auth_Scopes`, and some `X.Auth.Scopes`, as `X-Auth-Scopes`.
fn other_spellings(server: &Server, service: &Sink, gateway: &Gateway, knows_beginnings: bool) {
    let mut names = vec!["X_Auth_Organization_Id".to_owned(), "X-Auth-Key_Id".to_owned(), "X-Warehouse_Id".to_owned()];
    names.extend("!#$%&'*+.^_`|~".chars().map(|other| format!("X{other}Auth{other}Scopes")));
    if knows_beginnings {
        names.push("X-Auth-User".to_owned());
    }
    for name in names {
        let before = service.received().len();
        let status = by_hand(server, gateway, INBOUND, &format!("{name}: forged\r\nContent-Length: 0\r\n\r\n"));
        let received = service.received();
        if status == 200 {
            let headers = &received.last().unwrap().headers;
            assert!(headers.iter().all(|(_, value)| value != "forged"), "{name}: {headers:?}");
        } else {
            assert_eq!((status, received.len()), (400, before), "{name}");
        }
    }
    // More fields than mgmt reads.
    let fields: String = (0..98).map(|index| format!("A{index}: 1\r\n")).collect();
    let before = service.received().len();
    let status = by_hand(server, gateway, INBOUND, &format!("{fields}Content-Length: 0\r\n\r\n"));
    assert!([400, 431].contains(&status), "{status}");
    assert_eq!(service.received().len(), before);
}

/// What comes after the answer in a connection that has become another one would be judged by nobody.
fn tunnels(server: &Server, service: &Sink, gateway: &Gateway) {
    for (protocol, more) in
        [("h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"), ("websocket", "Sec-WebSocket-Version: 13\r\n")]
    {
        let before = service.received().len();
        let rest = format!("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\n{more}Content-Length: 0\r\n\r\n");
        let status = by_hand(server, gateway, INBOUND, &rest);
        let received = service.received();
        if status == 200 {
            let received = received.last().unwrap();
            assert_eq!((field(received, "upgrade"), field(received, "http2-settings")), ("", ""), "{protocol}");
            assert!(["", "close", "keep-alive"].contains(&field(received, "connection")), "{:?}", received.headers);
        } else {
            assert!((400..404).contains(&status), "{protocol}: {status}");
            assert_eq!(received.len(), before, "{protocol}");
        }
    }
}

/// A path is refused, or the service gets one that says the same to everybody.
fn paths(server: &Server, service: &Sink, gateway: &Gateway) {
    let rest = "Content-Length: 0\r\n\r\n";
    for path in [
        ["/api/../admin", "/api/%2e%2e/admin", "/api/.%2E/admin", "/api/..%2fadmin", "/api/..%5Cadmin"],
        ["/api//../../admin", "/admin/..%2fapi/x", "/admin/../api/x", "/admin/%2e%2e/api/x", "/api/x/.."],
        ["/api/./x", "//api/x", "/api//x", "/api/..;/admin", "/api/x;a=b"],
        ["/api/..%3b/admin", "/api/%252e%252e/admin", "/api/x%00", "/api/x\\..\\..\\admin", "/api/a%2Fb"],
        ["/admin", "/apix", "/", "/_authorize", "/api"],
    ]
    .as_flattened()
    {
        let before = service.received().len();
        let status = by_hand(server, gateway, path, rest);
        let received = service.received();
        if status == 200 {
            let reached = received.last().unwrap().path.to_lowercase();
            assert!(reached.starts_with("/api/"), "{path}: {reached}");
            let unclear = ["..", "/./", "//", "\\", ";", "%2e", "%2f", "%5c", "%3b", "%25", "%00"];
            assert!(unclear.iter().all(|text| !reached.contains(text)), "{path}: {reached}");
        } else {
            assert!((300..=404).contains(&status), "{path}: {status}");
            assert_eq!(received.len(), before, "{path}");
        }
    }
    // Dots are no fault, and neither is what stands in the query.
    assert_eq!(by_hand(server, gateway, "/api/.well-known/a..b%20c?next=//../%2f%2e", rest), 200);
    assert_eq!(service.received().pop().unwrap().path, "/api/.well-known/a..b%20c?next=//../%2f%2e");
}

/// Fields behind a body: no rule of a gateway sees them.
fn trailers(server: &Server, start: Start) {
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    service.set_nonblocking(true).unwrap();
    let gateway = start(&server.address, &service.local_addr().unwrap().to_string());
    for announced in ["", "TE: trailers\r\nTrailer: X-Auth-Organization-Id\r\n"] {
        let body = "2\r\n{}\r\n0\r\nX-Auth-Organization-Id: forged\r\n\r\n";
        let rest = format!("{announced}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let (status, came) = what_comes(&service, || by_hand(server, &gateway, INBOUND, &rest));
        assert!(!came.contains("forged"), "{came}");
        // Some refuse chunks altogether, for want of another way.
        assert_eq!(status, if came.is_empty() { 411 } else { 200 }, "{came}");
    }
    let request = http2_with_trailers(server.api_key());
    let ((), came) = what_comes(&service, || {
        let mut stream = TcpStream::connect(gateway.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        // Who speaks no HTTP/2 may close at once.
        let _ = stream.write_all(&request);
        while let Ok(1..) = stream.read(&mut [0; 4096]) {}
    });
    assert!(!came.contains("forged"), "{came}");
}

/// What comes to a service, byte for byte, while a client is at work.
fn what_comes<T: Send>(service: &TcpListener, client: impl FnOnce() -> T + Send) -> (T, String) {
    std::thread::scope(|scope| {
        let (client, mut came) = (scope.spawn(client), String::new());
        while !client.is_finished() {
            std::thread::sleep(Duration::from_millis(10));
            let Ok((mut stream, _)) = service.accept() else { continue };
            stream.set_nonblocking(false).unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut chunk) {
                came.push_str(&String::from_utf8_lossy(&chunk[..count]));
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        }
        (client.join().unwrap(), came)
    })
}

/// A request in HTTP/2 with prior knowledge, uncompressed.
fn http2_with_trailers(key: &str) -> Vec<u8> {
    let literals = |fields: &[(&str, &str)]| -> Vec<u8> {
        let texts =
            fields.iter().map(|(name, value)| [name, value].map(|t| [&[u8::try_from(t.len()).unwrap()], t.as_bytes()].concat()));
        texts.flat_map(|[name, value]| [vec![0], name, value].concat()).collect()
    };
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        [&[0, 0, u8::try_from(payload.len()).unwrap(), kind, flags, 0, 0, 0, stream], payload].concat()
    };
    let authorization = format!("ApiKey {key}");
    let head = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "example.com"),
        (":path", INBOUND),
        ("authorization", authorization.as_str()),
    ];
    let (settings, headers, data, end_headers, end_stream) = (4, 1, 0, 4, 1);
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(settings, 0, 0, b""),
        frame(headers, end_headers, 1, &literals(&head)),
        frame(data, 0, 1, b"{}"),
        frame(headers, end_headers | end_stream, 1, &literals(&[("x-auth-organization-id", "forged")])),
    ]
    .concat()
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
