//! Each endpoint's due-queue: claimed under a lease, settled by whoever holds it, kept in order by key.
use std::sync::Arc;

use bellwire_domain::{
    Origin, Stored,
    delivery::{Claim, Claimed, Endpoint, EndpointRef, PARKED},
};
use bellwire_wire::{DeliveryId, EndpointId, RequestId, Timestamp, WorkspaceId};

use super::event::event;
use crate::{
    Tx,
    args::{Row, args},
};

/// What [`held`] reads of a delivery `d` and its event `v`.
macro_rules! held_columns {
    () => {
        "d.seq, d.id, d.attempts, d.attempts_total, d.replay, d.ordering_key, d.created_at, d.due_at, v.request_id, \
         v.traceparent, v.workspace_id, v.id, v.type, v.namespace, v.occurred_at, v.source, v.data "
    };
}
pub(super) use held_columns;

/// A held delivery with its event, at this lease.
macro_rules! held_sql {
    ($rest:literal) => {
        concat!("SELECT ", held_columns!(), "FROM deliveries d ", $rest)
    };
}

pub(super) fn held(row: &Row<'_>, endpoint: &Arc<Endpoint>) -> Stored<Claimed> {
    Ok(Claimed {
        seq: row.int(0)?,
        id: row.with_text(1, DeliveryId::from_stored)?,
        endpoint: Arc::clone(endpoint),
        attempts: row.small(2)?,
        attempts_total: row.small(3)?,
        replay: row.flag(4)?,
        ordering_key: row.opt_text(5)?,
        created_at: row.time(6)?,
        lease_until: row.time(7)?,
        origin: Origin {
            request_id: row.opt_text(8)?.as_deref().map(RequestId::from_stored),
            traceparent: row.opt_text(9)?.map(Into::into),
            via: None,
        },
        event: Arc::new(event(row, 10)?),
        slot: None,
    })
}

impl Tx {
    pub(super) fn claim_due(&mut self, claim: &Claim) -> Stored<Vec<Claimed>> {
        let Some(endpoint) = self.find_endpoint(&claim.at)? else { return Ok(Vec::new()) };
        if self.postgres().is_some() {
            return self.claim_unlocked(claim, &endpoint);
        }
        let args = args![claim.at.endpoint_id.as_str(), claim.now, claim.limit];
        let read = |row: &Row<'_>| held(row, &endpoint);
        // What is leased and due was held by a process that is gone; a receiver's own lease that
        // ended is counted as an attempt elsewhere first.
        let mut claimed = if claim.exempt_only {
            self.query(
                held_sql!(
                    "INDEXED BY deliveries_exempt JOIN events v ON v.seq = d.event_seq AND v.workspace_id = d.workspace_id
                     WHERE d.endpoint_id = $1 AND d.status = 0 AND d.type = 'approval.requested' AND d.due_at <= $2
                     ORDER BY d.due_at LIMIT $3"
                ),
                args,
                read,
            )?
        } else {
            self.query(
                held_sql!(
                    "INDEXED BY deliveries_due JOIN events v ON v.seq = d.event_seq AND v.workspace_id = d.workspace_id
                     WHERE d.endpoint_id = $1 AND d.status = 0 AND d.due_at <= $2 ORDER BY d.due_at LIMIT $3"
                ),
                args,
                read,
            )?
        };
        for claimed in &mut claimed {
            self.execute(
                "UPDATE deliveries SET due_at = $2, leased_by = $3 WHERE seq = $1",
                args![claimed.seq, claim.lease_until, self.node],
            )?;
            claimed.lease_until = claim.lease_until;
        }
        Ok(claimed)
    }

    pub(super) fn claim_this(
        &mut self,
        at: &EndpointRef,
        seq: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Stored<Option<Claimed>> {
        let Some(endpoint) = self.find_endpoint(at)? else { return Ok(None) };
        let taken = self.execute(
            "UPDATE deliveries SET due_at = $5, leased_by = $6
             WHERE seq = $1 AND workspace_id = $2 AND endpoint_id = $3 AND status = 0
               AND (leased_by IS NULL OR due_at <= $4 OR due_at = $5)",
            args![seq, at.workspace_id.as_str(), at.endpoint_id.as_str(), now, until, self.node],
        )?;
        if taken == 0 {
            return Ok(None);
        }
        self.query_one(
            held_sql!("JOIN events v ON v.seq = d.event_seq AND v.workspace_id = d.workspace_id WHERE d.seq = $1"),
            args![seq],
            |row| held(row, &endpoint),
        )
    }

    pub(super) fn find_expired(&mut self, at: &EndpointRef, now: Timestamp, limit: u32) -> Stored<Vec<Claimed>> {
        let Some(endpoint) = self.find_endpoint(at)? else { return Ok(Vec::new()) };
        self.query(
            held_sql!(
                "INDEXED BY deliveries_due JOIN events v ON v.seq = d.event_seq AND v.workspace_id = d.workspace_id
                 WHERE d.endpoint_id = $1 AND d.status = 0 AND d.due_at <= $2 AND d.leased_by IS NOT NULL
                 ORDER BY d.due_at LIMIT $3"
            ),
            args![at.endpoint_id.as_str(), now, limit],
            |row| held(row, &endpoint),
        )
    }

    pub(super) fn move_lease(&mut self, at: &EndpointRef, seq: i64, from: Timestamp, to: Timestamp) -> Stored<bool> {
        let changed = self.execute(
            "UPDATE deliveries SET due_at = $4
             WHERE seq = $1 AND workspace_id = $2 AND due_at = $3 AND status = 0 AND leased_by IS NOT NULL",
            args![seq, at.workspace_id.as_str(), from, to],
        )?;
        Ok(changed > 0)
    }

    pub(super) fn release_held(
        &mut self,
        at: &EndpointRef,
        seq: i64,
        lease_until: Timestamp,
        due: Timestamp,
    ) -> Stored<bool> {
        let changed = self.execute(
            "UPDATE deliveries SET due_at = $4, leased_by = NULL
             WHERE seq = $1 AND workspace_id = $2 AND due_at = $3 AND status = 0 AND leased_by IS NOT NULL",
            args![seq, at.workspace_id.as_str(), lease_until, due],
        )?;
        Ok(changed > 0)
    }

    pub(super) fn requeue_ended(&mut self, at: &EndpointRef, seq: i64, due: Timestamp, replay: bool) -> Stored<()> {
        self.execute(
            "UPDATE deliveries SET status = 0, due_at = $3, leased_by = NULL, attempts = 0, delivered_at = NULL,
                 replay = $4 WHERE seq = $1 AND workspace_id = $2",
            args![seq, at.workspace_id.as_str(), due, replay],
        )
        .map(drop)
    }

    pub(super) fn is_key_busy(&mut self, at: &EndpointRef, key: &str) -> Stored<bool> {
        self.stand_still();
        let found = self.query_one(
            "SELECT 1 FROM deliveries INDEXED BY deliveries_key
             WHERE endpoint_id = $1 AND ordering_key = $2 AND status = 0 LIMIT 1",
            args![at.endpoint_id.as_str(), key],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    pub(super) fn promote_key(&mut self, at: &EndpointRef, key: &str, now: Timestamp) -> Stored<bool> {
        self.stand_still();
        let changed = self.execute(
            "UPDATE deliveries SET due_at = $3 WHERE due_at = $4 AND seq =
                 (SELECT MIN(seq) FROM deliveries INDEXED BY deliveries_key
                  WHERE endpoint_id = $1 AND ordering_key = $2 AND status = 0)",
            args![at.endpoint_id.as_str(), key, now, PARKED],
        )?;
        Ok(changed > 0)
    }

    pub(super) fn find_due_endpoints(
        &mut self,
        now: Timestamp,
        after: Option<&EndpointRef>,
        limit: u32,
    ) -> Stored<Vec<(EndpointRef, Timestamp)>> {
        // One look into the head of each endpoint's queue, whatever its length.
        self.query(
            "SELECT workspace_id, id, due FROM
                 (SELECT e.workspace_id, e.id,
                      (SELECT MIN(d.due_at) FROM deliveries d INDEXED BY deliveries_due
                       WHERE d.endpoint_id = e.id AND d.status = 0) AS due
                  FROM endpoints e WHERE e.deleted_at IS NULL AND e.status = 'active' AND e.id > $2 ORDER BY e.id)
                 AS heads WHERE due <= $1 LIMIT $3",
            args![now, after.map_or("", |at| at.endpoint_id.as_str()), limit],
            |row| {
                let at = EndpointRef {
                    workspace_id: row.with_text(0, WorkspaceId::from_stored)?,
                    endpoint_id: row.with_text(1, EndpointId::from_stored)?,
                };
                Ok((at, row.time(2)?))
            },
        )
    }

    pub(super) fn find_next_due(&mut self, at: &EndpointRef, exempt_only: bool) -> Stored<Option<Timestamp>> {
        if self.find_endpoint(at)?.is_none() {
            return Ok(None);
        }
        let sql = if exempt_only {
            "SELECT MIN(due_at) FROM deliveries INDEXED BY deliveries_exempt
             WHERE endpoint_id = $1 AND status = 0 AND type = 'approval.requested'"
        } else {
            "SELECT MIN(due_at) FROM deliveries INDEXED BY deliveries_due WHERE endpoint_id = $1 AND status = 0"
        };
        let due = self.query_one(sql, args![at.endpoint_id.as_str()], |row| row.opt_time(0))?;
        Ok(due.flatten())
    }
}
