//! What is told of spending (spec spend, "Events"), as the catalog describes it.
use bellwire_wire::{ApprovalId, EventId, Namespace, Timestamp, UsdNanos};
use serde::Serialize;

use super::{Breach, Purchase, Wallet};
use crate::{
    Ctx, Stored,
    event::{self, NewEvent},
};

/// Appends an event about a wallet.
pub(super) async fn tell<R>(
    rows: &mut R,
    ctx: &Ctx,
    wallet: &Wallet,
    kind: &str,
    data: &impl Serialize,
) -> Stored<EventId>
where
    R: event::Log,
{
    let namespace: Option<&Namespace> = wallet.card.namespace.as_ref();
    let new = NewEvent::built_in(&wallet.card.workspace_id, kind, namespace, data);
    event::append(rows, ctx, new).await.map(|appended| appended.event.id.clone())
}

/// `sandbox` is told only of play money.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_real(sandbox: &bool) -> bool {
    !sandbox
}

/// `wallet.created` and `wallet.updated`.
#[derive(Serialize)]
pub(super) struct WalletData<'a> {
    wallet_id: &'a str,
    name: &'a str,
    budget_usd: UsdNanos,
    window: &'a str,
    status: &'a str,
    parent_id: Option<&'a str>,
    agent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "is_real")]
    sandbox: bool,
    #[serde(flatten)]
    change: Option<ChangeData<'a>>,
}

#[derive(Serialize)]
pub(super) struct ChangeData<'a> {
    pub(super) changed: &'a [&'static str],
    pub(super) reason: &'a str,
    pub(super) actor: &'a str,
}

impl<'a> WalletData<'a> {
    pub(super) fn new(wallet: &'a Wallet, change: Option<ChangeData<'a>>) -> Self {
        let card = &*wallet.card;
        Self {
            wallet_id: card.id.as_str(),
            name: &card.terms.name,
            budget_usd: card.terms.budget,
            window: card.terms.window.kind.as_str(),
            status: card.terms.status.as_str(),
            parent_id: card.parent_id.as_ref().map(AsRef::as_ref),
            agent_id: card.agent_id.as_deref(),
            sandbox: card.sandbox,
            change,
        }
    }
}

/// `wallet.frozen`.
#[derive(Serialize)]
pub(super) struct FrozenData<'a> {
    pub(super) wallet_id: &'a str,
    pub(super) reason: &'a str,
    pub(super) actor: Option<&'a str>,
}

/// `purchase.succeeded`.
#[derive(Serialize)]
pub(super) struct SucceededData<'a> {
    wallet_id: &'a str,
    transaction_id: &'a str,
    amount_usd: UsdNanos,
    vendor: &'a str,
    description: &'a str,
    category: Option<&'a str>,
    timestamp: Timestamp,
    agent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a serde_json::value::RawValue>,
    #[serde(skip_serializing_if = "is_real")]
    sandbox: bool,
}

impl<'a> SucceededData<'a> {
    pub(super) fn new(purchase: &'a Purchase, at: Timestamp) -> Self {
        let order = &purchase.order;
        Self {
            wallet_id: purchase.wallet_id.as_str(),
            transaction_id: purchase.id.as_str(),
            amount_usd: purchase.captured,
            vendor: &order.vendor,
            description: &order.description,
            category: order.category.as_deref(),
            timestamp: at,
            agent_id: order.agent_id.as_deref(),
            run_id: order.run_id.as_deref(),
            hold_id: purchase.hold_id.as_ref().map(AsRef::as_ref),
            metadata: order.metadata.as_deref(),
            sandbox: purchase.sandbox,
        }
    }
}

/// `purchase.held`.
#[derive(Serialize)]
pub(super) struct HeldData<'a> {
    wallet_id: &'a str,
    transaction_id: &'a str,
    amount_usd: UsdNanos,
    vendor: &'a str,
    hold_id: Option<&'a str>,
    expires_at: Option<Timestamp>,
    approval_id: Option<&'a str>,
    agent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "is_real")]
    sandbox: bool,
}

impl<'a> HeldData<'a> {
    pub(super) fn new(purchase: &'a Purchase, approval: Option<(&'a ApprovalId, Timestamp)>) -> Self {
        Self {
            wallet_id: purchase.wallet_id.as_str(),
            transaction_id: purchase.id.as_str(),
            amount_usd: purchase.order.amount,
            vendor: &purchase.order.vendor,
            hold_id: purchase.hold_id.as_ref().map(AsRef::as_ref),
            expires_at: approval.map(|(_, until)| until).or(purchase.expires_at),
            approval_id: approval.map(|(id, _)| id.as_str()),
            agent_id: purchase.order.agent_id.as_deref(),
            sandbox: purchase.sandbox,
        }
    }
}

/// `purchase.voided`.
#[derive(Serialize)]
pub(super) struct VoidedData<'a> {
    pub(super) wallet_id: &'a str,
    pub(super) transaction_id: &'a str,
    pub(super) amount_usd: UsdNanos,
    pub(super) vendor: &'a str,
    pub(super) hold_id: Option<&'a str>,
    pub(super) reason: &'a str,
    #[serde(skip_serializing_if = "is_real")]
    pub(super) sandbox: bool,
}

/// `purchase.failed`.
#[derive(Serialize)]
pub(super) struct FailedData<'a> {
    pub(super) wallet_id: &'a str,
    pub(super) error_code: &'a str,
    pub(super) error_message: &'a str,
    pub(super) vendor: &'a str,
    pub(super) amount_usd: UsdNanos,
    pub(super) transaction_id: &'a str,
    pub(super) hold_id: Option<&'a str>,
    pub(super) agent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "is_real")]
    pub(super) sandbox: bool,
}

/// `purchase.failed`, of what no policy let through: nothing was bought, and there is no purchase to name.
#[derive(Serialize)]
pub(super) struct DeniedData<'a> {
    pub(super) wallet_id: &'a str,
    pub(super) error_code: &'a str,
    pub(super) error_message: &'a str,
    pub(super) vendor: &'a str,
    pub(super) amount_usd: UsdNanos,
    pub(super) agent_id: Option<&'a str>,
    pub(super) policy_id: &'a str,
    pub(super) policy_version: u32,
    pub(super) rule: &'a str,
    #[serde(skip_serializing_if = "is_real")]
    pub(super) sandbox: bool,
}

/// `purchase.refunded`.
#[derive(Serialize)]
pub(super) struct RefundedData<'a> {
    pub(super) wallet_id: &'a str,
    pub(super) transaction_id: &'a str,
    pub(super) amount_usd: UsdNanos,
    pub(super) vendor: &'a str,
    pub(super) refunded_usd: UsdNanos,
    pub(super) reason: Option<&'a str>,
    pub(super) refund_id: &'a str,
    #[serde(skip_serializing_if = "is_real")]
    pub(super) sandbox: bool,
}

/// `budget.exhausted`.
#[derive(Serialize)]
pub(super) struct ExhaustedData<'a> {
    pub(super) wallet_id: &'a str,
    pub(super) requesting_wallet_id: &'a str,
    pub(super) budget_limit_usd: UsdNanos,
    pub(super) last_transaction_id: Option<&'a str>,
    pub(super) requested_usd: UsdNanos,
    pub(super) resets_at: Option<Timestamp>,
    pub(super) denied_count: u32,
    #[serde(skip_serializing_if = "is_real")]
    pub(super) sandbox: bool,
}

/// `budget.threshold`.
#[derive(Serialize)]
pub(super) struct ThresholdData<'a> {
    wallet_id: &'a str,
    threshold_percent: u8,
    spent_usd: UsdNanos,
    budget_limit_usd: UsdNanos,
    #[serde(skip_serializing_if = "is_real")]
    sandbox: bool,
}

impl<'a> ThresholdData<'a> {
    pub(super) fn new(wallet: &'a Wallet, percent: u8) -> Self {
        Self {
            wallet_id: wallet.id().as_str(),
            threshold_percent: percent,
            spent_usd: wallet.account.spent,
            budget_limit_usd: wallet.budget(),
            sandbox: wallet.card.sandbox,
        }
    }
}

/// `spend.spike`.
#[derive(Serialize)]
pub(super) struct SpikeData<'a> {
    wallet_id: &'a str,
    window_seconds: u64,
    spent_usd: UsdNanos,
    baseline_usd: UsdNanos,
    count: u32,
    top_vendor: Option<&'a str>,
    rule: &'static str,
    action: &'static str,
    #[serde(skip_serializing_if = "is_real")]
    sandbox: bool,
}

impl<'a> SpikeData<'a> {
    pub(super) fn new(wallet: &'a Wallet, breach: &Breach, top_vendor: Option<&'a str>) -> Self {
        Self {
            wallet_id: wallet.id().as_str(),
            window_seconds: breach.window.as_secs().max(1),
            spent_usd: breach.spent,
            baseline_usd: UsdNanos::from_nanos(wallet.account.pulse.usual.unwrap_or(0)),
            count: breach.count,
            top_vendor,
            rule: breach.rule.as_str(),
            action: breach.action.as_str(),
            sandbox: wallet.card.sandbox,
        }
    }
}
