//! `pacspace`: camelCase, the timestamp in a header (spec wire, "Dialects"). `tenantId` is the
//! workspace.
use super::{Headers, ObjectWriter, Row};
use crate::{
    Event, json,
    sign::{self, Outgoing},
};

pub(super) const ROW: Row = Row {
    name: "pacspace",
    content_type: "application/json",
    body,
    headers,
    own: &["x-pacspace-signature", "x-pacspace-timestamp", "x-event-id"],
};

fn body(event: &Event, out: &mut String) {
    ObjectWriter::open(out)
        .text("id", event.id.as_str())
        .text("event", event.kind.as_str())
        .text("tenantId", event.workspace_id.as_str())
        .text("createdAt", &event.timestamp.to_string())
        .with("data", |out| json::camel_case_into(event.data.get(), out))
        .close();
}

/// While two secrets are live the header holds two `v1=`, newest first.
fn headers(outgoing: &Outgoing<'_>, headers: &mut Headers) {
    let at = outgoing.now.seconds().to_string();
    if !outgoing.secrets.is_empty() {
        let mut list = String::with_capacity(outgoing.secrets.len() * 68);
        let content = [at.as_bytes(), b".", outgoing.body];
        sign::push_hex_list(&mut list, outgoing.secrets, &content);
        headers.push(("x-pacspace-signature", list));
    }
    headers.push(("x-pacspace-timestamp", at));
    headers.push(("x-event-id", outgoing.event.id.as_str().to_owned()));
}
