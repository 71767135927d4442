//! What one key may never get through another: answers, rights, places.
use bellwire_e2e::{Api, Call, Scene, text};
use serde_json::json;

fn scoped(scene: &Scene, namespace: &str) -> Api {
    let permissions = ["webhooks:manage", "events:write", "events:read"];
    scene.key(&json!({"name": namespace, "kind": "scoped", "namespace": namespace, "permissions": permissions}))
}

#[test]
fn an_idempotent_answer_of_one_namespace_is_never_given_to_another() {
    let scene = Scene::new();
    let (first, second) = (scoped(&scene, "one"), scoped(&scene, "two"));
    let form = json!({"url": "http://127.0.0.1:9009/hook", "events": ["order.*"]});
    let call = Call::new("POST", "/v1/webhooks").header("idempotency-key", "same").json(&form);
    let made = first.send(&call).expect(201);
    let other = second.send(&call);
    assert_eq!(other.header("idempotency-replayed"), None);
    let other = other.expect(201);
    assert_ne!(made["endpoint"]["secret"], other["endpoint"]["secret"]);
    assert_eq!(text(&other["endpoint"]["namespace"]), "two");
    let again = first.send(&call);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(201), made);
}

#[test]
fn a_key_gives_no_more_than_it_has() {
    let scene = Scene::new();
    let keeper = scene.key(&json!({"name": "keeper", "kind": "workspace", "permissions": ["keys:manage"]}));
    let admin = json!({"name": "x", "kind": "admin", "permissions": ["keys:manage"]});
    keeper.post("/v1/keys", &admin).expect(403);
    let more = json!({"name": "x", "kind": "workspace", "permissions": ["events:write"]});
    keeper.post("/v1/keys", &more).expect(403);
    let narrowed = scene.key(&admin);
    narrowed.post("/v1/keys", &json!({"name": "y", "kind": "admin"})).expect(403);
    narrowed.post("/v1/keys", &json!({"name": "y", "kind": "workspace", "permissions": ["keys:manage"]})).expect(201);
    let owner = text(&scene.api.get("/v1/me").expect(200)["key_id"]);
    scene.api.delete(&format!("/v1/keys/{owner}")).expect(409);
    let whole = scene.key(&json!({"name": "whole", "kind": "admin"}));
    let id = text(&whole.get("/v1/me").expect(200)["key_id"]);
    keeper.delete(&format!("/v1/keys/{id}")).expect(403);
}

#[test]
fn a_stream_and_a_poll_tell_nothing_of_another_namespaces_events() {
    let scene = Scene::new();
    let (first, second) = (scoped(&scene, "one"), scoped(&scene, "two"));
    first.post("/v1/events", &json!({"type": "a.b", "data": {}, "id": "mine"})).expect(202);
    let known = second.get("/v1/events/poll?after=mine");
    let unknown = second.get("/v1/events/poll?after=nobodys");
    assert_eq!(known.status, unknown.status);
}

#[test]
fn data_that_no_reader_can_hold_is_refused() {
    let scene = Scene::new();
    for data in [r#"{"a":"\ud800"}"#, r#"{"a":1e999}"#] {
        let body = format!(r#"{{"type":"a.b","data":{data}}}"#);
        let answer = scene.api.send(&Call::new("POST", "/v1/events").body(body.as_bytes()));
        assert_eq!(answer.status, 422, "{data}");
        assert_eq!(answer.fields(), ["data"]);
    }
    scene.api.post("/v1/events", &json!({"type": "a.b", "data": {"a": 1.5e300, "b": "\u{1f600}"}})).expect(202);
}
