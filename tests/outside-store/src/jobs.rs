//! What is sent until it is accepted: events on their way to endpoints, and to webhooks of projects. Both go by the same rules.

use mgmt_core::{
    delivery::{Delivery, DeliveryStatus, Progress},
    id::{DeliveryId, OrganizationId, SendOutId, WebhookId},
    project::{part::PartId, send_out::SendOut},
    time::Timestamp,
};
use mgmt_store::{Deliveries, Lease, Result, SendOutFilter, SendOuts};

use crate::{
    table::{Table, most},
    tx::MemoryTx,
};

/// Something that is sent.
pub(crate) trait Sent: Clone {
    type Id: Ord + Copy;
    type To: PartialEq + Copy;

    fn id(&self) -> Self::Id;
    fn to(&self) -> Self::To;
    fn made_at(&self) -> Timestamp;
    fn progress(&self) -> Progress;
    fn with(self, progress: Progress) -> Self;
}

impl Sent for Delivery {
    type Id = DeliveryId;
    type To = WebhookId;

    fn id(&self) -> DeliveryId {
        self.id
    }

    fn to(&self) -> WebhookId {
        self.webhook_id
    }

    fn made_at(&self) -> Timestamp {
        self.created_at
    }

    fn progress(&self) -> Progress {
        let Self { status, tries, next_attempt_at, .. } = *self;
        Progress { status, tries, attempts: self.attempts.clone(), next_attempt_at }
    }

    fn with(self, progress: Progress) -> Self {
        let Progress { status, tries, attempts, next_attempt_at } = progress;
        Self { status, tries, attempts, next_attempt_at, ..self }
    }
}

impl Sent for SendOut {
    type Id = SendOutId;
    type To = PartId;

    fn id(&self) -> SendOutId {
        self.id
    }

    fn to(&self) -> PartId {
        self.webhook_id
    }

    fn made_at(&self) -> Timestamp {
        self.created_at
    }

    fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn with(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }
}

/// Something that is sent, how far it has come, and who tries it now.
#[derive(Clone)]
pub(crate) struct Job<T> {
    /// What was given. How far that had come is not looked at again.
    pub(crate) what: T,
    /// Under a lease, the next attempt is due when the lease ends.
    pub(crate) progress: Progress,
    /// The mark of the lease.
    lease: Option<String>,
}

impl<T: Sent> Job<T> {
    fn new(what: &T) -> Self {
        Self { what: what.clone(), progress: what.progress(), lease: None }
    }

    /// As callers see it: what is being tried now is not due.
    fn shown(&self) -> T {
        let next_attempt_at = self.progress.next_attempt_at.filter(|_| self.lease.is_none());
        self.what.clone().with(Progress { next_attempt_at, ..self.progress.clone() })
    }

    fn due(&self, now: Timestamp) -> Option<Timestamp> {
        self.progress.next_attempt_at.filter(|at| *at <= now)
    }

    fn is_idle(&self) -> bool {
        self.lease.is_none()
    }

    fn begin_anew(&mut self, now: Timestamp) {
        (self.progress.status, self.progress.tries) = (DeliveryStatus::Pending, 0);
        self.progress.next_attempt_at = Some(now);
    }
}

impl<T: Sent> Table<T::Id, Job<T>> {
    fn find_job(&self, to: T::To, id: T::Id) -> Option<T> {
        self.get(&id).filter(|job| job.what.to() == to).map(Job::shown)
    }

    fn list_jobs(&self, to: T::To, status: Option<DeliveryStatus>, before: Option<T::Id>, limit: i64) -> Vec<T> {
        let fits = |job: &&Job<T>| job.what.to() == to && status.is_none_or(|status| job.progress.status == status);
        self.newest(before).filter(fits).take(most(limit)).map(Job::shown).collect()
    }

    fn claim_jobs(&mut self, to: T::To, now: Timestamp, lease: &Lease, limit: i64) -> Vec<T> {
        let own = self.values().filter(|job| job.what.to() == to);
        let mut due: Vec<(Timestamp, T::Id)> = own.filter_map(|job| Some((job.due(now)?, job.what.id()))).collect();
        due.sort_unstable();
        let claimed: Vec<T> = due.iter().take(most(limit)).filter_map(|(_, id)| self.get(id)).map(Job::shown).collect();
        for what in &claimed {
            self.change(
                &what.id(),
                |_| true,
                |job| {
                    job.lease = Some(lease.mark.clone());
                    job.progress.next_attempt_at = Some(lease.until);
                },
            );
        }
        claimed
    }

    fn finish_job(&mut self, what: &T, mark: &str) -> bool {
        let held = |job: &Job<T>| job.lease.as_deref() == Some(mark);
        self.change(&what.id(), held, |job| (job.progress, job.lease) = (what.progress(), None))
    }

    fn release_jobs(&mut self, now: Timestamp) -> usize {
        let held = |job: &Job<T>| !job.is_idle() && job.progress.next_attempt_at.is_some();
        self.change_all(held, |job| (job.progress.next_attempt_at, job.lease) = (Some(now), None))
    }

    fn stop_jobs(&mut self, to: T::To) -> usize {
        let waits = |job: &Job<T>| job.what.to() == to && job.is_idle() && job.progress.next_attempt_at.is_some();
        self.change_all(waits, |job| {
            (job.progress.status, job.progress.next_attempt_at) = (DeliveryStatus::Dead, None);
        })
    }

    fn repeat_job(&mut self, to: T::To, id: T::Id, now: Timestamp) -> bool {
        self.change(&id, |job| job.what.to() == to && job.is_idle(), |job| job.begin_anew(now))
    }
}

impl Deliveries for MemoryTx {
    fn insert(&mut self, deliveries: &[Delivery]) -> Result<()> {
        self.write(|s| deliveries.iter().try_for_each(|d| s.deliveries.insert(d.id, Job::new(d), "delivery")))
    }

    fn find(&mut self, webhook: WebhookId, id: DeliveryId) -> Result<Option<Delivery>> {
        self.look(|s| s.deliveries.find_job(webhook, id))
    }

    fn list(
        &mut self,
        webhook: WebhookId,
        status: Option<DeliveryStatus>,
        before: Option<DeliveryId>,
        limit: i64,
    ) -> Result<Vec<Delivery>> {
        self.look(|s| s.deliveries.list_jobs(webhook, status, before, limit))
    }

    fn claim(&mut self, webhook: WebhookId, now: Timestamp, lease: &Lease, limit: i64) -> Result<Vec<Delivery>> {
        self.write(|s| Ok(s.deliveries.claim_jobs(webhook, now, lease, limit)))
    }

    fn finish(&mut self, deliveries: &[Delivery], mark: &str) -> Result<Vec<DeliveryId>> {
        self.write(|s| {
            let written = deliveries.iter().filter(|delivery| s.deliveries.finish_job(*delivery, mark));
            Ok(written.map(|delivery| delivery.id).collect())
        })
    }

    fn release_all(&mut self, now: Timestamp) -> Result<usize> {
        self.write(|s| Ok(s.deliveries.release_jobs(now)))
    }

    fn stop(&mut self, webhook: WebhookId) -> Result<usize> {
        self.write(|s| Ok(s.deliveries.stop_jobs(webhook)))
    }

    fn repeat(&mut self, webhook: WebhookId, id: DeliveryId, now: Timestamp) -> Result<bool> {
        self.write(|s| Ok(s.deliveries.repeat_job(webhook, id, now)))
    }

    fn repeat_since(&mut self, webhook: WebhookId, since: Timestamp, now: Timestamp, limit: i64) -> Result<usize> {
        let failed = |job: &&Job<Delivery>| {
            let is_failed = matches!(job.progress.status, DeliveryStatus::Failed | DeliveryStatus::Dead);
            is_failed && job.what.webhook_id == webhook && job.what.created_at >= since && job.is_idle()
        };
        self.write(|s| {
            let some = s.deliveries.values().filter(failed).take(most(limit));
            let ids: Vec<DeliveryId> = some.map(|job| job.what.id).collect();
            Ok(ids.iter().filter(|id| s.deliveries.repeat_job(webhook, **id, now)).count())
        })
    }

    fn delete_before(&mut self, before: Timestamp, most: i64) -> Result<usize> {
        self.write(|s| Ok(s.deliveries.remove_most(|job| job.what.made_at() < before, most)))
    }
}

impl SendOuts for MemoryTx {
    fn insert(&mut self, send_out: &SendOut) -> Result<()> {
        self.write(|s| {
            s.send_outs.insert(send_out.id, Job::new(send_out), "send-out")?;
            s.project_parts.refer(&send_out.webhook_id)
        })
    }

    fn find(&mut self, webhook: PartId, id: SendOutId) -> Result<Option<SendOut>> {
        self.look(|s| s.send_outs.find_job(webhook, id))
    }

    fn list(&mut self, webhook: PartId, filter: SendOutFilter) -> Result<Vec<SendOut>> {
        self.look(|s| s.send_outs.list_jobs(webhook, filter.status, filter.before, filter.limit))
    }

    fn due(&mut self, now: Timestamp, except: &[PartId], limit: i64) -> Result<Vec<(PartId, OrganizationId)>> {
        self.look(|s| {
            let is_due = |job: &Job<SendOut>| Some((job.due(now)?, job.what.webhook_id, job.what.organization_id));
            let mut due: Vec<_> = s.send_outs.values().filter_map(is_due).filter(|(_, to, _)| !except.contains(to)).collect();
            due.sort_unstable();
            // Each webhook once, by what waits longest.
            let mut webhooks = Vec::new();
            for (_, webhook, organization) in due {
                if !webhooks.contains(&(webhook, organization)) {
                    webhooks.push((webhook, organization));
                }
            }
            webhooks.truncate(most(limit));
            webhooks
        })
    }

    fn claim(&mut self, webhook: PartId, now: Timestamp, lease: &Lease, limit: i64) -> Result<Vec<SendOut>> {
        self.write(|s| Ok(s.send_outs.claim_jobs(webhook, now, lease, limit)))
    }

    fn finish(&mut self, send_out: &SendOut, mark: &str) -> Result<bool> {
        self.write(|s| Ok(s.send_outs.finish_job(send_out, mark)))
    }

    fn release_all(&mut self, now: Timestamp) -> Result<usize> {
        self.write(|s| Ok(s.send_outs.release_jobs(now)))
    }

    fn stop(&mut self, webhook: PartId) -> Result<usize> {
        self.write(|s| Ok(s.send_outs.stop_jobs(webhook)))
    }

    fn repeat(&mut self, webhook: PartId, id: SendOutId, now: Timestamp) -> Result<bool> {
        self.write(|s| Ok(s.send_outs.repeat_job(webhook, id, now)))
    }

    fn delete_before(&mut self, before: Timestamp, most: i64) -> Result<usize> {
        self.write(|s| Ok(s.send_outs.remove_most(|job| job.what.made_at() < before, most)))
    }
}
