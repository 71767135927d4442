//! What is told of events, described for programs (AsyncAPI 3.0): the webhooks of every built-in type, the other
//! dialects, the stream, and pull.
//!
//! Who takes part: [`message`] makes a message of each type of the catalog, with an example that is encoded and signed
//! by the code that sends; [`dialect`] describes the other dialects' bodies; [`headers`] what comes with a body. Here
//! they are put into channels. What the API itself answers with (stream, pull) is taken from its own description.
mod dialect;
mod headers;
mod message;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::LazyLock};

use bellwire_wire::{Dialect, catalog};
use serde_json::{Map, Value, json};

use crate::api::openapi;

static JSON: LazyLock<String> = LazyLock::new(|| {
    let mut text = serde_json::to_string_pretty(&document()).expect("a document is JSON");
    text.push('\n');
    text
});

/// The document.
pub fn json() -> &'static str {
    &JSON
}

/// A reference within the document.
fn link(to: &str) -> Value {
    json!({"$ref": format!("#/{to}")})
}

/// The types of the catalog, by family.
fn families() -> BTreeMap<&'static str, Vec<&'static catalog::TypeSpec>> {
    let mut families: BTreeMap<&str, Vec<&catalog::TypeSpec>> = BTreeMap::new();
    for spec in catalog::types() {
        families.entry(spec.name.split('.').next().unwrap_or(spec.name)).or_default().push(spec);
    }
    families
}

fn document() -> Value {
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for (family, types) in families() {
        let title = format!("Webhooks: {family}");
        let all: Map<String, Value> = types
            .iter()
            .map(|spec| (spec.name.to_owned(), link(&format!("components/messages/{}", spec.name))))
            .collect();
        channels.insert(family.to_owned(), webhook(&title, "In the dialect `standard`.", &all));
        operations.insert(format!("send_{family}"), sent(family));
        messages.extend(types.into_iter().map(|spec| (spec.name.to_owned(), message::built_in(spec))));
    }
    let custom = Map::from_iter([("custom".to_owned(), link("components/messages/custom"))]);
    channels.insert("custom".into(), webhook("Webhooks: your own types", "In the dialect `standard`.", &custom));
    operations.insert("send_custom".into(), sent("custom"));
    messages.insert("custom".into(), message::custom());
    for dialect in Dialect::ALL.into_iter().filter(|dialect| *dialect != Dialect::Standard) {
        let name = format!("dialect_{dialect}");
        let all = Map::from_iter([(name.clone(), link(&format!("components/messages/{name}")))]);
        channels
            .insert(name.clone(), webhook(&format!("Webhooks in the dialect {dialect}"), "Events of any type.", &all));
        operations.insert(format!("send_{name}"), sent(&name));
        messages.insert(name, message::in_dialect(dialect));
    }
    answered(&mut channels, &mut operations, &mut messages);
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Bellwire events",
            "version": crate::VERSION,
            "description": "What Bellwire tells of events: signed webhooks to endpoints, a stream, and deliveries that \
                are pulled. The HTTP API is described by `/openapi.json`.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            "tags": [{"name": "events"}],
        },
        "defaultContentType": "application/json",
        "servers": {
            "endpoint": {
                "host": "{receiver}",
                "protocol": "https",
                "description": "A receiver: the URL of an endpoint.",
                "variables": {"receiver": {"default": "receiver.example.com", "description": "Your server"}},
            },
            "bellwire": {
                "host": "{address}",
                "protocol": "http",
                "description": "A Bellwire server.",
                "variables": {"address": {"default": "127.0.0.1:4800", "description": "Where it listens"}},
                "security": [link("components/securitySchemes/api_key")],
            },
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": schemas(),
            "securitySchemes": {"api_key": {"type": "http", "scheme": "bearer", "description": "An API key"}},
        },
    })
}

/// A channel of deliveries: its address is the URL of each endpoint.
fn webhook(title: &str, description: &str, messages: &Map<String, Value>) -> Value {
    json!({"address": null, "title": title, "description": description, "servers": [link("servers/endpoint")],
        "messages": messages})
}

/// The server sends what is in a channel, by `POST`.
fn sent(channel: &str) -> Value {
    json!({
        "action": "send",
        "channel": link(&format!("channels/{channel}")),
        "summary": "A delivery. Answer 2xx once it is kept; anything else is tried again by the endpoint's schedule.",
        "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
    })
}

/// What is asked for: the stream, and pull.
fn answered(channels: &mut Map<String, Value>, operations: &mut Map<String, Value>, messages: &mut Map<String, Value>) {
    let example = message::streamed_example();
    messages.insert(
        "streamed".into(),
        json!({
            "name": "streamed", "title": "An event on the stream", "contentType": "text/event-stream",
            "summary": "One frame: `id` is the event's id, `event` its type, and `data` the event as one line of JSON.",
            "payload": link("components/schemas/Event"),
            "examples": [{"name": "streamed", "payload": example}],
        }),
    );
    channels.insert(
        "stream".into(),
        json!({
            "address": "/v1/events/stream",
            "title": "The stream",
            "description": "Server-Sent Events. `Last-Event-ID` goes on after an event, with nothing missed and \
                nothing twice; `types` chooses some. Nothing in it is signed: the connection is what vouches for it.",
            "servers": [link("servers/bellwire")],
            "messages": {"streamed": link("components/messages/streamed")},
        }),
    );
    operations.insert(
        "stream".into(),
        json!({
            "action": "send", "channel": link("channels/stream"), "summary": "Events as they happen.",
            "bindings": {"http": {"method": "GET", "bindingVersion": "0.3.0"}},
        }),
    );
    let (ask, held) = message::pull_examples();
    messages.insert(
        "pull".into(),
        json!({"name": "pull", "title": "Take deliveries", "payload": described("PullForm"),
            "examples": [{"name": "pull", "payload": ask}]}),
    );
    messages.insert(
        "held".into(),
        json!({"name": "held", "title": "Deliveries that are held", "payload": described("PullReply"),
            "summary": "Acknowledge, refuse or extend each by its `id`.",
            "examples": [{"name": "held", "payload": held}]}),
    );
    channels.insert(
        "pull".into(),
        json!({
            "address": "/v1/webhooks/{endpoint_id}/pull",
            "title": "Pull",
            "description": "Deliveries of an endpoint of kind `pull`, taken under a lease.",
            "servers": [link("servers/bellwire")],
            "parameters": {"endpoint_id": {"description": "The endpoint, `whk_…`"}},
            "messages": {"pull": link("components/messages/pull"), "held": link("components/messages/held")},
        }),
    );
    operations.insert(
        "pull".into(),
        json!({
            "action": "receive", "channel": link("channels/pull"), "summary": "Take due deliveries under a lease.",
            "messages": [link("channels/pull/messages/pull")],
            "reply": {"channel": link("channels/pull"), "messages": [link("channels/pull/messages/held")]},
            "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
        }),
    );
}

/// The data of each type, what is around it, and the headers.
fn schemas() -> Map<String, Value> {
    let mut schemas = Map::new();
    for spec in catalog::types() {
        let mut schema: Value = serde_json::from_str(spec.schema.get()).expect("the catalog is JSON");
        if let Some(members) = schema.as_object_mut() {
            members.shift_remove("$schema");
            members.insert("description".into(), spec.description.into());
        }
        schemas.insert(spec.name.to_owned(), schema);
    }
    schemas.insert("Event".into(), described("Event"));
    for dialect in Dialect::ALL {
        schemas.insert(format!("headers_{dialect}"), headers::schema(dialect));
    }
    schemas
}

/// A schema of the HTTP API's description, with what it refers to inside it.
fn described(name: &str) -> Value {
    static API: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(openapi::json()).expect("the description is JSON"));
    inlined(&API["components"]["schemas"][name], &API)
}

fn inlined(schema: &Value, api: &Value) -> Value {
    if let Some(target) = schema["$ref"].as_str().and_then(|to| api.pointer(to.trim_start_matches('#'))) {
        return inlined(target, api);
    }
    match schema {
        Value::Object(members) => {
            // The name of an example in OpenAPI, and no word of JSON Schema.
            let known = members.iter().filter(|(name, value)| *name != "example" || value.is_object());
            Value::Object(known.map(|(name, value)| (name.clone(), inlined(value, api))).collect())
        }
        Value::Array(items) => items.iter().map(|item| inlined(item, api)).collect(),
        other => other.clone(),
    }
}
