//! How browsers get in, and when they are out again.
use std::{thread, time::Duration};

use bellwire_e2e::{Call, Scene, Setup, eventually, list, text};
use serde_json::json;

use crate::{Browser, kept, token};

#[test]
fn a_key_logs_in_and_its_cookie_stands_for_it() {
    let scene = Scene::new();
    let key = scene.key(&json!({"kind": "workspace", "permissions": ["events:read", "events:write"]}));
    let me = key.get("/v1/me").expect(200);
    let answer = Browser::ask(&scene, &json!({"api_key": key.key}));
    let session = answer.expect(200);
    let cookie = answer.header("set-cookie").expect("a cookie");
    let mut parts = cookie.split("; ");
    let value = parts.next().and_then(|part| part.strip_prefix("bellwire_session=")).expect("its name");
    assert_eq!(value.len(), 43, "32 bytes in base64url: {value}");
    assert_eq!(parts.collect::<Vec<_>>(), ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"]);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!((&session["portal"], &session["read_only"], &session["me"]), (&json!(false), &json!(false), &me));

    let browser = Browser::of(&key);
    assert_eq!(browser.get("/v1/me").expect(200), me);
    assert_eq!(browser.get("/v1/session").expect(200), browser.session, "a page that is loaded anew");
    browser.change("POST", "/v1/events", &json!({"type": "a.b", "data": {}})).expect(202);
    browser.change("POST", "/v1/keys", &json!({"name": "k", "kind": "workspace"})).expect(403);
    assert_ne!(browser.cookie, kept(&answer), "each log-in is a session of its own");
}

#[test]
fn nobody_gets_in_with_what_is_no_good() {
    let scene = Scene::new();
    let made = scene.post("/v1/keys", &json!({"name": "k", "kind": "workspace"})).expect(201);
    scene.delete(&format!("/v1/keys/{}", text(&made["id"]))).expect(204);
    for form in [
        json!({"api_key": "bw_owner_0000"}),
        json!({"api_key": made["api_key"]}),
        json!({"link": "nothing"}),
        json!({"link": made["api_key"]}),
        json!({"link": bellwire_e2e::OWNER_KEY}),
    ] {
        let answer = Browser::ask(&scene, &form);
        assert_eq!(answer.expect(401)["code"], "unauthorized");
        assert_eq!(answer.header("set-cookie"), None);
    }
    // A token of one kind is none of another.
    let link = token(scene.server.console.as_deref().expect("a link"));
    let browser = Browser::of(&scene.api);
    let (_, session) = browser.cookie.split_once('=').expect("a cookie");
    for key in [link.as_str(), session, &browser.csrf] {
        assert_eq!(scene.with_key(key).get("/v1/me").status, 401);
    }
    let forged = |cookie: &str| scene.without_key().send(&Call::new("GET", "/v1/me").header("cookie", cookie)).status;
    for value in [link.as_str(), bellwire_e2e::OWNER_KEY, "", "x", &browser.csrf] {
        assert_eq!(forged(&format!("bellwire_session={value}")), 401, "{value}");
    }
    assert_eq!(forged(&browser.cookie), 200);
}

#[test]
fn where_people_come_by_https_the_cookie_goes_by_nothing_else() {
    let env = vec![("BELLWIRE_PUBLIC_URL", "https://bellwire.example/".to_owned())];
    let scene = Scene::with(Setup { env, ..Setup::default() });
    let url = scene.server.console.clone().expect("a link");
    assert!(url.starts_with("https://bellwire.example/login#link="), "{url}");
    let answer = Browser::ask(&scene, &json!({"link": token(&url)}));
    answer.expect(200);
    assert!(answer.header("set-cookie").is_some_and(|cookie| cookie.ends_with("; Secure")));
}

#[test]
fn what_a_start_prints_logs_the_owner_in_once() {
    let mut scene = Scene::new();
    let url = scene.server.console.clone().expect("a link");
    assert!(url.starts_with(&format!("http://{}/login#link=", scene.address)), "{url}");
    let browser = Browser::open(&scene, &url);
    assert_eq!(browser.get("/v1/me").expect(200)["kind"], "owner");
    browser.get("/v1/workspaces").expect(200);
    assert_eq!(Browser::ask(&scene, &json!({"link": token(&url)})).expect(401)["code"], "unauthorized");
    scene.server.stop();
    scene.server.restart();
    let next = scene.server.console.clone().expect("a link");
    assert_ne!(token(&next), token(&url));
    Browser::open(&scene, &next);
}

#[test]
fn a_link_that_somebody_asks_for_is_no_more_than_they_are() {
    let scene = Scene::new();
    let key = scene.key(&json!({"kind": "scoped", "namespace": "acme", "permissions": ["events:read"]}));
    let me = key.get("/v1/me").expect(200);
    let made = key.post("/v1/session/links", &json!({})).expect(201);
    let browser = Browser::open(&scene, &text(&made["url"]));
    assert_eq!(browser.get("/v1/me").expect(200), me);
    // A browser asks for one as well, and is given one for itself.
    let made = browser.change("POST", "/v1/session/links", &json!({})).expect(201);
    assert_eq!(Browser::open(&scene, &text(&made["url"])).get("/v1/me").expect(200), me);
    // Asked for twice under one key it is the same link, for whoever asked.
    let call = Call::new("POST", "/v1/session/links").header("idempotency-key", "once");
    let (first, other) = (key.send(&call).expect(201), scene.send(&call).expect(201));
    assert_eq!(key.send(&call).expect(201), first);
    assert_ne!(other["url"], first["url"]);
}

#[test]
fn a_link_opened_by_many_at_once_lets_one_in() {
    let scene = Scene::new();
    let url = text(&scene.post("/v1/session/links", &json!({})).expect(201)["url"]);
    let opening: Vec<_> = (0..12)
        .map(|_| {
            let (api, form) = (scene.api.clone(), json!({"link": token(&url)}));
            thread::spawn(move || Browser::ask(&api, &form).status)
        })
        .collect();
    let mut statuses: Vec<u16> = opening.into_iter().map(|one| one.join().expect("it ends")).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(statuses[1..].iter().all(|status| *status == 401), "{statuses:?}");
}

#[test]
fn links_and_sessions_that_have_expired_are_no_good_and_are_swept() {
    let mut scene = Scene::new();
    let url = scene.server.console.clone().expect("a link");
    let browser = Browser::of(&scene.api);
    scene.server.stop();
    scene.server.backdate("links", Duration::from_mins(15));
    scene.server.backdate("sessions", Duration::from_hours(12));
    scene.server.restart();
    Browser::ask(&scene, &json!({"link": token(&url)})).expect(401);
    browser.get("/v1/me").expect(401);
    browser.get("/v1/session").expect(401);
}

#[test]
fn a_session_outlives_the_process_however_that_ends() {
    let mut scene = Scene::new();
    let browser = Browser::of(&scene.api);
    scene.server.stop();
    scene.server.restart();
    assert_eq!(browser.get("/v1/session").expect(200), browser.session);
    let late = Browser::of(&scene.api);
    scene.server.kill();
    scene.server.restart();
    for browser in [browser, late] {
        assert_eq!(browser.get("/v1/session").expect(200), browser.session);
        browser.change("POST", "/v1/workspaces", &json!({"name": "w"})).expect(201);
    }
}

#[test]
fn a_key_that_is_revoked_or_expires_ends_its_sessions_and_links() {
    let scene = Scene::new();
    let made = scene.post("/v1/keys", &json!({"name": "k", "kind": "workspace"})).expect(201);
    let key = scene.with_key(&text(&made["api_key"]));
    let (browser, other) = (Browser::of(&key), Browser::of(&scene.api));
    let link = text(&key.post("/v1/session/links", &json!({})).expect(201)["url"]);
    browser.get("/v1/me").expect(200);
    scene.delete(&format!("/v1/keys/{}", text(&made["id"]))).expect(204);
    browser.get("/v1/me").expect(401);
    browser.change("POST", "/v1/events", &json!({"type": "a.b", "data": {}})).expect(401);
    Browser::ask(&scene, &json!({"link": token(&link)})).expect(401);
    other.get("/v1/me").expect(200);
    // One that is good for what is left of this second.
    let expiring = eventually("a session begins that expires soon", || {
        let now = text(&scene.post("/v1/events", &json!({"type": "a.b", "data": {}})).json()["event"]["timestamp"]);
        let end = format!("{}.999Z", &now[..19]);
        let made = scene.post("/v1/keys", &json!({"name": "k", "kind": "workspace", "expires_at": end}));
        let answer = Browser::ask(&scene, &json!({"api_key": made.json()["api_key"].as_str()?}));
        (answer.status == 200).then(|| (answer.json(), kept(&answer), end))
    });
    let (session, cookie, end) = expiring;
    assert_eq!(text(&session["expires_at"]), end, "it never outlives its key");
    let asked = Call::new("GET", "/v1/me").header("cookie", &cookie);
    eventually("it ends", || (scene.without_key().send(&asked).status == 401).then_some(()));
}

#[test]
fn a_log_out_ends_this_session_and_no_other() {
    let scene = Scene::new();
    let (browser, other) = (Browser::of(&scene.api), Browser::of(&scene.api));
    let answer = browser.log_out();
    answer.expect(204);
    assert!(answer.header("set-cookie").is_some_and(|set| set.starts_with("bellwire_session=; ")), "{answer:?}");
    assert!(answer.header("set-cookie").is_some_and(|set| set.contains("Max-Age=0")));
    browser.get("/v1/me").expect(401);
    browser.log_out().expect(401);
    other.get("/v1/me").expect(200);
    let told = list(&scene.get("/v1/audit?limit=200").expect(200)["entries"]);
    let me = scene.get("/v1/me").expect(200);
    let about: Vec<(String, String)> = told
        .iter()
        .rev()
        .filter(|entry| text(&entry["action"]).starts_with("session"))
        .map(|entry| (text(&entry["action"]), text(&entry["detail"]["via"])))
        .collect();
    let wanted = [
        ("session_link.create", ""),
        ("session.create", "console"),
        ("session.create", "console"),
        ("session.delete", "console"),
    ];
    assert_eq!(about, wanted.map(|(action, via)| (action.to_owned(), via.to_owned())));
    assert!(told.iter().filter(|e| text(&e["action"]).starts_with("session")).all(|e| e["subject"] == me["key_id"]));
}
