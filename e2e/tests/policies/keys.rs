//! Who sees, makes and attaches which policies.
use bellwire_e2e::{Scene, list, text};
use serde_json::json;

use crate::{at, buy, policy, wallet};

#[test]
fn a_key_of_a_namespace_keeps_to_the_policies_of_its_own() {
    let scene = Scene::new();
    let permissions = ["policies:manage", "wallets:manage", "wallets:spend"];
    let acme = scene.key(&json!({"name": "a", "kind": "scoped", "namespace": "acme", "permissions": permissions}));
    let global = policy(&scene, &json!([{"max_transaction_usd": 5}]), &json!({}));
    let own = policy(&acme, &json!([{"max_transaction_usd": 5}]), &json!({"agents": ["scout"]}));
    assert_eq!(own["namespace"], "acme");
    acme.get(&at(&global, "")).expect(404);
    acme.patch(&at(&global, ""), &json!({"name": "x"})).expect(404);
    acme.delete(&at(&global, "")).expect(404);
    acme.get(&at(&global, "/versions")).expect(404);
    acme.post(&at(&global, "/evaluate"), &json!({"amount_usd": 1, "vendor": "v"})).expect(404);
    acme.post(&at(&global, "/replay"), &json!({"since": "1h"})).expect(404);
    assert_eq!(list(&acme.get("/v1/policies").expect(200)["policies"]).len(), 1);
    assert_eq!(list(&scene.get("/v1/policies").expect(200)["policies"]).len(), 2);
    let foreign = json!({"name": "p", "rules": [], "namespaces": ["other"]});
    assert_eq!(acme.post("/v1/policies", &foreign).expect(403)["code"], "foreign_namespace");
    acme.patch(&at(&own, ""), &json!({"namespaces": ["other"]})).expect(403);
    scene.patch(&at(&own, ""), &json!({"namespaces": ["other"]})).expect(422);
    acme.patch(&at(&own, ""), &json!({"namespaces": ["acme"]})).expect(200);
    // A wallet names only what its key sees, and what is not another namespace's.
    for (api, form) in [
        (&acme, json!({"name": "w", "budget_usd": 1, "policy_id": global["id"]})),
        (&scene.api, json!({"name": "w", "budget_usd": 1, "policy_id": own["id"]})),
        (&scene.api, json!({"name": "w", "budget_usd": 1, "namespace": "other", "policy_id": own["id"]})),
        (&scene.api, json!({"name": "w", "budget_usd": 1, "policy_id": "pol_01ARZ3NDEKTSV4RRFFQ69G5FAV"})),
    ] {
        assert_eq!(api.post("/v1/wallets", &form).fields(), ["policy_id"], "{form}");
    }
    let theirs = wallet(&scene, &global, &json!({"namespace": "acme"}));
    let taken = acme.patch(&format!("/v1/wallets/{}", text(&theirs["id"])), &json!({"policy_id": null, "reason": "r"}));
    assert_eq!((taken.status, taken.fields()), (422, vec!["policy_id".to_owned()]));
    // An agent's policy of a namespace counts inside of it alone.
    let elsewhere = scene.post("/v1/wallets", &json!({"name": "w", "budget_usd": 100})).expect(201);
    let inside = acme.post("/v1/wallets", &json!({"name": "w", "budget_usd": 100})).expect(201);
    acme.patch(&at(&own, ""), &json!({"namespaces": []})).expect(200);
    let scout = json!({"agent_id": "scout"});
    buy(&scene, &elsewhere, "6", &scout).expect(201);
    buy(&scene, &inside, "6", &scout).expect(403);
    buy(&scene, &inside, "6", &json!({})).expect(201);
}

#[test]
fn policies_are_read_by_who_decides_and_changed_by_who_manages_them() {
    let scene = Scene::new();
    let made = policy(&scene, &json!([]), &json!({}));
    let decides = scene.key(&json!({"name": "d", "kind": "workspace", "permissions": ["approvals:decide"]}));
    let spends = scene.key(&json!({"name": "s", "kind": "workspace", "permissions": ["wallets:spend"]}));
    decides.get(&at(&made, "")).expect(200);
    decides.get("/v1/policies").expect(200);
    decides.post(&at(&made, "/evaluate"), &json!({"amount_usd": 1, "vendor": "v"})).expect(200);
    decides.post("/v1/policies", &json!({"name": "p", "rules": []})).expect(403);
    decides.patch(&at(&made, ""), &json!({"name": "x"})).expect(403);
    decides.delete(&at(&made, "")).expect(403);
    spends.get("/v1/policies").expect(403);
}
