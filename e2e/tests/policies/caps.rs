//! Caps are exact, whoever buys at once.
use std::thread;

use bellwire_e2e::{Api, Scene, text};
use serde_json::json;

use crate::{buy, policy, wallet};

#[test]
fn of_many_who_buy_at_once_exactly_so_many_succeed_as_fit() {
    let scene = Scene::new();
    let capped = policy(&scene, &json!([{"daily_cap_usd": "1.70"}]), &json!({"agents": ["scout"]}));
    let top = wallet(&scene, &capped, &json!({}));
    let wallets: Vec<_> = (0..4)
        .map(|_| {
            scene.post("/v1/wallets", &json!({"name": "w", "budget_usd": 100, "parent_id": top["id"]})).expect(201)
        })
        .collect();
    let buyers: Vec<_> = (0..32)
        .map(|number| {
            let (api, wallet): (Api, _) = (scene.api.clone(), wallets[number % wallets.len()].clone());
            thread::spawn(move || {
                let holds = number % 3 == 0;
                let answers = (0..4).map(|_| {
                    if holds {
                        let order = json!({"amount_usd": "0.05", "vendor": "aws", "agent_id": "scout"});
                        api.post(&format!("/v1/wallets/{}/holds", text(&wallet["id"])), &order).status
                    } else {
                        buy(&api, &wallet, "0.05", &json!({"agent_id": "scout"})).status
                    }
                });
                answers.collect::<Vec<_>>()
            })
        })
        .collect();
    let all: Vec<u16> = buyers.into_iter().flat_map(|buyer| buyer.join().expect("it buys")).collect();
    let count = |status: u16| all.iter().filter(|one| **one == status).count();
    assert_eq!((count(201), count(403)), (34, 128 - 34), "{all:?}");
    // Over the agent it is the same sum: nothing more fits, wherever it buys.
    let elsewhere = scene.post("/v1/wallets", &json!({"name": "w", "budget_usd": 100})).expect(201);
    buy(&scene, &elsewhere, "0.01", &json!({"agent_id": "scout"})).expect(403);
    buy(&scene, &elsewhere, "0.01", &json!({})).expect(201);
}

#[test]
fn what_comes_back_can_be_spent_again() {
    let scene = Scene::new();
    let capped = policy(&scene, &json!([{"monthly_cap_usd": 10}]), &json!({}));
    let wallet = wallet(&scene, &capped, &json!({}));
    let bought = buy(&scene, &wallet, "6", &json!({})).expect(201);
    let order = json!({"amount_usd": 4, "vendor": "aws"});
    let held = scene.post(&format!("/v1/wallets/{}/holds", text(&wallet["id"])), &order).expect(201);
    buy(&scene, &wallet, "0.000000001", &json!({})).expect(403);
    scene.post(&format!("/v1/holds/{}/capture", text(&held["id"])), &json!({"amount_usd": 1})).expect(200);
    buy(&scene, &wallet, "3.01", &json!({})).expect(403);
    scene
        .post(&format!("/v1/purchases/{}/refund", text(&bought["id"])), &json!({"amount_usd": 2, "reason": "r"}))
        .expect(201);
    buy(&scene, &wallet, "5", &json!({})).expect(201);
    buy(&scene, &wallet, "0.01", &json!({})).expect(403);
}
