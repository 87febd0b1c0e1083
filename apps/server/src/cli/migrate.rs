//! `mgmt migrate`: the schema, without serving.

use super::{Failure, print};
use crate::{app::setup::open_store, config::Config};

/// Brings the database to this version's schema.
///
/// # Errors
/// The database is away, or its schema is newer than this program.
pub(crate) fn run(config: &Config) -> Result<(), Failure> {
    let applied = open_store(config)?.migrate()?;
    match applied.as_slice() {
        [] => print("the database is up to date"),
        versions => print(&format!("applied {}", versions.join(", "))),
    }
}
