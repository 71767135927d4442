//! What a policy wants people to be asked about: the amount is set aside while they think, so that what they
//! allow is never gone by then.
use std::{sync::Arc, time::Duration};

use bellwire_wire::{ApprovalId, HoldId, UsdNanos};
use serde_json::{Map, Value, json};

use super::{
    buy::{Receipt, new_purchase},
    chain::{save, standing},
    end::{End, finish},
    judge, watch,
};
use crate::{
    Ctx, Stored,
    approval::{
        self, Approval, ApprovalStatus, AskedBy, Asker, Asks, NewApproval, Office, Question, Terms, Transaction,
    },
    spend::{
        Order, Purchase, PurchaseRef, PurchaseStatus, Rows, Wallet,
        events::{HeldData, tell},
    },
    workspace::Principal,
};

/// What is needed to ask people, besides what is to be bought.
#[derive(Debug, Clone)]
pub struct Asking {
    /// What the deployment asks with.
    pub office: Office,
    /// The request, byte for byte.
    pub request_body: Arc<str>,
    /// Where the decision is sent to.
    pub callback_url: Option<String>,
}

/// Which rule asks, and how.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The rule.
    pub by: AskedBy,
    /// How.
    pub terms: Terms,
}

/// What is to be bought, or set aside for so long, if people allow it.
pub(super) struct Wish {
    pub(super) order: Order,
    pub(super) hold_for: Option<Duration>,
    pub(super) asked: Asked,
}

/// Acts on what people say about purchases.
#[derive(Debug, Clone, Copy)]
pub struct Buyer;

/// Sets the amount aside and asks. It was seen to fit.
pub(super) async fn ask<R>(
    rows: &mut R,
    ctx: &Ctx,
    asking: &Asking,
    by: &Principal,
    mut chain: Vec<Wallet>,
    wish: Wish,
) -> Stored<Receipt>
where
    R: Rows + Asks,
{
    let Wish { order, hold_for, asked } = wish;
    let mut purchase = new_purchase(rows, ctx, &chain, order, hold_for);
    purchase.status = PurchaseStatus::Pending;
    purchase.hold_id = purchase.hold_id.or_else(|| Some(HoldId::from_ulid(ctx.mint.ulid())));
    for wallet in &mut chain {
        wallet.account.hold(purchase.order.amount);
    }
    judge::count(rows, &chain, &purchase, UsdNanos::ZERO).await?;
    watch::note(rows, ctx, &mut chain, &purchase).await?;
    let id = ApprovalId::from_ulid(ctx.mint.ulid());
    let data = HeldData::new(&purchase, Some((&id, ctx.now.after(asked.terms.timeout))));
    tell(rows, ctx, &chain[0], "purchase.held", &data).await?;
    rows.purchase_insert(&purchase, None).await?;
    save(rows, &chain).await?;
    let new = NewApproval {
        id,
        workspace_id: purchase.workspace_id.clone(),
        namespace: purchase.namespace.clone(),
        question: question(&purchase, &chain[0], by, hold_for, asked.by, asking.callback_url.clone()),
        terms: asked.terms,
        request_body: asking.request_body.to_string(),
    };
    let approval = approval::ask::<Buyer, R>(rows, ctx, &asking.office, new).await?;
    if approval.status == ApprovalStatus::Pending {
        return Ok(Receipt { purchase, chain, approval: Some(Box::new(approval)) });
    }
    // Nobody could be asked: it has ended already.
    let named = PurchaseRef::Purchase(purchase.id.clone());
    let purchase = rows.purchase(&purchase.workspace_id, &named).await?.unwrap_or(purchase);
    let chain = standing(rows, ctx, &purchase.workspace_id, &purchase.wallet_id).await?;
    Ok(Receipt { purchase, chain, approval: Some(Box::new(approval)) })
}

fn question(
    purchase: &Purchase,
    payer: &Wallet,
    by: &Principal,
    hold_for: Option<Duration>,
    policy: AskedBy,
    callback_url: Option<String>,
) -> Question {
    let order = &purchase.order;
    let (action, verb) = if hold_for.is_some() { ("hold", "set aside") } else { ("purchase", "spend") };
    let memo = order.memo.clone().or_else(|| Some(order.description.clone()));
    Question {
        title: format!("May {} USD be {verb} at {} from {}?", order.amount, order.vendor, payer.card.terms.name)
            .replace("be spend", "be spent"),
        action: action.into(),
        parameters: parameters(purchase, hold_for),
        transaction: Some(Transaction {
            amount_usd: order.amount,
            vendor: order.vendor.clone(),
            category: order.category.clone(),
            memo: memo.filter(|memo| !memo.trim().is_empty()),
            rail: order.rail.clone(),
        }),
        policy: Some(policy),
        agent_id: order.agent_id.clone(),
        run_id: order.run_id.clone(),
        operator: by.key.person.clone(),
        callback_url,
        requested_by: by.actor(),
        subject: Some(purchase.id.to_string()),
    }
}

/// What the answer is bound to: all that was asked for, each amount as its exact text, so that every language
/// hashes the same.
fn parameters(purchase: &Purchase, hold_for: Option<Duration>) -> Map<String, Value> {
    let order = &purchase.order;
    let metadata: Value =
        order.metadata.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or(Value::Null);
    let parameters = json!({
        "transaction_id": purchase.id,
        "wallet_id": purchase.wallet_id,
        "amount_usd": order.amount.to_string(),
        "vendor": order.vendor,
        "description": order.description,
        "category": order.category,
        "memo": order.memo,
        "rail": order.rail,
        "run_id": order.run_id,
        "metadata": metadata,
        "expires_in_s": hold_for.map(|span| span.as_secs()),
    });
    match parameters {
        Value::Object(parameters) => parameters,
        _ => Map::new(),
    }
}

impl<R> Asker<R> for Buyer
where
    R: Rows + Asks,
{
    async fn answered(rows: &mut R, ctx: &Ctx, approval: &Approval) -> Stored<()> {
        let Some(Ok(id)) = approval.question.subject.as_ref().map(|subject| subject.parse::<PurchaseRef>()) else {
            return Ok(());
        };
        rows.money_stands();
        let found = rows.purchase(&approval.workspace_id, &id).await?;
        let Some(purchase) = found.filter(|purchase| purchase.status == PurchaseStatus::Pending) else {
            return Ok(());
        };
        let reason = approval.outcome.as_ref().and_then(|outcome| outcome.reason.as_deref()).unwrap_or("no reason");
        let end = match (approval.status, approval.granted()) {
            (ApprovalStatus::Approved, Some(granted)) => {
                let allowed = granted.amount_usd.map_or(purchase.order.amount, |cap| cap.min(purchase.order.amount));
                if purchase.expires_at.is_some() {
                    return begin_hold(rows, ctx, purchase, allowed).await;
                }
                End::Capture(allowed)
            }
            (ApprovalStatus::Denied, _) => End::Refuse(
                PurchaseStatus::Denied,
                "approval_denied",
                format!("It was not approved: {reason}. Do not ask for the same again."),
            ),
            (ApprovalStatus::Expired, _) => End::Refuse(
                PurchaseStatus::Expired,
                "approval_expired",
                "Nobody answered in time. Silence is not consent; do not retry by yourself.".into(),
            ),
            (ApprovalStatus::Cancelled, _) => {
                End::Refuse(PurchaseStatus::Cancelled, "approval_cancelled", format!("It was taken back: {reason}."))
            }
            // Keeps I4: whatever else it says releases nothing.
            _ => End::Refuse(
                PurchaseStatus::Undeliverable,
                "approval_undeliverable",
                "Nobody could be asked. Silence is not consent; do not retry by yourself.".into(),
            ),
        };
        finish(rows, ctx, purchase, end).await.map(drop)
    }
}

/// A hold that was approved begins now, with what was allowed.
async fn begin_hold<R>(rows: &mut R, ctx: &Ctx, mut hold: Purchase, allowed: UsdNanos) -> Stored<()>
where
    R: Rows + Asks,
{
    let mut chain = standing(rows, ctx, &hold.workspace_id, &hold.wallet_id).await?;
    for wallet in &mut chain {
        wallet.account.release(hold.order.amount);
        wallet.account.hold(allowed);
    }
    let counted = hold.counts();
    let span = hold.expires_at.map_or(Duration::ZERO, |at| at.since(hold.created_at));
    hold.expires_at = Some(ctx.now.after(span));
    hold.order.amount = allowed;
    hold.status = PurchaseStatus::Held;
    tell(rows, ctx, &chain[0], "purchase.held", &HeldData::new(&hold, None)).await?;
    judge::count(rows, &chain, &hold, counted).await?;
    rows.purchase_save(&hold).await?;
    save(rows, &chain).await
}
