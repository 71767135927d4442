//! What happens by itself as time goes by. The rows are made older while the server does not run.
use std::time::Duration;

use bellwire_e2e::{Receiver, Reply, Scene, Setup, eventually, text};
use serde_json::json;

const DAY: Duration = Duration::from_hours(24);

#[test]
fn what_is_older_than_the_retention_goes_and_what_is_newer_stays() {
    let mut scene = Scene::with(Setup { retention_days: 1, ..Setup::default() });
    let receiver = Receiver::ok();
    let endpoint = scene.endpoint(&receiver, &json!({"events": ["order.*"]}));
    let old = scene.events("order.paid", 450);
    eventually("all are sent", || (scene.total(&endpoint, "success") == 450).then_some(()));
    let of_old = scene.deliveries(&endpoint, "").remove(0);
    assert!(scene.server.stop().success());
    scene.server.backdate("rows", DAY * 2);
    scene.server.restart();
    let new = scene.events("order.paid", 20);
    eventually("the old ones are gone", || (scene.deliveries(&endpoint, "").len() == 20).then_some(()));
    eventually("the new ones are sent", || (scene.total(&endpoint, "success") == 20).then_some(()));
    let path = |id: &str| format!("/v1/events/{id}");
    eventually("the events went after them", || {
        old.iter().step_by(50).all(|id| scene.get(&path(id)).status == 404).then_some(())
    });
    scene.get(&format!("/v1/deliveries/{}", text(&of_old["id"]))).expect(404);
    for id in &new {
        scene.get(&path(id)).expect(200);
    }
    assert_eq!(receiver.hits(), 470, "nothing was sent twice");
    // Once more with nothing old: what is there stays.
    assert!(scene.server.stop().success());
    scene.server.backdate("rows", DAY / 2);
    scene.server.restart();
    scene.event("order.paid", &json!({}));
    eventually("it is sent", || (receiver.hits() == 471).then_some(()));
    assert_eq!(scene.deliveries(&endpoint, "").len(), 21);
}

#[test]
fn an_endpoint_that_fails_for_5_days_is_disabled_and_its_owner_is_told() {
    let mut scene = Scene::new();
    let (broken, told) = (Receiver::always(Reply::Status(500)), Receiver::ok());
    let endpoint = scene.endpoint(&broken, &json!({"events": ["order.*"], "retry": {"preset": "none"}}));
    scene.endpoint(&told, &json!({"events": ["endpoint.disabled"]}));
    let fail = |scene: &Scene, so_far: u64| {
        scene.event("order.paid", &json!({}));
        eventually("it failed", || (scene.total(&endpoint, "failed") == so_far).then_some(()));
    };
    fail(&scene, 1);
    assert!(scene.server.stop().success());
    scene.server.backdate("failing", DAY * 4);
    scene.server.restart();
    fail(&scene, 2);
    assert_eq!(scene.reread(&endpoint)["status"], "active", "4 days are not 5");
    assert!(scene.server.stop().success());
    scene.server.backdate("failing", DAY);
    scene.server.restart();
    fail(&scene, 3);
    let disabled = scene.reread(&endpoint);
    assert_eq!(disabled["status"], "disabled");
    assert_eq!(disabled["status_reason"], "no delivery succeeded for 5 days");
    eventually("its owner is told", || (told.hits() == 1).then_some(()));
    let event = told.seen()[0].json();
    assert_eq!(event["type"], "endpoint.disabled");
    assert_eq!(event["data"]["endpoint_id"], endpoint["id"]);
    let answer = scene.post("/v1/events", &json!({"type": "order.paid", "data": {}})).expect(202);
    assert_eq!(answer["deliveries"], 0, "nothing more is collected for it");
}

#[test]
fn the_backlog_is_told_by_age() {
    let mut scene = Scene::new();
    // What is to be taken waits, and nothing but time moves it.
    scene.subscribe(&scene.api, &json!({"kind": "pull", "events": ["order.*"]}));
    let gauges = |scene: &Scene| {
        let text = String::from_utf8(scene.get("/metrics").body).expect("text");
        let told = |line: &&str| line.starts_with("bellwire_backlog{");
        text.lines().filter(told).map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
    };
    scene.event("order.paid", &json!({}));
    for (age, label) in [(0, "1m"), (5, "10m"), (25, "1h"), (120, "older")] {
        scene.server.kill();
        if age > 0 {
            scene.server.backdate("due", Duration::from_mins(age));
        }
        scene.server.restart();
        let wanted = ["1m", "10m", "1h", "older"]
            .map(|age| format!("bellwire_backlog{{age=\"{age}\"}} {}", u8::from(age == label)));
        eventually(&format!("it is counted as {label}"), || (gauges(&scene) == wanted.clone().into()).then_some(()));
    }
}
