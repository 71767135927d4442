//! Durations as people write them (spec conventions, "Times").
use std::{str::FromStr, time::Duration};

/// A duration: `1h`, `90s`, `1h30m`, `7d`, `500ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "must be a duration such as 90s, 5m, 1h30m or 7d";
        let mut rest = text;
        let mut total = Duration::ZERO;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u32 = rest.get(..digits).and_then(|digits| digits.parse().ok()).ok_or(WRONG)?;
            let units = rest.get(digits..).ok_or(WRONG)?;
            let length = units.bytes().take_while(u8::is_ascii_alphabetic).count();
            let unit = match units.get(..length) {
                Some("ms") => Duration::from_millis(1),
                Some("s") => Duration::from_secs(1),
                Some("m") => Duration::from_mins(1),
                Some("h") => Duration::from_hours(1),
                Some("d") => Duration::from_hours(24),
                _ => return Err(WRONG),
            };
            total = unit.checked_mul(number).and_then(|part| total.checked_add(part)).ok_or(WRONG)?;
            rest = units.get(length..).ok_or(WRONG)?;
        }
        if text.is_empty() { Err(WRONG) } else { Ok(Self(total)) }
    }
}
