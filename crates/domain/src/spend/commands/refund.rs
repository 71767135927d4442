//! Refunds: some or all of a purchase comes back.
use bellwire_wire::{RefundId, UsdNanos};

use super::{
    buy::Receipt,
    chain::{save, standing},
    judge,
};
use crate::{
    Ctx, Stored, event,
    spend::{
        Charge, Purchase, PurchaseRef, PurchaseStatus, Refund, Rows,
        events::{RefundedData, tell},
    },
    workspace::{Principal, audit},
};

/// What became of a refund.
#[derive(Debug, Clone)]
pub enum Refunded {
    /// It was given.
    Done(Refund, Receipt),
    /// There is no such purchase, as far as the key may know.
    Unknown,
    /// Nothing was paid, or all of it came back.
    Nothing(Purchase),
    /// More was to come back than is left.
    Exceeds(Purchase),
}

/// Gives back `amount` of a purchase, or what is left of it. Budgets get it back whose period is still the
/// one that the purchase counted in: what was spent in a period that is over frees nothing in a later one.
pub async fn refund<R>(
    rows: &mut R,
    ctx: &Ctx,
    by: &Principal,
    id: &PurchaseRef,
    amount: Option<UsdNanos>,
    reason: Option<String>,
) -> Stored<Refunded>
where
    R: Rows + event::Log + audit::Rows,
{
    rows.money_stands();
    let found = rows.purchase(by.workspace(), id).await?;
    let Some(mut purchase) = found.filter(|purchase| by.sees(purchase.namespace.as_ref())) else {
        return Ok(Refunded::Unknown);
    };
    let left = purchase.refundable();
    if purchase.status != PurchaseStatus::Succeeded || left == UsdNanos::ZERO {
        return Ok(Refunded::Nothing(purchase));
    }
    let amount = amount.unwrap_or(left);
    if amount > left {
        return Ok(Refunded::Exceeds(purchase));
    }
    let mut chain = standing(rows, ctx, &purchase.workspace_id, &purchase.wallet_id).await?;
    for wallet in &mut chain {
        if purchase.ended_at.is_some_and(|at| wallet.in_period(at)) {
            wallet.account.unspend(amount);
        }
    }
    let counted = purchase.counts();
    purchase.refunded = purchase.refunded.checked_add(amount).unwrap_or(purchase.captured);
    let refund = Refund {
        seq: rows.spend_seq(ctx),
        id: RefundId::from_ulid(ctx.mint.ulid()),
        purchase_id: purchase.id.clone(),
        workspace_id: purchase.workspace_id.clone(),
        amount,
        reason,
        created_at: ctx.now,
    };
    let data = RefundedData {
        wallet_id: purchase.wallet_id.as_str(),
        transaction_id: purchase.id.as_str(),
        amount_usd: amount,
        vendor: &purchase.order.vendor,
        refunded_usd: purchase.refunded,
        reason: refund.reason.as_deref(),
        refund_id: refund.id.as_str(),
        sandbox: purchase.sandbox,
    };
    let event_id = tell(rows, ctx, &chain[0], "purchase.refunded", &data).await?;
    if !purchase.sandbox {
        let back = UsdNanos::ZERO.checked_sub(amount).unwrap_or(UsdNanos::ZERO);
        rows.charged(&Charge { event_id: &event_id, purchase: &purchase, amount: back, at: ctx.now }).await?;
    }
    judge::count(rows, &chain, &purchase, counted).await?;
    rows.refund_insert(&refund).await?;
    rows.purchase_save(&purchase).await?;
    save(rows, &chain).await?;
    Ok(Refunded::Done(refund, Receipt { purchase, chain, approval: None }))
}
