//! Who may do what with which wallet.
use bellwire_e2e::{Scene, list};
use serde_json::{Value, json};

use crate::{at, buy, hold, stored, wallet};

#[test]
fn a_key_of_an_agent_buys_for_that_agent_alone() {
    let scene = Scene::new();
    let team = wallet(&scene, &json!({}));
    let foreign = wallet(&scene, &json!({"agent_id": "a-2", "parent_id": team["id"]}));
    let wallet = wallet(&scene, &json!({"agent_id": "a-1", "parent_id": team["id"]}));
    let agent = scene.key(&json!({"kind": "workspace", "agent_id": "a-1", "permissions": ["wallets:spend"]}));
    let manager = scene.key(&json!({"kind": "workspace", "permissions": ["wallets:manage"]}));
    let reader = scene.key(&json!({"kind": "workspace", "permissions": ["events:read"]}));
    let path = at("wallets", &wallet, "/purchases");
    let order = |agent: Value| json!({"amount_usd": 1, "vendor": "v", "description": "", "agent_id": agent});
    for named in [Value::Null, json!("a-1")] {
        assert_eq!(agent.post(&path, &order(named)).expect(201)["agent_id"], "a-1");
    }
    assert_eq!(buy(&scene, &wallet, "1").expect(201)["agent_id"], "a-1");
    // Neither from another agent's wallet nor from the one above its own, and it ends nobody else's hold.
    let theirs = hold(&scene, &foreign, "1", "1h").expect(201);
    for wallet in [&foreign, &team] {
        buy(&agent, wallet, "1").expect(403);
        hold(&agent, wallet, "1", "1h").expect(403);
    }
    for end in ["/capture", "/void"] {
        agent.post(&at("holds", &theirs, end), &json!({})).expect(404);
    }
    assert_eq!(scene.post(&path, &order(json!("a-2"))).expect(201)["agent_id"], "a-2");
    let before = stored(&scene);
    for kind in ["purchases", "holds"] {
        let mut order = order(json!("a-2"));
        if kind == "holds" {
            order.as_object_mut().expect("an object").shift_remove("description");
        }
        let refused = agent.post(&at("wallets", &wallet, &format!("/{kind}")), &order).expect(403);
        assert_eq!(refused["code"], "forbidden");
    }
    // It sees what it spends from, and neither frees its own budget nor raises it.
    agent.get(&at("wallets", &wallet, "/balance")).expect(200);
    let bought = list(&agent.get("/v1/purchases?agent_id=a-1").expect(200)["purchases"]);
    assert_eq!(bought.len(), 3);
    agent.post(&at("purchases", &bought[0], "/refund"), &json!({"reason": "r"})).expect(403);
    agent.patch(&at("wallets", &wallet, ""), &json!({"budget_usd": 1_000, "reason": "r"})).expect(403);
    agent.post("/v1/wallets", &json!({"name": "w", "budget_usd": 1})).expect(403);
    // Who manages does not spend.
    buy(&manager, &wallet, "1").expect(403);
    manager.get("/v1/wallets").expect(200);
    let refused = reader.get("/v1/wallets").expect(403);
    assert_eq!(refused["detail"], "This key lacks the permission `wallets:manage` or `wallets:spend`.");
    assert_eq!(stored(&scene), before);
}

#[test]
fn a_key_of_one_namespace_sees_and_spends_its_own() {
    let scene = Scene::new();
    let all = json!({"kind": "scoped", "namespace": "acme", "permissions": ["wallets:manage", "wallets:spend"]});
    let acme = scene.key(&all);
    let shared = wallet(&scene, &json!({}));
    let theirs = wallet(&scene, &json!({"namespace": "other"}));
    let own = wallet(&acme, &json!({}));
    assert_eq!(own["namespace"], "acme");
    for wallet in [&theirs, &shared] {
        buy(&scene, wallet, "2").expect(201);
    }
    let bought = buy(&acme, &own, "3").expect(201);
    assert_eq!(bought["namespace"], "acme");
    let held = hold(&scene, &theirs, "1", "1h").expect(201);
    let before = stored(&scene);
    for wallet in [&theirs, &shared] {
        acme.get(&at("wallets", wallet, "")).expect(404);
        acme.get(&at("wallets", wallet, "/balance")).expect(404);
        acme.get(&at("wallets", wallet, "/purchases")).expect(404);
        acme.patch(&at("wallets", wallet, ""), &json!({"name": "mine", "reason": "r"})).expect(404);
        buy(&acme, wallet, "1").expect(404);
        hold(&acme, wallet, "1", "1h").expect(404);
        let below = json!({"name": "w", "budget_usd": 1, "parent_id": wallet["id"]});
        assert_eq!(acme.post("/v1/wallets", &below).fields(), ["parent_id"]);
        acme.get(&format!("/v1/spend/by-vendor?wallet_id={}", bellwire_e2e::text(&wallet["id"]))).expect(404);
    }
    acme.get(&at("holds", &held, "")).expect(404);
    acme.post(&at("holds", &held, "/void"), &json!({})).expect(404);
    acme.post(&at("purchases", &held, "/refund"), &json!({"reason": "r"})).expect(404);
    assert_eq!(acme.get("/v1/wallets?namespace=other").expect(403)["code"], "foreign_namespace");
    assert_eq!(list(&acme.get("/v1/wallets").expect(200)["wallets"]).len(), 1);
    assert_eq!(list(&acme.get("/v1/purchases").expect(200)["purchases"]).len(), 1);
    assert_eq!(acme.get("/v1/spend/by-vendor").expect(200)["total_usd"], 3.0);
    assert_eq!(scene.get("/v1/spend/by-vendor").expect(200)["total_usd"], 7.0);
    assert_eq!(scene.get("/v1/spend/by-vendor?namespace=acme").expect(200)["total_usd"], 3.0);
    assert_eq!(stored(&scene), before);
}
