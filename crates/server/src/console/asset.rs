//! One file, in the encoding that the browser prefers, or the word that it has it already (RFC 9110).
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{files::File, page::Page};

/// Whose names hold a hash of what they say: they never change.
const HASHED: &str = "assets/";
/// The encodings in which the build leaves a file beside itself, the better one first.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// What became of a name.
pub(super) enum Found {
    /// It is a file.
    Asset(Response),
    /// It is none.
    None,
}

/// Answers with the file of this name. Names come from anywhere: only those that a build gives are looked for.
pub(super) fn asset(find: impl Fn(&str) -> Option<File>, name: &str, headers: &HeaderMap) -> Found {
    if !is_name(name)
        || Page::ALL.iter().any(|page| page.name() == name)
        || ENCODINGS.iter().any(|(_, end)| name.ends_with(end))
    {
        return Found::None;
    }
    let Some(plain) = find(name) else { return Found::None };
    let twins = ENCODINGS.map(|(encoding, end)| find(&format!("{name}{end}")).map(|file| (encoding, file)));
    let twins: Vec<(&str, File)> = twins.into_iter().flatten().collect();
    let varies = !twins.is_empty();
    let (encoding, file) = preferred(twins, headers).map_or((None, plain), |(encoding, file)| (Some(encoding), file));
    let tag = format!("\"{}{}\"", hex::encode(&file.hash[..16]), encoding.map(|e| format!("-{e}")).unwrap_or_default());
    let mut answer = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let length = file.bytes.len();
        let mut answer = Response::new(Body::from(match file.bytes {
            std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
        }));
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(name)));
        answer.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        if let Some(encoding) = encoding {
            answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        answer
    };
    let kept = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    if varies {
        answer.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if let Ok(tag) = HeaderValue::try_from(tag) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    Found::Asset(answer)
}

/// Whether a build gives such names: segments of letters, digits, `.`, `_` and `-` that do not begin with a dot.
fn is_name(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
    name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain))
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The encoding that the browser likes best of those that there are; of two it likes alike, the better one. None if it
/// likes none.
fn preferred(twins: Vec<(&'static str, File)>, headers: &HeaderMap) -> Option<(&'static str, File)> {
    let accepted: Vec<&str> =
        headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).collect();
    let accepted = accepted.join(",");
    let weight = |encoding: &str| weight(&accepted, encoding).or_else(|| self::weight(&accepted, "*")).unwrap_or(0);
    let best = twins.iter().map(|(encoding, _)| weight(encoding)).max().filter(|best| *best > 0)?;
    twins.into_iter().find(|(encoding, _)| weight(encoding) == best)
}

/// How much of 1000 is given to `wanted` in a list such as `gzip;q=0.8, br`; nothing if it does not name it.
pub(super) fn weight(list: &str, wanted: &str) -> Option<u32> {
    list.split(',').find_map(|item| {
        let mut parts = item.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case(wanted) {
            return None;
        }
        let q = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some(q.map_or(1_000, thousandths))
    })
}

/// `0.8` as 800. What is no weight is none.
fn thousandths(q: &str) -> u32 {
    let (whole, part) = q.split_once('.').unwrap_or((q, ""));
    let digits = part.bytes().all(|c| c.is_ascii_digit()) && part.len() <= 3;
    match whole {
        "1" if digits => 1_000,
        "0" if digits => format!("{part:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

/// Whether the browser has it already.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|list| list.split(',')).map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

#[cfg(test)]
#[path = "asset_tests.rs"]
mod tests;
