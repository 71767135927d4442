//! Deliveries over all endpoints, for the owner and for tenants; events that hold a text.
use bellwire_e2e::{Api, Call, Receiver, Reply, Scene, eventually, list, text};
use serde_json::{Value, json};

use crate::tenant;

/// The ids of the deliveries that a path lists.
#[track_caller]
fn ids(api: &Api, query: &str) -> Vec<String> {
    let listed = api.get(&format!("/v1/deliveries?limit=200&{query}")).expect(200);
    list(&listed["deliveries"]).iter().map(|delivery| text(&delivery["id"])).collect()
}

#[test]
fn a_tenant_lists_and_retries_the_deliveries_of_its_own_endpoints() {
    let scene = Scene::new();
    let (acme, other) = (tenant(&scene, "acme"), tenant(&scene, "other"));
    let receiver = Receiver::always(Reply::Status(500));
    let form = json!({"url": receiver.url(), "events": ["*"], "retry": {"preset": "none"}});
    let own = scene.subscribe(&acme, &form);
    let whole = scene.endpoint(&receiver, &json!({"retry": {"preset": "none"}}));
    for namespace in [Some("acme"), Some("other"), None] {
        for _ in 0..3 {
            scene.event("order.paid", &json!({"namespace": namespace}));
        }
    }
    eventually("all are dead", || (ids(&scene, "status=failed").len() == 12).then_some(()));
    let seen = acme.get("/v1/deliveries?status=failed").expect(200);
    assert_eq!(seen["total"], 3);
    assert!(list(&seen["deliveries"]).iter().all(|one| one["endpoint_id"] == own["id"] && one["namespace"] == "acme"));
    assert!(ids(&other, "").is_empty(), "the workspace's own endpoint is not the tenant's");
    acme.get(&format!("/v1/deliveries?endpoint_id={}", text(&whole["id"]))).expect(404);
    assert_eq!(ids(&acme, &format!("endpoint_id={}", text(&own["id"]))).len(), 3);
    // An endpoint that a tenant gets later brings nothing of others along.
    scene.change(&whole, &json!({"namespace": "acme"}));
    let listed = acme.get("/v1/deliveries").expect(200);
    assert_eq!(listed["total"], 6);
    assert!(list(&listed["deliveries"]).iter().all(|one| one["namespace"] == "acme"), "{listed}");
    let foreign = scene.deliveries(&whole, "namespace=other").remove(0);
    let path = format!("/v1/deliveries/{}", text(&foreign["id"]));
    acme.get(&path).expect(404);
    acme.post(&format!("{path}/retry"), &json!({})).expect(404);
    let many = acme.post("/v1/deliveries/retry", &json!({"endpoint_id": whole["id"]})).expect(202);
    assert_eq!(many["retried"], 3, "those of its namespace");
    other.post("/v1/deliveries/retry", &json!({"endpoint_id": whole["id"]})).expect(404);
}

#[test]
fn deliveries_are_found_by_endpoint_type_and_how_an_id_begins() {
    let scene = Scene::new();
    let one = scene.endpoint(&Receiver::ok(), &json!({"status": "paused"}));
    let two = scene.endpoint(&Receiver::ok(), &json!({"status": "paused", "events": ["order.*"]}));
    let event = scene.event("order.paid", &json!({"id": "my-order-1"}));
    scene.event("basket.left", &json!({}));
    assert_eq!(ids(&scene, "").len(), 3);
    assert_eq!(ids(&scene, "type=order.*").len(), 2);
    assert_eq!(ids(&scene, "type=basket.left,x.y").len(), 1);
    assert_eq!(ids(&scene, &format!("type=order.paid&endpoint_id={}", text(&two["id"]))).len(), 1);
    assert_eq!(ids(&scene, "q=my-ord").len(), 2, "{event}");
    let first = text(&scene.deliveries(&one, "")[0]["id"]);
    assert_eq!(ids(&scene, &format!("q={first}")), [first]);
    assert!(ids(&scene, "q=nothing").is_empty());
    let listed = scene.get("/v1/deliveries?q=my-ord").expect(200);
    assert_eq!(listed["total"], Value::Null);
    let wrong = scene.get("/v1/deliveries?q=a%20b&status=lost&endpoint_id=x&limit=0");
    assert_eq!(
        (wrong.status, wrong.fields()),
        (422, ["q", "limit", "status", "endpoint_id"].map(String::from).to_vec())
    );
    scene.get("/v1/deliveries?endpoint_id=whk_01ARZ3NDEKTSV4RRFFQ69G5FAV").expect(404);
}

#[test]
fn what_would_be_counted_one_by_one_has_no_total_where_that_is_much() {
    let scene = Scene::new();
    for _ in 0..6 {
        scene.endpoint(&Receiver::ok(), &json!({"status": "paused"}));
    }
    scene.event("order.paid", &json!({"namespace": "acme"}));
    let of_acme = "/v1/deliveries?namespace=acme";
    assert_eq!(scene.get(of_acme).expect(200)["total"], 6);
    // No endpoint has much; all of them together have.
    scene.events("order.paid", 2_000);
    let listed = scene.get(of_acme).expect(200);
    assert_eq!((&listed["total"], list(&listed["deliveries"]).len()), (&Value::Null, 6));
    assert_eq!(scene.get("/v1/deliveries").expect(200)["total"], 6 * 2_001);
}

#[test]
fn an_export_has_every_delivery_once_a_line() {
    let scene = Scene::new();
    let endpoint =
        scene.endpoint(&Receiver::ok(), &json!({"events": ["a.b"], "status": "paused", "namespace": "acme"}));
    let events: Vec<Value> =
        (0..450).map(|nth| json!({"type": "a.b", "data": {"n": nth}, "namespace": "acme"})).collect();
    scene.post("/v1/events/batch", &json!({"events": events})).expect(202);
    let lines = |api: &Api, path: &str| {
        let answer = api.send(&Call::new("GET", path).header("accept", "application/x-ndjson"));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ndjson")));
        let body = String::from_utf8(answer.body).expect("text");
        body.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).collect::<Vec<_>>()
    };
    let paths = ["/v1/deliveries".to_owned(), format!("/v1/webhooks/{}/deliveries", text(&endpoint["id"]))];
    for path in &paths {
        let all = lines(&scene, path);
        let mut seen: Vec<String> = all.iter().map(|one| text(&one["id"])).collect();
        assert_eq!(seen.len(), 450);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 450, "each once");
        assert_eq!(all[0], scene.get(&format!("{path}?limit=1")).expect(200)["deliveries"][0]);
    }
    assert_eq!(lines(&tenant(&scene, "acme"), "/v1/deliveries").len(), 450);
    assert!(lines(&tenant(&scene, "other"), "/v1/deliveries").is_empty());
    assert!(lines(&scene, "/v1/deliveries?status=success").is_empty());
    let paged = scene.send(&Call::new("GET", "/v1/deliveries?limit=5").header("accept", "application/x-ndjson"));
    assert_eq!((paged.status, paged.fields()), (422, vec!["cursor".to_owned()]));
}

#[test]
fn events_are_found_by_a_text_in_whatever_case() {
    let scene = Scene::new();
    let first = scene.event("order.paid", &json!({"data": {"city": "Z\u{fc}rich"}, "namespace": "acme"}));
    scene.event("order.paid", &json!({"data": {"city": "Basel"}}));
    let found = |api: &Api, query: &str| -> Vec<String> {
        let listed = api.get(&format!("/v1/events?{query}")).expect(200);
        list(&listed["events"]).iter().map(|event| text(&event["id"])).collect()
    };
    assert_eq!(found(&scene, "q=z%C3%9CRICH"), std::slice::from_ref(&first));
    assert_eq!(found(&scene, &format!("q={}", first.to_lowercase())), std::slice::from_ref(&first));
    assert_eq!(found(&scene, "q=ORDER.p&type=order.*").len(), 2);
    assert!(found(&scene, "q=zurich").is_empty());
    assert!(found(&tenant(&scene, "other"), "q=rich").is_empty());
    assert_eq!(found(&tenant(&scene, "acme"), "q=rich"), [first]);
    let wrong = scene.get(&format!("/v1/events?q={}&limit=0", "x".repeat(257)));
    assert_eq!((wrong.status, wrong.fields()), (422, vec!["limit".to_owned(), "q".to_owned()]));
}
