//! The published handler: verify, tell apart, ask in Slack, decide on a click.
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Stdio},
    thread,
};

use bellwire_e2e::{Answer, Api, Clicker, Scene, Slack, eventually, list, python, text};
use serde_json::{Value, json};

use crate::{ask, at, reread};

/// The example as a process of its own; it ends with the test.
struct Handler {
    child: Child,
    api: Api,
}

impl Drop for Handler {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port that was free a moment ago: endpoint and handler must know it before the other is there.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

fn start(slack: &Slack, secret: &str, port: u16, state: &std::path::Path) -> Handler {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/approval_handler.py");
    let mut command = python("python");
    command
        .arg(example)
        .arg(port.to_string())
        .env("SECRET", secret)
        .env("APPROVERS", "U0ADA,U0BOB")
        .env("STATE", state);
    // The settings of the double, under the names that the example reads.
    for (name, value) in slack.setup("").env {
        command.env(name.trim_start_matches("BELLWIRE_"), value);
    }
    let mut child = command.stdout(Stdio::piped()).spawn().expect("Python starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it listens");
    let address: SocketAddr = format!("127.0.0.1:{port}").parse().expect("an address");
    Handler { child, api: Api { address, key: None } }
}

fn click(handler: &Handler, clicker: &Clicker, message: &Value, action: &str) -> Answer {
    let blocks = list(&message["blocks"]);
    let buttons = list(&blocks.iter().find(|block| block["type"] == "actions").expect("buttons")["elements"]);
    let button = buttons.iter().find(|button| button["action_id"] == action).expect("the button");
    let mut call = clicker.call(&json!({
        "type": "block_actions", "user": {"id": clicker.user}, "channel": {"id": "C0123456789"},
        "message": {"ts": "1700000000.000001"}, "actions": [button],
    }));
    call.path = "/slack".into();
    handler.api.send(&call)
}

#[test]
fn the_published_handler_asks_in_slack_once_and_decides_on_the_first_click() {
    let (slack, scene, dir) = (Slack::start(), Scene::new(), tempfile::tempdir().expect("a directory"));
    let port = free_port();
    let form = json!({"url": format!("http://127.0.0.1:{port}/approvals"), "dialect": "paygraph",
        "events": ["approval.requested"]});
    let endpoint = scene.subscribe(&scene.api, &form);
    let handler = start(&slack, &text(&endpoint["secret"]), port, &dir.path().join("state.db"));
    let asked = ask(&scene, &json!({"channels": ["webhook"], "title": "Delete <staging> & more?"}));
    let message = slack.alert(0);
    assert!(message.to_string().contains("Delete &lt;staging&gt; &amp; more?"), "{message}");
    // Told again, it asks nobody again.
    let delivery = scene.settled(&endpoint, "success", 1);
    scene.post(&format!("/v1/deliveries/{}/retry", text(&delivery["id"])), &json!({})).expect(202);
    scene.settled(&endpoint, "success", 1);
    let mallory = slack.clicker(&scene, "U0MALLORY");
    click(&handler, &mallory, &message, "approve").expect(200);
    let mut forger = slack.clicker(&scene, "U0ADA");
    forger.secret = "another-secret".into();
    assert_eq!(click(&handler, &forger, &message, "approve").status, 401);
    assert_eq!(reread(&scene, &asked)["status"], "pending");
    // Two people click, each three times, at once: one of them decides.
    thread::scope(|threads| {
        for (user, action) in [("U0ADA", "approve"), ("U0BOB", "deny")].into_iter().cycle().take(6) {
            let (handler, message, clicker) = (&handler, &message, slack.clicker(&scene, user));
            threads.spawn(move || click(handler, &clicker, message, action).expect(200));
        }
    });
    let decided = reread(&scene, &asked);
    let name = format!("endpoint:{}", text(&endpoint["id"]));
    assert_eq!(decided["decided_by"], json!([name]));
    let updates = eventually("all six are told", || Some(slack.calls("chat.update")).filter(|all| all.len() == 6));
    let said = format!("{}: {}", text(&decided["status"]), text(&decided["reason"]));
    for update in updates {
        assert!(text(&update["text"]).ends_with(&said), "the first one's: {update}");
        assert!(!update["blocks"].to_string().contains("button"), "no buttons: {update}");
    }
    assert_eq!(slack.calls("chat.postMessage").len(), 1);
    scene.get(&at(&asked, "")).expect(200);
}
