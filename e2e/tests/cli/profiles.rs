//! Where a server is and who asks: flags over environment over a profile.
use std::os::unix::fs::PermissionsExt;

use bellwire_e2e::{OWNER_KEY, Scene, Tool, text};
use serde_json::json;

fn write(tool: &Tool, path: &str, content: &str, mode: u32) {
    let path = tool.home().join(path);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(&path, content).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
}

/// A key, and what `/v1/me` says of it.
fn key(scene: &Scene, name: &str) -> String {
    text(&scene.post("/v1/keys", &json!({"name": name, "kind": "workspace"})).expect(201)["api_key"])
}

#[test]
fn a_profile_says_where_and_who_and_flags_and_environment_go_first() {
    let scene = Scene::new();
    let url = format!("http://{}", scene.address);
    let [one, two, three, four] = ["one", "two", "three", "four"].map(|name| key(&scene, name));
    let file = format!(
        "profile = \"first\"\n[profiles.first]\nurl = \"{url}\"\nkey = \"{one}\"\n[profiles.second]\nurl = \"{url}\"\nkey = \"{two}\"\n"
    );
    let path = ".config/bellwire/config.toml";
    let who = |tool: &Tool, arguments: &[&str]| {
        let doctor = tool.run(&[&["doctor", "--json", "--listen", "127.0.0.1:0"], arguments].concat());
        let told: serde_json::Value = serde_json::from_str(&doctor.out).expect("JSON");
        let checks = told["checks"].as_array().cloned().expect("checks");
        let key = checks.into_iter().find(|check| check["check"] == "key").expect("the key is checked");
        text(&key["detail"]).split(' ').next().unwrap_or_default().to_owned()
    };
    let tool = Tool::new();
    write(&tool, path, &file, 0o600);
    assert_eq!(who(&tool, &[]), "one", "the profile that the file names");
    assert_eq!(who(&tool, &["--profile", "second"]), "two");
    assert_eq!(who(&tool, &["--key", &four]), "four", "a flag over the profile");
    let tool = Tool::new().env("BELLWIRE_PROFILE", "second");
    write(&tool, path, &file, 0o600);
    assert_eq!(who(&tool, &[]), "two");
    assert_eq!(who(&tool, &["--profile", "first"]), "one", "a flag over the environment");
    let tool = Tool::new().env("BELLWIRE_KEY", &three).env("BELLWIRE_PROFILE", "second");
    write(&tool, path, &file, 0o600);
    assert_eq!(who(&tool, &[]), "three", "the environment over the profile");
    assert_eq!(who(&tool, &["--key", &four]), "four", "a flag over both");
    let err = tool.run(&["events", "list", "--profile", "third"]).refused(2);
    assert!(err.contains("no profile `third`") && err.contains("first, second"), "{err}");
    // Elsewhere.
    let tool = Tool::new();
    let tool = {
        let place = tool.home().join("xdg");
        tool.env("XDG_CONFIG_HOME", &place.display().to_string())
    };
    write(&tool, path, "profile = \"wrong\"", 0o600);
    write(&tool, "xdg/bellwire/config.toml", &file, 0o600);
    assert_eq!(who(&tool, &[]), "one");
}

#[test]
fn a_file_that_others_can_read_and_one_that_cannot_be_used_are_told() {
    let scene = Scene::new();
    let tool = Tool::new();
    let path = ".config/bellwire/config.toml";
    let file = format!("profile = \"x\"\n[profiles.x]\nurl = \"http://{}\"\nkey = \"{OWNER_KEY}\"\n", scene.address);
    for mode in [0o644, 0o660, 0o604] {
        write(&tool, path, &file, mode);
        let ran = tool.run(&["events", "list"]);
        assert!(ran.err.contains("others can read the keys") && ran.err.contains("chmod 600"), "{mode:o} {}", ran.err);
        assert!(!ran.err.contains(OWNER_KEY), "{}", ran.err);
        ran.good();
    }
    write(&tool, path, &file, 0o600);
    assert_eq!(tool.run(&["events", "list"]).err, "");
    // Without a key there is nothing to hide.
    write(&tool, path, "[profiles.x]\nurl = \"http://127.0.0.1:1\"\n", 0o644);
    assert!(!tool.run(&["events", "list", "--profile", "x"]).refused(3).contains("warning"));
    write(&tool, path, "[profiles.x]\nurll = \"y\"\n", 0o600);
    let err = tool.run(&["events", "list"]).refused(2);
    assert!(err.contains("config.toml cannot be used") && err.contains("urll"), "{err}");
}
