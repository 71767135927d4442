//! Wallets made and changed.
use std::sync::Arc;

use bellwire_wire::{Namespace, PolicyId, Timestamp, UsdNanos, WalletId};
use serde_json::{Value, json};

use super::chain::standing;
use crate::{
    Ctx, Stored,
    approval::policy::Target,
    event,
    spend::{
        Account, DEPTH_MAX, Limits, Rate, Rows, Terms, Wallet, WalletCard, WalletStatus,
        events::{ChangeData, FrozenData, WalletData, tell},
        rules,
    },
    workspace::{
        self, Actor, Principal,
        audit::{self, NewAudit},
    },
};

/// A wallet to be made, checked for form.
#[derive(Debug, Clone)]
pub struct CreateWallet {
    /// What people set.
    pub terms: Terms,
    /// Which customer's; its parent's if absent.
    pub namespace: Option<Namespace>,
    /// The agent that spends from it.
    pub agent_id: Option<String>,
    /// The wallet above it.
    pub parent_id: Option<WalletId>,
    /// Whether its money is play money.
    pub sandbox: bool,
}

/// What became of [`create_wallet`].
#[derive(Debug, Clone)]
pub enum Created {
    /// Made.
    Made(Wallet),
    /// There is no such parent, as far as the key may know.
    NoParent,
    /// The tree would be too deep.
    TooDeep,
    /// It is of another namespace than its parent.
    OtherNamespace,
    /// Play money and real money do not mix.
    Mixed,
    /// There is no such policy for it, as far as the key may know.
    NoPolicy,
}

/// Makes a wallet and tells with `wallet.created`. Its place in the tree is for good, so there are no cycles.
pub async fn create_wallet<R>(rows: &mut R, ctx: &Ctx, by: &Principal, new: CreateWallet) -> Stored<Created>
where
    R: Rows + event::Log + workspace::Rows + audit::Rows,
{
    let mut namespace = new.namespace;
    let mut depth = 1;
    if let Some(parent) = &new.parent_id {
        let chain = rows.chain(by.workspace(), parent).await?;
        let seen = chain.first().filter(|parent| by.sees(parent.card.namespace.as_ref()));
        let Some(parent) = seen.map(|parent| &parent.card) else { return Ok(Created::NoParent) };
        if parent.depth >= DEPTH_MAX {
            return Ok(Created::TooDeep);
        }
        if parent.namespace.is_some() && namespace.is_some() && namespace != parent.namespace {
            return Ok(Created::OtherNamespace);
        }
        if parent.sandbox != new.sandbox {
            return Ok(Created::Mixed);
        }
        depth = parent.depth.saturating_add(1);
        namespace = namespace.or_else(|| parent.namespace.clone());
    }
    if let Some(policy) = &new.terms.policy_id
        && !may_name(rows, by, policy, namespace.as_ref()).await?
    {
        return Ok(Created::NoPolicy);
    }
    if let Some(namespace) = &namespace {
        rows.namespace_touch(by.workspace(), namespace, ctx.now).await?;
    }
    let period = new.terms.window.period(ctx.now);
    let card = WalletCard {
        seq: rows.spend_seq(ctx),
        id: WalletId::from_ulid(ctx.mint.ulid()),
        workspace_id: by.workspace().clone(),
        namespace,
        agent_id: new.agent_id,
        parent_id: new.parent_id,
        depth,
        sandbox: new.sandbox,
        terms: new.terms,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    let account = Account { period_start: period.start, period_end: period.end, ..Account::default() };
    let wallet = Wallet { card: Arc::new(card), account };
    rows.wallet_insert(&wallet).await?;
    let mut detail = terms(&wallet.card);
    detail["parent_id"] = json!(wallet.card.parent_id);
    note(rows, ctx, by, &wallet, "wallet.create", detail).await?;
    tell(rows, ctx, &wallet, "wallet.created", &WalletData::new(&wallet, None)).await?;
    Ok(Created::Made(wallet))
}

/// What is to change of a wallet; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateWallet {
    /// What people call it.
    pub name: Option<String>,
    /// How much may be spent in a period. Less than is spent is allowed: it leaves nothing.
    pub budget: Option<UsdNanos>,
    /// How fast.
    pub limits: Option<Limits>,
    /// Percents of the budget that are told.
    pub thresholds: Option<Vec<u8>>,
    /// The policy that it is spent by, or none.
    pub policy_id: Option<Option<PolicyId>>,
    /// Whether it may be spent from.
    pub status: Option<WalletStatus>,
    /// Why.
    pub reason: String,
}

/// What became of [`update_wallet`].
#[expect(clippy::large_enum_variant, reason = "made once per request and taken apart at once")]
#[derive(Debug, Clone)]
pub enum Updated {
    /// How it was and how it is now.
    Done(Wallet, Wallet),
    /// There is no such wallet, as far as the key may know.
    Unknown,
    /// There is no such policy for it, as far as the key may know.
    NoPolicy,
    /// Its policy is not one that the key may see, so the key does not take it away.
    NotYourPolicy,
}

/// Changes a wallet and tells with `wallet.updated`, and with `wallet.frozen` if that is what it now is.
pub async fn update_wallet<R>(
    rows: &mut R,
    ctx: &Ctx,
    by: &impl Actor,
    id: &WalletId,
    change: UpdateWallet,
) -> Stored<Updated>
where
    R: Rows + event::Log + audit::Rows,
{
    let chain = standing(rows, ctx, by.workspace(), id).await?;
    let Some(before) = chain.into_iter().next().filter(|wallet| by.sees(wallet.card.namespace.as_ref())) else {
        return Ok(Updated::Unknown);
    };
    if let Some(to) = change.policy_id.as_ref().filter(|to| **to != before.card.terms.policy_id)
        && let Some(refused) = swap_policy(rows, by, &before, to.as_ref()).await?
    {
        return Ok(refused);
    }
    let mut wallet = before.clone();
    let changed = apply(Arc::make_mut(&mut wallet.card), &change, ctx.now);
    if changed.is_empty() {
        return Ok(Updated::Done(before, wallet));
    }
    if changed.contains(&"budget_usd") {
        wallet.account.denied_count = 0;
        if wallet.budget() > before.budget() {
            rules::topped_up(&mut wallet);
        }
    }
    if before.card.terms.limits.slides() != wallet.card.terms.limits.slides() {
        // The last minute was not counted, or is no longer. Other maxima leave what it had.
        rows.moments_forget(id, Timestamp::MAX).await?;
        wallet.account.pulse.sliding = Rate::default();
    }
    rows.wallet_save(&wallet).await?;
    let detail = json!({
        "changed": changed,
        "reason": change.reason,
        "before": terms(&before.card),
        "after": terms(&wallet.card),
    });
    note(rows, ctx, by, &wallet, "wallet.update", detail).await?;
    let actor = by.actor();
    let data = ChangeData { changed: &changed, reason: &change.reason, actor: &actor };
    tell(rows, ctx, &wallet, "wallet.updated", &WalletData::new(&wallet, Some(data))).await?;
    if wallet.is_frozen() && !before.is_frozen() {
        let data = FrozenData { wallet_id: id.as_str(), reason: &change.reason, actor: Some(&actor) };
        tell(rows, ctx, &wallet, "wallet.frozen", &data).await?;
    }
    Ok(Updated::Done(before, wallet))
}

/// Whether a wallet of a namespace may name a policy: one that the key sees, and that is not another namespace's.
async fn may_name<R: Rows>(
    rows: &mut R,
    by: &impl Actor,
    policy: &PolicyId,
    namespace: Option<&Namespace>,
) -> Stored<bool> {
    rows.policies_stand();
    let found = rows.policy(by.workspace(), policy).await?;
    Ok(found.is_some_and(|policy| {
        by.sees(policy.namespace.as_ref()) && (policy.namespace.is_none() || policy.namespace.as_ref() == namespace)
    }))
}

/// Makes room for another policy of a wallet, or says why it stays.
async fn swap_policy<R: Rows>(
    rows: &mut R,
    by: &impl Actor,
    wallet: &Wallet,
    to: Option<&PolicyId>,
) -> Stored<Option<Updated>> {
    let namespace = wallet.card.namespace.as_ref();
    if let Some(to) = to
        && !may_name(rows, by, to, namespace).await?
    {
        return Ok(Some(Updated::NoPolicy));
    }
    if let Some(from) = &wallet.card.terms.policy_id
        && !may_name(rows, by, from, namespace).await?
    {
        return Ok(Some(Updated::NotYourPolicy));
    }
    let target = Target::Purse(wallet.id().to_string());
    rows.caps_forget(by.workspace(), &target).await.map(|()| None)
}

/// Changes a card; the names of the fields that are other than before.
fn apply(card: &mut WalletCard, change: &UpdateWallet, now: Timestamp) -> Vec<&'static str> {
    let mut changed = Vec::new();
    let terms = &mut card.terms;
    set(&mut terms.name, change.name.as_ref(), "name", &mut changed);
    set(&mut terms.budget, change.budget.as_ref(), "budget_usd", &mut changed);
    set(&mut terms.limits, change.limits.as_ref(), "limits", &mut changed);
    set(&mut terms.thresholds, change.thresholds.as_ref(), "thresholds", &mut changed);
    set(&mut terms.policy_id, change.policy_id.as_ref(), "policy_id", &mut changed);
    set(&mut terms.status, change.status.as_ref(), "status", &mut changed);
    if changed.contains(&"status") {
        terms.status_reason = (terms.status == WalletStatus::Frozen).then(|| change.reason.clone());
    }
    if !changed.is_empty() {
        card.updated_at = now;
    }
    changed
}

fn set<T: PartialEq + Clone>(field: &mut T, to: Option<&T>, name: &'static str, changed: &mut Vec<&'static str>) {
    if let Some(to) = to.filter(|to| *to != field) {
        *field = to.clone();
        changed.push(name);
    }
}

/// What people set of a wallet, for the audit log: amounts as texts, exactly.
fn terms(card: &WalletCard) -> Value {
    let terms = &card.terms;
    json!({
        "name": terms.name,
        "budget_usd": terms.budget.to_string(),
        "window": terms.window.kind.as_str(),
        "tz": terms.window.zone.name(),
        "limits": terms.limits,
        "thresholds": terms.thresholds,
        "policy_id": terms.policy_id,
        "status": terms.status.as_str(),
    })
}

async fn note<R: audit::Rows>(
    rows: &mut R,
    ctx: &Ctx,
    by: &impl Actor,
    wallet: &Wallet,
    action: &'static str,
    detail: Value,
) -> Stored<()> {
    let entry = NewAudit {
        actor: by.actor(),
        action,
        subject: wallet.id().to_string(),
        namespace: wallet.card.namespace.clone(),
        detail,
    };
    audit::record(rows, ctx, by.workspace(), entry).await
}
