//! Completions: bash's is asked, the others are read by their shells where those are.
use std::process::Command;

use bellwire_e2e::{Tool, binary};

/// What bash would offer for a line.
fn offered(tool: &Tool, script: &str, words: &[&str]) -> Vec<String> {
    let ask = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); \
        _bellwire bellwire \"${COMP_WORDS[$COMP_CWORD]}\" \"${COMP_WORDS[$((COMP_CWORD - 1))]}\"; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let path = tool.home().join("completions.bash");
    std::fs::write(&path, script).expect("written");
    let output =
        Command::new("bash").args(["--norc", "-c", ask, "bash"]).arg(path).args(words).output().expect("it runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn bash_is_offered_commands_options_and_values() {
    if Command::new("bash").arg("--version").output().is_err() {
        println!("SKIPPED: no bash here");
        return;
    }
    let tool = Tool::new();
    let script = tool.run(&["completions", "bash"]).good();
    assert_eq!(offered(&tool, &script, &["bellwire", "tri"]), ["trigger"]);
    let events = offered(&tool, &script, &["bellwire", "events", ""]);
    for name in ["tail", "list", "get", "post"] {
        assert!(events.iter().any(|offer| offer == name), "{events:?}");
    }
    assert_eq!(offered(&tool, &script, &["bellwire", "listen", "--forw"]), ["--forward-to"]);
    assert_eq!(offered(&tool, &script, &["bellwire", "verify", "rec"]), ["receipt"]);
    assert_eq!(offered(&tool, &script, &["bellwire", "completions", "f"]), ["fish"]);
    assert_eq!(offered(&tool, &script, &["bellwire", "listen", "--js"]), ["--json"]);
    let all = offered(&tool, &script, &["bellwire", "serve", "--"]);
    assert!(!all.iter().any(|offer| ["--home", "--config-home", "--owner-key"].contains(&offer.as_str())), "{all:?}");
}

#[test]
fn other_shells_take_their_scripts() {
    let tool = Tool::new();
    for (shell, check) in [("zsh", Some("-n")), ("fish", Some("--no-execute")), ("elvish", None), ("powershell", None)]
    {
        let script = tool.run(&["completions", shell]).good();
        assert!(script.contains("forward-to") && script.contains("trigger"), "{shell}");
        let path = tool.home().join(shell);
        std::fs::write(&path, script).expect("written");
        let Some(check) = check else { continue };
        match Command::new(shell).arg(check).arg(path).output() {
            Ok(output) => assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr)),
            Err(_) => println!("SKIPPED: no {shell} here"),
        }
    }
    let refused = tool.run(&["completions", "tcsh"]).refused(2);
    assert!(refused.contains("bash") && refused.contains("zsh"), "{refused}");
    assert!(binary("bellwire").is_file());
}
