//! `bellwire listen`: what it brings, what it says of it, and how it ends.
use bellwire_e2e::{Receiver, Reply, Running, Scene, Tool, eventually, list, text};
use serde_json::{Value, json};

/// A listener that forwards to a receiver and tells programs, as soon as it listens.
#[track_caller]
pub(crate) fn listen(tool: &Tool, receiver: &Receiver, more: &[&str]) -> Running {
    let url = receiver.url();
    let running = tool.start(&[&["listen", "--json", "--forward-to", &url], more].concat());
    running.printed("ready", 1);
    running
}

/// The endpoint that a listener made.
pub(crate) fn endpoint_of(running: &Running) -> Value {
    json!({"id": running.printed("ready", 1)[0]["endpoint_id"]})
}

/// Whether a delivery verifies as a push would.
pub(crate) fn verifies(secret: &str, seen: &bellwire_e2e::Seen) -> bool {
    let map = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| {
        (http::HeaderName::from_static(name), seen.header(name).parse::<http::HeaderValue>().expect("a value"))
    });
    let webhook = standardwebhooks::Webhook::new(secret).expect("a secret");
    webhook.verify(&seen.body, &map.into_iter().collect()).is_ok()
}

#[test]
fn what_happens_is_posted_signed_acknowledged_and_told() {
    let scene = Scene::new();
    let (tool, receiver) = (Tool::at(&scene.api), Receiver::ok());
    let running = listen(&tool, &receiver, &[]);
    let ids = [scene.event("order.paid", &json!({"data": {"n": 1}})), scene.event("invoice.sent", &json!({}))];
    let told = running.printed("delivery", 2);
    assert_eq!(receiver.event_ids(), ids);
    let secret = text(&tool.ask(&["listen", "--print-secret"])["secret"]);
    assert!(receiver.seen().iter().all(|seen| verifies(&secret, seen)));
    let first = &told[0];
    assert_eq!(first["event"]["id"], ids[0].as_str());
    assert_eq!((&first["status"], &first["error"], &first["acked"]), (&json!(200), &Value::Null, &json!(true)));
    assert_eq!((&first["method"], &first["url"]), (&json!("POST"), &json!(receiver.url())));
    assert_eq!((&first["attempt"], &first["comes_again"]), (&json!(1), &json!(false)));
    assert!(first["latency_ms"].as_f64().is_some_and(|took| took > 0.0), "{first}");
    assert_eq!(text(&first["body"]).as_bytes(), receiver.seen()[0].body);
    let mut fields: Vec<&String> = first.as_object().expect("an object").keys().collect();
    fields.sort();
    let documented = [
        "acked",
        "at",
        "attempt",
        "body",
        "comes_again",
        "delivery_id",
        "error",
        "event",
        "headers",
        "latency_ms",
        "line",
        "method",
        "status",
        "url",
    ];
    assert_eq!(fields, documented, "the shape is a promise");
    let endpoint = endpoint_of(&running);
    assert_eq!(scene.total(&endpoint, "success"), 2);
    assert!(!running.out().contains(&secret), "no secret where logs are");
    running.signal("-INT");
    assert_eq!(running.ends().code, Some(0));
}

#[test]
fn types_and_namespaces_are_chosen() {
    let scene = Scene::new();
    let cases: [(&[&str], &[&str]); 4] = [
        (&["--events", "order.paid"], &["order.paid"]),
        (&["--events", "order.*,invoice.sent"], &["order.paid", "order.paid", "order.sent", "invoice.sent"]),
        (&["--events", "order.*", "--namespace", "acme"], &["order.paid"]),
        (&[], &["order.paid", "order.paid", "order.sent", "invoice.sent", "last.one"]),
    ];
    for (nth, (arguments, wanted)) in cases.into_iter().enumerate() {
        let (tool, receiver) = (Tool::at(&scene.api), Receiver::ok());
        let running = listen(&tool, &receiver, arguments);
        scene.event("order.paid", &json!({"namespace": if nth == 0 { "other" } else { "acme" }}));
        if nth > 0 {
            for (kind, namespace) in [("order.paid", "other"), ("order.sent", "other"), ("invoice.sent", "other")] {
                scene.event(kind, &json!({"namespace": namespace}));
            }
        }
        scene.event("last.one", &json!({}));
        let told = running.printed("delivery", wanted.len());
        let kinds: Vec<String> = told.iter().map(|one| text(&one["event"]["type"])).collect();
        assert_eq!(kinds, wanted, "{arguments:?}");
        assert_eq!(scene.total(&endpoint_of(&running), "pending"), 0, "{arguments:?}: nothing else is owed");
        tool.run(&["endpoints", "delete", &text(&endpoint_of(&running)["id"])]).good();
    }
}

#[test]
fn what_the_receiver_refuses_is_given_back_and_comes_again() {
    let scene = Scene::new();
    let receiver = Receiver::sequence(vec![Reply::Status(503), Reply::Reset, Reply::Status(204)]);
    let tool = Tool::at(&scene.api);
    let url = receiver.url();
    let running = tool.start(&["listen", "--forward-to", &url, "--print-json"]);
    running.says("listening to *");
    let id = scene.event("order.paid", &json!({"data": {"n": 7}}));
    running.prints("POST → 204");
    let out = running.out();
    assert!(out.contains("POST → 503") && out.contains("comes again") && out.contains("(attempt 2)"), "{out}");
    assert!(out.contains("(attempt 3)") && out.matches("\"n\":7").count() == 3, "{out}");
    assert!(!out.contains('\u{1b}'), "no colours in a pipe");
    assert_eq!(receiver.event_ids(), [id.clone(), id.clone(), id]);
    let found = list(&scene.get("/v1/deliveries").expect(200)["deliveries"]);
    assert_eq!((&found[0]["status"], &found[0]["attempts"]), (&json!("success"), &json!(3)));
    let err = running.err();
    assert!(err.contains("not shown in a log") && !err.contains("whsec_"), "{err}");
    running.signal("-TERM");
    assert_eq!(running.ends().code, Some(0));
}

#[test]
fn the_end_gives_back_what_the_receiver_still_has_and_the_next_start_brings_it() {
    let scene = Scene::new();
    let (tool, receiver) = (Tool::at(&scene.api), Receiver::always(Reply::Hang));
    let running = listen(&tool, &receiver, &[]);
    let endpoint = endpoint_of(&running);
    let ids = scene.events("order.paid", 3);
    eventually("the receiver has one", || (receiver.hits() == 1).then_some(()));
    running.signal("-INT");
    running.says("ending");
    running.signal("-INT");
    let ended = running.ends();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("given back"), "{}", ended.out);
    assert_eq!(scene.total(&endpoint, "pending"), 3);
    let first = scene.deliveries(&endpoint, "").into_iter().find(|one| one["event_id"] == ids[0].as_str());
    assert_eq!(first.expect("it is there")["attempts"], 0, "to be given back is no failure");
    receiver.now_does(Reply::Status(200));
    let again = listen(&tool, &receiver, &[]);
    again.printed("delivery", 3);
    assert_eq!(scene.total(&endpoint, "success"), 3);
    assert_eq!(receiver.hits(), 4);
}

#[test]
fn the_secret_is_the_same_at_every_start_and_a_second_listener_of_the_name_is_refused() {
    let scene = Scene::new();
    let (tool, receiver) = (Tool::at(&scene.api), Receiver::ok());
    let secret = tool.run(&["listen", "--print-secret"]).good();
    assert!(secret.starts_with("whsec_") && secret.trim_end().lines().count() == 1, "{secret}");
    let first = listen(&tool, &receiver, &[]);
    let refused = tool.run(&["listen"]).refused(1);
    assert!(
        refused.contains("another `bellwire listen` is at it as `default`") && refused.contains("--name"),
        "{refused}"
    );
    // Another name is another listener: both get everything.
    let other = listen(&tool, &receiver, &["--name", "second"]);
    assert_ne!(endpoint_of(&first), endpoint_of(&other));
    let id = scene.event("order.paid", &json!({}));
    first.printed("delivery", 1);
    other.printed("delivery", 1);
    assert_eq!(receiver.event_ids(), [id.clone(), id]);
    assert_eq!(tool.run(&["listen", "--print-secret"]).good(), secret, "also while it runs");
    assert_ne!(tool.run(&["listen", "--print-secret", "--name", "second"]).good(), secret);
    drop(first);
    let again = listen(&tool, &receiver, &["--count", "1"]);
    scene.event("order.paid", &json!({}));
    assert_eq!(again.ends().code, Some(0), "--count ends it");
    assert_eq!(tool.run(&["listen", "--print-secret"]).good(), secret);
    for (name, wrong) in [("../x", true), ("A", true), ("", true), ("a-1_b", false)] {
        assert_eq!(tool.run(&["listen", "--print-secret", "--name", name]).code == Some(2), wrong, "{name}");
    }
    let err = tool.run(&["listen", "--forward-to", "ftp://127.0.0.1/"]).refused(2);
    assert!(err.contains("http or https"), "{err}");
}
