//! Which primary is the last one: a server that was the primary once, and came back as one, must not be written to.
//!
//! PostgreSQL begins a new timeline whenever a standby is promoted. A process remembers the last timeline that it has seen of each
//! database system, and uses no connection to an earlier one.

use std::collections::HashMap;

use diesel::{PgConnection, RunQueryDsl, sql_query, sql_types::Text};
use parking_lot::Mutex;

/// The last timelines that this process has seen, by the system that they are of.
static LAST: Mutex<Option<HashMap<String, u32>>> = Mutex::new(None);

/// Both are known at once on a primary, and asked without special rights.
const QUERY: &str = "SELECT system_identifier::text AS system, pg_walfile_name(pg_current_wal_insert_lsn()) AS file \
    FROM pg_control_system()";

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    system: String,
    #[diesel(sql_type = Text)]
    file: String,
}

/// Where a connection leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timeline {
    system: String,
    number: u32,
}

impl Timeline {
    /// Asks a primary, and remembers its answer if it is the last one. `None` where the question is not understood: engines that only
    /// speak like PostgreSQL elect their primaries by themselves.
    pub(crate) fn ask(connection: &mut PgConnection) -> Option<Self> {
        let row: Row = sql_query(QUERY).get_result(connection).ok()?;
        let timeline = Self { number: u32::from_str_radix(row.file.get(..8)?, 16).ok()?, system: row.system };
        timeline.remember();
        Some(timeline)
    }

    fn remember(&self) {
        let mut last = LAST.lock();
        let known = last.get_or_insert_default().entry(self.system.clone()).or_insert(self.number);
        *known = self.number.max(*known);
    }

    /// Whether this process knows a later one of the same system.
    pub(crate) fn is_past(&self) -> bool {
        LAST.lock().as_ref().and_then(|all| all.get(&self.system)).is_some_and(|last| *last > self.number)
    }

    /// The order of primaries of one system.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_primary_is_past_when_a_later_one_was_seen() {
        let of = |system: &str, number| Timeline { system: system.to_owned(), number };
        let (old, new, other) = (of("a", 3), of("a", 4), of("b", 1));
        old.remember();
        other.remember();
        assert!(!old.is_past() && !new.is_past() && !other.is_past());
        new.remember();
        assert!(old.is_past() && !new.is_past() && !other.is_past());
        old.remember();
        assert!(old.is_past() && !new.is_past());
    }
}
