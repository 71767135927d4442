//! What is done through one node is true on the other at once.
use std::{collections::BTreeSet, sync::Arc, thread, time::Duration};

use bellwire_e2e::{Call, Engine, Receiver, Setup, eventually, list, now, postgres::Database, text, watch};
use serde_json::{Value, json};

use crate::cluster::Cluster;

/// How long a change may take to be true on the other node.
const SOON: Duration = Duration::from_secs(1);

#[track_caller]
fn soon(what: &str, holds: impl FnMut() -> Option<()>) {
    let began = now();
    eventually(what, holds);
    println!("{what}: after {} ms", began.elapsed().as_millis());
    assert!(began.elapsed() < SOON, "{what}: after {:?}", began.elapsed());
}

#[test]
fn nodes_that_start_at_once_on_an_empty_database_agree() {
    let database = Arc::new(Database::create());
    let setup = Setup { engine: Engine::Database(database), ..Setup::default() };
    let starting: Vec<_> = (0..3).map(|_| setup.clone()).map(|setup| thread::spawn(|| setup.start())).collect();
    let nodes: Vec<_> = starting.into_iter().map(|node| node.join().expect("it starts")).collect();
    let keys: BTreeSet<String> = nodes
        .iter()
        .map(|node| {
            node.api().get("/v1/me").expect(200);
            node.api().get("/.well-known/bellwire-keys.json").expect(200).to_string()
        })
        .collect();
    assert_eq!(keys.len(), 1, "one signing key");
    assert_eq!(list(&nodes[0].api().get("/v1/workspaces").expect(200)["workspaces"]).len(), 1);
}

#[test]
fn an_endpoint_changed_and_a_key_revoked_through_one_node_are_so_on_the_other() {
    let cluster = Cluster::start(2);
    let (one, two) = (cluster.api(0), cluster.api(1));
    let (before, after) = (Receiver::ok(), Receiver::ok());
    let form = json!({"url": before.url(), "events": ["note.*"]});
    let endpoint = text(&one.post("/v1/webhooks", &form).expect(201)["endpoint"]["id"]);
    let path = format!("/v1/webhooks/{endpoint}");
    let note = || text(&two.post("/v1/events", &json!({"type": "note.made", "data": {}})).expect(202)["event"]["id"]);
    // Made on one: sent by the other.
    note();
    soon("made: the other sends to it", || (before.hits() == 1).then_some(()));
    // Paused on one: what the other takes waits.
    one.patch(&path, &json!({"status": "paused"})).expect(200);
    soon("paused: the other says so", || (two.get(&path).expect(200)["endpoint"]["status"] == "paused").then_some(()));
    let mut sent = before.hits();
    soon("paused: the other sends nothing more", || {
        note();
        let still = before.hits() == sent;
        sent = before.hits();
        still.then_some(())
    });
    let waiting = note();
    watch(Duration::from_millis(1500), "a paused endpoint gets nothing", || before.hits() == sent);
    // Moved and resumed on one: the other sends to the new place, what waited too.
    one.patch(&path, &json!({"url": after.url(), "status": "active"})).expect(200);
    soon("resumed elsewhere: what waited is sent there", || after.event_ids().contains(&waiting).then_some(()));
    let fresh = note();
    soon("resumed elsewhere: the other sends there", || after.event_ids().contains(&fresh).then_some(()));
    assert_eq!(before.hits(), sent, "nothing more to the old place");
    // A key.
    let made = one.post("/v1/keys", &json!({"name": "k", "kind": "workspace"})).expect(201);
    let key = two.with_key(&text(&made["api_key"]));
    key.get("/v1/me").expect(200);
    one.delete(&format!("/v1/keys/{}", text(&made["id"]))).expect(204);
    soon("revoked: the other refuses it", || (key.get("/v1/me").status == 401).then_some(()));
    // Deleted on one: gone on the other.
    one.delete(&path).expect(204);
    soon("deleted: the other does not know it", || (two.get(&path).status == 404).then_some(()));
}

#[test]
fn a_stream_and_a_poll_on_one_node_tell_the_events_of_both_in_commit_order_with_none_missed() {
    let cluster = Cluster::start(2);
    let api = cluster.api(1);
    let start = text(&api.get("/v1/events/poll").expect(200)["next_cursor"]);
    let stream = api.stream(&Call::new("GET", "/v1/events/stream?types=order.*"));
    let end = |id: &str| id == "the-end";
    let streaming = thread::spawn(move || {
        let mut ids = Vec::new();
        for (id, _) in stream {
            let over = end(&id);
            ids.push(id);
            if over {
                break;
            }
        }
        ids
    });
    let polling = thread::spawn(move || {
        let (mut ids, mut after): (Vec<String>, String) = (Vec::new(), start);
        while ids.last().is_none_or(|id| !end(id)) {
            let path = format!("/v1/events/poll?types=order.*&limit=50&wait=5s&after={after}");
            let page = api.get(&path).expect(200);
            ids.extend(list(&page["events"]).iter().map(|event: &Value| text(&event["id"])));
            after = text(&page["next_cursor"]);
        }
        ids
    });
    let load = cluster.load("stream");
    eventually("the load is under way", || (load.count() > 500).then_some(()));
    let in_vain = load.in_vain();
    let accepted = load.stop();
    let (last, began) = (json!({"type": "order.paid", "data": {}, "id": "the-end", "namespace": "n0"}), now());
    cluster.api(0).post("/v1/events", &last).expect(202);
    let (streamed, polled) = (streaming.join().expect("it ends"), polling.join().expect("it ends"));
    println!(
        "the other node's stream and poll had the last of {} events after {} ms",
        streamed.len(),
        began.elapsed().as_millis()
    );
    let rows = cluster.database.rows("SELECT id FROM events WHERE type = 'order.paid' ORDER BY seq");
    let stored: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(streamed, stored, "the stream");
    assert_eq!(polled, stored, "the poll");
    cluster.check("streamed and polled", in_vain, &accepted);
}
