//! `make cluster`: the cluster on one machine that people try.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mgmt_tests::{Backend, Folder, Run, binary, eventually, free_port, signal};

struct Cluster {
    child: Child,
    port: u16,
}

fn script(folder: &Folder, port: u16) -> Command {
    // A shell's background jobs inherit that Ctrl-C is ignored, and no script can take that back.
    let mut command = Command::new("env");
    command
        .arg("--default-signal=INT")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/cluster"))
        .env("CLUSTER_FOLDER", folder.file("cluster"))
        .env("CLUSTER_PORT", port.to_string())
        .env("CLUSTER_BIN", binary())
        .stdin(Stdio::null());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MGMT_")) {
        command.env_remove(name);
    }
    command
}

impl Cluster {
    fn start(folder: &Folder, port: u16) -> Self {
        let log = File::create(folder.file("out")).expect("a log");
        let mut command = script(folder, port);
        // Signals reach it as from a terminal: the whole group at once.
        command.process_group(0).stdout(log.try_clone().expect("a log")).stderr(log);
        let mut child = command.spawn().expect("the script starts");
        eventually("the cluster", 90, || {
            assert!(child.try_wait().unwrap().is_none(), "{}", said(folder));
            said(folder).contains("Ctrl-C stops everything")
        });
        Self { child, port }
    }

    fn stop(mut self) {
        signal(self.child.id(), "INT");
        let _ = self.child.wait();
        // Nothing is left behind.
        for port in [0, 1, 2, 3, 8, 9, 11, 12, 13].map(|offset| self.port + offset) {
            assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "{port} is still taken");
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            signal(self.child.id(), "TERM");
            let _ = self.child.wait();
        }
    }
}

fn said(folder: &Folder) -> String {
    std::fs::read_to_string(folder.file("out")).unwrap_or_default()
}

/// A port with free ones after it.
fn free_ports() -> u16 {
    (0..50)
        .map(|_| free_port())
        .find(|port| (0..14).all(|n| std::net::TcpListener::bind(("127.0.0.1", port + n)).is_ok()))
        .expect("fourteen free ports")
}

fn get(url: &str, key: &str) -> (String, String) {
    let authorization = format!("Authorization: Bearer {key}");
    let output =
        Command::new("curl").args(["-sS", "-w", "\n%{http_code}", "-H", &authorization, url]).output().expect("curl runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.rsplit_once('\n').map(|(body, status)| (status.to_owned(), body.to_owned())).expect("a status")
}

/// It starts, tells its keys, serves by way of nginx and at each node, and starts again on the same data. A port that is taken is told.
#[test]
fn make_cluster_starts_stops_and_starts_again() {
    if !Backend::Postgres.is_available() {
        return;
    }
    let folder = Folder::new();
    let port = free_ports();
    let cluster = Cluster::start(&folder, port);
    let text = said(&folder);
    let key = text.lines().find_map(|line| line.trim().strip_prefix("management key")).expect("a key").trim().to_owned();
    let keys = |port: u16| get(&format!("http://127.0.0.1:{port}/v1/management/api-keys"), &key);
    for offset in 0..=3 {
        assert_eq!(keys(port + offset).0, "200");
    }
    for offset in 11..=13 {
        let (status, metrics) = get(&format!("http://127.0.0.1:{}/metrics", port + offset), "");
        assert!(status == "200" && metrics.contains("mgmt_cluster_renewals_total"), "{metrics}");
    }
    let second = Run::of(script(&folder, port).env("CLUSTER_FOLDER", folder.file("other")), "");
    let _ = second.failed(&["taken already", &format!("{port} (nginx)"), "CLUSTER_PORT="]);
    cluster.stop();

    let again = Cluster::start(&folder, port);
    assert!(said(&folder).contains(&key), "{}", said(&folder));
    assert_eq!(keys(port).0, "200");
    // A node that is killed is started again, and nobody notices who comes by way of nginx.
    let text = said(&folder);
    let (_, rest) = text.split_once("(pid ").expect("pids of nodes");
    let pid: u32 = rest.split(')').next().unwrap().parse().unwrap();
    signal(pid, "KILL");
    for _ in 0..20 {
        assert_eq!(keys(port).0, "200");
        std::thread::sleep(Duration::from_millis(50));
    }
    eventually("the node again", 30, || keys(port + 1).0 == "200");
    again.stop();
}
