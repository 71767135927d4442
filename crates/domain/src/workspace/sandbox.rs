//! Workspaces of the playground: made for anybody, bounded in number, and gone after a day with everything in them.
use std::time::Duration;

use bellwire_wire::{Timestamp, WorkspaceId};

use super::{
    CreateKey, Key, Rows, Workspace,
    audit::SYSTEM,
    commands::{insert_key, insert_workspace},
};
use crate::{Ctx, PageQuery, Stored, delivery, event};

/// How long a sandbox lives.
pub const SANDBOX_LIFE: Duration = Duration::from_hours(24);
/// So many are alive at once. Keeps I12.
pub const SANDBOXES_MAX: u32 = 1_000;
/// So many are made in a minute. Keeps I12.
pub const SANDBOXES_A_MINUTE: u32 = 20;
/// What a sandbox is called.
pub const SANDBOX_NAME: &str = "playground";

/// A workspace that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    /// Which.
    pub workspace_id: WorkspaceId,
    /// Since when.
    pub created_at: Timestamp,
    /// When it goes.
    pub expires_at: Timestamp,
}

/// What became of [`create_sandbox`].
#[expect(clippy::large_enum_variant, reason = "made once per request and taken apart at once")]
#[derive(Debug, Clone)]
pub enum CreatedSandbox {
    /// Made, with a key that ends when it does.
    Made(Workspace, Key),
    /// Too many were made in the last minute.
    TooFast,
    /// Too many are alive.
    TooMany,
}

/// Makes a sandbox with a key.
pub async fn create_sandbox<R>(rows: &mut R, ctx: &Ctx, key: CreateKey) -> Stored<CreatedSandbox>
where
    R: Rows + event::Log,
{
    let (alive, recent) = rows.sandboxes_counted(ctx.now.before(Duration::from_mins(1))).await?;
    if recent >= SANDBOXES_A_MINUTE {
        return Ok(CreatedSandbox::TooFast);
    }
    if alive >= SANDBOXES_MAX {
        return Ok(CreatedSandbox::TooMany);
    }
    let expires_at = ctx.now.after(SANDBOX_LIFE);
    let workspace = insert_workspace(rows, ctx, SYSTEM, SANDBOX_NAME).await?;
    let sandbox = Sandbox { workspace_id: workspace.id.clone(), created_at: ctx.now, expires_at };
    rows.sandbox_insert(&sandbox).await?;
    let key = CreateKey { expires_at: Some(expires_at), ..key };
    let key = insert_key(rows, ctx, SYSTEM, &workspace.id, key).await?;
    Ok(CreatedSandbox::Made(workspace, key))
}

/// Removes some of what a sandbox holds, at most `limit` rows; whether it is gone. Its endpoints go first, so that
/// nothing is sent any more.
pub async fn sweep_sandbox<R>(rows: &mut R, ctx: &Ctx, workspace: &WorkspaceId, limit: u32) -> Stored<bool>
where
    R: Rows + delivery::Rows,
{
    let endpoints = rows.endpoints(workspace, None, PageQuery { before: None, limit }).await?;
    if endpoints.items.is_empty() {
        return Ok(rows.sandbox_remove(workspace, limit).await? == 0);
    }
    for endpoint in endpoints.items {
        delivery::delete_endpoint(rows, ctx, &endpoint.at).await?;
    }
    Ok(false)
}
