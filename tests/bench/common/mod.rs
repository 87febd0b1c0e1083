//! What the benchmarks over HTTP share: a client that keeps one core busy and no more, keys in bulk, and the time that a process has used.
#![allow(dead_code, reason = "no benchmark needs all of it")]

pub(crate) mod load;
pub(crate) mod seed;
pub(crate) mod table;

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The core that the measured process runs on; the client runs on another.
pub(crate) const SERVER_CORE: &str = "0";
pub(crate) const CLIENT_CORE: &str = "1";

/// Ties all threads of a process, and those it will start, to a core.
pub(crate) fn pin(pid: u32, core: &str) {
    let done = Command::new("taskset").args(["-acp", core, &pid.to_string()]).stdout(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "taskset (Debian: util-linux) is needed");
}

/// The processor time that a process has used, in user and kernel mode: fields 14 and 15 of `/proc/PID/stat`, in hundredths of a second.
pub(crate) fn cpu_time(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks: u64 = fields.split_ascii_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// The processes that a process with one thread has started.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_ascii_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

/// Resident memory of a process, in KiB.
pub(crate) fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A number from the environment, such as how long a round takes.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// A process of a benchmark, killed at its end.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Keeps all cores awake with work that gives way to any other (`SCHED_IDLE`). A virtual core that has nothing to do is handed back, and
/// to get it again may take milliseconds where many share a machine: without this, whoever is idle measures its neighbours.
pub(crate) fn keep_awake() -> Vec<Process> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let spin = || Command::new("chrt").args(["--idle", "0", "sh", "-c", "while :; do :; done"]).spawn();
    (0..cores).map(|_| Process(spin().expect("chrt (Debian: util-linux) is needed"))).collect()
}

/// The share of the cores' time that a virtual machine did not get though it wanted to run, and the time that there was in all, since it was
/// started, in hundredths of a second (`/proc/stat`).
pub(crate) fn stolen() -> (u64, u64) {
    let stat = std::fs::read_to_string("/proc/stat").unwrap();
    let fields: Vec<u64> =
        stat.lines().next().unwrap().split_ascii_whitespace().skip(1).map(|field| field.parse().unwrap()).collect();
    (fields[7], fields[..8].iter().sum())
}

/// `.local` beside the workspace, where results go.
pub(crate) fn results() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.local");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
