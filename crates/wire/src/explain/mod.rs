//! Why a signature does not match: tries the mistakes people make and says which of them would
//! explain it. For the command line and the playground; never for deciding anything.
//!
//! Each mistake is one small test. It changes one thing (the secret, the body, the signed content,
//! the encoding, the scheme), makes the signature again and compares. What it finds is therefore
//! certain, not a guess; what it does not find is a wrong secret or a changed body.
mod body;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    Timestamp,
    secret::{SECRET_PREFIX, decode_key},
    sign,
    verify::{
        HeaderLookup, Key, Scheme, SignatureError, TOLERANCE,
        claim::{Claim, Stamp},
        signer, verify,
    },
};

/// What was found out. The codes are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// Nothing is wrong.
    Valid,
    /// A header that the scheme needs is not there.
    MissingHeader,
    /// A header is there but not in the scheme's form.
    MalformedHeader,
    /// The secret cannot be read in this scheme.
    BadSecret,
    /// The signature fits but its time is too far from now.
    ClockSkew,
    /// The time is in milliseconds where seconds are due, or the reverse.
    TimestampUnit,
    /// The id and the time are in each other's place.
    IdTimestampSwapped,
    /// The body was parsed and written again after it was signed.
    BodyReserialised,
    /// The body gained or lost whitespace, a line ending or a byte-order mark at its ends.
    BodyWhitespace,
    /// The decoded bytes of the secret were the key, and its text should have been.
    SecretDecoded,
    /// The text of the secret was the key, and its decoded bytes should have been.
    SecretNotDecoded,
    /// There is whitespace around the secret.
    SecretWhitespace,
    /// The secret has a signature's `v1,` before it.
    SecretVersionPrefix,
    /// The secret is in quotes.
    SecretQuoted,
    /// The secret lacks its `whsec_`.
    SecretPrefixMissing,
    /// The secret has a `whsec_` that the signer did not use.
    SecretPrefixExtra,
    /// The signature is in hex where base64 is due, in base64 where hex is due, or in capitals.
    SignatureEncoding,
    /// The request is signed by another scheme.
    WrongScheme,
    /// None of the known mistakes explains it.
    NoMatch,
}

/// One thing that was found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which thing, for programs.
    pub code: Code,
    /// The same in a sentence, for people. Never contains the secret.
    pub sentence: String,
}

fn finding(code: Code, sentence: impl Into<String>) -> Finding {
    Finding {
        code,
        sentence: sentence.into(),
    }
}

/// Says why `verify` does not accept a request, or that it does. Never empty; the likeliest first.
pub fn explain(
    scheme: Scheme,
    secret: &str,
    headers: &(impl HeaderLookup + ?Sized),
    body: &[u8],
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    match verify(scheme, &[secret], headers, body, now, TOLERANCE) {
        Ok(_) => return vec![finding(Code::Valid, "The signature is valid and timely.")],
        Err(SignatureError::MissingHeader(name)) => findings.push(finding(
            Code::MissingHeader,
            format!("The header {name} is missing; a proxy may have dropped it."),
        )),
        Err(SignatureError::MalformedHeader(name)) => findings.push(finding(
            Code::MalformedHeader,
            format!("The header {name} does not have the form that {scheme} gives it."),
        )),
        Err(SignatureError::BadSecret) => findings.push(finding(
            Code::BadSecret,
            format!("The secret cannot be read: {scheme} needs whsec_ and base64 of at least 16 bytes, or any text that is not empty, depending on the scheme."),
        )),
        Err(SignatureError::NoMatch | SignatureError::TimestampOutOfTolerance { .. }) => {}
    }
    if let Ok(claim) = Claim::read(scheme, headers) {
        let trial = Trial {
            claim,
            secret,
            body,
        };
        if let Some(found) = trial.age(now) {
            findings.push(found);
            return findings;
        }
        let tests = [
            Trial::secret_text,
            Trial::secret_bytes,
            Trial::body,
            Trial::time_unit,
            Trial::swapped,
        ];
        findings.extend(tests.iter().filter_map(|test| test(&trial)));
    }
    findings.extend(encoding(scheme, secret, headers, body));
    let explained = |found: &Finding| found.code > Code::BadSecret;
    if !findings.iter().any(explained) {
        // Deliveries carry the headers of `standard` beside their own, so this would often fit.
        findings.extend(other_scheme(scheme, secret, headers, body));
    }
    if findings.is_empty() {
        findings.push(finding(
            Code::NoMatch,
            "No known mistake explains it: most likely the secret belongs to another endpoint or was rotated, or the body was changed on the way.",
        ));
    }
    findings
}

/// A request whose headers can be read, and what it is checked with.
struct Trial<'t> {
    claim: Claim<'t>,
    secret: &'t str,
    body: &'t [u8],
}

impl Trial<'_> {
    /// Whether it would match with another secret or body.
    fn matches(&self, secret: &str, body: &[u8]) -> bool {
        signer(&self.claim, &[secret], body).is_ok()
    }

    /// Whether it would match over other content.
    fn matches_content(&self, content: &[&[u8]]) -> bool {
        Key::read(self.claim.scheme, self.secret)
            .is_some_and(|key| key.signed(&self.claim, content))
    }

    /// The signature fits, so only its time can be wrong.
    fn age(&self, now: Timestamp) -> Option<Finding> {
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
    fn secret_text(&self) -> Option<Finding> {
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
    fn secret_bytes(&self) -> Option<Finding> {
        let text = self.secret.trim();
        let content = self.claim.content(self.body);
        let made_with =
            |key: &[u8]| Key::Mac(Zeroizing::new(key.to_vec())).signed(&self.claim, &content);
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
    fn body(&self) -> Option<Finding> {
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
    fn time_unit(&self) -> Option<Finding> {
        let stamp = self.claim.stamp?;
        let number: i64 = stamp.text.parse().ok()?;
        let other = |number: i64| {
            let text = number.to_string();
            let mut claim = self.claim.clone();
            claim.stamp = Some(Stamp {
                text: &text,
                ..stamp
            });
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
    fn swapped(&self) -> Option<Finding> {
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

/// The right signature in the wrong clothes. Reads the header loosely.
fn encoding(
    scheme: Scheme,
    secret: &str,
    headers: &(impl HeaderLookup + ?Sized),
    body: &[u8],
) -> Option<Finding> {
    let value = headers.values(scheme.signature_header()).next()?;
    let value = std::str::from_utf8(value)
        .ok()?
        .get(..value.len().min(4096))?;
    let Some(Key::Mac(key)) = Key::read(scheme, secret) else {
        return None;
    };
    let words: Vec<&str> = value.split([' ', ',', ';', '\t']).take(64).collect();
    let stamp = words.iter().find_map(|word| word.strip_prefix("t="));
    let text = |name: &'static str| {
        let value = headers.values(name).next()?;
        std::str::from_utf8(value).ok()
    };
    let at = match scheme {
        Scheme::Standard | Scheme::CloudEvents => text("webhook-timestamp"),
        Scheme::PacSpace => text("x-pacspace-timestamp"),
        Scheme::Slack => text("x-slack-request-timestamp"),
        _ => stamp,
    };
    let claim = Claim::loose(scheme, text("webhook-id"), at);
    let mac = sign::mac(&key, &claim.content(body));
    let lower = hex::encode(mac);
    let base64 = STANDARD.encode(mac);
    let right = if scheme.keyed_by_text() {
        &lower
    } else {
        &base64
    };
    let bare = |word: &&str| {
        let word = ["v1=", "v0=", "sha256=", "v1:"]
            .iter()
            .find_map(|prefix| word.strip_prefix(prefix))
            .unwrap_or(word);
        word != right
            && (word.eq_ignore_ascii_case(&lower)
                || word.trim_end_matches('=') == base64.trim_end_matches('=')
                || word.replace('-', "+").replace('_', "/") == base64)
    };
    words.iter().any(bare).then(|| {
        let due = if scheme.keyed_by_text() {
            "lower-case hex"
        } else {
            "padded standard base64"
        };
        finding(
            Code::SignatureEncoding,
            format!("The signature is right but wrongly written; {scheme} has it in {due}."),
        )
    })
}

/// The first other scheme in which the request verifies at any age.
fn other_scheme(
    scheme: Scheme,
    secret: &str,
    headers: &(impl HeaderLookup + ?Sized),
    body: &[u8],
) -> Option<Finding> {
    let fits = |other: &Scheme| {
        other.signature_header() != scheme.signature_header()
            && Claim::read(*other, headers)
                .is_ok_and(|claim| signer(&claim, &[secret.trim()], body).is_ok())
    };
    let other = Scheme::ALL.into_iter().find(fits)?;
    Some(finding(
        Code::WrongScheme,
        format!("The request is not signed as {scheme} but verifies as {other}."),
    ))
}
