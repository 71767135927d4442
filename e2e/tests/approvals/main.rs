//! Approvals as agents ask for them, receivers hear of them and people decide them.
mod crowd;
mod decide;
mod handler;
mod signed;
mod table;
mod time;

use bellwire_e2e::{Answer, Api, list, text};
use serde_json::{Value, json};

/// Asks with more fields than the needed ones, where only the console is asked unless they say otherwise; its
/// whole answer.
#[track_caller]
fn ask(api: &Api, more: &Value) -> Value {
    let mut form = json!({"title": "Delete the staging database?", "action": "database.delete",
        "details": {"database": "staging", "rows": 10, "tables": ["a", "b"]}, "channels": ["console"]});
    form.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    api.post("/v1/approvals", &form).expect(201)
}

/// A path below an approval.
fn at(approval: &Value, action: &str) -> String {
    format!("/v1/approvals/{}{action}", text(&approval["id"]))
}

#[track_caller]
fn reread(api: &Api, approval: &Value) -> Value {
    api.get(&at(approval, "")).expect(200)
}

fn decide(api: &Api, approval: &Value, decision: &str) -> Answer {
    api.post(&at(approval, ""), &json!({"decision": decision, "reason": "because"}))
}

fn consume(api: &Api, approval: &Value, digest: &Value) -> Answer {
    api.post(&at(approval, "/consume"), &json!({"action_digest": digest}))
}

/// The events of a type, newest first.
#[track_caller]
fn events(api: &Api, kind: &str) -> Vec<Value> {
    list(&api.get(&format!("/v1/events?limit=200&type={kind}")).expect(200)["events"])
}

/// The audit entries about an approval, oldest first: what was done, and its detail.
#[track_caller]
fn audited(api: &Api, approval: &Value) -> Vec<(String, Value)> {
    let path = format!("/v1/audit?limit=200&subject={}", text(&approval["id"]));
    let entries = list(&api.get(&path).expect(200)["entries"]);
    entries.into_iter().rev().map(|entry| (text(&entry["action"]), entry["detail"].clone())).collect()
}
