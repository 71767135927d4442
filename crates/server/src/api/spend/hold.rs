//! Holds: an amount set aside, and its one end (spec spend, "Purchases and holds"). Keeps I3.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults,
    spend::{self, EndHold, Ended, Purchase, PurchaseStatus, Receipt},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    budget::{self, About, Budget},
    chain_of, checked,
    grant::{buyer, grant},
    order::HoldForm,
    purchase::{OfWallet, page_of_wallet},
    purchase_of, purchase_ref,
    refusal::{FrozenBody, ShortBody},
    view::{AskedView, HoldView},
    wallet_id,
};
use crate::{
    api::{
        extract::{By, Idempotency, Json, Query, Right, WalletsRead, WalletsSpend},
        form::needed,
        money::{Money, more_than_nothing},
        page,
        problem::{Code, Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// Set an amount aside, to be captured, voided or failed, or else to release itself.
#[utoipa::path(post, path = "/v1/wallets/{wallet_id}/holds", operation_id = "create_hold",
    tag = "spend", request_body = HoldForm,
    params(("wallet_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = HoldView,
            headers(("Bellwire-Budget-Remaining-Usd" = String), ("Bellwire-Budget-Resets-At" = String))),
        (status = 202, body = AskedView,
            headers(("Bellwire-Budget-Remaining-Usd" = String), ("Bellwire-Budget-Resets-At" = String))),
        (status = 404, body = ProblemBody),
        (status = 402, body = ShortBody, content_type = "application/problem+json",
            headers(("Bellwire-Budget-Remaining-Usd" = String), ("Bellwire-Budget-Resets-At" = String))),
        (status = 423, body = FrozenBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    by: By<WalletsSpend>,
    Path(id): Path<String>,
    body: Json<HoldForm>,
) -> Answer {
    let id = wallet_id(&id)?;
    let raw = body.raw();
    let (form, faults, idempotency) = body.open();
    let (mut order, span, callback_url) = checked(form.check(&app, faults), chain_of(&app, &by, &id)).await?;
    order.agent_id = buyer(&by, order.agent_id)?;
    let asking = app.asking(raw, callback_url);
    grant(&app, &by, id, order, Some(span), asking, idempotency).await
}

/// Holds, newest first.
#[derive(Serialize, ToSchema)]
struct HoldList<'a> {
    holds: Vec<HoldView<'a>>,
    next_cursor: Option<String>,
}

/// The holds of a wallet itself, newest first, whether or not they have ended.
#[utoipa::path(get, path = "/v1/wallets/{wallet_id}/holds", operation_id = "list_wallet_holds", tag = "spend",
    params(("wallet_id" = String, Path), ("namespace" = Option<String>, Query), ("status" = Option<String>, Query),
        ("agent_id" = Option<String>, Query), ("vendor" = Option<String>, Query), ("since" = Option<String>, Query),
        ("until" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = HoldList), (status = 404, body = ProblemBody)))]
pub(super) async fn of_wallet(
    State(app): State<Arc<App>>,
    by: By<WalletsRead>,
    Path(id): Path<String>,
    Query(query): Query<OfWallet>,
) -> Answer {
    let page = page_of_wallet(&app, &by, &id, query.holds()).await?;
    Ok(Reply::ok(&HoldList {
        holds: page.items.iter().map(HoldView::new).collect(),
        next_cursor: page.next.map(page::encode),
    }))
}

/// A hold that this key may see.
async fn hold_of<R: Right>(app: &App, by: &By<R>, id: &spend::PurchaseRef) -> Result<Purchase, Problem> {
    let found = purchase_of(app, by, id, "hold").await?;
    if found.hold_id.is_some() { Ok(found) } else { Err(Problem::not_found("hold")) }
}

/// One hold, by its own id or by that of its purchase.
#[utoipa::path(get, path = "/v1/holds/{hold_id}", operation_id = "get_hold",
    tag = "spend", params(("hold_id" = String, Path)),
    responses((status = 200, body = HoldView), (status = 404, body = ProblemBody)))]
pub(super) async fn get(State(app): State<Arc<App>>, by: By<WalletsRead>, Path(id): Path<String>) -> Answer {
    let hold = hold_of(&app, &by, &purchase_ref(&id, "hold")?).await?;
    Ok(Reply::ok(&HoldView::new(&hold)))
}

/// How much of a hold is paid.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaptureForm {
    /// More than 0 and at most the hold, all of it if absent; the rest is released.
    #[serde(default)]
    amount_usd: Money,
}

impl CaptureForm {
    fn check(&self, mut faults: Faults) -> Result<EndHold, Faults> {
        let amount = self.amount_usd.take("amount_usd", &mut faults);
        let amount = more_than_nothing(amount, "amount_usd", &mut faults);
        faults.or(EndHold::Capture(amount))
    }
}

/// Pay what was set aside, or some of it. It was granted: no freeze, limit or cut keeps it from being captured.
#[utoipa::path(post, path = "/v1/holds/{hold_id}/capture", operation_id = "capture_hold",
    tag = "spend", request_body = CaptureForm,
    params(("hold_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = HoldView,
            headers(("Bellwire-Budget-Remaining-Usd" = String), ("Bellwire-Budget-Resets-At" = String))),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn capture(
    State(app): State<Arc<App>>,
    by: By<WalletsSpend>,
    Path(id): Path<String>,
    body: Json<CaptureForm>,
) -> Answer {
    let (form, faults, idempotency) = body.open();
    end(&app, &by, &id, form.check(faults), idempotency).await
}

/// Nothing has to be said.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VoidForm {}

/// Let go of what was set aside.
#[utoipa::path(post, path = "/v1/holds/{hold_id}/void", operation_id = "void_hold",
    tag = "spend", request_body = VoidForm,
    params(("hold_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = HoldView,
            headers(("Bellwire-Budget-Remaining-Usd" = String), ("Bellwire-Budget-Resets-At" = String))),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn void(
    State(app): State<Arc<App>>,
    by: By<WalletsSpend>,
    Path(id): Path<String>,
    body: Json<VoidForm>,
) -> Answer {
    let (VoidForm {}, faults, idempotency) = body.open();
    end(&app, &by, &id, faults.or(EndHold::Void), idempotency).await
}

/// What went wrong.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FailForm {
    /// For programs.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "card_declined")]
    error_code: Option<String>,
    /// For people.
    #[schema(value_type = String, min_length = 1, max_length = 1024)]
    error_message: Option<String>,
}

impl FailForm {
    fn check(self, mut faults: Faults) -> Result<EndHold, Faults> {
        let code = needed("error_code", self.error_code, 1..=64, &mut faults);
        let message = needed("error_message", self.error_message, 1..=1_024, &mut faults);
        match (code, message, faults.is_empty()) {
            (Some(code), Some(message), true) => Ok(EndHold::Fail(code, message)),
            _ => Err(faults),
        }
    }
}

/// Let go of what was set aside, since vendor or network failed; `purchase.failed` tells of it.
#[utoipa::path(post, path = "/v1/holds/{hold_id}/fail", operation_id = "fail_hold",
    tag = "spend", request_body = FailForm,
    params(("hold_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = HoldView,
            headers(("Bellwire-Budget-Remaining-Usd" = String), ("Bellwire-Budget-Resets-At" = String))),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn fail(
    State(app): State<Arc<App>>,
    by: By<WalletsSpend>,
    Path(id): Path<String>,
    body: Json<FailForm>,
) -> Answer {
    let (form, faults, idempotency) = body.open();
    end(&app, &by, &id, form.check(faults), idempotency).await
}

/// Ends a hold so, if nothing else did before.
async fn end(
    app: &App,
    by: &By<WalletsSpend>,
    id: &str,
    how: Result<EndHold, Faults>,
    idempotency: Option<Idempotency>,
) -> Answer {
    let id = purchase_ref(id, "hold")?;
    let how = checked(how, hold_of(app, by, &id)).await?;
    let (principal, about) = (Arc::clone(&by.principal), About::Purchase(id.clone()));
    let view = |receipt: Receipt| Reply::ok(&HoldView::new(&receipt.purchase));
    budget::command(app, "hold_end", by, idempotency, about, view, move |tx, ctx| {
        let (principal, id, how) = (Arc::clone(&principal), id.clone(), how.clone());
        Box::pin(async move {
            Ok(match spend::end_hold(tx, &ctx, &principal, &id, how).await? {
                Ended::Done(receipt) => {
                    let budget = Budget::of(&receipt.chain, ctx.now);
                    (Ok(receipt), budget)
                }
                Ended::Unknown => (Err(Problem::not_found("hold")), None),
                Ended::Before(hold) => (Err(ended(&hold)), None),
                Ended::Exceeds(hold) => {
                    let most = format!("must be at most the hold, {}", hold.order.amount);
                    (Err(Faults::from(("amount_usd", most)).into()), None)
                }
            })
        })
    })
    .await
}

fn ended(hold: &Purchase) -> Problem {
    let outcome = hold.status.as_hold();
    if hold.status == PurchaseStatus::Pending {
        return Problem::new(Code::ApprovalPending, "It waits for approval: until then nothing can be done with it.")
            .member("outcome", &outcome)
            .member("hold_id", &hold.hold_id)
            .member("transaction_id", &hold.id);
    }
    Problem::new(Code::HoldEnded, format!("The hold is {outcome} already: it ends once."))
        .member("outcome", &outcome)
        .member("hold_id", &hold.hold_id)
        .member("transaction_id", &hold.id)
}
