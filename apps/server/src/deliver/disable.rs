//! Giving an endpoint up: it is switched off, and people are told.

use mgmt_core::{
    account::Email,
    event::EventType,
    id::{OrganizationId, WebhookId},
    role::Role,
    webhook::{DisabledReason, Webhook},
};

use super::round::Outcome;
use crate::{
    api::webhooks,
    app::{Work, mail::Letter},
    error::ApiError,
};

/// Members that are looked through for owners to write to.
const MEMBERS: i64 = 100;

/// Switches an endpoint off, tells the others, and writes to the owners.
pub(super) fn disable(
    work: &mut Work<'_>,
    endpoint: WebhookId,
    reason: DisabledReason,
    outcome: &mut Outcome,
) -> Result<(), ApiError> {
    let Some(webhook) = work.tx.webhooks().find_any(endpoint)?.filter(|w| w.settings.active) else { return Ok(()) };
    let off = webhook.disable(reason, work.now);
    work.tx.webhooks().update(&off)?;
    work.stop_deliveries(endpoint)?;
    let told = webhooks::written(work, &off)?;
    work.event(off.organization_id, EventType::WebhookDisabled, told)?;
    for to in owners(work, off.organization_id)? {
        outcome.letters.push(letter(to, &off, reason));
    }
    Ok(())
}

pub(super) fn owners(work: &mut Work<'_>, organization: OrganizationId) -> Result<Vec<Email>, ApiError> {
    let members = work.tx.memberships().list(organization, None, MEMBERS)?;
    let mut addresses = Vec::new();
    for member in members.iter().filter(|m| m.role == Role::Owner) {
        addresses.extend(work.tx.users().find(member.user_id)?.map(|user| user.email));
    }
    Ok(addresses)
}

fn letter(to: Email, webhook: &Webhook, reason: DisabledReason) -> Letter {
    let why = match reason {
        DisabledReason::Failing => "Nothing could be delivered to it for five days.",
        DisabledReason::Gone => "It answered 410 Gone, which says that it does not want to be called again.",
    };
    let text = format!(
        "The webhook {} was switched off.\n\nURL: {}\n{why}\n\nWhen it works again, set `active` to true and call \
         `recover` for what was missed.\n",
        webhook.id, webhook.settings.url
    );
    Letter { to, subject: "A webhook was switched off".to_owned(), text }
}
