//! Three nodes, keys, checks of them and revocations of them, and the history of both.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mgmt_tests::{Backend, Relay, Server, in_parallel, signal};
use serde_json::{Value, json};

/// The lease of these tests: short, so that they are.
pub(crate) const TTL: Duration = Duration::from_millis(1_000);
/// What a node adds to it at most.
pub(crate) const SLACK: Duration = Duration::from_millis(1_500);

/// Keys that are warm in the cache of every node.
struct Key {
    id: String,
    text: String,
    /// When the answer to its revocation was there, in nanoseconds since the start; 0 before.
    answered: AtomicU64,
}

pub(crate) struct History {
    pub(crate) nodes: Vec<Server>,
    /// Between the last node and the database.
    pub(crate) relay: Relay,
    keys: Vec<Key>,
    next: AtomicUsize,
    start: Instant,
    accepted: AtomicUsize,
    refused: AtomicUsize,
    unanswered: AtomicUsize,
    violations: AtomicUsize,
}

/// How long the revocations of a phase took, in order.
pub(crate) struct Times(pub(crate) Vec<Duration>);

impl Times {
    pub(crate) fn quantile(&self, part: f64) -> Duration {
        let last = self.0.len() - 1;
        self.0[((last as f64) * part).round() as usize]
    }
}

/// What a phase must hold to.
pub(crate) struct Phase<'a> {
    pub(crate) name: &'a str,
    pub(crate) revocations: usize,
    /// The nodes that revoke.
    pub(crate) writers: &'a [usize],
}

impl History {
    pub(crate) fn start(keys: usize, settings: &[(&str, &str)]) -> Self {
        let mut all = vec![
            ("MGMT_KEYS__MAX_ACTIVE", "100000"),
            ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "0"),
            ("MGMT_CLUSTER__LEASE_TTL_MS", "1000"),
        ];
        all.extend(settings);
        let first = Server::with(Backend::Postgres, &all);
        let second = first.another_node();
        let url = first.database.url();
        let target = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).and_then(|a| a.rsplit('@').next());
        let relay = Relay::to(target.expect("a host and a port"));
        let third = first.another_node_with(&[("MGMT_DATABASE__URL", &relay.url(&url))]);
        let nodes = vec![first, second, third];
        let made = in_parallel(4, |_| (0..keys / 4).map(|_| nodes[0].create_key(&json!({"scopes": ["*"]}))).collect::<Vec<_>>());
        let key = |made: Value| Key {
            id: made["id"].as_str().expect("an id").to_owned(),
            text: made["key"].as_str().expect("a key").to_owned(),
            answered: AtomicU64::new(0),
        };
        let keys: Vec<_> = made.into_iter().flatten().map(key).collect();
        // Each key is good on every node at once, and in every cache from now on.
        in_parallel(nodes.len(), |node| {
            for key in &keys {
                // A crowded machine can keep a node from its lease, which is short here.
                let mut tries = 0;
                let answer = loop {
                    let answer = nodes[node].verify_answer(&json!({"key": key.text}));
                    if answer.status != 503 || tries == 200 {
                        break answer;
                    }
                    tries += 1;
                    sleep(Duration::from_millis(50));
                };
                assert_eq!(answer.expect(200)["code"], "valid");
            }
        });
        Self {
            nodes,
            relay,
            keys,
            next: AtomicUsize::new(0),
            start: Instant::now(),
            accepted: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            unanswered: AtomicUsize::new(0),
            violations: AtomicUsize::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap()
    }

    pub(crate) fn violations(&self) -> usize {
        self.violations.load(Ordering::SeqCst)
    }

    /// Checks a key, and the answer against the history.
    fn check(&self, node: usize, key: &Key) {
        let node = &self.nodes[node];
        let began = self.now();
        let sent = node.post("/v1/keys/verify", &json!({"key": key.text})).bearer(node.management_key()).try_send();
        let Ok(answer) = sent else {
            self.unanswered.fetch_add(1, Ordering::SeqCst);
            return;
        };
        if answer.status != 200 {
            assert_eq!(answer.status, 503, "{}", answer.text());
            assert!(answer.header("retry-after").is_some());
            self.unanswered.fetch_add(1, Ordering::SeqCst);
            return;
        }
        if answer.value()["valid"] != true {
            assert_eq!(answer.value()["code"], "revoked");
            self.refused.fetch_add(1, Ordering::SeqCst);
            return;
        }
        self.accepted.fetch_add(1, Ordering::SeqCst);
        let answered = key.answered.load(Ordering::SeqCst);
        if answered != 0 && answered < began {
            self.violations.fetch_add(1, Ordering::SeqCst);
            eprintln!("accepted {} ms after the answer by {}", (began - answered) / 1_000_000, node.address);
        }
    }

    /// Revokes the next key at a node, repeating until it is confirmed: how long the confirmed request took.
    fn revoke_next(&self, node: usize) -> Duration {
        let key = &self.keys[self.next.fetch_add(1, Ordering::SeqCst)];
        let server = &self.nodes[node];
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let began = Instant::now();
            let path = format!("/v1/management/api-keys/{}", key.id);
            let sent = server.delete(&path).bearer(server.management_key()).try_send();
            let took = began.elapsed();
            assert!(took < TTL + SLACK + Duration::from_secs(2), "a revocation took {took:?}");
            match sent {
                Ok(answer) if matches!(answer.status, 200 | 204) => {
                    key.answered.store(self.now(), Ordering::SeqCst);
                    // At once, everywhere: the moment at which a node that lags would be found out.
                    (0..self.nodes.len())
                        .filter(|other| *other != node && !self.is_silent(*other))
                        .for_each(|n| self.check(n, key));
                    return took;
                }
                Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
                Err(error) => eprintln!("{error}"),
            }
            assert!(Instant::now() < deadline, "never confirmed");
        }
    }

    /// Whether a node would not answer at all at the moment: whoever asks it waits.
    fn is_silent(&self, node: usize) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", self.nodes[node].pid())).unwrap_or_default();
        state.rsplit(')').next().is_none_or(|rest| rest.trim_start().starts_with(['T', 'Z', 'X']) || rest.is_empty())
    }

    /// Revokes keys while all nodes are asked about the keys before and after, and `fault` happens meanwhile.
    pub(crate) fn phase(&self, phase: &Phase<'_>, fault: impl FnOnce() + Send) -> Times {
        let done = AtomicBool::new(false);
        let left = AtomicUsize::new(phase.revocations);
        let mut times: Vec<Duration> = std::thread::scope(|scope| {
            for node in 0..self.nodes.len() {
                for seed in 0..2 {
                    let done = &done;
                    scope.spawn(move || self.keep_checking(node, seed, done));
                }
            }
            scope.spawn(fault);
            let revokers: Vec<_> = phase
                .writers
                .iter()
                .map(|&node| {
                    scope.spawn({
                        let left = &left;
                        move || {
                            let mut times = Vec::new();
                            while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
                                times.push(self.revoke_next(node));
                            }
                            times
                        }
                    })
                })
                .collect();
            let ended: Vec<_> = revokers.into_iter().map(|r| r.join()).collect();
            done.store(true, Ordering::SeqCst);
            ended.into_iter().flat_map(|times| times.expect("a revoker")).collect()
        });
        times.sort_unstable();
        let times = Times(times);
        eprintln!(
            "{}: {} revocations, p50 {:?}, p99 {:?}, most {:?}; checks: {} accepted, {} refused, {} not answered",
            phase.name,
            times.0.len(),
            times.quantile(0.5),
            times.quantile(0.99),
            times.quantile(1.0),
            self.accepted.swap(0, Ordering::SeqCst),
            self.refused.swap(0, Ordering::SeqCst),
            self.unanswered.swap(0, Ordering::SeqCst),
        );
        times
    }

    /// Asks a node about keys that are about to be revoked, or just were.
    fn keep_checking(&self, node: usize, seed: usize, done: &AtomicBool) {
        let mut round = seed;
        while !done.load(Ordering::SeqCst) {
            let next = self.next.load(Ordering::SeqCst);
            round = round.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let index = (next + (round >> 33) % 12).saturating_sub(8).min(self.keys.len() - 1);
            self.check(node, &self.keys[index]);
            if seed == 0 {
                sleep(Duration::from_millis(1));
            }
        }
    }

    /// Stops a node for a time that is longer than a lease.
    pub(crate) fn pause(&self, node: usize, time: Duration) {
        signal(self.nodes[node].pid(), "STOP");
        sleep(time);
        signal(self.nodes[node].pid(), "CONT");
    }
}
