//! What an endpoint can be told, and what its receiver can tell back.
use std::{collections::HashMap, time::Duration};

use bellwire_e2e::{Receiver, Reply, Scene, count, eventually, list, text, watch};
use serde_json::json;

fn hits(receiver: &Receiver, wanted: usize) {
    eventually(&format!("{wanted} requests come in"), || (receiver.hits() >= wanted).then_some(()));
    assert_eq!(receiver.hits(), wanted);
}

#[test]
fn a_retry_by_hand_starts_the_count_anew() {
    let scene = Scene::new();
    let receiver = Receiver::always(Reply::Status(500));
    let endpoint = scene.endpoint(&receiver, &json!({"retry": {"schedule": ["1s"]}}));
    scene.event("order.paid", &json!({}));
    let dead = scene.settled(&endpoint, "failed", 2);
    receiver.now_does(Reply::Status(200));
    let path = format!("/v1/webhooks/deliveries/{}/retry", text(&dead["id"]));
    let queued = scene.post(&path, &json!({})).expect(202);
    assert_eq!((&queued["status"], &queued["attempts"]), (&json!("pending"), &json!(0)));
    let done = scene.settled(&endpoint, "success", 1);
    let numbers: Vec<u64> = list(&done["attempt_log"]).iter().map(|attempt| count(&attempt["number"])).collect();
    assert_eq!(numbers, [1, 2, 3], "the log goes on");
    let counters: Vec<String> = receiver.seen().iter().map(|seen| seen.header("bellwire-attempt").into()).collect();
    assert_eq!(counters, ["1", "2", "1"]);
}

#[test]
fn the_request_shown_is_the_one_that_was_sent_and_not_what_would_be_sent_now() {
    let scene = Scene::new();
    let (receiver, later) = (Receiver::ok(), Receiver::ok());
    let form = json!({"events": ["order.*"], "dialect": "standard", "headers": {"x-who": "before"}});
    let endpoint = scene.endpoint(&receiver, &form);
    scene.event("order.paid", &json!({}));
    let sent = scene.settled(&endpoint, "success", 1);
    scene.change(&endpoint, &json!({"url": later.url(), "dialect": "trove", "headers": {"x-who": "after"}}));
    assert_eq!(scene.delivery(&sent)["request"], sent["request"]);
    let seen = receiver.seen().remove(0);
    assert_eq!(sent["request"]["url"], receiver.url());
    assert_eq!(sent["request"]["headers"]["x-who"], seen.header("x-who"));
    assert_eq!(text(&sent["request"]["body"]).as_bytes(), seen.body);
    let path = format!("/v1/deliveries/{}/retry", text(&sent["id"]));
    scene.post(&path, &json!({})).expect(202);
    hits(&later, 1);
    let again = eventually("it is noted", || {
        let found = scene.delivery(&sent);
        (list(&found["attempt_log"]).len() == 2).then_some(found)
    });
    assert_eq!(again["request"]["url"], later.url());
    assert_eq!(again["request"]["headers"]["x-who"], "after");
    assert_eq!(text(&again["request"]["body"]).as_bytes(), later.seen().remove(0).body);
}

#[test]
fn all_dead_letters_of_an_endpoint_are_retried_at_once() {
    let scene = Scene::new();
    let receiver = Receiver::always(Reply::Status(500));
    let endpoint = scene.endpoint(&receiver, &json!({"retry": {"preset": "none"}}));
    for _ in 0..5 {
        scene.event("order.paid", &json!({}));
    }
    eventually("five dead letters", || (scene.total(&endpoint, "failed") == 5).then_some(()));
    receiver.now_does(Reply::Status(200));
    let form = json!({"endpoint_id": endpoint["id"], "status": "failed", "since": "1h"});
    assert_eq!(scene.post("/v1/deliveries/retry", &form).expect(202), json!({"retried": 5}));
    eventually("five successes", || (scene.total(&endpoint, "success") == 5).then_some(()));
    assert_eq!(receiver.hits(), 10);
    assert_eq!(scene.post("/v1/deliveries/retry", &form).expect(202), json!({"retried": 0}));
}

#[test]
fn retry_after_is_a_floor_and_not_a_ceiling() {
    let scene = Scene::new();
    // Asked for, scheduled, and what becomes of it, in seconds.
    let table = [("120", "1s", 120), ("1", "60s", 60), ("999999999", "1s", 86_400), ("nonsense", "7s", 7)];
    for (asked, step, wanted) in table {
        let headers = vec![("retry-after", asked.to_owned())];
        let receiver = Receiver::always(Reply::With(503, headers, String::new()));
        let endpoint = scene.endpoint(&receiver, &json!({"retry": {"schedule": [step]}}));
        scene.event("order.paid", &json!({}));
        let waiting = scene.settled(&endpoint, "pending", 1);
        let [tried, next] = ["last_attempt_at", "next_attempt_at"].map(|name| seconds(&text(&waiting[name])));
        // The attempt itself took a moment.
        assert!((wanted..=wanted + 2).contains(&(next - tried)), "{asked}: {waiting:#}");
        scene.delete(&format!("/v1/webhooks/{}", text(&endpoint["id"]))).expect(204);
    }
}

/// Seconds since the year began, near enough: a month has 31 days.
fn seconds(time: &str) -> u64 {
    let part = |from: usize, to: usize| time[from..to].parse::<u64>().expect("an RFC 3339 time");
    let days = part(0, 4) * 372 + part(5, 7) * 31 + part(8, 10);
    ((days * 24 + part(11, 13)) * 60 + part(14, 16)) * 60 + part(17, 19)
}

#[test]
fn the_receiver_can_disable_its_endpoint_or_end_a_delivery() {
    let scene = Scene::new();
    let told = |value: &str| vec![("webhook-delivery", value.to_owned())];
    let table: Vec<(Reply, &str, &str, &str)> = vec![
        (Reply::Status(410), "failed", "disabled", "the endpoint answered 410 Gone"),
        (Reply::With(500, told("disable"), String::new()), "failed", "disabled", "disable"),
        (Reply::With(200, told("disable"), String::new()), "success", "disabled", "disable"),
        (Reply::With(500, told("abort-message"), String::new()), "failed", "active", ""),
    ];
    for (reply, delivery, status, reason) in table {
        let receiver = Receiver::always(reply.clone());
        let endpoint = scene.endpoint(&receiver, &json!({"events": ["order.paid"], "retry": {"schedule": ["1h"]}}));
        scene.event("order.paid", &json!({}));
        scene.settled(&endpoint, delivery, 1);
        let after = scene.reread(&endpoint);
        assert_eq!(after["status"], status, "{reply:?}");
        assert!(text(&after["status_reason"]).ends_with(reason), "{after:#}");
        let events = list(&scene.get("/v1/events?type=endpoint.disabled").expect(200)["events"]);
        let emitted = events.iter().filter(|event| event["data"]["endpoint_id"] == endpoint["id"]).count();
        assert_eq!(emitted, usize::from(status == "disabled"), "{reply:?}");
        scene.event("order.paid", &json!({}));
        if status == "disabled" {
            // Active again, it goes on.
            receiver.now_does(Reply::Status(200));
            scene.change(&endpoint, &json!({"status": "active"}));
            scene.event("order.paid", &json!({}));
        }
        eventually("it is sent to again", || (receiver.hits() >= 2).then_some(()));
        scene.delete(&format!("/v1/webhooks/{}", text(&endpoint["id"]))).expect(204);
    }
}

#[test]
fn a_paused_endpoint_collects_and_a_resumed_one_sends_oldest_first() {
    let scene = Scene::new();
    let receiver = Receiver::ok();
    let endpoint = scene.endpoint(&receiver, &json!({"status": "paused", "max_in_flight": 1}));
    let ids: Vec<String> = (0..20).map(|_| scene.event("order.paid", &json!({}))).collect();
    assert_eq!(scene.total(&endpoint, "pending"), 20);
    watch(Duration::from_millis(300), "a paused endpoint is sent nothing", || receiver.hits() == 0);
    scene.change(&endpoint, &json!({"status": "active"}));
    hits(&receiver, 20);
    assert_eq!(receiver.event_ids(), ids);
    eventually("all are successes", || (scene.total(&endpoint, "success") == 20).then_some(()));
    // And paused again it collects again.
    scene.change(&endpoint, &json!({"status": "paused"}));
    scene.event("order.paid", &json!({}));
    assert_eq!(scene.total(&endpoint, "pending"), 1);
}

#[test]
fn an_ordered_endpoint_keeps_the_order_of_each_key_and_a_failure_blocks_only_its_own() {
    let scene = Scene::new();
    // The second event of key `bad` fails twice; nothing of its key may overtake it.
    let receiver = Receiver::scripted(|seen, _| {
        let first_tries = seen.header("bellwire-attempt").parse::<u32>().is_ok_and(|attempt| attempt <= 2);
        let blocked = seen.json()["namespace"] == "bad" && seen.json()["data"]["nth"] == 1 && first_tries;
        Reply::Status(if blocked { 500 } else { 200 })
    });
    let endpoint = scene.endpoint(&receiver, &json!({"ordered": true, "retry": {"schedule": ["1s", "1s"]}}));
    for nth in 0..5 {
        for key in ["bad", "good", "other"] {
            scene.event("order.paid", &json!({"namespace": key, "data": {"nth": nth}}));
        }
    }
    eventually("all are successes", || (scene.total(&endpoint, "success") == 15).then_some(()));
    let mut order: HashMap<String, Vec<u64>> = HashMap::new();
    let mut last_of_good = 0;
    let mut done_with_bad = 0;
    for (place, seen) in receiver.seen().iter().enumerate() {
        let (key, nth) = (text(&seen.json()["namespace"]), count(&seen.json()["data"]["nth"]));
        match key.as_str() {
            "bad" if nth == 2 => done_with_bad = place,
            "good" | "other" => last_of_good = place,
            _ => {}
        }
        order.entry(key).or_default().push(nth);
    }
    assert_eq!(order["bad"], [0, 1, 1, 1, 2, 3, 4]);
    assert_eq!((&order["good"], &order["other"]), (&vec![0, 1, 2, 3, 4], &vec![0, 1, 2, 3, 4]));
    assert!(last_of_good < done_with_bad, "the other keys did not wait for the blocked one");
}

#[test]
fn a_dead_letter_lets_the_next_of_its_ordering_key_go() {
    let scene = Scene::new();
    let receiver = Receiver::scripted(|_, nth| Reply::Status(if nth < 2 { 500 } else { 200 }));
    let endpoint = scene.endpoint(&receiver, &json!({"ordered": true, "retry": {"schedule": ["1s"]}}));
    let ids: Vec<String> = (0..3).map(|_| scene.event("order.paid", &json!({"namespace": "n"}))).collect();
    eventually("the two behind it are successes", || (scene.total(&endpoint, "success") == 2).then_some(()));
    assert_eq!(scene.total(&endpoint, "failed"), 1);
    assert_eq!(receiver.event_ids(), [&ids[0], &ids[0], &ids[1], &ids[2]].map(Clone::clone));
}

#[test]
fn a_filter_and_a_pattern_and_a_namespace_choose_what_is_sent() {
    let scene = Scene::new();
    let receivers: Vec<Receiver> = (0..5).map(|_| Receiver::ok()).collect();
    let forms = [
        json!({"filter": "event.data.amount > 100.0"}),
        json!({"filter": "event.type == 'order.paid' && event.namespace == 'a'"}),
        json!({"events": ["order.*"]}),
        json!({"events": ["order.paid", "invoice.sent"]}),
        json!({"namespace": "a"}),
    ];
    for (receiver, form) in receivers.iter().zip(&forms) {
        scene.endpoint(receiver, form);
    }
    // Type, namespace, amount, and which of the five get it.
    let table = [
        ("order.paid", Some("a"), 200.5, [1, 1, 1, 1, 1]),
        ("order.paid", Some("b"), 100.0, [0, 0, 1, 1, 0]),
        ("order.sent", None, 101.0, [1, 0, 1, 0, 0]),
        ("invoice.sent", Some("a"), 1.0, [0, 0, 0, 1, 1]),
        ("orders.paid", None, 1.0, [0, 0, 0, 0, 0]),
    ];
    let mut wanted = [0; 5];
    for (kind, namespace, amount, gets) in table {
        let event = json!({"type": kind, "namespace": namespace, "data": {"amount": amount}});
        let answer = scene.post("/v1/events", &event).expect(202);
        assert_eq!(count(&answer["deliveries"]), gets.iter().sum::<u64>(), "{event}");
        for (wanted, got) in wanted.iter_mut().zip(gets) {
            *wanted += usize::try_from(got).expect("0 or 1");
        }
    }
    for (receiver, wanted) in receivers.iter().zip(wanted) {
        hits(receiver, wanted);
    }
}

#[test]
fn a_test_event_is_sent_at_once_and_answers_what_came_back() {
    let scene = Scene::new();
    let table = [(Reply::Status(204), true, json!(204), ""), (Reply::Status(500), false, json!(500), "status 500")];
    for (reply, ok, status, error) in table {
        let receiver = Receiver::always(reply);
        // Whatever it subscribes to; also while it is paused.
        let endpoint = scene.endpoint(&receiver, &json!({"events": ["other.thing"], "status": "paused"}));
        let answer = scene.on(&endpoint, "test", &json!({})).expect(200);
        assert_eq!((&answer["ok"], &answer["status"], text(&answer["error"])), (&json!(ok), &status, error.into()));
        assert_eq!(receiver.seen()[0].event_id(), text(&answer["event_id"]));
        assert_eq!(receiver.seen()[0].header("bellwire-event"), "webhook.test");
        assert!(answer["latency_ms"].is_number());
        assert_eq!(receiver.hits(), 1);
    }
}

#[test]
fn what_is_accepted_after_a_change_goes_by_it() {
    let scene = Scene::new();
    let receivers = [Receiver::ok(), Receiver::ok()];
    let endpoint = scene.endpoint(&receivers[0], &json!({}));
    let path = format!("/v1/webhooks/{}", text(&endpoint["id"]));
    let rounds = 60;
    for round in 1..=rounds {
        let receiver = &receivers[round % 2];
        scene.patch(&path, &json!({"url": receiver.url()})).expect(200);
        let secret = scene.on(&endpoint, "rotate-secret", &json!({"overlap": "0s"})).expect(200);
        let id = scene.event("order.paid", &json!({}));
        let seen = eventually("it is delivered", || {
            let of = |receiver: &Receiver| receiver.seen().into_iter().find(|seen| seen.event_id() == id);
            let [first, second] = [of(&receivers[0]), of(&receivers[1])];
            assert!(
                of(&receivers[(round + 1) % 2]).is_none(),
                "round {round}: it went where the endpoint no longer is"
            );
            first.or(second)
        });
        let webhook = standardwebhooks::Webhook::new(&text(&secret["secret"])).expect("a secret");
        let headers = seen.headers.iter().map(|(name, value)| {
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
            (name, http::HeaderValue::from_str(value).expect("a value"))
        });
        let verified = webhook.verify(&seen.body, &headers.collect());
        assert!(verified.is_ok(), "round {round}: it is signed by a secret that was replaced");
    }
}

#[test]
fn a_rate_limit_holds_over_any_span_of_seconds() {
    let scene = Scene::new();
    let receiver = Receiver::ok();
    scene.endpoint(&receiver, &json!({"rate_limit": 20}));
    scene.events("order.paid", 60);
    hits(&receiver, 60);
    let seen = receiver.seen();
    for (first, from) in seen.iter().enumerate() {
        // In so many seconds no more than the rate, a burst of one second, and one on each edge.
        for span in [1, 2] {
            let within = seen[first..].iter().filter(|seen| seen.at - from.at < Duration::from_secs(span)).count();
            assert!(within <= 20 * (usize::try_from(span).expect("small") + 1) + 2, "{within} in {span} s");
        }
    }
}

#[test]
fn an_endpoint_is_deleted_with_its_deliveries() {
    let scene = Scene::new();
    let receiver = Receiver::always(Reply::Status(500));
    let form = json!({"retry": {"schedule": ["1s", "1s", "1s"]}, "events": ["order.*"]});
    let endpoint = scene.endpoint(&receiver, &form);
    let kept = scene.endpoint(&Receiver::ok(), &json!({"status": "paused", "events": ["order.*"]}));
    scene.event("order.paid", &json!({}));
    let delivery = scene.settled(&endpoint, "pending", 1);
    let path = format!("/v1/webhooks/{}", text(&endpoint["id"]));
    scene.delete(&path).expect(204);
    for gone in [path.clone(), format!("{path}/deliveries"), format!("/v1/deliveries/{}", text(&delivery["id"]))] {
        scene.get(&gone).expect(404);
    }
    scene.delete(&path).expect(404);
    assert_eq!(scene.get("/v1/deliveries").expect(200)["total"], 1, "those of the other endpoint stay");
    assert_eq!(scene.total(&kept, "pending"), 1);
    let before = receiver.hits();
    watch(Duration::from_millis(1500), "nothing more is sent", || receiver.hits() == before);
}

#[test]
fn a_namespace_is_deleted_with_its_endpoints_and_keys() {
    let scene = Scene::new();
    let receiver = Receiver::ok();
    let inside = scene.endpoint(&Receiver::ok(), &json!({"namespace": "acme"}));
    let outside = scene.endpoint(&receiver, &json!({"events": ["namespace.deleted"]}));
    let key = scene.key(&json!({"kind": "scoped", "namespace": "acme"}));
    key.get("/v1/me").expect(200);
    scene.delete("/v1/namespaces/acme").expect(204);
    scene.get(&format!("/v1/webhooks/{}", text(&inside["id"]))).expect(404);
    key.get("/v1/me").expect(401);
    hits(&receiver, 1);
    assert_eq!(receiver.seen()[0].header("bellwire-event"), "namespace.deleted");
    scene.reread(&outside);
    scene.delete("/v1/namespaces/never-seen").expect(404);
}
