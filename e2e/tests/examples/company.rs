//! Who works here: workspaces, keys, people who log in; and the server they work with.
use bellwire_e2e::{Call, text};
use serde_json::{Value, json};

use crate::record::Story;

/// The server, the keys, the sessions.
pub(crate) fn tell(story: &mut Story) {
    server(story);
    story.post("/v1/workspaces", &json!({"name": "research-staging"})).expect(201);
    story.get("/v1/workspaces?limit=2");
    keys(story);
    sessions(story);
    let link = json!({"expires_in_s": 3_600, "read_only": true});
    story.post("/v1/namespaces/acme/portal-link", &link).expect(201);
}

fn server(story: &mut Story) {
    for path in
        ["/healthz", "/readyz", "/metrics", "/.well-known/bellwire-keys.json", "/openapi.json", "/asyncapi.json"]
    {
        story.get(path);
    }
    story.get("/v1/settings");
    story.start("/v1/integrations/slack/test").expect(200);
}

fn keys(story: &mut Story) {
    let agent = json!({"name": "scout", "kind": "scoped", "namespace": "acme", "agent_id": "scout",
        "permissions": ["wallets:spend", "approvals:request", "events:write"], "expires_at": "2026-10-01T00:00:00Z"});
    let made = story.post("/v1/keys", &agent).expect(201);
    let scout = story.scene.with_key(&text(&made["api_key"]));
    story.ids.insert("{key_id}", text(&made["id"]));
    let old = story.scene.post("/v1/keys", &json!({"name": "ci", "kind": "workspace"})).expect(201);
    story.get("/v1/keys?limit=2");
    // Not before: when a key was used last is written down some time after.
    story.send(&scout, &Call::new("GET", "/v1/me")).expect(200);
    story.delete(&format!("/v1/keys/{}", text(&old["id"]))).expect(204);
}

/// A session: what a browser keeps of it.
struct Cookie {
    cookie: String,
    token: String,
}

impl Cookie {
    fn call(&self, method: &str, path: &str) -> Call {
        Call::new(method, path).header("cookie", &self.cookie)
    }
}

fn sessions(story: &mut Story) {
    let nobody = story.scene.without_key();
    let link = text(&story.start("/v1/session/links").expect(201)["url"]);
    let (_, token) = link.split_once("#link=").expect("a link");
    let log_in = Call::new("POST", "/v1/session").json(&json!({"link": token}));
    let answer = story.send(&nobody, &log_in);
    let session = answer.expect(200);
    // A link is good once.
    story.send(&nobody, &log_in).expect(401);
    let elsewhere = log_in.header("origin", "https://elsewhere.example");
    story.send(&nobody, &elsewhere).expect(403);
    let cookie = answer.header("set-cookie").and_then(|set| set.split(';').next()).expect("a cookie");
    let browser = Cookie { cookie: cookie.to_owned(), token: text(&session["csrf_token"]) };
    story.send(&nobody, &browser.call("GET", "/v1/session")).expect(200);
    story.send(&nobody, &browser.call("DELETE", "/v1/session")).expect(403);
    let log_out = browser.call("DELETE", "/v1/session").header("x-csrf-token", &browser.token);
    story.send(&nobody, &log_out).expect(204);
    story.send(&nobody, &log_out).expect(401);
}

/// What is taken away.
pub(crate) fn end(story: &mut Story) {
    let delete = |path: &str, name: &str| format!("{path}/{}", story.ids.get(name).cloned().unwrap_or_default());
    let endpoint = delete("/v1/webhooks", "{endpoint_id}");
    story.delete(&endpoint).expect(204);
    story.delete("/v1/namespaces/acme").expect(204);
}

/// A path of a thing that was made.
pub(crate) fn at(kind: &str, thing: &Value, action: &str) -> String {
    format!("/v1/{kind}/{}{action}", text(&thing["id"]))
}
