//! Wallets, and how fast they are spent.
//!
//! Where an id finds a row, its workspace is looked at in words (`IS NOT DISTINCT FROM`) for which PostgreSQL
//! takes no index: while a table is empty all its indexes cost the same, and the plan made then would stay.
use std::sync::Arc;

use bellwire_domain::{
    Page, PageQuery, StoreError, Stored,
    spend::{Account, Limits, Rate, Terms, Wallet, WalletCard, WalletFilter, WalletStatus, Window},
};
use bellwire_wire::{Namespace, PolicyId, PurchaseId, Timestamp, UsdNanos, WalletId, WorkspaceId};

use crate::{
    Tx,
    args::{Arg, Row, args},
    desk::{self, rate},
};

macro_rules! wallet_columns {
    () => {
        "w.seq, w.id, w.workspace_id, w.namespace, w.name, w.agent_id, w.parent_id, w.depth, w.sandbox, w.budget, \
         w.period, w.zone, w.limits, w.thresholds, w.status, w.status_reason, w.created_at, w.updated_at, \
         w.period_start, w.period_end, w.spent, w.held, w.told_percent, w.denied_count, w.last_purchase_id, w.pulse, \
         w.policy_id"
    };
}

fn wallet(row: &Row<'_>) -> Stored<Wallet> {
    let card = WalletCard {
        seq: row.int(0)?,
        id: row.with_text(1, WalletId::from_stored)?,
        workspace_id: row.with_text(2, WorkspaceId::from_stored)?,
        namespace: row.opt_text(3)?.as_deref().map(Namespace::from_stored),
        terms: Terms {
            name: row.text(4)?,
            budget: usd(row, 9)?,
            window: Window { kind: row.parse(10)?, zone: row.parse(11)? },
            limits: row.json(12)?,
            thresholds: row.json(13)?,
            policy_id: row.opt_text(26)?.as_deref().map(PolicyId::from_stored),
            status: row.parse(14)?,
            status_reason: row.opt_text(15)?,
        },
        agent_id: row.opt_text(5)?,
        parent_id: row.opt_text(6)?.as_deref().map(WalletId::from_stored),
        depth: row.small(7)?,
        sandbox: row.flag(8)?,
        created_at: row.time(16)?,
        updated_at: row.time(17)?,
    };
    let account = Account {
        period_start: row.time(18)?,
        period_end: row.opt_time(19)?,
        spent: usd(row, 20)?,
        held: usd(row, 21)?,
        told_percent: row.small(22)?,
        denied_count: row.small(23)?,
        last_purchase: row.opt_text(24)?.as_deref().map(PurchaseId::from_stored),
        pulse: row.json(25)?,
    };
    Ok(Wallet { card: Arc::new(card), account })
}

pub(super) fn usd(row: &Row<'_>, index: usize) -> Stored<UsdNanos> {
    row.int(index).map(UsdNanos::from_nanos)
}

fn json<T: serde::Serialize>(value: &T) -> Stored<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Broken(error.to_string()))
}

impl Tx {
    /// A wallet and those above it, from the bottom up. What is in hand is newer than rows.
    pub(super) fn find_chain(&mut self, workspace: &WorkspaceId, id: &WalletId) -> Stored<Vec<Wallet>> {
        if let Some(known) = self.known_chain(workspace, id) {
            return Ok(known);
        }
        let found = self.query(
            concat!(
                "WITH RECURSIVE up (id, parent_id, place) AS (
                     SELECT id, parent_id, 0 FROM wallets WHERE workspace_id IS NOT DISTINCT FROM $1 AND id = $2
                     UNION ALL
                     SELECT above.id, above.parent_id, up.place + 1
                     FROM up JOIN wallets above
                         ON above.id = up.parent_id AND above.workspace_id IS NOT DISTINCT FROM $1
                     WHERE up.place < 8)
                 SELECT ",
                wallet_columns!(),
                " FROM up JOIN wallets w ON w.id = up.id ORDER BY up.place"
            ),
            args![workspace.as_str(), id.as_str()],
            wallet,
        )?;
        let newest = |wallet: Wallet| self.cache.desk.wallet(wallet.id()).cloned().unwrap_or(wallet);
        Ok(found.into_iter().map(newest).collect())
    }

    /// The chain, if all of it is in hand.
    fn known_chain(&self, workspace: &WorkspaceId, id: &WalletId) -> Option<Vec<Wallet>> {
        let mut chain: Vec<Wallet> = Vec::with_capacity(2);
        let mut next = Some(id);
        while let Some(id) = next {
            let wallet = self.cache.desk.wallet(id).filter(|wallet| wallet.card.workspace_id == *workspace)?;
            next = wallet.card.parent_id.as_ref();
            chain.push(wallet.clone());
        }
        Some(chain)
    }

    pub(super) fn page_wallets(
        &mut self,
        workspace: &WorkspaceId,
        filter: &WalletFilter,
        page: PageQuery,
    ) -> Stored<Page<Wallet>> {
        self.put_down()?;
        let rows = self.query(
            concat!(
                "SELECT ",
                wallet_columns!(),
                " FROM wallets w WHERE w.workspace_id = $1 AND w.seq < $2 AND ($4 IS NULL OR w.namespace = $4)
                     AND ($5 IS NULL OR w.agent_id = $5) AND ($6 IS NULL OR w.parent_id = $6)
                     AND ($7 IS NULL OR w.status = $7)
                 ORDER BY w.seq DESC LIMIT $3"
            ),
            args![
                workspace.as_str(),
                page.before.unwrap_or(i64::MAX),
                page.limit + 1,
                filter.namespace.as_ref().map(Namespace::as_str),
                filter.agent_id.as_ref(),
                filter.parent_id.as_ref().map(WalletId::as_str),
                filter.status.map(WalletStatus::as_str)
            ],
            wallet,
        )?;
        Ok(Page::from_overfetch(rows, page.limit, |wallet| wallet.card.seq))
    }

    pub(super) fn insert_wallet(&mut self, wallet: &Wallet) -> Stored<()> {
        let (card, account) = (&*wallet.card, &wallet.account);
        let terms = &card.terms;
        let (limits, thresholds) = (json::<Limits>(&terms.limits)?, json(&terms.thresholds)?);
        let pulse = desk::pulse(&account.pulse)?;
        self.execute(
            "INSERT INTO wallets (seq, id, workspace_id, namespace, name, agent_id, parent_id, depth, sandbox, budget,
                 period, zone, limits, thresholds, status, status_reason, created_at, updated_at, period_start,
                 period_end, spent, held, told_percent, denied_count, last_purchase_id, pulse,
                 policy_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 0, 0,
                 0, 0, NULL, $21, $22)",
            args![
                card.seq,
                card.id.as_str(),
                card.workspace_id.as_str(),
                card.namespace.as_ref().map(Namespace::as_str),
                &terms.name,
                card.agent_id.as_ref(),
                card.parent_id.as_ref().map(WalletId::as_str),
                u32::from(card.depth),
                card.sandbox,
                terms.budget.nanos(),
                terms.window.kind.as_str(),
                terms.window.zone.name(),
                &limits,
                &thresholds,
                terms.status.as_str(),
                terms.status_reason.as_ref(),
                card.created_at,
                card.updated_at,
                account.period_start,
                account.period_end,
                &pulse,
                terms.policy_id.as_ref().map(PolicyId::as_str)
            ],
        )?;
        self.cache.desk.learn(wallet.clone());
        if self.postgres().is_none() {
            self.cache.desk.recent.made(wallet.id());
        }
        Ok(())
    }

    pub(super) fn save_wallet(&mut self, wallet: &Wallet) -> Stored<()> {
        let terms = &wallet.card.terms;
        let (limits, thresholds) = (json::<Limits>(&terms.limits)?, json(&terms.thresholds)?);
        let args: &[Arg<'_>] = args![
            wallet.id().as_str(),
            wallet.card.workspace_id.as_str(),
            &terms.name,
            terms.budget.nanos(),
            &limits,
            &thresholds,
            terms.status.as_str(),
            terms.status_reason.as_ref(),
            wallet.card.updated_at,
            terms.policy_id.as_ref().map(PolicyId::as_str)
        ];
        let changed = self.execute(
            "UPDATE wallets SET name = $3, budget = $4, limits = $5, thresholds = $6, status = $7, status_reason = $8,
                 updated_at = $9, policy_id = $10 WHERE id = $1 AND workspace_id IS NOT DISTINCT FROM $2",
            args,
        )?;
        if changed != 1 {
            return Err(StoreError::Broken("a wallet that was changed is not there".into()));
        }
        self.cache.desk.change(wallet.clone());
        Ok(())
    }

    pub(super) fn insert_moment(&mut self, wallet: &WalletId, seq: i64, at: Timestamp, amount: UsdNanos) -> Stored<()> {
        self.execute(
            "INSERT INTO spend_moments (wallet_id, at, seq, nanos) VALUES ($1, $2, $3, $4)",
            args![wallet.as_str(), at, seq, amount.nanos()],
        )
        .map(drop)
    }

    pub(super) fn forget_moments(&mut self, wallet: &WalletId, until: Timestamp) -> Stored<Rate> {
        // Many large amounts add up to more than an integer of the engine holds: so in two parts.
        let gone = self.query_one(
            "SELECT CAST(COALESCE(SUM(nanos / 1000000000), 0) AS BIGINT),
                 CAST(COALESCE(SUM(nanos % 1000000000), 0) AS BIGINT), COUNT(*)
             FROM spend_moments WHERE wallet_id = $1 AND at <= $2",
            args![wallet.as_str(), until],
            |row| Ok((exact(row, 0)?, row.int(2)?)),
        )?;
        let Some((nanos, count)) = gone.filter(|(_, count)| *count > 0) else { return Ok(Rate::default()) };
        self.execute("DELETE FROM spend_moments WHERE wallet_id = $1 AND at <= $2", args![wallet.as_str(), until])?;
        Ok(rate(nanos, count))
    }

    pub(super) fn close_minute(
        &mut self,
        wallet: &WalletId,
        minute: i64,
        nanos: i64,
        oldest: i64,
    ) -> Stored<Vec<(i64, i64)>> {
        if minute == 0 {
            // The wallet's first: there is nothing before it.
            return Ok(Vec::new());
        }
        self.execute(
            "DELETE FROM wallet_minutes WHERE wallet_id = $1 AND minute < $2",
            args![wallet.as_str(), oldest],
        )?;
        if nanos > 0 {
            self.execute(
                "INSERT INTO wallet_minutes (wallet_id, minute, nanos) VALUES ($1, $2, $3)
                 ON CONFLICT (wallet_id, minute) DO NOTHING",
                args![wallet.as_str(), minute, nanos],
            )?;
        }
        self.query(
            "SELECT minute, nanos FROM wallet_minutes WHERE wallet_id = $1 AND minute >= $2 ORDER BY minute",
            args![wallet.as_str(), oldest],
            |row| Ok((row.int(0)?, row.int(1)?)),
        )
    }
}

/// A sum that was made in whole dollars at `first` and in the rest of nano-dollars after it.
pub(super) fn exact(row: &Row<'_>, first: usize) -> Stored<i128> {
    Ok(i128::from(row.int(first)?) * 1_000_000_000 + i128::from(row.int(first + 1)?))
}
