//! What people do in the console: decide, watch.
use bellwire_e2e::{Scene, list, text};
use serde_json::{Value, json};

use crate::Browser;

const YES: &str = "approve";

fn ask(scene: &Scene, more: &Value) -> String {
    let mut form = json!({"title": "Delete the staging database?", "action": "database.delete", "details": {},
        "channels": ["console"]});
    form.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    format!("/v1/approvals/{}", text(&scene.post("/v1/approvals", &form).expect(201)["id"]))
}

fn said(decision: &str) -> Value {
    json!({"decision": decision, "reason": "because"})
}

#[test]
fn what_is_decided_in_the_console_is_recorded_as_such() {
    let scene = Scene::new();
    let ada = scene.key(&json!({"kind": "admin", "person": "ada@example.com"}));
    let browser = Browser::of(&ada);
    let path = ask(&scene, &json!({}));
    let decided = browser.change("POST", &path, &said(YES)).expect(200);
    assert_eq!((&decided["status"], &decided["decided_by"]), (&json!("approved"), &json!(["person:ada@example.com"])));
    let by_key = ask(&scene, &json!({}));
    ada.post(&by_key, &said("deny")).expect(200);
    let told = |path: &str| {
        let id = path.rsplit('/').next().unwrap_or_default();
        let entries = list(&scene.get(&format!("/v1/audit?limit=200&subject={id}")).expect(200)["entries"]);
        let by_ada = entries.into_iter().filter(|entry| entry["actor"] == "person:ada@example.com");
        by_ada.map(|entry| entry["detail"]["via"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(told(&path), [json!("console"), json!("console")], "the vote and the end");
    assert_eq!(told(&by_key), [Value::Null]);
}

#[test]
fn an_agent_in_the_console_is_still_the_agent() {
    let scene = Scene::new();
    let agent = scene.key(&json!({"kind": "workspace", "agent_id": "a-1",
        "permissions": ["approvals:request", "approvals:decide"]}));
    let browser = Browser::of(&agent);
    let form = json!({"title": "t", "action": "a", "channels": ["console"]});
    let asked = browser.change("POST", "/v1/approvals", &form).expect(201);
    let path = format!("/v1/approvals/{}", text(&asked["id"]));
    for by in [&browser, &Browser::open(&scene, &text(&agent.post("/v1/session/links", &json!({})).expect(201)["url"]))]
    {
        assert_eq!(by.change("POST", &path, &said(YES)).expect(403)["code"], "forbidden");
    }
    assert_eq!(scene.get(&path).expect(200)["status"], "pending");
    // One person in two sessions is one person.
    let two = ask(&scene, &json!({"quorum": 2}));
    let ada = scene.key(&json!({"kind": "admin", "person": "ada@example.com"}));
    for browser in [Browser::of(&ada), Browser::of(&ada)] {
        assert_eq!(browser.change("POST", &two, &said(YES)).expect(200)["status"], "pending");
    }
    let bob = Browser::of(&scene.key(&json!({"kind": "admin", "person": "bob@example.com"})));
    assert_eq!(bob.change("POST", &two, &said(YES)).expect(200)["status"], "approved");
}

#[test]
fn a_stream_comes_by_cookie_and_ends_with_the_session_or_the_key() {
    let scene = Scene::new();
    let made = scene.post("/v1/keys", &json!({"name": "k", "kind": "workspace"})).expect(201);
    let key = scene.with_key(&text(&made["api_key"]));
    let (leaving, staying) = (Browser::of(&key), Browser::of(&key));
    let call = |browser: &Browser| browser.call("GET", "/v1/events/stream?types=note.*");
    let mut streams = [&leaving, &staying].map(|browser| browser.api.stream(&call(browser)));
    let mut by_key = key.stream(&bellwire_e2e::Call::new("GET", "/v1/events/stream?types=note.*"));
    let first = scene.event("note.made", &json!({}));
    for stream in streams.iter_mut().chain([&mut by_key]) {
        assert_eq!(stream.next().map(|(id, _)| id), Some(first.clone()));
    }
    leaving.log_out().expect(204);
    let second = scene.event("note.made", &json!({}));
    assert!(streams[0].next().is_none(), "it ends with its session");
    assert_eq!(streams[1].next().map(|(id, _)| id), Some(second.clone()));
    assert_eq!(by_key.next().map(|(id, _)| id), Some(second));
    scene.delete(&format!("/v1/keys/{}", text(&made["id"]))).expect(204);
    scene.event("note.made", &json!({}));
    assert!(streams[1].next().is_none() && by_key.next().is_none(), "they end with their key");
}
