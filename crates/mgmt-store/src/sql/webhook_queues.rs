//! How the deliveries of endpoints fare.

use diesel::{dsl::min, prelude::*};
use mgmt_core::{delivery::Health, id::WebhookId, time::Timestamp};

use super::{
    kept::Kept,
    schema::{deliveries, webhook_queues as table},
    tx::{RowRef, SqlTx},
};
use crate::{
    error::Result,
    store::{Queue, WebhookQueues},
};

type Columns = (i64, i64, Option<i64>, i64);

impl WebhookQueues for SqlTx<'_> {
    fn lock(&mut self) -> Result<()> {
        self.query(|c| c.lock_deliveries())
    }

    fn due(&mut self, now: Timestamp, except: &[WebhookId], limit: i64) -> Result<Vec<WebhookId>> {
        let now = now.as_millis();
        let except: Vec<String> = except.iter().map(ToString::to_string).collect();
        let query = table::table
            .filter(table::due_at.le(now).and(table::paused_until.le(now)))
            .filter(table::webhook_id.ne_all(except))
            .order((table::due_at, table::webhook_id))
            .limit(limit.max(0))
            .select(table::webhook_id);
        let rows = self.query(|c| query.load::<String>(c))?;
        rows.iter().map(|id| RowRef { table: "webhook_queues", id }.ok(id.parse())).collect()
    }

    fn note_due(&mut self, webhook: WebhookId, at: Timestamp) -> Result<()> {
        let later = table::due_at.is_null().or(table::due_at.gt(at.as_millis()));
        let queue = table::table.filter(table::webhook_id.eq(webhook.to_string())).filter(later);
        self.query(|c| Kept(diesel::update(queue).set(table::due_at.eq(at.as_millis()))).execute(c))?;
        Ok(())
    }

    fn settle(&mut self, webhook: WebhookId) -> Result<()> {
        let waiting = deliveries::webhook_id.eq(webhook.to_string()).and(deliveries::next_attempt_at.is_not_null());
        let earliest = deliveries::table.filter(waiting).select(min(deliveries::next_attempt_at));
        let due_at = self.query(|c| earliest.get_result::<Option<i64>>(c))?;
        let queue = table::table.find(webhook.to_string());
        self.query(|c| Kept(diesel::update(queue).set(table::due_at.eq(due_at))).execute(c))?;
        Ok(())
    }

    fn find(&mut self, webhook: WebhookId) -> Result<Option<Queue>> {
        let id = webhook.to_string();
        let columns = (table::paused_until, table::timeouts, table::failing_since, table::failures);
        let query = table::table.find(&id).select(columns);
        let Some((paused, timeouts, since, failures)) = self.query(|c| query.get_result::<Columns>(c).optional())? else {
            return Ok(None);
        };
        let at = RowRef { table: "webhook_queues", id: &id };
        let health = Health { failing_since: at.maybe_time(since)?, failures };
        Ok(Some(Queue { webhook_id: webhook, paused_until: at.time(paused)?, timeouts, health }))
    }

    fn update(&mut self, queue: &Queue) -> Result<()> {
        let changes = (
            table::paused_until.eq(queue.paused_until.as_millis()),
            table::timeouts.eq(queue.timeouts),
            table::failing_since.eq(queue.health.failing_since.map(Timestamp::as_millis)),
            table::failures.eq(queue.health.failures),
        );
        let row = table::table.find(queue.webhook_id.to_string());
        self.query(|c| Kept(diesel::update(row).set(changes)).execute(c))?;
        Ok(())
    }
}
