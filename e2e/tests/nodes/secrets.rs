//! What a node never writes down. The most talkative log shows what the database's driver is given.
use bellwire_e2e::{OWNER_KEY, Receiver, Setup, count, eventually, text};
use serde_json::json;

use crate::cluster::Cluster;

/// Bytes as logs show them.
fn shown(bytes: &[u8]) -> Vec<String> {
    let hex = bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let list = format!("{bytes:?}");
    vec![hex, list.trim_matches(['[', ']']).to_owned()]
}

#[test]
fn secrets_are_nowhere_in_the_log_of_a_node() {
    let mut cluster = Cluster::with_first(&Setup { log: "trace".into(), ..Setup::default() }, 1);
    let (api, receiver) = (cluster.api(0), Receiver::ok());
    let form =
        json!({"url": receiver.url(), "events": ["note.*"], "headers": {"authorization": "Bearer planted-b2f1d7"}});
    let endpoint = api.post("/v1/webhooks", &form).expect(201)["endpoint"].clone();
    let made = api.post("/v1/keys", &json!({"name": "k", "kind": "workspace"})).expect(201);
    api.with_key(&text(&made["api_key"])).get("/v1/me").expect(200);
    let rotate = format!("/v1/webhooks/{}/rotate-secret", text(&endpoint["id"]));
    let rotated = api.post(&rotate, &json!({})).expect(200);
    api.post("/v1/events", &json!({"type": "note.made", "data": {"said": "planted-data-c3a9e2"}})).expect(202);
    eventually("it is delivered and written down", || {
        let page = api.get("/v1/deliveries?limit=1&status=success").expect(200);
        (count(&page["total"]) > 0).then_some(())
    });
    let kept = cluster.database.rows("SELECT value FROM settings WHERE name = 'master key'");
    let master: Vec<u8> = kept.first().expect("no key was given: the database keeps one").get(0);
    assert!(cluster.nodes[0].stop().success());
    let log = cluster.nodes[0].log();
    assert!(log.contains("executing statement"), "the driver was logging: {log}");
    let mut hidden = vec![
        ("the owner key", OWNER_KEY.to_owned()),
        ("an API key", text(&made["api_key"])),
        ("an endpoint's secret", text(&endpoint["secret"]).trim_start_matches("whsec_").to_owned()),
        ("its newer secret", text(&rotated["secret"]).trim_start_matches("whsec_").to_owned()),
        ("a custom header", "planted-b2f1d7".to_owned()),
        ("the data of an event", "planted-data-c3a9e2".to_owned()),
    ];
    hidden.extend(shown(&master).into_iter().map(|shown| ("the master key", shown)));
    for (what, secret) in hidden {
        let found = log.lines().find(|line| line.contains(&secret));
        assert!(found.is_none(), "{what} is in the log: {}", found.unwrap_or_default());
    }
}
