//! JSON with its numbers as they were written: `10.00` is an amount, and `10.0` none that the server writes.
use std::fmt::Write;

use serde_json::{Map, Value};

/// Begins a text that stands for a number. No answer holds such a character.
const NUMBER: char = '\u{1}';

/// Reads JSON; each number with a point is a text that stands for it.
#[track_caller]
pub(crate) fn read(text: &str) -> Value {
    let (mut marked, mut rest, mut quoted) = (String::with_capacity(text.len()), text, false);
    while let Some(c) = rest.chars().next() {
        let length = if quoted && c == '\\' {
            2
        } else if quoted || !(c == '-' || c.is_ascii_digit()) {
            c.len_utf8()
        } else {
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(length);
        quoted ^= c == '"';
        if !quoted && token.contains('.') {
            let _ = write!(marked, "\"\\u0001{token}\"");
        } else {
            marked.push_str(token);
        }
        rest = after;
    }
    serde_json::from_str(&marked).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Writes what [`read`] gave, indented, each number as it was.
pub(crate) fn write(value: &Value) -> String {
    let marked = serde_json::to_string_pretty(value).expect("a value is JSON");
    let mut parts = marked.split("\"\\u0001");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('"').expect("a text ends");
        text.extend([number, rest]);
    }
    text.push('\n');
    text
}

/// A number as a text that stands for it.
pub(crate) fn number(written: &str) -> Value {
    format!("{NUMBER}{written}").into()
}

/// Changes every member of every object, deepest first.
pub(crate) fn each_member(value: &mut Value, change: &mut impl FnMut(&str, &mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_member(item, change)),
        Value::Object(members) => each(members, change),
        _ => {}
    }
}

fn each(members: &mut Map<String, Value>, change: &mut impl FnMut(&str, &mut Value)) {
    for (name, value) in members {
        each_member(value, change);
        change(name, value);
    }
}

/// Changes every text.
pub(crate) fn each_text(value: &mut Value, change: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(members) => members.values_mut().for_each(|member| each_text(member, change)),
        _ => {}
    }
}

#[test]
fn numbers_are_written_as_they_were_read() {
    let text = r#"{"a":10.00,"b":-0.000125,"c":[1,2.50],"d":"3.10 \" 4.20","e":{"f":5.0}}"#;
    assert_eq!(write(&read(text)).split_whitespace().collect::<String>(), text.replace(' ', ""));
}
