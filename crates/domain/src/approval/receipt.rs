//! The decision as anyone can check it, without us: a JSON Web Signature (RFC 7515, compact) by the deployment's
//! Ed25519 key (RFC 8037, `EdDSA`).
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bellwire_wire::{PublicKey, SigningKey, Timestamp, UsdNanos};
use serde::{Deserialize, Serialize};

use super::{Approval, Digest};

/// What every receipt begins with: the kind of signature, and of what.
const HEADER: &str = r#"{"alg":"EdDSA","typ":"bellwire-approval+jws"}"#;
/// The longest receipt that is looked at.
const RECEIPT_BYTES_MAX: usize = 64 * 1024;

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The approval.
    pub approval_id: String,
    /// Whose.
    pub workspace_id: String,
    /// Always `approved`: nothing else has a receipt.
    pub status: String,
    /// What may be done.
    pub action: String,
    /// With what exactly: [`Digest`].
    pub action_digest: Digest,
    /// For at most so much, an exact decimal; null if it is not about money.
    pub amount_cap_usd: Option<String>,
    /// Who decided.
    pub approvers: Vec<String>,
    /// The policy that asked.
    pub policy_id: Option<String>,
    /// Which version of it.
    pub policy_version: Option<u32>,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// Until when it may be used.
    pub not_after: Timestamp,
    /// The same in seconds, as JSON Web Tokens say it.
    pub exp: i64,
}

/// Why a text is no receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It is not three parts of base64url, or not ours.
    #[error("is not a receipt of Bellwire")]
    Form,
    /// The signature is not this key's.
    #[error("is not signed by this key, or was changed")]
    Signature,
}

impl Claims {
    pub(super) fn new(
        approval: &Approval,
        digest: Digest,
        cap: Option<UsdNanos>,
        approvers: &[String],
        at: Timestamp,
        not_after: Timestamp,
    ) -> Self {
        let policy = approval.question.policy.as_ref();
        Self {
            approval_id: approval.id.to_string(),
            workspace_id: approval.workspace_id.to_string(),
            status: "approved".into(),
            action: approval.question.action.clone(),
            action_digest: digest,
            amount_cap_usd: cap.map(|cap| cap.to_string()),
            approvers: approvers.to_vec(),
            policy_id: policy.map(|policy| policy.policy_id.to_string()),
            policy_version: policy.map(|policy| policy.policy_version),
            decided_at: at,
            not_after,
            exp: not_after.seconds(),
        }
    }

    /// The receipt.
    pub fn sign(&self, key: &SigningKey) -> String {
        let claims = serde_json::to_vec(self).expect("claims are JSON");
        let mut text = URL_SAFE_NO_PAD.encode(HEADER);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut text);
        let signature = key.sign(&[text.as_bytes()]);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        text
    }

    /// What a receipt says, if it is signed by this key.
    pub fn verify(receipt: &str, key: &PublicKey) -> Result<Self, ReceiptError> {
        let receipt = receipt.trim();
        if receipt.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::Form);
        }
        let (signed, signature) = receipt.rsplit_once('.').ok_or(ReceiptError::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(ReceiptError::Form)?;
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| ReceiptError::Form);
        // The header is ours to the byte: no other kind of signature is ever looked at.
        if bytes(header)? != HEADER.as_bytes() {
            return Err(ReceiptError::Form);
        }
        let signature: [u8; 64] = bytes(signature)?.try_into().map_err(|_| ReceiptError::Form)?;
        if !key.verifies(signed.as_bytes(), &signature) {
            return Err(ReceiptError::Signature);
        }
        serde_json::from_slice(&bytes(claims)?).map_err(|_| ReceiptError::Form)
    }
}
