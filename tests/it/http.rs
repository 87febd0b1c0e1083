//! What holds for every address: health, methods, media types, limits, request ids, header fields, and the description.

use mgmt_tests::{Backend, RawAnswer, Server, free_port, on_each_backend, raw};
use serde_json::{Value, json};

on_each_backend!(
    health,
    metrics,
    methods,
    media_types,
    limits,
    request_ids,
    header_fields,
    framing,
    description,
    catalogues,
    other_origins
);

fn health(backend: Backend) {
    let server = Server::start(backend);
    for path in ["/livez", "/readyz"] {
        let answer = server.get(path).send();
        assert_eq!(answer.status, 200, "{answer}");
        for leak in ["sqlite", "postgres", "127.0.0.1:5", env!("CARGO_PKG_VERSION")] {
            assert!(!answer.text().to_lowercase().contains(leak), "{answer}");
        }
        assert!(answer.headers.keys().all(|name| !name.as_str().contains("ratelimit")), "{answer}");
    }
    // A server without a first organization serves.
    let mut empty = Server::stopped(backend, &[]);
    empty.run();
    assert_eq!(empty.get("/readyz").send().status, 200);
    let answer = empty.post("/api/auth/login", &json!({"email": "a@example.com", "password": "b"})).send();
    answer.refused(401, "unauthorized");
}

fn metrics(backend: Backend) {
    let port = free_port();
    let server = Server::with(backend, &[("MGMT_SERVER__METRICS_LISTEN", &format!("127.0.0.1:{port}"))]);
    server.verify(&json!({"key": server.api_key()}));
    let request = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answer = raw(&format!("127.0.0.1:{port}"), request).expect("metrics");
    assert_eq!(answer.status, 200);
    assert!(answer.body.lines().any(|line| line.starts_with("# TYPE ")), "{answer:?}");
    assert!(!answer.body.contains(server.api_key()) && !answer.body.contains("mg_sk_prod_"), "a key in a label");
    // Not on the public address.
    server.get("/metrics").send().refused(404, "not_found");
}

fn methods(backend: Backend) {
    let server = Server::start(backend);
    let key = server.management_key();
    for (path, allowed, wrong) in [
        ("/livez", vec!["GET", "HEAD", "OPTIONS"], "POST"),
        ("/openapi.json", vec!["GET", "HEAD", "OPTIONS"], "DELETE"),
        ("/v1/management/api-keys", vec!["GET", "HEAD", "POST", "OPTIONS"], "DELETE"),
        (
            "/v1/management/api-keys/key_00000000000070008000000000000000",
            vec!["GET", "HEAD", "PATCH", "DELETE", "OPTIONS"],
            "PUT",
        ),
        ("/v1/management/scopes", vec!["GET", "HEAD", "OPTIONS"], "POST"),
        ("/api/auth/login", vec!["POST", "OPTIONS"], "GET"),
    ] {
        for method in [wrong, "PROPFIND", "TRACE"] {
            let answer = server.call(method, path).bearer(key).send();
            answer.refused(405, "method_not_allowed");
            let allow = answer.header("allow").expect("Allow");
            let mut listed: Vec<_> = allow.split(',').map(str::trim).collect();
            let mut expected = allowed.clone();
            listed.sort_unstable();
            expected.sort_unstable();
            assert_eq!(listed, expected, "{path}");
        }
        let answer = server.call("OPTIONS", path).send();
        assert!([200, 204].contains(&answer.status), "{answer}");
        assert!(answer.header("allow").is_some(), "{answer}");
        assert!(answer.header("access-control-allow-origin").is_none(), "CORS is off: {answer}");
    }
    for path in ["/nowhere", "/v1/nowhere", "/api/nowhere", "/v1/management/api-keys/", "/v1//management/scopes", "/index.php"] {
        server.get(path).send().refused(404, "not_found");
        server.post(path, &json!({})).bearer(key).send().refused(404, "not_found");
    }
    for path in ["/livez", "/openapi.json", "/v1/management/scopes", "/v1/management/api-keys"] {
        let get = server.get(path).bearer(key).send();
        let head = server.call("HEAD", path).bearer(key).send();
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
    // A field does not make another method of it.
    let answer = server.get("/v1/management/scopes").bearer(key).header("x-http-method-override", "DELETE").send();
    assert_eq!(answer.status, 200, "{answer}");
}

fn media_types(backend: Backend) {
    let server = Server::start(backend);
    let key = server.management_key();
    let path = "/v1/management/api-keys";
    let body = json!({"scopes": ["orders:read"]}).to_string();
    let post = |kind: Option<&str>| {
        let call = server.call("POST", path).bearer(key).bytes(body.as_bytes());
        kind.map_or(call.clone(), |kind| call.header("content-type", kind)).send()
    };
    for kind in [
        None,
        Some("text/plain"),
        Some("text/json"),
        Some("application/xml"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/json; charset=utf-16"),
        Some("application/json; charset=iso-8859-1"),
        Some("nonsense"),
    ] {
        post(kind).refused(415, "unsupported_media_type");
    }
    for kind in ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\""]
    {
        assert_eq!(post(Some(kind)).status, 201, "{kind}");
    }
    let coded =
        server.call("POST", path).bearer(key).header("content-type", "application/json").header("content-encoding", "gzip");
    coded.bytes(body.as_bytes()).send().refused(415, "unsupported_media_type");

    for accept in ["application/json", "*/*", "application/*", "text/html, application/json;q=0.5", "text/html,*/*;q=0.1"] {
        assert_eq!(server.get(path).bearer(key).header("accept", accept).send().status, 200, "{accept}");
    }
    for accept in ["text/html", "application/xml", "application/json;q=0"] {
        server.get(path).bearer(key).header("accept", accept).send().refused(406, "not_acceptable");
    }
}

#[track_caller]
fn refused(answer: Option<RawAnswer>, status: u16, code: &str) {
    let answer = answer.expect("an answer");
    assert_eq!((answer.status, answer.code().as_deref()), (status, Some(code)), "{answer:?}");
    assert!(answer.header("x-request-id").is_some(), "{answer:?}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer:?}");
}

fn limits(backend: Backend) {
    let server = Server::start(backend);
    let address = &server.address;
    let key = server.management_key();
    let post = |extra: &str, body: &str| {
        let request = format!(
            "POST /v1/management/api-keys HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n{extra}\r\n\r\n{body}"
        );
        raw(address, request.as_bytes())
    };
    let large = format!("{{\"scopes\":[\"orders:read\"],\"metadata\":{{\"x\":\"{}\"}}}}", "y".repeat(300 * 1024));
    refused(post(&format!("content-length: {}", large.len()), &large), 413, "payload_too_large");
    let chunked: String = large
        .as_bytes()
        .chunks(16 * 1024)
        .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk)))
        .collect();
    refused(post("transfer-encoding: chunked", &format!("{chunked}0\r\n\r\n")), 413, "payload_too_large");
    // It is refused by what it says, before any of it is read.
    refused(post("content-length: 104857600", ""), 413, "payload_too_large");

    let get = |target: &str, fields: &str| raw(address, format!("GET {target} HTTP/1.1\r\nhost: x\r\n{fields}\r\n").as_bytes());
    refused(get(&format!("/v1/{}", "a".repeat(9 * 1024)), ""), 414, "uri_too_long");
    refused(get(&format!("/livez?{}", "a".repeat(60 * 1024)), ""), 414, "uri_too_long");
    refused(get("/livez", &format!("x-large: {}\r\n", "a".repeat(40 * 1024))), 431, "headers_too_large");
    let many: String = (0..150).map(|n| format!("x-field-{n}: 1\r\n")).collect();
    refused(get("/livez", &many), 431, "headers_too_large");
    assert_eq!(get(&format!("/livez?{}", "a".repeat(7 * 1024)), "").unwrap().status, 200);
    assert_eq!(get("/livez", &format!("x-large: {}\r\n", "a".repeat(8 * 1024))).unwrap().status, 200);
}

fn request_ids(backend: Backend) {
    let server = Server::start(backend);
    let with = |id: &str| server.get("/livez").header("x-request-id", id).send();
    for kept in ["abc", "A.b_c-9", &"x".repeat(128)] {
        assert_eq!(with(kept).header("x-request-id"), Some(kept));
    }
    for replaced in ["", "a b", "a/b", "a\"b", &"x".repeat(129), "caf\u{e9}", "{}"] {
        let answer = with(replaced);
        let id = answer.header("x-request-id").unwrap();
        assert!(id != replaced && !id.is_empty() && id.len() <= 128, "{id}");
    }
    let twice = [server.get("/livez").send(), server.get("/livez").send()];
    assert_ne!(twice[0].header("x-request-id"), twice[1].header("x-request-id"));
    // In the error and in the log too, and the log is one JSON object a line.
    let answer = server.get("/nowhere").header("x-request-id", "find-me-again").send();
    assert_eq!(answer.value()["error"]["request_id"], "find-me-again");
    mgmt_tests::eventually("the request in the log", 5, || server.log().contains("find-me-again"));
    let log = server.log();
    for line in log.lines().filter(|line| !line.is_empty()) {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "not JSON: {line}");
    }
}

fn header_fields(backend: Backend) {
    let server = Server::start(backend);
    let session = server.login();
    let answers = [
        server.get("/livez").send(),
        server.get("/nowhere").send(),
        server.get("/openapi.json").send(),
        server.get("/v1/management/scopes").bearer(server.management_key()).send(),
        server.get("/v1/management/scopes").send(),
        server.get("/api/auth/me").bearer(&session.token).send(),
        server.get("/api/auth/me").bearer(&session.token).header("origin", "https://evil.example").send(),
    ];
    for answer in &answers {
        let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("no policy: {answer}"));
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{answer}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{answer}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{answer}");
        assert!(answer.header("server").is_none_or(|server| !server.contains('.')), "{answer}");
        assert!(answer.header("access-control-allow-origin").is_none(), "{answer}");
        assert!(answer.header("strict-transport-security").is_none(), "plain http: {answer}");
    }
    for answer in &answers[3..] {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
    }
    let secure = Server::with(backend, &[("MGMT_SERVER__PUBLIC_URL", "https://keys.example.com")]);
    let answer = secure.get("/livez").send();
    assert!(answer.header("strict-transport-security").is_some_and(|value| value.contains("max-age=")), "{answer}");
}

/// Requests that two parsers could read in two ways get 400, and the connection ends: nothing behind them is answered.
fn framing(backend: Backend) {
    let server = Server::start(backend);
    let smuggled = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";
    for (what, head) in [
        (
            "length and chunks",
            "POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        ("two lengths", "POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd"),
        ("an unknown coding", "POST /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        ("a negative length", "POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n"),
        ("a length with a sign", "POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: +4\r\n\r\nabcd"),
        ("a space before the colon", "GET /livez HTTP/1.1\r\nhost : x\r\n\r\n"),
        ("a folded field", "GET /livez HTTP/1.1\r\nhost: x\r\nx-a: b\r\n c\r\n\r\n"),
        ("not HTTP", "HELLO\r\n\r\n"),
        ("a NUL in a field", "GET /livez HTTP/1.1\r\nhost: x\r\nx-a: b\0c\r\n\r\n"),
    ] {
        let answer = raw(&server.address, format!("{head}{smuggled}").as_bytes()).unwrap_or_else(|| panic!("{what}: no answer"));
        assert!((400..=499).contains(&answer.status) || answer.status == 501, "{what}: {answer:?}");
        assert!(!answer.body.contains("HTTP/1.1"), "{what}: the next request was answered: {answer:?}");
    }
    assert_eq!(server.get("/livez").send().status, 200);
}

fn description(backend: Backend) {
    let server = Server::start(backend);
    let answer = server.get("/openapi.json").send();
    let document = answer.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    for path in ["/livez", "/readyz", "/api/auth/login", "/v1/management/api-keys/{id}", "/v1/keys/verify", "/v1/authorize"] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    let printed = server.command(&["openapi"]).ok().json();
    assert_eq!(printed, document, "`mgmt openapi` prints what the server serves");
    let answer = server.get("/docs").send();
    assert!([200, 301, 302, 303, 307, 308].contains(&answer.status), "{answer}");
    let page = server.get("/docs/").send();
    assert!(page.status == 200 && page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{page}");
}

fn catalogues(backend: Backend) {
    let server = Server::start(backend);
    let key = server.management_key();
    let scopes = server.get("/v1/management/scopes").bearer(key).send().expect(200).to_string();
    for scope in [
        "shipments:read",
        "operations:execute",
        "rates:read",
        "webhooks:manage",
        "embed:manage",
        "agent:write",
        "carrier-accounts:write",
    ] {
        assert!(scopes.contains(&format!("\"{scope}\"")), "{scope}: {scopes}");
    }
    let roles = server.get("/v1/management/roles").bearer(key).send().expect(200).to_string();
    for role in ["owner", "admin", "developer", "member", "viewer"] {
        assert!(roles.contains(&format!("\"{role}\"")), "{role}: {roles}");
    }
    let list = server.get("/v1/management/organizations").bearer(key).send().expect(200);
    assert_eq!(list["data"][0]["id"], server.organization());
    let own = server.get(&format!("/v1/management/organizations/{}", server.organization())).bearer(key).send();
    assert!(own.header("etag").is_some(), "{own}");
    let own = own.expect(200);
    for (name, value) in [("name", json!("Acme")), ("plan", json!("self_hosted"))] {
        assert_eq!(own[name], value);
    }
    for name in ["slug", "address", "metadata"] {
        assert!(own.as_object().unwrap().contains_key(name), "{name}: {own}");
    }
    // What a server calls its scopes is its configuration.
    let configured = Server::stopped(backend, &[]);
    let catalogue = "[[catalogue.scope]]\nresource = \"invoices\"\nactions = [\"read\", \"send\"]\n";
    std::fs::write(configured.folder.file("mgmt.toml"), catalogue).unwrap();
    let check = configured.command(&["config", "check"]);
    if check.code == Some(0) {
        let mut configured = configured;
        configured.bootstrap();
        configured.run();
        configured.create_key(&json!({"scopes": ["invoices:send"]}));
        let body = json!({"scopes": ["shipments:read"]});
        let answer = configured.post("/v1/management/api-keys", &body).bearer(configured.management_key()).send();
        answer.names_fields(&["scopes"]);
    }
}

/// Pages of other origins may call the API only if the configuration names them, and never with cookies.
fn other_origins(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_SERVER__ALLOWED_ORIGINS", "https://app.example.com,https://b.example.com")]);
    let preflight = |origin: &str| {
        let call = server.call("OPTIONS", "/api/api-keys").header("origin", origin);
        call.header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type")
            .send()
    };
    let get = |origin: &str| server.get("/api/auth/me").header("origin", origin).send();
    for origin in ["https://app.example.com", "https://b.example.com"] {
        let answer = preflight(origin);
        assert!([200, 204].contains(&answer.status), "{answer}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{answer}");
        assert!(answer.header("access-control-allow-methods").is_some_and(|methods| methods.contains("POST")), "{answer}");
        assert!(answer.header("access-control-max-age").is_none_or(|_| answer.number("access-control-max-age") <= 600));
        let answer = get(origin);
        answer.refused(401, "unauthorized");
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{answer}");
        let vary: Vec<_> = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap().to_lowercase()).collect();
        assert!(vary.iter().any(|value| value.contains("origin")), "{answer}");
    }
    for origin in ["https://evil.example", "http://app.example.com", "https://app.example.com.evil.example", "null", "*"] {
        for answer in [preflight(origin), get(origin)] {
            assert!(answer.header("access-control-allow-origin").is_none(), "{origin}: {answer}");
        }
    }
}
