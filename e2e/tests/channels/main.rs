//! Approvals asked where people are, and told to where they were asked from: the real binary, a Slack and a
//! PagerDuty that do as they are told, people who click.
mod callback;
mod command_line;
mod money;
mod pagerduty;
mod slack;
mod trouble;

use bellwire_e2e::{Api, Scene, Slack, eventually, list, text};
use serde_json::{Value, json};

/// Who may decide in Slack; who is mapped to a person is besides.
const APPROVERS: &str = "U0ADA,U0BOB";

fn scene(slack: &Slack) -> Scene {
    Scene::with(slack.setup(APPROVERS))
}

/// Asks whether the staging database may be deleted; its id.
#[track_caller]
fn ask(api: &Api, more: &Value) -> String {
    let mut body = json!({"title": "Delete the staging <!channel> & all?", "action": "database.delete",
        "details": {"name": "staging", "rows": 120_000}, "timeout": "10m", "channels": ["slack"]});
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    text(&api.post("/v1/approvals", &body).expect(201)["id"])
}

#[track_caller]
fn get(api: &Api, id: &str) -> Value {
    api.get(&format!("/v1/approvals/{id}")).expect(200)
}

/// What the audit log has of an approval, oldest first.
#[track_caller]
fn audit(api: &Api, id: &str, action: &str) -> Vec<Value> {
    let mut all = list(&api.get(&format!("/v1/audit?action={action}&subject={id}")).expect(200)["entries"]);
    all.reverse();
    all
}

/// The results of attempts at a channel, in order.
#[track_caller]
fn attempts(api: &Api, id: &str, channel: &str, saying: &str) -> Vec<(String, Value)> {
    let all = audit(api, id, "approval.attempt").into_iter().map(|entry| entry["detail"].clone());
    let of = all.filter(|detail| detail["channel"] == channel && detail["saying"] == saying);
    of.map(|detail| (text(&detail["result"]), detail["error"].clone())).collect()
}

/// The message that asks about this approval, with its place in the channel.
#[track_caller]
fn asked(slack: &Slack, id: &str) -> (Value, String) {
    let found = || slack.messages().into_iter().find(|(message, _)| message.to_string().contains(id));
    eventually("it is asked in Slack", found)
}

/// The message that this place was changed to.
#[track_caller]
fn changed(slack: &Slack, ts: &str) -> Value {
    let found = || slack.calls("chat.update").into_iter().rfind(|message| message["ts"] == ts);
    eventually("the message is changed", found)
}

/// The form that a click of this user opened on a message: each has a trigger of its own.
#[track_caller]
fn opened(slack: &Slack, nth: usize) -> Value {
    eventually("the form is opened", || slack.calls("views.open").get(nth).cloned())
}
