//! What time does: waiting, expiry, restarts.
use std::thread;

use bellwire_e2e::{Scene, eventually, text};
use serde_json::{Value, json};

use crate::{ask, at, consume, decide, events};

#[test]
fn whoever_waits_hears_of_the_decision_at_once() {
    let scene = Scene::new();
    let asked = ask(&scene, &json!({}));
    thread::scope(|threads| {
        let waiting = threads.spawn(|| scene.get(&at(&asked, "?wait=60s")).expect(200));
        eventually("it waits", || (!waiting.is_finished()).then_some(()));
        decide(&scene, &asked, "deny").expect(200);
        let told = waiting.join().expect("no panic");
        assert_eq!((&told["status"], &told["reason"]), (&json!("denied"), &json!("because")));
        assert!(text(&told["message"]).contains("do not retry"), "{told}");
    });
    let pending = ask(&scene, &json!({}));
    assert_eq!(scene.get(&at(&pending, "?wait=1s")).expect(200)["status"], "pending");
    assert_eq!(scene.get(&at(&pending, "?wait=61s")).fields(), ["wait"]);
}

#[test]
fn silence_is_a_no_to_the_second_also_across_a_restart() {
    let mut scene = Scene::new();
    let asked = ask(&scene, &json!({"timeout": "2s"}));
    let ended = scene.get(&at(&asked, "?wait=30s")).expect(200);
    assert_eq!((&ended["status"], &ended["decided_by"]), (&json!("expired"), &json!([])));
    let late = |ended: &Value| seconds(&ended["decided_at"]) - seconds(&ended["expires_at"]);
    assert!((0.0..=1.0).contains(&late(&ended)), "{ended}");
    assert_eq!(decide(&scene, &asked, "approve").status, 409);
    let said = consume(&scene, &asked, &asked["action_digest"]).expect(403);
    assert_eq!(said["code"], "approval_expired");
    assert!(text(&said["detail"]).contains("Silence is not consent"), "{said}");
    // The process dies while one is pending, and another stays pending.
    let (short, long) = (ask(&scene, &json!({"timeout": "2s"})), ask(&scene, &json!({"timeout": "1h"})));
    scene.server.kill();
    scene.server.restart();
    scene.api = scene.server.api();
    let ended = scene.get(&at(&short, "?wait=30s")).expect(200);
    assert_eq!(ended["status"], "expired");
    assert!((0.0..=1.0).contains(&late(&ended)), "{ended}");
    assert_eq!(decide(&scene, &short, "approve").status, 409);
    assert_eq!(decide(&scene, &long, "approve").expect(200)["status"], "approved");
    assert_eq!(events(&scene, "approval.decided").len(), 3);
}

#[test]
fn whoever_asked_may_take_it_back_once() {
    let scene = Scene::new();
    let agent = scene.key(&json!({"kind": "workspace", "agent_id": "a-1"}));
    let asked = ask(&agent, &json!({}));
    let taken = agent.post(&at(&asked, "/cancel"), &json!({"reason": "not needed"})).expect(200);
    assert_eq!((&taken["status"], &taken["reason"]), (&json!("cancelled"), &json!("not needed")));
    agent.post(&at(&asked, "/cancel"), &json!({})).expect(409);
    assert_eq!(decide(&scene, &asked, "approve").status, 409);
    assert_eq!(consume(&agent, &asked, &asked["action_digest"]).expect(403)["code"], "approval_cancelled");
}

/// A time of day in seconds; nothing here lasts over midnight twice.
fn seconds(time: &Value) -> f64 {
    let text = text(time);
    let part = |from: usize, to: usize| text[from..to].parse::<f64>().expect("a number");
    part(11, 13) * 3_600.0 + part(14, 16) * 60.0 + part(17, 23)
}
