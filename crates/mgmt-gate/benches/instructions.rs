//! How many instructions a check takes, and whether it takes more than it did: unlike times, these counts do not depend on what else
//! the machine does.
//!
//! `make instructions` runs each work under callgrind (valgrind), counts within its function alone, and compares with
//! `instructions.txt`; it fails when a figure is more than 5 % off. `make instructions WRITE=1` writes the file anew. Callgrind hides
//! the processor's SHA instructions, so the keyed hash, which is a constant anyway, is counted by itself and taken off the works
//! that contain it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark: a surprise is a panic, and it prints what it found"
)]

mod bed;

use std::{env, fs, hint::black_box, path::Path, process::Command};

use bed::{Bed, Limits, order};
use mgmt_core::{access::Question, scope::ScopeMask};
use mgmt_gate::Request;

const KEYS: usize = 64;
/// A multiple of the keys.
const COUNT: usize = 9_600;
const TOLERANCE: f64 = 0.05;
const FILE: &str = "benches/instructions.txt";

struct Work {
    name: &'static str,
    /// What `run` is called.
    function: &'static str,
    /// Whether a keyed hash is a part of it.
    hashes: bool,
    limits: Limits,
    run: fn(&Bed, usize),
}

const WORKS: [Work; 7] = [
    Work { name: "hash", function: "hash_alone", hashes: false, limits: Limits::None, run: hash_alone },
    Work { name: "parse", function: "parse_alone", hashes: false, limits: Limits::None, run: parse_alone },
    Work { name: "accepted", function: "accept_all", hashes: true, limits: Limits::None, run: accept_all },
    Work { name: "accepted, one key", function: "accept_one", hashes: true, limits: Limits::None, run: accept_one },
    Work { name: "accepted, one window, one quota", function: "accept_all", hashes: true, limits: Limits::Own, run: accept_all },
    Work {
        name: "refused by its checksum",
        function: "refuse_misspelt",
        hashes: false,
        limits: Limits::None,
        run: refuse_misspelt,
    },
    Work {
        name: "refused for want of a scope",
        function: "refuse_unscoped",
        hashes: true,
        limits: Limits::None,
        run: refuse_unscoped,
    },
];

#[inline(never)]
fn hash_alone(bed: &Bed, count: usize) {
    let parsed = bed.format.parse(&bed.secrets[0]).unwrap();
    for _ in 0..count {
        black_box(bed.keyring.pepper.hash(black_box(&parsed)));
    }
}

#[inline(never)]
fn parse_alone(bed: &Bed, count: usize) {
    for _ in 0..count {
        black_box(bed.format.parse(black_box(&bed.secrets[0])));
    }
}

#[inline(never)]
fn accept_all(bed: &Bed, count: usize) {
    bed.accept(&order(count, KEYS), KEYS);
}

#[inline(never)]
fn accept_one(bed: &Bed, count: usize) {
    bed.accept(&vec![7; count], 1);
}

#[inline(never)]
fn refuse_misspelt(bed: &Bed, count: usize) {
    let texts = bed.misspelt(KEYS);
    for _ in 0..count / KEYS {
        bed.ask(&texts, &Request::resource());
    }
}

#[inline(never)]
fn refuse_unscoped(bed: &Bed, count: usize) {
    let scopes = &bed.gate.catalogues().scopes;
    let all_of: ScopeMask = scopes.demanded(&scopes.parse_set("scopes", &["orders:write"]).unwrap());
    let asked = Request { question: Question { all_of, ..Question::default() }, ..Request::resource() };
    for _ in 0..count / KEYS {
        bed.ask(&bed.secrets, &asked);
    }
}

/// Instructions of the work alone, done so many times.
fn counted(work: &Work, count: usize) -> f64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect=*instructions*{}*", work.function))
        .arg(env::current_exe().unwrap())
        .args(["work", work.name, &count.to_string()])
        .output()
        .expect("valgrind can be started");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let line = text.lines().find_map(|line| line.split_once("Collected : ")).expect("callgrind says what it collected");
    let figure: f64 = line.1.trim().parse().unwrap();
    assert!(figure > 0.0, "callgrind did not see {}", work.function);
    figure
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [_, name, count] = &arguments[..] {
        let work = WORKS.iter().find(|work| work.name == name).unwrap();
        let bed = Bed::new(KEYS, work.limits, None);
        bed.warm();
        (work.run)(&bed, count.parse().unwrap());
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let kept: Vec<(&str, f64)> =
        kept.lines().filter_map(|line| line.rsplit_once('\t')).map(|(name, figure)| (name, figure.parse().unwrap())).collect();
    let (mut hash, mut found, mut wrong) = (0.0, String::new(), Vec::new());
    for work in &WORKS {
        let figure = counted(work, COUNT) / COUNT as f64;
        if work.name == "hash" {
            hash = figure;
        }
        let figure = if work.hashes { figure - hash } else { figure }.round();
        let before = kept.iter().find(|(name, _)| *name == work.name).map(|(_, figure)| *figure);
        let beside = before.map_or("not in the file".to_owned(), |before| format!("{before} kept"));
        println!("{:40} {figure:8} instructions, {beside}", work.name);
        found.push_str(&format!("{}\t{figure}\n", work.name));
        if before.is_none_or(|before| (figure - before).abs() > TOLERANCE * before) {
            wrong.push(work.name);
        }
    }
    if env::var_os("MGMT_INSTRUCTIONS_WRITE").is_some() {
        fs::write(&path, found).unwrap();
    } else {
        assert!(
            wrong.is_empty(),
            "more or fewer instructions than {FILE} says, by more than 5 %: {}. If that is meant, run `make instructions WRITE=1`",
            wrong.join("; ")
        );
    }
}
