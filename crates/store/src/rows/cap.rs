//! What policies count, and what they denied. Why some workspaces are looked at in more words: see `wallet`.
use bellwire_domain::{
    StoreError, Stored,
    approval::policy::Target,
    spend::{Cap, Denial, Order, PurchaseStatus, Recorded, Was},
};
use bellwire_wire::{Namespace, PolicyId, Timestamp, WalletId, WorkspaceId};
use serde_json::value::RawValue;

use super::{
    purchase::{self, purchase_columns},
    wallet::{exact, usd},
};
use crate::{
    Tx,
    args::{Row, args},
    caps::place,
};

/// What a purchase counts for: 0 is held, 1 succeeded, 5 pending.
macro_rules! counts {
    () => {
        "CASE p.status WHEN 0 THEN p.amount WHEN 5 THEN p.amount WHEN 1 THEN p.captured - p.refunded ELSE 0 END"
    };
}

/// Whole dollars and the nano-dollars that are left, for no integer holds the sum of many large amounts.
macro_rules! sums {
    () => {
        concat!(
            "SELECT CAST(COALESCE(SUM((",
            counts!(),
            ") / 1000000000), 0) AS BIGINT), CAST(COALESCE(SUM((",
            counts!(),
            ") % 1000000000), 0) AS BIGINT) FROM "
        )
    };
}

impl Tx {
    pub(super) fn find_cap(&mut self, cap: &Cap) -> Stored<Option<i128>> {
        if let Some(known) = self.cache.desk.caps.get(cap) {
            return Ok(Some(known));
        }
        self.query_one(
            "SELECT dollars, nanos FROM policy_sums WHERE workspace_id = $1 AND kind = $2 AND name = $3
                 AND within = $4 AND sandbox = $5 AND span = $6 AND start = $7",
            &place(cap),
            |row| exact(row, 0),
        )
    }

    /// What the purchases come to that were granted in the period. Their numbers are the time or later, so those
    /// of a period are found by number.
    pub(super) fn sum_of_purchases(&mut self, cap: &Cap) -> Stored<i128> {
        let (workspace, name) = (cap.workspace_id.as_str(), cap.target.name());
        let read = |row: &Row<'_>| exact(row, 0);
        let found = match &cap.target {
            Target::Purse(_) => self.query_one(
                concat!(
                    "WITH RECURSIVE below (id) AS (
                         SELECT id FROM wallets WHERE workspace_id IS NOT DISTINCT FROM $1 AND id = $2
                         UNION ALL
                         SELECT w.id FROM below JOIN wallets w
                             ON w.parent_id = below.id AND w.workspace_id IS NOT DISTINCT FROM $1) ",
                    sums!(),
                    "below JOIN purchases p ON p.wallet_id = below.id AND p.seq >= $3
                     WHERE p.created_at >= $3 AND p.created_at < $4"
                ),
                args![workspace, name, cap.start, cap.end],
                read,
            )?,
            Target::Agent(_, within) => self.query_one(
                concat!(
                    sums!(),
                    "purchases p WHERE p.workspace_id = $1 AND p.seq >= $3 AND p.created_at >= $3 AND p.created_at < $4
                         AND p.agent_id IS NOT DISTINCT FROM $2 AND ($5 IS NULL OR p.namespace = $5) AND p.sandbox = $6"
                ),
                args![workspace, name, cap.start, cap.end, within.as_ref().map(Namespace::as_str), cap.sandbox],
                read,
            )?,
            Target::Namespace(_) => self.query_one(
                concat!(
                    sums!(),
                    "purchases p WHERE p.workspace_id = $1 AND p.seq >= $3 AND p.created_at >= $3 AND p.created_at < $4
                         AND p.namespace IS NOT DISTINCT FROM $2 AND p.sandbox = $5"
                ),
                args![workspace, name, cap.start, cap.end, cap.sandbox],
                read,
            )?,
        };
        Ok(found.unwrap_or(0))
    }

    /// Finds a sum, or begins to count it; what was counted over the same in periods before is done with.
    pub(super) fn cap_counted(&mut self, cap: &Cap) -> Stored<i128> {
        if let Some(found) = self.find_cap(cap)? {
            self.cache.desk.caps.learn(cap, found);
            return Ok(found);
        }
        let sum = self.sum_of_purchases(cap)?;
        self.execute(
            "DELETE FROM policy_sums WHERE workspace_id = $1 AND kind = $2 AND name = $3 AND within = $4
                 AND sandbox = $5 AND span = $6 AND start < $7",
            &place(cap),
        )?;
        self.cache.desk.change_cap(cap, sum);
        Ok(sum)
    }

    pub(super) fn add_to_cap(&mut self, cap: &Cap, nanos: i128) -> Stored<()> {
        if let Some(found) = self.find_cap(cap)? {
            self.cache.desk.change_cap(cap, found.saturating_add(nanos));
        }
        Ok(())
    }

    /// Forgets what is counted in a workspace, over one thing or over all.
    pub(super) fn forget_caps(&mut self, workspace: &WorkspaceId, target: Option<&Target>) -> Stored<()> {
        self.execute(
            "DELETE FROM policy_sums WHERE workspace_id = $1 AND ($2 IS NULL OR (kind = $2 AND name = $3))",
            args![workspace.as_str(), target.map(Target::kind), target.map_or("", Target::name)],
        )?;
        self.cache.desk.caps.forget(workspace, target);
        Ok(())
    }

    pub(super) fn insert_denial(&mut self, denial: &Denial, oldest: Timestamp) -> Stored<()> {
        let order = &denial.order;
        self.execute(
            "DELETE FROM policy_denials WHERE workspace_id = $1 AND seq < $2",
            args![denial.workspace_id.as_str(), oldest],
        )?;
        self.execute(
            "INSERT INTO policy_denials (seq, workspace_id, namespace, wallet_id, agent_id, run_id, amount, vendor,
                 description, category, memo, rail, metadata, sandbox, policy_id, version, rule, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
            args![
                denial.seq,
                denial.workspace_id.as_str(),
                denial.namespace.as_ref().map(Namespace::as_str),
                denial.wallet_id.as_str(),
                order.agent_id.as_ref(),
                order.run_id.as_ref(),
                order.amount.nanos(),
                &order.vendor,
                &order.description,
                order.category.as_ref(),
                order.memo.as_ref(),
                order.rail.as_ref(),
                order.metadata.as_ref().map(|metadata| metadata.get()),
                denial.sandbox,
                denial.policy_id.as_str(),
                denial.version,
                &denial.rule,
                denial.at
            ],
        )
        .map(drop)
    }

    /// Both kinds of requests in their common order.
    pub(super) fn find_recorded(
        &mut self,
        workspace: &WorkspaceId,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> Stored<Vec<Recorded>> {
        let args = args![workspace.as_str(), after, up_to, limit];
        let mut all = self.query(
            concat!(
                "SELECT ",
                purchase_columns!(),
                " FROM purchases WHERE workspace_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4"
            ),
            args,
            |row| purchase::purchase(row).map(granted),
        )?;
        all.extend(self.query(
            "SELECT seq, wallet_id, namespace, agent_id, run_id, amount, vendor, description, category, memo, rail,
                 metadata, sandbox, policy_id, at
             FROM policy_denials WHERE workspace_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4",
            args,
            denied,
        )?);
        all.sort_by_key(|recorded| recorded.seq);
        all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(all)
    }
}

fn granted(purchase: bellwire_domain::spend::Purchase) -> Recorded {
    use PurchaseStatus::{Cancelled, Denied, Pending, Undeliverable};
    // A purchase that is no hold has the id of one only if it had to wait for people.
    let waited = purchase.hold_id.is_some() && purchase.expires_at.is_none();
    let asked = waited || matches!(purchase.status, Pending | Denied | Undeliverable | Cancelled);
    Recorded {
        seq: purchase.seq,
        at: purchase.created_at,
        counts: purchase.counts(),
        wallet_id: purchase.wallet_id,
        namespace: purchase.namespace,
        order: purchase.order,
        sandbox: purchase.sandbox,
        purchase_id: Some(purchase.id),
        was: if asked { Was::Approval } else { Was::Allowed },
        denied_by: None,
    }
}

fn denied(row: &Row<'_>) -> Stored<Recorded> {
    let metadata = row.opt_text(11)?.map(RawValue::from_string).transpose();
    let order = Order {
        agent_id: row.opt_text(3)?,
        run_id: row.opt_text(4)?,
        amount: usd(row, 5)?,
        vendor: row.text(6)?,
        description: row.text(7)?,
        category: row.opt_text(8)?,
        memo: row.opt_text(9)?,
        rail: row.opt_text(10)?,
        metadata: metadata.map_err(|error| StoreError::Broken(error.to_string()))?,
    };
    Ok(Recorded {
        seq: row.int(0)?,
        at: row.time(14)?,
        counts: order.amount,
        wallet_id: row.with_text(1, WalletId::from_stored)?,
        namespace: row.opt_text(2)?.as_deref().map(Namespace::from_stored),
        order,
        sandbox: row.flag(12)?,
        purchase_id: None,
        was: Was::Denied,
        denied_by: Some(row.with_text(13, PolicyId::from_stored)?),
    })
}
