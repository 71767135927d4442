//! Runaway loops: a cent a call, noticed, and stopped where the wallet says so.
use bellwire_e2e::{Receiver, Scene, eventually, text};
use serde_json::json;

use crate::{balance, cents, purchase, wallet};

#[test]
fn a_runaway_loop_is_told_once_without_being_asked_for() {
    let scene = Scene::new();
    let receiver = Receiver::ok();
    scene.endpoint(&receiver, &json!({"events": ["spend.spike", "wallet.frozen"]}));
    let id = wallet(&scene, &json!({"budget_usd": 100}));
    for _ in 0..60 {
        scene.send(&purchase(&id, &json!({"amount_usd": 0.01}))).expect(201);
    }
    let told = eventually("it is told", || receiver.seen().first().cloned()).json()["data"].clone();
    assert_eq!((&told["rule"], &told["action"], &told["count"]), (&json!("repeat"), &json!("notify"), &json!(20)));
    assert_eq!((&told["top_vendor"], cents(&told["spent_usd"])), (&json!("openai"), 20));
    assert_eq!(crate::events(&scene, "spend.spike").len(), 1, "sixty calls, one word");
    // Other amounts are no loop.
    let other = wallet(&scene, &json!({"budget_usd": 100}));
    for nth in 1..60 {
        scene.send(&purchase(&other, &json!({"amount_usd": format!("0.{nth:03}")}))).expect(201);
    }
    assert_eq!(crate::events(&scene, "spend.spike").len(), 1);
}

#[test]
fn a_runaway_loop_is_frozen_before_the_next_call() {
    let scene = Scene::new();
    let receiver = Receiver::ok();
    scene.endpoint(&receiver, &json!({"events": ["spend.spike", "wallet.frozen"]}));
    let id = wallet(&scene, &json!({"budget_usd": 100, "limits": {"on_breach": "freeze"}}));
    for _ in 0..20 {
        scene.send(&purchase(&id, &json!({"amount_usd": 0.01}))).expect(201);
    }
    let refused = scene.send(&purchase(&id, &json!({"amount_usd": 0.01})));
    assert_eq!(refused.expect(423)["code"], "wallet_frozen");
    assert_eq!(refused.header("x-should-retry"), Some("false"));
    assert_eq!(cents(&balance(&scene, &id)["spent_usd"]), 20);
    assert_eq!(balance(&scene, &id)["status"], "frozen");
    eventually("both are told", || (receiver.hits() == 2).then_some(()));
    // Whoever looked into it lets it go on.
    let path = format!("/v1/wallets/{id}");
    scene.patch(&path, &json!({"status": "active"})).expect(422);
    let active = scene.patch(&path, &json!({"status": "active", "reason": "it was a test"})).expect(200);
    assert_eq!(active["status"], "active");
    scene.send(&purchase(&id, &json!({"amount_usd": 0.02}))).expect(201);
    let audit = scene.get(&format!("/v1/audit?subject={id}")).expect(200);
    let actions: Vec<String> =
        bellwire_e2e::list(&audit["entries"]).iter().map(|entry| text(&entry["action"])).collect();
    assert_eq!(actions, ["wallet.update", "wallet.freeze", "wallet.create"]);
}

#[test]
fn maxima_of_a_minute_hold_for_all_that_is_below() {
    let scene = Scene::new();
    let root = wallet(&scene, &json!({"budget_usd": 100, "limits": {"max_count_per_minute": 5}}));
    let leaves = [0, 1].map(|_| wallet(&scene, &json!({"budget_usd": 100, "parent_id": root})));
    for nth in 0..5 {
        scene.send(&purchase(&leaves[nth % 2], &json!({}))).expect(201);
    }
    for leaf in &leaves {
        let refused = scene.send(&purchase(leaf, &json!({}))).expect(403);
        assert_eq!((&refused["rule"], &refused["limited_wallet_id"]), (&json!("max_count_per_minute"), &json!(root)));
    }
    assert_eq!(cents(&balance(&scene, &root)["spent_usd"]), 500);
}
