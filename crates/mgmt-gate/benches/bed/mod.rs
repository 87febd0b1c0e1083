//! What the benchmarks of `Gate::check` stand on: a gate with keys in memory, and requests that all of them pass.

use std::{
    convert::Infallible,
    hint::black_box,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use mgmt_core::{
    access::Question,
    account::{Actor, Organization, Plan},
    key::{ApiKey, Mint, NewKey},
    key_draft::KeyDraft,
    key_text::KeyFormat,
    limit::RateLimit,
    quota::{MAX_COST, Period, Quota},
    scope::Catalogues,
    secret::{KeyMaterial, Keyring},
    time::Timestamp,
};
use mgmt_gate::{Check, Gate, GateOptions, Moment, PlanLimits, Request};
use mgmt_store::{Options, Store};
use rand_core::{TryCryptoRng, TryRng};

pub(crate) const WALL: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// Keys that go into one transaction.
const BATCH: usize = 5_000;
/// After so many checks a thread looks what time it is for the others: one that had to wait goes on where they are, as with a real clock.
const TOGETHER: usize = 64;
/// How long a key has between two requests, on average.
const PAUSE: u64 = 20_000_000;

/// Numbers that are the same in each run, so that runs differ in nothing else. Fit for no secret.
struct Steady(u64);

impl TryRng for Steady {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|bits| bits as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        Ok(mixed ^ mixed >> 31)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let value = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&value[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Steady {}

/// Which limits the keys have.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Limits {
    None,
    /// An exact window and a quota of each key's own.
    Own,
}

impl Limits {
    #[allow(dead_code, reason = "one of the benchmarks prints it")]
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::None => "no limits",
            Self::Own => "one window, one quota",
        }
    }
}

pub(crate) struct Bed {
    pub(crate) gate: Arc<Gate>,
    pub(crate) format: KeyFormat,
    pub(crate) keyring: Keyring,
    pub(crate) limits: Limits,
    pub(crate) secrets: Vec<String>,
    clock: AtomicU64,
    /// Where the database is, unless it is in memory.
    place: Option<PathBuf>,
}

impl Drop for Bed {
    fn drop(&mut self) {
        if let Some(place) = &self.place {
            let _ = std::fs::remove_dir_all(place);
        }
    }
}

impl Bed {
    /// A gate over a store with so many keys, of which it has none in memory yet.
    pub(crate) fn new(keys: usize, limits: Limits, place: Option<PathBuf>) -> Self {
        let url = place.as_ref().map_or("sqlite::memory:".to_owned(), |place| {
            std::fs::create_dir_all(place).unwrap();
            format!("sqlite://{}/bench.db", place.display())
        });
        let store: Arc<dyn Store> = mgmt_store::open(&url, Options::default()).unwrap();
        store.migrate().unwrap();
        let (format, keyring) = (KeyFormat::new("mg").unwrap(), Keyring::derive(&KeyMaterial::new([1; 32])));
        let options = GateOptions {
            format: format.clone(),
            pepper: keyring.pepper.clone(),
            catalogues: Catalogues::default(),
            limits: PlanLimits { self_hosted: None, scale: None, enterprise: None },
            capacity: keys.max(10_000),
            run: "bench".to_owned(),
        };
        let gate = Arc::new(Gate::new(Arc::clone(&store), options).unwrap());
        let clock = AtomicU64::new(1_000_000_000);
        let mut bed = Self { gate, format, keyring, limits, secrets: Vec::with_capacity(keys), clock, place };
        bed.fill(&*store, keys);
        bed
    }

    fn fill(&mut self, store: &dyn Store, keys: usize) {
        let mut rng = Steady(1);
        let organization = Organization::new("Acme", Plan::Scale, true, WALL, &mut rng).unwrap();
        store.run("setup", |tx| tx.organizations().insert(&organization)).unwrap();
        while self.secrets.len() < keys {
            let count = BATCH.min(keys - self.secrets.len());
            let made: Vec<_> = (0..count).map(|_| self.issue(&organization, &mut rng)).collect();
            store.run("fill", |tx| made.iter().try_for_each(|(key, _)| tx.keys().insert(key))).unwrap();
            self.secrets.extend(made.into_iter().map(|(_, secret)| secret));
        }
    }

    fn issue(&self, organization: &Organization, rng: &mut Steady) -> (ApiKey, String) {
        let draft = KeyDraft { scopes: Some(vec!["orders:read".to_owned()]), ..KeyDraft::default() };
        let parsed = draft.parse(self.gate.catalogues(), WALL).unwrap();
        let mut settings = parsed.settings;
        settings.name = "Warehouse 12, orders".to_owned();
        settings.expires_at = Some(WALL.plus_secs(86_400));
        if self.limits == Limits::Own {
            settings.rate_limit = Some(RateLimit::new(1_000, 1).unwrap());
            settings.quota = Some(Quota { limit: Quota::MAX_LIMIT, period: Period::Month });
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
        let (key, secret) = ApiKey::issue(new, mint, WALL, rng).unwrap();
        (key, secret.expose().to_owned())
    }

    /// Has all keys in memory, and has used each.
    pub(crate) fn warm(&self) {
        self.gate.warm(self.now(), || true).unwrap();
        for secret in &self.secrets {
            if self.limits == Limits::Own {
                self.top_up(secret);
            }
            let answer = self.gate.admit(secret, &self.request(), || self.now()).unwrap();
            assert!(matches!(answer, Check::Accepted(_)));
        }
    }

    /// Has as many units of the key's quota in memory as can be: the store gives them in blocks, and is not what is measured.
    pub(crate) fn top_up(&self, secret: &str) {
        let asked = Request { cost: MAX_COST, ..self.request() };
        while let Check::Pending(pending) = self.gate.check(secret, &asked, self.now()) {
            self.gate.resolve(&pending, self.now()).unwrap();
            if pending.flight().starts_with("units") {
                return;
            }
        }
    }

    pub(crate) fn request(&self) -> Request<'static> {
        let scopes = &self.gate.catalogues().scopes;
        let all_of = scopes.demanded(&scopes.parse_set("scopes", &["orders:read"]).unwrap());
        Request { question: Question { all_of, ..Question::default() }, ..Request::resource() }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment { wall: WALL, nanos: self.clock.load(Ordering::SeqCst) }
    }

    /// Checks the keys with these numbers, of which `distinct` are different. Every check must pass. Reading a clock is the caller's
    /// affair: here time is counted, so that each key's window is far from full.
    pub(crate) fn accept(&self, order: &[u32], distinct: usize) -> usize {
        let asked = self.request();
        let mut at = self.now();
        let mut accepted = 0;
        for (number, &index) in order.iter().enumerate() {
            at.nanos += PAUSE / distinct as u64;
            if number % TOGETHER == 0 {
                at.nanos = at.nanos.max(self.clock.fetch_max(at.nanos, Ordering::SeqCst));
            }
            let answer = self.gate.check(&self.secrets[index as usize], &asked, at);
            accepted += usize::from(matches!(answer, Check::Accepted(_)));
            black_box(&answer);
        }
        self.clock.fetch_max(at.nanos, Ordering::SeqCst);
        assert_eq!(accepted, order.len(), "all of these pass");
        order.len()
    }

    /// Well-formed keys with something wrong: one character, so that the checksum does not fit.
    pub(crate) fn misspelt(&self, count: usize) -> Vec<String> {
        let misspell = |secret: &String| {
            let mut bytes = secret.clone().into_bytes();
            let middle = bytes.len() / 2;
            bytes[middle] = if bytes[middle] == b'a' { b'b' } else { b'a' };
            String::from_utf8(bytes).unwrap()
        };
        self.secrets.iter().take(count).map(misspell).collect()
    }

    /// Checks texts whatever the answer is.
    pub(crate) fn ask(&self, texts: &[String], asked: &Request<'_>) -> usize {
        let at = self.now();
        for text in texts {
            black_box(self.gate.check(text, asked, at));
        }
        texts.len()
    }
}

/// Numbers below `keys` in a random order that repeats itself nowhere near.
pub(crate) fn order(count: usize, keys: usize) -> Vec<u32> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..count).map(|_| (next() % keys as u64) as u32).collect()
}
