//! Attempts that ended: their deliveries move on, endpoints learn how they fare.
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use bellwire_wire::Timestamp;
use serde_json::json;

use super::{
    After, DeliveryStatus, Ending, Endpoint, EndpointRef, EndpointStatus, Health, Hour, Outcome, Rows, Settlement,
    after_attempt, breaker::Breaker, commands::save, promise,
};
use crate::{
    Ctx, Effect, Stored,
    event::{self, NewEvent},
    workspace::audit::{self, NewAudit},
};

/// An endpoint that fails so long without one success is disabled.
const FAILING_MAX: Duration = Duration::from_hours(120);
const HOUR_MICROS: i64 = 3_600_000_000;
const MINUTE_MICROS: i64 = 60_000_000;

/// What followed one attempt.
#[derive(Debug, Clone)]
pub struct Settled {
    /// To where.
    pub at: EndpointRef,
    /// How the delivery stands now.
    pub ending: Ending,
    /// Whether it was still ours: if not, another node (or a person) moved it meanwhile.
    pub ours: bool,
}

/// Records a batch of attempts and what follows each. Keeps I1, I5.
pub async fn settle<R>(rows: &mut R, ctx: &Ctx, outcomes: &[Outcome]) -> Stored<Vec<Settled>>
where
    R: Rows + event::Rows + audit::Rows,
{
    let endpoints: BTreeSet<&EndpointRef> = outcomes.iter().map(|outcome| &outcome.claimed.endpoint.at).collect();
    rows.endpoints_hold(&endpoints).await?;
    let after: Vec<After> = outcomes.iter().map(|outcome| decide(ctx, outcome)).collect();
    let settlements: Vec<(&EndpointRef, Settlement)> =
        outcomes.iter().zip(&after).map(|(outcome, after)| settlement(outcome, after)).collect();
    let ours = rows.settle_all(&settlements).await?;
    let mut settled = Vec::with_capacity(outcomes.len());
    let mut fates: BTreeMap<&EndpointRef, Fate> = BTreeMap::new();
    for ((outcome, after), ours) in outcomes.iter().zip(after).zip(ours) {
        let at = &outcome.claimed.endpoint.at;
        rows.attempt_insert(outcome.claimed.seq, &outcome.attempt).await?;
        if ours && outcome.claimed.is_exempt() {
            promise::record(rows, ctx, outcome, after.ending).await?;
        }
        if ours
            && !matches!(after.ending, Ending::Retry(_))
            && let Some(key) = &outcome.claimed.ordering_key
            && rows.key_promote(at, key, ctx.now).await?
        {
            rows.effect(Effect::Due(at.clone()));
        }
        if !fates.contains_key(at) {
            let health = rows.health(at).await?;
            fates.insert(at, Fate::new(&outcome.claimed.endpoint, health));
        }
        if let Some(fate) = fates.get_mut(at) {
            fate.note(outcome, after.ending);
            fate.disable = fate.disable.or(after.disable);
        }
        settled.push(Settled { at: at.clone(), ending: after.ending, ours });
    }
    let mut minutes = Vec::new();
    for (at, mut fate) in fates {
        let counted = std::mem::take(&mut fate.minutes);
        if finish(rows, ctx, at, fate).await? {
            minutes.extend(counted.into_values().map(|minute| (at.clone(), minute)));
        }
    }
    rows.minutes_add(&minutes).await?;
    Ok(settled)
}

/// What follows an attempt, by the rules of its endpoint.
fn decide(ctx: &Ctx, outcome: &Outcome) -> After {
    let made = outcome.claimed.attempts.saturating_add(1);
    after_attempt(&outcome.claimed.retry(), made, &outcome.answer(), ctx.now, ctx.mint.roll())
}

/// How that leaves its delivery.
fn settlement<'a>(outcome: &'a Outcome, after: &After) -> (&'a EndpointRef, Settlement) {
    let claimed = &outcome.claimed;
    let (status, due) = match after.ending {
        Ending::Success => (DeliveryStatus::Success, None),
        Ending::Retry(at) => (DeliveryStatus::Pending, Some(at)),
        Ending::Failed => (DeliveryStatus::Failed, None),
    };
    let settlement = Settlement {
        seq: claimed.seq,
        lease_until: claimed.lease_until,
        status,
        due,
        attempts: claimed.attempts.saturating_add(1),
        attempts_total: claimed.attempts_total.saturating_add(1),
        status_code: outcome.attempt.status_code,
        error: outcome.attempt.error.clone(),
        at: outcome.attempt.at,
    };
    (&claimed.endpoint.at, settlement)
}

/// What a batch of attempts means for one endpoint.
struct Fate {
    endpoint: Arc<Endpoint>,
    before: Health,
    health: Health,
    hours: HashMap<i64, Hour>,
    minutes: HashMap<i64, Hour>,
    disable: Option<&'static str>,
}

impl Fate {
    fn new(endpoint: &Arc<Endpoint>, health: Health) -> Self {
        Self {
            endpoint: Arc::clone(endpoint),
            before: health,
            health,
            hours: HashMap::new(),
            minutes: HashMap::new(),
            disable: None,
        }
    }

    fn note(&mut self, outcome: &Outcome, ending: Ending) {
        let at = outcome.attempt.at;
        count(&mut self.hours, HOUR_MICROS, outcome, ending);
        count(&mut self.minutes, MINUTE_MICROS, outcome, ending);
        let health = &mut self.health;
        if outcome.answer.succeeded() {
            *health =
                Health { last_success_at: Some(at), last_failure_at: health.last_failure_at, ..Health::default() };
        } else {
            // What the breaker does not hold up does not open it either.
            let mut breaker = Breaker::restore(health.failures, health.open_until, health.opened);
            if !outcome.claimed.is_exempt() {
                breaker.failed(at);
            }
            health.failures = breaker.failures();
            health.failing_since = health.failing_since.or(Some(at));
            health.last_failure_at = Some(at);
            (health.open_until, health.opened) =
                breaker.open().map_or((None, 0), |(until, opened)| (Some(until), opened));
        }
    }
}

/// Counts an attempt in the span of time that it began in.
fn count(spans: &mut HashMap<i64, Hour>, length: i64, outcome: &Outcome, ending: Ending) {
    let at = outcome.attempt.at.micros();
    let start = at - at.rem_euclid(length);
    let span = spans.entry(start).or_insert_with(|| Hour { at: Timestamp::from_micros(start), ..Hour::default() });
    let succeeded = outcome.answer.succeeded();
    span.succeeded += u64::from(succeeded);
    span.failed += u64::from(!succeeded);
    span.dead += u64::from(ending == Ending::Failed);
    span.latency[Hour::bucket(outcome.attempt.timing.total_us)] += 1;
}

/// Writes what a batch means for an endpoint; whether there is one still.
async fn finish<R>(rows: &mut R, ctx: &Ctx, at: &EndpointRef, fate: Fate) -> Stored<bool>
where
    R: Rows + event::Rows + audit::Rows,
{
    // Of an endpoint that was deleted meanwhile nothing is kept.
    if rows.endpoint(at).await?.is_none() {
        return Ok(false);
    }
    for hour in fate.hours.values() {
        rows.hour_add(at, hour).await?;
    }
    let failing = fate.health.failing_since.is_some_and(|since| ctx.now.since(since) >= FAILING_MAX);
    let reason = fate.disable.or(failing.then_some("no delivery succeeded for 5 days"));
    // A success an hour is worth a write; each of ten thousand a second is not.
    let moved = Health { last_success_at: None, ..fate.health } != Health { last_success_at: None, ..fate.before };
    let stale = |health: Health| health.last_success_at.map_or(0, |at| at.seconds() / 10);
    if moved || stale(fate.health) != stale(fate.before) {
        rows.health_put(at, &fate.health).await?;
    }
    if let Some(reason) = reason {
        disable(rows, ctx, &fate.endpoint.at, reason).await?;
    }
    Ok(true)
}

async fn disable<R>(rows: &mut R, ctx: &Ctx, at: &EndpointRef, reason: &str) -> Stored<()>
where
    R: Rows + event::Rows + audit::Rows,
{
    let Some(current) = rows.endpoint(at).await? else {
        return Ok(());
    };
    if current.status != EndpointStatus::Active {
        return Ok(());
    }
    let mut endpoint = Endpoint::clone(&current);
    endpoint.status = EndpointStatus::Disabled;
    endpoint.status_reason = Some(reason.to_owned());
    let endpoint = save(rows, ctx, endpoint).await?;
    let data = json!({"endpoint_id": at.endpoint_id, "url": endpoint.config.url, "reason": reason});
    let namespace = endpoint.config.namespace.as_ref();
    let event = NewEvent::built_in(&at.workspace_id, "endpoint.disabled", namespace, &data);
    let new = NewAudit {
        actor: audit::SYSTEM.into(),
        action: "endpoint.disable",
        subject: at.endpoint_id.to_string(),
        namespace: namespace.cloned(),
        detail: json!({"reason": reason}),
    };
    audit::record(rows, ctx, &at.workspace_id, new).await?;
    // Appending may fan out, which never leads back here: settling is not appending.
    Box::pin(event::append(rows, ctx, event)).await.map(drop)
}
