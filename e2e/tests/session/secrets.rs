//! Tokens are where they belong, and nowhere else.
use std::fs;

use bellwire_e2e::{Call, Scene, Setup, text};
use serde_json::json;

use crate::{Browser, token};

#[test]
fn no_token_is_in_a_log_the_audit_log_an_error_or_the_data_directory() {
    let mut scene = Scene::with(Setup { log: "trace".into(), ..Setup::default() });
    let printed = token(scene.server.console.as_deref().expect("a link"));
    let browser = Browser::of(&scene.api);
    let (_, session) = browser.cookie.split_once('=').expect("a cookie");
    let link = token(&text(&browser.change("POST", "/v1/session/links", &json!({})).expect(201)["url"]));
    let portal = token(&text(&scene.post("/v1/namespaces/acme/portal-link", &json!({})).expect(201)["url"]));
    let call = Call::new("POST", "/v1/session/links").header("idempotency-key", "kept");
    let kept = token(&text(&scene.send(&call).expect(201)["url"]));
    let opened = Browser::with(&scene, &json!({"link": link}));
    // Wrong ways to use them, whose refusals must not repeat them.
    let refusals = [
        Browser::ask(&scene, &json!({"link": link})),
        Browser::ask(&scene, &json!({"link": portal, "api_key": session})),
        Browser::ask(&scene, &json!({"link": [printed]})),
        Browser::ask(&scene, &json!({"link": portal, printed.as_str(): 1})).clone(),
        browser.api.send(&browser.call("POST", "/v1/events").header("x-csrf-token", &opened.csrf)),
        scene.with_key(session).get("/v1/me"),
        browser.get(&format!("/v1/webhooks/{link}")),
    ];
    let secrets = [
        ("the printed link", printed.as_str()),
        ("a session", session),
        ("a link", &link),
        ("a portal's link", &portal),
        ("a link of a kept answer", &kept),
        ("another session", opened.cookie.split_once('=').expect("a cookie").1),
        ("a csrf token", &browser.csrf),
    ];
    let audit = Call::new("GET", "/v1/audit").header("accept", "application/x-ndjson");
    let audit = String::from_utf8_lossy(&scene.send(&audit).body).into_owned();
    opened.log_out().expect(204);
    assert!(scene.server.stop().success());
    let log = scene.server.log();
    // On PostgreSQL there is none.
    let files = fs::read_dir(scene.server.data_dir()).into_iter().flatten().flatten();
    let stored: Vec<Vec<u8>> = files.filter_map(|file| fs::read(file.path()).ok()).collect();
    for (what, secret) in secrets {
        assert!(!log.contains(secret), "{what} is in the log");
        assert!(!audit.contains(secret), "{what} is in the audit log");
        for (nth, refusal) in refusals.iter().enumerate() {
            assert!(refusal.status >= 400, "{nth}");
            // The name of an unknown field is said again: whoever sent it put it there.
            let body = String::from_utf8_lossy(&refusal.body);
            assert!(nth == 3 || !body.contains(secret), "{what} is in refusal {nth}: {body}");
        }
        let bytes = secret.as_bytes();
        let found = stored.iter().any(|file| file.windows(bytes.len()).any(|window| window == bytes));
        assert!(!found, "{what} is in the data directory");
    }
    assert!(log.contains("bellwire"), "it was logging");
}
