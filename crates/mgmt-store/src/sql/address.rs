//! The address of a database: which backend, where, and how it is told to connect. Passwords never leave it.

use std::{fmt, path::PathBuf};

use crate::error::{Result, StoreError};

/// A parsed address.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// SQLite in memory: gone with the process.
    Memory,
    /// SQLite in a file.
    File(PathBuf),
    /// A PostgreSQL server.
    Server(Server),
}

/// How to reach PostgreSQL.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// The URL for libpq, with the parameters that the store needs.
    pub(crate) url: String,
    /// Every spelling of the password in it.
    passwords: Vec<String>,
    /// The same for each host alone, where there are several.
    pub(crate) each: Vec<String>,
}

/// What the store asks of libpq unless the address says otherwise. A dead peer is noticed after ten seconds, and a standby is
/// not mistaken for the primary.
const PARAMETERS: &[(&str, &str)] = &[
    ("application_name", "mgmt"),
    ("connect_timeout", "2"),
    ("keepalives_idle", "30"),
    ("target_session_attrs", "read-write"),
    ("tcp_user_timeout", "10000"),
];

impl Address {
    /// Reads `sqlite::memory:`, `sqlite://relative/path`, `sqlite:///absolute/path`, or a `postgres://` URL.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let wrong = |reason: &str| Err(StoreError::Address(reason.to_owned()));
        if text.contains('\0') {
            return wrong("it holds a NUL character");
        }
        if matches!(text, "sqlite::memory:" | "sqlite://:memory:") {
            return Ok(Self::Memory);
        }
        if let Some(path) = text.strip_prefix("sqlite://") {
            return match path {
                "" => wrong("`sqlite://` needs the path of a file"),
                _ if path.ends_with('/') => wrong("`sqlite://` needs the path of a file, not of a directory"),
                _ if path.contains('?') => wrong("`sqlite://` takes no parameters after `?`"),
                _ => Ok(Self::File(PathBuf::from(path))),
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Server(Server::new(text)));
        }
        wrong("it must start with `sqlite://`, `sqlite::memory:`, `postgres://` or `postgresql://`")
    }

    /// The file that SQLite writes commits to.
    pub(crate) fn journal(&self) -> Option<PathBuf> {
        let Self::File(path) = self else { return None };
        let mut name = path.clone().into_os_string();
        name.push("-wal");
        Some(name.into())
    }
}

impl Server {
    fn new(text: &str) -> Self {
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let named: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
        let mut parameters: Vec<String> = query.split('&').filter(|p| !p.is_empty()).map(str::to_owned).collect();
        for (name, value) in PARAMETERS {
            if !named.iter().any(|(n, _)| n == name) {
                parameters.push(format!("{name}={value}"));
            }
        }
        let authority = base.split_once("://").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
        let user_part = authority.rsplit_once('@').map(|(user, _)| user).unwrap_or_default();
        let mut passwords: Vec<String> = user_part.split_once(':').map(|(_, p)| spellings(p)).into_iter().flatten().collect();
        for part in query.split('&') {
            if let Some(("password" | "sslpassword", value)) = part.split_once('=') {
                passwords.extend(spellings(value));
            }
        }
        passwords.retain(|p| !p.is_empty());
        let query = parameters.join("&");
        let each = single_hosts(base).into_iter().map(|base| format!("{base}?{query}")).collect();
        Self { url: format!("{base}?{query}"), passwords, each }
    }

    /// `message` without the password.
    pub(crate) fn redact(&self, message: &str) -> String {
        let redacted = self.passwords.iter().fold(message.to_owned(), |text, p| text.replace(p.as_str(), "[redacted]"));
        redacted.trim().to_owned()
    }
}

/// `postgres://user@a:1,b:2/db` as one address a host; none where there is only one.
fn single_hosts(base: &str) -> Vec<String> {
    let Some((scheme, rest)) = base.split_once("://") else { return Vec::new() };
    let (authority, path) =
        rest.split_once('/').map_or((rest, String::new()), |(authority, path)| (authority, format!("/{path}")));
    let (user, hosts) =
        authority.rsplit_once('@').map_or((String::new(), authority), |(user, hosts)| (format!("{user}@"), hosts));
    let hosts: Vec<_> = hosts.split(',').collect();
    let one = |host: &&str| format!("{scheme}://{user}{host}{path}");
    if hosts.len() > 1 { hosts.iter().map(one).collect() } else { Vec::new() }
}

/// A password as it stands in the address, and decoded.
fn spellings(encoded: &str) -> Vec<String> {
    let plus_kept = encoded.replace('+', "%2B");
    let decoded = url::form_urlencoded::parse(plus_kept.as_bytes()).map(|(name, _)| name.into_owned()).next();
    std::iter::once(encoded.to_owned()).chain(decoded).collect()
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("sqlite::memory:"),
            Self::File(path) => write!(f, "sqlite://{}", path.display()),
            Self::Server(server) => server.fmt(f),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redact(&self.url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        match Address::parse(text).unwrap() {
            Address::Server(server) => server,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_scheme_picks_the_backend() {
        assert_eq!(Address::parse("sqlite::memory:").unwrap(), Address::Memory);
        assert_eq!(Address::parse("sqlite://data/mgmt.db").unwrap(), Address::File("data/mgmt.db".into()));
        assert_eq!(Address::parse("sqlite:///var/lib/mgmt.db").unwrap(), Address::File("/var/lib/mgmt.db".into()));
        assert!(server("postgresql://localhost/mgmt").url.starts_with("postgresql://localhost/mgmt?application_name=mgmt&"));
        for bad in [
            "",
            "mgmt.db",
            "sqlite://",
            "sqlite://dir/",
            "sqlite://a?mode=ro",
            "mysql://localhost",
            "postgres:/x",
            "sqlite://a\0b",
        ] {
            assert!(matches!(Address::parse(bad), Err(StoreError::Address(_))), "{bad:?}");
        }
    }

    #[test]
    fn parameters_of_the_address_win() {
        let url = server("postgres://h/db?connect_timeout=9&host=/tmp").url;
        assert!(url.contains("connect_timeout=9&host=/tmp") && !url.contains("connect_timeout=2"), "{url}");
        assert!(url.contains("target_session_attrs=read-write"), "{url}");
    }

    #[test]
    fn several_hosts_can_be_asked_one_by_one() {
        let several = server("postgres://u:p@a:1,b:2/db?connect_timeout=3");
        assert!(several.url.starts_with("postgres://u:p@a:1,b:2/db?connect_timeout=3&"), "{}", several.url);
        assert_eq!(several.each.len(), 2);
        assert!(several.each[1].starts_with("postgres://u:p@b:2/db?connect_timeout=3&"), "{:?}", several.each);
        assert!(server("postgres://u@a/db").each.is_empty());
        assert!(server("postgres://a,b").each[0].starts_with("postgres://a?"));
        assert!(!format!("{several:?}").contains(":p@"));
    }

    #[test]
    fn passwords_are_redacted_in_every_spelling() {
        let server = server("postgres://ana:s%40cr%2Bet+x@host:5432/db?password=second");
        let message = server.redact("no s%40cr%2Bet+x, no s@cr+et+x, no second at host\n");
        assert_eq!(message, "no [redacted], no [redacted], no [redacted] at host");
        assert!(!format!("{server:?}").contains("second") && !format!("{server:?}").contains("cr%2B"));
    }
}
