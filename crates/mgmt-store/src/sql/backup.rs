//! Copies of a SQLite database: taken while it is in use, and put back in its place.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use diesel::{
    Connection, QueryResult, RunQueryDsl, SqliteConnection, connection::SimpleConnection, result::Error as DieselError,
    sql_query, sql_types::Text,
};
use mgmt_core::time::Timestamp;

use super::{
    address::Address,
    conn::{connect_sqlite, file_name, one_text},
    fault::Fault,
    place,
};
use crate::{
    error::{Result, StoreError},
    store::Mode,
};

/// The setting that tells when a copy was begun.
pub const TAKEN_AT: &str = "backup_taken_at";
const NOTE: &str = "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// Writes a copy of the database, as it is at one moment, to a file that is not there yet.
pub(super) fn back_up(address: &Address, target: &Path, taken_at: Timestamp) -> Result<()> {
    let source = file_of(address)?;
    if target.exists() {
        return Err(StoreError::Backend(format!("`{}` is there already", target.display())));
    }
    // Made first, so that nobody else may read it at any time.
    place::create(target).map_err(|e| unusable(target, &e))?;
    let copied = copy(source, target, taken_at).and_then(|()| sync(target).map_err(|e| unusable(target, &e)));
    if copied.is_err() {
        let _ = fs::remove_file(target);
    }
    copied
}

fn copy(source: &Path, target: &Path, taken_at: Timestamp) -> Result<()> {
    let fault = |e: DieselError| StoreError::from(Fault::of(&e, Mode::Write));
    let mut connection = connect_sqlite(&file_name(source), "wal")?;
    sql_query("VACUUM INTO ?").bind::<Text, _>(file_name(target)).execute(&mut connection).map_err(fault)?;
    let mut copied = plain(target)?;
    let note = sql_query(NOTE).bind::<Text, _>(TAKEN_AT).bind::<Text, _>(taken_at.to_string());
    note.execute(&mut copied).map(|_| ()).map_err(fault)
}

/// Puts a copy that [`Store::back_up`](crate::Store::back_up) made in the place of the SQLite database at `url`. A database that is
/// there is kept beside it, under its name with `.` and `suffix`; that path is returned.
///
/// # Errors
/// `Backend` when the file is not a whole copy or the address is not one of SQLite, `Unavailable` when the database is in use.
pub fn restore(url: &str, copy: &Path, suffix: &str) -> Result<Option<PathBuf>> {
    let address = Address::parse(url)?;
    let target = file_of(&address)?;
    let draft = beside(target, "restoring");
    let existed = fs::metadata(target).is_ok_and(|m| m.len() > 0);
    address.prepare()?;
    let _ = fs::remove_file(&draft);
    place::create(&draft).map_err(|e| unusable(&draft, &e))?;
    let judged = fs::copy(copy, &draft)
        .map_err(|e| unusable(copy, &e))
        .and_then(|_| check(&draft, copy))
        .and_then(|()| sync(&draft).map_err(|e| unusable(&draft, &e)))
        .and_then(|()| if existed { set_aside(target, suffix).map(Some) } else { Ok(None) });
    match judged {
        Ok(old) => {
            fs::rename(&draft, target).and_then(|()| sync(target)).map_err(|e| unusable(target, &e))?;
            Ok(old)
        }
        Err(error) => {
            let _ = fs::remove_file(&draft);
            Err(error)
        }
    }
}

/// Whether a file is a whole database of ours.
fn check(draft: &Path, copy: &Path) -> Result<()> {
    let look = |connection: &mut SqliteConnection| -> QueryResult<String> {
        one_text(connection, "SELECT name AS value FROM sqlite_master WHERE type = 'table' AND name = 'settings'")?;
        one_text(connection, "SELECT quick_check AS value FROM pragma_quick_check LIMIT 1")
    };
    let wrong = |why: &dyn std::fmt::Display| StoreError::Backend(format!("`{}` is not a whole backup: {why}", copy.display()));
    match plain(draft).map(|mut c| look(&mut c)) {
        Ok(Ok(found)) if found == "ok" => Ok(()),
        Ok(Ok(found)) => Err(wrong(&found)),
        Ok(Err(error)) => Err(wrong(&error)),
        Err(error) => Err(wrong(&error)),
    }
}

/// Renames a database that nobody uses.
fn set_aside(target: &Path, suffix: &str) -> Result<PathBuf> {
    // Leaving WAL mode needs the file for oneself, and puts everything into it.
    let left = plain(target).map(|mut c| {
        c.batch_execute("PRAGMA journal_mode = DELETE")?;
        one_text(&mut c, "SELECT journal_mode AS value FROM pragma_journal_mode")
    });
    let in_use = match &left {
        Ok(Ok(mode)) => mode == "wal",
        Ok(Err(error)) => Fault::of(error, Mode::Write).is_transient(),
        // What is there may be broken: that is why somebody restores.
        Err(_) => false,
    };
    if in_use {
        return Err(StoreError::Unavailable(format!("`{}` is in use: stop the server first", target.display())));
    }
    let old = beside(target, suffix);
    for tail in ["", "-wal", "-shm"] {
        let (from, to) = (with_tail(target, tail), with_tail(&old, tail));
        match fs::rename(&from, &to) {
            Err(e) if tail.is_empty() || e.kind() != io::ErrorKind::NotFound => return Err(unusable(&from, &e)),
            _ => {}
        }
    }
    Ok(old)
}

fn plain(path: &Path) -> Result<SqliteConnection> {
    let mut connection = SqliteConnection::establish(&file_name(path)).map_err(|e| StoreError::from(Fault::of_connection(&e)))?;
    let set_up = connection.batch_execute("PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL");
    set_up.map_err(|e| StoreError::from(Fault::of(&e, Mode::Write)))?;
    Ok(connection)
}

fn file_of(address: &Address) -> Result<&Path> {
    let other = "only a SQLite file is copied by this program: for PostgreSQL use `scripts/backup-postgres` and \
                 `scripts/restore-postgres`";
    address.file().ok_or_else(|| StoreError::Backend(other.to_owned()))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    with_tail(path, &format!(".{suffix}"))
}

fn with_tail(path: &Path, tail: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(tail);
    PathBuf::from(name)
}

/// Makes sure that a file and its name survive a power cut.
fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn unusable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("`{}` cannot be used: {error}", path.display()))
}
