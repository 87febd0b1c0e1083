//! The script against the window in memory: the same histories, on a real server.

use std::{
    cell::RefCell,
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use mgmt_core::limit::{RateLimit, Verdict, Window};
use proptest::prelude::*;
use redis::{Client, Commands as _, Connection, Script};

use super::SOURCE;

const SECOND: u64 = 1_000_000_000;

/// A server without a disk, killed at the end.
struct Server {
    child: Child,
    client: Client,
}

impl Server {
    /// `None`, and a word about it, where there is no Redis.
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let found = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = found else {
            eprintln!("*** SKIPPED: there is no redis-server ***");
            return None;
        };
        let client = Client::open(format!("redis://127.0.0.1:{port}")).unwrap();
        for _ in 0..500 {
            if client.get_connection().is_ok() {
                return Some(Self { child, client });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("redis-server does not answer");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The script with a clock that the test sets, in its last two arguments.
fn clocked() -> &'static Script {
    static SCRIPT: OnceLock<Script> = OnceLock::new();
    SCRIPT.get_or_init(|| {
        let call = "redis.call('TIME')";
        assert_eq!(SOURCE.matches(call).count(), 1);
        Script::new(&SOURCE.replace(call, "{ARGV[#ARGV - 1], ARGV[#ARGV]}"))
    })
}

/// What the script says of one window.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    open: bool,
    remaining: u32,
    reset: u64,
    wait: u64,
    receipt: String,
}

fn ask(link: &mut Connection, deed: &str, windows: &[(&str, RateLimit)], nanos: u64) -> Vec<Said> {
    let mut call = clocked().prepare_invoke();
    call.arg(deed);
    for (key, limit) in windows {
        call.key(*key).arg(limit.requests).arg(limit.per_seconds);
    }
    // Far enough from zero that a clock can be set back.
    call.arg(1_000_000 + nanos / SECOND).arg(nanos % SECOND / 1_000);
    let answer: Vec<redis::Value> = call.invoke(link).unwrap();
    let text = |value: &redis::Value| redis::from_redis_value_ref::<String>(value).unwrap();
    let number = |value: &redis::Value| text(value).parse::<u64>().unwrap();
    let open = number(&answer[0]) == 1;
    let said = |v: &[redis::Value]| Said {
        open,
        remaining: u32::try_from(number(&v[0])).unwrap(),
        reset: number(&v[1]),
        wait: number(&v[2]),
        receipt: text(&v[3]),
    };
    answer[1..].chunks(4).map(said).collect()
}

/// What the window in memory says to the same.
fn expect(window: &mut Window, limit: &RateLimit, nanos: u64) -> (bool, u32, u64, u64) {
    let verdict = window.check(limit, nanos);
    if let Verdict::Open { .. } = verdict {
        window.accept(nanos);
    }
    let standing = window.standing(limit, nanos);
    let wait = if let Verdict::Full { retry_after } = verdict { retry_after } else { 0 };
    (wait == 0, standing.remaining, standing.reset, wait)
}

/// Limits whose spans are long enough that the server, whose own clock ends the keys, does not interfere.
fn limit() -> impl Strategy<Value = RateLimit> {
    (1..7_u32, 100..400_u32).prop_map(|(requests, per_seconds)| RateLimit { requests, per_seconds })
}

#[test]
fn one_window_is_the_one_in_memory() {
    let Some(server) = Server::start() else { return };
    let link = RefCell::new(server.client.get_connection().unwrap());
    // Microseconds, as the server has them; some requests at the same one.
    let steps = prop::collection::vec((prop_oneof![Just(0_u64), 0..150_000_000_u64], 0..3_usize), 1..60);
    proptest!(ProptestConfig::with_cases(96), |(limits in prop::collection::vec(limit(), 1..4), steps in steps)| {
        let link = &mut *link.borrow_mut();
        let _: usize = link.del("{t}:w").unwrap();
        let (mut window, mut now) = (Window::default(), 0);
        // The widest comes first: neither side remembers what no limit that it knew of has needed.
        let widest = RateLimit {
            requests: limits.iter().map(|l| l.requests).max().unwrap(),
            per_seconds: limits.iter().map(|l| l.per_seconds).max().unwrap(),
        };
        for (index, (step, which)) in steps.into_iter().enumerate() {
            now += step * 1_000;
            let limit = if index == 0 { widest } else { limits[which % limits.len()] };
            let expected = expect(&mut window, &limit, now);
            let said = ask(link, "take", &[("{t}:w", limit)], now).remove(0);
            prop_assert_eq!((said.open, said.remaining, said.reset, said.wait), expected);
            prop_assert_eq!(said.receipt.is_empty(), !said.open);
            let looked = ask(link, "look", &[("{t}:w", limit)], now).remove(0);
            prop_assert_eq!((looked.remaining, looked.reset), (said.remaining, said.reset));
        }
    });
}

#[test]
fn two_windows_take_both_or_none() {
    let Some(server) = Server::start() else { return };
    let link = RefCell::new(server.client.get_connection().unwrap());
    let steps = prop::collection::vec((0..120_000_000_u64, prop::bool::ANY, prop::bool::ANY), 1..60);
    proptest!(ProptestConfig::with_cases(64), |(plan in limit(), own in limit(), steps in steps)| {
        let link = &mut *link.borrow_mut();
        let _: usize = link.del(&["{t}:p", "{t}:k"]).unwrap();
        let (mut p, mut k, mut now) = (Window::default(), Window::default(), 0);
        for (step, alone, gives_back) in steps {
            now += step * 1_000;
            if alone {
                let said = ask(link, "take", &[("{t}:p", plan)], now).remove(0);
                let expected = expect(&mut p, &plan, now);
                prop_assert_eq!((said.open, said.remaining, said.reset, said.wait), expected);
                continue;
            }
            let open = |w: &mut Window, l| matches!(w.check(l, now), Verdict::Open { .. });
            let both = open(&mut p, &plan) & open(&mut k, &own);
            let said = ask(link, "take", &[("{t}:p", plan), ("{t}:k", own)], now);
            prop_assert!(said.iter().all(|s| s.open == both));
            if both && gives_back {
                for (key, said) in ["{t}:p", "{t}:k"].into_iter().zip(&said) {
                    let count: usize = link.lrem(key, 1, said.receipt.as_str()).unwrap();
                    prop_assert_eq!(count, 1);
                }
            } else if both {
                p.accept(now);
                k.accept(now);
            }
            let after = ask(link, "look", &[("{t}:p", plan), ("{t}:k", own)], now);
            for (said, (window, limit)) in after.iter().zip([(&mut p, &plan), (&mut k, &own)]) {
                let standing = window.standing(limit, now);
                prop_assert_eq!((said.remaining, said.reset), (standing.remaining, standing.reset));
            }
        }
    });
}

#[test]
fn a_limit_that_is_lowered_and_raised_forgets_nothing() {
    let Some(server) = Server::start() else { return };
    let mut link = server.client.get_connection().unwrap();
    let (wide, narrow) = (RateLimit { requests: 5, per_seconds: 1_000 }, RateLimit { requests: 2, per_seconds: 100 });
    for second in 0..4 {
        assert!(ask(&mut link, "take", &[("w", wide)], second * SECOND)[0].open);
    }
    let said = &ask(&mut link, "take", &[("w", narrow)], 4 * SECOND)[0];
    assert_eq!((said.open, said.remaining, said.wait), (false, 0, 98));
    assert!(ask(&mut link, "take", &[("w", narrow)], 102 * SECOND)[0].open);
    assert_eq!(ask(&mut link, "take", &[("w", wide)], 103 * SECOND)[0].wait, 897);
}

#[test]
fn a_clock_that_is_set_back_locks_nobody_out_for_longer_than_a_span() {
    let Some(server) = Server::start() else { return };
    let mut link = server.client.get_connection().unwrap();
    let limit = RateLimit { requests: 3, per_seconds: 100 };
    for second in [5_000, 5_010, 5_020] {
        assert!(ask(&mut link, "take", &[("w", limit)], second * SECOND)[0].open);
    }
    // The newest is taken for one of this moment; the others keep their distance.
    assert_eq!(ask(&mut link, "take", &[("w", limit)], 1_000 * SECOND)[0].wait, 80);
    assert_eq!(ask(&mut link, "take", &[("w", limit)], 1_079 * SECOND)[0].wait, 1);
    assert!(ask(&mut link, "take", &[("w", limit)], 1_080 * SECOND)[0].open);
    assert!(!ask(&mut link, "take", &[("w", limit)], 1_081 * SECOND)[0].open);
    // A step that is smaller than a second only stops the time.
    assert!(ask(&mut link, "take", &[("v", limit)], 10 * SECOND)[0].open);
    assert!(ask(&mut link, "take", &[("v", limit)], 10 * SECOND - SECOND / 2)[0].open);
    assert_eq!(ask(&mut link, "look", &[("v", limit)], 10 * SECOND)[0].remaining, 1);
}

#[test]
fn a_window_is_no_larger_than_what_it_needs_and_ends_by_itself() {
    let Some(server) = Server::start() else { return };
    let mut link = server.client.get_connection().unwrap();
    let limit = RateLimit { requests: 4, per_seconds: 100 };
    for round in 0..200 {
        ask(&mut link, "take", &[("w", limit)], round * 30 * SECOND);
        let length: usize = link.llen("w").unwrap();
        assert!(length <= 4, "{length}");
    }
    let left: i64 = link.pttl("w").unwrap();
    assert!((1..=101_000).contains(&left), "{left}");
}
