//! What can go wrong in a store, by whose fault it is.

use thiserror::Error;

/// A failed storage operation. "Not found" is not among them: that is `Ok(None)`.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A unique value exists already, or a guarded update found another version than the caller read.
    #[error("`{0}` exists already or was changed meanwhile")]
    Conflict(&'static str),
    /// The database cannot be reached, is busy for too long, or its disk is full. A repeat may succeed.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row cannot be read back into a domain value.
    #[error("the row `{id}` of table `{table}` is corrupt")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
    },
    /// The database was migrated by a newer version of this program.
    #[error("the database has the newer schema `{0}`: run a version of mgmt that knows it")]
    NewerSchema(String),
    /// The database lacks migrations that this program needs.
    #[error("the database lacks {0} migrations: run `mgmt migrate`")]
    OlderSchema(usize),
    /// The address of the database is not one.
    #[error("the database address is wrong: {0}")]
    Address(String),
    /// Any other failure of the database.
    #[error("database: {0}")]
    Backend(String),
}

/// What storage operations return.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
