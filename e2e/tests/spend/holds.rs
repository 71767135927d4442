//! Holds: set aside, and ended once.
use bellwire_e2e::{Scene, eventually, list, text};
use serde_json::{Value, json};

use crate::{at, balance, buy, events, hold, left, wallet};

#[test]
fn a_hold_is_captured_in_part_and_the_rest_is_let_go() {
    let scene = Scene::new();
    let wallet = wallet(&scene, &json!({}));
    let order = json!({"amount_usd": "12.5", "vendor": "aws", "category": "compute", "memo": "m", "rail": "card",
        "run_id": "run-1", "agent_id": "a-1", "metadata": {"order": [1, 2.50]}});
    let made = scene.post(&at("wallets", &wallet, "/holds"), &order);
    made.expect(201);
    assert_eq!(left(&made), Some("87.50"));
    let made = made.json();
    assert!(text(&made["id"]).starts_with("hld_") && text(&made["purchase_id"]).starts_with("pur_"), "{made}");
    assert_eq!(made["transaction_id"], made["purchase_id"]);
    assert_eq!(
        (&made["status"], &made["released_usd"], &made["description"]),
        (&json!("held"), &json!(0.0), &json!(""))
    );
    for name in ["category", "memo", "rail", "run_id", "agent_id", "metadata"] {
        assert_eq!(made[name], order[name], "{name}");
    }
    // Both ids name it, everywhere.
    let purchase = json!({"id": made["purchase_id"]});
    assert_eq!(scene.get(&at("holds", &purchase, "")).expect(200), made);
    let shown = scene.get(&at("purchases", &made, "")).expect(200);
    assert_eq!((&shown["status"], &shown["held_usd"], &shown["hold_id"]), (&json!("held"), &json!(12.5), &made["id"]));
    let captured = scene.post(&at("holds", &purchase, "/capture"), &json!({"amount_usd": 12}));
    assert_eq!(left(&captured), Some("88.00"));
    let captured = captured.expect(200);
    assert_eq!((&captured["status"], &captured["released_usd"]), (&json!("captured"), &json!(0.5)));
    let shown = scene.get(&at("purchases", &purchase, "")).expect(200);
    assert_eq!(
        (&shown["status"], &shown["amount_usd"], &shown["held_usd"]),
        (&json!("succeeded"), &json!(12.0), &Value::Null)
    );
    let said = scene.post(&at("holds", &made, "/void"), &json!({})).expect(409);
    assert_eq!((&said["outcome"], &said["hold_id"]), (&json!("captured"), &made["id"]));
    let back = scene.post(&at("purchases", &made, "/refund"), &json!({"reason": "broken"})).expect(201);
    assert_eq!((&back["amount_usd"], &back["refunded_usd"]), (&json!(12.0), &json!(12.0)));
    assert!(text(&back["id"]).starts_with("rfd_") && back["id"] == back["refund_id"], "{back}");
    let refunds = scene.get(&at("purchases", &purchase, "")).expect(200)["refunds"].clone();
    let one = json!({"id": back["id"], "amount_usd": 12.0, "reason": "broken", "created_at": back["created_at"]});
    assert_eq!(refunds, json!([one]));
    assert_eq!(balance(&scene, &wallet)["spent_usd"], 0.0);
}

#[test]
fn a_hold_is_failed_with_a_reason_and_voided_without_a_body() {
    let scene = Scene::new();
    let wallet = wallet(&scene, &json!({}));
    let held = hold(&scene, &wallet, "5", "1h").expect(201);
    let reason = json!({"error_code": "card_declined", "error_message": "The card was declined."});
    let failed = scene.post(&at("holds", &held, "/fail"), &reason).expect(200);
    assert_eq!((&failed["status"], &failed["error_code"]), (&json!("failed"), &reason["error_code"]));
    assert_eq!(events(&scene, Some("purchase.failed")), 1);
    let held = hold(&scene, &wallet, "5", "1h").expect(201);
    let call = bellwire_e2e::Call::new("POST", &at("holds", &held, "/void"));
    assert_eq!(scene.send(&call).expect(200)["status"], "voided");
    buy(&scene, &wallet, "1").expect(201);
    let holds = list(&scene.get(&at("wallets", &wallet, "/holds")).expect(200)["holds"]);
    let states: Vec<&Value> = holds.iter().map(|hold| &hold["status"]).collect();
    assert_eq!(states, ["voided", "failed"]);
    let listed = |query: &str| {
        list(&scene.get(&at("wallets", &wallet, &format!("/purchases?{query}"))).expect(200)["purchases"]).len()
    };
    assert_eq!([listed("limit=5"), listed("status=failed"), listed("status=succeeded")], [3, 1, 1]);
    assert_eq!(
        [listed("vendor=aws"), listed("vendor=anthropic"), listed("since=1h"), listed("until=1h")],
        [2, 1, 3, 0]
    );
}

#[test]
fn a_hold_releases_itself_and_what_it_held_can_be_spent() {
    let scene = Scene::new();
    let wallet = wallet(&scene, &json!({"budget_usd": 5}));
    let held = hold(&scene, &wallet, "5", "1s").expect(201);
    assert!(!held["expires_at"].is_null());
    // Nobody asks for it: the server does it by itself.
    eventually("the hold is released", || (events(&scene, Some("purchase.voided")) == 1).then_some(()));
    let shown = scene.get(&at("holds", &held, "")).expect(200);
    assert_eq!((&shown["status"], &shown["released_usd"]), (&json!("expired"), &json!(5.0)));
    let said = scene.post(&at("holds", &held, "/capture"), &json!({})).expect(409);
    assert_eq!(said["outcome"], "expired");
    buy(&scene, &wallet, "5").expect(201);
}
