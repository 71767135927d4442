//! Watching how fast wallets are spent.
use std::sync::Arc;

use bellwire_wire::UsdNanos;

use serde_json::json;

use crate::{
    Ctx, Stored, event,
    spend::{
        Breach, HISTORY_MINUTES, MINUTE, OnBreach, Order, Purchase, Rate, Repeat, Rows, Rule, Wallet, WalletStatus,
        events::{FrozenData, SpikeData, tell},
        usual,
    },
    workspace::audit::{self, NewAudit},
};

/// Microseconds in a minute of the clock.
const MINUTE_MICROS: i64 = 60_000_000;

/// The limits that an order would pass, each with the place of its wallet in the chain. Maxima hold for a
/// wallet and all below it; loops and spikes are looked for where they are paid.
pub(super) async fn look<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    chain: &mut [Wallet],
    order: &Order,
) -> Stored<Vec<(usize, Breach)>> {
    let mut breaches = Vec::new();
    for (index, wallet) in chain.iter_mut().enumerate() {
        let limits = wallet.card.terms.limits;
        if limits.slides() {
            let gone = rows.moments_forget(&wallet.card.id, ctx.now.before(MINUTE)).await?;
            wallet.account.pulse.sliding = wallet.account.pulse.sliding.less(gone);
        }
        breaches.extend(limits.maxima(order.amount, wallet.account.pulse.sliding).map(|breach| (index, breach)));
    }
    if let Some(payer) = chain.first_mut() {
        breaches.extend(look_for_loop(rows, ctx, payer, order).await?.map(|breach| (0, breach)));
        breaches.extend(look_for_spike(rows, ctx, payer, order.amount).await?.map(|breach| (0, breach)));
    }
    Ok(breaches)
}

async fn look_for_loop<R: Rows>(rows: &mut R, ctx: &Ctx, payer: &Wallet, order: &Order) -> Stored<Option<Breach>> {
    let limits = &payer.card.terms.limits;
    let Some((depth, repeat)) = limits.repeat_depth().zip(limits.repeat.or(Repeat::DEFAULT)) else { return Ok(None) };
    let notifies = limits.action(Rule::Repeat) == OnBreach::Notify;
    if notifies && payer.account.pulse.told.is_fresh(Rule::Repeat, ctx.now, repeat.within()) {
        return Ok(None);
    }
    let then = match depth {
        0 => None,
        depth => {
            let since = ctx.now.before(repeat.within());
            rows.equal_back(payer.id(), &order.vendor, order.amount, depth, since).await?
        }
    };
    Ok(limits.repeats(order.amount, ctx.now, then))
}

async fn look_for_spike<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    payer: &mut Wallet,
    amount: UsdNanos,
) -> Stored<Option<Breach>> {
    let pulse = &mut payer.account.pulse;
    let minute = ctx.now.micros().div_euclid(MINUTE_MICROS);
    // A clock that is set back counts on in the minute it was in.
    if minute > pulse.minute {
        let oldest = minute.saturating_sub(HISTORY_MINUTES);
        let history = rows.minute_close(&payer.card.id, pulse.minute, pulse.now.nanos, oldest).await?;
        pulse.usual = usual(&history, minute);
        pulse.minute = minute;
        pulse.now = Rate::default();
    }
    Ok(payer.card.terms.limits.spikes(pulse.now.plus(amount), pulse.usual))
}

/// Counts what was granted.
pub(super) async fn note<R: Rows>(rows: &mut R, ctx: &Ctx, chain: &mut [Wallet], purchase: &Purchase) -> Stored<()> {
    let amount = purchase.order.amount;
    for wallet in chain.iter_mut().filter(|wallet| wallet.card.terms.limits.slides()) {
        rows.moment_insert(wallet.id(), purchase.seq, ctx.now, amount).await?;
        wallet.account.pulse.sliding = wallet.account.pulse.sliding.plus(amount);
    }
    if let Some(payer) = chain.first_mut() {
        payer.account.pulse.now = payer.account.pulse.now.plus(amount);
    }
    Ok(())
}

/// Tells of a limit that was passed, once in its window, and does what the wallet says.
pub(super) async fn act<R>(rows: &mut R, ctx: &Ctx, wallet: &mut Wallet, breach: &Breach, order: &Order) -> Stored<()>
where
    R: Rows + event::Log + audit::Rows,
{
    let freezes = breach.action == OnBreach::Freeze && !wallet.is_frozen();
    if wallet.account.pulse.told.may(breach.rule, ctx.now, breach.window.max(MINUTE)) || freezes {
        let since = ctx.now.before(breach.window);
        let top = rows.top_vendor(&wallet.card.workspace_id, wallet.id(), since).await?;
        let vendor = top.as_deref().unwrap_or(&order.vendor);
        tell(rows, ctx, wallet, "spend.spike", &SpikeData::new(wallet, breach, Some(vendor))).await?;
    }
    if freezes {
        let reason = format!("{} was passed", breach.rule.as_str());
        let card = Arc::make_mut(&mut wallet.card);
        card.terms.status = WalletStatus::Frozen;
        card.terms.status_reason = Some(reason.clone());
        card.updated_at = ctx.now;
        rows.wallet_save(wallet).await?;
        let entry = NewAudit {
            actor: audit::SYSTEM.into(),
            action: "wallet.freeze",
            subject: wallet.id().to_string(),
            namespace: wallet.card.namespace.clone(),
            detail: json!({"reason": reason}),
        };
        audit::record(rows, ctx, &wallet.card.workspace_id, entry).await?;
        let data = FrozenData { wallet_id: wallet.id().as_str(), reason: &reason, actor: None };
        tell(rows, ctx, wallet, "wallet.frozen", &data).await?;
    }
    Ok(())
}
