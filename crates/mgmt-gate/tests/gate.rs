//! The gate over a real store: races, counts and limits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::{
    path::Path,
    sync::{
        Arc, Barrier, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use mgmt_core::{
    access::{Denial, Question},
    account::{Actor, Organization, Plan},
    id::KeyId,
    key::{ApiKey, Mint, NewKey},
    key_draft::KeyDraft,
    key_text::KeyFormat,
    lease::{Lease, Terms},
    scope::Catalogues,
    secret::{KeyMaterial, Keyring, PlainSecret},
    time::Timestamp,
    usage::Outcome,
};
use mgmt_gate::{Check, Gate, GateOptions, Moment, Places, PlanLimits, Refusal, Request, Taken, Traffic};
use mgmt_store::{Ending, Invalidation, Mode, Options, Result, Store, StoreError, Tx};

const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A real store that counts its transactions.
#[derive(Debug)]
struct Counted {
    inner: Arc<dyn Store>,
    transactions: AtomicU64,
    /// A gate that lets a key through each time that counts are written.
    busy: OnceLock<(Weak<Gate>, String)>,
}

impl Store for Counted {
    fn transact(&self, name: &'static str, mode: Mode, work: &mut dyn FnMut(&mut dyn Tx) -> Ending) -> Result<()> {
        self.transactions.fetch_add(1, Ordering::SeqCst);
        if let (Some((gate, secret)), "usage.flush") = (self.busy.get(), name) {
            assert!(self.transactions() < 100, "counts are written again and again");
            assert!(is_accepted(&gate.upgrade().unwrap().check(secret, &Request::resource(), at(0))));
        }
        self.inner.transact(name, mode, work)
    }

    fn migrate(&self) -> Result<Vec<String>> {
        self.inner.migrate()
    }

    fn check_schema(&self) -> Result<()> {
        self.inner.check_schema()
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    fn back_up(&self, target: &Path, taken_at: Timestamp) -> Result<()> {
        self.inner.back_up(target, taken_at)
    }
}

impl Counted {
    fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::SeqCst)
    }
}

struct Bench {
    counted: Arc<Counted>,
    store: Arc<dyn Store>,
    gate: Arc<Gate>,
    format: KeyFormat,
    keyring: Keyring,
    organization: Organization,
}

fn at(millis: u64) -> Moment {
    Moment { wall: START.plus_millis(millis as i64), nanos: millis * 1_000_000 }
}

fn rng() -> rand_core::UnwrapErr<getrandom::SysRng> {
    rand_core::UnwrapErr(getrandom::SysRng)
}

impl Bench {
    fn new(per_minute: Option<u32>) -> Self {
        let inner = mgmt_store::open("sqlite::memory:", Options::default()).unwrap();
        inner.migrate().unwrap();
        let counted = Arc::new(Counted { inner, transactions: AtomicU64::new(0), busy: OnceLock::new() });
        let store: Arc<dyn Store> = counted.clone();
        let (format, keyring) = (KeyFormat::new("mg").unwrap(), Keyring::derive(&KeyMaterial::new([1; 32])));
        let limit = per_minute.and_then(mgmt_core::limit::RateLimit::per_minute);
        let options = GateOptions {
            format: format.clone(),
            pepper: keyring.pepper.clone(),
            catalogues: Catalogues::default(),
            limits: PlanLimits { self_hosted: limit, scale: limit, enterprise: limit },
            capacity: 5_000,
            run: "test".to_owned(),
        };
        let gate = Arc::new(Gate::new(store.clone(), options).unwrap());
        let organization = Organization::new("Acme", Plan::Scale, true, START, &mut rng()).unwrap();
        store.run("setup", |tx| tx.organizations().insert(&organization)).unwrap();
        Self { counted, store, gate, format, keyring, organization }
    }

    fn key(&self, change: impl FnOnce(&mut KeyDraft)) -> (ApiKey, PlainSecret) {
        let mut draft = KeyDraft { scopes: Some(vec!["orders:read".to_owned()]), ..KeyDraft::default() };
        change(&mut draft);
        let parsed = draft.parse(self.gate.catalogues(), START).unwrap();
        let new = NewKey {
            organization_id: self.organization.id,
            project_id: None,
            kind: parsed.kind,
            environment: parsed.environment,
            settings: parsed.settings,
            created_by: Actor::System,
        };
        let mint = Mint { format: &self.format, pepper: &self.keyring.pepper };
        let (key, secret) = ApiKey::issue(new, mint, START, &mut rng()).unwrap();
        self.change(|tx| {
            tx.keys().insert(&key)?;
            tx.invalidations().append(Invalidation::Key(key.id), START)
        });
        (key, secret)
    }

    /// A change as the server makes it: committed with its journal entry, then followed.
    fn change(&self, work: impl FnMut(&mut dyn Tx) -> Result<i64>) {
        self.store.run("change", work).unwrap();
        self.gate.catch_up().unwrap();
    }

    fn update(&self, key: &ApiKey) {
        self.change(|tx| {
            tx.keys().update(key)?;
            tx.invalidations().append(Invalidation::Key(key.id), START)
        });
    }

    fn admit(&self, secret: &PlainSecret, now: Moment) -> Check {
        self.gate.admit(secret.expose(), &Request::resource(), || now).unwrap()
    }

    /// Requests with this outcome.
    fn counts(&self, outcome: Outcome) -> u64 {
        self.gate.flush(at(0)).unwrap();
        let (from, until) = (START.plus_secs(-60), START.plus_secs(60));
        let counts = self.store.read("usage", |tx| tx.usage().list(self.organization.id, from, until)).unwrap();
        counts.iter().filter(|c| c.outcome == outcome).map(|c| c.count).sum()
    }

    fn transactions(&self) -> u64 {
        self.counted.transactions()
    }
}

fn is_accepted(check: &Check) -> bool {
    matches!(check, Check::Accepted(_))
}

#[test]
fn a_change_is_followed_before_it_is_confirmed() {
    let bench = Bench::new(None);
    let (key, secret) = bench.key(|_| {});
    assert!(is_accepted(&bench.admit(&secret, at(0))));
    let key = key.suspend(START).unwrap();
    bench.update(&key);
    assert!(matches!(bench.admit(&secret, at(1)), Check::Refused(Refusal::Denied(Denial::Suspended, _))));
    let key = key.resume(START).unwrap();
    bench.update(&key);
    assert!(is_accepted(&bench.admit(&secret, at(2))));
    bench.update(&key.revoke(None, START));
    assert!(matches!(bench.admit(&secret, at(3)), Check::Refused(Refusal::Denied(Denial::Revoked, _))));
}

#[test]
fn a_suspended_organization_stops_its_keys() {
    let bench = Bench::new(None);
    let (_, secret) = bench.key(|_| {});
    assert!(is_accepted(&bench.admit(&secret, at(0))));
    let mut suspended = bench.organization.clone();
    suspended.state = mgmt_core::account::OrganizationState::Suspended;
    suspended.version += 1;
    bench.change(|tx| {
        tx.organizations().update(&suspended)?;
        tx.invalidations().append(Invalidation::Organization(suspended.id), START)
    });
    assert!(matches!(bench.admit(&secret, at(1)), Check::Refused(Refusal::Denied(Denial::Suspended, _))));
}

#[test]
fn junk_costs_no_transaction_and_strangers_one() {
    let bench = Bench::new(None);
    let (_, secret) = bench.key(|_| {});
    assert!(is_accepted(&bench.admit(&secret, at(0))));
    let before = bench.transactions();
    for i in 0..secret.expose().len() {
        let mut junk = secret.expose().to_owned();
        let other = if junk.as_bytes()[i] == b'x' { "y" } else { "x" };
        junk.replace_range(i..=i, other);
        assert!(matches!(bench.gate.check(&junk, &Request::resource(), at(1)), Check::Refused(Refusal::Unknown)));
    }
    assert!(is_accepted(&bench.admit(&secret, at(2))));
    assert_eq!(bench.transactions(), before);
    let stranger = bench.format.issue(
        KeyId::from_u128(9),
        mgmt_core::key_text::KeyKind::Secret,
        mgmt_core::key_text::Environment::Prod,
        &mut rng(),
    );
    for _ in 0..10 {
        assert!(matches!(bench.admit(&stranger, at(3)), Check::Refused(Refusal::Unknown)));
    }
    assert_eq!(bench.transactions(), before + 1);
}

#[test]
fn first_uses_at_once_share_one_look_up() {
    let bench = Bench::new(None);
    let (_, secret) = bench.key(|_| {});
    let (before, threads) = (bench.transactions(), 64);
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                barrier.wait();
                assert!(is_accepted(&bench.admit(&secret, at(0))));
            });
        }
    });
    assert_eq!(bench.transactions(), before + 1);
}

/// A record that was read while its key was revoked must never be cached: that is the bug of cached verifiers.
#[test]
fn no_check_that_starts_after_a_revocation_is_accepted() {
    let bench = Bench::new(None);
    for _ in 0..50 {
        let (key, secret) = bench.key(|_| {});
        let (revoked, wrong) = (AtomicBool::new(false), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..400 {
                        let after = revoked.load(Ordering::SeqCst);
                        if is_accepted(&bench.admit(&secret, at(0))) && after {
                            wrong.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
            scope.spawn(|| {
                // Other changes evict the record, so that fills and the revocation meet.
                for _ in 0..5 {
                    bench.change(|tx| tx.invalidations().append(Invalidation::Key(key.id), START));
                }
                bench.update(&key.clone().revoke(None, START));
                revoked.store(true, Ordering::SeqCst);
            });
        });
        assert_eq!(wrong.load(Ordering::SeqCst), 0);
        assert!(!is_accepted(&bench.admit(&secret, at(1))));
    }
}

#[test]
fn a_quota_is_exact_under_contention() {
    for limit in [1_u64, 7, 1_000] {
        let bench = Bench::new(None);
        let (key, secret) = bench.key(|d| d.quota = Some((limit, "day".to_owned())));
        let accepted = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if is_accepted(&bench.admit(&secret, at(0))) {
                            accepted.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert_eq!(accepted.load(Ordering::SeqCst), limit);
        let start = mgmt_core::quota::Period::Day.start(START);
        let used = bench.store.read("used", |tx| tx.quotas().used(&key.lineage.to_string(), start)).unwrap();
        assert_eq!(used, limit);
    }
}

#[test]
fn costs_are_taken_whole_or_not_at_all() {
    let bench = Bench::new(None);
    let (_, secret) = bench.key(|d| d.quota = Some((10, "day".to_owned())));
    let admit = |cost| bench.gate.admit(secret.expose(), &Request { cost, ..Request::resource() }, || at(0)).unwrap();
    assert!(is_accepted(&admit(7)));
    assert!(matches!(admit(4), Check::Refused(Refusal::QuotaExceeded(..))));
    assert!(matches!(admit(1_000_000), Check::Refused(Refusal::QuotaExceeded(..))));
    assert!(is_accepted(&admit(0)));
    assert!(is_accepted(&admit(3)));
    assert!(is_accepted(&admit(0)));
    let Check::Refused(Refusal::QuotaExceeded(after, admission)) = admit(1) else { panic!("the quota is used up") };
    let quota = admission.standings.quota.unwrap();
    assert_eq!((quota.used, quota.remaining), (10, 0));
    assert_eq!(after, START.secs_until(quota.resets_at));
}

#[test]
fn the_next_period_starts_anew_and_unused_units_go_back() {
    let bench = Bench::new(None);
    let (key, secret) = bench.key(|d| d.quota = Some((1_000, "day".to_owned())));
    assert!(is_accepted(&bench.admit(&secret, at(0))));
    assert_eq!(bench.gate.unused_units(key.lineage), 9);
    bench.gate.maintain(at(100)).unwrap();
    assert_eq!(bench.gate.unused_units(key.lineage), 9);
    bench.gate.maintain(at(400)).unwrap();
    assert_eq!(bench.gate.unused_units(key.lineage), 0);
    let day = mgmt_core::quota::Period::Day;
    let row = key.lineage.to_string();
    assert_eq!(bench.store.read("used", |tx| tx.quotas().used(&row, day.start(START))).unwrap(), 1);
    let tomorrow = Moment { wall: day.end(START), nanos: at(500).nanos };
    assert!(is_accepted(&bench.admit(&secret, tomorrow)));
    bench.gate.close(tomorrow).unwrap();
    assert_eq!(bench.store.read("used", |tx| tx.quotas().used(&row, day.end(START))).unwrap(), 1);
}

#[test]
fn a_changed_quota_acts_at_once() {
    let bench = Bench::new(None);
    let (mut key, secret) = bench.key(|d| d.quota = Some((1_000, "day".to_owned())));
    for _ in 0..5 {
        assert!(is_accepted(&bench.admit(&secret, at(0))));
    }
    let mut settings = key.settings.clone();
    settings.quota = Some(mgmt_core::quota::Quota::new(5, "day").unwrap());
    key = key.update(settings.clone(), START).unwrap();
    bench.update(&key);
    assert!(matches!(bench.admit(&secret, at(0)), Check::Refused(Refusal::QuotaExceeded(..))));
    settings.quota = Some(mgmt_core::quota::Quota::new(6, "day").unwrap());
    bench.update(&key.update(settings, START).unwrap());
    assert!(is_accepted(&bench.admit(&secret, at(0))));
    assert!(!is_accepted(&bench.admit(&secret, at(0))));
}

#[test]
fn what_one_limit_refuses_takes_nothing_from_the_others() {
    let bench = Bench::new(Some(10));
    let (_, limited) = bench.key(|d| d.rate_limit = Some((2, 60)));
    let (_, metered) = bench.key(|d| d.quota = Some((3, "day".to_owned())));
    for _ in 0..2 {
        assert!(is_accepted(&bench.admit(&limited, at(0))));
    }
    for _ in 0..20 {
        assert!(matches!(bench.admit(&limited, at(0)), Check::Refused(Refusal::RateLimited(60, _))));
    }
    for _ in 0..3 {
        assert!(is_accepted(&bench.admit(&metered, at(0))));
    }
    for _ in 0..20 {
        assert!(matches!(bench.admit(&metered, at(0)), Check::Refused(Refusal::QuotaExceeded(..))));
    }
    let (_, free) = bench.key(|_| {});
    for _ in 0..5 {
        assert!(is_accepted(&bench.admit(&free, at(0))));
    }
    assert!(matches!(bench.admit(&free, at(0)), Check::Refused(Refusal::RateLimited(60, _))));
    assert!(is_accepted(&bench.admit(&free, at(60_000))));
}

#[test]
fn an_evicted_record_forgets_no_count() {
    let bench = Bench::new(None);
    let (key, secret) = bench.key(|d| d.rate_limit = Some((1, 60)));
    assert!(is_accepted(&bench.admit(&secret, at(0))));
    bench.change(|tx| tx.invalidations().append(Invalidation::Key(key.id), START));
    bench.gate.maintain(at(1)).unwrap();
    assert!(matches!(bench.admit(&secret, at(2)), Check::Refused(Refusal::RateLimited(60, _))));
}

#[test]
fn a_denied_request_counts_against_nothing() {
    let bench = Bench::new(Some(1));
    let (_, secret) = bench.key(|_| {});
    let scopes = &bench.gate.catalogues().scopes;
    let question =
        Question { all_of: scopes.demanded(&scopes.parse_set("s", &["orders:write"]).unwrap()), ..Question::default() };
    for _ in 0..3 {
        let check = bench.gate.admit(secret.expose(), &Request { question, ..Request::resource() }, || at(0)).unwrap();
        assert!(matches!(check, Check::Refused(Refusal::Denied(Denial::InsufficientScope, _))));
    }
    assert!(is_accepted(&bench.admit(&secret, at(0))));
}

#[test]
fn counts_reach_the_store_once() {
    let bench = Bench::new(Some(3));
    let (key, secret) = bench.key(|_| {});
    for _ in 0..5 {
        let _ = bench.admit(&secret, at(0));
    }
    bench.gate.flush(at(0)).unwrap();
    bench.gate.flush(at(1)).unwrap();
    let counts = bench
        .store
        .read("usage", |tx| tx.usage().list(bench.organization.id, START.plus_secs(-60), START.plus_secs(60)))
        .unwrap();
    let of = |outcome| counts.iter().filter(|c| c.outcome == outcome && c.key_id == key.id).map(|c| c.count).sum::<u64>();
    assert_eq!((of(Outcome::Accepted), of(Outcome::Limited)), (3, 2));
    let stored = bench.store.read("key", |tx| tx.keys().find_any(key.id)).unwrap().unwrap();
    assert_eq!(stored.last_used_at, Some(START));
}

#[test]
fn what_is_counted_while_counts_are_written_waits_for_the_next_time() {
    let bench = Bench::new(None);
    let (_, secret) = bench.key(|_| {});
    assert!(is_accepted(&bench.admit(&secret, at(0))));
    bench.counted.busy.set((Arc::downgrade(&bench.gate), secret.expose().to_owned())).unwrap();
    let before = bench.transactions();
    bench.gate.flush(at(0)).unwrap();
    assert_eq!(bench.transactions() - before, 1);
    // The second one writes what came with the first, and with the third came one more.
    assert_eq!((bench.counts(Outcome::Accepted), bench.counts(Outcome::Accepted)), (2, 3));
}

#[test]
fn a_store_that_is_away_is_no_answer() {
    #[derive(Debug)]
    struct Away(Arc<dyn Store>, AtomicBool);
    impl Store for Away {
        fn transact(&self, name: &'static str, mode: Mode, work: &mut dyn FnMut(&mut dyn Tx) -> Ending) -> Result<()> {
            if self.1.load(Ordering::SeqCst) {
                Err(StoreError::Unavailable("away".to_owned()))
            } else {
                self.0.transact(name, mode, work)
            }
        }
        fn migrate(&self) -> Result<Vec<String>> {
            self.0.migrate()
        }
        fn check_schema(&self) -> Result<()> {
            self.0.check_schema()
        }
        fn is_shared(&self) -> bool {
            false
        }
        fn back_up(&self, target: &Path, taken_at: Timestamp) -> Result<()> {
            self.0.back_up(target, taken_at)
        }
    }
    let bench = Bench::new(None);
    let (_, secret) = bench.key(|_| {});
    let away = Arc::new(Away(bench.store.clone(), AtomicBool::new(false)));
    let options = GateOptions {
        format: bench.format.clone(),
        pepper: bench.keyring.pepper.clone(),
        catalogues: Catalogues::default(),
        limits: PlanLimits::default(),
        capacity: 10,
        run: "away".to_owned(),
    };
    let gate = Gate::new(away.clone(), options).unwrap();
    away.1.store(true, Ordering::SeqCst);
    let ask = || gate.admit(secret.expose(), &Request::resource(), || at(0));
    assert!(ask().is_err());
    away.1.store(false, Ordering::SeqCst);
    assert!(is_accepted(&ask().unwrap()));
    away.1.store(true, Ordering::SeqCst);
    // What is cached is still known; counts wait.
    assert!(is_accepted(&ask().unwrap()));
    assert!(gate.flush(at(0)).is_err());
    away.1.store(false, Ordering::SeqCst);
    gate.flush(at(0)).unwrap();
    let counts = bench
        .store
        .read("usage", |tx| tx.usage().list(bench.organization.id, START.plus_secs(-60), START.plus_secs(60)))
        .unwrap();
    assert_eq!(counts.iter().map(|c| c.count).sum::<u64>(), 2);
}

/// A thread that asks for one key again and again has a copy of its record. It must end with the record, whichever way that ends.
#[test]
fn a_request_waits_for_the_next_lease_and_not_for_ever() {
    let bench = Bench::new(None);
    let (_, secret) = bench.key(|_| {});
    bench.gate.require_lease();
    assert!(matches!(bench.gate.check(secret.expose(), &Request::resource(), at(0)), Check::Unleased));
    let waiting = || bench.gate.admit(secret.expose(), &Request::resource(), || at(0));
    assert!(matches!(waiting(), Err(StoreError::Unavailable(text)) if text.contains("lease")));
    thread::scope(|scope| {
        let asked = scope.spawn(waiting);
        thread::sleep(Duration::from_millis(20));
        bench.gate.grant(Lease::granted(at(0).nanos, Terms::of(Duration::from_secs(2))));
        assert!(is_accepted(&asked.join().unwrap().unwrap()));
    });
}

#[test]
fn copies_that_threads_keep_end_in_time() {
    for way in 0..30 {
        let bench = Bench::new(None);
        let (key, secret) = bench.key(|_| {});
        let (ended, wrong, warm) = (AtomicBool::new(false), AtomicU64::new(0), Barrier::new(4));
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut refused = 0;
                    for number in 0.. {
                        if number == 200 {
                            warm.wait();
                        }
                        let after = ended.load(Ordering::SeqCst);
                        let accepted = is_accepted(&bench.admit(&secret, at(0)));
                        wrong.fetch_add((accepted && after).into(), Ordering::SeqCst);
                        refused += u64::from(after);
                        if refused > 100 {
                            break;
                        }
                    }
                });
            }
            warm.wait();
            if way % 2 == 0 {
                bench.update(&key.clone().revoke(None, START));
            } else {
                let mut organization = bench.organization.clone();
                organization.state = mgmt_core::account::OrganizationState::Suspended;
                organization.version += 1;
                bench.change(|tx| {
                    tx.organizations().update(&organization)?;
                    tx.invalidations().append(Invalidation::Organization(organization.id), START)
                });
            }
            ended.store(true, Ordering::SeqCst);
        });
        assert_eq!(wrong.load(Ordering::SeqCst), 0, "way {way}");
    }
}

/// A cache far too small for its keys answers for each of them, and follows their revocations.
#[test]
fn a_crowded_cache_is_right() {
    let bench = Bench::new(None);
    let keys: Vec<_> = (0..1_500).map(|_| bench.key(|_| {})).collect();
    let ended: Vec<_> = keys.iter().map(|_| AtomicBool::new(false)).collect();
    thread::scope(|scope| {
        for thread in 0..3 {
            let (bench, keys, ended) = (&bench, &keys, &ended);
            scope.spawn(move || {
                let mut number = thread * 331;
                for _ in 0..8_000 {
                    number = (number + 7_919) % keys.len();
                    let after = ended[number].load(Ordering::SeqCst);
                    match bench.admit(&keys[number].1, at(0)) {
                        Check::Accepted(admission) => {
                            assert_eq!(admission.record.id(), keys[number].0.id);
                            assert!(!after, "accepted after its revocation");
                        }
                        answer => assert!(matches!(answer, Check::Refused(Refusal::Denied(Denial::Revoked, _))), "{answer:?}"),
                    }
                }
            });
        }
        for (key, ended) in keys.iter().zip(&ended).step_by(5) {
            bench.update(&key.0.clone().revoke(None, START));
            ended.store(true, Ordering::SeqCst);
        }
    });
}

#[test]
fn keys_that_were_read_ahead_need_no_look_up() {
    let bench = Bench::new(None);
    let keys: Vec<_> = (0..20).map(|_| bench.key(|_| {})).collect();
    let (limited, limited_secret) = bench.key(|d| d.quota = Some((5, "day".to_owned())));
    let (revoked, _) = bench.key(|_| {});
    bench.update(&revoked.revoke(None, START));
    assert_eq!(bench.gate.warm(at(0), || true).unwrap(), 21);
    let before = bench.transactions();
    assert!(keys.iter().all(|(_, secret)| is_accepted(&bench.admit(secret, at(0)))));
    assert_eq!(bench.transactions(), before);
    bench.update(&keys[0].0.clone().revoke(None, START));
    assert!(!is_accepted(&bench.admit(&keys[0].1, at(1))));
    assert_eq!((0..9).filter(|_| is_accepted(&bench.admit(&limited_secret, at(1)))).count(), 5);
    assert_eq!(bench.gate.warm(at(1), || true).unwrap(), 20);
    assert!(!is_accepted(&bench.admit(&limited_secret, at(1))), "{}", limited.id);
}

/// A key that is in use need not be looked up after a change; one that nobody asked for is left where it is.
#[test]
fn keys_that_changed_are_read_again() {
    let bench = Bench::new(None);
    let ((used, secret), (unused, _)) = (bench.key(|_| {}), bench.key(|_| {}));
    assert!(is_accepted(&bench.admit(&secret, at(0))));
    bench.update(&used.clone().suspend(START).unwrap());
    bench.update(&unused.suspend(START).unwrap());
    assert_eq!(bench.gate.reread(at(0)).unwrap(), 1);
    let before = bench.transactions();
    assert!(!is_accepted(&bench.admit(&secret, at(0))));
    assert_eq!((bench.transactions(), bench.gate.reread(at(0)).unwrap()), (before, 0));
}

/// A server that is told to stop while it reads keys ahead does not read on.
#[test]
fn reading_ahead_ends_when_it_is_told_to() {
    let bench = Bench::new(None);
    (0..6_010).for_each(|_| drop(bench.key(|_| {})));
    assert_eq!(bench.gate.warm(at(0), || false).unwrap(), 2_000);
    assert_eq!(bench.gate.warm(at(1), || true).unwrap(), 6_010);
}

/// The places that a check asks for, once everything else is there.
fn places(bench: &Bench, secret: &PlainSecret) -> Option<Places> {
    for _ in 0..10 {
        match bench.gate.check(secret.expose(), &Request::resource(), at(0)) {
            Check::Pending(pending) => match pending.places() {
                Some(places) => return Some(*places),
                None => bench.gate.resolve(&pending, at(0)).unwrap(),
            },
            _ => return None,
        }
    }
    None
}

#[test]
fn places_are_asked_for_last_and_counted_once() {
    use mgmt_core::limit::{RateLimit, Standing};
    let bench = Bench::new(Some(50));
    let own = RateLimit { requests: 7, per_seconds: 10 };
    let (key, secret) = bench.key(|draft| {
        draft.rate_limit = Some((7, 10));
        draft.quota = Some((2, "day".to_owned()));
    });
    bench.gate.count_together(None);
    let asked = places(&bench, &secret).expect("places");
    let names: Vec<_> = asked.windows().map(|window| (window.name(), window.limit().requests)).collect();
    let home = bench.organization.id;
    assert_eq!(names[0], (format!("{{{home}}}:resource"), 50));
    assert_eq!(names[1], (format!("{{{home}}}:key:{}", key.id), 7));
    // Asking costs nothing.
    assert_eq!(bench.counts(Outcome::Accepted), 0);

    let standing = |limit, remaining| Standing { limit, remaining, reset: 9, per_seconds: 10 };
    let standings = vec![standing(50, 30), standing(7, 3)];
    let taken = Taken { retry_after: None, standings: standings.clone(), receipts: vec!["a".to_owned(), "b".to_owned()] };
    let with = |taken: &Taken| bench.gate.check_holding(secret.expose(), &Request::resource(), at(0), (&asked, taken));
    let Check::Accepted(admission) = with(&taken) else { panic!("there were places") };
    assert_eq!((admission.standings.plan, admission.standings.key), (Some(standings[0]), Some(standings[1])));
    let full = Taken { retry_after: Some(4), standings, receipts: Vec::new() };
    assert!(matches!(with(&full), Check::Refused(Refusal::RateLimited(4, _))));
    assert_eq!((bench.counts(Outcome::Accepted), bench.counts(Outcome::Limited)), (1, 1));

    // Places of another limit are no good.
    let mut settings = key.settings.clone();
    settings.rate_limit = Some(RateLimit { requests: 8, ..own });
    bench.update(&key.update(settings, START).unwrap());
    let again = places(&bench, &secret).expect("places");
    assert_ne!(again, asked);
    assert!(matches!(with(&taken), Check::Pending(pending) if pending.places() == Some(&again)));

    // Whoever is refused anyway asks for none.
    let Check::Accepted(admission) = bench.gate.check_holding(secret.expose(), &Request::resource(), at(0), (&again, &taken))
    else {
        panic!("the quota has one left")
    };
    assert!(matches!(bench.admit(&secret, at(0)), Check::Refused(Refusal::QuotaExceeded(..))));
    assert_eq!(bench.gate.places_of(&admission.record, Traffic::Resource), Some(again));

    // Alone again, what was accepted together counts.
    bench.gate.count_here();
    assert_eq!(bench.gate.places_of(&admission.record, Traffic::Resource), None);
    let Check::Refused(Refusal::QuotaExceeded(_, admission)) = bench.admit(&secret, at(0)) else { panic!("used up") };
    assert_eq!(admission.standings.key.map(|s| s.remaining), Some(6));
    assert_eq!(admission.standings.plan.map(|s| s.remaining), Some(48));
}
