//! `bellwire wait-for`: for scripts.
use std::sync::{Arc, Mutex, mpsc};

use bellwire_e2e::{Scene, Setup, Tool, eventually, text};
use serde_json::{Value, json};

use crate::relay;

#[test]
fn it_ends_with_the_event_or_at_the_time_out() {
    let scene = Scene::new();
    let tool = Tool::at(&scene.api);
    scene.event("order.paid", &json!({"data": {"n": 1}}));
    let ran = tool.run(&["wait-for", "order.*", "--timeout", "300ms"]);
    assert!(ran.refused(5).contains("no order.* within 300 ms"), "what was before does not count");
    let found = tool.ask(&["wait-for", "order.*", "--timeout", "300ms", "--since", "1h"]);
    assert_eq!((&found["type"], &found["data"]["n"]), (&json!("order.paid"), &json!(1)));
    let out = tool.run(&["wait-for", "order.paid,other.one", "--since", "1h"]).good();
    assert!(out.starts_with("evt_") && out.contains("order.paid") && out.trim_end().lines().count() == 1, "{out}");
    let err = tool.run(&["wait-for", "order.*", "--since", "yesterday"]).refused(4);
    assert!(err.contains("since"), "{err}");
    assert!(tool.run(&["wait-for", "order.*", "--timeout", "soon"]).refused(2).contains("--timeout"));
}

#[test]
fn what_happens_between_its_start_and_its_first_poll_is_not_missed() {
    let scene = Scene::new();
    let (api, posted) = (scene.api.clone(), Arc::new(Mutex::new(None)));
    let seen = Arc::clone(&posted);
    // Just before the server is asked to wait.
    let between = relay(scene.address, "poll?after=", move || {
        let mut seen = seen.lock().expect("unpoisoned");
        if seen.is_none() {
            let answer = api.post("/v1/events", &json!({"type": "order.paid", "data": {"n": 2}}));
            *seen = Some(text(&answer.expect(202)["event"]["id"]));
        }
    });
    let tool = Tool::at(&scene.api).env("BELLWIRE_URL", &format!("http://{between}"));
    let found = tool.ask(&["wait-for", "order.paid", "--timeout", "60s"]);
    assert_eq!(Some(text(&found["id"])), *posted.lock().expect("unpoisoned"));
}

#[test]
fn only_what_fits_counts() {
    let scene = Scene::new();
    let (reached, there) = mpsc::channel();
    let between = relay(scene.address, "poll?after=", move || {
        reached.send(()).ok();
    });
    let tool = Tool::at(&scene.api).env("BELLWIRE_URL", &format!("http://{between}"));
    let conditions = ["--where", "data.order.id=42", "--where", "namespace=acme", "--namespace", "acme"];
    let running = tool.start(&[&["wait-for", "order.paid", "--json"], &conditions[..]].concat());
    there.recv().expect("it waits");
    scene.event("order.paid", &json!({"namespace": "other", "data": {"order": {"id": 42}}}));
    scene.event("order.sent", &json!({"namespace": "acme", "data": {"order": {"id": 42}}}));
    scene.event("order.paid", &json!({"namespace": "acme", "data": {"order": {"id": 41}}}));
    scene.event("order.paid", &json!({"namespace": "acme", "data": {}}));
    let wanted = scene.event("order.paid", &json!({"namespace": "acme", "data": {"order": {"id": 42}}}));
    let ended = running.ends();
    let found: Value = serde_json::from_str(&ended.good()).expect("JSON");
    assert_eq!(found["id"], wanted.as_str());
    let past = tool.ask(&["wait-for", "order.*", "--since", "1h", "--where", "data.order.id=41"]);
    assert_eq!(past["data"]["order"]["id"], 41);
    let err = tool.run(&["wait-for", "order.*", "--since", "1h", "--where", "data.order.id=7", "--timeout", "100ms"]);
    assert!(err.refused(5).contains("that fits --where"));
}

#[test]
fn a_look_into_the_past_ends_at_the_time_out_too() {
    let scene = Scene::new();
    scene.event("order.paid", &json!({}));
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let between = relay(scene.address, "events?type=", move || {
        held.lock().expect("unpoisoned").recv().ok();
    });
    let tool = Tool::at(&scene.api).env("BELLWIRE_URL", &format!("http://{between}"));
    let ran = tool.run(&["wait-for", "order.paid", "--since", "1h", "--timeout", "100ms"]);
    assert!(ran.refused(5).contains("no order.paid within 100 ms"));
    drop(release);
}

#[test]
fn a_server_that_is_killed_meanwhile_is_waited_for() {
    let mut scene = Scene::new();
    let (reached, there) = mpsc::channel();
    let between = relay(scene.address, "poll?after=", move || {
        reached.send(()).ok();
    });
    let tool = Tool::at(&scene.api).env("BELLWIRE_URL", &format!("http://{between}"));
    let running = tool.start(&["wait-for", "order.paid", "--json"]);
    there.recv().expect("it waits");
    scene.server.kill();
    scene.server.restart();
    let wanted = scene.event("order.paid", &json!({}));
    let found: Value = serde_json::from_str(&running.ends().good()).expect("JSON");
    assert_eq!(found["id"], wanted.as_str());
}

#[test]
fn a_server_that_has_too_much_to_do_is_asked_again() {
    let quota = ("BELLWIRE_KEY_REQUESTS_PER_SECOND", "4".to_owned());
    let scene = Scene::with(Setup { env: vec![quota], ..Setup::default() });
    let posted = eventually("it may post", || {
        let answer = scene.post("/v1/events", &json!({"type": "order.paid", "data": {}}));
        (answer.status == 202).then(|| text(&answer.json()["event"]["id"]))
    });
    let api = scene.api.clone();
    // Just before it asks for the first time its key has nothing left, and each time after that hardly more.
    let between = relay(scene.address, "events", move || while api.get("/v1/me").status == 200 {});
    let tool = Tool::at(&scene.api).env("BELLWIRE_URL", &format!("http://{between}"));
    let ran = tool.run(&["wait-for", "order.paid", "--since", "1h", "--timeout", "300ms"]);
    assert!(ran.refused(4).contains("4 requests a second"), "it was refused to the end, and says by what");
    let found = Tool::at(&scene.api).ask(&["wait-for", "order.paid", "--since", "1h", "--timeout", "60s"]);
    assert_eq!(found["id"], posted.as_str());
}
