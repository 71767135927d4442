//! Requests made many times under one `Idempotency-Key`: money moves once.
use std::thread;

use bellwire_e2e::{Call, Scene, list};
use serde_json::{Value, json};

use crate::{at, balance, buy, events, hold, left, wallet};

#[test]
fn fifty_at_once_are_one_purchase() {
    let scene = Scene::new();
    let wallet = wallet(&scene, &json!({"budget_usd": 100}));
    let order = json!({"amount_usd": 7, "vendor": "v", "description": "once"});
    let call = Call::new("POST", &at("wallets", &wallet, "/purchases")).header("idempotency-key", "k").json(&order);
    let asked: Vec<_> = (0..50)
        .map(|_| {
            let (api, call) = (scene.api.clone(), call.clone());
            thread::spawn(move || api.send(&call))
        })
        .collect();
    let answers: Vec<_> = asked.into_iter().map(|thread| thread.join().expect("it answers")).collect();
    for answer in &answers {
        answer.expect(201);
        assert_eq!(answer.body, answers[0].body);
        assert_eq!(left(answer), Some("93.00"));
    }
    let first = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count();
    assert_eq!(first, 1);
    assert_eq!(list(&scene.get("/v1/purchases").expect(200)["purchases"]).len(), 1);
    assert_eq!(events(&scene, Some("purchase.succeeded")), 1);
    assert_eq!(balance(&scene, &wallet)["spent_usd"], 7.0);
}

#[test]
fn an_answer_given_again_says_what_is_left_now() {
    let scene = Scene::new();
    let wallet = wallet(&scene, &json!({"budget_usd": 100}));
    let bought = buy(&scene, &wallet, "10").expect(201);
    let held = hold(&scene, &wallet, "5", "1h").expect(201);
    let other = hold(&scene, &wallet, "5", "1h").expect(201);
    let third = hold(&scene, &wallet, "5", "1h").expect(201);
    let order = json!({"amount_usd": 1, "vendor": "v", "description": "", "category": "c"});
    let held_order = json!({"amount_usd": 1, "vendor": "v"});
    let failed = json!({"error_code": "c", "error_message": "m"});
    let calls = [
        (at("wallets", &wallet, "/purchases"), order, 201),
        (at("wallets", &wallet, "/holds"), held_order, 201),
        (at("holds", &held, "/capture"), json!({"amount_usd": 4}), 200),
        (at("holds", &other, "/void"), json!({}), 200),
        (at("holds", &third, "/fail"), failed, 200),
        (at("purchases", &bought, "/refund"), json!({"amount_usd": 2, "reason": "r"}), 201),
    ];
    let send =
        |path: &str, body: &Value| scene.send(&Call::new("POST", path).header("idempotency-key", "again").json(body));
    let first: Vec<_> = calls.iter().map(|(path, body, _)| send(path, body)).collect();
    buy(&scene, &wallet, "0.5").expect(201);
    let now = balance(&scene, &wallet);
    let before = crate::stored(&scene);
    for ((path, body, status), first) in calls.iter().zip(first) {
        first.expect(*status);
        let again = send(path, body);
        again.expect(*status);
        assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body), "{path}");
        let left: f64 = left(&again).and_then(|left| left.parse().ok()).expect("it says what is left");
        assert_eq!(json!(left), now["spendable_usd"], "{path}");
        let mut other = body.clone();
        other["amount_usd"] = json!(0.25);
        if !path.ends_with("/void") && !path.ends_with("/fail") {
            assert_eq!(send(path, &other).expect(409)["code"], "idempotency_conflict", "{path}");
        }
    }
    assert_eq!(crate::stored(&scene), before);
}

#[test]
fn a_refusal_is_not_kept() {
    let scene = Scene::new();
    let wallet = wallet(&scene, &json!({"budget_usd": 1, "limits": {"max_transaction_usd": 50}}));
    let order = json!({"amount_usd": 60, "vendor": "v", "description": ""});
    let call = Call::new("POST", &at("wallets", &wallet, "/purchases")).header("idempotency-key", "k").json(&order);
    let change = |body: Value| scene.patch(&at("wallets", &wallet, ""), &body).expect(200);
    scene.send(&call).expect(402);
    change(json!({"budget_usd": 100, "reason": "more"}));
    scene.send(&call).expect(403);
    change(json!({"limits": null, "status": "frozen", "reason": "wait"}));
    scene.send(&call).expect(423);
    change(json!({"status": "active", "reason": "go on"}));
    let granted = scene.send(&call);
    granted.expect(201);
    assert_eq!(granted.header("idempotency-replayed"), None);
}

#[test]
fn one_key_is_one_key_however_the_request_names_what_it_is_about() {
    let scene = Scene::new();
    let wallet = wallet(&scene, &json!({"budget_usd": 100, "namespace": "acme"}));
    let acme = scene.key(&json!({"kind": "scoped", "namespace": "acme", "permissions": ["wallets:spend"]}));
    let other = scene.key(&json!({"kind": "scoped", "namespace": "other", "permissions": ["wallets:spend"]}));
    let path = at("wallets", &wallet, "/purchases");
    let order = json!({"amount_usd": 7, "vendor": "v", "description": "once"});
    let call = |path: &str| Call::new("POST", path).header("idempotency-key", "k").json(&order);
    let first = scene.send(&call(&path)).expect(201);
    let again = [
        scene.send(&call(&path).header("x-namespace", "acme")),
        scene.send(&call(&format!("{path}?namespace=acme"))),
        scene.send(&call(&path.replace('_', "%5F"))),
        acme.send(&call(&path)),
    ];
    for answer in &again {
        assert_eq!((answer.expect(201), answer.header("idempotency-replayed")), (first.clone(), Some("true")));
    }
    other.send(&call(&path)).expect(404);
    assert_eq!(balance(&scene, &wallet)["spent_usd"], 7.0);
    // A purchase and the hold it was are one thing.
    let held = hold(&scene, &wallet, "5", "1h").expect(201);
    scene.post(&at("holds", &held, "/capture"), &json!({})).expect(200);
    let refund = |id: &Value| {
        let path = format!("/v1/purchases/{}/refund", id.as_str().expect("an id"));
        let body = json!({"amount_usd": 1, "reason": "r"});
        scene.send(&Call::new("POST", &path).header("idempotency-key", "k").json(&body)).expect(201)
    };
    assert_eq!(refund(&held["id"]), refund(&held["purchase_id"]));
    assert_eq!(balance(&scene, &wallet)["spent_usd"], 11.0);
}
