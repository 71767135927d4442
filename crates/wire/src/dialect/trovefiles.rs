//! `trovefiles`: an envelope with `api_version` and `created_at` (spec wire, "Dialects"); headers as
//! in `trove`.
use super::{ObjectWriter, Row, trove};
use crate::{Event, Namespace, json};

/// The version of the envelope that the official client knows.
const API_VERSION: &str = "2026-01-01";

pub(super) const ROW: Row = Row {
    name: "trovefiles",
    content_type: "application/json",
    body,
    headers: trove::headers,
    own: &["x-trove-signature", "x-trove-event", "x-trove-event-id"],
};

fn body(event: &Event, out: &mut String) {
    ObjectWriter::open(out)
        .text("id", event.id.as_str())
        .text("type", event.kind.as_str())
        .text("api_version", API_VERSION)
        .text("workspace_id", event.workspace_id.as_str())
        .text_or_null("namespace", event.namespace.as_ref().map(Namespace::as_str))
        .text("created_at", &event.timestamp.to_string())
        .with("data", |out| json::compact_into(event.data.get(), out))
        .close();
}
