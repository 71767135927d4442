//! The audit log: who did what to what, in one chain per workspace (spec approvals, "Audit log").
//!
//! Who takes part: a command that decides something, or changes who may do what, calls [`record`] in
//! its own transaction (keeps I1), with a [`NewAudit`]; it becomes an [`AuditEntry`], numbered from 1
//! without gaps and tied to the one before it by its hash. [`Chain`] checks entries that came from
//! elsewhere, without a store.
//!
//! How rows move: they are inserted, and nothing else. No entry is ever changed or removed, not even
//! with the namespace it is about.
mod chain;
#[cfg(test)]
mod tests;
mod verify;

use std::future::Future;

use bellwire_wire::{Namespace, RequestId, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use chain::{Hash, genesis};
pub use verify::{Broken, Chain};

use crate::{Ctx, Page, PageQuery, Stored};

/// The actor of what the server does of itself.
pub const SYSTEM: &str = "system";

/// Something that was done, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// Whose chain.
    pub workspace_id: WorkspaceId,
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// When, to the millisecond, so that what is shown is what was hashed.
    pub at: Timestamp,
    /// Who: `person:…`, `key:…`, `slack:…` or [`SYSTEM`].
    pub actor: String,
    /// What was done, such as `wallet.update`.
    pub action: String,
    /// To what, such as a wallet's id.
    pub subject: String,
    /// The namespace of what it was done to.
    pub namespace: Option<Namespace>,
    /// Before and after, a reason, or whatever explains it; `via` if it was done in the console. Never a secret;
    /// no fractions.
    pub detail: Map<String, Value>,
    /// The request that caused it.
    pub request_id: Option<RequestId>,
    /// The hash of the entry before, or of the beginning.
    #[serde(with = "chain::lower_hex")]
    pub prev_hash: Hash,
    /// What ties this entry to all before it.
    #[serde(with = "chain::lower_hex")]
    pub hash: Hash,
}

/// Something that is being done.
#[derive(Debug, Clone)]
pub struct NewAudit {
    /// Who: [`super::Actor::actor`], or [`SYSTEM`].
    pub actor: String,
    /// What is done, such as `wallet.update`: a noun and an imperative.
    pub action: &'static str,
    /// To what.
    pub subject: String,
    /// The namespace of what it is done to.
    pub namespace: Option<Namespace>,
    /// A JSON object; anything else is kept as `{"value": …}`. Never a secret. Money is a string; a
    /// number that not every language reads alike becomes one.
    pub detail: Value,
}

/// Where a chain ends at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last entry's number; 0 if there is none.
    pub seq: i64,
    /// Its hash, or that of the beginning.
    pub hash: Hash,
}

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of this namespace.
    pub namespace: Option<Namespace>,
    /// Of this action.
    pub action: Option<String>,
    /// About this subject.
    pub subject: Option<String>,
    /// By this actor.
    pub actor: Option<String>,
    /// After this time.
    pub since: Option<Timestamp>,
    /// Not after this time.
    pub until: Option<Timestamp>,
}

/// Rows of the audit log.
pub trait Rows: Send {
    /// Where the chain ends. It ends there until the transaction does: no other command appends
    /// meanwhile.
    fn audit_head(&mut self, workspace: &WorkspaceId) -> impl Future<Output = Stored<Option<Head>>> + Send;
    /// Appends an entry.
    fn audit_insert(&mut self, entry: &AuditEntry) -> impl Future<Output = Stored<()>> + Send;
    /// The number of the last entry, to read up to; 0 if there is none.
    fn audit_newest(&mut self, workspace: &WorkspaceId) -> impl Future<Output = Stored<i64>> + Send;
    /// A page of entries, newest first.
    fn audit_page(
        &mut self,
        workspace: &WorkspaceId,
        filter: &AuditFilter,
        page: PageQuery,
    ) -> impl Future<Output = Stored<Page<AuditEntry>>> + Send;
    /// At most `limit` entries after one number and up to another, oldest first.
    fn audit_between(
        &mut self,
        workspace: &WorkspaceId,
        filter: &AuditFilter,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<AuditEntry>>> + Send;
}

/// Appends to the workspace's chain, in the transaction of what it is about. Keeps I1 and I7.
pub async fn record<R: Rows>(rows: &mut R, ctx: &Ctx, workspace: &WorkspaceId, new: NewAudit) -> Stored<()> {
    let head = rows.audit_head(workspace).await?;
    let entry = AuditEntry::following(head, ctx, workspace, new);
    rows.audit_insert(&entry).await
}

impl AuditEntry {
    /// The entry that follows where the chain ends.
    fn following(head: Option<Head>, ctx: &Ctx, workspace: &WorkspaceId, new: NewAudit) -> Self {
        let head = head.unwrap_or_else(|| Head { seq: 0, hash: genesis(workspace) });
        let mut entry = Self {
            workspace_id: workspace.clone(),
            seq: head.seq.saturating_add(1),
            at: Timestamp::from_micros(ctx.now.millis().saturating_mul(1_000)),
            actor: storable(new.actor),
            action: new.action.to_owned(),
            subject: storable(new.subject),
            namespace: new.namespace,
            detail: object(new.detail, ctx.origin.via),
            request_id: ctx.origin.request_id.clone(),
            prev_hash: head.hash,
            hash: Hash::default(),
        };
        entry.hash = entry.expected_hash();
        entry
    }
}

/// PostgreSQL keeps no NUL in a text: what is hashed is what will be read again.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

fn object(detail: Value, via: Option<&str>) -> Map<String, Value> {
    let mut detail = match plain(detail) {
        Value::Object(detail) => detail,
        Value::Null => Map::new(),
        other => Map::from_iter([("value".to_owned(), other)]),
    };
    if let Some(via) = via {
        detail.insert("via".to_owned(), via.into());
    }
    detail
}

/// The same with every number that is not a safe integer as a string: a fraction, or one that a
/// language without whole numbers would round, hashes differently elsewhere.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) if !chain::is_safe(&number) => Value::String(number.to_string()),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        other => other,
    }
}
