//! What goes in and what comes out: one request, and all that is known about how it went.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::time::Instant;

use super::error::SendError;
use super::target::Target;

/// How much of an answer's body is kept unless the caller says otherwise.
pub const RESPONSE_BYTES_KEPT: usize = 4096;

/// How much of an answer's body is read unless the caller says otherwise.
pub const RESPONSE_BYTES_READ: usize = 1024 * 1024;

/// A request to send once.
#[derive(Debug, Clone)]
pub struct OutboundRequest {
    /// The method.
    pub method: Method,
    /// Where to; parsed once per endpoint by [`super::AddressPolicy::check_url`].
    pub target: Target,
    /// Headers; those that belong to the connection (`host`, `content-length`,
    /// `transfer-encoding`, `connection` and kin) are replaced.
    pub headers: HeaderMap,
    /// The body, sent whole with its length.
    pub body: Bytes,
    /// One deadline over DNS, connect, TLS, sending, headers and body.
    pub timeout: Duration,
    /// Bytes of the answer's body that are kept.
    pub response_bytes_kept: usize,
    /// Bytes of the answer's body that are read; when there are more, the connection is dropped
    /// and the status decides.
    pub response_bytes_read: usize,
}

impl OutboundRequest {
    /// A `POST` of `body` with the usual limits on the answer.
    pub fn post(target: Target, headers: HeaderMap, body: Bytes, timeout: Duration) -> Self {
        Self {
            method: Method::POST,
            target,
            headers,
            body,
            timeout,
            response_bytes_kept: RESPONSE_BYTES_KEPT,
            response_bytes_read: RESPONSE_BYTES_READ,
        }
    }
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code; redirects are answers like any other.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The first bytes of the body, as sent (never decompressed).
    pub body_prefix: Bytes,
    /// Whether the body was longer than what was kept.
    pub body_truncated: bool,
}

/// How long the phases took, in microseconds; `None` for a phase that did not happen or did not
/// end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timing {
    /// Resolving the name; none for literal addresses and reused connections.
    pub dns_us: Option<u32>,
    /// TCP and TLS; none for reused connections.
    pub connect_us: Option<u32>,
    /// From handing the request to a connection to the answer's headers.
    pub first_byte_us: Option<u32>,
    /// The whole exchange; always known once it is over.
    pub total_us: Option<u32>,
    /// Whether the connection had served another request before.
    pub reused: bool,
}

/// How a request went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The answer, or why there is none.
    pub outcome: Result<Response, SendError>,
    /// How long it took.
    pub timing: Timing,
    /// The address connected to, if a connection was made.
    pub remote: Option<SocketAddr>,
}

/// What an exchange has learned so far; kept outside of it so that a timeout loses nothing.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) timing: Timing,
    pub(super) remote: Option<SocketAddr>,
    started: Instant,
}

impl Trace {
    pub(super) fn start() -> Self {
        Self { timing: Timing::default(), remote: None, started: Instant::now() }
    }

    pub(super) fn finish(mut self, outcome: Result<Response, SendError>) -> Exchange {
        self.timing.total_us = Some(micros_since(self.started));
        Exchange { outcome, timing: self.timing, remote: self.remote }
    }
}

/// Microseconds, at most the 71 minutes that fit.
pub(super) fn micros_since(start: Instant) -> u32 {
    u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX)
}
