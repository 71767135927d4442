//! Secrets at rest: sealed with XChaCha20-Poly1305 under a master key; API keys only as keyed BLAKE3
//! hashes (spec operations, "Security").
use std::{fmt, fs, io, path::Path};

use bellwire_domain::workspace::KeyHash;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use zeroize::{Zeroize, Zeroizing};

const NONCE_BYTES: usize = 24;

/// The key everything else is derived from: 32 bytes.
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Why a secret could not be sealed or opened. Never says anything about the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The sealed value was made with another key, or changed.
    #[error("a sealed value does not open")]
    Sealed,
    /// The master key is not 32 bytes in hex.
    #[error("a master key is 64 hexadecimal digits")]
    MasterKey,
}

impl MasterKey {
    /// A key from bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Its bytes.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A new random key.
    #[expect(clippy::disallowed_methods, reason = "a master key is made once, from the system's source")]
    pub fn random() -> Self {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        rand::Rng::fill_bytes(&mut rand::rng(), bytes.as_mut());
        Self(bytes)
    }

    /// A key from 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        let text = text.trim().as_bytes();
        if text.len() != 64 {
            return Err(VaultError::MasterKey);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| VaultError::MasterKey)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| VaultError::MasterKey)?;
        }
        Ok(Self(bytes))
    }

    /// The key in a file, made with a random one if absent; readable by its owner only.
    pub fn load_or_create(path: &Path) -> io::Result<Self> {
        match fs::read_to_string(path) {
            Ok(mut text) => {
                let key =
                    Self::parse(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()));
                text.zeroize();
                key
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path),
            Err(error) => Err(error),
        }
    }

    fn create(path: &Path) -> io::Result<Self> {
        use std::{fmt::Write, io::Write as _, os::unix::fs::OpenOptionsExt};
        let key = Self::random();
        let mut text = Zeroizing::new(String::with_capacity(65));
        for byte in key.0.iter() {
            write!(text, "{byte:02x}").map_err(io::Error::other)?;
        }
        text.push('\n');
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(key)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// Seals, opens and hashes with keys derived from the master key.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    hash_key: Zeroizing<[u8; 32]>,
    nonce_key: Zeroizing<[u8; 32]>,
    token_key: Zeroizing<[u8; 32]>,
}

impl Vault {
    /// The vault of a master key.
    pub fn new(master: &MasterKey) -> Self {
        let mut seal = Zeroizing::new(blake3::derive_key("bellwire 2026-11 sealed values", master.0.as_ref()));
        let cipher = XChaCha20Poly1305::new((&*seal).into());
        seal.zeroize();
        let hash_key = Zeroizing::new(blake3::derive_key("bellwire 2026-11 api key hashes", master.0.as_ref()));
        let nonce_key = Zeroizing::new(blake3::derive_key("bellwire 2026-11 nonces of texts", master.0.as_ref()));
        let token_key = Zeroizing::new(blake3::derive_key("bellwire 2026-11 tokens of sessions", master.0.as_ref()));
        Self { cipher, hash_key, nonce_key, token_key }
    }

    /// Seals a value for one place: it opens only with the same `place`.
    #[expect(
        clippy::disallowed_methods,
        reason = "a nonce decides nothing and must never repeat, not even in a simulation"
    )]
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0_u8; NONCE_BYTES];
        rand::Rng::fill_bytes(&mut rand::rng(), &mut nonce);
        self.seal_with(nonce, place, plain)
    }

    /// Seals a value so that it always comes to the same text, for what must be sent again byte for byte. The text
    /// tells whether two values are the same, and nothing else: its nonce is a keyed hash of place and value, so
    /// that no nonce is used for two of them.
    pub fn seal_alike(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut hash = blake3::Hasher::new_keyed(&self.nonce_key);
        hash.update(&(place.len() as u64).to_le_bytes()).update(place.as_bytes()).update(plain);
        let mut nonce = [0_u8; NONCE_BYTES];
        hash.finalize_xof().fill(&mut nonce);
        self.seal_with(nonce, place, plain)
    }

    fn seal_with(&self, nonce: [u8; NONCE_BYTES], place: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::Sealed)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens a value sealed for `place`.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::Sealed)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let plain = self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| VaultError::Sealed)?;
        Ok(Zeroizing::new(plain))
    }

    /// How an API key is recognised.
    pub fn hash(&self, key: &str) -> KeyHash {
        KeyHash(*blake3::keyed_hash(&self.hash_key, key.as_bytes()).as_bytes())
    }

    /// What a token comes to for one purpose: it is recognised by that, and nobody without the master key finds one
    /// that comes to the same.
    pub fn token(&self, purpose: &str, token: &[u8]) -> [u8; 32] {
        let mut hash = blake3::Hasher::new_keyed(&self.token_key);
        hash.update(&(purpose.len() as u64).to_le_bytes()).update(purpose.as_bytes()).update(token);
        *hash.finalize().as_bytes()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_only_with_its_key_and_in_its_place() {
        let vault = Vault::new(&MasterKey::from_bytes([7; 32]));
        let sealed = vault.seal("endpoint whk_1", b"secret").expect("sealed");
        assert_eq!(vault.open("endpoint whk_1", &sealed).expect("opens").as_slice(), b"secret");
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_eq!(vault.open("endpoint whk_2", &sealed).err(), Some(VaultError::Sealed));
        let other = Vault::new(&MasterKey::from_bytes([8; 32]));
        assert!(other.open("endpoint whk_1", &sealed).is_err());
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(vault.open("endpoint whk_1", &changed).is_err());
        }
        assert!(vault.open("endpoint whk_1", &[]).is_err());
    }

    #[test]
    fn what_is_sealed_alike_is_the_same_text_for_the_same_value_and_place_only() {
        let vault = Vault::new(&MasterKey::from_bytes([7; 32]));
        let seal = |place: &str, plain: &[u8]| vault.seal_alike(place, plain).expect("sealed");
        let sealed = seal("button", b"approve");
        assert_eq!(sealed, seal("button", b"approve"));
        assert_eq!(vault.open("button", &sealed).expect("opens").as_slice(), b"approve");
        assert!(vault.open("form", &sealed).is_err());
        for other in [seal("button", b"deny"), seal("form", b"approve"), seal("butt", b"onapprove")] {
            assert_ne!(sealed[..NONCE_BYTES], other[..NONCE_BYTES]);
        }
    }

    #[test]
    fn hashes_differ_by_key_and_by_vault() {
        let vault = Vault::new(&MasterKey::from_bytes([7; 32]));
        let other = Vault::new(&MasterKey::from_bytes([8; 32]));
        assert_eq!(vault.hash("a"), vault.hash("a"));
        assert_ne!(vault.hash("a"), vault.hash("b"));
        assert_ne!(vault.hash("a"), other.hash("a"));
    }

    #[test]
    fn a_token_comes_to_something_else_for_each_purpose_and_vault() {
        let vault = Vault::new(&MasterKey::from_bytes([7; 32]));
        let other = Vault::new(&MasterKey::from_bytes([8; 32]));
        let session = vault.token("session", b"a");
        assert_eq!(session, vault.token("session", b"a"));
        let others = [vault.token("session", b"b"), vault.token("link", b"a"), vault.token("sessio", b"na")];
        assert!(!others.contains(&session));
        assert_ne!(session, other.token("session", b"a"));
        assert_ne!(session, vault.hash("a").0);
    }
}
