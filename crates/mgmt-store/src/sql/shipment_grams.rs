//! Searches in shipments by the index of trigrams, on PostgreSQL.
//!
//! A trigram that most shipments have excludes few of them, and its part of the index takes long to read: the beginnings of numbers are
//! such. So only the rarest trigrams of what is searched for are asked for. Whoever searches compares the texts as well, so the answer is
//! the same whichever are taken.

use diesel::{
    dsl::sql,
    expression::SqlLiteral,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Text},
};

use super::tx::SqlTx;
use crate::{error::Result, store::Realm};

/// The characters of a trigram; shorter texts are searched for without the index.
pub(super) const LENGTH: usize = 3;
/// At most so many trigrams are asked for.
const ASKED: i64 = 6;

/// What the index holds, as the migration made it.
const HELD: &str = "mgmt_grams(shipments.organization_id, shipments.test_mode, shipments.search || E'\\n' || shipments.address)";

/// The trigrams of a text that fewest shipments have, by what the database knows of them: `ANALYZE` notes the most common ones and how common
/// they are. One that it did not note is rare. Of those that are alike the last come first: numbers differ at their ends. Beyond two, none is
/// taken that every second shipment has.
const RAREST: &str = "WITH noted AS MATERIALIZED (
    SELECT unnest(most_common_elems::text::bigint[]) AS gram, unnest(most_common_elem_freqs) AS share
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'shipments_by_grams'
), asked AS (
    SELECT gram, max(place) AS place
    FROM generate_series(1, length($3) - 2) AS place, unnest(mgmt_grams($1, $2, substr($3, place, 3))) AS gram
    GROUP BY gram
), ranked AS (
    SELECT asked.gram, coalesce(noted.share, 0) AS share,
        row_number() OVER (ORDER BY coalesce(noted.share, 0), asked.place DESC) AS rank
    FROM asked LEFT JOIN noted ON noted.gram = asked.gram
)
SELECT gram FROM ranked WHERE rank <= 2 OR (rank <= $4 AND share < 0.5)";

#[derive(QueryableByName)]
struct Gram {
    #[diesel(sql_type = BigInt)]
    gram: i64,
}

impl SqlTx<'_> {
    /// The rarest trigrams of a text that has one, as the index numbers them.
    pub(super) fn rare_grams(&mut self, realm: Realm, text: &str) -> Result<Vec<i64>> {
        let query = sql_query(RAREST)
            .bind::<Text, _>(realm.organization.to_string())
            .bind::<Bool, _>(realm.test_mode)
            .bind::<Text, _>(text.to_lowercase())
            .bind::<BigInt, _>(ASKED);
        let rows = self.query(|c| query.load::<Gram>(c))?;
        Ok(rows.into_iter().map(|row| row.gram).collect())
    }
}

/// That a shipment has all of these. The numbers stand in the statement itself: how many rows have them decides how it is run.
pub(super) fn has_all(grams: &[i64]) -> SqlLiteral<Bool> {
    let numbers = grams.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    sql(&format!("{HELD} @> '{{{numbers}}}'::bigint[]"))
}
