//! A policy tried out: what it would say, and why. Nothing is written.
use bellwire_wire::{Timestamp, WalletId};

use crate::{
    Stored,
    approval::policy::{InForce, Line, Policy, Purse, Target, Totals, Verdict},
    spend::{Cap, Order, Rows, Wallet, caps::applying},
    workspace::Principal,
};

/// What a policy would say of an order.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// What comes of it.
    pub verdict: Verdict,
    /// What each rule makes of it.
    pub lines: Vec<Line>,
}

/// What a policy would say of an order that was to be paid by a wallet, or by none in particular, at a time. What was
/// granted before is counted over what the policy is attached to; else over the wallet, or over the agent. Nothing,
/// if there is no such wallet, as far as the key may know.
pub async fn evaluate<R: Rows>(
    rows: &mut R,
    by: &Principal,
    policy: &Policy,
    wallet: Option<&WalletId>,
    mut order: Order,
    at: Timestamp,
) -> Stored<Option<Evaluated>> {
    let chain = match wallet {
        Some(id) => rows.chain_seen(by.workspace(), id).await?,
        None => Vec::new(),
    };
    let payer = chain.first().map(|payer| payer.clone().at(at));
    let seen = payer.as_ref().is_some_and(|payer| by.sees(payer.card.namespace.as_ref()));
    if wallet.is_some() && !seen {
        return Ok(None);
    }
    order.agent_id = order.agent_id.or_else(|| payer.as_ref().and_then(|payer| payer.card.agent_id.clone()));
    let sandbox = payer.as_ref().is_some_and(|payer| payer.card.sandbox);
    let mut judged: Option<Evaluated> = None;
    for target in targets(policy, &chain, payer.as_ref(), &order) {
        let mut totals = Totals::default();
        let caps = target.iter().flat_map(|target| {
            Cap::of(by.workspace(), target, sandbox, policy.content.rules.counted(), at).collect::<Vec<_>>()
        });
        for cap in caps.collect::<Vec<_>>() {
            let granted = rows.cap_seen(&cap).await?;
            *(if cap.month { &mut totals.month } else { &mut totals.day }) = granted;
        }
        let request = order.request(payer.as_ref().map_or_else(Purse::default, Wallet::purse), at);
        let verdict = policy.judge(&request, totals);
        judged = Some(match judged {
            None => Evaluated { verdict, lines: policy.explain(&request, totals) },
            Some(before) => Evaluated { verdict: before.verdict.and(verdict), ..before },
        });
    }
    Ok(judged)
}

/// By way of what a policy applies: of nothing, if it does not and nothing is named that it could count over.
fn targets(policy: &Policy, chain: &[Wallet], payer: Option<&Wallet>, order: &Order) -> Vec<Option<Target>> {
    let agent = order.agent_id.as_deref();
    let namespace = payer.and_then(|payer| payer.card.namespace.as_ref()).or(policy.namespace.as_ref());
    let applied = applying(&InForce::new([policy.clone()]), chain, agent, namespace);
    if !applied.is_empty() {
        return applied.into_iter().map(|applied| Some(applied.target)).collect();
    }
    let purse = payer.map(|payer| Target::Purse(payer.id().to_string()));
    vec![purse.or_else(|| Some(Target::Agent(agent?.to_owned(), policy.namespace.clone())))]
}
