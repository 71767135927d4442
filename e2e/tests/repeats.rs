//! Requests made twice: under one `Idempotency-Key` what they do is done once.
use std::thread;

use bellwire_e2e::{Answer, Call, Receiver, Reply, Scene, count, eventually, list, text};
use serde_json::{Value, json};

/// Sends a call twice under one key, and once more with another body; the first answer.
#[track_caller]
fn twice(scene: &Scene, path: &str, body: &Value, status: u16) -> Value {
    let call = Call::new("POST", path).header("idempotency-key", "again").json(body);
    let first = scene.send(&call);
    let made = first.expect(status);
    assert_eq!(first.header("idempotency-replayed"), None, "{path}");
    let again = scene.send(&call);
    assert_eq!((again.status, &again.body), (status, &first.body), "{path}");
    assert_eq!(again.header("idempotency-replayed"), Some("true"), "{path}");
    made
}

#[track_caller]
fn clash(scene: &Scene, path: &str, body: &Value) {
    let call = Call::new("POST", path).header("idempotency-key", "again").json(body);
    assert_eq!(scene.send(&call).expect(409)["code"], "idempotency_conflict", "{path}");
}

fn id(thing: &Value) -> String {
    text(&thing["id"])
}

#[test]
fn a_test_is_sent_once() {
    let scene = Scene::new();
    let receiver = Receiver::ok();
    let endpoint = scene.endpoint(&receiver, &json!({"events": ["never.sent"]}));
    let path = format!("/v1/webhooks/{}/test", id(&endpoint));
    assert_eq!(twice(&scene, &path, &json!({}), 200)["ok"], true);
    assert_eq!(receiver.hits(), 1);
    // What was refused is not kept.
    let gone = Call::new("POST", "/v1/webhooks/we_01ARZ3NDEKTSV4RRFFQ69G5FAV/test").header("idempotency-key", "again");
    for _ in 0..2 {
        scene.send(&gone).expect(404);
    }
}

#[test]
fn a_test_that_is_under_way_is_not_sent_beside_itself() {
    let scene = Scene::new();
    let slow = Receiver::always(Reply::Hang);
    let endpoint = scene.endpoint(&slow, &json!({"events": ["never.sent"], "timeout_ms": 3000}));
    let call = Call::new("POST", &format!("/v1/webhooks/{}/test", id(&endpoint))).header("idempotency-key", "again");
    let (api, sent) = (scene.api.clone(), call.clone());
    let first = thread::spawn(move || api.send(&sent).expect(200));
    eventually("the test is under way", || (slow.hits() == 1).then_some(()));
    let early: Answer = scene.send(&call);
    assert_eq!((early.status, early.header("retry-after")), (409, Some("1")), "{}", early.json());
    let first = first.join().expect("it ends");
    assert_eq!(scene.send(&call).expect(200), first);
    assert_eq!(slow.hits(), 1);
}

#[test]
fn retries_are_queued_once() {
    let scene = Scene::new();
    let receiver = Receiver::always(Reply::Status(500));
    let endpoint = scene.endpoint(&receiver, &json!({"events": ["order.*"], "retry": {"preset": "none"}}));
    scene.event("order.paid", &json!({}));
    let delivery = scene.settled(&endpoint, "failed", 1);
    twice(&scene, &format!("/v1/webhooks/deliveries/{}/retry", id(&delivery)), &Value::Null, 202);
    eventually("it was tried again", || (receiver.hits() == 2).then_some(()));
    let dead = scene.settled(&endpoint, "failed", 1);
    assert_eq!(list(&dead["attempt_log"]).len(), 2, "{dead:#}");
    let (many, form) = ("/v1/deliveries/retry", json!({"endpoint_id": endpoint["id"]}));
    assert_eq!(count(&twice(&scene, many, &form, 202)["retried"]), 1);
    clash(&scene, many, &json!({"endpoint_id": endpoint["id"], "status": "failed"}));
    eventually("it was tried a third time", || (receiver.hits() == 3).then_some(()));
    scene.settled(&endpoint, "failed", 1);
    assert_eq!(receiver.hits(), 3);
}

#[test]
fn a_rotation_and_its_end_happen_once() {
    let scene = Scene::new();
    let endpoint = scene.endpoint(&Receiver::ok(), &json!({"events": ["never.sent"]}));
    let rotate = format!("/v1/webhooks/{}/rotate-secret", id(&endpoint));
    let rotated = twice(&scene, &rotate, &json!({"overlap": "1h"}), 200);
    clash(&scene, &rotate, &json!({"overlap": "2h"}));
    let finish = format!("{rotate}/finish");
    twice(&scene, &finish, &Value::Null, 200);
    // A later rotation is not ended by the answer that is given again.
    let later = scene.post(&rotate, &json!({"overlap": "1h"})).expect(200);
    assert_ne!(later["secret"], rotated["secret"]);
    let before = scene.reread(&endpoint);
    scene.send(&Call::new("POST", &finish).header("idempotency-key", "again")).expect(200);
    assert_eq!(scene.reread(&endpoint), before);
}

#[test]
fn answers_to_held_deliveries_are_taken_once() {
    let scene = Scene::new();
    let form = json!({"kind": "pull", "events": ["order.*"], "retry": {"schedule": ["1h"]}});
    let endpoint = scene.subscribe(&scene.api, &form);
    scene.events("order.paid", 3);
    let held = list(&scene.on(&endpoint, "pull", &json!({"lease": "1m"})).expect(200)["deliveries"]);
    let path = |nth: usize, action: &str| format!("/v1/deliveries/{}/{action}", id(&held[nth]));
    assert_eq!(twice(&scene, &path(0, "ack"), &json!({}), 200)["status"], "success");
    clash(&scene, &path(0, "ack"), &json!({"lease_id": held[0]["lease_id"]}));
    let refused = twice(&scene, &path(1, "nack"), &json!({"delay": "1h"}), 200);
    assert_eq!(count(&refused["attempts"]), 1);
    assert_eq!(count(&scene.delivery(&held[1])["attempts"]), 1);
    let longer = twice(&scene, &path(2, "extend"), &json!({"lease": "1h"}), 200);
    assert_eq!(scene.delivery(&held[2])["next_attempt_at"], longer["next_attempt_at"]);
}
