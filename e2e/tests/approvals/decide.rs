//! Who decides what, and what counts.
use std::thread;

use bellwire_e2e::{Call, Scene, list, text};
use serde_json::{Value, json};

use crate::{ask, at, audited, consume, decide, events, reread};

#[test]
fn a_question_is_decided_once_and_its_answer_is_used_once() {
    let scene = Scene::new();
    let asked = ask(&scene, &json!({"agent_id": "a-1", "run_id": "run-7"}));
    assert_eq!((&asked["status"], &asked["decision"]), (&json!("pending"), &Value::Null));
    assert_eq!(asked["callback_url"], format!("http://{}{}", scene.server.address, at(&asked, "")));
    let early = consume(&scene, &asked, &asked["action_digest"]);
    early.expect(409);
    assert_eq!((&early.json()["code"], early.header("x-should-retry")), (&json!("approval_pending"), Some("false")));
    let decided = decide(&scene, &asked, "approve").expect(200);
    assert_eq!((&decided["status"], &decided["reason"]), (&json!("approved"), &json!("because")));
    assert_eq!(decide(&scene, &asked, "approve").expect(200), decided, "the same again");
    let other = decide(&scene, &asked, "deny").expect(409);
    assert_eq!((&other["code"], &other["approval"]), (&json!("already_decided"), &decided));
    // Another digest, then the right one, then again.
    let wrong = consume(&scene, &asked, &json!("0".repeat(64))).expect(409);
    assert_eq!(wrong["code"], "approval_mismatch");
    let used = consume(&scene, &asked, &asked["action_digest"]).expect(200);
    assert!(!used["consumed_at"].is_null());
    assert_eq!(consume(&scene, &asked, &asked["action_digest"]).expect(409)["code"], "already_consumed");
    let told = events(&scene, "approval.decided");
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["data"]["approval_id"], &told[0]["data"]["status"]), (&asked["id"], &json!("approved")));
    assert_eq!(told[0]["data"]["receipt"], decided["receipt"]);
    let actions: Vec<String> = audited(&scene, &asked).into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["approval.request", "approval.vote", "approval.approve", "approval.consume"]);
}

#[test]
fn what_cannot_be_understood_denies_and_is_kept() {
    let scene = Scene::new();
    for body in [
        "",
        "approve",
        "[]",
        "{}",
        r#"{"decision": "approve"}"#,
        r#"{"decision": "approve", "reason": ""}"#,
        r#"{"decision": "approve", "reason": "  "}"#,
        r#"{"decision": "approve", "reason": null}"#,
        r#"{"decision": "approve", "reason": 5}"#,
        r#"{"decision": "yes", "reason": "ok"}"#,
        r#"{"decision": "Approve", "reason": "ok"}"#,
        r#"{"decision": true, "reason": "ok"}"#,
        r#"{"decision": ["approve"], "reason": "ok"}"#,
        r#"{"decision": "approve", "decision": "deny", "reason": "ok"}"#,
        r#"{"decision": "approve", "reason": "ok""#,
        r#"{"reason": "ok"}"#,
    ] {
        let asked = ask(&scene, &json!({}));
        let answer = scene.send(&Call::new("POST", &at(&asked, "")).body(body.as_bytes()));
        assert_eq!(answer.expect(422)["code"], "ambiguous_decision", "{body}");
        let now = reread(&scene, &asked);
        assert_eq!((&now["status"], &now["reason"]), (&json!("denied"), &json!("ambiguous_decision")), "{body}");
        let kept = audited(&scene, &asked).into_iter().find(|(action, _)| action == "approval.ambiguous");
        assert_eq!(kept.expect("kept").1["request_body"], body);
        assert_eq!(decide(&scene, &asked, "approve").status, 409, "{body}");
    }
}

#[test]
fn what_is_understood_and_not_possible_changes_nothing() {
    let scene = Scene::new();
    let asked = ask(&scene, &json!({}));
    for (more, field) in [
        (json!({"amount_usd": 5}), "amount_usd"),
        (json!({"amount": 5}), "amount"),
        (json!({"details": {"database": "production", "rows": 10, "tables": ["a", "b"]}}), "details"),
        (json!({"details": {"database": "staging", "rows": 11, "tables": ["a", "b"]}}), "details"),
        (json!({"details": {"database": "staging"}}), "details"),
        (json!({"reason": "x".repeat(2_001)}), "reason"),
        (json!({"approver": ""}), "approver"),
    ] {
        let mut form = json!({"decision": "approve", "reason": "ok"});
        form.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        let answer = scene.post(&at(&asked, ""), &form);
        assert_eq!((answer.status, answer.fields()), (422, vec![field.to_owned()]), "{form}");
    }
    assert_eq!(reread(&scene, &asked)["status"], "pending");
    let narrowed = json!({"database": "staging", "rows": 4, "tables": ["b"]});
    let form = json!({"decision": "approve", "reason": "less of it", "details": narrowed});
    let decided = scene.post(&at(&asked, ""), &form).expect(200);
    assert_eq!((&decided["approved_details"], &decided["details"]), (&narrowed, &asked["details"]));
    assert_ne!(decided["approved_digest"], asked["action_digest"]);
    assert_eq!(consume(&scene, &asked, &asked["action_digest"]).expect(409)["code"], "approval_mismatch");
    consume(&scene, &asked, &decided["approved_digest"]).expect(200);
}

#[test]
fn who_may_not_decide_changes_nothing() {
    let scene = Scene::new();
    let agent = json!({"kind": "workspace", "agent_id": "a-1",
        "permissions": ["approvals:request", "approvals:decide"]});
    let own = scene.key(&agent);
    let asked = ask(&own, &json!({"timeout": "1h"}));
    assert_eq!(asked["agent"]["id"], "a-1");
    assert_eq!(decide(&scene.without_key(), &asked, "approve").status, 401);
    assert_eq!(decide(&scene.with_key("wrong-key-0123456789-0123456789-012345"), &asked, "approve").status, 401);
    assert_eq!(decide(&own, &asked, "approve").status, 403);
    assert_eq!(decide(&own, &asked, "nonsense").status, 403, "not even to deny");
    let powerless = scene.key(&json!({"kind": "workspace", "permissions": ["approvals:request"]}));
    assert_eq!(decide(&powerless, &asked, "approve").status, 403);
    let elsewhere = scene.key(&json!({"kind": "scoped", "namespace": "other", "permissions": ["approvals:decide"]}));
    assert_eq!(decide(&elsewhere, &asked, "approve").status, 404);
    assert_eq!(decide(&scene.workspace("other"), &asked, "approve").status, 404);
    // A name in the body is a note, not an identity.
    let form = json!({"decision": "approve", "reason": "ok", "approver": "person:ceo"});
    assert_eq!(own.post(&at(&asked, ""), &form).status, 403);
    assert_eq!(reread(&scene, &asked)["status"], "pending");
    // An agent sees what it asked itself, and nobody else's.
    let stranger = scene.key(&json!({"kind": "workspace", "agent_id": "a-2"}));
    stranger.get(&at(&asked, "")).expect(404);
    assert_eq!(list(&stranger.get("/v1/approvals").expect(200)["approvals"]).len(), 0);
    assert_eq!(consume(&stranger, &asked, &asked["action_digest"]).status, 404);
    stranger.post(&at(&asked, "/cancel"), &json!({})).expect(404);
    let named = ask(&scene, &json!({"approvers": ["ana"]}));
    assert_eq!(decide(&scene, &named, "approve").status, 403);
    let ana = scene.key(&json!({"kind": "admin", "person": "ana"}));
    assert_eq!(decide(&ana, &named, "approve").expect(200)["decided_by"], json!(["person:ana"]));
}

#[test]
fn a_quorum_is_of_different_people_and_one_no_denies() {
    let scene = Scene::new();
    let person = |name: &str| scene.key(&json!({"kind": "admin", "person": name}));
    let (ana, again, ben, eve) = (person("ana"), person("ana"), person("ben"), person("eve"));
    let asked = ask(&scene, &json!({"quorum": 2}));
    let first = decide(&ana, &asked, "approve").expect(200);
    assert_eq!((&first["status"], &first["quorum"]), (&json!("pending"), &json!(2)));
    // The same person with another key, and a key that is nobody's.
    assert_eq!(decide(&again, &asked, "approve").expect(200)["status"], "pending");
    assert_eq!(decide(&scene, &asked, "approve").status, 403);
    let votes = list(&reread(&scene, &asked)["votes"]);
    assert_eq!(votes.iter().map(|vote| text(&vote["approver"])).collect::<Vec<_>>(), ["person:ana"]);
    let second = decide(&ben, &asked, "approve").expect(200);
    assert_eq!((&second["status"], &second["decided_by"]), (&json!("approved"), &json!(["person:ana", "person:ben"])));
    let asked = ask(&scene, &json!({"quorum": 3}));
    decide(&ana, &asked, "approve").expect(200);
    decide(&ben, &asked, "approve").expect(200);
    assert_eq!(decide(&eve, &asked, "deny").expect(200)["status"], "denied");
}

#[test]
fn of_many_decisions_at_once_one_counts_and_all_hear_which() {
    let scene = Scene::new();
    for _ in 0..5 {
        let asked = ask(&scene, &json!({}));
        let answers: Vec<(bool, u16, Value)> = thread::scope(|threads| {
            let decisions = (0..24).map(|nth| {
                let (api, asked) = (&scene.api, &asked);
                threads.spawn(move || {
                    let approves = nth % 2 == 0;
                    let answer = decide(api, asked, if approves { "approve" } else { "deny" });
                    (approves, answer.status, answer.json())
                })
            });
            let all: Vec<_> = decisions.collect();
            all.into_iter().map(|one| one.join().expect("no panic")).collect()
        });
        let approved = reread(&scene, &asked)["status"] == "approved";
        for (approves, status, said) in answers {
            assert_eq!(status, if approves == approved { 200 } else { 409 }, "{said}");
        }
        if approved {
            let used = thread::scope(|threads| {
                let uses: Vec<_> = (0..16)
                    .map(|_| threads.spawn(|| consume(&scene, &asked, &asked["action_digest"]).status))
                    .collect();
                uses.into_iter().map(|one| one.join().expect("no panic")).filter(|status| *status == 200).count()
            });
            assert_eq!(used, 1);
        }
    }
    assert_eq!(events(&scene, "approval.decided").len(), 5);
}

#[test]
fn a_question_is_refused_with_every_fault_named() {
    let scene = Scene::new();
    let form = json!({"title": " ", "details": 5, "timeout": "8d", "channels": ["mail"], "quorum": 0,
        "approvers": [""], "callback_url": "ftp://example.com", "nonsense": 1});
    let answer = scene.post("/v1/approvals", &form);
    assert_eq!(answer.status, 422);
    let fields = answer.fields();
    for field in
        ["title", "action", "details", "timeout", "channels[0]", "quorum", "approvers[0]", "callback_url", "nonsense"]
    {
        assert!(fields.contains(&field.to_owned()), "{field}: {fields:?}");
    }
    // Two numbers that some languages take for one would have one digest.
    let form = json!({"title": "t", "action": "a", "details": {"ids": [1, 9_007_199_254_740_993_u64]}});
    assert_eq!(scene.post("/v1/approvals", &form).fields(), ["details.ids[1]"]);
    assert_eq!(list(&scene.get("/v1/approvals").expect(200)["approvals"]).len(), 0);
}

#[test]
fn a_question_that_nobody_can_be_asked_is_denied_at_once() {
    let scene = Scene::new();
    let form = json!({"title": "May I?", "action": "x"});
    let asked = scene.post("/v1/approvals", &form).expect(201);
    assert_eq!(asked["status"], "undeliverable");
    assert_eq!(decide(&scene, &asked, "approve").status, 409);
    assert_eq!(consume(&scene, &asked, &asked["action_digest"]).expect(403)["code"], "approval_undeliverable");
    assert_eq!(events(&scene, "approval.decided")[0]["data"]["status"], "undeliverable");
}
