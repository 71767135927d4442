//! The rules, without any network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use crate::egress::address::NETWORKS;
use crate::egress::{AddressPolicy, Blocked, Cidr, UrlError};

fn strict() -> AddressPolicy {
    AddressPolicy::default()
}

fn judged(address: &str) -> String {
    match strict().check_ip(address.parse().unwrap()) {
        Ok(()) => "allowed".to_owned(),
        Err(blocked) => blocked.to_string(),
    }
}

fn refused(url: &str) -> String {
    strict().check_url(url).unwrap_err().to_string()
}

#[test]
fn every_kind_of_refused_address_is_named_in_words() {
    for (address, kind) in [
        ("10.0.0.8", "a private address"),
        ("172.16.0.1", "a private address"),
        ("172.31.255.255", "a private address"),
        ("192.168.1.1", "a private address"),
        ("127.0.0.1", "a loopback address"),
        ("127.255.255.254", "a loopback address"),
        ("::1", "a loopback address"),
        ("169.254.1.1", "a link-local address"),
        ("fe80::1", "a link-local address"),
        ("169.254.169.254", "a cloud metadata address"),
        ("100.100.100.200", "a cloud metadata address"),
        ("168.63.129.16", "a cloud metadata address"),
        ("192.0.0.192", "a cloud metadata address"),
        ("fd00:ec2::254", "a cloud metadata address"),
        ("fd20:ce::254", "a cloud metadata address"),
        ("100.64.0.1", "a carrier-grade NAT address"),
        ("100.127.255.255", "a carrier-grade NAT address"),
        ("224.0.0.1", "a multicast address"),
        ("239.255.255.255", "a multicast address"),
        ("ff02::1", "a multicast address"),
        ("192.0.2.1", "a documentation address"),
        ("198.51.100.1", "a documentation address"),
        ("203.0.113.1", "a documentation address"),
        ("2001:db8::1", "a documentation address"),
        ("3fff::1", "a documentation address"),
        ("198.18.0.1", "a benchmarking address"),
        ("198.19.255.255", "a benchmarking address"),
        ("2001:2::1", "a benchmarking address"),
        ("0.0.0.0", "an unspecified address"),
        ("0.1.2.3", "an unspecified address"),
        ("::", "an unspecified address"),
        ("255.255.255.255", "a broadcast address"),
        ("240.0.0.1", "a reserved address"),
        ("192.0.0.1", "a reserved address"),
        ("fc00::1", "a unique local address"),
        ("fdff::1", "a unique local address"),
        ("fec0::1", "a site-local address"),
        ("100::1", "a discard-only address"),
        ("5f00::1", "a segment routing address"),
        ("4000::1", "a reserved address"),
        ("::ffff:127.0.0.1", "a loopback address"),
        ("::ffff:169.254.169.254", "a cloud metadata address"),
        ("64:ff9b::10.0.0.1", "a private address"),
        ("::127.0.0.1", "a tunnel or translation address"),
        ("64:ff9b:1::1", "a tunnel or translation address"),
        ("2002:7f00:1::", "a tunnel or translation address"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "a tunnel or translation address"),
        ("::ffff:0:127.0.0.1", "a tunnel or translation address"),
        ("192.88.99.1", "a tunnel or translation address"),
    ] {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(judged(&address.to_string()), format!("{address} is {kind}"));
    }
}

#[test]
fn neighbours_of_refused_networks_are_public() {
    for address in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001:82a::200e",
        "::ffff:1.1.1.1",
        "64:ff9b::8.8.8.8",
    ] {
        assert_eq!(judged(address), "allowed", "{address}");
    }
}

#[test]
fn an_address_in_an_odd_notation_is_the_address_it_means() {
    for host in [
        "127.0.0.1",
        "0177.1",
        "2130706433",
        "0x7f.1",
        "127.1",
        "0x7f000001",
        "017700000001",
        "127.0.0.1.",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "%31%32%37.0.0.1",
        "127。0。0。1",
        "127.0.0.1",
        "①②⑦.0.0.1",
        "0x7F.0x0.0x0.0x1",
        "127.0.1",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "localhost",
        "LOCALHOST.",
        "api.localhost",
        "[64:ff9b::127.0.0.1]",
        "127.0.0.1:8080",
        "127.0.0.1:0443",
    ] {
        let words = refused(&format!("https://{host}/"));
        assert!(words.starts_with("blocked: "), "{host}: {words}");
        assert!(words.ends_with(" is a loopback address"), "{host}: {words}");
    }
    assert_eq!(refused("https://3232235777/"), "blocked: 192.168.1.1 is a private address");
    assert_eq!(refused("https://0/"), "blocked: 0.0.0.0 is an unspecified address");
    assert_eq!(refused("https://0xa9fea9fe/latest"), "blocked: 169.254.169.254 is a cloud metadata address");
}

#[test]
fn a_url_that_needs_repair_or_holds_secrets_is_refused() {
    let long = format!("https://example.com/{}", "a".repeat(2048));
    for url in [
        "",
        "example.com",
        "//example.com",
        "https:example.com",
        "https:/example.com",
        "https:///example.com",
        "https://",
        "https://?x",
        "https://#",
        "https://:443/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript://x",
        "ws://example.com/",
        "https://user@example.com/",
        "https://user:pw@example.com/",
        "https://@example.com/",
        "https://:@example.com/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/#f",
        "https://example.com/#",
        " https://example.com/",
        "https://example.com/ x",
        "https://exa\tmple.com/",
        "https://example.com/\r\nHost: x",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:-1/",
        "https://example.com:22/",
        "https://example.com:25/",
        "https://example.com:6379/",
        "https://example.com:5432/",
        "https://example.com:11211/",
        "https://example..com/",
        "https://.example.com/",
        "https://example.com../",
        "https://127.0.0.1../",
        "https://256.1.1.1/",
        "https://1.2.3.4.5/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://exa mple.com/",
        "https://exa%20mple.com/",
        "https://exa%00mple.com/",
        "https://a!b.com/",
        "http://example.com/",
        &long,
    ] {
        assert!(strict().check_url(url).is_err(), "{url:?} was accepted");
    }
    let label = format!("https://{}.com/", "a".repeat(64));
    assert_eq!(strict().check_url(&label).unwrap_err(), UrlError::Host);
    assert_eq!(refused("http://example.com/"), "blocked: http is not allowed, use https");
    assert_eq!(refused("https://example.com:22/"), "blocked: port 22 is not allowed");
    assert_eq!(refused("ftp://example.com/"), "must start with https://");
    let dev = AddressPolicy { allow_http: true, ..AddressPolicy::default() };
    for url in ["ftp://example.com/", "example.com/hook"] {
        assert_eq!(dev.check_url(url).unwrap_err().to_string(), "must start with https:// or http://");
    }
}

#[test]
fn a_good_url_is_taken_apart_once() {
    let target = strict().check_url("https://Hooks.Example.com.:8443/a/../b?q=ü&r").unwrap();
    assert_eq!((target.host(), target.port(), target.is_https()), ("hooks.example.com", 8443, true));
    assert_eq!(target.origin_form(), "/b?q=%C3%BC&r");
    assert_eq!(target.absolute_form(), "https://hooks.example.com:8443/b?q=%C3%BC&r");
    assert_eq!(target.host_header(), "hooks.example.com:8443");

    let target = strict().check_url("https://bücher.example").unwrap();
    assert_eq!(target.host_header(), "xn--bcher-kva.example");
    assert_eq!((target.port(), target.origin_form().path()), (443, "/"));

    let target = strict().check_url("https://[2606:4700:4700::1111]:8443/").unwrap();
    assert_eq!(target.host_header(), "[2606:4700:4700::1111]:8443");
    assert!(strict().check_url("https://1.1.1.1/").is_ok());
    assert!(strict().check_url("https://under_score.example/").is_ok());
}

#[test]
fn the_allow_list_wins_and_reaches_only_as_far_as_it_says() {
    let policy =
        AddressPolicy { allow: vec!["10.1.0.0/16".parse().unwrap(), "fd00:1::/32".parse().unwrap()], ..strict() };
    for (address, allowed) in [
        ("10.1.2.3", true),
        ("::ffff:10.1.2.3", true),
        ("64:ff9b::10.1.2.3", true),
        ("fd00:1::5", true),
        ("10.2.0.1", false),
        ("::ffff:10.2.0.1", false),
        ("2002:0a01:0203::", false),
        ("::10.1.2.3", false),
        ("fd00:2::5", false),
        ("127.0.0.1", false),
    ] {
        assert_eq!(policy.check_ip(address.parse().unwrap()).is_ok(), allowed, "{address}");
    }
    assert!(policy.check_url("https://10.1.2.3/").is_ok());
    assert_eq!(policy.check_port(22), Err(Blocked::Port(22)));
}

#[test]
fn development_allows_loopback_and_http_and_nothing_more() {
    let policy = super::dev_policy();
    for url in ["http://localhost:8080/", "http://127.0.0.1:1234/", "http://[::1]:99/"] {
        assert!(policy.check_url(url).is_ok(), "{url}");
    }
    for url in ["http://0.0.0.0/", "http://10.0.0.1/", "http://169.254.169.254/", "http://[::]/"] {
        assert!(policy.check_url(url).is_err(), "{url}");
    }
}

#[test]
fn networks_are_read_and_written() {
    for (text, shown) in [
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("10.1.2.3", "10.1.2.3/32"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("fd00::1/7", "fc00::/7"),
        ("::/0", "::/0"),
        ("::1", "::1/128"),
    ] {
        assert_eq!(text.parse::<Cidr>().unwrap().to_string(), shown);
    }
    for text in ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0/8", "::/129", "x/8", "1/"] {
        assert!(text.parse::<Cidr>().is_err(), "{text:?}");
    }
}

/// An address in a refused network: the network's first, with the bits after the prefix drawn.
fn refused_address() -> impl Strategy<Value = IpAddr> {
    (0..NETWORKS.len(), any::<u128>()).prop_map(|(index, bits)| {
        let text = NETWORKS[index].0.to_string();
        let (network, prefix) = text.split_once('/').unwrap();
        let prefix: u32 = prefix.parse().unwrap();
        match network.parse::<IpAddr>().unwrap() {
            IpAddr::V4(v4) => {
                let low = u32::try_from(bits & 0xffff_ffff).unwrap();
                let low = low & u32::MAX.checked_shr(prefix).unwrap_or(0);
                Ipv4Addr::from_bits(v4.to_bits() | low).into()
            }
            IpAddr::V6(v6) => {
                let low = bits & u128::MAX.checked_shr(prefix).unwrap_or(0);
                Ipv6Addr::from_bits(v6.to_bits() | low).into()
            }
        }
    })
}

/// Every way of writing an IPv4 address into an IPv6 one.
fn wrapped(v4: Ipv4Addr) -> Vec<Ipv6Addr> {
    let low = u128::from(v4.to_bits());
    let prefix = |text: &str| text.parse::<Ipv6Addr>().unwrap().to_bits();
    [
        prefix("::ffff:0:0") | low,
        prefix("::") | low,
        prefix("::ffff:0:0:0") | low,
        prefix("64:ff9b::") | low,
        prefix("64:ff9b:1::") | low,
        prefix("2002::") | (low << 80),
        prefix("2001::") | (low << 64),
        prefix("2001::") | (low ^ 0xffff_ffff),
    ]
    .map(Ipv6Addr::from_bits)
    .to_vec()
}

proptest! {
    #[test]
    fn no_address_of_a_refused_network_passes_in_any_form(address in refused_address()) {
        // The mapped network as such is judged by what it carries.
        let mapped = matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
        if !mapped {
            prop_assert!(strict().check_ip(address).is_err(), "{address}");
        }
        if let IpAddr::V4(v4) = address {
            for form in wrapped(v4) {
                prop_assert!(strict().check_ip(form.into()).is_err(), "{v4} as {form}");
            }
        }
    }

    #[test]
    fn a_url_and_its_address_are_judged_alike(bits in any::<u32>()) {
        let v4 = Ipv4Addr::from_bits(bits);
        let expected = strict().check_ip(v4.into()).map_err(UrlError::from);
        for host in [format!("{v4}"), format!("{bits}"), format!("0x{bits:x}"), format!("0{bits:o}")] {
            prop_assert_eq!(strict().check_url(&format!("https://{host}/")).map(drop), expected.clone());
        }
    }

    #[test]
    fn outside_global_unicast_only_translated_public_ipv4_passes(bits in any::<u128>()) {
        let v6 = Ipv6Addr::from_bits(bits);
        if v6.segments()[0] & 0xe000 != 0x2000 && strict().check_ip(v6.into()).is_ok() {
            prop_assert!(crate::egress::embedded_v4(v6.into()).is_some());
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,80}") {
        drop(strict().check_url(&format!("https://{text}")));
    }
}
