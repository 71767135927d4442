//! Asking.
use bellwire_wire::{ApprovalId, EndpointId, EventId, Namespace, WorkspaceId};
use serde_json::json;

use super::{Asker, Asks, Office, end::end};
use crate::{
    Ctx, Stored,
    approval::{
        Addressee, Approval, ApprovalStatus, Channel, Digest, Outcome, Post, PostState, Question, Saying, Terms,
        events::RequestedData,
    },
    delivery::Audience,
    event::{self, NewEvent},
    workspace::audit::{self, NewAudit},
};

/// A question to be asked.
#[derive(Debug, Clone)]
pub struct NewApproval {
    /// Its id.
    pub id: ApprovalId,
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Which customer's.
    pub namespace: Option<Namespace>,
    /// What is asked.
    pub question: Question,
    /// How.
    pub terms: Terms,
    /// The request that asks, byte for byte.
    pub request_body: String,
}

/// Questions of a workspace that may wait at once: more than people can answer, and what is looked through again
/// and again stays small. Keeps I12.
pub const OPEN_MAX: u32 = 1_000;

/// Whether a workspace may ask one more question.
pub async fn may_ask<R: Asks>(rows: &mut R, workspace: &WorkspaceId) -> Stored<bool> {
    rows.decisions_stand();
    Ok(rows.approvals_pending(workspace, None, None, OPEN_MAX).await? < OPEN_MAX)
}

/// Asks: the event, its deliveries and posts commit with the approval (keeps I1). If there is nobody to ask, it
/// ends at once, as undeliverable. Whether it may be asked was seen before ([`may_ask`]).
pub async fn ask<A, R>(rows: &mut R, ctx: &Ctx, office: &Office, new: NewApproval) -> Stored<Approval>
where
    A: Asker<R>,
    R: Asks,
{
    rows.decisions_stand();
    let mut approval = approval(rows, ctx, new.id, new.workspace_id, new.namespace, new.question, &new.terms);
    approval.request_body = new.request_body;
    let data = RequestedData::new(&approval, office.callback_url(&approval.id));
    let namespace = approval.namespace.as_ref();
    let mut event = NewEvent::built_in(&approval.workspace_id, "approval.requested", namespace, &data);
    event.id = Some(approval.event_id.clone());
    let told = event::append_for(rows, ctx, event, &audience(new.terms.channels.as_deref())).await?;
    let asked = |channel| new.terms.channels.as_ref().is_none_or(|channels| channels.contains(&channel));
    let mut channels = Vec::new();
    if told.deliveries > 0 {
        // Exactly these were asked, and may answer: whoever hears of it later, by a replay, was not.
        let deliveries = rows.deliveries_of(&approval.workspace_id, &approval.event_id).await?;
        channels.extend(deliveries.into_iter().map(|delivery| Channel::Endpoint(delivery.at.endpoint_id)));
    }
    for (to, channel) in [(Addressee::Slack, Channel::Slack), (Addressee::PagerDuty, Channel::PagerDuty)] {
        if asked(channel.clone()) && office.has(&approval.workspace_id, to) {
            channels.push(channel);
            let post = Post {
                seq: rows.approval_seq(ctx),
                workspace_id: approval.workspace_id.clone(),
                approval_id: approval.id.clone(),
                to,
                saying: Saying::Requested,
                attempts: 0,
                state: PostState::Open(ctx.now),
                before: None,
            };
            rows.post_insert(&post).await?;
        }
    }
    // Whoever has the console open sees everything; it counts as asked only when it was named.
    if new.terms.channels.as_ref().is_some_and(|named| named.contains(&Channel::Console)) {
        channels.push(Channel::Console);
    }
    approval.channels = channels;
    rows.approval_insert(&approval).await?;
    record(rows, ctx, &approval, told.deliveries).await?;
    if approval.channels.is_empty() {
        let outcome = Outcome {
            at: ctx.now,
            reason: Some("nobody is there to be asked: no endpoint is subscribed, and no channel is set up".into()),
            approvers: Vec::new(),
            granted: None,
            consumed_at: None,
        };
        end::<A, R>(rows, ctx, &mut approval, ApprovalStatus::Undeliverable, outcome, audit::SYSTEM).await?;
    }
    Ok(approval)
}

fn approval<R: Asks>(
    rows: &mut R,
    ctx: &Ctx,
    id: ApprovalId,
    workspace_id: WorkspaceId,
    namespace: Option<Namespace>,
    question: Question,
    terms: &Terms,
) -> Approval {
    let digest = Digest::of(&workspace_id, question.agent_id.as_deref(), &question.action, &question.parameters);
    Approval {
        seq: rows.approval_seq(ctx),
        id,
        workspace_id,
        namespace,
        status: ApprovalStatus::Pending,
        question,
        digest,
        approvers: terms.approvers.clone(),
        quorum: terms.quorum,
        channels: Vec::new(),
        event_id: EventId::from_ulid(ctx.mint.ulid()),
        created_at: ctx.now,
        expires_at: ctx.now.after(terms.timeout),
        outcome: None,
        request_body: String::new(),
    }
}

/// Which endpoints are asked: those named, or all that are subscribed.
fn audience(channels: Option<&[Channel]>) -> Audience {
    match channels {
        None => Audience::All,
        Some(channels) if channels.contains(&Channel::Webhook) => Audience::All,
        Some(channels) => Audience::Only(
            channels
                .iter()
                .filter_map(|channel| match channel {
                    Channel::Endpoint(id) => Some(id.clone()),
                    _ => None,
                })
                .collect::<Vec<EndpointId>>(),
        ),
    }
}

async fn record<R: Asks>(rows: &mut R, ctx: &Ctx, approval: &Approval, endpoints: u32) -> Stored<()> {
    let question = &approval.question;
    let policy = question.policy.as_ref();
    let channels: Vec<String> = approval.channels.iter().map(ToString::to_string).collect();
    let entry = NewAudit {
        actor: question.requested_by.clone(),
        action: "approval.request",
        subject: approval.id.to_string(),
        namespace: approval.namespace.clone(),
        detail: json!({
            "title": question.title,
            "action": question.action,
            "action_digest": approval.digest,
            "agent_id": question.agent_id,
            "about": question.subject,
            "amount_usd": approval.amount().map(|amount| amount.to_string()),
            "vendor": question.transaction.as_ref().map(|transaction| &transaction.vendor),
            "policy_id": policy.map(|policy| &policy.policy_id),
            "policy_version": policy.map(|policy| policy.policy_version),
            "rule": policy.map(|policy| &policy.rule),
            "quorum": approval.quorum,
            "approvers": approval.approvers,
            "channels": channels,
            "endpoints": endpoints,
            "expires_at": approval.expires_at,
            "request_body": approval.request_body,
        }),
    };
    audit::record(rows, ctx, &approval.workspace_id, entry).await
}
