//! A synthetic event to one endpoint, sent at once, answered with what came back.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::delivery::{self, Endpoint, EndpointKind, Outcome, Preset};
use bellwire_wire::DeliveryId;
use serde::Serialize;
use utoipa::ToSchema;

use super::endpoint_of;
use crate::{
    api::{
        extract::{By, Repeat, WebhooksManage},
        problem::ProblemBody,
        reply::{Answer, Reply},
    },
    app::App,
    engine::attempt::attempt,
};

/// What came back.
#[derive(Serialize, ToSchema)]
#[schema(as = TestAnswer)]
struct TestAnswer {
    /// Whether it answered 2xx.
    ok: bool,
    event_id: String,
    delivery_id: String,
    /// The status answered.
    status: Option<u16>,
    /// What went wrong, in words.
    error: Option<String>,
    latency_ms: Option<f64>,
}

fn answer(outcome: &Outcome) -> TestAnswer {
    let id: &DeliveryId = &outcome.claimed.id;
    TestAnswer {
        ok: outcome.answer.succeeded(),
        event_id: outcome.claimed.event.id.to_string(),
        delivery_id: id.to_string(),
        status: outcome.attempt.status_code,
        error: outcome.attempt.error.clone(),
        latency_ms: Some(f64::from(outcome.attempt.timing.total_us) / 1_000.0),
    }
}

/// Send `webhook.test` to an endpoint, whatever it subscribes to: one attempt, at once.
#[utoipa::path(post, path = "/v1/webhooks/{endpoint_id}/test", operation_id = "test_endpoint",
    tag = "delivery", params(("endpoint_id" = String, Path),
    ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = TestAnswer), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn test(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    repeat: Repeat,
) -> Answer {
    let endpoint = endpoint_of(&app, &by, &id).await?;
    app.work(&by, repeat.0, send(&app, &by, &endpoint)).await
}

async fn send(app: &App, by: &By<WebhooksManage>, endpoint: &Endpoint) -> Answer {
    // A test is one attempt: what fails is a dead letter at once.
    let mut endpoint = endpoint.clone();
    endpoint.config.retry = Preset::None.into();
    let endpoint = Arc::new(endpoint);
    let (ctx, wanted) = (by.ctx(app), Arc::clone(&endpoint));
    let claimed = app
        .store
        .transact("test_event", move |tx| {
            let (ctx, endpoint) = (ctx.clone(), Arc::clone(&wanted));
            Box::pin(async move { delivery::start_test(tx, &ctx, &endpoint).await })
        })
        .await?;
    if endpoint.config.kind == EndpointKind::Pull {
        // It waits to be taken.
        return Ok(Reply::ok(&TestAnswer {
            ok: true,
            event_id: claimed.event.id.to_string(),
            delivery_id: claimed.id.to_string(),
            status: None,
            error: None,
            latency_ms: None,
        }));
    }
    let target = app.egress.policy().check_url(endpoint.config.url.as_deref().unwrap_or_default());
    let outcome = attempt(Arc::clone(&app.parts), Arc::clone(&endpoint), target, claimed).await;
    let reply = Reply::ok(&answer(&outcome));
    let ctx = by.ctx(app);
    let outcome = Arc::new(outcome);
    app.store
        .transact("settle_test", move |tx| {
            let (ctx, outcome) = (ctx.clone(), Arc::clone(&outcome));
            Box::pin(async move { delivery::settle(tx, &ctx, std::slice::from_ref(&*outcome)).await.map(drop) })
        })
        .await?;
    Ok(reply)
}
