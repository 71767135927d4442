//! Sessions and links, and how long they last.
use std::{fmt, time::Duration};

use bellwire_wire::{KeyId, Timestamp, WorkspaceId};

use crate::workspace::Key;

/// A session ends after so long, however much it is used.
pub const SESSION_LASTS: Duration = Duration::from_hours(12);
/// A link that somebody asks for is good for so long.
pub const LINK_LASTS: Duration = Duration::from_mins(5);
/// The link that a start prints is good for so long.
pub const OWNER_LINK_LASTS: Duration = Duration::from_mins(15);
/// A portal's link is good for so long, if nothing else is said.
pub const PORTAL_LASTS: Duration = Duration::from_hours(1);

/// A keyed hash of the token of a session or a link; the token itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// A browser that logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// How its token is recognised.
    pub hash: TokenHash,
    /// The workspace of its key.
    pub workspace_id: WorkspaceId,
    /// The key as which it acts.
    pub key_id: KeyId,
    /// Whether a portal's link opened it: it shows what a tenant is given.
    pub portal: bool,
    /// Whether it changes nothing, whatever its key may do.
    pub read_only: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when, at most.
    pub expires_at: Timestamp,
}

/// A link that logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// How its token is recognised.
    pub hash: TokenHash,
    /// The workspace of the key.
    pub workspace_id: WorkspaceId,
    /// The key as which its sessions act.
    pub key_id: KeyId,
    /// Whether it is good once only.
    pub once: bool,
    /// Whether its sessions are a portal's.
    pub portal: bool,
    /// Whether its sessions change nothing.
    pub read_only: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Session {
    /// Until when a session of this key lasts that begins `now`: never longer than the key.
    pub fn end(key: &Key, now: Timestamp) -> Timestamp {
        let end = now.after(SESSION_LASTS);
        key.expires_at.map_or(end, |expires| expires.min(end))
    }
}

impl Link {
    /// Whether it still opens a session of `key` at this time.
    pub fn opens(&self, key: &Key, now: Timestamp) -> bool {
        self.expires_at > now && key.is_good(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{KeyHash, KeyKind, Permissions};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn key(expires_at: Option<Timestamp>) -> Key {
        Key {
            id: KeyId::from_ulid(ulid::Ulid::from(1_u128)),
            workspace_id: WorkspaceId::from_ulid(ulid::Ulid::from(1_u128)),
            name: "k".into(),
            kind: KeyKind::Workspace,
            namespace: None,
            permissions: Permissions::all(),
            agent_id: None,
            person: None,
            prefix: "bw_".into(),
            hash: KeyHash([0; 32]),
            created_at: NOW,
            expires_at,
            last_used_at: None,
            revoked_at: None,
        }
    }

    fn link(expires_at: Timestamp) -> Link {
        let key = key(None);
        Link {
            hash: TokenHash([0; 32]),
            workspace_id: key.workspace_id,
            key_id: key.id,
            once: true,
            portal: false,
            read_only: false,
            created_at: NOW,
            expires_at,
        }
    }

    #[test]
    fn a_session_never_outlives_its_key() {
        assert_eq!(Session::end(&key(None), NOW), NOW.after(SESSION_LASTS));
        let soon = NOW.after(Duration::from_mins(1));
        assert_eq!(Session::end(&key(Some(soon)), NOW), soon);
        let late = NOW.after(SESSION_LASTS * 2);
        assert_eq!(Session::end(&key(Some(late)), NOW), NOW.after(SESSION_LASTS));
    }

    #[test]
    fn a_link_opens_nothing_after_its_end_or_that_of_its_key() {
        let second = Duration::from_secs(1);
        assert!(link(NOW.after(second)).opens(&key(None), NOW));
        assert!(!link(NOW).opens(&key(None), NOW));
        assert!(!link(NOW.after(second)).opens(&key(Some(NOW)), NOW));
        let revoked = Key { revoked_at: Some(NOW), ..key(None) };
        assert!(!link(NOW.after(second)).opens(&revoked, NOW));
    }

    #[test]
    fn a_hash_is_not_shown() {
        assert_eq!(format!("{:?}", TokenHash([7; 32])), "TokenHash(..)");
    }
}
