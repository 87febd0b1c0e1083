//! Reading what clients send about keys: parsed into [`KeySettings`] or refused with every fault at once.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::{
    error::{Error, Faults, REQUIRED, Result},
    key::KeySettings,
    key_text::{Environment, KeyKind},
    limit::RateLimit,
    network::{Networks, Warehouses},
    quota::Quota,
    scope::{Catalogues, ScopeSet},
    text::{label, merge_patch, metadata},
    time::Timestamp,
};

/// The name of a key that was given none.
pub const UNTITLED: &str = "Untitled key";
const MAX_NAME: usize = 120;
const MAX_REASON: usize = 200;

/// What a client sends to make a key, typed but not yet judged.
#[derive(Clone, Debug, Default)]
pub struct KeyDraft {
    /// A name for people.
    pub name: Option<String>,
    /// `secret` or `management`.
    pub kind: Option<String>,
    /// `prod` or `test`.
    pub environment: Option<String>,
    /// Scopes or permissions; two names for one field.
    pub scopes: Option<Vec<String>>,
    /// The other name of the same field.
    pub permissions: Option<Vec<String>>,
    /// Requests and seconds.
    pub rate_limit: Option<(u64, u64)>,
    /// Units and period.
    pub quota: Option<(u64, String)>,
    /// Addresses and CIDR blocks.
    pub ip_allowlist: Option<Vec<String>>,
    /// Warehouse ids.
    pub warehouse_ids: Option<Vec<String>>,
    /// Free data.
    pub metadata: Option<Map<String, Value>>,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
}

/// A key that was read from a [`KeyDraft`].
#[derive(Clone, Debug)]
pub struct ParsedKey {
    /// What it opens.
    pub kind: KeyKind,
    /// Which data it works on.
    pub environment: Environment,
    /// What its owner chose.
    pub settings: KeySettings,
}

impl KeyDraft {
    /// Judges the draft.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each wrong field.
    pub fn parse(self, catalogues: &Catalogues, now: Timestamp) -> Result<ParsedKey> {
        let mut faults = Faults::default();
        let kind = faults.take(choice("kind", self.kind.as_deref(), KeyKind::parse, "must be `secret` or `management`"));
        let environment =
            faults.take(choice("environment", self.environment.as_deref(), Environment::parse, "must be `prod` or `test`"));
        let kind = kind.flatten().unwrap_or(KeyKind::Secret);
        let settings = KeySettings {
            name: faults
                .take(self.name.as_deref().map_or(Ok(UNTITLED.to_owned()), |n| label("name", n, MAX_NAME)))
                .unwrap_or_default(),
            scopes: faults
                .take(scopes(self.scopes.as_deref(), self.permissions.as_deref(), kind, catalogues))
                .unwrap_or_default(),
            rate_limit: faults.take(self.rate_limit.map(rate_limit).transpose()).flatten(),
            quota: faults.take(self.quota.map(quota).transpose()).flatten(),
            ip_allowlist: faults
                .take(Networks::parse("ip_allowlist", &self.ip_allowlist.unwrap_or_default()))
                .unwrap_or_default(),
            warehouse_ids: faults
                .take(Warehouses::parse("warehouse_ids", &self.warehouse_ids.unwrap_or_default()))
                .unwrap_or_default(),
            metadata: faults.take(metadata("metadata", self.metadata.unwrap_or_default())).unwrap_or_default(),
            expires_at: self.expires_at,
        };
        if settings.expires_at.is_some_and(|at| at <= now) {
            faults.note(Error::invalid("expires_at", "must lie in the future"));
        }
        faults.finish()?;
        Ok(ParsedKey { kind, environment: environment.flatten().unwrap_or(Environment::Prod), settings })
    }
}

/// One field of a merge patch (RFC 7396).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The patch does not name it.
    #[default]
    Keep,
    /// The patch says `null`.
    Clear,
    /// The patch gives a value.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    /// For fields with `#[serde(default)]`: absent is [`Keep`](Self::Keep), `null` is [`Clear`](Self::Clear).
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T> Change<T> {
    /// The value after the patch, given the one before it.
    pub fn or_keep(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Keep => current,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// Maps a given value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Change<U> {
        match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(value) => Change::Set(f(value)),
        }
    }

    /// Maps a given value, or refuses it.
    ///
    /// # Errors
    /// What `f` returns.
    pub fn try_map<U>(self, f: impl FnOnce(T) -> Result<U>) -> Result<Change<U>> {
        Ok(match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(value) => Change::Set(f(value)?),
        })
    }
}

/// A merge patch of a key, typed but not yet judged.
#[derive(Clone, Debug, Default)]
pub struct KeyPatch {
    /// A name for people; cannot be cleared.
    pub name: Change<String>,
    /// Scopes or permissions; cannot be cleared.
    pub scopes: Change<Vec<String>>,
    /// The other name of the same field.
    pub permissions: Change<Vec<String>>,
    /// Requests and seconds, merged member by member.
    pub rate_limit: Change<(Change<u64>, Change<u64>)>,
    /// Units and period, merged member by member.
    pub quota: Change<(Change<u64>, Change<String>)>,
    /// Addresses and CIDR blocks; `null` lifts the restriction.
    pub ip_allowlist: Change<Vec<String>>,
    /// Warehouse ids; `null` lifts the restriction.
    pub warehouse_ids: Change<Vec<String>>,
    /// Free data, merged member by member.
    pub metadata: Change<Map<String, Value>>,
    /// When it stops working by itself; `null` means never.
    pub expires_at: Change<Timestamp>,
}

impl KeyPatch {
    /// Applies the patch to the settings of a key of this kind.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each wrong field; nothing is applied then.
    pub fn apply(self, current: &KeySettings, kind: KeyKind, catalogues: &Catalogues) -> Result<KeySettings> {
        let mut faults = Faults::default();
        for (field, cleared) in [
            ("name", self.name == Change::Clear),
            ("scopes", self.scopes == Change::Clear),
            ("permissions", self.permissions == Change::Clear),
        ] {
            if cleared {
                faults.note(Error::invalid(field, "must not be null"));
            }
        }
        let name = self.name.try_map(|n| label("name", &n, MAX_NAME));
        let (sent, alias) = (self.scopes.or_keep(None), self.permissions.or_keep(None));
        let scopes = if sent.is_none() && alias.is_none() {
            Ok(current.scopes.clone())
        } else {
            scopes(sent.as_deref(), alias.as_deref(), kind, catalogues)
        };
        let networks = self.ip_allowlist.try_map(|t| Networks::parse("ip_allowlist", &t));
        let warehouses = self.warehouse_ids.try_map(|t| warehouses(&t, kind));
        let merged = match self.metadata {
            Change::Keep => Ok(current.metadata.clone()),
            Change::Clear => Ok(Map::new()),
            Change::Set(patch) => {
                let mut object = current.metadata.clone();
                merge_patch(&mut object, patch);
                metadata("metadata", object)
            }
        };
        let settings = KeySettings {
            name: faults.take(name).and_then(|c| c.or_keep(Some(current.name.clone()))).unwrap_or_default(),
            scopes: faults.take(scopes).unwrap_or_default(),
            rate_limit: faults
                .take(self.rate_limit.try_map(|p| patched_rate_limit(p, current.rate_limit)))
                .and_then(|c| c.or_keep(current.rate_limit)),
            quota: faults.take(self.quota.try_map(|p| patched_quota(p, current.quota))).and_then(|c| c.or_keep(current.quota)),
            ip_allowlist: faults.take(networks).and_then(|c| c.or_keep(Some(current.ip_allowlist.clone()))).unwrap_or_default(),
            warehouse_ids: faults
                .take(warehouses)
                .and_then(|c| c.or_keep(Some(current.warehouse_ids.clone())))
                .unwrap_or_default(),
            metadata: faults.take(merged).unwrap_or_default(),
            expires_at: self.expires_at.or_keep(current.expires_at),
        };
        faults.finish()?;
        Ok(settings)
    }
}

/// Reads the reason for a revocation.
///
/// # Errors
/// `invalid_request` when it is longer than 200 characters or holds characters that disguise text.
pub fn parse_reason(reason: Option<&str>) -> Result<Option<String>> {
    reason.map(|r| label("reason", r, MAX_REASON)).transpose()
}

fn choice<T>(field: &str, text: Option<&str>, parse: impl Fn(&str) -> Option<T>, advice: &str) -> Result<Option<T>> {
    match text {
        None => Ok(None),
        Some(text) => parse(text).map(Some).ok_or_else(|| Error::invalid(field, advice)),
    }
}

fn scopes(sent: Option<&[String]>, alias: Option<&[String]>, kind: KeyKind, catalogues: &Catalogues) -> Result<ScopeSet> {
    let catalogue = catalogues.of(kind);
    let preferred = match kind {
        KeyKind::Secret => "scopes",
        KeyKind::Management => "permissions",
    };
    let set = match (sent, alias) {
        (None, None) => return Err(Error::invalid(preferred, REQUIRED)),
        (Some(texts), None) => catalogue.parse_set("scopes", texts)?,
        (None, Some(texts)) => catalogue.parse_set("permissions", texts)?,
        (Some(texts), Some(other)) => {
            let set = catalogue.parse_set("scopes", texts)?;
            let other = catalogue.parse_set("permissions", other)?;
            if !(other.covers(&set) && set.covers(&other)) {
                return Err(Error::invalid("permissions", "is another name for `scopes`: send one of them"));
            }
            set
        }
    };
    if set.is_empty() {
        return Err(Error::invalid(if sent.is_some() { "scopes" } else { "permissions" }, "must name at least one"));
    }
    Ok(set)
}

fn warehouses(texts: &[String], kind: KeyKind) -> Result<Warehouses> {
    if kind == KeyKind::Management && !texts.is_empty() {
        return Err(Error::invalid("warehouse_ids", "is for API keys: requests of management keys are for no warehouse"));
    }
    Warehouses::parse("warehouse_ids", texts)
}

/// Members of an object that is patched: given ones replace, others stay; without an object before, all are required.
fn merged<T>(object: &str, name: &str, change: Change<T>, current: Option<T>) -> Result<T> {
    let field = format!("{object}.{name}");
    match change {
        Change::Clear => Err(Error::invalid(field, "must not be null")),
        change => change.or_keep(current).ok_or_else(|| Error::invalid(field, REQUIRED)),
    }
}

fn patched_rate_limit(patch: (Change<u64>, Change<u64>), current: Option<RateLimit>) -> Result<RateLimit> {
    let mut faults = Faults::default();
    let requests = faults.take(merged("rate_limit", "requests", patch.0, current.map(|c| c.requests.into())));
    let per_seconds = faults.take(merged("rate_limit", "per_seconds", patch.1, current.map(|c| c.per_seconds.into())));
    faults.finish()?;
    rate_limit((requests.unwrap_or_default(), per_seconds.unwrap_or_default()))
}

fn patched_quota(patch: (Change<u64>, Change<String>), current: Option<Quota>) -> Result<Quota> {
    let mut faults = Faults::default();
    let limit = faults.take(merged("quota", "limit", patch.0, current.map(|c| c.limit)));
    let period = faults.take(merged("quota", "period", patch.1, current.map(|c| c.period.as_str().to_owned())));
    faults.finish()?;
    quota((limit.unwrap_or_default(), period.unwrap_or_default()))
}

fn rate_limit((requests, per_seconds): (u64, u64)) -> Result<RateLimit> {
    RateLimit::new(requests, per_seconds).map_err(|e| e.below("rate_limit"))
}

fn quota((limit, period): (u64, String)) -> Result<Quota> {
    Quota::new(limit, &period).map_err(|e| e.below("quota"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn draft(scopes: &[&str]) -> KeyDraft {
        KeyDraft { scopes: Some(scopes.iter().map(|&s| s.to_owned()).collect()), ..KeyDraft::default() }
    }

    #[test]
    fn defaults_are_filled_in() {
        let parsed = draft(&["read:orders"]).parse(&Catalogues::default(), NOW).unwrap();
        assert_eq!((parsed.kind, parsed.environment), (KeyKind::Secret, Environment::Prod));
        assert_eq!(parsed.settings.name, UNTITLED);
        assert_eq!(parsed.settings.scopes.to_text(), "orders:read");
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let bad = KeyDraft {
            name: Some(" ".to_owned()),
            kind: Some("root".to_owned()),
            environment: Some("live".to_owned()),
            scopes: Some(vec!["nope".to_owned()]),
            rate_limit: Some((0, 0)),
            quota: Some((0, "year".to_owned())),
            ip_allowlist: Some(vec!["x".to_owned()]),
            warehouse_ids: Some(vec![String::new()]),
            expires_at: Some(NOW),
            ..KeyDraft::default()
        };
        let error = bad.parse(&Catalogues::default(), NOW).unwrap_err();
        let fields: Vec<_> = error.details().keys().map(String::as_str).collect();
        assert_eq!(
            fields,
            [
                "environment",
                "expires_at",
                "ip_allowlist[0]",
                "kind",
                "name",
                "quota.limit",
                "quota.period",
                "rate_limit.per_seconds",
                "rate_limit.requests",
                "scopes[0]",
                "warehouse_ids[0]"
            ]
        );
    }

    #[test]
    fn permissions_is_another_name_for_scopes() {
        let with = |scopes: Option<&str>, permissions: Option<&str>, kind: &str| {
            KeyDraft {
                scopes: scopes.map(|s| vec![s.to_owned()]),
                permissions: permissions.map(|s| vec![s.to_owned()]),
                kind: Some(kind.to_owned()),
                ..KeyDraft::default()
            }
            .parse(&Catalogues::default(), NOW)
        };
        assert!(with(Some("api-keys:read"), None, "management").is_ok());
        assert!(with(None, Some("api-keys:read"), "management").is_ok());
        assert!(with(Some("read:api-keys"), Some("api-keys:read"), "management").is_ok());
        assert!(with(Some("api-keys:write"), Some("api-keys:read"), "management").is_err());
        assert!(with(Some("orders:read"), None, "management").is_err());
        assert!(with(None, None, "management").unwrap_err().details().contains_key("permissions"));
        assert!(draft(&[]).parse(&Catalogues::default(), NOW).unwrap_err().details().contains_key("scopes"));
    }

    #[test]
    fn a_patch_changes_what_it_names() {
        let catalogues = Catalogues::default();
        let mut base = draft(&["orders:read"]);
        base.metadata = json!({"a": 1, "b": {"c": 2}}).as_object().cloned();
        base.quota = Some((10, "day".to_owned()));
        let current = base.parse(&catalogues, NOW).unwrap().settings;
        let patch = KeyPatch {
            metadata: Change::Set(json!({"a": null, "b": {"d": 3}}).as_object().cloned().unwrap()),
            quota: Change::Clear,
            ..KeyPatch::default()
        };
        let next = patch.apply(&current, KeyKind::Secret, &catalogues).unwrap();
        assert_eq!(Value::Object(next.metadata.clone()), json!({"b": {"c": 2, "d": 3}}));
        assert_eq!(next.quota, None);
        assert_eq!(next.scopes, current.scopes);
        assert_eq!(KeyPatch::default().apply(&current, KeyKind::Secret, &catalogues).unwrap(), current);
        let more = KeyPatch { quota: Change::Set((Change::Set(20), Change::Keep)), ..KeyPatch::default() };
        let next = more.clone().apply(&current, KeyKind::Secret, &catalogues).unwrap();
        assert_eq!(next.quota, Some(Quota::new(20, "day").unwrap()));
        let none = KeySettings { quota: None, ..current.clone() };
        let error = more.apply(&none, KeyKind::Secret, &catalogues).unwrap_err();
        assert_eq!(error.details().keys().collect::<Vec<_>>(), ["quota.period"]);
        let bad = KeyPatch { name: Change::Clear, scopes: Change::Clear, ..KeyPatch::default() };
        assert_eq!(bad.apply(&current, KeyKind::Secret, &catalogues).unwrap_err().details().len(), 2);
    }
}
