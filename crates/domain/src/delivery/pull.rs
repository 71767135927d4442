//! Deliveries that the receiver takes (spec delivery, "Pull"): leased, then acknowledged, refused
//! or kept longer. An expired lease is a failed attempt.
use std::{collections::BTreeSet, time::Duration};

use bellwire_wire::{AttemptId, DeliveryId, Timestamp, WorkspaceId};

use super::{
    Answer, AttemptRecord, Claim, Claimed, Delivery, DeliveryStatus, Endpoint, EndpointKind, EndpointRef, Outcome,
    Rows, Settled, Timing, settle,
};
use crate::{Ctx, Effect, Stored, event, workspace::audit};

/// Takes at most `max` due deliveries of a pull endpoint under a lease.
pub async fn pull<R>(rows: &mut R, ctx: &Ctx, endpoint: &Endpoint, max: u32, lease: Duration) -> Stored<Vec<Claimed>>
where
    R: Rows + event::Rows + audit::Rows,
{
    expire_leases(rows, ctx, &endpoint.at).await?;
    let claim = Claim {
        at: endpoint.at.clone(),
        now: ctx.now,
        lease_until: ctx.now.after(lease),
        limit: max,
        exempt_only: false,
    };
    rows.claim(&claim).await
}

/// What a receiver says of a delivery it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullAnswer {
    /// Done.
    Ack,
    /// Not done: a failed attempt; not before this delay.
    Nack(Option<Duration>),
    /// Still at it: the lease ends so long from now.
    Extend(Duration),
}

/// Why an answer was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// There is no such delivery.
    #[error("there is no such delivery")]
    Unknown,
    /// Its endpoint sends.
    #[error("this delivery is pushed, not pulled")]
    Pushed,
    /// It is not held under this lease: it ended, or was never given.
    #[error("the lease has ended")]
    NotHeld,
}

/// Takes the answer of a receiver that holds a delivery under the lease that ends at `lease_until`.
pub async fn answer_pull<R>(
    rows: &mut R,
    ctx: &Ctx,
    workspace: &WorkspaceId,
    id: &DeliveryId,
    lease_until: Option<Timestamp>,
    answer: PullAnswer,
) -> Stored<Result<Delivery, LeaseError>>
where
    R: Rows + event::Rows + audit::Rows,
{
    let Some(delivery) = rows.delivery(workspace, id).await? else {
        return Ok(Err(LeaseError::Unknown));
    };
    let Some(endpoint) = rows.endpoint(&delivery.at).await? else {
        return Ok(Err(LeaseError::Unknown));
    };
    if endpoint.config.kind != EndpointKind::Pull {
        return Ok(Err(LeaseError::Pushed));
    }
    let held = delivery.status == DeliveryStatus::Pending && delivery.leased;
    let until = match delivery.due {
        Some(due) if held && due > ctx.now && lease_until.is_none_or(|until| until == due) => due,
        _ => return Ok(Err(LeaseError::NotHeld)),
    };
    match answer {
        PullAnswer::Extend(by) => {
            rows.lease_move(&delivery.at, delivery.seq, until, ctx.now.after(by)).await?;
        }
        PullAnswer::Ack | PullAnswer::Nack(_) => {
            let Some(claimed) = rows.claim_one(&delivery.at, delivery.seq, ctx.now, until).await? else {
                return Ok(Err(LeaseError::NotHeld));
            };
            let outcome = match answer {
                PullAnswer::Ack => outcome_of(ctx, claimed, Some(200), None, None),
                PullAnswer::Nack(delay) => outcome_of(ctx, claimed, None, Some("refused by the receiver"), delay),
                PullAnswer::Extend(_) => return Ok(Err(LeaseError::NotHeld)),
            };
            settle(rows, ctx, &[outcome]).await?;
        }
    }
    Ok(rows.delivery(workspace, id).await?.ok_or(LeaseError::Unknown))
}

/// Counts leases of a pull endpoint that ran out as failed attempts; what followed.
pub async fn expire_leases<R>(rows: &mut R, ctx: &Ctx, at: &EndpointRef) -> Stored<Vec<Settled>>
where
    R: Rows + event::Rows + audit::Rows,
{
    // Every node notices the end of a lease: one of them counts it.
    rows.endpoints_hold(&BTreeSet::from([at])).await?;
    let expired = rows.expired_leases(at, ctx.now, EXPIRED_MAX).await?;
    if expired.is_empty() {
        return Ok(Vec::new());
    }
    let outcomes: Vec<Outcome> = expired
        .into_iter()
        .map(|claimed| outcome_of(ctx, claimed, None, Some("the lease ended without an answer"), None))
        .collect();
    let settled = settle(rows, ctx, &outcomes).await?;
    rows.effect(Effect::Due(at.clone()));
    Ok(settled)
}

/// So many at a time. Keeps I12.
const EXPIRED_MAX: u32 = 200;

fn outcome_of(
    ctx: &Ctx,
    claimed: Claimed,
    status: Option<u16>,
    error: Option<&str>,
    delay: Option<Duration>,
) -> Outcome {
    let attempt = AttemptRecord {
        id: AttemptId::from_ulid(ctx.mint.ulid()),
        number: claimed.attempts_total.saturating_add(1),
        at: ctx.now,
        timing: Timing::default(),
        remote: None,
        status_code: None,
        response_headers: Vec::new(),
        response_body: None,
        error: error.map(str::to_owned),
        request_headers: Vec::new(),
        endpoint_version: Some(claimed.endpoint.version),
    };
    Outcome { claimed, attempt, answer: Answer { status, delay, ..Answer::default() } }
}
