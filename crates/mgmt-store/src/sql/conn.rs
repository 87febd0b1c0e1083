//! Connections. The only place that knows which database is behind a query.

use std::{path::Path, thread, time::Duration};

use diesel::{
    Connection, PgConnection, QueryResult, RunQueryDsl, SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    result::Error as DieselError,
    sql_query,
    sql_types::{BigInt, Text},
};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::{
    address::{Address, Server},
    fault::Fault,
    kept::Kept,
    place,
    timeline::Timeline,
};
use crate::{
    error::{Result, StoreError},
    store::Mode,
};

pub(crate) use any::AnyConnection;

/// The oldest SQLite without known corruption bugs in WAL mode.
const MIN_SQLITE: [u32; 3] = [3, 51, 3];

/// What every SQLite connection is told. The lock wait is for other processes; our own writers queue before they begin.
const SQLITE_SETUP: &str = "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; \
    PRAGMA secure_delete = ON; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;";

/// How often, and how far apart, the set-up of a connection is tried while the database is locked: five seconds.
const SETUP_TRIES: u32 = 250;
const SETUP_PAUSE: Duration = Duration::from_millis(20);

/// A process that is stopped within a transaction loses its locks before those who wait for them give up.
const POSTGRES_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = '5s'; \
    SET LOCAL lock_timeout = '3s'; SET LOCAL idle_in_transaction_session_timeout = '2s'";
const POSTGRES_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '5s'; \
    SET LOCAL idle_in_transaction_session_timeout = '10s'";

/// Failures are told apart by their texts, because diesel hides most codes: they must be in English.
const POSTGRES_ENGLISH: &str = "SELECT set_config('lc_messages', 'C', false) \
    WHERE current_setting('lc_messages') !~ '^(C|POSIX|en)'";

/// The advisory lock that migrating processes queue at: `mgmt` in ASCII, and a number.
const MIGRATION_LOCK: i64 = 0x6d67_6d74_0001;
/// The advisory lock of whoever hands out deliveries.
const DELIVERY_LOCK: i64 = 0x6d67_6d74_0002;
/// The lock on the journal's number comes first: what it is then stays, and the time is read after it.
const POSTGRES_RENEW: &str = "WITH head AS MATERIALIZED (SELECT value FROM sequences WHERE name = 'invalidations' FOR SHARE) \
    INSERT INTO node_leases AS held (node, lease_until, applied_seq) \
    SELECT $1, CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT) + $2, $3 FROM head WHERE value <= $3 \
    ON CONFLICT (node) DO UPDATE SET lease_until = GREATEST(held.lease_until, EXCLUDED.lease_until), applied_seq = EXCLUDED.applied_seq \
    RETURNING pg_notify('mgmt_acknowledgements', '')";
const SQLITE_RENEW: &str = "INSERT INTO node_leases (node, lease_until, applied_seq) \
    SELECT ?1, CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER) + ?2, ?3 FROM sequences \
    WHERE name = 'invalidations' AND value <= ?3 \
    ON CONFLICT (node) DO UPDATE SET lease_until = max(lease_until, excluded.lease_until), applied_seq = excluded.applied_seq";
const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

pub(crate) mod any {
    #![allow(unreachable_pub, missing_debug_implementations, missing_docs, reason = "what the derive writes is not ours")]
    use diesel::{PgConnection, SqliteConnection};

    /// A connection to either database.
    #[derive(diesel::MultiConnection)]
    pub enum AnyConnection {
        /// SQLite.
        Sqlite(SqliteConnection),
        /// PostgreSQL.
        Postgres(PgConnection),
    }
}

impl AnyConnection {
    /// Lets SQLite refuse what `mode` does not allow, from now on. To be called once for a connection rather than for each
    /// transaction: all statements that are prepared must be prepared anew after it. PostgreSQL is told by each transaction.
    pub(crate) fn allow(&mut self, mode: Mode) -> QueryResult<()> {
        match (self, mode) {
            (Self::Sqlite(c), Mode::Read) => c.batch_execute("PRAGMA query_only = ON"),
            (Self::Sqlite(c), Mode::Write) => c.batch_execute("PRAGMA query_only = OFF"),
            (Self::Postgres(_), _) => Ok(()),
        }
    }

    /// Begins a transaction.
    pub(crate) fn begin(&mut self, mode: Mode) -> QueryResult<()> {
        match (self, mode) {
            (Self::Sqlite(c), Mode::Read) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN DEFERRED"),
            (Self::Sqlite(c), Mode::Write) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
            (Self::Postgres(c), Mode::Read) => AnsiTransactionManager::begin_transaction_sql(c, POSTGRES_READ),
            (Self::Postgres(c), Mode::Write) => AnsiTransactionManager::begin_transaction_sql(c, POSTGRES_WRITE),
        }
    }

    /// Begins the one transaction that may change the schema, after any other process has ended its own.
    pub(crate) fn begin_migration(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(c) => {
                c.batch_execute("PRAGMA query_only = OFF; PRAGMA busy_timeout = 30000")?;
                let begun = AnsiTransactionManager::begin_transaction_sql(c, "BEGIN EXCLUSIVE");
                c.batch_execute("PRAGMA busy_timeout = 5000")?;
                begun
            }
            Self::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(
                c,
                &format!(
                    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = 0; \
                     SET LOCAL lock_timeout = '30s'; SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"
                ),
            ),
        }
    }

    /// Ends the transaction and keeps its changes.
    pub(crate) fn commit(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(c) => AnsiTransactionManager::commit_transaction(c),
            Self::Postgres(c) => AnsiTransactionManager::commit_transaction(c),
        }
    }

    /// Ends the transaction and undoes its changes.
    pub(crate) fn rollback(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(c) => AnsiTransactionManager::rollback_transaction(c),
            Self::Postgres(c) => AnsiTransactionManager::rollback_transaction(c),
        }
    }

    /// Waits until no other transaction holds this lock, then holds it until the end. SQLite has one writer anyway.
    pub(crate) fn lock_deliveries(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(c) => c.batch_execute(&format!("SELECT pg_advisory_xact_lock({DELIVERY_LOCK})")),
        }
    }

    /// Writes a node's lease, in one statement, if there is no later change than `applied`: whether it did. It waits for transactions that
    /// have numbered a change and not ended, and keeps others from numbering any until the end of this one. SQLite has one writer anyway.
    pub(crate) fn renew_lease(&mut self, node: &str, ttl_millis: i64, applied: i64) -> QueryResult<bool> {
        let query = sql_query(match self {
            Self::Sqlite(_) => SQLITE_RENEW,
            Self::Postgres(_) => POSTGRES_RENEW,
        });
        let query = query.bind::<Text, _>(node).bind::<BigInt, _>(ttl_millis).bind::<BigInt, _>(applied);
        Kept(query).execute(self).map(|rows| rows == 1)
    }

    /// The database's own time, in milliseconds since 1970: the only clock that all nodes share.
    pub(crate) fn clock_millis(&mut self) -> QueryResult<i64> {
        let query = sql_query(format!("SELECT {} AS value", self.clock()));
        Kept(query).get_result::<OneNumber>(self).map(|row| row.value)
    }

    /// The same as an expression.
    pub(crate) fn clock(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)",
            // `now()` is when the transaction began.
            Self::Postgres(_) => "CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)",
        }
    }

    /// Leaves it to whoever commits to bring the commits to the disk. SQLite still syncs its journal before it copies it into the database,
    /// which it does when the journal has 32 MiB: a page that many transactions have changed is copied once. 16 MiB of pages are kept in
    /// memory, so that those of a group of transactions are written once, at its end; and so is what undoes a savepoint, which would need a
    /// folder for temporary files.
    pub(crate) fn leave_commits_to_others(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(c) => {
                c.batch_execute("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8192; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY")
            }
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Lets the commit of this transaction be lost with the power.
    pub(crate) fn commit_lazily(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(c) => c.batch_execute("SET LOCAL synchronous_commit = off"),
        }
    }

    /// Wakes those who listen, when the transaction is committed, and tells them a text.
    pub(crate) fn notify(&mut self, channel: Channel, text: &str) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(c) if text.is_empty() => c.batch_execute(&format!("NOTIFY {}", channel.name())),
            Self::Postgres(c) => {
                let query = sql_query("SELECT pg_notify($1, $2)::text AS value");
                query.bind::<Text, _>(channel.name()).bind::<Text, _>(text).execute(c).map(|_| ())
            }
        }
    }

    /// Listens on all channels from now on.
    pub(crate) fn listen(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(c) => Channel::ALL.iter().try_for_each(|on| c.batch_execute(&format!("LISTEN {}", on.name()))),
        }
    }

    /// What came on the channels since the last call.
    pub(crate) fn heard(&mut self) -> QueryResult<Vec<(Channel, String)>> {
        match self {
            Self::Sqlite(_) => Ok(Vec::new()),
            Self::Postgres(c) => {
                let all: Vec<_> = c.notifications_iter().collect::<QueryResult<_>>()?;
                let known = |name: &str| Channel::ALL.into_iter().find(|on| on.name() == name);
                Ok(all.into_iter().filter_map(|n| Some((known(&n.channel)?, n.payload))).collect())
            }
        }
    }

    /// Whether searches are narrowed by an index of trigrams, of which `mgmt_grams` makes the terms.
    pub(crate) fn has_grams(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(_) => true,
        }
    }

    /// The migrations of this database.
    pub(crate) fn migrations(&self) -> EmbeddedMigrations {
        match self {
            Self::Sqlite(_) => SQLITE_MIGRATIONS,
            Self::Postgres(_) => POSTGRES_MIGRATIONS,
        }
    }

    /// Whether any migration was ever applied.
    pub(crate) fn has_migrations(&mut self) -> QueryResult<bool> {
        let query = match self {
            Self::Sqlite(_) => {
                "SELECT name AS value FROM sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'"
            }
            Self::Postgres(_) => {
                "SELECT tablename::text AS value FROM pg_tables \
                 WHERE schemaname = current_schema() AND tablename = '__diesel_schema_migrations'"
            }
        };
        Ok(!sql_query(query).load::<OneText>(self)?.is_empty())
    }
}

/// What is told on connections that listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// A change was numbered.
    Changes,
    /// A node has applied changes, or holds no lease any more.
    Acknowledgements,
    /// Somebody needs units of a quota.
    Recalls,
    /// Units were given back because somebody needs them.
    Returns,
}

impl Channel {
    const ALL: [Self; 4] = [Self::Changes, Self::Acknowledgements, Self::Recalls, Self::Returns];

    const fn name(self) -> &'static str {
        match self {
            Self::Changes => "mgmt_changes",
            Self::Acknowledgements => "mgmt_acknowledgements",
            Self::Recalls => "mgmt_recalls",
            Self::Returns => "mgmt_returns",
        }
    }
}

#[derive(diesel::QueryableByName)]
struct OneNumber {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(diesel::QueryableByName)]
struct OneText {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Who may use a database at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// One connection, for everything: the database is gone with it.
    OneConnection,
    /// One writer, beside readers.
    OneWriter,
    /// Any connection of any node may do anything.
    Nodes,
}

impl Address {
    /// Who may use the database at the same time.
    pub(crate) fn sharing(&self) -> Sharing {
        match self {
            Self::Memory => Sharing::OneConnection,
            Self::File(_) => Sharing::OneWriter,
            Self::Server(_) => Sharing::Nodes,
        }
    }

    /// The file of the database, where it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Memory | Self::Server(_) => None,
        }
    }

    /// Prepares the place of the database: the folder, and the file with no rights for others.
    pub(crate) fn prepare(&self) -> Result<()> {
        match self {
            Self::File(path) => {
                let failed = |e| StoreError::Unavailable(format!("cannot create `{}`: {e}", path.display()));
                place::create(path).map_err(failed)?;
                if let Some(kind) = place::network(path) {
                    tracing::warn!(path = %path.display(), kind, "the database file is on a network file system, which may lose data: use a local disk, or PostgreSQL");
                }
                Ok(())
            }
            Self::Memory | Self::Server(_) => Ok(()),
        }
    }

    /// Opens a connection and sets it up.
    pub(crate) fn connect(&self) -> Result<AnyConnection> {
        match self {
            Self::Memory => connect_sqlite(":memory:", "memory").map(AnyConnection::Sqlite),
            Self::File(path) => {
                // SQLite would make an empty database with everybody's rights in place of one that went away.
                if !path.is_file() {
                    return Err(StoreError::Unavailable(format!("`{}` is not a file", path.display())));
                }
                connect_sqlite(&file_name(path), "wal").map(AnyConnection::Sqlite)
            }
            Self::Server(server) => connect_primary(server).map(AnyConnection::Postgres),
        }
    }

    /// Which primary a connection leads to, where primaries have an order.
    pub(crate) fn timeline(&self, connection: &mut AnyConnection) -> Option<Timeline> {
        match connection {
            AnyConnection::Sqlite(_) => None,
            AnyConnection::Postgres(c) => Timeline::ask(c),
        }
    }

    /// Asks each of several servers which primary it is, so that a process that starts knows the last one. One that does not answer
    /// is no hindrance.
    pub(crate) fn look_around(&self) {
        if let Self::Server(server) = self {
            server.each.iter().for_each(|url| drop(PgConnection::establish(url).map(|mut c| Timeline::ask(&mut c))));
        }
    }
}

/// Connects to the primary. A server that was the primary once, and takes itself for it, is passed over.
fn connect_primary(server: &Server) -> Result<PgConnection> {
    let (connection, timeline) = connect_postgres(server, &server.url)?;
    if !timeline.is_some_and(|t| t.is_past()) {
        return Ok(connection);
    }
    drop(connection);
    let others = server.each.iter().filter_map(|url| connect_postgres(server, url).ok());
    let last = others.filter_map(|(c, timeline)| Some((timeline?, c))).max_by_key(|(timeline, _)| timeline.number());
    match last {
        Some((timeline, connection)) if !timeline.is_past() => Ok(connection),
        _ => Err(StoreError::Unavailable("the server is a former primary: there was a later one".to_owned())),
    }
}

fn connect_postgres(server: &Server, url: &str) -> Result<(PgConnection, Option<Timeline>)> {
    let mut connection =
        PgConnection::establish(url).map_err(|e| StoreError::from(redacted(Fault::of_connection(&e), |t| server.redact(t))))?;
    // Where this is not allowed, some failures that could be survived are reported as what they are.
    let _ = connection.batch_execute(POSTGRES_ENGLISH);
    let timeline = Timeline::ask(&mut connection);
    Ok((connection, timeline))
}

fn redacted(fault: Fault, redact: impl Fn(&str) -> String) -> Fault {
    match fault {
        Fault::Unavailable(text) => Fault::Unavailable(redact(&text)),
        Fault::Busy(text) => Fault::Busy(redact(&text)),
        Fault::Lost(text) => Fault::Lost(redact(&text)),
        Fault::Backend(text) => Fault::Backend(redact(&text)),
        other => other,
    }
}

pub(super) fn connect_sqlite(path: &str, journal: &str) -> Result<SqliteConnection> {
    let fault = |e: DieselError| StoreError::from(Fault::of(&e, Mode::Write));
    let mut connection = SqliteConnection::establish(path).map_err(|e| match Fault::of_connection(&e) {
        Fault::Unavailable(text) => StoreError::Unavailable(format!("cannot open `{path}`: {text}")),
        other => other.into(),
    })?;
    let found = set_up_patiently(&mut connection, journal).map_err(fault)?;
    // Not before: reading anything, even the version, fails while the file is locked.
    let version = one_text(&mut connection, "SELECT sqlite_version() AS value").map_err(fault)?;
    if !is_recent(&version) {
        return Err(StoreError::Backend(format!("SQLite {version} is too old: at least 3.51.3 is needed")));
    }
    if found == journal {
        Ok(connection)
    } else {
        Err(StoreError::Unavailable(format!("`{path}` cannot be put into WAL mode: its journal mode is `{found}`")))
    }
}

/// Sets a connection up and reads its journal mode. While another process puts a new database into WAL mode, SQLite reports a
/// lock at once, whatever wait it was told.
fn set_up_patiently(connection: &mut SqliteConnection, journal: &str) -> QueryResult<String> {
    for _ in 0..SETUP_TRIES {
        match set_up(connection, journal) {
            Err(error) if Fault::of(&error, Mode::Write).is_transient() => thread::sleep(SETUP_PAUSE),
            result => return result,
        }
    }
    set_up(connection, journal)
}

fn set_up(connection: &mut SqliteConnection, journal: &str) -> QueryResult<String> {
    connection.batch_execute(SQLITE_SETUP)?;
    connection.batch_execute(&format!("PRAGMA journal_mode = {journal}"))?;
    one_text(connection, "SELECT journal_mode AS value FROM pragma_journal_mode")
}

pub(super) fn one_text(connection: &mut SqliteConnection, query: &str) -> QueryResult<String> {
    sql_query(query).get_result::<OneText>(connection).map(|row| row.value)
}

fn is_recent(version: &str) -> bool {
    let mut parts = version.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
    let found = [parts.next(), parts.next(), parts.next()].map(|p| p.unwrap_or(0));
    found >= MIN_SQLITE
}

/// The path as SQLite reads it: a name that starts with `file:` would be taken for a URI.
pub(super) fn file_name(path: &Path) -> String {
    let text = path.to_string_lossy();
    if path.is_absolute() { text.into_owned() } else { format!("./{text}") }
}
