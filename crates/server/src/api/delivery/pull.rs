//! Deliveries that the receiver takes under a lease (spec delivery, "Pull").
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults,
    delivery::{self, Claimed, Delivery, EndpointKind, LeaseError, PullAnswer, Rows},
};
use bellwire_wire::{DeliveryId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DeliveryView, endpoint_of, visible};
use crate::{
    api::{
        event::EventView,
        extract::{By, Idempotency, Json, WebhooksManage},
        page::Span,
        problem::{Code, Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
    engine::attempt::render,
};

/// How to take deliveries.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = PullForm)]
pub(super) struct PullForm {
    /// At most so many; 10 if absent.
    #[schema(minimum = 1, maximum = 100)]
    max: Option<u32>,
    /// How long they are held: `1s` to `12h`; `30s` if absent.
    lease: Option<String>,
    /// How long to wait for the first, up to `60s`; not at all if absent.
    wait: Option<String>,
}

/// A delivery that is held.
#[derive(Serialize, ToSchema)]
struct HeldView<'a> {
    /// The delivery's id: acknowledge, refuse or extend by it.
    id: &'a str,
    /// Names this lease; optional in the answer, and then it must still be in force.
    lease_id: String,
    lease_expires_at: Timestamp,
    /// Counted from 1 since the last reset.
    attempt: u32,
    replay: bool,
    event: EventView<'a>,
    /// The headers a push would have had, signature included.
    headers: BTreeMap<String, String>,
    /// The body a push would have had.
    body: String,
}

/// Deliveries that are held now.
#[derive(Serialize, ToSchema)]
struct PullReply<'a> {
    deliveries: Vec<HeldView<'a>>,
}

/// However quiet it is, rows are looked at so often while a pull waits.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Take due deliveries of a pull endpoint under a lease.
#[utoipa::path(post, path = "/v1/webhooks/{endpoint_id}/pull", operation_id = "pull_deliveries",
    tag = "delivery", params(("endpoint_id" = String, Path)),
    request_body = PullForm,
    responses((status = 200, body = PullReply), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn pull(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    body: Json<PullForm>,
) -> Answer {
    let (form, mut faults, _) = body.open();
    let max = form.max.unwrap_or(10);
    faults.check((1..=100).contains(&max), "max", "must be 1 to 100");
    let mut span = |field: &str, text: Option<String>, usual: u64| {
        text.and_then(|text| faults.take(field, text.parse::<Span>())).map_or(Duration::from_secs(usual), |span| span.0)
    };
    let (lease, wait) = (span("lease", form.lease, 30), span("wait", form.wait, 0));
    faults.check(lease_fits(lease), "lease", "must be 1s to 12h");
    faults.check(wait <= Duration::from_mins(1), "wait", "must be at most 60s");
    faults.or(())?;
    let endpoint = endpoint_of(&app, &by, &id).await?;
    if endpoint.config.kind != EndpointKind::Pull {
        return Err(Problem::new(
            Code::StateConflict,
            "This endpoint is pushed to; only endpoints of kind pull can be pulled.",
        ));
    }
    let until = tokio::time::Instant::now() + wait;
    let mut bell = app.hub.listen(by.workspace());
    loop {
        bell.mark_unchanged();
        let (ctx, at) = (by.ctx(&app), endpoint.at.clone());
        let held = app
            .store
            .transact("pull", move |tx| {
                let (ctx, at) = (ctx.clone(), at.clone());
                Box::pin(async move {
                    match tx.endpoint(&at).await? {
                        Some(endpoint) if endpoint.status == delivery::EndpointStatus::Active => {
                            delivery::pull(tx, &ctx, &endpoint, max, lease).await
                        }
                        _ => Ok(Vec::new()),
                    }
                })
            })
            .await?;
        if !held.is_empty() || tokio::time::Instant::now() >= until || app.stopping.is_cancelled() {
            return Ok(reply(&app, &held));
        }
        let again = until.min(tokio::time::Instant::now() + LOOK_EVERY);
        tokio::select! {
            _ = bell.changed() => {}
            () = tokio::time::sleep_until(again) => {}
            () = app.stopping.cancelled() => {}
        }
    }
}

fn lease_fits(lease: Duration) -> bool {
    (Duration::from_secs(1)..=Duration::from_hours(12)).contains(&lease)
}

fn reply(app: &App, held: &[Claimed]) -> Reply {
    let now = app.clock.now();
    let view = |claimed| held_view(app, claimed, now);
    Reply::ok(&PullReply { deliveries: held.iter().map(view).collect() })
}

fn held_view<'a>(app: &App, claimed: &'a Claimed, now: Timestamp) -> HeldView<'a> {
    let rendered = render(&app.parts, &claimed.endpoint, claimed, now);
    HeldView {
        id: claimed.id.as_str(),
        lease_id: lease_id(claimed.lease_until),
        lease_expires_at: claimed.lease_until,
        attempt: claimed.attempts.saturating_add(1),
        replay: claimed.replay,
        event: EventView::new(&claimed.event),
        headers: rendered.headers.into_iter().map(|(name, value)| (name.into_owned(), value)).collect(),
        body: String::from_utf8_lossy(&rendered.body).into_owned(),
    }
}

/// An answer to a held delivery.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = LeaseForm)]
pub(super) struct LeaseForm {
    /// The lease it was held under; whichever is in force if absent.
    lease_id: Option<String>,
}

/// A refusal of a held delivery.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NackForm)]
pub(super) struct NackForm {
    /// The lease it was held under.
    lease_id: Option<String>,
    /// Again after this; by the schedule if absent.
    delay: Option<String>,
}

/// An extension of a lease.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ExtendForm)]
pub(super) struct ExtendForm {
    /// The lease it is held under.
    lease_id: Option<String>,
    /// How long from now: `1s` to `12h`; `30s` if absent.
    lease: Option<String>,
}

/// A delivery that is held longer.
#[derive(Serialize, ToSchema)]
#[schema(as = ExtendedDelivery)]
struct ExtendedView {
    #[serde(flatten)]
    delivery: DeliveryView,
    /// Names the lease from here on: it is another one than before.
    lease_id: String,
    lease_expires_at: Timestamp,
}

impl ExtendedView {
    /// Nothing if nobody holds it.
    fn new(delivery: &Delivery) -> Option<Self> {
        let until = delivery.due.filter(|_| delivery.leased)?;
        Some(Self { delivery: DeliveryView::new(delivery), lease_id: lease_id(until), lease_expires_at: until })
    }
}

/// What names a lease: when it ends, in microseconds.
fn lease_id(until: Timestamp) -> String {
    until.micros().to_string()
}

fn lease_of(text: Option<String>, faults: &mut Faults) -> Option<Timestamp> {
    let text = text?;
    let micros = faults.take("lease_id", text.parse::<i64>().map_err(|_| "must be the lease_id of a pull"))?;
    Some(Timestamp::from_micros(micros))
}

async fn take(
    app: &App,
    by: &By<WebhooksManage>,
    id: &str,
    lease: Option<Timestamp>,
    answer: PullAnswer,
    repeat: Option<Idempotency>,
) -> Answer {
    let id: DeliveryId = id.parse().map_err(|_| Problem::not_found("delivery"))?;
    let (workspace, principal) = (by.workspace().clone(), Arc::clone(&by.principal));
    app.command("pull_answer", by, repeat, move |tx, ctx| {
        let (workspace, id, principal) = (workspace.clone(), id.clone(), Arc::clone(&principal));
        Box::pin(async move {
            let Some(delivery) = tx.delivery(&workspace, &id).await? else {
                return Ok(Err(Problem::not_found("delivery")));
            };
            let endpoint = tx.endpoint(&delivery.at).await?;
            if !endpoint.is_some_and(|endpoint| visible(&principal, &endpoint)) {
                return Ok(Err(Problem::not_found("delivery")));
            }
            let answered = delivery::answer_pull(tx, &ctx, &workspace, &id, lease, answer).await?;
            let view = |delivery: Delivery| match (answer, ExtendedView::new(&delivery)) {
                (PullAnswer::Extend(_), Some(extended)) => Reply::ok(&extended),
                _ => Reply::ok(&DeliveryView::new(&delivery)),
            };
            Ok(answered.map(view).map_err(|error| match error {
                LeaseError::Unknown => Problem::not_found("delivery"),
                LeaseError::Pushed | LeaseError::NotHeld => {
                    Problem::new(Code::StateConflict, format!("The answer was not taken: {error}."))
                }
            }))
        })
    })
    .await
}

/// Acknowledge a held delivery: it is delivered.
#[utoipa::path(post, path = "/v1/deliveries/{delivery_id}/ack", operation_id = "ack_delivery",
    tag = "delivery", params(("delivery_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = LeaseForm,
    responses((status = 200, body = DeliveryView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn ack(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    body: Json<LeaseForm>,
) -> Answer {
    let (form, mut faults, idempotency) = body.open();
    let lease = lease_of(form.lease_id, &mut faults);
    faults.or(())?;
    take(&app, &by, &id, lease, PullAnswer::Ack, idempotency).await
}

/// Refuse a held delivery: a failed attempt, tried again by the schedule.
#[utoipa::path(post, path = "/v1/deliveries/{delivery_id}/nack", operation_id = "nack_delivery",
    tag = "delivery", params(("delivery_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NackForm,
    responses((status = 200, body = DeliveryView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn nack(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    body: Json<NackForm>,
) -> Answer {
    let (form, mut faults, idempotency) = body.open();
    let lease = lease_of(form.lease_id, &mut faults);
    let delay = form.delay.and_then(|text| faults.take("delay", text.parse::<Span>())).map(|span| span.0);
    faults.check(delay.is_none_or(|delay| delay <= Duration::from_hours(24)), "delay", "must be at most 24h");
    faults.or(())?;
    take(&app, &by, &id, lease, PullAnswer::Nack(delay), idempotency).await
}

/// Hold a delivery longer. The answer names the lease that it is held under from here on.
#[utoipa::path(post, path = "/v1/deliveries/{delivery_id}/extend", operation_id = "extend_delivery",
    tag = "delivery", params(("delivery_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ExtendForm,
    responses((status = 200, body = ExtendedView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn extend(
    State(app): State<Arc<App>>,
    by: By<WebhooksManage>,
    Path(id): Path<String>,
    body: Json<ExtendForm>,
) -> Answer {
    let (form, mut faults, idempotency) = body.open();
    let held = lease_of(form.lease_id, &mut faults);
    let lease = form
        .lease
        .and_then(|text| faults.take("lease", text.parse::<Span>()))
        .map_or(Duration::from_secs(30), |span| span.0);
    faults.check(lease_fits(lease), "lease", "must be 1s to 12h");
    faults.or(())?;
    take(&app, &by, &id, held, PullAnswer::Extend(lease), idempotency).await
}
