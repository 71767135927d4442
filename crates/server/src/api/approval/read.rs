//! Approvals looked at, and waited for.
use std::{sync::Arc, time::Duration};

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults, PageQuery,
    approval::{Approval, ApprovalFilter, ApprovalStatus, Rows, Vote},
    workspace::{Permission, Principal},
};
use bellwire_wire::ApprovalId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    approval_id,
    view::{ApprovalView, VoteView, WholeView},
};
use crate::{
    api::{
        extract::{ApprovalsRead, By, FromQuery, Parameters, Query},
        page::{self, Span},
        problem::{Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// The longest wait.
const WAIT_MAX: Duration = Duration::from_mins(1);
/// How long is waited between two looks, however often it rings.
const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// How often is looked while waiting, whoever rings.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Whether a key may see an approval: its own, or any of its namespace if it decides for others.
fn sees(by: &Principal, approval: &Approval) -> bool {
    approval.is_own(by) || by.may(Permission::ApprovalsDecide) && by.sees(approval.namespace.as_ref())
}

/// Which approvals are asked for.
pub(super) struct ListQuery {
    filter: ApprovalFilter,
    page: PageQuery,
}

impl FromQuery for ListQuery {
    const NAMES: &'static [&'static str] = &["status", "agent_id", "cursor", "limit"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        let filter = ApprovalFilter {
            status: parameters.take::<ApprovalStatus>("status", faults),
            agent_id: parameters.get("agent_id").map(str::to_owned),
            namespace: None,
        };
        Self { filter, page: page::page(parameters, faults) }
    }
}

/// Approvals, newest first.
#[derive(Serialize, ToSchema)]
struct ApprovalList<'a> {
    approvals: Vec<ApprovalView<'a>>,
    next_cursor: Option<String>,
}

/// Approvals, newest first.
#[utoipa::path(get, path = "/v1/approvals", operation_id = "list_approvals", tag = "approval",
    params(("status" = Option<String>, Query), ("agent_id" = Option<String>, Query),
        ("namespace" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = ApprovalList)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    by: By<ApprovalsRead>,
    Query(ListQuery { mut filter, page }): Query<ListQuery>,
) -> Answer {
    filter.namespace = by.namespace.clone();
    if let Some(own) = by.principal.key.agent_id.as_ref().filter(|_| !by.principal.may(Permission::ApprovalsDecide)) {
        filter.agent_id = Some(own.clone());
    }
    let workspace = by.workspace().clone();
    let page = app
        .query("approvals", move |tx| {
            let (workspace, filter) = (workspace.clone(), filter.clone());
            Box::pin(async move { tx.approvals(&workspace, &filter, page).await })
        })
        .await?;
    Ok(Reply::ok(&ApprovalList {
        approvals: page
            .items
            .iter()
            .map(|approval| ApprovalView::new(approval, app.office.callback_url(&approval.id)))
            .collect(),
        next_cursor: page.next.map(page::encode),
    }))
}

/// How long is waited.
pub(super) struct WaitQuery {
    wait: Duration,
}

impl FromQuery for WaitQuery {
    const NAMES: &'static [&'static str] = &["wait"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        let wait = parameters.take::<Span>("wait", faults).map_or(Duration::ZERO, |span| span.0);
        faults.check(wait <= WAIT_MAX, "wait", "must be at most 60s");
        Self { wait }
    }
}

/// One approval. With `wait` the answer comes once it is decided, or when the wait is over.
#[utoipa::path(get, path = "/v1/approvals/{approval_id}", operation_id = "get_approval", tag = "approval",
    params(("approval_id" = String, Path),
        ("wait" = Option<String>, Query, description = "a duration up to 60s")),
    responses((status = 200, body = WholeView), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    by: By<ApprovalsRead>,
    Path(id): Path<String>,
    Query(WaitQuery { wait }): Query<WaitQuery>,
) -> Answer {
    let id = approval_id(&id)?;
    let mut bell = app.hub.listen(by.workspace());
    let until = tokio::time::Instant::now() + wait;
    let (approval, votes) = loop {
        bell.mark_unchanged();
        let found = look(&app, &by, &id).await?;
        let over = tokio::time::Instant::now() >= until || app.stopping.is_cancelled();
        if found.0.status != ApprovalStatus::Pending || over {
            break found;
        }
        tokio::select! {
            // The bell rings for every event: not each is worth a look of every waiter.
            _ = bell.changed() => tokio::time::sleep(LOOK_PAUSE).await,
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = tokio::time::sleep_until(until) => {}
            () = app.stopping.cancelled() => {}
        }
    };
    let decides = by.principal.may(Permission::ApprovalsDecide);
    Ok(Reply::ok(&WholeView {
        approval: ApprovalView::new(&approval, app.office.callback_url(&id)),
        votes: votes.iter().map(VoteView::new).collect(),
        request_body: decides.then_some(approval.request_body.as_str()),
    }))
}

/// An approval that this key may see, and its votes.
async fn look(app: &App, by: &By<ApprovalsRead>, id: &ApprovalId) -> Result<(Approval, Vec<Vote>), Problem> {
    let (workspace, id) = (by.workspace().clone(), id.clone());
    let found = app
        .query("approval", move |tx| {
            let (workspace, id) = (workspace.clone(), id.clone());
            Box::pin(async move {
                let Some(approval) = tx.approval(&workspace, &id).await? else { return Ok(None) };
                Ok(Some((approval, tx.votes(&id).await?)))
            })
        })
        .await?;
    found.filter(|(approval, _)| sees(&by.principal, approval)).ok_or_else(|| Problem::not_found("approval"))
}
