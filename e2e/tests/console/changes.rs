//! What changes, told as it changes.
use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use bellwire_e2e::{Api, Call, Receiver, Scene, list, now, text};
use serde_json::{Value, json};

use crate::tenant;

/// What a key hears, with when.
fn hear(api: &Api) -> mpsc::Receiver<(Instant, Vec<String>)> {
    let stream = api.stream(&Call::new("GET", "/v1/changes/stream"));
    let (say, heard) = mpsc::channel();
    thread::spawn(move || {
        for (_, data) in stream {
            let topics = list(&data["topics"]).iter().map(text).collect();
            if say.send((now(), topics)).is_err() {
                return;
            }
        }
    });
    heard
}

/// Waits until all of these were told of.
#[track_caller]
fn told(heard: &mpsc::Receiver<(Instant, Vec<String>)>, wanted: &[&str]) {
    let mut missing: Vec<&str> = wanted.to_vec();
    while !missing.is_empty() {
        let (_, topics) = heard.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("{missing:?}"));
        missing.retain(|topic| !topics.iter().any(|told| told == topic));
    }
}

#[test]
fn every_kind_of_change_is_told_to_who_may_look_at_it() {
    let scene = Scene::new();
    let heard = hear(&scene);
    let (_, hello) = heard.recv_timeout(Duration::from_secs(20)).expect("it is greeted");
    let all = ["deliveries", "endpoints", "approvals", "wallets", "policies", "keys", "audit", "events", "jobs"];
    assert_eq!(hello, all);
    let some = hear(&tenant(&scene, "acme"));
    let (_, hello) = some.recv_timeout(Duration::from_secs(20)).expect("it is greeted");
    assert_eq!(hello, ["deliveries", "endpoints", "events", "jobs"]);
    told(&heard, &["keys", "audit", "events"]);
    let endpoint = scene.endpoint(&Receiver::ok(), &json!({}));
    told(&heard, &["endpoints", "audit"]);
    scene.event("order.paid", &json!({}));
    told(&heard, &["events", "deliveries"]);
    told(&some, &["events", "deliveries"]);
    scene.on(&endpoint, "replay", &json!({"until": "0s", "since": "1h"})).expect(202);
    told(&heard, &["jobs"]);
    let wallet = scene.post("/v1/wallets", &json!({"name": "w", "budget_usd": 1})).expect(201);
    told(&heard, &["wallets"]);
    let order = json!({"amount_usd": 1, "vendor": "v", "description": ""});
    scene.post(&format!("/v1/wallets/{}/purchases", text(&wallet["id"])), &order).expect(201);
    told(&heard, &["wallets", "events"]);
    scene.post("/v1/policies", &json!({"name": "p", "rules": []})).expect(201);
    told(&heard, &["policies"]);
    let question = json!({"title": "t", "action": "a", "channels": ["console"]});
    let asked = scene.post("/v1/approvals", &question).expect(201);
    told(&heard, &["approvals"]);
    let decision = json!({"decision": "deny", "reason": "no"});
    scene.post(&format!("/v1/approvals/{}/decision", text(&asked["id"])), &decision);
    let others: Vec<Value> = some.try_iter().flat_map(|(_, topics)| topics).map(Value::from).collect();
    assert!(!others.contains(&json!("wallets")) && !others.contains(&json!("keys")), "{others:?}");
}

#[test]
fn however_much_changes_nobody_hears_of_it_more_than_twice_a_second() {
    let scene = Scene::new();
    let heard = hear(&scene);
    let stranger = hear(&scene.workspace("stranger"));
    for _ in 0..40 {
        scene.events("order.paid", 20);
    }
    told(&heard, &["events"]);
    scene.event("order.paid", &json!({}));
    told(&heard, &["events"]);
    scene.event("order.paid", &json!({}));
    told(&heard, &["events"]);
    let heard = hear(&scene);
    let (mut last, _) = heard.recv().expect("it is greeted");
    for _ in 0..4 {
        scene.event("order.paid", &json!({}));
        let (at, topics) = heard.recv_timeout(Duration::from_secs(20)).expect("it is told");
        assert!(topics.contains(&"events".to_owned()), "{topics:?}");
        assert!(at - last >= Duration::from_millis(400), "{:?}", at - last);
        last = at;
    }
    let told: Vec<_> = stranger.try_iter().skip(1).collect();
    assert!(told.is_empty(), "another workspace hears nothing: {told:?}");
}

#[test]
fn it_ends_with_the_key() {
    let scene = Scene::new();
    let made = scene.post("/v1/keys", &json!({"name": "k", "kind": "scoped", "namespace": "acme"})).expect(201);
    let heard = hear(&scene.with_key(&text(&made["api_key"])));
    heard.recv_timeout(Duration::from_secs(20)).expect("it is greeted");
    scene.delete(&format!("/v1/keys/{}", text(&made["id"]))).expect(204);
    let ended = loop {
        match heard.recv_timeout(Duration::from_secs(20)) {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(ended, mpsc::RecvTimeoutError::Disconnected);
}
