//! Every command there is, as the help of each names those below it: all of them take `--json`, and what they then
//! print is JSON.
use std::collections::BTreeSet;

use bellwire_e2e::{Receiver, Scene, Tool, eventually, list, text};
use serde_json::{Value, json};

/// Those that print no data, or are told otherwise, with why.
const EXEMPT: [(&str, &str); 4] = [
    ("serve", "its log and its ready line have --log-format json"),
    ("completions", "prints a script"),
    ("migrate sqlite-to-postgres", "has its own tests"),
    ("bench", "has its own tests in the benchmarks"),
];

/// The names of all commands that have none below them, and of those that do something by themselves.
fn leaves(tool: &Tool) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![Vec::<String>::new()]);
    while let Some(path) = open.pop() {
        let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let help = tool.run(&arguments).good();
        assert!(help.contains("--json"), "{path:?} takes --json");
        let below = help.split_once("\nCommands:\n").map(|(_, rest)| rest.split("\n\n").next().unwrap_or_default());
        let names: Vec<String> = below
            .unwrap_or_default()
            .lines()
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .filter(|name| name != "help")
            .collect();
        let alone = help.matches(&format!("bellwire {} ", path.join(" "))).count() > 1;
        if names.is_empty() || (alone && !path.is_empty()) {
            found.insert(path.join(" "));
        }
        open.extend(names.into_iter().map(|name| [path.clone(), vec![name]].concat()));
    }
    found
}

/// All that is printed, as one document or one a line.
#[track_caller]
fn documents(what: &str, out: &str) -> Vec<Value> {
    if let Ok(whole) = serde_json::from_str(out) {
        return vec![whole];
    }
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{what} printed {line}: {error}"));
    out.lines().map(read).collect()
}

/// Runs commands, and knows which are left.
struct Walk<'a> {
    tool: &'a Tool,
    left: BTreeSet<String>,
}

impl Walk<'_> {
    /// Runs one; the first document that it prints.
    #[track_caller]
    fn run(&mut self, command: &str, arguments: &[&str]) -> Value {
        self.run_with(command, arguments, "")
    }

    #[track_caller]
    fn run_with(&mut self, command: &str, arguments: &[&str], stdin: &str) -> Value {
        self.left.remove(command);
        let words: Vec<&str> = command.split(' ').collect();
        let ran = self.tool.run_with(&[&words, arguments, &["--json"]].concat(), stdin);
        let out = ran.good();
        let found = documents(command, &out);
        assert!(!found.is_empty(), "{command} prints something");
        found[0].clone()
    }
}

fn id(value: &Value) -> String {
    text(&value["id"])
}

#[test]
fn every_command_that_prints_data_prints_json_when_it_is_asked_to() {
    let scene = Scene::new();
    let tool = Tool::at(&scene.api);
    let receiver = Receiver::ok();
    let left = leaves(&tool);
    assert!(left.len() > 55, "{left:?}");
    let mut walk = Walk { tool: &tool, left };
    for (name, _) in EXEMPT {
        assert!(walk.left.remove(name), "{name} is there");
    }
    events(&mut walk, &scene, &receiver);
    money(&mut walk);
    people(&mut walk, &scene);
    this_machine(&mut walk, &receiver);
    assert!(walk.left.is_empty(), "not tried: {:?}", walk.left);
}

fn events(walk: &mut Walk, scene: &Scene, receiver: &Receiver) {
    let url = receiver.url();
    let made = walk.run("endpoints create", &["--to", &url, "--events", "order.*"]);
    let endpoint = id(&made["endpoint"]);
    let posted = walk.run("events post", &["order.paid", "--data", "{\"n\": 1}"]);
    walk.run("events get", &[&id(&posted["event"])]);
    walk.run("events list", &["--type", "order.*"]);
    walk.run("trigger", &["purchase.succeeded"]);
    walk.run("wait-for", &["order.*", "--since", "1h"]);
    let tail = walk.tool.start(&["events", "tail", "--json", "--count", "1", "--after", &id(&posted["event"])]);
    walk.left.remove("events tail");
    scene.event("order.sent", &json!({}));
    assert_eq!(documents("events tail", &tail.ends().good()).len(), 1);
    for name in ["get", "test", "pause", "resume", "stats", "rotate"] {
        walk.run(&format!("endpoints {name}"), &[&endpoint]);
    }
    walk.run("endpoints list", &[]);
    walk.run("endpoints update", &[&endpoint, "--description", "x"]);
    let deliveries = eventually("it is delivered", || {
        let found = list(&scene.get("/v1/deliveries?status=success").expect(200)["deliveries"]);
        (!found.is_empty()).then_some(found)
    });
    walk.run("deliveries list", &["--endpoint", &endpoint]);
    walk.run("deliveries get", &[&id(&deliveries[0])]);
    walk.run("deliveries retry", &[&id(&deliveries[0])]);
    walk.run("deliveries replay", &[&endpoint, "--since", "1h"]);
    let listening = walk.tool.start(&["listen", "--json", "--count", "1"]);
    walk.left.remove("listen");
    listening.printed("ready", 1);
    scene.event("order.sent", &json!({}));
    assert_eq!(documents("listen", &listening.ends().good()).len(), 2);
    walk.run("endpoints delete", &[&endpoint]);
}

fn money(walk: &mut Walk) {
    let wallet = id(&walk.run("wallets create", &["w", "--budget", "100"]));
    for name in ["get", "balance", "purchases"] {
        walk.run(&format!("wallets {name}"), &[&wallet]);
    }
    walk.run("wallets list", &[]);
    walk.run("wallets update", &[&wallet, "--budget", "200", "--reason", "more"]);
    walk.run("wallets freeze", &[&wallet, "--reason", "x"]);
    walk.run("wallets unfreeze", &[&wallet, "--reason", "x"]);
    let bought = id(&walk.run("buy", &[&wallet, "5", "aws"]));
    walk.run("refund", &[&bought, "--reason", "broken"]);
    for (name, more) in [("capture", &[][..]), ("void", &[]), ("fail", &["--code", "a", "--message", "b"])] {
        let held = id(&walk.run("buy", &[&wallet, "1", "aws", "--hold"]));
        walk.run(&format!("holds {name}"), &[&[held.as_str()], more].concat());
    }
    let file = walk.tool.home().join("policy.json");
    std::fs::write(&file, json!({"name": "p", "rules": [{"max_transaction_usd": 10}]}).to_string()).expect("written");
    let policy = id(&walk.run("policies create", &["--file", &file.display().to_string()]));
    walk.run("policies list", &[]);
    walk.run("policies get", &[&policy]);
    walk.run("policies evaluate", &[&policy, "5", "aws"]);
    walk.run("policies replay", &[&policy, "--since", "1h"]);
    std::fs::write(&file, json!({"rules": [{"max_transaction_usd": 20}]}).to_string()).expect("written");
    let changed = walk.run("policies update", &[&policy, "--file", &file.display().to_string()]);
    assert_eq!((&changed["name"], &changed["version"]), (&json!("p"), &json!(2)), "what is not in the file stays");
    assert_eq!(walk.run("policies versions", &[&policy])["versions"].as_array().map(Vec::len), Some(2));
    walk.run("policies delete", &[&policy]);
}

fn people(walk: &mut Walk, scene: &Scene) {
    let ask = || {
        let form = json!({"title": "Drop it?", "action": "database.delete", "details": {"database": "staging"},
            "channels": ["console"]});
        id(&scene.post("/v1/approvals", &form).expect(201))
    };
    let (first, second) = (ask(), ask());
    walk.run("approvals", &[]);
    walk.run("approvals get", &[&first]);
    let approved = walk.run("approve", &[&first, "--reason", "stale"]);
    walk.run("deny", &[&second, "--reason", "no"]);
    let receipt = text(&approved["receipt"]);
    let keys = scene.without_key().get("/.well-known/bellwire-keys.json").expect(200);
    let key = text(&keys["keys"][0]["public_key"]);
    for command in ["verify receipt", "approvals verify-receipt"] {
        let checked = walk.run_with(command, &["--key", &key], &receipt);
        assert_eq!((&checked["valid"], &checked["claims"]["approval_id"]), (&json!(true), &json!(first)), "{command}");
        assert_eq!(walk.run_with(command, &["--public-key", &key], &receipt), checked);
    }
    let made = walk.run("keys create", &["ci"]);
    walk.run("keys list", &[]);
    walk.run("keys revoke", &[&id(&made)]);
    walk.run("console-link", &[]);
    walk.run("audit", &[]);
    walk.run("audit list", &[]);
    walk.left.remove("audit export");
    let export = walk.tool.run(&["audit", "export", "--json"]).good();
    let entries = documents("audit export", &export).len();
    for command in ["verify audit", "audit verify"] {
        let checked = walk.run_with(command, &["-"], &export);
        assert_eq!((&checked["valid"], &checked["entries"]), (&json!(true), &json!(entries)), "{command}");
        let forged = export.replacen("\"action\":\"key.create\"", "\"action\":\"key.delete\"", 1);
        assert_ne!(forged, export);
        let words: Vec<&str> = command.split(' ').collect();
        let ran = walk.tool.run_with(&[&words[..], &["-", "--json"]].concat(), &forged);
        assert_eq!((ran.code, &documents(command, &ran.out)[0]["valid"]), (Some(1), &json!(false)), "{command}");
    }
}

fn this_machine(walk: &mut Walk, receiver: &Receiver) {
    let doctor = walk.tool.run(&["doctor", "--json", "--listen", "127.0.0.1:0"]);
    walk.left.remove("doctor");
    assert_eq!(documents("doctor", &doctor.out)[0]["ok"], true, "{}", doctor.out);
    let catching = walk.tool.start(&["catch", "--json", "--listen", "127.0.0.1:0"]);
    walk.left.remove("catch");
    catching.prints("listening");
    catching.signal("-INT");
    documents("catch", &catching.ends().good());
    walk.run("openapi", &[]);
    walk.run("asyncapi", &[]);
    walk.run("demo", &["--exit"]);
    let seen = receiver.seen().into_iter().next().expect("a delivery");
    let body = walk.tool.home().join("body");
    std::fs::write(&body, &seen.body).expect("written");
    let headers: Vec<String> = ["webhook-id", "webhook-timestamp", "webhook-signature"]
        .iter()
        .map(|name| format!("{name}: {}", seen.header(name)))
        .collect();
    let path = body.display().to_string();
    let mut arguments = vec!["--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "--body", path.as_str()];
    for header in &headers {
        arguments.extend(["-H", header.as_str()]);
    }
    walk.left.remove("verify signature");
    let wrong = walk.tool.run(&[&["verify", "signature", "--json"], &arguments[..]].concat());
    let told = documents("verify signature", &wrong.out);
    assert_eq!((wrong.code, &told[0]["valid"]), (Some(1), &json!(false)), "{}", wrong.out);
}
