//! Migrations: one process at a time, all or nothing.

use diesel::{QueryDsl, RunQueryDsl, migration::MigrationSource};
use diesel_migrations::MigrationHarness;

use super::{
    conn::{AnyConnection, any::MultiBackend},
    fault::Fault,
    pool::Lane,
    schema::__diesel_schema_migrations as applied,
};
use crate::{
    error::{Result, StoreError},
    store::Mode,
};

/// Applies what is missing; the versions that were.
pub(super) fn run(lane: &Lane) -> Result<Vec<String>> {
    // One transaction for reading the list and applying what is missing: a process that is killed in it leaves nothing behind,
    // and one that waited for it reads the list as it is then.
    let mut turn = lane.begin_with(AnyConnection::begin_migration)?;
    match apply(&mut turn.link.connection) {
        Ok(versions) => {
            turn.commit(Mode::Write)?;
            Ok(versions)
        }
        Err(error) => {
            turn.roll_back()?;
            Err(error)
        }
    }
}

/// Checks that nothing is missing and nothing is unknown.
pub(super) fn check(lane: &Lane) -> Result<()> {
    let mut turn = lane.begin(Mode::Read)?;
    let missing = missing(&mut turn.link.connection);
    turn.roll_back()?;
    match missing? {
        0 => Ok(()),
        count => Err(StoreError::OlderSchema(count)),
    }
}

fn apply(connection: &mut AnyConnection) -> Result<Vec<String>> {
    missing(connection)?;
    let source = connection.migrations();
    let versions = connection.run_pending_migrations(source).map_err(|e| failed(&*e))?;
    Ok(versions.iter().map(ToString::to_string).collect())
}

/// How many of our migrations were not applied. A migration that is not ours is a newer program's.
fn missing(connection: &mut AnyConnection) -> Result<usize> {
    let ours: Vec<String> = MigrationSource::<MultiBackend>::migrations(&connection.migrations())
        .map_err(|e| failed(&*e))?
        .iter()
        .map(|m| m.name().version().to_string())
        .collect();
    let fault = |e: diesel::result::Error| StoreError::from(Fault::of(&e, Mode::Read));
    if !connection.has_migrations().map_err(fault)? {
        return Ok(ours.len());
    }
    let done: Vec<String> = applied::table.select(applied::version).load(connection).map_err(fault)?;
    if let Some(unknown) = done.iter().filter(|v| !ours.contains(v)).max() {
        return Err(StoreError::NewerSchema(unknown.clone()));
    }
    Ok(ours.iter().filter(|v| !done.contains(v)).count())
}

fn failed(error: &(dyn std::error::Error + Send + Sync + 'static)) -> StoreError {
    match error.downcast_ref::<diesel::result::Error>() {
        Some(error) => Fault::of(error, Mode::Write).into(),
        None => StoreError::Backend(error.to_string()),
    }
}
