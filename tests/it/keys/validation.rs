//! Bad input: every fault is named, and nothing is made.

use super::Surface;
use mgmt_tests::{Backend, Server, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(every_fault_is_named, json_is_read_strictly, texts);

fn count(surface: &Surface<'_>) -> usize {
    surface.call("GET", "?limit=100").send().expect(200)["data"].as_array().unwrap().len()
}

fn every_fault_is_named(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "1000")]);
    let session = server.login();
    for surface in [Surface::management(&server), Surface::session(&server, &session)] {
        let before = count(&surface);
        let wrong: Vec<(&str, Value)> = vec![
            ("name", json!(5)),
            ("name", json!("")),
            ("name", json!("   ")),
            ("name", json!("x".repeat(1000))),
            ("name", json!(["x"])),
            ("scopes", json!([])),
            ("scopes", json!("shipments:read")),
            ("scopes", json!([1])),
            ("scopes", json!(["no:such"])),
            ("scopes", json!(null)),
            ("kind", json!("public")),
            ("kind", json!(1)),
            ("environment", json!("live")),
            ("expires_at", json!("2001-01-01T00:00:00Z")),
            ("expires_at", json!("tomorrow")),
            ("expires_at", json!("2099-02-30T00:00:00Z")),
            ("expires_at", json!(4_102_444_800_i64)),
            ("rate_limit", json!(5)),
            ("rate_limit", json!({"requests": 0, "per_seconds": 60})),
            ("rate_limit", json!({"requests": 5, "per_seconds": 0})),
            ("rate_limit", json!({"requests": -5, "per_seconds": 60})),
            ("rate_limit", json!({"requests": 5})),
            ("rate_limit", json!({"requests": 5, "per_seconds": 60, "burst": 1})),
            ("rate_limit", json!({"requests": 1.5, "per_seconds": 60})),
            ("rate_limit", json!({"requests": 99_999_999_999_999_999_999_u128 as f64, "per_seconds": 60})),
            ("quota", json!({"limit": -1, "period": "day"})),
            ("quota", json!({"limit": 1, "period": "week"})),
            ("quota", json!({"limit": 1})),
            ("quota", json!({"period": "day"})),
            ("quota", json!("1000/day")),
            ("ip_allowlist", json!(["300.1.1.1"])),
            ("ip_allowlist", json!(["10.0.0.0/33"])),
            ("ip_allowlist", json!(["localhost"])),
            ("ip_allowlist", json!("10.0.0.0/8")),
            ("ip_allowlist", json!([10])),
            ("warehouse_ids", json!([1])),
            ("warehouse_ids", json!([""])),
            ("warehouse_ids", json!("wh_1")),
            ("metadata", json!([])),
            ("metadata", json!("x")),
            ("metadata", json!({"x": "y".repeat(100_000)})),
            ("nonsense", json!(1)),
            ("id", json!("key_00000000000070008000000000000000")),
            ("status", json!("active")),
            ("key", json!("mg_sk_prod_mine")),
            ("organization_id", json!(server.organization())),
            ("created_by", json!("me")),
            ("hash", json!("x")),
        ];
        for (field, value) in wrong {
            let mut body = json!({"name": "fine", "scopes": ["shipments:read"]});
            body[field] = value;
            surface.create(&body).names_fields(&[field]);
        }
        surface.create(&json!({})).names_fields(&["scopes"]);
        surface.create(&json!({"name": "", "scopes": ["no:such"], "kind": "secret", "environment": "live"})).names_fields(&[
            "name",
            "scopes",
            "environment",
        ]);
        surface
            .create(&json!({"scopes": ["orders:read"], "quota": {"limit": 0.5, "period": "week"}, "ip_allowlist": ["x"]}))
            .names_fields(&["quota", "ip_allowlist"]);
        // A fault of form hides none of meaning beside it.
        surface.create(&json!({"scopes": ["no:such"], "quota": {"limit": -1, "period": "week"}})).names_fields(&[
            "scopes",
            "quota.limit",
            "quota.period",
        ]);
        surface.call("GET", "?limit=0&status=x&kind=y").send().names_fields(&["limit", "status", "kind"]);
        let huge = br#"{"scopes":["orders:read"],"metadata":{"a":[1,18446744073709551616]}}"#;
        surface.call("POST", "").header("content-type", "application/json").bytes(huge).send().names_fields(&["metadata.a[1]"]);
        for body in [json!([]), json!("x"), json!(1), json!(null), json!(true)] {
            surface.create(&body).refused(400, "invalid_request");
        }
        assert_eq!(count(&surface), before, "nothing was made");
    }
}

fn json_is_read_strictly(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "1000")]);
    let surface = Surface::management(&server);
    let before = count(&surface);
    let deep = format!("{{\"scopes\":[\"orders:read\"],\"metadata\":{{\"a\":{}1{}}}}}", "[".repeat(200), "]".repeat(200));
    let bodies: [&[u8]; 19] = [
        b"",
        b"{",
        b"{\"scopes\":[\"orders:read\"]",
        b"{\"scopes\":[\"orders:read\"]} x",
        b"{\"scopes\":[\"orders:read\"]}{}",
        b"{\"scopes\":[\"orders:read\"],}",
        b"{'scopes':['orders:read']}",
        b"{\"scopes\":[\"orders:read\"],\"scopes\":[\"orders:write\"]}",
        b"{\"scopes\":[\"orders:read\"],\"name\":\"a\",\"name\":\"b\"}",
        b"{\"scopes\":[\"orders:read\"],\"metadata\":{\"a\":1,\"a\":2}}",
        b"{\"scopes\":[\"orders:read\"],\"metadata\":{\"a\":NaN}}",
        b"{\"scopes\":[\"orders:read\"],\"metadata\":{\"a\":Infinity}}",
        b"{\"scopes\":[\"orders:read\"],\"metadata\":{\"a\":1e999}}",
        b"{\"scopes\":[\"orders:read\"],\"name\":\"\\ud800\"}",
        b"{\"scopes\":[\"orders:read\"],\"name\":\"\xff\xfe\"}",
        b"{\"scopes\":[\"orders:read\"],\"name\":\"a\\u0000b\"}",
        b"{\"scopes\":[\"orders:read\"],\"metadata\":{\"a\":\"\\u0000\"}}",
        b"\xef\xbb\xbf{\"scopes\":[\"orders:read\"]}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let answer = surface.call("POST", "").header("content-type", "application/json").bytes(body).send();
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_request"),
            "{}: {answer}",
            String::from_utf8_lossy(body)
        );
    }
    assert_eq!(count(&surface), before, "nothing was made");
}

fn texts(backend: Backend) {
    let server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "1000")]);
    let surface = Surface::management(&server);
    // Control, direction-changing and invisible characters disguise names.
    for name in ["a\nb", "a\tb", "a\u{7f}b", "a\u{202e}b", "a\u{200b}b", "a\u{2066}b", "\u{feff}a", "a\u{2028}b"] {
        surface.create(&json!({"name": name, "scopes": ["orders:read"]})).names_fields(&["name"]);
    }
    // Everything else comes back as it was sent, in normalization form C.
    for (sent, kept) in [
        ("e\u{301}", "\u{e9}"),
        ("\u{212b}", "\u{c5}"),
        ("'; DROP TABLE keys; --", "'; DROP TABLE keys; --"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\u{1f511} key", "\u{1f511} key"),
        ("100% \\ \"quoted\"", "100% \\ \"quoted\""),
    ] {
        let body = json!({"name": sent, "scopes": ["orders:read"], "metadata": {"text": kept}});
        let made = surface.object(&surface.create(&body), 201);
        assert_eq!(made["name"], kept);
        let read = surface.object(&surface.get(super::id(&made)), 200);
        assert_eq!(read["name"], kept);
        assert_eq!(read["metadata"]["text"], kept);
    }
    let numbers = json!({"big": 9_007_199_254_740_993_i64, "float": 0.1, "negative": -5, "none": null, "yes": true});
    let made = surface.object(&surface.create(&json!({"scopes": ["orders:read"], "metadata": numbers})), 201);
    assert_eq!(surface.object(&surface.get(super::id(&made)), 200)["metadata"], numbers);
}
