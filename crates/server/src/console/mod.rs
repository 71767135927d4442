//! The files of the console: one page, and what it loads (spec console).
//!
//! Who takes part: [`files`] are what the build of `console/` left, inside this binary; [`asset`] answers with one of
//! them, in the encoding that the browser prefers; [`page`] is the one HTML page, under a policy that lets it run
//! nothing but itself. Which page of the console is shown is decided in the browser, so every path that is not of the
//! API gets the same HTML.
//!
//! Nothing here is a secret and nobody is asked for a key: what the page shows it asks the API for.
mod asset;
mod files;
mod page;

use axum::response::Response;
use bellwire_domain::Mint;
use http::{HeaderMap, HeaderValue, Method, header, request::Parts};

use asset::{Found, asset};
use page::Page;

/// First segments of paths that programs ask for: what is not there is a problem and no page.
const OF_PROGRAMS: [&str; 13] = [
    "v1",
    "v2",
    "api",
    "gateway",
    "mcp",
    "docs",
    "healthz",
    "readyz",
    "metrics",
    "openapi.json",
    "asyncapi.json",
    ".well-known",
    "assets",
];

/// Pages whose addresses are given to people: whoever asks for one gets it, unless something else is wanted.
const PUBLISHED: [&str; 3] = ["", "try", "try/"];

/// Answers for a path that no route of the API has; nothing if the console has it neither.
pub fn answer(parts: &Parts, mint: &dyn Mint) -> Option<Response> {
    let body = match parts.method {
        Method::GET => true,
        Method::HEAD => false,
        _ => return None,
    };
    let path = parts.uri.path().strip_prefix('/')?;
    let mut answer = match asset(files::find, path, &parts.headers) {
        Found::Asset(answer) => answer,
        Found::None if is_docs(path, &parts.headers, has_docs()) => answer_with(Page::Docs, mint),
        Found::None if is_page(path, &parts.headers) => answer_with(Page::Console, mint),
        Found::None => return None,
    };
    let headers = answer.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !body {
        *answer.body_mut() = axum::body::Body::empty();
    }
    Some(answer)
}

fn answer_with(page: Page, mint: &dyn Mint) -> Response {
    page::answer(page, files::find(page.name()).as_deref(), mint)
}

/// Whether the API reference is in this binary.
pub fn has_docs() -> bool {
    files::find(Page::Docs.name()).is_some()
}

/// Whether the API reference is wanted. While it is not built, browsers are shown a page that says so, and programs
/// are told by a problem.
fn is_docs(path: &str, headers: &HeaderMap, built: bool) -> bool {
    matches!(path, "docs" | "docs/") && (built || takes_html(headers))
}

/// Whether HTML is taken: browsers that go somewhere say that they take it, programs rarely do.
fn takes_html(headers: &HeaderMap) -> bool {
    takes(headers, "text/html")
}

fn takes(headers: &HeaderMap, wanted: &str) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| asset::weight(accepted, wanted).is_some_and(|q| q > 0))
}

/// Whether the console is wanted.
fn is_page(path: &str, headers: &HeaderMap) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    if PUBLISHED.contains(&path) || path == Page::Console.name() {
        return !headers.contains_key(header::ACCEPT) || takes_html(headers) || takes(headers, "*/*");
    }
    !first.is_empty() && !OF_PROGRAMS.contains(&first) && takes_html(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(accept: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))])
    }

    #[test]
    fn browsers_get_the_page_everywhere_but_where_programs_ask() {
        let browser = accepting("text/html,application/xhtml+xml,*/*;q=0.8");
        for path in ["", "index.html", "login", "endpoints/whk_1", "try", "v1x"] {
            assert!(is_page(path, &browser), "{path}");
        }
        for path in [
            "v1",
            "v1/nothing",
            "v2/events",
            "api/v1",
            "/v1/events",
            "assets/x.js",
            "openapi.json",
            "asyncapi.json",
            "docs",
        ] {
            assert!(!is_page(path, &browser), "{path}");
        }
    }

    #[test]
    fn the_reference_is_for_everybody_and_what_was_not_built_is_a_page_for_browsers_only() {
        let (browser, program) = (accepting("text/html,*/*;q=0.8"), accepting("*/*"));
        for path in ["docs", "docs/"] {
            assert!(is_docs(path, &browser, true) && is_docs(path, &program, true) && is_docs(path, &browser, false));
            assert!(!is_docs(path, &program, false) && !is_docs(path, &HeaderMap::new(), false));
        }
        for path in ["docs/x", "docs.html", "doc", ""] {
            assert!(!is_docs(path, &browser, true), "{path}");
        }
    }

    #[test]
    fn programs_get_the_page_at_published_addresses_only() {
        for headers in [HeaderMap::new(), accepting("*/*")] {
            assert!(is_page("", &headers) && is_page("try", &headers) && is_page("try/", &headers));
            assert!(!is_page("login", &headers) && !is_page("events", &headers));
        }
        for accept in ["application/json", "text/html;q=0", "text/htmlx"] {
            assert!(!is_page("", &accepting(accept)) && !is_page("try", &accepting(accept)), "{accept}");
        }
    }
}
