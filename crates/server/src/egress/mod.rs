//! The one door for all outward HTTP.
//!
//! Deliveries, test deliveries, OAuth, notifications and reactor calls leave through
//! [`Egress::send`] and nothing else opens a connection. Who takes part:
//!
//! - [`AddressPolicy`] says where the server may go. It is pure: [`AddressPolicy::check_url`]
//!   turns text into a [`Target`] when an endpoint is saved, and the same rules judge every
//!   address again when a connection is made.
//! - `dns` resolves a target. Every address of the answer is judged, and one refused address
//!   refuses the target; a literal address skips the look-up, not the judgement.
//! - `connect` dials exactly an address that was judged, so there is no second look-up for an
//!   attacker to answer differently, and speaks TLS where the target says so. ALPN chooses
//!   between HTTP/2 and HTTP/1.1.
//! - `pool` keeps connections between requests.
//! - [`Egress`] sends an [`OutboundRequest`] and returns an [`Exchange`]: the answer or a
//!   [`SendError`] in words, the time each phase took, and the address it went to.
//!
//! What is absent, on purpose: redirects, proxies (the environment is not read), cookies,
//! decompression, and retries of anything the peer may have seen. The caller retries.

mod address;
mod body;
mod cidr;
mod client;
mod config;
mod connect;
mod dns;
mod error;
mod exchange;
mod policy;
mod pool;
mod target;
pub(crate) mod tls;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#[allow(clippy::disallowed_methods, reason = "a peer of a test ends with the test")]
mod tests;

pub use address::{AddressClass, embedded_v4};
pub use cidr::{Cidr, CidrError};
pub use client::Egress;
pub use config::EgressConfig;
pub use error::{DnsFailure, RESPONSE_HEAD_BYTES_MAX, SendError};
pub use exchange::{Exchange, OutboundRequest, RESPONSE_BYTES_KEPT, RESPONSE_BYTES_READ, Response, Timing};
pub use policy::{AddressPolicy, Blocked, DENIED_PORTS, OwnPart};
pub use target::{Target, URL_BYTES_MAX, UrlError};
pub use tls::EgressError;
