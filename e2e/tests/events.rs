//! Events: posted once, listed, polled and streamed without a gap or a repeat.
use std::{collections::HashSet, thread};

use bellwire_e2e::{Call, Scene, count, eventually, list, text};
use serde_json::{Value, json};

fn ids(events: &Value) -> Vec<String> {
    list(events).iter().map(|event| text(&event["id"])).collect()
}

fn stored(scene: &Scene) -> usize {
    list(&scene.get("/v1/events?limit=200&type=order.*").expect(200)["events"]).len()
}

#[test]
fn an_id_of_ones_own_makes_posting_safe_to_repeat() {
    let scene = Scene::new();
    let event = json!({"type": "order.paid", "id": "order-17", "data": {"a": 1}, "namespace": "acme"});
    let first = scene.post("/v1/events", &event).expect(202);
    assert_eq!(first["event"]["id"], "order-17");
    let again = scene.post("/v1/events", &event);
    assert_eq!(again.expect(202), first);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let others = [("data", json!({"a": 2})), ("type", json!("order.sent")), ("namespace", json!("other"))];
    for (field, value) in others {
        let mut other = event.clone();
        other[field] = value;
        let refusal = scene.post("/v1/events", &other).expect(409);
        assert_eq!(refusal["code"], "event_conflict", "{field}");
        // The other one may be in a namespace that the caller must not know of.
        assert!(!refusal.to_string().contains("acme") && !text(&refusal["detail"]).contains("posted"), "{refusal}");
    }
    assert_eq!(stored(&scene), 1);
    // Another workspace has ids of its own.
    scene.workspace("other").post("/v1/events", &event).expect(202);
}

#[test]
fn an_idempotency_key_gives_the_first_answer_again_and_refuses_another_body() {
    let scene = Scene::new();
    let call = |path: &str, body: &Value| Call::new("POST", path).header("idempotency-key", "k 1").json(body);
    let routes = [
        ("/v1/events", json!({"type": "order.paid", "data": {}}), 202),
        ("/v1/events/batch", json!({"events": [{"type": "order.paid", "data": {}}]}), 202),
        ("/v1/webhooks", json!({"url": "http://127.0.0.1:8009/", "events": ["other.thing"]}), 201),
        ("/v1/keys", json!({"name": "k", "kind": "workspace"}), 201),
        ("/v1/workspaces", json!({"name": "w"}), 201),
        ("/v1/event-types", json!({"name": "order.sent", "description": "d"}), 201),
    ];
    for (path, body, status) in routes {
        let first = scene.send(&call(path, &body));
        first.expect(status);
        assert_eq!(first.header("idempotency-replayed"), None, "{path}");
        let again = scene.send(&call(path, &body));
        assert_eq!((again.status, &again.body), (status, &first.body), "{path}");
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{path}");
        // The same things in other bytes are another body.
        let clash = scene.send(&call(path, &body).body(format!("{body} ").as_bytes()));
        assert_eq!(clash.expect(409)["code"], "idempotency_conflict", "{path}");
    }
    assert_eq!(stored(&scene), 2);
    // A refusal is not kept: the key is good for a better body.
    let bad = Call::new("POST", "/v1/events").header("idempotency-key", "k2");
    scene.send(&bad.clone().json(&json!({"type": "order.paid"}))).expect(422);
    scene.send(&bad.json(&json!({"type": "order.paid", "data": {}}))).expect(202);
    for wrong in ["", &"x".repeat(256), "gr\u{fc}n"] {
        let call = Call::new("POST", "/v1/events").header("idempotency-key", wrong);
        let refusal = scene.send(&call.json(&json!({"type": "order.paid", "data": {}})));
        assert_eq!((refusal.status, refusal.fields()), (422, vec!["Idempotency-Key".to_owned()]), "{wrong}");
    }
}

#[test]
fn of_a_hundred_posts_at_once_under_one_id_one_is_stored() {
    let scene = Scene::new();
    let posts: Vec<_> = (0..20)
        .map(|nth| {
            let api = scene.api.clone();
            let named = if nth % 2 == 0 { json!({"id": "one"}) } else { json!({}) };
            thread::spawn(move || {
                let mut body = json!({"type": "order.paid", "data": {}});
                body.as_object_mut().expect("an object").extend(named.as_object().expect("an object").clone());
                let call = Call::new("POST", "/v1/events").json(&body);
                api.send(&if nth % 2 == 0 { call } else { call.header("idempotency-key", "one") }).expect(202)
            })
        })
        .collect();
    let answers: Vec<Value> = posts.into_iter().map(|post| post.join().expect("answered")).collect();
    let distinct: HashSet<String> = answers.iter().map(|answer| text(&answer["event"]["id"])).collect();
    assert_eq!((distinct.len(), stored(&scene)), (2, 2));
}

#[test]
fn a_batch_answers_each_event_by_itself() {
    let scene = Scene::new();
    let register = json!({"name": "order.sized", "schema": {"type": "object", "required": ["size"]}});
    scene.post("/v1/event-types", &register).expect(201);
    let events = json!([
        {"type": "order.paid", "data": {}, "id": "a"},
        {"type": "Order Paid", "data": {}},
        {"type": "order.paid", "data": 1},
        {"type": "order.paid", "data": {"other": true}, "id": "a"},
        {"type": "order.sized", "data": {}},
        {"type": "purchase.nonsense", "data": {}},
        {"type": "order.paid", "data": {"big": "x".repeat(300_000)}},
        {"type": "order.paid", "data": {}, "extra": 1},
        {"type": "order.paid", "data": {}, "id": "a"},
        "not an event",
    ]);
    let answer = scene.post("/v1/events/batch", &json!({"events": events})).expect(202);
    let statuses: Vec<u64> = list(&answer["results"]).iter().map(|result| count(&result["status"])).collect();
    assert_eq!(statuses, [202, 422, 422, 409, 422, 422, 413, 422, 202, 400]);
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(2), &json!(8)));
    assert_eq!(stored(&scene), 1);
    // A plain array is a batch as well.
    scene.post("/v1/events/batch", &json!([{"type": "order.paid", "data": {}}])).expect(202);
    for (events, status) in [(vec![], 422), (vec![json!({"type": "order.paid", "data": {}}); 1001], 422)] {
        scene.post("/v1/events/batch", &json!({"events": events})).expect(status);
    }
}

#[test]
fn a_schema_of_ones_own_refuses_bad_data_with_the_path_of_each_fault() {
    let scene = Scene::new();
    let schema = json!({"type": "object", "required": ["lines"], "additionalProperties": false, "properties": {
        "lines": {"type": "array", "items": {"type": "object", "required": ["sku"],
            "properties": {"sku": {"type": "string"}, "count": {"type": "integer", "minimum": 1}}}}}});
    let made = scene.post("/v1/event-types", &json!({"name": "order.placed", "schema": schema, "description": "d"}));
    assert_eq!(made.expect(201)["version"], 1);
    let table = [
        (json!({"lines": []}), vec![]),
        (json!({}), vec!["data"]),
        (json!({"lines": [{"sku": 1}]}), vec!["data.lines[0].sku"]),
        (
            json!({"lines": [{"sku": "a", "count": 0}, {"count": "x"}]}),
            vec!["data.lines[0].count", "data.lines[1]", "data.lines[1].count"],
        ),
        (json!({"lines": [], "more": 1}), vec!["data"]),
    ];
    for (data, faults) in table {
        let answer = scene.post("/v1/events", &json!({"type": "order.placed", "data": data}));
        assert_eq!(answer.status, if faults.is_empty() { 202 } else { 422 }, "{data}");
        let mut fields = answer.fields();
        fields.sort_unstable();
        assert_eq!(fields, faults, "{data}: {}", answer.json());
    }
    assert_eq!(stored(&scene), 1);
    let seen = scene.get("/v1/event-types/order.placed").expect(200);
    assert_eq!((&seen["schema"], &seen["built_in"]), (&schema, &json!(false)));
}

#[test]
fn pages_of_a_list_have_no_gap_and_no_repeat_while_events_come_in() {
    let scene = Scene::new();
    let mut wanted = scene.events("order.paid", 120);
    wanted.reverse();
    let (mut got, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = scene.get(&format!("/v1/events?type=order.paid&limit=7{cursor}")).expect(200);
        got.extend(ids(&page["events"]));
        scene.event("order.paid", &json!({}));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(got, wanted);
}

#[test]
fn a_list_is_narrowed_by_type_namespace_and_time() {
    let scene = Scene::new();
    let early = scene.event("order.paid", &json!({"namespace": "a"}));
    let middle = text(&scene.get(&format!("/v1/events/{early}")).expect(200)["timestamp"]);
    // Times have milliseconds: the next ones are to be later.
    eventually("a millisecond passes", || {
        let later = scene.event("tick.tock", &json!({}));
        (text(&scene.get(&format!("/v1/events/{later}")).expect(200)["timestamp"]) > middle).then_some(())
    });
    let late = scene.event("order.sent", &json!({"namespace": "b"}));
    let table = [
        ("type=order.paid".to_owned(), vec![&early]),
        ("type=order.*".to_owned(), vec![&late, &early]),
        ("type=order.sent,order.paid".to_owned(), vec![&late, &early]),
        ("type=order.*&namespace=a".to_owned(), vec![&early]),
        ("type=order.*&namespace=c".to_owned(), vec![]),
        (format!("type=order.*&since={middle}"), vec![&late]),
        (format!("type=order.*&until={middle}"), vec![&early]),
        ("type=order.*&since=1h".to_owned(), vec![&late, &early]),
        ("type=order.*&until=1h".to_owned(), vec![]),
    ];
    for (query, wanted) in table {
        let answer = scene.get(&format!("/v1/events?{query}")).expect(200);
        assert_eq!(ids(&answer["events"]).iter().collect::<Vec<_>>(), wanted, "{query}");
    }
}

#[test]
fn a_poll_that_waits_is_woken_and_goes_on_where_it_was() {
    let scene = Scene::new();
    scene.event("order.paid", &json!({}));
    let empty = scene.get("/v1/events/poll").expect(200);
    assert_eq!(list(&empty["events"]).len(), 0, "without a place it starts now");
    let api = scene.api.clone();
    let path = format!("/v1/events/poll?types=order.*&wait=60s&after={}", text(&empty["next_cursor"]));
    // Longer than the limit of a test: it ends because it is woken.
    let waiting = thread::spawn(move || api.get(&path).expect(200));
    let id = scene.event("order.paid", &json!({}));
    let woken = waiting.join().expect("answered");
    assert_eq!(ids(&woken["events"]), std::slice::from_ref(&id));
    let more = scene.events("order.paid", 250);
    let (mut got, mut after) = (Vec::new(), id);
    while got.len() < more.len() {
        let page = scene.get(&format!("/v1/events/poll?limit=100&after={after}")).expect(200);
        got.extend(ids(&page["events"]));
        after = text(&page["next_cursor"]);
    }
    assert_eq!(got, more);
}

#[test]
fn a_stream_resumes_after_its_last_event_across_a_restart() {
    let mut scene = Scene::new();
    let first = scene.event("order.paid", &json!({}));
    let mut wanted = scene.events("order.paid", 150);
    let open = |scene: &Scene, last: &str| {
        scene.stream(&Call::new("GET", "/v1/events/stream?types=order.*").header("last-event-id", last))
    };
    let mut got: Vec<String> = Vec::new();
    let mut stream = open(&scene, &first);
    got.extend(stream.by_ref().take(75).map(|(id, _)| id));
    drop(stream);
    for killed in [true, false] {
        wanted.extend(scene.events("order.paid", 50));
        if killed {
            scene.server.kill();
        } else {
            assert!(scene.server.stop().success());
        }
        scene.server.restart();
        let mut stream = open(&scene, got.last().expect("some came"));
        let half = (wanted.len() - got.len()) / 2;
        got.extend(stream.by_ref().take(half).map(|(id, data)| {
            assert_eq!(data["id"], id.as_str());
            id
        }));
    }
    let mut stream = open(&scene, got.last().expect("some came"));
    let live = scene.events("order.paid", 20);
    wanted.extend(live);
    got.extend(stream.by_ref().take(wanted.len() - got.len()).map(|(id, _)| id));
    assert_eq!(got, wanted);
}

#[test]
fn a_stream_after_an_event_that_is_not_there_starts_at_the_oldest_that_is() {
    let scene = Scene::new();
    let wanted = scene.events("order.paid", 3);
    for last in ["nobodys-id", "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV", "evt_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"] {
        let call = Call::new("GET", "/v1/events/stream?types=order.*").header("last-event-id", last);
        let got: Vec<String> = scene.stream(&call).take(3).map(|(id, _)| id).collect();
        assert_eq!(got, wanted, "{last}");
        let polled = scene.get(&format!("/v1/events/poll?types=order.*&after={last}")).expect(200);
        assert_eq!(ids(&polled["events"]), wanted, "{last}");
    }
    for wrong in ["no id!", "a.b"] {
        let call = Call::new("GET", "/v1/events/stream").header("last-event-id", wrong);
        assert_eq!(scene.send(&call).expect(422)["errors"][0]["field"], "after", "{wrong}");
    }
}

#[test]
fn a_built_in_type_says_who_reported_it_and_needs_the_right() {
    let scene = Scene::new();
    let known = scene.get("/v1/event-types/purchase.succeeded").expect(200);
    let example = known["example"].clone();
    let data = if example["data"].is_object() { example["data"].clone() } else { example };
    let event = json!({"type": "purchase.succeeded", "data": data});
    let made = scene.post("/v1/events", &event).expect(202);
    assert!(text(&made["event"]["source"]).starts_with("reported:key_"), "{made}");
    let plain = scene.key(&json!({"kind": "workspace", "permissions": ["events:write", "events:read"]}));
    assert_eq!(plain.post("/v1/events", &event).expect(403)["code"], "forbidden");
    assert_eq!(plain.post("/v1/events", &json!({"type": "order.paid", "data": {}})).status, 202);
}
