//! Policies tried before they are saved.
use bellwire_e2e::{Scene, list};
use serde_json::{Value, json};

use crate::{at, buy, policy, wallet};

#[test]
fn a_dry_run_explains_every_rule_and_writes_nothing() {
    let scene = Scene::new();
    let rules = json!([
        {"daily_cap_usd": 100},
        {"vendors": {"deny": ["gcp"]}, "require_justification": true},
        {"hours": {"days": ["mon", "tue"], "from": "09:00", "to": "18:00"}},
        {"require_approval_above_usd": 50},
    ]);
    let policy = policy(&scene, &rules, &json!({}));
    let wallet = wallet(&scene, &policy, &json!({}));
    scene.patch(&at(&policy, ""), &json!({"default": "deny"})).expect(200);
    let monday = json!("2026-11-23T12:00:00Z");
    let ask = |more: Value| {
        let mut form = json!({"amount_usd": "60", "vendor": "aws", "description": "d", "at": monday});
        form.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        scene.post(&at(&policy, "/evaluate"), &form).expect(200)
    };
    let before = scene.get("/v1/events").expect(200);
    let asked = ask(json!({}));
    assert_eq!(
        (&asked["decision"], &asked["rule"], &asked["policy_version"]),
        (&json!("require_approval"), &json!("require_approval_above_usd"), &json!(2))
    );
    let effects: Vec<Value> = list(&asked["rules"]).iter().map(|rule| rule["effect"].clone()).collect();
    assert_eq!(effects, ["none", "none", "none", "none", "require_approval"].map(Value::from));
    assert_eq!(asked["rules"][0]["detail"], "with these 60.00 USD the day comes to 60.00 USD, within 100.00 USD");
    for (more, decision, rule) in [
        (json!({"vendor": "GCP"}), "deny", "vendors"),
        (json!({"description": ""}), "deny", "require_justification"),
        (json!({"at": "2026-11-25T12:00:00Z"}), "deny", "hours"),
        (json!({"amount_usd": 100.01}), "deny", "daily_cap_usd"),
        (json!({"amount_usd": 1}), "deny", "default"),
        (json!({"amount_usd": 1, "default": "allow"}), "allow", "default"),
        (json!({"rules": [{"vendors": {"allow": ["aws"]}}]}), "allow", "vendors"),
    ] {
        let answer = ask(more.clone());
        assert_eq!((&answer["decision"], &answer["rule"]), (&json!(decision), &json!(rule)), "{more}");
        let own = more.get("rules").is_none() && more.get("default").is_none();
        assert_eq!(answer["policy_version"].is_null(), !own, "{more}");
    }
    assert_eq!(scene.get("/v1/events").expect(200), before);
    // What was spent from a wallet counts for it, today.
    scene.patch(&at(&policy, ""), &json!({"rules": [{"daily_cap_usd": 100}], "default": "allow"})).expect(200);
    buy(&scene, &wallet, "70", &json!({})).expect(201);
    let form = json!({"amount_usd": 31, "vendor": "aws", "wallet_id": wallet["id"]});
    assert_eq!(scene.post(&at(&policy, "/evaluate"), &form).expect(200)["rule"], "daily_cap_usd");
    let form = json!({"amount_usd": 31, "vendor": "aws"});
    assert_eq!(scene.post(&at(&policy, "/evaluate"), &form).expect(200)["decision"], "allow");
}

#[test]
fn a_replay_says_what_would_have_come_of_what_was_asked_for() {
    let scene = Scene::new();
    let made = policy(&scene, &json!([{"vendors": {"deny": ["gcp"]}}]), &json!({}));
    let own = wallet(&scene, &made, &json!({}));
    let apart = scene.post("/v1/wallets", &json!({"name": "w", "budget_usd": 100})).expect(201);
    for (amount, vendor, status) in
        [("10", "aws", 201), ("20", "aws", 201), ("5", "gcp", 403), ("30", "azure", 201), ("7", "gcp", 403)]
    {
        buy(&scene, &own, amount, &json!({"vendor": vendor})).expect(status);
    }
    buy(&scene, &apart, "50", &json!({})).expect(201);
    let replay = |more: Value| {
        let mut form = json!({"since": "1h"});
        form.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        scene.post(&at(&made, "/replay"), &form).expect(200)
    };
    // The same rules: nothing is otherwise.
    let same = replay(json!({}));
    assert_eq!(
        (&same["requests"], &same["unchanged"], &same["flips"], &same["truncated"]),
        (&json!(5), &json!(5), &json!([]), &json!(false))
    );
    assert_eq!((&same["amount_usd"], &same["policy_version"]), (&json!(72.0), &json!(1)));
    // Others: what is let through counts, in the order of time.
    let rules = json!([{"daily_cap_usd": 36}, {"require_approval_above_usd": 15}]);
    let report = replay(json!({"rules": rules}));
    assert_eq!(report["policy_version"], Value::Null);
    assert_eq!(
        report["flips"],
        json!([
            {"from": "allowed", "to": "denied", "count": 1, "amount_usd": 30.0},
            {"from": "allowed", "to": "approval", "count": 1, "amount_usd": 20.0},
            {"from": "denied", "to": "allowed", "count": 1, "amount_usd": 5.0},
        ])
    );
    assert_eq!((&report["requests"], &report["unchanged"]), (&json!(5), &json!(2)));
    let examples = list(&report["examples"]);
    let first = &examples[0];
    assert_eq!(
        (&first["from"], &first["to"], &first["rule"], &first["vendor"]),
        (&json!("allowed"), &json!("approval"), &json!("require_approval_above_usd"), &json!("aws"))
    );
    assert_eq!((&examples[1]["transaction_id"], &examples[1]["to"]), (&Value::Null, &json!("allowed")));
    assert_eq!(examples[2]["wallet_id"], own["id"]);
    // As if it were attached elsewhere.
    let elsewhere = replay(json!({"rules": rules, "wallet_id": apart["id"]}));
    assert_eq!((&elsewhere["requests"], &elsewhere["flips"][0]["to"]), (&json!(1), &json!("denied")));
    // From the middle of the day, with what was spent before.
    let middle = list(&scene.get("/v1/purchases").expect(200)["purchases"]);
    let since = &middle.iter().find(|one| one["amount_usd"] == 20.0).expect("bought")["created_at"];
    let rest = replay(json!({"since": since, "rules": [{"daily_cap_usd": 36}]}));
    assert!(list(&rest["flips"]).iter().any(|flip| flip["to"] == "denied"), "{rest}");
    assert!(rest["requests"].as_u64().is_some_and(|count| count <= 3), "{rest}");
}
