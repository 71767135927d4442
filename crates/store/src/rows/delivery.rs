//! Deliveries and attempts, read and inserted; the face of the slice's rows.
use std::{collections::BTreeSet, sync::Arc};

use bellwire_domain::{
    Ctx, Effect, Page, PageQuery, StoreError, Stored, Topic,
    delivery::{
        AttemptRecord, Backlog, Claim, Claimed, Delivery, DeliveryFilter, DeliveryStatus, Endpoint, EndpointRef,
        EndpointVersion, Health, Hour, Job, NewDelivery, Rows, Settlement, Slot, Standing, Subscriptions,
    },
};
use bellwire_wire::{DeliveryId, EndpointId, EventId, EventType, JobId, Namespace, Timestamp, WorkspaceId};

use crate::{
    Tx,
    args::{Row, args},
    postgres::Bulk,
};

macro_rules! delivery_sql {
    ($from:literal) => {
        concat!(
            "SELECT d.seq, d.id, d.workspace_id, d.endpoint_id, d.event_id, d.event_seq, d.type, d.namespace, d.status, ",
            "d.status_code, d.attempts, d.attempts_total, d.due_at, d.leased_by, d.last_attempt_at, d.last_error, ",
            "d.created_at, d.delivered_at, d.ordering_key, d.replay ",
            $from
        )
    };
}

pub(super) use delivery_sql;

pub(super) const PENDING: i64 = 0;
pub(super) const SUCCESS: i64 = 1;
pub(super) const FAILED: i64 = 2;

pub(super) const fn code(status: DeliveryStatus) -> i64 {
    match status {
        DeliveryStatus::Pending => PENDING,
        DeliveryStatus::Success => SUCCESS,
        DeliveryStatus::Failed => FAILED,
    }
}

pub(super) fn delivery(row: &Row<'_>) -> Stored<Delivery> {
    Ok(Delivery {
        seq: row.int(0)?,
        id: row.with_text(1, DeliveryId::from_stored)?,
        at: EndpointRef {
            workspace_id: row.with_text(2, WorkspaceId::from_stored)?,
            endpoint_id: row.with_text(3, EndpointId::from_stored)?,
        },
        event_id: row.with_text(4, EventId::from_stored)?,
        event_seq: row.int(5)?,
        event_type: row.with_text(6, EventType::from_stored)?,
        namespace: row.opt_text(7)?.as_deref().map(Namespace::from_stored),
        status: match row.int(8)? {
            PENDING => DeliveryStatus::Pending,
            SUCCESS => DeliveryStatus::Success,
            FAILED => DeliveryStatus::Failed,
            other => return Err(StoreError::Broken(format!("delivery status {other}"))),
        },
        status_code: row.opt_small(9)?,
        attempts: row.small(10)?,
        attempts_total: row.small(11)?,
        due: row.opt_time(12)?,
        leased: row.opt_int(13)?.is_some(),
        last_attempt_at: row.opt_time(14)?,
        last_error: row.opt_text(15)?,
        created_at: row.time(16)?,
        delivered_at: row.opt_time(17)?,
        ordering_key: row.opt_text(18)?,
        replay: row.flag(19)?,
    })
}

pub(super) static DELIVERIES: Bulk = Bulk {
    place: 1,
    one: "INSERT INTO deliveries (seq, id, workspace_id, endpoint_id, event_id, event_seq, type, namespace, status,
              due_at, leased_by, attempts, attempts_total, created_at, ordering_key, replay)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, 0, 0, $11, $12, $13)",
    many: "INSERT INTO deliveries (seq, id, workspace_id, endpoint_id, event_id, event_seq, type, namespace, due_at,
               leased_by, created_at, ordering_key, replay, status, attempts, attempts_total)
           SELECT *, 0, 0, 0 FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
};

impl Tx {
    fn insert_delivery(&mut self, ctx: &Ctx, new: &NewDelivery<'_>) -> Stored<i64> {
        let seq = self.next_seq(ctx);
        let node = self.node;
        self.touch(&new.event.workspace_id, Topic::Deliveries);
        self.insert(
            &DELIVERIES,
            args![
                seq,
                new.id.as_str(),
                new.event.workspace_id.as_str(),
                new.endpoint.at.endpoint_id.as_str(),
                new.event.id.as_str(),
                new.event_seq,
                new.event.kind.as_str(),
                new.event.namespace.as_ref().map(Namespace::as_str),
                new.due,
                new.leased.then_some(node),
                ctx.now,
                new.ordering_key.as_ref(),
                new.replay,
            ],
        )?;
        Ok(seq)
    }
}

impl Rows for Tx {
    async fn subscriptions(&mut self, workspace: &WorkspaceId) -> Stored<Arc<Subscriptions>> {
        self.find_subscriptions(workspace)
    }

    fn reserve(&mut self, endpoint: &Endpoint, bytes: usize) -> Option<Slot> {
        self.observer.reserve(endpoint, bytes)
    }

    fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    async fn endpoint_insert(&mut self, endpoint: &Endpoint) -> Stored<()> {
        self.touch(&endpoint.at.workspace_id, Topic::Endpoints);
        self.insert_endpoint(endpoint)
    }

    async fn endpoint_update(&mut self, endpoint: &Endpoint) -> Stored<()> {
        self.touch(&endpoint.at.workspace_id, Topic::Endpoints);
        self.update_endpoint(endpoint)
    }

    async fn endpoint_delete(&mut self, at: &EndpointRef, now: Timestamp) -> Stored<()> {
        self.touch(&at.workspace_id, Topic::Endpoints);
        self.delete_endpoint(at, now)
    }

    async fn endpoint(&mut self, at: &EndpointRef) -> Stored<Option<Arc<Endpoint>>> {
        self.find_endpoint(at)
    }

    async fn endpoint_version(&mut self, at: &EndpointRef, version: u32) -> Stored<Option<EndpointVersion>> {
        self.find_version(at, version)
    }

    async fn endpoints(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        page: PageQuery,
    ) -> Stored<Page<Arc<Endpoint>>> {
        self.page_endpoints(workspace, namespace, page)
    }

    async fn endpoints_of(&mut self, workspace: &WorkspaceId, namespace: &Namespace) -> Stored<Vec<EndpointRef>> {
        self.bound_endpoints(workspace, namespace)
    }

    async fn health(&mut self, at: &EndpointRef) -> Stored<Health> {
        self.find_health(at)
    }

    async fn health_put(&mut self, at: &EndpointRef, health: &Health) -> Stored<()> {
        self.touch(&at.workspace_id, Topic::Endpoints);
        self.put_health(at, health)
    }

    async fn hour_add(&mut self, at: &EndpointRef, hour: &Hour) -> Stored<()> {
        self.add_hour(at, hour)
    }

    async fn hours(&mut self, at: &EndpointRef, since: Timestamp) -> Stored<Vec<Hour>> {
        self.find_hours(at, since)
    }

    async fn minutes_add(&mut self, minutes: &[(EndpointRef, Hour)]) -> Stored<()> {
        self.add_minutes(minutes)
    }

    async fn minutes(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        since: Timestamp,
    ) -> Stored<Vec<Hour>> {
        self.find_minutes(workspace, namespace, since)
    }

    async fn minutes_sweep(&mut self, before: Timestamp, limit: u32) -> Stored<usize> {
        self.sweep_old_minutes(before, limit)
    }

    async fn standing(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        limit: u32,
    ) -> Stored<Standing> {
        self.find_standing(workspace, namespace, limit)
    }

    async fn circuits(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        now: Timestamp,
        limit: u32,
    ) -> Stored<Vec<(EndpointRef, Timestamp)>> {
        self.find_circuits(workspace, namespace, now, limit)
    }

    async fn delivery_insert(&mut self, ctx: &Ctx, delivery: &NewDelivery<'_>) -> Stored<i64> {
        self.insert_delivery(ctx, delivery)
    }

    async fn delivery(&mut self, workspace: &WorkspaceId, id: &DeliveryId) -> Stored<Option<Delivery>> {
        self.query_one(
            delivery_sql!(
                "FROM deliveries d JOIN endpoints e ON e.id = d.endpoint_id AND e.deleted_at IS NULL
                 WHERE d.workspace_id = $1 AND d.id = $2"
            ),
            args![workspace.as_str(), id.as_str()],
            delivery,
        )
    }

    async fn deliveries(
        &mut self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        page: PageQuery,
    ) -> Stored<Page<Delivery>> {
        self.page_deliveries(workspace, filter, page)
    }

    async fn delivery_count(
        &mut self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        most: u32,
    ) -> Stored<Option<u64>> {
        self.count_deliveries(workspace, filter, most)
    }

    async fn deliveries_of(&mut self, workspace: &WorkspaceId, event: &EventId) -> Stored<Vec<Delivery>> {
        self.query(
            delivery_sql!(
                "FROM events v JOIN deliveries d ON d.event_seq = v.seq
                 JOIN endpoints e ON e.id = d.endpoint_id AND e.deleted_at IS NULL
                 WHERE v.workspace_id = $1 AND v.id = $2 ORDER BY d.seq"
            ),
            args![workspace.as_str(), event.as_str()],
            delivery,
        )
    }

    async fn delivery_of(&mut self, at: &EndpointRef, event_seq: i64) -> Stored<Option<Delivery>> {
        self.query_one(
            delivery_sql!(
                "FROM deliveries d INDEXED BY deliveries_event
                 WHERE d.workspace_id = $1 AND d.endpoint_id = $2 AND d.event_seq = $3"
            ),
            args![at.workspace_id.as_str(), at.endpoint_id.as_str(), event_seq],
            delivery,
        )
    }

    async fn attempts(&mut self, delivery_seq: i64) -> Stored<Vec<AttemptRecord>> {
        self.find_attempts(delivery_seq)
    }

    async fn claim(&mut self, claim: &Claim) -> Stored<Vec<Claimed>> {
        self.claim_due(claim)
    }

    async fn claim_one(
        &mut self,
        at: &EndpointRef,
        seq: i64,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Stored<Option<Claimed>> {
        self.claim_this(at, seq, now, lease_until)
    }

    async fn expired_leases(&mut self, at: &EndpointRef, now: Timestamp, limit: u32) -> Stored<Vec<Claimed>> {
        self.find_expired(at, now, limit)
    }

    async fn endpoints_hold(&mut self, endpoints: &BTreeSet<&EndpointRef>) -> Stored<()> {
        self.hold_endpoints(endpoints)
    }

    async fn settle_all(&mut self, settlements: &[(&EndpointRef, Settlement)]) -> Stored<Vec<bool>> {
        for (at, _) in settlements {
            self.touch(&at.workspace_id, Topic::Deliveries);
        }
        self.settle_held(settlements)
    }

    async fn lease_move(&mut self, at: &EndpointRef, seq: i64, from: Timestamp, to: Timestamp) -> Stored<bool> {
        self.move_lease(at, seq, from, to)
    }

    async fn release(&mut self, at: &EndpointRef, seq: i64, lease_until: Timestamp, due: Timestamp) -> Stored<bool> {
        self.release_held(at, seq, lease_until, due)
    }

    async fn attempt_insert(&mut self, delivery_seq: i64, attempt: &AttemptRecord) -> Stored<()> {
        self.insert_attempt(delivery_seq, attempt)
    }

    async fn requeue(&mut self, at: &EndpointRef, seq: i64, due: Timestamp, replay: bool) -> Stored<()> {
        self.touch(&at.workspace_id, Topic::Deliveries);
        self.requeue_ended(at, seq, due, replay)
    }

    async fn key_busy(&mut self, at: &EndpointRef, key: &str) -> Stored<bool> {
        self.is_key_busy(at, key)
    }

    async fn key_promote(&mut self, at: &EndpointRef, key: &str, now: Timestamp) -> Stored<bool> {
        self.promote_key(at, key, now)
    }

    async fn due_endpoints(
        &mut self,
        now: Timestamp,
        after: Option<&EndpointRef>,
        limit: u32,
    ) -> Stored<Vec<(EndpointRef, Timestamp)>> {
        self.find_due_endpoints(now, after, limit)
    }

    async fn next_due(&mut self, at: &EndpointRef, exempt_only: bool) -> Stored<Option<Timestamp>> {
        self.find_next_due(at, exempt_only)
    }

    async fn backlog(&mut self, now: Timestamp, limit: u32) -> Stored<Backlog> {
        self.find_backlog(now, limit)
    }

    async fn job_put(&mut self, job: &Job) -> Stored<()> {
        self.touch(&job.at.workspace_id, Topic::Jobs);
        self.put_job(job)
    }

    async fn job(&mut self, workspace: &WorkspaceId, id: &JobId) -> Stored<Option<Job>> {
        self.find_job(workspace, id)
    }

    async fn jobs(&mut self, at: &EndpointRef, page: PageQuery) -> Stored<Page<Job>> {
        self.page_jobs(at, page)
    }

    async fn jobs_open(&mut self, limit: u32) -> Stored<Vec<Job>> {
        self.find_open_jobs(limit)
    }

    async fn deliveries_after(
        &mut self,
        at: &EndpointRef,
        after: i64,
        until: i64,
        limit: u32,
    ) -> Stored<Vec<Delivery>> {
        self.query(
            delivery_sql!(
                "FROM deliveries d INDEXED BY deliveries_endpoint
                 WHERE d.workspace_id = $1 AND d.endpoint_id = $2 AND d.seq > $3 AND d.seq <= $4 ORDER BY d.seq LIMIT $5"
            ),
            args![at.workspace_id.as_str(), at.endpoint_id.as_str(), after, until, limit],
            delivery,
        )
    }

    async fn sweep(&mut self, before: Timestamp, limit: u32) -> Stored<usize> {
        self.sweep_old(before, limit)
    }
}
