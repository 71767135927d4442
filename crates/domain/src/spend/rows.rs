//! What spending asks of a transaction.
use std::future::Future;

use bellwire_wire::{EventId, Timestamp, UsdNanos, WalletId, WorkspaceId};

use super::{
    Bucket, Cap, Charge, Denial, Point, Purchase, PurchaseFilter, PurchaseRef, Rate, Recorded, Refund, Share,
    SpendFilter, Split, Wallet, WalletFilter,
};
use crate::{
    Ctx, Page, PageQuery, Stored,
    approval::policy::{self, Target},
};

/// Rows of wallets, purchases and what is counted of them; and of policies, so that whatever is granted was judged.
pub trait Rows: policy::Rows {
    /// The number of the next row that is ordered by when it came.
    fn spend_seq(&mut self, ctx: &Ctx) -> i64;

    /// Nobody else moves money from here to the end of the transaction: what is read of it stays true.
    fn money_stands(&mut self);
    /// A wallet and all above it, from the bottom up; nothing if it is unknown. Nobody else moves money of
    /// theirs from here to the end of the transaction.
    fn chain(&mut self, workspace: &WorkspaceId, id: &WalletId) -> impl Future<Output = Stored<Vec<Wallet>>> + Send;
    /// The same to look at only.
    fn chain_seen(
        &mut self,
        workspace: &WorkspaceId,
        id: &WalletId,
    ) -> impl Future<Output = Stored<Vec<Wallet>>> + Send;
    /// Whether a wallet has others below it.
    fn has_wallets_below(
        &mut self,
        workspace: &WorkspaceId,
        id: &WalletId,
    ) -> impl Future<Output = Stored<bool>> + Send;
    /// A page of wallets, newest first.
    fn wallets(
        &mut self,
        workspace: &WorkspaceId,
        filter: &WalletFilter,
        page: PageQuery,
    ) -> impl Future<Output = Stored<Page<Wallet>>> + Send;
    /// Inserts a wallet.
    fn wallet_insert(&mut self, wallet: &Wallet) -> impl Future<Output = Stored<()>> + Send;
    /// Changes what people set of a wallet, and how it stands.
    fn wallet_save(&mut self, wallet: &Wallet) -> impl Future<Output = Stored<()>> + Send;
    /// Changes how a wallet stands.
    fn account_save(&mut self, wallet: &Wallet) -> impl Future<Output = Stored<()>> + Send;

    /// Inserts a purchase. If it was paid at once and counts, then with the event that told of it: what it paid is
    /// counted as by [`Rows::charged`], at the time when it was made.
    fn purchase_insert(
        &mut self,
        purchase: &Purchase,
        told: Option<&EventId>,
    ) -> impl Future<Output = Stored<()>> + Send;
    /// Changes how far a purchase is.
    fn purchase_save(&mut self, purchase: &Purchase) -> impl Future<Output = Stored<()>> + Send;
    /// One purchase.
    fn purchase(
        &mut self,
        workspace: &WorkspaceId,
        id: &PurchaseRef,
    ) -> impl Future<Output = Stored<Option<Purchase>>> + Send;
    /// A page of purchases, newest first.
    fn purchases(
        &mut self,
        workspace: &WorkspaceId,
        filter: &PurchaseFilter,
        page: PageQuery,
    ) -> impl Future<Output = Stored<Page<Purchase>>> + Send;
    /// Inserts a refund.
    fn refund_insert(&mut self, refund: &Refund) -> impl Future<Output = Stored<()>> + Send;
    /// The refunds of a purchase, oldest first; so many of them as a purchase can have.
    fn refunds(&mut self, purchase: &Purchase) -> impl Future<Output = Stored<Vec<Refund>>> + Send;
    /// At most `limit` holds that should have released themselves by `now`, longest overdue first; of one
    /// workspace if named.
    fn holds_overdue(
        &mut self,
        workspace: Option<&WorkspaceId>,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<(WorkspaceId, PurchaseRef)>>> + Send;

    /// When the purchase was made that is `depth` back (1 for the last) among those of this wallet with
    /// this vendor and amount. One that was not made after `since` need not be found.
    fn equal_back(
        &mut self,
        wallet: &WalletId,
        vendor: &str,
        amount: UsdNanos,
        depth: u32,
        since: Timestamp,
    ) -> impl Future<Output = Stored<Option<Timestamp>>> + Send;
    /// Notes a grant in a wallet's sliding minute.
    fn moment_insert(
        &mut self,
        wallet: &WalletId,
        seq: i64,
        at: Timestamp,
        amount: UsdNanos,
    ) -> impl Future<Output = Stored<()>> + Send;
    /// Forgets the grants of a wallet's sliding minute up to and with `until`; what they came to.
    fn moments_forget(&mut self, wallet: &WalletId, until: Timestamp) -> impl Future<Output = Stored<Rate>> + Send;
    /// Notes what a minute of the clock came to, forgets those before `oldest`, and gives all since, in order.
    fn minute_close(
        &mut self,
        wallet: &WalletId,
        minute: i64,
        nanos: i64,
        oldest: i64,
    ) -> impl Future<Output = Stored<Vec<(i64, i64)>>> + Send;
    /// Who was paid most by a wallet since a moment, to the minute.
    fn top_vendor(
        &mut self,
        workspace: &WorkspaceId,
        wallet: &WalletId,
        since: Timestamp,
    ) -> impl Future<Output = Stored<Option<String>>> + Send;

    /// What a sum comes to. It is made from purchases when it is first asked for, and counted on from there.
    fn cap_total(&mut self, cap: &Cap) -> impl Future<Output = Stored<i128>> + Send;
    /// The same to look at only.
    fn cap_seen(&mut self, cap: &Cap) -> impl Future<Output = Stored<i128>> + Send;
    /// The same from purchases alone, whatever is counted: of any span of time.
    fn cap_made(&mut self, cap: &Cap) -> impl Future<Output = Stored<i128>> + Send;
    /// Adds to a sum that is counted; nothing if it is not, since it is made from purchases later.
    fn cap_add(&mut self, cap: &Cap, nanos: i128) -> impl Future<Output = Stored<()>> + Send;
    /// Forgets what is counted over something: another policy counts, or none.
    fn caps_forget(&mut self, workspace: &WorkspaceId, target: &Target) -> impl Future<Output = Stored<()>> + Send;
    /// Keeps a denied request, and forgets those of the workspace before `oldest`.
    fn denial_insert(&mut self, denial: &Denial, oldest: Timestamp) -> impl Future<Output = Stored<()>> + Send;

    /// At most `limit` requests, granted or denied by a policy, after one number and up to another, in order.
    fn recorded(
        &mut self,
        workspace: &WorkspaceId,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<Recorded>>> + Send;

    /// Counts money that moved for good after its purchase was made.
    fn charged(&mut self, charge: &Charge<'_>) -> impl Future<Output = Stored<()>> + Send;
    /// What was spent, split.
    fn spend_by(
        &mut self,
        workspace: &WorkspaceId,
        split: Split,
        filter: &SpendFilter,
    ) -> impl Future<Output = Stored<Vec<Share>>> + Send;
    /// What was spent, in the course of time; buckets in which nothing was are left out.
    fn spend_over_time(
        &mut self,
        workspace: &WorkspaceId,
        bucket: Bucket,
        filter: &SpendFilter,
    ) -> impl Future<Output = Stored<Vec<Point>>> + Send;
}
