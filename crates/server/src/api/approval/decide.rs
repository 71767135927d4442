//! Deciding.
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Request, State};
use bellwire_domain::{
    Ctx, Faults, Origin, StoreError,
    approval::{self, Approval, ApprovalStatus, Approver, Decided, Decision, NotAllowed, Verdict},
    spend::Buyer,
    workspace::Permission,
};
use bellwire_wire::ApprovalId;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{approval_id, signed, view::ApprovalView};
use crate::{
    api::{
        body::{BODY_BYTES_MAX, read_body},
        extract::{AnyKey, By, lacks, parse},
        form::text,
        money::Money,
        problem::{Code, Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 2_000;

/// A decision.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecisionForm)]
pub(super) struct DecisionForm {
    /// `approve` or `deny`.
    #[schema(value_type = String, example = "approve")]
    decision: Option<String>,
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Option<String>,
    /// A note, not an identity.
    #[schema(max_length = 256)]
    approver: Option<String>,
    /// Needed if the body is signed instead of sent with a key: a signature fits one approval only.
    approval_id: Option<String>,
    /// Allow at most so much: what was asked for or less.
    #[serde(default)]
    #[schema(value_type = Option<Money>)]
    amount_usd: Money,
    /// Allow these details instead: the same, whole numbers lowered or elements left out.
    #[schema(value_type = Option<Object>)]
    details: Option<Map<String, Value>>,
}

/// What a body says.
enum Said {
    Decision(Box<Decision>),
    /// It cannot be understood: that is a no.
    Ambiguous(String),
    /// It is understood, and not possible: nothing changes.
    Wrong(Faults),
}

fn read(body: &[u8], id: &ApprovalId) -> Said {
    let Ok((form, mut faults)) = parse::<DecisionForm>(body) else {
        return Said::Ambiguous("the body is not a JSON object".into());
    };
    // Said twice, or as something that is no text.
    let unclear =
        faults.clone().into_vec().into_iter().find(|fault| ["decision", "reason", "body"].contains(&&*fault.field));
    if let Some(fault) = unclear {
        return Said::Ambiguous(format!("`{}` {}", fault.field, fault.detail));
    }
    let verdict = match form.decision.as_deref() {
        Some("approve") => true,
        Some("deny") => false,
        _ => return Said::Ambiguous("`decision` must be approve or deny, once".into()),
    };
    let Some(reason) = form.reason.filter(|reason| !reason.trim().is_empty()) else {
        return Said::Ambiguous("`reason` must say why".into());
    };
    if form.approval_id.is_some_and(|said| said != id.as_str()) {
        return Said::Ambiguous("`approval_id` is another approval's".into());
    }
    let reason = text("reason", Some(reason), 1..=REASON_CHARS_MAX, &mut faults);
    let note = text("approver", form.approver, 1..=256, &mut faults);
    let amount = form.amount_usd.take_or_none("amount_usd", &mut faults);
    if !verdict {
        faults.check(amount.is_none() && form.details.is_none(), "decision", "a no has no amount and no details");
    }
    match (reason, faults.is_empty()) {
        (Some(reason), true) => {
            let verdict = if verdict { Verdict::Approve { amount, parameters: form.details } } else { Verdict::Deny };
            Said::Decision(Box::new(Decision { verdict, reason, note }))
        }
        _ => Said::Wrong(faults),
    }
}

/// Who decides: a key with the permission, or an endpoint that was asked and signed.
async fn approver(
    app: &Arc<App>,
    id: Option<&ApprovalId>,
    parts: &mut http::request::Parts,
    body: &[u8],
) -> Result<Approver, Problem> {
    let headers = &parts.headers;
    let has_key = headers.contains_key(http::header::AUTHORIZATION) || headers.contains_key("x-api-key");
    if !has_key
        && headers.contains_key("webhook-signature")
        && let Some(id) = id
    {
        return signed::approver(app, id, headers, body).await;
    }
    let by = By::<AnyKey>::from_request_parts(parts, app).await?;
    if !by.principal.may(Permission::ApprovalsDecide) {
        return Err(lacks(&[Permission::ApprovalsDecide]));
    }
    Ok(Approver::from(&*by.principal))
}

/// Decide. The first decision counts; the same again is answered alike. What cannot be understood denies.
#[utoipa::path(post, path = "/v1/approvals/{approval_id}", operation_id = "decide_approval",
    tag = "approval", request_body = DecisionForm,
    params(("approval_id" = String, Path), ("webhook-id" = Option<String>, Header),
        ("webhook-timestamp" = Option<String>, Header), ("webhook-signature" = Option<String>, Header)),
    responses((status = 200, body = ApprovalView), (status = 401, body = ProblemBody),
        (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn decide(State(app): State<Arc<App>>, Path(id): Path<String>, request: Request) -> Answer {
    let id = approval_id(&id);
    let (mut parts, body) = request.into_parts();
    let body = read_body(Request::from_parts(head(&parts), body), BODY_BYTES_MAX, &app.stopping).await?;
    let by = approver(&app, id.as_ref().ok(), &mut parts, &body).await?;
    // It says by now whether this comes from the console.
    let origin = parts.extensions.get::<Origin>().cloned().unwrap_or_default();
    let id = id?;
    let said = match read(&body, &id) {
        Said::Wrong(faults) => return Err(faults.into()),
        said => said,
    };
    if !app.store.has_room() {
        return Err(StoreError::Full.into());
    }
    let ctx = app.ctx(origin);
    match said {
        Said::Decision(decision) => {
            let decided = record(&app, ctx, by, id, *decision).await?;
            answer(&app, decided, None)
        }
        Said::Ambiguous(problem) => {
            let raw = String::from_utf8_lossy(&body).into_owned();
            let decided = deny(&app, ctx, by, id, raw, problem.clone()).await?;
            answer(&app, decided, Some(&problem))
        }
        Said::Wrong(faults) => Err(faults.into()),
    }
}

/// The head of a request, for reading its body.
fn head(parts: &http::request::Parts) -> http::request::Parts {
    let mut copy = Request::new(()).into_parts().0;
    copy.method = parts.method.clone();
    copy.headers = parts.headers.clone();
    copy.version = parts.version;
    copy
}

async fn record(app: &App, ctx: Ctx, by: Approver, id: ApprovalId, decision: Decision) -> Result<Decided, StoreError> {
    let office = app.office.clone();
    app.store
        .transact("approval_decide", move |tx| {
            let (ctx, office, by, id, decision) =
                (ctx.clone(), office.clone(), by.clone(), id.clone(), decision.clone());
            Box::pin(async move { approval::decide::<Buyer, _>(tx, &ctx, &office, &by, &id, decision).await })
        })
        .await
}

async fn deny(
    app: &App,
    ctx: Ctx,
    by: Approver,
    id: ApprovalId,
    raw: String,
    problem: String,
) -> Result<Decided, StoreError> {
    app.store
        .transact("approval_ambiguous", move |tx| {
            let (ctx, by, id, raw, problem) = (ctx.clone(), by.clone(), id.clone(), raw.clone(), problem.clone());
            Box::pin(async move { approval::deny_ambiguous::<Buyer, _>(tx, &ctx, &by, &id, &raw, &problem).await })
        })
        .await
}

/// What became of a decision, answered; `ambiguous` says what could not be understood of it.
fn answer(app: &App, decided: Decided, ambiguous: Option<&str>) -> Answer {
    match (decided, ambiguous) {
        (Decided::Counted(approval, _), Some(problem)) => Err(Problem::new(
            Code::AmbiguousDecision,
            format!("{problem}. What cannot be understood is a no: the approval is denied."),
        )
        .member("approval_id", &approval.id)
        .member("approval_status", &approval.status.as_str())),
        (Decided::Counted(approval, _) | Decided::Same(approval), _) => {
            Ok(Reply::ok(&ApprovalView::new(&approval, app.office.callback_url(&approval.id))))
        }
        (Decided::Other(approval), _) => Err(decided_before(app, &approval)),
        (Decided::Unknown, _) => Err(Problem::not_found("approval")),
        (Decided::NotAllowed(why), _) => Err(Problem::new(
            Code::Forbidden,
            match why {
                NotAllowed::Own => "This key is the asking agent's: it cannot decide what that agent asked for.",
                NotAllowed::NotNamed => "Others are named as approvers of this.",
                NotAllowed::NoPerson => {
                    "More than one person must agree: use a key that says whose it is (`person`), or Slack."
                }
            },
        )),
        (Decided::Exceeds(asked), _) => {
            Err(Faults::from(("amount_usd", format!("must be at most what was asked for, {asked}"))).into())
        }
        (Decided::NoMoney, _) => Err(Faults::from(("amount_usd", "must be absent: this is not about money")).into()),
        (Decided::NotNarrower, _) => Err(Faults::from((
            "details",
            "must be what was asked for or less: the same members, whole numbers lowered, elements left out",
        ))
        .into()),
    }
}

fn decided_before(app: &App, approval: &Approval) -> Problem {
    let how = match approval.status {
        ApprovalStatus::Approved => "was approved",
        ApprovalStatus::Denied => "was denied",
        ApprovalStatus::Expired => "has expired",
        ApprovalStatus::Undeliverable => "could not be delivered, and is denied",
        ApprovalStatus::Cancelled => "was taken back",
        ApprovalStatus::Pending => "is pending",
    };
    let view = ApprovalView::new(approval, app.office.callback_url(&approval.id));
    Problem::new(Code::AlreadyDecided, format!("The approval {how}: the first decision counts."))
        .member("approval_id", &approval.id)
        .member("approval_status", &approval.status.as_str())
        .member("approval", &view)
}
