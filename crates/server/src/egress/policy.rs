//! Which addresses, ports and schemes this server may talk to: pure rules, no look-ups.
//!
//! The same [`AddressPolicy`] judges a URL when it is saved ([`AddressPolicy::check_url`]) and
//! every address a name resolves to when a connection is made ([`AddressPolicy::check_ip`]).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use thiserror::Error;

use super::address::{AddressClass, embedded_v4};
use super::cidr::Cidr;
use super::target::{Target, UrlError};

/// The rules. [`AddressPolicy::default`] allows `https` to public addresses only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressPolicy {
    /// Networks that are allowed whatever they are; wins over every refusal of an address.
    pub allow: Vec<Cidr>,
    /// Allows `127.0.0.0/8` and `::1`, for development.
    pub allow_loopback: bool,
    /// Allows `http://`.
    pub allow_http: bool,
    /// Ports that are never dialled, not even in allowed networks.
    pub deny_ports: Vec<u16>,
    /// A part of this server itself that is allowed whatever else is refused.
    pub own: Option<OwnPart>,
}

/// What below one path of this server requests may reach: nothing else at its address, and only by that address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPart {
    /// Where the server listens.
    pub address: SocketAddr,
    /// What the path begins with, as the URL is sent.
    pub prefix: &'static str,
}

impl OwnPart {
    /// Whether a target is at this address, spelled as the address.
    fn is_at(&self, target: &Target) -> bool {
        !target.is_https()
            && target.literal_address() == Some(self.address.ip())
            && target.port() == self.address.port()
    }
}

/// Why a connection is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Blocked {
    /// The address is of a refused kind and in no allowed network.
    #[error("{address} is {class}")]
    Address {
        /// The address as it was resolved or written.
        address: IpAddr,
        /// What it is, or what the address embedded in it is.
        class: AddressClass,
    },
    /// The port belongs to another protocol.
    #[error("port {0} is not allowed")]
    Port(u16),
    /// Plain HTTP is switched off.
    #[error("http is not allowed, use https")]
    PlainHttp,
}

/// Services that read lines or packets and could be fooled by an HTTP request: mail, shells,
/// name service, file shares, databases, caches, chat.
pub const DENIED_PORTS: [u16; 81] = [
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
    111, 113, 115, 117, 119, 123, 135, 137, 138, 139, 143, 161, 162, 179, 389, 445, 465, 512, 513, 514, 515, 548, 554,
    563, 587, 636, 873, 989, 990, 993, 995, 1433, 1434, 1521, 1723, 2049, 3306, 3389, 5060, 5061, 5432, 5900, 6000,
    6379, 6665, 6666, 6667, 6668, 6669, 6697, 11211, 27017, 27018,
];

impl Default for AddressPolicy {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            allow_loopback: false,
            allow_http: false,
            deny_ports: DENIED_PORTS.to_vec(),
            own: None,
        }
    }
}

impl AddressPolicy {
    /// Judges one address.
    ///
    /// IPv4-mapped and NAT64 addresses are judged as the IPv4 address they lead to; other ways of
    /// wrapping IPv4 into IPv6 are refused outright, as are all addresses that are not public.
    pub fn check_ip(&self, address: IpAddr) -> Result<(), Blocked> {
        if self.allows(address) {
            return Ok(());
        }
        let judged = embedded_v4(address).map_or(address, IpAddr::V4);
        if judged != address && self.allows(judged) {
            return Ok(());
        }
        match AddressClass::of(judged) {
            AddressClass::Global => Ok(()),
            class => Err(Blocked::Address { address, class }),
        }
    }

    /// Judges a port: 1 to 65535 without [`AddressPolicy::deny_ports`].
    pub fn check_port(&self, port: u16) -> Result<(), Blocked> {
        if port == 0 || self.deny_ports.contains(&port) {
            return Err(Blocked::Port(port));
        }
        Ok(())
    }

    /// Parses a URL and judges all of it that can be judged without a look-up: its scheme, its
    /// port and, where the host is an address in whatever notation, that address.
    pub fn check_url(&self, url: &str) -> Result<Target, UrlError> {
        let target = Target::parse(url).map_err(|error| match error {
            UrlError::Scheme { .. } => UrlError::Scheme { http: self.allow_http },
            error => error,
        })?;
        if self.is_own(&target) {
            return Ok(target);
        }
        self.check_door(&target)?;
        if let Some(address) = target.literal_address() {
            self.check_ip(address)?;
        } else if target.is_localhost() {
            self.check_ip(IpAddr::V4(Ipv4Addr::LOCALHOST))?;
        }
        Ok(target)
    }

    /// Scheme and port; asked again at every connect, since a target may have been parsed under
    /// older rules.
    pub(super) fn check_door(&self, target: &Target) -> Result<(), Blocked> {
        if !target.is_https() && !self.allow_http {
            return Err(Blocked::PlainHttp);
        }
        self.check_port(target.port())
    }

    /// Whether it is a part of this server that is allowed.
    pub(super) fn is_own(&self, target: &Target) -> bool {
        self.own.as_ref().is_some_and(|own| own.is_at(target) && target.path().starts_with(own.prefix))
    }

    /// What is asked of a target before a connection is taken that was made for another: one that leads to the allowed
    /// part of this server leads to all of it.
    pub(super) fn check_shared(&self, target: &Target) -> Result<(), Blocked> {
        let Some(own) = self.own.as_ref().filter(|own| own.is_at(target)) else { return Ok(()) };
        if target.path().starts_with(own.prefix) {
            return Ok(());
        }
        self.check_door(target)?;
        self.check_ip(own.address.ip())
    }

    fn allows(&self, address: IpAddr) -> bool {
        (self.allow_loopback && address.is_loopback()) || self.allow.iter().any(|network| network.contains(address))
    }
}
