//! Endpoints that events are sent to, and how their deliveries fare.

use mgmt_core::{
    account::Actor,
    delivery::Health,
    id::{OrganizationId, WebhookId},
    time::Timestamp,
    webhook::Webhook,
};
use mgmt_store::{Queue, Result, WebhookQueues, Webhooks};

use crate::{
    table::{count, most, page},
    tx::{MemoryTx, guarded},
};

/// A queue, and when its next delivery is due.
#[derive(Clone, Copy)]
pub(crate) struct QueueRow {
    queue: Queue,
    due_at: Option<Timestamp>,
}

impl QueueRow {
    fn new(webhook_id: WebhookId) -> Self {
        let paused_until = Timestamp::from_millis(0);
        Self { queue: Queue { webhook_id, paused_until, timeouts: 0, health: Health::default() }, due_at: None }
    }
}

impl Webhooks for MemoryTx {
    fn insert(&mut self, webhook: &Webhook) -> Result<()> {
        self.write(|s| {
            s.webhooks.insert(webhook.id, webhook.clone(), "webhook")?;
            s.webhook_queues.put(webhook.id, QueueRow::new(webhook.id));
            s.organizations.refer(&webhook.organization_id)
        })
    }

    fn find(&mut self, organization: OrganizationId, id: WebhookId) -> Result<Option<Webhook>> {
        self.look(|s| s.webhooks.get(&id).filter(|w| w.organization_id == organization).cloned())
    }

    fn find_any(&mut self, id: WebhookId) -> Result<Option<Webhook>> {
        self.look(|s| s.webhooks.get(&id).cloned())
    }

    fn list(&mut self, organization: OrganizationId, before: Option<WebhookId>, limit: i64) -> Result<Vec<Webhook>> {
        self.look(|s| page(s.webhooks.newest(before).filter(|w| w.organization_id == organization), limit))
    }

    fn list_active(&mut self, organization: OrganizationId) -> Result<Vec<Webhook>> {
        let fits = |w: &&Webhook| w.organization_id == organization && w.settings.active;
        self.look(|s| s.webhooks.values().filter(fits).cloned().collect())
    }

    fn list_of_maker(&mut self, organization: OrganizationId, maker: Actor) -> Result<Vec<Webhook>> {
        let fits = |w: &&Webhook| w.organization_id == organization && w.created_by == maker;
        self.look(|s| s.webhooks.newest(None).filter(fits).cloned().collect())
    }

    fn count(&mut self, organization: OrganizationId) -> Result<i64> {
        self.look(|s| count(s.webhooks.values().filter(|w| w.organization_id == organization)))
    }

    fn update(&mut self, webhook: &Webhook) -> Result<()> {
        let read = |w: &Webhook| w.organization_id == webhook.organization_id && w.version == webhook.version - 1;
        let done = self.write(|s| Ok(s.webhooks.change(&webhook.id, read, |w| *w = webhook.clone())))?;
        guarded(done, "webhook")
    }

    fn delete(&mut self, organization: OrganizationId, id: WebhookId) -> Result<bool> {
        self.write(|s| {
            let done = s.webhooks.remove(&id, |w| w.organization_id == organization);
            if done {
                s.webhook_queues.remove(&id, |_| true);
            }
            Ok(done)
        })
    }
}

impl WebhookQueues for MemoryTx {
    fn lock(&mut self) -> Result<()> {
        // Whoever writes is alone.
        self.write(|_| Ok(()))
    }

    fn due(&mut self, now: Timestamp, except: &[WebhookId], limit: i64) -> Result<Vec<WebhookId>> {
        self.look(|s| {
            let is_due = |row: &QueueRow| {
                let due_at = row.due_at.filter(|at| *at <= now && row.queue.paused_until <= now)?;
                Some((due_at, row.queue.webhook_id)).filter(|(_, id)| !except.contains(id))
            };
            let mut due: Vec<(Timestamp, WebhookId)> = s.webhook_queues.values().filter_map(is_due).collect();
            due.sort_unstable();
            due.into_iter().take(most(limit)).map(|(_, id)| id).collect()
        })
    }

    fn note_due(&mut self, webhook: WebhookId, at: Timestamp) -> Result<()> {
        let later = |row: &QueueRow| row.due_at.is_none_or(|due| due > at);
        self.write(|s| {
            s.webhook_queues.change(&webhook, later, |row| row.due_at = Some(at));
            Ok(())
        })
    }

    fn settle(&mut self, webhook: WebhookId) -> Result<()> {
        self.write(|s| {
            let own = s.deliveries.values().filter(|job| job.what.webhook_id == webhook);
            let due_at = own.filter_map(|job| job.progress.next_attempt_at).min();
            s.webhook_queues.change(&webhook, |_| true, |row| row.due_at = due_at);
            Ok(())
        })
    }

    fn find(&mut self, webhook: WebhookId) -> Result<Option<Queue>> {
        self.look(|s| s.webhook_queues.get(&webhook).map(|row| row.queue))
    }

    fn update(&mut self, queue: &Queue) -> Result<()> {
        self.write(|s| {
            s.webhook_queues.change(&queue.webhook_id, |_| true, |row| row.queue = *queue);
            Ok(())
        })
    }
}
