//! What spending asks of a transaction, and what is counted of it.
use bellwire_domain::{
    Ctx, Page, PageQuery, Stored, Topic,
    approval::policy::Target,
    spend::{
        Bucket, Cap, Charge, Denial, Point, Purchase, PurchaseFilter, PurchaseRef, Rate, Recorded, Refund, Rows, Share,
        SpendFilter, Split, Wallet, WalletFilter,
    },
};
use bellwire_wire::{EventId, Timestamp, UsdNanos, WalletId, WorkspaceId};

use super::repeat::likeness;
use crate::{Tx, args::args};

impl Rows for Tx {
    fn spend_seq(&mut self, ctx: &Ctx) -> i64 {
        self.next_seq(ctx)
    }

    fn money_stands(&mut self) {
        self.stand_still();
    }

    async fn chain(&mut self, workspace: &WorkspaceId, id: &WalletId) -> Stored<Vec<Wallet>> {
        self.stand_still();
        let chain = self.find_chain(workspace, id)?;
        for wallet in &chain {
            if self.cache.desk.wallet(wallet.id()).is_none() {
                self.cache.desk.learn(wallet.clone());
            }
        }
        Ok(chain)
    }

    async fn chain_seen(&mut self, workspace: &WorkspaceId, id: &WalletId) -> Stored<Vec<Wallet>> {
        self.find_chain(workspace, id)
    }

    async fn has_wallets_below(&mut self, workspace: &WorkspaceId, id: &WalletId) -> Stored<bool> {
        let found = self.query_one(
            "SELECT seq FROM wallets WHERE workspace_id = $1 AND parent_id = $2 LIMIT 1",
            args![workspace.as_str(), id.as_str()],
            |row| row.int(0),
        )?;
        Ok(found.is_some())
    }

    async fn wallets(
        &mut self,
        workspace: &WorkspaceId,
        filter: &WalletFilter,
        page: PageQuery,
    ) -> Stored<Page<Wallet>> {
        self.page_wallets(workspace, filter, page)
    }

    async fn wallet_insert(&mut self, wallet: &Wallet) -> Stored<()> {
        self.touch(&wallet.card.workspace_id, Topic::Wallets);
        self.insert_wallet(wallet)
    }

    async fn wallet_save(&mut self, wallet: &Wallet) -> Stored<()> {
        self.touch(&wallet.card.workspace_id, Topic::Wallets);
        self.save_wallet(wallet)
    }

    async fn account_save(&mut self, wallet: &Wallet) -> Stored<()> {
        self.touch(&wallet.card.workspace_id, Topic::Wallets);
        self.cache.desk.change(wallet.clone());
        Ok(())
    }

    async fn purchase_insert(&mut self, purchase: &Purchase, told: Option<&EventId>) -> Stored<()> {
        self.insert_paid(purchase, told)
    }

    async fn purchase_save(&mut self, purchase: &Purchase) -> Stored<()> {
        self.save_purchase(purchase)
    }

    async fn purchase(&mut self, workspace: &WorkspaceId, id: &PurchaseRef) -> Stored<Option<Purchase>> {
        self.find_purchase(workspace, id)
    }

    async fn purchases(
        &mut self,
        workspace: &WorkspaceId,
        filter: &PurchaseFilter,
        page: PageQuery,
    ) -> Stored<Page<Purchase>> {
        self.page_purchases(workspace, filter, page)
    }

    async fn refund_insert(&mut self, refund: &Refund) -> Stored<()> {
        self.insert_refund(refund)
    }

    async fn refunds(&mut self, purchase: &Purchase) -> Stored<Vec<Refund>> {
        self.find_refunds(purchase)
    }

    async fn holds_overdue(
        &mut self,
        workspace: Option<&WorkspaceId>,
        now: Timestamp,
        limit: u32,
    ) -> Stored<Vec<(WorkspaceId, PurchaseRef)>> {
        self.find_overdue(workspace, now, limit)
    }

    async fn equal_back(
        &mut self,
        wallet: &WalletId,
        vendor: &str,
        amount: UsdNanos,
        depth: u32,
        since: Timestamp,
    ) -> Stored<Option<Timestamp>> {
        self.find_equal_back(wallet, likeness(wallet, vendor, amount), depth, since)
    }

    async fn moment_insert(&mut self, wallet: &WalletId, seq: i64, at: Timestamp, amount: UsdNanos) -> Stored<()> {
        self.insert_moment(wallet, seq, at, amount)
    }

    async fn moments_forget(&mut self, wallet: &WalletId, until: Timestamp) -> Stored<Rate> {
        self.forget_moments(wallet, until)
    }

    async fn minute_close(
        &mut self,
        wallet: &WalletId,
        minute: i64,
        nanos: i64,
        oldest: i64,
    ) -> Stored<Vec<(i64, i64)>> {
        self.close_minute(wallet, minute, nanos, oldest)
    }

    async fn top_vendor(
        &mut self,
        workspace: &WorkspaceId,
        wallet: &WalletId,
        since: Timestamp,
    ) -> Stored<Option<String>> {
        self.find_top_vendor(workspace, wallet, since)
    }

    async fn cap_total(&mut self, cap: &Cap) -> Stored<i128> {
        self.cap_counted(cap)
    }

    async fn cap_seen(&mut self, cap: &Cap) -> Stored<i128> {
        match self.find_cap(cap)? {
            Some(found) => Ok(found),
            None => self.sum_of_purchases(cap),
        }
    }

    async fn cap_made(&mut self, cap: &Cap) -> Stored<i128> {
        self.sum_of_purchases(cap)
    }

    async fn recorded(&mut self, workspace: &WorkspaceId, after: i64, up_to: i64, limit: u32) -> Stored<Vec<Recorded>> {
        self.find_recorded(workspace, after, up_to, limit)
    }

    async fn cap_add(&mut self, cap: &Cap, nanos: i128) -> Stored<()> {
        self.add_to_cap(cap, nanos)
    }

    async fn caps_forget(&mut self, workspace: &WorkspaceId, target: &Target) -> Stored<()> {
        self.forget_caps(workspace, Some(target))
    }

    async fn denial_insert(&mut self, denial: &Denial, oldest: Timestamp) -> Stored<()> {
        self.insert_denial(denial, oldest)
    }

    async fn charged(&mut self, charge: &Charge<'_>) -> Stored<()> {
        self.insert_entry(charge)?;
        self.count(charge)
    }

    async fn spend_by(&mut self, workspace: &WorkspaceId, split: Split, filter: &SpendFilter) -> Stored<Vec<Share>> {
        self.shares(workspace, split, filter)
    }

    async fn spend_over_time(
        &mut self,
        workspace: &WorkspaceId,
        bucket: Bucket,
        filter: &SpendFilter,
    ) -> Stored<Vec<Point>> {
        self.points(workspace, bucket, filter)
    }
}
