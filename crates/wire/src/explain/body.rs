//! Other bodies that mean the same: what a body may have been before a framework touched it.
use std::fmt::Write;

use serde_json::Value;

use crate::json;

/// A longer body is not rewritten: this is for reading webhooks, not archives.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// A body, and how it differs from the one that was received.
pub(super) struct Change {
    pub(super) name: &'static str,
    pub(super) body: Vec<u8>,
}

/// Whitespace added or taken at the ends, other line endings, a byte-order mark.
pub(super) fn trimmings(body: &[u8]) -> impl Iterator<Item = Change> {
    let trimmed = body.trim_ascii();
    let marked = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).unwrap_or("");
    let unix = text.replace("\r\n", "\n");
    let windows = unix.replace('\n', "\r\n");
    let changes = [
        ("without the whitespace around it", trimmed.to_vec()),
        ("with a line ending after it", [trimmed, b"\n"].concat()),
        ("with a CR LF after it", [trimmed, b"\r\n"].concat()),
        ("without its byte-order mark", marked.to_vec()),
        ("with LF line endings", unix.into_bytes()),
        ("with CR LF line endings", windows.into_bytes()),
    ];
    changes.into_iter().map(|(name, body)| Change { name, body })
}

/// The same JSON in the layouts of common writers, keys as they are or sorted, other characters
/// than ASCII as they are or escaped.
pub(super) fn rewritings(body: &[u8]) -> impl Iterator<Item = Change> {
    let parsed = if body.len() > BODY_BYTES_MAX {
        None
    } else {
        let text = std::str::from_utf8(body).ok();
        text.and_then(|text| Some((text, serde_json::from_str::<Value>(text).ok()?)))
    };
    parsed.into_iter().flat_map(|(text, value)| {
        let exact = json::compact(text);
        let same = value.to_string();
        let mut sorted = value;
        sorted.sort_all_objects();
        let sorted = sorted.to_string();
        let names = [
            ["without whitespace", "without whitespace, escaped to ASCII"],
            [
                "with `, ` and `: ` between (Python's default)",
                "with `, ` and `: ` between, escaped to ASCII (Python's default)",
            ],
            ["indented by two", "indented by two, escaped to ASCII"],
        ];
        let sorted_names = [
            ["with sorted keys and no whitespace", "with sorted keys and no whitespace, escaped to ASCII"],
            [
                "with sorted keys and `, ` and `: ` between",
                "with sorted keys and `, ` and `: ` between, escaped to ASCII",
            ],
            ["with sorted keys, indented by two", "with sorted keys, indented by two, escaped to ASCII"],
        ];
        let bases = [(exact, names), (same, names), (sorted, sorted_names)];
        bases.into_iter().flat_map(|(base, names)| layouts(&base, names))
    })
}

/// The layouts of compact JSON.
fn layouts(compact: &str, names: [[&'static str; 2]; 3]) -> Vec<Change> {
    let layouts = [compact.to_owned(), json::spaced(compact), indented(compact)];
    let mut changes = Vec::with_capacity(6);
    for (text, [plain, escaped]) in layouts.into_iter().zip(names) {
        let ascii = ascii(&text);
        changes.push(Change { name: plain, body: text.into_bytes() });
        changes.push(Change { name: escaped, body: ascii.into_bytes() });
    }
    changes
}

fn indented(compact: &str) -> String {
    let value = serde_json::from_str::<Value>(compact).unwrap_or(Value::Null);
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

/// Escapes what is not ASCII, in lower-case hex and UTF-16 as Python does.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}
