//! A development server and the commands of the same user on the same machine: no key is asked for.
use std::os::unix::fs::PermissionsExt;

use bellwire_e2e::{Receiver, Scene, Setup, Tool, eventually, text};
use serde_json::json;

/// A server that knows the home of this user.
fn serve(tool: &Tool, dev: bool) -> Scene {
    let env = vec![("HOME", tool.home().display().to_string())];
    Scene::with(Setup { dev, env, ..Setup::default() })
}

fn left(tool: &Tool) -> Vec<std::path::PathBuf> {
    let folder = std::fs::read_dir(tool.home().join(".local/state/bellwire/local"));
    folder.map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
}

#[test]
fn the_commands_of_whoever_runs_a_development_server_need_no_key() {
    let tool = Tool::new();
    let mut scene = serve(&tool, true);
    let url = format!("http://{}", scene.address);
    let at = format!("http://localhost:{}", scene.address.port());
    let posted = tool.ask(&["trigger", "purchase.succeeded", "--url", &url]);
    assert_eq!(posted["event"]["type"], "purchase.succeeded");
    tool.run(&["events", "list", "--url", &at]).good();
    let keys = tool.ask(&["keys", "list", "--url", &url]);
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(1), "it is in no row: {keys}");
    let [path] = left(&tool).try_into().expect("one file");
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().expect("a folder"))), (0o600, 0o700));
    let content = std::fs::read_to_string(&path).expect("it is there");
    let key = content.split('"').nth(1).expect("a key").to_owned();
    assert!(!scene.server.log().contains(&key), "no secret in the log");
    // Somebody else's file is no way in, and neither is one that others can read.
    let stranger = Tool::new().run(&["events", "list", "--url", &url]).refused(4);
    assert!(
        stranger.contains("401") && stranger.contains("BELLWIRE_KEY") && stranger.contains("serve --dev"),
        "{stranger}"
    );
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set");
    tool.run(&["events", "list", "--url", &url]).refused(4);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
    // A key that is given is the one that counts.
    tool.run(&["events", "list", "--url", &url, "--key", "bw_admin_wrong"]).refused(4);
    // A listener goes on over a restart, after which the key is another one.
    let receiver = Receiver::ok();
    let running = tool.start(&["listen", "--json", "--url", &url, "--forward-to", &receiver.url()]);
    running.printed("ready", 1);
    scene.server.kill();
    let old = scene.with_key(&key);
    scene.server.restart();
    old.get("/v1/me").expect(401);
    let id = scene.event("order.paid", &json!({}));
    running.printed("delivery", 1);
    assert_eq!(receiver.event_ids(), [id]);
    // At the end it is taken away.
    scene.server.stop();
    assert!(left(&tool).is_empty());
    scene.server.restart();
    eventually("there is another", || (left(&tool).len() == 1).then_some(()));
    // What was left by a server that was killed is removed by the next start, wherever that listens.
    scene.server.kill();
    assert_eq!(left(&tool).len(), 1);
    let other = serve(&tool, true);
    let [now] = left(&tool).try_into().expect("one file");
    assert!(now.display().to_string().contains(&other.address.port().to_string()), "{}", now.display());
    drop(other);
    scene.server.restart();
    let now = std::fs::read_to_string(&path).expect("it is there");
    assert!(!now.contains(&key));
}

#[test]
fn it_ends_with_the_owner_key_and_a_server_that_is_no_development_server_leaves_none() {
    let tool = Tool::new();
    let scene = serve(&tool, true);
    let url = format!("http://{}", scene.address);
    let admin = text(&tool.ask(&["keys", "create", "mine", "--kind", "admin", "--url", &url])["api_key"]);
    let owner = tool.ask(&["keys", "list", "--url", &url])["keys"].as_array().cloned().expect("keys");
    let owner = owner.iter().find(|key| key["kind"] == "owner").expect("the owner's");
    let revoked = tool.run(&["keys", "revoke", &text(&owner["id"]), "--url", &url, "--key", &admin]);
    if revoked.code == Some(0) {
        tool.run(&["events", "list", "--url", &url]).refused(4);
    }
    let other = Tool::new();
    let scene = serve(&other, false);
    assert!(left(&other).is_empty());
    other.run(&["events", "list", "--url", &format!("http://{}", scene.address)]).refused(4);
}
