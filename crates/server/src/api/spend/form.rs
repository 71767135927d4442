//! What fields of several forms have in common.
use std::ops::RangeInclusive;

use bellwire_domain::Faults;

/// A text of so many characters, if one was sent.
pub(in crate::api) fn text(
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
pub(in crate::api) fn needed(
    field: &str,
    value: Option<String>,
    length: RangeInclusive<usize>,
    faults: &mut Faults,
) -> Option<String> {
    let value = faults.need(field, value);
    text(field, value, length, faults)
}
