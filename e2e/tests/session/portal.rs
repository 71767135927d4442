//! What a tenant is given: one namespace, for a while.
use bellwire_e2e::{Receiver, Scene, list, text};
use serde_json::{Value, json};

use crate::{Browser, token};

const LINK: &str = "/v1/namespaces/acme/portal-link";

/// A server with an endpoint, events and deliveries in two namespaces and in none.
fn scene(receiver: &Receiver) -> (Scene, Vec<Value>) {
    let scene = Scene::new();
    let endpoints = ["acme", "other"]
        .map(|namespace| scene.endpoint(receiver, &json!({"namespace": namespace, "events": ["order.*"]})));
    for namespace in [Some("acme"), Some("other"), None] {
        scene.event("order.paid", &json!({"namespace": namespace}));
    }
    for endpoint in &endpoints {
        scene.settled(endpoint, "success", 1);
    }
    (scene, endpoints.into())
}

#[test]
fn a_portal_shows_one_namespace_on_every_list() {
    let receiver = Receiver::ok();
    let (scene, endpoints) = scene(&receiver);
    let made = scene.post(LINK, &json!({})).expect(201);
    let url = text(&made["url"]);
    assert!(url.starts_with(&format!("http://{}/portal#link=", scene.address)), "{url}");
    let tenant = Browser::open(&scene, &url);
    assert_eq!((&tenant.session["portal"], &tenant.session["read_only"]), (&json!(true), &json!(false)));
    assert_eq!(tenant.session["me"]["key_id"], made["key_id"]);
    assert_eq!(tenant.session["me"]["namespace"], "acme");
    assert_eq!(tenant.session["me"]["permissions"], json!(["events:read", "webhooks:manage"]));
    assert_eq!(tenant.session["expires_at"], made["expires_at"], "it ends with its key");

    let document = scene.get("/openapi.json").expect(200);
    let mut seen = 0;
    let paths = document["paths"].as_object().cloned().expect("paths");
    for path in paths.iter().filter(|(_, item)| item["get"].is_object()).map(|(path, _)| path) {
        // What anybody may ask has no namespace.
        if path.contains('{') || path.ends_with("/stream") || !path.starts_with("/v1/") || path == "/v1/try" {
            continue;
        }
        let answer = tenant.get(path);
        assert!([200, 403].contains(&answer.status), "{path}: {}", answer.json());
        let text = answer.json().to_string();
        assert!(!text.contains("other"), "{path}: {text}");
        seen += usize::from(answer.status == 200);
        tenant.get(&format!("{path}?namespace=other")).expect(403);
    }
    assert!(seen >= 5, "{seen}");
    for (endpoint, status) in endpoints.iter().zip([200, 404]) {
        for action in ["", "/deliveries", "/stats"] {
            let path = format!("/v1/webhooks/{}{action}", text(&endpoint["id"]));
            assert_eq!(tenant.get(&path).status, status, "{path}");
        }
    }
    // It manages what is its own.
    let form = json!({"url": receiver.url(), "events": ["order.*"]});
    let own = tenant.change("POST", "/v1/webhooks", &form).expect(201);
    assert_eq!(own["endpoint"]["namespace"], "acme");
    tenant.change("POST", "/v1/keys", &json!({"name": "k", "kind": "scoped", "namespace": "acme"})).expect(403);
    tenant.change("POST", LINK, &json!({})).expect(403);
}

#[test]
fn it_is_opened_as_often_as_the_tenant_likes_until_its_key_is_revoked() {
    let scene = Scene::new();
    let made = scene.post(LINK, &json!({"expires_in_s": 604_800})).expect(201);
    let link = json!({"link": token(&text(&made["url"]))});
    let tenants = [Browser::with(&scene, &link), Browser::with(&scene, &link)];
    let keys = list(&scene.get("/v1/keys").expect(200)["keys"]);
    let key = keys.iter().find(|key| key["id"] == made["key_id"]).expect("it is listed");
    assert_eq!((text(&key["name"]), &key["namespace"]), ("portal link".to_owned(), &json!("acme")));
    assert_eq!(key["expires_at"], made["expires_at"]);
    // A link for a colleague is a portal's as well.
    let shared = text(&tenants[0].change("POST", "/v1/session/links", &json!({})).expect(201)["url"]);
    assert!(shared.contains("/portal#link="), "{shared}");
    assert_eq!(Browser::open(&scene, &shared).session["portal"], true);
    scene.delete(&format!("/v1/keys/{}", text(&made["key_id"]))).expect(204);
    for tenant in tenants {
        tenant.get("/v1/me").expect(401);
    }
    Browser::ask(&scene, &link).expect(401);
}

#[test]
fn a_read_only_portal_changes_nothing() {
    let receiver = Receiver::ok();
    let (scene, endpoints) = scene(&receiver);
    let made = scene.post(LINK, &json!({"read_only": true})).expect(201);
    let tenant = Browser::open(&scene, &text(&made["url"]));
    assert_eq!(tenant.session["read_only"], true);
    let endpoint = format!("/v1/webhooks/{}", text(&endpoints[0]["id"]));
    let before = tenant.get(&endpoint).expect(200);
    for (method, path) in [
        ("PATCH", endpoint.clone()),
        ("DELETE", endpoint.clone()),
        ("POST", format!("{endpoint}/test")),
        ("POST", format!("{endpoint}/rotate-secret")),
        ("POST", "/v1/webhooks".into()),
        ("POST", "/v1/session/links".into()),
    ] {
        let answer = tenant.change(method, &path, &json!({}));
        assert_eq!(answer.expect(403)["code"], "forbidden", "{method} {path}");
    }
    assert_eq!(tenant.get(&endpoint).expect(200), before);
    tenant.get("/v1/events").expect(200);
    tenant.log_out().expect(204);
    tenant.get("/v1/events").expect(401);
}

#[test]
fn who_may_make_keys_opens_portals_and_gives_no_more_than_it_has() {
    let scene = Scene::new();
    scene.key(&json!({"kind": "workspace"})).post(LINK, &json!({})).expect(403);
    let poor = scene.key(&json!({"kind": "workspace", "permissions": ["keys:manage", "events:read"]}));
    poor.post(LINK, &json!({})).expect(403);
    let rights = ["keys:manage", "events:read", "webhooks:manage"];
    let bound = |namespace: &str| scene.key(&json!({"kind": "scoped", "namespace": namespace, "permissions": rights}));
    bound("other").post(LINK, &json!({})).expect(404);
    bound("acme").post(LINK, &json!({})).expect(201);
    scene.post("/v1/namespaces/Bad%20Name/portal-link", &json!({})).expect(404);
    // A tenant that has done nothing yet is given one too.
    let made = scene.post("/v1/namespaces/fresh/portal-link", &json!({})).expect(201);
    let tenant = Browser::open(&scene, &text(&made["url"]));
    assert!(list(&tenant.get("/v1/events?type=order.*").expect(200)["events"]).is_empty());
}
