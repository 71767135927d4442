//! Tables as text (RFC 4180), for those who ask for them.
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};

/// Whether CSV is wanted more than JSON.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut wanted = [0_u32; 2];
    for range in accepted.flat_map(|value| value.split(',')) {
        let (kind, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight =
            parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("q=")).map_or(1_000, weight);
        let place = match kind.trim().to_ascii_lowercase().as_str() {
            "text/csv" => 0,
            "application/json" => 1,
            _ => continue,
        };
        wanted[place] = wanted[place].max(weight);
    }
    wanted[0] > wanted[1]
}

/// A weight in thousandths; one that cannot be read is none.
fn weight(text: &str) -> u32 {
    match text.trim().split_once('.') {
        None if text.trim() == "1" => 1_000,
        Some(("1", _)) => 1_000,
        Some(("0", decimals)) => format!("{decimals:0<3}").get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(0),
        _ => 0,
    }
}

/// A table as an answer.
pub(super) fn answer(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Response {
    let mut text = String::new();
    line(&mut text, head.iter().copied());
    for row in rows {
        line(&mut text, row.iter().map(String::as_str));
    }
    let kind = "text/csv; charset=utf-8; header=present";
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], text).into_response()
}

fn line<'a>(text: &mut String, fields: impl Iterator<Item = &'a str>) {
    for (index, field) in fields.enumerate() {
        if index > 0 {
            text.push(',');
        }
        if field.contains([',', '"', '\r', '\n']) {
            text.extend(["\"", &field.replace('"', "\"\""), "\""]);
        } else {
            text.push_str(field);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be_and_never_changed() {
        let mut text = String::new();
        line(&mut text, ["a", "b, c", "=1+1", "say \"hi\"", "two\nlines", "", " x "].into_iter());
        assert_eq!(text, "a,\"b, c\",=1+1,\"say \"\"hi\"\"\",\"two\nlines\",, x \r\n");
    }

    #[test]
    fn csv_is_for_those_who_want_it_more_than_json() {
        for (accept, wanted) in [
            ("text/csv", true),
            ("TEXT/CSV; charset=utf-8", true),
            ("text/csv, */*", true),
            ("application/json;q=0.5, text/csv;q=0.9", true),
            ("text/csv;q=0.5, application/json", false),
            ("text/csv, application/json", false),
            ("text/csv;q=0", false),
            ("*/*", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().expect("a header"));
            assert_eq!(is_wanted(&headers), wanted, "{accept}");
        }
        assert!(!is_wanted(&HeaderMap::new()));
    }
}
