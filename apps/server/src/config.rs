//! The server's settings: `mgmt.toml`, then the environment, over the documented defaults.
//!
//! The sample file is the base layer, so a setting that is not documented there does not exist. Everything is checked
//! before anything is opened, and all faults are told at once.

mod read;

use std::{fmt, path::Path};

use figment::{
    Figment,
    providers::{Env, Serialized},
};
use ipnet::IpNet;
use read::{Reader, Table};

/// Every setting with its default and its meaning.
pub(crate) const DEFAULTS: &str = include_str!("../config.default.toml");

/// The file that is read where none is named.
const DEFAULT_FILE: &str = "mgmt.toml";

/// All settings, checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) database: Database,
    pub(crate) redis: Redis,
    pub(crate) security: Security,
    pub(crate) keys: Keys,
    pub(crate) limits: Limits,
    pub(crate) webhooks: Webhooks,
    pub(crate) cluster: Cluster,
    pub(crate) audit: Audit,
    pub(crate) usage: Usage,
    pub(crate) smtp: Smtp,
    pub(crate) users: Users,
    pub(crate) log: Log,
    pub(crate) catalogue: Vec<CatalogueScope>,
}

#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// `HOST:PORT`.
    pub(crate) listen: String,
    /// `HOST:PORT`, or none.
    pub(crate) metrics_listen: Option<String>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Base of generated links, without a slash at its end. Until the port is known it holds the configured one.
    pub(crate) public_url: String,
    /// Whether `public_url` follows from `listen`.
    pub(crate) public_url_from_listen: bool,
    /// How long a server that was asked to stop takes new requests.
    pub(crate) drain_seconds: u64,
    pub(crate) shutdown_seconds: u64,
    pub(crate) max_body_bytes: usize,
    pub(crate) allowed_origins: Vec<String>,
    /// 0 = one for every processor.
    pub(crate) workers: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) url: SecretUrl,
    pub(crate) pool_size: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Redis {
    /// Where rate limits are counted together.
    pub(crate) url: Option<mgmt_redis::Address>,
}

#[derive(Clone, Debug)]
pub(crate) struct Security {
    pub(crate) master_key_file: String,
    pub(crate) reveal_window_seconds: i64,
    pub(crate) session_idle_seconds: i64,
    pub(crate) session_absolute_seconds: i64,
    pub(crate) access_token_seconds: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) prefix: String,
    pub(crate) max_active: u32,
}

/// Requests a minute; 0 = unlimited.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) self_hosted_per_minute: u32,
    pub(crate) scale_per_minute: u32,
    pub(crate) enterprise_per_minute: u32,
    pub(crate) session_per_minute: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Webhooks {
    pub(crate) allowed_networks: Vec<IpNet>,
    pub(crate) allow_http: bool,
    /// Seconds before each attempt, one entry an attempt.
    pub(crate) retry_schedule_seconds: Vec<u32>,
    pub(crate) project_retry_schedule_seconds: Vec<u32>,
    /// How long an attempt may take.
    pub(crate) timeout_seconds: u32,
    /// Endpoints an organization may have.
    pub(crate) max_endpoints: i64,
    /// How long events and deliveries are kept.
    pub(crate) keep_days: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) lease_ttl_ms: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Audit {
    pub(crate) management_api: bool,
}

/// How long counts are kept.
#[derive(Clone, Debug)]
pub(crate) struct Usage {
    /// By the minute.
    pub(crate) minute_days: i64,
    /// At all.
    pub(crate) keep_days: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Smtp {
    pub(crate) url: Option<SecretUrl>,
    /// What letters come from.
    pub(crate) from: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Users {
    pub(crate) leaver_keys: LeaverKeys,
}

/// What becomes of the keys that somebody made, when they leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LeaverKeys {
    Keep,
    Suspend,
    Revoke,
}

#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    pub(crate) filter: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Json,
    Text,
}

/// One resource of the scope catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CatalogueScope {
    pub(crate) resource: String,
    pub(crate) actions: Vec<String>,
    pub(crate) description: String,
}

/// A URL that may hold a password: printed as its scheme only.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretUrl(String);

impl SecretUrl {
    /// The URL with its password.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The part before `://`.
    pub(crate) fn scheme(&self) -> &str {
        self.0.split_once("://").map_or("", |(scheme, _)| scheme)
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://[redacted]", self.scheme())
    }
}

/// Everything that is wrong with the settings, one fault an entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigFaults(pub(crate) Vec<String>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "the configuration has {count} {}", if count == 1 { "fault" } else { "faults" })?;
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFaults {}

impl Config {
    /// Reads the settings from `path` (or from `mgmt.toml`, if that exists) and the environment.
    ///
    /// # Errors
    /// Every fault of every setting.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, ConfigFaults> {
        let name = path.unwrap_or_else(|| Path::new(DEFAULT_FILE));
        let file = match std::fs::read_to_string(name) {
            Ok(text) => Some((name.display().to_string(), text)),
            Err(error) if path.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(ConfigFaults(vec![format!("`{}` can't be read: {error}", name.display())])),
        };
        let env = Env::prefixed("MGMT_").split("__");
        Self::assemble(file, env.iter().map(|(key, value)| (key.as_str().to_owned(), value)))
    }

    /// Merges the layers and checks the result. Keys of `env` are in lower case and dotted, as in `server.listen`.
    fn assemble(file: Option<(String, String)>, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigFaults> {
        let mut faults = Vec::new();
        let defaults: Table = DEFAULTS.parse().map_err(|_| ConfigFaults(vec!["the defaults can't be read".to_owned()]))?;
        let file = file.map(|(name, text)| read::file_layer(&name, &text, &defaults, &mut faults)).unwrap_or_default();
        let env = read::env_layer(env, &defaults, &mut faults);
        let figment =
            Figment::from(Serialized::defaults(defaults)).merge(Serialized::defaults(file)).merge(Serialized::defaults(env));
        let merged = figment.extract().map_err(|error| ConfigFaults(vec![error.to_string()]))?;
        let mut reader = Reader::new(merged, faults);
        let config = Self::read(&mut reader);
        reader.finish(config)
    }

    fn read(r: &mut Reader) -> Option<Self> {
        // Each section is read whatever became of the others, so that every fault is found.
        let (server, database, security) = (read_server(r), read_database(r), read_security(r));
        let (keys, limits, webhooks) = (read_keys(r), read_limits(r), read_webhooks(r));
        let redis = Redis { url: r.redis() };
        let smtp_url = r.optional_url("smtp", "url", &["smtp", "smtps"]);
        let smtp_from = r.filled("smtp", "from", "must be the address that letters come from");
        let users = read_users(r);
        let lease_ttl_ms = r.number("cluster", "lease_ttl_ms", 500, 60_000);
        let management_api = r.flag("audit", "management_api");
        let usage = read_usage(r);
        let (log, catalogue) = (read_log(r), r.catalogue());
        Some(Self {
            server: server?,
            database: database?,
            redis,
            security: security?,
            keys: keys?,
            limits: limits?,
            webhooks: webhooks?,
            cluster: Cluster { lease_ttl_ms: lease_ttl_ms? },
            audit: Audit { management_api: management_api? },
            smtp: Smtp { url: smtp_url, from: smtp_from? },
            users: users?,
            usage: usage?,
            log: log?,
            catalogue: catalogue?,
        })
    }
}

fn read_server(r: &mut Reader) -> Option<Server> {
    let listen = r.endpoint("server", "listen");
    let metrics_listen = r.optional_endpoint("server", "metrics_listen");
    let trusted_proxies = r.networks("server", "trusted_proxies");
    let configured = r.public_url();
    let drain_seconds = r.number("server", "drain_seconds", 0, 60);
    let shutdown_seconds = r.number("server", "shutdown_seconds", 0, 30);
    let max_body_bytes = r.number("server", "max_body_bytes", 1024, 16 * 1024 * 1024);
    let allowed_origins = r.origins();
    let workers = r.number("server", "workers", 0, 512);
    let listen = listen?;
    Some(Server {
        public_url_from_listen: configured.is_none(),
        public_url: configured.unwrap_or_else(|| format!("http://{}", read::reachable(&listen))),
        listen,
        metrics_listen,
        trusted_proxies: trusted_proxies?,
        drain_seconds: drain_seconds?,
        shutdown_seconds: shutdown_seconds?,
        max_body_bytes: max_body_bytes?,
        allowed_origins: allowed_origins?,
        workers: workers?,
    })
}

fn read_database(r: &mut Reader) -> Option<Database> {
    let url = r.url("database", "url", &["sqlite", "postgres", "postgresql"]);
    let pool_size = r.number("database", "pool_size", 1, 200);
    Some(Database { url: url?, pool_size: pool_size? })
}

fn read_security(r: &mut Reader) -> Option<Security> {
    let master_key_file = r.filled("security", "master_key_file", "must be the path of a file");
    let reveal_window_seconds = r.number("security", "reveal_window_seconds", 0, 900);
    let idle: Option<i64> = r.number("security", "session_idle_seconds", 1, 30 * 86_400);
    let absolute: Option<i64> = r.number("security", "session_absolute_seconds", 1, 90 * 86_400);
    let access_token_seconds = r.number("security", "access_token_seconds", 1, 900);
    if let (Some(idle), Some(absolute)) = (idle, absolute)
        && idle > absolute
    {
        r.fault("security", "session_idle_seconds", "must not exceed MGMT_SECURITY__SESSION_ABSOLUTE_SECONDS");
    }
    Some(Security {
        master_key_file: master_key_file?,
        reveal_window_seconds: reveal_window_seconds?,
        session_idle_seconds: idle?,
        session_absolute_seconds: absolute?,
        access_token_seconds: access_token_seconds?,
    })
}

fn read_keys(r: &mut Reader) -> Option<Keys> {
    let prefix = r.text("keys", "prefix").filter(|prefix| {
        let mut bytes = prefix.bytes();
        let valid = prefix.len() <= 12
            && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !valid {
            r.fault("keys", "prefix", "must be 1 to 12 lower-case letters and digits, starting with a letter");
        }
        valid
    });
    let max_active = r.number("keys", "max_active", 1, 100_000);
    Some(Keys { prefix: prefix?, max_active: max_active? })
}

fn read_limits(r: &mut Reader) -> Option<Limits> {
    let mut limit = |key| r.number("limits", key, 0, 1_000_000);
    let self_hosted = limit("self_hosted_per_minute");
    let scale = limit("scale_per_minute");
    let enterprise = limit("enterprise_per_minute");
    let session = limit("session_per_minute");
    Some(Limits {
        self_hosted_per_minute: self_hosted?,
        scale_per_minute: scale?,
        enterprise_per_minute: enterprise?,
        session_per_minute: session?,
    })
}

fn read_webhooks(r: &mut Reader) -> Option<Webhooks> {
    let allowed_networks = r.networks("webhooks", "allowed_networks");
    let allow_http = r.flag("webhooks", "allow_http");
    let retry_schedule_seconds = r.schedule("webhooks", "retry_schedule_seconds");
    let project_retry_schedule_seconds = r.schedule("webhooks", "project_retry_schedule_seconds");
    let timeout_seconds = r.number("webhooks", "timeout_seconds", 1, 30);
    let max_endpoints = r.number("webhooks", "max_endpoints", 1, 10_000);
    let keep_days = r.number("webhooks", "keep_days", 1, 366);
    Some(Webhooks {
        allowed_networks: allowed_networks?,
        allow_http: allow_http?,
        retry_schedule_seconds: retry_schedule_seconds?,
        project_retry_schedule_seconds: project_retry_schedule_seconds?,
        timeout_seconds: timeout_seconds?,
        max_endpoints: max_endpoints?,
        keep_days: keep_days?,
    })
}

fn read_users(r: &mut Reader) -> Option<Users> {
    let leaver_keys = match r.text("users", "leaver_keys").as_deref() {
        Some("keep") => LeaverKeys::Keep,
        Some("suspend") => LeaverKeys::Suspend,
        Some("revoke") => LeaverKeys::Revoke,
        Some(_) => {
            r.fault("users", "leaver_keys", "must be `keep`, `suspend` or `revoke`");
            return None;
        }
        None => return None,
    };
    Some(Users { leaver_keys })
}

fn read_usage(r: &mut Reader) -> Option<Usage> {
    // The two ranges do not overlap the wrong way round: minutes are never kept for longer than hours.
    let minute_days = r.number("usage", "minute_days", 1, 31);
    let keep_days = r.number("usage", "keep_days", 31, 3660);
    Some(Usage { minute_days: minute_days?, keep_days: keep_days? })
}

fn read_log(r: &mut Reader) -> Option<Log> {
    let format = match r.text("log", "format").as_deref() {
        Some("json") => Some(LogFormat::Json),
        Some("text") => Some(LogFormat::Text),
        Some(_) => {
            r.fault("log", "format", "must be `json` or `text`");
            None
        }
        None => None,
    };
    let filter = r.text("log", "filter").filter(|text| {
        let valid = tracing_subscriber::EnvFilter::try_new(text).is_ok();
        if !valid {
            r.fault("log", "filter", "must be a filter such as `info` or `info,mgmt::access=warn`");
        }
        valid
    });
    Some(Log { format: format?, filter: filter? })
}

#[cfg(test)]
mod tests;
