//! Granting: a purchase at once, or a hold.
use std::time::Duration;

use bellwire_wire::{EventId, HoldId, UsdNanos, WalletId, WorkspaceId};

use super::{
    ask::{Asked, Asking, Wish, ask},
    chain::{save, standing},
    end::release_overdue,
    judge, watch,
};
use crate::{
    Ctx, Stored,
    approval::{
        self, Approval, AskedBy, Asks,
        policy::{self, Finding, Verdict},
    },
    event,
    spend::{
        Breach, Order, Purchase, PurchaseStatus, Rows, Wallet,
        events::{ExhaustedData, HeldData, SucceededData, ThresholdData, tell},
        rules,
    },
    workspace::{Principal, audit},
};

/// Overdue holds that are released in the hope that an amount then fits. Keeps I12.
const RELEASED_MAX: u32 = 1_000;

/// A purchase and how the wallets stand that it concerns, from the payer up.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The purchase.
    pub purchase: Purchase,
    /// The wallets.
    pub chain: Vec<Wallet>,
    /// The approval that was asked for, if one was.
    pub approval: Option<Box<Approval>>,
}

/// Why nothing was granted.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// There is no such wallet, as far as the key may know.
    Unknown,
    /// The key is an agent's, and the wallet is not for it to buy from.
    NotYours,
    /// This wallet of the chain is frozen.
    Frozen(Wallet),
    /// A policy does not let it through.
    Denied(Box<Finding>),
    /// People would have to be asked, and too many questions wait for them.
    Crowded,
    /// A limit of this wallet refuses it.
    Limited(Wallet, Breach),
    /// It does not fit in a budget.
    Short(Box<Shortage>),
}

/// What an agent needs to know of a budget that is short.
#[derive(Debug, Clone)]
pub struct Shortage {
    /// The wallet that was to pay.
    pub wallet_id: WalletId,
    /// The one whose budget is short.
    pub blocking: Wallet,
    /// What was asked for.
    pub requested: UsdNanos,
}

/// Grants a purchase, or, with `hold_for`, sets its amount aside for so long. It must fit in the budget of
/// the wallet and of every wallet above it. Keeps I2.
pub async fn grant<R>(
    rows: &mut R,
    ctx: &Ctx,
    by: &Principal,
    wallet: &WalletId,
    mut order: Order,
    hold_for: Option<Duration>,
    asking: &Asking,
) -> Stored<Result<Receipt, Refusal>>
where
    R: Rows + Asks,
{
    let Some(mut chain) = fitting_chain(rows, ctx, by.workspace(), wallet, order.amount).await? else {
        return Ok(Err(Refusal::Unknown));
    };
    let payer = chain.first().filter(|payer| by.sees(payer.card.namespace.as_ref()));
    let Some(payer) = payer else { return Ok(Err(Refusal::Unknown)) };
    if !may_buy(rows, by, payer).await? {
        return Ok(Err(Refusal::NotYours));
    }
    order.agent_id = order.agent_id.or_else(|| payer.card.agent_id.clone());
    if let Some(frozen) = chain.iter().find(|wallet| wallet.is_frozen()) {
        return Ok(Err(Refusal::Frozen(frozen.as_seen_by(by))));
    }
    let asked = match verdict(rows, ctx, &mut chain, &order).await? {
        Verdict::Allow(_) => None,
        Verdict::Ask(asked) => Some(asked),
        Verdict::Deny(finding) => {
            judge::deny(rows, ctx, &chain[0], order, &finding).await?;
            return Ok(Err(Refusal::Denied(Box::new(finding))));
        }
    };
    if let Some(index) = rules::short(&chain, order.amount) {
        return refuse_short(rows, ctx, chain, index, order.amount).await.map(Err);
    }
    let breaches = watch::look(rows, ctx, &mut chain, &order).await?;
    if let Some((index, breach)) = breaches.iter().find(|(_, breach)| breach.refuses) {
        watch::act(rows, ctx, &mut chain[*index], breach, &order).await?;
        save(rows, &chain).await?;
        return Ok(Err(Refusal::Limited(chain[*index].as_seen_by(by), *breach)));
    }

    if let Some(asked) = asked {
        if !approval::may_ask(rows, by.workspace()).await? {
            return Ok(Err(Refusal::Crowded));
        }
        for (index, breach) in &breaches {
            watch::act(rows, ctx, &mut chain[*index], breach, &order).await?;
        }
        let wish = Wish { order, hold_for, asked: (*asked).into() };
        return ask(rows, ctx, asking, by, chain, wish).await.map(Ok);
    }

    let amount = order.amount;
    let mut purchase = new_purchase(rows, ctx, &chain, order, hold_for);
    for wallet in &mut chain {
        match hold_for {
            Some(_) => wallet.account.hold(amount),
            None => wallet.account.spend(amount),
        }
    }
    judge::count(rows, &chain, &purchase, UsdNanos::ZERO).await?;
    watch::note(rows, ctx, &mut chain, &purchase).await?;
    let told = if hold_for.is_some() {
        tell(rows, ctx, &chain[0], "purchase.held", &HeldData::new(&purchase, None)).await?;
        None
    } else {
        Some(succeed(rows, ctx, &mut purchase, &mut chain, amount).await?)
    };
    rows.purchase_insert(&purchase, told.as_ref().filter(|_| !purchase.sandbox)).await?;
    for (index, breach) in &breaches {
        watch::act(rows, ctx, &mut chain[*index], breach, &purchase.order).await?;
    }
    save(rows, &chain).await?;
    Ok(Ok(Receipt { purchase, chain, approval: None }))
}

impl From<policy::Asked> for Asked {
    fn from(asked: policy::Asked) -> Self {
        let finding = asked.finding;
        let by = AskedBy {
            rule: finding.rule.to_owned(),
            threshold_usd: finding.threshold,
            daily_spent_usd: asked.day_spent,
            daily_cap_usd: asked.day_cap,
            policy_id: finding.policy_id,
            policy_version: finding.version,
        };
        Self { by, terms: asked.terms }
    }
}

/// What policies say. If they deny, overdue holds are released first and it is judged again: what has expired
/// counts for nothing, whether or not somebody swept.
async fn verdict<R>(rows: &mut R, ctx: &Ctx, chain: &mut Vec<Wallet>, order: &Order) -> Stored<Verdict>
where
    R: Rows + event::Log + audit::Rows,
{
    let (verdict, counts) = judge::judge(rows, ctx, chain, order).await?;
    let workspace = chain[0].card.workspace_id.clone();
    let again = counts && matches!(verdict, Verdict::Deny(_));
    if !again || release_overdue(rows, ctx, Some(&workspace), RELEASED_MAX).await? == 0 {
        return Ok(verdict);
    }
    let payer = chain[0].id().clone();
    *chain = standing(rows, ctx, &workspace, &payer).await?;
    judge::judge(rows, ctx, chain, order).await.map(|(verdict, _)| verdict)
}

/// Whether a key may buy from a wallet that it sees. An agent's buys from that agent's wallets, and from those
/// that are nobody's and have none below them: a budget of its own is no wall if it can buy from the one above.
async fn may_buy<R: Rows>(rows: &mut R, by: &Principal, payer: &Wallet) -> Stored<bool> {
    match (&by.key.agent_id, &payer.card.agent_id) {
        (None, _) => Ok(true),
        (Some(agent), Some(owner)) => Ok(agent == owner),
        (Some(_), None) => Ok(!rows.has_wallets_below(by.workspace(), payer.id()).await?),
    }
}

/// A wallet and those above it as they stand now. If `amount` does not fit, overdue holds are released first:
/// what has expired holds up nobody, whether or not somebody swept.
async fn fitting_chain<R>(
    rows: &mut R,
    ctx: &Ctx,
    workspace: &WorkspaceId,
    wallet: &WalletId,
    amount: UsdNanos,
) -> Stored<Option<Vec<Wallet>>>
where
    R: Rows + event::Log + audit::Rows,
{
    let mut chain = standing(rows, ctx, workspace, wallet).await?;
    let holds = |chain: &[Wallet]| chain.iter().any(|wallet| wallet.account.held > UsdNanos::ZERO);
    if rules::short(&chain, amount).is_some()
        && holds(&chain)
        && release_overdue(rows, ctx, Some(workspace), RELEASED_MAX).await? > 0
    {
        chain = standing(rows, ctx, workspace, wallet).await?;
    }
    Ok((!chain.is_empty()).then_some(chain))
}

pub(super) fn new_purchase<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    chain: &[Wallet],
    order: Order,
    hold_for: Option<Duration>,
) -> Purchase {
    let payer = &chain[0].card;
    let seq = rows.spend_seq(ctx);
    Purchase {
        seq,
        id: Purchase::id_of(seq, ctx.mint.ulid()),
        hold_id: hold_for.map(|_| HoldId::from_ulid(ctx.mint.ulid())),
        workspace_id: payer.workspace_id.clone(),
        namespace: payer.namespace.clone(),
        wallet_id: payer.id.clone(),
        order,
        status: PurchaseStatus::Held,
        captured: UsdNanos::ZERO,
        refunded: UsdNanos::ZERO,
        sandbox: payer.sandbox,
        created_at: ctx.now,
        expires_at: hold_for.map(|span| ctx.now.after(span)),
        ended_at: None,
        error: None,
    }
}

/// What was paid is told, with the thresholds that it passes; by which event.
pub(super) async fn succeed<R>(
    rows: &mut R,
    ctx: &Ctx,
    purchase: &mut Purchase,
    chain: &mut [Wallet],
    amount: UsdNanos,
) -> Stored<EventId>
where
    R: Rows + event::Log + audit::Rows,
{
    purchase.status = PurchaseStatus::Succeeded;
    purchase.captured = amount;
    purchase.ended_at = Some(rules::counted_at(chain, ctx.now));
    for wallet in chain.iter_mut() {
        wallet.account.last_purchase = Some(purchase.id.clone());
    }
    let event_id = tell(rows, ctx, &chain[0], "purchase.succeeded", &SucceededData::new(purchase, ctx.now)).await?;
    for wallet in chain {
        for percent in rules::thresholds_passed(wallet) {
            tell(rows, ctx, wallet, "budget.threshold", &ThresholdData::new(wallet, percent)).await?;
        }
    }
    Ok(event_id)
}

/// Counts a refusal, and tells of the first.
async fn refuse_short<R>(
    rows: &mut R,
    ctx: &Ctx,
    mut chain: Vec<Wallet>,
    index: usize,
    requested: UsdNanos,
) -> Stored<Refusal>
where
    R: Rows + event::Log + audit::Rows,
{
    let wallet_id = chain[0].id().clone();
    let mut blocking = chain.swap_remove(index);
    blocking.account.denied_count = blocking.account.denied_count.saturating_add(1);
    rows.account_save(&blocking).await?;
    if blocking.account.denied_count == 1 {
        let data = ExhaustedData {
            wallet_id: blocking.id().as_str(),
            requesting_wallet_id: wallet_id.as_str(),
            budget_limit_usd: blocking.budget(),
            last_transaction_id: blocking.account.last_purchase.as_ref().map(AsRef::as_ref),
            requested_usd: requested,
            resets_at: blocking.account.period_end,
            denied_count: 1,
            sandbox: blocking.card.sandbox,
        };
        tell(rows, ctx, &blocking, "budget.exhausted", &data).await?;
    }
    Ok(Refusal::Short(Box::new(Shortage { wallet_id, blocking, requested })))
}
