//! Exit codes: each by a real case, for people and for programs.
use std::net::TcpListener;

use bellwire_e2e::{Receiver, Reply, Scene, Tool};
use serde_json::{Value, json};

#[test]
fn every_documented_exit_code_is_what_happens() {
    let scene = Scene::new();
    let (tool, none) = (Tool::at(&scene.api), Tool::new());
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let away = format!("http://{closed}");
    let broken = Receiver::always(Reply::Status(500));
    let failing = broken.url();
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let headers = ["-H", "webhook-id: a", "-H", "webhook-timestamp: 1", "-H", "webhook-signature: v1,AAAA"];
    let wrong = [&["verify", "signature", "--secret", secret], &headers[..]].concat();
    let cases: [(&Tool, &[&str], i32, &str); 21] = [
        (&tool, &["events", "list"], 0, ""),
        (&tool, &["--version"], 0, ""),
        (&tool, &["listen", "--help"], 0, ""),
        (&tool, &wrong, 1, ""),
        (&tool, &["verify", "audit", "/nowhere"], 1, "cannot read /nowhere"),
        (&tool, &["events", "list", "--url", &failing], 1, "500"),
        (&tool, &["catch", "--listen", "192.0.2.1:1"], 1, "cannot listen on 192.0.2.1:1"),
        (&tool, &["evnets"], 2, "events"),
        (&tool, &["events", "lst"], 2, "list"),
        (&tool, &["buy", "wal_x"], 2, "<AMOUNT"),
        (&tool, &["events", "post", "a.b", "--data", "{"], 2, "--data is not JSON"),
        (&tool, &["events", "list", "--url", "ftp://x"], 2, "must start with http:// or https://"),
        (&tool, &["trigger", "wallet.crated"], 2, "wallet.created"),
        (&none, &["events", "list", "--url", &away], 3, "cannot reach"),
        (&none, &["events", "tail", "--url", &away], 3, "bellwire serve"),
        (&none, &["listen", "--url", &away], 3, "--url or BELLWIRE_URL"),
        (&tool, &["events", "get", "evt_01KAJ0Q8ZV8J6N2T4R5W7X9Y1B"], 4, "404"),
        (&tool, &["events", "list", "--limit", "1000"], 4, "limit"),
        (&tool, &["events", "list", "--key", "wrong"], 4, "401"),
        (&tool, &["endpoints", "create", "--to", "nowhere", "--events", "*"], 4, "url"),
        (&tool, &["wait-for", "never.sent", "--timeout", "50ms"], 5, "no never.sent within 50 ms"),
    ];
    let help = tool.run(&["--help"]).good();
    for (tool, arguments, code, says) in cases {
        let ran = tool.run(arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(says), "{arguments:?}: {}", ran.err);
        assert!(help.contains(&format!("\n  {code}  ")), "{code} is documented:\n{help}");
        assert!(!ran.err.contains('\u{1b}') && !ran.out.contains('\u{1b}'), "no colours in a pipe: {}", ran.err);
        if code != 0 && !says.is_empty() {
            let told: Value =
                serde_json::from_str(&tool.run(&[arguments, &["--json"]].concat()).refused(code)).expect("JSON");
            assert_eq!(told["exit_code"], code, "{told}");
            assert!(told["error"].is_string() && told["hints"].is_array(), "{told}");
            assert_eq!(
                told["problem"].is_object(),
                code == 4 || (code == 1 && told["problem"] != json!(null)),
                "{told}"
            );
        }
    }
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let scene = Scene::new();
    scene.events("a.b", 200);
    let tool = Tool::at(&scene.api);
    let binary = bellwire_e2e::binary("bellwire");
    let mut command = std::process::Command::new("bash");
    let script = "set -o pipefail; \"$1\" events list --limit 200 | head -n 1";
    command.args(["-c", script, "bash"]).arg(binary).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", tool.home());
    command.env("BELLWIRE_URL", format!("http://{}", scene.address)).env("BELLWIRE_KEY", bellwire_e2e::OWNER_KEY);
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(0));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("error"), "{:?}", output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
}
