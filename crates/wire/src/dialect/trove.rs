//! `trove`: the fields of `data` beside `id`, `type` and `timestamp` at the top level (spec wire,
//! "Dialects"). The first three win over data's own of the same name.
use super::{Headers, ObjectWriter, Row};
use crate::{
    Event, json,
    sign::{self, Outgoing},
};

pub(super) const ROW: Row = Row {
    name: "trove",
    content_type: "application/json",
    body,
    headers,
    own: &["x-trove-signature", "x-trove-event", "x-trove-event-id"],
};

/// Data that is no object cannot be merged; it stays under `data`.
pub(super) fn body(event: &Event, out: &mut String) {
    let mut object = ObjectWriter::open(out);
    object
        .text("id", event.id.as_str())
        .text("type", event.kind.as_str())
        .text("timestamp", &event.timestamp.to_string());
    let data = event.data.get();
    if !json::members_into(data, &["id", "type", "timestamp"], object.0) {
        object.with("data", |out| json::compact_into(data, out));
    }
    object.close();
}

/// Also `trovefiles`'. Its official client reads the last `v1=` only, so the older secret alone
/// signs while two are live.
pub(super) fn headers(outgoing: &Outgoing<'_>, headers: &mut Headers) {
    if let Some(secret) = outgoing.secrets.last() {
        let at = outgoing.now.seconds();
        let signature = sign::stamped_hex(&[secret], at, outgoing.body);
        headers.push(("x-trove-signature", signature));
    }
    headers.push(("x-trove-event", outgoing.event.kind.as_str().to_owned()));
    headers.push(("x-trove-event-id", outgoing.event.id.as_str().to_owned()));
}
