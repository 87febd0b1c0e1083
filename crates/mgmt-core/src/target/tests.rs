//! Every block, every spelling.

use super::*;
use proptest::prelude::*;

/// First and last address of every block that is private.
const BLOCKS: &[(&str, &str)] = &[
    ("0.0.0.0", "0.255.255.255"),
    ("10.0.0.0", "10.255.255.255"),
    ("100.64.0.0", "100.127.255.255"),
    ("100.100.100.200", "100.100.100.200"),
    ("127.0.0.0", "127.255.255.255"),
    ("168.63.129.16", "168.63.129.16"),
    ("169.254.0.0", "169.254.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.0.0.0", "192.0.0.255"),
    ("192.0.2.0", "192.0.2.255"),
    ("192.31.196.0", "192.31.196.255"),
    ("192.52.193.0", "192.52.193.255"),
    ("192.88.99.0", "192.88.99.255"),
    ("192.168.0.0", "192.168.255.255"),
    ("192.175.48.0", "192.175.48.255"),
    ("198.18.0.0", "198.19.255.255"),
    ("198.51.100.0", "198.51.100.255"),
    ("203.0.113.0", "203.0.113.255"),
    ("224.0.0.0", "239.255.255.255"),
    ("240.0.0.0", "255.255.255.255"),
    ("::", "::ffff"),
    ("::7f00:1", "::ffff:ffff"),
    ("::ffff:0:0:0", "::ffff:0:ffff:ffff"),
    ("64:ff9b::", "64:ff9b::ffff:ffff"),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
    ("100::", "100::ffff:ffff:ffff:ffff"),
    ("100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff"),
    ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff"),
    ("2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a9fe:a9fe"),
    ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("4000::", "4000::1"),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fd00:ec2::254", "fd00:ec2::254"),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
];

/// Addresses beside them that are public.
const NEIGHBOURS: &[&str] = &[
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.1.255",
    "192.0.3.0",
    "192.31.195.255",
    "192.31.197.0",
    "192.52.192.255",
    "192.52.194.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.175.47.255",
    "192.175.49.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "8.8.8.8",
    "2000::",
    "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:200::",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
    "2620:4f:8001::",
    "2606:4700::100:5efe:7f00:1",
    "2001:4860:4860::8888",
    "2003::",
    "2606:4700::1111",
    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff:1000::",
    "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "::ffff:8.8.8.8",
];

/// Addresses that must be refused.
const SPELLINGS: &[&str] = &[
    "https://2130706433/",
    "https://017700000001/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0177.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.0.0.1./",
    "https://[::1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]/",
    "https://[fe80::1%25eth0]/",
    "https://１２７.0.0.1/",
    "https://127。0。0。1/",
    "https://①②⑦.0.0.1/",
    "https://%31%32%37.0.0.1/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://ｌocalhost/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "https://local\u{ad}host/",
    "https://local\u{200b}host/",
    "https://ｅｘａｍｐｌｅ.com/",
    "https://example。com/",
    "https://exam\u{ad}ple.com/",
    "https://例。com/",
    "https://a..example.com/",
    "https://-a.example.com/",
    "https://a-.example.com/",
    "https://*.example.com/",
    "https://exa!mple.com/",
    "https://example.com../",
    "https://localhost.localdomain/",
    "https://127.0.0.0x1/",
    "https://0X7F.0.0.1/",
    "https://0/",
    "https://[::1%lo]/",
    "https://127.0.0.1\0.example.com/",
    "https://127.0.0.1%00.example.com/",
    "https://example.com\\@127.0.0.1/",
    "https:/\\127.0.0.1/",
    "https://example.com/\u{2028}",
    "\u{feff}https://example.com/",
    "https://a.b.localhost/",
    "https://printer.local/",
    "https://db.internal/",
    "https://metadata.google.internal./",
    "https://intranet/",
    "https://router.lan/",
    "https://good@127.0.0.1/",
    "https://good:bad@example.com/",
    "https://@example.com/",
    "https://127.0.0.1\\@example.com/",
    "https:\\\\127.0.0.1/",
    "https://exam\tple.com/",
    "https://example.com\n/",
    " https://example.com/",
    "https://example.com/#a",
    "https:example.com",
    "https:user:pw@example.com/://x",
    "https:/user:pw@example.com/",
    "https:example.com://x",
    "https:///example.com/",
    "//example.com/",
    "https://",
    "https://keys.example.com/",
    "https://KEYS.example.com./",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "https://example.com:0/",
    "https://example.com:22/",
    "https://example.com:25/",
    "https://example.com:53/",
    "https://example.com:80/",
    "https://example.com:1023/",
    "https://example.com:5432/",
    "https://example.com:6379/",
    "https://example.com:9200/",
    "https://example.com:11211/",
    "https://example.com:65536/",
    "https://256.256.256.256/",
    "https://1.2.3.4.5/",
    "https://xn--/",
    "https://exa mple.com/",
    "https://example..com:22/",
];

fn rules(networks: &[&str]) -> TargetRules {
    TargetRules {
        allow_http: !networks.is_empty(),
        allowed_networks: networks.iter().map(|n| n.parse().unwrap()).collect(),
        own_hosts: vec!["keys.example.com".to_owned()],
    }
}

fn public(text: &str) -> bool {
    is_public(text.parse().unwrap())
}

#[test]
fn every_block_is_private_from_its_first_to_its_last_address() {
    for (first, last) in BLOCKS {
        assert!(!public(first) && !public(last), "{first} to {last}");
    }
    for neighbour in NEIGHBOURS {
        assert!(public(neighbour), "{neighbour}");
    }
    assert!(!public("::ffff:127.0.0.1") && !public("::ffff:a9fe:a9fe"));
}

#[test]
fn spellings_do_not_help() {
    for url in SPELLINGS {
        let judged = TargetUrl::parse(url, &rules(&[]));
        assert!(judged.is_err(), "{url} became {judged:?}");
    }
    assert!(TargetUrl::parse(&format!("https://example.com/{}", "a".repeat(MAX_URL)), &rules(&[])).is_err());
}

#[test]
fn good_addresses_are_canonical() {
    for (url, canonical) in [
        ("https://Example.COM", "https://example.com/"),
        ("HTTPS://example.com.:443/a?b=c", "https://example.com/a?b=c"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://example.com:8443/a%20b", "https://example.com:8443/a%20b"),
        ("https://127.0.0.1.example.com/", "https://127.0.0.1.example.com/"),
    ] {
        let parsed = TargetUrl::parse(url, &rules(&[])).unwrap();
        assert_eq!(parsed.as_str(), canonical);
        assert_eq!(TargetUrl::parse(canonical, &rules(&[])).unwrap(), parsed);
    }
}

#[test]
fn an_allowed_network_allows_its_literals_and_ports_and_no_more() {
    let local = rules(&["127.0.0.0/8", "fd00::/8"]);
    for url in [
        "http://127.0.0.1:9/",
        "https://127.9.9.9:22/",
        "http://2130706433:81/",
        "http://[fd00::1]:25/",
        "http://localhost:81/",
        "http://a.localhost/",
        "http://example.com/",
        "http://worker:8080/",
        "http://[::ffff:127.0.0.1]/",
    ] {
        assert!(TargetUrl::parse(url, &local).is_ok(), "{url}");
    }
    for url in ["http://10.0.0.1/", "http://[::1]/", "http://[fc00::1]/", "http://example.com:22/", "https://8.8.8.8/"] {
        assert!(TargetUrl::parse(url, &local).is_err(), "{url}");
    }
    assert!(local.permits("127.0.0.1".parse().unwrap()) && local.permits("8.8.8.8".parse().unwrap()));
    assert!(!local.permits("10.0.0.1".parse().unwrap()) && !local.permits("169.254.169.254".parse().unwrap()));
}

#[test]
fn metadata_services_stay_closed() {
    let open = rules(&["0.0.0.0/0", "::/0"]);
    for host in ["metadata", "metadata.google.internal", "Metadata.Google.Internal.", "metadata.goog", "instance-data"] {
        assert!(TargetUrl::parse(&format!("http://{host}/"), &open).is_err(), "{host}");
    }
}

/// What is chosen of an answer of a name server; none where one of its addresses is forbidden.
#[test]
fn one_forbidden_address_spoils_an_answer() {
    let admitted = |rules: &TargetRules, name: &str, texts: &[&str]| {
        let addresses: Vec<_> = texts.iter().map(|text| text.parse().unwrap()).collect();
        rules.admit(name, &addresses).map(|admitted| admitted.iter().map(IpAddr::to_string).collect::<Vec<_>>())
    };
    let all = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    let (hosted, local, private) = (rules(&[]), rules(&["127.0.0.0/8"]), rules(&["10.0.0.0/8"]));
    let public = &["93.184.216.34", "2606:4700::1111"][..];
    assert_eq!(admitted(&hosted, "example.com", public), all(public));
    assert_eq!(admitted(&hosted, "example.com", &[]), None);
    for bad in ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::"] {
        for answer in [&[bad][..], &["93.184.216.34", bad], &[bad, "2606:4700::1111"]] {
            assert_eq!(admitted(&hosted, "example.com", answer), None, "{answer:?}");
        }
    }
    assert_eq!(admitted(&local, "example.com", &["127.0.0.1", "8.8.8.8"]), all(&["127.0.0.1", "8.8.8.8"]));
    assert_eq!(admitted(&local, "example.com", &["127.0.0.1", "10.0.0.1"]), None);
    // Most systems know `localhost` under both addresses.
    assert_eq!(admitted(&local, "localhost", &["::1", "127.0.0.1"]), all(&["127.0.0.1"]));
    assert_eq!(admitted(&local, "a.localhost", &["127.0.0.1"]), all(&["127.0.0.1"]));
    assert_eq!(admitted(&local, "localhost", &["::1"]), None);
    assert_eq!(admitted(&hosted, "localhost", &["127.0.0.1"]), None);
    // A private name does not lead outside.
    for answer in [&["8.8.8.8"][..], &["127.0.0.1", "8.8.8.8"]] {
        assert_eq!(admitted(&local, "localhost", answer), None, "{answer:?}");
    }
    assert_eq!(admitted(&private, "receiver", &["10.0.0.1", "::ffff:10.0.0.2"]), all(&["10.0.0.1", "::ffff:10.0.0.2"]));
    for answer in [&["10.0.0.1", "8.8.8.8"][..], &["127.0.0.1"], &["8.8.8.8"]] {
        assert_eq!(admitted(&private, "db.internal", answer), None, "{answer:?}");
    }
}

proptest! {
    /// Nothing is chosen that must not be called, and nothing at all where a forbidden address is among the rest.
    #[test]
    fn nothing_forbidden_is_chosen(bits in prop::collection::vec(any::<u32>(), 0..4), name in "(localhost|receiver|example\\.com)") {
        let addresses: Vec<IpAddr> = bits.iter().map(|bits| Ipv4Addr::from(*bits).into()).collect();
        for rules in [rules(&[]), rules(&["127.0.0.0/8"]), rules(&["0.0.0.0/2"])] {
            let admitted = rules.admit(&name, &addresses);
            prop_assert!(admitted.iter().flatten().all(|address| rules.permits(*address)));
            if addresses.iter().any(|address| !rules.permits(*address) && !address.is_loopback()) {
                prop_assert_eq!(admitted, None);
            }
        }
    }

    /// An address in disguise is never public but as `::ffff:a.b.c.d`, which is judged as what is inside.
    #[test]
    fn disguises_do_not_help(bits: u32) {
        let inner = Ipv4Addr::from(bits);
        let (high, low) = ((bits >> 16) as u16, bits as u16);
        prop_assert_eq!(is_public(inner.to_ipv6_mapped().into()), is_public(inner.into()));
        for segments in [
            [0, 0, 0, 0, 0, 0, high, low],
            [0, 0, 0, 0, 0xffff, 0, high, low],
            [0x64, 0xff9b, 0, 0, 0, 0, high, low],
            [0x64, 0xff9b, 1, 0, 0, 0, high, low],
            [0x2002, high, low, 0, 0, 0, 0, 1],
            [0x2001, 0, 0, 0, 0, 0, !high, !low],
            [0x2606, 0x4700, 0, 0, 0x0200, 0x5efe, high, low],
        ] {
            prop_assert!(!is_public(Ipv6Addr::from(segments).into()), "{:x?}", segments);
        }
    }

    /// However an IPv4 address is written, as a host it is refused.
    #[test]
    fn no_spelling_of_an_address_is_a_name(bits: u32, form in 0..6) {
        let [a, b, c, d] = bits.to_be_bytes();
        let host = match form {
            0 => format!("{a}.{b}.{c}.{d}"),
            1 => bits.to_string(),
            2 => format!("0x{bits:x}"),
            3 => format!("0{bits:o}"),
            4 => format!("0{a:o}.0x{b:x}.{}", u32::from(c) * 256 + u32::from(d)),
            _ => format!("[::ffff:{a}.{b}.{c}.{d}]"),
        };
        let url = format!("https://{host}/");
        prop_assert!(TargetUrl::parse(&url, &TargetRules::default()).is_err(), "{}", url);
    }

    /// Reading never panics, and what is taken is taken again, unchanged.
    #[test]
    fn what_is_taken_is_stable(text in "(https?://)?[a-zA-Z0-9.:@%/?#\\[\\]äß-]{0,40}") {
        for judge in [rules(&[]), rules(&["127.0.0.0/8"])] {
            if let Ok(url) = TargetUrl::parse(&text, &judge) {
                let again = TargetUrl::parse(url.as_str(), &judge).unwrap();
                prop_assert_eq!(again, url);
            }
        }
    }
}
