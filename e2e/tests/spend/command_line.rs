//! The same from the command line.
use std::process::Command;

use bellwire_e2e::{OWNER_KEY, Scene, binary, text};
use serde_json::{Value, json};

use crate::balance;

/// What a command printed, and how it ended.
fn run(scene: &Scene, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(binary("bellwire"));
    let home = tempfile::TempDir::new().expect("a directory");
    command.env_clear().env("HOME", home.path()).current_dir(home.path());
    command.env("BELLWIRE_URL", format!("http://{}", scene.address)).env("BELLWIRE_KEY", OWNER_KEY);
    let output = command.args(arguments).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// What a command that succeeds tells programs.
#[track_caller]
fn ask(scene: &Scene, arguments: &[&str]) -> Value {
    let (code, out, err) = run(scene, &[arguments, &["--json"]].concat());
    assert_eq!(code, Some(0), "{arguments:?}: {err}");
    serde_json::from_str(&out).expect("JSON")
}

#[test]
fn a_wallet_is_made_spent_from_and_managed() {
    let scene = Scene::new();
    let made =
        ask(&scene, &["wallets", "create", "ci", "--budget", "20.5", "--window", "daily", "--max-transaction", "15"]);
    let id = text(&made["id"]);
    assert_eq!(made["limits"]["max_transaction_usd"], 15.0);
    let buy = ["buy", &id, "3.000000001", "anthropic", "--category", "tokens", "--idempotency-key", "k"];
    let bought = ask(&scene, &buy);
    assert_eq!((&bought["status"], &bought["category"]), (&json!("succeeded"), &json!("tokens")));
    assert_eq!(ask(&scene, &buy), bought, "once");
    let held = text(&ask(&scene, &["buy", &id, "5", "aws", "--hold", "--expires-in", "1h"])["id"]);
    let (code, out, _) = run(&scene, &["wallets", "balance", &id]);
    assert_eq!(code, Some(0));
    assert!(out.contains("can be spent     12.499999999\n") && out.contains("held             5.00\n"), "{out}");
    let (code, _, err) = run(&scene, &["buy", &id, "13", "aws"]);
    assert_eq!(code, Some(4), "{err}");
    assert!(err.contains("12.499999999 of the 20.50 USD of the wallet are left; it starts anew at 20"), "{err}");
    assert!(err.contains(&format!("bellwire wallets update {id} --budget")), "{err}");
    let (code, out, _) = run(&scene, &["holds", "capture", &held, "--amount", "4"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("captured       4.00\n") && out.contains("left to spend  13.499999999\n"), "{out}");
    let (code, _, err) = run(&scene, &["holds", "void", &held]);
    assert!(code == Some(4) && err.contains("captured already"), "{err}");
    let back = ask(&scene, &["refund", &text(&bought["id"]), "--amount", "1", "--reason", "broken"]);
    assert_eq!(back["amount_usd"], 1.0);
    let failing = text(&ask(&scene, &["buy", &id, "1", "aws", "--hold"])["id"]);
    let failed = ask(&scene, &["holds", "fail", &failing, "--code", "declined", "--message", "No."]);
    assert_eq!(failed["status"], "failed");
    let (code, out, _) = run(&scene, &["wallets", "purchases", &id]);
    assert!(code == Some(0) && out.lines().count() == 4 && out.contains("3.000000001"), "{out}");
    ask(&scene, &["wallets", "freeze", &id, "--reason", "review"]);
    let (code, _, err) = run(&scene, &["buy", &id, "1", "aws"]);
    assert!(code == Some(4) && err.contains("frozen: review") && err.contains("unfreeze"), "{err}");
    ask(&scene, &["wallets", "unfreeze", &id, "--reason", "fine"]);
    let raised = ask(&scene, &["wallets", "update", &id, "--budget", "30", "--reason", "more"]);
    assert_eq!((&raised["budget_usd"], &raised["status"]), (&json!(30.0), &json!("active")));
    assert_eq!(balance(&scene, &made)["spendable_usd"].to_string(), "23.999999999");
    let (_, out, _) = run(&scene, &["wallets", "list"]);
    assert!(out.contains(&id) && out.contains("23.999999999"), "{out}");
    assert_eq!(run(&scene, &["wallets", "update", &id, "--reason", "none"]).0, Some(2));
    let (code, _, err) = run(&scene, &["buy", &id, "-5", "aws"]);
    assert!(code == Some(4) && err.contains("`amount_usd` must not be negative"), "{err}");
}

#[test]
fn what_waits_for_people_says_which_approval_it_waits_for() {
    let scene = Scene::new();
    let rules = json!([{"require_approval_above_usd": 2, "approval": {"channels": ["console"]}}]);
    let policy = scene.post("/v1/policies", &json!({"name": "people", "rules": rules})).expect(201);
    let wallet = json!({"name": "ci", "budget_usd": 10, "policy_id": policy["id"]});
    let id = text(&scene.post("/v1/wallets", &wallet).expect(201)["id"]);
    for more in [&[] as &[&str], &["--hold"]] {
        let (code, out, err) = run(&scene, &[&["buy", &id, "3", "aws"], more].concat());
        assert!(code == Some(0) && out.contains("amount         3.00\n"), "{out}{err}");
        let asked = out.lines().find_map(|line| line.strip_prefix("approval")).expect("an approval").trim();
        assert_eq!(scene.get(&format!("/v1/approvals/{asked}")).expect(200)["status"], "pending");
    }
}
