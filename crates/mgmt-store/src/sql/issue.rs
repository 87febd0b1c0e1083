//! What a new key takes, in as few statements as the database allows: on PostgreSQL each is a round trip.

use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_query,
    sql_types::{BigInt, Bool, Nullable, Text},
};

use super::{
    conn::AnyConnection,
    events::{EventRow, event_values},
    kept::Kept,
    keys::KeyRow,
    reveals::RevealRow,
    schema::{bucket_keys, events, keys, organizations, reveals, sequences},
};

/// The sequence that numbers the journal.
const JOURNAL: &str = "invalidations";

/// The rows of a new key.
pub(super) struct IssueRows {
    pub(super) key: KeyRow,
    pub(super) reveal: Option<RevealRow>,
    pub(super) event: Option<EventRow>,
}

impl AnyConnection {
    /// Holds an organization's lock from here on; `false` when there is no such organization. SQLite has one writer anyway.
    pub(super) fn lock_organization(&mut self, id: &str) -> QueryResult<bool> {
        let query = organizations::table.find(id).select(organizations::id);
        let found = match self {
            Self::Sqlite(c) => query.get_result::<String>(c).optional()?,
            Self::Postgres(c) => query.for_no_key_update().get_result::<String>(c).optional()?,
        };
        Ok(found.is_some())
    }

    /// Adds the rows of a new key. The last number of the journal, whether the key of the reveal's bucket is there, and whether the event
    /// waits.
    pub(super) fn issue(&mut self, rows: IssueRows) -> QueryResult<(i64, bool, bool)> {
        let IssueRows { key, reveal, event } = rows;
        let bucket = reveal.as_ref().map(|r| r.bucket);
        match self {
            Self::Sqlite(_) => {
                Kept(diesel::insert_into(keys::table).values(key)).execute(self)?;
                if let Some(reveal) = reveal {
                    Kept(diesel::insert_into(reveals::table).values(reveal)).execute(self)?;
                }
                let mut waits = false;
                if let Some(event) = event {
                    let id = event.id.clone();
                    Kept(diesel::insert_into(events::table).values(event_values!(event))).execute(self)?;
                    waits = events::table.find(id).select(events::waiting_since.is_not_null()).get_result(self)?;
                }
                let head = sequences::table.find(JOURNAL).select(sequences::value).get_result(self).optional()?.unwrap_or(0);
                let Some(bucket) = bucket else { return Ok((head, true, waits)) };
                let stored = bucket_keys::table.find(bucket).select(bucket_keys::bucket).get_result::<i64>(self).optional()?;
                Ok((head, stored.is_some(), waits))
            }
            Self::Postgres(c) => {
                let statement = Issue {
                    key: diesel::insert_into(keys::table).values(key),
                    reveal: reveal.map(|reveal| diesel::insert_into(reveals::table).values(reveal)),
                    event: event.map(|event| {
                        diesel::insert_into(events::table).values(event_values!(event)).returning(events::waiting_since)
                    }),
                    bucket,
                };
                statement.get_result(c)
            }
        }
    }

    /// As [`lock_organization`](Self::lock_organization), and counts its keys that count against the limit of active ones; `None` when there is
    /// no such organization.
    pub(super) fn lock_and_count_keys(&mut self, organization: &str, kind: &str, now: i64) -> QueryResult<Option<i64>> {
        let query = sql_query(match self {
            Self::Sqlite(_) => SQLITE_COUNT,
            Self::Postgres(_) => "SELECT mgmt_count_keys($1, $2, $3) AS value",
        });
        let query = query.bind::<Text, _>(organization).bind::<Text, _>(kind).bind::<BigInt, _>(now);
        query.get_result::<MaybeNumber>(self).optional().map(|found| found.and_then(|row| row.value))
    }
}

const SQLITE_COUNT: &str = "SELECT (SELECT count(*) FROM keys WHERE organization_id = o.id AND kind = ?2 AND project_id IS NULL \
    AND state IN ('active', 'suspended') AND retires_at IS NULL AND (expires_at IS NULL OR expires_at > ?3)) AS value \
    FROM organizations o WHERE o.id = ?1";

#[derive(diesel::QueryableByName)]
struct MaybeNumber {
    #[diesel(sql_type = Nullable<BigInt>)]
    value: Option<i64>,
}

/// Several inserts as one statement of PostgreSQL.
struct Issue<K, R, E> {
    key: K,
    reveal: Option<R>,
    event: Option<E>,
    bucket: Option<i64>,
}

impl<K: QueryFragment<Pg>, R: QueryFragment<Pg>, E: QueryFragment<Pg>> QueryFragment<Pg> for Issue<K, R, E> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("WITH new_key AS (");
        self.key.walk_ast(pass.reborrow())?;
        if let Some(reveal) = &self.reveal {
            pass.push_sql("), new_reveal AS (");
            reveal.walk_ast(pass.reborrow())?;
        }
        if let Some(event) = &self.event {
            pass.push_sql("), new_event AS (");
            event.walk_ast(pass.reborrow())?;
        }
        pass.push_sql(") SELECT coalesce((SELECT value FROM sequences WHERE name = 'invalidations'), 0), ");
        if let Some(bucket) = &self.bucket {
            pass.push_sql("EXISTS (SELECT 1 FROM bucket_keys WHERE bucket = ");
            pass.push_bind_param::<BigInt, _>(bucket)?;
            pass.push_sql("), ");
        } else {
            pass.push_sql("true, ");
        }
        pass.push_sql(match self.event {
            Some(_) => "EXISTS (SELECT 1 FROM new_event WHERE waiting_since IS NOT NULL)",
            None => "false",
        });
        Ok(())
    }

    /// There are a few texts at most.
    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<K, R, E> QueryId for Issue<K, R, E> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<K, R, E> Query for Issue<K, R, E> {
    type SqlType = (BigInt, Bool, Bool);
}

impl<K, R, E> RunQueryDsl<PgConnection> for Issue<K, R, E> {}
