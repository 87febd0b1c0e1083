//! The command line.

mod audit;
mod backup;
mod bootstrap;
mod config;
mod import;
mod key;
mod migrate;
mod openapi;
mod org;
mod restore;

use std::{fmt, io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{config::Config, serve};

/// The management plane of an API product.
#[derive(Debug, Parser)]
#[command(name = "mgmt", version, about, disable_help_subcommand = true)]
struct Arguments {
    /// The configuration file; without it `mgmt.toml`, if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API.
    Serve,
    /// Make the first organization, its owner and its first two keys; works once per database.
    Bootstrap(bootstrap::BootstrapArgs),
    /// Bring the database to this version's schema.
    Migrate,
    /// Make, import, list and revoke keys.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Make and list organizations.
    #[command(subcommand)]
    Org(org::OrgCommand),
    /// Check the audit log.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Copy a SQLite database while it is in use, and note which keys are revoked.
    Backup(backup::BackupArgs),
    /// Put a copy of a SQLite database in place, and revoke what was revoked after it was taken.
    Restore(restore::RestoreArgs),
    /// Print the OpenAPI document.
    Openapi,
    /// Look after the configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
}

/// Why a command ended without success: one message for the person who gave it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure with a message in lower case, without a full stop.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self(message.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl From<mgmt_core::error::Error> for Failure {
    fn from(error: mgmt_core::error::Error) -> Self {
        Self::new(error)
    }
}

impl From<crate::config::ConfigFaults> for Failure {
    fn from(faults: crate::config::ConfigFaults) -> Self {
        Self::new(faults)
    }
}

/// Runs the command that the arguments name.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match dispatch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "mgmt: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<(), Failure> {
    if matches!(arguments.command, Command::Openapi) {
        // The document does not depend on the configuration.
        return openapi::run();
    }
    let config = Config::load(arguments.config.as_deref())?;
    match arguments.command {
        Command::Serve => serve::run(config),
        Command::Bootstrap(args) => bootstrap::run(config, &args),
        Command::Migrate => migrate::run(&config),
        Command::Key(command) => key::run(config, &command),
        Command::Org(command) => org::run(config, &command),
        Command::Audit(command) => audit::run(config, &command),
        Command::Backup(args) => backup::run(config, &args),
        Command::Restore(args) => restore::run(config, &args),
        Command::Openapi => openapi::run(),
        Command::Config(command) => config::run(&config, &command),
    }
}

/// Prints a line to standard output.
///
/// # Errors
/// Nobody reads it any more, or the disk it goes to is full.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::new(format_args!("the output can't be written: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn commands_of_the_contract_parse() {
        for line in [
            "mgmt serve",
            "mgmt serve --config x.toml",
            "mgmt --config x.toml serve",
            "mgmt bootstrap --org Acme --email a@example.com --password-stdin --plan scale --json",
            "mgmt migrate",
            "mgmt key create --org org_1 --scope orders:read --scope rates:read",
            "mgmt key create --org org_1 --name x --kind management --environment test --scope * --expires-at 2027-01-01T00:00:00Z --json",
            "mgmt key list --org org_1 --kind secret --status active --json",
            "mgmt key import --org acme keys.jsonl",
            "mgmt key import - --json",
            "mgmt key revoke key_1 --reason leaked",
            "mgmt org create --name Acme --plan scale --json",
            "mgmt org list --json",
            "mgmt audit verify",
            "mgmt audit verify --checkpoint audit.checkpoint --json",
            "mgmt backup mgmt.backup --journal revoked.journal",
            "mgmt backup --journal revoked.journal",
            "mgmt restore mgmt.backup --journal revoked.journal",
            "mgmt restore mgmt.backup --revoke-used-since 2027-01-01T00:00:00Z",
            "mgmt openapi",
            "mgmt config check",
        ] {
            assert!(Arguments::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        for line in ["mgmt", "mgmt fly", "mgmt bootstrap --org Acme", "mgmt key create", "mgmt key revoke", "mgmt backup"] {
            assert!(Arguments::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
