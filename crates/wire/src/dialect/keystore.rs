//! `keystore`: `event`, `timestamp` and camelCase `data`; plain hex over the body (spec wire,
//! "Dialects").
use super::{Headers, ObjectWriter, Row};
use crate::{
    Event, json,
    sign::{self, Outgoing},
};

pub(super) const ROW: Row = Row {
    name: "keystore",
    content_type: "application/json",
    body,
    headers,
    own: &["x-webhook-signature", "x-webhook-event"],
};

fn body(event: &Event, out: &mut String) {
    ObjectWriter::open(out)
        .text("event", event.kind.as_str())
        .text("timestamp", &event.timestamp.to_string())
        .with("data", |out| json::camel_case_into(event.data.get(), out))
        .close();
}

/// There is room for one signature, so the older secret alone signs while two are live.
fn headers(outgoing: &Outgoing<'_>, headers: &mut Headers) {
    if let Some(secret) = outgoing.secrets.last() {
        let signature = sign::hex_signature(secret.as_str().as_bytes(), &[outgoing.body]);
        headers.push(("x-webhook-signature", signature));
    }
    headers.push(("x-webhook-event", outgoing.event.kind.as_str().to_owned()));
}
