//! Keys that are made over HTTP, durably, beside bare inserts of a single row with diesel, durably too, in one run.
//!
//! A new key is a row of its own and rows of its journal, its secret's window, its event and its audit entry, in one transaction that is on the
//! disk before the answer. The organizations are many, so that none has more than a few dozen keys. `make bench-writes` runs this on SQLite and on
//! PostgreSQL with durable commits. Server, database and client share the machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark: a surprise is a panic, and time is the real one"
)]

#[path = "common/mod.rs"]
mod common;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use common::{
    load, median, seed, setting,
    table::{Goal, Table},
};
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection};
use mgmt_tests::{Backend, Folder, Server};
use serde_json::json;

const TENANTS: usize = 2_000;
/// Threads of the bare inserts that stand beside many clients: more gain nothing on PostgreSQL with two cores, and SQLite has one writer.
const MANY: usize = 8;

const TABLE: &str = "CREATE TABLE bare (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL, \
    created_at BIGINT NOT NULL)";

fn main() {
    let mut table = Table::new("9-writes.md");
    for backend in [Backend::Sqlite, Backend::Postgres] {
        if backend == Backend::Sqlite || backend.is_available() {
            run(backend, &mut table);
        }
    }
}

fn run(backend: Backend, table: &mut Table) {
    let settings = [
        ("MGMT_LOG__FILTER", "warn"),
        ("MGMT_KEYS__MAX_ACTIVE", "10000"),
        ("MGMT_LIMITS__SCALE_PER_MINUTE", "0"),
        ("MGMT_DATABASE__POOL_SIZE", "16"),
    ];
    let mut server = Server::stopped(backend, &settings);
    server.bootstrap();
    let keys = seed::tenants(&server, TENANTS);
    server.run();
    let body = json!({"name": "a key", "scopes": ["orders:read", "shipments:read"]}).to_string();
    let create = |key: &String| load::post("/v1/management/api-keys", &[("authorization", &format!("Bearer {key}"))], &body);
    let requests: Vec<_> = keys.iter().map(create).collect();
    // Each key was used before: what is timed is not how it is found.
    let mut one = load::Connection::open(&server.address);
    for request in &requests {
        assert_eq!(one.ask(request), 201, "{}", String::from_utf8_lossy(one.answer()));
    }
    let bare = Bare::new(backend, &server);
    let time = Duration::from_secs(setting("MGMT_BENCH_SECONDS", 3));
    let mut figures: [Vec<f64>; 4] = Default::default();
    for round in 0..setting("MGMT_BENCH_ROUNDS", 5) {
        let round = round as usize;
        figures[0].push(load::run(&server.address, server.pid(), 1, &requests, 201, time).per_second);
        figures[1].push(bare.run(1, time, round * 2));
        figures[2].push(load::run(&server.address, server.pid(), 64, &requests, 201, time).per_second);
        figures[3].push(bare.run(if backend == Backend::Sqlite { 1 } else { MANY }, time, round * 2 + 1));
    }
    let [one, bare_one, many, bare_many] = figures.map(median);
    println!("\n{backend:?}: 1 client {one:.0}/s, bare {bare_one:.0}/s; 64 clients {many:.0}/s, bare {bare_many:.0}/s");
    let goals = if backend == Backend::Sqlite { [0.6, 1.2] } else { [0.4, 0.4] };
    table.note(&format!("creating keys on {backend:?}, 1 client, of bare inserts"), one / bare_one, "", Goal::AtLeast(goals[0]));
    table.note(
        &format!("creating keys on {backend:?}, 64 clients, of bare inserts"),
        many / bare_many,
        "",
        Goal::AtLeast(goals[1]),
    );
}

/// A database with a single table, on the same disk or the same server.
struct Bare {
    backend: Backend,
    url: String,
    _folder: Folder,
}

impl Bare {
    fn new(backend: Backend, server: &Server) -> Self {
        let folder = Folder::new();
        let url = match backend {
            Backend::Sqlite => folder.file("bare.db").to_str().unwrap().to_owned(),
            Backend::Postgres => server.database.url(),
        };
        match backend {
            Backend::Sqlite => sqlite(&url).batch_execute(&format!("PRAGMA journal_mode = WAL; {TABLE}")).unwrap(),
            Backend::Postgres => PgConnection::establish(&url).unwrap().batch_execute(TABLE).unwrap(),
        }
        Self { backend, url, _folder: folder }
    }

    /// How many rows a second so many threads insert, each in a transaction of its own.
    fn run(&self, threads: usize, time: Duration, round: usize) -> f64 {
        let (done, start) = (AtomicU64::new(0), Instant::now());
        thread::scope(|scope| {
            for number in 0..threads {
                let (done, prefix) = (&done, format!("{round}-{number}"));
                scope.spawn(move || {
                    let count = match self.backend {
                        Backend::Sqlite => insert(&mut sqlite(&self.url), &prefix, (start, time)),
                        Backend::Postgres => insert(&mut PgConnection::establish(&self.url).unwrap(), &prefix, (start, time)),
                    };
                    done.fetch_add(count, Ordering::Relaxed);
                });
            }
        });
        done.into_inner() as f64 / start.elapsed().as_secs_f64()
    }
}

fn sqlite(file: &str) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(file).unwrap();
    connection.batch_execute("PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000").unwrap();
    connection
}

/// A row as long as that of a key.
#[derive(diesel::Insertable)]
#[diesel(table_name = bare)]
struct Row<'a> {
    id: &'a str,
    organization_id: &'a str,
    name: &'a str,
    hash: &'a str,
    created_at: i64,
}

diesel::table! {
    bare (id) {
        id -> Text,
        organization_id -> Text,
        name -> Text,
        hash -> Text,
        created_at -> BigInt,
    }
}

trait Bench: Connection {
    fn insert(&mut self, row: &Row<'_>);
}

impl Bench for SqliteConnection {
    fn insert(&mut self, row: &Row<'_>) {
        diesel::insert_into(bare::table).values(row).execute(self).unwrap();
    }
}

impl Bench for PgConnection {
    fn insert(&mut self, row: &Row<'_>) {
        diesel::insert_into(bare::table).values(row).execute(self).unwrap();
    }
}

fn insert(connection: &mut impl Bench, prefix: &str, (start, time): (Instant, Duration)) -> u64 {
    let hash = "0123456789abcdef".repeat(4);
    let mut count = 0;
    while start.elapsed() < time {
        let id = format!("key_{prefix}_{count:024}");
        connection.insert(&Row {
            id: &id,
            organization_id: "org_0192f3c4a5b67c8d9e0f1a2b3c4d5e6f",
            name: "a key",
            hash: &hash,
            created_at: 1_800_000_000_000,
        });
        count += 1;
    }
    count
}
