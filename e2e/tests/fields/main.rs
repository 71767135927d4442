//! Every field of every call, given wrongly: refused by name, and nothing is stored.
mod forms;
mod policies;
mod spend;

use std::collections::HashSet;

use bellwire_e2e::{Api, Call, Receiver, Scene, eventually, list, text};
use forms::{Form, forms};
use serde_json::{Value, json};

/// A server with an endpoint, a pull endpoint, and a delivery of it that is held.
fn scene() -> (Scene, Vec<(&'static str, String)>) {
    let scene = Scene::new();
    let endpoint = scene.endpoint(&Receiver::ok(), &json!({"events": ["never.sent"], "status": "paused"}));
    let pull = scene.subscribe(&scene.api, &json!({"kind": "pull", "events": ["held.back"]}));
    scene.event("held.back", &json!({}));
    let held = eventually("it can be held", || {
        let held = scene.on(&pull, "pull", &json!({"lease": "1h"})).expect(200);
        held["deliveries"][0]["id"].as_str().map(str::to_owned)
    });
    let wallet = scene.post("/v1/wallets", &json!({"name": "w", "budget_usd": 10})).expect(201);
    let on_wallet =
        |kind: &str, body: Value| scene.post(&format!("/v1/wallets/{}/{kind}", text(&wallet["id"])), &body).expect(201);
    let bought = on_wallet("purchases", json!({"amount_usd": 2, "vendor": "v", "description": ""}));
    let set_aside = on_wallet("holds", json!({"amount_usd": 1, "vendor": "v", "expires_in": "7d"}));
    let policy = scene.post("/v1/policies", &json!({"name": "p", "rules": []})).expect(201);
    let ids = vec![
        ("{policy}", text(&policy["id"])),
        ("{wallet}", text(&wallet["id"])),
        ("{purchase}", text(&bought["id"])),
        ("{hold}", text(&set_aside["id"])),
        ("{endpoint}", text(&endpoint["id"])),
        ("{pull}", text(&pull["id"])),
        ("{held}", held),
        ("{namespace}", "acme".into()),
    ];
    (scene, ids)
}

fn filled(text: &str, ids: &[(&str, String)]) -> String {
    ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
}

fn stored(api: &Api, ids: &[(&str, String)]) -> Value {
    let paths = [
        "/v1/webhooks?limit=200",
        "/v1/events?limit=200",
        "/v1/event-types?limit=200",
        "/v1/namespaces?limit=200",
        "/v1/workspaces?limit=200",
        "/v1/deliveries",
        "/v1/wallets?limit=200",
        "/v1/purchases?limit=200",
        "/v1/policies?limit=200",
        &filled("/v1/deliveries/{held}", ids),
    ];
    let keys = list(&api.get("/v1/keys?limit=200").expect(200)["keys"]).len();
    let everything: Vec<Value> = paths.iter().map(|path| api.get(path).expect(200)).collect();
    json!([keys, everything])
}

/// A path as the API's description names it.
fn as_described(path: &str) -> String {
    let path = path.replace("{endpoint}", "{endpoint_id}").replace("{pull}", "{endpoint_id}");
    ["wallet", "purchase", "hold", "policy"]
        .iter()
        .fold(path, |path, name| path.replace(&format!("{{{name}}}"), &format!("{{{name}_id}}")))
        .replace("{held}", "{delivery_id}")
}

/// The fields of a body, from the API's description.
fn described(document: &Value, form: &Form) -> Vec<(String, Value)> {
    let operation = &document["paths"][as_described(form.path)][form.method.to_lowercase()];
    let mut schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        schema = &document["components"]["schemas"][name];
    }
    let fields = schema["properties"].as_object().unwrap_or_else(|| panic!("{} has no fields: {schema}", form.path));
    fields.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect()
}

/// The refusal names the field, or something inside of it.
#[track_caller]
fn refused_by_name(api: &Api, form: &Form, path: &str, body: &Value, field: &str) {
    let answer = api.send(&Call::new(form.method, path).json(body));
    let short: String = body.to_string().chars().take(200).collect();
    assert_eq!(answer.status, 422, "{} {path} {short}: {}", form.method, answer.json());
    let inside = |name: &String| {
        name == field || name.starts_with(&format!("{field}.")) || name.starts_with(&format!("{field}["))
    };
    assert!(answer.fields().iter().any(inside), "{path} {short} must name {field}: {}", answer.json());
    assert!(text(&answer.json()["detail"]).contains('`'), "{path}: {}", answer.json());
}

#[test]
fn every_field_refuses_what_is_wrong_by_name_and_nothing_is_stored() {
    let (scene, ids) = scene();
    let document = scene.get("/openapi.json").expect(200);
    let before = stored(&scene, &ids);
    let mut count = 0;
    for form in forms() {
        let path = filled(form.path, &ids);
        let good: Value = serde_json::from_str(&filled(&form.good.to_string(), &ids)).expect("JSON");
        let tried: HashSet<&str> = form.wrong.iter().map(|(field, _)| *field).collect();
        let with = |field: &str, value: &Value| {
            let mut body = good.clone();
            body[field] = value.clone();
            body
        };
        for (field, schema) in described(&document, &form) {
            assert!(tried.contains(field.as_str()), "{} {}: `{field}` has no wrong value yet", form.method, form.path);
            // A value of a type that the description does not know.
            let types = schema.to_string();
            let wrong = [json!({"x": {}}), json!(true), json!([[1]])].into_iter().find(|wrong| match wrong {
                Value::Object(_) => !types.contains("object") && !types.contains("$ref"),
                Value::Bool(_) => !types.contains("boolean"),
                _ => !types.contains("array"),
            });
            refused_by_name(&scene, &form, &path, &with(&field, &wrong.expect("some type is wrong")), &field);
        }
        for (field, value) in &form.wrong {
            refused_by_name(&scene, &form, &path, &with(field, value), field);
            count += 1;
        }
        refused_by_name(&scene, &form, &path, &with("nonsense", &json!(1)), "nonsense");
    }
    println!("{count} wrong values");
    assert_eq!(stored(&scene, &ids), before);
}

#[test]
fn a_refusal_names_every_fault_at_once() {
    let scene = Scene::new();
    let form =
        json!({"url": "nonsense", "events": ["x"], "timeout_ms": 1, "dialect": "latin", "headers": {"host": "x"}});
    let answer = scene.post("/v1/webhooks", &form);
    answer.expect(422);
    let mut fields = answer.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["dialect", "events[0]", "headers.host", "timeout_ms", "url"]);
}

#[test]
fn faults_of_the_form_and_of_the_values_are_named_together_and_each_once() {
    let (scene, ids) = scene();
    let table = [
        (
            "POST",
            "/v1/webhooks",
            json!({"url": 5, "events": ["x"], "ordered": "yes", "timeout_ms": 1, "surprise": 1, "dialect": "latin",
                "headers": {"host": "x", "x-a": 1}, "retry": {"preset": "often", "presets": 1}}),
            vec![
                "dialect",
                "events[0]",
                "headers.host",
                "headers.x-a",
                "ordered",
                "retry.preset",
                "retry.presets",
                "surprise",
                "timeout_ms",
                "url",
            ],
        ),
        (
            "PATCH",
            "/v1/webhooks/{endpoint}",
            json!({"max_in_flight": "many", "events": [5, "Not A Type"], "signing": "rsa"}),
            vec!["events[0]", "max_in_flight", "signing"],
        ),
        (
            "POST",
            "/v1/events",
            json!({"type": 5, "namespace": "Bad Name", "id": "a b", "extra": {}}),
            vec!["data", "extra", "id", "namespace", "type"],
        ),
        ("POST", "/v1/keys", json!({"kind": "root", "person": 1, "name": ""}), vec!["kind", "name", "person"]),
        ("POST", "/v1/event-types", json!({"schema": 5, "name": "order"}), vec!["name", "schema"]),
        ("POST", "/v1/deliveries/retry", json!({"status": "lost", "until": 5}), vec!["endpoint_id", "status", "until"]),
        (
            "POST",
            "/v1/webhooks/{endpoint}/replay",
            json!({"missing": "yes", "since": "soon"}),
            vec!["missing", "since"],
        ),
        ("POST", "/v1/webhooks/{pull}/pull", json!({"max": "all", "lease": "x"}), vec!["lease", "max"]),
        (
            "POST",
            "/v1/wallets",
            json!({"name": 5, "budget_usd": -1, "window": "weekly", "thresholds": [50, 20], "surprise_usd": 1,
                "limits": {"max_per_minute_usd": null, "max_transaction_usd": true, "repeat": false, "spike": {"floor_usd": "x", "y": 1}}}),
            vec![
                "budget_usd",
                "limits.max_transaction_usd",
                "limits.spike.floor_usd",
                "limits.spike.y",
                "name",
                "surprise_usd",
                "thresholds[1]",
                "window",
            ],
        ),
        (
            "POST",
            "/v1/wallets/{wallet}/purchases",
            json!({"amount_usd": "0.0000000001", "vendor": 1, "metadata": 5, "extra": 1}),
            vec!["amount_usd", "description", "extra", "metadata", "vendor"],
        ),
    ];
    let before = stored(&scene, &ids);
    for (method, path, body, wanted) in table {
        let answer = scene.send(&Call::new(method, &filled(path, &ids)).json(&body));
        assert_eq!(answer.status, 422, "{path}: {}", answer.json());
        let mut fields = answer.fields();
        fields.sort_unstable();
        assert_eq!(fields, wanted, "{path}: {}", answer.json());
    }
    assert_eq!(stored(&scene, &ids), before);
}

#[test]
fn a_body_that_is_no_json_is_400_and_one_too_large_is_413() {
    let (scene, ids) = scene();
    let before = stored(&scene, &ids);
    let mut paths: Vec<(&str, String)> = forms().iter().map(|form| (form.method, filled(form.path, &ids))).collect();
    paths.push(("POST", "/v1/events/batch".into()));
    for (method, path) in paths {
        for body in ["{", "{\"a\": }", "nonsense", "\"text\"", "7", "\u{1}", "{\"a\":1}}"] {
            let answer = scene.send(&Call::new(method, &path).body(body.as_bytes()));
            assert_eq!(answer.status, 400, "{path} {body}: {}", answer.json());
            assert_eq!(answer.json()["code"], "unparsable");
            assert_eq!(answer.fields(), ["body"], "{path} {body}");
        }
        // A list of the fields' values, or of the object that is wanted, is not that object.
        let lists = [json!([]), json!([{}]), json!(["x", "workspace"])];
        for body in lists.iter().filter(|_| !path.ends_with("/batch")) {
            let answer = scene.send(&Call::new(method, &path).json(body));
            assert_eq!((answer.status, answer.fields()), (400, vec!["body".to_owned()]), "{path} {body}");
        }
        let bytes = scene.send(&Call::new(method, &path).body(b"{\"name\": \"\xff\"}"));
        assert_eq!(bytes.status, 400, "{path} with bad UTF-8: {}", bytes.json());
        let size = if path.ends_with("/batch") { 17 << 20 } else { 257 << 10 };
        let large = format!("{{\"x\": \"{}\"}}", "x".repeat(size));
        let answer = scene.send(&Call::new(method, &path).body(large.as_bytes()));
        assert_eq!(answer.status, 413, "{path}: {}", answer.json());
    }
    assert_eq!(stored(&scene, &ids), before);
}

#[test]
fn every_query_parameter_refuses_what_is_wrong_by_name() {
    let (scene, ids) = scene();
    let paths = [
        "/v1/events",
        "/v1/events/poll",
        "/v1/events/stream",
        "/v1/webhooks",
        "/v1/keys",
        "/v1/namespaces",
        "/v1/workspaces",
        "/v1/event-types",
        "/v1/deliveries",
        "/v1/overview",
        "/v1/changes/stream",
        "/v1/webhooks/{endpoint}/deliveries",
        "/v1/webhooks/{endpoint}/jobs",
        "/v1/webhooks/{endpoint}/stats",
        "/v1/wallets",
        "/v1/purchases",
        "/v1/wallets/{wallet}/purchases",
        "/v1/wallets/{wallet}/holds",
        "/v1/policies",
        "/v1/policies/{policy}/versions",
        "/v1/spend/by-vendor",
        "/v1/spend/by-wallet",
        "/v1/spend/by-agent",
        "/v1/spend/by-category",
        "/v1/spend/timeseries",
    ];
    let document = scene.get("/openapi.json").expect(200);
    let mut count = 0;
    for path in paths {
        let operation = &document["paths"][as_described(path)]["get"];
        let known: Vec<String> = list(&operation["parameters"])
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| text(&parameter["name"]))
            .collect();
        for name in known.iter().map(String::as_str).chain(["nonsense"]) {
            let wrong: &[&str] = match name {
                "limit" if path.contains("/spend/") => &["0", "1001", "-1", "x"],
                "limit" => &["0", "201", "-1", "x", "1.5"],
                "cursor" => &["x", "c", "c-1", "12", "n", "n.x"],
                "since" | "until" => &["soon", "2026-13-01T00:00:00Z", "1x", "-1h"],
                "status" if path.contains("eliver") => &["lost", "Pending"],
                "status" => &["lost", "Held"],
                "wallet_id" | "parent_id" => &["x", "wal_1"],
                "endpoint_id" => &["x", "whk_1"],
                "q" if path.contains("eliver") => &["a b", "dlv_*", "%c3%a9"],
                "q" => &["a%00b", "%7f"],
                "bucket" => &["week", "Hour"],
                "namespace" => &["Bad", "a b", "-a"],
                "wait" => &["61s", "soon"],
                "after" => &["no such place!", "c.x"],
                "nonsense" => &["1"],
                // Any name of a type is one that may come, and agents and vendors are called anything.
                "type" | "types" | "agent_id" | "vendor" => &[],
                other => panic!("{path}: `{other}` has no wrong value yet"),
            };
            for value in wrong {
                let value = value.replace(' ', "%20");
                let answer = scene.get(&format!("{}?{name}={value}", filled(path, &ids)));
                assert_eq!(answer.status, 422, "{path}?{name}={value}: {}", answer.json());
                assert_eq!(answer.fields(), [name], "{path}?{name}={value}");
                count += 1;
            }
        }
    }
    println!("{count} wrong values");
}
