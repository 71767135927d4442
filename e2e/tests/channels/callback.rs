//! The decision told to the URL of whoever asked.
use bellwire_e2e::{Delivery, Receiver, Reply, Scene, eventually, list, text, verify_all};
use serde_json::json;

use crate::{ask, attempts};

#[test]
fn the_decision_is_told_to_the_askers_url_signed_by_the_deployment_and_again_until_it_is_taken() {
    let receiver = Receiver::sequence(vec![Reply::Status(500), Reply::Status(302), Reply::Status(204)]);
    let scene = Scene::new();
    let id = ask(&scene, &json!({"channels": ["console"], "callback_url": receiver.url()}));
    scene.post(&format!("/v1/approvals/{id}"), &json!({"decision": "approve", "reason": "fine"})).expect(200);
    eventually("it is taken", || (receiver.hits() == 3).then_some(()));
    let seen = receiver.seen();
    assert!(seen.iter().all(|one| one.body == seen[0].body), "every attempt says the same");
    let told = list(&scene.get("/v1/events?type=approval.decided").expect(200)["events"]);
    let body = seen[0].json();
    assert_eq!((&body["type"], &body["data"]["approval_id"]), (&json!("approval.decided"), &json!(id)));
    assert_eq!((&body["data"]["status"], &told[0]["data"]), (&json!("approved"), &body["data"]));
    for (nth, seen) in (1..).zip(&seen) {
        assert_eq!(seen.event_id(), text(&told[0]["id"]));
        assert_eq!(seen.header("bellwire-attempt"), format!("{nth}"));
        assert!(seen.header("webhook-signature").starts_with("v1a,"));
    }
    let keys = scene.without_key().get("/.well-known/bellwire-keys.json").expect(200);
    let key = text(&keys["keys"][0]["public_key"]);
    let deliveries: Vec<Delivery> = seen
        .into_iter()
        .map(|seen| Delivery {
            name: format!("attempt {}", seen.header("bellwire-attempt")),
            dialect: "standard".into(),
            secret: key.clone(),
            only: Vec::new(),
            seen,
        })
        .collect();
    verify_all(&deliveries);
    let results = || Some(attempts(&scene, &id, "callback", "decided")).filter(|all| all.len() == 3);
    let results = eventually("it is written down", results);
    let said: Vec<&str> = results.iter().map(|(result, _)| result.as_str()).collect();
    assert_eq!(said, ["retry", "retry", "success"]);
}

#[test]
fn an_end_that_nobody_decided_is_told_too() {
    let receiver = Receiver::ok();
    let scene = Scene::new();
    let id = ask(&scene, &json!({"channels": ["console"], "callback_url": receiver.url(), "timeout": "1s"}));
    let body = eventually("it is told", || receiver.seen().first().map(bellwire_e2e::Seen::json));
    assert_eq!((&body["data"]["approval_id"], &body["data"]["status"]), (&json!(id), &json!("expired")));
    let nobody = ask(&scene, &json!({"channels": ["slack"], "callback_url": receiver.url()}));
    let body = eventually("so is that nobody was there", || receiver.seen().get(1).map(bellwire_e2e::Seen::json));
    assert_eq!((&body["data"]["approval_id"], &body["data"]["status"]), (&json!(nobody), &json!("undeliverable")));
}
