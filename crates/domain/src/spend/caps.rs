//! What was granted in a day or a month of UTC, over what policies are attached to (spec policies, "Caps").
use bellwire_wire::{Namespace, PolicyId, Timestamp, UsdNanos, WorkspaceId};

use super::{Order, Period, Purchase, PurchaseStatus, Wallet, Window, WindowKind};
use crate::{
    Zone,
    approval::policy::{Applied, Counted, InForce, Purse, Request, Target},
};

/// One sum: captured less refunded, and what is held still, of all that was granted in a period.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cap {
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Over what.
    pub target: Target,
    /// Of play money, which is counted by itself.
    pub sandbox: bool,
    /// Whether the period is a month; else it is a day.
    pub month: bool,
    /// The first moment of the period.
    pub start: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
}

impl Cap {
    /// The sums that these windows of `at` are.
    pub fn of(
        workspace_id: &WorkspaceId,
        target: &Target,
        sandbox: bool,
        counted: Counted,
        at: Timestamp,
    ) -> impl Iterator<Item = Self> {
        let windows = [(counted.day, WindowKind::Daily), (counted.month, WindowKind::Monthly)];
        windows.into_iter().filter(|(counted, _)| *counted).map(move |(_, kind)| {
            let Period { start, end } = Window { kind, zone: Zone::UTC }.period(at);
            Self {
                workspace_id: workspace_id.clone(),
                target: target.clone(),
                sandbox,
                month: kind == WindowKind::Monthly,
                start,
                end: end.unwrap_or(Timestamp::MAX),
            }
        })
    }
}

/// The policies that apply to a purchase from the first wallet of a chain.
pub(super) fn applying(
    in_force: &InForce,
    chain: &[Wallet],
    agent: Option<&str>,
    namespace: Option<&Namespace>,
) -> Vec<Applied> {
    let purses = chain.iter().map(|wallet| (wallet.id().as_str(), wallet.card.terms.policy_id.as_ref()));
    in_force.applying(purses, agent, namespace)
}

impl Purchase {
    /// What it counts for: what was paid and did not come back, or what is held.
    pub fn counts(&self) -> UsdNanos {
        match self.status {
            PurchaseStatus::Held | PurchaseStatus::Pending => self.order.amount,
            PurchaseStatus::Succeeded => self.refundable(),
            _ => UsdNanos::ZERO,
        }
    }
}

impl Order {
    /// The order as policies see it, to be paid out of a purse at a time.
    pub fn request<'a>(&'a self, purse: Purse<'a>, at: Timestamp) -> Request<'a> {
        Request {
            at,
            amount: self.amount,
            vendor: &self.vendor,
            category: self.category.as_deref(),
            description: &self.description,
            memo: self.memo.as_deref(),
            rail: self.rail.as_deref(),
            run_id: self.run_id.as_deref(),
            metadata: self.metadata.as_deref(),
            agent_id: self.agent_id.as_deref(),
            purse,
        }
    }
}

impl Wallet {
    /// The wallet as policies see it.
    pub fn purse(&self) -> Purse<'_> {
        Purse {
            id: self.id().as_str(),
            name: &self.card.terms.name,
            namespace: self.card.namespace.as_ref().map(Namespace::as_str),
            budget: self.budget(),
            spent: self.account.spent,
            held: self.account.held,
            available: self.available(),
            sandbox: self.card.sandbox,
        }
    }
}

/// A request that a policy did not let through, as it is kept.
#[derive(Debug, Clone)]
pub struct Denial {
    /// Its place among all denials.
    pub seq: i64,
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Which customer's.
    pub namespace: Option<Namespace>,
    /// The wallet that was to pay.
    pub wallet_id: bellwire_wire::WalletId,
    /// What was asked for.
    pub order: Order,
    /// Whether it is play money.
    pub sandbox: bool,
    /// Which policy denied it,
    pub policy_id: PolicyId,
    /// in which version,
    pub version: u32,
    /// by which rule.
    pub rule: String,
    /// When.
    pub at: Timestamp,
}
