//! The server over real sockets, with endpoints made for the purpose.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use actix_web::HttpRequest;
use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::{
    error::ApiError,
    http::{
        address::ClientAddress,
        body::{Body, OptionalBody},
        query::Query,
        route::endpoint,
    },
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
}

async fn create(body: Body<Thing>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Created().json(body.read().await?.name))
}

async fn maybe(body: OptionalBody<Thing>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(body.read().await?.name))
}

async fn list(query: Query<Thing>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(query.read()?.name))
}

async fn panics(_request: HttpRequest) -> HttpResponse {
    panic!("on purpose")
}

async fn address(client: ClientAddress) -> String {
    client.0.to_string()
}

async fn slow() -> HttpResponse {
    tokio::time::sleep(Duration::from_millis(1500)).await;
    HttpResponse::Ok().finish()
}

fn endpoints(config: &mut web::ServiceConfig) {
    config
        .service(endpoint("/things").get(list).post(create))
        .service(endpoint("/maybe").post(maybe))
        .service(endpoint("/panic").get(panics))
        .service(endpoint("/address").get(address))
        .service(endpoint("/slow").get(slow))
        .service(endpoint("/very-slow").get(very_slow));
}

async fn very_slow() -> HttpResponse {
    tokio::time::sleep(Duration::from_secs(20)).await;
    HttpResponse::Ok().finish()
}

/// Runs `test` against a server of its own.
fn with_server(test: impl FnOnce(SocketAddr, Drain) + Send + 'static) {
    let drain = Drain::default();
    let site = site(&drain);
    actix_web::rt::System::new().block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = build(site, listener, 1, Duration::from_secs(1)).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        actix_web::rt::task::spawn_blocking(move || test(address, drain)).await.unwrap();
        handle.stop(false).await;
    });
}

fn site(drain: &Drain) -> site::Site {
    let settings = HttpSettings {
        max_body: 1024,
        body_deadline: Duration::from_millis(300),
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..HttpSettings::default()
    };
    site::Site {
        app: None,
        routes: Arc::new(endpoints),
        settings: Arc::new(settings),
        allowed_origins: Arc::from(vec!["https://app.example.com".to_owned()]),
        clock: Clock::system(),
        drain: drain.clone(),
    }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().filter_map(|line| line.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    fn code(&self) -> String {
        let json: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(json["error"]["request_id"].as_str(), self.header("x-request-id"));
        json["error"]["code"].as_str().unwrap().to_owned()
    }
}

/// Sends bytes and reads all that comes back, which must be one answer.
fn send(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
    // The server may refuse before it has read everything.
    let _ = stream.write_all(bytes);
    parse(&read_all(&mut stream))
}

fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    let _ = stream.read_to_end(&mut read);
    read
}

fn parse(bytes: &[u8]) -> Answer {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

fn request(address: SocketAddr, line: &str, fields: &str, body: &str) -> Answer {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    send(address, format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}{length}\r\n{body}").as_bytes())
}

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn methods_and_paths() {
    with_server(|at, _| {
        let get = request(at, "GET /things?name=a", "", "");
        assert_eq!((get.status, get.body.as_str()), (200, "\"a\""));
        let head = request(at, "HEAD /things?name=a", "", "");
        assert_eq!((head.status, head.body.as_str(), head.header("content-length")), (200, "", Some("3")));
        let options = request(at, "OPTIONS /things", "", "");
        assert_eq!((options.status, options.header("allow")), (204, Some("GET, HEAD, POST, OPTIONS")));
        for method in ["PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
            let other = request(at, &format!("{method} /things"), "X-HTTP-Method-Override: GET\r\n", "");
            assert_eq!((other.status, other.header("allow")), (405, Some("GET, HEAD, POST, OPTIONS")), "{method}");
            assert_eq!(other.code(), "method_not_allowed");
        }
        assert_eq!(request(at, "TRACE /nowhere", "", "").status, 405);
        assert_eq!(request(at, "GET /nowhere", "", "").code(), "not_found");
        assert_eq!(request(at, "GET /things/", "", "").code(), "not_found");
        assert_eq!(request(at, "OPTIONS *", "", "").status, 204);
        assert_eq!(request(at, "GET /things?name=a", "Accept: text/html\r\n", "").code(), "not_acceptable");
        assert_eq!(request(at, "GET http://x/things?name=a", "", "").status, 200);
    });
}

#[test]
fn every_answer_has_the_common_fields() {
    with_server(|at, _| {
        let raw = [
            "GET /things?name=a",
            "GET /things",
            "GET /nowhere",
            "GET /panic",
            "PUT /things",
            "OPTIONS /things",
            "GET /things?key=x",
            "GET nonsense",
            "\u{1}",
        ];
        for line in raw {
            let answer = request(at, line, "", "");
            assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()), "{line}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{line}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{line}");
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{line}");
            assert!(answer.header("server").is_none(), "{line}");
            if answer.status >= 400 {
                answer.code();
            }
        }
        let kept = request(at, "GET /things?name=a", "X-Request-Id: a.B_c-1\r\n", "");
        assert_eq!(kept.header("x-request-id"), Some("a.B_c-1"));
    });
}

#[test]
fn a_panic_is_answered_and_survived() {
    with_server(|at, _| {
        for _ in 0..3 {
            let answer = request(at, "GET /panic", "", "");
            assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
            assert!(!answer.body.contains("on purpose"));
        }
        assert_eq!(request(at, "GET /things?name=a", "", "").status, 200);
    });
}

#[test]
fn bodies_over_the_wire() {
    with_server(|at, _| {
        let name = |n: usize| format!("{{\"name\":\"{}\"}}", "a".repeat(n));
        assert_eq!(request(at, "POST /things", JSON, &name(1)).status, 201);
        assert_eq!(request(at, "POST /things", "", &name(1)).code(), "unsupported_media_type");
        assert_eq!(request(at, "POST /things", JSON, "").code(), "invalid_request");
        assert_eq!(request(at, "POST /things", JSON, "[]").code(), "invalid_request");
        assert_eq!(request(at, "POST /things", JSON, &name(2000)).code(), "payload_too_large");
        let huge = send(at, format!("POST /things HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: 99999999999\r\n\r\nx").as_bytes());
        assert_eq!(huge.code(), "payload_too_large");
        let chunk = format!("400\r\n{}\r\n", "a".repeat(1024)).repeat(40);
        let chunked = format!("POST /things HTTP/1.1\r\nHost: x\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n");
        assert_eq!(send(at, chunked.as_bytes()).code(), "payload_too_large");
        let broken = format!("POST /things HTTP/1.1\r\nHost: x\r\n{JSON}Transfer-Encoding: chunked\r\n\r\nzz\r\n");
        assert_eq!(send(at, broken.as_bytes()).status, 400);
        assert_eq!(request(at, "POST /maybe", "", "").status, 200);
        assert_eq!(request(at, "POST /maybe", JSON, &name(1)).body, "\"a\"");
        let late = send(at, format!("POST /things HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: 9\r\n\r\n{{").as_bytes());
        assert_eq!((late.status, late.header("connection")), (408, Some("close")));
    });
}

#[test]
fn heads_that_the_parser_refuses_are_our_errors() {
    with_server(|at, _| {
        let target = |n: usize| format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(n));
        let field = |n: usize| format!("GET / HTTP/1.1\r\nHost: x\r\nX-A: {}\r\n\r\n", "a".repeat(n));
        for size in [9_000, 70_000, 140_000, 400_000] {
            assert_eq!(send(at, target(size).as_bytes()).code(), "uri_too_long", "{size}");
            assert_eq!(send(at, field(size * 4).as_bytes()).code(), "headers_too_large", "{size}");
        }
        let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-A: a\r\n".repeat(101));
        assert_eq!(send(at, many.as_bytes()).code(), "headers_too_large");
        for malformed in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
            "GET /#x HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\nHost: x\n\n",
            "GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
            "hello\r\n\r\n",
        ] {
            let answer = send(at, malformed.as_bytes());
            assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"), "{malformed}");
        }
    });
}

#[test]
fn a_second_head_has_its_time_too() {
    with_server(|at, _| {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.write_all(b"GET /things?name=a HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut first = [0; 64];
        stream.read_exact(&mut first).unwrap();
        stream.write_all(b"GET /things?name=b HTTP/1.1\r\nHo").unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(9))).unwrap();
        let rest = String::from_utf8(read_all(&mut stream)).unwrap();
        assert!(rest.contains("HTTP/1.1 408 Request Timeout\r\n"), "{rest}");
    });
}

#[test]
fn requests_sent_in_advance_are_answered_in_order() {
    with_server(|at, _| {
        let mut stream = TcpStream::connect(at).unwrap();
        let post = format!("POST /things HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: 14\r\n\r\n{{\"name\":\n\"a\"}}\n");
        let get = "GET /things?name=z HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(format!("{}{get}", post.repeat(5)).as_bytes()).unwrap();
        let text = String::from_utf8(read_all(&mut stream)).unwrap();
        assert_eq!(text.matches("HTTP/1.1 201").count(), 5, "{text}");
        assert!(text.ends_with("\"z\""));
    });
}

#[test]
fn addresses_come_from_trusted_proxies() {
    with_server(|at, _| {
        assert_eq!(request(at, "GET /address", "X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\n", "").body, "1.2.3.4");
        assert_eq!(request(at, "GET /address", "", "").body, "127.0.0.1");
    });
}

#[test]
fn browsers_are_let_in_from_the_named_origins_only() {
    with_server(|at, _| {
        let allowed = |origin: &str| {
            let answer = request(at, "GET /things?name=a", &format!("Origin: {origin}\r\n"), "");
            assert!(answer.header("vary").is_some_and(|vary| vary.contains("Origin")));
            answer.header("access-control-allow-origin").map(str::to_owned)
        };
        assert_eq!(allowed("https://app.example.com").as_deref(), Some("https://app.example.com"));
        assert_eq!(allowed("https://evil.example.com"), None);
        assert_eq!(allowed("null"), None);
        let fields = "Origin: https://app.example.com\r\nAccess-Control-Request-Method: POST\r\n";
        let preflight = request(at, "OPTIONS /things", fields, "");
        assert!(preflight.status < 300);
        assert_eq!(preflight.header("access-control-max-age"), Some("600"));
        assert_eq!(preflight.header("access-control-allow-credentials"), Some("true"));
        let refused = request(at, "OPTIONS /things", &fields.replace("app", "evil"), "");
        assert_eq!(refused.header("access-control-allow-origin"), None);
    });
}

#[test]
fn a_stopping_server_finishes_what_it_began_and_ends_connections() {
    with_server(|at, drain| {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        std::thread::sleep(Duration::from_millis(100));
        drain.begin();
        let answer = parse(&read_all(&mut stream));
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    });
}

/// Serves until told to stop by as many signals, with a request to `path` running; what `serve` returned and the answer.
fn signalled(path: &str, signals: usize) -> (Result<(), Failure>, Vec<u8>) {
    let site = site(&Drain::default());
    let mut config = Config::load(None).unwrap();
    config.server.workers = 1;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
    let client = std::thread::spawn(move || {
        for _ in 0..signals {
            std::thread::sleep(Duration::from_millis(200));
            let own = std::process::id().to_string();
            assert!(std::process::Command::new("kill").args(["-TERM", &own]).status().unwrap().success());
        }
        read_all(&mut stream)
    });
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle();
    let served = actix_web::rt::System::new().block_on(serve(site, listener, (None, recorder), &config.server));
    (served, client.join().unwrap())
}

#[test]
fn one_signal_waits_and_a_second_one_does_not() {
    let (served, answer) = signalled("/slow", 1);
    assert!(served.is_ok());
    let answer = parse(&answer);
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    let (served, answer) = signalled("/very-slow", 2);
    assert!(served.unwrap_err().to_string().contains("second signal"));
    assert!(answer.is_empty());
}
