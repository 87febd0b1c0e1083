//! The part of a round that concerns webhooks of projects.

use std::{collections::HashMap, sync::Arc};

use mgmt_core::{
    account::Email,
    delivery::{DeliveryStatus, Progress},
    id::OrganizationId,
    project::{
        Project,
        part::{Part, PartId},
        send_out::SendOut,
        webhook::ProjectWebhook,
    },
};
use mgmt_store::PartRecord;

use super::{
    disable::owners,
    parcel::{Endpoint, Parcel},
    round::{Job, Order, Outcome, Rounds, SHARE, Signing, count},
};
use crate::{
    app::{Work, mail::Letter},
    error::ApiError,
};

/// Webhooks that are looked at in one round.
const ENDPOINTS: i64 = 128;

/// Webhooks of projects that have all the attempts they may have.
pub(super) fn full(order: &Order) -> Vec<PartId> {
    order.full().filter_map(Endpoint::project).collect()
}

/// A webhook and its project, as they are now.
fn target(work: &mut Work<'_>, send_out: &SendOut) -> Result<Option<(Project, Part<ProjectWebhook>)>, ApiError> {
    let Some(project) = work.tx.projects().find(send_out.organization_id, send_out.project_id)? else { return Ok(None) };
    let Some(record) = work.tx.project_parts().find(project.id, send_out.webhook_id)? else { return Ok(None) };
    Ok(Some((project, record.into_part()?)))
}

impl Rounds {
    /// Writes down what came of attempts. Who did not accept one after all its tries is switched off.
    pub(super) fn write_down_send_outs(&self, work: &mut Work<'_>, order: &Order, outcome: &mut Outcome) -> Result<(), ApiError> {
        for done in order.done.iter() {
            let Parcel::SendOut(send_out) = &done.parcel else { continue };
            let now = work.now;
            let active = target(work, send_out)?.filter(|(_, webhook)| webhook.content.active);
            let progress = send_out.progress.clone();
            let after = progress.record(done.attempt.clone(), done.retry_after, &self.project_schedule, now, &mut work.rng);
            let after = if active.is_some() { after } else { after.given_up() };
            let is_dead = after.status == DeliveryStatus::Dead;
            count(&done.attempt);
            let is_written = work.tx.send_outs().finish(&SendOut { progress: after, ..send_out.clone() }, &self.mark)?;
            if let (true, true, Some((project, webhook))) = (is_written, is_dead, active) {
                disable(work, &project, webhook, outcome)?;
            }
        }
        Ok(())
    }

    /// Takes what is due, a fair part for each webhook.
    pub(super) fn take_send_outs(
        &self,
        work: &mut Work<'_>,
        order: &Order,
        (mut free, held): (usize, &mut HashMap<OrganizationId, usize>),
        outcome: &mut Outcome,
    ) -> Result<(), ApiError> {
        let now = work.now;
        let due = work.tx.send_outs().due(now, &full(order), ENDPOINTS)?;
        let (is_all, before) = (i64::try_from(due.len()).unwrap_or(ENDPOINTS) < ENDPOINTS, outcome.jobs.len());
        for (webhook, organization) in due {
            let held = held.entry(organization).or_insert(0);
            let room = order.room_for(Endpoint::Project(webhook)).min(free).min(SHARE.saturating_sub(*held));
            if room == 0 {
                continue;
            }
            let claimed = work.tx.send_outs().claim(webhook, now, &self.lease(now), i64::try_from(room).unwrap_or(1))?;
            let Some(first) = claimed.first() else { continue };
            let Some((project, webhook)) = target(work, first)?.filter(|(_, webhook)| webhook.content.active) else {
                self.give_up(work, claimed)?;
                continue;
            };
            (free, *held) = (free.saturating_sub(claimed.len()), *held + claimed.len());
            for send_out in claimed {
                let token = project.open_token(&work.app.keyring.keep);
                if token.is_none() {
                    tracing::error!(project = %project.id, "a webhook token cannot be decrypted: was the master key replaced?");
                }
                let (url, body) = (webhook.content.target_url.clone(), Arc::from(send_out.body.as_str()));
                outcome.jobs.push(Job { parcel: Parcel::SendOut(send_out), url, body, signing: Signing::Project(token) });
            }
        }
        outcome.more |= !is_all && outcome.jobs.len() > before;
        Ok(())
    }

    /// Ends what waits for a webhook that is switched off.
    fn give_up(&self, work: &mut Work<'_>, claimed: Vec<SendOut>) -> Result<(), ApiError> {
        for send_out in claimed {
            let progress = Progress { status: DeliveryStatus::Dead, next_attempt_at: None, ..send_out.progress.clone() };
            work.tx.send_outs().stop(send_out.webhook_id)?;
            work.tx.send_outs().finish(&SendOut { progress, ..send_out }, &self.mark)?;
        }
        Ok(())
    }
}

/// Switches a webhook off, and writes to those who are to be told.
fn disable(work: &mut Work<'_>, project: &Project, webhook: Part<ProjectWebhook>, outcome: &mut Outcome) -> Result<(), ApiError> {
    let content = ProjectWebhook { active: false, ..webhook.content.clone() };
    let off = webhook.update(content, work.now);
    work.tx.project_parts().update(&PartRecord::of(&off)?)?;
    work.stop_send_outs(off.id)?;
    let notices = &project.settings.webhooks_callout_notifications.webhooks;
    if notices.email {
        let named = notices.emails.iter().filter_map(|address| Email::parse("email", address).ok());
        let mut addresses: Vec<Email> = named.collect();
        if addresses.is_empty() {
            addresses = owners(work, project.organization_id)?;
        }
        outcome.letters.extend(addresses.into_iter().map(|to| letter(to, project, &off)));
    }
    Ok(())
}

fn letter(to: Email, project: &Project, webhook: &Part<ProjectWebhook>) -> Letter {
    let text = format!(
        "The webhook {} of the project {} was switched off.\n\nURL: {}\nIt did not accept an event in any of its tries.\n\n\
         When it works again, set `active` to true, and retry the send-outs that failed.\n",
        webhook.id, project.settings.name, webhook.content.target_url
    );
    Letter { to, subject: "A project's webhook was switched off".to_owned(), text }
}
