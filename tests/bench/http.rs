//! `POST /v1/keys/verify` and `GET /v1/authorize` beside the bare framework, in turn within one run: how many a second, and the
//! processor time of the server for each.
//!
//! Server and client have a core each. The bare server is actix-web with one route: it decodes the same JSON body, and answers with the bytes
//! that the real one has answered with, header fields included. A second one answers with the body alone. A hundred keys, each with a limit of its own,
//! are asked for in turn over 64 connections; every second the server writes down how each of them was used, on the same core.
//! `make bench-http`; `MGMT_BENCH_KEYS`, `MGMT_BENCH_ROUNDS` and `MGMT_BENCH_SECONDS` say how many, how often and how long.

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
    process::{Command, Stdio},
    time::Duration,
};

use actix_web::{
    App, HttpResponse, HttpServer,
    http::header::{HeaderName, HeaderValue},
    web,
};
use common::{
    CLIENT_CORE, Process, SERVER_CORE,
    load::{self, Bytes, Connection, Round},
    pin, seed, setting,
    table::{Goal, Table},
};
use mgmt_core::limit::RateLimit;
use mgmt_tests::{Backend, Server, free_port};
use serde_json::json;

const CONNECTIONS: usize = 64;
/// Tells the program to be the bare server, on this address.
const BARE: &str = "BENCH_BARE";

/// One of the two questions.
struct Case {
    name: &'static str,
    requests: Vec<Bytes>,
    goal_ratio: f64,
    goal_cpu: f64,
}

fn main() {
    if let Ok(address) = std::env::var(BARE) {
        return bare(&address);
    }
    pin(std::process::id(), CLIENT_CORE);
    let server = server();
    let (server, texts) = (&server.0, &server.1);
    let key = server.management_key();
    let authorization = format!("Bearer {key}");
    let verify = |text: &String| {
        let body = json!({"key": text, "scopes": ["orders:read"]}).to_string();
        load::post("/v1/keys/verify", &[("authorization", &authorization)], &body)
    };
    let authorize = |text: &String| load::get("/v1/authorize?scope=orders:read", &[("authorization", &format!("Bearer {text}"))]);
    let cases = [
        Case { name: "POST /v1/keys/verify", requests: texts.iter().map(verify).collect(), goal_ratio: 0.92, goal_cpu: 1.0 },
        Case { name: "GET /v1/authorize", requests: texts.iter().map(authorize).collect(), goal_ratio: 0.95, goal_cpu: 0.8 },
    ];
    let mut table = Table::new("2-http.md");
    for case in &cases {
        compare(server, case, &mut table);
    }
}

/// A server with keys, on one core.
fn server() -> (Server, Vec<String>) {
    let filter = std::env::var("MGMT_BENCH_LOG").unwrap_or_else(|_| "warn".to_owned());
    let settings = [
        ("MGMT_LOG__FILTER", filter.as_str()),
        ("MGMT_SERVER__WORKERS", "1"),
        // The limit of a plan is shared by all keys of an organization; here each key has its own.
        ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0"),
        ("MGMT_LIMITS__SCALE_PER_MINUTE", "0"),
        ("MGMT_LIMITS__ENTERPRISE_PER_MINUTE", "0"),
    ];
    let mut server = Server::stopped(Backend::Sqlite, &settings);
    server.bootstrap();
    // Wide enough for everything here to pass.
    let texts = seed::keys(&server, setting("MGMT_BENCH_KEYS", 100) as usize, RateLimit::new(10_000, 1).ok());
    server.run();
    pin(server.pid(), SERVER_CORE);
    (server, texts)
}

fn compare(server: &Server, case: &Case, table: &mut Table) {
    let mut one = Connection::open(&server.address);
    for request in &case.requests {
        assert_eq!(one.ask(request), 200, "{}", String::from_utf8_lossy(one.answer()));
    }
    let same = start_bare(one.answer(), true);
    let plain = start_bare(one.answer(), false);
    let ours = (server.address.clone(), server.pid());
    let subjects = [&ours, &(same.1.clone(), same.0.pid()), &(plain.1.clone(), plain.0.pid())];
    let time = Duration::from_secs(setting("MGMT_BENCH_SECONDS", 2));
    let mut rounds: [Vec<Round>; 3] = Default::default();
    for _ in 0..setting("MGMT_BENCH_ROUNDS", 7) {
        for (subject, rounds) in subjects.iter().zip(&mut rounds) {
            rounds.push(load::run(&subject.0, subject.1, CONNECTIONS, &case.requests, 200, time));
        }
    }
    let figures = rounds.each_ref().map(|rounds| load::middle(rounds));
    println!("\n{}", case.name);
    for (name, Round { per_second, cpu }) in ["mgmt", "actix, the same bytes", "actix, the body alone"].iter().zip(figures) {
        println!("  {name:24} {per_second:9.0}/s {cpu:7.2} µs");
    }
    let [ours, same, plain] = figures;
    let (name, ratio) = (case.name, ours.per_second / same.per_second);
    table.note(
        &format!("{name}, of the throughput of bare actix with the same bytes"),
        ratio,
        "",
        Goal::AtLeast(case.goal_ratio),
    );
    table.note(&format!("{name}, more processor time than bare actix"), ours.cpu - same.cpu, " µs", Goal::AtMost(case.goal_cpu));
    println!("  beside the body alone: {:.2}, +{:.2} µs", ours.per_second / plain.per_second, ours.cpu - plain.cpu);
}

/// Starts the bare server on the core of the real one, with the real one's answer.
fn start_bare(answer: &[u8], with_fields: bool) -> (Process, String) {
    let address = format!("127.0.0.1:{}", free_port());
    let (head, body) = std::str::from_utf8(answer).unwrap().split_once("\r\n\r\n").unwrap();
    let own = ["content-length", "date"];
    let fields: Vec<&str> = head.split("\r\n").skip(1).filter(|l| own.iter().all(|name| !l.starts_with(name))).collect();
    let child = Command::new("taskset")
        .args(["-c", SERVER_CORE])
        .arg(std::env::current_exe().unwrap())
        .env(BARE, &address)
        .env("BENCH_BODY", body)
        .env("BENCH_FIELDS", if with_fields { fields.join("\n") } else { "content-type: application/json".to_owned() })
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let process = Process(child);
    while std::net::TcpStream::connect(&address).is_err() {
        std::thread::sleep(Duration::from_millis(10));
    }
    (process, address)
}

/// What the bare server reads of a question.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    key: String,
    scopes: Option<Vec<String>>,
}

struct Answer {
    fields: Vec<(HeaderName, HeaderValue)>,
    body: web::Bytes,
}

impl Answer {
    fn respond(&self) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        for (name, value) in &self.fields {
            response.insert_header((name.clone(), value.clone()));
        }
        if self.body.is_empty() { response.finish() } else { response.body(self.body.clone()) }
    }
}

fn bare(address: &str) {
    let texts = |name| std::env::var(name).unwrap();
    let fields = texts("BENCH_FIELDS");
    let fields = fields.lines().map(|line| line.split_once(": ").unwrap());
    let fields = fields.map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect();
    let answer = web::Data::new(Answer { fields, body: texts("BENCH_BODY").into() });
    let app = move || {
        let verify = |answer: web::Data<Answer>, question: web::Json<Question>| async move {
            std::hint::black_box((&question.key, &question.scopes));
            answer.respond()
        };
        let authorize = |answer: web::Data<Answer>| async move { answer.respond() };
        App::new()
            .app_data(answer.clone())
            .route("/v1/keys/verify", web::post().to(verify))
            .route("/v1/authorize", web::get().to(authorize))
    };
    let server = HttpServer::new(app).workers(1).bind(address).unwrap();
    actix_web::rt::System::new().block_on(server.run()).unwrap();
}
