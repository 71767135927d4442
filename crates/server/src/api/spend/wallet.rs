//! Wallets: made, listed, changed, and what is left of them.
use std::sync::Arc;

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults, PageQuery,
    spend::{self, Created, DEPTH_MAX, Rows, Updated, WalletFilter, WalletStatus},
};
use bellwire_wire::WalletId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    balance::{BalanceView, WalletView},
    chain_of,
    terms::{WalletChange, WalletForm},
    wallet_id,
};
use crate::{
    api::{
        extract::{By, FromQuery, Json, Parameters, Query, WalletsManage, WalletsRead},
        page,
        problem::{Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// Why a wallet cannot name a policy.
const NO_POLICY: &str =
    "there is no such policy, this key may not see it, or it is of another namespace than the wallet";

/// Make a wallet.
#[utoipa::path(post, path = "/v1/wallets", operation_id = "create_wallet", tag = "spend", request_body = WalletForm,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = WalletView), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn create(State(app): State<Arc<App>>, by: By<WalletsManage>, body: Json<WalletForm>) -> Answer {
    let (form, faults, idempotency) = body.open();
    let mut new = form.check(faults)?;
    new.namespace = by.narrow(new.namespace)?;
    let principal = Arc::clone(&by.principal);
    app.command("wallet_create", &by, idempotency, move |tx, ctx| {
        let (new, principal) = (new.clone(), Arc::clone(&principal));
        Box::pin(async move {
            let fault = |field: &str, detail: String| Err(Faults::from((field, detail)).into());
            Ok(match spend::create_wallet(tx, &ctx, &principal, new).await? {
                Created::Made(wallet) => Ok(Reply::created(&WalletView::new(&wallet))),
                Created::NoParent => fault("parent_id", "there is no such wallet, or this key may not see it".into()),
                Created::TooDeep => fault("parent_id", format!("is {DEPTH_MAX} deep, and no tree is deeper")),
                Created::OtherNamespace => fault("namespace", "must be that of the wallet above it, or absent".into()),
                Created::NoPolicy => fault("policy_id", NO_POLICY.into()),
                Created::Mixed => {
                    fault("sandbox", "must be as in the wallet above it: play money and real money do not mix".into())
                }
            })
        })
    })
    .await
}

/// Which wallets are asked for.
pub(super) struct WalletQuery {
    filter: WalletFilter,
    page: PageQuery,
}

impl FromQuery for WalletQuery {
    const NAMES: &'static [&'static str] = &["agent_id", "parent_id", "status", "cursor", "limit"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        let filter = WalletFilter {
            namespace: None,
            agent_id: parameters.get("agent_id").map(str::to_owned),
            parent_id: parameters.take::<WalletId>("parent_id", faults),
            status: parameters.take::<WalletStatus>("status", faults),
        };
        Self { filter, page: page::page(parameters, faults) }
    }
}

/// Wallets, newest first.
#[derive(Serialize, ToSchema)]
struct WalletList<'a> {
    wallets: Vec<WalletView<'a>>,
    next_cursor: Option<String>,
}

/// The wallets, newest first.
#[utoipa::path(get, path = "/v1/wallets", operation_id = "list_wallets", tag = "spend",
    params(("namespace" = Option<String>, Query), ("agent_id" = Option<String>, Query),
        ("parent_id" = Option<String>, Query), ("status" = Option<String>, Query),
        ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)),
    responses((status = 200, body = WalletList)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    by: By<WalletsRead>,
    Query(WalletQuery { filter, page }): Query<WalletQuery>,
) -> Answer {
    let (workspace, filter) = (by.workspace().clone(), WalletFilter { namespace: by.namespace.clone(), ..filter });
    let found = app
        .query("wallets", move |tx| {
            let (workspace, filter) = (workspace.clone(), filter.clone());
            Box::pin(async move { tx.wallets(&workspace, &filter, page).await })
        })
        .await?;
    let now = app.clock.now();
    let wallets: Vec<_> = found.items.into_iter().map(|wallet| wallet.at(now)).collect();
    Ok(Reply::ok(&WalletList {
        wallets: wallets.iter().map(WalletView::new).collect(),
        next_cursor: found.next.map(page::encode),
    }))
}

/// One wallet.
#[utoipa::path(get, path = "/v1/wallets/{wallet_id}", operation_id = "get_wallet",
    tag = "spend", params(("wallet_id" = String, Path)),
    responses((status = 200, body = WalletView), (status = 404, body = ProblemBody)))]
pub(super) async fn get(State(app): State<Arc<App>>, by: By<WalletsRead>, Path(id): Path<String>) -> Answer {
    let chain = chain_of(&app, &by, &wallet_id(&id)?).await?;
    let wallet = chain.first().ok_or_else(|| Problem::not_found("wallet"))?;
    Ok(Reply::ok(&WalletView::new(wallet)))
}

/// Change a wallet: absent fields stay. Why is kept in the audit log.
#[utoipa::path(patch, path = "/v1/wallets/{wallet_id}", operation_id = "update_wallet",
    tag = "spend", params(("wallet_id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = WalletChange,
    responses((status = 200, body = WalletView), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn update(
    State(app): State<Arc<App>>,
    by: By<WalletsManage>,
    Path(id): Path<String>,
    body: Json<WalletChange>,
) -> Answer {
    let id = wallet_id(&id)?;
    let (form, faults, idempotency) = body.open();
    let change = super::checked(form.check(faults), chain_of(&app, &by, &id)).await?;
    let principal = Arc::clone(&by.principal);
    app.command("wallet_update", &by, idempotency, move |tx, ctx| {
        let (id, change, principal) = (id.clone(), change.clone(), Arc::clone(&principal));
        Box::pin(async move {
            Ok(match spend::update_wallet(tx, &ctx, &principal, &id, change).await? {
                Updated::Done(_, wallet) => Ok(Reply::ok(&WalletView::new(&wallet))),
                Updated::Unknown => Err(Problem::not_found("wallet")),
                Updated::NoPolicy => Err(Faults::from(("policy_id", NO_POLICY)).into()),
                Updated::NotYourPolicy => {
                    let detail = "cannot be changed by this key: it may not see the policy that is there";
                    Err(Faults::from(("policy_id", detail)).into())
                }
            })
        })
    })
    .await
}

/// What is left of a wallet.
#[utoipa::path(get, path = "/v1/wallets/{wallet_id}/balance", operation_id = "get_balance",
    tag = "spend", params(("wallet_id" = String, Path)),
    responses((status = 200, body = BalanceView), (status = 404, body = ProblemBody)))]
pub(super) async fn balance(State(app): State<Arc<App>>, by: By<WalletsRead>, Path(id): Path<String>) -> Answer {
    let chain = chain_of(&app, &by, &wallet_id(&id)?).await?;
    BalanceView::new(&chain).map(|view| Reply::ok(&view)).ok_or_else(|| Problem::not_found("wallet"))
}

/// The same, where pollers of a wallet product look for it.
#[utoipa::path(get, path = "/api/wallets/{wallet_id}/balance", operation_id = "get_balance_short",
    tag = "spend", params(("wallet_id" = String, Path)),
    responses((status = 200, body = BalanceView), (status = 404, body = ProblemBody)))]
pub(super) async fn polled_balance(app: State<Arc<App>>, by: By<WalletsRead>, id: Path<String>) -> Answer {
    balance(app, by, id).await
}
