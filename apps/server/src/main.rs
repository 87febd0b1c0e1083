//! `mgmt`: the server and its tools in one binary.

mod api;
mod app;
mod auth;
mod cli;
mod clock;
mod config;
mod deliver;
mod drain;
mod error;
mod http;
mod openapi;
mod pages;
mod serve;
mod telemetry;

/// Documents are many small texts: reading and writing them takes a quarter less than with the C library's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
