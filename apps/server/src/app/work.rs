//! One transaction's work with the time, the randomness and the records that go with every change.

use mgmt_core::{
    account::{Actor, Organization},
    audit::{self, AuditEntry},
    event::{Event, EventType},
    id::{AuditId, EventId, KeyId, OrganizationId, SessionId, UserId, WebhookId},
    key::ApiKey,
    project::{part::PartId, send_out::SendOut},
    reveal::Reveal,
    secret::KeyMaterial,
    time::Timestamp,
    webhook::Webhook,
};
use mgmt_shipping::{sheet::RateSheet, time::Moment};
use mgmt_store::{Invalidation, Tx};
use serde_json::{Map, Value};

use super::{App, OsRng};
use crate::{deliver::Endpoint, error::ApiError};

/// What a transaction's closure works with.
pub(crate) struct Work<'a> {
    pub(crate) app: &'a App,
    pub(crate) tx: &'a mut dyn Tx,
    pub(crate) now: Timestamp,
    pub(crate) rng: OsRng,
    changes: Vec<Invalidation>,
    /// The last number of the journal, where a statement has told it after all that was looked at.
    pub(super) seen: Option<i64>,
    /// The bucket key that this transaction has read or made.
    pub(super) bucket_key: Option<(i64, KeyMaterial)>,
    /// Whether bucket keys that are known from earlier may be used.
    trusts_memory: bool,
    /// Whether anything was added to the outbox.
    pub(super) has_events: bool,
    /// Webhooks whose deliveries end with this change.
    pub(super) stopped: Vec<Endpoint>,
}

/// Where a change comes from, for the audit log.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) actor: Actor,
    pub(crate) organization_id: OrganizationId,
    pub(crate) address: Option<String>,
    pub(crate) request_id: Option<String>,
}

/// One line of the audit log, less where it comes from.
pub(crate) struct Deed<'a> {
    pub(crate) action: &'a str,
    pub(crate) target: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(app: &'a App, tx: &'a mut dyn Tx) -> Self {
        Self {
            now: app.clock.now().wall,
            rng: rand_core::UnwrapErr(getrandom::SysRng),
            changes: Vec::new(),
            seen: None,
            bucket_key: None,
            trusts_memory: false,
            has_events: false,
            stopped: Vec::new(),
            app,
            tx,
        }
    }

    /// In the first run of a transaction: another one looks at everything anew.
    pub(super) fn trusting(self) -> Self {
        Self { trusts_memory: true, ..self }
    }

    /// The key of a bucket, if it is known from an earlier transaction.
    pub(super) fn known_bucket_key(&self, bucket: i64) -> Option<KeyMaterial> {
        let known = self.app.bucket_key.lock();
        let (of, key) = known.as_ref().filter(|_| self.trusts_memory)?;
        (*of == bucket).then(|| key.clone())
    }

    /// Adds an organization, with the rate sheet that every one starts with.
    pub(crate) fn found(&mut self, organization: &Organization) -> Result<(), ApiError> {
        self.tx.organizations().insert(organization)?;
        self.start_rate_sheets(organization.id)
    }

    /// Gives an organization the rate sheet that every one starts with.
    pub(crate) fn start_rate_sheets(&mut self, organization: OrganizationId) -> Result<(), ApiError> {
        let now = Moment::from_millis(self.now.as_millis());
        let starter = RateSheet::starter(now, &mut self.rng).map_err(ApiError::internal)?;
        self.tx.rate_sheets().start(organization)?;
        Ok(self.tx.rate_sheets().insert(organization, &starter)?)
    }

    /// Notes that caches must forget a key.
    pub(crate) fn invalidate(&mut self, key: KeyId) {
        self.changes.push(Invalidation::Key(key));
    }

    /// Notes that caches must forget an organization and all of its keys.
    pub(crate) fn invalidate_organization(&mut self, organization: OrganizationId) {
        self.changes.push(Invalidation::Organization(organization));
    }

    /// Notes that caches must forget a session.
    pub(crate) fn invalidate_session(&mut self, session: SessionId) {
        self.changes.push(Invalidation::Session(session));
    }

    /// Notes that caches must forget a person and all of their sessions.
    pub(crate) fn invalidate_user(&mut self, user: UserId) {
        self.changes.push(Invalidation::User(user));
    }

    /// Writes what was noted into the journal, as the last thing of the transaction: every writer waits for the journal's lock, so
    /// it is taken after all others and held for the shortest time. The last number, if anything was noted.
    pub(super) fn write_journal(&mut self) -> Result<Option<i64>, ApiError> {
        let mut last = None;
        for change in std::mem::take(&mut self.changes) {
            last = Some(self.tx.invalidations().append(change, self.now)?);
        }
        Ok(last)
    }

    /// Adds an event to the outbox, so that it is told exactly when the change is kept. `data` is the object as the API shows it; it
    /// must be an object and hold no secret.
    pub(crate) fn event(&mut self, organization_id: OrganizationId, event_type: EventType, data: Value) -> Result<(), ApiError> {
        let event = self.new_event(organization_id, event_type, data)?;
        self.tx.events().push(&event, None)?;
        self.has_events = true;
        Ok(())
    }

    /// An event for the outbox, which [`store_key`](Self::store_key) stores.
    pub(crate) fn new_event(
        &mut self,
        organization_id: OrganizationId,
        event_type: EventType,
        data: Value,
    ) -> Result<Event, ApiError> {
        let Value::Object(data) = data else { return Err(ApiError::internal("the data of an event is no object")) };
        let id = EventId::new(self.now, &mut self.rng);
        Ok(Event::new(id, organization_id, event_type, self.now, data))
    }

    /// Adds a new key, the record of its reveal window and its event, together.
    pub(crate) fn store_key(&mut self, key: &ApiKey, reveal: Option<&Reveal>, event: &Event) -> Result<(), ApiError> {
        let issued = self.tx.keys().issue(key, reveal, Some(event))?;
        self.seen = Some(issued.seq);
        self.has_events |= issued.waits;
        Ok(())
    }

    /// Adds a sample for one endpoint to the outbox. It is in no list of events.
    pub(crate) fn sample(
        &mut self,
        webhook: &Webhook,
        event_type: EventType,
        data: Map<String, Value>,
    ) -> Result<Event, ApiError> {
        let id = EventId::new(self.now, &mut self.rng);
        let event = Event::new(id, webhook.organization_id, event_type, self.now, data);
        self.tx.events().push(&event, Some(webhook.id))?;
        self.has_events = true;
        Ok(event)
    }

    /// Gives up all deliveries of a webhook that wait. When the change is answered, none of them is begun any more.
    pub(crate) fn stop_deliveries(&mut self, webhook: WebhookId) -> Result<(), ApiError> {
        self.tx.deliveries().stop(webhook)?;
        // What is being tried ends in a round, maybe before this transaction is kept and without knowing of it: the next round looks
        // again. Only rounds settle the queue, one at a time: here it could be set to what was read before such an end.
        self.tx.webhook_queues().note_due(webhook, self.now)?;
        self.stopped.push(Endpoint::Webhook(webhook));
        Ok(())
    }

    /// Adds something to send to a webhook of a project.
    pub(crate) fn send_out(&mut self, send_out: &SendOut) -> Result<(), ApiError> {
        self.tx.send_outs().insert(send_out)?;
        self.has_events = true;
        Ok(())
    }

    /// Gives up all that waits to be sent to a webhook of a project. When the change is answered, none of it is begun any more.
    pub(crate) fn stop_send_outs(&mut self, webhook: PartId) -> Result<(), ApiError> {
        self.tx.send_outs().stop(webhook)?;
        self.stopped.push(Endpoint::Project(webhook));
        Ok(())
    }

    /// Notes that deliveries wait that did not wait before.
    pub(crate) fn deliveries_wait(&mut self) {
        self.has_events = true;
    }

    /// Whether what somebody does gets a line of the audit log.
    pub(crate) fn logs(&self, origin: &Origin) -> bool {
        !matches!(origin.actor, Actor::Key(_)) || self.app.config.audit.management_api
    }

    /// Writes a line of the audit log. What management keys do stays out unless the operator wants it in: their traffic is the
    /// customer's own affair.
    pub(crate) fn audit(&mut self, origin: &Origin, deed: Deed<'_>) -> Result<(), ApiError> {
        if !self.logs(origin) {
            return Ok(());
        }
        let entry = AuditEntry {
            id: AuditId::new(self.now, &mut self.rng),
            organization_id: origin.organization_id,
            at: self.now,
            actor: origin.actor,
            action: deed.action.to_owned(),
            target: deed.target,
            address: origin.address.clone(),
            request_id: origin.request_id.clone(),
            before: deed.before,
            after: deed.after,
        };
        self.tx.audit().append(&entry)?;
        let head =
            self.tx.audit().head(origin.organization_id)?.ok_or_else(|| ApiError::internal("an audit chain lacks its end"))?;
        let seal = audit::seal(&self.app.keyring.seal, origin.organization_id, head.seq, &head.hash);
        self.tx.audit().seal(origin.organization_id, &seal)?;
        Ok(())
    }
}
