//! Budgets over midnight, month ends and a clock that is set back, on a real process.
use bellwire_e2e::{Engine, Scene, SetClock, Setup, text};
use serde_json::{Value, json};

use crate::{balance, cents, purchase, wallet};

/// A server whose clock the test sets.
fn scene(clock: &SetClock) -> Scene {
    // Nodes on PostgreSQL go by the database's clock.
    Scene::with(Setup { env: clock.env(), engine: Engine::Embedded, ..Setup::default() })
}

fn buy(scene: &Scene, wallet: &str, amount: i64) -> u16 {
    scene.send(&purchase(wallet, &json!({"amount_usd": amount}))).status
}

fn resets_at(scene: &Scene, wallet: &str) -> String {
    text(&balance(scene, wallet)["resets_at"])
}

#[test]
fn a_month_ends_on_the_29th_of_february_and_a_clock_set_back_brings_nothing_back() {
    let Some(clock) = SetClock::new() else { return };
    // 2028-02-29T23:50:00Z.
    let evening = 1_835_481_000;
    clock.set_to(evening);
    let scene = scene(&clock);
    let monthly = wallet(&scene, &json!({"budget_usd": 10, "window": "monthly"}));
    let daily = wallet(&scene, &json!({"budget_usd": 10, "window": "daily"}));
    let total = wallet(&scene, &json!({"budget_usd": 10}));
    assert_eq!(resets_at(&scene, &monthly), "2028-03-01T00:00:00.000Z");
    assert_eq!(resets_at(&scene, &daily), "2028-03-01T00:00:00.000Z");
    assert_eq!(balance(&scene, &total)["resets_at"], Value::Null);
    for id in [&monthly, &daily, &total] {
        assert_eq!((buy(&scene, id, 10), buy(&scene, id, 1)), (201, 402));
    }
    // March.
    clock.set_to(evening + 1_200);
    assert_eq!(resets_at(&scene, &monthly), "2028-04-01T00:00:00.000Z", "also before anybody buys");
    assert_eq!(resets_at(&scene, &daily), "2028-03-02T00:00:00.000Z");
    for id in [&monthly, &daily] {
        assert_eq!(cents(&balance(&scene, id)["spent_usd"]), 0);
        assert_eq!((buy(&scene, id, 7), buy(&scene, id, 4)), (201, 402));
    }
    assert_eq!(buy(&scene, &total, 1), 402, "prepaid is prepaid");
    // The clock steps back into February: March goes on.
    clock.set_to(evening);
    for id in [&monthly, &daily] {
        assert_eq!(cents(&balance(&scene, id)["spent_usd"]), 700);
        assert_eq!((buy(&scene, id, 4), buy(&scene, id, 3), buy(&scene, id, 1)), (402, 201, 402));
    }
    // And forward again: what was spent meanwhile is not forgotten.
    clock.set_to(evening + 1_300);
    for id in [&monthly, &daily] {
        assert_eq!((cents(&balance(&scene, id)["spent_usd"]), buy(&scene, id, 1)), (1_000, 402));
    }
    // What was bought in February frees nothing in March.
    let bought = scene.get(&format!("/v1/wallets/{daily}/purchases?limit=200")).expect(200);
    let oldest = text(&bought["purchases"].as_array().and_then(|all| all.last()).expect("a purchase")["id"]);
    scene.post(&format!("/v1/purchases/{oldest}/refund"), &json!({"reason": "late"})).expect(201);
    assert_eq!((cents(&balance(&scene, &daily)["spent_usd"]), buy(&scene, &daily, 1)), (1_000, 402));
}

#[test]
fn a_day_in_new_york_has_25_hours_when_clocks_go_back() {
    let Some(clock) = SetClock::new() else { return };
    // 2026-11-01T04:30:00Z: half past midnight; clocks go back an hour and a half later.
    clock.set_to(1_793_507_400);
    let scene = scene(&clock);
    let id = wallet(&scene, &json!({"budget_usd": 1, "window": "daily", "tz": "America/New_York"}));
    assert_eq!(resets_at(&scene, &id), "2026-11-02T05:00:00.000Z");
    assert_eq!(buy(&scene, &id, 1), 201);
    // 24 hours later it is still the same day.
    clock.set_to(1_793_507_400 + 86_400);
    assert_eq!(buy(&scene, &id, 1), 402);
    clock.set_to(1_793_507_400 + 90_000);
    assert_eq!(buy(&scene, &id, 1), 201);
    let refused =
        scene.post("/v1/wallets", &json!({"name": "w", "budget_usd": 1, "window": "daily", "tz": "Mars/Base"}));
    assert_eq!((refused.status, refused.fields()), (422, vec!["tz".to_owned()]));
}

#[test]
fn a_hold_that_expires_frees_its_money_by_itself() {
    let Some(clock) = SetClock::new() else { return };
    let scene = scene(&clock);
    let id = wallet(&scene, &json!({"budget_usd": 10}));
    let form = json!({"amount_usd": 10, "vendor": "aws", "expires_in": "1h"});
    let hold = text(&scene.post(&format!("/v1/wallets/{id}/holds"), &form).expect(201)["id"]);
    assert_eq!(buy(&scene, &id, 1), 402);
    clock.set(3_605);
    bellwire_e2e::eventually("it expires", || {
        (scene.get(&format!("/v1/holds/{hold}")).expect(200)["status"] == "expired").then_some(())
    });
    let late = scene.post(&format!("/v1/holds/{hold}/capture"), &json!({})).expect(409);
    assert_eq!(late["outcome"], "expired");
    assert_eq!(buy(&scene, &id, 10), 201);
    let voided = crate::events(&scene, "purchase.voided");
    assert_eq!((voided.len(), &voided[0]["data"]["reason"]), (1, &json!("expired")));
}
