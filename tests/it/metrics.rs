//! What dashboards and alerts ask for exists.

use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use mgmt_tests::{Backend, Server, free_port};
use serde_json::{Value, json};

fn document(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(path)
}

/// Every `mgmt_…` in a text.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("mgmt_")).map(str::to_owned).collect()
}

fn scrape(address: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the metrics' port");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: metrics\r\nConnection: close\r\n\r\n").expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    text
}

/// Each metric of the dashboard and of the alerts is one that a node of a cluster tells.
#[test]
fn dashboards_and_alerts_name_metrics_that_exist() {
    if !Backend::Postgres.is_available() {
        return;
    }
    let dashboard: Value = serde_json::from_str(&read_to_string(document("grafana/mgmt.json")).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let expressions: Vec<_> = panels.iter().flat_map(|p| p["targets"].as_array().into_iter().flatten()).collect();
    assert!(expressions.len() > 15 && expressions.iter().all(|t| t["expr"].is_string()));
    let rules = read_to_string(document("prometheus/rules.yml")).unwrap();
    let mut wanted: BTreeSet<_> = expressions.iter().flat_map(|t| names(t["expr"].as_str().unwrap())).collect();
    let in_rules: Vec<_> = rules.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    wanted.extend(names(&in_rules.join("\n")));
    assert!(wanted.len() >= 10, "{wanted:?}");

    let address = format!("127.0.0.1:{}", free_port());
    let server = Server::with(Backend::Postgres, &[("MGMT_SERVER__METRICS_LISTEN", &address)]);
    let made = server.create_key(&json!({"scopes": ["*"]}));
    assert_eq!(server.verdict(made["key"].as_str().unwrap()), "valid");
    let told = scrape(&address);
    let known: BTreeSet<_> =
        told.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(['{', ' ']).next()).collect();
    let missing: Vec<_> = wanted.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "no such metrics: {missing:?}\n{told}");
    // Labels too: a sum over one that does not exist is empty.
    for label in ["status=\"", "route=\"/v1/keys/verify\"", "mode=\"write\"", "outcome=\"failed\"", "version=\""] {
        assert!(told.contains(label), "{label}");
    }
}

/// Prometheus can read the alerts.
#[test]
fn alerts_are_well_formed() {
    match Command::new("promtool").args(["check", "rules"]).arg(document("prometheus/rules.yml")).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => eprintln!("*** SKIPPED: promtool is not installed (Debian: apt-get install prometheus) ***"),
    }
}
