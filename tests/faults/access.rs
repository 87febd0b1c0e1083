//! How nodes reach Redis and sign in there: TLS, passwords, users with few rights; and what follows when they may not.

use mgmt_tests::{Access, Certificates, Redis, Server, Settings, eventually};
use serde_json::{Value, json};
use std::collections::HashSet;

use crate::limits::Nodes;

const SECRET: &str = "hunter2/+&=@:";
/// As a URL has it.
const WRITTEN: &str = "hunter2%2F%2B%26%3D%40%3A";
const ADMIN: &str = "tests-own";

/// A user with the rights that docs/configuration.md tells of, and no others.
fn user<'a>(password: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let rights =
        ["--user", "mgmt", "on", password, "~mgmt:limit:*", "-@all", "+evalsha", "+eval", "+script|load", "+ping", "+time"];
    [&rights[..], &["+@list", "+del", "+pexpire"], more].concat()
}

/// What a node makes of five requests to a limit of two an hour, which starts anew with it.
fn counts(nodes: &Nodes) -> bool {
    (0..5).filter(|_| nodes.check(0).expect("an answer").accepted).count() == 2
}

/// One node with settings.
fn one(settings: Settings<'_>) -> Nodes {
    let all = [&[("MGMT_REDIS__URL", ""), ("MGMT_REDIS__CA_FILE", "")], settings].concat();
    Nodes::with(1, &all, &json!({"requests": 2, "per_seconds": 3600}))
}

fn restarted(nodes: &mut Nodes, settings: Settings<'_>) {
    let node = &mut nodes.nodes[0];
    node.set(settings);
    std::fs::remove_file(node.folder.file("server.log")).expect("a log");
    node.restart();
}

/// It counts by itself, and has said why, but no secret.
fn stands_alone(nodes: &Nodes, why: &[&str]) {
    assert!(counts(nodes), "the node's own share is all of it");
    eventually("the log tells", 10, || complaint(&nodes.nodes[0]).is_some());
    let (line, log) = (complaint(&nodes.nodes[0]).unwrap(), nodes.nodes[0].log());
    eprintln!("{line}");
    assert!(why.iter().all(|why| line.contains(why)), "{why:?} is not told: {line}");
    assert!(!log.contains("hunter2") && !log.contains(ADMIN) && !log.contains("panicked"), "{log}");
    let reason = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["error"].to_string();
    let told: Vec<_> = log.lines().filter(|line| is_complaint(line)).map(reason).collect();
    assert_eq!(told.iter().collect::<HashSet<_>>().len(), told.len(), "each reason is told once: {log}");
    assert!(nodes.all_share(false));
}

fn complaint(server: &Server) -> Option<String> {
    server.log().lines().find(|line| is_complaint(line)).map(str::to_owned)
}

fn is_complaint(line: &str) -> bool {
    line.contains("each node counts its share")
}

/// With an authority in a file or in the system's store; not without, not with another, and not for another name.
#[test]
fn tls_by_an_authority_of_ones_own() {
    if !Redis::is_available() {
        return;
    }
    let (ours, others) = (Certificates::of("IP:127.0.0.1"), Certificates::of("IP:127.0.0.1"));
    let redis = Redis::with(Access { tls: Some(&ours), ..Access::default() });
    let (url, file, system) = (format!("rediss://{}", redis.address()), "MGMT_REDIS__CA_FILE", "SSL_CERT_FILE");
    let mut nodes = one(&[("MGMT_REDIS__URL", &url), (file, &ours.authority())]);
    nodes.come_together();
    assert!(counts(&nodes));
    assert!(redis.command(&["keys", "*"]).contains(":key:"));
    // What counted was Redis: a node that starts anew finds the window as it was.
    restarted(&mut nodes, &[(file, ""), (system, &ours.authority())]);
    nodes.come_together();
    assert!(!nodes.check(0).unwrap().accepted);
    for (file_of, system_of) in [("", others.authority()), (others.authority().as_str(), ours.authority())] {
        restarted(&mut nodes, &[(file, file_of), (system, &system_of)]);
        stands_alone(&nodes, &["UnknownIssuer"]);
    }
    let elsewhere = Certificates::of("DNS:redis.example");
    let misnamed = Redis::with(Access { tls: Some(&elsewhere), ..Access::default() });
    let url = format!("rediss://{}", misnamed.address());
    restarted(&mut nodes, &[("MGMT_REDIS__URL", &url), (file, &elsewhere.authority())]);
    stands_alone(&nodes, &["not valid for name"]);
    // Without TLS where there is only TLS, and the other way round.
    restarted(&mut nodes, &[("MGMT_REDIS__URL", &redis.url()), (file, "")]);
    stands_alone(&nodes, &[]);
    let plain = Redis::start();
    restarted(&mut nodes, &[("MGMT_REDIS__URL", &format!("rediss://{}", plain.address()))]);
    stands_alone(&nodes, &[]);
    // A file that is not there is told before anything starts.
    nodes.nodes[0].set(&[(file, "/nonexistent/ca.pem")]);
    nodes.nodes[0].command(&["config", "check"]).failed(&["MGMT_REDIS__CA_FILE", "/nonexistent/ca.pem"]);
}

/// A user that has no more rights than it needs signs in; with a wrong password the node counts by itself, until it is right.
#[test]
fn a_user_with_few_rights_and_a_wrong_password() {
    if !Redis::is_available() {
        return;
    }
    let (wrong, right) = (">something else", format!(">{SECRET}"));
    let rights = user(wrong, &["+select"]);
    let redis = Redis::with(Access { password: Some(ADMIN), options: &[&rights], ..Access::default() });
    let url = format!("redis://mgmt:{WRITTEN}@{}/3", redis.address());
    let nodes = one(&[("MGMT_REDIS__URL", &url)]);
    stands_alone(&nodes, &["Password authentication failed"]);
    assert_eq!(redis.command(&["acl", "setuser", "mgmt", &right]).trim(), "OK");
    eventually("signed in", 20, || nodes.all_share(true));
    assert!(redis.command(&["-n", "3", "keys", "*"]).contains("mgmt:limit:"));
    // A user that is gone, and one that comes back.
    assert_eq!(redis.command(&["acl", "setuser", "mgmt", "off"]).trim(), "OK");
    assert_eq!(redis.command(&["client", "kill", "user", "mgmt"]).trim(), "1");
    eventually("each for itself", 20, || nodes.all_share(false));
    assert!(nodes.check(0).is_ok());
    assert_eq!(redis.command(&["acl", "setuser", "mgmt", "on", "-evalsha"]).trim(), "OK");
    eventually("the log tells", 20, || nodes.nodes[0].log().contains("no permissions"));
    assert_eq!(redis.command(&["acl", "setuser", "mgmt", "+evalsha"]).trim(), "OK");
    eventually("together again", 20, || nodes.all_share(true));
    assert!(!nodes.nodes[0].log().contains("hunter2"));
}

/// The default user has a password of its own, and the node none or another.
#[test]
fn a_password_without_a_user() {
    if !Redis::is_available() {
        return;
    }
    let redis = Redis::with(Access { password: Some(SECRET), ..Access::default() });
    let mut nodes = one(&[("MGMT_REDIS__URL", &format!("redis://:{WRITTEN}@{}", redis.address()))]);
    nodes.come_together();
    assert!(counts(&nodes));
    restarted(&mut nodes, &[("MGMT_REDIS__URL", &redis.url())]);
    stands_alone(&nodes, &["NOAUTH"]);
    restarted(&mut nodes, &[("MGMT_REDIS__URL", &format!("redis://:{WRITTEN}2@{}", redis.address()))]);
    stands_alone(&nodes, &["Password authentication failed"]);
}

/// Sentinels with TLS and a password that is not that of the servers.
#[test]
fn sentinels_with_a_password_of_their_own() {
    if !Redis::is_available() {
        return;
    }
    let certificates = Certificates::of("IP:127.0.0.1");
    let (tls, password) = (Some(&certificates), format!(">{SECRET}"));
    let rights = user(&password, &["+role"]);
    let redis = Redis::with(Access { tls, password: Some(ADMIN), options: &[&rights] });
    let sentinels = Redis::sentinels(1, &redis, Access { tls, password: Some("hunter2&"), options: &[] });
    let at = format!("rediss+sentinel://mgmt:{WRITTEN}@{}/main", sentinels[0].address());
    let file = ("MGMT_REDIS__CA_FILE", certificates.authority());
    let mut nodes = one(&[("MGMT_REDIS__URL", &format!("{at}?sentinel_password=hunter2%26")), (file.0, &file.1)]);
    nodes.come_together();
    assert!(counts(&nodes));
    for query in ["", "?sentinel_password=hunter2", "?sentinel_user=nobody&sentinel_password=hunter2%26"] {
        restarted(&mut nodes, &[("MGMT_REDIS__URL", &format!("{at}{query}"))]);
        stands_alone(&nodes, &[]);
    }
}

/// Every server of a cluster asks for TLS and a password.
#[test]
fn a_cluster_with_tls_and_a_user() {
    if !Redis::is_available() {
        return;
    }
    let certificates = Certificates::of("IP:127.0.0.1");
    let password = format!(">{SECRET}");
    let rights = user(&password, &["+cluster|slots"]);
    let servers = Redis::cluster_with(3, 0, Access { tls: Some(&certificates), password: Some(ADMIN), options: &[&rights] });
    let url = format!("rediss+cluster://mgmt:{WRITTEN}@{}", servers[0].address());
    let file = ("MGMT_REDIS__CA_FILE", certificates.authority());
    let mut nodes = one(&[("MGMT_REDIS__URL", &url), (file.0, &file.1)]);
    nodes.come_together();
    assert!(counts(&nodes));
    let holders = servers.iter().filter(|server| server.command(&["keys", "*"]).contains(":key:")).count();
    assert_eq!(holders, 1);
    restarted(&mut nodes, &[("MGMT_REDIS__URL", &url.replace("hunter2", "hunter3"))]);
    stands_alone(&nodes, &[]);
    assert!(!nodes.nodes[0].log().contains("hunter3"));
}
