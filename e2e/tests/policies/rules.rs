//! Each rule, as an agent meets it.
use bellwire_e2e::{Scene, list, text};
use serde_json::{Value, json};

use crate::{at, buy, policy, wallet};

#[test]
fn each_rule_lets_through_or_denies_with_its_name() {
    let scene = Scene::new();
    let inside = json!({"from": "00:00", "to": "24:00"});
    for (rules, amount, order, denied) in [
        (json!([{"max_transaction_usd": 10}]), "10", json!({}), None),
        (json!([{"max_transaction_usd": 10}]), "10.000000001", json!({}), Some("max_transaction_usd")),
        (json!([{"daily_cap_usd": "5"}]), "5.01", json!({}), Some("daily_cap_usd")),
        (json!([{"monthly_cap_usd": "5"}]), "5.01", json!({}), Some("monthly_cap_usd")),
        (json!([{"vendors": {"deny": ["*.example.com"]}}]), "1", json!({"vendor": "API.Example.com"}), Some("vendors")),
        (json!([{"vendors": {"deny": ["*.example.com"]}}]), "1", json!({"vendor": "example.com"}), None),
        (json!([{"vendors": {"allow": ["gcp"]}}]), "1", json!({}), Some("vendors")),
        (json!([{"categories": {"allow": ["inference"]}}]), "1", json!({}), Some("categories")),
        (json!([{"categories": {"allow": ["inference"]}}]), "1", json!({"category": "Inference"}), None),
        (json!([{"require_justification": true}]), "1", json!({"description": " "}), Some("require_justification")),
        (json!([{"require_justification": true}]), "1", json!({}), None),
        (json!([{"hours": inside}]), "1", json!({}), None),
        (json!([{"when": "purchase.amount_usd > usd(\"1.5\")", "then": "deny"}]), "2", json!({}), Some("when")),
        (json!([{"when": "purchase.amount_usd > usd(\"1.5\")", "then": "deny"}]), "1.5", json!({}), None),
        (json!([{"when": "purchase.metadata.team == \"x\"", "then": "allow"}]), "1", json!({}), Some("when")),
        (
            json!([{"when": "purchase.metadata.team == \"x\"", "then": "allow"}]),
            "1",
            json!({"metadata": {"team": "x"}}),
            None,
        ),
    ] {
        let policy = policy(&scene, &rules, &json!({}));
        let wallet = wallet(&scene, &policy, &json!({}));
        let answer = buy(&scene, &wallet, amount, &order);
        let Some(rule) = denied else {
            answer.expect(201);
            continue;
        };
        let body = answer.expect(403);
        assert_eq!((&body["code"], &body["rule"]), (&json!("policy_denied"), &json!(rule)), "{rules} {body}");
        assert_eq!((&body["policy_id"], &body["policy_version"]), (&policy["id"], &json!(1)), "{rules}");
        assert_eq!(body["wallet_id"], wallet["id"]);
        assert_eq!(answer.header("x-should-retry"), Some("false"));
    }
}

#[test]
fn a_denial_is_told_and_leaves_nothing_behind() {
    let scene = Scene::new();
    let policy = policy(&scene, &json!([{"vendors": {"deny": ["aws"]}}]), &json!({}));
    let wallet = wallet(&scene, &policy, &json!({"limits": {"max_count_per_minute": 5}}));
    let path = format!("/v1/wallets/{}", text(&wallet["id"]));
    let before = scene.get(&path).expect(200);
    buy(&scene, &wallet, "3", &json!({"agent_id": "scout"})).expect(403);
    let hold = json!({"amount_usd": 3, "vendor": "aws"});
    let refused = scene.post(&format!("{path}/holds"), &hold).expect(403);
    assert_eq!(refused["code"], "policy_denied");
    assert_eq!(scene.get(&path).expect(200), before);
    assert!(list(&scene.get("/v1/purchases").expect(200)["purchases"]).is_empty());
    let events = list(&scene.get("/v1/events?type=purchase.failed").expect(200)["events"]);
    assert_eq!(events.len(), 2);
    let data = &events[1]["data"];
    assert_eq!(
        (&data["error_code"], &data["error_message"], &data["agent_id"], &data["amount_usd"]),
        (&json!("policy_denied"), &json!("vendors: aws is on the deny list"), &json!("scout"), &json!(3.0))
    );
    // A denial is looked at anew each time.
    let order = json!({"amount_usd": 3, "vendor": "aws", "description": ""});
    let call =
        bellwire_e2e::Call::new("POST", &format!("{path}/purchases")).header("idempotency-key", "k").json(&order);
    scene.send(&call).expect(403);
    scene.patch(&at(&policy, ""), &json!({"rules": []})).expect(200);
    scene.send(&call).expect(201);
}

#[test]
fn policies_of_wallets_agents_and_namespaces_all_apply() {
    let scene = Scene::new();
    let top = policy(&scene, &json!([{"max_transaction_usd": 50}]), &json!({}));
    let own = policy(&scene, &json!([{"max_transaction_usd": 40}]), &json!({}));
    policy(&scene, &json!([{"max_transaction_usd": 30}]), &json!({"agents": ["scout"]}));
    policy(&scene, &json!([{"max_transaction_usd": 20}]), &json!({"namespaces": ["acme"]}));
    let above = wallet(&scene, &top, &json!({}));
    let below = wallet(&scene, &own, &json!({"parent_id": above["id"]}));
    let theirs = wallet(&scene, &own, &json!({"namespace": "acme"}));
    let scout = json!({"agent_id": "scout"});
    for (wallet, amount, order, status) in [
        (&above, "50", json!({}), 201),
        (&above, "51", json!({}), 403),
        (&below, "41", json!({}), 403),
        (&below, "31", json!({}), 201),
        (&below, "31", scout.clone(), 403),
        (&theirs, "21", json!({}), 403),
        (&theirs, "20", scout, 201),
    ] {
        buy(&scene, wallet, amount, &order).expect(status);
    }
    // None of them allows by name what another denies.
    let generous = policy(&scene, &json!([{"vendors": {"allow": ["aws"]}}]), &json!({"default": "deny"}));
    let both = wallet(&scene, &generous, &json!({"parent_id": above["id"]}));
    buy(&scene, &both, "51", &json!({})).expect(403);
    buy(&scene, &both, "50", &json!({})).expect(201);
    let answer = buy(&scene, &both, "1", &json!({"vendor": "gcp"})).expect(403);
    assert_eq!(answer["rule"], "vendors");
    let other = policy(&scene, &json!([]), &json!({"default": "deny"}));
    let closed = wallet(&scene, &other, &json!({}));
    assert_eq!(buy(&scene, &closed, "1", &json!({})).expect(403)["rule"], "default");
}

#[test]
fn a_rule_that_asks_holds_the_amount_until_people_decide() {
    let scene = Scene::new();
    let rules = json!([{"daily_cap_usd": 5000},
        {"require_approval_above_usd": 1000, "approval": {"timeout": "1h", "channels": ["console"]}}]);
    let policy = policy(&scene, &rules, &json!({}));
    let wallet = wallet(&scene, &policy, &json!({}));
    buy(&scene, &wallet, "1000", &json!({})).expect(201);
    let asked = buy(&scene, &wallet, "1850", &json!({})).expect(202);
    let approval = scene.get(&format!("/v1/approvals/{}", text(&asked["approval"]["id"]))).expect(200);
    let by = &approval["policy"];
    assert_eq!(
        (&by["rule"], &by["policy_id"], &by["policy_version"]),
        (&json!("require_approval_above_usd"), &policy["id"], &json!(1))
    );
    assert_eq!(
        (&by["threshold_usd"], &by["daily_spent_usd"], &by["daily_cap_usd"]),
        (&json!(1000.0), &json!(1000.0), &json!(5000.0))
    );
    // What waits counts: only 2150 are left of the day.
    let denied = buy(&scene, &wallet, "2150.01", &json!({})).expect(403);
    assert_eq!(denied["rule"], "daily_cap_usd");
}

#[test]
fn a_policy_is_changed_into_versions_and_decisions_name_theirs() {
    let scene = Scene::new();
    let made = policy(&scene, &json!([{"max_transaction_usd": 10.50}]), &json!({"agents": ["scout", "scout"]}));
    assert_eq!((&made["version"], &made["default"], &made["agents"]), (&json!(1), &json!("allow"), &json!(["scout"])));
    let wallet = wallet(&scene, &made, &json!({}));
    let same = scene.patch(&at(&made, ""), &json!({"name": "p"})).expect(200);
    assert_eq!(same["version"], 1);
    let raw = scene.patch(&at(&made, ""), &json!({"rules": [{"max_transaction_usd": 1}]}));
    assert_eq!(raw.expect(200)["version"], 2);
    assert_eq!(buy(&scene, &wallet, "2", &json!({})).expect(403)["policy_version"], 2);
    let put = bellwire_e2e::Call::new("PUT", &at(&made, "")).json(&json!({"name": "q", "rules": []}));
    let replaced = scene.send(&put).expect(200);
    assert_eq!((&replaced["version"], &replaced["agents"]), (&json!(3), &json!([])));
    let page = scene.get(&at(&made, "/versions?limit=2")).expect(200);
    let versions: Vec<Value> = list(&page["versions"]).iter().map(|one| one["version"].clone()).collect();
    assert_eq!(versions, [json!(3), json!(2)]);
    let rest = scene.get(&at(&made, &format!("/versions?cursor={}", text(&page["next_cursor"])))).expect(200);
    assert_eq!(rest["versions"][0]["rules"], made["rules"]);
    scene.delete(&at(&made, "")).expect(409);
    scene
        .patch(&format!("/v1/wallets/{}", text(&wallet["id"])), &json!({"policy_id": null, "reason": "r"}))
        .expect(200);
    scene.delete(&at(&made, "")).expect(204);
    scene.get(&at(&made, "")).expect(404);
    assert_eq!(list(&scene.get(&at(&made, "/versions")).expect(200)["versions"]).len(), 3);
    let told: Vec<Value> = ["policy.created", "policy.updated"]
        .iter()
        .flat_map(|kind| list(&scene.get(&format!("/v1/events?type={kind}")).expect(200)["events"]))
        .map(|event| event["data"]["policy_version"].clone())
        .collect();
    assert_eq!(told, [json!(1), json!(3), json!(2)]);
    let audit = list(&scene.get(&format!("/v1/audit?subject={}", text(&made["id"]))).expect(200)["entries"]);
    let actions: Vec<String> = audit.iter().map(|entry| text(&entry["action"])).collect();
    assert_eq!(actions, ["policy.delete", "policy.update", "policy.update", "policy.create"]);
    assert_eq!(audit[2]["detail"]["before"]["rules"][0]["max_transaction_usd"], "10.5");
    let changed = list(&scene.get("/v1/events?type=wallet.updated").expect(200)["events"]);
    assert_eq!(changed[0]["data"]["changed"], json!(["policy_id"]));
}
