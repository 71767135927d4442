//! Wallets, purchases, holds, refunds and analytics, as an agent and its people use them.
mod analytics;
mod command_line;
mod holds;
mod keys;
mod refusals;
mod repeats;
mod wallets;

use bellwire_e2e::{Answer, Api, Scene, list, text};
use serde_json::{Value, json};

/// Makes a wallet from more fields than the needed ones; its whole answer.
#[track_caller]
fn wallet(api: &Api, more: &Value) -> Value {
    let mut form = json!({"name": "w", "budget_usd": 100});
    form.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    api.post("/v1/wallets", &form).expect(201)
}

/// A path below a thing.
fn at(kind: &str, thing: &Value, action: &str) -> String {
    format!("/v1/{kind}/{}{action}", text(&thing["id"]))
}

/// Asks for a purchase.
#[track_caller]
fn buy(api: &Api, wallet: &Value, amount: &str) -> Answer {
    let order = json!({"amount_usd": amount, "vendor": "anthropic", "description": "tokens"});
    api.post(&at("wallets", wallet, "/purchases"), &order)
}

/// Asks for a hold of so long.
#[track_caller]
fn hold(api: &Api, wallet: &Value, amount: &str, expires_in: &str) -> Answer {
    let order = json!({"amount_usd": amount, "vendor": "aws", "expires_in": expires_in});
    api.post(&at("wallets", wallet, "/holds"), &order)
}

#[track_caller]
fn balance(api: &Api, wallet: &Value) -> Value {
    api.get(&at("wallets", wallet, "/balance")).expect(200)
}

/// What the headers of an answer say is left.
fn left(answer: &Answer) -> Option<&str> {
    answer.header("bellwire-budget-remaining-usd")
}

/// How many events there are, of one type if named.
#[track_caller]
fn events(scene: &Scene, kind: Option<&str>) -> usize {
    let events = list(&scene.get("/v1/events?limit=200").expect(200)["events"]);
    events.iter().filter(|event| kind.is_none_or(|kind| event["type"] == kind)).count()
}

/// Everything that spending could have changed.
#[track_caller]
fn stored(scene: &Scene) -> Value {
    let paths = ["/v1/wallets?limit=200", "/v1/purchases?limit=200", "/v1/spend/by-vendor?until=2099-01-01T00:00:00Z"];
    let all: Vec<Value> = paths.iter().map(|path| scene.get(path).expect(200)).collect();
    json!([all, events(scene, None)])
}
