//! What deliveries ask of a transaction. Every call names its workspace, by itself or inside an
//! [`EndpointRef`] (keeps I11).
use std::{collections::BTreeSet, future::Future, sync::Arc};

use bellwire_wire::{DeliveryId, EventId, JobId, Namespace, Timestamp, WorkspaceId};

use super::{
    AttemptRecord, Backlog, Claimed, Delivery, DeliveryFilter, DeliveryStatus, Endpoint, EndpointRef, EndpointVersion,
    Health, Hour, Job, NewDelivery, Slot, Standing, Subscriptions,
};
use crate::{Ctx, Effect, Page, PageQuery, Stored};

/// What to claim.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Deliveries of this endpoint
    pub at: EndpointRef,
    /// that are due at this time,
    pub now: Timestamp,
    /// until this one,
    pub lease_until: Timestamp,
    /// at most so many,
    pub limit: u32,
    /// and only those that neither breaker nor rate may hold up.
    pub exempt_only: bool,
}

/// How a held delivery is to be left.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Which.
    pub seq: i64,
    /// The lease it is held under: if another holds it by now, nothing changes.
    pub lease_until: Timestamp,
    /// Its state.
    pub status: DeliveryStatus,
    /// When it is due, if pending.
    pub due: Option<Timestamp>,
    /// Attempts since the last reset.
    pub attempts: u32,
    /// Attempts ever.
    pub attempts_total: u32,
    /// The status answered.
    pub status_code: Option<u16>,
    /// The error in words.
    pub error: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Rows of endpoints, deliveries, attempts and replay jobs.
pub trait Rows: Send {
    /// The endpoints of a workspace that collect, ready to match.
    fn subscriptions(&mut self, workspace: &WorkspaceId) -> impl Future<Output = Stored<Arc<Subscriptions>>> + Send;
    /// A place in this node's memory for a delivery of this endpoint and size, if there is one.
    fn reserve(&mut self, endpoint: &Endpoint, bytes: usize) -> Option<Slot>;
    /// Tells the process something once the transaction has committed.
    fn effect(&mut self, effect: Effect);

    /// Inserts an endpoint.
    fn endpoint_insert(&mut self, endpoint: &Endpoint) -> impl Future<Output = Stored<()>> + Send;
    /// Replaces an endpoint.
    fn endpoint_update(&mut self, endpoint: &Endpoint) -> impl Future<Output = Stored<()>> + Send;
    /// Makes an endpoint and its deliveries invisible at once; they are removed in chunks later.
    fn endpoint_delete(&mut self, at: &EndpointRef, now: Timestamp) -> impl Future<Output = Stored<()>> + Send;
    /// One endpoint.
    fn endpoint(&mut self, at: &EndpointRef) -> impl Future<Output = Stored<Option<Arc<Endpoint>>>> + Send;
    /// What shaped the requests to an endpoint at one of its versions, as long as an attempt may name it.
    fn endpoint_version(
        &mut self,
        at: &EndpointRef,
        version: u32,
    ) -> impl Future<Output = Stored<Option<EndpointVersion>>> + Send;
    /// A page of endpoints, newest first; of one namespace if named.
    fn endpoints(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        page: PageQuery,
    ) -> impl Future<Output = Stored<Page<Arc<Endpoint>>>> + Send;
    /// All endpoints of a workspace bound to one namespace.
    fn endpoints_of(
        &mut self,
        workspace: &WorkspaceId,
        namespace: &Namespace,
    ) -> impl Future<Output = Stored<Vec<EndpointRef>>> + Send;
    /// How an endpoint has fared.
    fn health(&mut self, at: &EndpointRef) -> impl Future<Output = Stored<Health>> + Send;
    /// Replaces how an endpoint has fared.
    fn health_put(&mut self, at: &EndpointRef, health: &Health) -> impl Future<Output = Stored<()>> + Send;
    /// Adds to what an hour's attempts came to.
    fn hour_add(&mut self, at: &EndpointRef, hour: &Hour) -> impl Future<Output = Stored<()>> + Send;
    /// The hours since a time, oldest first.
    fn hours(&mut self, at: &EndpointRef, since: Timestamp) -> impl Future<Output = Stored<Vec<Hour>>> + Send;
    /// Adds to what minutes of endpoints came to, each named once.
    fn minutes_add(&mut self, minutes: &[(EndpointRef, Hour)]) -> impl Future<Output = Stored<()>> + Send;
    /// What the attempts of all endpoints of a workspace, or of a namespace, came to since a time: minute by minute,
    /// oldest first, those left out in which nothing was attempted.
    fn minutes(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        since: Timestamp,
    ) -> impl Future<Output = Stored<Vec<Hour>>> + Send;
    /// Forgets at most `limit` minutes that began before a time; how many.
    fn minutes_sweep(&mut self, before: Timestamp, limit: u32) -> impl Future<Output = Stored<usize>> + Send;
    /// What the endpoints of a workspace, or of a namespace, have owed and given up, each counted up to `limit`.
    fn standing(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        limit: u32,
    ) -> impl Future<Output = Stored<Standing>> + Send;
    /// Endpoints whose breaker is open, and until when: those that are probed first, first.
    fn circuits(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<(EndpointRef, Timestamp)>>> + Send;

    /// Inserts a delivery; its place.
    fn delivery_insert(&mut self, ctx: &Ctx, delivery: &NewDelivery<'_>) -> impl Future<Output = Stored<i64>> + Send;
    /// One delivery.
    fn delivery(
        &mut self,
        workspace: &WorkspaceId,
        id: &DeliveryId,
    ) -> impl Future<Output = Stored<Option<Delivery>>> + Send;
    /// A page of deliveries, newest first. Where the filter takes few, a page may be short although there are more.
    fn deliveries(
        &mut self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        page: PageQuery,
    ) -> impl Future<Output = Stored<Page<Delivery>>> + Send;
    /// How many deliveries there are, if at most `most`; nothing where the filter says what could only be counted one by
    /// one (types, or how an id begins), or is about more than 100 endpoints.
    fn delivery_count(
        &mut self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        most: u32,
    ) -> impl Future<Output = Stored<Option<u64>>> + Send;
    /// The deliveries of an event.
    fn deliveries_of(
        &mut self,
        workspace: &WorkspaceId,
        event: &EventId,
    ) -> impl Future<Output = Stored<Vec<Delivery>>> + Send;
    /// The delivery of an event to an endpoint.
    fn delivery_of(
        &mut self,
        at: &EndpointRef,
        event_seq: i64,
    ) -> impl Future<Output = Stored<Option<Delivery>>> + Send;
    /// The attempts of a delivery, oldest first.
    fn attempts(&mut self, delivery_seq: i64) -> impl Future<Output = Stored<Vec<AttemptRecord>>> + Send;

    /// Holds due deliveries under a lease.
    fn claim(&mut self, claim: &Claim) -> impl Future<Output = Stored<Vec<Claimed>>> + Send;
    /// Holds one delivery, whenever due, if nobody else does.
    fn claim_one(
        &mut self,
        at: &EndpointRef,
        seq: i64,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> impl Future<Output = Stored<Option<Claimed>>> + Send;
    /// Deliveries of a pull endpoint whose lease ran out, as they were held.
    fn expired_leases(
        &mut self,
        at: &EndpointRef,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<Claimed>>> + Send;
    /// Keeps other nodes from settling for these endpoints until the transaction ends: what is read
    /// of how they fare is written back.
    fn endpoints_hold(&mut self, endpoints: &BTreeSet<&EndpointRef>) -> impl Future<Output = Stored<()>> + Send;
    /// Leaves held deliveries; of each, whether it was still held.
    fn settle_all(
        &mut self,
        settlements: &[(&EndpointRef, Settlement)],
    ) -> impl Future<Output = Stored<Vec<bool>>> + Send;
    /// Moves the end of a lease; whether the delivery was still held.
    fn lease_move(
        &mut self,
        at: &EndpointRef,
        seq: i64,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Future<Output = Stored<bool>> + Send;
    /// Gives a held delivery back, due at `due`, without an attempt.
    fn release(
        &mut self,
        at: &EndpointRef,
        seq: i64,
        lease_until: Timestamp,
        due: Timestamp,
    ) -> impl Future<Output = Stored<bool>> + Send;
    /// Inserts an attempt.
    fn attempt_insert(&mut self, delivery_seq: i64, attempt: &AttemptRecord)
    -> impl Future<Output = Stored<()>> + Send;
    /// Makes a delivery pending again from the start, due at `due`.
    fn requeue(
        &mut self,
        at: &EndpointRef,
        seq: i64,
        due: Timestamp,
        replay: bool,
    ) -> impl Future<Output = Stored<()>> + Send;

    /// Whether an ordered endpoint has a pending delivery of this key.
    fn key_busy(&mut self, at: &EndpointRef, key: &str) -> impl Future<Output = Stored<bool>> + Send;
    /// Makes the first pending delivery of this key due; whether there was one.
    fn key_promote(&mut self, at: &EndpointRef, key: &str, now: Timestamp)
    -> impl Future<Output = Stored<bool>> + Send;

    /// Endpoints that send or lend and have something due by `now`, and when it became due; at most
    /// `limit`, starting after `after` in the order of their ids.
    fn due_endpoints(
        &mut self,
        now: Timestamp,
        after: Option<&EndpointRef>,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<(EndpointRef, Timestamp)>>> + Send;
    /// When the next delivery of an endpoint is due; of those only that neither breaker nor rate may
    /// hold up, if `exempt_only`.
    fn next_due(
        &mut self,
        at: &EndpointRef,
        exempt_only: bool,
    ) -> impl Future<Output = Stored<Option<Timestamp>>> + Send;

    /// What is due by `now` at active endpoints and nobody holds, counted up to `limit` deliveries.
    fn backlog(&mut self, now: Timestamp, limit: u32) -> impl Future<Output = Stored<Backlog>> + Send;

    /// Inserts or replaces a job.
    fn job_put(&mut self, job: &Job) -> impl Future<Output = Stored<()>> + Send;
    /// One job.
    fn job(&mut self, workspace: &WorkspaceId, id: &JobId) -> impl Future<Output = Stored<Option<Job>>> + Send;
    /// Jobs of an endpoint, newest first.
    fn jobs(&mut self, at: &EndpointRef, page: PageQuery) -> impl Future<Output = Stored<Page<Job>>> + Send;
    /// Jobs that are not finished, oldest first.
    fn jobs_open(&mut self, limit: u32) -> impl Future<Output = Stored<Vec<Job>>> + Send;
    /// Deliveries of an endpoint in the order of insertion, after a place.
    fn deliveries_after(
        &mut self,
        at: &EndpointRef,
        after: i64,
        until: i64,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<Delivery>>> + Send;

    /// Removes at most `limit` rows that are older than `before` or whose endpoint was deleted; how
    /// many.
    fn sweep(&mut self, before: Timestamp, limit: u32) -> impl Future<Output = Stored<usize>> + Send;
}
