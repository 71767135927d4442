//! Policies over HTTP: what each rule does, what is exact, who sees what, and what is tried before it is saved.
mod caps;
mod forms;
mod keys;
mod rules;
mod trials;

use bellwire_e2e::{Answer, Api, text};
use serde_json::{Value, json};

/// Makes a policy of these rules and more fields; its whole answer.
#[track_caller]
fn policy(api: &Api, rules: &Value, more: &Value) -> Value {
    let mut form = json!({"name": "p", "rules": rules});
    form.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    api.post("/v1/policies", &form).expect(201)
}

/// Makes a wallet that is spent by a policy.
#[track_caller]
fn wallet(api: &Api, policy: &Value, more: &Value) -> Value {
    let mut form = json!({"name": "w", "budget_usd": 10_000, "policy_id": policy["id"]});
    form.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    api.post("/v1/wallets", &form).expect(201)
}

/// Asks for a purchase with more fields.
#[track_caller]
fn buy(api: &Api, wallet: &Value, amount: &str, more: &Value) -> Answer {
    let mut order = json!({"amount_usd": amount, "vendor": "aws", "description": "tokens"});
    order.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    api.post(&format!("/v1/wallets/{}/purchases", text(&wallet["id"])), &order)
}

/// A path below a policy.
fn at(policy: &Value, action: &str) -> String {
    format!("/v1/policies/{}{action}", text(&policy["id"]))
}
