//! The address of the client, which is the peer unless a trusted proxy says otherwise.

use std::{
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{FORWARDED, HeaderMap, X_FORWARDED_FOR},
};
use ipnet::IpNet;

use super::arrival::Arrived;

/// The client's address; an IPv4 address that came in IPv6's clothes is IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl ClientAddress {
    /// Walks the hops from the nearest one: the first that is not a trusted proxy is the client. A hop that is no
    /// address ends the walk, as nothing beyond it can be believed.
    pub(crate) fn resolve(peer: Option<SocketAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
        let mut client = peer;
        if !is_trusted(client, trusted) {
            return Self(client);
        }
        for hop in hops(headers).iter().rev() {
            let Some(address) = hop else { break };
            client = *address;
            if !is_trusted(client, trusted) {
                break;
            }
        }
        Self(client)
    }
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// What the proxies noted, nearest last. One of the two fields is believed, as a proxy that writes one passes a
/// client's forgery of the other on: `X-Forwarded-For` where it is there, which is what nearly all proxies write.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let texts = |name| headers.get_all(name).map(|v: &actix_web::http::header::HeaderValue| v.to_str().unwrap_or(""));
    if headers.contains_key(X_FORWARDED_FOR) {
        texts(X_FORWARDED_FOR).flat_map(|text| text.split(',')).map(node_address).collect()
    } else {
        texts(FORWARDED).flat_map(|text| text.split(',')).map(forwarded_for).collect()
    }
}

fn forwarded_for(element: &str) -> Option<IpAddr> {
    let (_, value) =
        element.split(';').filter_map(|p| p.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    node_address(value.trim().trim_matches('"'))
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn node_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|a| a.ip())).ok()?;
    Some(address.to_canonical())
}

impl FromRequest for ClientAddress {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Arrived>().map(|arrived| arrived.client);
        let resolve = || Self::resolve(request.peer_addr(), request.headers(), &super::settings(request).trusted_proxies);
        ready(Ok(known.unwrap_or_else(resolve)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn client(peer: &str, fields: &[(HeaderName, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        ClientAddress::resolve(Some(SocketAddr::new(peer.parse().unwrap(), 9)), &headers, &trusted).0.to_string()
    }

    #[test]
    fn the_rightmost_untrusted_hop_is_the_client() {
        let xff = X_FORWARDED_FOR;
        for (peer, value, expected) in [
            ("198.51.100.9", "1.2.3.4", "198.51.100.9"),
            ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
            ("::ffff:10.0.0.1", "1.2.3.4", "1.2.3.4"),
            ("::ffff:198.51.100.9", "1.2.3.4", "198.51.100.9"),
            ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
            ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("10.0.0.1", "1.2.3.4, unknown, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"),
            ("10.0.0.1", "1.2.3.4:5678", "1.2.3.4"),
            ("2001:db8::1", "[2620::1]:443", "2620::1"),
        ] {
            assert_eq!(client(peer, &[(xff.clone(), value)]), expected, "{peer} {value}");
        }
        assert_eq!(client("10.0.0.1", &[(xff.clone(), "6.6.6.6"), (xff, "1.2.3.4")]), "1.2.3.4");
    }

    #[test]
    fn forwarded_is_read_likewise() {
        for (value, expected) in [
            ("for=1.2.3.4;proto=https", "1.2.3.4"),
            ("For=\"[2620::1]:80\", for=10.0.0.2", "2620::1"),
            ("for=6.6.6.6, for=1.2.3.4", "1.2.3.4"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[(FORWARDED, value)]), expected, "{value}");
        }
        assert_eq!(client("198.51.100.9", &[(FORWARDED, "for=1.2.3.4")]), "198.51.100.9");
    }
}
