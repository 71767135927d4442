//! Receivers that fail in every way there is: each ends in the right state, said in the right words.
use bellwire_e2e::{Receiver, Reply, Scene, count, list, text, tls_receiver};
use serde_json::{Value, json};

/// An endpoint that tries once and waits half a second.
fn once() -> Value {
    json!({"retry": {"preset": "none"}, "timeout_ms": 500})
}

/// The only attempt of a dead letter: its status code, its error.
fn dead_letter(scene: &Scene, endpoint: &Value) -> (Value, String) {
    let delivery = scene.settled(endpoint, "failed", 1);
    assert_eq!(delivery["next_attempt_at"], Value::Null);
    assert_eq!(delivery["delivered_at"], Value::Null);
    let log = list(&delivery["attempt_log"]);
    assert_eq!(log.len(), 1, "{delivery:#}");
    assert_eq!(log[0]["error"], delivery["last_error"]);
    assert_eq!(log[0]["number"], 1);
    (log[0]["status_code"].clone(), text(&log[0]["error"]))
}

#[test]
fn every_way_to_fail_becomes_a_dead_letter_in_words() {
    const CLOSED: &str = "connection closed before the response was complete";
    const RESET: &str = "connection reset before the response was complete";
    let scene = Scene::new();
    let table: Vec<(Reply, Option<u16>, &[&str])> = vec![
        (Reply::Status(500), Some(500), &["status 500"]),
        (Reply::Status(404), Some(404), &["status 404"]),
        (Reply::Status(304), Some(304), &["status 304: redirects are not followed"]),
        (Reply::Huge(503), Some(503), &["status 503"]),
        (Reply::Reset, None, &[RESET]),
        (Reply::ResetInHeaders, None, &[RESET]),
        (Reply::ResetInBody, None, &[RESET]),
        (Reply::CloseInBody, None, &[CLOSED]),
        (Reply::Hang, None, &["timeout after 500 ms"]),
        (Reply::Drip, None, &["timeout after 500 ms"]),
        (Reply::DripHeaders, None, &["timeout after 500 ms"]),
        (Reply::Babble, None, &["invalid response: "]),
    ];
    let receivers: Vec<Receiver> = table.iter().map(|(reply, ..)| Receiver::always(reply.clone())).collect();
    let endpoints: Vec<Value> = receivers.iter().map(|receiver| scene.endpoint(receiver, &once())).collect();
    scene.event("order.paid", &json!({}));
    for (((reply, status, words), endpoint), receiver) in table.iter().zip(&endpoints).zip(&receivers) {
        let (code, error) = dead_letter(&scene, endpoint);
        assert!(words.iter().any(|word| error.starts_with(word)), "{reply:?}: {error}");
        // A status that came before the failure may be noted; one that did not come may not.
        assert_eq!(code, json!(status), "{reply:?}: {error}");
        assert_eq!(receiver.hits(), 1, "{reply:?}");
    }
}

#[test]
fn nobody_listening_and_bad_tls_are_said_in_words() {
    let scene = Scene::new();
    let plain = Receiver::ok();
    let gone = Receiver::ok().url();
    let table = [
        (gone, "connect: connection refused"),
        (plain.url().replace("http:", "https:"), "tls: the server does not speak TLS on this port"),
        (tls_receiver(), "tls: unknown issuer"),
    ];
    let endpoints = table.each_ref().map(|(url, _)| {
        let form = json!({"url": url, "events": ["*"], "retry": {"preset": "none"}, "timeout_ms": 2000});
        scene.subscribe(&scene.api, &form)
    });
    scene.event("order.paid", &json!({}));
    for ((url, words), endpoint) in table.iter().zip(&endpoints) {
        let (code, error) = dead_letter(&scene, endpoint);
        assert!(error.starts_with(words), "{url}: {error}");
        assert_eq!(code, Value::Null, "{url}");
    }
    assert_eq!(plain.hits(), 0);
}

#[test]
fn a_redirect_is_a_failure_and_is_not_followed() {
    let scene = Scene::new();
    let elsewhere = Receiver::ok();
    for status in [301, 302, 307, 308] {
        let location = ("location", elsewhere.url());
        let receiver = Receiver::always(Reply::With(status, vec![location], String::new()));
        let endpoint = scene.endpoint(&receiver, &once());
        scene.event("order.paid", &json!({}));
        let (code, error) = dead_letter(&scene, &endpoint);
        println!("{:#}", scene.delivery(&scene.deliveries(&endpoint, "")[0]));
        assert_eq!((code, error), (json!(status), format!("status {status}: redirects are not followed")));
        assert!(scene.delete(&format!("/v1/webhooks/{}", text(&endpoint["id"]))).status == 204);
    }
    assert_eq!((elsewhere.hits(), elsewhere.connections()), (0, 0));
}

#[test]
fn of_a_body_of_a_gibibyte_one_mebibyte_is_read_and_four_kibibytes_are_kept() {
    let scene = Scene::new();
    let receiver = Receiver::always(Reply::Huge(200));
    let endpoint = scene.endpoint(&receiver, &json!({"retry": {"preset": "none"}}));
    scene.event("order.paid", &json!({}));
    let delivery = scene.settled(&endpoint, "success", 1);
    assert_eq!(text(&delivery["attempt_log"][0]["response_body"]).len(), 4096);
    // What the kernel's buffers hold on both sides comes on top.
    assert!(receiver.bytes_taken() < 32 << 20, "{} bytes were taken", receiver.bytes_taken());
}

#[test]
fn a_failure_is_tried_again_on_schedule_until_it_succeeds() {
    let scene = Scene::new();
    let receiver =
        Receiver::sequence(vec![Reply::Reset, Reply::Status(503), Reply::With(201, vec![], "thanks".into())]);
    let endpoint = scene.endpoint(&receiver, &json!({"retry": {"schedule": ["1s", "1s", "1h"]}}));
    scene.event("order.paid", &json!({}));
    let delivery = scene.settled(&endpoint, "success", 3);
    assert_eq!(delivery["status_code"], 201);
    assert_eq!(delivery["last_error"], Value::Null);
    let seen = receiver.seen();
    let told: Vec<(&str, &str)> =
        seen.iter().map(|seen| (seen.header("bellwire-attempt"), seen.header("bellwire-will-retry-after"))).collect();
    assert_eq!(told, [("1", "1"), ("2", "1"), ("3", "3600")]);
    let log = list(&delivery["attempt_log"]);
    let statuses: Vec<&Value> = log.iter().map(|attempt| &attempt["status_code"]).collect();
    assert_eq!(statuses, [&Value::Null, &json!(503), &json!(201)]);
    assert_eq!(log[2]["response_body"], "thanks");
    assert!(log.iter().all(|attempt| attempt["latency"]["total_ms"].is_number()));
    assert_eq!(count(&delivery["attempts"]), 3);
    // What was sent is shown as it was sent.
    let sent = &delivery["request"];
    assert_eq!(text(&sent["body"]).as_bytes(), seen[2].body);
    assert_eq!(text(&sent["headers"]["webhook-signature"]), seen[2].header("webhook-signature"));
    let ids: std::collections::HashSet<&str> = seen.iter().map(|seen| seen.header("bellwire-attempt-id")).collect();
    assert_eq!(ids.len(), 3, "each attempt has its own id");
}

#[test]
fn the_last_attempt_says_that_no_other_follows() {
    let scene = Scene::new();
    let receiver = Receiver::always(Reply::Status(500));
    let endpoint = scene.endpoint(&receiver, &json!({"retry": {"schedule": ["1s"]}}));
    scene.event("order.paid", &json!({}));
    scene.settled(&endpoint, "failed", 2);
    let seen = receiver.seen();
    let told: Vec<&str> = seen.iter().map(|seen| seen.header("bellwire-will-retry-after")).collect();
    assert_eq!(told, ["1", ""]);
}
