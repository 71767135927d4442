//! Whatever is wrong with rules is named with its place.
use bellwire_e2e::Scene;
use serde_json::json;

use crate::{at, policy};

#[test]
fn every_fault_of_rules_is_named_with_its_place() {
    let scene = Scene::new();
    let made = policy(&scene, &json!([]), &json!({}));
    let rules = json!([
        {"max_transaction_usd": -1, "vendors": {"allow": ["ok", ""], "deny": "x"}},
        {"hours": {"from": "25:00", "tz": "Mars"}, "then": "allow"},
        {"when": "purchase.amount > 1", "then": "deny"},
        {"require_approval_above_usd": 1, "approval": {"quorum": 0, "channels": ["mail"]}},
        {"surprise": 1},
    ]);
    let mut wanted = vec![
        "rules[0].max_transaction_usd",
        "rules[0].vendors.allow[1]",
        "rules[0].vendors.deny",
        "rules[1].hours.from",
        "rules[1].hours.to",
        "rules[1].hours.tz",
        "rules[1].then",
        "rules[2].when",
        "rules[3].approval.channels[0]",
        "rules[3].approval.quorum",
        "rules[4].surprise",
    ];
    wanted.push("rules[4]");
    wanted.sort_unstable();
    let more = json!({"name": "p", "rules": rules});
    for answer in [
        scene.post("/v1/policies", &more),
        scene.patch(&at(&made, ""), &json!({"rules": rules})),
        scene.post(&at(&made, "/evaluate"), &json!({"amount_usd": 1, "vendor": "v", "rules": rules})),
        scene.post(&at(&made, "/replay"), &json!({"since": "1h", "rules": rules})),
    ] {
        answer.expect(422);
        let mut fields = answer.fields();
        fields.sort_unstable();
        assert_eq!(fields, wanted);
    }
    assert_eq!(scene.get(&at(&made, "")).expect(200)["version"], 1);
}

#[test]
fn amounts_of_rules_keep_every_digit() {
    let scene = Scene::new();
    let body = br#"{"name": "p", "rules": [{"max_transaction_usd": 999999999.999999999, "daily_cap_usd": "0.10"}]}"#;
    let answer = scene.send(&bellwire_e2e::Call::new("POST", "/v1/policies").body(body));
    answer.expect(201);
    let text = String::from_utf8(answer.body).expect("text");
    assert!(text.contains(r#""rules":[{"max_transaction_usd":999999999.999999999,"daily_cap_usd":"0.10"}]"#), "{text}");
}

#[test]
fn an_agent_or_a_namespace_has_ten_policies_at_most() {
    let scene = Scene::new();
    for more in [json!({"agents": ["a-1"]}), json!({"namespaces": ["n-1"]})] {
        let attached: Vec<_> = (0..10).map(|_| policy(&scene, &json!([]), &more)).collect();
        let mut form = json!({"name": "p", "rules": []});
        form.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        assert_eq!(scene.post("/v1/policies", &form).expect(409)["code"], "state_conflict");
        let loose = policy(&scene, &json!([]), &json!({}));
        scene.patch(&at(&loose, ""), &more).expect(409);
        // One of the ten can still be changed, and its place be given to another.
        scene.patch(&at(&attached[0], ""), &json!({"name": "renamed"})).expect(200);
        scene.patch(&at(&attached[0], ""), &json!({"agents": [], "namespaces": []})).expect(200);
        scene.patch(&at(&loose, ""), &more).expect(200);
    }
}
