//! What a check costs inside a process: `Gate::check` on keys that are in memory, beside the parts that cannot be saved, in one run.
//!
//! `make bench-check` builds with optimization and prints nanoseconds a check, the lowest of several rounds. The rows are repeated for
//! each number of keys in `MGMT_BENCH_KEYS` (`1000,10000,100000,1000000` unless set; a million keys take some minutes to make, most of
//! them in the database). The database is in `MGMT_BENCH_DIR`, else in memory that is not the process's own (`/dev/shm`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark: a surprise is a panic, and time is the real one"
)]

#[path = "../../crates/mgmt-gate/benches/bed/mod.rs"]
mod bed;
mod common;

use std::{
    collections::HashMap,
    env, fs,
    hint::black_box,
    path::PathBuf,
    sync::{Barrier, RwLock},
    thread,
    time::Instant,
};

use bed::{Bed, Limits, order};
use common::table::{Goal, Table};
use hmac::{Hmac, KeyInit, Mac};
use mgmt_core::id::KeyId;
use mgmt_gate::{Request, SystemClock};
use sha2::Sha256;

const ROUNDS: usize = 7;
const HOT: usize = 10_000;
const CHECKS: usize = 500_000;

/// What counts as none: the list of a window's moments grows a few times in its life.
const ALLOCATIONS: f64 = 0.001;

/// The lowest nanoseconds a call over some rounds, and how many allocations a call made in the leanest of them.
fn lowest(mut before: impl FnMut(), mut round: impl FnMut() -> usize) -> (f64, f64) {
    let (mut best, mut allocations) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        before();
        let start = Instant::now();
        let calls = round() as f64;
        best = best.min(start.elapsed().as_nanos() as f64 / calls);
        before();
        let mut calls = 0;
        let counted = allocation_counter::measure(|| calls = round());
        allocations = allocations.min(counted.count_total as f64 / calls as f64);
    }
    (best, allocations)
}

/// Nanoseconds of all the calls of two threads that share the work: of one call, if it were one thread.
fn two_threads(bed: &Bed, order: &[u32], distinct: usize, mut before: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        before();
        let barrier = Barrier::new(3);
        let took = thread::scope(|scope| {
            for half in order.chunks(order.len() / 2) {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    bed.accept(half, distinct);
                    barrier.wait();
                });
            }
            barrier.wait();
            let start = Instant::now();
            barrier.wait();
            start.elapsed()
        });
        best = best.min(took.as_nanos() as f64 / order.len() as f64);
    }
    best
}

fn row(name: &str, (nanos, allocations): (f64, f64)) {
    println!("{name:64} {nanos:8.1} ns {allocations:7.3} allocations");
}

fn resident() -> f64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split_ascii_whitespace().nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or_default() * 4096.0
}

/// What was measured with so many keys.
struct Figures {
    keys: usize,
    limits: Limits,
    /// Nanoseconds a check, and allocations, of all keys at random.
    random: (f64, f64),
    /// The same of [`HOT`] of them.
    hot: (f64, f64),
    /// How many times one thread's work two threads do: on all keys, and on one.
    pair: f64,
    pair_on_one: f64,
    misspelt: f64,
    /// Bytes a key in memory.
    memory: f64,
}

fn main() {
    let sizes = env::var("MGMT_BENCH_KEYS").unwrap_or("1000,10000,100000,1000000".to_owned());
    let only = env::var("MGMT_BENCH_LIMITS").ok();
    floors();
    let mut found = Vec::new();
    for keys in sizes.split(',').map(|text| text.trim().parse::<usize>().expect("MGMT_BENCH_KEYS is numbers with commas between"))
    {
        for limits in [Limits::None, Limits::Own] {
            if only.as_deref().is_none_or(|only| limits.text().contains(only)) {
                found.push(size(keys, limits));
            }
        }
    }
    tell(&found);
}

/// The goals, and all figures in a form that can be drawn.
fn tell(found: &[Figures]) {
    let mut table = Table::new("3-check.md");
    for one in found.iter().filter(|one| one.keys >= HOT) {
        let what = format!("{} keys, {}", one.keys, one.limits.text());
        let hot = if one.keys == HOT { one.random } else { one.hot };
        if one.limits == Limits::Own {
            table.note(&format!("a check, {HOT} hot of {what}"), hot.0, " ns", Goal::AtMost(180.0));
            if one.keys == 1_000_000 {
                table.note(&format!("a check, at random, {what}"), one.random.0, " ns", Goal::AtMost(300.0));
            }
        }
        table.note(&format!("allocations a check, {what}"), one.random.1, "", Goal::AtMost(ALLOCATIONS));
        table.note(&format!("refused by its checksum, {what}"), one.misspelt, " ns", Goal::AtMost(25.0));
        table.note(&format!("two threads over one, at random, {what}"), one.pair, "", Goal::AtLeast(1.8));
        table.note(&format!("two threads over one, one key, {what}"), one.pair_on_one, "", Goal::AtLeast(1.5));
        table.note(&format!("at random over {HOT} hot ones, {what}"), one.random.0 / hot.0, "", Goal::AtMost(2.5));
        if one.keys >= 1_000_000 && one.limits == Limits::None {
            table.note(&format!("memory a key, {what}"), one.memory, " bytes", Goal::AtMost(160.0));
        }
    }
    let lines = found.iter().map(|one| {
        let (hot, limited) = (if one.keys <= HOT { one.random.0 } else { one.hot.0 }, one.limits == Limits::Own);
        format!(
            "{}\t{limited}\t{:.1}\t{hot:.1}\t{:.2}\t{:.2}\t{:.1}\n",
            one.keys, one.random.0, one.pair, one.pair_on_one, one.memory
        )
    });
    let head = "keys\tlimited\trandom_ns\thot_ns\ttwo_threads\ttwo_threads_one_key\tbytes\n".to_owned();
    let folder = common::results().join("bench");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("check.tsv"), [head].into_iter().chain(lines).collect::<String>()).unwrap();
}

fn size(keys: usize, limits: Limits) -> Figures {
    let memory = PathBuf::from("/dev/shm");
    let root = env::var_os("MGMT_BENCH_DIR").map(PathBuf::from).unwrap_or(if memory.is_dir() { memory } else { env::temp_dir() });
    let bed = Bed::new(keys, limits, Some(root.join(format!("mgmt-bench-{}", std::process::id()))));
    let what = limits.text();
    println!("--- {keys} keys, {what}");
    let before = resident();
    let start = Instant::now();
    let counted = allocation_counter::measure(|| {
        bed.gate.warm(bed.now(), || true).unwrap();
    });
    let took = start.elapsed().as_secs_f64();
    println!("{:64} {took:8.2} s", "until the keys are in memory");
    let (memory, asked) = ((resident() - before) / keys as f64, counted.bytes_current as f64 / keys as f64);
    println!("{:64} {memory:8.1} bytes resident, {asked:.1} allocated", "memory a key");
    bed.warm();
    let each = (resident() - before) / keys as f64;
    println!("{:64} {each:8.1} bytes resident", "memory a key, each used once and counts not written");
    bed.gate.flush(bed.now()).unwrap();
    let one = vec![7; CHECKS];
    let all = order(CHECKS, keys);
    let hot = order(CHECKS, HOT.min(keys));
    let mut orders = vec![("all keys at random", &all, keys)];
    if keys > HOT {
        orders.push(("10000 hot keys", &hot, HOT));
    }
    orders.push(("one key", &one, 1));
    let mut rows = Vec::new();
    for (name, order, distinct) in orders {
        let refill = || {
            if distinct == 1 && limits == Limits::Own {
                bed.top_up(&bed.secrets[7]);
            }
        };
        let single = lowest(refill, || bed.accept(order, distinct));
        row(&format!("accepted, {name}, {what}"), single);
        let both = two_threads(&bed, order, distinct, refill);
        println!("{:64} {:8.2} times one thread", format!("two threads, {name}, {what}"), single.0 / both);
        rows.push((distinct, single, single.0 / both));
    }
    let of = |distinct| rows.iter().find(|row| row.0 == distinct).unwrap_or(&rows[0]);
    let (random, hot, one) = (of(keys), of(HOT), of(1));
    let misspelt = refused(&bed, what);
    Figures { keys, limits, random: random.1, hot: hot.1, pair: random.2, pair_on_one: one.2, misspelt, memory }
}

/// What refusals take; of those by the checksum it is told.
fn refused(bed: &Bed, what: &str) -> f64 {
    let texts = |change: &dyn Fn(&str) -> String| bed.secrets.iter().take(HOT).map(|s| change(s)).collect::<Vec<_>>();
    let asked = Request::resource();
    let misspelt = bed.misspelt(HOT);
    let by_checksum = lowest(|| (), || bed.ask(&misspelt, &asked));
    row(&format!("refused by its checksum, {what}"), by_checksum);
    // Of the right form and with the right checksum, but of no key: what the caller must then look up.
    let strangers = texts(&|secret| {
        let parsed = bed.format.parse(secret).unwrap();
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        let id = KeyId::new(bed::WALL, &mut rng);
        bed.format.issue(id, parsed.kind(), parsed.environment(), &mut rng).expose().to_owned()
    });
    row(&format!("not in memory, {what}"), lowest(|| (), || bed.ask(&strangers, &asked)));
    let guessed = texts(&|secret| {
        let parsed = bed.format.parse(secret).unwrap();
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        bed.format.issue(parsed.id(), parsed.kind(), parsed.environment(), &mut rng).expose().to_owned()
    });
    row(&format!("refused for its secret, {what}"), lowest(|| (), || bed.ask(&guessed, &asked)));
    by_checksum.0
}

fn repeated<T>(mut work: impl FnMut() -> T) -> (f64, f64) {
    lowest(
        || (),
        || {
            for _ in 0..CHECKS {
                black_box(work());
            }
            CHECKS
        },
    )
}

fn floors() {
    println!("--- the parts, each by itself");
    let bed = Bed::new(1, Limits::None, None);
    let text = &bed.secrets[0];
    let parsed = bed.format.parse(text).unwrap();
    row("parse and checksum", repeated(|| bed.format.parse(black_box(text))));
    row("keyed hash", repeated(|| bed.keyring.pepper.hash(black_box(&parsed))));
    let state = <Hmac<Sha256> as KeyInit>::new_from_slice(&[1; 32]).unwrap();
    let input = &text.as_bytes()[..55];
    let library = || {
        let mut state = state.clone();
        state.update(black_box(input));
        state.finalize().into_bytes()
    };
    row("the same by the hmac crate, its state cloned", repeated(library));
    row("both clocks", repeated(|| SystemClock.now()));
    for keys in [HOT, 1_000_000] {
        let order = order(CHECKS, keys);
        let map: RwLock<HashMap<u64, Box<[u64; 4]>>> =
            RwLock::new((0..keys as u64).map(|key| (key.wrapping_mul(0x9E37_79B9_7F4A_7C15), Box::new([key; 4]))).collect());
        let look_up = || {
            for &key in &order {
                let map = map.read().unwrap();
                black_box(map[&u64::from(key).wrapping_mul(0x9E37_79B9_7F4A_7C15)][1]);
            }
            order.len()
        };
        row(&format!("look-up in a HashMap of {keys} under one RwLock"), lowest(|| (), look_up));
    }
}
