//! Leaving what is held, and what engines with many writers need said differently.
use std::{collections::BTreeSet, sync::Arc};

use bellwire_domain::{
    Stored,
    delivery::{Claim, Claimed, DeliveryStatus, Endpoint, EndpointRef, Settlement},
};

use super::{
    delivery::code,
    queue::{held, held_columns},
};
use crate::{
    Tx,
    args::{Arg, Row, args},
    postgres::Columns,
};

/// Claims, and shows what [`held`] reads, with when it was due last.
macro_rules! claim_sql {
    ($which:literal) => {
        concat!(
            "WITH p AS MATERIALIZED (SELECT seq, due_at FROM deliveries WHERE ",
            $which,
            " ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
              UPDATE deliveries d SET due_at = $4, leased_by = $5 FROM p, events v
              WHERE d.seq = p.seq AND v.seq = d.event_seq AND v.workspace_id = d.workspace_id
              RETURNING ",
            held_columns!(),
            ", p.due_at"
        )
    };
}

impl Tx {
    /// No row that others number may appear from here on: who looks whether there is one acts on it.
    pub(super) fn stand_still(&mut self) {
        if let Some(link) = self.postgres() {
            link.stand_still();
        }
    }

    /// Claims what no other node is claiming at this moment.
    pub(super) fn claim_unlocked(&mut self, claim: &Claim, endpoint: &Arc<Endpoint>) -> Stored<Vec<Claimed>> {
        let node = self.node;
        let Some(link) = self.postgres() else { return Ok(Vec::new()) };
        let args = args![claim.at.endpoint_id.as_str(), claim.now, claim.limit, claim.lease_until, node];
        let rows = if claim.exempt_only {
            link.change(
                claim_sql!("endpoint_id = $1 AND status = 0 AND type = 'approval.requested' AND due_at <= $2"),
                args,
            )?
        } else {
            link.change(claim_sql!("endpoint_id = $1 AND status = 0 AND due_at <= $2"), args)?
        };
        let mut claimed = Vec::with_capacity(rows.len());
        for row in &rows {
            let row = Row::Postgres(row);
            claimed.push((row.int(17)?, held(&row, endpoint)?));
        }
        claimed.sort_by_key(|(due, claimed)| (*due, claimed.seq));
        Ok(claimed.into_iter().map(|(_, claimed)| claimed).collect())
    }

    pub(super) fn hold_endpoints(&mut self, endpoints: &BTreeSet<&EndpointRef>) -> Stored<()> {
        let Some(link) = self.postgres() else { return Ok(()) };
        let ids = Columns::of(endpoints.iter().map(|at| [Arg::Text(Some(at.endpoint_id.as_str()))]));
        if ids.is_empty() {
            return Ok(());
        }
        // Always in the same order: nobody waits for one who waits for him.
        link.change_many(
            "SELECT pg_advisory_xact_lock(hashtextextended(id, 1))::text
             FROM (SELECT id FROM UNNEST($1) AS e (id) ORDER BY id) AS sorted",
            ids.columns(),
        )
        .map(drop)
    }

    pub(super) fn settle_held(&mut self, settlements: &[(&EndpointRef, Settlement)]) -> Stored<Vec<bool>> {
        if self.postgres().is_some() {
            return self.settle_at_once(settlements);
        }
        let mut ours = Vec::with_capacity(settlements.len());
        for (at, settlement) in settlements {
            let changed = self.execute(
                "UPDATE deliveries SET status = $4, due_at = $5, leased_by = NULL, attempts = $6, attempts_total = $7,
                     status_code = COALESCE($8, status_code), last_error = $9, last_attempt_at = $10, delivered_at = $11
                 WHERE seq = $1 AND workspace_id = $2 AND due_at = $3 AND status = 0 AND leased_by IS NOT NULL",
                &settle_args(at, settlement),
            )?;
            ours.push(changed > 0);
        }
        Ok(ours)
    }

    fn settle_at_once(&mut self, settlements: &[(&EndpointRef, Settlement)]) -> Stored<Vec<bool>> {
        let Some(link) = self.postgres() else { return Ok(Vec::new()) };
        if settlements.is_empty() {
            return Ok(Vec::new());
        }
        let rows = Columns::of(settlements.iter().map(|(at, settlement)| settle_args(at, settlement)));
        // `+ 0` keeps the planner from walking the index of all that is owed instead of the primary key.
        let changed = link.change_many(
            "UPDATE deliveries d SET status = n.status, due_at = n.due, leased_by = NULL, attempts = n.attempts,
                 attempts_total = n.total, status_code = COALESCE(n.code, d.status_code), last_error = n.error,
                 last_attempt_at = n.at, delivered_at = n.delivered
             FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS
                 n (seq, workspace, lease, status, due, attempts, total, code, error, at, delivered)
             WHERE d.seq = n.seq AND d.workspace_id = n.workspace AND d.due_at = n.lease AND d.status + 0 = 0
               AND d.leased_by IS NOT NULL
             RETURNING d.seq, n.lease",
            rows.columns(),
        )?;
        let mut ours = BTreeSet::new();
        for row in &changed {
            let row = Row::Postgres(row);
            ours.insert((row.int(0)?, row.int(1)?));
        }
        // Of two that say the same of one delivery, one did it.
        Ok(settlements
            .iter()
            .map(|(_, settlement)| ours.remove(&(settlement.seq, settlement.lease_until.micros())))
            .collect())
    }
}

/// Which delivery, under which lease, and how it is left.
fn settle_args<'a>(at: &'a EndpointRef, settlement: &'a Settlement) -> [Arg<'a>; 11] {
    let delivered = (settlement.status == DeliveryStatus::Success).then_some(settlement.at);
    [
        settlement.seq.into(),
        at.workspace_id.as_str().into(),
        settlement.lease_until.into(),
        code(settlement.status).into(),
        settlement.due.into(),
        settlement.attempts.into(),
        settlement.attempts_total.into(),
        settlement.status_code.into(),
        settlement.error.as_ref().into(),
        settlement.at.into(),
        delivered.into(),
    ]
}
