//! Wallets, purchases, holds, refunds, and what was spent (spec spend).
//!
//! A grant is refused with a problem that says what an agent needs to plan: which budget, limit or freeze is
//! in the way, and since when. Every answer about money that moved says in its headers what is left.
mod analytics;
mod balance;
mod budget;
mod csv;
mod grant;
mod hold;
mod limits;
pub(super) mod order;
mod purchase;
mod refund;
mod refusal;
mod series;
pub(super) mod terms;
mod view;
mod wallet;

use std::sync::Arc;

use bellwire_domain::{
    Faults,
    spend::{Purchase, PurchaseRef, Rows, Wallet},
};
use bellwire_wire::WalletId;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{By, Right},
    problem::Problem,
};
use crate::app::App;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(wallet::create, wallet::list))
        .routes(routes!(wallet::get, wallet::update))
        .routes(routes!(wallet::balance))
        .routes(routes!(wallet::polled_balance))
        .routes(routes!(purchase::create, purchase::of_wallet))
        .routes(routes!(hold::create, hold::of_wallet))
        .routes(routes!(purchase::list))
        .routes(routes!(purchase::get))
        .routes(routes!(refund::refund))
        .routes(routes!(hold::get))
        .routes(routes!(hold::capture))
        .routes(routes!(hold::void))
        .routes(routes!(hold::fail))
        .routes(routes!(analytics::by_vendor))
        .routes(routes!(analytics::by_wallet))
        .routes(routes!(analytics::by_agent))
        .routes(routes!(analytics::by_category))
        .routes(routes!(series::timeseries))
}

/// The wallet of a path by its form alone.
fn wallet_id(text: &str) -> Result<WalletId, Problem> {
    text.parse().map_err(|_| Problem::not_found("wallet"))
}

/// The purchase of a path by its form alone: both of its ids name it.
fn purchase_ref(text: &str, what: &str) -> Result<PurchaseRef, Problem> {
    text.parse().map_err(|_| Problem::not_found(what))
}

/// A wallet that this key may see, and all above it, as they stand now.
async fn chain_of<R: Right>(app: &App, by: &By<R>, id: &WalletId) -> Result<Vec<Wallet>, Problem> {
    let (workspace, id) = (by.workspace().clone(), id.clone());
    let chain = app
        .query("wallet", move |tx| {
            let (workspace, id) = (workspace.clone(), id.clone());
            Box::pin(async move { tx.chain_seen(&workspace, &id).await })
        })
        .await?;
    if !chain.first().is_some_and(|wallet| by.principal.sees(wallet.card.namespace.as_ref())) {
        return Err(Problem::not_found("wallet"));
    }
    let now = app.clock.now();
    Ok(chain.into_iter().map(|wallet| wallet.at(now)).collect())
}

/// A purchase that this key may see.
async fn purchase_of<R: Right>(app: &App, by: &By<R>, id: &PurchaseRef, what: &str) -> Result<Purchase, Problem> {
    let (workspace, id) = (by.workspace().clone(), id.clone());
    let found = app
        .query("purchase", move |tx| {
            let (workspace, id) = (workspace.clone(), id.clone());
            Box::pin(async move { tx.purchase(&workspace, &id).await })
        })
        .await?;
    found.filter(|purchase| by.principal.sees(purchase.namespace.as_ref())).ok_or_else(|| Problem::not_found(what))
}

/// What was checked; or all that is wrong with it, to those who may know of what it is about. That is looked
/// up only then: the command itself does where nothing is wrong.
async fn checked<T, K>(
    checked: Result<T, Faults>,
    known: impl Future<Output = Result<K, Problem>>,
) -> Result<T, Problem> {
    match checked {
        Ok(value) => Ok(value),
        Err(faults) => known.await.and_then(|_| Err(faults.into())),
    }
}
