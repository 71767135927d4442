//! What was spent, split (spec spend, "Analytics").
use std::{cmp::Reverse, sync::Arc};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bellwire_domain::{
    Faults,
    spend::{Rows, Share, SpendFilter, Split},
};
use bellwire_wire::{Timestamp, UsdSum, WalletId};
use http::{HeaderMap, HeaderValue};
use serde::Serialize;
use utoipa::ToSchema;

use super::{chain_of, csv};
use crate::{
    api::{
        change::Change,
        extract::{By, FromQuery, Parameters, Query, WalletsRead},
        page::When,
        problem::{Problem, ProblemBody},
        reply::Reply,
    },
    app::App,
};

/// Parts that are told where nothing else is asked for, and the most that are.
const ROWS: u32 = 200;
const ROWS_MAX: u32 = 1_000;

/// Which spending is asked about.
pub(super) struct SpendQuery {
    pub(super) since: Option<When>,
    pub(super) until: Option<When>,
    pub(super) wallet_id: Option<WalletId>,
}

impl SpendQuery {
    pub(super) fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        Self {
            since: parameters.take("since", faults),
            until: parameters.take("until", faults),
            wallet_id: parameters.take("wallet_id", faults),
        }
    }

    /// The wallet, if one is named, must be one that this key may see.
    pub(super) async fn filter(&self, app: &App, by: &By<WalletsRead>, now: Timestamp) -> Result<SpendFilter, Problem> {
        if let Some(id) = &self.wallet_id {
            chain_of(app, by, id).await?;
        }
        Ok(SpendFilter {
            namespace: by.namespace.clone(),
            wallet_id: self.wallet_id.clone(),
            since: self.since.map(|since| since.resolve(now)),
            until: self.until.map(|until| until.resolve(now)),
        })
    }
}

/// The same, of which so many parts are told.
pub(super) struct SplitQuery {
    of: SpendQuery,
    limit: u32,
}

impl FromQuery for SplitQuery {
    const NAMES: &'static [&'static str] = &["since", "until", "wallet_id", "limit"];

    fn read(parameters: &Parameters, faults: &mut Faults) -> Self {
        let limit = match parameters.get("limit").map(str::parse::<u32>) {
            None => ROWS,
            Some(Ok(limit)) if (1..=ROWS_MAX).contains(&limit) => limit,
            Some(_) => {
                faults.add("limit", format_args!("must be a whole number from 1 to {ROWS_MAX}"));
                ROWS
            }
        };
        Self { of: SpendQuery::read(parameters, faults), limit }
    }
}

/// One part of what was spent. By what it is split has the name of its part; null for what has none.
#[derive(Serialize, ToSchema)]
#[schema(as = SpendShare)]
struct ShareView {
    #[serde(skip_serializing_if = "Change::is_absent")]
    #[schema(value_type = Option<String>)]
    vendor: Change<String>,
    #[serde(skip_serializing_if = "Change::is_absent")]
    #[schema(value_type = Option<String>)]
    wallet_id: Change<String>,
    /// What people call the wallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Change::is_absent")]
    #[schema(value_type = Option<String>)]
    agent_id: Change<String>,
    #[serde(skip_serializing_if = "Change::is_absent")]
    #[schema(value_type = Option<String>)]
    category: Change<String>,
    /// Spent less what came back.
    spent_usd: UsdSum,
    /// Purchases.
    count: u64,
}

impl ShareView {
    fn new(split: Split, share: &Share, wallet: Option<String>) -> Self {
        let part = |by: Split| match &share.name {
            _ if by != split => Change::Absent,
            Some(name) => Change::To(name.clone()),
            None => Change::Null,
        };
        Self {
            vendor: part(Split::Vendor),
            wallet_id: part(Split::Wallet),
            name: wallet,
            agent_id: part(Split::Agent),
            category: part(Split::Category),
            spent_usd: UsdSum::from_nanos(share.nanos),
            count: share.count,
        }
    }
}

/// What was spent, split, most first. The list has the name of its parts.
#[derive(Serialize, ToSchema)]
#[schema(as = SpendSplit)]
struct SplitView {
    /// `vendor`, `wallet`, `agent` or `category`.
    by: &'static str,
    /// Null for all time.
    since: Option<Timestamp>,
    until: Timestamp,
    /// Of all parts, also of those that are left out.
    total_usd: UsdSum,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendors: Option<Vec<ShareView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wallets: Option<Vec<ShareView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agents: Option<Vec<ShareView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    categories: Option<Vec<ShareView>>,
    /// Whether parts are left out: those with the least.
    truncated: bool,
}

impl SplitView {
    fn list(&mut self, split: Split) -> &mut Option<Vec<ShareView>> {
        match split {
            Split::Vendor => &mut self.vendors,
            Split::Wallet => &mut self.wallets,
            Split::Agent => &mut self.agents,
            Split::Category => &mut self.categories,
        }
    }
}

/// What was paid to whom.
#[utoipa::path(get, path = "/v1/spend/by-vendor", operation_id = "spend_by_vendor", tag = "spend",
    params(("since" = Option<String>, Query), ("until" = Option<String>, Query), ("namespace" = Option<String>, Query),
        ("wallet_id" = Option<String>, Query), ("limit" = Option<u32>, Query, minimum = 1, maximum = 1_000,
            description = "At most so many, 1 to 1000; 200 if absent")),
    responses((status = 200, content((SplitView = "application/json"), (String = "text/csv"))), (status = 404, body = ProblemBody)))]
pub(super) async fn by_vendor(
    State(app): State<Arc<App>>,
    by: By<WalletsRead>,
    headers: HeaderMap,
    Query(query): Query<SplitQuery>,
) -> Result<Response, Problem> {
    split(&app, &by, &headers, query, Split::Vendor).await
}

/// What was spent from which wallet itself, with the wallet's name.
#[utoipa::path(get, path = "/v1/spend/by-wallet", operation_id = "spend_by_wallet", tag = "spend",
    params(("since" = Option<String>, Query), ("until" = Option<String>, Query), ("namespace" = Option<String>, Query),
        ("wallet_id" = Option<String>, Query), ("limit" = Option<u32>, Query, minimum = 1, maximum = 1_000,
            description = "At most so many, 1 to 1000; 200 if absent")),
    responses((status = 200, content((SplitView = "application/json"), (String = "text/csv"))), (status = 404, body = ProblemBody)))]
pub(super) async fn by_wallet(
    State(app): State<Arc<App>>,
    by: By<WalletsRead>,
    headers: HeaderMap,
    Query(query): Query<SplitQuery>,
) -> Result<Response, Problem> {
    split(&app, &by, &headers, query, Split::Wallet).await
}

/// What which agent spent.
#[utoipa::path(get, path = "/v1/spend/by-agent", operation_id = "spend_by_agent", tag = "spend",
    params(("since" = Option<String>, Query), ("until" = Option<String>, Query), ("namespace" = Option<String>, Query),
        ("wallet_id" = Option<String>, Query), ("limit" = Option<u32>, Query, minimum = 1, maximum = 1_000,
            description = "At most so many, 1 to 1000; 200 if absent")),
    responses((status = 200, content((SplitView = "application/json"), (String = "text/csv"))), (status = 404, body = ProblemBody)))]
pub(super) async fn by_agent(
    State(app): State<Arc<App>>,
    by: By<WalletsRead>,
    headers: HeaderMap,
    Query(query): Query<SplitQuery>,
) -> Result<Response, Problem> {
    split(&app, &by, &headers, query, Split::Agent).await
}

/// What was spent on what kind of thing.
#[utoipa::path(get, path = "/v1/spend/by-category", operation_id = "spend_by_category", tag = "spend",
    params(("since" = Option<String>, Query), ("until" = Option<String>, Query), ("namespace" = Option<String>, Query),
        ("wallet_id" = Option<String>, Query), ("limit" = Option<u32>, Query, minimum = 1, maximum = 1_000,
            description = "At most so many, 1 to 1000; 200 if absent")),
    responses((status = 200, content((SplitView = "application/json"), (String = "text/csv"))), (status = 404, body = ProblemBody)))]
pub(super) async fn by_category(
    State(app): State<Arc<App>>,
    by: By<WalletsRead>,
    headers: HeaderMap,
    Query(query): Query<SplitQuery>,
) -> Result<Response, Problem> {
    split(&app, &by, &headers, query, Split::Category).await
}

async fn split(
    app: &App,
    by: &By<WalletsRead>,
    headers: &HeaderMap,
    query: SplitQuery,
    split: Split,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let filter = query.of.filter(app, by, now).await?;
    let (since, until) = (filter.since, filter.until.unwrap_or(now));
    let (workspace, limit) = (by.workspace().clone(), query.limit as usize);
    let (shares, total, names) = app
        .query("spend_by", move |tx| {
            let (workspace, filter) = (workspace.clone(), filter.clone());
            Box::pin(async move {
                let mut shares = tx.spend_by(&workspace, split, &filter).await?;
                shares.sort_by(|one, other| (Reverse(one.nanos), &one.name).cmp(&(Reverse(other.nanos), &other.name)));
                let total = Total::of(&shares, limit);
                shares.truncate(limit);
                let mut names = Vec::with_capacity(shares.len());
                for share in &shares {
                    let wallet = share.name.as_deref().filter(|_| split == Split::Wallet).map(WalletId::from_stored);
                    names.push(match wallet {
                        Some(id) => {
                            tx.chain_seen(&workspace, &id).await?.first().map(|own| own.card.terms.name.clone())
                        }
                        None => None,
                    });
                }
                Ok((shares, total, names))
            })
        })
        .await?;
    let rows: Vec<ShareView> =
        shares.iter().zip(names).map(|(share, name)| ShareView::new(split, share, name)).collect();
    if csv::is_wanted(headers) {
        return Ok(table(split, rows, total.truncated));
    }
    let mut view = SplitView {
        by: name_of(split),
        since,
        until,
        total_usd: total.spent,
        count: total.count,
        vendors: None,
        wallets: None,
        agents: None,
        categories: None,
        truncated: total.truncated,
    };
    *view.list(split) = Some(rows);
    Ok(Reply::ok(&view).into_response())
}

/// What all parts come to.
struct Total {
    spent: UsdSum,
    count: u64,
    truncated: bool,
}

impl Total {
    fn of(shares: &[Share], limit: usize) -> Self {
        Self {
            spent: shares.iter().map(|share| UsdSum::from_nanos(share.nanos)).sum(),
            count: shares.iter().map(|share| share.count).sum(),
            truncated: shares.len() > limit,
        }
    }
}

const fn name_of(split: Split) -> &'static str {
    match split {
        Split::Vendor => "vendor",
        Split::Wallet => "wallet",
        Split::Agent => "agent",
        Split::Category => "category",
    }
}

/// The rows alone, by the names of their members; a header tells that some are left out.
fn table(split: Split, rows: Vec<ShareView>, truncated: bool) -> Response {
    let head: &[&str] = match split {
        Split::Vendor => &["vendor", "spent_usd", "count"],
        Split::Wallet => &["wallet_id", "name", "spent_usd", "count"],
        Split::Agent => &["agent_id", "spent_usd", "count"],
        Split::Category => &["category", "spent_usd", "count"],
    };
    let fields = |row: ShareView| {
        let parts = [row.vendor, row.wallet_id, row.agent_id, row.category];
        let mut fields = vec![parts.into_iter().find_map(Change::value).unwrap_or_default()];
        if split == Split::Wallet {
            fields.push(row.name.unwrap_or_default());
        }
        fields.extend([row.spent_usd.to_string(), row.count.to_string()]);
        fields
    };
    let mut response = csv::answer(head, rows.into_iter().map(fields));
    if truncated {
        response.headers_mut().insert("bellwire-truncated", HeaderValue::from_static("true"));
    }
    response
}
