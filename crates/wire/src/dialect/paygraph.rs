//! `paygraph`: an approval's payload is the whole body (spec wire, "Dialects"; spec approvals, "The
//! approval"); other types look as in `trove`.
//!
//! The signature's `t` is when the approval was made, so header and body are the same on every
//! retry; what differs per attempt travels in headers of its own.
use serde::Deserialize;

use super::{Headers, Row, trove};
use crate::{
    Event, Timestamp, json,
    sign::{self, Outgoing},
};

pub(super) const ROW: Row = Row {
    name: "paygraph",
    content_type: "application/json",
    body,
    headers,
    own: &["x-paygraph-signature", "x-paygraph-delivery-id", "x-paygraph-attempt"],
};

fn is_approval(event: &Event) -> bool {
    event.kind.family() == "approval"
}

fn body(event: &Event, out: &mut String) {
    if is_approval(event) {
        json::compact_into(event.data.get(), out);
    } else {
        trove::body(event, out);
    }
}

fn headers(outgoing: &Outgoing<'_>, headers: &mut Headers) {
    if !outgoing.secrets.is_empty() {
        let at = created_at(outgoing.event).seconds();
        let secrets: Vec<_> = outgoing.secrets.iter().collect();
        let signature = sign::stamped_hex(&secrets, at, outgoing.body);
        headers.push(("x-paygraph-signature", signature));
    }
    let attempt_id = outgoing.attempt_id.as_str().to_owned();
    headers.push(("x-paygraph-delivery-id", attempt_id));
    headers.push(("x-paygraph-attempt", outgoing.attempt.to_string()));
}

/// When the approval was made: the payload's `created_at`; when the event happened for other types
/// and for payloads without one.
fn created_at(event: &Event) -> Timestamp {
    #[derive(Deserialize)]
    struct Payload {
        created_at: Timestamp,
    }
    if is_approval(event)
        && let Ok(payload) = serde_json::from_str::<Payload>(event.data.get())
    {
        return payload.created_at;
    }
    event.timestamp
}
