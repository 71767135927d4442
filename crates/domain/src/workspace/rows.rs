//! What workspaces ask of a transaction.
use std::future::Future;

use bellwire_wire::{KeyId, Namespace, Timestamp, WorkspaceId};

use super::{Key, KeyHash, Sandbox, Saved, Workspace, audit};
use crate::{Page, PageQuery, Stored};

/// Rows of workspaces, keys, namespaces and saved answers; and of the audit log, so that every command
/// that knows workspaces can record what it does.
pub trait Rows: audit::Rows {
    /// Inserts a workspace.
    fn workspace_insert(&mut self, workspace: &Workspace) -> impl Future<Output = Stored<()>> + Send;
    /// One workspace.
    fn workspace(&mut self, id: &WorkspaceId) -> impl Future<Output = Stored<Option<Workspace>>> + Send;
    /// A page of workspaces, newest first.
    fn workspaces(&mut self, page: PageQuery) -> impl Future<Output = Stored<Page<Workspace>>> + Send;

    /// Inserts a key.
    fn key_insert(&mut self, key: &Key) -> impl Future<Output = Stored<()>> + Send;
    /// The key with this hash, in whatever workspace: it is the key that names the workspace.
    fn key_by_hash(&mut self, hash: &KeyHash) -> impl Future<Output = Stored<Option<Key>>> + Send;
    /// One key.
    fn key(&mut self, workspace: &WorkspaceId, id: &KeyId) -> impl Future<Output = Stored<Option<Key>>> + Send;
    /// Keys that are not revoked, newest first; of one namespace if named.
    fn keys(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        page: PageQuery,
    ) -> impl Future<Output = Stored<Page<Key>>> + Send;
    /// Marks a key revoked.
    fn key_revoke(
        &mut self,
        workspace: &WorkspaceId,
        id: &KeyId,
        now: Timestamp,
    ) -> impl Future<Output = Stored<()>> + Send;
    /// Notes when keys were last used.
    fn keys_used(&mut self, used: &[(KeyId, Timestamp)]) -> impl Future<Output = Stored<()>> + Send;

    /// Makes a namespace known; nothing if it is.
    fn namespace_touch(
        &mut self,
        workspace: &WorkspaceId,
        namespace: &Namespace,
        now: Timestamp,
    ) -> impl Future<Output = Stored<()>> + Send;
    /// At most `limit` namespaces of a workspace whose names come after `after`, by name, with since
    /// when; only this one if named.
    fn namespaces(
        &mut self,
        workspace: &WorkspaceId,
        only: Option<&Namespace>,
        after: &str,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<(Namespace, Timestamp)>>> + Send;
    /// Forgets a namespace and revokes its keys; the keys revoked, or nothing if it is unknown.
    fn namespace_delete(
        &mut self,
        workspace: &WorkspaceId,
        namespace: &Namespace,
        now: Timestamp,
    ) -> impl Future<Output = Stored<Option<Vec<Key>>>> + Send;

    /// The answer kept for this key on this route.
    fn saved(
        &mut self,
        workspace: &WorkspaceId,
        route: &str,
        key: &str,
    ) -> impl Future<Output = Stored<Option<Saved>>> + Send;
    /// Keeps an answer until `expires` (for ever if absent).
    fn save(
        &mut self,
        workspace: &WorkspaceId,
        route: &str,
        key: &str,
        answer: &Saved,
        now: Timestamp,
        expires: Option<Timestamp>,
    ) -> impl Future<Output = Stored<()>> + Send;
    /// Forgets the answer kept for this key on this route.
    fn saved_forget(
        &mut self,
        workspace: &WorkspaceId,
        route: &str,
        key: &str,
    ) -> impl Future<Output = Stored<()>> + Send;
    /// Forgets at most `limit` answers that expired before `now`; how many.
    fn saved_sweep(&mut self, now: Timestamp, limit: u32) -> impl Future<Output = Stored<usize>> + Send;

    /// Inserts a sandbox.
    fn sandbox_insert(&mut self, sandbox: &Sandbox) -> impl Future<Output = Stored<()>> + Send;
    /// How many sandboxes there are, and how many of them were made after a time.
    fn sandboxes_counted(&mut self, since: Timestamp) -> impl Future<Output = Stored<(u32, u32)>> + Send;
    /// At most `limit` sandboxes, the oldest first.
    fn sandboxes(&mut self, limit: u32) -> impl Future<Output = Stored<Vec<Sandbox>>> + Send;
    /// Removes at most `limit` rows of a sandbox, of whatever kind, and at last the sandbox itself; how many rows.
    fn sandbox_remove(&mut self, workspace: &WorkspaceId, limit: u32) -> impl Future<Output = Stored<usize>> + Send;

    /// Whether this node may take a turn of a periodic work, until the transaction ends: no two nodes
    /// take the same turn at once.
    fn turn(&mut self, work: &'static str) -> impl Future<Output = Stored<bool>> + Send;

    /// Tells the process, after the commit, that keys changed.
    fn keys_changed(&mut self, workspace: &WorkspaceId);
}
