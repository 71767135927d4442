//! Why nothing was granted, as an agent can work with it (spec spend, "Purchases and holds").
use bellwire_domain::{
    approval::policy::Finding,
    spend::{Breach, OnBreach, Refusal, Shortage, Wallet},
};
use bellwire_wire::{Timestamp, UsdNanos, WalletId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{
    approval::crowded,
    problem::{Code, Problem, ProblemBody},
};

/// A budget is short (RFC 9457, `application/problem+json`). It cannot be paid away.
#[derive(Serialize, ToSchema)]
#[schema(as = BudgetExceeded)]
pub(super) struct ShortBody {
    #[serde(flatten)]
    problem: ProblemBody,
    /// The wallet that was to pay.
    #[schema(value_type = String)]
    wallet_id: WalletId,
    /// The one whose budget is short: it, or one above it.
    #[schema(value_type = String)]
    blocking_wallet_id: WalletId,
    budget_limit_usd: UsdNanos,
    spent_usd: UsdNanos,
    held_usd: UsdNanos,
    requested_usd: UsdNanos,
    available_usd: UsdNanos,
    /// When the budget starts anew; null if never.
    resets_at: Option<Timestamp>,
}

/// A wallet is frozen (RFC 9457, `application/problem+json`).
#[derive(Serialize, ToSchema)]
#[schema(as = WalletFrozen)]
pub(super) struct FrozenBody {
    #[serde(flatten)]
    problem: ProblemBody,
    /// The wallet that was to pay.
    #[schema(value_type = String)]
    wallet_id: WalletId,
    /// The one that is frozen: it, or one above it.
    #[schema(value_type = String)]
    frozen_wallet_id: WalletId,
    /// Why it is frozen.
    reason: Option<String>,
    /// The limit that this request passed and that froze it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
}

/// The refusal of a grant from `wallet`.
pub(super) fn problem(wallet: &WalletId, refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Unknown => Problem::not_found("wallet"),
        Refusal::Short(shortage) => short(&shortage),
        Refusal::NotYours => Problem::new(
            Code::Forbidden,
            "This key is an agent's: it buys from that agent's wallets, and from those that are nobody's and have \
             none below them.",
        ),
        Refusal::Frozen(frozen) => is_frozen(wallet, &frozen),
        Refusal::Denied(finding) => denied(wallet, &finding),
        Refusal::Crowded => crowded(),
        Refusal::Limited(limited, breach) => passed(wallet, &limited, &breach),
    }
}

fn short(Shortage { wallet_id, blocking, requested }: &Shortage) -> Problem {
    let (left, budget, resets_at) = (blocking.available(), blocking.budget(), blocking.account.period_end);
    let which = if blocking.id() == wallet_id { "the wallet" } else { "a wallet above this one" };
    let when = match resets_at {
        Some(at) => format!("; it starts anew at {at}"),
        None => String::new(),
    };
    let detail = format!("{requested} USD do not fit: {left} of the {budget} USD of {which} are left{when}.");
    Problem::new(Code::BudgetExceeded, detail)
        .member("wallet_id", wallet_id)
        .member("blocking_wallet_id", blocking.id())
        .member("budget_limit_usd", &budget)
        .member("spent_usd", &blocking.account.spent)
        .member("held_usd", &blocking.account.held)
        .member("requested_usd", requested)
        .member("available_usd", &left)
        .member("resets_at", &resets_at)
        .final_for_now()
}

fn is_frozen(wallet: &WalletId, frozen: &Wallet) -> Problem {
    let which = if frozen.id() == wallet { "The wallet" } else { "A wallet above this one" };
    let reason = frozen.card.terms.status_reason.as_deref();
    let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    Problem::new(Code::WalletFrozen, format!("{which} is frozen{why}."))
        .member("wallet_id", wallet)
        .member("frozen_wallet_id", frozen.id())
        .member("reason", &reason)
        .final_for_now()
}

fn denied(wallet: &WalletId, finding: &Finding) -> Problem {
    Problem::new(Code::PolicyDenied, format!("The rule `{}` does not allow this: {}.", finding.rule, finding.detail))
        .member("policy_id", &finding.policy_id)
        .member("policy_version", &finding.version)
        .member("rule", &finding.rule)
        .member("wallet_id", wallet)
        .final_for_now()
}

fn passed(wallet: &WalletId, limited: &Wallet, breach: &Breach) -> Problem {
    let rule = breach.rule.as_str();
    if breach.action == OnBreach::Freeze {
        return is_frozen(wallet, limited).member("rule", &rule);
    }
    let which = if limited.id() == wallet { "the wallet" } else { "a wallet above this one" };
    Problem::new(Code::LimitExceeded, format!("The limit `{rule}` of {which} does not allow this."))
        .member("wallet_id", wallet)
        .member("limited_wallet_id", limited.id())
        .member("rule", &rule)
        .final_for_now()
}
