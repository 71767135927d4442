//! `standard`: the native envelope (spec wire, "Native envelope") and the Standard Webhooks headers.
use super::{ObjectWriter, Row};
use crate::{Event, Namespace, json};

pub(super) const ROW: Row =
    Row { name: "standard", content_type: "application/json", body, headers: |_, _| {}, own: &[] };

/// What serialising the event gives, with the whitespace inside `data` dropped.
fn body(event: &Event, out: &mut String) {
    let mut object = ObjectWriter::open(out);
    object
        .text("id", event.id.as_str())
        .text("type", event.kind.as_str())
        .text("timestamp", &event.timestamp.to_string())
        .text("workspace_id", event.workspace_id.as_str())
        .text_or_null("namespace", event.namespace.as_ref().map(Namespace::as_str));
    if let Some(source) = &event.source {
        object.text("source", source);
    }
    object.with("data", |out| json::compact_into(event.data.get(), out)).close();
}
