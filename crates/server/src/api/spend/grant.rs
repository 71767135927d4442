//! Grants of both kinds, answered.
use std::{sync::Arc, time::Duration};

use bellwire_domain::spend::{self, Asking, Order, Receipt};
use bellwire_wire::WalletId;

use super::{
    budget::{self, About, Budget},
    refusal,
    view::{AskedView, HoldView, PurchaseView},
};
use crate::{
    api::{
        extract::{By, Idempotency, WalletsSpend},
        problem::{Code, Problem},
        reply::{Answer, Reply},
    },
    app::App,
};

/// Grants a purchase from a wallet, or a hold for so long, or says why not.
pub(super) async fn grant(
    app: &App,
    by: &By<WalletsSpend>,
    wallet: WalletId,
    order: Order,
    hold_for: Option<Duration>,
    asking: Asking,
    idempotency: Option<Idempotency>,
) -> Answer {
    let kind = if hold_for.is_some() { "hold" } else { "purchase" };
    let principal = Arc::clone(&by.principal);
    let about = About::Wallet(wallet.clone());
    let view = move |Receipt { purchase, approval, .. }| match (&approval, hold_for) {
        (Some(approval), _) => Reply::accepted(&AskedView::new(&purchase, approval, hold_for)),
        (None, Some(_)) => Reply::created(&HoldView::new(&purchase)),
        (None, None) => Reply::created(&PurchaseView::new(&purchase)),
    };
    let answer = budget::command(app, kind, by, idempotency, about, view, move |tx, ctx| {
        let (principal, wallet, order) = (Arc::clone(&principal), wallet.clone(), order.clone());
        let asking = asking.clone();
        Box::pin(async move {
            Ok(match spend::grant(tx, &ctx, &principal, &wallet, order, hold_for, &asking).await? {
                Ok(receipt) => {
                    let budget = Budget::of(&receipt.chain, ctx.now);
                    (Ok(receipt), budget)
                }
                Err(refusal) => (Err(refusal::problem(&wallet, refusal)), None),
            })
        })
    })
    .await;
    count(kind, &answer);
    answer
}

/// The agent that buys: the key's own, if the key is an agent's.
pub(super) fn buyer(by: &By<WalletsSpend>, named: Option<String>) -> Result<Option<String>, Problem> {
    match (&by.principal.key.agent_id, named) {
        (Some(own), Some(named)) if *own != named => {
            Err(Problem::new(Code::Forbidden, format!("This key is the agent `{own}`'s: it buys for no other one.")))
        }
        (Some(own), _) => Ok(Some(own.clone())),
        (None, named) => Ok(named),
    }
}

/// What was granted and refused, for the metrics. An answer that is given again is not a grant.
fn count(kind: &'static str, answer: &Answer) {
    let reason = match answer {
        Ok(reply) if reply.is_again() => return,
        Ok(_) => {
            metrics::counter!("bellwire_spend_grants_total", "kind" => kind).increment(1);
            return;
        }
        Err(problem) => match problem.code() {
            Code::BudgetExceeded => "budget",
            Code::WalletFrozen => "frozen",
            Code::LimitExceeded => "limit",
            Code::PolicyDenied => "policy",
            _ => return,
        },
    };
    metrics::counter!("bellwire_spend_refusals_total", "reason" => reason).increment(1);
}
