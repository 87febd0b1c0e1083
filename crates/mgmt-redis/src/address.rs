//! Where Redis is.

use std::{fmt, str::FromStr};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use url::Url;

/// Where Redis is, and how to sign in there. Printed without credentials.
///
/// | form | what it is |
/// |---|---|
/// | `redis://[USER:PASSWORD@]HOST[:PORT][/DB]` | one server; port 6379 and database 0 unless told otherwise |
/// | `redis+sentinel://[USER:PASSWORD@]HOST[:PORT],…/MASTER[/DB]` | the server that Sentinel names `MASTER`; port 26379 unless told otherwise |
/// | `redis+cluster://[USER:PASSWORD@]HOST[:PORT],…` | a cluster, by some of its servers |
///
/// `rediss` in place of `redis` means TLS, judged by the system's certificate authorities or by [others](Self::trusting). The user may
/// be left out, as in `:PASSWORD@`. User and password are percent-encoded where they hold reserved characters. The credentials are
/// those of the Redis servers; for those of the sentinels add `?sentinel_user=USER&sentinel_password=PASSWORD`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub(crate) kind: Kind,
    pub(crate) hosts: Vec<(String, u16)>,
    pub(crate) tls: bool,
    pub(crate) login: Login,
    /// In PEM; `None` is the system's.
    pub(crate) authorities: Option<Vec<u8>>,
}

/// How Redis is set up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Single { db: i64 },
    Sentinel { master: String, db: i64, login: Login },
    Cluster,
}

/// A user and a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.password.is_some() { "[redacted]" } else { "none" })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, hosts, tls, login, authorities: _ } = self;
        f.debug_struct("Address").field("kind", kind).field("hosts", hosts).field("tls", tls).field("login", login).finish()
    }
}

impl Address {
    /// The same, with certificates judged by these authorities (in PEM, one or several) in place of the system's.
    ///
    /// # Errors
    /// When the text holds no certificate or a broken one, or the address is without TLS.
    pub fn trusting(mut self, pem: &[u8]) -> Result<Self, InvalidAuthorities> {
        if !self.tls {
            return Err(InvalidAuthorities::Plain);
        }
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| InvalidAuthorities::Broken)?;
            store.add(certificate).map_err(|_| InvalidAuthorities::Broken)?;
        }
        if store.is_empty() {
            return Err(InvalidAuthorities::Empty);
        }
        self.authorities = Some(pem.to_vec());
        Ok(self)
    }
}

/// What is wrong with the certificate authorities of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAuthorities {
    /// Without TLS there is nothing to judge.
    #[error("is of no use without TLS: the address must start with `rediss`")]
    Plain,
    /// No certificate is there.
    #[error("must hold certificates in PEM (`-----BEGIN CERTIFICATE-----`)")]
    Empty,
    /// One of them cannot be read, or is no authority's.
    #[error("holds a certificate that cannot be read")]
    Broken,
}

/// What is wrong with the URL. It is not repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// Neither of the schemes.
    #[error("must start with `redis://`, `redis+sentinel://`, `redis+cluster://`, or the same with `rediss`")]
    Scheme,
    /// A host or a port that is none.
    #[error("must name hosts as in `redis://HOST:PORT`, with commas between several")]
    Hosts,
    /// One server has one host.
    #[error("must name one host: use `redis+cluster://` or `redis+sentinel://` for several")]
    SeveralHosts,
    /// Something stands where the number of a database should.
    #[error("must end in the number of a database, as in `redis://HOST/0`, or in nothing")]
    Database,
    /// Sentinel needs a name.
    #[error("must name the master, as in `redis+sentinel://HOST/MASTER`")]
    Master,
    /// A cluster has one database.
    #[error("must not name a database: a cluster has only one")]
    ClusterDatabase,
    /// An option that there is not.
    #[error("has an option that there is not: Sentinel has `sentinel_user` and `sentinel_password`, others have none")]
    Option,
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidAddress::Scheme)?;
        let (family, setup) = scheme.split_once('+').unwrap_or((scheme, ""));
        let tls = match family {
            "redis" => false,
            "rediss" => true,
            _ => return Err(InvalidAddress::Scheme),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = authority.rsplit_once('@').map_or((None, authority), |(login, hosts)| (Some(login), hosts));
        let login = login.map_or_else(|| Ok(Login::default()), parse_login)?;
        let hosts = parse_hosts(hosts, if setup == "sentinel" { 26_379 } else { 6_379 })?;
        if setup != "sentinel" && !query.is_empty() {
            return Err(InvalidAddress::Option);
        }
        let kind = match setup {
            "" if hosts.len() > 1 => return Err(InvalidAddress::SeveralHosts),
            "" => Kind::Single { db: parse_db(path)? },
            "sentinel" => {
                let (master, db) = path.split_once('/').unwrap_or((path, ""));
                if master.is_empty() {
                    return Err(InvalidAddress::Master);
                }
                Kind::Sentinel { master: master.to_owned(), db: parse_db(db)?, login: parse_options(query)? }
            }
            "cluster" if path.is_empty() => Kind::Cluster,
            "cluster" => return Err(InvalidAddress::ClusterDatabase),
            _ => return Err(InvalidAddress::Scheme),
        };
        Ok(Self { kind, hosts, tls, login, authorities: None })
    }
}

fn parse_db(text: &str) -> Result<i64, InvalidAddress> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().ok().filter(|db| (0..=65_535).contains(db)).ok_or(InvalidAddress::Database)
}

fn parse_hosts(text: &str, default_port: u16) -> Result<Vec<(String, u16)>, InvalidAddress> {
    let host = |text: &str| {
        // An IPv6 address stands in brackets.
        let has_port = !text.ends_with(']');
        let (host, port) = text.rsplit_once(':').filter(|_| has_port).map_or((text, None), |(host, port)| (host, Some(port)));
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let port = port.map_or(Ok(default_port), |port| port.parse().map_err(|_| InvalidAddress::Hosts))?;
        let host = bare.unwrap_or(host);
        let valid = !host.is_empty() && (bare.is_some() || !host.contains(':')) && !host.contains([' ', '[', ']', '@', '#']);
        if valid && port > 0 { Ok((host.to_owned(), port)) } else { Err(InvalidAddress::Hosts) }
    };
    text.split(',').map(host).collect()
}

/// Reads `USER:PASSWORD` as a URL has it.
fn parse_login(text: &str) -> Result<Login, InvalidAddress> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    let decode = |part: &str| {
        // The form decoding of the crate reads `+` as a space.
        let escaped = part.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
        url::form_urlencoded::parse(escaped.as_bytes()).next().map(|(text, _)| text.into_owned())
    };
    Ok(Login { user: decode(user), password: decode(password) })
}

fn parse_options(query: &str) -> Result<Login, InvalidAddress> {
    let mut login = Login::default();
    let url = Url::parse(&format!("x://x?{query}")).map_err(|_| InvalidAddress::Option)?;
    for (name, value) in url.query_pairs().filter(|_| !query.is_empty()) {
        match &*name {
            "sentinel_user" => login.user = Some(value.into_owned()),
            "sentinel_password" => login.password = Some(value.into_owned()),
            _ => return Err(InvalidAddress::Option),
        }
    }
    Ok(login)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, InvalidAddress> {
        text.parse()
    }

    #[test]
    fn the_three_forms_are_read() {
        let one = parse("redis://localhost").unwrap();
        assert_eq!((one.kind, one.hosts, one.tls), (Kind::Single { db: 0 }, vec![("localhost".to_owned(), 6_379)], false));
        let one = parse("rediss://me:s%3Acret+@[::1]:7000/3").unwrap();
        assert_eq!((&one.kind, one.tls), (&Kind::Single { db: 3 }, true));
        assert_eq!(one.hosts, [("::1".to_owned(), 7_000)]);
        assert_eq!(one.login, Login { user: Some("me".to_owned()), password: Some("s:cret+".to_owned()) });
        let none = Login::default();
        let sentinel = parse("redis+sentinel://:secret@a,b:1/main/2").unwrap();
        assert_eq!(sentinel.kind, Kind::Sentinel { master: "main".to_owned(), db: 2, login: none });
        assert_eq!(sentinel.hosts, [("a".to_owned(), 26_379), ("b".to_owned(), 1)]);
        assert_eq!(sentinel.login, Login { user: None, password: Some("secret".to_owned()) });
        let signed = parse("redis+sentinel://a/main?sentinel_password=x%26y").unwrap();
        let login = Login { user: None, password: Some("x&y".to_owned()) };
        assert_eq!(signed.kind, Kind::Sentinel { master: "main".to_owned(), db: 0, login });
        let cluster = parse("rediss+cluster://a:1,b:2").unwrap();
        assert_eq!((cluster.kind, cluster.hosts.len(), cluster.tls), (Kind::Cluster, 2, true));
    }

    #[test]
    fn what_is_wrong_is_named_and_not_repeated() {
        for (text, fault) in [
            ("http://:hunter2@a", InvalidAddress::Scheme),
            ("redis:hunter2", InvalidAddress::Scheme),
            ("redis+raft://a", InvalidAddress::Scheme),
            ("redis://", InvalidAddress::Hosts),
            ("redis://a:x", InvalidAddress::Hosts),
            ("redis://a:0", InvalidAddress::Hosts),
            ("redis+cluster://a,,b", InvalidAddress::Hosts),
            ("redis://a,b", InvalidAddress::SeveralHosts),
            ("redis://a/x", InvalidAddress::Database),
            ("redis+sentinel://a", InvalidAddress::Master),
            ("redis+sentinel://a/m/x", InvalidAddress::Database),
            ("redis+sentinel://a/m?x=hunter2", InvalidAddress::Option),
            ("redis+cluster://a/1", InvalidAddress::ClusterDatabase),
            ("redis://a?db=1", InvalidAddress::Option),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
            assert!(!fault.to_string().contains("hunter2"));
        }
        let printed = format!("{:?}", parse("redis+sentinel://u:hunter2@a/m?sentinel_password=hunter2").unwrap());
        assert!(!printed.contains("hunter2"), "{printed}");
    }

    #[test]
    fn authorities_are_read_before_they_are_needed() {
        let trusting = |url: &str, pem: &str| parse(url).unwrap().trusting(pem.as_bytes()).map(|_| ());
        let block = |text: &str| format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        assert_eq!(trusting("redis://a", &block("AAAA")), Err(InvalidAuthorities::Plain));
        assert_eq!(trusting("rediss://a", ""), Err(InvalidAuthorities::Empty));
        assert_eq!(trusting("rediss://a", "hunter2"), Err(InvalidAuthorities::Empty));
        assert_eq!(trusting("rediss+cluster://a", &block("AAAA")), Err(InvalidAuthorities::Broken));
        assert_eq!(trusting("rediss://a", "-----BEGIN CERTIFICATE-----\nAAAA\n"), Err(InvalidAuthorities::Broken));
    }
}
