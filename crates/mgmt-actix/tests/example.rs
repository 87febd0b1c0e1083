//! Runs the example `guarded` and talks to it.

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
        let mut child =
            Command::new(path.join("examples/guarded")).env("PORT", "0").stdout(Stdio::piped()).spawn().expect("it is built");
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
fn the_actix_service_guards_its_routes() {
    let example = Example::start();
    let (key, path) = (format!("authorization: ApiKey {}", example.key), "/api/v1/inbound");
    holds(&example.ask("GET /", &[]), &["200 ok", "open to all"]);
    holds(&example.ask(&format!("GET {path}"), &[]), &["401 unauthorized", "\"code\":\"unauthorized\""]);
    let scope = "error=\"insufficient_scope\", scope=\"inbound:write\"";
    holds(&example.ask(&format!("POST {path}"), &[&key]), &["403 forbidden", scope]);
    for left in ["2", "1", "0"] {
        let remaining = format!("x-ratelimit-remaining: {left}\r\n");
        holds(&example.ask(&format!("GET {path}"), &[&key]), &["200 ok", "deliveries of org_", &remaining]);
    }
    holds(&example.ask(&format!("GET {path}"), &[&key]), &["429 too many requests", "retry-after: ", "rate_limited"]);
}
