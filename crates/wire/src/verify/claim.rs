//! What a request claims: its signatures, its time and its id, read strictly from its headers.
//!
//! Each scheme has one syntax and nothing beside it is accepted: no spaces after commas, no second
//! `t`, no upper-case hex. A list has at most [`ENTRIES_MAX`] entries. Unknown versions in a list
//! are skipped, as every scheme asks, but a list of nothing else does not match.
use super::{HeaderLookup, Scheme, SignatureError, headers::only};
use crate::{Timestamp, sign};

/// More signatures than any rotation has.
const ENTRIES_MAX: usize = 32;
/// Seconds of the year 5138; what is larger was meant as milliseconds.
const SECONDS_MAX: i64 = 99_999_999_999;

/// The claims of one request.
#[derive(Debug, Clone)]
pub(crate) struct Claim<'h> {
    pub(crate) scheme: Scheme,
    /// The event's id, if the signature covers it.
    pub(crate) id: Option<&'h str>,
    pub(crate) stamp: Option<Stamp<'h>>,
    /// HMAC signatures, hex or base64 as the scheme has them.
    pub(crate) signatures: Vec<&'h str>,
    /// Ed25519 signatures in base64.
    pub(crate) asymmetric: Vec<&'h str>,
}

/// A time as it was written, and what it means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp<'h> {
    pub(crate) text: &'h str,
    /// Microseconds since the epoch.
    pub(crate) micros: i64,
    /// Written in whole seconds.
    pub(crate) whole_seconds: bool,
}

impl Stamp<'_> {
    pub(crate) fn time(self) -> Timestamp {
        Timestamp::from_micros(self.micros)
    }

    /// How old it is at `now`, in microseconds; negative if it is yet to come.
    pub(crate) fn age_micros(self, now: Timestamp) -> i64 {
        let now = if self.whole_seconds { now.seconds().saturating_mul(1_000_000) } else { now.micros() };
        now.saturating_sub(self.micros)
    }
}

impl<'h> Claim<'h> {
    /// Reads the headers of `scheme`.
    pub(crate) fn read(scheme: Scheme, headers: &'h (impl HeaderLookup + ?Sized)) -> Result<Self, SignatureError> {
        let name = scheme.signature_header();
        let list = only(headers, name)?;
        let mut claim = Self { scheme, id: None, stamp: None, signatures: Vec::new(), asymmetric: Vec::new() };
        let malformed = SignatureError::MalformedHeader(name);
        match scheme {
            Scheme::Standard | Scheme::CloudEvents => {
                claim.id = Some(standard_id(headers)?);
                claim.stamp = Some(stamp_header(headers, "webhook-timestamp", false)?);
                claim.read_standard(list).ok_or(malformed)?;
            }
            Scheme::Trove | Scheme::TroveFiles | Scheme::PayGraph | Scheme::Stripe => {
                claim.read_pairs(list, true).ok_or(malformed)?;
            }
            Scheme::PacSpace => {
                claim.stamp = Some(stamp_header(headers, "x-pacspace-timestamp", true)?);
                claim.read_pairs(list, false).ok_or(malformed)?;
            }
            Scheme::Keystore => claim.signatures.push(hex(list).ok_or(malformed)?),
            Scheme::GitHub => {
                let signature = list.strip_prefix("sha256=").and_then(hex);
                claim.signatures.push(signature.ok_or(malformed)?);
            }
            Scheme::Slack => {
                let stamp = stamp_header(headers, "x-slack-request-timestamp", false)?;
                claim.stamp = Some(stamp);
                let signature = list.strip_prefix("v0=").and_then(hex);
                claim.signatures.push(signature.ok_or(malformed)?);
            }
        }
        Ok(claim)
    }

    /// A claim of nothing, for the content of a request whose headers are not in order.
    pub(crate) fn loose(scheme: Scheme, id: Option<&'h str>, at: Option<&'h str>) -> Self {
        Self {
            scheme,
            id,
            stamp: at.map(|text| Stamp { text, micros: 0, whole_seconds: true }),
            signatures: Vec::new(),
            asymmetric: Vec::new(),
        }
    }

    /// `v1,<base64>`, `v1a,<base64>` and unknown versions, one space between.
    fn read_standard(&mut self, list: &'h str) -> Option<()> {
        let mut known = false;
        for (index, entry) in list.split(' ').enumerate() {
            if index >= ENTRIES_MAX {
                return None;
            }
            let Some((version, signature)) = entry.split_once(',') else {
                continue;
            };
            known |= !signature.is_empty();
            match version {
                "v1" => self.signatures.push(signature),
                "v1a" => self.asymmetric.push(signature),
                _ => {}
            }
        }
        known.then_some(())
    }

    /// `name=value` between commas: `t` once if it is to be there, any number of `v1`.
    fn read_pairs(&mut self, list: &'h str, with_time: bool) -> Option<()> {
        for (index, entry) in list.split(',').enumerate() {
            if index >= ENTRIES_MAX {
                return None;
            }
            match entry.split_once('=')? {
                ("t", _) if !with_time || self.stamp.is_some() => return None,
                ("t", text) => self.stamp = Some(stamp(text, false)?),
                ("v1", signature) => self.signatures.push(hex(signature)?),
                _ => {}
            }
        }
        (self.stamp.is_some() && !self.signatures.is_empty()).then_some(())
    }

    /// The pieces of what the scheme signs.
    pub(crate) fn content<'c>(&'c self, body: &'c [u8]) -> Vec<&'c [u8]> {
        let stamp = self.stamp.map_or("", |stamp| stamp.text);
        match self.scheme {
            Scheme::Standard | Scheme::CloudEvents => {
                sign::standard_content(self.id.unwrap_or(""), stamp, body).to_vec()
            }
            Scheme::Keystore | Scheme::GitHub => vec![body],
            Scheme::Slack => vec![b"v0:", stamp.as_bytes(), b":", body],
            _ => vec![stamp.as_bytes(), b".", body],
        }
    }
}

/// The id; a dot in it would let a part of the id pass for the time.
fn standard_id(headers: &(impl HeaderLookup + ?Sized)) -> Result<&str, SignatureError> {
    let id = only(headers, "webhook-id")?;
    if id.contains('.') {
        return Err(SignatureError::MalformedHeader("webhook-id"));
    }
    Ok(id)
}

fn stamp_header<'h>(
    headers: &'h (impl HeaderLookup + ?Sized),
    name: &'static str,
    millis: bool,
) -> Result<Stamp<'h>, SignatureError> {
    stamp(only(headers, name)?, millis).ok_or(SignatureError::MalformedHeader(name))
}

/// Decimal digits only. Where milliseconds are known to occur they are told by their size.
fn stamp(text: &str, millis: bool) -> Option<Stamp<'_>> {
    if text.is_empty() || !text.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    let whole_seconds = !(millis && number > SECONDS_MAX);
    let unit = if whole_seconds { 1_000_000 } else { 1_000 };
    Some(Stamp { text, micros: number.saturating_mul(unit), whole_seconds })
}

/// A text that can be the hex of a SHA-256: 64 lower-case digits.
fn hex(text: &str) -> Option<&str> {
    let digit = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == 64 && text.bytes().all(digit)).then_some(text)
}
