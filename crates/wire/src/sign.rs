//! Signing: the headers of one attempt (spec wire, "Signatures" and "Dialects").
//!
//! Every request carries the Standard Webhooks headers and Bellwire's own; the dialect then adds
//! its extra signature. One HMAC pass per secret and scheme, over parts that are never joined.
use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{
    AttemptId, DeliveryId, Dialect, Event, Timestamp,
    dialect::Headers,
    secret::{EndpointSecret, SigningKey},
};

/// One attempt, ready to be signed.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// What happened.
    pub event: &'a Event,
    /// How it is told.
    pub dialect: Dialect,
    /// What [`Dialect::encode`] made of the event.
    pub body: &'a [u8],
    /// The live secrets, newest first, at least one.
    pub secrets: &'a [EndpointSecret],
    /// If set, `webhook-signature` is `v1a` by this key instead of `v1` by the secrets.
    pub ed25519: Option<&'a SigningKey>,
    /// When the attempt starts.
    pub now: Timestamp,
    /// The delivery.
    pub delivery_id: &'a DeliveryId,
    /// This attempt of it.
    pub attempt_id: &'a AttemptId,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// When the next attempt follows if this one fails; `None` on the last.
    pub will_retry_after: Option<Duration>,
    /// Whether somebody asked for this event again.
    pub replay: bool,
    /// W3C trace context of the request that caused the event.
    pub traceparent: Option<&'a str>,
    /// Our own version, for `user-agent`.
    pub version: &'a str,
}

/// All headers of an attempt, lower-case names, always in the same order.
pub fn headers(outgoing: &Outgoing<'_>) -> Headers {
    let event = outgoing.event;
    let at = outgoing.now.seconds();
    let mut headers: Headers = Vec::with_capacity(16);
    headers.push(("content-type", outgoing.dialect.content_type().to_owned()));
    headers.push(("user-agent", ["Bellwire/", outgoing.version].concat()));
    headers.push(("webhook-id", event.id.as_str().to_owned()));
    headers.push(("webhook-timestamp", at.to_string()));
    let signature = match outgoing.ed25519 {
        Some(key) => standard_v1a(key, event.id.as_str(), at, outgoing.body),
        None => standard_list(outgoing.secrets, event.id.as_str(), at, outgoing.body),
    };
    if !signature.is_empty() {
        headers.push(("webhook-signature", signature));
    }
    headers.push(("bellwire-event", event.kind.as_str().to_owned()));
    let delivery_id = outgoing.delivery_id.as_str().to_owned();
    headers.push(("bellwire-delivery-id", delivery_id));
    let attempt_id = outgoing.attempt_id.as_str().to_owned();
    headers.push(("bellwire-attempt-id", attempt_id));
    headers.push(("bellwire-attempt", outgoing.attempt.to_string()));
    if let Some(span) = outgoing.will_retry_after {
        let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
        headers.push(("bellwire-will-retry-after", seconds.to_string()));
    }
    if outgoing.replay {
        headers.push(("bellwire-replay", "true".to_owned()));
    }
    if let Some(trace) = outgoing.traceparent {
        headers.push(("traceparent", trace.to_owned()));
    }
    outgoing.dialect.add_headers(outgoing, &mut headers);
    headers
}

/// `v1,<base64>`: HMAC-SHA256 by the decoded key over `{id}.{timestamp}.{body}` (Standard Webhooks
/// 1.0.0).
pub fn standard_v1(key: &[u8], id: &str, timestamp: i64, body: &[u8]) -> String {
    let mut out = String::with_capacity(47);
    let timestamp = timestamp.to_string();
    push_v1(&mut out, key, &standard_content(id, &timestamp, body));
    out
}

/// `v1a,<base64>`: Ed25519 over the same content (Standard Webhooks 1.0.0, "Asymmetric").
pub fn standard_v1a(key: &SigningKey, id: &str, timestamp: i64, body: &[u8]) -> String {
    let mut out = String::with_capacity(92);
    out.push_str("v1a,");
    let timestamp = timestamp.to_string();
    let signature = key.sign(&standard_content(id, &timestamp, body));
    STANDARD.encode_string(signature, &mut out);
    out
}

/// `t=<timestamp>,v1=<hex>[,v1=<hex>]` over `{t}.{body}`, one per secret, by the secrets' text:
/// `trove`, `trovefiles`, `paygraph` and Stripe.
pub fn stamped_hex(secrets: &[&EndpointSecret], timestamp: i64, body: &[u8]) -> String {
    let timestamp = timestamp.to_string();
    let mut out = String::with_capacity(16 + secrets.len() * 68);
    out.push_str("t=");
    out.push_str(&timestamp);
    out.push(',');
    let content = [timestamp.as_bytes(), b".", body];
    push_hex_list(&mut out, secrets.iter().copied(), &content);
    out
}

/// Lower-case hex of HMAC-SHA256 over `parts` joined: the bare form of `keystore`, GitHub and Slack.
pub fn hex_signature(key: &[u8], parts: &[&[u8]]) -> String {
    let mut out = String::with_capacity(64);
    push_hex(&mut out, key, parts);
    out
}

/// HMAC-SHA256 (RFC 2104) over `parts` joined.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104)");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The pieces of what Standard Webhooks signs.
pub(crate) fn standard_content<'a>(id: &'a str, at: &'a str, body: &'a [u8]) -> [&'a [u8]; 5] {
    [id.as_bytes(), b".", at.as_bytes(), b".", body]
}

/// Appends `v1=<hex>[,v1=<hex>]`, one per secret.
pub(crate) fn push_hex_list<'s>(
    out: &mut String,
    secrets: impl IntoIterator<Item = &'s EndpointSecret>,
    parts: &[&[u8]],
) {
    for (index, secret) in secrets.into_iter().enumerate() {
        out.push_str(if index == 0 { "v1=" } else { ",v1=" });
        push_hex(out, secret.as_str().as_bytes(), parts);
    }
}

fn standard_list(secrets: &[EndpointSecret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let mut out = String::with_capacity(secrets.len() * 48);
    let timestamp = timestamp.to_string();
    let content = standard_content(id, &timestamp, body);
    for secret in secrets {
        if !out.is_empty() {
            out.push(' ');
        }
        push_v1(&mut out, secret.key(), &content);
    }
    out
}

fn push_v1(out: &mut String, key: &[u8], parts: &[&[u8]]) {
    out.push_str("v1,");
    STANDARD.encode_string(mac(key, parts), out);
}

fn push_hex(out: &mut String, key: &[u8], parts: &[&[u8]]) {
    let mut text = [0_u8; 64];
    hex::encode_to_slice(mac(key, parts), &mut text).expect("32 bytes are 64 digits");
    out.push_str(std::str::from_utf8(&text).expect("hex digits are ASCII"));
}
