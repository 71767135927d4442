//! Endpoints: made, listed, changed, removed, and how they fare.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults,
    delivery::{
        self, DeleteEndpoint, DeliveryFilter, DeliveryStatus, Endpoint, EndpointConfig, EndpointStatus, EventPattern,
        Health, Hour, Rows,
    },
    workspace::Principal,
};
use bellwire_wire::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    EndpointView, audit, endpoint_of,
    form::{EndpointForm, blank},
    visible,
};
use crate::{
    api::{
        extract::{By, FromQuery, Json, Parameters, Query, WebhooksManage},
        page::{self, When},
        problem::{Code, Problem, ProblemBody},
        reply::{Answer, Reply},
        workspace::PageOnly,
    },
    app::App,
};

/// Refuses an agent's key where an endpoint is asked for approval: whoever has its secret can answer.
pub(super) fn not_for_agents(by: &Principal, config: &EndpointConfig) -> Result<(), Problem> {
    let asked = |pattern: &EventPattern| ["*", "approval.*", "approval.requested"].contains(&&*pattern.to_string());
    if by.key.agent_id.is_some() && config.events.iter().any(asked) {
        return Err(Problem::new(
            Code::Forbidden,
            "This key is an agent's: it has nothing to do with endpoints that are asked for approval.",
        ));
    }
    Ok(())
}

/// One endpoint.
#[derive(Serialize, ToSchema)]
pub(super) struct EndpointAnswer {
    endpoint: EndpointView,
}

/// Subscribe. The secret is in this answer only.
#[utoipa::path(post, path = "/v1/webhooks", operation_id = "create_endpoint",
    tag = "delivery", request_body = EndpointForm,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = EndpointAnswer), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn create(State(app): State<Arc<App>>, by: By<WebhooksManage>, body: Json<EndpointForm>) -> Answer {
    let (form, faults, idempotency) = body.open();
    let named = form.namespace();
    let (mut config, status) = form.apply(blank(), EndpointStatus::Active, false, app.egress.policy(), faults)?;
    config.namespace = by.narrow(named)?;
    not_for_agents(&by.principal, &config)?;
    let (principal, view) = (Arc::clone(&by.principal), Arc::clone(&app));
    app.command("endpoint_create", &by, idempotency, move |tx, ctx| {
        let (principal, config, app) = (Arc::clone(&principal), config.clone(), Arc::clone(&view));
        Box::pin(async move {
            if let Some(most) = app.playground.endpoints_max(principal.workspace()) {
                let page = bellwire_domain::PageQuery { before: None, limit: most };
                if tx.endpoints(principal.workspace(), None, page).await?.items.len() >= most as usize {
                    let detail = format!("A sandbox of the playground has at most {most} endpoints.");
                    return Ok(Err(Problem::new(Code::StateConflict, detail)));
                }
            }
            let endpoint = delivery::create_endpoint(tx, &ctx, principal.workspace(), config, status).await?;
            audit::created(tx, &ctx, &principal, &endpoint).await?;
            Ok(Ok(Reply::created(&EndpointAnswer { endpoint: EndpointView::new(&app, &endpoint, true) })))
        })
    })
    .await
}

/// Endpoints, newest first.
#[derive(Serialize, ToSchema)]
struct EndpointList {
    endpoints: Vec<EndpointView>,
    next_cursor: Option<String>,
}

/// The endpoints.
#[utoipa::path(get, path = "/v1/webhooks", operation_id = "list_endpoints", tag = "delivery",
    params(("namespace" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = EndpointList)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Query(PageOnly(query)): Query<PageOnly>,
) -> Answer {
    let (workspace, namespace) = (by.workspace().clone(), by.namespace.clone());
    let page = app
        .query("endpoints", move |tx| {
            let (workspace, namespace) = (workspace.clone(), namespace.clone());
            Box::pin(async move { tx.endpoints(&workspace, namespace.as_ref(), query).await })
        })
        .await?;
    Ok(Reply::ok(&EndpointList {
        endpoints: page.items.iter().map(|endpoint| EndpointView::new(&app, endpoint, false)).collect(),
        next_cursor: page.next.map(page::encode),
    }))
}

/// One endpoint.
#[utoipa::path(get, path = "/v1/webhooks/{endpoint_id}", operation_id = "get_endpoint",
    tag = "delivery", params(("endpoint_id" = String, Path)),
    responses((status = 200, body = EndpointAnswer), (status = 404, body = ProblemBody)))]
pub(super) async fn get(State(app): State<Arc<App>>, by: By<WebhooksManage>, Path(id): Path<String>) -> Answer {
    let endpoint = endpoint_of(&app, &by, &id).await?;
    Ok(Reply::ok(&EndpointAnswer { endpoint: EndpointView::new(&app, &endpoint, false) }))
}

/// Change an endpoint: absent fields stay, null empties a field that may be empty.
#[utoipa::path(patch, path = "/v1/webhooks/{endpoint_id}", operation_id = "update_endpoint",
    tag = "delivery", params(("endpoint_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = EndpointForm,
    responses((status = 200, body = EndpointAnswer), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn update(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    body: Json<EndpointForm>,
) -> Answer {
    let at = endpoint_of(&app, &by, &id).await?.at.clone();
    let (form, mut faults, idempotency) = body.open();
    by.narrow(form.namespace())?;
    // A bound key cannot let go of its namespace.
    faults.check(!form.frees_namespace() || by.principal.bound().is_none(), "namespace", "must stay the key's own");
    let (principal, shared) = (Arc::clone(&by.principal), Arc::clone(&app));
    app.command("endpoint_update", &by, idempotency, move |tx, ctx| {
        let (at, form, faults, app) = (at.clone(), form.clone(), faults.clone(), Arc::clone(&shared));
        let principal = Arc::clone(&principal);
        Box::pin(async move {
            let Some(before) = tx.endpoint(&at).await? else { return Ok(Err(Problem::not_found("endpoint"))) };
            let applied = form.apply(before.config.clone(), before.status, true, app.egress.policy(), faults);
            let (config, status) = match applied {
                Ok(applied) => applied,
                Err(faults) => return Ok(Err(faults.into())),
            };
            if let Err(problem) = not_for_agents(&principal, &config) {
                return Ok(Err(problem));
            }
            if let Some(namespace) = &config.namespace {
                bellwire_domain::workspace::Rows::namespace_touch(tx, &at.workspace_id, namespace, ctx.now).await?;
            }
            let changed = delivery::update_endpoint(tx, &ctx, &before, config, status).await?;
            if let Some(after) = &changed {
                audit::updated(tx, &ctx, &principal, &before, after).await?;
            }
            Ok(changed
                .map(|endpoint| Reply::ok(&EndpointAnswer { endpoint: EndpointView::new(&app, &endpoint, false) }))
                .ok_or_else(|| {
                    Problem::new(
                        Code::StateConflict,
                        "`ordered` can change only while no delivery is pending: their order could not be promised.",
                    )
                }))
        })
    })
    .await
}

/// Remove an endpoint with its deliveries.
#[utoipa::path(delete, path = "/v1/webhooks/{endpoint_id}", operation_id = "delete_endpoint",
    tag = "delivery", params(("endpoint_id" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub(super) async fn delete(State(app): State<Arc<App>>, by: By<WebhooksManage>, Path(id): Path<String>) -> Answer {
    let (endpoint, principal) = (endpoint_of(&app, &by, &id).await?, Arc::clone(&by.principal));
    app.command("endpoint_delete", &by, None, move |tx, ctx| {
        let (endpoint, principal) = (Arc::clone(&endpoint), Arc::clone(&principal));
        Box::pin(async move {
            if delivery::delete_endpoint(tx, &ctx, &endpoint.at).await? == DeleteEndpoint::Unknown {
                return Ok(Err(Problem::not_found("endpoint")));
            }
            audit::deleted(tx, &ctx, &principal, &endpoint).await?;
            Ok(Ok(Reply::gone()))
        })
    })
    .await
}

/// Since when statistics are asked for.
pub(super) struct StatsQuery {
    since: Option<When>,
}

impl FromQuery for StatsQuery {
    const NAMES: &'static [&'static str] = &["since"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        Self { since: parameters.take("since", faults) }
    }
}

/// How many deliveries are in which state.
#[derive(Serialize, ToSchema)]
struct Counts {
    total: u64,
    pending: u64,
    success: u64,
    failed: u64,
}

/// What an hour's attempts came to.
#[derive(Serialize, ToSchema)]
struct HourView {
    at: Timestamp,
    succeeded: u64,
    failed: u64,
    dead: u64,
}

/// How an endpoint fares.
#[derive(Serialize, ToSchema)]
#[schema(as = EndpointStats)]
struct StatsView {
    since: Timestamp,
    /// Deliveries kept, whenever made.
    deliveries: Counts,
    attempts: u64,
    attempts_succeeded: u64,
    attempts_failed: u64,
    /// Deliveries that became dead letters.
    dead_letters: u64,
    /// Of attempts; null when there were none.
    success_rate: Option<f64>,
    /// Below which half of the attempts took, in milliseconds, to a power of two.
    latency_p50_ms: Option<u64>,
    latency_p95_ms: Option<u64>,
    consecutive_failures: u32,
    failing_since: Option<Timestamp>,
    last_success_at: Option<Timestamp>,
    last_failure_at: Option<Timestamp>,
    /// `closed` or `open`.
    breaker: &'static str,
    breaker_open_until: Option<Timestamp>,
    hours: Vec<HourView>,
}

/// How an endpoint fares, by the hour; the last day unless said otherwise.
#[utoipa::path(get, path = "/v1/webhooks/{endpoint_id}/stats", operation_id = "get_endpoint_stats", tag = "delivery",
    params(("endpoint_id" = String, Path), ("since" = Option<String>, Query)),
    responses((status = 200, body = StatsView), (status = 404, body = ProblemBody)))]
pub(super) async fn stats(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    Query(query): Query<StatsQuery>,
) -> Answer {
    let endpoint = endpoint_of(&app, &by, &id).await?;
    let now = app.clock.now();
    let since = query.since.map_or_else(|| now.before(std::time::Duration::from_hours(24)), |since| since.resolve(now));
    let at = endpoint.at.clone();
    let (hours, health, counts) = app
        .query("stats", move |tx| {
            let at = at.clone();
            Box::pin(async move {
                let hour = 3_600_000_000;
                let from = Timestamp::from_micros(since.micros() - since.micros().rem_euclid(hour));
                let hours = tx.hours(&at, from).await?;
                let health = tx.health(&at).await?;
                let mut counts = [0; 4];
                let states =
                    [None, Some(DeliveryStatus::Pending), Some(DeliveryStatus::Success), Some(DeliveryStatus::Failed)];
                for (count, status) in counts.iter_mut().zip(states) {
                    let filter = DeliveryFilter { endpoint: Some(at.clone()), status, ..DeliveryFilter::default() };
                    *count = tx.delivery_count(&at.workspace_id, &filter, u32::MAX).await?.unwrap_or(0);
                }
                Ok((hours, health, counts))
            })
        })
        .await?;
    debug_assert!(visible(&by.principal, &endpoint), "checked when it was looked up");
    Ok(Reply::ok(&stats_view(&endpoint, since, now, hours, &health, counts)))
}

fn stats_view(
    endpoint: &Endpoint,
    since: Timestamp,
    now: Timestamp,
    hours: Vec<Hour>,
    health: &Health,
    counts: [u64; 4],
) -> StatsView {
    let sum = |field: fn(&Hour) -> u64| hours.iter().map(field).sum::<u64>();
    let (succeeded, failed) = (sum(|hour| hour.succeeded), sum(|hour| hour.failed));
    let attempts = succeeded + failed;
    let mut latency = [0_u64; 16];
    for hour in &hours {
        for (sum, count) in latency.iter_mut().zip(hour.latency) {
            *sum += count;
        }
    }
    let [total, pending, success, dead] = counts;
    #[expect(clippy::cast_precision_loss, reason = "a rate, not a sum")]
    let rate = (attempts > 0).then(|| succeeded as f64 / attempts as f64);
    let open = health.open_until.filter(|_| endpoint.status == EndpointStatus::Active);
    StatsView {
        since,
        deliveries: Counts { total, pending, success, failed: dead },
        attempts,
        attempts_succeeded: succeeded,
        attempts_failed: failed,
        dead_letters: sum(|hour| hour.dead),
        success_rate: rate,
        latency_p50_ms: percentile(&latency, 50),
        latency_p95_ms: percentile(&latency, 95),
        consecutive_failures: health.failures,
        failing_since: health.failing_since,
        last_success_at: health.last_success_at,
        last_failure_at: health.last_failure_at,
        breaker: if open.is_some_and(|until| until > now) { "open" } else { "closed" },
        breaker_open_until: open,
        hours: hours
            .into_iter()
            .map(|hour| HourView { at: hour.at, succeeded: hour.succeeded, failed: hour.failed, dead: hour.dead })
            .collect(),
    }
}

/// The bucket below whose bound `percent` of the counts lie.
pub(crate) fn percentile(buckets: &[u64; 16], percent: u64) -> Option<u64> {
    let total: u64 = buckets.iter().sum();
    if total == 0 {
        return None;
    }
    let wanted = (total * percent).div_ceil(100);
    let mut seen = 0;
    let found = buckets.iter().position(|count| {
        seen += count;
        seen >= wanted
    });
    found.map(|bucket| 1_u64 << bucket)
}
