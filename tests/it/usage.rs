//! `GET /v1/management/usage`.

use crate::keys::{id, key};
use mgmt_tests::{Answer, Backend, Server, in_parallel, in_seconds, on_each_backend};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

on_each_backend!(
    the_last_day_without_gaps,
    filters,
    ranges,
    wrong_queries,
    tables,
    other_organizations,
    parallel_clients_agree_with_the_totals,
);

fn usage(server: &Server, query: &str) -> Answer {
    server.get(&format!("/v1/management/usage{query}")).bearer(server.management_key()).send()
}

fn tally(accepted: u64, refused: u64, limited: u64) -> Value {
    json!({"accepted": accepted, "refused": refused, "limited": limited})
}

/// The sum of the buckets, which has to be what `totals` says.
#[track_caller]
fn totals(report: &Value) -> Value {
    let sum = |name: &str| report["data"].as_array().unwrap().iter().map(|b| b[name].as_u64().unwrap()).sum();
    let summed = tally(sum("accepted"), sum("refused"), sum("limited"));
    assert_eq!(report["totals"], summed);
    summed
}

fn starts(report: &Value) -> Vec<&str> {
    report["data"].as_array().unwrap().iter().map(|b| b["start"].as_str().unwrap()).collect()
}

fn the_last_day_without_gaps(backend: Backend) {
    let mut server = Server::start(backend);
    let made = server.create_key(&json!({"scopes": ["shipments:read"]}));
    for _ in 0..3 {
        server.verify(&json!({"key": key(&made)}));
    }
    server.verify(&json!({"key": key(&made), "scopes": ["orders:read"]}));
    let report = usage(&server, "?surface=verify").expect(200);
    assert_eq!(report.as_object().unwrap().len(), 2);
    assert_eq!(report["data"][0].as_object().unwrap().len(), 4);
    assert_eq!(totals(&report), tally(3, 1, 0), "what was counted a moment ago is there");
    assert_eq!(starts(&report).len(), 24);
    assert!(starts(&report).iter().all(|s| s.ends_with(":00:00.000Z")));
    assert!(starts(&report).is_sorted());
    for (interval, lengths, end) in [("minute", 1440..=1440, ":00.000Z"), ("day", 1..=2, "T00:00:00.000Z")] {
        let report = usage(&server, &format!("?surface=verify&interval={interval}")).expect(200);
        assert!(lengths.contains(&starts(&report).len()), "{report}");
        assert!(starts(&report).iter().all(|s| s.ends_with(end)));
        assert_eq!(totals(&report), tally(3, 1, 0), "{interval}");
    }
    server.restart();
    assert_eq!(totals(&usage(&server, "?surface=verify").expect(200)), tally(3, 1, 0));
}

fn filters(backend: Backend) {
    let server = Server::start(backend);
    let (a, b) = (server.create_key(&json!({"scopes": ["orders:read"]})), server.create_key(&json!({"scopes": ["orders:read"]})));
    server.verify(&json!({"key": key(&a)}));
    server.verify(&json!({"key": key(&b)}));
    server.get("/v1/authorize").bearer(key(&b)).send().expect_status(200);
    let of = |query: &str| totals(&usage(&server, query).expect(200));
    let key_id = |key: &Value| format!("key_id={}", id(key));
    assert_eq!(of(&format!("?{}", key_id(&a))), tally(1, 0, 0));
    assert_eq!(of(&format!("?{}", key_id(&b))), tally(2, 0, 0));
    assert_eq!(of(&format!("?surface=resource&{}", key_id(&b))), tally(1, 0, 0));
    assert_eq!(of("?surface=resource"), tally(1, 0, 0));
    assert_eq!(of("?surface=verify"), tally(2, 0, 0));
    assert_eq!(of("?key_id=key_00000000000070008000000000000000"), tally(0, 0, 0));
    let before = of("?surface=management")["accepted"].as_u64().unwrap();
    assert_eq!(of("?surface=management"), tally(before + 1, 0, 0), "reading usage is management traffic");
}

fn ranges(backend: Backend) {
    let server = Server::start(backend);
    server.verify(&json!({"key": server.api_key()}));
    let soon = in_seconds(60);
    for (query, expected) in [
        ("from=2027-02-28T23:30:00Z&to=2027-03-01T00:30:00Z", vec!["2027-02-28T23:00:00.000Z", "2027-03-01T00:00:00.000Z"]),
        ("from=2027-03-01T00:30:00%2B01:00&to=2027-02-28T23:30:01Z", vec!["2027-02-28T23:00:00.000Z"]),
        (
            "from=2028-02-28T12:00:00Z&to=2028-03-01T00:00:00Z&interval=day",
            vec!["2028-02-28T00:00:00.000Z", "2028-02-29T00:00:00.000Z"],
        ),
        (
            "from=2026-12-31T23:59:00Z&to=2027-01-01T00:01:00Z&interval=minute",
            vec!["2026-12-31T23:59:00.000Z", "2027-01-01T00:00:00.000Z"],
        ),
    ] {
        assert_eq!(starts(&usage(&server, &format!("?{query}")).expect(200)), expected, "{query}");
    }
    let all = usage(&server, &format!("?from=2020-01-01T00:00:00Z&to={soon}&interval=day&surface=verify")).expect(200);
    assert_eq!(totals(&all), tally(1, 0, 0));
    let past = usage(&server, "?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z").expect(200);
    assert_eq!((totals(&past), starts(&past).len()), (tally(0, 0, 0), 31 * 24));
}

fn wrong_queries(backend: Backend) {
    let server = Server::start(backend);
    for (query, field) in [
        ("interval=week", "interval"),
        ("surface=admin", "surface"),
        ("key_id=org_00000000000070008000000000000000", "key_id"),
        ("from=yesterday", "from"),
        ("to=2027-01-01", "to"),
        ("from=2027-01-01T00:00:00Z&to=2027-01-01T00:00:00Z", "from"),
        ("from=2020-01-01T00:00:00Z&to=2020-01-08T00:00:00.001Z&interval=minute", "from"),
        ("from=1970-01-01T00:00:00Z&to=9999-12-31T00:00:00Z&interval=day", "from"),
        ("limit=10", "limit"),
        ("from=2020-01-01T00:00:00Z&from=2020-01-01T00:00:00Z", "from"),
    ] {
        usage(&server, &format!("?{query}")).names_fields(&[field]);
    }
    let week = usage(&server, "?from=2020-01-01T00:00:00Z&to=2020-01-08T00:00:00Z&interval=minute").expect(200);
    assert_eq!(starts(&week).len(), 7 * 24 * 60);
}

fn tables(backend: Backend) {
    let server = Server::start(backend);
    server.verify(&json!({"key": server.api_key()}));
    let ask = |accept: &str| {
        server.get("/v1/management/usage?surface=verify").bearer(server.management_key()).header("accept", accept).send()
    };
    let answer = ask("text/csv");
    answer.expect_status(200);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"usage.csv\""));
    let report = usage(&server, "?surface=verify").expect(200);
    let mut expected = "start,accepted,refused,limited\r\n".to_owned();
    for bucket in report["data"].as_array().unwrap() {
        let (start, count) = (bucket["start"].as_str().unwrap(), |name: &str| bucket[name].as_u64().unwrap());
        expected.push_str(&format!("{start},{},{},{}\r\n", count("accepted"), count("refused"), count("limited")));
    }
    assert_eq!(answer.text(), expected);
    assert!(ask("*/*").header("content-type").unwrap().starts_with("application/json"));
    ask("text/html").refused(406, "not_acceptable");
    let wrong = server.get("/v1/management/usage?interval=x").bearer(server.management_key()).header("accept", "text/csv");
    wrong.send().names_fields(&["interval"]);
    usage(&server, "?from=x&interval=z&surface=q&key_id=r").names_fields(&["from", "interval", "surface", "key_id"]);
}

fn other_organizations(backend: Backend) {
    let server = Server::start(backend);
    let tenant = server.tenant("Other");
    let made = server.create_key(&json!({"scopes": ["shipments:read"]}));
    server.verify(&json!({"key": key(&made)}));
    let theirs = |query: &str| server.get(&format!("/v1/management/usage{query}")).bearer(&tenant.management_key).send();
    assert_eq!(totals(&theirs("?surface=verify").expect(200)), tally(0, 0, 0));
    let foreign = theirs(&format!("?key_id={}", id(&made)));
    let missing = theirs("?key_id=key_00000000000070008000000000000000");
    assert_eq!(foreign.expect(200), missing.expect(200), "a foreign key is counted like one that does not exist");
    let acting = server.get("/v1/management/usage").bearer(server.management_key()).header("x-organization-id", &tenant.id);
    assert_eq!(totals(&acting.send().expect(200))["accepted"], 3, "the operator reads the tenant's");
}

/// 64 clients ask until 20,000 checks are done, or 100,000 in a long run, while somebody reads usage all the time.
fn parallel_clients_agree_with_the_totals(backend: Backend) {
    const CLIENTS: u64 = 64;
    let is_long = std::env::var("MGMT_TEST_LONG").is_ok_and(|v| v == "1");
    let each = if is_long { 100_000 } else { 20_000_u64 }.div_ceil(CLIENTS);
    let server = Server::with(backend, &[("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0")]);
    let free = server.create_key(&json!({"scopes": ["shipments:read"]}));
    let few = json!({"scopes": ["shipments:read"], "quota": {"limit": 1000, "period": "month"}});
    let short = server.create_key(&few);
    let (begun, ended, done) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let seen = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            // A client that fails must not leave the reader behind.
            let limit = std::time::Instant::now() + std::time::Duration::from_secs(150);
            while std::time::Instant::now() < limit && !done.load(Ordering::SeqCst) {
                let before = ended.load(Ordering::SeqCst);
                let report = usage(&server, "?surface=verify&interval=minute").expect(200);
                let after = begun.load(Ordering::SeqCst);
                let sum: u64 = totals(&report).as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
                assert!((before..=after).contains(&sum), "{before} were answered, {after} were sent, {sum} are counted");
                reads += 1;
            }
            reads
        });
        let seen = in_parallel(CLIENTS as usize, |_| {
            let mut codes = BTreeMap::<String, u64>::new();
            for round in 0..each {
                let question = match round % 4 {
                    0 => json!({"key": key(&free), "scopes": ["orders:read"]}),
                    1 => json!({"key": key(&short)}),
                    _ => json!({"key": key(&free)}),
                };
                begun.fetch_add(1, Ordering::SeqCst);
                let verdict = server.verify(&question);
                ended.fetch_add(1, Ordering::SeqCst);
                *codes.entry(verdict["code"].as_str().unwrap().to_owned()).or_default() += 1;
            }
            codes
        });
        done.store(true, Ordering::SeqCst);
        let reads: u32 = reader.join().expect("the reader");
        assert!(reads > 3, "usage was read {reads} times");
        seen
    });
    let count = |code: &str| seen.iter().filter_map(|codes| codes.get(code)).sum::<u64>();
    let (accepted, refused, limited) = (count("valid"), count("insufficient_scope"), count("quota_exceeded"));
    assert_eq!(accepted + refused + limited, CLIENTS * each, "{seen:?}");
    assert!(limited > 0 && refused > 0);
    for interval in ["minute", "hour", "day"] {
        let report = usage(&server, &format!("?surface=verify&interval={interval}")).expect(200);
        assert_eq!(totals(&report), tally(accepted, refused, limited), "{interval}");
    }
    let of_key = usage(&server, &format!("?key_id={}", id(&short))).expect(200);
    assert_eq!(totals(&of_key), tally(1000, 0, limited));
}
