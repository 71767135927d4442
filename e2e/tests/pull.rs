//! Endpoints whose deliveries are taken, not sent; and replays.
use std::thread;

use bellwire_e2e::{Receiver, Reply, Scene, count, eventually, list, text};
use serde_json::{Value, json};

fn pull_endpoint(scene: &Scene, retry: &Value) -> Value {
    scene.subscribe(&scene.api, &json!({"kind": "pull", "events": ["order.*"], "retry": retry}))
}

/// Pulls; the deliveries it was given.
fn pull(scene: &Scene, endpoint: &Value, form: &Value) -> Vec<Value> {
    list(&scene.on(endpoint, "pull", form).expect(200)["deliveries"])
}

fn answer(scene: &Scene, held: &Value, action: &str, body: &Value) -> bellwire_e2e::Answer {
    scene.post(&format!("/v1/deliveries/{}/{action}", text(&held["id"])), body)
}

#[test]
fn a_delivery_is_pulled_under_a_lease_and_acknowledged_once() {
    let scene = Scene::new();
    let endpoint = pull_endpoint(&scene, &json!({"preset": "none"}));
    let ids = scene.events("order.paid", 3);
    let held = pull(&scene, &endpoint, &json!({"max": 2, "lease": "60s"}));
    let got: Vec<String> = held.iter().map(|held| text(&held["event"]["id"])).collect();
    assert_eq!(got, ids[..2], "oldest first");
    let rest = pull(&scene, &endpoint, &json!({}));
    assert_eq!(rest.len(), 1, "what is held is not given twice");
    assert_eq!(pull(&scene, &endpoint, &json!({})).len(), 0);
    // What verifies a pushed delivery verifies a pulled one.
    let headers = &held[0]["headers"];
    let map = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| {
        (http::HeaderName::from_static(name), text(&headers[name]).parse::<http::HeaderValue>().expect("a value"))
    });
    let webhook = standardwebhooks::Webhook::new(&text(&endpoint["secret"])).expect("a secret");
    webhook.verify(text(&held[0]["body"]).as_bytes(), &map.into_iter().collect()).expect("it verifies");
    let lease = json!({"lease_id": held[0]["lease_id"]});
    assert_eq!(answer(&scene, &held[0], "ack", &lease).expect(200)["status"], "success");
    assert_eq!(answer(&scene, &held[0], "ack", &lease).expect(409)["code"], "state_conflict");
    assert_eq!(answer(&scene, &held[1], "ack", &json!({"lease_id": "1"})).status, 409, "another's lease");
    assert_eq!(answer(&scene, &held[1], "ack", &json!({})).expect(200)["status"], "success");
}

#[test]
fn a_refused_delivery_comes_again_after_its_delay_and_ends_as_a_dead_letter() {
    let scene = Scene::new();
    let endpoint = pull_endpoint(&scene, &json!({"schedule": ["1s"]}));
    scene.event("order.paid", &json!({}));
    let held = pull(&scene, &endpoint, &json!({}));
    assert_eq!(held[0]["attempt"], 1);
    let waiting = answer(&scene, &held[0], "nack", &json!({"delay": "2s"})).expect(200);
    assert_eq!((&waiting["status"], &waiting["attempts"]), (&json!("pending"), &json!(1)));
    let held = pull(&scene, &endpoint, &json!({"wait": "30s"}));
    assert_eq!(held[0]["attempt"], 2);
    let dead = answer(&scene, &held[0], "nack", &json!({})).expect(200);
    assert_eq!((&dead["status"], &dead["attempts"]), (&json!("failed"), &json!(2)));
    let log = list(&scene.delivery(&dead)["attempt_log"]);
    assert_eq!(log.len(), 2);
    assert!(log.iter().all(|attempt| !text(&attempt["error"]).is_empty()));
}

#[test]
fn a_lease_that_ran_out_is_a_failed_attempt_and_one_that_was_extended_is_not() {
    let scene = Scene::new();
    let endpoint = pull_endpoint(&scene, &json!({"preset": "none"}));
    scene.events("order.paid", 2);
    let held = pull(&scene, &endpoint, &json!({"max": 2, "lease": "1s"}));
    let longer = answer(&scene, &held[1], "extend", &json!({"lease": "1h", "lease_id": held[1]["lease_id"]}));
    let longer = longer.expect(200);
    assert_eq!((&longer["id"], &longer["status"]), (&held[1]["id"], &json!("pending")));
    let expired = eventually("the lease runs out", || {
        let delivery = scene.delivery(&held[0]);
        (delivery["status"] == "failed").then_some(delivery)
    });
    assert_eq!(expired["attempts"], 1);
    assert!(text(&expired["last_error"]).contains("lease"), "{expired:#}");
    assert_eq!(answer(&scene, &held[0], "ack", &json!({})).status, 409, "too late");
    assert_eq!(scene.delivery(&held[1])["status"], "pending");
    // It is another lease now, and the answer says which.
    let under = |lease: &Value| answer(&scene, &held[1], "ack", &json!({"lease_id": lease["lease_id"]}));
    assert_eq!(under(&held[1]).status, 409);
    assert_eq!(longer["lease_expires_at"], scene.delivery(&held[1])["next_attempt_at"]);
    assert_eq!(under(&longer).expect(200)["status"], "success");
}

#[test]
fn a_pull_that_waits_is_woken_by_an_event() {
    let scene = Scene::new();
    let endpoint = pull_endpoint(&scene, &json!({"preset": "none"}));
    let (api, path) = (scene.api.clone(), format!("/v1/webhooks/{}/pull", text(&endpoint["id"])));
    let waiting = thread::spawn(move || api.post(&path, &json!({"wait": "60s"})).expect(200));
    let id = scene.event("order.paid", &json!({}));
    let woken = waiting.join().expect("answered");
    assert_eq!(text(&woken["deliveries"][0]["event"]["id"]), id);
}

#[test]
fn a_pushed_endpoint_cannot_be_pulled_and_a_paused_one_gives_nothing() {
    let scene = Scene::new();
    let pushed = scene.endpoint(&Receiver::ok(), &json!({}));
    scene.on(&pushed, "pull", &json!({})).expect(409);
    let endpoint = pull_endpoint(&scene, &json!({"preset": "none"}));
    scene.change(&endpoint, &json!({"status": "paused"}));
    scene.event("order.paid", &json!({}));
    assert_eq!(pull(&scene, &endpoint, &json!({})).len(), 0);
    scene.change(&endpoint, &json!({"status": "active"}));
    assert_eq!(pull(&scene, &endpoint, &json!({})).len(), 1);
}

#[test]
fn an_ordered_pull_endpoint_gives_the_next_of_a_key_only_after_the_one_before() {
    let scene = Scene::new();
    let form = json!({"kind": "pull", "events": ["order.*"], "ordered": true});
    let endpoint = scene.subscribe(&scene.api, &form);
    for namespace in ["a", "a", "b"] {
        scene.event("order.paid", &json!({"namespace": namespace}));
    }
    let held = pull(&scene, &endpoint, &json!({}));
    let keys: Vec<String> = held.iter().map(|held| text(&held["event"]["namespace"])).collect();
    assert_eq!(keys, ["a", "b"]);
    answer(&scene, &held[0], "ack", &json!({})).expect(200);
    let next = pull(&scene, &endpoint, &json!({"wait": "30s"}));
    assert_eq!(next.len(), 1);
}

#[test]
fn a_test_of_another_endpoint_is_not_among_what_a_replay_finds_missing() {
    let scene = Scene::new();
    let (tested, receiver) = (Receiver::ok(), Receiver::ok());
    let first = scene.endpoint(&tested, &json!({"events": ["never.sent"]}));
    scene.on(&first, "test", &json!({})).expect(200);
    let id = scene.event("order.paid", &json!({}));
    let endpoint = scene.endpoint(&receiver, &json!({"events": ["order.*", "webhook.*"]}));
    replay(&scene, &endpoint, &json!({"missing": true}));
    eventually("the event from before arrives", || receiver.event_ids().contains(&id).then_some(()));
    let kinds: Vec<String> = receiver.seen().iter().map(|seen| seen.header("bellwire-event").to_owned()).collect();
    assert!(!kinds.iter().any(|kind| kind == "webhook.test"), "{kinds:?}");
}

/// Starts a replay and waits for its end; how many were sent anew.
fn replay(scene: &Scene, endpoint: &Value, form: &Value) -> u64 {
    let job = scene.on(endpoint, "replay", form).expect(202);
    let path = format!("/v1/jobs/{}", text(&job["id"]));
    let done = eventually("the replay is done", || {
        let job = scene.get(&path).expect(200);
        (job["status"] == "done").then_some(job)
    });
    assert_eq!(done["done"], done["total"], "{done}");
    let listed = scene.get(&format!("/v1/webhooks/{}/jobs", text(&endpoint["id"]))).expect(200);
    assert_eq!(listed["jobs"][0]["id"], job["id"]);
    count(&done["total"])
}

#[test]
fn a_replay_sends_again_what_it_was_asked_for_and_says_so() {
    let scene = Scene::new();
    let before = scene.events("order.paid", 3);
    let receiver = Receiver::scripted(|seen, _| {
        Reply::Status(if seen.header("bellwire-event") == "order.refused" { 500 } else { 200 })
    });
    let endpoint = scene.endpoint(&receiver, &json!({"events": ["order.*"], "retry": {"preset": "none"}}));
    let paid = scene.events("order.paid", 4);
    let refused = scene.events("order.refused", 2);
    eventually("all have settled", || (scene.total(&endpoint, "pending") == 0).then_some(()));
    assert_eq!((scene.total(&endpoint, "success"), scene.total(&endpoint, "failed")), (4, 2));
    let dry = |form: Value| {
        let mut form = form;
        form["dry_run"] = json!(true);
        count(&scene.on(&endpoint, "replay", &form).expect(200)["total"])
    };
    let table = [
        (json!({}), 6),
        (json!({"status": "failed"}), 2),
        (json!({"status": "success"}), 4),
        (json!({"types": ["order.refused"]}), 2),
        (json!({"types": ["invoice.*"]}), 0),
        (json!({"since": "1h"}), 6),
        (json!({"until": "1h"}), 0),
        (json!({"missing": true}), 9),
    ];
    for (form, wanted) in table {
        assert_eq!(dry(form.clone()), wanted, "{form}");
    }
    assert_eq!(receiver.hits(), 6, "counting sends nothing");
    receiver.now_does(Reply::Status(200));
    assert_eq!(replay(&scene, &endpoint, &json!({"status": "failed"})), 2);
    eventually("the dead letters arrive", || (receiver.hits() == 8).then_some(()));
    let again = &receiver.seen()[6..];
    assert!(again.iter().all(|seen| seen.header("bellwire-replay") == "true"));
    let mut ids: Vec<String> = again.iter().map(bellwire_e2e::Seen::event_id).collect();
    ids.sort_unstable();
    assert_eq!(ids, refused);
    assert_eq!(receiver.seen()[0].header("bellwire-replay"), "");
    // From before the endpoint existed.
    replay(&scene, &endpoint, &json!({"missing": true, "types": ["order.paid"]}));
    eventually("the events from before arrive too", || {
        let got = receiver.event_ids();
        before.iter().chain(&paid).all(|id| got[8..].contains(id)).then_some(())
    });
}
