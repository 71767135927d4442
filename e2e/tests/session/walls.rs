//! What a browser may not be made to do, and which of key and cookie counts.
use bellwire_e2e::{Call, Scene, list, text};
use serde_json::{Value, json};

use crate::Browser;

/// What needs neither key nor session.
const OPEN: [&str; 4] =
    ["POST /v1/session", "POST /v1/integrations/slack/interactions", "POST /v1/try", "POST /v1/try/catch/{behaviour}"];

fn stored(scene: &Scene) -> Value {
    let of = |path: &str| scene.get(path).expect(200);
    json!([
        of("/v1/audit?limit=200"),
        of("/v1/webhooks"),
        of("/v1/wallets"),
        of("/v1/policies"),
        of("/v1/events"),
        of("/v1/namespaces"),
        of("/v1/workspaces"),
    ])
}

#[test]
fn no_change_is_made_by_a_cookie_alone() {
    let scene = Scene::new();
    let (browser, other) = (Browser::of(&scene.api), Browser::of(&scene.api));
    let document = scene.get("/openapi.json").expect(200);
    let before = stored(&scene);
    let mut asked = 0;
    let paths = document["paths"].as_object().cloned().expect("paths");
    for (path, operations) in paths {
        for method in operations.as_object().into_iter().flat_map(|operations| operations.keys()) {
            let method = method.to_uppercase();
            if method == "GET" || OPEN.contains(&format!("{method} {path}").as_str()) {
                continue;
            }
            let path = path.replace(['{', '}'], "");
            let call = browser.call(&method, &path).json(&json!({}));
            let wrong = [None, Some(""), Some("x"), Some(other.csrf.as_str()), Some(browser.cookie.as_str())];
            for token in wrong {
                let call = token.iter().fold(call.clone(), |call, token| call.header("x-csrf-token", token));
                let answer = browser.api.send(&call);
                assert_eq!(answer.expect(403)["code"], "csrf_failed", "{method} {path} with {token:?}");
                asked += 1;
            }
        }
    }
    assert!(asked > 150, "{asked}");
    assert_eq!(stored(&scene), before);
    browser.get("/v1/me").expect(200);
}

#[test]
fn a_key_in_a_header_counts_and_the_cookie_beside_it_does_not() {
    let scene = Scene::new();
    let owner = Browser::of(&scene.api);
    let scoped = scene.key(&json!({"kind": "scoped", "namespace": "acme", "permissions": ["events:write"]}));
    let key = scoped.key.clone().unwrap_or_default();
    for (name, value) in [("authorization", format!("Bearer {key}")), ("x-api-key", key)] {
        let with = |method: &str, path: &str| owner.call(method, path).header(name, &value);
        assert_eq!(owner.api.send(&with("GET", "/v1/me")).expect(200)["kind"], "scoped", "{name}");
        owner.api.send(&with("GET", "/v1/workspaces")).expect(403);
        // Nobody sends a key unknowingly: no token is asked for.
        let event = with("POST", "/v1/events").json(&json!({"type": "a.b", "data": {}}));
        assert_eq!(owner.api.send(&event).expect(202)["event"]["namespace"], "acme");
    }
    for (name, value) in [
        ("authorization", "Bearer nonsense"),
        ("authorization", "Basic b3duZXI6"),
        ("x-api-key", ""),
        ("x-api-key", "x"),
    ] {
        owner.api.send(&owner.call("GET", "/v1/me").header(name, value)).expect(401);
    }
}

#[test]
fn no_other_site_logs_its_visitors_in() {
    let scene = Scene::new();
    let form = json!({"api_key": scene.api.key});
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)] {
        let call = Call::new("POST", "/v1/session").header("sec-fetch-site", site).json(&form);
        let answer = scene.without_key().send(&call);
        assert_eq!(answer.status, status, "{site}");
        assert_eq!(answer.header("set-cookie").is_some(), status == 200, "{site}");
    }
}

#[test]
fn a_session_sees_no_more_than_its_key() {
    let scene = Scene::new();
    for namespace in ["acme", "other"] {
        scene.event("order.paid", &json!({"namespace": namespace}));
    }
    let stranger = Browser::of(&scene.workspace("stranger"));
    assert!(list(&stranger.get("/v1/events?type=order.paid").expect(200)["events"]).is_empty());
    stranger.get("/v1/workspaces").expect(403);
    let scoped = Browser::of(&scene.key(&json!({"kind": "scoped", "namespace": "acme"})));
    let seen = list(&scoped.get("/v1/events").expect(200)["events"]);
    assert!(!seen.is_empty() && seen.iter().all(|event| event["namespace"] == "acme"));
    assert_eq!(scoped.get("/v1/events?namespace=other").expect(403)["code"], "foreign_namespace");
    let named = scoped.call("GET", "/v1/session").header("x-namespace", "other");
    assert_eq!(scoped.api.send(&named).expect(403)["code"], "foreign_namespace");
    assert_eq!(text(&scoped.session["me"]["namespace"]), "acme");
}
