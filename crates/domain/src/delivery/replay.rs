//! Replay: what was told before, or should have been, told again (spec delivery, "Endpoints").
//!
//! A job is a row with a plan and a cursor. A turn takes one chunk, and commits its progress with
//! it, so a crash repeats nothing. A delivery that ended is made pending again, marked as replay;
//! with `missing`, events that never made a delivery to this endpoint make one.
use std::sync::Arc;

use bellwire_wire::{EventType, JobId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Delivery, DeliveryStatus, Endpoint, EndpointRef, Rows, Subscriptions,
    commands::{insert_delivery, requeue},
};
use crate::{
    Ctx, Effect, Stored,
    event::{self, EventFilter},
};

/// What is to be told again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ReplayPlan {
    /// Accepted after this.
    pub since: Option<Timestamp>,
    /// Accepted at or before this.
    pub until: Option<Timestamp>,
    /// Only deliveries in this state: `success` or `failed`.
    pub status: Option<String>,
    /// Only these types (exact, `family.*` or `*`).
    pub types: Vec<String>,
    /// Also events that made no delivery to this endpoint.
    pub missing: bool,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Being worked on.
    Running,
    /// Finished.
    Done,
}

/// A replay with its progress.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its place.
    pub seq: i64,
    /// Its id.
    pub id: JobId,
    /// To where.
    pub at: EndpointRef,
    /// What.
    pub plan: ReplayPlan,
    /// Where it stands.
    pub state: JobState,
    /// Looked at so far: everything up to this place.
    pub cursor: i64,
    /// The last place to look at.
    pub end: i64,
    /// Deliveries to be made or made pending, as counted at the start.
    pub total: u64,
    /// Deliveries made or made pending.
    pub done: u64,
    /// Since when.
    pub created_at: Timestamp,
    /// Last progress.
    pub updated_at: Timestamp,
}

/// Rows looked at in one turn. Keeps I12.
const CHUNK: u32 = 200;

/// Starts a replay, or with `dry_run` only counts. The counted job comes back; it is stored unless
/// `dry_run`.
pub async fn start_replay<R>(
    rows: &mut R,
    ctx: &Ctx,
    endpoint: &Endpoint,
    plan: ReplayPlan,
    dry_run: bool,
) -> Stored<Job>
where
    R: Rows + event::Rows,
{
    let now = ctx.now.micros();
    let mut job = Job {
        seq: 0,
        id: JobId::from_ulid(ctx.mint.ulid()),
        at: endpoint.at.clone(),
        state: JobState::Running,
        cursor: plan.since.map_or(0, Timestamp::micros),
        end: plan.until.map_or(now, |until| until.micros().min(now)),
        plan,
        total: 0,
        done: 0,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    let mut cursor = job.cursor;
    while let Some(chunk) = next_chunk(rows, &job, endpoint, cursor).await? {
        job.total += chunk.wanted.len() as u64;
        cursor = chunk.cursor;
    }
    if job.total == 0 {
        job.state = JobState::Done;
    }
    if !dry_run {
        rows.job_put(&job).await?;
        rows.effect(Effect::JobQueued);
    }
    Ok(job)
}

/// Does the next chunk of a job; the job as it stands then.
pub async fn replay_turn<R>(rows: &mut R, ctx: &Ctx, mut job: Job) -> Stored<Job>
where
    R: Rows + event::Rows,
{
    let endpoint = rows.endpoint(&job.at).await?;
    let chunk = match &endpoint {
        Some(endpoint) => next_chunk(rows, &job, endpoint, job.cursor).await?,
        None => None,
    };
    job.updated_at = ctx.now;
    match (chunk, endpoint) {
        (Some(chunk), Some(endpoint)) => {
            job.cursor = chunk.cursor;
            for wanted in chunk.wanted {
                replay_one(rows, ctx, &endpoint, wanted).await?;
                job.done += 1;
            }
        }
        _ => job.state = JobState::Done,
    }
    rows.job_put(&job).await?;
    Ok(job)
}

/// One thing to tell again.
enum Wanted {
    Again(Box<Delivery>),
    Missing(event::StoredEvent),
}

struct Chunk {
    wanted: Vec<Wanted>,
    cursor: i64,
}

async fn replay_one<R: Rows>(rows: &mut R, ctx: &Ctx, endpoint: &Arc<Endpoint>, wanted: Wanted) -> Stored<()> {
    match wanted {
        Wanted::Again(delivery) => requeue(rows, ctx, &delivery, true).await.map(drop),
        Wanted::Missing(stored) => insert_delivery(rows, ctx, stored.seq, &stored.event, endpoint, true).await,
    }
}

/// What of the rows after `cursor` is wanted; nothing when there are no more rows.
async fn next_chunk<R>(rows: &mut R, job: &Job, endpoint: &Endpoint, cursor: i64) -> Stored<Option<Chunk>>
where
    R: Rows + event::Rows,
{
    if cursor >= job.end {
        return Ok(None);
    }
    let filter = types_filter(&job.plan);
    let status = job.plan.status.as_deref();
    let again = |delivery: &Delivery| {
        delivery.status != DeliveryStatus::Pending && status.is_none_or(|status| status == delivery.status.as_str())
    };
    if !job.plan.missing {
        let found = rows.deliveries_after(&job.at, cursor, job.end, CHUNK).await?;
        let Some(last) = found.last() else {
            return Ok(None);
        };
        let cursor = last.seq;
        let wanted = found
            .into_iter()
            .filter(|delivery| again(delivery) && filter.takes(delivery.event_type.as_str()))
            .map(|delivery| Wanted::Again(Box::new(delivery)))
            .collect();
        return Ok(Some(Chunk { wanted, cursor }));
    }
    let (events, looked) = rows.events_after(&job.at.workspace_id, &filter, cursor, CHUNK).await?;
    let subscription =
        Subscriptions::new([Arc::new(Endpoint { status: super::EndpointStatus::Active, ..endpoint.clone() })]);
    let mut wanted = Vec::new();
    for stored in events {
        // A test was for the endpoint that was tested.
        let test = stored.event.kind.as_str() == "webhook.test";
        if test || stored.seq > job.end || subscription.matching(&stored.event).is_empty() {
            continue;
        }
        match rows.delivery_of(&job.at, stored.seq).await? {
            Some(delivery) if again(&delivery) => wanted.push(Wanted::Again(Box::new(delivery))),
            Some(_) => {}
            None => wanted.push(Wanted::Missing(stored)),
        }
    }
    Ok((looked > cursor).then_some(Chunk { wanted, cursor: looked }))
}

fn types_filter(plan: &ReplayPlan) -> EventFilter {
    let mut filter = EventFilter::default();
    for pattern in &plan.types {
        match pattern.strip_suffix(".*") {
            Some(family) => filter.families.push(family.to_owned()),
            None if EventType::from_stored(pattern).as_str() == "*" => {
                return EventFilter::default();
            }
            None => filter.types.push(pattern.clone()),
        }
    }
    filter
}
