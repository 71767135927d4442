//! What fields of several forms have in common.
use std::ops::RangeInclusive;

use bellwire_domain::{Faults, event};
use bellwire_wire::json;
use serde_json::{Map, Value, value::RawValue};

use crate::app::App;

/// The most that an object of the caller's own may measure, in bytes.
const OBJECT_BYTES_MAX: usize = 16 * 1024;
/// How deep it may nest.
const OBJECT_DEPTH_MAX: usize = 16;
/// How many members it may have.
const OBJECT_KEYS_MAX: usize = 100;
/// The longest URL.
const URL_BYTES_MAX: usize = 2_048;

/// A text of so many characters, if one was sent.
pub(super) fn text(
    field: &str,
    value: Option<String>,
    length: RangeInclusive<usize>,
    faults: &mut Faults,
) -> Option<String> {
    let value = value?;
    let (least, most) = (*length.start(), *length.end());
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\t' | '\r');
    if !value.chars().all(plain) {
        faults.add(field, "must have no control characters but tabs and line breaks");
        return None;
    }
    // What must be said is not said with blanks.
    let fits = length.contains(&value.chars().count()) && (least == 0 || !value.trim().is_empty());
    let detail = match least {
        0 => format!("must be at most {most} characters"),
        _ => format!("must be {least} to {most} characters, not all of them blank"),
    };
    faults.check(fits, field, detail);
    Some(value)
}

/// The same of a field that must be there.
pub(super) fn needed(
    field: &str,
    value: Option<String>,
    length: RangeInclusive<usize>,
    faults: &mut Faults,
) -> Option<String> {
    let value = faults.need(field, value);
    text(field, value, length, faults)
}

/// An object of the caller's own, kept on one line, as every event's data is.
pub(super) fn object(field: &str, sent: Box<RawValue>, faults: &mut Faults) -> Box<RawValue> {
    let text = json::compact(sent.get());
    let members = serde_json::from_str::<Map<String, Value>>(&text).map(|members| members.len());
    let detail = if !text.starts_with('{') {
        Some("must be a JSON object".to_owned())
    } else if text.len() > OBJECT_BYTES_MAX {
        Some(format!("must be at most {OBJECT_BYTES_MAX} bytes"))
    } else if event::depth(&text) > OBJECT_DEPTH_MAX {
        Some(format!("must nest at most {OBJECT_DEPTH_MAX} deep"))
    } else {
        match members {
            Err(_) => Some(
                "must hold whole characters and numbers that fit: half a surrogate pair and 1e999 do not".to_owned(),
            ),
            Ok(count) if count > OBJECT_KEYS_MAX => Some(format!("must have at most {OBJECT_KEYS_MAX} members")),
            Ok(_) => None,
        }
    };
    if let Some(detail) = detail {
        faults.add(field, detail);
    }
    RawValue::from_string(text).unwrap_or(sent)
}

/// An outward URL, by the one address rule.
pub(super) fn callback(app: &App, url: String, faults: &mut Faults) -> Option<String> {
    faults.check(url.len() <= URL_BYTES_MAX, "callback_url", format!("must be at most {URL_BYTES_MAX} characters"));
    faults.take("callback_url", app.egress.policy().check_url(&url)).map(|_| url)
}
