//! Purchases and holds as they are shown.
use std::time::Duration;

use bellwire_domain::{
    approval::Approval,
    spend::{Order, Purchase, PurchaseStatus, Refund},
};
use bellwire_wire::{Timestamp, UsdNanos};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// What was asked for, beside the amount.
#[derive(Serialize, ToSchema)]
#[schema(as = Order)]
pub(super) struct OrderView<'a> {
    #[schema(value_type = String)]
    vendor: &'a str,
    #[schema(value_type = String)]
    description: &'a str,
    #[schema(value_type = Option<String>)]
    category: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    memo: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    rail: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    run_id: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    agent_id: Option<&'a str>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<&'a RawValue>,
}

impl<'a> OrderView<'a> {
    fn new(order: &'a Order) -> Self {
        Self {
            vendor: &order.vendor,
            description: &order.description,
            category: order.category.as_deref(),
            memo: order.memo.as_deref(),
            rail: order.rail.as_deref(),
            run_id: order.run_id.as_deref(),
            agent_id: order.agent_id.as_deref(),
            metadata: order.metadata.as_deref(),
        }
    }
}

/// A purchase.
#[derive(Serialize, ToSchema)]
#[schema(as = Purchase)]
pub(super) struct PurchaseView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    /// The same, as events call it.
    #[schema(value_type = String)]
    transaction_id: &'a str,
    #[schema(value_type = String)]
    wallet_id: &'a str,
    #[schema(value_type = Option<String>)]
    namespace: Option<&'a str>,
    /// `held`, `pending` (it waits for an approval), `succeeded`, `voided`, `failed`, `expired`, `denied`,
    /// `undeliverable` (nobody could be asked) or `cancelled`.
    status: &'static str,
    /// What was paid; what was asked for if nothing was paid.
    amount_usd: UsdNanos,
    /// What is set aside, while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_usd: Option<UsdNanos>,
    captured_usd: UsdNanos,
    refunded_usd: UsdNanos,
    #[serde(flatten)]
    order: OrderView<'a>,
    /// The hold that it began as.
    #[schema(value_type = Option<String>)]
    hold_id: Option<&'a str>,
    /// Whether it is play money.
    sandbox: bool,
    #[schema(value_type = Option<String>)]
    error_code: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    error_message: Option<&'a str>,
    created_at: Timestamp,
    /// When a hold releases itself.
    expires_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

impl<'a> PurchaseView<'a> {
    pub(super) fn new(purchase: &'a Purchase) -> Self {
        let asked = purchase.order.amount;
        let (code, message) = error(purchase);
        Self {
            id: purchase.id.as_str(),
            transaction_id: purchase.id.as_str(),
            wallet_id: purchase.wallet_id.as_str(),
            namespace: purchase.namespace.as_ref().map(bellwire_wire::Namespace::as_str),
            status: purchase.status.as_str(),
            amount_usd: if purchase.status == PurchaseStatus::Succeeded { purchase.captured } else { asked },
            held_usd: purchase.is_open().then_some(asked),
            captured_usd: purchase.captured,
            refunded_usd: purchase.refunded,
            order: OrderView::new(&purchase.order),
            hold_id: purchase.hold_id.as_ref().map(AsRef::as_ref),
            sandbox: purchase.sandbox,
            error_code: code,
            error_message: message,
            created_at: purchase.created_at,
            expires_at: purchase.expires_at,
            ended_at: purchase.ended_at,
        }
    }
}

/// A purchase, and what came back of it.
#[derive(Serialize, ToSchema)]
#[schema(as = PurchaseWithRefunds)]
pub(super) struct WholeView<'a> {
    #[serde(flatten)]
    purchase: PurchaseView<'a>,
    /// Oldest first.
    refunds: Vec<GivenBack<'a>>,
    /// The approval it waits or waited for; null if nobody was asked.
    approval: Option<ApprovalRef<'a>>,
}

/// What came back at once.
#[derive(Serialize, ToSchema)]
struct GivenBack<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    amount_usd: UsdNanos,
    #[schema(value_type = Option<String>)]
    reason: Option<&'a str>,
    created_at: Timestamp,
}

impl<'a> WholeView<'a> {
    pub(super) fn new(purchase: &'a Purchase, refunds: &'a [Refund], approval: Option<&'a Approval>) -> Self {
        let given_back = |refund: &'a Refund| GivenBack {
            id: refund.id.as_str(),
            amount_usd: refund.amount,
            reason: refund.reason.as_deref(),
            created_at: refund.created_at,
        };
        Self {
            purchase: PurchaseView::new(purchase),
            refunds: refunds.iter().map(given_back).collect(),
            approval: approval.map(ApprovalRef::new),
        }
    }
}

/// The approval that a purchase waits for.
#[derive(Serialize, ToSchema)]
#[schema(as = PurchaseApproval)]
pub(super) struct ApprovalRef<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    /// `pending`, `approved`, `denied`, `expired`, `undeliverable` or `cancelled`.
    status: &'static str,
    /// When silence becomes a no.
    expires_at: Timestamp,
    /// Why it ended so.
    #[schema(value_type = Option<String>)]
    reason: Option<&'a str>,
}

impl<'a> ApprovalRef<'a> {
    pub(super) fn new(approval: &'a Approval) -> Self {
        Self {
            id: approval.id.as_str(),
            status: approval.status.as_str(),
            expires_at: approval.expires_at,
            reason: approval.outcome.as_ref().and_then(|outcome| outcome.reason.as_deref()),
        }
    }
}

/// A policy wants people to be asked: the amount is set aside meanwhile.
#[derive(Serialize, ToSchema)]
#[schema(as = PurchaseAsked)]
pub(super) struct AskedView<'a> {
    purchase: PurchaseView<'a>,
    /// The hold that was asked for; absent if it was a purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<HoldView<'a>>,
    approval: ApprovalRef<'a>,
}

impl<'a> AskedView<'a> {
    pub(super) fn new(purchase: &'a Purchase, approval: &'a Approval, hold_for: Option<Duration>) -> Self {
        Self {
            purchase: PurchaseView::new(purchase),
            hold: hold_for.map(|_| HoldView::new(purchase)),
            approval: ApprovalRef::new(approval),
        }
    }
}

/// A hold.
#[derive(Serialize, ToSchema)]
#[schema(as = Hold)]
pub(super) struct HoldView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    /// The purchase that it is.
    #[schema(value_type = String)]
    purchase_id: &'a str,
    /// The same, as events call it.
    #[schema(value_type = String)]
    transaction_id: &'a str,
    #[schema(value_type = String)]
    wallet_id: &'a str,
    #[schema(value_type = Option<String>)]
    namespace: Option<&'a str>,
    /// `held`, `captured`, `voided`, `failed` or `expired`.
    status: &'static str,
    /// What was set aside.
    amount_usd: UsdNanos,
    captured_usd: UsdNanos,
    /// What of it was let go.
    released_usd: UsdNanos,
    #[serde(flatten)]
    order: OrderView<'a>,
    /// Whether it is play money.
    sandbox: bool,
    #[schema(value_type = Option<String>)]
    error_code: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    error_message: Option<&'a str>,
    /// When it releases itself.
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
}

impl<'a> HoldView<'a> {
    pub(super) fn new(hold: &'a Purchase) -> Self {
        let (code, message) = error(hold);
        let ended = !hold.is_open();
        let released = hold.order.amount.checked_sub(hold.captured).filter(|_| ended).unwrap_or(UsdNanos::ZERO);
        Self {
            // Only what is a hold is shown as one.
            id: hold.hold_id.as_ref().map_or_else(|| hold.id.as_str(), AsRef::as_ref),
            purchase_id: hold.id.as_str(),
            transaction_id: hold.id.as_str(),
            wallet_id: hold.wallet_id.as_str(),
            namespace: hold.namespace.as_ref().map(bellwire_wire::Namespace::as_str),
            status: hold.status.as_hold(),
            amount_usd: hold.order.amount,
            captured_usd: hold.captured,
            released_usd: released,
            order: OrderView::new(&hold.order),
            sandbox: hold.sandbox,
            error_code: code,
            error_message: message,
            expires_at: hold.expires_at,
            created_at: hold.created_at,
            ended_at: hold.ended_at,
        }
    }
}

fn error(purchase: &Purchase) -> (Option<&str>, Option<&str>) {
    let error = purchase.error.as_ref();
    (error.map(|(code, _)| code.as_str()), error.map(|(_, message)| message.as_str()))
}
