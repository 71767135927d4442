//! An endpoint that is unwell costs the others nothing, and is not hammered.
use std::time::Duration;

use bellwire_e2e::{Receiver, Reply, Scene, count, eventually, text, watch};
use serde_json::{Value, json};

#[test]
fn nine_healthy_endpoints_get_everything_while_the_tenth_hangs() {
    const EVENTS: usize = 200;
    const CAP: usize = 4;
    let scene = Scene::new();
    let hanging = Receiver::always(Reply::Hang);
    // It hangs for longer than the whole test takes.
    let form = json!({"max_in_flight": CAP, "timeout_ms": 30000});
    let sick = scene.endpoint(&hanging, &form);
    let healthy: Vec<Receiver> = (0..9).map(|_| Receiver::ok()).collect();
    let endpoints: Vec<Value> = healthy.iter().map(|receiver| scene.endpoint(receiver, &json!({}))).collect();
    let ids = scene.events("order.paid", EVENTS);
    for (receiver, endpoint) in healthy.iter().zip(&endpoints) {
        eventually("a healthy endpoint has everything", || {
            (scene.total(endpoint, "success") == EVENTS as u64).then_some(())
        });
        let mut got = receiver.event_ids();
        got.sort_unstable();
        let mut wanted = ids.clone();
        wanted.sort_unstable();
        assert_eq!(got, wanted, "each exactly once");
    }
    assert_eq!((scene.total(&sick, "success"), scene.total(&sick, "failed")), (0, 0));
    assert_eq!(hanging.in_flight_max(), CAP, "it holds its cap, and no more");
    assert_eq!(hanging.hits(), CAP);
}

#[test]
fn a_workspace_with_a_backlog_does_not_hold_up_another() {
    let scene = Scene::new();
    let (slow, quick) = (Receiver::always(Reply::Hang), Receiver::ok());
    for _ in 0..20 {
        scene.endpoint(&slow, &json!({"timeout_ms": 30000, "max_in_flight": 256}));
    }
    scene.events("order.paid", 100);
    let other = scene.workspace("other");
    scene.subscribe(&other, &json!({"url": quick.url(), "events": ["*"]}));
    for _ in 0..20 {
        other.post("/v1/events", &json!({"type": "order.paid", "data": {}})).expect(202);
    }
    eventually("the other workspace's events arrive", || (quick.hits() == 20).then_some(()));
}

#[test]
fn the_breaker_opens_after_ten_failures_and_what_waits_keeps_its_attempts() {
    let scene = Scene::new();
    let receiver = Receiver::always(Reply::Status(500));
    let form = json!({"max_in_flight": 1, "retry": {"schedule": ["1h"]}});
    let endpoint = scene.endpoint(&receiver, &form);
    scene.events("order.paid", 40);
    eventually("it has been tried ten times", || (receiver.hits() >= 10).then_some(()));
    let stats = eventually("the breaker is open", || {
        let stats = scene.get(&format!("/v1/webhooks/{}/stats", endpoint["id"].as_str()?)).expect(200);
        (stats["breaker"] == "open").then_some(stats)
    });
    assert_eq!(count(&stats["consecutive_failures"]), 10);
    watch(Duration::from_secs(3), "an open breaker lets nothing through", || receiver.hits() == 10);
    let deliveries = scene.deliveries(&endpoint, "status=pending");
    let tried = deliveries.iter().filter(|delivery| delivery["attempts"] == 1).count();
    let untouched = deliveries.iter().filter(|delivery| delivery["attempts"] == 0).count();
    assert_eq!((tried, untouched), (10, 30));
    // A test event still goes: a person asked for it.
    scene.on(&endpoint, "test", &json!({})).expect(200);
    assert_eq!(receiver.hits(), 11);
}

#[test]
fn approvals_pass_an_open_breaker() {
    let scene = Scene::new();
    let receiver = Receiver::always(Reply::Status(500));
    let endpoint = scene.endpoint(&receiver, &json!({"max_in_flight": 1, "retry": {"schedule": ["1h"]}}));
    scene.events("order.paid", 12);
    eventually("the breaker is open", || {
        let stats = scene.get(&format!("/v1/webhooks/{}/stats", endpoint["id"].as_str()?)).expect(200);
        (stats["breaker"] == "open").then_some(())
    });
    let id = scene.event("approval.requested", &json!({}));
    eventually("the approval is sent all the same", || receiver.event_ids().contains(&id).then_some(()));
}

#[test]
fn a_manual_retry_passes_an_open_breaker_and_closes_it_if_it_arrives() {
    let scene = Scene::new();
    let receiver = Receiver::always(Reply::Status(500));
    let endpoint = scene.endpoint(&receiver, &json!({"max_in_flight": 1, "retry": {"schedule": ["1h"]}}));
    scene.events("order.paid", 12);
    let path = format!("/v1/webhooks/{}/stats", text(&endpoint["id"]));
    let breaker = |wanted: &str| {
        eventually(wanted, || (scene.get(&path).expect(200)["breaker"] == wanted).then_some(()));
    };
    breaker("open");
    let tried = scene.deliveries(&endpoint, "status=pending").into_iter().find(|one| one["attempts"] == 1);
    let tried = tried.expect("ten were tried");
    let retry = format!("/v1/deliveries/{}/retry", text(&tried["id"]));
    // What is due first is sent although the breaker is open; it fails, and the breaker is open as before.
    scene.post(&retry, &json!({})).expect(202);
    eventually("something is sent", || (receiver.hits() == 11).then_some(()));
    breaker("open");
    watch(Duration::from_secs(1), "nothing else is sent with it", || receiver.hits() == 11);
    receiver.now_does(Reply::Status(200));
    scene.post(&retry, &json!({})).expect(202);
    eventually("it arrives", || (scene.delivery(&tried)["status"] == "success").then_some(()));
    let untouched = || scene.deliveries(&endpoint, "status=pending").iter().any(|one| one["attempts"] == 0);
    eventually("what was never tried follows", || (!untouched()).then_some(()));
    breaker("closed");
}

#[test]
fn approvals_keep_to_the_limit_that_their_endpoints_owner_set() {
    let scene = Scene::new();
    let receiver = Receiver::ok();
    scene.endpoint(&receiver, &json!({"rate_limit": 5}));
    scene.events("approval.requested", 11);
    eventually("all are sent", || (receiver.hits() == 11).then_some(()));
    let seen = receiver.seen();
    // Ten more after the first, at five a second; the process and the receiver are a little apart.
    assert!(seen[10].at - seen[0].at > Duration::from_millis(1_500), "{:?}", seen[10].at - seen[0].at);
}
