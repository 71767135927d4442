//! Using what was allowed, once; and taking a question back.
use bellwire_wire::ApprovalId;
use serde_json::json;

use super::{
    Asker, Asks,
    end::{end, expire},
};
use crate::{
    Ctx, Stored,
    approval::{Approval, ApprovalStatus, Digest, Outcome},
    workspace::{
        Principal,
        audit::{self, NewAudit},
    },
};

/// What became of the wish to use an approval.
#[derive(Debug, Clone, PartialEq)]
pub enum Consumed {
    /// It is used now.
    Done(Box<Approval>),
    /// There is no such approval, as far as the key may know.
    Unknown,
    /// It is not approved.
    NotApproved(Box<Approval>),
    /// It was used before.
    Before(Box<Approval>),
    /// It was approved too long ago.
    Lapsed(Box<Approval>),
    /// What would be done is not what was approved.
    Mismatch(Box<Approval>),
}

/// An approval of `by`'s own: an agent's key sees what that agent asked.
async fn own<R: Asks>(rows: &mut R, by: &Principal, id: &ApprovalId) -> Stored<Option<Box<Approval>>> {
    rows.decisions_stand();
    let found = rows.approval(by.workspace(), id).await?;
    Ok(found.filter(|approval| approval.is_own(by)).map(Box::new))
}

/// Uses an approval for what has this digest, once. What was bought was used by the decision itself.
pub async fn consume<A, R>(rows: &mut R, ctx: &Ctx, by: &Principal, id: &ApprovalId, digest: Digest) -> Stored<Consumed>
where
    A: Asker<R>,
    R: Asks,
{
    let Some(mut approval) = own(rows, by, id).await? else { return Ok(Consumed::Unknown) };
    if approval.is_overdue(ctx.now) {
        expire::<A, R>(rows, ctx, &mut approval).await?;
    }
    let Some((granted, used)) = approval
        .granted()
        .map(|granted| (granted.clone(), approval.outcome.as_ref().and_then(|outcome| outcome.consumed_at)))
    else {
        return Ok(Consumed::NotApproved(approval));
    };
    if granted.digest != digest {
        return Ok(Consumed::Mismatch(approval));
    }
    if used.is_some() {
        return Ok(Consumed::Before(approval));
    }
    if granted.not_after <= ctx.now {
        return Ok(Consumed::Lapsed(approval));
    }
    if let Some(outcome) = &mut approval.outcome {
        outcome.consumed_at = Some(ctx.now);
    }
    rows.approval_save(&approval).await?;
    let entry = NewAudit {
        actor: by.actor(),
        action: "approval.consume",
        subject: approval.id.to_string(),
        namespace: approval.namespace.clone(),
        detail: json!({"action_digest": digest}),
    };
    audit::record(rows, ctx, &approval.workspace_id, entry).await?;
    Ok(Consumed::Done(approval))
}

/// What became of the wish to take a question back.
#[derive(Debug, Clone, PartialEq)]
pub enum Cancelled {
    /// It is taken back.
    Done(Box<Approval>),
    /// There is no such approval, as far as the key may know.
    Unknown,
    /// It ended before.
    Before(Box<Approval>),
}

/// Takes a question back.
pub async fn cancel<A, R>(
    rows: &mut R,
    ctx: &Ctx,
    by: &Principal,
    id: &ApprovalId,
    reason: Option<String>,
) -> Stored<Cancelled>
where
    A: Asker<R>,
    R: Asks,
{
    let Some(mut approval) = own(rows, by, id).await? else { return Ok(Cancelled::Unknown) };
    if approval.is_overdue(ctx.now) {
        expire::<A, R>(rows, ctx, &mut approval).await?;
    }
    if approval.status != ApprovalStatus::Pending {
        return Ok(Cancelled::Before(approval));
    }
    let reason = reason.unwrap_or_else(|| "whoever asked took it back".into());
    let outcome =
        Outcome { at: ctx.now, reason: Some(reason), approvers: Vec::new(), granted: None, consumed_at: None };
    end::<A, R>(rows, ctx, &mut approval, ApprovalStatus::Cancelled, outcome, &by.actor()).await?;
    Ok(Cancelled::Done(approval))
}
