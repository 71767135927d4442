//! `/docs`, with the console inside the binary or without.
use bellwire_e2e::{Call, Scene, text};

#[test]
fn the_reference_runs_only_its_own_scripts_or_says_what_to_run() {
    let scene = Scene::new();
    let anybody = scene.without_key();
    let browser = Call::new("GET", "/docs").header("accept", "text/html");
    let [first, again] = [0, 1].map(|_| anybody.send(&browser));
    first.expect(200);
    let policy = first.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'; script-src 'self' 'nonce-"), "{policy}");
    assert!(policy.contains("connect-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe-eval") && !policy.contains("http"), "{policy}");
    assert_ne!(again.header("content-security-policy"), Some(policy), "a nonce is good once");
    let page = String::from_utf8_lossy(&first.body).into_owned();
    assert!(!page.contains("__CSP_NONCE__") && !page.contains("//"), "{page}");
    let built = page.contains("/assets/viewer-");
    // A program that asks gets the same, or a sentence.
    let plain = anybody.get("/docs");
    if built {
        assert_eq!(plain.header("content-type"), Some("text/html; charset=utf-8"));
    } else {
        assert!(page.contains("make console"), "{page}");
        assert!(text(&plain.expect(404)["detail"]).contains("`make console`"));
    }
    // The file that the build left, without nonce and policy, is not served beside it.
    anybody.get("/docs.html").expect(404);
    anybody.get("/docs/more").expect(404);
}
