//! `bellwire trigger`: a valid sample of every type there is.
use bellwire_e2e::{Receiver, Scene, Tool, list, text};
use serde_json::{Value, json};

#[test]
fn a_sample_of_every_type_of_the_catalog_is_what_the_server_takes() {
    let scene = Scene::new();
    let tool = Tool::at(&scene.api);
    let all = list(&tool.ask(&["trigger", "--list"])["event_types"]);
    assert!(all.len() > 40, "{}", all.len());
    for one in &all {
        let name = text(&one["name"]);
        // What is posted of a built-in type is not judged. A type of one's own with the same schema is.
        let twin = format!("twin.{}", name.replace('.', "_"));
        scene.post("/v1/event-types", &json!({"name": twin, "schema": one["schema"]})).expect(201);
        let judge = |data: &Value| scene.post("/v1/events", &json!({"type": twin, "data": data})).expect(202);
        let posted = tool.ask(&["trigger", &name]);
        assert_eq!(posted["event"]["type"], name.as_str());
        assert_eq!(posted["event"]["data"], one["example"], "{name}: without a seed the example itself");
        judge(&posted["event"]["data"]);
        for seed in ["1", "2"] {
            let seeded = tool.ask(&["trigger", &name, "--seed", seed]);
            let stored = scene.get(&format!("/v1/events/{}", text(&seeded["event"]["id"]))).expect(200);
            assert_eq!(stored["data"], seeded["event"]["data"], "{name}");
            judge(&seeded["event"]["data"]);
            let printed = tool.ask(&["trigger", &name, "--seed", seed, "--print"]);
            assert_eq!(printed["data"], seeded["event"]["data"], "{name}: the same for the same seed");
        }
    }
    let of = |seed: &str| tool.ask(&["trigger", "purchase.succeeded", "--seed", seed, "--print"])["data"].clone();
    assert_ne!(of("1"), of("2"), "another for another");
}

#[test]
fn values_are_put_in_by_path_and_the_schema_is_the_judge() {
    let scene = Scene::new();
    let (tool, receiver) = (Tool::at(&scene.api), Receiver::ok());
    scene.endpoint(&receiver, &json!({"namespace": "acme"}));
    let set = [
        "trigger",
        "order.paid",
        "--namespace",
        "acme",
        "--set",
        "lines.0.price=12.5",
        "--set",
        "lines.1={\"price\": 3}",
        "--set",
        "customer.name=Ada",
        "--set",
        "note=\"7\"",
        "--set",
        "gift=true",
    ];
    let posted = tool.ask(&set);
    let data =
        json!({"lines": [{"price": 12.5}, {"price": 3}], "customer": {"name": "Ada"}, "note": "7", "gift": true});
    assert_eq!((&posted["event"]["data"], &posted["event"]["namespace"]), (&data, &json!("acme")));
    assert_eq!(posted["deliveries"], 1);
    for (wrong, says) in [("=1", "path"), ("x", "path=value"), ("a..b=1", "names joined by dots")] {
        let err = tool.run(&["trigger", "order.paid", "--set", wrong]).refused(2);
        assert!(err.contains(says), "{wrong}: {err}");
    }
    let err = tool.run(&["trigger", "order.paid", "--set", "a.0=1", "--set", "a=[]", "--set", "a.7=1"]).refused(2);
    assert!(err.contains("0 to 0"), "{err}");
    // A type of one's own, with a schema.
    let schema = json!({"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string", "minLength": 12}},
        "additionalProperties": false});
    scene.post("/v1/event-types", &json!({"name": "stock.low", "schema": schema})).expect(201);
    let made = tool.ask(&["trigger", "stock.low", "--seed", "3"]);
    assert!(made["event"]["data"]["sku"].as_str().is_some_and(|sku| sku.len() >= 12), "{made}");
    let err = tool.run(&["trigger", "stock.low", "--set", "sku=short"]).refused(4);
    assert!(err.contains("data.sku"), "{err}");
    assert_eq!(
        tool.ask(&["trigger", "--list"])["event_types"]
            .as_array()
            .map(|all| all.iter().filter(|one| one["name"] == "stock.low").count()),
        Some(1)
    );
}

#[test]
fn a_type_that_is_not_there_gets_the_names_that_are_near() {
    let scene = Scene::new();
    let tool = Tool::at(&scene.api);
    let before = |scene: &Scene| list(&scene.get("/v1/events?limit=200").expect(200)["events"]).len();
    let events = before(&scene);
    for (wrong, near) in [
        ("purchase.succeded", "purchase.succeeded"),
        ("walet.created", "wallet.created"),
        ("wallet.crated", "wallet.created"),
    ] {
        let err = tool.run(&["trigger", wrong]).refused(2);
        assert!(err.contains(&format!("there is no event type `{wrong}`")), "{err}");
        assert!(err.contains(&format!("did you mean {near}")) && err.contains("--list"), "{err}");
    }
    let err = tool.run(&["trigger", "purchase.xyzzyxyzzy"]).refused(2);
    assert!(!err.contains("did you mean") && err.contains("--list"), "{err}");
    let told: Value =
        serde_json::from_str(&tool.run(&["trigger", "walet.created", "--json"]).refused(2)).expect("JSON");
    assert_eq!(told["exit_code"], 2);
    assert_eq!(before(&scene), events, "nothing was posted");
    let ran = tool.run(&["trigger", "my.own"]);
    assert!(ran.err.contains("not registered"), "{}", ran.err);
    ran.good();
    assert_eq!(before(&scene), events + 1);
}
