//! What is left, in the headers of every answer about money that moved (spec spend, "Purchases and holds").
use std::sync::Arc;

use bellwire_domain::{
    Ctx, Stored,
    spend::{PurchaseRef, Rows, Wallet, spendable},
};
use bellwire_store::{BoxFuture, Tx};
use bellwire_wire::{Timestamp, UsdNanos, WalletId, WorkspaceId};
use http::{HeaderName, HeaderValue};

use super::{chain_of, purchase_of};
use crate::{
    api::{
        extract::{By, Idempotency, Right},
        problem::{Code, Problem},
        reply::{Answer, Reply},
    },
    app::App,
};

const REMAINING: HeaderName = HeaderName::from_static("bellwire-budget-remaining-usd");
const RESETS_AT: HeaderName = HeaderName::from_static("bellwire-budget-resets-at");

/// What may be spent from a wallet and all above it, and when the one that limits it starts anew.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    left: UsdNanos,
    resets_at: Option<Timestamp>,
}

impl Budget {
    /// Of a wallet and all above it, as they stand at `now`.
    pub(super) fn of(chain: &[Wallet], now: Timestamp) -> Option<Self> {
        let standing: Vec<Wallet> = chain.iter().map(|wallet| wallet.clone().at(now)).collect();
        spendable(&standing).map(|(left, limits)| Self { left, resets_at: limits.account.period_end })
    }

    /// The same, looked up.
    pub(super) async fn read(
        tx: &mut Tx,
        about: &About,
        workspace: &WorkspaceId,
        now: Timestamp,
    ) -> Stored<Option<Self>> {
        let wallet = match about {
            About::Wallet(id) => Some(id.clone()),
            About::Purchase(id) => tx.purchase(workspace, id).await?.map(|purchase| purchase.wallet_id),
        };
        let Some(wallet) = wallet else { return Ok(None) };
        Ok(Self::of(&tx.chain_seen(workspace, &wallet).await?, now))
    }

    /// As headers.
    pub(super) fn headers(self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let header = |name: HeaderName, text: String| HeaderValue::try_from(text).ok().map(|value| (name, value));
        let resets_at = self.resets_at.and_then(|at| header(RESETS_AT, at.to_string()));
        header(REMAINING, self.left.to_string()).into_iter().chain(resets_at)
    }
}

/// Whose budget it is about.
#[derive(Debug, Clone)]
pub(super) enum About {
    /// This wallet's.
    Wallet(WalletId),
    /// That of the wallet that paid this.
    Purchase(PurchaseRef),
}

/// What a request is about, if this key may see it: an answer that is kept is given again to no other.
async fn subject<R: Right>(app: &App, by: &By<R>, about: &About) -> Result<String, Problem> {
    match about {
        About::Wallet(id) => {
            // A key of the whole workspace sees every wallet there is.
            if by.principal.bound().is_some() {
                chain_of(app, by, id).await?;
            }
            Ok(id.to_string())
        }
        About::Purchase(id) => Ok(purchase_of(app, by, id, "purchase").await?.id.to_string()),
    }
}

/// What a command that moves money did, or why it did nothing; and what is left.
pub(super) type Done<T> = (Result<T, Problem>, Option<Budget>);

/// Runs a command that moves money; `view` is the answer about what it did. The answer is kept for ever. Whether it is
/// given for the first time, again, or a refusal, it says what is left at that time.
pub(super) async fn command<R, T, F>(
    app: &App,
    name: &'static str,
    by: &By<R>,
    idempotency: Option<Idempotency>,
    about: About,
    view: impl Fn(T) -> Reply + Send + Sync + 'static,
    command: F,
) -> Answer
where
    R: Right,
    T: Send + 'static,
    F: for<'a> Fn(&'a mut Tx, Ctx) -> BoxFuture<'a, Stored<Done<T>>> + Send + Sync + 'static,
{
    let idempotency = match idempotency {
        Some(key) => Some(key.for_ever().about(&subject(app, by, &about).await?)),
        None => None,
    };
    let (command, left) = (Arc::new(command), about.clone());
    let workspace = by.workspace().clone();
    let tell = move |(done, budget): Done<T>| {
        let headers = budget.into_iter().flat_map(Budget::headers);
        match done {
            Ok(done) => Ok(view(done).with_headers(headers)),
            Err(problem) => Err(problem.with_headers(headers)),
        }
    };
    let run = app.command_told(name, by, idempotency, tell, move |tx, ctx| {
        let (command, about, workspace) = (Arc::clone(&command), left.clone(), workspace.clone());
        Box::pin(async move {
            let now = ctx.now;
            let (done, budget) = command(tx, ctx).await?;
            let refused = done.as_ref().is_err_and(|problem| problem.code() != Code::NotFound);
            let budget = if refused { Budget::read(tx, &about, &workspace, now).await? } else { budget };
            Ok((done, budget))
        })
    });
    let answer = run.await?;
    if !answer.is_again() {
        return Ok(answer);
    }
    let (workspace, now) = (by.workspace().clone(), app.clock.now());
    let budget: Result<_, Problem> = app
        .query("budget", move |tx| {
            let (about, workspace) = (about.clone(), workspace.clone());
            Box::pin(async move { Budget::read(tx, &about, &workspace, now).await })
        })
        .await;
    Ok(answer.with_headers(budget?.into_iter().flat_map(Budget::headers)))
}
