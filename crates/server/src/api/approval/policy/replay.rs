//! A policy over all that was asked for before: what would have come of it. It is read in pages, each a snapshot of
//! its own, so that nobody waits for it.
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::extract::{Path, State};
use bellwire_domain::{
    Faults,
    spend::{Cap, Flip, Recorded, Replay, Rows, Wallet},
};
use bellwire_wire::{PolicyId, Timestamp, UsdNanos, UsdSum, WalletId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{form::candidate, policy_id, policy_of};
use crate::{
    api::{
        extract::{By, Json, PoliciesRead},
        page::When,
        problem::{Problem, ProblemBody},
        reply::{Answer, Reply},
    },
    app::App,
};

/// Requests that one replay is about. Keeps I12.
const REQUESTS_MAX: u64 = 100_000;
/// Requests of the workspace that it looks at to find them. Keeps I12.
const SEEN_MAX: usize = 1_000_000;
/// How many are read at once.
const PAGE: u32 = 1_000;
/// Wallets whose places are remembered. Keeps I12.
const CHAINS_MAX: usize = 10_000;

/// What is to be replayed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PolicyReplay)]
pub(in crate::api::approval) struct ReplayForm {
    /// Requests after this: a time, or a duration back from now.
    #[schema(value_type = String, example = "7d")]
    since: Option<String>,
    /// Requests up to this; up to now if absent.
    until: Option<String>,
    /// Rules to be tried in place of those that are saved.
    #[schema(value_type = Option<Vec<Object>>, max_items = 100)]
    rules: Option<Box<RawValue>>,
    /// The same for `default`.
    default: Option<String>,
    /// As if the policy were attached to this wallet alone; to what it is attached to, if absent.
    wallet_id: Option<String>,
}

/// Requests of which something else would have come.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyFlip)]
struct FlipView {
    /// What came of them: `allowed`, `denied` or `approval`.
    from: &'static str,
    /// What would have.
    to: &'static str,
    count: u64,
    amount_usd: UsdSum,
}

/// One of them.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyFlipExample)]
struct ExampleView {
    /// The purchase; null if it was denied.
    transaction_id: Option<String>,
    at: Timestamp,
    wallet_id: String,
    vendor: String,
    amount_usd: UsdNanos,
    from: &'static str,
    to: &'static str,
    /// The rule that would have decided.
    rule: &'static str,
}

impl ExampleView {
    fn new(Flip { recorded, to, rule }: Flip) -> Self {
        Self {
            transaction_id: recorded.purchase_id.map(|id| id.to_string()),
            at: recorded.at,
            wallet_id: recorded.wallet_id.to_string(),
            vendor: recorded.order.vendor,
            amount_usd: recorded.order.amount,
            from: recorded.was.as_str(),
            to: to.as_str(),
            rule,
        }
    }
}

/// What would have come of what was asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyReport)]
struct ReportView {
    #[schema(value_type = String)]
    policy_id: PolicyId,
    /// The version that was replayed; null if it was given rules of its own.
    policy_version: Option<u32>,
    since: Timestamp,
    until: Timestamp,
    /// How many requests it is about.
    requests: u64,
    amount_usd: UsdSum,
    /// Those of which the same would have come.
    unchanged: u64,
    /// The others.
    flips: Vec<FlipView>,
    /// The first of the others, at most 100.
    examples: Vec<ExampleView>,
    /// Whether there were more requests than are looked at.
    truncated: bool,
}

/// Run a policy, or other rules in its place, over what was asked for before. Nothing is written.
#[utoipa::path(post, path = "/v1/policies/{policy_id}/replay", operation_id = "replay_policy", tag = "approval",
    params(("policy_id" = String, Path)), request_body = ReplayForm,
    responses((status = 200, body = ReportView), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(in crate::api::approval) async fn replay(
    State(app): State<Arc<App>>,
    by: By<PoliciesRead>,
    Path(id): Path<String>,
    body: Json<ReplayForm>,
) -> Answer {
    let policy = policy_of(&app, &by, &policy_id(&id)?).await?;
    let (form, mut faults, _) = body.open();
    let now = app.clock.now();
    let since = faults.need("since", form.since).and_then(|text| faults.take("since", text.parse::<When>()));
    let until = form.until.and_then(|text| faults.take("until", text.parse::<When>()));
    let until = until.map_or(now, |until| until.resolve(now));
    let wallet_id = form.wallet_id.and_then(|text| faults.take("wallet_id", text.parse::<WalletId>()));
    let (policy, other) = candidate(policy, form.rules.as_deref(), form.default, &mut faults);
    let since = since.map(|since| since.resolve(now));
    faults.check(since.is_none_or(|since| since <= until), "until", "must not be before `since`");
    let (Some(since), true) = (since, faults.is_empty()) else { return Err(faults.into()) };
    if let Some(wallet) = &wallet_id {
        let chain = chains(&app, &by, BTreeSet::from([wallet.clone()])).await?.remove(wallet).unwrap_or_default();
        if !chain.first().is_some_and(|wallet| by.principal.sees(wallet.card.namespace.as_ref())) {
            let unknown = "there is no such wallet, or this key may not see it";
            return Err(Faults::from(("wallet_id", unknown)).into());
        }
    }
    let (id, version) = (policy.id.clone(), policy.version);
    let mut replay = Replay::new(policy, wallet_id, since);
    let truncated = run(&app, &by, &mut replay, since, until).await?;
    let flips = replay.flips.iter().map(|((from, to), tally)| FlipView {
        from: from.as_str(),
        to: to.as_str(),
        count: tally.count,
        amount_usd: UsdSum::from_nanos(tally.nanos),
    });
    Ok(Reply::ok(&ReportView {
        policy_id: id,
        policy_version: (!other).then_some(version),
        since,
        until,
        requests: replay.requests.count,
        amount_usd: UsdSum::from_nanos(replay.requests.nanos),
        unchanged: replay.unchanged,
        flips: flips.collect(),
        examples: replay.examples.drain(..).map(ExampleView::new).collect(),
        truncated,
    }))
}

/// Goes through all requests, a page at a time; whether there are more than it looks at.
async fn run(
    app: &App,
    by: &By<PoliciesRead>,
    replay: &mut Replay,
    since: Timestamp,
    until: Timestamp,
) -> Result<bool, Problem> {
    let (mut after, mut seen) = (since.micros(), 0);
    let mut known: HashMap<WalletId, Vec<Wallet>> = HashMap::new();
    loop {
        let page = page_of(app, by, after, until).await?;
        let Some(last) = page.last() else { return Ok(false) };
        after = last.seq;
        if known.len() > CHAINS_MAX {
            known.clear();
        }
        let wallets = page.iter().map(|one| &one.wallet_id);
        let unknown: BTreeSet<WalletId> = wallets.filter(|id| !known.contains_key(*id)).cloned().collect();
        known.extend(chains(app, by, unknown).await?);
        let chain = |recorded: &Recorded| known.get(&recorded.wallet_id).map_or(&[][..], Vec::as_slice);
        let missing: BTreeSet<Cap> =
            page.iter().flat_map(|recorded| replay.missing(recorded, chain(recorded))).collect();
        for (cap, nanos) in sums(app, missing).await? {
            replay.learn(&cap, nanos);
        }
        for recorded in &page {
            if replay.requests.count >= REQUESTS_MAX || seen >= SEEN_MAX {
                return Ok(true);
            }
            seen += 1;
            replay.step(recorded, chain(recorded));
        }
        // Others have their turn.
        tokio::task::yield_now().await;
    }
}

async fn page_of(app: &App, by: &By<PoliciesRead>, after: i64, until: Timestamp) -> Result<Vec<Recorded>, Problem> {
    let workspace = by.workspace().clone();
    app.query("policy_replay", move |tx| {
        let workspace = workspace.clone();
        Box::pin(async move { tx.recorded(&workspace, after, until.micros(), PAGE).await })
    })
    .await
}

/// Wallets and those above them, as they are now.
async fn chains(
    app: &App,
    by: &By<PoliciesRead>,
    wallets: BTreeSet<WalletId>,
) -> Result<HashMap<WalletId, Vec<Wallet>>, Problem> {
    if wallets.is_empty() {
        return Ok(HashMap::new());
    }
    let workspace = by.workspace().clone();
    app.query("policy_replay_wallets", move |tx| {
        let (workspace, wallets) = (workspace.clone(), wallets.clone());
        Box::pin(async move {
            let mut chains = HashMap::with_capacity(wallets.len());
            for wallet in wallets {
                let chain = tx.chain_seen(&workspace, &wallet).await?;
                chains.insert(wallet, chain);
            }
            Ok(chains)
        })
    })
    .await
}

/// What was granted in periods up to where the replay begins.
async fn sums(app: &App, caps: BTreeSet<Cap>) -> Result<Vec<(Cap, i128)>, Problem> {
    if caps.is_empty() {
        return Ok(Vec::new());
    }
    app.query("policy_replay_sums", move |tx| {
        let caps = caps.clone();
        Box::pin(async move {
            let mut sums = Vec::with_capacity(caps.len());
            for cap in caps {
                let nanos = tx.cap_made(&cap).await?;
                sums.push((cap, nanos));
            }
            Ok(sums)
        })
    })
    .await
}
