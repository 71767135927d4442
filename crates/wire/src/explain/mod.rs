//! Why a signature does not match: tries the mistakes people make and says which of them would
//! explain it. For the command line and the playground; never for deciding anything.
//!
//! Each mistake is one small test. It changes one thing (the secret, the body, the signed content,
//! the encoding, the scheme), makes the signature again and compares. What it finds is therefore
//! certain, not a guess; what it does not find is a wrong secret or a changed body.
mod body;
mod trial;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;

use crate::{
    Timestamp, sign,
    verify::{HeaderLookup, Key, Scheme, SignatureError, TOLERANCE, claim::Claim, signer, verify},
};
use trial::Trial;

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
    Finding { code, sentence: sentence.into() }
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
        Err(SignatureError::MissingHeader(name)) => findings
            .push(finding(Code::MissingHeader, format!("The header {name} is missing; a proxy may have dropped it."))),
        Err(SignatureError::MalformedHeader(name)) => findings.push(finding(
            Code::MalformedHeader,
            format!("The header {name} does not have the form that {scheme} gives it."),
        )),
        Err(SignatureError::BadSecret) => {
            findings.push(finding(Code::BadSecret, unreadable_secret(scheme)));
        }
        Err(SignatureError::NoMatch | SignatureError::TimestampOutOfTolerance { .. }) => {}
    }
    if let Ok(claim) = Claim::read(scheme, headers) {
        let trial = Trial { claim, secret, body };
        if let Some(found) = trial.age(now) {
            findings.push(found);
            return findings;
        }
        let tests = [Trial::secret_text, Trial::secret_bytes, Trial::body, Trial::time_unit, Trial::swapped];
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

fn unreadable_secret(scheme: Scheme) -> &'static str {
    if scheme.keyed_by_text() {
        "The secret is empty."
    } else {
        "The secret cannot be read: it must be whsec_ and base64 of 16 to 64 bytes, or whpk_ and base64 of 32."
    }
}

/// The right signature in the wrong clothes. Reads the header loosely.
fn encoding(scheme: Scheme, secret: &str, headers: &(impl HeaderLookup + ?Sized), body: &[u8]) -> Option<Finding> {
    let value = headers.values(scheme.signature_header()).next()?;
    let value = std::str::from_utf8(value).ok()?.get(..value.len().min(4096))?;
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
    let right = if scheme.keyed_by_text() { &lower } else { &base64 };
    let bare = |word: &&str| {
        let word = ["v1=", "v0=", "sha256=", "v1:"].iter().find_map(|prefix| word.strip_prefix(prefix)).unwrap_or(word);
        word != right
            && (word.eq_ignore_ascii_case(&lower)
                || word.trim_end_matches('=') == base64.trim_end_matches('=')
                || word.replace('-', "+").replace('_', "/") == base64)
    };
    words.iter().any(bare).then(|| {
        let due = if scheme.keyed_by_text() { "lower-case hex" } else { "padded standard base64" };
        finding(
            Code::SignatureEncoding,
            format!("The signature is right but wrongly written; {scheme} has it in {due}."),
        )
    })
}

/// The first other scheme in which the request verifies at any age.
fn other_scheme(scheme: Scheme, secret: &str, headers: &(impl HeaderLookup + ?Sized), body: &[u8]) -> Option<Finding> {
    let fits = |other: &Scheme| {
        other.signature_header() != scheme.signature_header()
            && Claim::read(*other, headers).is_ok_and(|claim| signer(&claim, &[secret.trim()], body).is_ok())
    };
    let other = Scheme::ALL.into_iter().find(fits)?;
    Some(finding(Code::WrongScheme, format!("The request is not signed as {scheme} but verifies as {other}.")))
}
