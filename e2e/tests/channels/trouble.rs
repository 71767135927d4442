//! Slack is away, slow, or refuses; the server dies in the middle.
use std::{sync::Arc, time::Duration};

use bellwire_e2e::{Engine, PagerDuty, Reply, Scene, Setup, Slack, eventually, list, postgres::Database};
use serde_json::{Value, json};

use crate::{APPROVERS, ask, asked, attempts, audit, changed, get, opened, scene, slack::taken};

#[test]
fn what_slack_does_not_take_is_said_again_after_1_and_5_seconds_and_the_same_to_the_byte() {
    let slack = Slack::start();
    slack.answers([
        Reply::With(429, vec![("retry-after", "1".into())], String::new()),
        Slack::refusal("channel_not_found"),
    ]);
    let scene = scene(&slack);
    let id = ask(&scene, &json!({}));
    eventually("it is taken in the end", || (slack.calls("chat.postMessage").len() == 3).then_some(()));
    let at = slack.times("chat.postMessage");
    for (pause, seconds) in at.windows(2).map(|pair| pair[1].duration_since(pair[0])).zip([1.0, 5.0]) {
        let told = pause.as_secs_f64();
        assert!((seconds - 0.05..seconds + 1.5).contains(&told), "{told} s instead of {seconds} s");
    }
    let bodies = slack.bodies("chat.postMessage");
    assert!(bodies.iter().all(|body| *body == bodies[0]), "every attempt says the same");
    let results = || Some(attempts(&scene, &id, "slack", "requested")).filter(|all| all.len() == 3);
    let results = eventually("it is written down", results);
    let expected: [(&str, Value); 3] =
        [("retry", json!("status 429")), ("retry", json!("channel_not_found")), ("success", Value::Null)];
    assert_eq!(results, expected.map(|(result, error)| (result.to_owned(), error)));
    // The change at the end is tried again as well.
    slack.answers_to("chat.update", [Reply::Status(500)]);
    scene.post(&format!("/v1/approvals/{id}"), &json!({"decision": "approve", "reason": "fine"})).expect(200);
    let results = || Some(attempts(&scene, &id, "slack", "decided")).filter(|all| all.len() == 2);
    let results = eventually("the end is said", results);
    assert_eq!((results[0].0.as_str(), results[1].0.as_str()), ("retry", "success"));
    assert!(changed(&slack, &asked_last(&slack)).to_string().contains("*Approved*"));
}

/// Where the message is that was taken last.
fn asked_last(slack: &Slack) -> String {
    slack.messages().pop().expect("a message").1
}

#[test]
fn if_slack_was_the_only_channel_and_takes_nothing_the_approval_is_undeliverable_and_denied() {
    let slack = Slack::start();
    // Nothing mends this one, so it is given up at once; the others are after six tries, in 12 minutes.
    slack.answers([Slack::refusal("invalid_blocks")]);
    let scene = scene(&slack);
    let id = ask(&scene, &json!({}));
    let ended = || Some(get(&scene, &id)).filter(|approval| approval["status"] != "pending");
    let approval = eventually("it ends", ended);
    assert_eq!((&approval["status"], &approval["receipt"]), (&json!("undeliverable"), &Value::Null));
    let late = scene.post(&format!("/v1/approvals/{id}"), &json!({"decision": "approve", "reason": "late"}));
    assert_eq!(late.expect(409)["approval_status"], "undeliverable");
    assert_eq!(attempts(&scene, &id, "slack", "requested"), [("failed".to_owned(), json!("invalid_blocks"))]);
    assert!(slack.calls("chat.update").is_empty());
}

#[test]
fn a_message_that_hangs_holds_up_no_other_approval_and_no_other_channel() {
    let (slack, pagerduty) = (Slack::start(), PagerDuty::start());
    slack.answers([Reply::Hang]);
    let scene = Scene::with(pagerduty.setup(slack.setup(APPROVERS)));
    let first = ask(&scene, &json!({"channels": ["slack", "pagerduty"]}));
    eventually("the first hangs", || (slack.calls("chat.postMessage").len() == 1).then_some(()));
    let second = ask(&scene, &json!({"channels": ["slack", "pagerduty"]}));
    asked(&slack, &second);
    for id in [&first, &second] {
        eventually("PagerDuty is told of both", || {
            pagerduty.events("trigger").into_iter().find(|event| event["dedup_key"] == id.as_str())
        });
    }
    assert!(attempts(&scene, &first, "slack", "requested").is_empty(), "it hangs still");
    let results = || Some(attempts(&scene, &first, "slack", "requested")).filter(|all| all.len() == 2);
    let results = eventually("it is given up after 5 s, and said again", results);
    assert!(results[0].1.as_str().is_some_and(|error| error.contains("timeout after 5000 ms")), "{results:?}");
    assert_eq!(results[1].0, "success");
}

#[test]
fn the_server_is_killed_while_it_asks_and_it_is_asked_again_and_decided_once() {
    let slack = Slack::start();
    slack.answers([Reply::Hang]);
    let mut scene = scene(&slack);
    let id = ask(&scene, &json!({}));
    let (message, lost) = asked(&slack, &id);
    scene.server.kill();
    scene.server.restart();
    let again = || slack.messages().get(1).cloned();
    let (same, ts) = eventually("it is asked again", again);
    assert_eq!(message, same);
    assert_eq!(slack.bodies("chat.postMessage")[0], slack.bodies("chat.postMessage")[1]);
    // Both messages may be in the channel; one of them decides.
    let ada = slack.clicker(&scene, "U0ADA");
    taken(&ada.press(&message, 0, &lost));
    taken(&ada.press(&same, 0, &ts));
    let (first, second) = (opened(&slack, 0), opened(&slack, 1));
    taken(&ada.submit(&first, "V1", "", Some("fine")));
    scene.server.kill();
    scene.server.restart();
    taken(&ada.submit(&second, "V2", "", Some("fine")));
    assert_eq!(audit(&scene, &id, "approval.approve").len(), 1);
    assert!(changed(&slack, &ts).to_string().contains("*Approved*"));
    // The other one is put right by whoever clicks on it.
    taken(&ada.press(&message, 1, &lost));
    assert!(changed(&slack, &lost).to_string().contains("*Approved*"));
    assert_eq!(list(&scene.get("/v1/events?type=approval.decided").expect(200)["events"]).len(), 1);
    assert!(slack.messages().len() <= 3 && slack.calls("views.open").len() == 2);
}

#[test]
fn of_two_nodes_one_asks_and_either_takes_the_answer() {
    let slack = Slack::start();
    let engine = Engine::Database(Arc::new(Database::create()));
    let setup = Setup { engine, ..slack.setup(APPROVERS) };
    let nodes = [setup.clone().start(), setup.start()];
    let (one, two) = (nodes[0].api(), nodes[1].api());
    let ids: Vec<String> = (0..10).map(|_| ask(&one, &json!({}))).collect();
    let ada = slack.clicker(&two, "U0ADA");
    for (nth, id) in ids.iter().enumerate() {
        let (message, ts) = asked(&slack, id);
        taken(&ada.press(&message, 0, &ts));
        taken(&ada.submit(&opened(&slack, nth), "V1", "", Some("fine")));
        assert_eq!(get(&one, id)["status"], "approved");
        changed(&slack, &ts);
    }
    assert_eq!(slack.messages().len(), ids.len(), "each is asked once");
    assert_eq!(slack.calls("chat.update").len(), ids.len());
}

#[test]
fn a_question_that_ended_before_slack_took_it_is_not_asked_any_more() {
    let slack = Slack::start();
    slack.answers([Reply::Status(500), Reply::Status(500)]);
    let scene = scene(&slack);
    let id = ask(&scene, &json!({}));
    eventually("it fails", || (attempts(&scene, &id, "slack", "requested").len() == 1).then_some(()));
    scene.post(&format!("/v1/approvals/{id}"), &json!({"decision": "deny", "reason": "no"})).expect(200);
    let before = slack.messages().len();
    bellwire_e2e::watch(Duration::from_secs(7), "nothing is said any more", || slack.messages().len() == before);
    assert!(slack.calls("chat.update").is_empty());
}
