//! One request of a delivery: encoded, signed, sent, read.
use std::{borrow::Cow, sync::Arc, time::Duration};

use bellwire_domain::delivery::{Answer, AttemptRecord, Claimed, Directive, Endpoint, Outcome, Signing, Timing};
use bellwire_store::BoxFuture;
use bellwire_wire::{AttemptId, Outgoing, Timestamp, sign};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header::RETRY_AFTER};

use super::Parts;
use crate::egress::{Egress, Exchange, OutboundRequest, Target, UrlError};

/// What sends a request. The server's is [`Egress`]; a simulation has its own.
pub trait Transport: Send + Sync {
    /// Sends one request and reads the answer, within its deadline.
    fn send(&self, request: OutboundRequest) -> BoxFuture<'_, Exchange>;
    /// The one address rule.
    fn policy(&self) -> &crate::egress::AddressPolicy;
}

impl Transport for Egress {
    fn send(&self, request: OutboundRequest) -> BoxFuture<'_, Exchange> {
        Box::pin(Self::send(self, request))
    }

    fn policy(&self) -> &crate::egress::AddressPolicy {
        Self::policy(self)
    }
}

/// A request as it is about to be sent: what is stored of it is what is signed is what is sent.
/// Keeps I6.
pub struct Rendered {
    /// The attempt's id.
    pub id: AttemptId,
    /// Everything but the endpoint's own headers.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body.
    pub body: Bytes,
}

/// Encodes and signs a delivery for one attempt.
pub fn render(parts: &Parts, endpoint: &Endpoint, claimed: &Claimed, now: Timestamp) -> Rendered {
    let id = AttemptId::from_ulid(parts.mint.ulid());
    let body = endpoint.config.dialect.encode(&claimed.event);
    let attempt = claimed.attempts.saturating_add(1);
    let ed25519 = (endpoint.config.signing == Signing::Ed25519).then_some(&*parts.signing_key);
    let outgoing = Outgoing {
        event: &claimed.event,
        dialect: endpoint.config.dialect,
        body: &body,
        secrets: &endpoint.live_secrets(now),
        ed25519,
        now,
        delivery_id: &claimed.id,
        attempt_id: &id,
        attempt,
        // The middle of the jitter: what is told is what is likely.
        will_retry_after: claimed.retry().delay(attempt, 500_000),
        replay: claimed.replay,
        traceparent: claimed.origin.traceparent.as_deref(),
        version: crate::VERSION,
    };
    let headers = sign::headers(&outgoing).into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect();
    Rendered { id, headers, body: body.into() }
}

/// Makes one attempt. Whatever happens, there is an outcome.
pub async fn attempt(
    parts: Arc<Parts>,
    endpoint: Arc<Endpoint>,
    target: Result<Target, UrlError>,
    claimed: Claimed,
) -> Outcome {
    let now = parts.clock.now();
    let rendered = render(&parts, &endpoint, &claimed, now);
    let mut record = AttemptRecord {
        id: rendered.id,
        number: claimed.attempts_total.saturating_add(1),
        at: now,
        timing: Timing::default(),
        remote: None,
        status_code: None,
        response_headers: Vec::new(),
        response_body: None,
        error: None,
        request_headers: rendered.headers,
        endpoint_version: Some(endpoint.version),
    };
    let target = match target {
        Ok(target) => target,
        Err(error) => {
            record.error = Some(error.alone());
            count("failure");
            return Outcome { claimed, attempt: record, answer: Answer::default() };
        }
    };
    let headers = header_map(&record.request_headers, &endpoint);
    let timeout = claimed.patience();
    let request = OutboundRequest::post(target, headers, rendered.body, timeout);
    let exchange = parts.transport.send(request).await;
    let answer = read(exchange, &mut record, parts.clock.now());
    count(if answer.succeeded() { "success" } else { "failure" });
    tracing::debug!(
        delivery = %claimed.id,
        attempt = %record.id,
        request_id = claimed.origin.request_id.as_ref().map(tracing::field::display),
        status = record.status_code,
        error = record.error,
        total_us = record.timing.total_us,
        "attempted",
    );
    Outcome { claimed, attempt: record, answer }
}

fn count(result: &'static str) {
    metrics::counter!("bellwire_attempts_total", "result" => result).increment(1);
}

fn header_map(ours: &[(Cow<'static, str>, String)], endpoint: &Endpoint) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(ours.len() + endpoint.config.headers.len());
    let own = endpoint.config.headers.iter().map(|(name, value)| (name.as_str(), value));
    // Ours last: they win, though saving refuses the names.
    for (name, value) in own.chain(ours.iter().map(|(name, value)| (&**name, value))) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers
}

/// Notes what came back, and tells the rules what they need of it.
fn read(exchange: Exchange, record: &mut AttemptRecord, now: Timestamp) -> Answer {
    record.timing = Timing {
        dns_us: exchange.timing.dns_us,
        connect_us: exchange.timing.connect_us,
        first_byte_us: exchange.timing.first_byte_us,
        total_us: exchange.timing.total_us.unwrap_or(0),
    };
    record.remote = exchange.remote.map(|remote| remote.to_string());
    let response = match exchange.outcome {
        Ok(response) => response,
        Err(error) => {
            record.error = Some(error.to_string());
            return Answer::default();
        }
    };
    record.status_code = Some(response.status);
    record.response_headers = response
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    // Engines of the store disagree on NUL inside of a text.
    record.response_body = Some(String::from_utf8_lossy(&response.body_prefix).replace('\0', "\u{fffd}"));
    let answer = Answer {
        status: Some(response.status),
        retry_after: response.headers.get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now)),
        delay: None,
        directive: response.headers.get("webhook-delivery").and_then(|value| match value.to_str().ok()?.trim() {
            "disable" => Some(Directive::Disable),
            "abort-message" => Some(Directive::Abort),
            _ => None,
        }),
    };
    if !answer.succeeded() {
        record.error = Some(match response.status {
            300..400 => format!("status {}: redirects are not followed", response.status),
            status => format!("status {status}"),
        });
    }
    answer
}

/// `Retry-After` in either form (RFC 9110 §10.2.3).
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(Timestamp::from_micros(at.as_microsecond()).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = Timestamp::from_seconds(1_795_298_462);
        assert_eq!(retry_after("120", now), Some(Duration::from_mins(2)));
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sat, 21 Nov 2026 22:02:02 GMT", now), Some(Duration::from_mins(1)));
        assert_eq!(retry_after("Sat, 21 Nov 2020 22:02:02 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
    }
}
