//! What a project is told to be.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::notices::{CalloutNotices, UsageNotices, each};
use crate::{
    error::{Code, Error, Faults, Result},
    key_draft::Change,
    text::label,
};

/// The versions and clusters that there are.
pub const API_VERSION: &str = "v2018-08-01";
/// The only version of webhook bodies.
pub const WEBHOOK_VERSION: &str = "v2024-01-01";
/// Where projects may live; the first is the default.
pub const CLUSTERS: [&str; 3] = ["eu1", "us1", "as1"];

const MAX_NAME: usize = 120;
const MAX_TEXT: usize = 2000;
const MAX_ENTRY: usize = 254;
const MAX_CHARSET: usize = 200;

/// How codes are made where nothing else is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CodeConfig {
    /// The characters of codes.
    pub charset: Option<String>,
}

/// What clients without a secret may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRights {
    /// Redeem.
    pub client_redeem_enabled: bool,
    /// Publish.
    pub client_publish_enabled: bool,
    /// List vouchers.
    pub client_list_vouchers_enabled: bool,
    /// Make customers.
    pub client_create_customer_enabled: bool,
    /// Send events of loyalty programs.
    pub client_loyalty_events_enabled: bool,
    /// Set the expiry of vouchers.
    pub client_set_voucher_expiration_date_enabled: bool,
}

/// What a project is told to be. The form in which it is stored is that of the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectSettings {
    /// A name for people; need not be unique.
    pub name: String,
    /// A description for people.
    pub description: Option<String>,
    /// An IANA name.
    pub timezone: String,
    /// Three letters of ISO 4217.
    pub currency: String,
    /// A country's code for telephones.
    pub dial_code: Option<String>,
    /// Where it lives; fixed.
    pub cluster_id: String,
    /// [`API_VERSION`]; fixed.
    pub api_version: String,
    /// [`WEBHOOK_VERSION`].
    pub webhook_version: String,
    /// Whether `Code` and `code` differ; fixed.
    pub case_sensitive_codes: bool,
    /// Where requests of clients may come from.
    pub client_trusted_domains: Vec<String>,
    /// What clients without a secret may do.
    #[serde(flatten)]
    pub client: ClientRights,
    /// Notices about failed deliveries.
    pub webhooks_callout_notifications: CalloutNotices,
    /// Notices about use.
    pub api_usage_notifications: UsageNotices,
    /// How codes are made.
    pub default_code_config: CodeConfig,
}

/// What a client sends to make a project. `null` means absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `ProjectSettings`")]
pub struct ProjectDraft {
    pub name: String,
    pub case_sensitive_codes: bool,
    pub timezone: String,
    pub currency: String,
    pub description: Option<String>,
    pub dial_code: Option<String>,
    pub cluster_id: Option<String>,
    pub api_version: Option<String>,
    pub webhook_version: Option<String>,
    pub client_trusted_domains: Option<Vec<String>>,
    pub client_redeem_enabled: Option<bool>,
    pub client_publish_enabled: Option<bool>,
    pub client_list_vouchers_enabled: Option<bool>,
    pub client_create_customer_enabled: Option<bool>,
    pub client_loyalty_events_enabled: Option<bool>,
    pub client_set_voucher_expiration_date_enabled: Option<bool>,
    pub webhooks_callout_notifications: Option<CalloutNotices>,
    pub api_usage_notifications: Option<UsageNotices>,
    pub users: Option<Vec<super::member::AssignDraft>>,
}

/// What a client sends to change a project: what is left out stays; `null` clears what can be absent and leaves the rest.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `ProjectSettings`")]
#[serde(default)]
pub struct ProjectChange {
    pub name: Option<String>,
    pub timezone: Option<String>,
    pub currency: Option<String>,
    pub description: Change<String>,
    pub dial_code: Change<String>,
    pub webhook_version: Option<String>,
    pub client_trusted_domains: Option<Vec<String>>,
    pub client_redeem_enabled: Option<bool>,
    pub client_publish_enabled: Option<bool>,
    pub client_list_vouchers_enabled: Option<bool>,
    pub client_create_customer_enabled: Option<bool>,
    pub client_loyalty_events_enabled: Option<bool>,
    pub client_set_voucher_expiration_date_enabled: Option<bool>,
    pub webhooks_callout_notifications: Option<CalloutNotices>,
    pub api_usage_notifications: Option<UsageNotices>,
    pub default_code_config: Option<CodeConfig>,
}

impl ProjectDraft {
    /// Judges the draft. `owners` are the addresses that notices go to where the draft says nothing of them.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each wrong field; `forbidden` for a cluster that there is not.
    pub fn parse(self, owners: &[String]) -> Result<ProjectSettings> {
        let mut faults = Faults::default();
        if let Some(version) = &self.api_version {
            faults.take(only("api_version", version, API_VERSION));
        }
        let blank = ProjectSettings {
            name: String::new(),
            description: None,
            timezone: "UTC".to_owned(),
            currency: String::new(),
            dial_code: None,
            cluster_id: self.cluster_id.clone().unwrap_or_else(|| CLUSTERS[0].to_owned()),
            api_version: API_VERSION.to_owned(),
            webhook_version: WEBHOOK_VERSION.to_owned(),
            case_sensitive_codes: self.case_sensitive_codes,
            client_trusted_domains: Vec::new(),
            client: ClientRights::default(),
            webhooks_callout_notifications: CalloutNotices::to(owners),
            api_usage_notifications: UsageNotices::to(owners),
            default_code_config: CodeConfig::default(),
        };
        let settings = faults.take(self.into_change().apply(&blank));
        faults.finish()?;
        let settings = settings.ok_or_else(|| Error::new(Code::Internal, "a draft without faults gave nothing"))?;
        if !CLUSTERS.contains(&settings.cluster_id.as_str()) {
            let message = "the organization is bound to different regions: `cluster_id` must be `eu1`, `us1` or `as1`";
            return Err(Error::new(Code::Forbidden, message));
        }
        Ok(settings)
    }

    fn into_change(self) -> ProjectChange {
        let set = |text: Option<String>| text.map_or(Change::Keep, Change::Set);
        ProjectChange {
            name: Some(self.name),
            timezone: Some(self.timezone),
            currency: Some(self.currency),
            description: set(self.description),
            dial_code: set(self.dial_code),
            webhook_version: self.webhook_version,
            client_trusted_domains: self.client_trusted_domains,
            client_redeem_enabled: self.client_redeem_enabled,
            client_publish_enabled: self.client_publish_enabled,
            client_list_vouchers_enabled: self.client_list_vouchers_enabled,
            client_create_customer_enabled: self.client_create_customer_enabled,
            client_loyalty_events_enabled: self.client_loyalty_events_enabled,
            client_set_voucher_expiration_date_enabled: self.client_set_voucher_expiration_date_enabled,
            webhooks_callout_notifications: self.webhooks_callout_notifications,
            api_usage_notifications: self.api_usage_notifications,
            default_code_config: None,
        }
    }
}

impl ProjectChange {
    /// Applies the change.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each wrong field; nothing is applied then.
    pub fn apply(self, current: &ProjectSettings) -> Result<ProjectSettings> {
        let mut faults = Faults::default();
        let mut next = current.clone();
        if let Some(name) = self.name {
            next.name = faults.take(label("name", &name, MAX_NAME)).unwrap_or_default();
        }
        if let Some(name) = self.timezone {
            next.timezone = faults.take(timezone(&name)).unwrap_or_default();
        }
        if let Some(code) = self.currency {
            next.currency = faults.take(currency(&code)).unwrap_or_default();
        }
        if let Some(version) = self.webhook_version {
            faults.take(only("webhook_version", &version, WEBHOOK_VERSION));
        }
        if let Some(domains) = self.client_trusted_domains {
            next.client_trusted_domains = faults.take(entries("client_trusted_domains", &domains)).unwrap_or_default();
        }
        let description = self.description.try_map(|text| paragraph("description", text));
        next.description = faults.take(description).and_then(|c| c.or_keep(next.description));
        let dial = self.dial_code.try_map(|code| dial_code(&code));
        next.dial_code = faults.take(dial).and_then(|c| c.or_keep(next.dial_code));
        if let Some(config) = self.default_code_config {
            next.default_code_config = faults.take(code_config(config)).unwrap_or_default();
        }
        if let Some(notices) = self.webhooks_callout_notifications
            && let Some(notices) = faults.take(notices.parse())
        {
            next.webhooks_callout_notifications = notices;
        }
        if let Some(notices) = self.api_usage_notifications
            && let Some(notices) = faults.take(notices.parse(&next.api_usage_notifications))
        {
            next.api_usage_notifications = notices;
        }
        let keep = |slot: &mut bool, sent: Option<bool>| *slot = sent.unwrap_or(*slot);
        keep(&mut next.client.client_redeem_enabled, self.client_redeem_enabled);
        keep(&mut next.client.client_publish_enabled, self.client_publish_enabled);
        keep(&mut next.client.client_list_vouchers_enabled, self.client_list_vouchers_enabled);
        keep(&mut next.client.client_create_customer_enabled, self.client_create_customer_enabled);
        keep(&mut next.client.client_loyalty_events_enabled, self.client_loyalty_events_enabled);
        keep(&mut next.client.client_set_voucher_expiration_date_enabled, self.client_set_voucher_expiration_date_enabled);
        faults.finish()?;
        Ok(next)
    }
}

fn only(field: &str, text: &str, value: &str) -> Result<()> {
    if text == value { Ok(()) } else { Err(Error::invalid(field, format!("must be one of the allowed values [ {value} ]"))) }
}

/// An IANA name, or the GMT forms that are among them.
fn timezone(text: &str) -> Result<String> {
    let known = chrono_tz::Tz::from_str(text);
    known
        .map(|zone| zone.name().to_owned())
        .map_err(|_| Error::invalid("timezone", "must be a time zone, such as `Europe/Warsaw`"))
}

fn currency(text: &str) -> Result<String> {
    let known = iso_currency::Currency::from_code(text);
    known.map(|c| c.code().to_owned()).ok_or_else(|| Error::invalid("currency", "must be a currency of ISO 4217, such as `EUR`"))
}

fn dial_code(text: &str) -> Result<String> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let plausible = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'-'));
    if plausible && digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err(Error::invalid("dial_code", "must be a country's dial code, such as `+48`"))
}

fn code_config(config: CodeConfig) -> Result<CodeConfig> {
    match &config.charset {
        Some(text) if text.is_empty() || text.chars().count() > MAX_CHARSET => {
            Err(Error::invalid("default_code_config.charset", format!("must have 1 to {MAX_CHARSET} characters")))
        }
        _ => Ok(config),
    }
}

/// A text of several lines, kept as it is.
pub(super) fn paragraph(field: &str, text: String) -> Result<String> {
    if text.chars().count() > MAX_TEXT {
        return Err(Error::invalid(field, format!("must have at most {MAX_TEXT} characters")));
    }
    Ok(text)
}

/// Short texts, none of them empty.
fn entries(field: &str, texts: &[String]) -> Result<Vec<String>> {
    each(field, texts, |field, text| label(field, text, MAX_ENTRY))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn draft() -> ProjectDraft {
        ProjectDraft {
            name: "Shop".to_owned(),
            timezone: "Europe/Warsaw".to_owned(),
            currency: "PLN".to_owned(),
            ..ProjectDraft::default()
        }
    }

    #[test]
    fn defaults_are_filled_in() {
        let settings = draft().parse(&["ana@example.com".to_owned()]).unwrap();
        assert_eq!((settings.cluster_id.as_str(), settings.api_version.as_str()), ("eu1", API_VERSION));
        assert_eq!(settings.api_usage_notifications.messages.emails, ["ana@example.com"]);
        assert!(!settings.api_usage_notifications.redemptions.unwrap().enabled);
        for zone in ["Etc/GMT+1", "UTC", "GMT", "America/New_York"] {
            assert!(ProjectDraft { timezone: zone.to_owned(), ..draft() }.parse(&[]).is_ok(), "{zone}");
        }
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let mut usage = UsageNotices::to(&[]);
        usage.messages.value = 5;
        usage.cycle_calls.value = 91;
        let bad = ProjectDraft {
            name: " ".to_owned(),
            timezone: "Mars/Base".to_owned(),
            currency: "XXQ".to_owned(),
            dial_code: Some("call me".to_owned()),
            api_version: Some("v1".to_owned()),
            webhook_version: Some("v1".to_owned()),
            client_trusted_domains: Some(vec![String::new()]),
            api_usage_notifications: Some(usage),
            ..draft()
        };
        let error = bad.parse(&[]).unwrap_err();
        let fields: Vec<_> = error.details().keys().map(String::as_str).collect();
        assert_eq!(
            fields,
            [
                "api_usage_notifications.cycle_calls.value",
                "api_usage_notifications.messages.value",
                "api_version",
                "client_trusted_domains[0]",
                "currency",
                "dial_code",
                "name",
                "timezone",
                "webhook_version"
            ]
        );
    }

    #[test]
    fn another_cluster_is_forbidden() {
        let there = |cluster: &str| ProjectDraft { cluster_id: Some(cluster.to_owned()), ..draft() }.parse(&[]);
        assert!(CLUSTERS.iter().all(|c| there(c).is_ok()));
        assert_eq!(there("mars1").unwrap_err().code(), Code::Forbidden);
    }

    proptest! {
        #[test]
        fn what_is_not_sent_stays(name in proptest::option::of("[a-z]{1,9}"), redeem: Option<bool>, clear: bool) {
            let before = ProjectDraft { description: Some("d".to_owned()), ..draft() }.parse(&[]).unwrap();
            let description = if clear { Change::Clear } else { Change::Keep };
            let change = ProjectChange { name: name.clone(), client_redeem_enabled: redeem, description, ..ProjectChange::default() };
            let after = change.apply(&before).unwrap();
            let mut expected = before.clone();
            expected.name = name.unwrap_or(before.name);
            expected.client.client_redeem_enabled = redeem.unwrap_or(false);
            if clear { expected.description = None; }
            prop_assert_eq!(&after, &expected);
            let text = serde_json::to_string(&after).unwrap();
            prop_assert_eq!(serde_json::from_str::<ProjectSettings>(&text).unwrap(), after);
        }
    }
}
