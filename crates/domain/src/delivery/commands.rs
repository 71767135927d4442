//! Endpoints made, changed and removed; events fanned out; dead letters tried again.
use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bellwire_wire::{
    DeliveryId, EndpointId, EndpointSecret, Event, EventId, EventType, Namespace, Timestamp, WorkspaceId,
};
use serde_json::{json, value::to_raw_value};

use super::{
    Claimed, Delivery, DeliveryFilter, DeliveryStatus, Endpoint, EndpointConfig, EndpointKind, EndpointRef,
    EndpointStatus, Health, LiveSecret, NewDelivery, PARKED, Rows, promise::PATIENCE,
};
use crate::{Ctx, Effect, PageQuery, Stored, event};

/// How long a node may keep a delivery before it starts the request.
const QUEUE_LEASE: Duration = Duration::from_secs(30);

/// How long a node holds a delivery of this endpoint: waiting, then the whole exchange.
pub fn lease_of(endpoint: &Endpoint) -> Duration {
    QUEUE_LEASE + Duration::from_millis(u64::from(endpoint.config.timeout_ms)).max(PATIENCE)
}

/// Which endpoints an event is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// All that want it.
    All,
    /// Only these, if they want it.
    Only(Vec<EndpointId>),
}

/// Inserts a delivery for every endpoint that wants the event, and that it is for; how many. Keeps I1.
pub async fn fan_out<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    event_seq: i64,
    event: &Arc<Event>,
    audience: &Audience,
) -> Stored<u32> {
    let mut matching = rows.subscriptions(&event.workspace_id).await?.matching(event);
    if let Audience::Only(ids) = audience {
        matching.retain(|endpoint| ids.contains(&endpoint.at.endpoint_id));
    }
    let mut count = 0_u32;
    for endpoint in matching {
        insert_delivery(rows, ctx, event_seq, event, &endpoint, false).await?;
        count = count.saturating_add(1);
    }
    Ok(count)
}

/// Inserts one delivery, leased to this node if there is room in memory for it, and hands it over.
pub(crate) async fn insert_delivery<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    event_seq: i64,
    event: &Arc<Event>,
    endpoint: &Arc<Endpoint>,
    replay: bool,
) -> Stored<()> {
    let ordering_key = endpoint.config.ordered.then(|| event::ordering_key(event).into_owned());
    let behind = match &ordering_key {
        Some(key) => rows.key_busy(&endpoint.at, key).await?,
        None => false,
    };
    // What is kept in order, or merely replayed, is taken from disk in its turn.
    let direct = endpoint.sends() && ordering_key.is_none() && !replay;
    let slot = if direct { rows.reserve(endpoint, event.data.get().len()) } else { None };
    let lease_until = ctx.now.after(lease_of(endpoint));
    let due = match (&slot, behind) {
        (Some(_), _) => lease_until,
        (None, true) => PARKED,
        (None, false) => ctx.now,
    };
    let delivery = NewDelivery {
        id: DeliveryId::from_ulid(ctx.mint.ulid()),
        endpoint,
        event,
        event_seq,
        due,
        leased: slot.is_some(),
        ordering_key,
        replay,
    };
    let seq = rows.delivery_insert(ctx, &delivery).await?;
    match slot {
        Some(slot) => rows.effect(Effect::Leased(Box::new(Claimed {
            seq,
            id: delivery.id,
            endpoint: Arc::clone(endpoint),
            event: Arc::clone(event),
            attempts: 0,
            attempts_total: 0,
            lease_until,
            replay,
            ordering_key: None,
            origin: ctx.origin.clone(),
            created_at: ctx.now,
            slot: Some(slot),
        }))),
        // Who pulls is woken by the event itself, and looks for what is due by itself.
        None if !behind && endpoint.config.kind == EndpointKind::Push => {
            rows.effect(Effect::Due(endpoint.at.clone()));
        }
        None => {}
    }
    Ok(())
}

/// Appends `webhook.test` for one endpoint alone, whatever it subscribes to, and holds its delivery:
/// the caller attempts it. If it never does, the lease ends and the engine sends it.
pub async fn start_test<R>(rows: &mut R, ctx: &Ctx, endpoint: &Arc<Endpoint>) -> Stored<Claimed>
where
    R: Rows + event::Rows,
{
    let at = &endpoint.at;
    let event = Arc::new(Event {
        id: EventId::from_ulid(ctx.mint.ulid()),
        kind: EventType::from_stored("webhook.test"),
        timestamp: ctx.now,
        workspace_id: at.workspace_id.clone(),
        namespace: endpoint.config.namespace.clone(),
        source: None,
        data: to_raw_value(&json!({"endpoint_id": at.endpoint_id, "message": "This is a test."}))
            .expect("a JSON value is JSON"),
    });
    let event_seq = rows.event_seq(ctx);
    let sends = endpoint.config.kind == EndpointKind::Push;
    let lease_until = ctx.now.after(lease_of(endpoint));
    let delivery = NewDelivery {
        id: DeliveryId::from_ulid(ctx.mint.ulid()),
        endpoint,
        event: &event,
        event_seq,
        due: if sends { lease_until } else { ctx.now },
        leased: sends,
        ordering_key: None,
        replay: false,
    };
    let seq = rows.delivery_insert(ctx, &delivery).await?;
    let id = delivery.id;
    rows.event_insert(ctx, event_seq, &event, 1).await?;
    rows.appended(&at.workspace_id);
    Ok(Claimed {
        seq,
        id,
        endpoint: Arc::clone(endpoint),
        event,
        attempts: 0,
        attempts_total: 0,
        lease_until,
        replay: false,
        ordering_key: None,
        origin: ctx.origin.clone(),
        created_at: ctx.now,
        slot: None,
    })
}

/// Makes an endpoint; it comes back with its secret.
pub async fn create_endpoint<R>(
    rows: &mut R,
    ctx: &Ctx,
    workspace: &WorkspaceId,
    config: EndpointConfig,
    status: EndpointStatus,
) -> Stored<Endpoint>
where
    R: Rows + crate::workspace::Rows,
{
    if let Some(namespace) = &config.namespace {
        rows.namespace_touch(workspace, namespace, ctx.now).await?;
    }
    let endpoint = Endpoint {
        at: EndpointRef { workspace_id: workspace.clone(), endpoint_id: EndpointId::from_ulid(ctx.mint.ulid()) },
        config,
        status,
        status_reason: None,
        secrets: vec![LiveSecret { secret: new_secret(ctx), expires_at: None }],
        created_at: ctx.now,
        updated_at: ctx.now,
        version: 1,
    };
    rows.endpoint_insert(&endpoint).await?;
    rows.effect(Effect::EndpointChanged(endpoint.at.clone()));
    Ok(endpoint)
}

/// Replaces what an endpoint's owner chose. Nothing if `ordered` would change while deliveries are
/// pending: their order could not be promised.
pub async fn update_endpoint<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    before: &Endpoint,
    config: EndpointConfig,
    status: EndpointStatus,
) -> Stored<Option<Endpoint>> {
    if config.ordered != before.config.ordered && rows.next_due(&before.at, false).await?.is_some() {
        return Ok(None);
    }
    let mut endpoint = Endpoint { config, ..before.clone() };
    if status != before.status {
        endpoint.status = status;
        endpoint.status_reason = None;
        if status == EndpointStatus::Active {
            rows.endpoints_hold(&BTreeSet::from([&endpoint.at])).await?;
            rows.health_put(&endpoint.at, &Health::default()).await?;
        }
    }
    save(rows, ctx, endpoint).await.map(Some)
}

/// Removes an endpoint with its deliveries; whether there was one.
pub async fn delete_endpoint<R: Rows>(rows: &mut R, ctx: &Ctx, at: &EndpointRef) -> Stored<DeleteEndpoint> {
    if rows.endpoint(at).await?.is_none() {
        return Ok(DeleteEndpoint::Unknown);
    }
    rows.endpoint_delete(at, ctx.now).await?;
    rows.effect(Effect::EndpointChanged(at.clone()));
    Ok(DeleteEndpoint::Deleted)
}

/// What became of [`delete_endpoint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteEndpoint {
    /// It is gone.
    Deleted,
    /// It was not there.
    Unknown,
}

/// Removes all endpoints bound to a namespace; how many.
pub async fn delete_endpoints_of<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    workspace: &WorkspaceId,
    namespace: &Namespace,
) -> Stored<usize> {
    let bound = rows.endpoints_of(workspace, namespace).await?;
    for at in &bound {
        delete_endpoint(rows, ctx, at).await?;
    }
    Ok(bound.len())
}

/// Gives an endpoint a new secret; the old ones sign beside it for `overlap`.
pub async fn rotate_secret<R: Rows>(rows: &mut R, ctx: &Ctx, before: &Endpoint, overlap: Duration) -> Stored<Endpoint> {
    let ends = ctx.now.after(overlap);
    let mut endpoint = before.clone();
    endpoint.secrets.retain(|live| live.expires_at.is_none_or(|until| until > ctx.now));
    endpoint.secrets.truncate(SECRETS_MAX - 1);
    for live in &mut endpoint.secrets {
        live.expires_at = Some(live.expires_at.map_or(ends, |until| until.min(ends)));
    }
    endpoint.secrets.insert(0, LiveSecret { secret: new_secret(ctx), expires_at: None });
    save(rows, ctx, endpoint).await
}

/// So many secrets may sign at once. Keeps I12.
const SECRETS_MAX: usize = 4;

/// Ends a rotation: only the newest secret signs.
pub async fn finish_rotation<R: Rows>(rows: &mut R, ctx: &Ctx, before: &Endpoint) -> Stored<Endpoint> {
    let mut endpoint = before.clone();
    endpoint.secrets.truncate(1);
    save(rows, ctx, endpoint).await
}

pub(crate) async fn save<R: Rows>(rows: &mut R, ctx: &Ctx, mut endpoint: Endpoint) -> Stored<Endpoint> {
    endpoint.updated_at = ctx.now;
    endpoint.version = endpoint.version.saturating_add(1);
    rows.endpoint_update(&endpoint).await?;
    rows.effect(Effect::EndpointChanged(endpoint.at.clone()));
    Ok(endpoint)
}

fn new_secret(ctx: &Ctx) -> EndpointSecret {
    let mut bytes = [0_u8; 48];
    ctx.mint.random(&mut bytes);
    EndpointSecret::from_random(&bytes).expect("48 bytes are a good secret")
}

/// What became of [`retry`].
#[expect(clippy::large_enum_variant, reason = "made once per request and taken apart at once")]
#[derive(Debug, Clone)]
pub enum Retried {
    /// It is pending and due; or it is being attempted at this moment, which is the same.
    Queued(Delivery),
    /// It was not there.
    Unknown,
}

/// Makes a delivery pending and due now, its attempts counted anew.
pub async fn retry<R: Rows>(rows: &mut R, ctx: &Ctx, workspace: &WorkspaceId, id: &DeliveryId) -> Stored<Retried> {
    let Some(delivery) = rows.delivery(workspace, id).await? else {
        return Ok(Retried::Unknown);
    };
    // What is in flight is sent once more as well: that is what was asked for, and its own answer no
    // longer counts.
    requeue(rows, ctx, &Delivery { leased: false, ..delivery.clone() }, false).await?;
    rows.endpoints_hold(&BTreeSet::from([&delivery.at])).await?;
    let health = rows.health(&delivery.at).await?;
    if health.open_until.is_some() {
        // Somebody wants to know now: the breaker lets it through, and opens again if it fails.
        rows.health_put(&delivery.at, &Health { open_until: None, ..health }).await?;
        rows.effect(Effect::EndpointChanged(delivery.at.clone()));
    }
    let after = rows.delivery(workspace, id).await?;
    Ok(after.map_or(Retried::Unknown, Retried::Queued))
}

/// Makes one delivery pending again, behind others of its key; whether it was not held by a node.
pub(crate) async fn requeue<R: Rows>(rows: &mut R, ctx: &Ctx, delivery: &Delivery, replay: bool) -> Stored<bool> {
    let in_flight = delivery.leased && delivery.due.is_some_and(|due| due > ctx.now);
    if in_flight {
        return Ok(false);
    }
    let others = match &delivery.ordering_key {
        // A pending delivery is its own key's business already: only its attempts start anew.
        Some(_) if delivery.status == DeliveryStatus::Pending => delivery.due == Some(PARKED),
        Some(key) => rows.key_busy(&delivery.at, key).await?,
        None => false,
    };
    let due = if others { PARKED } else { ctx.now };
    rows.requeue(&delivery.at, delivery.seq, due, replay || delivery.replay).await?;
    rows.effect(Effect::Due(delivery.at.clone()));
    Ok(true)
}

/// Which dead letters to try again.
#[derive(Debug, Clone)]
pub struct RetryMany {
    /// Of these.
    pub filter: DeliveryFilter,
    /// Continue before this place.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// Makes many deliveries pending again: how many, and where to go on.
pub async fn retry_many<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    workspace: &WorkspaceId,
    many: &RetryMany,
) -> Stored<(u32, Option<i64>)> {
    let query = PageQuery { before: many.before, limit: many.limit };
    let page = rows.deliveries(workspace, &many.filter, query).await?;
    let mut count = 0_u32;
    for delivery in &page.items {
        count = count.saturating_add(u32::from(requeue(rows, ctx, delivery, false).await?));
    }
    Ok((count, page.next))
}

/// Whether a lease has so little left that an exchange may outlive it.
pub fn lease_is_short(claimed: &Claimed, now: Timestamp) -> bool {
    claimed.lease_until.since(now) < claimed.patience() + Duration::from_secs(2)
}
