//! The files of the console: who is given them, and what they may do.
use std::collections::HashSet;

use bellwire_e2e::{Answer, Call, Scene};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

fn page(scene: &Scene, method: &str, path: &str) -> Answer {
    scene.without_key().send(&Call::new(method, path).header("accept", BROWSER))
}

/// The nonce of a policy, after it was seen to allow nothing else.
#[track_caller]
fn nonce(answer: &Answer) -> String {
    let policy = answer.header("content-security-policy").expect("a policy");
    let (_, rest) = policy.split_once("'nonce-").expect("a nonce");
    let (nonce, _) = rest.split_once('\'').expect("a nonce");
    let wanted = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    assert_eq!(policy, wanted);
    nonce.to_owned()
}

#[test]
fn every_path_of_the_console_is_one_page_under_a_policy_with_a_fresh_nonce() {
    let scene = Scene::new();
    let mut nonces = HashSet::new();
    for path in ["/", "/index.html", "/login", "/portal", "/endpoints/whk_1?tab=deliveries", "/a/%2e%2e/b", "/wallets/"]
    {
        let answer = page(&scene, "GET", path);
        answer.expect(200);
        let fixed = [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
        ];
        for (name, value) in fixed {
            assert_eq!(answer.header(name), Some(value), "{path}: {name}");
        }
        let (nonce, text) = (nonce(&answer), String::from_utf8_lossy(&answer.body).into_owned());
        assert!(text.contains(&nonce), "{path} has its nonce");
        assert!(!text.contains("__CSP_NONCE__"), "{path}");
        assert!(nonces.insert(nonce), "{path}: a nonce is used once");
    }
    let head = scene.without_key().try_send(&Call::new("HEAD", "/login").header("accept", BROWSER));
    // There is a length and no body: reading it fails for want of bytes, or the connection ends.
    assert!(head.is_err() || head.is_ok_and(|answer| answer.body.is_empty()));
}

#[test]
fn what_is_of_the_api_stays_a_problem_also_for_browsers() {
    let scene = Scene::new();
    for path in
        ["/v1", "/v1/nothing", "/v1/webhooks/x/y", "/v2/events", "/api/v1/x", "//v1/events", "/docs/more", "/mcp"]
    {
        let answer = page(&scene, "GET", path);
        assert_eq!(answer.expect(404)["code"], "not_found", "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        assert_eq!(page(&scene, method, "/login").expect(404)["code"], "not_found", "{method}");
    }
    // Programs that mistype a path are told so.
    for call in [Call::new("GET", "/login"), Call::new("GET", "/events").header("accept", "*/*")] {
        assert_eq!(scene.without_key().send(&call).expect(404)["code"], "not_found", "{call:?}");
    }
    let json = Call::new("GET", "/").header("accept", "application/json");
    scene.without_key().send(&json).expect(404);
}

#[test]
fn no_path_leads_out_of_the_files() {
    let scene = Scene::new();
    for path in [
        "/assets/../../Cargo.toml",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/%2e%2e/%2e%2e/Cargo.toml",
        "/assets/..\\..\\Cargo.toml",
        "/assets//etc/passwd",
        "/assets/%00",
        "/assets/%ff",
        "/assets/",
        "/assets",
        "/assets/nothing.js",
        "/.env",
        "/.git/config",
        "/%2e%2e/Cargo.toml",
    ] {
        let answer = page(&scene, "GET", path);
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!text.contains("[package]") && !text.contains("root:"), "{path}: {text}");
        if path.starts_with("/assets") {
            answer.expect(404);
        }
        let program = scene.without_key().get(path);
        assert_eq!(program.expect(404)["code"], "not_found", "{path}");
    }
}

#[test]
fn what_the_page_loads_is_compressed_and_kept_for_ever() {
    let scene = Scene::new();
    let text = String::from_utf8_lossy(&page(&scene, "GET", "/").body).into_owned();
    let assets: Vec<&str> = text.split('"').filter(|part| part.starts_with("/assets/")).collect();
    if assets.is_empty() {
        println!("SKIPPED: the console was not built before the binary (make console)");
        return;
    }
    let ask = |path: &str, headers: &[(&str, &str)]| {
        let call = headers.iter().fold(Call::new("GET", path), |call, (name, value)| call.header(name, value));
        scene.without_key().send(&call)
    };
    for path in assets {
        let plain = ask(path, &[]);
        plain.expect(200);
        assert_eq!(plain.header("content-encoding"), None, "{path}");
        assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"), "{path}");
        assert_eq!(plain.header("x-content-type-options"), Some("nosniff"), "{path}");
        for encoding in ["br", "gzip"] {
            let small = ask(path, &[("accept-encoding", encoding)]);
            small.expect(200);
            if plain.body.len() > 2_000 {
                assert_eq!(small.header("content-encoding"), Some(encoding), "{path}");
                assert!(small.body.len() < plain.body.len(), "{path}");
            }
            let tag = small.header("etag").expect("a tag").to_owned();
            let again = ask(path, &[("accept-encoding", encoding), ("if-none-match", &tag)]);
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            assert_eq!(again.header("etag"), Some(tag.as_str()), "{path}");
            ask(&format!("{path}.br"), &[]).expect(404);
        }
    }
}
