//! How many instructions a check takes, and whether it takes more than it did: unlike times, these counts do not depend on what else
//! the machine does.
//!
//! `make instructions` runs each work so many times and twice as many times under callgrind (valgrind), takes the difference, and
//! compares with `instructions.txt`; it fails when a figure is more than 5 % off. `make instructions WRITE=1` writes the file anew.
//! Callgrind hides the processor's SHA instructions, so the keyed hash, which is a constant anyway, is counted by itself and taken
//! off the works that contain it.

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
const FILE: &str = "bench/instructions.txt";

struct Work {
    name: &'static str,
    /// Whether a keyed hash is a part of it.
    hashes: bool,
    limits: Limits,
    run: fn(&Bed, usize),
}

const WORKS: [Work; 7] = [
    Work { name: "hash", hashes: false, limits: Limits::None, run: hash },
    Work { name: "parse", hashes: false, limits: Limits::None, run: parse },
    Work { name: "accepted", hashes: true, limits: Limits::None, run: accepted },
    Work { name: "accepted, one key", hashes: true, limits: Limits::None, run: accepted_one },
    Work { name: "accepted, one window, one quota", hashes: true, limits: Limits::Own, run: accepted },
    Work { name: "refused by its checksum", hashes: false, limits: Limits::None, run: misspelt },
    Work { name: "refused for want of a scope", hashes: true, limits: Limits::None, run: without_scope },
];

fn hash(bed: &Bed, count: usize) {
    let parsed = bed.format.parse(&bed.secrets[0]).unwrap();
    for _ in 0..count {
        black_box(bed.keyring.pepper.hash(black_box(&parsed)));
    }
}

fn parse(bed: &Bed, count: usize) {
    for _ in 0..count {
        black_box(bed.format.parse(black_box(&bed.secrets[0])));
    }
}

fn accepted(bed: &Bed, count: usize) {
    bed.accept(&order(count, KEYS), KEYS);
}

fn accepted_one(bed: &Bed, count: usize) {
    bed.accept(&vec![7; count], 1);
}

fn misspelt(bed: &Bed, count: usize) {
    let texts = bed.misspelt(KEYS);
    for _ in 0..count / KEYS {
        bed.ask(&texts, &Request::resource());
    }
}

fn without_scope(bed: &Bed, count: usize) {
    let scopes = &bed.gate.catalogues().scopes;
    let all_of: ScopeMask = scopes.demanded(&scopes.parse_set("scopes", &["orders:write"]).unwrap());
    let asked = Request { question: Question { all_of, ..Question::default() }, ..Request::resource() };
    for _ in 0..count / KEYS {
        bed.ask(&bed.secrets, &asked);
    }
}

/// Instructions of a whole run of this program that does the work so many times.
fn counted(work: &Work, count: usize) -> f64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().unwrap())
        .args(["work", work.name, &count.to_string()])
        .output()
        .expect("valgrind can be started");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let line = text.lines().find_map(|line| line.split_once("Collected : ")).expect("callgrind says what it collected");
    line.1.trim().parse().unwrap()
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
        let figure = (counted(work, 2 * COUNT) - counted(work, COUNT)) / COUNT as f64;
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
