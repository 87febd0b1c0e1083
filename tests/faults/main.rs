//! Several nodes on one PostgreSQL that fail in every way: whether a change that was answered holds on all of them, and what becomes
//! of limits that they count together.
//!
//! The short form runs with all tests; `make faults` (`MGMT_FAULTS=long`) runs the long one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    clippy::print_stderr,
    reason = "tests: a surprise is a panic, time is the real one, and a scenario reads from top to bottom"
)]

mod access;
mod cuts;
mod failover;
mod history;
mod limits;
mod local;
mod promotion;
mod quota;
mod revocation;
mod rolling;

/// Says that it is over when it is dropped, also by a panic: the threads of a test that failed must end as well.
struct Over<'a>(&'a std::sync::atomic::AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::SeqCst);
    }
}

/// Whether this is the long form.
fn is_long() -> bool {
    std::env::var("MGMT_FAULTS").is_ok_and(|form| form == "long")
}
