//! Statements that stay prepared.

use diesel::{
    Connection, QueryResult, RunQueryDsl,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
};

use super::conn::AnyConnection;

type Backend = <AnyConnection as Connection>::Backend;

/// A statement that a connection prepares once and keeps, by its text. diesel has every insert and update, and every `IN` of SQLite,
/// parsed and planned anew each time, as their texts may depend on their values. Only for statements with one text, or a few.
///
/// What has a `LIMIT` is planned anew by SQLite whenever it is bound, as diesel binds the limit and the planner looks at it: one row by a
/// unique key is asked for by `get_result`, and not by `first`, which adds one.
pub(super) struct Kept<T>(pub(super) T);

impl<T: QueryFragment<Backend>> QueryFragment<Backend> for Kept<T> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &Backend) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<T> QueryId for Kept<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T: Query> Query for Kept<T> {
    type SqlType = T::SqlType;
}

impl<T> RunQueryDsl<AnyConnection> for Kept<T> {}
