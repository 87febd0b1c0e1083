//! PostgreSQL servers of a test's own, which it may stop, kill, copy and promote.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{Folder, free_port, signal};

/// One PostgreSQL server: a primary, or a standby of one.
#[derive(Debug)]
pub struct Postgres {
    data: PathBuf,
    pub port: u16,
    child: Option<Child>,
    settings: Vec<String>,
    // Shared by a primary and its standbys, as root must hand it to another user.
    _folder: Folder,
}

impl Postgres {
    /// A new and empty primary that keeps what it has acknowledged, whatever becomes of it. `settings` are as `name=value`.
    #[must_use]
    pub fn primary(settings: &[&str]) -> Self {
        let server = Self::at_rest(settings);
        let arguments = ["-D", path(&server.data), "-U", "mgmt", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
        succeeded(server.command("initdb").args(arguments).output().expect("initdb runs"));
        fs::OpenOptions::new()
            .append(true)
            .open(server.data.join("pg_hba.conf"))
            .and_then(|mut file| std::io::Write::write_all(&mut file, b"host replication all 127.0.0.1/32 trust\n"))
            .expect("pg_hba.conf");
        let mut server = server;
        server.start();
        server
    }

    /// A standby that follows it as `standby`.
    #[must_use]
    pub fn standby(&self, settings: &[&str]) -> Self {
        let mut standby = Self::at_rest(settings);
        let from = format!("host=127.0.0.1 port={} user=mgmt application_name=standby", self.port);
        let arguments = ["-D", path(&standby.data), "-d", &from, "-R", "-X", "stream", "-c", "fast", "--no-sync"];
        succeeded(standby.command("pg_basebackup").args(arguments).output().expect("pg_basebackup runs"));
        standby.start();
        standby
    }

    fn at_rest(settings: &[&str]) -> Self {
        let folder = Folder::new();
        let data = folder.file("data");
        let settings = settings.iter().map(|&s| s.to_owned()).collect();
        let server = Self { data, port: free_port(), child: None, settings, _folder: folder };
        if let Some((user, group)) = other_user() {
            let owner = format!("{user}:{group}");
            succeeded(Command::new("chown").args([&owner, path(server.folder())]).output().expect("chown runs"));
        }
        server
    }

    fn folder(&self) -> &Path {
        self.data.parent().expect("a folder")
    }

    /// A program of PostgreSQL, as a user that is not root.
    fn command(&self, program: &str) -> Command {
        let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().expect("sh runs");
        let program = String::from_utf8(found.stdout).expect("UTF-8").trim().to_owned();
        assert!(!program.is_empty(), "PostgreSQL's own programs are not in PATH: run this by scripts/with-postgres");
        let mut command = match other_user() {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", &user, "--regid", &group, "--clear-groups", &program]);
                command
            }
        };
        command.current_dir(self.folder()).env("HOME", "/").stdin(Stdio::null());
        command
    }

    /// Starts it, and waits until it takes connections.
    pub fn start(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder().join("log")).expect("a log");
        let mut command = self.command("postgres");
        command.args(["-D", path(&self.data), "-p", &self.port.to_string(), "-k", path(self.folder())]);
        for setting in ["listen_addresses=127.0.0.1", "max_connections=100", "wal_sender_timeout=2s"] {
            command.args(["-c", setting]);
        }
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        self.child = Some(command.stdout(log.try_clone().expect("a log")).stderr(log).spawn().expect("postgres starts"));
        let start = Instant::now();
        while self.try_sql("SELECT 1").is_none() {
            assert!(start.elapsed() < Duration::from_secs(60), "PostgreSQL does not start: {}", self.log());
            sleep(Duration::from_millis(50));
        }
    }

    /// Starts it with other settings than before.
    pub fn start_with(&mut self, settings: &[&str]) {
        self.settings = settings.iter().map(|&s| s.to_owned()).collect();
        self.start();
    }

    /// What it has written to its log.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }

    /// Ends it at once, as a power cut would: sessions are cut off, and nothing is written any more.
    pub fn stop_at_once(&mut self) {
        if let Some(mut child) = self.child.take() {
            signal(child.id(), "QUIT");
            child.wait().expect("wait");
        }
    }

    /// Makes a standby the primary, and waits until it is.
    pub fn promote(&self) {
        succeeded(self.command("pg_ctl").args(["promote", "-w", "-D", path(&self.data)]).output().expect("pg_ctl runs"));
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://mgmt@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs a statement; `None` when that fails.
    #[must_use]
    pub fn try_sql(&self, statement: &str) -> Option<String> {
        let url = self.url();
        let output = Command::new("psql")
            .args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", &url, "-c", statement])
            .env("PGCONNECT_TIMEOUT", "2")
            .output()
            .expect("psql runs");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Runs a statement.
    #[must_use]
    #[track_caller]
    pub fn sql(&self, statement: &str) -> String {
        self.try_sql(statement).unwrap_or_else(|| panic!("failed: {statement}"))
    }

    /// All rows of the database.
    #[must_use]
    pub fn dump(&self) -> String {
        let output = Command::new("pg_dump").args(["--data-only", "-d", &self.url()]).output().expect("pg_dump runs");
        assert!(output.status.success(), "pg_dump: {}", String::from_utf8_lossy(&output.stderr));
        // Newer versions write a random word into each dump.
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().filter(|line| !line.starts_with('\\') || *line == "\\.").collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop_at_once();
    }
}

/// The user that PostgreSQL is run as where this is root, and the group.
fn other_user() -> Option<(String, String)> {
    let root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let run = |command: &str| {
        let output = Command::new("sh").args(["-c", command]).output().expect("sh runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    root.then(|| {
        let user = run("getent passwd postgres >/dev/null && echo postgres || echo nobody");
        let group = run(&format!("id -gn {user}"));
        (user, group)
    })
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[track_caller]
fn succeeded(output: Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
