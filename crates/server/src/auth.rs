//! Who is asking: API keys, and sessions that act as one, recognised by keyed hashes.
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bellwire_domain::{
    Stored,
    workspace::{
        KeyHash, Principal, Rows,
        session::{LoggedIn, Rows as _, Session, TokenHash},
    },
};
use bellwire_store::{Store, Vault};
use bellwire_wire::{KeyId, Timestamp};

/// A checked key is believed for so long before it is looked up again; a revocation on this node is
/// effective at once, on another within this time.
const BELIEVED: Duration = Duration::from_secs(1);
/// Keys remembered, and sessions. Keeps I12.
const REMEMBERED_MAX: usize = 10_000;

/// What was looked up, and until when that is believed.
type Known<K, V> = HashMap<K, (Timestamp, Arc<V>)>;

/// Recognises keys and sessions.
pub struct Authenticator {
    store: Store,
    vault: Arc<Vault>,
    known: RwLock<Known<KeyHash, Principal>>,
    sessions: RwLock<Known<TokenHash, LoggedIn>>,
    /// How often all was forgotten: what was looked up before that is not remembered after it.
    forgotten: AtomicU64,
    used: Mutex<HashMap<KeyId, Timestamp>>,
    /// The key of this run of the process, which stands for the owner's.
    local: OnceLock<KeyHash>,
}

impl Authenticator {
    /// An authenticator that knows nobody yet.
    pub fn new(store: Store, vault: Arc<Vault>) -> Self {
        Self {
            store,
            vault,
            known: RwLock::default(),
            sessions: RwLock::default(),
            forgotten: AtomicU64::new(0),
            used: Mutex::default(),
            local: OnceLock::new(),
        }
    }

    /// Takes a key that stands for the owner's as long as this process runs. It is in no row, so it ends with the
    /// process, and with the owner key. Only the first is taken.
    pub fn admit_local(&self, key: &str) {
        self.local.get_or_init(|| self.vault.hash(key));
    }

    /// Who presents this key; nobody if it is unknown, revoked or expired.
    pub async fn check(&self, presented: &str, now: Timestamp) -> Stored<Option<Arc<Principal>>> {
        let hash = self.vault.hash(presented);
        let found = match believed(&self.known, &hash, now) {
            Some(known) => Some(known),
            None => self.look_up(hash, now).await?,
        };
        let good = found.filter(|principal| principal.key.is_good(now));
        if let Some(principal) = &good {
            self.note(&principal.key.id, now);
        }
        Ok(good)
    }

    /// Whose session this is; nobody's if it is unknown or has ended, or its key is revoked or expired.
    pub async fn check_session(&self, hash: TokenHash, now: Timestamp) -> Stored<Option<Arc<LoggedIn>>> {
        let found = match believed(&self.sessions, &hash, now) {
            Some(known) => Some(known),
            None => self.look_up_session(hash, now).await?,
        };
        let good = found.filter(|found| found.session.expires_at > now && found.principal.key.is_good(now));
        if let Some(found) = &good {
            self.note(&found.principal.key.id, now);
        }
        Ok(good)
    }

    /// Whether whoever asked before may still ask: for what goes on after its request was let in.
    pub async fn is_good(&self, by: &Principal, session: Option<&Session>, now: Timestamp) -> Stored<bool> {
        if let Some(session) = session {
            return Ok(self.check_session(session.hash, now).await?.is_some());
        }
        let found = match believed(&self.known, &by.key.hash, now) {
            Some(known) => Some(known),
            None => self.look_up(by.key.hash, now).await?,
        };
        Ok(found.is_some_and(|principal| principal.key.is_good(now)))
    }

    async fn look_up(&self, hash: KeyHash, now: Timestamp) -> Stored<Option<Arc<Principal>>> {
        let begun = self.forgotten.load(Ordering::Acquire);
        let local = self.local.get() == Some(&hash);
        let found = self
            .store
            .read("key", move |tx| {
                Box::pin(async move {
                    let key = if local { tx.owner_key().await? } else { tx.key_by_hash(&hash).await? };
                    let Some(key) = key else { return Ok(None) };
                    let workspace = tx.workspace(&key.workspace_id).await?;
                    Ok(workspace.map(|workspace| (key, workspace.name)))
                })
            })
            .await?;
        let Some((key, name)) = found else { return Ok(None) };
        let principal = Principal { key: Arc::new(key), workspace_name: name.into() };
        Ok(Some(self.remember(&self.known, (hash, principal), begun, now)))
    }

    async fn look_up_session(&self, hash: TokenHash, now: Timestamp) -> Stored<Option<Arc<LoggedIn>>> {
        let begun = self.forgotten.load(Ordering::Acquire);
        let found = self
            .store
            .read("session", move |tx| {
                Box::pin(async move {
                    let Some(session) = tx.session(&hash).await? else { return Ok(None) };
                    let Some(key) = tx.key(&session.workspace_id, &session.key_id).await? else { return Ok(None) };
                    let workspace = tx.workspace(&session.workspace_id).await?;
                    Ok(workspace.map(|workspace| (session, key, workspace.name)))
                })
            })
            .await?;
        let Some((session, key, name)) = found else { return Ok(None) };
        let principal = Principal { key: Arc::new(key), workspace_name: name.into() };
        Ok(Some(self.remember(&self.sessions, (hash, LoggedIn { session, principal }), begun, now)))
    }

    /// Remembers what was found, unless something changed since the look-up had `begun`.
    fn remember<K: Eq + Hash, V>(
        &self,
        known: &RwLock<Known<K, V>>,
        (hash, found): (K, V),
        begun: u64,
        now: Timestamp,
    ) -> Arc<V> {
        let found = Arc::new(found);
        let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten.load(Ordering::Acquire) == begun {
            if known.len() >= REMEMBERED_MAX {
                known.clear();
            }
            known.insert(hash, (now.after(BELIEVED), Arc::clone(&found)));
        }
        found
    }

    /// Forgets all checked keys and sessions: some changed.
    pub fn forget(&self) {
        // Counted first: a look-up that was under way inserts before the clearing or not at all.
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).clear();
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

fn believed<K: Eq + Hash, V>(known: &RwLock<Known<K, V>>, hash: &K, now: Timestamp) -> Option<Arc<V>> {
    let known = known.read().unwrap_or_else(PoisonError::into_inner);
    known.get(hash).filter(|(until, _)| now < *until).map(|(_, found)| Arc::clone(found))
}
