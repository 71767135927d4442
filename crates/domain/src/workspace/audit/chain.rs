//! The hashes of a chain, as any language can compute them (spec ledger, "Chain"): SHA-256 over the
//! entry in canonical JSON (RFC 8785), then over the workspace, the place, the hash before, and that.
use bellwire_wire::{Namespace, RequestId, Timestamp, WorkspaceId};
use serde::Serialize;
use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};

use super::AuditEntry;

/// A SHA-256.
pub type Hash = [u8; 32];

/// What a chain begins with: the `prev_hash` of entry 1.
pub fn genesis(workspace: &WorkspaceId) -> Hash {
    let mut hasher = tagged("bellwire/audit-genesis/v1");
    named(&mut hasher, workspace);
    hasher.finalize().into()
}

/// An entry without its hashes.
#[derive(Serialize)]
struct Content<'a> {
    workspace_id: &'a WorkspaceId,
    seq: i64,
    at: Timestamp,
    actor: &'a str,
    action: &'a str,
    subject: &'a str,
    namespace: Option<&'a Namespace>,
    detail: &'a Map<String, Value>,
    request_id: Option<&'a RequestId>,
}

impl AuditEntry {
    /// The hash of what it says, without where it stands.
    fn content_hash(&self) -> Hash {
        let content = Content {
            workspace_id: &self.workspace_id,
            seq: self.seq,
            at: self.at,
            actor: &self.actor,
            action: &self.action,
            subject: &self.subject,
            namespace: self.namespace.as_ref(),
            detail: &self.detail,
            request_id: self.request_id.as_ref(),
        };
        let mut hasher = tagged("bellwire/audit/v1");
        hasher.update(serde_json_canonicalizer::to_vec(&content).expect("names are texts and numbers are finite"));
        hasher.finalize().into()
    }

    /// The hash that it must have, from what it says and the hash before it.
    pub(super) fn expected_hash(&self) -> Hash {
        let mut hasher = tagged("bellwire/audit-chain/v1");
        named(&mut hasher, &self.workspace_id);
        hasher.update(self.seq.to_be_bytes());
        hasher.update(self.prev_hash);
        hasher.update(self.content_hash());
        hasher.finalize().into()
    }
}

/// A hash for one purpose only.
fn tagged(purpose: &str) -> Sha256 {
    let mut hasher = Sha256::new();
    hasher.update(purpose);
    hasher.update([0]);
    hasher
}

/// The workspace, with its length before it so that nothing can be moved between the parts.
fn named(hasher: &mut Sha256, workspace: &WorkspaceId) {
    let name = workspace.as_str();
    let length = u16::try_from(name.len()).expect("an id is short");
    hasher.update(length.to_be_bytes());
    hasher.update(name);
}

/// The largest number that a language without whole numbers still has exactly (2^53 - 1).
const SAFE_MAX: i64 = 9_007_199_254_740_991;

/// Whether a number is whole and read alike by every language.
pub(super) fn is_safe(number: &Number) -> bool {
    number.as_i64().is_some_and(|number| (-SAFE_MAX..=SAFE_MAX).contains(&number))
}

/// Hashes as 64 lower-case digits, and no other way.
pub(super) mod lower_hex {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::Hash;

    pub(crate) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(hash))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut hash = Hash::default();
        let lower = !text.bytes().any(|c| c.is_ascii_uppercase());
        match hex::decode_to_slice(&text, &mut hash) {
            Ok(()) if lower => Ok(hash),
            _ => Err(de::Error::custom("a hash is 64 lower-case hexadecimal digits")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Computed by twenty lines of Python with nothing but hashlib and json.
    #[test]
    fn an_entry_hashes_as_another_language_hashes_it() {
        let workspace = WorkspaceId::from_stored("ws-00000000000000000000000001");
        let Value::Object(detail) =
            json!({"reason": "schön \u{1f600}\n", "b": [1, null], "a": {"z": "1.50", "y": true}})
        else {
            panic!("an object")
        };
        let mut entry = AuditEntry {
            workspace_id: workspace.clone(),
            seq: 1,
            at: Timestamp::from_seconds(1_800_000_000),
            actor: "person:a@example.com".into(),
            action: "wallet.update".into(),
            subject: "wal_1".into(),
            namespace: Some(Namespace::from_stored("acme")),
            detail,
            request_id: None,
            prev_hash: genesis(&workspace),
            hash: Hash::default(),
        };
        entry.hash = entry.expected_hash();
        assert_eq!(hex::encode(entry.prev_hash), "1e16426f2cc4e445ca2bd2a96fe9ff02656d32e4fbd70ca4277e8ed4e4a4955f");
        assert_eq!(hex::encode(entry.hash), "f2b4d49ba0ceb86fd143ba4567928d370e52579f7042bab4f77d2ae64a6b2a5a");
    }
}
