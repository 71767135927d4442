//! What may be granted, and what is told of a wallet: pure.
use bellwire_wire::{Timestamp, UsdNanos};

use super::{Account, Wallet, WindowKind};

/// The first wallet of a chain in whose budget `amount` does not fit. Keeps I2.
pub(super) fn short(chain: &[Wallet], amount: UsdNanos) -> Option<usize> {
    chain.iter().position(|wallet| amount > wallet.available())
}

/// Percents of the budget that what is spent has passed and that were not told in this period, rising; they
/// are noted as told.
pub(super) fn thresholds_passed(wallet: &mut Wallet) -> Vec<u8> {
    let (spent, budget) = (i128::from(wallet.account.spent.nanos()), i128::from(wallet.budget().nanos()));
    let told = wallet.account.told_percent;
    let passed =
        |percent: &u8| *percent > told && spent.saturating_mul(100) >= budget.saturating_mul((*percent).into());
    let passed: Vec<u8> = wallet.card.terms.thresholds.iter().copied().filter(passed).collect();
    if let Some(highest) = passed.iter().max() {
        wallet.account.told_percent = *highest;
    }
    passed
}

/// A prepaid budget that was topped up begins its thresholds anew, but for those that are still passed: it has
/// no next period in which they would be told again.
pub(super) fn topped_up(wallet: &mut Wallet) {
    if wallet.card.terms.window.kind == WindowKind::Total {
        let told = std::mem::take(&mut wallet.account.told_percent);
        thresholds_passed(wallet);
        wallet.account.told_percent = wallet.account.told_percent.min(told);
    }
}

/// When something counts that happens at `now`: not before the present period of any wallet of the chain,
/// so that a clock that was set back brings no period back.
pub(super) fn counted_at(chain: &[Wallet], now: Timestamp) -> Timestamp {
    chain.iter().map(|wallet| wallet.account.period_start).fold(now, Timestamp::max)
}

impl Account {
    /// Sets an amount aside. It was seen to fit.
    pub fn hold(&mut self, amount: UsdNanos) {
        self.held = plus(self.held, amount);
    }

    /// Lets go of what was set aside.
    pub fn release(&mut self, amount: UsdNanos) {
        self.held = less(self.held, amount);
    }

    /// Spends an amount. It was seen to fit, or set aside before.
    pub fn spend(&mut self, amount: UsdNanos) {
        self.spent = plus(self.spent, amount);
        self.denied_count = 0;
    }

    /// Takes an amount back that was spent in this period.
    pub fn unspend(&mut self, amount: UsdNanos) {
        self.spent = less(self.spent, amount);
    }
}

/// Amounts are at most 10^9 dollars and sums of them that fit a budget are too: nothing overflows.
fn plus(sum: UsdNanos, amount: UsdNanos) -> UsdNanos {
    sum.checked_add(amount).expect("a sum within a budget fits")
}

fn less(sum: UsdNanos, amount: UsdNanos) -> UsdNanos {
    sum.checked_sub(amount).filter(|left| !left.is_negative()).unwrap_or(UsdNanos::ZERO)
}
