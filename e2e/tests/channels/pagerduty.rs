//! Approvals told to PagerDuty.
use bellwire_e2e::{PagerDuty, Reply, Scene, Setup, eventually, text};
use serde_json::json;

use crate::{ask, attempts, get};

#[test]
fn an_alert_is_triggered_and_resolved_whatever_the_end() {
    let pagerduty = PagerDuty::start();
    let scene = Scene::with(pagerduty.setup(Setup::default()));
    let events = |action: &str, id: &str| {
        let all = pagerduty.events(action).into_iter();
        all.filter(|event| event["dedup_key"] == id).collect::<Vec<_>>()
    };
    let asked = |more: &serde_json::Value| {
        let id = ask(&scene, more);
        let event = eventually("it is triggered", || events("trigger", &id).pop());
        (id, event)
    };
    let long = json!({"channels": ["pagerduty"], "title": "€".repeat(256), "agent_id": "agent-7",
        "details": {"script": "x".repeat(16_000)}});
    let (id, event) = asked(&long);
    let approval = get(&scene, &id);
    let payload = &event["payload"];
    assert_eq!((&payload["severity"], &payload["component"]), (&json!("warning"), &json!("agent-7")));
    assert_eq!(payload["class"], "database.delete");
    let details = &payload["custom_details"];
    for (shown, name) in [("details", "details"), ("action_digest", "action_digest"), ("expires_at", "expires_at")] {
        assert_eq!(details[shown], approval[name], "{shown}");
    }
    assert_eq!(event["links"][0]["href"], approval["callback_url"]);
    assert_eq!(event["client"], "Bellwire");
    scene.post(&format!("/v1/approvals/{id}"), &json!({"decision": "approve", "reason": "fine"})).expect(200);
    let resolved = eventually("it is resolved", || events("resolve", &id).pop());
    assert!(resolved["payload"].is_null());

    let (id, _) = asked(&json!({"channels": ["pagerduty"], "timeout": "1s"}));
    eventually("silence resolves it", || events("resolve", &id).pop());
    let (id, _) = asked(&json!({"channels": ["pagerduty"]}));
    scene.post(&format!("/v1/approvals/{id}/cancel"), &json!({})).expect(200);
    eventually("taking it back resolves it", || events("resolve", &id).pop());
    assert!(!scene.server.log().contains("routing0key"), "the key is in no log");
}

#[test]
fn what_pagerduty_is_too_busy_for_is_said_again_and_what_it_finds_wrong_is_not() {
    let pagerduty = PagerDuty::start();
    pagerduty.answers([Reply::Status(429), Reply::Status(500)]);
    let scene = Scene::with(pagerduty.setup(Setup::default()));
    let id = ask(&scene, &json!({"channels": ["pagerduty"]}));
    let results = || Some(attempts(&scene, &id, "pagerduty", "requested")).filter(|all| all.len() == 3);
    let results = eventually("it is taken in the end", results);
    let said: Vec<&str> = results.iter().map(|(result, _)| result.as_str()).collect();
    assert_eq!(said, ["retry", "retry", "success"]);
    let bodies: Vec<Vec<u8>> = pagerduty.seen().into_iter().map(|seen| seen.body).collect();
    assert!(bodies.len() == 3 && bodies.iter().all(|body| *body == bodies[0]));

    pagerduty.answers([Reply::Status(400)]);
    let id = ask(&scene, &json!({"channels": ["pagerduty"]}));
    let ended = || Some(get(&scene, &id)).filter(|approval| approval["status"] != "pending");
    let approval = eventually("nobody could be asked", ended);
    assert_eq!(text(&approval["status"]), "undeliverable");
    assert_eq!(attempts(&scene, &id, "pagerduty", "requested"), [("failed".to_owned(), json!("status 400"))]);
}

#[test]
fn pagerduty_is_set_up_whole_or_the_server_says_what_is_missing() {
    let pagerduty = PagerDuty::start();
    let all = pagerduty.setup(Setup::default());
    let env = all.env.iter().filter(|(name, _)| !name.ends_with("ROUTING_KEY")).cloned().collect();
    let (status, said) = Setup { env, ..all.clone() }.refused();
    assert!(!status.success() && said.contains("pagerduty.routing_key is missing"), "{said}");
    let unknown = ("BELLWIRE_PAGERDUTY_WORKSPACE", "ws-01KAPWWWWWWWWWWWWWWWWWWWWW".to_owned());
    let (status, said) = Setup { env: [all.env.clone(), vec![unknown]].concat(), ..all }.refused();
    assert!(!status.success() && said.contains("pagerduty.workspace") && !said.contains("routing0key"), "{said}");
    // Without it, a question to it alone asks nobody.
    let scene = Scene::new();
    let id = ask(&scene, &json!({"channels": ["pagerduty"]}));
    assert_eq!(get(&scene, &id)["status"], "undeliverable");
}
