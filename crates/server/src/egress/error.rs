//! Why a request got no answer, in the words the product shows.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::time::Duration;

use rustls::CertificateError;
use thiserror::Error;

use super::policy::Blocked;

/// The largest response head that is read, status line included.
pub const RESPONSE_HEAD_BYTES_MAX: usize = 64 * 1024;

/// Why there is no answer. `Display` is what people read in the attempt log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// The policy forbids the address, the port or the scheme.
    #[error("blocked: {0}")]
    Blocked(#[from] Blocked),
    /// The name did not resolve.
    #[error("dns: {0}")]
    Dns(DnsFailure),
    /// No TCP connection.
    #[error("connect: {0}")]
    Connect(&'static str),
    /// No TLS session.
    #[error("tls: {0}")]
    Tls(String),
    /// The one deadline passed.
    #[error("timeout after {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The peer closed in the middle of the exchange.
    #[error("connection closed before the response was complete")]
    Closed,
    /// The peer reset in the middle of the exchange.
    #[error("connection reset before the response was complete")]
    Reset,
    /// The response head is larger than [`RESPONSE_HEAD_BYTES_MAX`] or has over 100 fields.
    #[error("response headers over 64 KiB or 100 fields")]
    HeadTooLarge,
    /// What came back is not HTTP.
    #[error("invalid response: {0}")]
    Invalid(String),
}

/// Why a name gave no address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DnsFailure {
    /// NXDOMAIN.
    #[error("no such host {0}")]
    NoSuchHost(String),
    /// The name exists but has no A or AAAA record.
    #[error("no address for {0}")]
    NoAddress(String),
    /// No name server answered.
    #[error("name servers did not answer")]
    Unanswered,
    /// Anything else the resolver says.
    #[error("{0}")]
    Other(String),
}

impl SendError {
    /// A short label for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Blocked(_) => "blocked",
            Self::Dns(_) => "dns",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Timeout(_) => "timeout",
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::HeadTooLarge => "head_too_large",
            Self::Invalid(_) => "invalid_response",
        }
    }

    /// A failed TCP connect.
    pub(super) fn from_connect(error: &io::Error) -> Self {
        Self::Connect(match error.kind() {
            ErrorKind::ConnectionRefused => "connection refused",
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => "connection reset",
            ErrorKind::TimedOut => "timed out",
            ErrorKind::NetworkUnreachable => "network unreachable",
            ErrorKind::HostUnreachable => "no route to host",
            ErrorKind::AddrNotAvailable => "no local address or port free",
            ErrorKind::PermissionDenied => "not permitted by this system",
            // EMFILE and ENFILE have no stable kind.
            _ if matches!(error.raw_os_error(), Some(23 | 24)) => "too many open files",
            _ => "failed",
        })
    }

    /// A failed TLS handshake.
    pub(super) fn from_handshake(error: &io::Error) -> Self {
        if let Some(tls) = find::<rustls::Error>(error) {
            return Self::Tls(tls_words(tls));
        }
        Self::Tls(match error.kind() {
            ErrorKind::UnexpectedEof => "connection closed during the handshake".to_owned(),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => "connection reset during the handshake".to_owned(),
            _ => error.to_string(),
        })
    }

    /// A failure after the connection stood.
    pub(super) fn from_hyper(error: &hyper::Error) -> Self {
        if error.is_parse_too_large() {
            return Self::HeadTooLarge;
        }
        if error.is_parse() {
            return Self::Invalid(error.to_string());
        }
        if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
            return Self::Closed;
        }
        if let Some(tls) = find::<rustls::Error>(error) {
            return Self::Tls(tls_words(tls));
        }
        match find::<io::Error>(error).map(io::Error::kind) {
            Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe) => Self::Reset,
            Some(ErrorKind::UnexpectedEof | ErrorKind::NotConnected) => Self::Closed,
            _ => Self::Invalid(innermost(error)),
        }
    }
}

fn tls_words(error: &rustls::Error) -> String {
    use CertificateError as C;
    let words = match error {
        rustls::Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => "certificate expired",
        rustls::Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => "certificate not valid yet",
        rustls::Error::InvalidCertificate(C::UnknownIssuer) => "unknown issuer",
        rustls::Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            "certificate not valid for name"
        }
        rustls::Error::InvalidCertificate(C::Revoked) => "certificate revoked",
        rustls::Error::InvalidCertificate(C::BadSignature) => "bad certificate signature",
        rustls::Error::InvalidMessage(_) => "the server does not speak TLS on this port",
        rustls::Error::AlertReceived(alert) => {
            return format!("the server refused the handshake ({alert:?})");
        }
        other => return other.to_string(),
    };
    words.to_owned()
}

/// The first error of type `T` in the chain. An `io::Error` made from another error hides it from
/// `source()`, so those are opened too.
fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// The cause says more than `error reading a body from connection`.
fn innermost(error: &hyper::Error) -> String {
    let mut last: &dyn StdError = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
