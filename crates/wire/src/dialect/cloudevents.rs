//! `cloudevents`: `CloudEvents` 1.0.2 in structured JSON (spec wire, "Dialects"; the `CloudEvents` JSON
//! format 1.0.2, section 3).
use super::{ObjectWriter, Row};
use crate::{Event, json};

pub(super) const ROW: Row =
    Row { name: "cloudevents", content_type: "application/cloudevents+json", body, headers: |_, _| {}, own: &[] };

fn body(event: &Event, out: &mut String) {
    let mut object = ObjectWriter::open(out);
    object
        .text("specversion", "1.0")
        .text("id", event.id.as_str())
        .with("source", |out| {
            out.push_str("\"/workspaces/");
            out.push_str(event.workspace_id.as_str());
            out.push('"');
        })
        .text("type", event.kind.as_str());
    if let Some(namespace) = &event.namespace {
        object.text("subject", namespace.as_str());
    }
    object
        .text("time", &event.timestamp.to_string())
        .text("datacontenttype", "application/json")
        .with("data", |out| json::compact_into(event.data.get(), out))
        .close();
}
