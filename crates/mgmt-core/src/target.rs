//! Where a webhook may point. Whoever sets the address of an endpoint makes this server call it, from inside the operator's network:
//! so nothing private may be reached, however it is spelt (OWASP, "Server-Side Request Forgery Prevention"; IANA's registries
//! of special-purpose addresses).
//!
//! There are two gates. [`TargetUrl::parse`] judges the text when it is set and before every attempt. [`TargetRules::admit`] judges
//! every address that the name resolves to, at the moment of connecting.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

use crate::error::REQUIRED;

/// The longest address of an endpoint, in bytes.
pub const MAX_URL: usize = 2048;

/// Ports of services that understand something else than HTTP, or that are not for strangers.
const DENIED_PORTS: [u16; 41] = [
    1080, 1433, 1434, 1521, 1723, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3128, 3306, 3389, 4369, 5432, 5433, 5672, 5900, 5984,
    5985, 5986, 6379, 6380, 6443, 6667, 7000, 7001, 9042, 9092, 9100, 9200, 9300, 10_250, 10_255, 11_211, 15_672, 26_379, 27_017,
    27_018,
];

/// Endings of names that mean something private.
const PRIVATE_ENDINGS: [&str; 7] = ["localhost", "local", "localdomain", "internal", "lan", "home.arpa", "intranet"];

/// Where clouds hand out credentials to whoever runs inside: no setting opens these.
const METADATA_NAMES: [&str; 4] = ["metadata", "metadata.google.internal", "metadata.goog", "instance-data"];

/// IPv4 blocks that are not global unicast, first address and prefix length; and one address that looks public (Azure's wire server).
const PRIVATE_V4: [([u8; 4], u8); 19] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([168, 63, 129, 16], 32),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([192, 175, 48, 0], 24),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Blocks inside 2000::/3 that are not global unicast: protocol assignments with Teredo and ORCHID, documentation, 6to4, AS112.
const PRIVATE_V6: [(u128, u8); 5] =
    [(0x2001 << 112, 23), (0x2001_0db8 << 96, 32), (0x2002 << 112, 16), (0x3fff << 112, 20), (0x2620_004f_8000 << 80, 48)];

/// What an operator allows.
#[derive(Clone, Debug, Default)]
pub struct TargetRules {
    /// Whether `http` is good enough.
    pub allow_http: bool,
    /// Networks that may be reached although they are private. Their addresses may also be written as literals, with any port.
    pub allowed_networks: Vec<IpNet>,
    /// Names of this installation, in lower case. They are refused: it must not call itself.
    pub own_hosts: Vec<String>,
}

impl TargetRules {
    /// Whether a connection to this address may be made.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        is_public(address) || self.allows(address)
    }

    /// Whether the operator has named a network that holds this address.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let canonical = address.to_canonical();
        self.allowed_networks.iter().any(|net| net.contains(&canonical) || net.contains(&address))
    }

    /// The addresses of `name` that a connection may be made to, of all that it resolves to. `None` if one of them must not be
    /// called: the answer as a whole is not to be trusted then. A private name leads nowhere but into the allowed networks.
    ///
    /// `localhost` is one machine with two addresses. Where one of them is allowed, the other one is only left out.
    #[must_use]
    pub fn admit(&self, name: &str, addresses: &[IpAddr]) -> Option<Vec<IpAddr>> {
        let own = is_within(name, "localhost");
        let may = |address: &IpAddr| match own || is_private(name) {
            true => self.allows(*address) || own && address.to_canonical().is_loopback(),
            false => self.permits(*address),
        };
        if !addresses.iter().all(may) {
            return None;
        }
        let admitted: Vec<_> = addresses.iter().copied().filter(|address| !own || self.allows(*address)).collect();
        Some(admitted).filter(|admitted| !admitted.is_empty())
    }

    fn allows_loopback(&self) -> bool {
        self.allows(Ipv4Addr::LOCALHOST.into()) || self.allows(Ipv6Addr::LOCALHOST.into())
    }
}

/// Whether an address is global unicast: for IPv4 what no registry has set apart, for IPv6 what lies in 2000::/3 and is not set apart
/// there. IPv4 addresses in IPv6 clothes (mapped, translated, tunnelled) are judged as what they reach, or refused.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let bits = u32::from(v4);
            PRIVATE_V4
                .iter()
                .all(|(block, length)| !shares(u128::from(bits), u128::from(u32::from_be_bytes(*block)), *length, 32))
        }
        IpAddr::V6(v6) => {
            let bits = u128::from(v6);
            shares(bits, 0x2000 << 112, 3, 128)
                && PRIVATE_V6.iter().all(|(block, length)| !shares(bits, *block, *length, 128))
                && !is_isatap(v6)
        }
    }
}

/// Whether an address tunnels to the IPv4 address in its end (ISATAP, RFC 5214): a router on the way may unpack it.
const fn is_isatap(address: Ipv6Addr) -> bool {
    let [_, _, _, _, universal, marker, _, _] = address.segments();
    universal & !0x0200 == 0 && marker == 0x5efe
}

/// Whether two addresses of `width` bits have their first `length` bits in common.
fn shares(a: u128, b: u128, length: u8, width: u8) -> bool {
    (a ^ b) >> (width - length) == 0
}

/// The address of an endpoint: canonical (IDNA, lower case, no trailing dot), and allowed by the rules that it was judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetUrl(Url);

impl TargetUrl {
    /// Reads and judges an address.
    ///
    /// # Errors
    /// The reason, which says what would be right.
    pub fn parse(text: &str, rules: &TargetRules) -> Result<Self, String> {
        judge_text(text)?;
        let mut url = Url::parse(text).map_err(|_| "must be a URL such as `https://example.com/hooks`".to_owned())?;
        match url.scheme() {
            "https" => {}
            "http" if rules.allow_http => {}
            "http" => return Err("must start with `https://`".to_owned()),
            _ => return Err("must be a URL such as `https://example.com/hooks`".to_owned()),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or a password".to_owned());
        }
        let name = match url.host() {
            Some(Host::Domain(name)) => Some(name.trim_end_matches('.').to_owned()),
            Some(_) => None,
            None => return Err("must name a host".to_owned()),
        };
        let any_port = match (name, url.host()) {
            (Some(name), _) => {
                judge_labels(text, &name)?;
                url.set_host(Some(&name)).map_err(|_| "must name a host".to_owned())?;
                judge_name(&name, rules)?
            }
            (None, Some(Host::Ipv4(address))) => judge_literal(address.into(), rules)?,
            (None, Some(Host::Ipv6(address))) => judge_literal(address.into(), rules)?,
            (None, _) => return Err("must name a host".to_owned()),
        };
        judge_port(&url, any_port)?;
        Ok(Self(url))
    }

    /// The address as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What no address may hold, before anything is made of it: readers of URLs differ in what they make of these.
fn judge_text(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err(REQUIRED.to_owned());
    }
    if text.len() > MAX_URL {
        return Err(format!("must have at most {MAX_URL} bytes"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err("must not hold spaces, control characters or backslashes".to_owned());
    }
    // Readers of URLs make do with less than this, and then find the host elsewhere.
    let after = |scheme: &str| text.get(..scheme.len()).filter(|s| s.eq_ignore_ascii_case(scheme)).and(text.get(scheme.len()..));
    let Some(rest) = after("https://").or_else(|| after("http://")) else {
        return Err("must be a URL such as `https://example.com/hooks`".to_owned());
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err("must name a host".to_owned());
    }
    if authority.contains('@') {
        return Err("must not hold a user name or a password".to_owned());
    }
    if authority.contains('%') {
        return Err("must not hold a percent-encoded host".to_owned());
    }
    if text.contains('#') {
        return Err("must not have a fragment (`#…`)".to_owned());
    }
    Ok(())
}

/// Judges the labels of a name: each must be what was written, or its international form. Signs that turn into ASCII (full-width
/// letters, a dot that is none, what is invisible) are read as one host by some programs, and as another by others.
fn judge_labels(text: &str, name: &str) -> Result<(), String> {
    let authority = text.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_plain = |(written, label): (&str, &str)| {
        let is_faithful = if written.is_ascii() { written.eq_ignore_ascii_case(label) } else { label.starts_with("xn--") };
        let fits = (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
        is_faithful && fits && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    let same_count = host.split('.').count() == name.split('.').count();
    if same_count && name.len() <= 253 && host.split('.').zip(name.split('.')).all(is_plain) {
        return Ok(());
    }
    Err("must have a plain name as host, such as `hooks.example.com`".to_owned())
}

/// Whether a name is a domain or lies within it.
fn is_within(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_private(name: &str) -> bool {
    !name.contains('.') || PRIVATE_ENDINGS.iter().any(|ending| is_within(name, ending))
}

/// Judges a name: whether any port will do.
fn judge_name(name: &str, rules: &TargetRules) -> Result<bool, String> {
    if METADATA_NAMES.contains(&name) {
        return Err("must not be the metadata service of a cloud".to_owned());
    }
    if is_within(name, "localhost") && rules.allows_loopback() {
        return Ok(true);
    }
    if rules.own_hosts.iter().any(|own| own == name) {
        return Err("must not be this server".to_owned());
    }
    // Where the operator has opened a private network, its names may be used; what they resolve to is judged all the same.
    if is_private(name) && rules.allowed_networks.is_empty() {
        return Err("must have a public name: this one is private".to_owned());
    }
    Ok(false)
}

/// Judges a literal: whether any port will do.
fn judge_literal(address: IpAddr, rules: &TargetRules) -> Result<bool, String> {
    if rules.allows(address) {
        return Ok(true);
    }
    Err("must have a name as host, not an IP address".to_owned())
}

fn judge_port(url: &Url, any_port: bool) -> Result<(), String> {
    let port = url.port_or_known_default().unwrap_or(0);
    let usual = port == 443 || port == 80 && url.scheme() == "http" || port >= 1024 && !DENIED_PORTS.contains(&port);
    if port != 0 && (usual || any_port) {
        return Ok(());
    }
    Err(format!("must not use port {port}: 443 and most ports from 1024 on may be used"))
}

#[cfg(test)]
mod tests;
