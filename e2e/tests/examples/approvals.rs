//! What people are asked, and what they say.
use bellwire_e2e::{Slack, eventually, text, unix_now};
use serde_json::{Value, json};

use crate::{calm::MORNING, company::at, record::Story};

/// Questions that are approved, denied, taken back, and answered in Slack.
pub(crate) fn tell(story: &mut Story, slack: &Slack) {
    let form = json!({"title": "Delete the staging database?", "action": "database.delete",
        "details": {"database": "staging", "rows": 120_000}, "timeout": "15m", "channels": ["console"],
        "agent_id": "scout", "run_id": "run-42", "namespace": "acme"});
    let asked = story.post("/v1/approvals", &form).expect(201);
    story.ids.insert("{approval_id}", text(&asked["id"]));
    let wrong = json!({"title": "", "action": "database.delete", "timeout": "8d", "quorum": 0});
    story.post("/v1/approvals", &wrong).expect(422);
    story.get(&at("approvals", &asked, ""));
    let digest = json!({"action_digest": asked["action_digest"]});
    let yes = json!({"decision": "approve", "reason": "It is empty, and there is a backup"});
    story.post(&at("approvals", &asked, ""), &yes).expect(200);
    let no = json!({"decision": "deny", "reason": "On second thought"});
    story.post(&at("approvals", &asked, ""), &no).expect(409);
    story.post(&at("approvals", &asked, "/consume"), &digest).expect(200);
    story.post(&at("approvals", &asked, "/consume"), &digest).expect(409);
    story.post(&at("approvals", &asked, "/cancel"), &json!({})).expect(409);
    let [unclear, unwanted] = [0, 1].map(|_| story.scene.post("/v1/approvals", &form).expect(201));
    story.post(&at("approvals", &unclear, ""), &json!({"decision": "perhaps", "reason": "ok"})).expect(422);
    let back = json!({"reason": "The database is needed after all"});
    story.post(&at("approvals", &unwanted, "/cancel"), &back).expect(200);
    story.get("/v1/approvals?status=approved&limit=1");
    in_slack(story, slack, &form);
}

/// A form in Slack that leaves out why.
fn in_slack(story: &mut Story, slack: &Slack, form: &Value) {
    let mut form = form.clone();
    form["channels"] = json!(["slack"]);
    let asked = text(&story.scene.post("/v1/approvals", &form).expect(201)["id"]);
    let (message, ts) = eventually("it is asked in Slack", || {
        slack.messages().into_iter().find(|(message, _)| message.to_string().contains(&asked))
    });
    let mut ana = slack.clicker(&story.scene, "U0ANA");
    // Signed when the server thinks it is.
    ana.age = unix_now() - MORNING;
    ana.press(&message, 0, &ts).expect(200);
    let opened = eventually("a form is opened", || slack.calls("views.open").first().cloned());
    let sent = ana.form(&opened, "V0123456789", "", Some(""));
    let nobody = story.scene.without_key();
    let call = ana.call(&sent);
    story.request(&call, json!({"payload": sent}));
    story.send(&nobody, &call).expect(200);
    story.send(&nobody, &ana.call(&Value::Null)).expect(400);
}
