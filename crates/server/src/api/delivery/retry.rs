//! Deliveries tried again, one or many.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::delivery::{self, DeliveryFilter, DeliveryStatus, Retried, RetryMany, Rows};
use bellwire_wire::DeliveryId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DeliveryView, endpoint_of, visible};
use crate::{
    api::{
        extract::{By, Json, Repeat, WebhooksManage},
        page::When,
        problem::{Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

async fn retry_one(app: &App, by: &By<WebhooksManage>, id: &str, repeat: Repeat) -> Answer {
    let id: DeliveryId = id.parse().map_err(|_| Problem::not_found("delivery"))?;
    let (workspace, principal) = (by.workspace().clone(), Arc::clone(&by.principal));
    app.command("retry", by, repeat.0, move |tx, ctx| {
        let (workspace, id, principal) = (workspace.clone(), id.clone(), Arc::clone(&principal));
        Box::pin(async move {
            let unknown = || Err(Problem::not_found("delivery"));
            let Some(delivery) = tx.delivery(&workspace, &id).await? else { return Ok(unknown()) };
            let endpoint = tx.endpoint(&delivery.at).await?;
            let seen = principal.sees(delivery.namespace.as_ref());
            if !seen || !endpoint.is_some_and(|endpoint| visible(&principal, &endpoint)) {
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
#[utoipa::path(post, path = "/v1/webhooks/deliveries/{delivery_id}/retry", operation_id = "retry_webhook_delivery",
    tag = "delivery",
    params(("delivery_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
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
#[utoipa::path(post, path = "/v1/deliveries/{delivery_id}/retry", operation_id = "retry_delivery",
    tag = "delivery", params(("delivery_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
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
#[utoipa::path(post, path = "/v1/deliveries/retry", operation_id = "retry_deliveries",
    tag = "delivery", request_body = RetryManyForm,
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
        namespace: by.namespace.clone(),
        endpoints_of: by.principal.bound().cloned(),
        ..DeliveryFilter::default()
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
