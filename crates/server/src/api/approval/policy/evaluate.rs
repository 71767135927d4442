//! A policy tried out on a request that is made up: what it would say, and why.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults,
    spend::{self, Order},
};
use bellwire_wire::{PolicyId, Timestamp, WalletId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{form::candidate, policy_id, policy_of, view::LineView};
use crate::{
    api::{
        extract::{By, Json, PoliciesRead},
        money::Money,
        problem::{Problem, ProblemBody},
        reply::{Answer, Reply},
        spend::order::PurchaseForm,
    },
    app::App,
};

/// A request that is made up.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyEvaluate)]
pub(in crate::api::approval) struct EvaluateForm {
    /// How much, more than 0.
    #[serde(default)]
    #[schema(required = true)]
    amount_usd: Money,
    /// Who would be paid.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "anthropic")]
    vendor: Option<String>,
    /// What for.
    #[schema(max_length = 1024)]
    description: Option<String>,
    /// What kind it is.
    #[schema(max_length = 128)]
    category: Option<String>,
    /// For people.
    #[schema(max_length = 1024)]
    memo: Option<String>,
    /// How it would be paid.
    #[schema(max_length = 64)]
    rail: Option<String>,
    /// In which run of the agent.
    #[schema(max_length = 128)]
    run_id: Option<String>,
    /// For programs; at most 16 KiB, 100 members, 16 deep.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// The wallet that would pay: what was spent from it counts. Nothing was spent, if neither it nor an agent is named.
    wallet_id: Option<String>,
    /// The agent that would buy: the wallet's if absent.
    #[schema(max_length = 128)]
    agent_id: Option<String>,
    /// When; now if absent.
    at: Option<String>,
    /// Rules to be tried in place of those that are saved.
    #[schema(value_type = Option<Vec<Object>>, max_items = 100)]
    rules: Option<Box<RawValue>>,
    /// The same for `default`.
    default: Option<String>,
}

/// What is asked of a policy.
struct Asked {
    order: Order,
    wallet_id: Option<WalletId>,
    at: Option<Timestamp>,
    rules: Option<Box<RawValue>>,
    default: Option<String>,
}

impl EvaluateForm {
    fn check(self, faults: &mut Faults) -> Option<Asked> {
        let wallet_id = self.wallet_id.and_then(|text| faults.take("wallet_id", text.parse::<WalletId>()));
        let at = self.at.and_then(|text| faults.take("at", text.parse::<Timestamp>()));
        let form = PurchaseForm {
            amount_usd: self.amount_usd,
            vendor: self.vendor,
            description: Some(self.description.unwrap_or_default()),
            category: self.category,
            memo: self.memo,
            rail: self.rail,
            run_id: self.run_id,
            agent_id: self.agent_id,
            metadata: self.metadata,
            callback_url: None,
        };
        let order = form.order(faults)?;
        Some(Asked { order, wallet_id, at, rules: self.rules, default: self.default })
    }
}

/// What a policy would say of a request.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyDecision)]
struct DecisionView {
    /// `allow`, `deny` or `require_approval`.
    decision: &'static str,
    #[schema(value_type = String)]
    policy_id: PolicyId,
    /// The version that was asked; null if it was given rules of its own.
    policy_version: Option<u32>,
    /// The rule that decides, or `default`.
    rule: &'static str,
    /// Why.
    detail: String,
    /// What each rule makes of it, in order.
    rules: Vec<LineView>,
}

/// Try a policy, or other rules in its place, on a request that is made up. Nothing is written.
#[utoipa::path(post, path = "/v1/policies/{policy_id}/evaluate", operation_id = "evaluate_policy", tag = "approval",
    params(("policy_id" = String, Path)), request_body = EvaluateForm,
    responses((status = 200, body = DecisionView), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(in crate::api::approval) async fn evaluate(
    State(app): State<Arc<App>>,
    by: By<PoliciesRead>,
    Path(id): Path<String>,
    body: Json<EvaluateForm>,
) -> Answer {
    let policy = policy_of(&app, &by, &policy_id(&id)?).await?;
    let (form, mut faults, _) = body.open();
    let asked = form.check(&mut faults);
    let Some(Asked { order, wallet_id, at, rules, default }) = asked else { return Err(faults.into()) };
    let (policy, other) = candidate(policy, rules.as_deref(), default, &mut faults);
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let (at, principal) = (at.unwrap_or_else(|| app.clock.now()), Arc::clone(&by.principal));
    let (id, version) = (policy.id.clone(), policy.version);
    let evaluated = app
        .query("policy_evaluate", move |tx| {
            let (principal, policy, wallet_id) = (Arc::clone(&principal), policy.clone(), wallet_id.clone());
            let order = order.clone();
            Box::pin(async move { spend::evaluate(tx, &principal, &policy, wallet_id.as_ref(), order, at).await })
        })
        .await?;
    let unknown = || Problem::from(Faults::from(("wallet_id", "there is no such wallet, or this key may not see it")));
    let evaluated = evaluated.ok_or_else(unknown)?;
    let finding = evaluated.verdict.finding();
    Ok(Reply::ok(&DecisionView {
        decision: evaluated.verdict.effect().as_str(),
        policy_id: id,
        policy_version: (!other).then_some(version),
        rule: finding.map_or("default", |finding| finding.rule),
        detail: finding.map(|finding| finding.detail.clone()).unwrap_or_default(),
        rules: evaluated.lines.into_iter().map(LineView::new).collect(),
    }))
}
