//! Runs the example `axum_service` and talks to it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: a surprise is a panic"
)]

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

struct Example {
    child: Child,
    address: String,
    key: String,
}

impl Example {
    fn start() -> Self {
        // Beside the folder of this test's own binary: Cargo builds the examples of a package with its tests.
        let mut path = env::current_exe().unwrap();
        path.pop();
        path.pop();
        let mut child = Command::new(path.join("examples/axum_service"))
            .env("PORT", "0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("it is built");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (address, key) = line.trim().split_once(' ').expect("an address and a key");
        Self { child, address: address.to_owned(), key: key.to_owned() }
    }

    /// The whole answer, in lower case.
    fn ask(&self, line: &str, fields: &[&str]) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        write!(stream, "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n{fields}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.to_lowercase()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn holds(answer: &str, texts: &[&str]) {
    for text in texts {
        assert!(answer.contains(text), "no `{text}` in {answer}");
    }
}

#[test]
fn the_axum_service_guards_its_routes() {
    let example = Example::start();
    let (key, other) = (format!("authorization: Bearer {}", example.key), "authorization: ApiKey acme_sk_prod_nobody");
    holds(&example.ask("GET /", &[]), &["200 ok", "open to all"]);
    let missing = example.ask("GET /orders", &[]);
    holds(&missing, &["401 unauthorized", "www-authenticate: bearer realm=\"api\"\r\n", "\"code\":\"unauthorized\""]);
    holds(&example.ask("GET /orders", &[other]), &["401 unauthorized", "error=\"invalid_token\""]);
    holds(&example.ask("GET /orders", &[&key, other]), &["400 bad request", "\"code\":\"invalid_request\""]);
    holds(&example.ask("GET /orders", &[&key, "x-warehouse-id: a", "x-warehouse-id: b"]), &["400 bad request"]);
    holds(&example.ask("GET /orders", &[&key]), &["200 ok", "orders of org_", "ratelimit-policy: \"plan\";q=1000;w=60"]);
    let scope = "error=\"insufficient_scope\", scope=\"orders:write\"";
    holds(&example.ask("POST /orders", &[&key]), &["403 forbidden", scope, "\"code\":\"insufficient_scope\"", "ratelimit: "]);
}
