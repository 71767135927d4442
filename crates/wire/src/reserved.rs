//! Headers that an endpoint's own `headers` may not set (spec delivery, "Endpoints": reserved names
//! refused): what we set in any dialect, what frames the message, and what would speak for someone
//! else on the connection.
use crate::Dialect;

/// Names that are refused, lower case. Beside these, every name that starts with one of
/// [`RESERVED_PREFIXES`] and every name a dialect sends ([`Dialect::own_headers`]).
pub const RESERVED_HEADERS: &[&str] = &[
    // The message and its framing (RFC 9110, RFC 9112).
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "host",
    "transfer-encoding",
    // Hop by hop (RFC 9110, section 7.6.1).
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    // Ours.
    "traceparent",
    "tracestate",
    "user-agent",
    // A delivery carries no session and no claim about who sent it for whom.
    "cookie",
    "cookie2",
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// Beginnings of names that are refused: ours and each dialect's.
pub const RESERVED_PREFIXES: &[&str] =
    &["webhook-", "bellwire-", "x-trove-", "x-paygraph-", "x-pacspace-", "x-webhook-"];

/// Whether an endpoint's own headers may not set `name`, in any mixture of cases. `authorization`
/// and `x-api-key` are allowed: receivers ask for them.
pub fn is_reserved_header(name: &str) -> bool {
    let is = |reserved: &&str| name.eq_ignore_ascii_case(reserved);
    let starts = |prefix: &&str| name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    RESERVED_HEADERS.iter().any(is)
        || RESERVED_PREFIXES.iter().any(starts)
        || Dialect::ALL.iter().any(|dialect| dialect.own_headers().iter().any(is))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_frame_route_or_sign_are_reserved() {
        for name in [
            "Host",
            "Content-Type",
            "transfer-encoding",
            "Webhook-Id",
            "BELLWIRE-anything",
            "x-trove-x",
            "X-Event-ID",
            "x-webhook-event",
            "Cookie",
            "TE",
        ] {
            assert!(is_reserved_header(name), "{name}");
        }
        for name in ["authorization", "x-api-key", "x-team", "web", "", "ä"] {
            assert!(!is_reserved_header(name), "{name}");
        }
    }
}
