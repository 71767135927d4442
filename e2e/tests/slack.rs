//! An exhausted budget is told in Slack and raised from there, by whom it may be, once.
use std::time::Duration;

use bellwire_e2e::{Answer, Api, Call, Clicker, Reply, Scene, Setup, Slack, eventually, list, text, watch};
use serde_json::{Value, json};

const APPROVERS: &str = "U0ADA,U0BOB";

fn scene(slack: &Slack) -> Scene {
    Scene::with(slack.setup(APPROVERS))
}

/// A wallet of $100, asked for $150; its id.
#[track_caller]
fn exhausted(api: &Api, name: &str) -> String {
    let wallet = text(&api.post("/v1/wallets", &json!({"name": name, "budget_usd": 100})).expect(201)["id"]);
    buy(api, &wallet, 402);
    wallet
}

#[track_caller]
fn buy(api: &Api, wallet: &str, status: u16) {
    let body = json!({"amount_usd": 150, "vendor": "acme", "description": "a chair"});
    api.post(&format!("/v1/wallets/{wallet}/purchases"), &body).expect(status);
}

#[track_caller]
fn budget(api: &Api, wallet: &str) -> String {
    let answer = api.get(&format!("/v1/wallets/{wallet}"));
    answer.expect(200);
    // As it is written: a number that is read would lose its digits.
    let body = String::from_utf8(answer.body).expect("text");
    let budget = body.split("\"budget_usd\":").nth(1).and_then(|rest| rest.split(',').next());
    budget.unwrap_or_else(|| panic!("{body}")).to_owned()
}

/// What the audit log has of a wallet's changes.
#[track_caller]
fn changes(api: &Api, wallet: &str) -> Vec<Value> {
    list(&api.get(&format!("/v1/audit?action=wallet.update&subject={wallet}")).expect(200)["entries"])
}

/// The form that the latest click opened.
#[track_caller]
fn opened(slack: &Slack, nth: usize) -> Value {
    eventually("the form is opened", || slack.calls("views.open").get(nth).cloned())
}

/// What the form shows at the amount.
#[track_caller]
fn error(answer: &Answer) -> String {
    let body = answer.expect(200);
    assert_eq!(body["response_action"], "errors", "{body}");
    text(&body["errors"]["amount"])
}

/// Taken, with nothing to do for Slack.
#[track_caller]
fn taken(answer: &Answer) {
    answer.expect(200);
    assert!(answer.body.is_empty(), "{}", answer.json());
}

#[test]
fn a_budget_is_raised_from_the_message_that_tells_that_it_is_exhausted() {
    let slack = Slack::start();
    let scene = scene(&slack);
    let wallet = exhausted(&scene, "Ada & <!channel> Sons");
    let alert = slack.alert(0);
    assert_eq!(alert["channel"], "C0123456789");
    let shown = alert.to_string();
    assert!(shown.contains("Ada &amp; &lt;!channel&gt; Sons") && !shown.contains("<!channel>"), "{shown}");
    for part in ["$150.00", "$100.00", &wallet, "Increase budget"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }

    let ada = slack.clicker(&scene, "U0ADA");
    taken(&ada.click(&alert, "1700000000.000001"));
    let form = opened(&slack, 0);
    assert_eq!(form["trigger_id"], "trigger-1700000000.000001");
    let view = form["view"].to_string();
    for part in ["Spent", "Held", "Available", "$100.00", "Confirm"] {
        assert!(view.contains(part), "{part} in {view}");
    }
    assert!(text(&form["view"]["private_metadata"]).len() <= 3_000);

    for (amount, says) in [
        ("$1,000", "without $ and commas"),
        ("1,000", "plain number"),
        ("", "plain number"),
        ("-1", "negative"),
        ("0.00000000001", "9 decimals"),
        ("1000000001", "at most 1000000000"),
        ("100", "more than the present budget, 100.00"),
        ("99.99", "more than the present budget"),
    ] {
        let says_so = error(&ada.submit(&form, "V1", amount, None));
        assert!(says_so.contains(says), "{amount}: {says_so}");
    }
    assert_eq!(budget(&scene, &wallet), "100.00");
    assert!(changes(&scene, &wallet).is_empty() && slack.calls("chat.update").is_empty());

    taken(&ada.submit(&form, "V1", " 250.50 ", Some("a chair for <Bob>")));
    assert_eq!(budget(&scene, &wallet), "250.50");
    let changed = eventually("the message is changed", || slack.calls("chat.update").pop());
    assert_eq!((&changed["channel"], &changed["ts"]), (&json!("C0123456789"), &json!("1700000000.000001")));
    let shown = changed.to_string();
    assert!(!shown.contains("\"actions\"") && shown.contains("<@U0ADA>") && shown.contains("$250.50"), "{shown}");
    let line = eventually("the thread has a line", || {
        slack.calls("chat.postMessage").into_iter().find(|message| message["thread_ts"] == "1700000000.000001")
    });
    let line = text(&line["text"]);
    assert!(line.contains("$250.50") && line.contains("a chair for &lt;Bob&gt;"), "{line}");

    let entries = changes(&scene, &wallet);
    assert_eq!(entries.len(), 1);
    let (entry, detail) = (&entries[0], &entries[0]["detail"]);
    assert_eq!(entry["actor"], "slack:U0ADA");
    assert!(text(&entry["request_id"]).starts_with("req_"), "{entry}");
    assert_eq!(detail["reason"], "a chair for <Bob>");
    assert_eq!((&detail["before"]["budget_usd"], &detail["after"]["budget_usd"]), (&json!("100.00"), &json!("250.50")));
    let told = list(&scene.get("/v1/events?type=wallet.updated").expect(200)["events"]);
    assert_eq!(told[0]["data"]["actor"], "slack:U0ADA");
    buy(&scene, &wallet, 201);
    let log = scene.server.log();
    assert!(!log.contains("xoxb-") && !log.contains("signing-secret-of"), "{log}");
}

#[test]
fn a_message_raises_a_budget_once_however_often_and_by_whom_it_is_submitted() {
    let slack = Slack::start();
    let scene = scene(&slack);
    let wallet = exhausted(&scene, "w");
    let alert = slack.alert(0);
    let (ada, bob) = (slack.clicker(&scene, "U0ADA"), slack.clicker(&scene, "U0BOB"));
    taken(&ada.click(&alert, "1.1"));
    let first = opened(&slack, 0);
    taken(&bob.click(&alert, "1.1"));
    let second = opened(&slack, 1);
    let call = |who: &Clicker, form: &Value| {
        let values = json!({"amount": {"amount": {"value": "200"}}});
        who.call(&json!({"type": "view_submission", "user": {"id": who.user}, "view": {"id": format!("V{}", who.user),
            "callback_id": "increase_budget", "private_metadata": form["view"]["private_metadata"],
            "state": {"values": values}}}))
    };
    // At once, and one of them again and again.
    let (by_ada, by_bob) = (call(&ada, &first), call(&bob, &second));
    let answers: Vec<(bool, Answer)> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..12)
            .map(|nth| {
                let (api, call) = (scene.without_key(), if nth % 2 == 0 { &by_ada } else { &by_bob });
                scope.spawn(move || (nth % 2 == 0, api.send(call)))
            })
            .collect();
        all.into_iter().map(|sent| sent.join().expect("it is answered")).collect()
    });
    let entries = changes(&scene, &wallet);
    assert_eq!(entries.len(), 1, "{entries:?}");
    let ada_won = entries[0]["actor"] == "slack:U0ADA";
    for (by_ada, answer) in &answers {
        if *by_ada == ada_won {
            taken(answer);
        } else {
            assert!(error(answer).contains("raised to $200.00 already"), "{}", answer.json());
        }
    }
    let threads = || slack.calls("chat.postMessage").len() - slack.alerts().len();
    eventually("the thread has its line", || (threads() == 1).then_some(()));
    // More, from a form that was used; and a click on a message that was not changed.
    let (winner, form) = if ada_won { (&ada, &first) } else { (&bob, &second) };
    assert!(error(&winner.submit(form, &format!("V{}", winner.user), "300", None)).contains("already"));
    taken(&winner.click(&alert, "1.1"));
    eventually("the clicker is told", || slack.whispers().pop().filter(|words| words.contains("already")));
    assert_eq!((slack.calls("views.open").len(), threads()), (2, 1));
    assert_eq!(budget(&scene, &wallet), "200.00");

    // The next time it is exhausted there is a new message, and it raises too.
    buy(&scene, &wallet, 201);
    buy(&scene, &wallet, 402);
    let again = slack.alert(1);
    taken(&bob.click(&again, "2.2"));
    taken(&bob.submit(&opened(&slack, 2), "V9", "1000", None));
    assert_eq!(budget(&scene, &wallet), "1000.00");
}

#[test]
fn who_is_no_approver_and_what_is_not_signed_changes_nothing() {
    let slack = Slack::start();
    let scene = scene(&slack);
    let wallet = exhausted(&scene, "w");
    let alert = slack.alert(0);
    let (ada, eve) = (slack.clicker(&scene, "U0ADA"), slack.clicker(&scene, "U0EVE"));
    taken(&eve.click(&alert, "1.1"));
    let words = eventually("she is told", || slack.whispers().pop());
    assert!(words.contains("may not"), "{words}");
    assert!(slack.calls("views.open").is_empty());
    taken(&ada.click(&alert, "1.1"));
    let form = opened(&slack, 0);
    // Somebody else's form.
    assert!(error(&eve.submit(&form, "V1", "500", None)).contains("may not"));
    // Forged, or of another place.
    for token in ["", "AAAA", &text(&alert["blocks"][2]["elements"][0]["value"])] {
        let forged = json!({"view": {"callback_id": "increase_budget", "private_metadata": token}});
        assert!(error(&ada.submit(&forged, "V1", "500", None)).contains("not of this Bellwire"), "{token}");
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
        let refused = who.submit(&form, "V1", "500", None);
        assert_eq!(refused.expect(401)["code"], "bad_signature", "{what}");
        who.click(&alert, "1.1").expect(401);
    }
    let mut changed = ada.call(&json!({"type": "view_closed"}));
    changed.body = Some(b"payload=%7B%22type%22%3A%22view_submission%22%7D".to_vec());
    scene.without_key().send(&changed).expect(401);
    let unsigned = Call::new("POST", "/v1/integrations/slack/interactions").body(b"payload=%7B%7D");
    scene.without_key().send(&unsigned).expect(401);
    scene.send(&unsigned).expect(401);
    let large = unsigned.clone().body(&vec![b'x'; 300 * 1024]);
    scene.without_key().send(&large).expect(413);

    // Signed, and nothing to do.
    taken(&ada.send(&json!({"type": "view_closed", "user": {"id": "U0ADA"}})));
    taken(&ada.send(&json!({"type": "block_actions", "user": {"id": "U0ADA"}, "actions": [{"action_id": "x"}]})));
    ada.send(&json!({})).expect(400);
    assert_eq!(budget(&scene, &wallet), "100.00");
    assert!(changes(&scene, &wallet).is_empty());
    assert_eq!(slack.calls("views.open").len(), 1);
}

#[test]
fn what_slack_does_not_take_is_posted_again_and_what_it_refuses_holds_up_nobody() {
    let slack = Slack::start();
    slack.answers([
        Reply::With(429, vec![("retry-after", "1".into())], String::new()),
        Reply::Status(500),
        Slack::refusal("internal_error"),
        Reply::Reset,
    ]);
    let scene = scene(&slack);
    exhausted(&scene, "patient");
    eventually("it is taken in the end", || (slack.alerts().len() == 5).then_some(()));
    slack.answers((0..4).map(|_| Slack::refusal("channel_not_found")));
    exhausted(&scene, "refused");
    exhausted(&scene, "next");
    let shown = eventually("the next one has its turn", || slack.alerts().get(9).cloned());
    assert!(shown.to_string().contains("next"), "{shown}");
    let entries = list(&scene.get("/v1/audit?action=slack.give_up").expect(200)["entries"]);
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0]["actor"], &entries[0]["detail"]["error"]), (&json!("system"), &json!("channel_not_found")));
    watch(Duration::from_secs(3), "each is told once", || slack.alerts().len() == 10);
}

#[test]
fn an_alert_arrives_although_the_server_is_killed_before_it_is_posted() {
    let slack = Slack::start();
    let mut scene = scene(&slack);
    slack.answers((0..3).map(|_| Reply::Hang));
    let wallet = exhausted(&scene, "w");
    eventually("it is being posted", || (slack.alerts().len() == 1).then_some(()));
    scene.server.kill();
    scene.server.restart();
    eventually("it is posted again", || (slack.alerts().len() >= 2).then_some(()));
    // This one hangs as well: the next is killed in the middle too.
    scene.server.kill();
    scene.server.restart();
    let ada = slack.clicker(&scene, "U0ADA");
    let alert = eventually("it arrives", || slack.alerts().get(3).cloned());
    taken(&ada.click(&alert, "1.1"));
    taken(&ada.submit(&opened(&slack, 0), "V1", "200", None));
    assert_eq!(budget(&scene, &wallet), "200.00");
    // What is raised is raised once, also after a restart.
    scene.server.kill();
    scene.server.restart();
    taken(&ada.submit(&opened(&slack, 0), "V1", "200", None));
    assert_eq!(changes(&scene, &wallet).len(), 1);
}

#[test]
fn what_was_made_up_is_not_told_and_another_workspace_is_not_slacks() {
    let slack = Slack::start();
    let scene = scene(&slack);
    let wallet = text(&scene.post("/v1/wallets", &json!({"name": "w", "budget_usd": 100})).expect(201)["id"]);
    scene.event(
        "budget.exhausted",
        &json!({"data": {"wallet_id": wallet, "requested_usd": 1, "requesting_wallet_id":
        wallet, "budget_limit_usd": 1, "last_transaction_id": null, "resets_at": null, "denied_count": 1}}),
    );
    exhausted(&scene.workspace("other"), "of another workspace");
    exhausted(&scene, "real");
    assert!(slack.alert(0).to_string().contains("real"));
    watch(Duration::from_secs(2), "only that one is told", || slack.alerts().len() == 1);
}

#[test]
fn slack_is_set_up_whole_or_the_server_says_what_is_missing() {
    let scene = Scene::new();
    let unset = Call::new("POST", "/v1/integrations/slack/interactions").body(b"payload=%7B%7D");
    scene.without_key().send(&unset).expect(404);
    let slack = Slack::start();
    let all = slack.setup("");
    for missing in ["BELLWIRE_SLACK_BOT_TOKEN", "BELLWIRE_SLACK_SIGNING_SECRET", "BELLWIRE_SLACK_CHANNEL"] {
        let env = all.env.iter().filter(|(name, _)| *name != missing).cloned().collect();
        let (status, said) = Setup { env, ..all.clone() }.refused();
        let name = missing.trim_start_matches("BELLWIRE_").to_lowercase().replacen('_', ".", 1);
        assert!(!status.success() && said.contains(&format!("{name} is missing")), "{said}");
        assert!(!said.contains("xoxb-") && !said.contains("signing-secret-of"), "{said}");
    }
    let (status, said) = Setup { dev: false, ..all.clone() }.refused();
    assert!(!status.success() && said.contains("slack.api_url"), "{said}");
    let unknown = ("BELLWIRE_SLACK_WORKSPACE", "ws-01KAPWWWWWWWWWWWWWWWWWWWWW".to_owned());
    let (status, said) = Setup { env: [all.env.clone(), vec![unknown]].concat(), ..all.clone() }.refused();
    assert!(!status.success() && said.contains("slack.workspace"), "{said}");

    // Nobody is an approver: it starts, and nobody may.
    let scene = Scene::with(all);
    let wallet = exhausted(&scene, "w");
    taken(&slack.clicker(&scene, "U0ADA").click(&slack.alert(0), "1.1"));
    eventually("nobody may", || slack.whispers().pop().filter(|words| words.contains("may not")));
    assert_eq!(budget(&scene, &wallet), "100.00");
}
