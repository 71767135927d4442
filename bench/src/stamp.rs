//! The send time inside a body: patched in by the load, scanned out by the sink.
//!
//! Rendering JSON for every request would cost the two shared cores more than sending it, so a
//! [`Template`] is rendered once and only its sixteen digits change.

use bytes::Bytes;

/// What precedes the digits, as any compact JSON writer puts it.
const KEY: &[u8] = b"\"sent_us\":";

/// Digits of a time in microseconds, from 2001 to 2286.
const DIGITS: usize = 16;

/// Sixteen digits to be overwritten; no leading zero, for JSON forbids it.
pub const BLANK: &str = "1000000000000000";

/// Finds the first `"sent_us": <digits>` in a body, by bytes.
pub fn scan(body: &[u8]) -> Option<u64> {
    let digits = &body[position(body, 0)?..];
    let digits = digits.trim_ascii_start();
    let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    str::from_utf8(&digits[..length]).ok()?.parse().ok()
}

/// Where the value of the next key at or after `from` begins.
fn position(body: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += body.get(at..)?.iter().position(|&b| b == b'"')?;
        if body[at..].starts_with(KEY) {
            return Some(at + KEY.len());
        }
        at += 1;
    }
}

/// A body rendered once, with the places of its send times.
#[derive(Debug, Clone)]
pub struct Template {
    text: Vec<u8>,
    stamps: Vec<usize>,
}

impl Template {
    /// Takes a body whose send times are all [`BLANK`].
    pub fn new(text: &str) -> Self {
        let text = text.as_bytes().to_vec();
        let mut stamps = Vec::new();
        let mut from = 0;
        while let Some(at) = position(&text, from) {
            stamps.push(at);
            from = at + DIGITS;
        }
        Self { text, stamps }
    }

    /// The body with `unix_us` at every place.
    pub fn stamped(&self, unix_us: u64) -> Bytes {
        let digits = format!("{unix_us:016}");
        let mut text = self.text.clone();
        for &at in &self.stamps {
            text[at..at + DIGITS].copy_from_slice(&digits.as_bytes()[..DIGITS]);
        }
        text.into()
    }

    /// Size of the body in bytes.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_patched_in_is_scanned_out() {
        let template = Template::new(&format!(r#"{{"type":"a","data":{{"sent_us":{BLANK}}}}}"#));
        assert_eq!(scan(&template.stamped(1_763_849_000_123_456)), Some(1_763_849_000_123_456));
    }

    #[test]
    fn every_event_of_a_batch_is_stamped() {
        let one = format!(r#"{{"sent_us":{BLANK}}}"#);
        let body = Template::new(&format!("[{one},{one}]")).stamped(1_763_849_000_123_456);
        let text = str::from_utf8(&body).expect("a template is text");
        assert_eq!(text.matches("1763849000123456").count(), 2);
    }

    #[test]
    fn a_body_without_a_stamp_or_with_spaces_is_read_as_it_is() {
        assert_eq!(scan(br#"{"sent":1,"sent_us"}"#), None);
        assert_eq!(scan(b""), None);
        assert_eq!(scan(br#"{"sent_us": 42 }"#), Some(42));
    }
}
