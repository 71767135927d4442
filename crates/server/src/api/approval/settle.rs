//! Using what was approved, once; and taking a question back.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::{
    approval::{self, Approval, ApprovalStatus, Cancelled, Consumed, Digest, Rows as _},
    spend::Buyer,
};
use bellwire_wire::ApprovalId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    approval_id,
    view::{ApprovalView, message},
};
use crate::{
    api::{
        extract::{ApprovalsRequest, By, Json},
        form::text,
        problem::{Code, Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// What is about to be done.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConsumeForm)]
pub(super) struct ConsumeForm {
    /// SHA-256 of the RFC 8785 form of `{workspace, agent, action, parameters}` of what is about to be done.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    action_digest: Option<String>,
}

/// Use an approval, once, right before doing what was approved. Whatever is not answered with 200 must not be done.
#[utoipa::path(post, path = "/v1/approvals/{approval_id}/consume", operation_id = "consume_approval",
    tag = "approval", request_body = ConsumeForm,
    params(("approval_id" = String, Path)),
    responses((status = 200, body = ApprovalView), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn consume(
    State(app): State<Arc<App>>,
    by: By<ApprovalsRequest>,
    Path(id): Path<String>,
    body: Json<ConsumeForm>,
) -> Answer {
    let id = approval_id(&id)?;
    let (form, mut faults, _) = body.open();
    let digest = faults.need("action_digest", form.action_digest);
    let digest = digest.and_then(|text| faults.take("action_digest", text.parse::<Digest>()));
    let Some(digest) = digest.filter(|_| faults.is_empty()) else {
        // What is wrong is told to those who may know of what it is about.
        return known(&app, &by, &id).await.and(Err(faults.into()));
    };
    let (principal, office) = (Arc::clone(&by.principal), app.office.clone());
    // Not repeatable: a repetition is a second use.
    app.command("approval_consume", &by, None, move |tx, ctx| {
        let (principal, id, office) = (Arc::clone(&principal), id.clone(), office.clone());
        Box::pin(async move {
            Ok(match approval::consume::<Buyer, _>(tx, &ctx, &principal, &id, digest).await? {
                Consumed::Done(approval) => Ok(Reply::ok(&ApprovalView::new(&approval, office.callback_url(&id)))),
                Consumed::Unknown => Err(Problem::not_found("approval")),
                Consumed::NotApproved(approval) => Err(not_approved(&approval)),
                Consumed::Before(approval) => Err(about(
                    Problem::new(Code::AlreadyConsumed, "It was used before: an approval is used once."),
                    &approval,
                )),
                Consumed::Lapsed(approval) => Err(about(
                    Problem::new(Code::ApprovalLapsed, "It was approved too long ago. Ask again."),
                    &approval,
                )),
                Consumed::Mismatch(approval) => Err(about(
                    Problem::new(
                        Code::ApprovalMismatch,
                        "What is about to be done is not what was approved: the digests differ. Do not do it.",
                    ),
                    &approval,
                )),
            })
        })
    })
    .await
}

/// Whether this key may see an approval as the one who asked.
async fn known(app: &App, by: &By<ApprovalsRequest>, id: &ApprovalId) -> Result<(), Problem> {
    let (workspace, id) = (by.workspace().clone(), id.clone());
    let found = app
        .query("approval", move |tx| {
            let (workspace, id) = (workspace.clone(), id.clone());
            Box::pin(async move { tx.approval(&workspace, &id).await })
        })
        .await?;
    found.filter(|approval| approval.is_own(&by.principal)).map(drop).ok_or_else(|| Problem::not_found("approval"))
}

/// Why something that is not approved may not be done.
fn not_approved(approval: &Approval) -> Problem {
    let code = match approval.status {
        ApprovalStatus::Denied => Code::ApprovalDenied,
        ApprovalStatus::Expired => Code::ApprovalExpired,
        ApprovalStatus::Undeliverable => Code::ApprovalUndeliverable,
        ApprovalStatus::Cancelled => Code::ApprovalCancelled,
        ApprovalStatus::Pending | ApprovalStatus::Approved => Code::ApprovalPending,
    };
    about(Problem::new(code, message(approval.status)), approval)
}

fn about(problem: Problem, approval: &Approval) -> Problem {
    problem
        .member("approval_id", &approval.id)
        .member("approval_status", &approval.status.as_str())
        .member("reason", &approval.outcome.as_ref().and_then(|outcome| outcome.reason.as_deref()))
        .final_for_now()
}

/// Why a question is taken back.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CancelForm)]
pub(super) struct CancelForm {
    #[schema(max_length = 1024)]
    reason: Option<String>,
}

/// Take a question back. What was held for it is let go.
#[utoipa::path(post, path = "/v1/approvals/{approval_id}/cancel", operation_id = "cancel_approval",
    tag = "approval", request_body = CancelForm,
    params(("approval_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ApprovalView), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    by: By<ApprovalsRequest>,
    Path(id): Path<String>,
    body: Json<CancelForm>,
) -> Answer {
    let id = approval_id(&id)?;
    let (form, mut faults, idempotency) = body.open();
    let reason = text("reason", form.reason, 1..=1_024, &mut faults);
    let reason = match faults.or(reason) {
        Ok(reason) => reason,
        Err(faults) => return known(&app, &by, &id).await.and(Err(faults.into())),
    };
    let (principal, office) = (Arc::clone(&by.principal), app.office.clone());
    app.command("approval_cancel", &by, idempotency, move |tx, ctx| {
        let (principal, id, office, reason) = (Arc::clone(&principal), id.clone(), office.clone(), reason.clone());
        Box::pin(async move {
            Ok(match approval::cancel::<Buyer, _>(tx, &ctx, &principal, &id, reason).await? {
                Cancelled::Done(approval) => Ok(Reply::ok(&ApprovalView::new(&approval, office.callback_url(&id)))),
                Cancelled::Unknown => Err(Problem::not_found("approval")),
                Cancelled::Before(approval) => Err(about(
                    Problem::new(Code::AlreadyDecided, "The approval has ended: there is nothing to take back."),
                    &approval,
                )),
            })
        })
    })
    .await
}
