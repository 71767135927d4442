//! An event and an attempt to test with.
#![allow(dead_code, unreachable_pub, reason = "shared by the test binaries; each uses some of it")]
use bellwire_wire::{
    AttemptId, DeliveryId, Dialect, EndpointSecret, Event, EventId, EventType, Namespace, Outgoing, SigningKey,
    Timestamp, WorkspaceId,
};
use serde_json::value::RawValue;

pub const WORKSPACE: &str = "ws-01KAJ0Q8ZV8J6N2T4R5W7X9Y1A";
pub const EVENT: &str = "evt_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B";
/// 2026-11-21T22:01:02Z.
pub const NOW: i64 = 1_795_298_462;
pub const VERSION: &str = "0.1.0";

pub fn event(kind: &str, data: &str) -> Event {
    Event {
        id: EventId::from_stored(EVENT),
        kind: EventType::from_stored(kind),
        timestamp: Timestamp::from_micros(NOW * 1_000_000 + 345_678),
        workspace_id: WorkspaceId::from_stored(WORKSPACE),
        namespace: Some(Namespace::from_stored("customer-acme")),
        source: None,
        data: RawValue::from_string(data.to_owned()).expect("JSON"),
    }
}

pub fn secret(byte: u8) -> EndpointSecret {
    EndpointSecret::from_random(&[byte; 48]).expect("48 bytes")
}

#[allow(clippy::struct_field_names, reason = "`attempt_id` is the name on the wire")]
pub struct Attempt {
    pub event: Event,
    pub body: Vec<u8>,
    pub dialect: Dialect,
    pub delivery_id: DeliveryId,
    pub attempt_id: AttemptId,
    pub ed25519: Option<SigningKey>,
}

impl Attempt {
    pub fn new(dialect: Dialect, event: Event) -> Self {
        Self {
            body: dialect.encode(&event),
            event,
            dialect,
            delivery_id: DeliveryId::from_stored("dlv_01KAJ0Q8ZV8J6N2T4R5W7X9Y1D"),
            attempt_id: AttemptId::from_stored("att_01KAJ0Q8ZV8J6N2T4R5W7X9Y1E"),
            ed25519: None,
        }
    }

    pub fn outgoing<'a>(&'a self, secrets: &'a [EndpointSecret]) -> Outgoing<'a> {
        Outgoing {
            event: &self.event,
            dialect: self.dialect,
            body: &self.body,
            secrets,
            ed25519: self.ed25519.as_ref(),
            now: Timestamp::from_seconds(NOW),
            delivery_id: &self.delivery_id,
            attempt_id: &self.attempt_id,
            attempt: 2,
            will_retry_after: None,
            replay: false,
            traceparent: None,
            version: VERSION,
        }
    }

    pub fn headers(&self, secrets: &[EndpointSecret]) -> Vec<(&'static str, String)> {
        bellwire_wire::sign::headers(&self.outgoing(secrets))
    }
}

/// The value of a header that must be there.
pub fn value<'h>(headers: &'h [(&'static str, String)], name: &str) -> &'h str {
    let found = headers.iter().find(|(known, _)| *known == name);
    &found.unwrap_or_else(|| panic!("{name} is missing")).1
}
