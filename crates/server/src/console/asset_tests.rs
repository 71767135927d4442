//! Files as browsers ask for them.
use std::borrow::Cow;

use super::*;

/// A build with a script, its twins, and an icon that has none.
fn find(name: &str) -> Option<File> {
    let bytes: &'static [u8] = match name {
        "index.html" => b"<!doctype html>",
        "assets/app-1a.js" => b"plain",
        "assets/app-1a.js.br" => b"brotli",
        "assets/app-1a.js.gz" => b"gzip",
        "favicon.svg" => b"<svg/>",
        _ => return None,
    };
    Some(File { bytes: Cow::Borrowed(bytes), hash: *blake3::hash(bytes).as_bytes() })
}

fn ask(name: &str, with: &[(header::HeaderName, &'static str)]) -> Option<Response> {
    let headers = with.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
    match asset(find, name, &headers) {
        Found::Asset(answer) => Some(answer),
        Found::None => None,
    }
}

fn header_of(answer: &Response, name: header::HeaderName) -> &str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[test]
fn the_encoding_is_the_one_that_is_liked_best() {
    for (accepted, wanted) in [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip;q=0.001", "gzip"),
        ("GZIP", "gzip"),
        ("*", "br"),
        ("*;q=0.1, br;q=0", "gzip"),
        ("br;q=0, gzip;q=0", ""),
        ("identity", ""),
        ("zstd", ""),
        ("br;q=nonsense", ""),
        ("", ""),
    ] {
        let answer = ask("assets/app-1a.js", &[(header::ACCEPT_ENCODING, accepted)]).expect("a file");
        assert_eq!(header_of(&answer, header::CONTENT_ENCODING), wanted, "{accepted}");
        assert_eq!(header_of(&answer, header::VARY), "accept-encoding");
        assert_eq!(header_of(&answer, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
    }
    let icon = ask("favicon.svg", &[(header::ACCEPT_ENCODING, "br")]).expect("a file");
    assert_eq!((header_of(&icon, header::CONTENT_ENCODING), header_of(&icon, header::VARY)), ("", ""));
}

#[test]
fn who_has_it_is_told_so_and_each_encoding_is_another() {
    let gzip = (header::ACCEPT_ENCODING, "gzip");
    let first = ask("assets/app-1a.js", std::slice::from_ref(&gzip)).expect("a file");
    let tag: &'static str = header_of(&first, header::ETAG).to_owned().leak();
    assert!(tag.ends_with("-gzip\""), "{tag}");
    for known in [tag, "*", format!("\"x\", W/{tag}").leak()] {
        let again = ask("assets/app-1a.js", &[gzip.clone(), (header::IF_NONE_MATCH, known)]).expect("a file");
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert_eq!(header_of(&again, header::ETAG), tag);
        assert!(again.headers().get(header::CONTENT_TYPE).is_none());
    }
    let other = ask("assets/app-1a.js", &[(header::IF_NONE_MATCH, tag)]).expect("a file");
    assert_eq!(other.status(), StatusCode::OK, "the same without an encoding");
}

#[test]
fn hashed_names_are_kept_for_ever_and_others_asked_after() {
    let kept = |name| header_of(&ask(name, &[]).expect("a file"), header::CACHE_CONTROL).to_owned();
    assert_eq!(kept("assets/app-1a.js"), "public, max-age=31536000, immutable");
    assert_eq!(kept("favicon.svg"), "no-cache");
}

#[test]
fn no_other_name_is_looked_for() {
    for name in [
        "",
        "index.html",
        "assets",
        "assets/",
        "assets//app-1a.js",
        "assets/app-1a.js.br",
        "assets/../assets/app-1a.js",
        "assets/%2e%2e/app-1a.js",
        "assets/./app-1a.js",
        "../Cargo.toml",
        "assets\\app-1a.js",
        "assets/app-1a.js\0",
        "assets/app-1a.js%00",
        ".env",
        "/etc/passwd",
    ] {
        assert!(ask(name, &[]).is_none(), "{name}");
    }
}
