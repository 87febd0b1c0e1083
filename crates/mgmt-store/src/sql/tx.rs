//! One transaction, and what all statements in it go through.

use diesel::QueryResult;
use mgmt_core::time::Timestamp;
use serde_json::{Map, Value};

use super::{conn::AnyConnection, fault::Fault};
use crate::{
    error::{Result, StoreError},
    store::{
        Audit, Deliveries, Events, ForeignHashes, Idempotency, Invalidations, Invitations, Keys, Memberships, Mode, NodeLeases,
        Organizations, PasswordResets, ProjectMembers, ProjectParts, Projects, Quotas, RateSheets, RefreshTokens, Reveals,
        SendOuts, Sessions, Settings, Shipments, Throttles, Trackers, Tx, Usage, Users, WebhookQueues, Webhooks,
    },
};

/// A transaction on a connection. A statement that fails spoils it: PostgreSQL has aborted it by then, and what a caller may do
/// must not depend on the database.
pub(crate) struct SqlTx<'a> {
    connection: &'a mut AnyConnection,
    mode: Mode,
    fault: Option<Fault>,
    /// The bucket whose key this transaction has looked for and not found.
    pub(super) bucket_without_key: Option<i64>,
}

impl<'a> SqlTx<'a> {
    pub(crate) fn new(connection: &'a mut AnyConnection, mode: Mode) -> Self {
        Self { connection, mode, fault: None, bucket_without_key: None }
    }

    /// Why it must not be committed, if so.
    pub(crate) fn into_fault(self) -> Option<Fault> {
        self.fault
    }

    /// See [`AnyConnection::has_grams`].
    pub(super) fn has_grams(&self) -> bool {
        self.connection.has_grams()
    }

    /// Runs a statement.
    pub(super) fn query<T>(&mut self, statement: impl FnOnce(&mut AnyConnection) -> QueryResult<T>) -> Result<T> {
        if self.fault.is_some() {
            return Err(StoreError::Backend("an earlier statement of the transaction failed".to_owned()));
        }
        statement(self.connection).map_err(|error| {
            let fault = Fault::of(&error, self.mode);
            self.fault = Some(fault.clone());
            fault.into()
        })
    }

    /// Inserts a row that was missing a moment ago. If another transaction has inserted it since, this one is run again.
    pub(super) fn insert_missing(&mut self, statement: impl FnOnce(&mut AnyConnection) -> QueryResult<usize>) -> Result<()> {
        let result = self.query(statement);
        if let Some(Fault::Conflict(_)) = self.fault {
            self.fault = Some(Fault::Collision);
        }
        result.map(|_| ())
    }

    /// Runs an update of one row that was seen a moment ago. If it is not there now, the transaction is run again.
    pub(super) fn update_seen(&mut self, statement: impl FnOnce(&mut AnyConnection) -> QueryResult<usize>) -> Result<()> {
        if self.query(statement)? == 1 { Ok(()) } else { self.collide() }
    }

    /// Ends this attempt, as what it saw is not there any more: the transaction is run again.
    pub(super) fn collide<T>(&mut self) -> Result<T> {
        self.fault = Some(Fault::Collision);
        Err(Fault::Collision.into())
    }
}

impl Tx for SqlTx<'_> {
    fn organizations(&mut self) -> &mut dyn Organizations {
        self
    }

    fn users(&mut self) -> &mut dyn Users {
        self
    }

    fn memberships(&mut self) -> &mut dyn Memberships {
        self
    }

    fn invitations(&mut self) -> &mut dyn Invitations {
        self
    }

    fn password_resets(&mut self) -> &mut dyn PasswordResets {
        self
    }

    fn sessions(&mut self) -> &mut dyn Sessions {
        self
    }

    fn refresh_tokens(&mut self) -> &mut dyn RefreshTokens {
        self
    }

    fn keys(&mut self) -> &mut dyn Keys {
        self
    }

    fn foreign_hashes(&mut self) -> &mut dyn ForeignHashes {
        self
    }

    fn projects(&mut self) -> &mut dyn Projects {
        self
    }

    fn project_members(&mut self) -> &mut dyn ProjectMembers {
        self
    }

    fn project_parts(&mut self) -> &mut dyn ProjectParts {
        self
    }

    fn reveals(&mut self) -> &mut dyn Reveals {
        self
    }

    fn idempotency(&mut self) -> &mut dyn Idempotency {
        self
    }

    fn quotas(&mut self) -> &mut dyn Quotas {
        self
    }

    fn usage(&mut self) -> &mut dyn Usage {
        self
    }

    fn invalidations(&mut self) -> &mut dyn Invalidations {
        self
    }

    fn node_leases(&mut self) -> &mut dyn NodeLeases {
        self
    }

    fn audit(&mut self) -> &mut dyn Audit {
        self
    }

    fn rate_sheets(&mut self) -> &mut dyn RateSheets {
        self
    }

    fn shipments(&mut self) -> &mut dyn Shipments {
        self
    }

    fn trackers(&mut self) -> &mut dyn Trackers {
        self
    }

    fn throttles(&mut self) -> &mut dyn Throttles {
        self
    }

    fn settings(&mut self) -> &mut dyn Settings {
        self
    }

    fn webhooks(&mut self) -> &mut dyn Webhooks {
        self
    }

    fn webhook_queues(&mut self) -> &mut dyn WebhookQueues {
        self
    }

    fn events(&mut self) -> &mut dyn Events {
        self
    }

    fn deliveries(&mut self) -> &mut dyn Deliveries {
        self
    }

    fn send_outs(&mut self) -> &mut dyn SendOuts {
        self
    }
}

/// A row that cannot be read back, by table and id.
#[derive(Clone, Copy)]
pub(super) struct RowRef<'a> {
    pub(super) table: &'static str,
    pub(super) id: &'a str,
}

impl RowRef<'_> {
    pub(super) fn corrupt(self) -> StoreError {
        StoreError::Corrupt { table: self.table, id: self.id.to_owned() }
    }

    /// The value, or the row is corrupt.
    pub(super) fn some<T>(self, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.corrupt())
    }

    /// The value, or the row is corrupt.
    pub(super) fn ok<T, E>(self, value: Result<T, E>) -> Result<T> {
        value.map_err(|_| self.corrupt())
    }

    /// A time within the range that can be written.
    pub(super) fn time(self, millis: i64) -> Result<Timestamp> {
        let time = Timestamp::from_millis(millis);
        self.some((time.as_millis() == millis).then_some(time))
    }

    /// A time, if there is one.
    pub(super) fn maybe_time(self, millis: Option<i64>) -> Result<Option<Timestamp>> {
        millis.map(|m| self.time(m)).transpose()
    }

    /// A JSON object.
    pub(super) fn object(self, text: &str) -> Result<Map<String, Value>> {
        self.ok(serde_json::from_str(text))
    }

    /// A count.
    pub(super) fn count(self, value: i64) -> Result<u64> {
        self.ok(u64::try_from(value))
    }
}

/// An object as JSON text.
pub(super) fn json_text(object: &Map<String, Value>) -> String {
    serde_json::to_string(object).unwrap_or_else(|_| "{}".to_owned())
}

/// A count as databases hold it. Counts stay far below 2^63.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
