//! Keys of other systems: imported by their hashes, verified by their own text, adopted at their first use.

use std::{fmt::Write as _, thread, time::Duration};

use mgmt_tests::{Backend, Run, Server, in_parallel, on_each_backend};
use serde_json::{Value, json};

on_each_backend!(
    other_systems_keys_open_what_ours_open,
    imported_keys_live_as_ours_do,
    repeats_are_recognised_and_faults_undo_their_part,
    the_other_systems_hash_is_gone_after_the_first_use,
    unknown_texts_are_asked_about_once,
    a_first_use_by_many_at_once_is_one,
);

/// better-auth's and djangorestframework-api-key's are made by their own code. Those with plain SHA-256, Unkey's among them, are made by
/// Node's `createHash`, as Unkey's guide to migration does it. See the scripts beside.
const VECTORS: [&str; 3] = [
    include_str!("../clients/vectors/better_auth.jsonl"),
    include_str!("../clients/vectors/drf.jsonl"),
    include_str!("../clients/vectors/sha256.jsonl"),
];

fn vectors() -> Vec<Value> {
    VECTORS.iter().flat_map(|file| file.lines()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A line of an import file, of a vector and some more members.
fn line(vector: &Value, more: &Value) -> String {
    let mut line = vector.as_object().unwrap().clone();
    line.remove("text");
    line.insert("scopes".to_owned(), json!(["orders:read"]));
    line.extend(more.as_object().unwrap().clone());
    Value::from(line).to_string()
}

fn import(server: &Server, lines: &[String]) -> Run {
    let organization = server.organization().to_owned();
    server.command_with_input(&["key", "import", "--org", &organization, "--json", "-"], &lines.join("\n"))
}

fn text(vector: &Value) -> &str {
    vector["text"].as_str().unwrap()
}

fn other_systems_keys_open_what_ours_open(backend: Backend) {
    let server = Server::start(backend);
    let vectors = vectors();
    assert!(vectors.len() >= 12);
    for vector in &vectors {
        assert_eq!(server.verdict(text(vector)), "not_found");
    }
    let lines: Vec<_> = vectors.iter().map(|vector| line(vector, &json!({}))).collect();
    assert_eq!(import(&server, &lines).ok().json(), json!({"imported": vectors.len(), "known": 0}));
    for vector in &vectors {
        let text = text(vector);
        for _ in 0..2 {
            let answer = server.verify(&json!({"key": text, "scopes": ["orders:read"]}));
            assert_eq!((&answer["valid"], &answer["organization_id"]), (&json!(true), &json!(server.organization())), "{text}");
            assert_eq!(server.verify(&json!({"key": text, "scopes": ["orders:write"]}))["code"], "insufficient_scope");
        }
        // One that is near is another.
        for near in [format!("{text}x"), text.to_uppercase() + "!", text.chars().rev().skip(1).collect()] {
            assert_eq!(server.verdict(&near), "not_found", "{near}");
        }
        if text.is_ascii() {
            let authorize = |scope: &str| server.get(&format!("/v1/authorize?scope={scope}")).bearer(text).send();
            assert_eq!(authorize("orders:read").header("x-auth-organization-id"), Some(server.organization()), "{text}");
            authorize("orders:write").refused(403, "insufficient_scope");
        }
        // The hash itself opens nothing, and no management surface knows the key.
        assert_eq!(server.verdict(vector["hash"].as_str().unwrap()), "not_found");
        if text.is_ascii() {
            server.get("/v1/management/api-keys").bearer(text).send().refused(401, "unauthorized");
        }
    }
}

fn imported_keys_live_as_ours_do(backend: Backend) {
    let server = Server::start(backend);
    let vectors = vectors();
    let past = "2001-01-01T00:00:00Z";
    let lines = [
        line(&vectors[0], &json!({"id": "k-1", "prefix": "acme_", "name": "Old shop", "metadata": {"a": 1}, "created_at": past})),
        line(&vectors[1], &json!({"enabled": false})),
        line(&vectors[2], &json!({"expires_at": past})),
        line(&vectors[4], &json!({"rate_limit": {"requests": 2, "per_seconds": 3600}})),
        line(&vectors[5], &json!({"quota": {"limit": 1, "period": "month"}})),
        line(&vectors[8], &json!({"ip_allowlist": ["192.0.2.1"]})),
    ];
    let _ = import(&server, &lines).ok();
    let first = server.verify(&json!({"key": text(&vectors[0])}));
    assert_eq!((&first["name"], &first["metadata"]), (&json!("Old shop"), &json!({"a": 1, "imported_id": "k-1"})));
    let path = format!("/v1/management/api-keys/{}", first["key_id"].as_str().unwrap());
    let shown = server.get(&path).bearer(server.management_key()).send().expect(200);
    assert!(shown["created_at"].as_str().unwrap().starts_with("2001-01-01T00:00:00"), "{shown}");
    assert_eq!(shown["status"], "active");
    let verdict = |at: usize| server.verdict(text(&vectors[at]));
    assert_eq!(verdict(1), "suspended");
    assert_eq!(verdict(2), "expired");
    assert_eq!([verdict(4), verdict(4), verdict(4)], ["valid", "valid", "rate_limited"]);
    assert_eq!([verdict(5), verdict(5)], ["valid", "quota_exceeded"]);
    assert_eq!(server.verify(&json!({"key": text(&vectors[8]), "ip": "192.0.2.2"}))["code"], "ip_not_allowed");
    // A change counts at once.
    let change = |action: &str| {
        server.post(&format!("{path}/{action}"), &json!({})).bearer(server.management_key()).send().expect_status(200);
    };
    change("suspend");
    assert_eq!(verdict(0), "suspended");
    change("resume");
    assert_eq!(verdict(0), "valid");
    server.delete(&path).bearer(server.management_key()).send().expect_status(204);
    assert_eq!(verdict(0), "revoked");
}

fn repeats_are_recognised_and_faults_undo_their_part(backend: Backend) {
    let server = Server::start(backend);
    let vectors = vectors();
    let mut lines: Vec<_> = vectors.iter().map(|vector| line(vector, &json!({}))).collect();
    lines[3] = line(&vectors[3], &json!({"scopes": ["no:such"]}));
    let failed = import(&server, &lines).failed(&["line 4", "no:such"]);
    assert!(!failed.stderr.contains("are kept"), "{}", failed.stderr);
    lines[3] = "{".to_owned();
    let _ = import(&server, &lines).failed(&["line 4"]);
    assert_eq!(server.verdict(text(&vectors[0])), "not_found", "nothing of the part is kept");

    // More than a part: the first one stays.
    let mut many: Vec<_> = (0..1_000)
        .map(|i: u64| {
            let mut hash = String::new();
            (0..4).for_each(|_| write!(hash, "{i:016x}").unwrap());
            line(&json!({"format": "sha256-hex", "hash": hash}), &json!({}))
        })
        .collect();
    many.push(line(&vectors[0], &json!({"created_at": "2999-01-01T00:00:00Z"})));
    let _ = import(&server, &many).failed(&["line 1001", "created_at", "1000 keys up to line 1000 are kept"]);
    many[1_000] = line(&vectors[0], &json!({}));
    assert_eq!(import(&server, &many).ok().json(), json!({"imported": 1, "known": 1_000}));

    // After the first use too, and within a file; but never into another organization.
    assert_eq!(server.verdict(text(&vectors[0])), "valid");
    let twice = [many[1_000].clone(), many[1_000].clone()];
    assert_eq!(import(&server, &twice).ok().json(), json!({"imported": 0, "known": 2}));
    assert_eq!(server.verdict(text(&vectors[0])), "valid");
    let other = server.tenant("Other").id;
    let stolen = [line(&vectors[1], &json!({})), line(&vectors[0], &json!({"organization": other}))];
    let _ = import(&server, &stolen).failed(&["line 2", "another organization"]);
    assert_eq!(server.verdict(text(&vectors[1])), "not_found");
    let _ = server.command_with_input(&["key", "import", "-"], &many[0]).failed(&["line 1", "--org"]);
}

fn the_other_systems_hash_is_gone_after_the_first_use(backend: Backend) {
    let mut server = Server::start(backend);
    let vectors = vectors();
    let _ = import(&server, &[line(&vectors[0], &json!({})), line(&vectors[1], &json!({}))]).ok();
    assert_eq!(server.verdict(text(&vectors[0])), "valid");
    let ask = |server: &Server, statement: &str| server.database.sql(&server.folder, statement).trim().to_owned();
    // A restart empties all memory: what is left is what the database holds.
    server.restart();
    assert_eq!(ask(&server, "SELECT count(*) FROM foreign_hashes WHERE is_adopted"), "1");
    let with_ours = "SELECT count(*) FROM keys JOIN foreign_hashes ON key_id = keys.id WHERE is_adopted AND pepper_version = 1";
    assert_eq!(ask(&server, with_ours), "1");
    assert_eq!((server.verdict(text(&vectors[0])), server.verdict(text(&vectors[1]))), ("valid".into(), "valid".into()));
    assert_eq!(ask(&server, "SELECT count(*) FROM foreign_hashes WHERE is_adopted"), "2");
}

fn unknown_texts_are_asked_about_once(backend: Backend) {
    let metrics = format!("127.0.0.1:{}", mgmt_tests::free_port());
    let server = Server::with(backend, &[("MGMT_SERVER__METRICS_LISTEN", &metrics)]);
    let loads = || {
        let page = ureq::get(format!("http://{metrics}/metrics")).call().unwrap().body_mut().read_to_string().unwrap();
        let found = page.lines().find_map(|line| line.strip_prefix("mgmt_gate_foreign_loads_total "));
        found.map_or(0, |count| count.trim().parse::<u64>().unwrap())
    };
    // With nothing imported: one question a second, whatever the texts.
    let started = std::time::Instant::now();
    for i in 0..200 {
        assert_eq!(server.verdict(&format!("junk-{i}")), "not_found");
    }
    let seconds = started.elapsed().as_secs() + 1;
    assert!(loads() <= seconds, "{} questions in {seconds} s", loads());
    let _ = import(&server, &[line(&vectors()[0], &json!({}))]).ok();
    thread::sleep(Duration::from_millis(1_100));
    let (before, started) = (loads(), std::time::Instant::now());
    for _ in 0..200 {
        assert_eq!(server.verdict("the same junk"), "not_found");
    }
    let seconds = started.elapsed().as_secs() + 1;
    assert!(loads() - before <= seconds, "{} questions in {seconds} s", loads() - before);
}

fn a_first_use_by_many_at_once_is_one(backend: Backend) {
    let server = Server::start(backend);
    let vectors = vectors();
    let lines: Vec<_> = vectors.iter().map(|vector| line(vector, &json!({}))).collect();
    let _ = import(&server, &lines).ok();
    for vector in &vectors {
        let verdicts = in_parallel(8, |_| server.verdict(text(vector)));
        assert!(verdicts.iter().all(|verdict| verdict == "valid"), "{verdicts:?}");
    }
}
