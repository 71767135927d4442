//! What an approval comes to when a part is down or lies: the table of the documentation, made by trying each line.
use std::{fmt::Write as _, path::Path, sync::Arc};

use bellwire_e2e::{
    Answer, Api, Call, Engine, PagerDuty, Receiver, Reply, Scene, SetClock, Setup, Slack, env, eventually,
    postgres::{Database, Private, Restart},
    text,
};
use serde_json::{Value, json};

use crate::{at, decide, reread, signed::signed};

/// A line: what goes wrong, what is answered to whoever tries, and what it comes to.
struct Line {
    part: &'static str,
    fault: &'static str,
    answer: String,
    ends: String,
}

/// A purchase of $8 from a wallet of $100 whose policy has people asked so; wallet and approval.
#[track_caller]
fn bought(scene: &Scene, buyer: &Api, approval: &Value) -> (String, Value) {
    let rules = json!([{"require_approval_above_usd": 0, "approval": approval}]);
    let policy = scene.post("/v1/policies", &json!({"name": "ask", "rules": rules})).expect(201);
    let form = json!({"name": "w", "budget_usd": 100, "policy_id": policy["id"]});
    let wallet = text(&scene.post("/v1/wallets", &form).expect(201)["id"]);
    let order = json!({"amount_usd": 8, "vendor": "acme", "description": "chairs"});
    let asked = buyer.post(&format!("/v1/wallets/{wallet}/purchases"), &order).expect(202);
    (wallet, asked["approval"].clone())
}

/// How it ended, and that nothing of the budget is spent or held then.
#[track_caller]
fn ended(scene: &Scene, wallet: &str, approval: &Value) -> String {
    let ended = eventually("it ends", || {
        let now = reread(scene, approval);
        (now["status"] != "pending").then_some(now)
    });
    assert_ne!(ended["status"], "approved", "{ended}");
    let balance = scene.get(&format!("/v1/wallets/{wallet}/balance")).expect(200);
    assert_eq!((&balance["spent_usd"], &balance["held_usd"]), (&json!(0.0), &json!(0.0)), "{ended}");
    text(&ended["status"])
}

fn said(answer: &Answer) -> String {
    format!("{} `{}`", answer.status, text(&answer.json()["code"]))
}

/// What somebody does to an approval.
type Deed<'a> = Box<dyn Fn(&Value) -> Answer + 'a>;

/// What whoever decides does wrong; each while only the console is asked, for two seconds.
fn deciders(scene: &Scene) -> Vec<Line> {
    let agent = scene.key(&json!({"kind": "workspace", "agent_id": "a-1",
        "permissions": ["wallets:spend", "approvals:request", "approvals:decide"]}));
    let powerless = scene.key(&json!({"kind": "workspace"}));
    let foreign = scene.workspace("foreign");
    let raised = json!({"decision": "approve", "reason": "more", "amount_usd": 9});
    let forged = |asked: &Value| {
        let body = json!({"decision": "approve", "reason": "ok", "approval_id": asked["id"]});
        signed(asked, &body, "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ=", 0)
    };
    let receiver = Receiver::ok();
    let hook = scene.endpoint(&receiver, &json!({"events": ["approval.requested"]}));
    let heard = json!({"timeout": "2s", "channels": [hook["id"]]});
    let earlier = crate::ask(scene, &json!({"channels": [hook["id"]]}));
    let replayed = |asked: &Value| {
        let body = json!({"decision": "approve", "reason": "ok", "approval_id": earlier["id"]});
        let mut call = signed(&earlier, &body, &text(&hook["secret"]), 0);
        call.path = at(asked, "");
        call
    };
    let named = json!({"timeout": "2s", "channels": ["console"], "approvers": ["ana"]});
    let open = json!({"timeout": "2s", "channels": ["console"]});
    let deeds: Vec<(&str, &Value, Deed<'_>)> = vec![
        ("no key and no signature", &open, Box::new(|asked| decide(&scene.without_key(), asked, "approve"))),
        ("a forged signature", &open, Box::new(|asked| scene.without_key().send(&forged(asked)))),
        ("a signature made for another approval", &heard, Box::new(|asked| scene.without_key().send(&replayed(asked)))),
        ("a key without the permission", &open, Box::new(|asked| decide(&powerless, asked, "approve"))),
        ("the asking agent's own key", &open, Box::new(|asked| decide(&agent, asked, "approve"))),
        ("another workspace's key", &open, Box::new(|asked| decide(&foreign, asked, "approve"))),
        ("not one of the named approvers", &named, Box::new(|asked| decide(&scene.api, asked, "approve"))),
        ("allows more than was asked for", &open, Box::new(|asked| scene.post(&at(asked, ""), &raised))),
        ("an unknown decision", &open, Box::new(|asked| decide(&scene.api, asked, "yes"))),
        ("no JSON", &open, Box::new(|asked| scene.send(&Call::new("POST", &at(asked, "")).body(b"approve")))),
    ];
    let tried = deeds.into_iter().map(|(fault, terms, deed)| {
        let (wallet, asked) = bought(scene, &agent, terms);
        let answer = said(&deed(&asked));
        Line { part: "approver", fault, answer, ends: ended(scene, &wallet, &asked) }
    });
    tried.collect()
}

/// What time and the receiver do.
fn channels(scene: &Scene) -> Vec<Line> {
    let mut lines = Vec::new();
    let replies = [
        ("answers 500, and again at every retry", Reply::Status(500)),
        ("never answers", Reply::Hang),
        ("resets the connection", Reply::Reset),
        ("answers what is no HTTP", Reply::Babble),
        ("takes the question and says nothing", Reply::Status(200)),
        ("answers 410", Reply::Status(410)),
    ];
    for (fault, reply) in replies {
        let receiver = Receiver::always(reply);
        let endpoint = scene.endpoint(&receiver, &json!({"events": ["approval.requested"]}));
        let (wallet, asked) = bought(scene, &scene.api, &json!({"timeout": "2s", "channels": [endpoint["id"]]}));
        lines.push(Line { part: "receiver", fault, answer: "none".into(), ends: ended(scene, &wallet, &asked) });
    }
    let gone = scene.endpoint(&Receiver::always(Reply::Status(500)), &json!({"events": ["approval.requested"]}));
    let (wallet, asked) = bought(scene, &scene.api, &json!({"timeout": "1h", "channels": [gone["id"]]}));
    scene.delete(&format!("/v1/webhooks/{}", text(&gone["id"]))).expect(204);
    let ends = ended(scene, &wallet, &asked);
    lines.push(Line { part: "endpoint", fault: "is deleted meanwhile", answer: "none".into(), ends });
    let (wallet, asked) = bought(scene, &scene.api, &json!({"timeout": "1h", "channels": ["slack"]}));
    let ends = ended(scene, &wallet, &asked);
    lines.push(Line { part: "channel", fault: "is not set up", answer: "none".into(), ends });
    let (wallet, asked) = bought(scene, &scene.api, &json!({"timeout": "1s", "channels": ["console"]}));
    let ends = ended(scene, &wallet, &asked);
    let answer = said(&decide(&scene.api, &asked, "approve"));
    lines.push(Line { part: "decision", fault: "comes late", answer, ends });
    lines
}

/// What systems outside do: those that are told, the database, the clock.
fn outside(clock: &SetClock) -> Vec<Line> {
    let mut lines = Vec::new();
    let slack = Slack::start();
    slack.answers((0..9).map(|_| Reply::Status(500)));
    let scene = Scene::with(slack.setup("U0ADA"));
    let (wallet, asked) = bought(&scene, &scene.api, &json!({"timeout": "2s", "channels": ["slack"]}));
    let ends = ended(&scene, &wallet, &asked);
    lines.push(Line { part: "Slack", fault: "answers 500", answer: "none".into(), ends });
    let pagerduty = PagerDuty::start();
    pagerduty.answers([Reply::Status(400)]);
    let scene = Scene::with(pagerduty.setup(Setup::default()));
    let (wallet, asked) = bought(&scene, &scene.api, &json!({"timeout": "1h", "channels": ["pagerduty"]}));
    let ends = ended(&scene, &wallet, &asked);
    lines.push(Line { part: "PagerDuty", fault: "answers 400", answer: "none".into(), ends });

    let postgres = Private::start();
    let engine = Engine::Database(Arc::new(Database::create_on(&postgres.address)));
    let scene = Scene::with(Setup { engine, ..Setup::default() });
    let (wallet, asked) = bought(&scene, &scene.api, &json!({"timeout": "3s", "channels": ["console"]}));
    postgres.stop(Restart::Immediate);
    let answer = said(&decide(&scene.api, &asked, "approve"));
    postgres.start_again();
    eventually("it is ready", || (scene.get("/readyz").status == 200).then_some(()));
    let ends = ended(&scene, &wallet, &asked);
    lines.push(Line { part: "store", fault: "is away when it is decided", answer, ends });

    let scene = Scene::with(Setup { env: clock.env(), engine: Engine::Embedded, ..Setup::default() });
    let (wallet, asked) = bought(&scene, &scene.api, &json!({"timeout": "1h", "channels": ["console"]}));
    clock.set(7_200);
    let answer = said(&decide(&scene.api, &asked, "approve"));
    let ends = ended(&scene, &wallet, &asked);
    lines.push(Line { part: "clock", fault: "is set forward past the end", answer, ends });
    lines
}

/// What the process and the asker do.
fn process(scene: &mut Scene) -> Vec<Line> {
    let mut lines = Vec::new();
    let (wallet, asked) = bought(scene, &scene.api, &json!({"timeout": "2s", "channels": ["console"]}));
    scene.server.kill();
    scene.server.restart();
    scene.api = scene.server.api();
    let ends = ended(scene, &wallet, &asked);
    lines.push(Line { part: "server", fault: "is killed while it is pending", answer: "none".into(), ends });
    let asked = crate::ask(&scene.api, &json!({}));
    decide(&scene.api, &asked, "approve").expect(200);
    let used = |digest: &Value| said(&crate::consume(&scene.api, &asked, digest));
    let answer = used(&json!("0".repeat(64)));
    lines.push(Line { part: "agent", fault: "does something else than was approved", answer, ends: "unused".into() });
    crate::consume(&scene.api, &asked, &asked["action_digest"]).expect(200);
    let answer = used(&asked["action_digest"]);
    lines.push(Line { part: "agent", fault: "uses an approval twice", answer, ends: "used once".into() });
    lines
}

#[test]
fn no_fault_allows_anything_and_the_table_says_so() {
    let Some(clock) = SetClock::new() else { return };
    let mut scene = Scene::new();
    let mut lines = deciders(&scene);
    lines.extend(channels(&scene));
    lines.extend(outside(&clock));
    lines.extend(process(&mut scene));
    let mut table = String::from("| part | what goes wrong | answered | ends as |\n| --- | --- | --- | --- |\n");
    for Line { part, fault, answer, ends } in lines {
        assert!(!answer.starts_with('2'), "{part} {fault}: {answer}");
        writeln!(table, "| {part} | {fault} | {answer} | {ends} |").expect("a string takes it");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/concepts/fail-closed.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let head = page.split("| part |").next().expect("a head").trim_end();
    let wanted = format!("{head}\n\n{table}");
    if env("BELLWIRE_WRITE").is_some() {
        std::fs::write(&path, &wanted).expect("it is written");
    }
    let page = std::fs::read_to_string(&path).expect("the page is there");
    assert_eq!(page, wanted, "BELLWIRE_WRITE=1 writes it anew");
}
