//! What may be posted, and in which order it is delivered.
use std::borrow::Cow;

use bellwire_wire::{Event, EventType, catalog};
use serde::Deserialize;

use crate::workspace::{Permission, Principal};

/// How deeply data may nest.
pub const DATA_DEPTH_MAX: usize = 64;

/// Whether a type may be posted by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// A custom type, by a key that may write events.
    Custom,
    /// A built-in type, by a key that may report it: the event names its reporter.
    Reported,
    /// A reserved family has no such type: 422.
    Unknown,
    /// The key lacks this permission: 403.
    Needs(Permission),
}

/// Families whose events `exec`, `watch` and hooks report.
const REPORTED: &[&str] = &["exec", "file"];

/// Whether `by` may post an event of this type (spec conventions, "Built-in event families").
pub fn admit(by: &Principal, kind: &EventType) -> Admission {
    let family = kind.family();
    if !catalog::is_reserved_family(family) {
        return if by.may(Permission::EventsWrite) {
            Admission::Custom
        } else {
            Admission::Needs(Permission::EventsWrite)
        };
    }
    if catalog::find(kind.as_str()).is_none() {
        return Admission::Unknown;
    }
    let reports = by.may(Permission::EventsReport) && REPORTED.contains(&family);
    if by.may(Permission::EventsImpersonate) || reports {
        Admission::Reported
    } else {
        Admission::Needs(Permission::EventsImpersonate)
    }
}

/// What events of an ordered endpoint are kept in order by (spec delivery, "Endpoints"): the
/// wallet, customer or approval id for those families, else the namespace.
pub fn ordering_key(event: &Event) -> Cow<'_, str> {
    let data = event.data.get();
    let found = match event.kind.family() {
        "purchase" | "budget" | "wallet" | "spend" => Keyed::read(data).and_then(|keyed| keyed.wallet_id),
        "delta" | "period" | "plan" | "chain" => {
            Keyed::read(data).and_then(|keyed| keyed.customer_id.or(keyed.delta?.customer_id))
        }
        "approval" => Keyed::read(data).and_then(|keyed| keyed.approval_id),
        _ => None,
    };
    found.unwrap_or_else(|| event.namespace.as_ref().map_or("", |namespace| namespace.as_str()).into())
}

#[derive(Deserialize)]
struct Keyed<'a> {
    #[serde(borrow)]
    wallet_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    customer_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    approval_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    delta: Option<Customer<'a>>,
}

#[derive(Deserialize)]
struct Customer<'a> {
    #[serde(borrow)]
    customer_id: Option<Cow<'a, str>>,
}

impl<'a> Keyed<'a> {
    fn read(data: &'a str) -> Option<Self> {
        serde_json::from_str(data).ok()
    }
}

/// Whether a JSON text holds what its grammar allows but no reader can hold: half a surrogate pair, a
/// number beyond all floats. Only texts with escapes or exponents are read a second time.
pub fn is_readable(json: &str) -> bool {
    let bytes = json.as_bytes();
    let exponent = |pair: &[u8]| pair[0].is_ascii_digit() && matches!(pair[1], b'e' | b'E');
    let suspect = json.len() > 300 && json.bytes().filter(u8::is_ascii_digit).count() > 300
        || bytes.windows(2).any(|pair| pair == b"\\u" || exponent(pair));
    !suspect || serde_json::from_str::<serde_json::Value>(json).is_ok()
}

/// How deeply a JSON text nests. The text is known to be JSON.
pub fn depth(json: &str) -> usize {
    let (mut deepest, mut depth, mut text, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'{' | b'[' if !text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_texts_only() {
        assert_eq!(depth(r#"{"a":[{"b":1}]}"#), 3);
        assert_eq!(depth(r#"{"a":"[[[\"[["}"#), 1);
        assert_eq!(depth("{}"), 1);
    }
}
