//! Wallets: who may spend how much, and what was spent.
use std::{str::FromStr, sync::Arc};

use bellwire_wire::{Namespace, PolicyId, PurchaseId, Timestamp, UsdNanos, WalletId, WorkspaceId};

use super::{Limits, Pulse, Window};
use crate::workspace::Principal;

/// How deep a tree of wallets may be.
pub const DEPTH_MAX: u8 = 8;
/// Thresholds a wallet may have.
pub const THRESHOLDS_MAX: usize = 20;

/// Whether a wallet may be spent from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalletStatus {
    /// It may.
    Active,
    /// Nothing new is granted from it or from what is below it.
    Frozen,
}

impl WalletStatus {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Frozen => "frozen",
        }
    }
}

impl FromStr for WalletStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "active" => Ok(Self::Active),
            "frozen" => Ok(Self::Frozen),
            _ => Err("must be active or frozen"),
        }
    }
}

/// What people set of a wallet.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// What people call it.
    pub name: String,
    /// How much may be spent in a period.
    pub budget: UsdNanos,
    /// What a period is.
    pub window: Window,
    /// How fast it may be spent.
    pub limits: Limits,
    /// Percents of the budget that are told when they are passed, rising.
    pub thresholds: Vec<u8>,
    /// The policy that it, and all below it, is spent by.
    pub policy_id: Option<PolicyId>,
    /// Whether it may be spent from.
    pub status: WalletStatus,
    /// Why it is frozen.
    pub status_reason: Option<String>,
}

/// A wallet that is not changed by spending.
#[derive(Debug, Clone, PartialEq)]
pub struct WalletCard {
    /// Its place among all wallets, in order of creation.
    pub seq: i64,
    /// Its id.
    pub id: WalletId,
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Which customer's.
    pub namespace: Option<Namespace>,
    /// The agent that spends from it.
    pub agent_id: Option<String>,
    /// The wallet above it, in whose budget its spending must fit too.
    pub parent_id: Option<WalletId>,
    /// 1 for a wallet without one above it.
    pub depth: u8,
    /// Whether its money is play money.
    pub sandbox: bool,
    /// What people set.
    pub terms: Terms,
    /// Since when.
    pub created_at: Timestamp,
    /// When people last changed it.
    pub updated_at: Timestamp,
}

/// What was spent from a wallet in its present period, and what is on the way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Since when the present period.
    pub period_start: Timestamp,
    /// Until when; absent if it never ends.
    pub period_end: Option<Timestamp>,
    /// Captured less what of it was refunded, in the period. Never below zero.
    pub spent: UsdNanos,
    /// Set aside by holds, whenever they were made.
    pub held: UsdNanos,
    /// The highest threshold told in the period, in percent.
    pub told_percent: u8,
    /// Refusals for lack of budget since the last success, budget change or reset.
    pub denied_count: u32,
    /// The last purchase that succeeded.
    pub last_purchase: Option<PurchaseId>,
    /// How fast it is spent.
    pub pulse: Pulse,
}

/// A wallet.
#[derive(Debug, Clone, PartialEq)]
pub struct Wallet {
    /// What it is.
    pub card: Arc<WalletCard>,
    /// How it stands.
    pub account: Account,
}

impl Wallet {
    /// Its id.
    pub fn id(&self) -> &WalletId {
        &self.card.id
    }

    /// Its budget.
    pub fn budget(&self) -> UsdNanos {
        self.card.terms.budget
    }

    /// Begins the period that `now` lies in, if the present one has ended. A period never comes back: a
    /// clock that is set back resets nothing. What is held stays held.
    pub fn roll(&mut self, now: Timestamp) {
        let account = &mut self.account;
        if account.period_end.is_none_or(|end| now < end) {
            return;
        }
        let period = self.card.terms.window.period(now);
        account.period_start = period.start;
        account.period_end = period.end;
        account.spent = UsdNanos::ZERO;
        account.told_percent = 0;
        account.denied_count = 0;
    }

    /// The same as it stands at `now`.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.roll(now);
        self
    }

    /// What is left of the budget: nothing, if it was cut below what is spent.
    pub fn available(&self) -> UsdNanos {
        let taken = self.account.spent.checked_add(self.account.held);
        let left = taken.and_then(|taken| self.budget().checked_sub(taken));
        left.filter(|left| !left.is_negative()).unwrap_or(UsdNanos::ZERO)
    }

    /// Whether a moment lies in the present period.
    pub fn in_period(&self, at: Timestamp) -> bool {
        at >= self.account.period_start && self.account.period_end.is_none_or(|end| at < end)
    }

    /// The same as a key may know it: why people froze it is told only to who may see it.
    #[must_use]
    pub fn as_seen_by(&self, by: &Principal) -> Self {
        let mut seen = self.clone();
        if !by.sees(seen.card.namespace.as_ref()) {
            Arc::make_mut(&mut seen.card).terms.status_reason = None;
        }
        seen
    }

    /// Whether it is frozen.
    pub fn is_frozen(&self) -> bool {
        self.card.terms.status == WalletStatus::Frozen
    }
}

/// What of a chain of wallets can be spent: the least of what each has left, and of which it is that.
pub fn spendable(chain: &[Wallet]) -> Option<(UsdNanos, &Wallet)> {
    chain.iter().map(|wallet| (wallet.available(), wallet)).min_by_key(|(available, _)| *available)
}

/// Which wallets are asked for.
#[derive(Debug, Clone, Default)]
pub struct WalletFilter {
    /// Only this namespace's.
    pub namespace: Option<Namespace>,
    /// Only this agent's.
    pub agent_id: Option<String>,
    /// Only those right below this one.
    pub parent_id: Option<WalletId>,
    /// Only with this status.
    pub status: Option<WalletStatus>,
}
