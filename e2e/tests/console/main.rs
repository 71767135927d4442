//! What the pages of a console ask: lists over all endpoints, how things stand, what changes; the
//! playground.
mod changes;
mod lists;
mod overview;
mod playground;
mod settings;

use bellwire_e2e::{Api, Scene};
use serde_json::json;

/// A key of one namespace that may manage endpoints and read events.
fn tenant(scene: &Scene, namespace: &str) -> Api {
    let permissions = ["webhooks:manage", "events:write", "events:read"];
    scene.key(&json!({"kind": "scoped", "namespace": namespace, "permissions": permissions}))
}
