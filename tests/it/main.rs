//! Black-box tests: every module starts the real binary and talks to it over HTTP.

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

mod audit;
mod auth;
mod authorize;
mod backup;
mod cli;
mod crash;
mod disk;
mod docs;
mod escalation;
mod foreign;
mod gateways;
mod http;
mod import;
mod keys;
mod matrix;
mod metrics;
mod order;
mod organizations;
mod projects;
mod secrets;
mod send_outs;
mod shipping;
mod tour;
mod usage;
mod users;
mod verify;
mod webhooks;
