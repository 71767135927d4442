//! Every route of the API's own description, asked by those who may not.
use bellwire_e2e::{Answer, Api, Call, Receiver, Scene, Setup, eventually, text};
use serde_json::{Value, json};

/// What is open to everybody.
const OPEN: [&str; 7] = [
    "/.well-known/bellwire-keys.json",
    "/asyncapi.json",
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/readyz",
    "/v1/try",
];
/// What takes no key: Slack signs, a log-in shows the key or the link in its body, and the playground is anybody's.
const KEYLESS: [&str; 4] =
    ["POST /v1/integrations/slack/interactions", LOG_IN, "POST /v1/try", "POST /v1/try/catch/{behaviour}"];
/// Where a key or a link is shown, in the body, to be let in.
const LOG_IN: &str = "POST /v1/session";
/// What is about the session of a cookie: a key in a header has none.
const OF_A_SESSION: [&str; 2] = ["DELETE /v1/session", "GET /v1/session"];
/// What a key may ask that may do nothing.
const ANY_KEY: [&str; 5] =
    ["GET /v1/changes/stream", "GET /v1/me", "GET /v1/namespaces", "GET /v1/overview", "GET /v1/settings"];
/// What any key may ask for itself: a link that is no more than the key.
const OWN_LINK: &str = "POST /v1/session/links";
/// What names a namespace that need not be there yet: each workspace has its own of that name.
const PORTAL: &str = "POST /v1/namespaces/{namespace}/portal-link";

/// A server on which everything that has an id exists once, in the namespace `acme`.
struct World {
    scene: Scene,
    ids: Vec<(&'static str, String)>,
    _receiver: Receiver,
}

impl World {
    fn new() -> Self {
        let scene = Scene::new();
        let receiver = Receiver::ok();
        let endpoint = scene.endpoint(&receiver, &json!({"namespace": "acme", "events": ["order.*"]}));
        scene.post("/v1/event-types", &json!({"name": "order.paid"})).expect(201);
        let event = scene.event("order.paid", &json!({"namespace": "acme"}));
        let delivery = scene.settled(&endpoint, "success", 1);
        let job = scene.on(&endpoint, "replay", &json!({"until": "1h"})).expect(202);
        let key = scene.post("/v1/keys", &json!({"name": "k", "kind": "scoped", "namespace": "acme"})).expect(201);
        let wallet = json!({"name": "w", "budget_usd": 10, "namespace": "acme"});
        let wallet = text(&scene.post("/v1/wallets", &wallet).expect(201)["id"]);
        let order = json!({"amount_usd": 1, "vendor": "v", "description": "", "expires_in": "7d"});
        let hold = scene.post(&format!("/v1/wallets/{wallet}/holds"), &order).expect(201);
        let policy = json!({"name": "p", "rules": [], "namespace": "acme"});
        let policy = scene.post("/v1/policies", &policy).expect(201);
        let question = json!({"title": "t", "action": "a", "namespace": "acme", "channels": ["console"]});
        let approval = scene.post("/v1/approvals", &question).expect(201);
        let ids = vec![
            ("{approval_id}", text(&approval["id"])),
            ("{policy_id}", text(&policy["id"])),
            ("{wallet_id}", wallet),
            ("{hold_id}", text(&hold["id"])),
            ("{purchase_id}", text(&hold["purchase_id"])),
            ("{endpoint_id}", text(&endpoint["id"])),
            ("{event_id}", event),
            ("{delivery_id}", text(&delivery["id"])),
            ("{job_id}", text(&job["id"])),
            ("{key_id}", text(&key["id"])),
            ("{name}", "order.paid".into()),
            ("{namespace}", "acme".into()),
            ("{behaviour}", "ok".into()),
        ];
        eventually("the replay is done", || {
            (scene.get(&format!("/v1/jobs/{}", text(&job["id"]))).expect(200)["status"] == "done").then_some(())
        });
        Self { scene, ids, _receiver: receiver }
    }

    /// Every method and path there is, as described, and as called.
    fn routes(&self) -> Vec<(String, Call)> {
        let document = self.scene.without_key().get("/openapi.json").expect(200);
        let paths = document["paths"].as_object().cloned().expect("paths");
        let mut routes = Vec::new();
        for (path, operations) in paths {
            let called = self.ids.iter().fold(path.clone(), |path, (name, id)| path.replace(name, id));
            assert!(!called.contains('{'), "{called}: give its id in World::new");
            for method in operations.as_object().into_iter().flat_map(|operations| operations.keys()) {
                let method = method.to_uppercase();
                let call = Call::new(&method, &called);
                let call = if ["POST", "PATCH", "PUT"].contains(&&*method) { call.json(&json!({})) } else { call };
                routes.push((format!("{method} {path}"), call));
            }
        }
        assert!(routes.len() > 55, "{}", routes.len());
        routes
    }

    fn keyed(&self) -> Vec<(String, Call)> {
        let open = |route: &str| KEYLESS.contains(&route) || OPEN.iter().any(|path| route == format!("GET {path}"));
        self.routes().into_iter().filter(|(route, _)| !open(route)).collect()
    }

    /// What stands for a parameter of a path.
    fn id(&self, name: &str) -> &str {
        self.ids.iter().find(|(known, _)| *known == name).map_or("", |(_, id)| id)
    }

    /// What is stored, by counts.
    fn stored(&self) -> Value {
        stored(&self.scene)
    }
}

fn stored(api: &Api) -> Value {
    let count = |path: &str, name: &str| api.get(path).expect(200)[name].as_array().map(Vec::len);
    json!({
        "endpoints": count("/v1/webhooks?limit=200", "endpoints"),
        "events": count("/v1/events?limit=200", "events"),
        "deliveries": api.get("/v1/deliveries").expect(200)["total"],
        "keys": count("/v1/keys?limit=200", "keys"),
        "types": count("/v1/event-types?limit=200", "event_types"),
        "namespaces": count("/v1/namespaces?limit=200", "namespaces"),
        "workspaces": count("/v1/workspaces?limit=200", "workspaces"),
        "wallets": api.get("/v1/wallets?limit=200").expect(200),
        "policies": api.get("/v1/policies?limit=200").expect(200),
        "purchases": api.get("/v1/purchases?limit=200").expect(200),
        "audit": count("/v1/audit?limit=200", "entries"),
    })
}

/// A refusal is a problem that says who may ask whom for help.
#[track_caller]
fn refused(route: &str, answer: &Answer, status: u16) {
    let body = answer.json();
    assert_eq!(answer.status, status, "{route}: {body}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{route}");
    assert_eq!(body["status"], status, "{route}");
    for name in ["type", "title", "code", "detail", "request_id"] {
        assert!(!text(&body[name]).is_empty(), "{route}: {name} in {body}");
    }
    assert_eq!(answer.header("x-request-id"), body["request_id"].as_str(), "{route}");
}

#[test]
fn every_route_without_a_good_key_is_401() {
    let world = World::new();
    let api = &world.scene.api;
    let made = api.post("/v1/keys", &json!({"name": "k", "kind": "admin"})).expect(201);
    let revoked = api.with_key(&text(&made["api_key"]));
    revoked.get("/v1/me").expect(200);
    api.delete(&format!("/v1/keys/{}", text(&made["id"]))).expect(204);
    // A key that is good for what is left of this second.
    let expired = eventually("a key is made that expires soon", || {
        let soon =
            text(&world.scene.post("/v1/events", &json!({"type": "a.b", "data": {}})).json()["event"]["timestamp"]);
        let form = json!({"name": "k", "kind": "admin", "expires_at": format!("{}.999Z", &soon[..19])});
        let made = api.post("/v1/keys", &form);
        (made.status == 201).then(|| api.with_key(&text(&made.json()["api_key"])))
    });
    eventually("it expires", || (expired.get("/v1/me").status == 401).then_some(()));
    let before = world.stored();
    let nobody = [api.without_key(), api.with_key("bw_admin_0000"), api.with_key(""), revoked, expired];
    for (route, call) in world.keyed() {
        for api in &nobody {
            let answer = api.send(&call);
            refused(&route, &answer, 401);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{route}");
        }
    }
    assert_eq!(world.stored(), before);
    for path in OPEN {
        assert_eq!(api.without_key().get(path).status, 200, "{path}");
    }
}

#[test]
fn either_header_carries_a_key() {
    let scene = Scene::new();
    let nobody = scene.without_key();
    for (name, value) in [
        ("x-api-key", bellwire_e2e::OWNER_KEY.to_owned()),
        ("authorization", format!("bearer {}", bellwire_e2e::OWNER_KEY)),
    ] {
        nobody.send(&Call::new("GET", "/v1/me").header(name, &value)).expect(200);
    }
}

#[test]
fn what_belongs_to_another_workspace_does_not_exist() {
    let world = World::new();
    let stranger = world.scene.workspace("stranger");
    let before = world.stored();
    let mut asked = 0;
    for (route, call) in world.keyed().into_iter().filter(|(route, _)| route.contains('{') && route != PORTAL) {
        refused(&route, &stranger.send(&call), 404);
        asked += 1;
    }
    assert!(asked >= 30, "{asked}");
    let form = json!({"endpoint_id": world.id("{endpoint_id}")});
    refused("retry many", &stranger.post("/v1/deliveries/retry", &form), 404);
    assert_eq!(world.stored(), before);
    for (path, name) in [("/v1/events", "events"), ("/v1/webhooks", "endpoints"), ("/v1/namespaces", "namespaces")] {
        let seen = stranger.get(path).expect(200)[name].as_array().map(Vec::len);
        let own = if name == "events" { seen } else { Some(0) };
        assert_eq!(seen, own, "{path}");
        assert!(!stranger.get(path).expect(200).to_string().contains("acme"), "{path}");
    }
}

#[test]
fn what_belongs_to_another_namespace_does_not_exist_and_naming_it_is_403() {
    let world = World::new();
    // It may do everything that a key of one namespace can do.
    let all = [
        "events:write",
        "events:read",
        "events:impersonate",
        "webhooks:manage",
        "keys:manage",
        "audit:read",
        "wallets:manage",
        "wallets:spend",
        "policies:manage",
        "approvals:request",
        "approvals:decide",
    ];
    let other = world.scene.key(&json!({"kind": "scoped", "namespace": "other", "permissions": all}));
    let before = world.stored();
    for (route, call) in world.keyed() {
        if route.contains('{') && !route.contains("event-types") {
            refused(&route, &other.send(&call), 404);
        }
        let named = Call { path: format!("{}?namespace=acme", call.path), ..call.clone() };
        for foreign in [call.clone().header("x-namespace", "acme"), named] {
            let answer = other.send(&foreign);
            refused(&route, &answer, 403);
            assert_eq!(answer.json()["code"], "foreign_namespace", "{route}");
        }
    }
    let bodies = [
        ("/v1/events", json!({"type": "a.b", "data": {}, "namespace": "acme"})),
        ("/v1/webhooks", json!({"url": "http://127.0.0.1:8009/", "events": ["*"], "namespace": "acme"})),
        ("/v1/keys", json!({"name": "k", "kind": "scoped", "namespace": "acme"})),
        ("/v1/keys", json!({"name": "k", "kind": "workspace"})),
        ("/v1/keys", json!({"name": "k", "kind": "scoped", "namespace": "other", "permissions": ["ledger:write"]})),
        ("/v1/event-types", json!({"name": "order.sent"})),
        ("/v1/wallets", json!({"name": "w", "budget_usd": 1, "namespace": "acme"})),
        ("/v1/policies", json!({"name": "p", "rules": [], "namespace": "acme"})),
        ("/v1/policies", json!({"name": "p", "rules": [], "namespaces": ["acme"]})),
    ];
    for (path, body) in bodies {
        refused(&format!("{path} {body}"), &other.post(path, &body), 403);
    }
    let batch = other.post("/v1/events/batch", &json!([{"type": "a.b", "data": {}, "namespace": "acme"}])).expect(202);
    assert_eq!(batch["results"][0]["status"], 403);
    assert_eq!(world.stored(), before);
    // Its own it sees, and nothing else.
    other.post("/v1/events", &json!({"type": "a.b", "data": {}})).expect(202);
    let events = other.get("/v1/events").expect(200);
    assert!(events["events"].as_array().is_some_and(|all| all.iter().all(|event| event["namespace"] == "other")));
    let names = other.get("/v1/namespaces").expect(200);
    assert!(!names.to_string().contains("acme"), "{names}");
}

#[test]
fn every_route_refuses_a_key_that_lacks_its_permission() {
    let world = World::new();
    let powerless = world.scene.key(&json!({"kind": "workspace", "permissions": ["gateway:use"]}));
    let before = world.stored();
    let event = json!({"type": "order.paid", "data": {}});
    for (route, call) in world.keyed() {
        // What an event needs depends on its type: it is read first.
        let call = match route.as_str() {
            "POST /v1/events" => call.json(&event),
            "POST /v1/events/batch" => {
                let answer = powerless.send(&call.json(&json!([event]))).expect(202);
                assert_eq!(answer["results"][0]["status"], 403);
                continue;
            }
            _ => call,
        };
        if route.ends_with("/changes/stream") {
            let (_, hello) = powerless.stream(&call).next().expect("it is greeted");
            assert_eq!(hello, json!({"topics": []}), "it hears of nothing");
        } else if ANY_KEY.contains(&route.as_str()) {
            powerless.send(&call).expect(200);
        } else if OF_A_SESSION.contains(&route.as_str()) {
            refused(&route, &powerless.send(&call), 401);
        } else if route == OWN_LINK {
            // Changes something, and so comes last.
        } else if route.ends_with("/v1/workspaces") {
            refused(&route, &powerless.send(&call.json(&json!({"name": "w"}))), 403);
        } else {
            refused(&route, &powerless.send(&call), 403);
        }
    }
    assert_eq!(world.stored(), before);
    powerless.post("/v1/session/links", &json!({})).expect(201);
}

#[test]
fn only_the_owner_makes_workspaces_and_nobody_gives_more_than_he_has() {
    let scene = Scene::new();
    let admin = scene.workspace("other");
    refused("list", &admin.get("/v1/workspaces"), 403);
    refused("make", &admin.post("/v1/workspaces", &json!({"name": "w"})), 403);
    let some = scene.key(&json!({"kind": "workspace", "permissions": ["keys:manage", "events:read"]}));
    let more = json!({"name": "k", "kind": "workspace", "permissions": ["events:write"]});
    refused("more permissions", &some.post("/v1/keys", &more), 403);
    refused("a higher kind", &some.post("/v1/keys", &json!({"name": "k", "kind": "admin"})), 403);
    some.post("/v1/keys", &json!({"name": "k", "kind": "workspace", "permissions": ["events:read"]})).expect(201);
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = Scene::new().without_key().get("/openapi.json").expect(200);
    let operations = document["paths"].as_object().expect("paths").values();
    let operations = operations.flat_map(|methods| methods.as_object().expect("methods").values());
    let mut names: Vec<&str> = operations.map(|one| one["operationId"].as_str().expect("a name")).collect();
    names.sort_unstable();
    let repeated: Vec<_> = names.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0]).collect();
    assert!(repeated.is_empty(), "programs are generated from them: {repeated:?}");
}

#[test]
fn a_path_that_is_no_text_is_a_problem_too() {
    let world = World::new();
    for (route, call) in world.keyed() {
        let Some((_, id)) = world.ids.iter().find(|(name, _)| route.contains(name)) else { continue };
        let call = Call { path: call.path.replace(id.as_str(), "%ff%fe"), ..call };
        refused(&route, &world.scene.send(&call), 404);
    }
}

#[test]
fn a_namespace_narrows_the_deliveries_that_are_listed() {
    let scene = Scene::new();
    let endpoint = scene.endpoint(&Receiver::ok(), &json!({"events": ["order.*"], "status": "paused"}));
    for namespace in [Some("acme"), Some("acme"), Some("other"), None] {
        scene.event("order.paid", &json!({"namespace": namespace}));
    }
    for path in ["/v1/deliveries".to_owned(), format!("/v1/webhooks/{}/deliveries", text(&endpoint["id"]))] {
        for (query, wanted) in [("", 4), ("?namespace=acme", 2), ("?namespace=other", 1), ("?namespace=none", 0)] {
            let listed = scene.get(&format!("{path}{query}")).expect(200);
            assert_eq!(listed["total"], wanted, "{path}{query}");
            let found = listed["deliveries"].as_array().expect("a list");
            assert_eq!(found.len(), wanted, "{path}{query}");
            let named = query.strip_prefix("?namespace=");
            assert!(found.iter().all(|one| named.is_none_or(|name| one["namespace"] == name)), "{listed}");
        }
    }
}

#[test]
fn unknown_paths_methods_and_ids_are_problems_too() {
    let world = World::new();
    let api = &world.scene.api;
    for path in ["/v1", "/v1/nothing", "/v1/webhooks/x/y/z", "/v2/events", "/v1/events/", "//v1/events"] {
        refused(path, &api.get(path), 404);
    }
    let routes = world.routes();
    for (route, call) in &routes {
        for method in ["PUT", "GET", "POST", "PATCH", "DELETE"] {
            let known = routes.iter().any(|(_, other)| other.method == method && other.path == call.path);
            if !known {
                let answer = api.send(&Call { method: method.into(), ..call.clone() });
                // A fixed path beside one with an id: its other methods take it for an id.
                let status = if answer.status == 404 && !route.contains('{') { 404 } else { 405 };
                refused(&format!("{method} instead of {route}"), &answer, status);
            }
        }
    }
    for (name, good) in &world.ids {
        for bad in
            ["nonsense", "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV", "dlv_01ARZ3NDEKTSV4RRFFQ69G5FAV", "%00", "..%2F", "%ff"]
        {
            for (route, call) in routes.iter().filter(|(route, _)| route.contains(name)) {
                if route == PORTAL && bad == "nonsense" {
                    continue;
                }
                let call = Call { path: call.path.replace(good.as_str(), bad), ..call.clone() };
                let answer = api.send(&call);
                assert!([400, 404].contains(&answer.status), "{route} with {bad}: {} {}", answer.status, answer.json());
            }
        }
    }
}

/// What is counted, measured or dated anew with every answer.
const MOVING: [&str; 4] =
    ["GET /v1/audit/chain", "GET /v1/overview", "GET /v1/spend/", "GET /v1/webhooks/{endpoint_id}/stats"];

#[test]
fn what_one_has_is_not_sent_again() {
    let world = World::new();
    let mut tagged = 0;
    for (route, call) in world.keyed().into_iter().filter(|(route, _)| route.starts_with("GET ")) {
        if route.ends_with("/stream")
            || OF_A_SESSION.contains(&&*route)
            || MOVING.iter().any(|one| route.starts_with(one))
        {
            continue;
        }
        let first = world.scene.send(&call);
        first.expect(200);
        let Some(tag) = first.header("etag") else {
            assert_ne!(first.header("content-type"), Some("application/json"), "{route} has no tag");
            continue;
        };
        assert_eq!(first.header("cache-control"), Some("no-store"), "{route}");
        let again = world.scene.send(&call.clone().header("if-none-match", tag));
        assert_eq!((again.status, again.body.len()), (304, 0), "{route}: {}", String::from_utf8_lossy(&again.body));
        assert_eq!(again.header("etag"), Some(tag), "{route}");
        assert_eq!(world.scene.send(&call.header("if-none-match", "\"another\"")).body, first.body, "{route}");
        tagged += 1;
    }
    assert!(tagged >= 30, "{tagged}");
    // What changed is told.
    let path = format!("/v1/wallets/{}", world.id("{wallet_id}"));
    let before = world.scene.get(&path);
    world.scene.patch(&path, &json!({"name": "renamed", "reason": "test"})).expect(200);
    let call = Call::new("GET", &path).header("if-none-match", before.header("etag").expect("a tag"));
    assert_eq!(world.scene.send(&call).expect(200)["name"], "renamed");
    // Whoever may not see it is not told that it still holds.
    let tag = world.scene.get(&path).header("etag").expect("a tag").to_owned();
    let call = Call::new("GET", &path).header("if-none-match", &tag);
    refused("without a key", &world.scene.without_key().send(&call), 401);
    refused("a stranger", &world.scene.workspace("stranger").send(&call), 404);
}

#[test]
fn each_key_has_a_quota_and_is_told_how_it_stands() {
    let quota = ("BELLWIRE_KEY_REQUESTS_PER_SECOND", "20".to_owned());
    let server = Setup { env: vec![quota], ..Setup::default() }.start();
    let api = server.api();
    let other = api.post("/v1/keys", &json!({"name": "k", "kind": "admin"})).expect(201);
    let other = api.with_key(&text(&other["api_key"]));
    // More than a second gives, however slow the machine is: some of it is refused, and nothing else is.
    let refusal = eventually("it asks too much", || {
        let answers: Vec<Answer> = (0..60).map(|_| api.get("/v1/me")).collect();
        for answer in &answers {
            assert!([200, 429].contains(&answer.status), "{}", answer.status);
            assert_eq!(answer.header("ratelimit-policy"), Some("\"key\";q=20;w=1"));
        }
        answers.into_iter().find(|answer| answer.status == 429)
    });
    refused("too many", &refusal, 429);
    assert_eq!(refusal.header("ratelimit"), Some("\"key\";r=0;t=1"));
    assert_eq!(refusal.header("retry-after"), Some("1"));
    assert!(text(&refusal.json()["detail"]).contains("`key_requests_per_second`"));
    let good = other.get("/v1/me");
    good.expect(200);
    assert_eq!(good.header("ratelimit"), Some("\"key\";r=19;t=1"), "another key has its own");
    assert_eq!(api.without_key().get("/v1/me").header("ratelimit"), None, "nobody has none");
    eventually("it is let in again", || (api.get("/v1/me").status == 200).then_some(()));
}
