//! How approvals end: once, whatever comes first.
use bellwire_wire::{ApprovalId, WorkspaceId};
use serde_json::json;

use super::{Asker, Asks};
use crate::{
    Ctx, Stored,
    approval::{Addressee, Approval, ApprovalStatus, Outcome, Post, PostState, Saying, events::DecidedData},
    event::{self, NewEvent},
    workspace::audit::{self, NewAudit},
};

/// Ends a pending approval: the asker acts, the event is told, and what was posted is taken back, in one
/// transaction. Keeps I1, I4.
pub(super) async fn end<A, R>(
    rows: &mut R,
    ctx: &Ctx,
    approval: &mut Approval,
    status: ApprovalStatus,
    outcome: Outcome,
    actor: &str,
) -> Stored<()>
where
    A: Asker<R>,
    R: Asks,
{
    approval.status = status;
    approval.outcome = Some(outcome);
    rows.approval_save(approval).await?;
    A::answered(rows, ctx, approval).await?;
    let data = DecidedData::new(approval);
    let namespace = approval.namespace.as_ref();
    let event = NewEvent::built_in(&approval.workspace_id, "approval.decided", namespace, &data);
    let told = event::append(rows, ctx, event).await?;
    posts(rows, ctx, approval, told.event.id.as_str()).await?;
    record(rows, ctx, approval, actor).await
}

/// What was posted is changed, what was not yet posted is not posted any more, and the asker is told.
async fn posts<R: Asks>(rows: &mut R, ctx: &Ctx, approval: &Approval, event_id: &str) -> Stored<()> {
    let before = rows.posts(&approval.id).await?;
    rows.posts_close(&approval.id).await?;
    for post in before {
        match post.state {
            PostState::Done(reference) => follow(rows, ctx, approval, post.to, reference).await?,
            // It may have been taken though we did not hear so, and it is known by the approval's id: an alert that
            // nobody resolves is worse than one that is resolved in vain.
            _ if post.to == Addressee::PagerDuty => follow(rows, ctx, approval, post.to, None).await?,
            _ => {}
        }
    }
    if approval.question.callback_url.is_some() {
        follow(rows, ctx, approval, Addressee::Callback, Some(event_id.to_owned())).await?;
    }
    Ok(())
}

/// Says how an approval ended to whom it was said that somebody asks.
pub(super) async fn follow<R: Asks>(
    rows: &mut R,
    ctx: &Ctx,
    approval: &Approval,
    to: Addressee,
    before: Option<String>,
) -> Stored<()> {
    let post = Post {
        seq: rows.approval_seq(ctx),
        workspace_id: approval.workspace_id.clone(),
        approval_id: approval.id.clone(),
        to,
        saying: Saying::Decided,
        attempts: 0,
        state: PostState::Open(ctx.now),
        before,
    };
    rows.post_insert(&post).await
}

async fn record<R: Asks>(rows: &mut R, ctx: &Ctx, approval: &Approval, actor: &str) -> Stored<()> {
    let (outcome, granted) = (approval.outcome.as_ref(), approval.granted());
    let entry = NewAudit {
        actor: actor.to_owned(),
        action: match approval.status {
            ApprovalStatus::Approved => "approval.approve",
            ApprovalStatus::Denied => "approval.deny",
            ApprovalStatus::Expired => "approval.expire",
            ApprovalStatus::Cancelled => "approval.cancel",
            ApprovalStatus::Undeliverable | ApprovalStatus::Pending => "approval.undeliverable",
        },
        subject: approval.id.to_string(),
        namespace: approval.namespace.clone(),
        detail: json!({
            "status": approval.status.as_str(),
            "reason": outcome.and_then(|outcome| outcome.reason.as_deref()),
            "approvers": outcome.map(|outcome| &outcome.approvers),
            "action_digest": approval.digest,
            "approved_digest": granted.map(|granted| granted.digest),
            "approved_usd": granted.and_then(|granted| granted.amount_usd).map(|amount| amount.to_string()),
            "receipt": granted.map(|granted| &granted.receipt),
        }),
    };
    audit::record(rows, ctx, &approval.workspace_id, entry).await
}

/// An end that nobody decided.
fn by_itself(ctx: &Ctx, reason: &str) -> Outcome {
    Outcome { at: ctx.now, reason: Some(reason.to_owned()), approvers: Vec::new(), granted: None, consumed_at: None }
}

/// Ends an approval whose time is up.
pub(super) async fn expire<A, R>(rows: &mut R, ctx: &Ctx, approval: &mut Approval) -> Stored<()>
where
    A: Asker<R>,
    R: Asks,
{
    let outcome = by_itself(ctx, "nobody answered in time; silence is not consent");
    end::<A, R>(rows, ctx, approval, ApprovalStatus::Expired, outcome, audit::SYSTEM).await
}

/// Ends an approval, if its time is up or nobody could be asked; whether it did.
pub async fn end_due<A, R>(rows: &mut R, ctx: &Ctx, workspace: &WorkspaceId, id: &ApprovalId) -> Stored<bool>
where
    A: Asker<R>,
    R: Asks,
{
    rows.decisions_stand();
    let found = rows.approval(workspace, id).await?;
    let Some(mut approval) = found.filter(|found| found.status == ApprovalStatus::Pending) else { return Ok(false) };
    if approval.is_overdue(ctx.now) {
        expire::<A, R>(rows, ctx, &mut approval).await?;
        return Ok(true);
    }
    if !rows.approval_unheard(workspace, id).await? {
        return Ok(false);
    }
    let outcome = by_itself(ctx, "nobody could be asked: every channel failed, the first time and five times more");
    end::<A, R>(rows, ctx, &mut approval, ApprovalStatus::Undeliverable, outcome, audit::SYSTEM).await?;
    Ok(true)
}
