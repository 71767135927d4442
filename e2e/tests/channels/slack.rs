//! Approvals decided in Slack.
use bellwire_e2e::{Answer, Call, Clicker, Scene, Slack, eventually, list, text};
use serde_json::json;

use crate::{ask, asked, audit, changed, get, opened, scene};

/// What the form shows at an input.
#[track_caller]
pub(crate) fn error(answer: &Answer, input: &str) -> String {
    let body = answer.expect(200);
    assert_eq!(body["response_action"], "errors", "{body}");
    text(&body["errors"][input])
}

/// Taken, with nothing to do for Slack.
#[track_caller]
pub(crate) fn taken(answer: &Answer) {
    answer.expect(200);
    assert!(answer.body.is_empty(), "{}", answer.json());
}

#[test]
fn a_question_is_approved_in_slack_by_a_button_and_a_reason() {
    let slack = Slack::start();
    let scene = scene(&slack);
    let id = ask(&scene, &json!({"agent_id": "agent-7", "run_id": "run-9"}));
    let (message, ts) = asked(&slack, &id);
    assert_eq!(message["channel"], "C0123456789");
    let shown = message.to_string();
    let digest = text(&get(&scene, &id)["action_digest"]);
    for part in ["&lt;!channel&gt; &amp; all?", "database.delete", "120000", "agent-7", "run-9", &id, &digest[..12]] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(shown.contains("<!date^") && !shown.contains("<!channel>"), "{shown}");

    let ada = slack.clicker(&scene, "U0ADA");
    taken(&ada.press(&message, 0, &ts));
    let form = opened(&slack, 0);
    assert_eq!(form["view"]["title"]["text"], "Approve");
    assert!(!form.to_string().contains("in US dollars"), "it is not about money: {form}");
    assert_eq!(get(&scene, &id)["status"], "pending");
    assert!(error(&ada.submit(&form, "V1", "", Some(" \n ")), "reason").contains("Say why"));
    assert!(error(&ada.submit(&form, "V1", "5", Some("why not")), "reason").contains("not about money"));
    assert_eq!(get(&scene, &id)["status"], "pending");
    taken(&ada.submit(&form, "V1", "", Some("it is <b>stale</b>")));

    let approval = get(&scene, &id);
    assert_eq!((&approval["status"], &approval["reason"]), (&json!("approved"), &json!("it is <b>stale</b>")));
    assert_eq!(approval["decided_by"], json!(["slack:U0ADA"]));
    assert!(text(&approval["receipt"]).contains('.'));
    let after = changed(&slack, &ts);
    let shown = after.to_string();
    assert_eq!(after["channel"], "C0123456789");
    assert!(!shown.contains("\"actions\"") && shown.contains("*Approved* by <@U0ADA>"), "{shown}");
    assert!(shown.contains("it is &lt;b&gt;stale&lt;/b&gt;"), "{shown}");
    let entries = audit(&scene, &id, "approval.approve");
    assert_eq!((entries.len(), &entries[0]["actor"]), (1, &json!("slack:U0ADA")));
    slack.check();
    let log = scene.server.log();
    assert!(!log.contains("xoxb-") && !log.contains("signing-secret-of"), "{log}");
}

#[test]
fn a_question_is_denied_in_slack_and_the_message_says_so() {
    let slack = Slack::start();
    let scene = scene(&slack);
    let id = ask(&scene, &json!({}));
    let (message, ts) = asked(&slack, &id);
    let bob = slack.clicker(&scene, "U0BOB");
    taken(&bob.press(&message, 1, &ts));
    let form = opened(&slack, 0);
    assert_eq!(form["view"]["title"]["text"], "Deny");
    // What the form is called decides nothing: what was clicked is sealed.
    let mut renamed = bob.form(&form, "V1", "", Some("not today"));
    renamed["view"]["callback_id"] = "approve_approval".into();
    taken(&bob.send(&renamed));
    assert_eq!(get(&scene, &id)["status"], "denied");
    let shown = changed(&slack, &ts).to_string();
    assert!(shown.contains("*Denied* by <@U0BOB>") && !shown.contains("\"actions\""), "{shown}");
    slack.check();
}

#[test]
fn two_people_with_many_clicks_come_to_one_decision_and_the_second_sees_the_firsts() {
    let slack = Slack::start();
    let scene = scene(&slack);
    let id = ask(&scene, &json!({}));
    let (message, ts) = asked(&slack, &id);
    let (ada, bob) = (slack.clicker(&scene, "U0ADA"), slack.clicker(&scene, "U0BOB"));
    for _ in 0..3 {
        taken(&ada.press(&message, 0, &ts));
    }
    let yes = opened(&slack, 2);
    for _ in 0..3 {
        taken(&bob.press(&message, 1, &ts));
    }
    let no = opened(&slack, 5);
    let by_ada = ada.call(&ada.form(&yes, "V1", "", Some("it is stale")));
    let by_bob = bob.call(&bob.form(&no, "V2", "", Some("I need it")));
    let answers: Vec<(bool, Answer)> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..10)
            .map(|nth| {
                let (api, call) = (scene.without_key(), if nth % 2 == 0 { &by_ada } else { &by_bob });
                scope.spawn(move || (nth % 2 == 0, api.send(call)))
            })
            .collect();
        all.into_iter().map(|sent| sent.join().expect("it is answered")).collect()
    });
    let approval = get(&scene, &id);
    let ada_won = approval["status"] == "approved";
    assert_eq!(approval["decided_by"], json!([if ada_won { "slack:U0ADA" } else { "slack:U0BOB" }]), "{approval}");
    for (by_ada, answer) in &answers {
        if *by_ada == ada_won {
            taken(answer);
        } else {
            let words = error(answer, "reason");
            let winner =
                if ada_won { "approved by slack:U0ADA: it is stale" } else { "denied by slack:U0BOB: I need it" };
            assert!(words.contains(winner), "{words}");
        }
    }
    let decisions = audit(&scene, &id, "approval.approve").len() + audit(&scene, &id, "approval.deny").len();
    assert_eq!(decisions, 1);
    let told = list(&scene.get("/v1/events?type=approval.decided").expect(200)["events"]);
    assert_eq!(told.len(), 1);
    changed(&slack, &ts);
    // Late, on a message that somebody still sees as it was: what was decided is shown, and the message changed.
    let before = slack.calls("chat.update").len();
    taken(&ada.press(&message, 1, &ts));
    let words = eventually("the late one is told", || slack.whispers().pop());
    assert!(words.contains(if ada_won { "approved by" } else { "denied by" }), "{words}");
    assert_eq!((slack.calls("views.open").len(), slack.calls("chat.update").len()), (6, before + 1));
    slack.check();
}

#[test]
fn who_is_no_approver_and_what_is_not_signed_decides_nothing() {
    let slack = Slack::start();
    let scene = scene(&slack);
    let id = ask(&scene, &json!({}));
    let (message, ts) = asked(&slack, &id);
    let (ada, eve) = (slack.clicker(&scene, "U0ADA"), slack.clicker(&scene, "U0EVE"));
    taken(&eve.press(&message, 0, &ts));
    let words = eventually("she is told", || slack.whispers().pop());
    assert!(words.contains("may not"), "{words}");
    assert!(slack.calls("views.open").is_empty());
    taken(&ada.press(&message, 0, &ts));
    let form = opened(&slack, 0);
    assert!(error(&eve.submit(&form, "V1", "", Some("mine")), "reason").contains("may not"));
    // Forged, or of another place: the button's value is no form's.
    let actions = list(&message["blocks"]).into_iter().find(|block| block["type"] == "actions").expect("buttons");
    for token in ["", "AAAA", &text(&actions["elements"][0]["value"])] {
        let forged = json!({"view": {"callback_id": "approve_approval", "private_metadata": token}});
        let words = error(&ada.submit(&forged, "V1", "", Some("why")), "reason");
        assert!(words.contains("not of this Bellwire"), "{words}");
    }
    let but = |change: fn(&mut Clicker)| {
        let mut who = ada.clone();
        change(&mut who);
        who
    };
    for (what, who) in [
        ("another secret", but(|who| who.secret = "another".into())),
        ("old", but(|who| who.age = 400)),
        ("from the future", but(|who| who.age = -400)),
    ] {
        let refused = who.submit(&form, "V1", "", Some("why"));
        assert_eq!(refused.expect(401)["code"], "bad_signature", "{what}");
        who.press(&message, 0, &ts).expect(401);
    }
    let unsigned = Call::new("POST", "/v1/integrations/slack/interactions").body(b"payload=%7B%7D");
    scene.without_key().send(&unsigned).expect(401);
    assert_eq!(get(&scene, &id)["status"], "pending");
    assert!(audit(&scene, &id, "approval.vote").is_empty() && slack.calls("chat.update").is_empty());
}

#[test]
fn a_mapped_user_decides_as_the_person_and_named_approvers_and_a_quorum_hold() {
    let slack = Slack::start();
    let mut setup = slack.setup("U0BOB");
    setup.env.push(("BELLWIRE_SLACK_PEOPLE", "U0ANA=ana,U0CLEO=cleo".into()));
    let scene = Scene::with(setup);
    let id = ask(&scene, &json!({"approvers": ["ana", "cleo"], "quorum": 2}));
    let (message, ts) = asked(&slack, &id);
    assert!(message.to_string().contains("2 people must agree") && message.to_string().contains("<@U0ANA>"));
    let who = |user: &str| slack.clicker(&scene, user);
    taken(&who("U0BOB").press(&message, 0, &ts));
    let words = eventually("he is told", || slack.whispers().pop());
    assert!(words.contains("others are named"), "{words}");
    taken(&who("U0ANA").press(&message, 0, &ts));
    let form = opened(&slack, 0);
    let words = error(&who("U0BOB").submit(&form, "V1", "", Some("mine")), "reason");
    assert!(words.contains("others are named"), "{words}");
    // Twice is once.
    taken(&who("U0ANA").submit(&form, "V1", "", Some("fine")));
    taken(&who("U0ANA").submit(&form, "V1", "", Some("fine")));
    assert_eq!(get(&scene, &id)["status"], "pending");
    let line = eventually("the thread counts", || {
        slack.calls("chat.postMessage").into_iter().find(|message| message["thread_ts"] == ts.as_str())
    });
    assert_eq!(line["text"], "<@U0ANA> agreed: 1 of 2.");
    taken(&who("U0CLEO").press(&message, 0, &ts));
    taken(&who("U0CLEO").submit(&opened(&slack, 1), "V2", "", Some("fine with me")));
    let approval = get(&scene, &id);
    assert_eq!(approval["decided_by"], json!(["person:ana", "person:cleo"]));
    let shown = changed(&slack, &ts).to_string();
    assert!(shown.contains("by <@U0ANA>, <@U0CLEO>"), "{shown}");

    // Where only the Slack user is named, that is who decides.
    let id = ask(&scene, &json!({"approvers": ["slack:U0ANA"]}));
    let (message, ts) = asked(&slack, &id);
    taken(&who("U0ANA").press(&message, 0, &ts));
    taken(&who("U0ANA").submit(&opened(&slack, 2), "V3", "", Some("fine")));
    assert_eq!(get(&scene, &id)["decided_by"], json!(["slack:U0ANA"]));

    // A no is enough, and what was decided elsewhere is shown here.
    let id = ask(&scene, &json!({"quorum": 2}));
    let (_, ts) = asked(&slack, &id);
    scene.post(&format!("/v1/approvals/{id}"), &json!({"decision": "deny", "reason": "no"})).expect(200);
    let shown = changed(&slack, &ts).to_string();
    assert!(shown.contains("*Denied* by key:key_"), "{shown}");
    let id = ask(&scene, &json!({"timeout": "2s"}));
    let (_, ts) = asked(&slack, &id);
    let shown = changed(&slack, &ts).to_string();
    assert!(shown.contains("*Expired*") && shown.contains("silence is not consent"), "{shown}");
    let id = ask(&scene, &json!({}));
    let (_, ts) = asked(&slack, &id);
    scene.post(&format!("/v1/approvals/{id}/cancel"), &json!({})).expect(200);
    assert!(changed(&slack, &ts).to_string().contains("*Cancelled*"));
    slack.check();
}

#[test]
fn details_of_any_size_and_kind_fit_into_a_message_and_hide_nothing() {
    let slack = Slack::start();
    let scene = scene(&slack);
    let details = json!({"script": format!("``` <!here> & \u{202e}{}", "x&<>".repeat(3_000)), "n": 1});
    let long = "\u{1f600}<&>".repeat(60);
    let id = ask(&scene, &json!({"title": long, "details": details, "action": "a&<>".repeat(32)}));
    let (message, ts) = asked(&slack, &id);
    let shown = message.to_string();
    assert!(shown.contains("These details are cut") && shown.contains(&format!("bellwire approvals get {id}")));
    assert!(shown.contains("u{202e}") && !shown.contains('\u{202e}'), "{shown}");
    let ada = slack.clicker(&scene, "U0ADA");
    taken(&ada.press(&message, 0, &ts));
    taken(&ada.submit(&opened(&slack, 0), "V1", "", Some(&"&<>".repeat(600))));
    changed(&slack, &ts);
    slack.check();
}
