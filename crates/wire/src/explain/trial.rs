//! One request and the mistakes that can be tried on it, each a small test that is certain.
use zeroize::Zeroizing;

use super::{Code, Finding, body, finding};
use crate::{
    Timestamp,
    secret::{SECRET_PREFIX, decode_key},
    sign,
    verify::{
        Key, TOLERANCE,
        claim::{Claim, Stamp},
        signer,
    },
};

/// A request whose headers can be read, and what it is checked with.
pub(super) struct Trial<'t> {
    pub(super) claim: Claim<'t>,
    pub(super) secret: &'t str,
    pub(super) body: &'t [u8],
}

impl Trial<'_> {
    /// Whether it would match with another secret or body.
    fn matches(&self, secret: &str, body: &[u8]) -> bool {
        signer(&self.claim, &[secret], body).is_ok()
    }

    /// Whether it would match over other content.
    fn matches_content(&self, content: &[&[u8]]) -> bool {
        Key::read(self.claim.scheme, self.secret).is_some_and(|key| key.signed(&self.claim, content))
    }

    /// The signature fits, so only its time can be wrong.
    pub(super) fn age(&self, now: Timestamp) -> Option<Finding> {
        if !self.matches(self.secret, self.body) {
            return None;
        }
        let stamp = self.claim.stamp?;
        let plausible = |micros: i64| {
            let age = now.micros().saturating_sub(micros).unsigned_abs();
            u128::from(age) <= TOLERANCE.as_micros()
        };
        if plausible(stamp.micros / 1_000) {
            let sentence = "The signature fits, but its timestamp is in milliseconds; this scheme has whole seconds.";
            return Some(finding(Code::TimestampUnit, sentence));
        }
        let age = stamp.age_micros(now) / 1_000_000;
        let side = if age < 0 { "in the future" } else { "old" };
        Some(finding(
            Code::ClockSkew,
            format!(
                "The signature fits, but it is {} s {side}; at most {} s are tolerated. Check the clock, or whether this is a replay.",
                age.unsigned_abs(),
                TOLERANCE.as_secs()
            ),
        ))
    }

    /// The secret was pasted with something more or less.
    pub(super) fn secret_text(&self) -> Option<Finding> {
        let secret = self.secret;
        let trimmed = secret.trim();
        let unquoted = trimmed.trim_matches(['"', '\'', '`']);
        let (code, sentence, fixed) = [
            (
                Code::SecretWhitespace,
                "There is whitespace or a line ending around the secret; without it the signature matches.",
                trimmed.to_owned(),
            ),
            (
                Code::SecretQuoted,
                "The secret is in quotes; without them the signature matches.",
                unquoted.to_owned(),
            ),
            (
                Code::SecretVersionPrefix,
                "The secret starts with `v1,`, which belongs to signatures; without it the signature matches.",
                unquoted.trim_start_matches("v1,").to_owned(),
            ),
            (
                Code::SecretPrefixMissing,
                "The secret lacks its `whsec_`, which is part of the key in this scheme; with it the signature matches.",
                [SECRET_PREFIX, unquoted].concat(),
            ),
            (
                Code::SecretPrefixExtra,
                "The signer's secret has no `whsec_`; without it the signature matches.",
                unquoted.trim_start_matches(SECRET_PREFIX).to_owned(),
            ),
        ]
        .into_iter()
        .map(|(code, sentence, fixed)| (code, sentence, Zeroizing::new(fixed)))
        .filter(|(_, _, fixed)| fixed.as_str() != secret)
        .find(|(_, _, fixed)| self.matches(fixed, self.body))?;
        drop(fixed);
        Some(finding(code, sentence))
    }

    /// The decoded key was used instead of the text, or the reverse.
    pub(super) fn secret_bytes(&self) -> Option<Finding> {
        let text = self.secret.trim();
        let content = self.claim.content(self.body);
        let made_with = |key: &[u8]| Key::Mac(Zeroizing::new(key.to_vec())).signed(&self.claim, &content);
        if self.claim.scheme.keyed_by_text() {
            let base64 = text.strip_prefix(SECRET_PREFIX).unwrap_or(text);
            let key = decode_key(base64).ok()?;
            made_with(&key).then(|| {
                finding(
                    Code::SecretDecoded,
                    "The signer decoded the secret's base64; in this scheme the text itself, whsec_ included, is the key.",
                )
            })
        } else {
            let bare = text.strip_prefix(SECRET_PREFIX).unwrap_or(text);
            (made_with(text.as_bytes()) || made_with(bare.as_bytes())).then(|| {
                finding(
                    Code::SecretNotDecoded,
                    "The signer used the secret's text; in this scheme the key is what the base64 after whsec_ stands for.",
                )
            })
        }
    }

    /// The body is not the one that was signed, but has the same meaning.
    pub(super) fn body(&self) -> Option<Finding> {
        let made_from = |body: &[u8]| self.matches(self.secret, body);
        if let Some(change) = body::trimmings(self.body).find(|change| made_from(&change.body)) {
            let sentence = format!("The signature matches the body {}.", change.name);
            return Some(finding(Code::BodyWhitespace, sentence));
        }
        let change = body::rewritings(self.body).find(|change| made_from(&change.body))?;
        let sentence = format!(
            "The body was parsed and written again: the signature matches the same JSON {}. Verify the raw bytes, before any parsing.",
            change.name
        );
        Some(finding(Code::BodyReserialised, sentence))
    }

    /// The signed content has the time in another unit than the header.
    pub(super) fn time_unit(&self) -> Option<Finding> {
        let stamp = self.claim.stamp?;
        let number: i64 = stamp.text.parse().ok()?;
        let other = |number: i64| {
            let text = number.to_string();
            let mut claim = self.claim.clone();
            claim.stamp = Some(Stamp { text: &text, ..stamp });
            self.matches_content(&claim.content(self.body))
        };
        (other(number / 1_000) || number.checked_mul(1_000).is_some_and(other)).then(|| {
            finding(
                Code::TimestampUnit,
                "The signed content has the time in seconds and the header in milliseconds, or the reverse; sign exactly the header's text.",
            )
        })
    }

    /// `{timestamp}.{id}.{body}`, or the two headers exchanged.
    pub(super) fn swapped(&self) -> Option<Finding> {
        let (id, at) = (self.claim.id?, self.claim.stamp?.text);
        let content = sign::standard_content(at, id, self.body);
        self.matches_content(&content).then(|| {
            finding(
                Code::IdTimestampSwapped,
                "The signer put the timestamp before the id; the order is id, timestamp, body.",
            )
        })
    }
}
