//! Approvals decided on the command line, and receipts checked without a server.
use std::{io::Write, process::Command};

use bellwire_e2e::{OWNER_KEY, Scene, binary, text};
use serde_json::{Value, json};

use crate::{ask, get};

/// How a command ended, and what it printed.
fn run(scene: &Scene, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(binary("bellwire"));
    let home = tempfile::TempDir::new().expect("a directory");
    command.env_clear().env("HOME", home.path()).current_dir(home.path());
    command.env("BELLWIRE_URL", format!("http://{}", scene.address)).env("BELLWIRE_KEY", OWNER_KEY);
    let output = command.args(arguments).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_waits_is_listed_shown_and_decided_and_the_receipt_is_checked_offline() {
    let scene = Scene::new();
    let console = json!({"channels": ["console"]});
    let (first, second) = (ask(&scene, &console), ask(&scene, &console));
    let (code, out, _) = run(&scene, &["approvals", "--status", "pending"]);
    assert!(code == Some(0) && out.contains(&first) && out.contains(&second), "{out}");
    let (code, out, _) = run(&scene, &["approvals", "get", &first]);
    assert!(code == Some(0) && out.contains("database.delete") && out.contains("120000"), "{out}");
    let (code, _, err) = run(&scene, &["approve", &first, "--reason", " "]);
    assert!(code == Some(2) && err.contains("must say why"), "{err}");
    assert_eq!(get(&scene, &first)["status"], "pending");
    let (code, out, err) = run(&scene, &["approve", &first, "--reason", "it is stale"]);
    assert!(code == Some(0) && out.contains("is approved"), "{out}{err}");
    let (code, out, _) = run(&scene, &["deny", &second, "--reason", "no", "--json"]);
    let denied: Value = serde_json::from_str(&out).expect("JSON");
    assert!(code == Some(0) && denied["status"] == "denied" && denied["reason"] == "no", "{out}");
    let (code, _, err) = run(&scene, &["approve", &second, "--reason", "yes"]);
    assert!(code == Some(4) && err.contains("denied"), "{err}");

    let receipt = text(&get(&scene, &first)["receipt"]);
    let keys = scene.without_key().get("/.well-known/bellwire-keys.json").expect(200);
    let key = text(&keys["keys"][0]["public_key"]);
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    writeln!(file, "{receipt}").expect("written");
    let path = &*file.path().to_str().expect("a path").to_owned();
    let (code, out, err) = run(&scene, &["approvals", "verify-receipt", path, "--key", &key]);
    assert!(code == Some(0) && out.contains("valid receipt") && out.contains(&first), "{out}{err}");
    let (code, out, _) = run(&scene, &["approvals", "verify-receipt", path, "--key", &key, "--json"]);
    let claims: Value = serde_json::from_str(&out).expect("JSON");
    assert!(code == Some(0) && claims["claims"]["approval_id"] == first.as_str(), "{out}");
    writeln!(file, "x").expect("written");
    let (code, _, err) = run(&scene, &["approvals", "verify-receipt", path, "--key", &key]);
    assert!(code == Some(1) && err.contains("receipt"), "{err}");
}
