//! Workspaces, keys, and what a checked key may see.
use std::{fmt, str::FromStr, sync::Arc};

use bellwire_wire::{KeyId, Namespace, Timestamp, WorkspaceId};

use super::{Permission, Permissions};

/// A tenant of the deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// A keyed hash of an API key's secret; the secret itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash(pub [u8; 32]);

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

/// The kinds of key (spec files, "Keys").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Made at the first start; may do everything, and make workspaces.
    Owner,
    /// Manages keys, endpoints and namespaces; no files.
    Admin,
    /// Works in every namespace.
    Workspace,
    /// Works in one namespace only.
    Scoped,
}

impl KeyKind {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Workspace => "workspace",
            Self::Scoped => "scoped",
        }
    }

    /// What a key of this kind may do when nothing else is said.
    pub fn default_permissions(self) -> Permissions {
        match self {
            Self::Owner => Permissions::all(),
            Self::Admin => Permissions::all()
                .without(Permission::FilesRead)
                .without(Permission::FilesWrite)
                .without(Permission::Exec)
                .without(Permission::EventsImpersonate),
            Self::Workspace | Self::Scoped => [
                Permission::EventsWrite,
                Permission::EventsReport,
                Permission::EventsRead,
                Permission::WalletsSpend,
                Permission::ApprovalsRequest,
                Permission::FilesRead,
                Permission::FilesWrite,
                Permission::Exec,
                Permission::LedgerWrite,
                Permission::LedgerRead,
                Permission::GatewayUse,
            ]
            .into_iter()
            .collect(),
        }
    }
}

impl FromStr for KeyKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "owner" => Ok(Self::Owner),
            "admin" => Ok(Self::Admin),
            "workspace" => Ok(Self::Workspace),
            "scoped" => Ok(Self::Scoped),
            _ => Err("must be admin, workspace or scoped"),
        }
    }
}

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// Its kind.
    pub kind: KeyKind,
    /// The only namespace it may touch, for a scoped key.
    pub namespace: Option<Namespace>,
    /// What it may do.
    pub permissions: Permissions,
    /// The agent whose key it is: it never decides what that agent asked for.
    pub agent_id: Option<String>,
    /// Who holds it.
    pub person: Option<String>,
    /// The first characters of the secret, to tell keys apart.
    pub prefix: String,
    /// How the secret is recognised.
    pub hash: KeyHash,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when, if not for ever.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// Since when it is no longer good.
    pub revoked_at: Option<Timestamp>,
}

impl Key {
    /// Whether it is neither revoked nor expired.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|until| until > now)
    }
}

/// A namespace was named that the key may not touch: 403, whether it exists or not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this key is for namespace `{allowed}` only, not `{asked}`")]
pub struct Foreign {
    /// The key's own.
    pub allowed: Namespace,
    /// The one named.
    pub asked: Namespace,
}

/// A key that has been checked: who is asking. The one place that says what it may see.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The key.
    pub key: Arc<Key>,
    /// The name of its workspace.
    pub workspace_name: Arc<str>,
}

impl Principal {
    /// The workspace every query of this principal names. Keeps I11.
    pub fn workspace(&self) -> &WorkspaceId {
        &self.key.workspace_id
    }

    /// What the audit log calls it: the person who holds the key, if it names one, else the key.
    pub fn actor(&self) -> String {
        match &self.key.person {
            Some(person) => format!("person:{person}"),
            None => format!("key:{}", self.key.id),
        }
    }

    /// Whether it may do this.
    pub fn may(&self, permission: Permission) -> bool {
        self.key.permissions.contains(permission)
    }

    /// The one namespace it may touch, if it is bound to one.
    pub fn bound(&self) -> Option<&Namespace> {
        self.key.namespace.as_ref()
    }

    /// The namespace a request works in: the one it names, if the key may touch it, else the key's.
    pub fn narrow(&self, asked: Option<Namespace>) -> Result<Option<Namespace>, Foreign> {
        match (self.bound(), asked) {
            (Some(allowed), Some(asked)) if *allowed != asked => Err(Foreign { allowed: allowed.clone(), asked }),
            (Some(allowed), _) => Ok(Some(allowed.clone())),
            (None, asked) => Ok(asked),
        }
    }

    /// Whether something in `namespace` is visible; if not it is 404, as if it did not exist.
    pub fn sees(&self, namespace: Option<&Namespace>) -> bool {
        self.bound().is_none_or(|bound| namespace == Some(bound))
    }
}

/// Who does something: for what it may see, and for the audit log.
pub trait Actor: Sync {
    /// The workspace it acts in, which every query names. Keeps I11.
    fn workspace(&self) -> &WorkspaceId;
    /// The one namespace it is bound to, if it is bound to one.
    fn bound(&self) -> Option<&Namespace>;
    /// What the audit log calls it.
    fn actor(&self) -> String;
    /// Whether something in `namespace` is visible to it.
    fn sees(&self, namespace: Option<&Namespace>) -> bool {
        self.bound().is_none_or(|bound| namespace == Some(bound))
    }
}

impl Actor for Principal {
    fn workspace(&self) -> &WorkspaceId {
        self.workspace()
    }

    fn bound(&self) -> Option<&Namespace> {
        self.bound()
    }

    fn actor(&self) -> String {
        self.actor()
    }
}

impl<T: Actor + Send> Actor for Arc<T> {
    fn workspace(&self) -> &WorkspaceId {
        (**self).workspace()
    }

    fn bound(&self) -> Option<&Namespace> {
        (**self).bound()
    }

    fn actor(&self) -> String {
        (**self).actor()
    }
}

/// A person whom another system vouches for, such as a user of Slack. What the person may do was
/// decided before: it is bound to a workspace only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The system and its name for the person: `slack:U0123`.
    pub name: String,
}

impl Actor for Vouched {
    fn workspace(&self) -> &WorkspaceId {
        &self.workspace_id
    }

    fn bound(&self) -> Option<&Namespace> {
        None
    }

    fn actor(&self) -> String {
        self.name.clone()
    }
}

/// An answer kept for a repeated request (spec conventions, "Idempotency-Key").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// A hash of the body that was answered.
    pub fingerprint: [u8; 32],
    /// The status answered.
    pub status: u16,
    /// The body answered.
    pub body: Vec<u8>,
}
