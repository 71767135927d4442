//! What policies make of an order, and what they count of it.
use std::{collections::BTreeMap, time::Duration};

use bellwire_wire::UsdNanos;

use crate::{
    Ctx, Stored,
    approval::policy::{Applied, Counted, Finding, Target, Totals, Verdict},
    event,
    spend::{
        Cap, Denial, Order, Purchase, Rows, Wallet,
        caps::applying,
        events::{DeniedData, tell},
    },
};

/// How long a denied request is kept.
const DENIALS_KEPT: Duration = Duration::from_hours(90 * 24);

/// What is counted over what.
type Targets = BTreeMap<Target, Counted>;

fn targets(applied: &[Applied]) -> Targets {
    let mut targets = Targets::new();
    for applied in applied {
        let counted = applied.policy.content.rules.counted();
        if counted.any() {
            let known = targets.entry(applied.target.clone()).or_default();
            *known = Counted { day: known.day || counted.day, month: known.month || counted.month };
        }
    }
    targets
}

/// What the policies that apply make of an order, and whether what was granted before plays a part in it.
pub(super) async fn judge<R: Rows>(
    rows: &mut R,
    ctx: &Ctx,
    chain: &[Wallet],
    order: &Order,
) -> Stored<(Verdict, bool)> {
    let payer = &chain[0];
    let workspace = &payer.card.workspace_id;
    let in_force = rows.policies_in_force(workspace).await?;
    if in_force.is_empty() {
        return Ok((Verdict::Allow(None), false));
    }
    let applied = applying(&in_force, chain, order.agent_id.as_deref(), payer.card.namespace.as_ref());
    let mut totals: BTreeMap<Target, Totals> = BTreeMap::new();
    for (target, counted) in targets(&applied) {
        let total = totals.entry(target.clone()).or_default();
        for cap in Cap::of(workspace, &target, payer.card.sandbox, counted, ctx.now) {
            let granted = rows.cap_total(&cap).await?;
            *(if cap.month { &mut total.month } else { &mut total.day }) = granted;
        }
    }
    let request = order.request(payer.purse(), ctx.now);
    let verdict = applied
        .iter()
        .map(|applied| applied.policy.judge(&request, totals.get(&applied.target).copied().unwrap_or_default()))
        .fold(Verdict::Allow(None), Verdict::and);
    Ok((verdict, !totals.is_empty()))
}

/// Counts so much more, or less, for a purchase, in the day and the month in which it was granted. What is counted
/// of a period begins with the first order that is judged in it: before that there is nothing to be changed.
pub(super) async fn count<R: Rows>(
    rows: &mut R,
    chain: &[Wallet],
    purchase: &Purchase,
    before: UsdNanos,
) -> Stored<()> {
    let more = i128::from(purchase.counts().nanos()) - i128::from(before.nanos());
    if more == 0 {
        return Ok(());
    }
    let workspace = &purchase.workspace_id;
    let in_force = rows.policies_in_force(workspace).await?;
    if in_force.is_empty() {
        return Ok(());
    }
    let applied = applying(&in_force, chain, purchase.order.agent_id.as_deref(), purchase.namespace.as_ref());
    for (target, counted) in targets(&applied) {
        for cap in Cap::of(workspace, &target, purchase.sandbox, counted, purchase.created_at) {
            rows.cap_add(&cap, more).await?;
        }
    }
    Ok(())
}

/// Keeps a denied request, and tells of it.
pub(super) async fn deny<R>(rows: &mut R, ctx: &Ctx, payer: &Wallet, order: Order, finding: &Finding) -> Stored<()>
where
    R: Rows + event::Log,
{
    let message = format!("{}: {}", finding.rule, finding.detail);
    let data = DeniedData {
        wallet_id: payer.id().as_str(),
        error_code: "policy_denied",
        error_message: &message,
        vendor: &order.vendor,
        amount_usd: order.amount,
        agent_id: order.agent_id.as_deref(),
        policy_id: finding.policy_id.as_str(),
        policy_version: finding.version,
        rule: finding.rule,
        sandbox: payer.card.sandbox,
    };
    tell(rows, ctx, payer, "purchase.failed", &data).await?;
    let denial = Denial {
        seq: rows.spend_seq(ctx),
        workspace_id: payer.card.workspace_id.clone(),
        namespace: payer.card.namespace.clone(),
        wallet_id: payer.id().clone(),
        order,
        sandbox: payer.card.sandbox,
        policy_id: finding.policy_id.clone(),
        version: finding.version,
        rule: finding.rule.to_owned(),
        at: ctx.now,
    };
    rows.denial_insert(&denial, ctx.now.before(DENIALS_KEPT)).await
}
