//! Every event is told to NATS once and in order, whoever dies meanwhile.
use std::{collections::HashSet, sync::Arc, time::Duration};

use bellwire_e2e::{
    Api, Engine, Load, Message, Nats, Receiver, Scene, Server, Setup, eventually, eventually_within, list,
    postgres::Database, text, watch,
};
use serde_json::{Value, json};

const STREAM: &str = "BELLWIRE";
/// How long what was accepted may take to arrive: only spent in failure.
const ARRIVES: Duration = Duration::from_mins(2);

fn publishing(nats: &Nats) -> Setup {
    Setup { env: vec![("BELLWIRE_NATS_URL", nats.url())], ..Setup::default() }
}

fn on(database: &Arc<Database>, setup: Setup) -> Setup {
    Setup { engine: Engine::Database(Arc::clone(database)), ..setup }
}

/// The ids of all events of the workspace, oldest first.
#[track_caller]
fn told_by(api: &Api) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/v1/events?limit=200{cursor}")).expect(200);
        ids.extend(list(&page["events"]).iter().map(|event| text(&event["id"])));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    ids.reverse();
    ids
}

fn ids(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| text(&message.body["id"])).collect()
}

/// Waits until the stream has everything, and looks whether it has it once and in order.
#[track_caller]
fn agree(nats: &Nats, api: &Api, accepted: usize) {
    let events = told_by(api);
    assert!(events.len() >= accepted, "{} of {accepted} accepted", events.len());
    eventually_within(ARRIVES, "the stream has as many", || (nats.total(STREAM) >= events.len() as u64).then_some(()));
    let messages = ids(&nats.messages(STREAM));
    let distinct: HashSet<&String> = messages.iter().collect();
    assert_eq!(distinct.len(), messages.len(), "once");
    assert_eq!(messages, events, "in order");
}

/// How many events a node has published since it started.
fn published(api: &Api) -> u64 {
    let metrics = api.get("/metrics");
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    let line = text.lines().find(|line| line.starts_with("bellwire_published_total"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn every_event_is_in_the_stream_once_and_in_order_whoever_is_killed() {
    let mut nats = Nats::start();
    let mut server = publishing(&nats).start();
    let load = Load::start("evt", 4, vec![server.api()]);
    let mut goal = 0;
    let mut more = |load: &Load| {
        goal = load.count() + 150;
        eventually("more is accepted", || (load.count() >= goal).then_some(()));
    };
    for round in 0..6 {
        more(&load);
        // So many at once that publishing is in the middle of them when somebody dies.
        let before = nats.total(STREAM);
        for _ in 0..6 {
            let events: Vec<Value> = (0..500).map(|nth| json!({"type": "order.paid", "data": {"nth": nth}})).collect();
            server.api().post("/v1/events/batch", &json!({"events": events})).expect(202);
        }
        eventually("it is under way", || (nats.total(STREAM) > before).then_some(()));
        if round % 2 == 0 {
            server.kill();
            server.restart();
        } else {
            nats.kill();
            more(&load);
            nats.run();
        }
        let before = nats.total(STREAM);
        eventually("it goes on", || (nats.total(STREAM) > before).then_some(()));
    }
    let accepted = load.stop();
    agree(&nats, &server.api(), accepted.len() + 6 * 3_000);
}

#[test]
fn a_trial_says_whether_the_stream_is_there_and_that_it_will_be() {
    let mut nats = Nats::start();
    let scene = Scene::with(publishing(&nats));
    let tried = || {
        let tried = scene.post("/v1/integrations/nats/test", &json!({})).expect(200);
        (tried["ok"] == true, text(&tried["detail"]))
    };
    scene.event("order.paid", &json!({}));
    agree(&nats, &scene.api, 1);
    assert_eq!(tried(), (true, "Connected; the stream BELLWIRE is there.".into()));
    let gone = nats.ask(&format!("$JS.API.STREAM.DELETE.{STREAM}"), &json!({}));
    assert_eq!(gone["error"], Value::Null, "{gone}");
    let (ok, detail) = tried();
    assert!(ok && detail.contains("made before the next event"), "{detail}");
    nats.kill();
    let (ok, detail) = tried();
    assert!(!ok && detail.contains("cannot be reached"), "{detail}");
}

#[test]
fn a_message_is_the_envelope_on_a_subject_of_its_workspace_namespace_and_type() {
    let nats = Nats::start();
    let scene = Scene::with(publishing(&nats));
    let id = scene.event("order.line.paid", &json!({"namespace": "acme.eu", "data": {"n": 1.50}}));
    let message = eventually("it is there", || {
        (nats.total(STREAM) > 0).then(|| nats.messages(STREAM))?.into_iter().find(|message| message.body["id"] == id)
    });
    let workspace = text(&scene.get("/v1/me").expect(200)["workspace_id"]);
    assert_eq!(message.subject, format!("bellwire.{workspace}.acme_eu.order.line.paid"));
    assert_eq!(message.header("nats-msg-id"), format!("{workspace}/{id}"));
    let (kind, time) = (message.header("bellwire-event"), message.header("bellwire-timestamp"));
    assert_eq!((kind, message.header("bellwire-workspace")), ("order.line.paid", workspace.as_str()));
    assert_eq!(message.header("bellwire-id"), id);
    assert_eq!(message.body["timestamp"], time);
    let receiver = Receiver::ok();
    let endpoint = scene.endpoint(&receiver, &json!({"events": ["order.*"]}));
    scene.on(&endpoint, "replay", &json!({"missing": true})).expect(202);
    let seen = eventually("it is delivered as well", || receiver.seen().pop());
    assert_eq!(seen.json(), message.body, "what a receiver gets");
    let metrics = String::from_utf8_lossy(&scene.get("/metrics").body).into_owned();
    assert!(metrics.contains("bellwire_publish_lag_seconds{publisher=\"nats\"}"), "{metrics}");
}

#[test]
fn while_nats_is_away_everything_else_goes_on_and_a_stream_that_is_there_stays_as_it_is() {
    // The stream is made before anybody publishes: it is on the disk while NATS is away.
    let mut nats = Nats::start();
    let mut stream = json!({"name": STREAM, "subjects": ["bellwire.>", "others.>"], "retention": "limits",
        "storage": "file", "duplicate_window": 300_000_000_000_u64, "max_msgs": 100_000});
    let made = nats.ask(&format!("$JS.API.STREAM.CREATE.{STREAM}"), &stream);
    assert_eq!(made["error"], Value::Null, "{made}");
    nats.kill();
    let scene = Scene::with(publishing(&nats));
    let receiver = Receiver::ok();
    scene.endpoint(&receiver, &json!({"events": ["order.*"]}));
    let posted = scene.events("order.paid", 700);
    eventually("they are delivered", || (receiver.hits() == 700).then_some(()));
    scene.get("/readyz").expect(200);
    nats.run();
    agree(&nats, &scene.api, posted.len());
    let kept = nats.ask(&format!("$JS.API.STREAM.INFO.{STREAM}"), &json!({}))["config"].clone();
    for (name, value) in stream.as_object_mut().expect("an object") {
        assert_eq!(kept[name.as_str()], *value, "{name}");
    }
}

#[test]
fn of_two_nodes_one_publishes_and_the_other_takes_over() {
    let (nats, database) = (Nats::start(), Arc::new(Database::create()));
    let mut nodes: Vec<Server> = (0..2).map(|_| on(&database, publishing(&nats)).start()).collect();
    let apis: Vec<Api> = nodes.iter().map(Server::api).collect();
    let load = Load::start("evt", 4, apis.clone());
    let at = eventually("one of them publishes", || apis.iter().position(|api| published(api) >= 200));
    let other = 1 - at;
    assert_eq!(published(&apis[other]), 0, "the other does not");
    nodes[at].kill();
    eventually("the other takes over", || (published(&apis[other]) >= 200).then_some(()));
    nodes[at].restart();
    let goal = load.count() + 200;
    eventually("more is accepted", || (load.count() >= goal).then_some(()));
    watch(Duration::from_secs(1), "it keeps to itself", || published(&nodes[at].api()) == 0);
    let accepted = load.stop();
    agree(&nats, &nodes[at].api(), accepted.len());
}

#[test]
fn a_node_that_is_frozen_loses_its_turn_and_disturbs_nothing_when_it_wakes() {
    let (nats, database) = (Nats::start(), Arc::new(Database::create()));
    let nodes: Vec<Server> = (0..2).map(|_| on(&database, publishing(&nats)).start()).collect();
    let apis: Vec<Api> = nodes.iter().map(Server::api).collect();
    let load = Load::start("evt", 4, apis.clone());
    let at = eventually("one of them publishes", || apis.iter().position(|api| published(api) >= 100));
    nodes[at].freeze();
    eventually("the other takes over", || (published(&apis[1 - at]) > 0).then_some(()));
    nodes[at].thaw();
    let goal = load.count() + 300;
    eventually("more is accepted", || (load.count() >= goal).then_some(()));
    let accepted = load.stop();
    agree(&nats, &apis[at], accepted.len());
}
