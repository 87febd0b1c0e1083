//! Webhooks of a project: where its events are sent.

use serde::{Deserialize, Serialize};

use super::part::{Content, PartKind};
use crate::error::{Error, Faults, Result};

const MAX_URL: usize = 2048;
const MAX_EVENTS: usize = 100;

/// The published names, in the spelling that clients enforce. See [`is_event`] for the others that are accepted.
#[rustfmt::skip]
pub const EVENTS: [&str; 60] = [
    "business_validation_rule.created", "business_validation_rule.updated", "business_validation_rule.deleted",
    "business_validation_rule.assignment.created", "business_validation_rule.assignment.deleted",
    "campaign.created", "campaign.updated", "campaign.deleted", "campaign.enabled", "campaign.disabled",
    "campaign.earning_rule.assigned", "campaign.earning_rule.deleted", "campaign.earning_rule.disabled",
    "campaign.earning_rule.enabled", "campaign.earning_rule.updated",
    "campaign.loyalty_tier.created", "campaign.loyalty_tier.deleted", "campaign.loyalty_tier.updated",
    "campaign.promotion_stack.created", "campaign.promotion_stack.updated",
    "campaign.promotion_tier.created", "campaign.promotion_tier.deleted", "campaign.promotion_tier.disabled",
    "campaign.promotion_tier.enabled", "campaign.promotion_tier.updated",
    "campaign.referral_tier.created", "campaign.referral_tier.deleted", "campaign.referral_tier.updated",
    "campaign.reward.assignment.created", "campaign.reward.assignment.deleted", "campaign.reward.assignment.updated",
    "campaign.vouchers.aded",
    "campaign.vouchers.generation.completed", "campaign.vouchers.generation.failed", "campaign.vouchers.generation.started",
    "customer.confirmed", "customer.created", "customer.deleted", "customer.rewarded", "customer.rewarded.loyalty_points",
    "publication.succeeded",
    "redemption.failed", "redemption.succeeded", "redemption.rollback.failed", "redemption.rollback.succeeded",
    "voucher.created", "voucher.deleted", "voucher.disabled", "voucher.enabled", "voucher.published", "voucher.updated",
    "voucher.gift.balance_aded", "voucher.gift.transaction.created",
    "voucher.loyalty_card.pending_points.activated", "voucher.loyalty_card.pending_points.aded",
    "voucher.loyalty_card.pending_points.canceled", "voucher.loyalty_card.pending_points.updated",
    "voucher.loyalty_card.points_aded", "voucher.loyalty_card.points_expired", "voucher.loyalty_card.transaction.created",
];

/// The name that was published later than the others.
const LATER: &str = "customer.updated";

/// Whether an event has this name. Four published names are misspelt (`…aded`); what they should be is accepted as well.
#[must_use]
pub fn is_event(name: &str) -> bool {
    let misspelt = name.strip_suffix("added").map(|stem| format!("{stem}aded"));
    name == LATER || EVENTS.contains(&misspelt.as_deref().unwrap_or(name))
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectWebhook {
    /// Where events go.
    pub target_url: String,
    /// Which, in the spelling that was sent.
    pub events: Vec<String>,
    /// Whether they are sent at all.
    pub active: bool,
}

/// What a client sends to make a webhook.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `ProjectWebhook`")]
pub struct ProjectWebhookDraft {
    pub target_url: String,
    pub events: Vec<String>,
    pub active: Option<bool>,
}

/// What a client sends to change a webhook. `events` replaces the whole list.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `ProjectWebhook`")]
#[serde(default)]
pub struct ProjectWebhookChange {
    pub target_url: Option<String>,
    pub events: Option<Vec<String>>,
    pub active: Option<bool>,
}

impl ProjectWebhook {
    fn judge(self) -> Result<Self> {
        let mut faults = Faults::default();
        faults.take(target(&self.target_url));
        if self.events.is_empty() {
            faults.note(Error::invalid("events", "must not have fewer than 1 items"));
        }
        if self.events.len() > MAX_EVENTS {
            faults.note(Error::invalid("events", format!("must have at most {MAX_EVENTS} items")));
        }
        for (index, _) in self.events.iter().enumerate().take(MAX_EVENTS).filter(|(_, name)| !is_event(name)) {
            faults
                .note(Error::invalid(format!("events[{index}]"), "must be one of the allowed values: the published event names"));
        }
        faults.finish()?;
        Ok(self)
    }
}

/// Whether something can be sent there. Which addresses may be reached is for the sender to say, each time.
fn target(text: &str) -> Result<()> {
    let wrong = |reason: &str| Err(Error::invalid("target_url", reason));
    if text.len() > MAX_URL {
        return wrong("must have at most 2048 characters");
    }
    match url::Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || !url.has_host() => wrong("must be an http or https address"),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => wrong("must hold no user name and no password"),
        Ok(_) => Ok(()),
        Err(_) => wrong("must be an address, such as `https://example.com/hooks`"),
    }
}

impl Content for ProjectWebhook {
    const KIND: PartKind = PartKind::Webhook;
    type Draft = ProjectWebhookDraft;
    type Change = ProjectWebhookChange;

    fn create(draft: ProjectWebhookDraft) -> Result<Self> {
        Self { target_url: draft.target_url, events: draft.events, active: draft.active.unwrap_or(true) }.judge()
    }

    fn change(&self, change: ProjectWebhookChange) -> Result<Self> {
        let next = Self {
            target_url: change.target_url.unwrap_or_else(|| self.target_url.clone()),
            events: change.events.unwrap_or_else(|| self.events.clone()),
            active: change.active.unwrap_or(self.active),
        };
        next.judge()
    }

    fn name(&self) -> Option<&str> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_known_in_both_spellings() {
        assert_eq!(EVENTS.iter().collect::<HashSet<_>>().len(), 60);
        assert!(EVENTS.iter().all(|name| is_event(name)));
        let misspelt: Vec<_> = EVENTS.iter().filter(|n| n.ends_with("aded")).collect();
        assert_eq!(misspelt.len(), 4);
        assert!(misspelt.iter().all(|n| is_event(&n.replace("aded", "added"))));
        assert!(is_event("customer.updated"));
        assert!(["", "voucher", "voucher.*", "voucher.addded", "added"].iter().all(|n| !is_event(n)));
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let make = |url: &str, events: &[&str]| {
            let events = events.iter().map(|&e| e.to_owned()).collect();
            ProjectWebhook::create(ProjectWebhookDraft { target_url: url.to_owned(), events, active: None })
        };
        assert!(make("https://example.com/x", &["voucher.created", "campaign.vouchers.added"]).unwrap().active);
        let error = make("ftp://example.com", &["voucher.created", "voucher.nope"]).unwrap_err();
        assert_eq!(error.details().keys().collect::<Vec<_>>(), ["events[1]", "target_url"]);
        assert!(make("https://u:p@example.com", &[]).unwrap_err().details().len() == 2);
    }
}
