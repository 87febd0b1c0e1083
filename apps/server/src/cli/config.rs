//! `mgmt config`: the configuration.

use clap::Subcommand;

use super::{Failure, print};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Tell what is wrong with the configuration.
    Check,
}

/// Runs a command on the configuration, which was read without a fault.
///
/// # Errors
/// The output can't be written.
pub(crate) fn run(config: &Config, command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check => print(&format!(
            "the configuration is valid: {} database, listening on {}",
            config.database.url.scheme(),
            config.server.listen
        )),
    }
}
