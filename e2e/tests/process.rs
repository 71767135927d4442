//! The process: how it starts, stops, refuses, and what it never writes down.
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use bellwire_e2e::{Call, OWNER_KEY, Receiver, Reply, Scene, Setup, eventually, now, text};
use serde_json::json;

#[test]
fn at_sigterm_requests_and_deliveries_in_flight_finish_and_it_exits_with_0() {
    let mut scene = Scene::new();
    let slow = Receiver::always(Reply::Hang);
    let endpoint =
        scene.endpoint(&slow, &json!({"retry": {"preset": "none"}, "timeout_ms": 1500, "events": ["order.*"]}));
    scene.event("order.paid", &json!({}));
    eventually("a delivery is in flight", || (slow.hits() == 1).then_some(()));
    // A request whose body is half sent, and a stream of events.
    let body = json!({"type": "invoice.sent", "data": {}, "id": "half"}).to_string();
    let (first, second) = body.split_at(10);
    let mut half = TcpStream::connect(scene.address).expect("it listens");
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {OWNER_KEY}\r\nexpect: 100-continue\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    half.write_all(head.as_bytes()).expect("it reads");
    // The server says so when it begins to read the body: now this request is in flight.
    let mut go_on = [0; 25];
    half.read_exact(&mut go_on).expect("it answers");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    half.write_all(first.as_bytes()).expect("it reads");
    // And this one: its head has been answered.
    let mut stream = scene.stream(&Call::new("GET", "/v1/events/stream?types=never.sent"));
    scene.server.signal_stop();
    eventually("it takes no more connections", || TcpStream::connect(scene.address).err());
    half.write_all(second.as_bytes()).expect("it still reads");
    let mut answer = String::new();
    half.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    assert!(stream.next().is_none(), "streams end");
    let ended = scene.server.ended();
    assert_eq!(ended.code(), Some(0), "{}", scene.server.log());
    scene.server.restart();
    assert_eq!(scene.get("/v1/events/half").expect(200)["id"], "half");
    // The delivery in flight was finished and written down, not sent again.
    let dead = scene.settled(&endpoint, "failed", 1);
    assert_eq!(dead["last_error"], "timeout after 1500 ms");
    assert_eq!(slow.hits(), 1);
}

#[test]
fn at_a_second_signal_it_exits_at_once_and_what_was_in_flight_is_sent_again() {
    let mut scene = Scene::new();
    let slow = Receiver::always(Reply::Hang);
    scene.endpoint(&slow, &json!({"timeout_ms": 30_000, "events": ["order.*"]}));
    scene.event("order.paid", &json!({}));
    eventually("a delivery is in flight", || (slow.hits() == 1).then_some(()));
    scene.server.signal_stop();
    eventually("it takes no more connections", || TcpStream::connect(scene.address).err());
    let told = now();
    scene.server.signal_stop();
    scene.server.ended();
    assert!(told.elapsed() < Duration::from_secs(10), "it waited for what is in flight");
    slow.now_does(Reply::Status(200));
    scene.server.restart();
    eventually("it is sent again", || (slow.hits() == 2).then_some(()));
}

#[test]
fn a_second_serve_on_the_same_directory_is_refused_in_words() {
    let scene = Scene::new();
    let (ended, said) = scene.server.second(&Setup::default());
    assert!(!ended.success());
    assert!(said.contains("another") || said.contains("already"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    scene.get("/v1/me").expect(200);
}

#[test]
fn a_wrong_owner_key_or_address_is_refused_in_words() {
    let table = [
        (Setup { owner_key: "short".into(), ..Setup::default() }, "BELLWIRE_OWNER_KEY must be 32 to 128"),
        (Setup { owner_key: "x".repeat(129), ..Setup::default() }, "BELLWIRE_OWNER_KEY must be 32 to 128"),
        (Setup { owner_key: format!("{} y", "x".repeat(40)), ..Setup::default() }, "without spaces"),
        (Setup { listen: "nowhere".into(), ..Setup::default() }, "listen must be an address and a port"),
        (Setup { log: "x=nonsense=y".into(), ..Setup::default() }, "--log"),
    ];
    for (setup, words) in table {
        let (ended, said) = setup.refused();
        assert!(!ended.success(), "{setup:?}");
        assert!(said.contains(words), "{setup:?}: {said}");
    }
}

#[test]
fn an_address_in_use_is_refused_in_words() {
    let scene = Scene::new();
    let (ended, said) = Setup { listen: scene.address.to_string(), ..Setup::default() }.refused();
    assert!(!ended.success());
    assert!(said.contains("cannot listen on"), "{said}");
}

#[test]
fn keys_endpoints_and_what_waits_are_there_after_a_restart() {
    let mut scene = Scene::new();
    let key = scene.key(&json!({"kind": "workspace"}));
    let receiver = Receiver::ok();
    let endpoint = scene.endpoint(&receiver, &json!({"status": "paused", "events": ["order.*"]}));
    scene.event("order.paid", &json!({}));
    let me = key.get("/v1/me").expect(200);
    let signing = scene.get("/.well-known/bellwire-keys.json").expect(200);
    for kill in [false, true] {
        if kill {
            scene.server.kill();
        } else {
            assert!(scene.server.stop().success());
        }
        scene.server.restart();
        assert_eq!(key.get("/v1/me").expect(200), me);
        assert_eq!(scene.get("/.well-known/bellwire-keys.json").expect(200), signing);
    }
    scene.change(&endpoint, &json!({"status": "active"}));
    eventually("what waited is sent", || (receiver.hits() == 1).then_some(()));
}

#[test]
fn the_owner_key_of_a_later_start_changes_nothing() {
    let mut scene = Scene::new();
    assert!(scene.server.stop().success());
    scene.server.restart_with_owner_key("another-owner-key-0123456789-0123456789");
    scene.get("/v1/me").expect(200);
    scene.with_key("another-owner-key-0123456789-0123456789").get("/v1/me").expect(401);
}

#[test]
fn outside_of_development_loopback_and_plain_http_are_refused() {
    let scene = Scene::with(Setup { dev: false, ..Setup::default() });
    let urls = [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.0.0.8/",
        "https://[::1]/",
        "https://169.254.169.254/",
        "https://2130706433/",
        "https://0177.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://example.com:22/",
        "https://user:pass@example.com/",
        "ftp://example.com/",
        "not a url",
    ];
    for url in urls {
        let answer = scene.post("/v1/webhooks", &json!({"url": url, "events": ["*"]}));
        // A name is looked up when it is sent to, not when it is saved.
        if url == "https://localhost/" && answer.status == 201 {
            let id = text(&answer.json()["endpoint"]["id"]);
            let test = scene.post(&format!("/v1/webhooks/{id}/test"), &json!({})).expect(200);
            assert!(text(&test["error"]).starts_with("blocked: "), "{test}");
            continue;
        }
        assert_eq!((answer.status, answer.fields()), (422, vec!["url".to_owned()]), "{url}: {}", answer.json());
    }
    scene.post("/v1/webhooks", &json!({"url": "https://example.com/", "events": ["*"]})).expect(201);
}

#[test]
fn secrets_are_nowhere_in_logs_or_files_in_clear() {
    let mut scene = Scene::with(Setup { log: "trace".into(), ..Setup::default() });
    let receiver = Receiver::sequence(vec![Reply::Status(500), Reply::Status(200)]);
    let planted = "Bearer planted-header-value-b2f1d7";
    let form = json!({"headers": {"authorization": planted}, "retry": {"schedule": ["1s"]}, "events": ["order.*"]});
    let endpoint = scene.endpoint(&receiver, &form);
    let made = scene.post("/v1/keys", &json!({"name": "k", "kind": "workspace"})).expect(201);
    scene.with_key(&text(&made["api_key"])).get("/v1/me").expect(200);
    scene.with_key("a-key-that-nobody-knows-0123456789").get("/v1/me").expect(401);
    let rotated = scene.on(&endpoint, "rotate-secret", &json!({})).expect(200);
    scene.event("order.paid", &json!({}));
    let delivery = scene.settled(&endpoint, "success", 2);
    assert_eq!(receiver.seen()[0].header("authorization"), planted);
    let secret = text(&endpoint["secret"]);
    let hidden = [
        ("the owner key", OWNER_KEY.to_owned()),
        ("an API key", text(&made["api_key"])),
        ("a wrong API key", "a-key-that-nobody-knows-0123456789".to_owned()),
        ("an endpoint's secret", secret.trim_start_matches("whsec_").to_owned()),
        ("its newer secret", text(&rotated["secret"]).trim_start_matches("whsec_").to_owned()),
        ("a custom header", "planted-header-value-b2f1d7".to_owned()),
    ];
    let shown = scene.get(&format!("/v1/webhooks/{}", text(&endpoint["id"]))).expect(200);
    assert!(!shown.to_string().contains(&secret) && !delivery.to_string().contains(&secret));
    assert!(scene.server.stop().success());
    let log = scene.server.log();
    assert!(log.contains("attempted"), "it was logging: {log}");
    let mut files = vec![("the log".to_owned(), log.into_bytes())];
    for entry in fs::read_dir(scene.server.data_dir()).expect("a directory").flatten() {
        files.push((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap_or_default()));
    }
    assert!(files.len() >= 3, "{:?}", files.iter().map(|(name, _)| name).collect::<Vec<_>>());
    for (name, bytes) in &files {
        for (what, secret) in &hidden {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{what} is in {name}");
        }
    }
}
