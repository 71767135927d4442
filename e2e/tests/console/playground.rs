//! Sandboxes that anybody may make, and the catcher they send to.
use std::time::Duration;

use bellwire_e2e::{Answer, Api, Call, Receiver, Scene, Setup, count, eventually, eventually_within, list, text};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Makes a sandbox; what was answered, and a client with its key.
fn sandbox(scene: &Scene) -> (Value, Api) {
    let made = scene.without_key().post("/v1/try", &json!({})).expect(201);
    let api = scene.with_key(&text(&made["api_key"]));
    (made, api)
}

/// Changes where the sandbox's endpoint sends, posts an event, and gives its delivery once it had so many attempts.
fn sent(made: &Value, api: &Api, behaviour: &str, attempts: u64) -> Value {
    let endpoint = format!("/v1/webhooks/{}", text(&made["endpoint_id"]));
    let url = format!("{}{behaviour}", text(&made["catcher_url"]));
    api.patch(&endpoint, &json!({"url": url, "timeout_ms": 1_000})).expect(200);
    let event = api.post("/v1/events", &json!({"type": "order.paid", "data": {}})).expect(202);
    let path = format!("/v1/events/{}", text(&event["event"]["id"]));
    let delivery = eventually_within(Duration::from_secs(30), behaviour, || {
        let found = api.get(&path).expect(200)["deliveries"][0].clone();
        (count(&found["attempts"]) >= attempts).then_some(found)
    });
    api.get(&format!("/v1/deliveries/{}", text(&delivery["id"]))).expect(200)
}

#[test]
fn a_sandbox_buys_until_its_budget_runs_out_and_every_event_is_caught() {
    // Without --dev: a loopback address is enough, and the catcher is reached all the same.
    let scene = Scene::with(Setup { dev: false, ..Setup::default() });
    assert_eq!(scene.without_key().get("/v1/try").expect(200), json!({"enabled": true}));
    let (made, api) = sandbox(&scene);
    let me = api.get("/v1/me").expect(200);
    assert_eq!((&me["workspace_id"], &me["kind"]), (&made["workspace_id"], &json!("workspace")));
    let order = json!({"amount_usd": "2.00", "vendor": "acme", "description": "d"});
    let buy = || api.post(&format!("/v1/wallets/{}/purchases", text(&made["wallet_id"])), &order).status;
    assert_eq!([buy(), buy(), buy()], [201, 201, 402]);
    let path = format!("/v1/webhooks/{}/deliveries?limit=200", text(&made["endpoint_id"]));
    let all = eventually("all is delivered", || {
        let all = list(&api.get(&path).expect(200)["deliveries"]);
        let told = |kind: &str| all.iter().any(|one| one["event"] == kind && one["status"] == "success");
        (told("purchase.succeeded") && told("budget.exhausted")).then_some(all)
    });
    assert!(all.iter().all(|one| one["status_code"] != 500), "{all:?}");
    let raise = json!({"budget_usd": "10.00", "reason": "more"});
    api.patch(&format!("/v1/wallets/{}", text(&made["wallet_id"])), &raise).expect(200);
    assert_eq!(buy(), 201);
    // It is alone: it sees nothing of others, makes no keys, and nobody sees it.
    let (_, other) = sandbox(&scene);
    other.get(&format!("/v1/wallets/{}", text(&made["wallet_id"]))).expect(404);
    api.post("/v1/keys", &json!({"name": "k", "kind": "workspace"})).expect(403);
    assert_eq!(list(&scene.get("/v1/wallets").expect(200)["wallets"]).len(), 0);
}

#[test]
fn the_catcher_behaves_as_it_is_told() {
    let scene = Scene::new();
    let (made, api) = sandbox(&scene);
    for (behaviour, code, error) in [("ok", json!(200), ""), ("fail", json!(500), "500"), ("wrong", json!(302), "302")]
    {
        let delivery = sent(&made, &api, behaviour, 1);
        assert_eq!(delivery["status_code"], code, "{behaviour}: {delivery}");
        assert!(text(&delivery["last_error"]).contains(error), "{delivery}");
    }
    let slow = sent(&made, &api, "slow", 1);
    assert_eq!(slow["attempt_log"][0]["error"], "timeout after 1000 ms");
    let flaky = sent(&made, &api, "flaky", 2);
    assert_eq!((&flaky["status"], &flaky["attempt_log"][0]["status_code"]), (&json!("success"), &json!(500)));
    let nobody = scene.without_key();
    nobody.post("/v1/try/catch/nonsense", &json!({})).expect(404);
    nobody.get("/v1/try/catch/ok").expect(405);
}

#[test]
fn without_dev_nothing_of_this_machine_is_reached_but_the_catcher() {
    let scene = Scene::with(Setup { dev: false, ..Setup::default() });
    let (made, api) = sandbox(&scene);
    let (at, receiver) = (scene.server.address, Receiver::ok());
    let endpoint = format!("/v1/webhooks/{}", text(&made["endpoint_id"]));
    for url in [
        receiver.url(),
        format!("http://{at}/v1/try"),
        format!("http://{at}/v1/try/catch/../../events"),
        format!("http://{at}/v1/try/catch/%2e%2e/%2E%2e/events"),
        format!("http://localhost:{}/v1/try/catch/ok", at.port()),
        format!("http://127.0.0.2:{}/v1/try/catch/ok", at.port()),
        format!("https://{at}/v1/try/catch/ok"),
    ] {
        let refused = api.patch(&endpoint, &json!({"url": url}));
        assert_eq!((refused.status, refused.fields()), (422, vec!["url".to_owned()]), "{url}");
        let refused = scene.without_key().post("/v1/try", &json!({"url": url}));
        assert_eq!((refused.status, refused.fields()), (422, vec!["url".to_owned()]), "{url}");
    }
    assert_eq!(receiver.hits(), 0);
    assert_eq!(sent(&made, &api, "ok", 1)["status_code"], 200);
}

#[test]
fn there_is_no_playground_where_anybody_could_come_or_where_it_is_switched_off() {
    let off = |setup: Setup| {
        let scene = Scene::with(setup);
        let nobody = scene.without_key();
        assert_eq!(nobody.get("/v1/try").expect(200), json!({"enabled": false}));
        nobody.post("/v1/try", &json!({})).expect(404);
        nobody.post("/v1/try/catch/ok", &json!({})).expect(404);
        let form = json!({"url": format!("http://{}/v1/try/catch/ok", scene.server.address), "events": ["*"]});
        scene.post("/v1/webhooks", &form)
    };
    let refused = off(Setup { dev: false, listen: "0.0.0.0:0".into(), ..Setup::default() });
    assert_eq!((refused.status, refused.fields()), (422, vec!["url".to_owned()]));
    let refused = off(Setup { dev: false, env: vec![("BELLWIRE_NO_PLAYGROUND", "true".into())], ..Setup::default() });
    assert_eq!((refused.status, refused.fields()), (422, vec!["url".to_owned()]));
    let public = ("BELLWIRE_PUBLIC_URL", "https://bellwire.example.com".to_owned());
    let refused = off(Setup { dev: false, env: vec![public.clone()], ..Setup::default() });
    assert_eq!((refused.status, refused.fields()), (422, vec!["url".to_owned()]), "a proxy brings others here");

    let files = TempDir::new().expect("a temporary directory");
    let file = files.path().join("bellwire.toml");
    std::fs::write(&file, "playground = true\n").expect("a file");
    let wanted = ("BELLWIRE_CONFIG", file.display().to_string());
    let scene = Scene::with(Setup { dev: false, env: vec![public, wanted], ..Setup::default() });
    assert_eq!(scene.without_key().get("/v1/try").expect(200), json!({"enabled": true}));
    sandbox(&scene);
}

#[test]
fn a_sandbox_is_told_to_slow_down_and_others_are_not() {
    let scene = Scene::new();
    let (_, api) = sandbox(&scene);
    let event = json!({"type": "a.b", "data": {}});
    let answers: Vec<Answer> = (0..400).map(|_| api.post("/v1/events", &event)).collect();
    let slowed = answers.iter().find(|answer| answer.status == 429).expect("it is slowed down");
    assert_eq!(slowed.header("retry-after"), Some("1"));
    assert!(answers.iter().filter(|answer| answer.status == 202).count() >= 100, "a burst passes");
    api.get("/v1/events").expect(200);
    assert!((0..200).all(|_| scene.post("/v1/events", &event).status == 202), "nobody else is slowed down");
}

#[test]
fn sandboxes_are_made_slowly_and_only_for_pages_of_this_server() {
    let scene = Scene::new();
    let nobody = scene.without_key();
    let foreign = Call::new("POST", "/v1/try").header("sec-fetch-site", "cross-site").json(&json!({}));
    nobody.send(&foreign).expect(403);
    nobody.send(&Call::new("POST", "/v1/try")).expect(201);
    let made = (0..40).map(|_| nobody.post("/v1/try", &json!({}))).find(|answer| answer.status != 201);
    let made = made.expect("not for ever");
    assert_eq!((made.status, made.header("retry-after")), (429, Some("60")));
}

#[test]
fn a_sandbox_goes_after_its_day_also_if_the_server_was_killed() {
    let mut scene = Scene::new();
    let (made, api) = sandbox(&scene);
    let mine = scene.endpoint(&Receiver::ok(), &json!({}));
    for _ in 0..30 {
        api.post("/v1/events", &json!({"type": "a.b", "data": {}})).expect(202);
    }
    scene.server.kill();
    scene.server.backdate("sandboxes", Duration::from_hours(25));
    scene.server.restart();
    let id = text(&made["workspace_id"]);
    eventually_within(Duration::from_mins(1), "it is gone", || {
        let all = scene.get("/v1/workspaces").expect(200).to_string();
        (!all.contains(&id)).then_some(())
    });
    api.get("/v1/me").expect(401);
    scene.reread(&mine);
}

#[test]
fn a_sandbox_is_no_amplifier() {
    let scene = Scene::new();
    let (made, api) = sandbox(&scene);
    let form = json!({"url": format!("{}ok", text(&made["catcher_url"])), "events": ["never.sent"]});
    for _ in 1..10 {
        api.post("/v1/webhooks", &form).expect(201);
    }
    assert_eq!(api.post("/v1/webhooks", &form).expect(409)["code"], "state_conflict");
    let events = |count: usize| json!(vec![json!({"type": "order.paid", "data": {}}); count]);
    api.post("/v1/events/batch", &events(101)).expect(429);
    eventually("there is room for some", || (api.post("/v1/events/batch", &events(20)).status == 202).then_some(()));
    // Others are as free as ever.
    scene.post("/v1/events/batch", &events(101)).expect(202);
}

#[test]
fn a_page_of_another_site_makes_no_sandbox_and_logs_nobody_in() {
    let scene = Scene::new();
    let nobody = scene.without_key();
    let own = format!("http://{}", scene.address);
    for path in ["/v1/try", "/v1/session"] {
        let call = Call::new("POST", path).json(&json!({"api_key": scene.key.clone()}));
        for (name, value) in [("sec-fetch-site", "same-site"), ("origin", "http://evil.example"), ("origin", "null")] {
            nobody.send(&call.clone().header(name, value)).expect(403);
        }
        // Its own page gets further than that.
        assert_ne!(nobody.send(&call.header("origin", &own)).status, 403, "{path}");
    }
}
