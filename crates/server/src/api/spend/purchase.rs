//! Purchases: made and listed.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults, Page, PageQuery,
    approval::Rows as _,
    spend::{Purchase, PurchaseFilter, PurchaseStatus, Rows},
};
use bellwire_wire::{Timestamp, WalletId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    chain_of, checked,
    grant::{buyer, grant},
    order::PurchaseForm,
    purchase_of, purchase_ref,
    refusal::{FrozenBody, ShortBody},
    view::{AskedView, PurchaseView, WholeView},
    wallet_id,
};
use crate::{
    api::{
        extract::{By, FromQuery, Json, Parameters, Query, Right, WalletsRead, WalletsSpend},
        page::{self, When},
        problem::{Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// Buy: it fits in the budget of the wallet and of every wallet above it, and is spent; or nothing is.
#[utoipa::path(post, path = "/v1/wallets/{wallet_id}/purchases", operation_id = "create_purchase",
    tag = "spend", request_body = PurchaseForm,
    params(("wallet_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = PurchaseView,
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
    body: Json<PurchaseForm>,
) -> Answer {
    let id = wallet_id(&id)?;
    let raw = body.raw();
    let (form, faults, idempotency) = body.open();
    let (mut order, callback_url) = checked(form.check(&app, faults), chain_of(&app, &by, &id)).await?;
    order.agent_id = buyer(&by, order.agent_id)?;
    let asking = app.asking(raw, callback_url);
    grant(&app, &by, id, order, None, asking, idempotency).await
}

/// Which purchases of a wallet are asked for.
pub(super) struct OfWallet {
    filter: PurchaseFilter,
    since: Option<When>,
    until: Option<When>,
    page: PageQuery,
}

impl FromQuery for OfWallet {
    const NAMES: &'static [&'static str] = &["status", "agent_id", "vendor", "since", "until", "cursor", "limit"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        let filter = PurchaseFilter {
            status: parameters.take::<PurchaseStatus>("status", faults),
            agent_id: parameters.get("agent_id").map(str::to_owned),
            vendor: parameters.get("vendor").map(str::to_owned),
            ..PurchaseFilter::default()
        };
        let (since, until) = (parameters.take("since", faults), parameters.take("until", faults));
        Self { filter, since, until, page: page::page(parameters, faults) }
    }
}

impl OfWallet {
    /// The same for holds alone.
    pub(super) fn holds(mut self) -> Self {
        self.filter.holds_only = true;
        self
    }

    fn filter(self, now: Timestamp) -> PurchaseFilter {
        let resolve = |when: Option<When>| when.map(|when| when.resolve(now));
        PurchaseFilter { since: resolve(self.since), until: resolve(self.until), ..self.filter }
    }
}

/// Which purchases of all wallets are asked for.
pub(super) struct OfAll(OfWallet);

impl FromQuery for OfAll {
    const NAMES: &'static [&'static str] =
        &["wallet_id", "status", "agent_id", "vendor", "since", "until", "cursor", "limit"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        let mut query = OfWallet::read(parameters, faults);
        query.filter.wallet_id = parameters.take::<WalletId>("wallet_id", faults);
        Self(query)
    }
}

/// A page of purchases, newest first, of the request's namespace if it works in one.
async fn page_of<R: Right>(app: &App, by: &By<R>, query: OfWallet) -> Result<Page<Purchase>, Problem> {
    let (workspace, page) = (by.workspace().clone(), query.page);
    let filter = PurchaseFilter { namespace: by.namespace.clone(), ..query.filter(app.clock.now()) };
    app.query("purchases", move |tx| {
        let (workspace, filter) = (workspace.clone(), filter.clone());
        Box::pin(async move { tx.purchases(&workspace, &filter, page).await })
    })
    .await
}

/// The same of one wallet, which must be one that this key may see.
pub(super) async fn page_of_wallet<R: Right>(
    app: &App,
    by: &By<R>,
    id: &str,
    mut query: OfWallet,
) -> Result<Page<Purchase>, Problem> {
    let id = wallet_id(id)?;
    chain_of(app, by, &id).await?;
    query.filter.wallet_id = Some(id);
    page_of(app, by, query).await
}

/// Purchases, newest first.
#[derive(Serialize, ToSchema)]
struct PurchaseList<'a> {
    purchases: Vec<PurchaseView<'a>>,
    next_cursor: Option<String>,
}

impl<'a> PurchaseList<'a> {
    fn new(page: &'a Page<Purchase>) -> Self {
        Self { purchases: page.items.iter().map(PurchaseView::new).collect(), next_cursor: page.next.map(page::encode) }
    }
}

/// The purchases of a wallet itself, newest first.
#[utoipa::path(get, path = "/v1/wallets/{wallet_id}/purchases", operation_id = "list_wallet_purchases", tag = "spend",
    params(("wallet_id" = String, Path), ("namespace" = Option<String>, Query), ("status" = Option<String>, Query),
        ("agent_id" = Option<String>, Query), ("vendor" = Option<String>, Query), ("since" = Option<String>, Query),
        ("until" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = PurchaseList), (status = 404, body = ProblemBody)))]
pub(super) async fn of_wallet(
    State(app): State<Arc<App>>,
    by: By<WalletsRead>,
    Path(id): Path<String>,
    Query(query): Query<OfWallet>,
) -> Answer {
    Ok(Reply::ok(&PurchaseList::new(&page_of_wallet(&app, &by, &id, query).await?)))
}

/// The purchases of all wallets, newest first.
#[utoipa::path(get, path = "/v1/purchases", operation_id = "list_purchases", tag = "spend",
    params(("wallet_id" = Option<String>, Query), ("namespace" = Option<String>, Query),
        ("status" = Option<String>, Query), ("agent_id" = Option<String>, Query), ("vendor" = Option<String>, Query),
        ("since" = Option<String>, Query), ("until" = Option<String>, Query), ("cursor" = Option<String>, Query),
        ("limit" = Option<u32>, Query)),
    responses((status = 200, body = PurchaseList)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    by: By<WalletsRead>,
    Query(OfAll(query)): Query<OfAll>,
) -> Answer {
    Ok(Reply::ok(&PurchaseList::new(&page_of(&app, &by, query).await?)))
}

/// One purchase with its refunds, by its own id or by that of the hold it began as.
#[utoipa::path(get, path = "/v1/purchases/{purchase_id}", operation_id = "get_purchase",
    tag = "spend", params(("purchase_id" = String, Path)),
    responses((status = 200, body = WholeView), (status = 404, body = ProblemBody)))]
pub(super) async fn get(State(app): State<Arc<App>>, by: By<WalletsRead>, Path(id): Path<String>) -> Answer {
    let purchase = purchase_of(&app, &by, &purchase_ref(&id, "purchase")?, "purchase").await?;
    let of = purchase.clone();
    let (refunds, approval) = app
        .query("refunds", move |tx| {
            let purchase = of.clone();
            Box::pin(async move {
                let approval = tx.approval_about(&purchase.workspace_id, purchase.id.as_str()).await?;
                Ok((tx.refunds(&purchase).await?, approval))
            })
        })
        .await?;
    Ok(Reply::ok(&WholeView::new(&purchase, &refunds, approval.as_ref())))
}
