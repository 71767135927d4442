//! The one HTML page, and what it is allowed to do.
use axum::{body::Body, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bellwire_domain::Mint;
use http::{HeaderName, HeaderValue, header};

/// A page of the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// The console.
    Console,
    /// The API reference at `/docs`.
    Docs,
}

impl Page {
    /// All there are.
    pub(super) const ALL: [Self; 2] = [Self::Console, Self::Docs];

    /// Its file in the build.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Console => "index.html",
            Self::Docs => "docs.html",
        }
    }
}

/// What stands in it where the nonce of each answer belongs.
const NONCE: &str = "__CSP_NONCE__";

/// What is shown while the console was not built into this binary.
const UNBUILT: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bellwire</title>
<style nonce="__CSP_NONCE__">
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 36rem; margin: 15vh auto; padding: 0 1rem }
</style>
</head>
<body>
<main>
<h1>Bellwire is running</h1>
<p>This binary was built without its console and API reference. With Node.js installed, <code>make run</code> builds both
(or <code>make console</code>, and then the binary anew).</p>
<p>The API does not need it: it is described at <a href="/openapi.json">/openapi.json</a>.</p>
</main>
</body>
</html>
"#;

/// A page, under a policy with a nonce of this answer alone.
pub(super) fn answer(page: Page, built: Option<&[u8]>, mint: &dyn Mint) -> Response {
    let mut random = [0_u8; 16];
    mint.random(&mut random);
    let nonce = STANDARD_NO_PAD.encode(random);
    let text = built.map_or(UNBUILT.into(), String::from_utf8_lossy).replace(NONCE, &nonce);
    let length = text.len();
    let mut answer = Response::new(Body::from(text));
    let headers = answer.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        // The nonce is good once.
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    headers.insert(header::CONTENT_LENGTH, length.into());
    if let Ok(policy) = HeaderValue::try_from(policy(page, &nonce)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// What a page may do: run its own scripts, talk to its own server, and nothing else. The viewer of the API reference
/// brings styles without a nonce; on that page, and on no other, styles in the page are let in.
fn policy(page: Page, nonce: &str) -> String {
    let styles = match page {
        Page::Console => format!("'nonce-{nonce}'"),
        Page::Docs => "'unsafe-inline'".to_owned(),
    };
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' {styles}; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}
