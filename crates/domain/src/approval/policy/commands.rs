//! Policies made, changed and deleted: look, decide, write, append the event.
use std::sync::Arc;

use bellwire_wire::{Namespace, PolicyId};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Content, Otherwise, Policy, Rows, Rules};
use crate::{
    Ctx, Stored,
    event::{self, NewEvent},
    workspace::{
        self, Principal,
        audit::{self, NewAudit},
    },
};

/// Policies that a workspace may have. Keeps I12.
pub const POLICIES_MAX: u32 = 1_000;

/// What became of [`create_policy`].
#[derive(Debug, Clone)]
pub enum CreatedPolicy {
    /// Made.
    Made(Policy),
    /// There are as many as there may be.
    TooMany,
    /// This agent or namespace has as many policies as it may have.
    Crowded(String),
    /// It is attached to a namespace that is not its own.
    OtherNamespace,
}

/// Makes a policy and tells with `policy.created`.
pub async fn create_policy<R>(
    rows: &mut R,
    ctx: &Ctx,
    by: &Principal,
    namespace: Option<Namespace>,
    content: Content,
) -> Stored<CreatedPolicy>
where
    R: Rows + event::Log + workspace::Rows,
{
    if !inside(namespace.as_ref(), &content) {
        return Ok(CreatedPolicy::OtherNamespace);
    }
    let seq = rows.policy_seq(ctx);
    if rows.policy_count(by.workspace()).await? >= i64::from(POLICIES_MAX) {
        return Ok(CreatedPolicy::TooMany);
    }
    let in_force = rows.policies_in_force(by.workspace()).await?;
    if let Some(crowded) = in_force.crowded(None, &content) {
        return Ok(CreatedPolicy::Crowded(crowded));
    }
    let policy = Policy {
        seq,
        id: PolicyId::from_ulid(ctx.mint.ulid()),
        workspace_id: by.workspace().clone(),
        namespace,
        version: 1,
        content: Arc::new(content),
        created_at: ctx.now,
        updated_at: ctx.now,
        updated_by: by.actor(),
    };
    touch(rows, ctx, &policy).await?;
    rows.policy_put(&policy).await?;
    note(rows, ctx, by, &policy, "policy.create", shown(&policy)).await?;
    tell(rows, ctx, &policy, "policy.created", None).await?;
    Ok(CreatedPolicy::Made(policy))
}

/// What is to change of a policy; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct UpdatePolicy {
    /// What people call it.
    pub name: Option<String>,
    /// Its rules, all of them.
    pub rules: Option<Rules>,
    /// What it says of what no rule speaks of.
    pub otherwise: Option<Otherwise>,
    /// The agents that it is attached to, all of them.
    pub agents: Option<Vec<String>>,
    /// The namespaces that it is attached to, all of them.
    pub namespaces: Option<Vec<Namespace>>,
}

/// What became of [`update_policy`].
#[derive(Debug, Clone)]
pub enum UpdatedPolicy {
    /// How it is now.
    Done(Policy),
    /// There is no such policy, as far as the key may know.
    Unknown,
    /// This agent or namespace has as many policies as it may have.
    Crowded(String),
    /// It would be attached to a namespace that is not its own.
    OtherNamespace,
}

/// Changes a policy: a new version, told with `policy.updated`. If nothing is other than before, there is none.
pub async fn update_policy<R>(
    rows: &mut R,
    ctx: &Ctx,
    by: &Principal,
    id: &PolicyId,
    change: UpdatePolicy,
) -> Stored<UpdatedPolicy>
where
    R: Rows + event::Log + workspace::Rows,
{
    rows.policies_stand();
    let found = rows.policy(by.workspace(), id).await?.filter(|policy| by.sees(policy.namespace.as_ref()));
    let Some(before) = found else { return Ok(UpdatedPolicy::Unknown) };
    let was = &*before.content;
    let content = Content {
        name: change.name.unwrap_or_else(|| was.name.clone()),
        rules: change.rules.unwrap_or_else(|| was.rules.clone()),
        otherwise: change.otherwise.unwrap_or(was.otherwise),
        agents: change.agents.unwrap_or_else(|| was.agents.clone()),
        namespaces: change.namespaces.unwrap_or_else(|| was.namespaces.clone()),
    };
    if !inside(before.namespace.as_ref(), &content) {
        return Ok(UpdatedPolicy::OtherNamespace);
    }
    if content == *was {
        return Ok(UpdatedPolicy::Done(before));
    }
    let in_force = rows.policies_in_force(by.workspace()).await?;
    if let Some(crowded) = in_force.crowded(Some(was), &content) {
        return Ok(UpdatedPolicy::Crowded(crowded));
    }
    let policy = Policy {
        version: before.version.saturating_add(1),
        content: Arc::new(content),
        updated_at: ctx.now,
        updated_by: by.actor(),
        ..before.clone()
    };
    touch(rows, ctx, &policy).await?;
    rows.policy_put(&policy).await?;
    let detail = json!({"before": shown(&before), "after": shown(&policy)});
    note(rows, ctx, by, &policy, "policy.update", detail).await?;
    tell(rows, ctx, &policy, "policy.updated", Some(before.version)).await?;
    Ok(UpdatedPolicy::Done(policy))
}

/// What became of [`delete_policy`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeletedPolicy {
    /// It is gone, but for its versions.
    Done,
    /// There is no such policy, as far as the key may know.
    Unknown,
    /// It is attached to this still.
    Attached(String),
}

/// Deletes a policy that nothing is attached to.
pub async fn delete_policy<R>(rows: &mut R, ctx: &Ctx, by: &Principal, id: &PolicyId) -> Stored<DeletedPolicy>
where
    R: Rows + event::Log + workspace::Rows,
{
    rows.policies_stand();
    let found = rows.policy(by.workspace(), id).await?.filter(|policy| by.sees(policy.namespace.as_ref()));
    let Some(policy) = found else { return Ok(DeletedPolicy::Unknown) };
    let content = &policy.content;
    let agent = content.agents.first().map(|agent| format!("the agent `{agent}`"));
    let namespace = content.namespaces.first().map(|namespace| format!("the namespace `{namespace}`"));
    let attached = match agent.or(namespace) {
        None => rows.policy_named_by(by.workspace(), id).await?,
        attached => attached,
    };
    if let Some(attached) = attached {
        return Ok(DeletedPolicy::Attached(attached));
    }
    rows.policy_delete(by.workspace(), id, ctx.now).await?;
    note(rows, ctx, by, &policy, "policy.delete", shown(&policy)).await?;
    Ok(DeletedPolicy::Done)
}

/// Whether a policy of a namespace is attached to no other.
fn inside(namespace: Option<&Namespace>, content: &Content) -> bool {
    namespace.is_none_or(|own| content.namespaces.iter().all(|attached| attached == own))
}

/// Namespaces come into being when they are named.
async fn touch<R: workspace::Rows>(rows: &mut R, ctx: &Ctx, policy: &Policy) -> Stored<()> {
    for namespace in policy.namespace.iter().chain(&policy.content.namespaces) {
        rows.namespace_touch(&policy.workspace_id, namespace, ctx.now).await?;
    }
    Ok(())
}

/// What people set, for the audit log: amounts as texts, exactly.
fn shown(policy: &Policy) -> Value {
    let content = &policy.content;
    json!({
        "version": policy.version,
        "name": content.name,
        "rules": content.rules.exact(),
        "default": content.otherwise.as_str(),
        "agents": content.agents,
        "namespaces": content.namespaces,
    })
}

async fn note<R: audit::Rows>(
    rows: &mut R,
    ctx: &Ctx,
    by: &Principal,
    policy: &Policy,
    action: &'static str,
    detail: Value,
) -> Stored<()> {
    let entry = NewAudit {
        actor: by.actor(),
        action,
        subject: policy.id.to_string(),
        namespace: policy.namespace.clone(),
        detail,
    };
    audit::record(rows, ctx, by.workspace(), entry).await
}

/// `policy.created` and `policy.updated`.
#[derive(Serialize)]
struct PolicyData<'a> {
    policy_id: &'a str,
    name: &'a str,
    policy_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_version: Option<u32>,
}

async fn tell<R: event::Log>(
    rows: &mut R,
    ctx: &Ctx,
    policy: &Policy,
    kind: &str,
    previous_version: Option<u32>,
) -> Stored<()> {
    let data = PolicyData {
        policy_id: policy.id.as_str(),
        name: &policy.content.name,
        policy_version: policy.version,
        previous_version,
    };
    let new = NewEvent::built_in(&policy.workspace_id, kind, policy.namespace.as_ref(), &data);
    event::append(rows, ctx, new).await.map(drop)
}
