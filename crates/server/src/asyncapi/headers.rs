//! The headers of a delivery, described. What each is called is what `bellwire_wire::sign` sends; a test compares.
use bellwire_wire::Dialect;
use serde_json::{Map, Value, json};

/// Whether a header is in every delivery.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    Always,
    Sometimes,
}
use Sent::{Always, Sometimes};

/// What comes in every dialect.
const COMMON: &[(&str, Sent, &str)] = &[
    ("content-type", Always, "The kind of body"),
    ("user-agent", Always, "`Bellwire/` and the version"),
    ("webhook-id", Always, "The event's id, the same on every attempt: remember it, and skip what came before"),
    ("webhook-timestamp", Always, "When this attempt was signed, in seconds since 1970"),
    (
        "webhook-signature",
        Always,
        "`v1,` and base64 of HMAC-SHA256 by the decoded secret over `{webhook-id}.{webhook-timestamp}.{body}`, one for \
         each live secret with spaces between; or `v1a,` and an Ed25519 signature over the same",
    ),
    ("bellwire-event", Always, "The event's type"),
    ("bellwire-delivery-id", Always, "The delivery, the same on every attempt"),
    ("bellwire-attempt-id", Always, "This attempt"),
    ("bellwire-attempt", Always, "Which attempt it is, from 1"),
    ("bellwire-will-retry-after", Sometimes, "Seconds until the next attempt if this one fails; not on the last"),
    ("bellwire-replay", Sometimes, "`true` if somebody asked for this event again"),
    ("traceparent", Sometimes, "The trace of the request that caused the event (W3C)"),
];

/// What some dialects have besides.
const OWN: &[(&str, &str)] = &[
    ("x-trove-signature", "`t=` seconds, `v1=` hex of HMAC-SHA256 by the secret's text over `{t}.{body}`"),
    ("x-trove-event", "The event's type"),
    ("x-trove-event-id", "The event's id"),
    (
        "x-paygraph-signature",
        "`t=` seconds, then `v1=` hex of HMAC-SHA256 by the secret's text over `{t}.{body}` for each live secret; `t` is \
         when the approval was made, the same on every attempt",
    ),
    ("x-paygraph-delivery-id", "This attempt"),
    ("x-paygraph-attempt", "Which attempt it is, from 1"),
    (
        "x-pacspace-signature",
        "`v1=` hex of HMAC-SHA256 by the secret's text over `{x-pacspace-timestamp}.{body}`, for each live secret",
    ),
    ("x-pacspace-timestamp", "When this attempt was signed, in seconds since 1970"),
    ("x-event-id", "The event's id"),
    ("x-webhook-signature", "Hex of HMAC-SHA256 by the secret's text over the body"),
    ("x-webhook-event", "The event's type"),
];

/// The headers of a delivery in this dialect.
pub(super) fn schema(dialect: Dialect) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, sent, meaning) in COMMON {
        properties.insert((*name).to_owned(), json!({"type": "string", "description": meaning}));
        if *sent == Always {
            required.push(*name);
        }
    }
    properties["content-type"]["const"] = dialect.content_type().into();
    for name in dialect.own_headers() {
        let meaning = OWN.iter().find(|(own, _)| own == name).map_or("", |(_, meaning)| meaning);
        properties.insert((*name).to_owned(), json!({"type": "string", "description": meaning}));
        required.push(name);
    }
    json!({"type": "object", "description": format!("What comes with a delivery in the dialect `{dialect}`."),
        "properties": properties, "required": required})
}
