//! What came of saying something to a system that is no endpoint.
use bellwire_wire::Timestamp;
use serde_json::json;

use super::{Asks, end::follow};
use crate::{
    Ctx, Stored,
    approval::{ApprovalStatus, Post, PostState, Saying},
    workspace::audit::{self, NewAudit},
};

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What the addressee calls it; or why it was not said, and whether no time mends that.
    pub result: Result<Option<String>, (String, bool)>,
    /// The status of the answer, if there was one.
    pub status_code: Option<u16>,
}

/// Writes what came of an attempt at a post that was taken until `taken`, in the audit log too. What was
/// said of an approval that ended meanwhile is changed at once.
pub async fn settle_post<R: Asks>(rows: &mut R, ctx: &Ctx, mut post: Post, taken: Timestamp, said: Said) -> Stored<()> {
    rows.decisions_stand();
    let (state, error) = match said.result {
        Ok(reference) => (PostState::Done(reference), None),
        Err((why, lasting)) => (post.after_failure(ctx.now, lasting), Some(why)),
    };
    post.attempts = post.attempts.saturating_add(1);
    if !rows.post_settle(&post, taken, state.clone()).await? {
        return Ok(());
    }
    let Some(approval) = rows.approval(&post.workspace_id, &post.approval_id).await? else { return Ok(()) };
    let result = match &state {
        PostState::Done(_) => "success",
        PostState::Open(_) => "retry",
        PostState::Failed | PostState::Closed => "failed",
    };
    let entry = NewAudit {
        actor: audit::SYSTEM.into(),
        action: "approval.attempt",
        subject: approval.id.to_string(),
        namespace: approval.namespace.clone(),
        detail: json!({
            "channel": post.to.as_str(),
            "saying": post.saying.as_str(),
            "attempt": post.attempts,
            "status_code": said.status_code,
            "result": result,
            "error": error,
        }),
    };
    audit::record(rows, ctx, &approval.workspace_id, entry).await?;
    let ended = approval.status != ApprovalStatus::Pending;
    match state {
        PostState::Done(reference) if ended && post.saying == Saying::Requested => {
            follow(rows, ctx, &approval, post.to, reference).await
        }
        _ => Ok(()),
    }
}
