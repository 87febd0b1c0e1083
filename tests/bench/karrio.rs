//! The shipping API beside the Karrio server, one worker each, on the same core in turn within one run: lists, rates and new shipments.
//! Both have the same prices (`others/karrio/sheet.json`) and the same shipments, are asked with the same requests, and must name the same
//! totals. `make bench-karrio` installs Karrio, at fixed versions, below `.local`.

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
    any::Any,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use common::{
    CLIENT_CORE, Process, SERVER_CORE, children,
    load::{self, Bytes, Connection, Round},
    pin, setting,
    table::{Goal, Table},
};
use mgmt_tests::{Backend, Folder, Server, free_port, signal};
use serde_json::{Value, json};

/// Shipments of a page.
const PAGE: usize = 20;
/// Connections for lists and rates.
const CONNECTIONS: usize = 16;
/// Connections that make shipments at the same time. Karrio answers 500, "database is locked", when there are two on SQLite.
const MAKERS: usize = 64;
/// Different requests of one kind.
const REQUESTS: usize = 96;

/// A server on the core, and who asks it.
struct Side {
    name: &'static str,
    address: String,
    pids: Vec<u32>,
    authorization: String,
    /// What ends with the benchmark.
    _running: Box<dyn Any>,
}

/// What a side is asked for over and over.
struct Load {
    requests: Vec<Bytes>,
    status: u16,
    connections: usize,
}

fn main() {
    let home = PathBuf::from(std::env::var("BENCH_KARRIO").expect("run `make bench-karrio`"));
    pin(std::process::id(), CLIENT_CORE);
    let sides = [ours(), karrio(&home)];
    assert_eq!(prices(&sides[0]), prices(&sides[1]), "the same sheet, other prices");
    let mut table = Table::new("8-karrio.md");
    let lists = |side: &Side| Load { requests: vec![side.list()], status: 200, connections: CONNECTIONS };
    let rates = |side: &Side| Load { requests: side.rates(), status: 200, connections: CONNECTIONS };
    let makes = |side: &Side, connections| Load { requests: side.makes(), status: 201, connections };

    fill(&sides, 0, PAGE);
    compare(&mut table, &sides, "list shipments, all of 20", sides.each_ref().map(lists), 200.0);
    let stored = usize::try_from(setting("MGMT_BENCH_SHIPMENTS", 500)).unwrap();
    fill(&sides, PAGE, stored);
    compare(&mut table, &sides, &format!("list shipments, 20 of {stored}"), sides.each_ref().map(lists), 200.0);
    compare(&mut table, &sides, "rate", sides.each_ref().map(rates), 200.0);
    compare(&mut table, &sides, "create a shipment, one client", sides.each_ref().map(|side| makes(side, 1)), 50.0);
    let many = [makes(&sides[0], MAKERS), makes(&sides[1], 1)];
    compare(&mut table, &sides, "create a shipment, as many clients as it can take", many, 50.0);
}

/// Rounds in turn, and how many times as much the first side does as the second.
fn compare(table: &mut Table, sides: &[Side; 2], measure: &str, loads: [Load; 2], goal: f64) {
    let time = Duration::from_secs(setting("MGMT_BENCH_SECONDS", 4));
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..setting("MGMT_BENCH_ROUNDS", 3) {
        for ((side, load), rounds) in sides.iter().zip(&loads).zip(&mut rounds) {
            let Load { requests, status, connections } = load;
            rounds.push(load::run_tree(&side.address, &side.pids, *connections, requests, *status, time));
        }
    }
    let figures = rounds.map(|rounds| load::middle(&rounds));
    for ((side, load), Round { per_second, cpu }) in sides.iter().zip(&loads).zip(&figures) {
        println!("{measure}: {:8} {:3} connections {per_second:9.1}/s {cpu:9.1} µs", side.name, load.connections);
    }
    table.note(&format!("{measure}, beside Karrio"), figures[0].per_second / figures[1].per_second, " ×", Goal::AtLeast(goal));
}

/// Makes shipments until there are so many, and looks whether the list tells so.
fn fill(sides: &[Side], from: usize, to: usize) {
    for side in sides {
        let posts = side.makes();
        let mut connection = Connection::open(&side.address);
        for number in from..to {
            assert_eq!(connection.ask(&posts[number % REQUESTS]), 201, "{}", connection.body());
        }
        assert_eq!(connection.ask(&side.list()), 200, "{}", connection.body());
        let list: Value = serde_json::from_str(connection.body()).unwrap();
        assert_eq!((&list["count"], list["results"].as_array().unwrap().len()), (&json!(to), PAGE), "{}", side.name);
    }
}

/// The services and totals, in cents, that all requests are answered with.
fn prices(side: &Side) -> Vec<Vec<(String, i64)>> {
    let mut connection = Connection::open(&side.address);
    let mut priced = |post: Bytes| {
        assert_eq!(connection.ask(&post), 200, "{}", connection.body());
        let answer: Value = serde_json::from_str(connection.body()).unwrap();
        let cents = |rate: &Value| (rate["total_charge"].as_f64().unwrap() * 100.0).round() as i64;
        let of = |rate: &Value| (rate["service"].as_str().unwrap().to_owned(), cents(rate));
        let rates: Vec<_> = answer["rates"].as_array().unwrap().iter().map(of).collect();
        assert_eq!(rates.len(), sheet()["services"].as_array().unwrap().len(), "{answer}");
        rates
    };
    side.rates().into_iter().map(&mut priced).collect()
}

impl Side {
    fn list(&self) -> Bytes {
        load::get(&format!("/v1/shipments?limit={PAGE}"), &[("authorization", &self.authorization)])
    }

    /// Requests for rates, at the address where Karrio has them; it is one of ours, too.
    fn rates(&self) -> Vec<Bytes> {
        (0..REQUESTS).map(|number| self.post("/v1/proxy/rates", &parcel(number))).collect()
    }

    fn makes(&self) -> Vec<Bytes> {
        let shipment = |number| {
            let mut body = parcel(number);
            body["order_id"] = json!(format!("ORD-{number}"));
            body["metadata"] = json!({"batch": format!("b{}", number % 7)});
            body
        };
        (0..REQUESTS).map(|number| self.post("/v1/shipments", &shipment(number))).collect()
    }

    fn post(&self, path: &str, body: &Value) -> Bytes {
        load::post(path, &[("authorization", &self.authorization)], &body.to_string())
    }
}

/// One parcel from San Francisco to one of four countries.
fn parcel(number: usize) -> Value {
    let to = [
        json!({"country_code": "US", "postal_code": "10001", "state_code": "NY", "city": "New York", "address_line1": "20 W 34th Street"}),
        json!({"country_code": "CA", "postal_code": "K1A0B1", "state_code": "ON", "city": "Ottawa", "address_line1": "111 Wellington Street"}),
        json!({"country_code": "GB", "postal_code": "SW1A 1AA", "city": "London", "address_line1": "1 The Mall"}),
        json!({"country_code": "JP", "postal_code": "100-0001", "city": "Tokyo", "address_line1": "1-1 Chiyoda"}),
    ];
    let mut recipient = to[number % to.len()].clone();
    recipient["person_name"] = json!(format!("Ana Smith {number}"));
    json!({
        "shipper": {"country_code": "US", "postal_code": "94105", "state_code": "CA", "city": "San Francisco",
            "address_line1": "1 Market Street", "company_name": "Acme Widgets"},
        "recipient": recipient,
        "parcels": [{"weight": 0.5 + (number / 4 % 6) as f64 * 0.75, "weight_unit": "KG",
            "length": 30, "width": 20, "height": 10, "dimension_unit": "CM"}],
        "reference": format!("PO-{number}")
    })
}

fn source(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/others/karrio").join(name)).unwrap()
}

fn sheet() -> Value {
    serde_json::from_str(&source("sheet.json")).unwrap()
}

/// Our server, with the sheet in place of the one that every organization starts with.
fn ours() -> Side {
    const SHEETS: &str = "/v1/management/rate-sheets";
    let settings = [("MGMT_LOG__FILTER", "warn"), ("MGMT_SERVER__WORKERS", "1"), ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0")];
    let server = Server::with(Backend::Sqlite, &settings);
    let key = server.management_key();
    let first = server.get(SHEETS).bearer(key).send().expect(200);
    server.delete(&format!("{SHEETS}/{}", first["data"][0]["id"].as_str().unwrap())).bearer(key).send().expect_status(204);
    let mut sheet = sheet();
    sheet["name"] = json!("Bench");
    sheet["slug"] = json!("bench");
    server.post(SHEETS, &sheet).bearer(key).send().expect(201);
    pin(server.pid(), SERVER_CORE);
    Side {
        name: "mgmt",
        address: server.address.clone(),
        pids: vec![server.pid()],
        authorization: format!("Bearer {}", server.api_key()),
        _running: Box::new(server),
    }
}

/// Ends gunicorn in good order, as its worker would outlive it otherwise.
struct Gunicorn(Process);

impl Drop for Gunicorn {
    fn drop(&mut self) {
        signal(self.0.pid(), "TERM");
        let _ = self.0.0.wait();
    }
}

/// Karrio as its own image runs it, with one worker and a copy of the database that `scripts/bench-karrio` has made.
fn karrio(home: &Path) -> Side {
    let folder = Folder::new();
    for file in std::fs::read_dir(home.join("database")).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), folder.file(&file.file_name().to_string_lossy())).unwrap();
    }
    let address = format!("127.0.0.1:{}", free_port());
    let log = File::create(folder.file("karrio.log")).unwrap();
    let settings = source("settings.env");
    let mut command = Command::new("taskset");
    command.args(["-c", SERVER_CORE]).arg(home.join("venv/bin/gunicorn")).current_dir(folder.path());
    command.env_clear().envs(settings.lines().filter_map(|line| line.split_once('=')));
    command.env("PATH", std::env::var_os("PATH").unwrap()).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    command.args(["--workers", "1", "--worker-class", "karrio.server.workers.UvicornWorker", "--log-level", "warning"]);
    command.args(["--bind", &address, "karrio.server.asgi:application"]);
    let gunicorn = Gunicorn(Process(command.spawn().expect("gunicorn runs")));
    let pid = gunicorn.0.pid();
    let token = std::fs::read_to_string(home.join("token")).unwrap();
    while std::net::TcpStream::connect(&address).is_err() || children(pid).is_empty() {
        std::thread::sleep(Duration::from_millis(50));
    }
    Side {
        name: "Karrio",
        address,
        pids: children(pid),
        authorization: format!("Token {}", token.trim()),
        _running: Box::new((gunicorn, folder)),
    }
}
