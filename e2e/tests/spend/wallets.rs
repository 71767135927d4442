//! Wallets: made, shown, changed.
use bellwire_e2e::{Scene, list, text};
use serde_json::{Value, json};

use crate::{at, balance, buy, hold, wallet};

#[test]
fn a_wallet_is_shown_with_what_is_in_force() {
    let scene = Scene::new();
    let made = scene.post("/v1/wallets", &json!({"name": "team", "budget_usd": "1850.5"}));
    made.expect(201);
    let body = String::from_utf8(made.body.clone()).expect("text");
    assert!(body.contains("\"budget_usd\":1850.50,") && body.contains("\"floor_usd\":5.00}"), "{body}");
    let made = made.json();
    assert_eq!(made["id"], made["wallet_id"]);
    for (name, value) in [
        ("window", json!("total")),
        ("tz", json!("UTC")),
        ("resets_at", Value::Null),
        ("status", json!("active")),
        ("thresholds", json!([50, 80, 95])),
        ("depth", json!(1)),
        ("sandbox", json!(false)),
        ("policy_id", Value::Null),
        ("denied_count", json!(0)),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert_eq!(made["limits"]["repeat"], json!({"same_vendor_and_amount": 20, "within": "60s"}));
    assert_eq!(made["limits"]["spike"]["ratio"], 10);
    assert_eq!(made["limits"]["on_breach"], Value::Null);
    assert_eq!(scene.get(&at("wallets", &made, "")).expect(200), made);
    // What is shown may be sent back.
    let change = json!({"reason": "as it was", "limits": made["limits"], "thresholds": made["thresholds"]});
    let kept = scene.patch(&at("wallets", &made, ""), &change).expect(200);
    assert_eq!(kept["limits"], made["limits"]);
    let events = list(&scene.get("/v1/events?types=wallet.created").expect(200)["events"]);
    assert_eq!(events[0]["data"]["wallet_id"], made["id"]);
}

#[test]
fn limits_and_thresholds_are_replaced_reset_and_switched_off() {
    let scene = Scene::new();
    let limits = json!({"max_transaction_usd": 5, "max_per_minute_usd": "10", "max_count_per_minute": 7,
        "repeat": {"same_vendor_and_amount": 3, "within": "1h"}, "spike": null, "on_breach": "freeze"});
    let made = wallet(&scene, &json!({"limits": limits, "thresholds": [], "window": "daily", "tz": "Europe/Berlin"}));
    assert_eq!(made["limits"]["max_count_per_minute"], 7);
    assert_eq!(made["limits"]["repeat"], json!({"same_vendor_and_amount": 3, "within": "3600s"}));
    assert_eq!(made["limits"]["spike"], Value::Null);
    assert_eq!((&made["thresholds"], &made["tz"]), (&json!([]), &json!("Europe/Berlin")));
    assert!(!made["resets_at"].is_null());
    let change = |body: Value| scene.patch(&at("wallets", &made, ""), &body).expect(200);
    let changed = change(json!({"reason": "r", "limits": {"repeat": false}, "thresholds": [10]}));
    assert_eq!(changed["limits"]["repeat"], Value::Null);
    assert_eq!(changed["limits"]["max_transaction_usd"], Value::Null, "all limits are replaced");
    assert_eq!(changed["limits"]["spike"]["ratio"], 10);
    assert_eq!(changed["thresholds"], json!([10]));
    let reset = change(json!({"reason": "r", "limits": null}));
    assert_eq!(reset["limits"]["repeat"]["same_vendor_and_amount"], 20);
    assert_eq!(reset["thresholds"], json!([10]), "what is absent stays");
}

#[test]
fn a_change_says_why_and_a_wallet_stays_where_it_was_made() {
    let scene = Scene::new();
    let made = wallet(&scene, &json!({}));
    let path = at("wallets", &made, "");
    let answer = scene.patch(&path, &json!({"parent_id": null, "window": "daily", "name": "x", "status": "gone"}));
    answer.expect(422);
    let mut fields = answer.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["parent_id", "reason", "status", "window"]);
    assert!(answer.json().to_string().contains("so a tree has no cycles"), "{}", answer.json());
    let frozen = scene.patch(&path, &json!({"status": "frozen", "reason": "too fast"})).expect(200);
    assert_eq!((&frozen["status"], &frozen["status_reason"]), (&json!("frozen"), &json!("too fast")));
    let entry = &scene.get(&format!("/v1/audit?subject={}", text(&made["id"]))).expect(200)["entries"][0];
    assert_eq!((&entry["action"], &entry["detail"]["reason"]), (&json!("wallet.update"), &json!("too fast")));
    let active = scene.patch(&path, &json!({"status": "active", "reason": "looked at it"})).expect(200);
    assert_eq!(active["status_reason"], Value::Null);
}

#[test]
fn a_tree_is_spent_from_together_and_its_faults_are_named() {
    let scene = Scene::new();
    let top = wallet(&scene, &json!({"budget_usd": 10, "namespace": "acme"}));
    let below = wallet(&scene, &json!({"budget_usd": 20, "parent_id": top["id"]}));
    assert_eq!((&below["namespace"], &below["depth"]), (&json!("acme"), &json!(2)));
    buy(&scene, &below, "4").expect(201);
    hold(&scene, &below, "1.5", "1h").expect(201);
    let stands = balance(&scene, &below);
    assert_eq!(stands["limited_by"], top["id"]);
    let same = scene.get(&format!("/api/wallets/{}/balance", text(&below["id"])));
    assert_eq!(same.expect(200), stands);
    let text = String::from_utf8(same.body).expect("text");
    assert!(text.contains("\"available_usd\":14.50,\"spendable_usd\":4.50,"), "{text}");
    for (more, field) in [
        (json!({"namespace": "other"}), "namespace"),
        (json!({"sandbox": true}), "sandbox"),
        (json!({"parent_id": "wal_01ARZ3NDEKTSV4RRFFQ69G5FAV"}), "parent_id"),
    ] {
        let mut form = json!({"name": "w", "budget_usd": 1, "parent_id": top["id"]});
        form.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        let answer = scene.post("/v1/wallets", &form);
        assert_eq!((answer.status, answer.fields()), (422, vec![field.to_owned()]), "{form}");
    }
    let deepest = (0..6).fold(below, |above, _| wallet(&scene, &json!({"parent_id": above["id"]})));
    let deeper = scene.post("/v1/wallets", &json!({"name": "w", "budget_usd": 1, "parent_id": deepest["id"]}));
    assert_eq!((deeper.status, deeper.fields()), (422, vec!["parent_id".to_owned()]));
    let count = |query: &str| list(&scene.get(&format!("/v1/wallets?{query}")).expect(200)["wallets"]).len();
    assert_eq!([count("limit=200"), count("namespace=acme"), count("namespace=none")], [8, 8, 0]);
    assert_eq!(count(&format!("parent_id={}", bellwire_e2e::text(&top["id"]))), 1);
    assert_eq!([count("status=active"), count("status=frozen"), count("agent_id=a")], [8, 0, 0]);
}
