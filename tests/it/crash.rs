//! What was acknowledged is there after a kill; an orderly stop lets running requests end.

use crate::keys::{Surface, id, key};
use mgmt_tests::{Backend, Server, in_parallel, on_each_backend};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

on_each_backend!(a_kill_loses_nothing_acknowledged, an_orderly_stop, a_second_signal_forces, usage_of_quotas_survives);

/// What a client was told before the server died.
#[derive(Debug, Default)]
struct Acknowledged {
    made: Vec<Value>,
    revoked: Vec<Value>,
    renamed: Vec<(String, String)>,
}

fn a_kill_loses_nothing_acknowledged(backend: Backend) {
    let mut server = Server::with(backend, &[("MGMT_KEYS__MAX_ACTIVE", "100000")]);
    for round in 0..4 {
        let dead = AtomicBool::new(false);
        let told = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..6)
                .map(|n| {
                    let (server, dead) = (&server, &dead);
                    scope.spawn(move || write_until_dead(server, dead, round, n))
                })
                .collect();
            sleep(Duration::from_millis(700 + 150 * round));
            mgmt_tests::signal(server.pid(), "KILL");
            dead.store(true, Ordering::SeqCst);
            writers.into_iter().map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
        });
        server.kill();
        server.run();
        assert!(told.iter().map(|told| told.made.len()).sum::<usize>() > 0, "nothing was written in round {round}");
        in_parallel(told.len(), |n| check(&server, &told[n]));
        // And it goes on.
        Surface::management(&server).created();
    }
    if backend == Backend::Sqlite {
        let verdict = server.database.sql(&server.folder, "PRAGMA integrity_check");
        assert_eq!(verdict.trim(), "ok");
        assert_eq!(server.database.sql(&server.folder, "PRAGMA foreign_key_check").trim(), "");
    }
}

fn write_until_dead(server: &Server, dead: &AtomicBool, round: u64, writer: u64) -> Acknowledged {
    let mut told = Acknowledged::default();
    let credential = server.management_key();
    while !dead.load(Ordering::SeqCst) {
        let body = json!({"name": format!("r{round} w{writer}"), "scopes": ["shipments:read"]});
        let Ok(answer) = server.post("/v1/management/api-keys", &body).bearer(credential).try_send() else { break };
        let made = answer.expect(201);
        let path = format!("/v1/management/api-keys/{}", id(&made));
        let turn = told.made.len() % 3;
        if turn == 0 {
            let answer = server.delete(&path).bearer(credential).try_send();
            if answer.is_ok_and(|answer| answer.status == 204) {
                told.revoked.push(made.clone());
            }
        } else if turn == 1 {
            let name = format!("renamed {}", id(&made));
            let answer = server.patch(&path, &json!({"name": name})).bearer(credential).try_send();
            if answer.is_ok_and(|answer| answer.status == 200) {
                told.renamed.push((id(&made).to_owned(), name));
            }
        }
        told.made.push(made);
    }
    told
}

fn check(server: &Server, told: &Acknowledged) {
    let surface = Surface::management(server);
    for made in &told.made {
        let code = server.verdict(key(made));
        // A revocation that was on its way may have come through or not; a key that was made is known.
        assert!(["valid", "revoked"].contains(&code.as_str()), "an acknowledged key is {code}");
    }
    for made in &told.revoked {
        assert_eq!(server.verdict(key(made)), "revoked", "an acknowledged revocation is lost");
    }
    for (id, name) in &told.renamed {
        assert_eq!(surface.get(id).expect(200)["name"], *name, "an acknowledged change is lost");
    }
}

fn an_orderly_stop(backend: Backend) {
    let mut server = Server::start(backend);
    // A request whose body is still on its way when the signal comes.
    let body = json!({"scopes": ["shipments:read"], "name": "in flight"}).to_string();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST /v1/management/api-keys HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        server.management_key(),
        body.len()
    );
    let (first, second) = body.split_at(10);
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(first.as_bytes()).unwrap();
    sleep(Duration::from_millis(800));
    server.terminate();
    sleep(Duration::from_millis(800));
    stream.write_all(second.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 201"), "the running request ends: {answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    let made: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let status = server.wait();
    assert_eq!(status.code(), Some(0), "{status}: {}", server.log());
    server.run();
    assert_eq!(server.verdict(key(&made)), "valid");
}

fn a_second_signal_forces(backend: Backend) {
    let mut server = Server::start(backend);
    // A client that never sends the rest holds the first stop up.
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST /v1/management/api-keys HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
        server.management_key()
    );
    stream.write_all(head.as_bytes()).unwrap();
    sleep(Duration::from_millis(800));
    server.terminate();
    sleep(Duration::from_millis(800));
    // While it drains, it says that it is not ready, or takes no new connection.
    if let Ok(answer) = server.get("/readyz").try_send() {
        assert_eq!(answer.status, 503, "{answer}");
    }
    let start = Instant::now();
    server.terminate();
    server.wait();
    assert!(start.elapsed() < Duration::from_secs(10), "a second signal does not wait for clients");
}

/// What was used stays used over an orderly stop and over a kill: a crash may strand units, and never hands one out twice.
fn usage_of_quotas_survives(backend: Backend) {
    const LIMIT: u64 = 40;
    let mut server = Server::start(backend);
    let made = server.create_key(&json!({"scopes": ["*"], "quota": {"limit": LIMIT, "period": "month"}}));
    let accepted = |server: &Server, tries: u64| (0..tries).filter(|_| server.verdict(key(&made)) == "valid").count() as u64;
    assert_eq!(accepted(&server, 13), 13);
    server.restart();
    assert_eq!(server.verify(&json!({"key": key(&made), "cost": 0}))["quota"]["used"], 13);
    assert_eq!(accepted(&server, 9), 9);
    server.kill();
    server.run();
    let after = accepted(&server, LIMIT);
    assert!(after <= LIMIT - 22, "over-issued: {after}");
    // One block at most is stranded: a hundredth of the limit, here one unit.
    assert!(after >= LIMIT - 22 - 1, "stranded more than a block: {after}");
    assert_eq!(server.verdict(key(&made)), "quota_exceeded");
}
