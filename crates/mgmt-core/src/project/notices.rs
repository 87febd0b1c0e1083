//! Whom a project tells when something could not be delivered, or a share of a limit is used.

use serde::{Deserialize, Serialize};

use crate::{
    account::Email,
    error::{Error, Faults, Result},
};

const MAX_LIST: usize = 100;
/// Percentages at which a notice may be sent.
const THRESHOLDS: std::ops::RangeInclusive<i64> = 10..=90;

/// A notice when a share of a limit is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageNotice {
    /// Whether it is sent.
    pub enabled: bool,
    /// At which percentage, 10 to 90.
    pub value: i64,
    /// Whether the dashboard shows it.
    pub in_app: bool,
    /// Who gets it by mail.
    pub emails: Vec<String>,
}

/// Notices about the use of the API, by kind of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageNotices {
    /// Messages.
    pub messages: UsageNotice,
    /// Calls.
    pub api_calls: UsageNotice,
    /// Calls for many objects at once.
    pub bulk_api_calls: UsageNotice,
    /// Webhooks.
    pub webhook_calls: UsageNotice,
    /// Calls of a billing cycle.
    pub cycle_calls: UsageNotice,
    /// Redemptions; what clients leave out stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redemptions: Option<UsageNotice>,
}

/// A notice when something could not be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalloutNotice {
    /// Whether it is mailed.
    pub email: bool,
    /// Whether the dashboard shows it.
    pub in_app: bool,
    /// Who gets it by mail.
    pub emails: Vec<String>,
}

/// Notices about failed deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalloutNotices {
    /// Of distributions.
    pub distributions: CalloutNotice,
    /// Of webhooks.
    pub webhooks: CalloutNotice,
}

impl CalloutNotices {
    /// What holds where a client says nothing.
    pub(super) fn to(owners: &[String]) -> Self {
        let notice = CalloutNotice { email: true, in_app: true, emails: owners.to_vec() };
        Self { distributions: notice.clone(), webhooks: notice }
    }

    /// Judges the notices.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each wrong field.
    pub(super) fn parse(self) -> Result<Self> {
        let mut faults = Faults::default();
        for (name, notice) in [("distributions", &self.distributions), ("webhooks", &self.webhooks)] {
            faults.take(addresses(&format!("webhooks_callout_notifications.{name}.emails"), &notice.emails));
        }
        faults.finish()?;
        Ok(self)
    }
}

impl UsageNotices {
    /// What holds where a client says nothing.
    pub(super) fn to(owners: &[String]) -> Self {
        let on = UsageNotice { enabled: true, value: 80, in_app: true, emails: owners.to_vec() };
        Self {
            messages: on.clone(),
            api_calls: on.clone(),
            bulk_api_calls: on.clone(),
            webhook_calls: on.clone(),
            cycle_calls: on,
            redemptions: Some(UsageNotice { enabled: false, value: 80, in_app: false, emails: Vec::new() }),
        }
    }

    /// Judges the notices, and takes over from the current ones what may be left out.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each wrong field.
    pub(super) fn parse(self, current: &Self) -> Result<Self> {
        let mut faults = Faults::default();
        let named = [
            ("messages", Some(&self.messages)),
            ("api_calls", Some(&self.api_calls)),
            ("bulk_api_calls", Some(&self.bulk_api_calls)),
            ("webhook_calls", Some(&self.webhook_calls)),
            ("cycle_calls", Some(&self.cycle_calls)),
            ("redemptions", self.redemptions.as_ref()),
        ];
        for (name, notice) in named.into_iter().filter_map(|(name, n)| n.map(|n| (name, n))) {
            let field = format!("api_usage_notifications.{name}");
            faults.take(addresses(&format!("{field}.emails"), &notice.emails));
            if !THRESHOLDS.contains(&notice.value) {
                let side = if notice.value < *THRESHOLDS.start() { ">= 10" } else { "<= 90" };
                faults.note(Error::invalid(format!("{field}.value"), format!("must be {side}")));
            }
        }
        faults.finish()?;
        let redemptions = self.redemptions.clone().or_else(|| current.redemptions.clone());
        Ok(Self { redemptions, ..self })
    }
}

/// Checks that each text is an e-mail address. They are kept as they were sent.
fn addresses(field: &str, texts: &[String]) -> Result<()> {
    each(field, texts, Email::parse).map(drop)
}

/// Reads each entry of a list that is not too long.
pub(super) fn each<T>(field: &str, texts: &[String], parse: impl Fn(&str, &str) -> Result<T>) -> Result<Vec<T>> {
    if texts.len() > MAX_LIST {
        return Err(Error::invalid(field, format!("must have at most {MAX_LIST} items")));
    }
    let mut faults = Faults::default();
    let read = |(index, text): (usize, &String)| faults.take(parse(&format!("{field}[{index}]"), text));
    let read: Vec<_> = texts.iter().enumerate().filter_map(read).collect();
    faults.finish()?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::settings::{ProjectChange, tests::draft};

    #[test]
    fn notices_go_to_addresses() {
        let owners = ["ana@example.com".to_owned()];
        let mut callouts = CalloutNotices::to(&owners);
        let mut usage = UsageNotices::to(&owners);
        let change = |callouts: &CalloutNotices, usage: &UsageNotices| {
            let change = ProjectChange {
                webhooks_callout_notifications: Some(callouts.clone()),
                api_usage_notifications: Some(usage.clone()),
                ..ProjectChange::default()
            };
            change.apply(&draft().parse(&owners).unwrap())
        };
        callouts.distributions.emails = vec!["Ana@Example.com".to_owned()];
        assert_eq!(change(&callouts, &usage).unwrap().webhooks_callout_notifications, callouts, "kept as they were sent");
        callouts.webhooks.emails = vec!["ana@example.com".to_owned(), "not an address".to_owned()];
        usage.bulk_api_calls.emails = vec!["@example.com".to_owned()];
        usage.redemptions = Some(UsageNotice { emails: vec![String::new()], ..usage.messages.clone() });
        let error = change(&callouts, &usage).unwrap_err();
        let fields: Vec<_> = error.details().keys().map(String::as_str).collect();
        assert_eq!(
            fields,
            [
                "api_usage_notifications.bulk_api_calls.emails[0]",
                "api_usage_notifications.redemptions.emails[0]",
                "webhooks_callout_notifications.webhooks.emails[1]",
            ]
        );
    }
}
