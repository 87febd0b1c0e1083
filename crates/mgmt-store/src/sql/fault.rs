//! What a failure of the database means: whose fault it is, and whether the transaction may be run again.

use diesel::result::{ConnectionError, DatabaseErrorKind, Error};

use crate::{error::StoreError, store::Mode};

/// Why a transaction failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A unique value exists already.
    Conflict(&'static str),
    /// It collided with another transaction: the next run will see what the other one did.
    Collision,
    /// A lock was not to be had in time.
    Busy(String),
    /// The connection is gone, and the transaction with it.
    Lost(String),
    /// The database cannot work now.
    Unavailable(String),
    /// Anything else.
    Backend(String),
}

/// Violated constraints: table, what the constraint or column is called, what callers are told. Both databases name the
/// table first: `table.column` or the constraint's name, which starts with the table.
const UNIQUE: &[(&str, &str, &str)] = &[
    ("organizations", "slug", "slug"),
    ("organizations", "operator_slot", "operator"),
    ("organizations", "", "organization"),
    ("users", "email", "email"),
    ("users", "", "user"),
    ("memberships", "", "membership"),
    ("invitations", "", "invitation"),
    ("password_resets", "", "password reset"),
    ("sessions", "", "session"),
    ("refresh_tokens", "", "refresh token"),
    ("keys", "", "key"),
    ("foreign_hashes", "", "foreign_hash"),
    ("reveals", "", "reveal"),
    ("bucket_keys", "", "bucket key"),
    ("idempotency", "", "idempotency"),
    ("projects", "", "project"),
    ("project_members", "", "project member"),
    ("project_parts", "", "project part"),
    ("audit", "", "audit entry"),
    ("webhooks", "", "webhook"),
    ("webhook_queues", "", "webhook"),
    ("events", "", "event"),
    ("deliveries", "", "delivery"),
    ("send_outs", "", "send-out"),
    ("quota_marks", "", "quota mark"),
    ("expiry_notices", "", "expiry notice"),
    ("rate_sheets", "slug", "slug"),
    ("rate_sheet", "", "rate sheet"),
    ("shipment", "", "shipment"),
    ("trackers", "number", "tracking number"),
    ("trackers", "", "tracker"),
];

/// Texts of failures that a later attempt can survive, because the database gives no code for them here.
const BUSY: &[&str] = &["database is locked", "table is locked", "due to lock timeout"];
const COLLISION: &[&str] = &["deadlock detected", "could not serialize", "tuple concurrently updated"];
const LOST: &[&str] = &[
    "terminating connection",
    "server closed the connection",
    "connection to server",
    "connection not open",
    "no connection to the server",
    "could not receive data from server",
    "could not send data to server",
    "the database system is",
    "ssl connection has been closed",
    "another command is already in progress",
];
const UNAVAILABLE: &[&str] = &[
    "disk is full",
    "no space left",
    "could not extend",
    "could not write",
    "could not fsync",
    "disk i/o error",
    "i/o error",
    "unable to open database file",
    "readonly database",
    "read-only",
    "out of memory",
    "out of shared memory",
    "statement timeout",
    "canceling statement",
    "too many clients",
    "remaining connection slots",
    "too many connections",
];

impl Fault {
    /// Reads a failure of a statement in a transaction of `mode`.
    pub(crate) fn of(error: &Error, mode: Mode) -> Self {
        match error {
            Error::DatabaseError(kind, info) => {
                Self::of_kind(*kind, info.message(), info.constraint_name().unwrap_or(info.message()), mode)
            }
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::of(commit_error, mode),
            Error::BrokenTransactionManager => Self::Lost("the connection is broken".to_owned()),
            other => Self::Backend(other.to_string()),
        }
    }

    fn of_kind(kind: DatabaseErrorKind, message: &str, constraint: &str, mode: Mode) -> Self {
        match kind {
            DatabaseErrorKind::UniqueViolation => Self::Conflict(conflict(constraint)),
            DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => Self::Conflict("reference"),
            DatabaseErrorKind::SerializationFailure => Self::Collision,
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Self::Lost(message.trim().to_owned()),
            // A server that was the primary is a standby now: the next connection finds the new primary.
            DatabaseErrorKind::ReadOnlyTransaction if mode == Mode::Write => Self::Lost(message.to_owned()),
            DatabaseErrorKind::ReadOnlyTransaction => Self::read_only(),
            _ => Self::of_text(message, mode),
        }
    }

    fn of_text(message: &str, mode: Mode) -> Self {
        let lower = message.to_lowercase();
        let is = |texts: &[&str]| texts.iter().any(|t| lower.contains(t));
        let text = || message.trim().to_owned();
        match () {
            () if mode == Mode::Read && lower.contains("readonly database") => Self::read_only(),
            () if is(BUSY) => Self::Busy(text()),
            () if is(COLLISION) => Self::Collision,
            () if is(LOST) => Self::Lost(text()),
            () if is(UNAVAILABLE) => Self::Unavailable(text()),
            () => Self::Backend(text()),
        }
    }

    fn read_only() -> Self {
        Self::Backend("a reading transaction tried to write".to_owned())
    }

    /// Reads a failure to connect.
    pub(crate) fn of_connection(error: &ConnectionError) -> Self {
        match error {
            ConnectionError::BadConnection(message) => Self::Unavailable(message.trim().to_owned()),
            ConnectionError::CouldntSetupConfiguration(inner) => match Self::of(inner, Mode::Write) {
                Self::Backend(text) => Self::Backend(text),
                other => Self::Unavailable(other.text()),
            },
            other => Self::Backend(other.to_string()),
        }
    }

    /// Whether running the transaction again can help.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Collision | Self::Busy(_) | Self::Lost(_))
    }

    fn text(self) -> String {
        match self {
            Self::Conflict(what) => what.to_owned(),
            Self::Collision => "transactions collided".to_owned(),
            Self::Busy(text) | Self::Lost(text) | Self::Unavailable(text) | Self::Backend(text) => text,
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Conflict(what) => Self::Conflict(what),
            Fault::Collision => Self::Conflict("transaction"),
            Fault::Busy(text) | Fault::Lost(text) | Fault::Unavailable(text) => Self::Unavailable(text),
            Fault::Backend(text) => Self::Backend(text),
        }
    }
}

fn conflict(constraint: &str) -> &'static str {
    let name = constraint.rsplit(": ").next().unwrap_or(constraint);
    UNIQUE.iter().find(|(table, part, _)| name.starts_with(table) && name.contains(part)).map_or("row", |(_, _, what)| what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(message: &str) -> Fault {
        Fault::of_kind(DatabaseErrorKind::Unknown, message, message, Mode::Write)
    }

    #[test]
    fn unique_values_have_names_on_both_databases() {
        for (constraint, what) in [
            ("UNIQUE constraint failed: organizations.slug", "slug"),
            ("organizations_slug_key", "slug"),
            ("organizations_operator_slot_key", "operator"),
            ("organizations_pkey", "organization"),
            ("UNIQUE constraint failed: memberships.organization_id, memberships.user_id", "membership"),
            ("idempotency_pkey", "idempotency"),
            ("bucket_keys_pkey", "bucket key"),
            ("keys_pkey", "key"),
            ("something else", "row"),
        ] {
            let fault = Fault::of_kind(DatabaseErrorKind::UniqueViolation, "", constraint, Mode::Write);
            assert_eq!(fault, Fault::Conflict(what), "{constraint}");
        }
    }

    #[test]
    fn collisions_and_lost_connections_are_run_again() {
        for text in [
            "database is locked",
            "deadlock detected",
            "canceling statement due to lock timeout",
            "terminating connection due to administrator command",
            "server closed the connection unexpectedly\n\tThis probably means",
            "the database system is shutting down",
        ] {
            assert!(unknown(text).is_transient(), "{text}");
        }
        for text in [
            "database or disk is full",
            "disk I/O error",
            "could not extend file \"base/1\": No space left on device",
            "canceling statement due to statement timeout",
        ] {
            assert!(matches!(unknown(text), Fault::Unavailable(_)), "{text}");
        }
        assert!(matches!(unknown("no such table: keys"), Fault::Backend(_)));
    }

    #[test]
    fn writing_in_a_reading_transaction_is_the_callers_fault() {
        let fault = |mode| Fault::of_kind(DatabaseErrorKind::ReadOnlyTransaction, "cannot execute INSERT", "", mode);
        assert!(matches!(fault(Mode::Read), Fault::Backend(_)));
        assert!(matches!(fault(Mode::Write), Fault::Lost(_)));
    }
}
