//! `mgmt backup`: a copy of the database, and the journal of what is revoked.

use std::{path::PathBuf, sync::Arc};

use clap::Args;

use super::{Failure, key::explain, print};
use crate::{
    app::{App, journal::Journal},
    config::Config,
};

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// Where the copy goes; there must be nothing yet.
    #[arg(required_unless_present = "journal")]
    pub(crate) file: Option<PathBuf>,
    /// Where the journal of revoked keys goes, in place of what is there.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
}

/// Copies the database, beside a running server.
///
/// # Errors
/// The database is not a SQLite file, or the copy cannot be written.
pub(crate) fn run(config: Config, args: &BackupArgs) -> Result<(), Failure> {
    let app = App::open(Arc::new(config))?;
    if let Some(file) = &args.file {
        app.store.back_up(file, app.clock.now().wall)?;
        print(&format!("copied the database to `{}`; the master key is not in it", file.display()))?;
    }
    if let Some(path) = &args.journal {
        let journal = app.run_here("cli.backup.journal", Journal::collect).map_err(explain)?;
        journal.write(path, &app.keyring.seal)?;
        let count = journal.entries.len();
        print(&format!("noted {count} revocations and suspensions until {} in `{}`", journal.made_at, path.display()))?;
    }
    Ok(())
}
