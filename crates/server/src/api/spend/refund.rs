//! Refunds: some or all of a purchase comes back.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults,
    spend::{self, Purchase, PurchaseStatus, Receipt, Refund, Refunded},
};
use bellwire_wire::{Timestamp, UsdNanos};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    budget::{self, About, Budget},
    checked, purchase_of, purchase_ref,
};
use crate::{
    api::{
        extract::{By, Json, WalletsManage},
        form::needed,
        money::{Money, more_than_nothing},
        problem::{Code, Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// What is to come back.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundForm {
    /// More than 0 and at most what is left; all that is left if absent.
    #[serde(default)]
    amount_usd: Money,
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 1024)]
    reason: Option<String>,
}

impl RefundForm {
    fn check(self, mut faults: Faults) -> Result<(Option<UsdNanos>, String), Faults> {
        let amount = self.amount_usd.take("amount_usd", &mut faults);
        let amount = more_than_nothing(amount, "amount_usd", &mut faults);
        match (needed("reason", self.reason, 1..=1_024, &mut faults), faults.is_empty()) {
            (Some(reason), true) => Ok((amount, reason)),
            _ => Err(faults),
        }
    }
}

/// A refund.
#[derive(Serialize, ToSchema)]
#[schema(as = Refund)]
struct RefundView<'a> {
    #[schema(value_type = String)]
    id: &'a str,
    #[schema(value_type = String)]
    refund_id: &'a str,
    #[schema(value_type = String)]
    purchase_id: &'a str,
    /// The purchase, as events call it.
    #[schema(value_type = String)]
    transaction_id: &'a str,
    #[schema(value_type = String)]
    wallet_id: &'a str,
    /// What came back with this refund.
    amount_usd: UsdNanos,
    /// What came back of the purchase so far.
    refunded_usd: UsdNanos,
    #[schema(value_type = Option<String>)]
    reason: Option<&'a str>,
    created_at: Timestamp,
}

impl<'a> RefundView<'a> {
    fn new(refund: &'a Refund, purchase: &'a Purchase) -> Self {
        Self {
            id: refund.id.as_str(),
            refund_id: refund.id.as_str(),
            purchase_id: purchase.id.as_str(),
            transaction_id: purchase.id.as_str(),
            wallet_id: purchase.wallet_id.as_str(),
            amount_usd: refund.amount,
            refunded_usd: purchase.refunded,
            reason: refund.reason.as_deref(),
            created_at: refund.created_at,
        }
    }
}

/// Give back some or all of a purchase. It takes `wallets:manage`: what comes back may be spent again, and an
/// agent must not free its own budget.
#[utoipa::path(post, path = "/v1/purchases/{purchase_id}/refund", operation_id = "refund_purchase",
    tag = "spend", request_body = RefundForm,
    params(("purchase_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = RefundView,
            headers(("Bellwire-Budget-Remaining-Usd" = String), ("Bellwire-Budget-Resets-At" = String))),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn refund(
    State(app): State<Arc<App>>,
    by: By<WalletsManage>,
    Path(id): Path<String>,
    body: Json<RefundForm>,
) -> Answer {
    let id = purchase_ref(&id, "purchase")?;
    let (form, faults, idempotency) = body.open();
    let (amount, reason) = checked(form.check(faults), purchase_of(&app, &by, &id, "purchase")).await?;
    let (principal, about) = (Arc::clone(&by.principal), About::Purchase(id.clone()));
    let view = |(refund, receipt): (Refund, Receipt)| Reply::created(&RefundView::new(&refund, &receipt.purchase));
    budget::command(&app, "refund", &by, idempotency, about, view, move |tx, ctx| {
        let (principal, id, reason) = (Arc::clone(&principal), id.clone(), reason.clone());
        Box::pin(async move {
            Ok(match spend::refund(tx, &ctx, &principal, &id, amount, Some(reason)).await? {
                Refunded::Done(refund, receipt) => {
                    let budget = Budget::of(&receipt.chain, ctx.now);
                    (Ok((refund, receipt)), budget)
                }
                Refunded::Unknown => (Err(Problem::not_found("purchase")), None),
                Refunded::Nothing(purchase) => (Err(nothing(&purchase)), None),
                Refunded::Exceeds(purchase) => {
                    let most = format!("must be at most what is left, {}", purchase.refundable());
                    (Err(Faults::from(("amount_usd", most)).into()), None)
                }
            })
        })
    })
    .await
}

fn nothing(purchase: &Purchase) -> Problem {
    let detail = match purchase.status {
        PurchaseStatus::Succeeded => "All of this purchase has come back already.".to_owned(),
        other => format!("Nothing was paid: this purchase is {}.", other.as_str()),
    };
    Problem::new(Code::NotRefundable, detail)
}
