//! What kind of address an IP address is, by the IANA special-purpose registries
//! (RFC 6890 and its updates) and the metadata services of the large clouds.
//!
//! IPv6 is judged the other way round from IPv4: only `2000::/3` is global unicast, so whatever
//! lies outside it is refused even where no registry names it yet.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cidr::Cidr;

/// The kind of an address. Everything but [`AddressClass::Global`] is refused by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// Reachable over the public internet.
    Global,
    /// `127.0.0.0/8`, `::1`.
    Loopback,
    /// RFC 1918.
    Private,
    /// `169.254.0.0/16`, `fe80::/10`.
    LinkLocal,
    /// RFC 6598, `100.64.0.0/10`.
    SharedCarrier,
    /// Where a cloud hands out credentials to its machines.
    CloudMetadata,
    /// `224.0.0.0/4`, `ff00::/8`.
    Multicast,
    /// RFC 5737, RFC 3849, RFC 9637.
    Documentation,
    /// `198.18.0.0/15`, `2001:2::/48`.
    Benchmarking,
    /// `0.0.0.0/8`, `::`.
    Unspecified,
    /// `255.255.255.255`.
    Broadcast,
    /// `fc00::/7`.
    UniqueLocal,
    /// `fec0::/10`, deprecated but still routed by some hosts.
    SiteLocal,
    /// `100::/64`, RFC 6666.
    DiscardOnly,
    /// `5f00::/16`, RFC 9602.
    SegmentRouting,
    /// Tunnels and translators (6to4, Teredo, local NAT64, IPv4-compatible) that carry an IPv4
    /// address which a gateway we do not know may unpack.
    Tunnel,
    /// Set aside by IANA, or not assigned at all.
    Reserved,
}

impl AddressClass {
    /// The class of `address` taken literally; see [`embedded_v4`] for addresses that stand for
    /// another one.
    pub fn of(address: IpAddr) -> Self {
        if METADATA.contains(&address) {
            return Self::CloudMetadata;
        }
        NETWORKS
            .iter()
            .find(|(network, _)| network.contains(address))
            .map_or(Self::fallback(address), |(_, class)| *class)
    }

    fn fallback(address: IpAddr) -> Self {
        match address {
            IpAddr::V6(v6) if v6.segments()[0] & 0xe000 != 0x2000 => Self::Reserved,
            _ => Self::Global,
        }
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "a public address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::SharedCarrier => "a carrier-grade NAT address",
            Self::CloudMetadata => "a cloud metadata address",
            Self::Multicast => "a multicast address",
            Self::Documentation => "a documentation address",
            Self::Benchmarking => "a benchmarking address",
            Self::Unspecified => "an unspecified address",
            Self::Broadcast => "a broadcast address",
            Self::UniqueLocal => "a unique local address",
            Self::SiteLocal => "a site-local address",
            Self::DiscardOnly => "a discard-only address",
            Self::SegmentRouting => "a segment routing address",
            Self::Tunnel => "a tunnel or translation address",
            Self::Reserved => "a reserved address",
        })
    }
}

/// The IPv4 address that the operating system or a well-known translator would really reach
/// through this IPv6 address: IPv4-mapped (`::ffff:0:0/96`) and NAT64 (`64:ff9b::/96`, RFC 6052).
pub fn embedded_v4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return Some(v4);
    }
    let octets = v6.octets();
    NAT64.contains(address).then(|| Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]))
}

const NAT64: Cidr = Cidr::v6(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// AWS, Azure, GCP, Oracle and others; Alibaba; Azure's host agent; Oracle's older one; AWS and
/// GCP over IPv6.
const METADATA: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254)),
];

const fn net4(a: u8, b: u8, c: u8, prefix_bits: u8) -> Cidr {
    Cidr::v4(Ipv4Addr::new(a, b, c, 0), prefix_bits)
}

const fn net6(a: u16, b: u16, c: u16, prefix_bits: u8) -> Cidr {
    Cidr::v6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix_bits)
}

/// The first network that contains an address names its class, so narrower ones come first.
pub(super) const NETWORKS: [(Cidr, AddressClass); 35] = [
    (net4(0, 0, 0, 8), AddressClass::Unspecified),
    (net4(10, 0, 0, 8), AddressClass::Private),
    (net4(100, 64, 0, 10), AddressClass::SharedCarrier),
    (net4(127, 0, 0, 8), AddressClass::Loopback),
    (net4(169, 254, 0, 16), AddressClass::LinkLocal),
    (net4(172, 16, 0, 12), AddressClass::Private),
    (net4(192, 0, 0, 24), AddressClass::Reserved),
    (net4(192, 0, 2, 24), AddressClass::Documentation),
    (net4(192, 88, 99, 24), AddressClass::Tunnel),
    (net4(192, 168, 0, 16), AddressClass::Private),
    (net4(198, 18, 0, 15), AddressClass::Benchmarking),
    (net4(198, 51, 100, 24), AddressClass::Documentation),
    (net4(203, 0, 113, 24), AddressClass::Documentation),
    (net4(224, 0, 0, 4), AddressClass::Multicast),
    (Cidr::v4(Ipv4Addr::BROADCAST, 32), AddressClass::Broadcast),
    (net4(240, 0, 0, 4), AddressClass::Reserved),
    (Cidr::v6(Ipv6Addr::UNSPECIFIED, 128), AddressClass::Unspecified),
    (Cidr::v6(Ipv6Addr::LOCALHOST, 128), AddressClass::Loopback),
    (net6(0, 0, 0, 96), AddressClass::Tunnel),
    (net6(0x64, 0xff9b, 1, 48), AddressClass::Tunnel),
    (net6(0x100, 0, 0, 64), AddressClass::DiscardOnly),
    (net6(0x2001, 0, 0, 32), AddressClass::Tunnel),
    (net6(0x2001, 2, 0, 48), AddressClass::Benchmarking),
    (net6(0x2001, 0, 0, 23), AddressClass::Reserved),
    (net6(0x2001, 0x0db8, 0, 32), AddressClass::Documentation),
    (net6(0x2002, 0, 0, 16), AddressClass::Tunnel),
    (net6(0x3ffe, 0, 0, 16), AddressClass::Reserved),
    (net6(0x3fff, 0, 0, 20), AddressClass::Documentation),
    (net6(0x5f00, 0, 0, 16), AddressClass::SegmentRouting),
    (net6(0xfc00, 0, 0, 7), AddressClass::UniqueLocal),
    (net6(0xfe80, 0, 0, 10), AddressClass::LinkLocal),
    (net6(0xfec0, 0, 0, 10), AddressClass::SiteLocal),
    (net6(0xff00, 0, 0, 8), AddressClass::Multicast),
    // IPv4-translated, RFC 2765: the sibling of the mapped form with the zeros swapped.
    (Cidr::v6(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96), AddressClass::Tunnel),
    (Cidr::v6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), AddressClass::Tunnel),
];
