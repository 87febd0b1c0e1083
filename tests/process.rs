use crate::Folder;
use serde_json::Value;
use std::hash::{BuildHasher as _, RandomState};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The server's binary: `MGMT_BIN`, or what `cargo build` put beside the tests.
#[must_use]
pub fn binary() -> PathBuf {
    if let Ok(path) = std::env::var("MGMT_BIN") {
        return path.into();
    }
    let tests = std::env::current_exe().expect("path of the test binary");
    let path = tests.ancestors().nth(2).expect("target folder").join("mgmt");
    assert!(path.exists(), "{} is missing: run `make it`, or `cargo build -p mgmt-server` first", path.display());
    path
}

/// The binary in a folder, with a clean environment: none of the caller's settings reach it.
#[must_use]
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MGMT_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// A port that was free a moment ago. It is below those that Linux gives to connections (32768 and up): one of these could be taken by
/// anybody's connection while a server is away for a moment.
#[must_use]
pub fn free_port() -> u16 {
    let any = || 10_000 + (RandomState::new().hash_one(0) % 22_000) as u16;
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (0..1_000).map(|_| any()).find(is_free).expect("a free port")
}

/// Sends a signal such as `TERM` to a process. After `STOP`, the process stands still: its threads stop one by one, on a busy machine
/// tens of milliseconds later, in which it would answer still.
///
/// # Panics
///
/// When a process does not stand still within 10 s.
pub fn signal(pid: u32, name: &str) {
    let _ = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status();
    if name == "STOP" {
        crate::eventually("the process stands still", 10, || stands_still(pid));
    }
}

/// Whether no thread of a process runs: each is stopped, or there is none.
fn stands_still(pid: u32) -> bool {
    let Ok(mut threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return true };
    threads.all(|thread| {
        let stat = thread.and_then(|thread| std::fs::read_to_string(thread.path().join("stat"))).unwrap_or_default();
        // `PID (NAME) STATE …`, as in proc_pid_stat(5); the name may hold anything.
        stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['T', 't', 'Z', 'X']))
    })
}

/// What a run of the binary to its end gave.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Runs `mgmt ARGS` in a folder; one that does not end within 30 s is a failure.
    #[must_use]
    pub fn new(folder: &Folder, settings: &[(&str, &str)], args: &[&str]) -> Self {
        let mut command = command(folder.path());
        command.args(args).envs(settings.iter().copied());
        Self::of(&mut command, "")
    }

    /// Runs a prepared command to its end, with `input` on its standard input.
    #[must_use]
    pub fn of(command: &mut Command, input: &str) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), input.as_bytes()).ok();
        let pid = child.id();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let start = Instant::now();
        let Ok(output) = receiver.recv_timeout(Duration::from_secs(30)) else {
            signal(pid, "KILL");
            let output = receiver.recv().expect("output").expect("output");
            panic!("still running after {:?}: {}", start.elapsed(), String::from_utf8_lossy(&output.stderr));
        };
        let output = output.expect("output");
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// It succeeded; hands itself on.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "should succeed: {self:?}");
        self
    }

    /// It ended with a code other than zero, by itself, without a panic, and said something on standard error that
    /// contains each of `needles`.
    #[track_caller]
    pub fn failed(self, needles: &[&str]) -> Self {
        let code = self.code.unwrap_or_else(|| panic!("ended by a signal: {self:?}"));
        assert_ne!(code, 0, "should fail: {self:?}");
        assert!(!self.stderr.contains("panicked"), "panicked: {self:?}");
        assert!(!self.stderr.trim().is_empty(), "fails without a word: {self:?}");
        for needle in needles {
            assert!(self.stderr.contains(needle), "`{needle}` is not told: {self:?}");
        }
        self
    }

    /// Standard output as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }
}
