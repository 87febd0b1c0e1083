//! Leases of nodes, and news between nodes.

use std::{fmt::Debug, time::Duration};

use mgmt_core::lease::Holder;

use crate::error::Result;

/// Leases of nodes, in the time of the database: the only clock that all nodes share. See [`mgmt_core::lease`].
pub trait NodeLeases {
    /// Grants a lease of `ttl` from now, or a longer one, to a node that has applied the changes up to `applied`. It waits for
    /// transactions that have [appended](crate::Invalidations::append) and not ended, and keeps others from appending until the
    /// end of this one. `Ok(false)` and no lease when there are later changes than `applied`: they must be applied first, and no
    /// more will come in this transaction.
    fn renew(&mut self, node: &str, ttl: Duration, applied: i64) -> Result<bool>;
    /// Tells, and wakes whoever listens, that a node has applied the changes up to `applied`. Its lease ends when it did before.
    fn acknowledge(&mut self, node: &str, applied: i64) -> Result<()>;
    /// Ends a node's lease.
    fn release(&mut self, node: &str) -> Result<()>;
    /// All rows, and the time to judge them by, which was read after them.
    fn list(&mut self) -> Result<(Vec<Holder>, i64)>;
    /// Forgets rows that ended a minute ago or earlier; how many.
    fn delete_ended(&mut self) -> Result<usize>;
}

/// What was heard from other nodes, or from this one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// There are new changes.
    pub changes: bool,
    /// A node has acknowledged changes.
    pub acknowledgements: bool,
    /// Quotas whose unused units somebody needs.
    pub recalled: Vec<String>,
    /// Quotas that unused units were given back to because somebody needs them.
    pub returned: Vec<String>,
}

/// A connection that hears what is committed in the database. News may be lost: they save time, and nothing may depend on them.
pub trait Ear: Send + Debug {
    /// What came since the last call. Does not wait.
    ///
    /// # Errors
    /// The connection is lost.
    fn news(&mut self) -> Result<News>;
}
