//! How long lists and single shipments take over HTTP when there are a million of them, on PostgreSQL.
//!
//! Real shipments are made over HTTP, one of each kind; then the database copies them, with ids, references, order ids, tracking numbers and
//! people of their own, until one organization has 950,000 and four others share 50,000. Each query is sent by one client at a time, with
//! values that differ from request to request, and by four at a time.
//!
//! `make bench-shipments` builds the server with optimization and runs this.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark: a surprise is a panic, and time is the real one"
)]

use std::time::{Duration, Instant};

use mgmt_tests::{Backend, Server};
use serde_json::{Value, json};

const OWN: i64 = 950_000;
const OTHERS: i64 = 50_000;
/// Requests of one query by one client, after a tenth as many that are not counted.
const REQUESTS: usize = 300;
const CLIENTS: usize = 4;
/// Shipments are this far apart: a million make about 231 days.
const STEP_MS: i64 = 20_000;
/// 2026-01-01T00:00:00Z, when the first one was made.
const FIRST_MS: i64 = 1_767_225_600_000;

const GIVEN: [&str; 8] = ["Ana", "Benoit", "Carla", "Dmitri", "Ewa", "Farid", "Gita", "Hugo"];
const FAMILY: [&str; 11] = ["Smith", "Jones", "Garcia", "Okafor", "Tanaka", "Novak", "Rossi", "Silva", "Kim", "Dubois", "Larsen"];

fn main() {
    assert!(Backend::Postgres.is_available());
    let server = Server::with(Backend::Postgres, &[("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0"), ("MGMT_LOG__FILTER", "warn")]);
    let start = Instant::now();
    fill(&server);
    println!("filled in {:.0} s", start.elapsed().as_secs_f64());
    println!("{}", sql(&server, SIZES));
    println!("{:44} {:>8} {:>10} {:>10} {:>10} {:>10}", "", "count", "p50 ms", "p99 ms", "p50 x4", "p99 x4");
    for (name, path) in queries() {
        measure(&server, name, &*path);
    }
    for (name, query) in PLANS {
        let query = query.replace("$organization", server.organization());
        println!("\n-- {name}\n{}", sql(&server, &format!("EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF) {query}")));
    }
}

fn sql(server: &Server, statement: &str) -> String {
    server.database.sql(&server.folder, statement)
}

const SIZES: &str = "SELECT relname || ' ' || pg_size_pretty(pg_relation_size(oid)) FROM pg_class \
    WHERE relname LIKE 'shipment%' AND relkind IN ('r', 'i') ORDER BY pg_relation_size(oid) DESC";

/// The statements behind the lists.
const PLANS: [(&str, &str); 4] = [
    (
        "a page",
        "SELECT id FROM shipments WHERE organization_id = '$organization' AND test_mode = false ORDER BY id DESC LIMIT 20",
    ),
    (
        "a page of one state",
        "SELECT id FROM shipments WHERE organization_id = '$organization' AND test_mode = false AND status = 'delivered' \
         ORDER BY id DESC LIMIT 20",
    ),
    (
        // The server asks for the rarest trigrams; of this number they are about the last six.
        "a tracking number",
        "SELECT id FROM shipments WHERE organization_id = '$organization' AND test_mode = false AND tracking_number LIKE '%gn000123456789%' \
         AND mgmt_grams(organization_id, test_mode, search || E'\\n' || address) @> mgmt_grams('$organization', false, '23456789') \
         ORDER BY id DESC LIMIT 10001",
    ),
    (
        "the count of a day",
        "SELECT count(*) FROM shipments WHERE organization_id = '$organization' AND test_mode = false \
         AND id >= 'shp_019bc0000000' AND id <= 'shp_019bc5200000'",
    ),
];

fn ms(n: i64) -> i64 {
    FIRST_MS + n * STEP_MS
}

/// The id of the n-th copy.
fn id(n: i64) -> String {
    format!("shp_{:012x}{n:020x}", ms(n))
}

fn day(n: i64) -> String {
    let days = ms(n) / 86_400_000;
    // Days of 2026, which has 365.
    let mut left = days - FIRST_MS / 86_400_000;
    for (month, length) in [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().enumerate() {
        if left < length {
            return format!("2026-{:02}-{:02}", month + 1, left + 1);
        }
        left -= length;
    }
    panic!("not in 2026")
}

type Path = Box<dyn Fn(i64) -> String>;

/// Each query for a number, which differs from request to request.
fn queries() -> Vec<(&'static str, Path)> {
    let list = |query: &'static str| -> Path { Box::new(move |_| format!("/v1/shipments?{query}")) };
    let with = |make: fn(i64) -> String| -> Path { Box::new(make) };
    vec![
        ("one shipment", with(|n| format!("/v1/shipments/{}", id(n)))),
        ("the newest 20", list("")),
        ("the newest 100", list("limit=100")),
        ("page 50", list("offset=1000")),
        ("status=delivered", list("status=delivered")),
        ("status=needs_attention (1 of 500)", list("status=needs_attention")),
        ("status=draft,created", list("status=draft,created")),
        ("four states", list("status=draft,created,delivered,in_transit")),
        ("carrier_name=generic", list("carrier_name=generic")),
        ("carrier_name=none", list("carrier_name=none")),
        (
            "status, carrier, service, has_tracker",
            list("status=in_transit&carrier_name=generic&service=standard_service&has_tracker=true"),
        ),
        ("created_after: the last days", with(|n| format!("/v1/shipments?created_after={}", day(OWN - 1 - n % 60_000)))),
        ("created_after: the last six months", list("created_after=2026-02-09")),
        ("created within a day", with(|n| format!("/v1/shipments?created_after={}&created_before={}T23:59:59", day(n), day(n)))),
        (
            "status within a week",
            with(|n| {
                format!(
                    "/v1/shipments?status=delivered&created_after={}&created_before={}",
                    day(n % 700_000),
                    day(n % 700_000 + 30_240)
                )
            }),
        ),
        ("reference, whole", with(|n| format!("/v1/shipments?reference=po-{n}"))),
        ("reference, a part", with(|n| format!("/v1/shipments?reference={:05}", n % 100_000))),
        ("order_id, a part", with(|n| format!("/v1/shipments?order_id=ord-{:04}", n % 10_000))),
        ("order_id, whole", with(|n| format!("/v1/shipments?order_id=ord-{:07}", n * 7919 % 1_000_003))),
        ("tracking_number", with(|n| format!("/v1/shipments?tracking_number=GN{:012}", n * 104_729 % 1_000_000_007))),
        ("keyword: a reference", with(|n| format!("/v1/shipments?keyword=PO-{n}"))),
        ("keyword: part of a number", with(|n| format!("/v1/shipments?keyword={:06}", n * 31 % 1_000_000))),
        (
            "keyword: a person (1 of 22,000)",
            with(|n| {
                format!("/v1/shipments?keyword={}%20{}%20{}", GIVEN[(n % 8) as usize], (n * 7) % 250, FAMILY[(n % 11) as usize])
            }),
        ),
        ("keyword that fits nothing", with(|n| format!("/v1/shipments?keyword=nothing-{n}"))),
        ("metadata: a rare value", with(|n| format!("/v1/shipments?metadata_key=batch&metadata_value=b{}", n % 50_000))),
    ]
}

/// Requests one after the other, then by several clients; the slowest of a hundred is left to see.
fn measure(server: &Server, name: &str, path: &dyn Fn(i64) -> String) {
    let numbers = (0..).map(|i: i64| i * 7_368_787 % OWN);
    let paths: Vec<String> = numbers.take(REQUESTS + REQUESTS / 10).map(path).collect();
    let key = server.api_key();
    let mut counts = Vec::new();
    let mut one: Vec<Duration> = Vec::new();
    for (i, path) in paths.iter().enumerate() {
        let call = server.get(path).bearer(key);
        let start = Instant::now();
        let answer = call.try_send().expect("an answer");
        let took = start.elapsed();
        assert_eq!(answer.status, 200, "{answer}");
        if i >= REQUESTS / 10 {
            one.push(took);
            counts.push(answer.value().get("count").and_then(Value::as_i64).unwrap_or(1));
        }
    }
    let shares: Vec<Vec<String>> = (0..CLIENTS).map(|c| paths.iter().skip(c).step_by(CLIENTS).cloned().collect()).collect();
    let many = std::thread::scope(|scope| {
        let clients: Vec<_> = shares.iter().map(|share| scope.spawn(move || timed(server, key, share))).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    counts.sort_unstable();
    let count = counts[counts.len() / 2];
    let at = |times: &[Duration], share: f64| {
        let mut times = times.to_vec();
        times.sort_unstable();
        times[((times.len() - 1) as f64 * share).ceil() as usize].as_secs_f64() * 1e3
    };
    println!(
        "{name:44} {count:8} {:10.1} {:10.1} {:10.1} {:10.1}",
        at(&one, 0.5),
        at(&one, 0.99),
        at(&many, 0.5),
        at(&many, 0.99)
    );
}

fn timed(server: &Server, key: &str, paths: &[String]) -> Vec<Duration> {
    let one = |path: &String| {
        let call = server.get(path).bearer(key);
        let start = Instant::now();
        assert_eq!(call.try_send().expect("an answer").status, 200);
        start.elapsed()
    };
    paths.iter().map(one).collect()
}

/// Makes the shipments that are copied, and copies them.
fn fill(server: &Server) {
    let key = server.api_key();
    let call = |path: &str, body: &Value| server.post(path, body).bearer(key).send();
    let request = json!({
        "shipper": {"country_code": "US", "postal_code": "94105", "city": "San Francisco", "address_line1": "1 Market Street", "company_name": "Acme Widgets"},
        "recipient": {"country_code": "CA", "postal_code": "K1A 0B1", "city": "Ottawa", "address_line1": "111 Wellington Street", "person_name": "PERSONOFCOPY"},
        "parcels": [{"weight": 1.25, "weight_unit": "KG", "length": 30, "width": 20, "height": 10, "dimension_unit": "CM"}],
        "reference": "REFERENCEOFCOPY", "order_id": "ORDEROFCOPY", "metadata": {"batch": "BATCHOFCOPY"}
    });
    for status in ["draft", "created", "cancelled", "picked_up", "in_transit", "on_hold", "out_for_delivery", "delivered"] {
        let made = call("/v1/shipments", &request).expect(201);
        let path = format!("/v1/shipments/{}", made["id"].as_str().unwrap());
        if status == "draft" {
            continue;
        }
        let bought = call(&format!("{path}/purchase"), &json!({"service": "standard_service"})).expect(200);
        match status {
            "created" => {}
            "cancelled" => drop(call(&format!("{path}/cancel"), &json!({})).expect(200)),
            status => {
                let report = json!({"events": [{"description": "it goes on"}], "status": status});
                let tracker = bought["tracker_id"].as_str().unwrap();
                drop(call(&format!("/v1/trackers/{tracker}/inject-events"), &report).expect(200));
            }
        }
    }
    let others: Vec<String> = (0..4).map(|n| server.tenant(&format!("Other {n}")).id).collect();
    // Indexes are built faster than they grow.
    let indexes = sql(server, INDEXES);
    let (drops, makes): (Vec<&str>, Vec<&str>) = indexes.split('\u{1e}').filter_map(|index| index.trim().split_once('|')).unzip();
    for name in drops {
        let _ = sql(server, &format!("DROP INDEX {name}"));
    }
    copy(server, "0", OWN, &format!("'{}'::text", server.organization()));
    let theirs = others.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
    copy(server, &OWN.to_string(), OTHERS, &format!("(ARRAY[{theirs}])[1 + n % 4]"));
    for make in makes {
        let _ = sql(server, &format!("SET maintenance_work_mem = '1GB'; {make}"));
    }
    let _ = sql(server, "DELETE FROM shipment_counts");
    let _ = sql(server, COUNTS);
    for table in ["shipments", "shipment_facets", "shipment_counts"] {
        let _ = sql(server, &format!("VACUUM (ANALYZE) {table}"));
    }
}

/// The indexes of the big tables that are no constraints, and what makes them: some of it stands on several lines.
const INDEXES: &str = "SELECT indexname || '|' || indexdef || chr(30) FROM pg_indexes \
    WHERE tablename IN ('shipments', 'shipment_facets') AND indexname NOT LIKE '%pkey'";

/// As the migration that made the table of counts, spread as the server spreads them.
const COUNTS: &str = "INSERT INTO shipment_counts \
    SELECT organization_id, test_mode, status, coalesce(carrier_name, ''), coalesce(service, ''), tracker_id IS NOT NULL, is_return, \
        ('x' || substr(id, 5, 12))::bit(48)::bigint / 86400000, ascii(right(id, 1)) % 4, count(*) \
    FROM shipments GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9";

/// Copies the shipments that were made, each with what is its own put in place. Half are delivered, one of 500 needs attention.
fn copy(server: &Server, from: &str, count: i64, organization: &str) {
    let list = |names: &[&str]| names.iter().map(|n| format!("'{n}'")).collect::<Vec<_>>().join(", ");
    let person =
        format!("(ARRAY[{}])[1 + n % 8] || ' ' || (n * 7 % 250) || ' ' || (ARRAY[{}])[1 + n % 11]", list(&GIVEN), list(&FAMILY));
    let own = [
        ("REFERENCEOFCOPY", "'PO-' || n".to_owned()),
        ("ORDEROFCOPY", "'ORD-' || lpad((n * 7919 % 1000003)::text, 7, '0')".to_owned()),
        ("PERSONOFCOPY", person),
        ("BATCHOFCOPY", "'b' || n % 50000".to_owned()),
    ];
    let in_place = |column: &str, number: &str| {
        let text = own.iter().fold(format!("t.{column}"), |text, (mark, value)| format!("replace({text}, '{mark}', {value})"));
        format!("replace(replace({text}, t.id, c.id), coalesce({number}, 'NONUMBEROFCOPY'), c.number)")
    };
    // What is searched in is in lower case, the marks too.
    let lower = |column: &str| {
        let text = in_place(column, "lower(t.number)");
        format!("lower({})", own.iter().fold(text, |text, (mark, _)| text.replace(mark, &mark.to_lowercase())))
    };
    let search = lower("search");
    let document = in_place("document", "t.number");
    let statement = format!(
        "CREATE TEMPORARY TABLE templates AS SELECT *, \
            substring(document FROM '\"tracking_number\":\"([^\"]+)\"') AS number FROM shipments \
            WHERE document LIKE '%REFERENCEOFCOPY%'; \
         CREATE TEMPORARY TABLE copies AS SELECT n, {organization} AS organization, \
            'shp_' || lpad(to_hex({FIRST_MS} + n * {STEP_MS}), 12, '0') || lpad(to_hex(n), 20, '0') AS id, \
            'GN' || lpad((n * 104729 % 1000000007)::text, 12, '0') AS number, \
            CASE WHEN n % 500 = 0 THEN 'needs_attention' WHEN n % 2 = 0 THEN 'delivered' \
                 ELSE (ARRAY['draft', 'created', 'cancelled', 'shipped', 'in_transit', 'out_for_delivery'])[1 + n / 2 % 6] END AS status \
            FROM generate_series({from}::bigint, {from} + {count} - 1) AS n; \
         INSERT INTO shipments (id, organization_id, test_mode, status, carrier_name, service, tracking_number, tracker_id, reference, order_id, \
            is_return, search, address, document, version) \
         SELECT c.id, c.organization, false, t.status, t.carrier_name, t.service, CASE WHEN t.number IS NULL THEN NULL ELSE lower(c.number) END, \
            CASE WHEN t.tracker_id IS NULL THEN NULL ELSE 'trk_' || substr(c.id, 5) END, 'po-' || n, \
            'ord-' || lpad((n * 7919 % 1000003)::text, 7, '0'), t.is_return, {search}, {address}, {document}, 1 \
         FROM copies AS c JOIN templates AS t ON t.status = c.status; \
         INSERT INTO shipment_facets (shipment_id, place, kind, name, value) \
         SELECT c.id, f.place, f.kind, f.name, CASE WHEN f.name = 'batch' THEN 'b' || n % 50000 WHEN f.name = 'request_id' THEN c.id ELSE f.value END \
         FROM copies AS c JOIN templates AS t ON t.status = c.status JOIN shipment_facets AS f ON f.shipment_id = t.id",
        address = lower("address"),
    );
    let _ = sql(server, &statement);
}
