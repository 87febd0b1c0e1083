//! Leases of nodes.

use std::time::Duration;

use diesel::{dsl::sql, prelude::*, sql_types::BigInt};
use mgmt_core::lease::Holder;

use super::{
    address::Address,
    conn::{AnyConnection, Channel},
    fault::Fault,
    kept::Kept,
    schema::node_leases as table,
    tx::SqlTx,
};
use crate::{
    error::Result,
    store::{Ear, Mode, News, NodeLeases},
};

const FORGET_MILLIS: i64 = 60_000;

impl NodeLeases for SqlTx<'_> {
    fn renew(&mut self, node: &str, ttl: Duration, applied: i64) -> Result<bool> {
        // INVARIANT: from here to the commit nothing can be numbered, and what was numbered before is visible. So whoever commits a
        // change later sees this row, and this node has applied what was committed earlier.
        let ttl = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        self.query(|c| c.renew_lease(node, ttl, applied))
    }

    fn acknowledge(&mut self, node: &str, applied: i64) -> Result<()> {
        // One that is lost with the power is only waited for until the next renewal.
        self.query(AnyConnection::commit_lazily)?;
        let row = table::table.filter(table::node.eq(node)).filter(table::applied_seq.lt(applied));
        let changed = self.query(|c| Kept(diesel::update(row).set(table::applied_seq.eq(applied))).execute(c))?;
        if changed > 0 {
            self.query(|c| c.notify(Channel::Acknowledgements, ""))?;
        }
        Ok(())
    }

    fn release(&mut self, node: &str) -> Result<()> {
        self.query(|c| diesel::delete(table::table.find(node)).execute(c))?;
        self.query(|c| c.notify(Channel::Acknowledgements, ""))
    }

    fn list(&mut self) -> Result<(Vec<Holder>, i64)> {
        let rows = self.query(|c| {
            let columns = (table::node, table::lease_until, table::applied_seq, sql::<BigInt>(c.clock()));
            Kept(table::table.order(table::node).select(columns)).load::<(String, i64, i64, i64)>(c)
        })?;
        let Some(&(.., now)) = rows.last() else { return Ok((Vec::new(), self.query(AnyConnection::clock_millis)?)) };
        Ok((rows.into_iter().map(|(node, until, applied, _)| Holder { node, until, applied }).collect(), now))
    }

    fn delete_ended(&mut self) -> Result<usize> {
        let now = self.query(AnyConnection::clock_millis)?;
        self.query(|c| diesel::delete(table::table.filter(table::lease_until.lt(now - FORGET_MILLIS))).execute(c))
    }
}

/// A connection that listens.
pub(super) struct SqlEar(AnyConnection);

impl SqlEar {
    pub(super) fn new(address: &Address) -> Result<Self> {
        let mut connection = address.connect()?;
        connection.listen().map_err(|e| Fault::of(&e, Mode::Read))?;
        Ok(Self(connection))
    }
}

impl Ear for SqlEar {
    fn news(&mut self) -> Result<News> {
        let mut news = News::default();
        for (channel, subject) in self.0.heard().map_err(|e| Fault::of(&e, Mode::Read))? {
            match channel {
                Channel::Changes => news.changes = true,
                Channel::Acknowledgements => news.acknowledgements = true,
                Channel::Recalls => news.recalled.push(subject),
                Channel::Returns => news.returned.push(subject),
            }
        }
        Ok(news)
    }
}

impl std::fmt::Debug for SqlEar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqlEar")
    }
}
