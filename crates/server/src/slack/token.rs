//! What Slack carries back to us: sealed, so that it says nothing to others and nobody can make one.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bellwire_store::Vault;
use bellwire_wire::{WalletId, WorkspaceId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The most that Slack keeps of a button's value; the longest sealed text that is looked at.
const TEXT_BYTES_MAX: usize = 2_000;

/// Something that is sealed for one place in Slack.
pub(super) trait Token: Serialize + DeserializeOwned {
    /// The place. What was sealed for another one does not open.
    const PLACE: &'static str;

    /// The text to give to Slack.
    fn seal(&self, vault: &Vault) -> Option<String> {
        let plain = serde_json::to_vec(self).ok()?;
        let sealed = vault.seal(Self::PLACE, &plain).ok()?;
        Some(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The same text every time, for a message that may have to be posted again byte for byte.
    fn seal_alike(&self, vault: &Vault) -> Option<String> {
        let plain = serde_json::to_vec(self).ok()?;
        let sealed = vault.seal_alike(Self::PLACE, &plain).ok()?;
        Some(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What a text from Slack says, if it is ours.
    fn open(vault: &Vault, text: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text.get(..TEXT_BYTES_MAX.min(text.len()))?).ok()?;
        serde_json::from_slice(&vault.open(Self::PLACE, &sealed).ok()?).ok()
    }
}

/// The value of the button: which wallet it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Button {
    pub(super) workspace: WorkspaceId,
    pub(super) wallet: WalletId,
}

impl Token for Button {
    const PLACE: &'static str = "slack button";
}

/// What the form remembers: the same, and the message whose button opened it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Form {
    pub(super) workspace: WorkspaceId,
    pub(super) wallet: WalletId,
    pub(super) message: MessageRef,
}

impl Token for Form {
    const PLACE: &'static str = "slack form";
}

/// A message of ours in Slack. The team is no part of it: in a shared channel it differs from clicker to
/// clicker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MessageRef {
    pub(super) channel: String,
    pub(super) ts: String,
}

impl MessageRef {
    /// What it is known by in our rows.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.channel, self.ts)
    }

    /// The message that is known so.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        let (channel, ts) = key.rsplit_once('/')?;
        Some(Self { channel: channel.to_owned(), ts: ts.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use bellwire_store::MasterKey;

    use super::*;

    #[test]
    fn a_token_opens_only_in_its_place_and_unchanged() {
        let vault = Vault::new(&MasterKey::from_bytes([7; 32]));
        let workspace = WorkspaceId::from_stored("ws-00000000000000000000000001");
        let wallet = WalletId::from_stored("wal_00000000000000000000000001");
        let message = MessageRef { channel: "C0123456789".into(), ts: "1700000000.000100".into() };
        let (button, form) =
            (Button { workspace: workspace.clone(), wallet: wallet.clone() }, Form { workspace, wallet, message });
        let text = button.seal(&vault).expect("sealed");
        assert_eq!(Button::open(&vault, &text), Some(button));
        assert!(text.len() <= TEXT_BYTES_MAX && !text.contains("wal_"), "{text}");
        let kept = form.seal(&vault).expect("sealed");
        assert_eq!(Form::open(&vault, &kept), Some(form));
        assert!(Button::open(&vault, &kept).is_none() && Form::open(&vault, &text).is_none());
        for index in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(changed == text || Button::open(&vault, &changed).is_none(), "{index}");
        }
        for odd in ["", "é", "AAAA", &"A".repeat(5_000)] {
            assert!(Button::open(&vault, odd).is_none(), "{odd}");
        }
    }
}
