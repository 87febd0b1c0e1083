//! Many rows in one statement. The derived connection can only write them one by one, and for counts that are written every second a
//! statement a row would cost more than what is counted. Rows travel as one JSON text, which both databases can read.

use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_query, sql_types::Text};

use super::{conn::AnyConnection, deliveries::DeliveryRow, schema::deliveries};

/// Rows of one insert: PostgreSQL takes 65,535 values at most.
const INSERT_ROWS: usize = 500;
/// Rows of one JSON text: some hundred kilobytes.
const JSON_ROWS: usize = 2_000;

/// `[organization_id, minute, key_id, surface, outcome, count]`
pub(super) type CountRow = (String, i64, String, String, String, i64);

/// `[id, status, tries, attempts, next_attempt_at]`
pub(super) type FinishedRow = (String, &'static str, i64, String, Option<i64>);

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Text)]
    id: String,
}

const SQLITE_ADD_COUNTS: &str = "INSERT INTO usage_counts (organization_id, minute, key_id, surface, outcome, count) \
    SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each(?) WHERE true \
    ON CONFLICT (organization_id, minute, key_id, surface, outcome) DO UPDATE SET count = count + excluded.count";
/// In the order of the text, so that two nodes that write the same rows wait for each other and never in a circle.
const POSTGRES_ADD_COUNTS: &str = "INSERT INTO usage_counts (organization_id, minute, key_id, surface, outcome, count) \
    SELECT v->>0, (v->>1)::bigint, v->>2, v->>3, v->>4, (v->>5)::bigint \
    FROM json_array_elements($1::json) WITH ORDINALITY AS rows (v, n) ORDER BY n \
    ON CONFLICT (organization_id, minute, key_id, surface, outcome) DO UPDATE SET count = usage_counts.count + excluded.count";

const SQLITE_TOUCH: &str = "UPDATE keys SET last_used_at = used.at \
    FROM (SELECT value->>0 AS id, value->>1 AS at FROM json_each(?)) AS used \
    WHERE keys.id = used.id AND (last_used_at IS NULL OR last_used_at < used.at)";
/// The rows are locked in the order of their ids first, for the same reason as above.
const POSTGRES_TOUCH: &str = "WITH used AS (SELECT v->>0 AS id, (v->>1)::bigint AS at FROM json_array_elements($1::json) AS rows (v)), \
    found AS (SELECT k.id, used.at FROM keys k JOIN used ON k.id = used.id \
        WHERE k.last_used_at IS NULL OR k.last_used_at < used.at ORDER BY k.id FOR NO KEY UPDATE OF k) \
    UPDATE keys SET last_used_at = found.at FROM found WHERE keys.id = found.id";

const SQLITE_FINISH: &str = "UPDATE deliveries SET status = done.value->>1, tries = done.value->>2, attempts = done.value->>3, \
    next_attempt_at = done.value->>4, lease = NULL FROM json_each(?) AS done \
    WHERE deliveries.id = done.value->>0 AND lease = ? RETURNING deliveries.id AS id";
const POSTGRES_FINISH: &str = "UPDATE deliveries SET status = v->>1, tries = (v->>2)::bigint, attempts = v->>3, \
    next_attempt_at = (v->>4)::bigint, lease = NULL FROM json_array_elements($1::json) AS rows (v) \
    WHERE deliveries.id = v->>0 AND lease = $2 RETURNING deliveries.id AS id";

impl AnyConnection {
    /// Inserts deliveries.
    pub(super) fn insert_deliveries(&mut self, rows: &[DeliveryRow]) -> QueryResult<()> {
        for some in rows.chunks(INSERT_ROWS) {
            match self {
                Self::Sqlite(c) => diesel::insert_into(deliveries::table).values(some).execute(c)?,
                Self::Postgres(c) => diesel::insert_into(deliveries::table).values(some).execute(c)?,
            };
        }
        Ok(())
    }

    /// Adds counts to those that are there. No two of the rows may be about the same.
    pub(super) fn add_counts(&mut self, rows: &[CountRow]) -> QueryResult<()> {
        rows.chunks(JSON_ROWS).try_for_each(|some| self.run_on(SQLITE_ADD_COUNTS, POSTGRES_ADD_COUNTS, &some))
    }

    /// Notes when keys, by their ids, were last used, unless a later use is known. No two of the rows may be about the same key.
    pub(super) fn touch_keys(&mut self, rows: &[(String, i64)]) -> QueryResult<()> {
        rows.chunks(JSON_ROWS).try_for_each(|some| self.run_on(SQLITE_TOUCH, POSTGRES_TOUCH, &some))
    }

    /// Writes what became of deliveries that are under the lease with this mark, and ends it: their ids. No two of the rows may be about
    /// the same delivery.
    pub(super) fn finish_deliveries(&mut self, rows: &[FinishedRow], mark: &str) -> QueryResult<Vec<String>> {
        let mut written = Vec::with_capacity(rows.len());
        for some in rows.chunks(JSON_ROWS) {
            let text = json(&some)?;
            let ids: Vec<IdRow> = match self {
                Self::Sqlite(c) => sql_query(SQLITE_FINISH).bind::<Text, _>(text).bind::<Text, _>(mark).load(c)?,
                Self::Postgres(c) => sql_query(POSTGRES_FINISH).bind::<Text, _>(text).bind::<Text, _>(mark).load(c)?,
            };
            written.extend(ids.into_iter().map(|row| row.id));
        }
        Ok(written)
    }

    fn run_on<T: serde::Serialize>(&mut self, sqlite: &str, postgres: &str, rows: &T) -> QueryResult<()> {
        let text = json(rows)?;
        match self {
            Self::Sqlite(c) => sql_query(sqlite).bind::<Text, _>(text).execute(c)?,
            Self::Postgres(c) => sql_query(postgres).bind::<Text, _>(text).execute(c)?,
        };
        Ok(())
    }
}

fn json<T: serde::Serialize>(rows: &T) -> QueryResult<String> {
    serde_json::to_string(rows).map_err(|e| diesel::result::Error::SerializationError(Box::new(e)))
}
