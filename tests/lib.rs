//! The harness of the black-box tests: it starts the real binary in a folder of its own, on a database of its own, and
//! talks to it over HTTP. It knows nothing of the server's crates.
//!
//! A test is a function of a [`Backend`]; [`on_each_backend!`] makes one `#[test]` of it for SQLite and one for
//! PostgreSQL, which is loudly skipped while `MGMT_TEST_POSTGRES_URL` is not set. Every answer that passes through
//! [`Call::send`] is held to what docs/api.md promises of all answers: headers, request id and the error envelope.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "in a test harness a surprise is a panic, and time and environment are the real ones"
)]

mod call;
mod certificates;
mod client;
mod cluster;
mod database;
mod folder;
mod gateway;
mod key_text;
mod mail;
mod process;
mod raw;
mod redis;
mod relay;
mod server;
mod sink;

pub use call::{Answer, Call};
pub use certificates::Certificates;
pub use client::Client;
pub use cluster::Postgres;
pub use database::{Backend, Database};
pub use folder::Folder;
pub use gateway::Gateway;
pub use key_text::{KeyText, unknown_id, well_formed, wrong_secret};
pub use mail::{MailSink, token_after};
pub use process::{Run, binary, command, free_port, signal};
pub use raw::{RawAnswer, raw};
pub use redis::{Access, Redis};
pub use relay::Relay;
pub use server::{OWNER, PASSWORD, Server, Session, Settings, Tenant};
pub use sink::{Received, Reply, Sink};

/// One `#[test]` a backend for each named function of a [`Backend`].
#[macro_export]
macro_rules! on_each_backend {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name($crate::Backend::Sqlite); })+
        }
        mod postgres {
            $(#[test] fn $name() {
                if $crate::Backend::Postgres.is_available() { super::$name($crate::Backend::Postgres); }
            })+
        }
    };
}

/// Calls `work` from `count` threads that all start at once, and hands back what they return.
pub fn in_parallel<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = std::sync::Barrier::new(count);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|index| {
                let (start, work) = (&start, &work);
                scope.spawn(move || {
                    start.wait();
                    work(index)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a parallel worker panicked")).collect()
    })
}

/// Asks `done` again and again until it says yes; panics after `seconds`.
#[track_caller]
pub fn eventually(what: &str, seconds: u64, mut done: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !done() {
        assert!(start.elapsed().as_secs() < seconds, "{what}: not within {seconds} s");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// The time some seconds from now, as RFC 3339 in UTC.
#[must_use]
pub fn in_seconds(seconds: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let seconds = now.as_secs() + seconds;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since 0000-03-01, so that the leap day ends a year (Howard Hinnant's `civil_from_days`).
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}
