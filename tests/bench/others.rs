//! Checks a second beside what people would pick instead, each server on one core, in turn within one run: better-auth's API-key plugin on
//! Node and djangorestframework-api-key on gunicorn. `make bench-others` installs them, at fixed versions, below `.local`.

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
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use common::{
    CLIENT_CORE, Process, SERVER_CORE, children,
    load::{self, Bytes, Round},
    pin, seed, setting,
    table::{Goal, Table},
};
use mgmt_core::limit::RateLimit;
use mgmt_tests::{Backend, Folder, Server, free_port};
use serde_json::json;

const KEYS: usize = 1_000;
const CONNECTIONS: usize = 64;

/// A server on the core, and what it is asked.
struct Subject {
    name: &'static str,
    address: String,
    pids: Vec<u32>,
    requests: Vec<Bytes>,
    _process: Option<Process>,
    _folder: Option<Folder>,
}

fn main() {
    let home = PathBuf::from(std::env::var("BENCH_OTHERS").expect("run `make bench-others`"));
    pin(std::process::id(), CLIENT_CORE);
    let (server, verify, authorize) = ours();
    let ours = |name, requests| Subject {
        name,
        address: server.address.clone(),
        pids: vec![server.pid()],
        requests,
        _process: None,
        _folder: None,
    };
    let subjects = [ours("mgmt, verify", verify), ours("mgmt, authorize", authorize), better_auth(&home), django(&home)];
    let time = Duration::from_secs(setting("MGMT_BENCH_SECONDS", 2));
    let mut rounds = vec![Vec::new(); subjects.len()];
    for _ in 0..setting("MGMT_BENCH_ROUNDS", 5) {
        for (subject, rounds) in subjects.iter().zip(&mut rounds) {
            rounds.push(load::run_tree(&subject.address, &subject.pids, CONNECTIONS, &subject.requests, 200, time));
        }
    }
    let figures: Vec<Round> = rounds.iter().map(|rounds| load::middle(rounds)).collect();
    for (subject, Round { per_second, cpu }) in subjects.iter().zip(&figures) {
        println!("{:40} {per_second:9.0}/s {cpu:9.1} µs", subject.name);
    }
    let mut table = Table::new("7-others.md");
    table.note("verify beside better-auth", figures[0].per_second / figures[2].per_second, " ×", Goal::AtLeast(40.0));
    table.note(
        "authorize beside djangorestframework-api-key",
        figures[1].per_second / figures[3].per_second,
        " ×",
        Goal::AtLeast(60.0),
    );
}

/// Our server with as many keys, each with a limit of its own.
fn ours() -> (Server, Vec<Bytes>, Vec<Bytes>) {
    let settings = [("MGMT_LOG__FILTER", "warn"), ("MGMT_SERVER__WORKERS", "1"), ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0")];
    let mut server = Server::stopped(Backend::Sqlite, &settings);
    server.bootstrap();
    let texts = seed::keys(&server, KEYS, RateLimit::new(1_000, 1).ok());
    server.run();
    pin(server.pid(), SERVER_CORE);
    let authorization = format!("Bearer {}", server.management_key());
    let verify =
        |text: &String| load::post("/v1/keys/verify", &[("authorization", &authorization)], &json!({"key": text}).to_string());
    let authorize = |text: &String| load::get("/v1/authorize", &[("authorization", &format!("Bearer {text}"))]);
    let requests = (texts.iter().map(verify).collect(), texts.iter().map(authorize).collect());
    (server, requests.0, requests.1)
}

fn on_the_core(program: &Path, folder: &Path, database: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", SERVER_CORE]).arg(program).current_dir(folder).env("DATABASE", database).stdin(Stdio::null());
    command
}

fn better_auth(home: &Path) -> Subject {
    let (folder, port) = (Folder::new(), free_port());
    let mut command = on_the_core(Path::new("node"), &home.join("better-auth"), &folder.file("auth.db"));
    command.arg("server.mjs").env("PORT", port.to_string()).env("KEYS", KEYS.to_string()).env("NODE_ENV", "production");
    let mut process = Process(command.stdout(Stdio::piped()).spawn().expect("node runs"));
    let lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
    let keys: Vec<String> = lines.take(KEYS).map(Result::unwrap).collect();
    assert_eq!(keys.len(), KEYS, "better-auth did not start");
    let verify = |key: &String| load::post("/verify", &[], &json!({"key": key}).to_string());
    Subject {
        name: "better-auth, SQLite",
        address: format!("127.0.0.1:{port}"),
        pids: vec![process.pid()],
        requests: keys.iter().map(verify).collect(),
        _process: Some(process),
        _folder: Some(folder),
    }
}

fn django(home: &Path) -> Subject {
    let (folder, port) = (Folder::new(), free_port());
    let (source, database) = (home.join("django"), folder.file("django.db"));
    let made =
        on_the_core(&home.join("venv/bin/python"), &source, &database).args(["app.py", &KEYS.to_string()]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let address = format!("127.0.0.1:{port}");
    let mut command = on_the_core(&home.join("venv/bin/gunicorn"), &source, &database);
    // One worker, whose one thread keeps connections open: the core is busy with it all the time.
    command.args(["--workers", "1", "--worker-class", "gthread", "--threads", "1", "--keep-alive", "60"]);
    command.args(["--log-level", "warning", "--bind", &address, "app:application"]);
    let process = Process(command.spawn().expect("gunicorn runs"));
    while std::net::TcpStream::connect(&address).is_err() || children(process.pid()).is_empty() {
        std::thread::sleep(Duration::from_millis(50));
    }
    let texts = String::from_utf8(made.stdout).unwrap();
    let guarded = |key: &str| load::get("/guarded", &[("authorization", &format!("Api-Key {key}"))]);
    Subject {
        name: "djangorestframework-api-key, SQLite",
        address,
        pids: children(process.pid()),
        requests: texts.lines().map(guarded).collect(),
        _process: Some(process),
        _folder: Some(folder),
    }
}
