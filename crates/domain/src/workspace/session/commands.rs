//! Logging in and out, and the links that log in, each with its entry in the audit log.
use std::{sync::Arc, time::Duration};

use bellwire_wire::{Namespace, Timestamp};
use serde_json::{Value, json};

use super::{Link, OWNER_LINK_LASTS, Rows, Session, TokenHash};
use crate::{
    Ctx, Stored, event,
    workspace::{
        CreateKey, CreatedKey, Key, KeyHash, KeyKind, KeyRefusal, Permission, Principal,
        audit::{self, NewAudit, SYSTEM},
        create_key,
    },
};

/// A session that has just begun, and who it is.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// The session.
    pub session: Session,
    /// As whom it acts.
    pub principal: Principal,
}

/// Begins a session that acts as the key that was shown.
pub async fn log_in<R: Rows>(rows: &mut R, ctx: &Ctx, by: &Principal, token: TokenHash) -> Stored<LoggedIn> {
    begin(rows, ctx, by.clone(), token, None).await
}

/// Begins a session with a link; nothing if it is unknown, used, or no longer good. A link for once is taken away in
/// the same transaction.
pub async fn redeem<R: Rows>(rows: &mut R, ctx: &Ctx, link: &TokenHash, token: TokenHash) -> Stored<Option<LoggedIn>> {
    let Some(link) = rows.link(link).await? else { return Ok(None) };
    let Some(key) = rows.key(&link.workspace_id, &link.key_id).await? else { return Ok(None) };
    let Some(workspace) = rows.workspace(&link.workspace_id).await? else { return Ok(None) };
    if !link.opens(&key, ctx.now) || link.once && !rows.link_take(&link.hash).await? {
        return Ok(None);
    }
    let principal = Principal { key: Arc::new(key), workspace_name: workspace.name.into() };
    begin(rows, ctx, principal, token, Some(&link)).await.map(Some)
}

async fn begin<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    principal: Principal,
    token: TokenHash,
    link: Option<&Link>,
) -> Stored<LoggedIn> {
    let session = Session {
        hash: token,
        workspace_id: principal.workspace().clone(),
        key_id: principal.key.id.clone(),
        portal: link.is_some_and(|link| link.portal),
        read_only: link.is_some_and(|link| link.read_only),
        created_at: ctx.now,
        expires_at: Session::end(&principal.key, ctx.now),
    };
    rows.session_insert(&session).await?;
    let with = link.map_or("key", |link| if link.portal { "portal_link" } else { "link" });
    let detail = json!({"with": with, "expires_at": session.expires_at});
    tell(rows, ctx, "session.create", &principal.actor(), &principal.key, detail).await?;
    Ok(LoggedIn { session, principal })
}

/// Ends a session.
pub async fn log_out<R: Rows>(rows: &mut R, ctx: &Ctx, by: &Principal, token: &TokenHash) -> Stored<()> {
    if rows.session_delete(token).await? {
        tell(rows, ctx, "session.delete", &by.actor(), &by.key, json!({})).await?;
        // Other nodes may remember it for a moment.
        rows.keys_changed(by.workspace());
    }
    Ok(())
}

/// A link to be made that logs in once.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// How its token is recognised.
    pub hash: TokenHash,
    /// Whether who asks for it is in a portal: so will be who opens it.
    pub portal: bool,
    /// For how long it is good.
    pub lasts: Duration,
}

/// Makes a link that logs in once as the key of whoever asks; until when it is good.
pub async fn make_link<R: Rows>(rows: &mut R, ctx: &Ctx, by: &Principal, new: NewLink) -> Stored<Timestamp> {
    once(rows, ctx, &by.actor(), &by.key, new).await
}

/// Makes the link that a start prints: it logs in once as the owner key. Nothing if there is no owner.
pub async fn console_link<R: Rows>(rows: &mut R, ctx: &Ctx, hash: TokenHash) -> Stored<Option<Timestamp>> {
    let Some(owner) = rows.owner_key().await? else { return Ok(None) };
    let new = NewLink { hash, portal: false, lasts: OWNER_LINK_LASTS };
    once(rows, ctx, SYSTEM, &owner, new).await.map(Some)
}

async fn once<R: Rows>(rows: &mut R, ctx: &Ctx, actor: &str, key: &Key, new: NewLink) -> Stored<Timestamp> {
    let end = ctx.now.after(new.lasts);
    let link = Link {
        hash: new.hash,
        workspace_id: key.workspace_id.clone(),
        key_id: key.id.clone(),
        once: true,
        portal: new.portal,
        // Who may change nothing may make no link either.
        read_only: false,
        created_at: ctx.now,
        expires_at: key.expires_at.map_or(end, |expires| expires.min(end)),
    };
    insert(rows, ctx, actor, key, &link).await?;
    Ok(link.expires_at)
}

async fn insert<R: Rows>(rows: &mut R, ctx: &Ctx, actor: &str, key: &Key, link: &Link) -> Stored<()> {
    rows.link_insert(link).await?;
    let detail = json!({"once": link.once, "portal": link.portal, "read_only": link.read_only,
        "expires_at": link.expires_at});
    tell(rows, ctx, "session_link.create", actor, key, detail).await
}

/// A portal to be opened for a namespace.
#[derive(Debug, Clone)]
pub struct NewPortal {
    /// Which.
    pub namespace: Namespace,
    /// How the link's token is recognised.
    pub link: TokenHash,
    /// The hash of a secret that nobody is given.
    pub key: KeyHash,
    /// The first characters of that secret.
    pub prefix: String,
    /// For how long.
    pub lasts: Duration,
    /// Whether it shows, and changes nothing.
    pub read_only: bool,
}

/// What became of [`make_portal_link`].
#[expect(clippy::large_enum_variant, reason = "made once per request and taken apart at once")]
#[derive(Debug, Clone)]
pub enum MadePortalLink {
    /// Made: the key as which its sessions act, which ends when the link does.
    Made(Key),
    /// Not allowed.
    Refused(KeyRefusal),
}

/// Makes a link for a tenant: a key of the tenant's namespace whose secret nobody has, and a link to it that opens
/// sessions until both expire. Revoking the key ends all of it.
pub async fn make_portal_link<R>(rows: &mut R, ctx: &Ctx, by: &Principal, new: NewPortal) -> Stored<MadePortalLink>
where
    R: Rows + event::Log,
{
    let expires_at = ctx.now.after(new.lasts);
    let command = CreateKey {
        name: "portal link".into(),
        kind: KeyKind::Scoped,
        namespace: Some(new.namespace),
        // Endpoints are read with the permission that changes them: sessions that must not are read-only.
        permissions: Some([Permission::EventsRead, Permission::WebhooksManage].into_iter().collect()),
        agent_id: None,
        person: None,
        expires_at: Some(expires_at),
        prefix: new.prefix,
        hash: new.key,
    };
    let key = match create_key(rows, ctx, by, command).await? {
        CreatedKey::Made(key) => key,
        CreatedKey::Refused(refusal) => return Ok(MadePortalLink::Refused(refusal)),
    };
    let link = Link {
        hash: new.link,
        workspace_id: key.workspace_id.clone(),
        key_id: key.id.clone(),
        once: false,
        portal: true,
        read_only: new.read_only,
        created_at: ctx.now,
        expires_at,
    };
    insert(rows, ctx, &by.actor(), &key, &link).await?;
    Ok(MadePortalLink::Made(key))
}

/// Records what was done with sessions of a key.
async fn tell<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    action: &'static str,
    actor: &str,
    key: &Key,
    detail: Value,
) -> Stored<()> {
    let (subject, namespace) = (key.id.to_string(), key.namespace.clone());
    let new = NewAudit { actor: actor.to_owned(), action, subject, namespace, detail };
    audit::record(rows, ctx, &key.workspace_id, new).await
}
