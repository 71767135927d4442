//! More questions than people can answer.
use bellwire_e2e::{Scene, text};
use serde_json::json;

use crate::{ask, decide};

/// Questions of a workspace that may wait at once.
const OPEN_MAX: usize = 1_000;

#[test]
fn questions_that_wait_have_a_bound_and_whoever_asks_beyond_it_holds_nothing() {
    let scene = Scene::new();
    let terms = json!({"channels": ["console"]});
    let rules = json!([{"require_approval_above_usd": 5, "approval": terms}]);
    let policy = scene.post("/v1/policies", &json!({"name": "careful", "rules": rules})).expect(201);
    let wallet = json!({"name": "ads", "budget_usd": 100, "policy_id": policy["id"]});
    let wallet = scene.post("/v1/wallets", &wallet).expect(201);
    let path = |what: &str| format!("/v1/wallets/{}/{what}", text(&wallet["id"]));
    let buy =
        |usd: u32| scene.post(&path("purchases"), &json!({"amount_usd": usd, "vendor": "acme", "description": "ads"}));

    let first = ask(&scene, &json!({}));
    for _ in 1..OPEN_MAX {
        ask(&scene, &json!({}));
    }
    let crowded = scene.post("/v1/approvals", &json!({"title": "One more?", "action": "x", "channels": ["console"]}));
    assert_eq!(crowded.header("retry-after"), Some("30"));
    assert_eq!(crowded.expect(429)["code"], "too_many_requests");
    assert_eq!(buy(6).expect(429)["code"], "too_many_requests");
    let balance = scene.get(&path("balance")).expect(200);
    assert_eq!((&balance["held_usd"], &balance["spent_usd"]), (&json!(0.0), &json!(0.0)), "{balance}");
    buy(4).expect(201);
    // Elsewhere there is room, and here as soon as one is decided.
    ask(&scene.workspace("other"), &json!({}));
    decide(&scene, &first, "deny").expect(200);
    assert_eq!(buy(6).expect(202)["approval"]["status"], "pending");
    assert_eq!(buy(6).status, 429);
}
