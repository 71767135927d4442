//! Networks in CIDR notation, as written in `delivery.allow_networks`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

/// A network: an address and how many of its leading bits count.
///
/// Parsed from `10.0.0.0/8` or, for a single host, `10.1.2.3`. Bits after the prefix are cleared,
/// so `10.1.2.3/8` is `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cidr {
    network: IpAddr,
    prefix_bits: u8,
}

/// Why a text is not a network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CidrError {
    /// The part before the slash is no IP address.
    #[error("{0:?} is not an IP address")]
    Address(String),
    /// The part after the slash is no prefix length of that family.
    #[error("{0:?} is not a prefix length (0 to {1})")]
    Prefix(String, u8),
}

impl Cidr {
    /// The network of `prefix_bits` that `address` lies in; `prefix_bits` beyond the family's
    /// width count as a single host.
    pub const fn new(address: IpAddr, prefix_bits: u8) -> Self {
        match address {
            IpAddr::V4(v4) => Self::v4(v4, prefix_bits),
            IpAddr::V6(v6) => Self::v6(v6, prefix_bits),
        }
    }

    pub(super) const fn v4(address: Ipv4Addr, prefix_bits: u8) -> Self {
        let prefix_bits = if prefix_bits > 32 { 32 } else { prefix_bits };
        let network = Ipv4Addr::from_bits(address.to_bits() & mask_v4(prefix_bits));
        Self { network: IpAddr::V4(network), prefix_bits }
    }

    pub(super) const fn v6(address: Ipv6Addr, prefix_bits: u8) -> Self {
        let prefix_bits = if prefix_bits > 128 { 128 } else { prefix_bits };
        let network = Ipv6Addr::from_bits(address.to_bits() & mask_v6(prefix_bits));
        Self { network: IpAddr::V6(network), prefix_bits }
    }

    /// Whether `address` lies in this network. Families never mix: an IPv4-mapped IPv6 address
    /// is not in an IPv4 network; the caller decides what a mapped address stands for.
    pub const fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                network.to_bits() == address.to_bits() & mask_v4(self.prefix_bits)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                network.to_bits() == address.to_bits() & mask_v6(self.prefix_bits)
            }
            _ => false,
        }
    }
}

/// A shift by the full width overflows, hence the checked shift.
const fn mask_v4(prefix_bits: u8) -> u32 {
    match u32::MAX.checked_shl(32 - prefix_bits as u32) {
        Some(mask) => mask,
        None => 0,
    }
}

const fn mask_v6(prefix_bits: u8) -> u128 {
    match u128::MAX.checked_shl(128 - prefix_bits as u32) {
        Some(mask) => mask,
        None => 0,
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| CidrError::Address(address.to_owned()))?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            None => width,
            Some(digits) => match digits.parse::<u8>() {
                // `u8::from_str` takes `+8`, which no network is written as.
                Ok(bits) if bits <= width && !digits.starts_with('+') => bits,
                _ => return Err(CidrError::Prefix(digits.to_owned(), width)),
            },
        };
        Ok(Self::new(address, prefix_bits))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix_bits)
    }
}
