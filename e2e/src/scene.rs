//! A server with an owner, and what tests do with it most.
use std::ops::Deref;

use serde_json::{Value, json};

use crate::{Answer, Api, Receiver, Server, Setup, count, eventually, list, text};

/// A server and a client that may do everything.
pub struct Scene {
    /// The process.
    pub server: Server,
    /// With the owner key.
    pub api: Api,
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Scene {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Scene {
    /// A fresh server.
    #[track_caller]
    pub fn new() -> Self {
        Self::with(Setup::default())
    }

    /// A fresh server, started so.
    #[track_caller]
    pub fn with(setup: Setup) -> Self {
        let server = setup.start();
        let api = server.api();
        Self { server, api }
    }

    /// Makes an endpoint at a receiver for all events, with more fields; its whole answer.
    #[track_caller]
    pub fn endpoint(&self, receiver: &Receiver, more: &Value) -> Value {
        self.subscribe(&self.api, &merged(json!({"url": receiver.url(), "events": ["*"]}), more))
    }

    /// Makes an endpoint from all its fields, with any key.
    #[track_caller]
    pub fn subscribe(&self, api: &Api, form: &Value) -> Value {
        api.post("/v1/webhooks", form).expect(201)["endpoint"].clone()
    }

    /// Posts an event; its id.
    #[track_caller]
    pub fn event(&self, kind: &str, more: &Value) -> String {
        let body = merged(json!({"type": kind, "data": {}}), more);
        text(&self.api.post("/v1/events", &body).expect(202)["event"]["id"])
    }

    /// Posts many events in batches; their ids.
    #[track_caller]
    pub fn events(&self, kind: &str, count: usize) -> Vec<String> {
        let all: Vec<usize> = (0..count).collect();
        let mut ids = Vec::new();
        for chunk in all.chunks(500) {
            let events: Vec<Value> = chunk.iter().map(|nth| json!({"type": kind, "data": {"nth": nth}})).collect();
            let answer = self.api.post("/v1/events/batch", &json!({"events": events})).expect(202);
            ids.extend(list(&answer["results"]).iter().map(|result| text(&result["event"]["id"])));
        }
        ids
    }

    /// The deliveries of an endpoint, newest first (at most 200), with a query.
    #[track_caller]
    pub fn deliveries(&self, endpoint: &Value, query: &str) -> Vec<Value> {
        let path = format!("/v1/webhooks/{}/deliveries?limit=200&{query}", id(endpoint));
        list(&self.api.get(&path).expect(200)["deliveries"])
    }

    /// How many deliveries of an endpoint have a status.
    #[track_caller]
    pub fn total(&self, endpoint: &Value, status: &str) -> u64 {
        let path = format!("/v1/webhooks/{}/deliveries?limit=1&status={status}", id(endpoint));
        count(&self.api.get(&path).expect(200)["total"])
    }

    /// The only delivery of an endpoint, with its log, as soon as it has this status and so many attempts.
    #[track_caller]
    pub fn settled(&self, endpoint: &Value, status: &str, attempts: u64) -> Value {
        eventually(&format!("the delivery is {status} after {attempts} attempts"), || {
            let found = self.deliveries(endpoint, "");
            let [delivery] = found.as_slice() else { return None };
            (delivery["status"] == status && delivery["attempts"] == attempts).then(|| self.delivery(delivery))
        })
    }

    /// A delivery with its log.
    #[track_caller]
    pub fn delivery(&self, delivery: &Value) -> Value {
        self.api.get(&format!("/v1/deliveries/{}", id(delivery))).expect(200)
    }

    /// An endpoint as it is now.
    #[track_caller]
    pub fn reread(&self, endpoint: &Value) -> Value {
        self.api.get(&path_of(endpoint, "")).expect(200)["endpoint"].clone()
    }

    /// POSTs to a path below an endpoint.
    #[track_caller]
    pub fn on(&self, endpoint: &Value, action: &str, body: &Value) -> Answer {
        self.api.post(&path_of(endpoint, action), body)
    }

    /// Changes an endpoint; as it is then.
    #[track_caller]
    pub fn change(&self, endpoint: &Value, body: &Value) -> Value {
        self.api.patch(&path_of(endpoint, ""), body).expect(200)["endpoint"].clone()
    }

    /// Makes a key; a client with it.
    #[track_caller]
    pub fn key(&self, form: &Value) -> Api {
        let made = self.api.post("/v1/keys", &merged(json!({"name": "test"}), form)).expect(201);
        self.api.with_key(&text(&made["api_key"]))
    }

    /// Makes another workspace; a client with its admin key.
    #[track_caller]
    pub fn workspace(&self, name: &str) -> Api {
        let made = self.api.post("/v1/workspaces", &json!({"name": name})).expect(201);
        self.api.with_key(&text(&made["api_key"]))
    }
}

fn id(thing: &Value) -> String {
    text(&thing["id"])
}

fn path_of(endpoint: &Value, action: &str) -> String {
    let slash = if action.is_empty() { "" } else { "/" };
    format!("/v1/webhooks/{}{slash}{action}", id(endpoint))
}

fn merged(mut base: Value, more: &Value) -> Value {
    if let (Some(base), Some(more)) = (base.as_object_mut(), more.as_object()) {
        base.extend(more.clone());
    }
    base
}
