//! Replays and their progress.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults,
    delivery::{self, EventPattern, Job, JobState, ReplayPlan, Rows},
};
use bellwire_wire::{JobId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{endpoint_of, visible};
use crate::{
    api::{
        extract::{By, Json, Query, WebhooksManage},
        page::{self, When},
        problem::{Problem, ProblemBody},
        reply::{Answer, Reply},
        workspace::PageOnly,
    },
    app::App,
};

/// What to tell again.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ReplayForm)]
pub(super) struct ReplayForm {
    /// Accepted after this: a time, or a duration back from now.
    since: Option<String>,
    /// Accepted at or before this.
    until: Option<String>,
    /// Only deliveries that are `success` or `failed`; both if absent.
    status: Option<String>,
    /// Only these types: exact, `family.*`, or `*`.
    #[schema(max_items = 100)]
    types: Option<Vec<String>>,
    /// Also events that made no delivery to this endpoint, as from before it existed.
    missing: Option<bool>,
    /// Only count.
    dry_run: Option<bool>,
}

/// A replay and how far it is.
#[derive(Serialize, ToSchema)]
#[schema(as = ReplayJob)]
struct JobView {
    /// Null for a dry run.
    id: Option<String>,
    endpoint_id: String,
    /// `running` or `done`; `dry_run` when it was only counted.
    status: &'static str,
    /// Deliveries to be made or made pending, as counted at the start.
    total: u64,
    /// Deliveries made or made pending.
    done: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl JobView {
    fn new(job: &Job) -> Self {
        Self {
            id: Some(job.id.to_string()),
            endpoint_id: job.at.endpoint_id.to_string(),
            status: match job.state {
                JobState::Running => "running",
                JobState::Done => "done",
            },
            total: job.total,
            done: job.done,
            created_at: job.created_at,
            updated_at: job.updated_at,
        }
    }
}

fn plan_of(form: ReplayForm, mut faults: Faults, now: Timestamp) -> Result<ReplayPlan, Faults> {
    let mut when = |field: &str, text: Option<String>| {
        text.and_then(|text| faults.take(field, text.parse::<When>())).map(|when| when.resolve(now))
    };
    let (since, until) = (when("since", form.since), when("until", form.until));
    faults.check(since.zip(until).is_none_or(|(since, until)| since <= until), "until", "must not be before since");
    let good = form.status.as_deref().is_none_or(|status| matches!(status, "success" | "failed"));
    faults.check(good, "status", "must be success or failed");
    let types = form.types.unwrap_or_default();
    faults.check(types.len() <= 100, "types", "must have at most 100 items");
    for (index, text) in types.iter().enumerate() {
        faults.take(&format!("types[{index}]"), text.parse::<EventPattern>());
    }
    faults.or(ReplayPlan { since, until, status: form.status, types, missing: form.missing.unwrap_or(false) })
}

/// Tell a range of events again: a job with progress (202), or only its size (200 with `dry_run`).
#[utoipa::path(post, path = "/v1/webhooks/{endpoint_id}/replay", operation_id = "replay_deliveries",
    tag = "delivery", params(("endpoint_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ReplayForm,
    responses((status = 202, body = JobView), (status = 200, body = JobView), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn replay(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    body: Json<ReplayForm>,
) -> Answer {
    let at = endpoint_of(&app, &by, &id).await?.at.clone();
    let (form, faults, idempotency) = body.open();
    let dry_run = form.dry_run.unwrap_or(false);
    let plan = plan_of(form, faults, app.clock.now())?;
    app.command("replay_start", &by, idempotency, move |tx, ctx| {
        let (at, plan) = (at.clone(), plan.clone());
        Box::pin(async move {
            let Some(endpoint) = tx.endpoint(&at).await? else { return Ok(Err(Problem::not_found("endpoint"))) };
            let job = delivery::start_replay(tx, &ctx, &endpoint, plan, dry_run).await?;
            let view = JobView::new(&job);
            Ok(Ok(if dry_run {
                Reply::ok(&JobView { id: None, status: "dry_run", ..view })
            } else {
                Reply::accepted(&view)
            }))
        })
    })
    .await
}

/// One replay.
#[utoipa::path(get, path = "/v1/jobs/{job_id}", operation_id = "get_job",
    tag = "delivery", params(("job_id" = String, Path)),
    responses((status = 200, body = JobView), (status = 404, body = ProblemBody)))]
pub(super) async fn job(State(app): State<Arc<App>>, by: By<WebhooksManage>, Path(id): Path<String>) -> Answer {
    let id: JobId = id.parse().map_err(|_| Problem::not_found("job"))?;
    let workspace = by.workspace().clone();
    let found = app
        .query("job", move |tx| {
            let (workspace, id) = (workspace.clone(), id.clone());
            Box::pin(async move {
                let Some(job) = tx.job(&workspace, &id).await? else { return Ok(None) };
                let endpoint = tx.endpoint(&job.at).await?;
                Ok(endpoint.map(|endpoint| (job, endpoint)))
            })
        })
        .await?;
    let (job, _) =
        found.filter(|(_, endpoint)| visible(&by.principal, endpoint)).ok_or_else(|| Problem::not_found("job"))?;
    Ok(Reply::ok(&JobView::new(&job)))
}

/// Replays of an endpoint, newest first.
#[derive(Serialize, ToSchema)]
struct JobList {
    jobs: Vec<JobView>,
    next_cursor: Option<String>,
}

/// The replays of an endpoint.
#[utoipa::path(get, path = "/v1/webhooks/{endpoint_id}/jobs", operation_id = "list_endpoint_jobs", tag = "delivery",
    params(("endpoint_id" = String, Path), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = JobList), (status = 404, body = ProblemBody)))]
pub(super) async fn jobs(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    Query(PageOnly(query)): Query<PageOnly>,
) -> Answer {
    let at = endpoint_of(&app, &by, &id).await?.at.clone();
    let page = app
        .query("jobs", move |tx| {
            let at = at.clone();
            Box::pin(async move { tx.jobs(&at, query).await })
        })
        .await?;
    Ok(Reply::ok(&JobList {
        jobs: page.items.iter().map(JobView::new).collect(),
        next_cursor: page.next.map(page::encode),
    }))
}
