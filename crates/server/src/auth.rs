//! Who is asking: API keys, recognised by a keyed hash.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use bellwire_domain::{
    Stored,
    workspace::{KeyHash, Principal, Rows},
};
use bellwire_store::{Store, Vault};
use bellwire_wire::{KeyId, Timestamp};

/// A checked key is believed for so long before it is looked up again; a revocation on this node is
/// effective at once, on another within this time.
const BELIEVED: Duration = Duration::from_secs(1);
/// Keys remembered. Keeps I12.
const REMEMBERED_MAX: usize = 10_000;

/// Recognises keys.
pub struct Authenticator {
    store: Store,
    vault: Arc<Vault>,
    known: RwLock<HashMap<KeyHash, (Timestamp, Arc<Principal>)>>,
    used: Mutex<HashMap<KeyId, Timestamp>>,
}

impl Authenticator {
    /// An authenticator that knows nobody yet.
    pub fn new(store: Store, vault: Arc<Vault>) -> Self {
        Self { store, vault, known: RwLock::default(), used: Mutex::default() }
    }

    /// Who presents this key; nobody if it is unknown, revoked or expired.
    pub async fn check(&self, presented: &str, now: Timestamp) -> Stored<Option<Arc<Principal>>> {
        let hash = self.vault.hash(presented);
        let known = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.get(&hash).filter(|(until, _)| now < *until).map(|(_, principal)| Arc::clone(principal))
        };
        let found = match known {
            Some(known) => Some(known),
            None => self.look_up(hash, now).await?,
        };
        let good = found.filter(|principal| {
            principal.key.revoked_at.is_none() && principal.key.expires_at.is_none_or(|until| until > now)
        });
        if let Some(principal) = &good {
            self.note(&principal.key.id, now);
        }
        Ok(good)
    }

    async fn look_up(&self, hash: KeyHash, now: Timestamp) -> Stored<Option<Arc<Principal>>> {
        let found = self
            .store
            .read("key", move |tx| {
                Box::pin(async move {
                    let Some(key) = tx.key_by_hash(&hash).await? else { return Ok(None) };
                    let workspace = tx.workspace(&key.workspace_id).await?;
                    Ok(workspace.map(|workspace| (key, workspace.name)))
                })
            })
            .await?;
        let Some((key, name)) = found else { return Ok(None) };
        let principal = Arc::new(Principal { key: Arc::new(key), workspace_name: name.into() });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(hash, (now.after(BELIEVED), Arc::clone(&principal)));
        Ok(Some(principal))
    }

    /// Forgets all checked keys: some changed.
    pub fn forget(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn note(&self, key: &KeyId, now: Timestamp) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        match used.get_mut(key) {
            Some(at) => *at = now,
            None => {
                used.insert(key.clone(), now);
            }
        }
    }

    /// Writes down when keys were last used.
    pub async fn flush(&self) -> Stored<()> {
        let used: Vec<(KeyId, Timestamp)> = self.used.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        if used.is_empty() {
            return Ok(());
        }
        self.store
            .transact("keys_used", move |tx| {
                let used = used.clone();
                Box::pin(async move { tx.keys_used(&used).await })
            })
            .await
    }
}
