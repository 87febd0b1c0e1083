//! Network and warehouse restrictions of a key.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Serialize, Serializer};

use crate::{
    error::{Error, Faults, Result},
    scope::excerpt,
};

const MAX_ENTRIES: usize = 100;
const MAX_WAREHOUSE: usize = 64;

/// An IPv4 address that travels as IPv6 (`::ffff:a.b.c.d`) is judged as the IPv4 address it is.
#[must_use]
pub fn canonical_address(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The networks a key may be used from. Empty means from anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Box<[IpNet]>);

impl Networks {
    /// Reads addresses and CIDR blocks; host bits are cleared, v4-mapped blocks become IPv4.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each entry that is none.
    pub fn parse<S: AsRef<str>>(field: &str, texts: &[S]) -> Result<Self> {
        if texts.len() > MAX_ENTRIES {
            return Err(Error::invalid(field, format!("must have at most {MAX_ENTRIES} entries")));
        }
        let mut faults = Faults::default();
        let mut networks: Vec<IpNet> = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            match parse_network(text.as_ref()) {
                Some(network) if networks.contains(&network) => {}
                Some(network) => networks.push(network),
                None => faults.note(Error::invalid(
                    format!("{field}[{index}]"),
                    format!("`{}` is not an IP address or CIDR block, such as `203.0.113.0/24`", excerpt(text.as_ref())),
                )),
            }
        }
        faults.finish()?;
        Ok(Self(networks.into()))
    }

    /// Whether an address may be used. `None`, an unknown address, passes only where there is no restriction.
    #[must_use]
    pub fn allow(&self, address: Option<IpAddr>) -> bool {
        self.0.is_empty() || address.is_some_and(|a| self.0.iter().any(|n| n.contains(&canonical_address(a))))
    }

    /// Whether every address that `self` allows is allowed by `other`.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        other.0.is_empty() || (!self.0.is_empty() && self.0.iter().all(|n| other.0.iter().any(|o| o.contains(n))))
    }

    /// Whether there is no restriction.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The texts of the blocks; a block of one address is written as the address.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|n| if n.prefix_len() == n.max_prefix_len() { n.addr().to_string() } else { n.to_string() })
    }
}

impl Serialize for Networks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.texts())
    }
}

/// Reads one address or CIDR block in its canonical form.
#[must_use]
pub fn parse_network(text: &str) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(IpNet::from(canonical_address(address)));
    }
    let network = text.parse::<IpNet>().ok()?;
    Some(match network {
        IpNet::V6(v6) if v6.prefix_len() >= 96 && v6.addr().to_ipv4_mapped().is_some() => {
            let inner = v6.addr().to_ipv4_mapped()?;
            IpNet::V4(Ipv4Net::new(inner, v6.prefix_len() - 96).ok()?.trunc())
        }
        other => other.trunc(),
    })
}

/// The warehouses a key may be used for. Empty means for any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warehouses(Box<[String]>);

impl Warehouses {
    /// Reads warehouse ids: 1 to 64 visible ASCII characters other than the comma, because they travel in a header field.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each entry that is none.
    pub fn parse<S: AsRef<str>>(field: &str, texts: &[S]) -> Result<Self> {
        if texts.len() > MAX_ENTRIES {
            return Err(Error::invalid(field, format!("must have at most {MAX_ENTRIES} entries")));
        }
        let mut faults = Faults::default();
        for (index, text) in texts.iter().enumerate() {
            let text = text.as_ref();
            let ok = (1..=MAX_WAREHOUSE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && b != b',');
            if !ok {
                faults.note(Error::invalid(
                    format!("{field}[{index}]"),
                    "must be 1 to 64 visible ASCII characters without a comma",
                ));
            }
        }
        faults.finish()?;
        let mut ids: Vec<String> = Vec::with_capacity(texts.len());
        for text in texts.iter().map(|t| t.as_ref().to_owned()) {
            if !ids.contains(&text) {
                ids.push(text);
            }
        }
        Ok(Self(ids.into()))
    }

    /// Whether a warehouse may be used. `None` passes only where there is no restriction.
    #[must_use]
    pub fn allow(&self, warehouse: Option<&str>) -> bool {
        self.0.is_empty() || warehouse.is_some_and(|w| self.0.iter().any(|id| id == w))
    }

    /// Whether every warehouse that `self` allows is allowed by `other`.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        other.0.is_empty() || (!self.0.is_empty() && self.0.iter().all(|w| other.0.contains(w)))
    }

    /// The ids.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is no restriction.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Warehouses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_canonical() {
        let nets = Networks::parse(
            "ip_allowlist",
            &["10.1.2.3/8", "::ffff:192.0.2.1", "::ffff:198.51.100.0/120", "2001:db8::/32", "10.0.0.0/8"],
        )
        .unwrap();
        assert_eq!(nets.texts().collect::<Vec<_>>(), ["10.0.0.0/8", "192.0.2.1", "198.51.100.0/24", "2001:db8::/32"]);
        let error = Networks::parse("ip_allowlist", &["10.0.0.0/8", "nowhere", "1.2.3.4/33"]).unwrap_err();
        assert_eq!(error.details().keys().collect::<Vec<_>>(), ["ip_allowlist[1]", "ip_allowlist[2]"]);
    }

    #[test]
    fn addresses_are_judged_in_every_spelling() {
        let nets = Networks::parse("n", &["192.0.2.0/24", "2001:db8::/32"]).unwrap();
        for (address, allowed) in
            [("192.0.2.9", true), ("::ffff:192.0.2.9", true), ("2001:db8::1", true), ("192.0.3.1", false), ("::1", false)]
        {
            assert_eq!(nets.allow(Some(address.parse().unwrap())), allowed, "{address}");
        }
        assert!(!nets.allow(None));
        assert!(Networks::default().allow(None));
    }

    #[test]
    fn narrower_is_within_wider() {
        let nets = |t: &[&str]| Networks::parse("n", t).unwrap();
        assert!(nets(&["10.1.0.0/16"]).within(&nets(&["10.0.0.0/8"])));
        assert!(nets(&["10.1.0.0/16"]).within(&nets(&[])));
        assert!(!nets(&[]).within(&nets(&["10.0.0.0/8"])));
        assert!(!nets(&["10.0.0.0/8", "11.0.0.1"]).within(&nets(&["10.0.0.0/8"])));
    }

    #[test]
    fn warehouses_are_exact() {
        let some = Warehouses::parse("warehouse_ids", &["WH-1", "WH-2"]).unwrap();
        assert!(some.allow(Some("WH-1")) && !some.allow(Some("wh-1")) && !some.allow(None));
        assert!(Warehouses::parse("warehouse_ids", &["a b", "", "a,b", "é"]).unwrap_err().details().len() == 4);
    }
}
