//! Wallets as they are shown, and what is left of them.
use bellwire_domain::spend::{Wallet, spendable};
use bellwire_wire::{Timestamp, UsdNanos};
use serde::Serialize;
use utoipa::ToSchema;

use super::limits::LimitsView;

/// A wallet, as it stands now.
#[derive(Serialize, ToSchema)]
#[schema(as = Wallet)]
pub(super) struct WalletView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    #[schema(value_type = String)]
    wallet_id: &'a str,
    #[schema(value_type = String)]
    name: &'a str,
    #[schema(value_type = Option<String>)]
    namespace: Option<&'a str>,
    /// The agent that spends from it.
    #[schema(value_type = Option<String>)]
    agent_id: Option<&'a str>,
    /// The wallet above it, in whose budget its spending must fit too.
    #[schema(value_type = Option<String>)]
    parent_id: Option<&'a str>,
    /// 1 for a wallet with none above it.
    depth: u8,
    budget_usd: UsdNanos,
    /// Captured less refunded, in this period.
    spent_usd: UsdNanos,
    /// Set aside by holds.
    held_usd: UsdNanos,
    /// What is left of its own budget.
    available_usd: UsdNanos,
    /// `total`, `daily` or `monthly`.
    window: &'static str,
    #[schema(value_type = String)]
    tz: &'a str,
    /// When the budget starts anew; null if never.
    resets_at: Option<Timestamp>,
    /// `active` or `frozen`.
    status: &'static str,
    /// Why it is frozen.
    #[schema(value_type = Option<String>)]
    status_reason: Option<&'a str>,
    limits: LimitsView,
    /// Percents of the budget that are told when they are passed.
    #[schema(value_type = Vec<u32>)]
    thresholds: &'a [u8],
    /// Whether its money is play money.
    sandbox: bool,
    /// The policy that it, and all below it, is spent by.
    #[schema(value_type = Option<String>)]
    policy_id: Option<&'a str>,
    /// Refusals for lack of budget since the last success, change or reset.
    denied_count: u32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> WalletView<'a> {
    /// Of a wallet as it stands now.
    pub(super) fn new(wallet: &'a Wallet) -> Self {
        let (card, account) = (&*wallet.card, &wallet.account);
        let terms = &card.terms;
        Self {
            id: card.id.as_str(),
            wallet_id: card.id.as_str(),
            name: &terms.name,
            namespace: card.namespace.as_ref().map(bellwire_wire::Namespace::as_str),
            agent_id: card.agent_id.as_deref(),
            parent_id: card.parent_id.as_ref().map(AsRef::as_ref),
            depth: card.depth,
            budget_usd: terms.budget,
            spent_usd: account.spent,
            held_usd: account.held,
            available_usd: wallet.available(),
            window: terms.window.kind.as_str(),
            tz: terms.window.zone.name(),
            resets_at: account.period_end,
            status: terms.status.as_str(),
            status_reason: terms.status_reason.as_deref(),
            limits: LimitsView::new(&terms.limits),
            thresholds: &terms.thresholds,
            sandbox: card.sandbox,
            policy_id: terms.policy_id.as_ref().map(AsRef::as_ref),
            denied_count: account.denied_count,
            created_at: card.created_at,
            updated_at: card.updated_at,
        }
    }
}

/// What is left of a wallet.
#[derive(Serialize, ToSchema)]
#[schema(as = Balance)]
pub(super) struct BalanceView<'a> {
    #[schema(value_type = String)]
    wallet_id: &'a str,
    budget_usd: UsdNanos,
    spent_usd: UsdNanos,
    held_usd: UsdNanos,
    /// What is left of its own budget.
    available_usd: UsdNanos,
    /// What can be spent: the least of what it and each wallet above it have left.
    spendable_usd: UsdNanos,
    /// The wallet of which it is that.
    #[schema(value_type = String)]
    limited_by: &'a str,
    /// `total`, `daily` or `monthly`.
    window: &'static str,
    /// When its budget starts anew; null if never.
    resets_at: Option<Timestamp>,
    /// `active` or `frozen`.
    status: &'static str,
    /// Refusals for lack of budget since the last success, change or reset.
    denied_count: u32,
}

impl<'a> BalanceView<'a> {
    /// Of a wallet and all above it, as they stand now.
    pub(super) fn new(chain: &'a [Wallet]) -> Option<Self> {
        let (wallet, (spendable, limits)) = chain.first().zip(spendable(chain))?;
        Some(Self {
            wallet_id: wallet.id().as_str(),
            budget_usd: wallet.budget(),
            spent_usd: wallet.account.spent,
            held_usd: wallet.account.held,
            available_usd: wallet.available(),
            spendable_usd: spendable,
            limited_by: limits.id().as_str(),
            window: wallet.card.terms.window.kind.as_str(),
            resets_at: wallet.account.period_end,
            status: wallet.card.terms.status.as_str(),
            denied_count: wallet.account.denied_count,
        })
    }
}
