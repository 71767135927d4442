//! Deliveries: listed, looked into, tried again.
use std::{collections::BTreeMap, sync::Arc};

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults, PageQuery, Stored,
    delivery::{
        self, Delivery, DeliveryFilter, DeliveryStatus, Endpoint, EndpointRef, EndpointVersion, Retried, RetryMany,
        Rows,
    },
    event,
};
use bellwire_store::Tx;
use bellwire_wire::{DeliveryId, Event};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    DeliveryView, endpoint_of,
    view::{AttemptView, RequestView},
    visible,
};
use crate::{
    api::{
        extract::{By, FromQuery, Json, Parameters, Query, Repeat, WebhooksManage},
        page::{self, When},
        problem::{Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// Which deliveries are asked for.
pub(super) struct LogQuery {
    page: PageQuery,
    status: Option<DeliveryStatus>,
    since: Option<When>,
    until: Option<When>,
}

impl FromQuery for LogQuery {
    const NAMES: &'static [&'static str] = &["status", "since", "until", "cursor", "limit"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        Self {
            page: page::page(parameters, faults),
            status: parameters.take("status", faults),
            since: parameters.take("since", faults),
            until: parameters.take("until", faults),
        }
    }
}

/// Deliveries, newest first.
#[derive(Serialize, ToSchema)]
struct DeliveryList {
    deliveries: Vec<DeliveryView>,
    /// How many there are on all pages.
    total: u64,
    next_cursor: Option<String>,
}

async fn list(app: &App, by: &By<WebhooksManage>, endpoint: Option<EndpointRef>, query: LogQuery) -> Answer {
    let now = app.clock.now();
    let bound = by.namespace.clone();
    let filter = DeliveryFilter {
        endpoint,
        status: query.status,
        since: query.since.map(|since| since.resolve(now)),
        until: query.until.map(|until| until.resolve(now)),
        namespace: None,
    };
    let (workspace, page) = (by.workspace().clone(), query.page);
    let (found, total) = app
        .query("deliveries", move |tx| {
            let (workspace, mut filter, bound) = (workspace.clone(), filter.clone(), bound.clone());
            Box::pin(async move {
                filter.namespace = bound;
                let found = tx.deliveries(&workspace, &filter, page).await?;
                let total = tx.delivery_count(&workspace, &filter).await?;
                Ok((found, total))
            })
        })
        .await?;
    Ok(Reply::ok(&DeliveryList {
        deliveries: found.items.iter().map(DeliveryView::new).collect(),
        total,
        next_cursor: found.next.map(page::encode),
    }))
}

/// The deliveries of an endpoint.
#[utoipa::path(get, path = "/v1/webhooks/{endpoint_id}/deliveries", tag = "delivery",
    params(("endpoint_id" = String, Path),
        ("status" = Option<String>, Query, description = "pending, success or failed"),
        ("since" = Option<String>, Query), ("until" = Option<String>, Query),
        ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = DeliveryList), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn of_endpoint(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    Query(query): Query<LogQuery>,
) -> Answer {
    let endpoint = endpoint_of(&app, &by, &id).await?;
    list(&app, &by, Some(endpoint.at.clone()), query).await
}

/// The deliveries of all endpoints; with `status=failed`, the dead letters. For keys that are not bound
/// to a namespace.
#[utoipa::path(get, path = "/v1/deliveries", tag = "delivery",
    params(("status" = Option<String>, Query), ("namespace" = Option<String>, Query), ("since" = Option<String>, Query),
        ("until" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = DeliveryList), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn all(State(app): State<Arc<App>>, by: By<WebhooksManage>, Query(query): Query<LogQuery>) -> Answer {
    if by.principal.bound().is_some() {
        let detail =
            "A key of one namespace lists the deliveries of each of its endpoints: /v1/webhooks/{id}/deliveries.";
        return Err(Problem::new(crate::api::problem::Code::Forbidden, detail));
    }
    list(&app, &by, None, query).await
}

/// A delivery with its attempts and the request of the last one.
#[derive(Serialize, ToSchema)]
struct DeliveryDetail {
    #[serde(flatten)]
    delivery: DeliveryView,
    /// Attempts, oldest first.
    attempt_log: Vec<AttemptView>,
    /// The last request, as it was sent, whatever was changed since; null before the first.
    request: Option<RequestView>,
}

struct Found {
    delivery: Delivery,
    endpoint: Arc<Endpoint>,
    event: Arc<Event>,
    attempts: Vec<delivery::AttemptRecord>,
    /// The endpoint as it was at the last attempt.
    sent_as: EndpointVersion,
}

async fn find(tx: &mut Tx, workspace: &bellwire_wire::WorkspaceId, id: &DeliveryId) -> Stored<Option<Found>> {
    let Some(delivery) = tx.delivery(workspace, id).await? else { return Ok(None) };
    let Some(endpoint) = tx.endpoint(&delivery.at).await? else { return Ok(None) };
    let Some(stored) = event::Rows::event(tx, workspace, &delivery.event_id).await? else { return Ok(None) };
    let attempts = tx.attempts(delivery.seq).await?;
    let version = attempts.last().and_then(|attempt| attempt.endpoint_version);
    let sent_as = match version.filter(|version| *version != endpoint.version) {
        Some(version) => tx.endpoint_version(&delivery.at, version).await?,
        None => None,
    };
    let sent_as = sent_as.unwrap_or_else(|| EndpointVersion::from(&*endpoint));
    Ok(Some(Found { delivery, endpoint, event: stored.event, attempts, sent_as }))
}

async fn detail(app: &App, by: &By<WebhooksManage>, id: &str) -> Answer {
    let id: DeliveryId = id.parse().map_err(|_| Problem::not_found("delivery"))?;
    let workspace = by.workspace().clone();
    let found = app
        .query("delivery", move |tx| {
            let (workspace, id) = (workspace.clone(), id.clone());
            Box::pin(async move { find(tx, &workspace, &id).await })
        })
        .await?;
    let found =
        found.filter(|found| visible(&by.principal, &found.endpoint)).ok_or_else(|| Problem::not_found("delivery"))?;
    let request = found.attempts.last().map(|attempt| {
        let own = found.sent_as.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        let headers: BTreeMap<String, String> =
            own.chain(attempt.request_headers.iter().map(|(name, value)| (name.to_string(), value.clone()))).collect();
        // The body is a function of the stored event and the dialect, the same for ever.
        let body = String::from_utf8_lossy(&found.sent_as.dialect.encode(&found.event)).into_owned();
        RequestView { method: "POST", url: found.sent_as.url.clone(), headers, body }
    });
    Ok(Reply::ok(&DeliveryDetail {
        delivery: DeliveryView::new(&found.delivery),
        attempt_log: found.attempts.iter().map(AttemptView::new).collect(),
        request,
    }))
}

/// One delivery with its attempts.
#[utoipa::path(get, path = "/v1/deliveries/{delivery_id}", tag = "delivery", params(("delivery_id" = String, Path)),
    responses((status = 200, body = DeliveryDetail), (status = 404, body = ProblemBody)))]
pub(super) async fn get(State(app): State<Arc<App>>, by: By<WebhooksManage>, Path(id): Path<String>) -> Answer {
    detail(&app, &by, &id).await
}

/// One delivery with its attempts; the same as `/v1/deliveries/{delivery_id}`.
#[utoipa::path(get, path = "/v1/webhooks/deliveries/{delivery_id}", tag = "delivery", params(("delivery_id" = String, Path)),
    responses((status = 200, body = DeliveryDetail), (status = 404, body = ProblemBody)))]
pub(super) async fn get_nested(State(app): State<Arc<App>>, by: By<WebhooksManage>, Path(id): Path<String>) -> Answer {
    detail(&app, &by, &id).await
}

async fn retry_one(app: &App, by: &By<WebhooksManage>, id: &str, repeat: Repeat) -> Answer {
    let id: DeliveryId = id.parse().map_err(|_| Problem::not_found("delivery"))?;
    let (workspace, principal) = (by.workspace().clone(), Arc::clone(&by.principal));
    app.command("retry", by, repeat.0, move |tx, ctx| {
        let (workspace, id, principal) = (workspace.clone(), id.clone(), Arc::clone(&principal));
        Box::pin(async move {
            let unknown = || Err(Problem::not_found("delivery"));
            let Some(delivery) = tx.delivery(&workspace, &id).await? else { return Ok(unknown()) };
            let endpoint = tx.endpoint(&delivery.at).await?;
            if !endpoint.is_some_and(|endpoint| visible(&principal, &endpoint)) {
                return Ok(unknown());
            }
            Ok(match delivery::retry(tx, &ctx, &workspace, &id).await? {
                Retried::Queued(delivery) => Ok(Reply::accepted(&DeliveryView::new(&delivery))),
                Retried::Unknown => unknown(),
            })
        })
    })
    .await
}

/// Try a delivery again now, its attempts counted anew.
#[utoipa::path(post, path = "/v1/webhooks/deliveries/{delivery_id}/retry", tag = "delivery",
    params(("delivery_id" = String, Path)),
    responses((status = 202, body = DeliveryView), (status = 404, body = ProblemBody)))]
pub(super) async fn retry_nested(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    repeat: Repeat,
) -> Answer {
    retry_one(&app, &by, &id, repeat).await
}

/// Try a delivery again now; the same as `/v1/webhooks/deliveries/{delivery_id}/retry`.
#[utoipa::path(post, path = "/v1/deliveries/{delivery_id}/retry", tag = "delivery", params(("delivery_id" = String, Path)),
    responses((status = 202, body = DeliveryView), (status = 404, body = ProblemBody)))]
pub(super) async fn retry(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    repeat: Repeat,
) -> Answer {
    retry_one(&app, &by, &id, repeat).await
}

/// Which deliveries to try again.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RetryManyForm)]
pub(super) struct RetryManyForm {
    /// Of this endpoint.
    #[schema(value_type = String)]
    endpoint_id: Option<String>,
    /// `failed` (the default), `success` or `pending`.
    status: Option<String>,
    /// Created after this: a time, or a duration back from now.
    since: Option<String>,
    /// Created at or before this.
    until: Option<String>,
}

/// How many were made pending.
#[derive(Serialize, ToSchema)]
struct RetryManyAnswer {
    retried: u64,
}

/// Rows made pending in one transaction.
const CHUNK: u32 = 200;

/// Try many deliveries again now.
#[utoipa::path(post, path = "/v1/deliveries/retry", tag = "delivery", request_body = RetryManyForm,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = RetryManyAnswer), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn retry_many(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    body: Json<RetryManyForm>,
) -> Answer {
    let now = app.clock.now();
    let (form, mut faults, idempotency) = body.open();
    let status = match form.status {
        Some(text) => faults.take("status", text.parse::<DeliveryStatus>()),
        None => Some(DeliveryStatus::Failed),
    };
    let mut when = |field: &str, text: Option<String>| {
        text.and_then(|text| faults.take(field, text.parse::<When>())).map(|when| when.resolve(now))
    };
    let (since, until) = (when("since", form.since), when("until", form.until));
    let endpoint_id = faults.need("endpoint_id", form.endpoint_id);
    let (Some(endpoint_id), true) = (endpoint_id, faults.is_empty()) else { return Err(faults.into()) };
    let endpoint = endpoint_of(&app, &by, &endpoint_id).await?;
    // Deliveries made from here on are not meant: the work has an end.
    let filter = DeliveryFilter {
        endpoint: Some(endpoint.at.clone()),
        status,
        since,
        until: until.or(Some(now)),
        namespace: None,
    };
    app.work(&by, idempotency, retry_all(&app, &by, filter)).await
}

async fn retry_all(app: &App, by: &By<WebhooksManage>, filter: DeliveryFilter) -> Answer {
    let mut retried = 0_u64;
    let mut before = None;
    loop {
        let (workspace, many) = (by.workspace().clone(), RetryMany { filter: filter.clone(), before, limit: CHUNK });
        let ctx = by.ctx(app);
        let (count, next) = app
            .store
            .transact("retry_many", move |tx| {
                let (ctx, workspace, many) = (ctx.clone(), workspace.clone(), many.clone());
                Box::pin(async move { delivery::retry_many(tx, &ctx, &workspace, &many).await })
            })
            .await?;
        retried += u64::from(count);
        before = next;
        if before.is_none() {
            return Ok(Reply::accepted(&RetryManyAnswer { retried }));
        }
    }
}
