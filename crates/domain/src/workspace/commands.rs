//! Workspaces and keys: made, revoked, removed, each with its event and its entry in the audit log.
use bellwire_wire::{KeyId, Namespace, Timestamp, WorkspaceId};
use serde_json::{Value, json};

use super::{
    Key, KeyHash, KeyKind, Permission, Permissions, Principal, Rows, Workspace,
    audit::{self, NewAudit, SYSTEM},
};
use crate::{
    Ctx, PageQuery, Stored, delivery,
    event::{self, NewEvent},
};

/// A key to be made, already checked for form.
#[derive(Debug, Clone)]
pub struct CreateKey {
    /// What people call it.
    pub name: String,
    /// Its kind; never owner.
    pub kind: KeyKind,
    /// The namespace of a scoped key.
    pub namespace: Option<Namespace>,
    /// What it may do, if other than what its kind may.
    pub permissions: Option<Permissions>,
    /// The agent whose key it is.
    pub agent_id: Option<String>,
    /// Who holds it.
    pub person: Option<String>,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// The first characters of the secret.
    pub prefix: String,
    /// How the secret is recognised.
    pub hash: KeyHash,
}

/// What became of [`create_key`].
#[expect(clippy::large_enum_variant, reason = "made once per request and taken apart at once")]
#[derive(Debug, Clone)]
pub enum CreatedKey {
    /// Made.
    Made(Key),
    /// Not allowed.
    Refused(KeyRefusal),
}

/// Why a key was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// A key cannot give what it does not have.
    #[error("this key cannot give a permission that it does not have: {0}")]
    Beyond(Permission),
    /// Only an admin or the owner makes an admin.
    #[error("only an admin or owner key can make an admin key")]
    Admin,
    /// A key bound to a namespace cannot make one that is not.
    #[error("a key of one namespace can only make scoped keys of that namespace")]
    Wider,
}

/// Makes the first workspace and its owner key, unless a workspace exists.
pub async fn bootstrap<R>(rows: &mut R, ctx: &Ctx, hash: KeyHash, prefix: String) -> Stored<Option<Key>>
where
    R: Rows + event::Log,
{
    if !rows.workspaces(PageQuery::ONE).await?.items.is_empty() {
        return Ok(None);
    }
    let workspace = insert_workspace(rows, ctx, SYSTEM, "default").await?;
    let command = CreateKey {
        name: "owner".into(),
        kind: KeyKind::Owner,
        namespace: None,
        permissions: None,
        agent_id: None,
        person: None,
        expires_at: None,
        prefix,
        hash,
    };
    insert_key(rows, ctx, SYSTEM, &workspace.id, command).await.map(Some)
}

/// Makes a workspace with an admin key. The owner's right is checked by the caller. Both workspaces
/// tell of it in their audit logs.
pub async fn create_workspace<R>(
    rows: &mut R,
    ctx: &Ctx,
    by: &Principal,
    name: &str,
    key: CreateKey,
) -> Stored<(Workspace, Key)>
where
    R: Rows + event::Log,
{
    let actor = by.actor();
    let workspace = insert_workspace(rows, ctx, &actor, name).await?;
    audit::record(rows, ctx, by.workspace(), created(&actor, &workspace)).await?;
    let key = insert_key(rows, ctx, &actor, &workspace.id, key).await?;
    Ok((workspace, key))
}

/// Makes a key and tells with `key.created`. A key never gives more than its maker has; the
/// owner and a whole admin may give anything, since they could take it anyway.
pub async fn create_key<R>(rows: &mut R, ctx: &Ctx, by: &Principal, command: CreateKey) -> Stored<CreatedKey>
where
    R: Rows + event::Log,
{
    let wanted = command.permissions.unwrap_or_else(|| command.kind.default_permissions());
    if by.bound().is_some() && command.namespace.as_ref() != by.bound() {
        return Ok(CreatedKey::Refused(KeyRefusal::Wider));
    }
    let free = may_give_anything(&by.key);
    if command.kind == KeyKind::Admin && !matches!(by.key.kind, KeyKind::Owner | KeyKind::Admin) {
        return Ok(CreatedKey::Refused(KeyRefusal::Admin));
    }
    if !free && let Some(beyond) = wanted.iter().find(|permission| !by.may(*permission)) {
        return Ok(CreatedKey::Refused(KeyRefusal::Beyond(beyond)));
    }
    insert_key(rows, ctx, &by.actor(), by.workspace(), command).await.map(CreatedKey::Made)
}

/// The owner, and an admin whose permissions were not narrowed: it could take what it gives.
fn may_give_anything(key: &Key) -> bool {
    let whole = KeyKind::Admin.default_permissions().is_subset(key.permissions);
    key.kind == KeyKind::Owner || key.kind == KeyKind::Admin && whole
}

/// What became of [`revoke_key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokedKey {
    /// Revoked.
    Done,
    /// It is unknown to whoever asked.
    Unknown,
    /// It is an admin's, and whoever asked is less.
    Beyond,
    /// It is the owner key: without it nobody could make workspaces, or get in at all.
    Owner,
}

/// Revokes a key and tells with `key.revoked`. The owner key stays.
pub async fn revoke_key<R>(rows: &mut R, ctx: &Ctx, by: &Principal, id: &KeyId) -> Stored<RevokedKey>
where
    R: Rows + event::Log,
{
    let Some(key) = rows.key(by.workspace(), id).await? else {
        return Ok(RevokedKey::Unknown);
    };
    if key.revoked_at.is_some() || !by.sees(key.namespace.as_ref()) {
        return Ok(RevokedKey::Unknown);
    }
    if key.kind == KeyKind::Owner {
        return Ok(RevokedKey::Owner);
    }
    if key.kind == KeyKind::Admin && !matches!(by.key.kind, KeyKind::Owner | KeyKind::Admin) {
        return Ok(RevokedKey::Beyond);
    }
    rows.key_revoke(by.workspace(), id, ctx.now).await?;
    tell_key(rows, ctx, "key.revoked", &key).await?;
    let new = about_key("key.revoke", &by.actor(), &key, json!({"name": key.name}));
    audit::record(rows, ctx, by.workspace(), new).await?;
    Ok(RevokedKey::Done)
}

/// Removes a namespace with its endpoints and keys and tells with `namespace.deleted`; whether it
/// was known.
pub async fn delete_namespace<R>(rows: &mut R, ctx: &Ctx, by: &Principal, namespace: &Namespace) -> Stored<bool>
where
    R: Rows + event::Log,
{
    let workspace = by.workspace();
    let Some(keys) = rows.namespace_delete(workspace, namespace, ctx.now).await? else {
        return Ok(false);
    };
    for key in &keys {
        tell_key(rows, ctx, "key.revoked", key).await?;
    }
    let endpoints = delivery::delete_endpoints_of(rows, ctx, workspace, namespace).await?;
    let data = json!({"namespace": namespace, "keys_revoked": keys.len(), "endpoints_deleted": endpoints});
    // The event itself is workspace-wide: nothing of the namespace is left to receive it.
    event::append(rows, ctx, NewEvent::built_in(workspace, "namespace.deleted", None, &data)).await?;
    rows.keys_changed(workspace);
    let revoked: Vec<&KeyId> = keys.iter().map(|key| &key.id).collect();
    let new = NewAudit {
        actor: by.actor(),
        action: "namespace.delete",
        subject: namespace.to_string(),
        namespace: Some(namespace.clone()),
        detail: json!({"keys_revoked": revoked, "endpoints_deleted": endpoints}),
    };
    audit::record(rows, ctx, workspace, new).await?;
    Ok(true)
}

pub(super) async fn insert_workspace<R: Rows>(rows: &mut R, ctx: &Ctx, actor: &str, name: &str) -> Stored<Workspace> {
    let id = WorkspaceId::from_ulid(ctx.mint.ulid());
    let workspace = Workspace { id, name: name.into(), created_at: ctx.now };
    rows.workspace_insert(&workspace).await?;
    audit::record(rows, ctx, &workspace.id, created(actor, &workspace)).await?;
    Ok(workspace)
}

fn created(actor: &str, workspace: &Workspace) -> NewAudit {
    NewAudit {
        actor: actor.to_owned(),
        action: "workspace.create",
        subject: workspace.id.to_string(),
        namespace: None,
        detail: json!({"name": workspace.name}),
    }
}

pub(super) async fn insert_key<R>(
    rows: &mut R,
    ctx: &Ctx,
    actor: &str,
    workspace: &WorkspaceId,
    command: CreateKey,
) -> Stored<Key>
where
    R: Rows + event::Log,
{
    let key = Key {
        id: KeyId::from_ulid(ctx.mint.ulid()),
        workspace_id: workspace.clone(),
        permissions: command.permissions.unwrap_or_else(|| command.kind.default_permissions()),
        name: command.name,
        kind: command.kind,
        namespace: command.namespace,
        agent_id: command.agent_id,
        person: command.person,
        prefix: command.prefix,
        hash: command.hash,
        created_at: ctx.now,
        expires_at: command.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    if let Some(namespace) = &key.namespace {
        rows.namespace_touch(workspace, namespace, ctx.now).await?;
    }
    rows.key_insert(&key).await?;
    tell_key(rows, ctx, "key.created", &key).await?;
    let new = about_key("key.create", actor, &key, what_it_may(&key));
    audit::record(rows, ctx, workspace, new).await?;
    Ok(key)
}

/// What a key may do, for how long and for whom. Nothing of its secret.
fn what_it_may(key: &Key) -> Value {
    let permissions: Vec<&str> = key.permissions.iter().map(Permission::as_str).collect();
    json!({"name": key.name, "kind": key.kind.as_str(), "permissions": permissions, "agent_id": key.agent_id,
        "person": key.person, "expires_at": key.expires_at})
}

fn about_key(action: &'static str, actor: &str, key: &Key, detail: Value) -> NewAudit {
    let (subject, namespace) = (key.id.to_string(), key.namespace.clone());
    NewAudit { actor: actor.to_owned(), action, subject, namespace, detail }
}

async fn tell_key<R>(rows: &mut R, ctx: &Ctx, kind: &str, key: &Key) -> Stored<()>
where
    R: Rows + event::Log,
{
    let data = json!({"key_id": key.id, "name": key.name, "namespace": key.namespace});
    let event = NewEvent::built_in(&key.workspace_id, kind, key.namespace.as_ref(), &data);
    event::append(rows, ctx, event).await?;
    rows.keys_changed(&key.workspace_id);
    Ok(())
}
