//! What a check costs inside a process: `Gate::check` on keys that are in memory, beside the parts that cannot be saved, in one run.
//!
//! `make bench-check` builds with optimization and prints nanoseconds a check, the lowest of several rounds. `MGMT_BENCH_KEYS=1000000`
//! fills so many keys for the rows that go over all of them in a random order.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark: a surprise is a panic, and time is the real one"
)]

use std::{
    hint::black_box,
    sync::{Arc, Barrier},
    thread,
    time::Instant,
};

use mgmt_core::{
    access::Question,
    account::{Actor, Organization, Plan},
    key::{ApiKey, Mint, NewKey},
    key_draft::KeyDraft,
    key_text::KeyFormat,
    limit::RateLimit,
    quota::{Period, Quota},
    scope::Catalogues,
    secret::{KeyMaterial, Keyring},
    time::Timestamp,
};
use mgmt_gate::{Check, Gate, GateOptions, Moment, PlanLimits, Request, SystemClock};
use mgmt_store::{Options, Store};

const ROUNDS: usize = 7;
const HOT: usize = 10_000;
const CHECKS: usize = 1_000_000;
/// Keys that go into one transaction.
const BATCH: usize = 5_000;

struct Bench {
    gate: Arc<Gate>,
    format: KeyFormat,
    keyring: Keyring,
}

/// Which limits the keys have.
#[derive(Clone, Copy, PartialEq)]
enum Limits {
    None,
    Own,
}

fn now() -> Moment {
    SystemClock.now()
}

impl Bench {
    fn new(keys: usize, limits: Limits) -> (Self, Vec<String>) {
        let store: Arc<dyn Store> = mgmt_store::open("sqlite::memory:", Options::default()).unwrap();
        store.migrate().unwrap();
        let (format, keyring) = (KeyFormat::new("mg").unwrap(), Keyring::derive(&KeyMaterial::new([1; 32])));
        let options = GateOptions {
            format: format.clone(),
            pepper: keyring.pepper.clone(),
            catalogues: Catalogues::default(),
            limits: PlanLimits { self_hosted: None, scale: None, enterprise: None },
            capacity: keys * 2,
            run: "bench".to_owned(),
        };
        let gate = Arc::new(Gate::new(Arc::clone(&store), options).unwrap());
        let bench = Self { gate, format, keyring };
        let secrets = bench.fill(&*store, keys, limits);
        for secret in &secrets {
            assert!(matches!(bench.gate.admit(secret, &request(limits, &bench.gate), now).unwrap(), Check::Accepted(_)));
        }
        (bench, secrets)
    }

    fn fill(&self, store: &dyn Store, keys: usize, limits: Limits) -> Vec<String> {
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        let wall = now().wall;
        let organization = Organization::new("Acme", Plan::Scale, true, wall, &mut rng).unwrap();
        store.run("setup", |tx| tx.organizations().insert(&organization)).unwrap();
        let mut secrets = Vec::with_capacity(keys);
        while secrets.len() < keys {
            let count = BATCH.min(keys - secrets.len());
            let made: Vec<_> = (0..count).map(|_| self.issue(&organization, limits, wall)).collect();
            store.run("fill", |tx| made.iter().try_for_each(|(key, _)| tx.keys().insert(key))).unwrap();
            secrets.extend(made.into_iter().map(|(_, secret)| secret));
        }
        secrets
    }

    fn issue(&self, organization: &Organization, limits: Limits, wall: Timestamp) -> (ApiKey, String) {
        let draft = KeyDraft { scopes: Some(vec!["orders:read".to_owned()]), ..KeyDraft::default() };
        let parsed = draft.parse(self.gate.catalogues(), wall).unwrap();
        let mut settings = parsed.settings;
        settings.expires_at = Some(wall.plus_secs(86_400));
        if limits == Limits::Own {
            // Wide enough to accept everything, narrow enough that the window's ring is small.
            settings.rate_limit = Some(RateLimit::new(1_000, 1).unwrap());
            settings.quota = Some(Quota { limit: 1_000_000_000, period: Period::Month });
        }
        let new = NewKey {
            organization_id: organization.id,
            project_id: None,
            kind: parsed.kind,
            environment: parsed.environment,
            settings,
            created_by: Actor::System,
        };
        let mint = Mint { format: &self.format, pepper: &self.keyring.pepper };
        let (key, secret) = ApiKey::issue(new, mint, wall, &mut rand_core::UnwrapErr(getrandom::SysRng)).unwrap();
        (key, secret.expose().to_owned())
    }
}

fn request(limits: Limits, gate: &Gate) -> Request<'static> {
    let scopes = &gate.catalogues().scopes;
    let all_of = scopes.demanded(&scopes.parse_set("scopes", &["orders:read"]).unwrap());
    // Without a cost no units are fetched: those are taken from the database in blocks.
    let cost = u64::from(limits == Limits::None);
    Request { question: Question { all_of, ..Question::default() }, cost, ..Request::resource() }
}

/// The lowest nanoseconds a call over some rounds, and how many allocations a call made.
fn lowest(mut round: impl FnMut() -> usize) -> (f64, f64) {
    let (mut best, mut allocations) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let calls = round() as f64;
        best = best.min(start.elapsed().as_nanos() as f64 / calls);
        let mut calls = 0;
        let counted = allocation_counter::measure(|| calls = round());
        allocations = allocations.min(counted.count_total as f64 / calls as f64);
    }
    (best, allocations)
}

/// Indices in a random order that repeats itself nowhere near.
fn order(count: usize, keys: usize) -> Vec<u32> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..count).map(|_| (next() % keys as u64) as u32).collect()
}

fn checks(bench: &Bench, secrets: &[String], order: &[u32], limits: Limits) -> usize {
    let asked = request(limits, &bench.gate);
    // One moment for all: reading a clock is the caller's affair, and has a row of its own.
    let mut at = now();
    for &index in order {
        at.nanos += 20_000;
        let answer = bench.gate.check(&secrets[index as usize], &asked, at);
        debug_assert!(matches!(answer, Check::Accepted(_)));
        black_box(&answer);
    }
    order.len()
}

fn threads(bench: &Bench, secrets: &[String], order: &[u32], limits: Limits) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let barrier = Barrier::new(3);
        let took = thread::scope(|scope| {
            for half in order.chunks(order.len() / 2) {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    checks(bench, secrets, half, limits);
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
    println!("{name:58} {nanos:9.1} ns {allocations:7.2} allocations");
}

fn main() {
    let keys: usize = std::env::var("MGMT_BENCH_KEYS").ok().and_then(|text| text.parse().ok()).unwrap_or(HOT);
    floors();
    for limits in [Limits::None, Limits::Own] {
        let what = if limits == Limits::Own { "one window, one quota" } else { "no limits" };
        let (bench, secrets) = Bench::new(keys, limits);
        let hot = order(CHECKS, HOT.min(keys));
        row(&format!("accepted, {HOT} hot keys, {what}"), lowest(|| checks(&bench, &secrets, &hot, limits)));
        if keys > HOT {
            let all = order(CHECKS, keys);
            row(&format!("accepted, {keys} keys at random, {what}"), lowest(|| checks(&bench, &secrets, &all, limits)));
        }
        let one = vec![7; CHECKS];
        row(&format!("accepted, one key, {what}"), lowest(|| checks(&bench, &secrets, &one, limits)));
        for (name, order) in [("hot keys", &hot), ("one key", &one)] {
            let single = lowest(|| checks(&bench, &secrets, order, limits)).0;
            let both = threads(&bench, &secrets, order, limits);
            println!("{:58} {:9.2} times one thread", format!("two threads, {name}, {what}"), single / both);
        }
        refused(&bench, &secrets, what);
    }
}

fn refused(bench: &Bench, secrets: &[String], what: &str) {
    let asked = Request::resource();
    let at = now();
    // One character in the middle of the secret is another one: the checksum does not fit.
    let wrong: Vec<String> = secrets
        .iter()
        .take(HOT)
        .map(|secret| {
            let mut bytes = secret.clone().into_bytes();
            let middle = bytes.len() / 2;
            bytes[middle] = if bytes[middle] == b'a' { b'b' } else { b'a' };
            String::from_utf8(bytes).unwrap()
        })
        .collect();
    let round = || {
        for secret in &wrong {
            black_box(bench.gate.check(secret, &asked, at));
        }
        wrong.len()
    };
    row(&format!("refused by its checksum, {what}"), lowest(round));
}

fn repeated<T>(mut work: impl FnMut() -> T) -> (f64, f64) {
    lowest(|| {
        for _ in 0..CHECKS {
            black_box(work());
        }
        CHECKS
    })
}

fn floors() {
    let keyring = Keyring::derive(&KeyMaterial::new([1; 32]));
    let format = KeyFormat::new("mg").unwrap();
    let (bench, secrets) = Bench::new(1, Limits::None);
    let text = &secrets[0];
    let parsed = format.parse(text).unwrap();
    row("floor: parse and checksum", repeated(|| format.parse(black_box(text))));
    row("floor: keyed hash", repeated(|| keyring.pepper.hash(black_box(&parsed))));
    row("floor: both clocks", repeated(now));
    drop(bench);
}
