//! One round of delivery, as one transaction: what came back is written down, new events get their deliveries, and deliveries that
//! are due are taken. Whatever piled up meanwhile is done at once, so that a round costs about the same under any load.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use mgmt_core::{
    delivery::{Attempt, Delivery, DeliveryStatus, Progress, Schedule},
    event::Event,
    id::{DeliveryId, EventId, OrganizationId, WebhookId},
    project::send_out::SendOut,
    secret::PlainSecret,
    time::Timestamp,
    webhook::{DisabledReason, Webhook},
};
use mgmt_store::Lease;

use super::{
    disable::disable,
    parcel::{Done, Endpoint, Parcel},
    send_outs,
};
use crate::{
    app::{App, Work, mail::Letter},
    error::ApiError,
};

/// Events that get their deliveries in one round, and about how many deliveries are made: other writers wait for a round's end.
const EVENTS: i64 = 200;
const MADE: usize = 1_000;
/// Endpoints that are looked at together, and how often in one round: those of an organization that has its share are passed over.
const ENDPOINTS: i64 = 128;
const LOOKS: usize = 4;
/// Attempts of one organization at a time: a quarter of all, so that nobody's slow endpoints hold everybody's.
pub(super) const SHARE: usize = 128;
/// An endpoint gets no event that is older than itself by more than this, where several nodes share the database: their clocks
/// differ, and an event too many does less harm than one too few.
const SLACK_MILLIS: i64 = 5_000;
/// Attempts without an answer in time after which an endpoint rests.
const TIMEOUTS: i64 = 3;
/// The first rest, in milliseconds; it doubles with every other timeout.
const REST_MILLIS: i64 = 10_000;
const MAX_REST_MILLIS: i64 = 300_000;

/// An attempt to be made.
pub(super) struct Job {
    pub(super) parcel: Parcel,
    pub(super) url: String,
    pub(super) body: Arc<str>,
    pub(super) signing: Signing,
}

/// What an attempt is signed with. What is missing cannot be decrypted.
pub(super) enum Signing {
    /// The current secret, and the one before while it is valid.
    Standard(Arc<[PlainSecret]>),
    /// The project's token.
    Project(Option<PlainSecret>),
}

/// What a round is to do.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// What came back.
    pub(super) done: Arc<Vec<Done>>,
    /// What was taken and not tried: it is given back.
    pub(super) given_up: Arc<Vec<Parcel>>,
    /// How many attempts each endpoint may have more; `spare` for one that is not named.
    pub(super) room: Arc<HashMap<Endpoint, usize>>,
    pub(super) spare: usize,
    /// How many attempts each organization has on the way.
    pub(super) held: Arc<HashMap<OrganizationId, usize>>,
    /// How many attempts may be begun in all.
    pub(super) free: usize,
}

impl Order {
    /// How many attempts an endpoint may have more.
    pub(super) fn room_for(&self, endpoint: Endpoint) -> usize {
        self.room.get(&endpoint).copied().unwrap_or(self.spare)
    }

    /// Endpoints that have all the attempts they may have.
    pub(super) fn full(&self) -> impl Iterator<Item = Endpoint> {
        self.room.iter().filter(|(_, room)| **room == 0).map(|(endpoint, _)| *endpoint)
    }
}

/// What a round did.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) jobs: Vec<Job>,
    pub(super) letters: Vec<Letter>,
    /// Whether more waits that could be done at once.
    pub(super) more: bool,
}

/// How rounds are done.
#[derive(Clone)]
pub(super) struct Rounds {
    pub(super) app: App,
    pub(super) schedule: Schedule,
    /// Of webhooks of projects.
    pub(super) project_schedule: Schedule,
    /// What this process's leases are marked with.
    pub(super) mark: String,
    /// How long a lease lasts: well beyond the longest attempt.
    pub(super) lease_secs: i64,
}

impl Rounds {
    /// Ends the leases of an earlier process, where no other can be at work.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub(super) fn release_all(&self) -> Result<(), ApiError> {
        if self.app.store.is_shared() {
            return Ok(());
        }
        self.app.run_aside("webhooks.release", |work| {
            let now = work.now;
            work.tx.deliveries().release_all(now)?;
            work.tx.send_outs().release_all(now)?;
            Ok(())
        })
    }

    /// Does a round, if there is anything to do.
    ///
    /// # Errors
    /// 503 when the database is away: nothing was done then.
    pub(super) fn run(&self, order: &Order) -> Result<Outcome, ApiError> {
        if order.done.is_empty() && order.given_up.is_empty() && !self.is_due(order)? {
            return Ok(Outcome::default());
        }
        let outcome = self.app.run_aside("webhooks.round", |work| {
            let mut outcome = Outcome::default();
            work.tx.webhook_queues().lock()?;
            self.write_down(work, order, &mut outcome)?;
            self.write_down_send_outs(work, order, &mut outcome)?;
            self.give_back(work, order)?;
            if order.free > 0 {
                let more_events = self.spread(work)?;
                let mut held = (*order.held).clone();
                let free = self.take(work, order, &mut held, &mut outcome)?;
                self.take_send_outs(work, order, (free, &mut held), &mut outcome)?;
                outcome.more |= more_events;
            }
            Ok(outcome)
        })?;
        for letter in &outcome.letters {
            self.app.mailer.send(letter.clone());
        }
        Ok(outcome)
    }

    /// Whether anything could be done now. Looks only, so that an idle server does not write.
    fn is_due(&self, order: &Order) -> Result<bool, ApiError> {
        if order.free == 0 {
            return Ok(false);
        }
        let (now, full, full_projects) = (self.app.clock.now().wall, full(order), send_outs::full(order));
        self.app.store.read("webhooks.look", |tx| {
            Ok(!tx.events().waiting(1)?.is_empty()
                || !tx.webhook_queues().due(now, &full, 1)?.is_empty()
                || !tx.send_outs().due(now, &full_projects, 1)?.is_empty())
        })
    }

    /// Writes down what came of attempts.
    fn write_down(&self, work: &mut Work<'_>, order: &Order, outcome: &mut Outcome) -> Result<(), ApiError> {
        // In the order of the endpoints, so that nobody waits in a circle.
        let mut by_endpoint: BTreeMap<WebhookId, Vec<(&Delivery, &Done)>> = BTreeMap::new();
        for done in order.done.iter() {
            if let Parcel::Delivery(delivery) = &done.parcel {
                by_endpoint.entry(delivery.webhook_id).or_default().push((delivery, done));
            }
        }
        let (mut queues, mut ended) = (Vec::with_capacity(by_endpoint.len()), Vec::with_capacity(order.done.len()));
        for (endpoint, done) in by_endpoint {
            let Some(queue) = work.tx.webhook_queues().find(endpoint)? else { continue };
            let is_active = work.tx.webhooks().find_any(endpoint)?.is_some_and(|webhook| webhook.settings.active);
            let first = ended.len();
            for (delivery, done) in &done {
                let (attempt, delivery) = (done.attempt.clone(), (*delivery).clone());
                let after = delivery.record(attempt, done.retry_after, &self.schedule, work.now, &mut work.rng);
                ended.push(if is_active { after } else { given_up(after) });
                count(&done.attempt);
            }
            queues.push((queue, first, done));
        }
        let written: HashSet<DeliveryId> = self.finish(work, &ended)?.into_iter().collect();
        for (mut queue, first, done) in queues {
            let (endpoint, now) = (queue.webhook_id, work.now);
            let (mut due, mut gone) = (None::<Timestamp>, false);
            for (after, (_, done)) in ended.iter().skip(first).zip(done) {
                if !written.contains(&after.id) {
                    continue;
                }
                due = [due, after.next_attempt_at].into_iter().flatten().min();
                gone |= done.attempt.is_gone();
                queue.health = queue.health.after(done.attempt.succeeded(), now);
                queue.timeouts = if done.timed_out { queue.timeouts.saturating_add(1) } else { 0 };
                queue.paused_until = rest(queue.timeouts, now).max(queue.paused_until);
                if done.attempt.succeeded() {
                    queue.paused_until = now;
                }
            }
            work.tx.webhook_queues().update(&queue)?;
            if let Some(at) = due {
                work.tx.webhook_queues().note_due(endpoint, at)?;
            }
            if gone {
                disable(work, endpoint, DisabledReason::Gone, outcome)?;
            } else if queue.health.is_hopeless(now) {
                disable(work, endpoint, DisabledReason::Failing, outcome)?;
            }
        }
        Ok(())
    }

    /// Gives back what was taken and not tried.
    fn give_back(&self, work: &mut Work<'_>, order: &Order) -> Result<(), ApiError> {
        let now = work.now;
        let (mut free, mut endpoints) = (Vec::new(), BTreeMap::new());
        for parcel in order.given_up.iter() {
            match parcel {
                Parcel::Delivery(delivery) => {
                    endpoints.insert(delivery.id, delivery.webhook_id);
                    free.push(Delivery { next_attempt_at: Some(now), ..delivery.clone() });
                }
                Parcel::SendOut(send_out) => {
                    let progress = Progress { next_attempt_at: Some(now), ..send_out.progress.clone() };
                    work.tx.send_outs().finish(&SendOut { progress, ..send_out.clone() }, &self.mark)?;
                }
            }
        }
        let written = self.finish(work, &free)?;
        let due: BTreeSet<WebhookId> = written.iter().filter_map(|id| endpoints.get(id).copied()).collect();
        due.into_iter().try_for_each(|endpoint| Ok(work.tx.webhook_queues().note_due(endpoint, now)?))
    }

    /// Writes what became of deliveries that are under our lease, in one statement: which they were.
    fn finish(&self, work: &mut Work<'_>, ended: &[Delivery]) -> Result<Vec<DeliveryId>, ApiError> {
        if ended.is_empty() {
            return Ok(Vec::new());
        }
        Ok(work.tx.deliveries().finish(ended, &self.mark)?)
    }

    /// Makes the deliveries of new events: whether there may be more of these.
    fn spread(&self, work: &mut Work<'_>) -> Result<bool, ApiError> {
        let waiting = work.tx.events().waiting(EVENTS)?;
        if waiting.is_empty() {
            return Ok(false);
        }
        let mut endpoints: HashMap<OrganizationId, Vec<Webhook>> = HashMap::new();
        let slack = if self.app.store.is_shared() { SLACK_MILLIS } else { 0 };
        let (mut made, mut due) = (Vec::new(), BTreeMap::new());
        let mut ids = Vec::new();
        for entry in &waiting {
            if made.len() >= MADE {
                break;
            }
            ids.push(entry.event.id);
            let organization = entry.event.organization_id;
            let known = match endpoints.entry(organization) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(place) => place.insert(work.tx.webhooks().list_active(organization)?),
            };
            for webhook in known.iter().filter(|webhook| wants(webhook, &entry.event, entry.only, slack)) {
                let at = work.now.plus_millis(self.schedule.pause(0, &mut work.rng).unwrap_or(0));
                made.push(delivery(&entry.event, webhook.id, DeliveryId::new(work.now, &mut work.rng), (work.now, at)));
                due.entry(webhook.id).and_modify(|known: &mut Timestamp| *known = (*known).min(at)).or_insert(at);
            }
        }
        work.tx.deliveries().insert(&made)?;
        for (endpoint, at) in due {
            work.tx.webhook_queues().note_due(endpoint, at)?;
        }
        work.tx.events().dispatched(&ids)?;
        Ok(ids.len() < waiting.len() || i64::try_from(ids.len()).unwrap_or(EVENTS) >= EVENTS)
    }

    /// A lease of this process from now on.
    pub(super) fn lease(&self, now: Timestamp) -> Lease {
        Lease { mark: self.mark.clone(), until: now.plus_secs(self.lease_secs) }
    }

    /// Takes what is due, a fair part for each endpoint: how many more may be begun.
    fn take(
        &self,
        work: &mut Work<'_>,
        order: &Order,
        held: &mut HashMap<OrganizationId, usize>,
        outcome: &mut Outcome,
    ) -> Result<usize, ApiError> {
        let (now, mut free) = (work.now, order.free);
        let lease = self.lease(now);
        let (mut passed, mut taken) = (full(order), Vec::new());
        for _ in 0..LOOKS {
            let due = work.tx.webhook_queues().due(now, &passed, ENDPOINTS)?;
            for endpoint in &due {
                let Some(webhook) = work.tx.webhooks().find_any(*endpoint)?.filter(|w| w.settings.active) else {
                    work.tx.deliveries().stop(*endpoint)?;
                    work.tx.webhook_queues().settle(*endpoint)?;
                    continue;
                };
                let held = held.entry(webhook.organization_id).or_insert(0);
                let room = order.room_for(Endpoint::Webhook(*endpoint)).min(free).min(SHARE.saturating_sub(*held));
                if room > 0 {
                    let claimed = work.tx.deliveries().claim(*endpoint, now, &lease, i64::try_from(room).unwrap_or(1))?;
                    work.tx.webhook_queues().settle(*endpoint)?;
                    (free, *held) = (free.saturating_sub(claimed.len()), *held + claimed.len());
                    taken.push((webhook, claimed));
                }
            }
            let is_all = i64::try_from(due.len()).unwrap_or(ENDPOINTS) < ENDPOINTS;
            // Where nothing could be taken, another round could not either.
            outcome.more = !is_all && !taken.is_empty();
            if free == 0 || is_all {
                break;
            }
            passed.extend(due);
        }
        self.prepare(work, taken, outcome)?;
        Ok(free)
    }

    /// Makes attempts of what was taken.
    fn prepare(&self, work: &mut Work<'_>, taken: Vec<(Webhook, Vec<Delivery>)>, outcome: &mut Outcome) -> Result<(), ApiError> {
        let ids: BTreeSet<EventId> = taken.iter().flat_map(|(_, claimed)| claimed).map(|delivery| delivery.event_id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let events = work.tx.events().find_all(&ids.into_iter().collect::<Vec<_>>())?;
        let bodies: HashMap<EventId, Arc<str>> = events.iter().map(|event| (event.id, Arc::from(event.body()))).collect();
        let mut dead = Vec::new();
        for (webhook, claimed) in taken {
            let secrets: Arc<[PlainSecret]> = secrets(work, &webhook).into();
            for delivery in claimed {
                let Some(body) = bodies.get(&delivery.event_id) else {
                    // The event is older than events are kept.
                    dead.push(Delivery { status: DeliveryStatus::Dead, next_attempt_at: None, ..delivery });
                    continue;
                };
                let (url, signing) = (webhook.settings.url.clone(), Signing::Standard(Arc::clone(&secrets)));
                outcome.jobs.push(Job { parcel: Parcel::Delivery(delivery), url, body: Arc::clone(body), signing });
            }
        }
        self.finish(work, &dead)?;
        Ok(())
    }
}

/// Webhooks of organizations that have all the attempts they may have.
fn full(order: &Order) -> Vec<WebhookId> {
    order.full().filter_map(Endpoint::webhook).collect()
}

fn wants(webhook: &Webhook, event: &Event, only: Option<WebhookId>, slack: i64) -> bool {
    match only {
        Some(only) => webhook.id == only,
        None => {
            let is_known = webhook.created_at.millis_since(event.at) <= slack;
            is_known && webhook.settings.events.includes(event.event_type)
        }
    }
}

/// A delivery whose endpoint was switched off while it was tried: it is not tried again.
fn given_up(delivery: Delivery) -> Delivery {
    match delivery.status {
        DeliveryStatus::Failed => Delivery { status: DeliveryStatus::Dead, next_attempt_at: None, ..delivery },
        DeliveryStatus::Pending | DeliveryStatus::Succeeded | DeliveryStatus::Dead => delivery,
    }
}

fn delivery(event: &Event, webhook_id: WebhookId, id: DeliveryId, (now, at): (Timestamp, Timestamp)) -> Delivery {
    Delivery {
        id,
        organization_id: event.organization_id,
        webhook_id,
        event_id: event.id,
        event_type: event.event_type,
        status: DeliveryStatus::Pending,
        tries: 0,
        attempts: Vec::new(),
        next_attempt_at: Some(at),
        created_at: now,
    }
}

/// Until when an endpoint rests that has not answered in time so often in a row.
fn rest(timeouts: i64, now: Timestamp) -> Timestamp {
    if timeouts < TIMEOUTS {
        return now;
    }
    let doublings = u32::try_from(timeouts - TIMEOUTS).unwrap_or(0).min(5);
    now.plus_millis((REST_MILLIS << doublings).min(MAX_REST_MILLIS))
}

/// What the next attempt is signed with. A secret that cannot be read is left out, and said so in the log.
fn secrets(work: &Work<'_>, webhook: &Webhook) -> Vec<PlainSecret> {
    let keep = &work.app.keyring.keep;
    let previous = webhook.previous_secret(work.now).map(|(secret, _)| secret);
    let all = std::iter::once(&webhook.secret).chain(previous);
    let plain: Vec<PlainSecret> = all.filter_map(|sealed| sealed.open(keep, webhook.id)).collect();
    if plain.is_empty() {
        tracing::error!(webhook = %webhook.id, "a webhook's secret cannot be decrypted: was the master key replaced?");
    }
    plain
}

pub(super) fn count(attempt: &Attempt) {
    let outcome = if attempt.succeeded() { "succeeded" } else { "failed" };
    metrics::counter!("mgmt_webhook_attempts_total", "outcome" => outcome).increment(1);
}
