//! The address of the client, which is the peer unless a trusted proxy says otherwise.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// Walks the hops of `X-Forwarded-For` from the nearest one: the first that is not a trusted proxy is the client. A hop that is no
/// address ends the walk, as nothing beyond it can be believed. The field is not read at all when the peer is not trusted. An IPv4
/// address in IPv6's form is IPv4.
#[must_use]
pub fn client_address(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut client = peer.ip().to_canonical();
    let texts: Vec<&str> = headers.get_all("x-forwarded-for").iter().flat_map(|v| v.to_str().unwrap_or("").split(',')).collect();
    for hop in texts.iter().rev() {
        if !is_trusted(client) {
            break;
        }
        let Some(address) = hop_address(hop.trim()) else { break };
        client = address;
    }
    client
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn hop_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|a| a.ip())).ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rightmost_untrusted_hop_is_the_client() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        for (peer, sent, expected) in [
            ("198.51.100.9:1", vec!["1.2.3.4"], "198.51.100.9"),
            ("10.0.0.1:1", vec!["1.2.3.4"], "1.2.3.4"),
            ("[::ffff:10.0.0.1]:1", vec!["::ffff:1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1:1", vec!["6.6.6.6, 1.2.3.4, 10.0.0.2"], "1.2.3.4"),
            ("10.0.0.1:1", vec!["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1:1", vec!["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1:1", vec!["1.2.3.4, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1:1", vec![""], "10.0.0.1"),
            ("10.0.0.1:1", vec![], "10.0.0.1"),
            ("[2001:db8::1]:1", vec!["[2620::1]:443"], "2620::1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in &sent {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let client = client_address(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(client.to_string(), expected, "{peer} {sent:?}");
        }
    }
}
