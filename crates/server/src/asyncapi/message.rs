//! Messages, with examples that are encoded and signed by the code that sends them.
use std::time::Duration;

use bellwire_wire::{
    AttemptId, DeliveryId, Dialect, EndpointSecret, Event, EventId, EventType, Namespace, Outgoing, Timestamp,
    WorkspaceId,
    catalog::{self, TypeSpec},
    sign,
};
use serde_json::{Value, json, value::RawValue};

use super::{dialect, link};

/// When the events of the examples happened: 2026-11-23T12:00:00Z.
const AT: i64 = 1_795_435_200;
/// What an example of a custom type says.
const CUSTOM: &str = r#"{"amount_usd":12.5}"#;

/// An event of the examples.
pub(super) fn event(kind: &str, data: &str) -> Event {
    Event {
        id: EventId::from_stored("evt_01KAR2M8G0J6N2T4R5W7X9Y1B3"),
        kind: EventType::from_stored(kind),
        timestamp: Timestamp::from_seconds(AT),
        workspace_id: WorkspaceId::from_stored("ws-01KAR2M8G0A1B2C3D4E5F6G7H8"),
        namespace: Some(Namespace::from_stored("customer-acme")),
        source: None,
        data: RawValue::from_string(data.to_owned()).expect("data is JSON"),
    }
}

/// Body and headers of a delivery, as they are sent; headers that are not always there if `more`.
pub(super) fn sent(event: &Event, dialect: Dialect, more: bool) -> (Value, Value) {
    let body = dialect.encode(event);
    let secrets = [EndpointSecret::from_random(&[7; 48]).expect("48 bytes are a secret")];
    let outgoing = Outgoing {
        event,
        dialect,
        body: &body,
        secrets: &secrets,
        ed25519: None,
        now: event.timestamp.after(Duration::from_secs(1)),
        delivery_id: &DeliveryId::from_stored("dlv_01KAR2M8G0K7P3V5S6X8Z0A2C4"),
        attempt_id: &AttemptId::from_stored("att_01KAR2M8G0M8Q4W6T7Y9B1D3E5"),
        attempt: 1,
        will_retry_after: more.then_some(Duration::from_secs(5)),
        replay: more,
        traceparent: more.then_some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        version: crate::VERSION,
    };
    let headers = sign::headers(&outgoing).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    (serde_json::from_slice(&body).expect("a body is JSON"), Value::Object(headers))
}

fn example(name: &str, event: &Event, dialect: Dialect) -> Value {
    let (payload, headers) = sent(event, dialect, false);
    json!({"name": name, "headers": headers, "payload": payload})
}

/// A type of the catalog, as webhooks of the dialect `standard` tell it.
pub(super) fn built_in(spec: &TypeSpec) -> Value {
    let data = link(&format!("components/schemas/{}", spec.name));
    json!({
        "name": spec.name,
        "title": spec.name,
        "summary": spec.description,
        "contentType": Dialect::Standard.content_type(),
        "headers": link("components/schemas/headers_standard"),
        "payload": dialect::body(Dialect::Standard, &json!({"type": "string", "const": spec.name}), &data),
        "examples": [example(spec.name, &event(spec.name, spec.example.get()), Dialect::Standard)],
        "x-version": spec.version,
    })
}

/// Any type outside the built-in families.
pub(super) fn custom() -> Value {
    let kind = json!({"type": "string", "description": "`family.name`, outside the built-in families",
        "not": {"pattern": format!("^({})\\.", catalog::FAMILIES.join("|"))}});
    let data = json!({"type": "object", "description": "What was posted; valid by the type's schema, if it has one"});
    json!({
        "name": "custom",
        "title": "A type of your own",
        "summary": "An event that somebody posted to `POST /v1/events`.",
        "contentType": Dialect::Standard.content_type(),
        "headers": link("components/schemas/headers_standard"),
        "payload": dialect::body(Dialect::Standard, &kind, &data),
        "examples": [example("invoice.paid", &event("invoice.paid", CUSTOM), Dialect::Standard)],
    })
}

/// Any event in another dialect.
pub(super) fn in_dialect(of: Dialect) -> Value {
    let kind = json!({"type": "string", "description": "The event's type"});
    let data = json!({"type": "object", "description": "The data, as the type's schema says"});
    let examples: Vec<Value> = ["purchase.succeeded", "approval.requested"]
        .into_iter()
        .filter_map(catalog::find)
        .map(|spec| example(spec.name, &event(spec.name, spec.example.get()), of))
        .collect();
    json!({
        "name": format!("dialect_{of}"),
        "title": format!("An event in the dialect {of}"),
        "contentType": of.content_type(),
        "headers": link(&format!("components/schemas/headers_{of}")),
        "payload": dialect::body(of, &kind, &data),
        "examples": examples,
    })
}

/// An event as the stream tells it.
pub(super) fn streamed_example() -> Value {
    sent(&event("invoice.paid", CUSTOM), Dialect::Standard, false).0
}

/// What asks for deliveries, and what is held then.
pub(super) fn pull_examples() -> (Value, Value) {
    let event = event("invoice.paid", CUSTOM);
    let (body, headers) = sent(&event, Dialect::Standard, false);
    let until = event.timestamp.after(Duration::from_secs(31));
    let held = json!({"deliveries": [{
        "id": "dlv_01KAR2M8G0K7P3V5S6X8Z0A2C4", "lease_id": until.micros().to_string(), "lease_expires_at": until,
        "attempt": 1, "replay": false, "event": body, "headers": headers,
        "body": String::from_utf8_lossy(&Dialect::Standard.encode(&event)),
    }]});
    (json!({"max": 10, "lease": "30s", "wait": "20s"}), held)
}
