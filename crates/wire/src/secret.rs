//! The keys that sign (spec wire, "Signatures"): the endpoint's shared secret, and the Ed25519 pair
//! for endpoints that ask for asymmetric signing.
//!
//! A secret is two things at once: its **text**, `whsec_…`, is the HMAC key of most dialects, and
//! the bytes its base64 stands for are the key of Standard Webhooks. Both are kept, decoded once,
//! and wiped on drop. Nothing here can be printed: `Debug` is redacted and there is no `Display`.
use std::fmt;

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use ed25519_dalek::{Signature, ed25519::signature::MultipartSigner};
use zeroize::Zeroizing;

/// What an endpoint secret starts with (Standard Webhooks 1.0.0, "Symmetric").
pub const SECRET_PREFIX: &str = "whsec_";
/// What a private Ed25519 key starts with (Standard Webhooks 1.0.0, "Asymmetric").
pub const SIGNING_KEY_PREFIX: &str = "whsk_";
/// What a public Ed25519 key starts with (Standard Webhooks 1.0.0, "Asymmetric").
pub const PUBLIC_KEY_PREFIX: &str = "whpk_";
/// How many random bytes a new secret has: a multiple of 3, so that its base64 has no padding,
/// which some official verifiers refuse.
pub const SECRET_BYTES: usize = 48;
/// The longest key read when verifying; longer ones are no webhook secrets.
const KEY_BYTES_MAX: usize = 64;
/// The shortest key read when verifying: other senders make 16-byte keys, shorter ones are weak.
const KEY_BYTES_MIN: usize = 16;

/// Base64 with or without its padding, as other senders write it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a text or some bytes are not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The text does not start with the prefix of its kind.
    #[error("must start with `{0}`")]
    Prefix(&'static str),
    /// What follows the prefix is not standard base64.
    #[error("must be `{0}` and base64")]
    Base64(&'static str),
    /// Too few or too many bytes, or, for a new secret, not a multiple of 3.
    #[error("must be 24 to 64 random bytes, a multiple of 3")]
    Length,
    /// The two halves of a private key do not belong together, or a public key is no curve point.
    #[error("is not an Ed25519 key")]
    Key,
}

/// The secret an endpoint and Bellwire share: `whsec_` and base64 of 24 to 64 random bytes.
#[derive(Clone)]
pub struct EndpointSecret {
    text: Zeroizing<String>,
    key: Zeroizing<Vec<u8>>,
}

impl EndpointSecret {
    /// A new secret from random bytes, 24 to 64 of them, a multiple of 3 ([`SECRET_BYTES`] is right).
    pub fn from_random(bytes: &[u8]) -> Result<Self, SecretError> {
        if !(24..=64).contains(&bytes.len()) || !bytes.len().is_multiple_of(3) {
            return Err(SecretError::Length);
        }
        let mut text = Zeroizing::new(String::with_capacity(SECRET_PREFIX.len() + 88));
        text.push_str(SECRET_PREFIX);
        STANDARD.encode_string(bytes, &mut text);
        Ok(Self { text, key: Zeroizing::new(bytes.to_vec()) })
    }

    /// A secret from its text. Lenient, since other senders' secrets are read too: padding may be
    /// there or not, and 16 to 64 bytes are taken.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let body = text.strip_prefix(SECRET_PREFIX).ok_or(SecretError::Prefix(SECRET_PREFIX))?;
        Ok(Self { text: Zeroizing::new(text.to_owned()), key: decode_key(body)? })
    }

    /// The whole text, `whsec_` included: the HMAC key of every dialect's extra signature.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The decoded bytes: the HMAC key of Standard Webhooks.
    pub fn key(&self) -> &[u8] {
        &self.key
    }
}

impl fmt::Debug for EndpointSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EndpointSecret(…)")
    }
}

/// The key bytes in the base64 part of a secret.
pub(crate) fn decode_key(base64: &str) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let key = LENIENT.decode(base64).map_err(|_| SecretError::Base64(SECRET_PREFIX))?;
    let key = Zeroizing::new(key);
    if (KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&key.len()) { Ok(key) } else { Err(SecretError::Length) }
}

/// The private half of an Ed25519 pair (RFC 8032): `whsk_` and base64 of seed and public key.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key with this seed, 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// A key from its text: 64 bytes, seed and public key, which must belong together, or a bare
    /// seed of 32.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let bytes = Zeroizing::new(decode_prefixed(text, SIGNING_KEY_PREFIX)?);
        if let Ok(seed) = <&[u8; 32]>::try_from(bytes.as_slice()) {
            return Ok(Self::from_seed(seed));
        }
        let pair = <&[u8; 64]>::try_from(bytes.as_slice()).map_err(|_| SecretError::Key)?;
        ed25519_dalek::SigningKey::from_keypair_bytes(pair).map(Self).map_err(|_| SecretError::Key)
    }

    /// The key as text, to be stored encrypted.
    pub fn to_text(&self) -> Zeroizing<String> {
        let pair = Zeroizing::new(self.0.to_keypair_bytes());
        let mut text = Zeroizing::new(String::with_capacity(SIGNING_KEY_PREFIX.len() + 88));
        text.push_str(SIGNING_KEY_PREFIX);
        STANDARD.encode_string(pair.as_slice(), &mut text);
        text
    }

    /// The half that may be known.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The signature over `parts` joined (RFC 8032, pure Ed25519).
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 64] {
        let signature: Signature = self.0.multipart_sign(parts);
        signature.to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// The public half of an Ed25519 pair: `whpk_` and base64 of 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// A key from its text.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let bytes = decode_prefixed(text, PUBLIC_KEY_PREFIX)?;
        let bytes = <&[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| SecretError::Key)?;
        ed25519_dalek::VerifyingKey::from_bytes(bytes).map(Self).map_err(|_| SecretError::Key)
    }

    /// The 32 bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether `signature` is this key's over `message`. Strict: no small-order points, no second
    /// encoding of the same signature (RFC 8032 and the checks it leaves optional).
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC_KEY_PREFIX}{}", STANDARD.encode(self.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn decode_prefixed(text: &str, prefix: &'static str) -> Result<Vec<u8>, SecretError> {
    let body = text.strip_prefix(prefix).ok_or(SecretError::Prefix(prefix))?;
    LENIENT.decode(body).map_err(|_| SecretError::Base64(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: &str = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

    #[test]
    fn a_new_secret_has_no_padding_and_reads_back() {
        let secret = EndpointSecret::from_random(&[7; SECRET_BYTES]).expect("48 bytes");
        assert!(!secret.as_str().contains('='));
        let back = EndpointSecret::parse(secret.as_str()).expect("our own text");
        assert_eq!(back.key(), [7; SECRET_BYTES]);
        for length in [0, 23, 25, 32, 64, 66] {
            assert!(EndpointSecret::from_random(&vec![1; length]).is_err());
        }
    }

    #[test]
    fn a_foreign_secret_may_be_padded_or_not_but_never_short() {
        let padded = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        for text in [padded, padded.trim_end_matches('=')] {
            assert_eq!(EndpointSecret::parse(text).expect(text).key().len(), 32);
        }
        for (text, error) in [
            (&padded[6..], SecretError::Prefix(SECRET_PREFIX)),
            ("whsec_", SecretError::Length),
            ("whsec_AAAA", SecretError::Length),
            ("whsec_not base64", SecretError::Base64(SECRET_PREFIX)),
        ] {
            assert_eq!(EndpointSecret::parse(text).err(), Some(error), "{text}");
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let secret = EndpointSecret::from_random(&[7; 24]).expect("24 bytes");
        assert_eq!(format!("{secret:?}"), "EndpointSecret(…)");
        let key = SigningKey::from_seed(&[7; 32]);
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
    }

    #[test]
    fn a_pair_reads_back_and_halves_that_do_not_match_are_refused() {
        let key = SigningKey::parse(PAIR).expect("a published pair");
        assert_eq!(*key.to_text(), PAIR);
        let public = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
        assert_eq!(key.public().to_string(), public);
        assert_eq!(PublicKey::parse(public), Ok(key.public()));
        let swapped = PAIR.replace("whsk_6X", "whsk_7X");
        assert_eq!(SigningKey::parse(&swapped).err(), Some(SecretError::Key));
        let signature = key.sign(&[b"a", b"b"]);
        assert!(key.public().verifies(b"ab", &signature));
        assert!(!key.public().verifies(b"ac", &signature));
    }
}
