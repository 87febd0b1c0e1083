//! `mgmt restore`: a copy put in place, without bringing back what was revoked after it was taken.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use mgmt_core::time::Timestamp;
use mgmt_store::TAKEN_AT;

use super::{Failure, key::explain, print};
use crate::{
    app::{
        App,
        journal::{self, Journal},
    },
    clock::Clock,
    config::Config,
};

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The copy that `mgmt backup` made. Without it the database is taken as it is: for one that other tools have restored.
    pub(crate) file: Option<PathBuf>,
    /// The latest journal of revoked keys that `mgmt backup --journal` made.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Revoke every key that the copy knows to have been used at this time or later.
    #[arg(long, value_name = "TIME")]
    pub(crate) revoke_used_since: Option<String>,
}

/// What was done to a restored database.
struct Done {
    taken_at: Option<String>,
    sessions: usize,
    by_journal: Option<usize>,
    used: Option<usize>,
}

/// Puts a copy in place of the database.
///
/// # Errors
/// The copy or the journal is not whole, or the database is in use.
pub(crate) fn run(config: Config, args: &RestoreArgs) -> Result<(), Failure> {
    let wrong = |_| Failure::new("`--revoke-used-since` must be an RFC 3339 time with an offset, such as `2027-01-31T08:00:00Z`");
    let since = args.revoke_used_since.as_deref().map(|text| text.parse::<Timestamp>().map_err(wrong)).transpose()?;
    let config = Arc::new(config);
    // Before anything is touched.
    let journal = args.journal.as_deref().map(|path| read_journal(&config, path)).transpose()?;
    if let Some(file) = &args.file {
        let suffix = format!("before-restore-{}", Clock::system().now().as_millis());
        if let Some(old) = mgmt_store::restore(config.database.url.reveal(), file, &suffix)? {
            print(&format!("kept the database that was there as `{}`", old.display()))?;
        }
    }
    let app = App::open(config)?;
    let done = app.run_here("cli.restore", |work| {
        Ok(Done {
            taken_at: work.tx.settings().find(TAKEN_AT)?,
            sessions: journal::end_sessions(work)?,
            by_journal: journal.as_ref().map(|j| j.apply(work)).transpose()?,
            used: since.map(|since| journal::revoke_used_since(work, since)).transpose()?,
        })
    });
    let done = done.map_err(explain)?;
    let made_at = journal.as_ref().map(|j| j.made_at);
    report(&app, &done, made_at)
}

fn read_journal(config: &Config, path: &std::path::Path) -> Result<Journal, Failure> {
    let master = crate::app::master_key::load(&config.security.master_key_file, false).map_err(Failure::new)?;
    Journal::read(path, &mgmt_core::secret::Keyring::derive(&master).seal)
}

fn report(app: &App, done: &Done, journal_until: Option<Timestamp>) -> Result<(), Failure> {
    let from = done.taken_at.as_deref().unwrap_or("an unknown time");
    print(&format!("restored the state of {from}; ended {} sessions", done.sessions))?;
    if let Some(count) = done.by_journal {
        print(&format!("the journal took {count} keys and organizations out of service"))?;
    }
    if let Some(count) = done.used {
        print(&format!("revoked {count} keys by their last use"))?;
    }
    let fingerprint = app.store.read("cli.restore.fingerprint", |tx| tx.settings().find(crate::app::setup::FINGERPRINT))?;
    if fingerprint.as_deref() != Some(&app.keyring.fingerprint) {
        print("warning: the copy was made with another master key: none of its keys works with this one")?;
    }
    let gap_from = journal_until.map_or_else(|| from.to_owned(), |until| until.to_string());
    print(&format!(
        "gap: what was revoked, suspended or removed from {gap_from} to {} is not known here; revoke it again, or repeat with \
         `--journal FILE` or `--revoke-used-since TIME` and without the copy",
        app.clock.now().wall
    ))
}
