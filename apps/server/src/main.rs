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

fn main() -> std::process::ExitCode {
    cli::run()
}
