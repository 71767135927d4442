//! The description of events, judged by AsyncAPI's own parser.
use std::fs;

use bellwire_e2e::{Scene, list, node, text};

#[test]
fn the_parser_of_asyncapi_finds_nothing_wrong_with_what_the_server_tells() {
    let scene = Scene::new();
    let told = scene.without_key().get("/asyncapi.json");
    let document = told.expect(200);
    assert_eq!(told.header("content-type"), Some("application/json"));
    let scratch = tempfile::TempDir::new().expect("a temporary directory");
    let file = scratch.path().join("asyncapi.json");
    fs::write(&file, &told.body).expect("written");
    let output = node("e2e/node/asyncapi.mjs").arg(&file).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    // Every type that may be subscribed to is told by the channel of its family, and by no other.
    let types = scene.get("/v1/event-types?limit=200").expect(200);
    for kind in list(&types["event_types"]).iter().map(|kind| text(&kind["name"])) {
        let channels = document["channels"].as_object().expect("channels");
        let telling: Vec<&String> = channels
            .iter()
            .filter(|(_, channel)| channel["messages"][&kind].is_object())
            .map(|(name, _)| name)
            .collect();
        assert_eq!(telling, [kind.split('.').next().unwrap_or_default()], "{kind}");
    }
}

#[test]
fn the_parser_of_asyncapi_sees_what_is_wrong() {
    let scratch = tempfile::TempDir::new().expect("a temporary directory");
    let file = scratch.path().join("asyncapi.json");
    let good = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../asyncapi.json")).expect("it is committed");
    let nowhere =
        good.replacen("#/components/messages/purchase.succeeded", "#/components/messages/purchase.nothing", 1);
    let elsewhere = good.replacen("#/components/messages/custom", "https://example.com/custom.json", 1);
    for wrong in [nowhere, elsewhere] {
        assert_ne!(wrong, good);
        fs::write(&file, wrong).expect("written");
        let output = node("e2e/node/asyncapi.mjs").arg(&file).output().expect("it runs");
        assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
