//! With the feature `dashboard` the built dashboard becomes a part of the binary, so it must be there.

use std::path::Path;

const DIST: &str = "../dashboard/dist";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_DASHBOARD").is_none() {
        return;
    }
    println!("cargo::rerun-if-changed={DIST}");
    if !Path::new(DIST).join("index.html").is_file() {
        println!("cargo::error=the dashboard is not built: run `make dashboard` first, or build without the feature `dashboard`");
    }
}
