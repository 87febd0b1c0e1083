//! Reading single settings, with every fault noted instead of the first one returned.

use std::{collections::HashSet, net::IpAddr};

use ipnet::IpNet;
use toml::Value;
use url::Url;

use super::{CatalogueScope, ConfigFaults, SecretUrl};

pub(super) type Table = toml::Table;

/// The name of a setting as it is written in the environment.
fn env_name(section: &str, key: &str) -> String {
    format!("MGMT_{}__{}", section.to_uppercase(), key.to_uppercase())
}

/// The settings of a file. The parser's message is told without the line it is about: that may hold a password.
pub(super) fn file_layer(name: &str, text: &str, defaults: &Table, faults: &mut Vec<String>) -> Table {
    let table: Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            faults.push(format!("`{name}` is not valid TOML at line {line}"));
            return Table::new();
        }
    };
    for (section, value) in &table {
        let (Some(known), Some(settings)) = (defaults.get(section).and_then(Value::as_table), value.as_table()) else {
            let hint = nearest(section, defaults.keys());
            faults.push(format!("`[{section}]` in `{name}`: there is no such section{hint}"));
            continue;
        };
        for key in settings.keys().filter(|key| !known.contains_key(*key)) {
            let hint = nearest(key, known.keys());
            faults.push(format!("`{section}.{key}` in `{name}`: there is no such setting{hint}"));
        }
    }
    table
}

/// The settings of the environment, all of them text. A variable without `__` is none of ours.
pub(super) fn env_layer(env: impl Iterator<Item = (String, String)>, defaults: &Table, faults: &mut Vec<String>) -> Table {
    let mut layer = Table::new();
    for (path, value) in env {
        let Some((section, key)) = path.split_once('.') else { continue };
        let Some(known) = defaults.get(section).and_then(Value::as_table) else {
            let hint = nearest(section, defaults.keys());
            faults.push(format!("`{}`: there is no section `{section}`{hint}", env_name(section, key)));
            continue;
        };
        if section == "catalogue" {
            faults.push(format!("`{}`: the catalogue can be set in a file only", env_name(section, key)));
        } else if known.contains_key(key) {
            let settings = layer.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Some(table) = settings.as_table_mut() {
                table.insert(key.to_owned(), Value::String(value));
            }
        } else {
            let names: Vec<String> = known.keys().map(|known| env_name(section, known)).collect();
            let name = env_name(section, key).replace('.', "__");
            faults.push(format!("`{name}`: there is no such setting{}", nearest(&name, names.iter())));
        }
    }
    layer
}

/// `; did you mean ...`, where something is spelled nearly like it.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> String {
    let best = known.map(|candidate| (distance(name, candidate), candidate)).min();
    match best {
        Some((steps, candidate)) if steps <= 3 => format!("; did you mean `{candidate}`?"),
        _ => String::new(),
    }
}

/// Letters to insert, drop or replace to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((b, diagonal), above) in to.iter().zip(&row).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or_default();
            next.push((diagonal + usize::from(a != *b)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// An address that a client on this machine can reach, for a socket that listens on all of them.
pub(crate) fn reachable(listen: &str) -> String {
    listen.replacen("0.0.0.0:", "127.0.0.1:", 1).replacen("[::]:", "[::1]:", 1)
}

/// The merged settings and the faults found so far.
pub(super) struct Reader {
    merged: Table,
    faults: Vec<String>,
}

impl Reader {
    pub(super) fn new(merged: Table, faults: Vec<String>) -> Self {
        Self { merged, faults }
    }

    /// The result, if nothing was wrong.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<T, ConfigFaults> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => {
                self.faults.sort();
                self.faults.dedup();
                Err(ConfigFaults(self.faults))
            }
        }
    }

    /// Notes what would be right.
    pub(super) fn fault(&mut self, section: &str, key: &str, reason: &str) {
        self.faults.push(format!("`{}`: {reason}", env_name(section, key)));
    }

    fn value(&self, section: &str, key: &str) -> Option<Value> {
        self.merged.get(section)?.get(key).cloned()
    }

    fn refuse<T>(&mut self, section: &str, key: &str, reason: &str) -> Option<T> {
        self.fault(section, key, reason);
        None
    }

    /// A text, also where it looks like a number.
    pub(super) fn text(&mut self, section: &str, key: &str) -> Option<String> {
        match self.value(section, key) {
            Some(Value::String(text)) => Some(text.trim().to_owned()),
            Some(Value::Integer(number)) => Some(number.to_string()),
            _ => self.refuse(section, key, "must be a text"),
        }
    }

    /// A text that is not empty.
    pub(super) fn filled(&mut self, section: &str, key: &str, reason: &str) -> Option<String> {
        let text = self.text(section, key)?;
        if text.is_empty() { self.refuse(section, key, reason) } else { Some(text) }
    }

    /// A whole number of a range.
    pub(super) fn number<T: TryFrom<i64>>(&mut self, section: &str, key: &str, min: i64, max: i64) -> Option<T> {
        let number = match self.value(section, key) {
            Some(Value::Integer(number)) => Some(number),
            Some(Value::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        let value = number.filter(|n| (min..=max).contains(n)).and_then(|n| T::try_from(n).ok());
        value.or_else(|| self.refuse(section, key, &format!("must be a whole number from {min} to {max}")))
    }

    /// A truth value.
    pub(super) fn flag(&mut self, section: &str, key: &str) -> Option<bool> {
        let flag = match self.value(section, key) {
            Some(Value::Boolean(flag)) => Some(flag),
            Some(Value::String(text)) => text.trim().to_ascii_lowercase().parse().ok(),
            _ => None,
        };
        flag.or_else(|| self.refuse(section, key, "must be `true` or `false`"))
    }

    /// A list, or the same as a text with commas.
    fn list(&mut self, section: &str, key: &str) -> Option<Vec<String>> {
        let item = |value: &Value| match value {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Integer(number) => Some(number.to_string()),
            _ => None,
        };
        let list = match self.value(section, key) {
            Some(Value::Array(items)) => items.iter().map(item).collect(),
            Some(Value::String(text)) if text.trim().is_empty() => Some(Vec::new()),
            Some(Value::String(text)) => Some(text.split(',').map(|part| part.trim().to_owned()).collect()),
            _ => None,
        };
        list.or_else(|| self.refuse(section, key, "must be a list, or a text with commas"))
    }

    /// A list whose items are all read, or each bad one noted.
    fn items<T>(&mut self, section: &str, key: &str, what: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
        let texts = self.list(section, key)?;
        let mut items = Vec::with_capacity(texts.len());
        for text in &texts {
            match read(text) {
                Some(item) => items.push(item),
                None => self.fault(section, key, &format!("`{}` is not {what}", text.escape_debug())),
            }
        }
        (items.len() == texts.len()).then_some(items)
    }

    /// Networks; an address stands for itself.
    pub(super) fn networks(&mut self, section: &str, key: &str) -> Option<Vec<IpNet>> {
        self.items(section, key, "a network such as `10.0.0.0/8`", |text| {
            let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()?;
            Some(network.trunc())
        })
    }

    /// Web origins, exactly as browsers send them.
    pub(super) fn origins(&mut self) -> Option<Vec<String>> {
        self.items("server", "allowed_origins", "an origin such as `https://app.example.com`", |text| {
            let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
            let origin = url.origin().ascii_serialization();
            (origin == text.trim_end_matches('/').to_ascii_lowercase()).then_some(origin)
        })
    }

    /// Seconds before each attempt.
    pub(super) fn schedule(&mut self, section: &str, key: &str) -> Option<Vec<u32>> {
        let read = |text: &str| text.parse().ok().filter(|seconds| *seconds <= 7 * 86_400);
        let schedule = self.items(section, key, "a number of seconds up to 604800", read)?;
        if (1..=50).contains(&schedule.len()) { Some(schedule) } else { self.refuse(section, key, "must have 1 to 50 entries") }
    }

    /// `HOST:PORT`.
    pub(super) fn endpoint(&mut self, section: &str, key: &str) -> Option<String> {
        let text = self.text(section, key)?;
        let valid = text.rsplit_once(':').is_some_and(|(host, port)| {
            let host_is_whole = !host.is_empty() && (!host.contains(':') || (host.starts_with('[') && host.ends_with(']')));
            host_is_whole && port.parse::<u16>().is_ok() && !host.contains(['/', '@', ' '])
        });
        if valid { Some(text) } else { self.refuse(section, key, "must be an address and port such as `127.0.0.1:8080`") }
    }

    /// `HOST:PORT`, or nothing.
    pub(super) fn optional_endpoint(&mut self, section: &str, key: &str) -> Option<String> {
        if self.is_empty(section, key) { None } else { self.endpoint(section, key) }
    }

    fn is_empty(&self, section: &str, key: &str) -> bool {
        self.value(section, key).and_then(|v| v.as_str().map(|text| text.trim().is_empty())).unwrap_or(false)
    }

    /// A URL of one of these schemes. It is never repeated in a fault.
    pub(super) fn url(&mut self, section: &str, key: &str, schemes: &[&str]) -> Option<SecretUrl> {
        let text = self.text(section, key)?;
        let (scheme, rest) = text.split_once("://").unwrap_or(("", ""));
        let family = scheme.split(['+', '-']).next().unwrap_or_default();
        if schemes.contains(&family) && !rest.is_empty() {
            return Some(SecretUrl(text));
        }
        let names: Vec<String> = schemes.iter().map(|scheme| format!("`{scheme}://`")).collect();
        self.refuse(section, key, &format!("must be a URL that starts with {}", names.join(" or ")))
    }

    /// A URL of one of these schemes, or nothing.
    pub(super) fn optional_url(&mut self, section: &str, key: &str, schemes: &[&str]) -> Option<SecretUrl> {
        if self.is_empty(section, key) { None } else { self.url(section, key, schemes) }
    }

    /// Where Redis is and whose certificates it has, if that is set. The URL is never repeated in a fault.
    pub(super) fn redis(&mut self) -> Option<mgmt_redis::Address> {
        let authorities = self.text("redis", "ca_file").filter(|path| !path.is_empty());
        let text = self.text("redis", "url").filter(|text| !text.is_empty())?;
        let address = match text.parse::<mgmt_redis::Address>() {
            Ok(address) => address,
            Err(fault) => return self.refuse("redis", "url", &fault.to_string()),
        };
        let Some(path) = authorities else { return Some(address) };
        let Ok(pem) = std::fs::read(&path) else {
            return self.refuse("redis", "ca_file", &format!("`{path}` can't be read"));
        };
        match address.trusting(&pem) {
            Ok(address) => Some(address),
            Err(fault) => self.refuse("redis", "ca_file", &fault.to_string()),
        }
    }

    /// The base of generated links, if one is set.
    pub(super) fn public_url(&mut self) -> Option<String> {
        let text = self.text("server", "public_url")?;
        if text.is_empty() {
            return None;
        }
        let valid = Url::parse(&text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if valid {
            Some(text.trim_end_matches('/').to_owned())
        } else {
            self.refuse("server", "public_url", "must be a base URL such as `https://mgmt.example.com`")
        }
    }

    /// The scope catalogue.
    pub(super) fn catalogue(&mut self) -> Option<Vec<CatalogueScope>> {
        let entries = self.value("catalogue", "scope").and_then(|v| v.as_array().cloned());
        let Some(entries) = entries else {
            self.faults.push("`catalogue.scope`: must be a list of tables, `[[catalogue.scope]]`".to_owned());
            return None;
        };
        let mut seen = HashSet::new();
        let mut scopes = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            match catalogue_scope(entry) {
                Ok(scope) if !seen.insert(scope.resource.clone()) => {
                    self.faults.push(format!("`catalogue.scope[{index}]`: `{}` is there twice", scope.resource));
                }
                Ok(scope) => scopes.push(scope),
                Err(reason) => self.faults.push(format!("`catalogue.scope[{index}]`: {reason}")),
            }
        }
        (scopes.len() == entries.len()).then_some(scopes)
    }
}

fn catalogue_scope(entry: &Value) -> Result<CatalogueScope, &'static str> {
    let table = entry.as_table().ok_or("must be a table")?;
    if table.keys().any(|key| !matches!(key.as_str(), "resource" | "actions" | "description")) {
        return Err("has `resource`, `actions` and `description` only");
    }
    let word = |value: &Value| value.as_str().filter(|text| is_word(text)).map(str::to_owned);
    let resource = table.get("resource").and_then(word);
    let resource = resource.ok_or("`resource` must be lower-case letters, digits and hyphens")?;
    let actions: Option<Vec<String>> =
        table.get("actions").and_then(Value::as_array).and_then(|actions| actions.iter().map(word).collect());
    let actions = actions.filter(|a| !a.is_empty()).ok_or("`actions` must be a list of words such as `read`")?;
    let description = table.get("description").map_or(Some(""), Value::as_str).ok_or("`description` must be a text")?;
    Ok(CatalogueScope { resource, actions, description: description.to_owned() })
}

fn is_word(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 64
        && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
