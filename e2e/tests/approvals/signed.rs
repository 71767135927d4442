//! Endpoints that are asked: how, and how they answer without a key.
use bellwire_e2e::{Call, Receiver, Reply, Scene, eventually, text, unix_now};
use serde_json::{Value, json};

use crate::{ask, at, audited, reread};

/// A decision signed as Standard Webhooks are, by an outside library.
pub(crate) fn signed(approval: &Value, body: &Value, secret: &str, age: i64) -> Call {
    let seconds = unix_now() - age;
    let body = body.to_string();
    let webhook = standardwebhooks::Webhook::new(secret).expect("a secret");
    let signature = webhook.sign("msg_1", seconds, body.as_bytes()).expect("signed");
    Call::new("POST", &at(approval, ""))
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", &seconds.to_string())
        .header("webhook-signature", &signature)
        .body(body.as_bytes())
}

#[test]
fn an_endpoint_that_was_asked_decides_with_its_own_secret() {
    let scene = Scene::new();
    let receiver = Receiver::ok();
    let form = json!({"dialect": "paygraph", "events": ["approval.requested"]});
    let endpoint = scene.endpoint(&receiver, &form);
    let stranger = scene.endpoint(&Receiver::ok(), &json!({"events": ["order.paid"]}));
    let asked = ask(&scene, &json!({"channels": ["webhook"]}));
    let seen = eventually("it is asked", || receiver.seen().first().cloned());
    let payload = seen.json();
    // The payload is the whole body, and enough to decide.
    assert_eq!((&payload["approval_id"], &payload["action_digest"]), (&asked["id"], &asked["action_digest"]));
    assert_eq!(payload["callback_url"], asked["callback_url"]);
    let decision = |id: &Value| json!({"decision": "approve", "reason": "fine", "approval_id": id});
    let secret = text(&endpoint["secret"]);
    let anonymous = scene.without_key();
    for (call, why) in [
        (signed(&asked, &decision(&asked["id"]), &text(&stranger["secret"]), 0), "another endpoint's secret"),
        (signed(&asked, &json!({"decision": "approve", "reason": "fine"}), &secret, 0), "no approval_id"),
        (signed(&asked, &decision(&json!("apr_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B")), &secret, 0), "another approval's id"),
        (signed(&asked, &decision(&asked["id"]), &secret, 3_600), "too old"),
    ] {
        assert_eq!(anonymous.send(&call).status, 401, "{why}");
    }
    let mut changed = signed(&asked, &decision(&asked["id"]), &secret, 0);
    changed.body.as_mut().expect("a body").extend(b" ");
    assert_eq!(anonymous.send(&changed).status, 401, "a changed byte");
    assert_eq!(reread(&scene, &asked)["status"], "pending");
    let call = signed(&asked, &decision(&asked["id"]), &secret, 0);
    let decided = anonymous.send(&call).expect(200);
    let name = format!("endpoint:{}", text(&endpoint["id"]));
    assert_eq!((&decided["status"], &decided["decided_by"]), (&json!("approved"), &json!([name])));
    assert_eq!(anonymous.send(&call).expect(200), decided, "sent again, it changes nothing");
    // It fits one approval only.
    let other = ask(&scene, &json!({"channels": ["webhook"]}));
    let mut moved = signed(&asked, &decision(&asked["id"]), &secret, 0);
    moved.path = at(&other, "");
    assert_eq!(anonymous.send(&moved).status, 401);
    // Signed, it may be not understood too.
    let odd = json!({"decision": "perhaps", "reason": "fine", "approval_id": other["id"]});
    assert_eq!(anonymous.send(&signed(&other, &odd, &secret, 0)).expect(422)["code"], "ambiguous_decision");
    assert_eq!(reread(&scene, &other)["status"], "denied");
}

#[test]
fn every_attempt_says_the_same_is_signed_the_same_and_is_in_the_audit_log() {
    let scene = Scene::new();
    let receiver = Receiver::sequence(vec![Reply::Status(500), Reply::Reset, Reply::Status(200)]);
    // Its own schedule and its own timeout do not matter.
    let form =
        json!({"dialect": "paygraph", "events": ["approval.*"], "retry": {"preset": "none"}, "timeout_ms": 30000});
    let endpoint = scene.endpoint(&receiver, &form);
    let asked = ask(&scene, &json!({"channels": [endpoint["id"]]}));
    let seen = eventually("it came in three times", || (receiver.seen().len() == 3).then(|| receiver.seen()));
    assert!(seen.windows(2).all(|pair| pair[0].body == pair[1].body), "byte for byte");
    assert!(
        seen.windows(2).all(|pair| pair[0].header("x-paygraph-signature") == pair[1].header("x-paygraph-signature"))
    );
    let waits: Vec<u64> = seen.windows(2).map(|pair| (pair[1].at_ms - pair[0].at_ms + 200) / 1_000).collect();
    assert_eq!(waits, [1, 5]);
    let attempts = eventually("three attempts are recorded", || {
        let all = audited(&scene, &asked);
        let attempts: Vec<Value> =
            all.into_iter().filter(|(action, _)| action == "approval.attempt").map(|(_, detail)| detail).collect();
        (attempts.len() == 3).then_some(attempts)
    });
    let results: Vec<String> = attempts.iter().map(|attempt| text(&attempt["result"])).collect();
    assert_eq!(results, ["retry", "retry", "success"]);
    assert!(attempts.iter().all(|attempt| attempt["channel"] == endpoint["id"]));
    assert_eq!(reread(&scene, &asked)["status"], "pending");
}

#[test]
fn only_the_endpoints_that_are_named_are_asked_and_one_that_refuses_for_good_is_no_channel() {
    let scene = Scene::new();
    let (named, other) = (Receiver::always(Reply::Status(410)), Receiver::ok());
    let endpoint = scene.endpoint(&named, &json!({"events": ["approval.requested"]}));
    scene.endpoint(&other, &json!({"events": ["approval.requested"]}));
    let asked = ask(&scene, &json!({"channels": [endpoint["id"]]}));
    let ended = eventually("nobody could be asked", || {
        let now = reread(&scene, &asked);
        (now["status"] != "pending").then_some(now)
    });
    assert_eq!((&ended["status"], &ended["decision"]), (&json!("undeliverable"), &Value::Null));
    assert_eq!((named.seen().len(), other.seen().len()), (1, 0));
}

#[test]
fn who_was_not_asked_and_what_an_agent_made_cannot_answer() {
    let scene = Scene::new();
    let receiver = Receiver::ok();
    let asked_one = scene.endpoint(&receiver, &json!({"events": ["approval.requested"]}));
    let other = scene.endpoint(&receiver, &json!({"events": ["approval.requested"]}));
    let asked = ask(&scene, &json!({"channels": [asked_one["id"]]}));
    assert_eq!(asked["channels"], json!([asked_one["id"]]));
    // Told of it later, it was not asked.
    scene.on(&other, "replay", &json!({"since": "1h", "missing": true})).expect(202);
    scene.settled(&other, "success", 1);
    let body = json!({"decision": "approve", "reason": "me", "approval_id": asked["id"]});
    let anonymous = scene.without_key();
    assert_eq!(anonymous.send(&signed(&asked, &body, &text(&other["secret"]), 0)).status, 401);
    // An agent has nothing to do with the secrets of those who are asked.
    let agent = scene.key(&json!({"kind": "workspace", "agent_id": "a-1", "permissions": ["webhooks:manage"]}));
    for events in [json!(["*"]), json!(["approval.*"]), json!(["order.paid", "approval.requested"])] {
        agent.post("/v1/webhooks", &json!({"url": Receiver::ok().url(), "events": events})).expect(403);
    }
    let own = agent.post("/v1/webhooks", &json!({"url": Receiver::ok().url(), "events": ["order.*"]})).expect(201);
    let path = format!("/v1/webhooks/{}", text(&own["endpoint"]["id"]));
    agent.patch(&path, &json!({"events": ["*"]})).expect(403);
    agent.post(&format!("/v1/webhooks/{}/rotate-secret", text(&asked_one["id"])), &json!({})).expect(403);
    anonymous.send(&signed(&asked, &body, &text(&asked_one["secret"]), 0)).expect(200);
}
