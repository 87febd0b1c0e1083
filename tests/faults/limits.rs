//! Rate limits that several nodes count together in Redis: exact while it answers, a share for each node while it does not.

use super::{Over, is_long};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use mgmt_tests::{Backend, Redis, Server, Settings, eventually, free_port};
use serde_json::{Value, json};

/// Three nodes that share a Redis, and a key with a limit of its own.
pub(crate) struct Nodes {
    pub(crate) nodes: Vec<Server>,
    metrics: Vec<String>,
    key: String,
    start: Instant,
}

/// One check that was answered, in nanoseconds since the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check {
    node: usize,
    pub(crate) began: u64,
    pub(crate) ended: u64,
    /// Let through, or over the limit.
    pub(crate) accepted: bool,
}

/// What a run of demand gave.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) checks: Vec<Check>,
    /// Answers that were neither, or none.
    pub(crate) faults: Vec<String>,
}

impl Nodes {
    pub(crate) fn start(count: usize, redis: Option<&str>, limit: &Value) -> Self {
        let redis: Vec<_> = redis.iter().map(|url| ("MGMT_REDIS__URL", *url)).collect();
        Self::with(count, &redis, limit)
    }

    pub(crate) fn with(count: usize, more: Settings<'_>, limit: &Value) -> Self {
        let ports: Vec<_> = (0..count).map(|_| format!("127.0.0.1:{}", free_port())).collect();
        let mut settings = vec![
            // A second limit on each request, which is never met.
            ("MGMT_LIMITS__SELF_HOSTED_PER_MINUTE", "1000000"),
            ("MGMT_SERVER__METRICS_LISTEN", ports[0].as_str()),
            // Leases have tests of their own: here none ends because the machine is crowded.
            ("MGMT_CLUSTER__LEASE_TTL_MS", "30000"),
        ];
        settings.extend(more);
        let backend = if count == 1 { Backend::Sqlite } else { Backend::Postgres };
        let first = Server::with(backend, &settings);
        let others = ports[1..].iter().map(|port| first.another_node_with(&[("MGMT_SERVER__METRICS_LISTEN", port.as_str())]));
        let mut nodes: Vec<_> = others.collect();
        nodes.insert(0, first);
        let made = nodes[0].create_key(&json!({"scopes": ["orders:read"], "rate_limit": limit}));
        if count > 1 {
            // Each node has heard of the others by then: leases are renewed twice a second.
            sleep(Duration::from_millis(1_500));
        }
        let key = made["key"].as_str().expect("a key").to_owned();
        Self { nodes, metrics: ports, key, start: Instant::now() }
    }

    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap()
    }

    pub(crate) fn check(&self, node: usize) -> Result<Check, String> {
        let server = &self.nodes[node];
        let began = self.now();
        let sent = server.post("/v1/keys/verify", &json!({"key": self.key})).bearer(server.management_key()).try_send();
        let ended = self.now();
        let answer = sent.map_err(|error| format!("no answer: {error:?}"))?;
        if answer.status != 200 {
            return Err(format!("{}: {}", answer.status, answer.text()));
        }
        match answer.value()["code"].as_str() {
            Some("valid") => Ok(Check { node, began, ended, accepted: true }),
            Some("rate_limited") => Ok(Check { node, began, ended, accepted: false }),
            other => Err(format!("{other:?}")),
        }
    }

    /// Clients that ask these nodes without a pause until `work` has ended.
    pub(crate) fn demand(&self, nodes: &[usize], work: impl FnOnce()) -> Run {
        let (done, run) = (AtomicBool::new(false), Mutex::new(Run::default()));
        std::thread::scope(|scope| {
            for client in 0..6 {
                let (done, run) = (&done, &run);
                scope.spawn(move || {
                    let mut own = Run::default();
                    let mut turn = client;
                    while !done.load(Ordering::SeqCst) {
                        turn += 1;
                        match self.check(nodes[turn % nodes.len()]) {
                            Ok(check) => own.checks.push(check),
                            Err(fault) => own.faults.push(fault),
                        }
                        sleep(Duration::from_millis(2));
                    }
                    let mut run = run.lock().unwrap();
                    run.checks.append(&mut own.checks);
                    run.faults.append(&mut own.faults);
                });
            }
            let over = Over(&done);
            work();
            drop(over);
        });
        run.into_inner().unwrap()
    }

    pub(crate) fn metric(&self, node: usize, name: &str) -> Option<f64> {
        let text = page(&format!("http://{}/metrics", self.metrics[node]))?;
        let line = text.lines().find(|line| line.split(' ').next() == Some(name))?.to_owned();
        line.rsplit(' ').next()?.parse().ok()
    }

    /// Waits until all nodes count in Redis: a start does not wait for long.
    #[track_caller]
    pub(crate) fn come_together(&self) {
        eventually("counted in Redis", 30, || self.all_share(true));
    }

    pub(crate) fn all_share(&self, shared: bool) -> bool {
        let wanted = if shared { 1.0 } else { 0.0 };
        (0..self.nodes.len()).all(|node| self.metric(node, "mgmt_limits_shared") == Some(wanted))
    }
}

fn page(url: &str) -> Option<String> {
    let output = std::process::Command::new("curl").args(["-sf", url]).output().ok()?;
    String::from_utf8(output.stdout).ok()
}

impl Run {
    pub(crate) fn accepted(&self) -> Vec<Check> {
        let mut accepted: Vec<_> = self.checks.iter().copied().filter(|check| check.accepted).collect();
        accepted.sort_by_key(|check| check.began);
        accepted
    }

    /// The most checks that were surely accepted within one span: they began and ended in it.
    pub(crate) fn most_within(&self, span: Duration) -> usize {
        let (accepted, span) = (self.accepted(), u64::try_from(span.as_nanos()).unwrap());
        let within = |from: &Check| accepted.iter().filter(|c| c.began >= from.began && c.ended < from.began + span).count();
        accepted.iter().map(within).max().unwrap_or(0)
    }

    /// How long all but one of a hundred checks took at most: the machine itself may hold up one or the other.
    pub(crate) fn slow(&self) -> Duration {
        let mut times: Vec<_> = self.checks.iter().map(|check| check.ended - check.began).collect();
        times.sort_unstable();
        Duration::from_nanos(times.get(times.len() * 99 / 100).copied().unwrap_or(0))
    }

    pub(crate) fn between(&self, from: u64, until: u64) -> Self {
        let checks = self.checks.iter().copied().filter(|c| c.began >= from && c.ended < until).collect();
        Self { checks, faults: Vec::new() }
    }

    fn of(&self, node: usize) -> Self {
        Self { checks: self.checks.iter().copied().filter(|c| c.node == node).collect(), faults: Vec::new() }
    }
}

pub(crate) fn available() -> bool {
    Backend::Postgres.is_available() && Redis::is_available()
}

/// Over three nodes no window of any two seconds ever holds more than the limit, and each holds nearly all of it.
#[test]
fn three_nodes_and_one_exact_window() {
    if !available() {
        return;
    }
    let (limit, span) = (60, Duration::from_secs(2));
    let spans = if is_long() { 60 } else { 4 };
    let redis = Redis::start();
    let nodes = Nodes::start(3, Some(&redis.url()), &json!({"requests": limit, "per_seconds": 2}));
    nodes.come_together();
    let run = nodes.demand(&[0, 1, 2], || sleep(span * spans + Duration::from_millis(100)));
    assert!(run.faults.is_empty(), "{:?}", run.faults);
    let (all, most) = (run.accepted().len(), run.most_within(span));
    eprintln!("{} checks over {spans} spans: {all} accepted, at most {most} of {limit} in one", run.checks.len());
    assert!(most <= limit, "{most} in one span");
    assert!(all as f64 >= 0.95 * (limit as f64) * f64::from(spans), "{all}");
    assert!((0..3).all(|node| !run.of(node).accepted().is_empty()));
    // Nothing but ids and moments is there.
    let (keys, secret) = (redis.command(&["keys", "*"]), nodes.key.rsplit('_').next().unwrap().to_owned());
    assert!(keys.lines().all(|key| key.starts_with("mgmt:limit:{")) && keys.contains(":key:key_"), "{keys}");
    assert!(!keys.contains(&secret));
}

/// A refusal takes no place: neither for want of a scope, nor by the other limit; and what is told is true on every node.
#[test]
fn what_is_refused_takes_no_place_on_any_node() {
    if !available() {
        return;
    }
    let redis = Redis::start();
    let nodes = Nodes::start(2, Some(&redis.url()), &json!({"requests": 3, "per_seconds": 3600}));
    let ask = |node: usize, body: Value| {
        let server = &nodes.nodes[node];
        server.post("/v1/keys/verify", &body).bearer(server.management_key()).send().expect(200)
    };
    for node in [0, 1, 0, 1] {
        let answer = ask(node, json!({"key": nodes.key, "scopes": ["orders:write"]}));
        assert_eq!((&answer["code"], &answer["rate_limit"]["remaining"]), (&json!("insufficient_scope"), &json!(3)));
    }
    let left = |node: usize| ask(node, json!({"key": nodes.key}))["rate_limit"]["remaining"].as_u64();
    assert_eq!((left(0), left(1), left(0)), (Some(2), Some(1), Some(0)));
    let refused = ask(1, json!({"key": nodes.key}));
    assert_eq!(refused["code"], "rate_limited");
    assert_eq!((&refused["rate_limit"]["limit"], &refused["rate_limit"]["remaining"]), (&json!(3), &json!(0)));
    let reset = refused["rate_limit"]["reset"].as_u64().unwrap();
    assert!((3_500..=3_600).contains(&reset), "{reset}");
    // The limit is raised on one node, and the other knows what was used.
    let server = &nodes.nodes[0];
    let keys = server.get("/v1/management/api-keys").bearer(server.management_key()).send().expect(200);
    let id = keys["data"].as_array().unwrap().iter().find(|key| key["rate_limit"]["requests"] == 3).unwrap()["id"].clone();
    let path = format!("/v1/management/api-keys/{}", id.as_str().unwrap());
    let body = json!({"rate_limit": {"requests": 5, "per_seconds": 3600}});
    server.patch(&path, &body).bearer(server.management_key()).send().expect(200);
    assert_eq!((left(1), left(0)), (Some(1), Some(0)));
    assert_eq!(ask(1, json!({"key": nodes.key}))["code"], "rate_limited");
}

/// Redis is killed, stays away, and comes back empty: nobody gets an error or waits for long, each node allows its share meanwhile,
/// and no window ever holds more than twice the limit.
#[test]
fn redis_dies_and_comes_back() {
    if !available() {
        return;
    }
    let (limit, span) = (90, Duration::from_secs(3));
    let mut redis = Redis::start();
    let nodes = Nodes::start(3, Some(&redis.url()), &json!({"requests": limit, "per_seconds": 3}));
    let (mut alone, mut back) = (0, 0);
    let run = nodes.demand(&[0, 1, 2], || {
        sleep(span / 2);
        redis.kill();
        eventually("each for itself", 15, || nodes.all_share(false));
        sleep(span);
        alone = nodes.now();
        sleep(span + span / 3);
        redis.run();
        eventually("together again", 30, || nodes.all_share(true));
        back = nodes.now();
        sleep(span);
    });
    assert!(run.faults.is_empty(), "{:?}", run.faults);
    assert!(run.slow() < Duration::from_secs(1), "{:?}", run.slow());
    let most = run.most_within(span);
    eprintln!("{} checks, p99 {:?}, at most {most} of {limit} in a span", run.checks.len(), run.slow());
    assert!(most <= 2 * limit, "{most}");
    let apart = run.between(alone, back);
    for node in 0..3 {
        let share = apart.of(node).most_within(span);
        assert!(share <= limit / 3 && share * 100 >= limit / 3 * 90, "{share} on node {node}");
        assert!(nodes.metric(node, "mgmt_limits_fallbacks_total") >= Some(1.0));
        assert_eq!(nodes.nodes[node].get("/readyz").send().status, 200);
    }
    // Together again, a single node may use all of it.
    sleep(span);
    let run = nodes.demand(&[1], || sleep(span + Duration::from_millis(100)));
    let most = run.most_within(span);
    assert!(run.faults.is_empty() && most <= limit && run.accepted().len() * 100 >= limit * 95, "{most} {:?}", run.faults);
}

/// Redis hangs: one patience for whoever is waiting, and no more after that.
#[test]
fn redis_hangs_and_goes_on() {
    if !available() {
        return;
    }
    let redis = Redis::start();
    let nodes = Nodes::start(2, Some(&redis.url()), &json!({"requests": 100_000, "per_seconds": 3}));
    let (mut stopped, mut gone_on) = (0, 0);
    let run = nodes.demand(&[0, 1], || {
        sleep(Duration::from_millis(500));
        stopped = nodes.now();
        redis.pause();
        eventually("each for itself", 15, || nodes.all_share(false));
        sleep(Duration::from_secs(1));
        gone_on = nodes.now();
        redis.go_on();
        eventually("together again", 30, || nodes.all_share(true));
    });
    assert!(run.faults.is_empty(), "{:?}", run.faults);
    assert!(run.slow() < Duration::from_secs(1), "{:?}", run.slow());
    // After the first patience nobody waits for Redis.
    let without: Vec<_> = run.checks.iter().filter(|c| (stopped + 300_000_000..gone_on).contains(&c.began)).collect();
    let late = without.iter().filter(|c| c.ended - c.began > 250_000_000).count();
    eprintln!("{} checks, p99 {:?}; {late} of {} without Redis were slow", run.checks.len(), run.slow(), without.len());
    // A wait would be everybody's; the machine itself holds up one or the other.
    assert!(late <= 5 || late * 10 <= without.len(), "{late}");
}

/// Without Redis each of several nodes allows its share, and a node that is alone allows all.
#[test]
fn without_redis_each_node_allows_its_share() {
    if !Backend::Postgres.is_available() {
        return;
    }
    let mut nodes = Nodes::start(3, None, &json!({"requests": 9, "per_seconds": 3600}));
    let count = |nodes: &Nodes, node: usize| (0..12).filter(|_| nodes.check(node).unwrap().accepted).count();
    assert_eq!((count(&nodes, 0), count(&nodes, 1)), (3, 3));
    assert_eq!(nodes.metric(0, "mgmt_limits_shared"), Some(0.0));
    for mut node in nodes.nodes.drain(1..) {
        node.terminate();
        assert!(node.wait().success());
    }
    // A half first, as the others end one after the other, and then all of it.
    let mut more = 0;
    eventually("all of the limit", 30, || {
        more += count(&nodes, 0);
        more >= 6
    });
    assert_eq!((more, count(&nodes, 0)), (6, 0));
}

/// The windows of a request live on one server of a cluster.
#[test]
fn a_cluster_counts() {
    if !Redis::is_available() {
        return;
    }
    let cluster = Redis::cluster(3);
    let hosts: Vec<_> = cluster.iter().take(2).map(Redis::address).collect();
    let url = format!("redis+cluster://{}", hosts.join(","));
    let nodes = Nodes::start(1, Some(&url), &json!({"requests": 5, "per_seconds": 3600}));
    nodes.come_together();
    let accepted = (0..10).filter(|_| nodes.check(0).unwrap().accepted).count();
    assert_eq!(accepted, 5);
    // A session's window is elsewhere.
    let session = nodes.nodes[0].login();
    for _ in 0..3 {
        assert_eq!(nodes.nodes[0].get("/api/auth/me").bearer(&session.token).send().status, 200);
    }
    let keys: Vec<_> = cluster.iter().map(|server| server.command(&["keys", "*"])).collect();
    let key = keys.iter().find(|keys| keys.contains(":key:")).expect("the key's window");
    assert!(key.contains(":resource"), "{keys:?}");
    assert!(keys.iter().any(|keys| keys.contains(":session")), "{keys:?}");
    assert!(nodes.all_share(true));
    assert_eq!(nodes.metric(0, "mgmt_limits_fallbacks_total"), Some(0.0));
}

/// The master that Sentinel names.
#[test]
fn sentinel_names_the_server() {
    if !Redis::is_available() {
        return;
    }
    let redis = Redis::start();
    let sentinel = Redis::sentinel(&redis);
    let url = format!("redis+sentinel://{}/main/2", sentinel.address());
    let nodes = Nodes::start(1, Some(&url), &json!({"requests": 2, "per_seconds": 3600}));
    nodes.come_together();
    assert_eq!((0..5).filter(|_| nodes.check(0).unwrap().accepted).count(), 2);
    assert!(redis.command(&["-n", "2", "keys", "*"]).contains(":key:"));
}

/// A Redis that is not there keeps nobody from starting, and sessions are limited all the same.
#[test]
fn a_start_without_redis() {
    let url = format!("redis://:hunter2@127.0.0.1:{}", free_port());
    let server = Server::with(Backend::Sqlite, &[("MGMT_REDIS__URL", &url), ("MGMT_LIMITS__SESSION_PER_MINUTE", "3")]);
    let session = server.login();
    let statuses: Vec<_> = (0..4).map(|_| server.get("/api/auth/me").bearer(&session.token).send().status).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    assert!(server.log().contains("Redis cannot be used") && !server.log().contains("hunter2"));
}

/// Nor does one that takes connections and says nothing; it is used once it does.
#[test]
fn a_start_while_redis_hangs() {
    if !Redis::is_available() {
        return;
    }
    let redis = Redis::start();
    redis.pause();
    let nodes = Nodes::start(1, Some(&redis.url()), &json!({"requests": 2, "per_seconds": 3600}));
    assert!(nodes.all_share(false));
    assert_eq!((0..5).filter(|_| nodes.check(0).unwrap().accepted).count(), 2);
    redis.go_on();
    eventually("counted in Redis", 20, || nodes.all_share(true));
    // What was accepted meanwhile counts.
    assert!(!nodes.check(0).unwrap().accepted);
}
