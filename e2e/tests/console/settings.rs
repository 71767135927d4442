//! How the server is set up, whether what it speaks to answers, and whether the audit log is whole.
use std::time::Duration;

use bellwire_e2e::{PagerDuty, Reply, Scene, Setup, Slack, count, list, text};
use serde_json::{Value, json};

use crate::tenant;

#[test]
fn settings_say_how_the_server_is_set_up_and_nothing_secret() {
    let slack = Slack::start();
    let scene = Scene::with(slack.setup("U1"));
    let seen = scene.get("/v1/settings").expect(200);
    assert_eq!(
        (&seen["dev"], &seen["playground"], &seen["retention_s"]),
        (&json!(true), &json!(true), &json!(2_592_000))
    );
    assert!(["embedded", "postgres"].contains(&text(&seen["storage"]).as_str()), "{seen}");
    let configured = |seen: &Value| -> Vec<(String, bool, bool)> {
        let all = list(&seen["integrations"]);
        all.iter().map(|one| (text(&one["name"]), one["configured"] == true, one["detail"].is_string())).collect()
    };
    let named = |name: &str, configured, detail| (name.to_owned(), configured, detail);
    assert_eq!(
        configured(&seen),
        [named("slack", true, true), named("pagerduty", false, false), named("nats", false, false)]
    );
    assert!(!seen.to_string().contains("xoxb"), "{seen}");
    let seen = tenant(&scene, "acme").get("/v1/settings").expect(200);
    assert_eq!(configured(&seen)[0], named("slack", true, false), "no detail without keys:manage");
    let seen = scene.workspace("other").get("/v1/settings").expect(200);
    assert_eq!(configured(&seen)[0], named("slack", false, false), "it is not that workspace's");
}

#[test]
fn slack_is_tried_with_a_message() {
    let slack = Slack::start();
    let scene = Scene::with(slack.setup("U1"));
    let tried = scene.post("/v1/integrations/slack/test", &json!({})).expect(200);
    assert_eq!(tried["ok"], true, "{tried}");
    assert_eq!(slack.calls("chat.postMessage").len(), 1);
    slack.answers([Slack::refusal("channel_not_found")]);
    let tried = scene.post("/v1/integrations/slack/test", &json!({})).expect(200);
    assert_eq!(tried["ok"], false);
    assert!(text(&tried["detail"]).contains("channel_not_found"), "{tried}");
    let absent = scene.post("/v1/integrations/nats/test", &json!({}));
    assert_eq!((absent.status, absent.fields()), (422, vec!["name".to_owned()]));
    scene.post("/v1/integrations/fax/test", &json!({})).expect(404);
    scene.workspace("other").post("/v1/integrations/slack/test", &json!({})).expect(422);
    let bound = scene.key(&json!({"kind": "scoped", "namespace": "a", "permissions": ["keys:manage"]}));
    bound.post("/v1/integrations/slack/test", &json!({})).expect(403);
}

#[test]
fn pagerduty_is_tried_with_an_alert_that_is_resolved() {
    let pagerduty = PagerDuty::start();
    let scene = Scene::with(pagerduty.setup(Setup::default()));
    let tried = scene.post("/v1/integrations/pagerduty/test", &json!({})).expect(200);
    assert_eq!(tried["ok"], true, "{tried}");
    assert_eq!((pagerduty.events("trigger").len(), pagerduty.events("resolve").len()), (1, 1));
    pagerduty.answers([Reply::Status(400)]);
    let tried = scene.post("/v1/integrations/pagerduty/test", &json!({})).expect(200);
    assert_eq!((&tried["ok"], text(&tried["detail"]).contains("status 400")), (&json!(false), true), "{tried}");
}

#[test]
fn a_chain_is_intact_until_somebody_changes_what_was_written() {
    let mut scene = Scene::new();
    scene.key(&json!({"kind": "workspace"}));
    let seen = scene.get("/v1/audit/chain").expect(200);
    assert_eq!((&seen["status"], &seen["first_fault"]), (&json!("intact"), &Value::Null));
    let newest = scene.get("/v1/audit?limit=1").expect(200)["entries"][0].clone();
    assert_eq!((&seen["entries"], &seen["head"]), (&newest["seq"], &newest["hash"]));
    scene.key(&json!({"kind": "workspace"}));
    let later = scene.get("/v1/audit/chain").expect(200);
    assert!(count(&later["entries"]) > count(&seen["entries"]) && later["status"] == "intact", "{later}");
    let auditor = scene.key(&json!({"kind": "scoped", "namespace": "acme", "permissions": ["audit:read"]}));
    auditor.get("/v1/audit/chain").expect(403);
    scene.server.kill();
    scene.server.backdate("forged", Duration::ZERO);
    scene.server.restart();
    let broken = scene.get("/v1/audit/chain").expect(200);
    assert_eq!((&broken["status"], &broken["entries"]), (&json!("broken"), &json!(1)));
    assert_eq!(broken["first_fault"]["seq"], 2, "{broken}");
    let other = scene.workspace("other").get("/v1/audit/chain").expect(200);
    assert_eq!(other["status"], "intact", "each workspace has its own");
}
