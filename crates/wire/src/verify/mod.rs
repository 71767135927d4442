//! Verifying (spec wire, "Verifying"): from headers, raw body and secrets to an answer that says
//! which check failed.
//!
//! `Claim` reads what the request says of itself, then the age is checked, then every
//! secret against every listed signature, in constant time. Nothing here panics on any bytes.
pub(crate) mod claim;
mod headers;
mod scheme;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    PublicKey, Timestamp,
    secret::{PUBLIC_KEY_PREFIX, SECRET_PREFIX, decode_key},
    sign,
};
use claim::Claim;
pub use headers::HeaderLookup;
pub use scheme::{Scheme, SchemeError};

/// How far a timestamp may be from now, either way, unless a source says otherwise.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// Why a request is not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header that the scheme needs is not there.
    #[error("header {0} is missing")]
    MissingHeader(&'static str),
    /// A header is there, but twice, empty, too long, or not in the scheme's form.
    #[error("header {0} is malformed")]
    MalformedHeader(&'static str),
    /// The signature may be right but is too old, or from the future.
    #[error("the timestamp is {age_seconds} s old, which is out of tolerance")]
    TimestampOutOfTolerance {
        /// Seconds from the timestamp until now, rounded away from zero; negative if it is yet to
        /// come.
        age_seconds: i64,
    },
    /// No secret made any of the listed signatures.
    #[error("no signature matches")]
    NoMatch,
    /// None of the secrets can be read: not base64 where it must be, too short, or empty.
    #[error("no secret is usable")]
    BadSecret,
}

/// What a signature vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The event's id, in the schemes whose signature covers it (`standard`, `cloudevents`). The
    /// others' id headers can be changed by anyone; take the id from the body there.
    pub id: Option<String>,
    /// When it was signed, in the schemes that say.
    pub timestamp: Option<Timestamp>,
    /// Which of the secrets made the signature.
    pub secret_index: usize,
}

/// Whether `body` was signed with one of `secrets`, within `tolerance` of `now`.
///
/// Secrets are texts: `whsec_…` (the prefix may be absent in `standard`), `whpk_…` for `v1a`
/// signatures in `standard`, whatever the sender gave for others. One that cannot be read is passed
/// over as long as another can.
pub fn verify(
    scheme: Scheme,
    secrets: &[&str],
    headers: &(impl HeaderLookup + ?Sized),
    body: &[u8],
    now: Timestamp,
    tolerance: Duration,
) -> Result<Verified, SignatureError> {
    let claim = Claim::read(scheme, headers)?;
    if let Some(stamp) = claim.stamp
        && scheme.is_timed()
    {
        let age = stamp.age_micros(now);
        if u128::from(age.unsigned_abs()) > tolerance.as_micros() {
            return Err(SignatureError::TimestampOutOfTolerance { age_seconds: whole_seconds(age) });
        }
    }
    let secret_index = signer(&claim, secrets, body)?;
    Ok(Verified { id: claim.id.map(str::to_owned), timestamp: claim.stamp.map(claim::Stamp::time), secret_index })
}

/// Which of the secrets made one of the claimed signatures, whatever their age.
pub(crate) fn signer(claim: &Claim<'_>, secrets: &[&str], body: &[u8]) -> Result<usize, SignatureError> {
    let content = claim.content(body);
    let mut readable = false;
    for (index, secret) in secrets.iter().enumerate() {
        let Some(key) = Key::read(claim.scheme, secret) else {
            continue;
        };
        readable = true;
        if key.signed(claim, &content) {
            return Ok(index);
        }
    }
    Err(if readable { SignatureError::NoMatch } else { SignatureError::BadSecret })
}

/// A secret as its scheme uses it.
pub(crate) enum Key {
    Mac(Zeroizing<Vec<u8>>),
    Public(PublicKey),
}

impl Key {
    pub(crate) fn read(scheme: Scheme, secret: &str) -> Option<Self> {
        let public = secret.starts_with(PUBLIC_KEY_PREFIX);
        if scheme.keyed_by_text() {
            // Everybody knows a public key: taken for a secret, anybody could sign with it.
            let usable = !secret.is_empty() && !public;
            return usable.then(|| Self::Mac(Zeroizing::new(secret.as_bytes().to_vec())));
        }
        if public {
            return PublicKey::parse(secret).ok().map(Self::Public);
        }
        let base64 = secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret);
        decode_key(base64).ok().map(Self::Mac)
    }

    /// Whether this key made one of the claimed signatures over `content`.
    pub(crate) fn signed(&self, claim: &Claim<'_>, content: &[&[u8]]) -> bool {
        match self {
            Self::Mac(key) if claim.scheme.keyed_by_text() => {
                is_listed(&sign::hex_signature(key, content), &claim.signatures)
            }
            Self::Mac(key) => {
                let signature = STANDARD.encode(sign::mac(key, content));
                is_listed(&signature, &claim.signatures)
            }
            Self::Public(key) => {
                let message = content.concat();
                let made = |text: &&str| {
                    let mut signature = [0; 64];
                    matches!(STANDARD.decode_slice(text, &mut signature), Ok(64)) && key.verifies(&message, &signature)
                };
                claim.asymmetric.iter().any(made)
            }
        }
    }
}

/// Compares as text, in constant time: text has one form only, where decoding may accept several.
fn is_listed(expected: &str, listed: &[&str]) -> bool {
    let equal = |text: &&str| bool::from(text.as_bytes().ct_eq(expected.as_bytes()));
    listed.iter().any(equal)
}

/// Microseconds as seconds, rounded away from zero.
fn whole_seconds(micros: i64) -> i64 {
    let rest = i64::from(micros % 1_000_000 != 0);
    micros / 1_000_000 + micros.signum() * rest
}
