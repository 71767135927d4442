//! Who logged in at one node is logged in at all.
use std::thread;

use bellwire_e2e::{Api, Call, eventually, now, text};
use serde_json::json;

use crate::cluster::Cluster;

/// What a browser sends once it has logged in: its cookie, and the token that goes with it.
struct Browser {
    cookie: String,
    csrf: String,
}

impl Browser {
    #[track_caller]
    fn log_in(api: &Api, form: &serde_json::Value) -> Self {
        let answer = api.without_key().post("/v1/session", form);
        let session = answer.expect(200);
        let cookie = answer.header("set-cookie").and_then(|set| set.split(';').next()).expect("a cookie").to_owned();
        Self { cookie, csrf: text(&session["csrf_token"]) }
    }

    fn send(&self, api: &Api, method: &str, path: &str) -> u16 {
        let call = Call::new(method, path).header("cookie", &self.cookie).header("x-csrf-token", &self.csrf);
        api.without_key().send(&call).status
    }
}

#[test]
fn a_session_is_one_on_every_node_and_ends_on_every_node() {
    let cluster = Cluster::start(2);
    let (one, two) = (cluster.api(0), cluster.api(1));
    let browser = Browser::log_in(&one, &json!({"api_key": one.key}));
    assert_eq!(browser.send(&two, "GET", "/v1/session"), 200);
    assert_eq!(browser.send(&two, "POST", "/v1/session/links"), 201, "with the token that the first node gave");
    let made = one.post("/v1/keys", &json!({"name": "k", "kind": "workspace"})).expect(201);
    let other = Browser::log_in(&two, &json!({"api_key": made["api_key"]}));
    assert_eq!(other.send(&one, "GET", "/v1/me"), 200);
    let soon = |what: &str, browser: &Browser, api: &Api| {
        let began = now();
        eventually(what, || (browser.send(api, "GET", "/v1/me") == 401).then_some(()));
        println!("{what}: after {} ms", began.elapsed().as_millis());
        assert!(began.elapsed() < std::time::Duration::from_secs(2), "{what}");
    };
    assert_eq!(other.send(&two, "GET", "/v1/me"), 200);
    one.delete(&format!("/v1/keys/{}", text(&made["id"]))).expect(204);
    assert_eq!(other.send(&one, "GET", "/v1/me"), 401, "at once where it was revoked");
    soon("revoked: the other node refuses its session", &other, &two);
    assert_eq!(browser.send(&one, "DELETE", "/v1/session"), 204);
    assert_eq!(browser.send(&one, "GET", "/v1/me"), 401);
    soon("logged out: the other node knows", &browser, &two);
}

#[test]
fn a_link_opened_on_all_nodes_at_once_lets_one_in() {
    let cluster = Cluster::start(2);
    for round in 0..5 {
        let url = text(&cluster.api(round % 2).post("/v1/session/links", &json!({})).expect(201)["url"]);
        let token = url.split_once("#link=").map(|(_, token)| token.to_owned()).expect("a token");
        let opening: Vec<_> = (0..8)
            .map(|nth| {
                let (api, form) = (cluster.api(nth % 2).without_key(), json!({"link": token}));
                thread::spawn(move || api.post("/v1/session", &form).status)
            })
            .collect();
        let mut statuses: Vec<u16> = opening.into_iter().map(|one| one.join().expect("it ends")).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401, 401, 401, 401, 401, 401]);
    }
}
