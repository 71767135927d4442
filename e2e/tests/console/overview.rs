//! How things stand, in one answer.
use bellwire_e2e::{Receiver, Reply, Scene, count, eventually, list, now, text};
use serde_json::{Value, json};

use crate::tenant;

#[test]
fn an_overview_says_how_deliveries_fare_what_was_spent_and_what_is_wrong() {
    let mut scene = Scene::new();
    let (good, bad) = (Receiver::ok(), Receiver::always(Reply::Status(500)));
    scene.endpoint(&good, &json!({"events": ["order.*"]}));
    let broken =
        scene.endpoint(&bad, &json!({"events": ["order.*"], "namespace": "acme", "retry": {"preset": "none"}}));
    let paused = scene.endpoint(&good, &json!({"events": ["order.*"], "status": "paused"}));
    for _ in 0..12 {
        scene.event("order.paid", &json!({"namespace": "acme"}));
    }
    let wallet = scene.post("/v1/wallets", &json!({"name": "w", "budget_usd": "1.00"})).expect(201);
    let buy = |amount: &str, vendor: &str| {
        let order = json!({"amount_usd": amount, "vendor": vendor, "description": "d"});
        scene.post(&format!("/v1/wallets/{}/purchases", text(&wallet["id"])), &order).status
    };
    assert_eq!([buy("0.25", "acme"), buy("0.50", "bolt"), buy("0.90", "acme")], [201, 201, 402]);
    scene.post("/v1/approvals", &json!({"title": "t", "action": "a", "channels": ["console"]})).expect(201);
    let seen = eventually("everything is attempted", || {
        let seen = scene.get("/v1/overview").expect(200);
        let minutes = list(&seen["deliveries"]["minutes"]);
        let sum = |name: &str| minutes.iter().map(|minute| count(&minute[name])).sum::<u64>();
        (sum("succeeded") == 12 && sum("failed") >= 10 && !list(&seen["open_circuits"]).is_empty()).then_some(seen)
    });
    let deliveries = &seen["deliveries"];
    assert_eq!(list(&deliveries["minutes"]).len(), 60);
    assert!(deliveries["per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{deliveries}");
    assert!(deliveries["success_rate"].as_f64().is_some_and(|rate| rate > 0.4 && rate < 0.6), "{deliveries}");
    assert!(deliveries["latency_p50_ms"].is_u64() && deliveries["latency_p95_ms"].is_u64(), "{deliveries}");
    assert_eq!(count(&deliveries["backlog"]) + count(&deliveries["dead_letters"]), 24, "{deliveries}");
    assert!(count(&deliveries["dead_letters"]) >= 10, "{deliveries}");
    assert_eq!(seen["approvals_pending"], 1);
    assert_eq!(seen["open_circuits"][0]["endpoint_id"], broken["id"]);
    assert_eq!(seen["open_circuits"][0]["url"], broken["url"]);
    let spent = json!({"total_usd": "0.75",
        "by_vendor": [{"vendor": "bolt", "spent_usd": "0.50"}, {"vendor": "acme", "spent_usd": "0.25"}]});
    assert_eq!(seen["spend_today"], spent);
    let alert = &seen["alerts"][0];
    assert_eq!(alert["type"], "budget.exhausted");
    assert!(text(&alert["summary"]).contains(&text(&wallet["id"])), "{alert}");
    // It is all in rows: a server that was killed tells the same.
    scene.server.kill();
    scene.server.restart();
    let again = scene.get("/v1/overview").expect(200);
    assert_eq!(again["alerts"], seen["alerts"]);
    assert_eq!(again["deliveries"]["success_rate"], deliveries["success_rate"]);
    // Of a namespace: what its own endpoints have.
    let of = |namespace: &str| tenant(&scene, namespace).get("/v1/overview").expect(200);
    let acme = of("acme");
    assert_eq!(acme["deliveries"]["success_rate"], 0.0);
    assert_eq!(list(&acme["open_circuits"]).len(), 1);
    assert_eq!((&acme["spend_today"], &acme["approvals_pending"]), (&Value::Null, &Value::Null), "no permission");
    assert_eq!(acme["alerts"], json!([]), "the wallet is the workspace's");
    let other = of("other");
    assert_eq!((&other["deliveries"]["dead_letters"], &other["open_circuits"]), (&json!(0), &json!([])));
    assert_eq!(scene.workspace("stranger").get("/v1/overview").expect(200)["deliveries"]["backlog"], 0);
    scene.server.api().delete(&format!("/v1/webhooks/{}", text(&paused["id"]))).expect(204);
    assert!(count(&scene.get("/v1/overview").expect(200)["deliveries"]["backlog"]) < 12);
}

#[test]
#[ignore = "a measurement: tells how long an overview takes with 100,000 deliveries"]
fn an_overview_of_many_deliveries() {
    let scene = Scene::new();
    for _ in 0..10 {
        scene.endpoint(&Receiver::ok(), &json!({"status": "paused"}));
    }
    scene.events("order.paid", 10_000);
    for path in [
        "/v1/overview",
        "/v1/deliveries",
        "/v1/deliveries?type=x.y",
        "/v1/deliveries?namespace=a",
        "/v1/events?q=nowhere",
    ] {
        let began = now();
        for _ in 0..10 {
            scene.get(path).expect(200);
        }
        println!("{path}: {:?} each", began.elapsed() / 10);
    }
}
