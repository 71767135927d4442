//! Purchases, holds and refunds. Why some workspaces are looked at in more words: see `wallet`.
use bellwire_domain::{
    Page, PageQuery, StoreError, Stored,
    spend::{Order, Purchase, PurchaseFilter, PurchaseRef, PurchaseStatus, Refund},
};
use bellwire_wire::{EventId, HoldId, Namespace, PurchaseId, RefundId, Timestamp, WalletId, WorkspaceId};
use serde_json::value::RawValue;

use super::{
    repeat::{likeness, minute},
    wallet::usd,
};
use crate::{
    Tx,
    args::{Row, args},
    postgres::Bulk,
};

/// Refunds of one purchase that are listed: each is at least a nano-dollar, but nobody gives so many. Keeps I12.
const REFUNDS_MAX: u32 = 1_000;

pub(super) static PURCHASES: Bulk = Bulk {
    place: 3,
    one:
        "INSERT INTO purchases (seq, id, hold_id, workspace_id, namespace, wallet_id, agent_id, run_id, status, amount,
              captured, vendor, description, category, memo, rail, metadata, sandbox, likeness, created_at, expires_at,
              ended_at, numbered, event_id, refunded)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
              $23, $24, 0)",
    many: "INSERT INTO purchases (seq, id, hold_id, workspace_id, namespace, wallet_id, agent_id, run_id, status,
               amount, captured, vendor, description, category, memo, rail, metadata, sandbox, likeness, created_at,
               expires_at, ended_at, numbered, event_id, refunded)
           SELECT *, 0 FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
               $20, $21, $22, $23, $24)",
};

macro_rules! purchase_columns {
    () => {
        "seq, id, hold_id, workspace_id, namespace, wallet_id, agent_id, run_id, status, amount, captured, refunded, \
         vendor, description, category, memo, rail, metadata, sandbox, created_at, expires_at, ended_at, error_code, \
         error_message"
    };
}
pub(super) use purchase_columns;

macro_rules! purchase_sql {
    ($rest:literal) => {
        purchase_sql!("", $rest)
    };
    ($index:literal, $rest:expr) => {
        concat!("SELECT ", purchase_columns!(), " FROM purchases ", $index, " WHERE ", $rest)
    };
}

/// The purchases of a wallet, newest first.
macro_rules! of_wallet_sql {
    ($index:literal, $span:literal, $order:literal) => {
        purchase_sql!(
            $index,
            concat!(
                "workspace_id = $1 AND wallet_id = $10 AND seq < $2 AND seq > $4 ",
                $span,
                " AND ($5 IS NULL OR namespace = $5) AND ($6 IS NULL OR status = $6)
                     AND ($7 IS NULL OR agent_id = $7) AND ($8 IS NULL OR vendor = $8)
                     AND ($9 = 0 OR hold_id IS NOT NULL)
                 ORDER BY ",
                $order,
                " DESC LIMIT $3"
            )
        )
    };
}

pub(super) fn purchase(row: &Row<'_>) -> Stored<Purchase> {
    let metadata = row.opt_text(17)?.map(RawValue::from_string).transpose();
    Ok(Purchase {
        seq: row.int(0)?,
        id: row.with_text(1, PurchaseId::from_stored)?,
        hold_id: row.opt_text(2)?.as_deref().map(HoldId::from_stored),
        workspace_id: row.with_text(3, WorkspaceId::from_stored)?,
        namespace: row.opt_text(4)?.as_deref().map(Namespace::from_stored),
        wallet_id: row.with_text(5, WalletId::from_stored)?,
        order: Order {
            agent_id: row.opt_text(6)?,
            run_id: row.opt_text(7)?,
            amount: usd(row, 9)?,
            vendor: row.text(12)?,
            description: row.text(13)?,
            category: row.opt_text(14)?,
            memo: row.opt_text(15)?,
            rail: row.opt_text(16)?,
            metadata: metadata.map_err(|error| StoreError::Broken(error.to_string()))?,
        },
        status: status(row.int(8)?)?,
        captured: usd(row, 10)?,
        refunded: usd(row, 11)?,
        sandbox: row.flag(18)?,
        created_at: row.time(19)?,
        expires_at: row.opt_time(20)?,
        ended_at: row.opt_time(21)?,
        error: row.opt_text(22)?.zip(row.opt_text(23)?),
    })
}

fn code(status: PurchaseStatus) -> i64 {
    PurchaseStatus::ALL.iter().zip(0..).find(|(known, _)| **known == status).map_or(0, |(_, code)| code)
}

fn status(code: i64) -> Stored<PurchaseStatus> {
    let found = usize::try_from(code).ok().and_then(|code| PurchaseStatus::ALL.get(code).copied());
    found.ok_or_else(|| StoreError::Broken("a purchase's status is not what was stored".into()))
}

impl Tx {
    /// With the event that told of it, if it is its own entry.
    pub(super) fn insert_purchase(&mut self, purchase: &Purchase, own: Option<&EventId>) -> Stored<()> {
        let order = &purchase.order;
        let likeness = likeness(&purchase.wallet_id, &order.vendor, order.amount);
        if self.postgres().is_none() {
            self.cache.desk.recent.bought(&purchase.wallet_id, minute(purchase.seq), likeness);
        }
        self.insert(
            &PURCHASES,
            args![
                purchase.seq,
                purchase.id.as_str(),
                purchase.hold_id.as_ref().map(HoldId::as_str),
                purchase.workspace_id.as_str(),
                purchase.namespace.as_ref().map(Namespace::as_str),
                purchase.wallet_id.as_str(),
                order.agent_id.as_ref(),
                order.run_id.as_ref(),
                code(purchase.status),
                order.amount.nanos(),
                purchase.captured.nanos(),
                &order.vendor,
                &order.description,
                order.category.as_ref(),
                order.memo.as_ref(),
                order.rail.as_ref(),
                order.metadata.as_ref().map(|metadata| metadata.get()),
                purchase.sandbox,
                likeness,
                purchase.created_at,
                purchase.expires_at,
                purchase.ended_at,
                Purchase::number_in(&purchase.id) == Some(purchase.seq),
                own.map(EventId::as_str)
            ],
        )
    }

    pub(super) fn save_purchase(&mut self, purchase: &Purchase) -> Stored<()> {
        let (code_said, message) = purchase.error.as_ref().map(|(code, message)| (code, message)).unzip();
        let changed = self.execute(
            "UPDATE purchases SET status = $3, captured = $4, refunded = $5, ended_at = $6, error_code = $7,
                 error_message = $8, amount = $9, expires_at = $10
             WHERE seq = $1 AND workspace_id IS NOT DISTINCT FROM $2",
            args![
                purchase.seq,
                purchase.workspace_id.as_str(),
                code(purchase.status),
                purchase.captured.nanos(),
                purchase.refunded.nanos(),
                purchase.ended_at,
                code_said,
                message,
                purchase.order.amount.nanos(),
                purchase.expires_at
            ],
        )?;
        if changed == 1 { Ok(()) } else { Err(StoreError::Broken("a purchase that was changed is not there".into())) }
    }

    pub(super) fn find_purchase(&mut self, workspace: &WorkspaceId, id: &PurchaseRef) -> Stored<Option<Purchase>> {
        match id {
            PurchaseRef::Purchase(id) if self.postgres().is_some() => self.query_one(
                purchase_sql!("id = $2 AND workspace_id IS NOT DISTINCT FROM $1"),
                args![workspace.as_str(), id.as_str()],
                purchase,
            ),
            // The embedded engine has an index of those ids alone that do not say where their row is.
            PurchaseRef::Purchase(id) => {
                let numbered = self.query_one(
                    purchase_sql!("seq = $3 AND id = $2 AND workspace_id IS NOT DISTINCT FROM $1"),
                    args![workspace.as_str(), id.as_str(), Purchase::number_in(id)],
                    purchase,
                )?;
                if numbered.is_some() {
                    return Ok(numbered);
                }
                self.query_one(
                    purchase_sql!("numbered = 0 AND id = $2 AND workspace_id IS NOT DISTINCT FROM $1"),
                    args![workspace.as_str(), id.as_str()],
                    purchase,
                )
            }
            PurchaseRef::Hold(id) => self.query_one(
                purchase_sql!("hold_id = $2 AND workspace_id IS NOT DISTINCT FROM $1"),
                args![workspace.as_str(), id.as_str()],
                purchase,
            ),
        }
    }

    pub(super) fn page_purchases(
        &mut self,
        workspace: &WorkspaceId,
        filter: &PurchaseFilter,
        page: PageQuery,
    ) -> Stored<Page<Purchase>> {
        // Numbers are about the time in microseconds, so a span of time is a span of numbers.
        let before = page.before.unwrap_or(i64::MAX).min(filter.until.map_or(i64::MAX, |until| until.micros() + 1));
        let args = args![
            workspace.as_str(),
            before,
            page.limit + 1,
            filter.since.map_or(0, Timestamp::micros),
            filter.namespace.as_ref().map(Namespace::as_str),
            filter.status.map(code),
            filter.agent_id.as_ref(),
            filter.vendor.as_ref(),
            filter.holds_only,
            filter.wallet_id.as_ref().map(WalletId::as_str)
        ];
        let rows = if filter.wallet_id.is_some() {
            let sql = if self.postgres().is_some() {
                of_wallet_sql!("", "", "seq")
            } else {
                // The index is by minutes, and what is of one minute is put in order here.
                of_wallet_sql!(
                    "INDEXED BY purchases_wallet",
                    "AND seq / 60000000 <= $2 / 60000000 AND seq / 60000000 >= $4 / 60000000",
                    "seq / 60000000 DESC, seq"
                )
            };
            self.query(sql, args, purchase)?
        } else {
            self.query(
                purchase_sql!(
                    "workspace_id = $1 AND seq < $2 AND seq > $4 AND ($5 IS NULL OR namespace = $5)
                         AND ($6 IS NULL OR status = $6) AND ($7 IS NULL OR agent_id = $7)
                         AND ($8 IS NULL OR vendor = $8) AND ($9 = 0 OR hold_id IS NOT NULL)
                     ORDER BY seq DESC LIMIT $3"
                ),
                &args[..9],
                purchase,
            )?
        };
        Ok(Page::from_overfetch(rows, page.limit, |purchase| purchase.seq))
    }

    pub(super) fn insert_refund(&mut self, refund: &Refund) -> Stored<()> {
        self.execute(
            "INSERT INTO refunds (seq, id, purchase_id, workspace_id, amount, reason, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            args![
                refund.seq,
                refund.id.as_str(),
                refund.purchase_id.as_str(),
                refund.workspace_id.as_str(),
                refund.amount.nanos(),
                refund.reason.as_ref(),
                refund.created_at
            ],
        )
        .map(drop)
    }

    pub(super) fn find_refunds(&mut self, of: &Purchase) -> Stored<Vec<Refund>> {
        self.query(
            "SELECT seq, id, purchase_id, workspace_id, amount, reason, created_at FROM refunds
             WHERE workspace_id = $1 AND purchase_id = $2 ORDER BY seq LIMIT $3",
            args![of.workspace_id.as_str(), of.id.as_str(), REFUNDS_MAX],
            |row| {
                Ok(Refund {
                    seq: row.int(0)?,
                    id: row.with_text(1, RefundId::from_stored)?,
                    purchase_id: row.with_text(2, PurchaseId::from_stored)?,
                    workspace_id: row.with_text(3, WorkspaceId::from_stored)?,
                    amount: usd(row, 4)?,
                    reason: row.opt_text(5)?,
                    created_at: row.time(6)?,
                })
            },
        )
    }

    pub(super) fn find_overdue(
        &mut self,
        workspace: Option<&WorkspaceId>,
        now: Timestamp,
        limit: u32,
    ) -> Stored<Vec<(WorkspaceId, PurchaseRef)>> {
        self.query(
            "SELECT workspace_id, id FROM purchases WHERE status = 0 AND expires_at <= $1
                 AND ($2 IS NULL OR workspace_id = $2) ORDER BY expires_at LIMIT $3",
            args![now, workspace.map(WorkspaceId::as_str), limit],
            |row| {
                let id = row.with_text(1, PurchaseId::from_stored)?;
                Ok((row.with_text(0, WorkspaceId::from_stored)?, PurchaseRef::Purchase(id)))
            },
        )
    }
}
