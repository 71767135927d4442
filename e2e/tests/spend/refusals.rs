//! What is not granted, word for word, and that it leaves nothing behind.
use bellwire_e2e::{Answer, Call, Scene, text};
use serde_json::{Value, json};

use crate::{at, balance, buy, events, hold, left, stored, wallet};

/// The text of a problem's members from `wallet_id` on.
fn members(answer: &Answer) -> String {
    let body = String::from_utf8(answer.body.clone()).expect("text");
    let from = body.find("\"wallet_id\"").unwrap_or_else(|| panic!("{body}"));
    body[from..].to_owned()
}

#[track_caller]
fn is_final(answer: &Answer) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    for name in ["www-authenticate", "payment-required", "x-payment", "x-payment-required", "retry-after"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
}

#[test]
fn a_short_budget_is_402_with_everything_that_an_agent_needs_to_plan() {
    let scene = Scene::new();
    let top = wallet(&scene, &json!({"budget_usd": "10.00", "window": "daily"}));
    let below = wallet(&scene, &json!({"budget_usd": 50, "parent_id": top["id"]}));
    let resets_at = text(&top["resets_at"]);
    let paid = buy(&scene, &below, "3.5");
    paid.expect(201);
    assert_eq!(left(&paid), Some("6.50"));
    assert_eq!(paid.header("bellwire-budget-resets-at"), Some(resets_at.as_str()));
    hold(&scene, &below, "2", "1h").expect(201);
    let refused = buy(&scene, &below, "4.500000001");
    refused.expect(402);
    is_final(&refused);
    let body = refused.json();
    assert_eq!(body["type"], "https://bellwire.dev/errors/budget_exceeded");
    assert_eq!(
        (&body["title"], &body["status"], &body["code"]),
        (&json!("The budget is short"), &json!(402), &json!("budget_exceeded"))
    );
    let detail = format!(
        "4.500000001 USD do not fit: 4.50 of the 10.00 USD of a wallet above this one are left; it starts anew at {resets_at}."
    );
    assert_eq!(body["detail"], detail);
    let wanted = format!(
        "\"wallet_id\":{},\"blocking_wallet_id\":{},\"budget_limit_usd\":10.00,\"spent_usd\":3.50,\"held_usd\":2.00,\
         \"requested_usd\":4.500000001,\"available_usd\":4.50,\"resets_at\":\"{resets_at}\"}}",
        below["id"], top["id"]
    );
    assert_eq!(members(&refused), wanted);
    assert_eq!(left(&refused), Some("4.50"));
    assert_eq!(refused.header("bellwire-budget-resets-at"), Some(resets_at.as_str()));
    // Only the first of a run is told; all are counted, where it is short.
    buy(&scene, &below, "5").expect(402);
    hold(&scene, &below, "5", "1h").expect(402);
    assert_eq!(events(&scene, Some("budget.exhausted")), 1);
    assert_eq!(balance(&scene, &top)["denied_count"], 3);
    let fits = buy(&scene, &below, "4.5");
    fits.expect(201);
    assert_eq!(left(&fits), Some("0.00"));
    // A prepaid budget never resets, and says nothing of it.
    let prepaid = wallet(&scene, &json!({"budget_usd": 1}));
    let refused = buy(&scene, &prepaid, "2");
    assert_eq!(refused.expect(402)["resets_at"], Value::Null);
    assert_eq!((left(&refused), refused.header("bellwire-budget-resets-at")), (Some("1.00"), None));
    let metrics = String::from_utf8(scene.get("/metrics").body).expect("text");
    for line in
        ["refusals_total{reason=\"budget\"} 4", "grants_total{kind=\"purchase\"} 2", "grants_total{kind=\"hold\"} 1"]
    {
        assert!(metrics.contains(&format!("bellwire_spend_{line}\n")), "{line}");
    }
}

#[test]
fn a_frozen_wallet_is_423_and_a_limit_is_403_or_freezes() {
    let scene = Scene::new();
    let top = wallet(&scene, &json!({}));
    let below = wallet(&scene, &json!({"parent_id": top["id"], "limits": {"max_transaction_usd": 5}}));
    let refused = buy(&scene, &below, "6");
    assert_eq!(refused.expect(403)["code"], "limit_exceeded");
    is_final(&refused);
    let wanted = format!("\"wallet_id\":{0},\"limited_wallet_id\":{0},\"rule\":\"max_transaction_usd\"}}", below["id"]);
    assert_eq!(members(&refused), wanted);
    let freeze = json!({"status": "frozen", "reason": "under review"});
    scene.patch(&at("wallets", &top, ""), &freeze).expect(200);
    let refused = buy(&scene, &below, "1");
    assert_eq!(refused.expect(423)["code"], "wallet_frozen");
    is_final(&refused);
    let wanted =
        format!("\"wallet_id\":{},\"frozen_wallet_id\":{},\"reason\":\"under review\"}}", below["id"], top["id"]);
    assert_eq!(members(&refused), wanted);
    assert_eq!(refused.json()["detail"], "A wallet above this one is frozen: under review.");
    // The purchase that froze it is refused as what it made of the wallet.
    let limits = json!({"max_count_per_minute": 1, "on_breach": "freeze"});
    let strict = wallet(&scene, &json!({"limits": limits}));
    buy(&scene, &strict, "1").expect(201);
    for rule in [json!("max_count_per_minute"), Value::Null] {
        let refused = buy(&scene, &strict, "1").expect(423);
        assert_eq!((&refused["frozen_wallet_id"], &refused["rule"]), (&strict["id"], &rule), "{refused}");
        assert_eq!(refused["reason"], "max_count_per_minute was passed");
    }
    assert_eq!(scene.get(&at("wallets", &strict, "")).expect(200)["status"], "frozen");
}

#[test]
fn amounts_in_every_wrong_form_are_named_and_nothing_changes() {
    let scene = Scene::new();
    let wallet = wallet(&scene, &json!({}));
    let bought = buy(&scene, &wallet, "10").expect(201);
    let held = hold(&scene, &wallet, "12", "7d").expect(201);
    let before = stored(&scene);
    let number = "must be a decimal number such as 1850.00, as a number or a string";
    let tokens = [
        ("-1", "must not be negative"),
        ("-0.0", "must not be negative"),
        ("\"-1e400\"", "must not be negative"),
        ("\"NaN\"", number),
        ("\"Infinity\"", number),
        ("\"\"", number),
        ("\" 1\"", number),
        ("null", number),
        ("true", number),
        ("{}", number),
        ("[1]", number),
        ("1e400", "must be at most 1000000000"),
        ("\"1e400\"", "must be at most 1000000000"),
        ("1000000000.000000001", "must be at most 1000000000"),
        ("1000000001", "must be at most 1000000000"),
        ("99999999999999999999999999999999999999", "must be at most 1000000000"),
        ("0.0000000001", "must have at most 9 decimals"),
        ("1.00000000000000000001", "must have at most 9 decimals"),
        ("1e-10", "must have at most 9 decimals"),
        ("1e-400", "must have at most 9 decimals"),
    ];
    let calls = [
        (at("wallets", &wallet, "/purchases"), "amount_usd", "\"vendor\": \"v\", \"description\": \"\"", true),
        (at("wallets", &wallet, "/holds"), "amount_usd", "\"vendor\": \"v\"", true),
        (at("holds", &held, "/capture"), "amount_usd", "", true),
        (at("purchases", &bought, "/refund"), "amount_usd", "\"reason\": \"r\"", true),
        ("/v1/wallets".to_owned(), "budget_usd", "\"name\": \"w\"", false),
    ];
    let mut count = 0;
    for (path, field, rest, more_than_nothing) in &calls {
        let nothing = [("0", "must be more than 0"), ("\"0.000\"", "must be more than 0")];
        let nothing = nothing.into_iter().filter(|_| *more_than_nothing);
        for (token, why) in tokens.into_iter().chain(nothing) {
            // Alone, and beside a fault of the form, which makes the whole body be read another way.
            for extra in ["", ", \"surprise\": 1"] {
                let comma = if rest.is_empty() { "" } else { ", " };
                let body = format!("{{\"{field}\": {token}{comma}{rest}{extra}}}");
                let answer = scene.send(&Call::new("POST", path).body(body.as_bytes()));
                answer.expect(422);
                let faults = answer.json()["errors"].clone();
                let said = json!({"field": field, "detail": why});
                assert!(faults.as_array().is_some_and(|faults| faults.contains(&said)), "{path} {body}: {faults}");
                count += 1;
            }
        }
    }
    println!("{count} wrong amounts");
    assert_eq!(stored(&scene), before);
}

#[test]
fn what_cannot_be_is_refused_and_nothing_changes() {
    let scene = Scene::new();
    let wallet = wallet(&scene, &json!({}));
    let bought = buy(&scene, &wallet, "10").expect(201);
    let held = hold(&scene, &wallet, "12", "7d").expect(201);
    let voided = hold(&scene, &wallet, "1", "7d").expect(201);
    scene.post(&at("holds", &voided, "/void"), &json!({})).expect(200);
    scene.post(&at("purchases", &bought, "/refund"), &json!({"amount_usd": 4, "reason": "broken"})).expect(201);
    let whole = buy(&scene, &wallet, "1").expect(201);
    scene.post(&at("purchases", &whole, "/refund"), &json!({"reason": "broken"})).expect(201);
    let before = stored(&scene);
    let nobody = json!({"id": "wal_01ARZ3NDEKTSV4RRFFQ69G5FAV"});
    buy(&scene, &nobody, "1").expect(404);
    hold(&scene, &nobody, "1", "1h").expect(404);
    // What is wrong with it is told only to those who may know the wallet.
    scene.post(&at("wallets", &nobody, "/purchases"), &json!({"amount_usd": -1})).expect(404);
    for (kind, id) in [("holds", "hld_01ARZ3NDEKTSV4RRFFQ69G5FAV"), ("holds", "x"), ("holds", "pur_1")] {
        for action in ["/capture", "/void"] {
            scene.post(&at(kind, &json!({"id": id}), action), &json!({})).expect(404);
        }
    }
    // A purchase that never was a hold is none.
    scene.post(&at("holds", &bought, "/void"), &json!({})).expect(404);
    scene.get(&at("holds", &bought, "")).expect(404);
    let more = |path: &str, amount: &str, why: &str| {
        let mut body = json!({"amount_usd": amount});
        if path.contains("/refund") {
            body["reason"] = json!("r");
        }
        let answer = scene.post(path, &body);
        answer.expect(422);
        assert_eq!(answer.json()["errors"], json!([{"field": "amount_usd", "detail": why}]), "{path}");
    };
    more(&at("holds", &held, "/capture"), "12.000000001", "must be at most the hold, 12.00");
    more(&at("purchases", &bought, "/refund"), "6.01", "must be at most what is left, 6.00");
    for (path, body, outcome) in [
        (at("holds", &voided, "/capture"), json!({}), "voided"),
        (at("holds", &voided, "/void"), json!({}), "voided"),
        (at("holds", &voided, "/fail"), json!({"error_code": "c", "error_message": "m"}), "voided"),
    ] {
        let answer = scene.post(&path, &body);
        let said = answer.expect(409);
        assert_eq!((&said["code"], &said["outcome"]), (&json!("hold_ended"), &json!(outcome)));
        assert_eq!((&said["hold_id"], &said["transaction_id"]), (&voided["id"], &voided["purchase_id"]));
        assert_eq!(left(&answer), Some("82.00"));
    }
    for purchase in [&whole, &json!({"id": held["purchase_id"]}), &voided] {
        let answer = scene.post(&at("purchases", purchase, "/refund"), &json!({"reason": "r"}));
        assert_eq!(answer.expect(409)["code"], "not_refundable");
    }
    assert_eq!(stored(&scene), before);
}
