//! The turn that tells of exhausted budgets.
//!
//! Its place in the log moves behind a message only once Slack has taken it, or it was given up: after a
//! crash some are posted again, none is forgotten. While Slack is away alerts wait, in order, and the lease
//! is renewed; one that Slack will not take is given up after some tries, with an error in the logs and an
//! entry in the audit log, and the next one has its turn.
use std::{sync::Arc, time::Duration};

use bellwire_domain::{
    Origin, StoreError,
    event::{EventFilter, Rows as _, StoredEvent},
    spend::{Rows as _, Wallet},
    workspace::audit::{self, NewAudit},
};
use bellwire_wire::{UsdNanos, WalletId};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Failed, Method, NAME, Slack,
    message::{self, Exhausted},
    token::{Button, Token},
};
use crate::{app::App, publish::Place};

/// Alerts read at once. Keeps I12.
const BATCH_MAX: u32 = 50;
/// How often rows are looked at, however quiet it is.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long is waited between two looks, however busy it is.
const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// How often the lease is renewed while there is nothing to tell.
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// The pauses between tries: each is twice the one before.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_mins(1);
/// Tries while Slack is away: about an hour. Keeps I12.
const TRIES_MAX: u32 = 65;
/// Tries of what Slack refuses, such as a channel that it does not know: time to invite the bot.
const TRIES_REFUSED_MAX: u32 = 4;
/// An older alert is no news: nobody should be flooded after Slack was switched off for a month.
const AGE_MAX: Duration = Duration::from_hours(24);

/// What of the event is shown; how the wallet stands is read from its row.
#[derive(Deserialize)]
struct Told {
    wallet_id: WalletId,
    requested_usd: UsdNanos,
}

pub(super) struct Turn {
    app: Arc<App>,
    slack: Arc<Slack>,
    place: Place,
}

impl Turn {
    pub(super) fn new(app: &Arc<App>, slack: &Arc<Slack>) -> Self {
        Self { app: Arc::clone(app), slack: Arc::clone(slack), place: Place::new(app, NAME) }
    }

    /// Takes turns until the server stops. A message that is being posted then is waited for.
    pub(super) async fn run(self) {
        while !self.app.stopping.is_cancelled() {
            if let Some(from) = self.place.take().await {
                self.follow(from).await;
            }
            self.rest(LOOK_EVERY).await;
        }
        self.place.release().await;
    }

    async fn rest(&self, span: Duration) {
        let _ = self.app.stopping.run_until_cancelled(tokio::time::sleep(span)).await;
    }

    /// Follows the log for as long as the place is ours. What is looked through without finding anything
    /// is written down only now and then.
    async fn follow(&self, mut from: i64) {
        let mut bell = self.app.hub.listen(&self.slack.workspace);
        let (mut looked, mut renewed) = (from, Instant::now());
        while !self.app.stopping.is_cancelled() {
            bell.mark_unchanged();
            let Some((found, until)) = self.read(looked).await else { return };
            for stored in &found {
                if !self.tell(from, stored).await {
                    return;
                }
                (from, renewed) = (stored.seq, Instant::now());
            }
            let moved_on = until > looked;
            looked = until.max(from);
            if renewed.elapsed() >= RENEW_EVERY {
                if !self.place.moved(from, looked).await {
                    return;
                }
                (from, renewed) = (looked, Instant::now());
            }
            self.rest(LOOK_PAUSE).await;
            if !moved_on {
                let quiet = tokio::time::timeout(LOOK_EVERY, bell.changed());
                let _ = self.app.stopping.run_until_cancelled(quiet).await;
            }
        }
    }

    /// The alerts after a place, and how far was looked.
    async fn read(&self, after: i64) -> Option<(Vec<StoredEvent>, i64)> {
        let workspace = self.slack.workspace.clone();
        let read = self.app.store.read("slack_events", move |tx| {
            let workspace = workspace.clone();
            let filter = EventFilter { types: vec!["budget.exhausted".into()], ..EventFilter::default() };
            Box::pin(async move { tx.events_after(&workspace, &filter, after, BATCH_MAX).await })
        });
        read.await.inspect_err(|error| tracing::warn!(%error, "alerts for Slack could not be read yet")).ok()
    }

    /// Tells of one event, if it is to be told, and moves on; whether the place is still ours.
    async fn tell(&self, from: i64, stored: &StoredEvent) -> bool {
        match self.message(stored).await {
            Ok(Some(message)) => {
                if !self.post(from, stored, &message).await {
                    return false;
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "a wallet to tell Slack of could not be read yet");
                return false;
            }
        }
        self.place.moved(from, stored.seq).await
    }

    /// The message of an event; none of one that a key made up, that is old, or whose wallet is gone.
    async fn message(&self, stored: &StoredEvent) -> Result<Option<Value>, StoreError> {
        let (event, now) = (&stored.event, self.app.clock.now());
        let Ok(told) = serde_json::from_str::<Told>(event.data.get()) else { return Ok(None) };
        if event.source.is_some() || now.since(event.timestamp) > AGE_MAX {
            tracing::info!(event = %event.id, "this exhausted budget is not told to Slack: it is old, or was reported");
            return Ok(None);
        }
        let chain = chain(&self.app, &self.slack, &told.wallet_id).await?;
        let Some(wallet) = chain.into_iter().next() else { return Ok(None) };
        let button = Button { workspace: self.slack.workspace.clone(), wallet: told.wallet_id };
        let token = button.seal(&self.app.vault).ok_or_else(|| StoreError::Broken("a token is not sealed".into()))?;
        let exhausted = Exhausted { wallet: &wallet, requested: told.requested_usd, token: &token };
        Ok(Some(message::alert(&self.slack.channel, &exhausted)))
    }

    /// Posts a message, or gives it up; whether the place is still ours.
    async fn post(&self, from: i64, stored: &StoredEvent, message: &Value) -> bool {
        let (event, mut pause) = (&stored.event.id, PAUSE_MIN);
        for tries in 1_u32.. {
            // The lease lasts for the call: another node would post it too.
            if !self.place.moved(from, from).await {
                return false;
            }
            let Err(failed) = self.slack.client.call(Method::Post, message).await else {
                tracing::debug!(%event, "told Slack of an exhausted budget");
                return true;
            };
            let most = if failed.lasting { TRIES_REFUSED_MAX } else { TRIES_MAX };
            if tries >= most {
                return self.give_up(stored, &failed).await;
            }
            if failed.lasting && tries == 1 {
                tracing::error!(%event, why = failed.why, "Slack refuses an alert");
            } else {
                tracing::warn!(%event, why = failed.why, tries, "an alert could not be posted to Slack yet");
            }
            if !self.wait(from, failed.after.unwrap_or(pause)).await {
                return false;
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
        false
    }

    /// Waits without losing the place; whether it is still ours and there is time to go on.
    async fn wait(&self, from: i64, span: Duration) -> bool {
        let until = Instant::now() + span;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            self.rest(left.min(RENEW_EVERY)).await;
            if self.app.stopping.is_cancelled() || !self.place.moved(from, from).await {
                return false;
            }
        }
    }

    /// Leaves an alert out, so that the others are told; whether that was written down.
    async fn give_up(&self, stored: &StoredEvent, failed: &Failed) -> bool {
        let event = Arc::clone(&stored.event);
        tracing::error!(event = %event.id, why = failed.why, "an alert is left out: Slack does not take it");
        metrics::counter!("bellwire_slack_left_out_total").increment(1);
        let (ctx, why) = (self.app.ctx(Origin::default()), failed.why.clone());
        let noted = self.app.store.transact("slack_give_up", move |tx| {
            let (ctx, event, why) = (ctx.clone(), Arc::clone(&event), why.clone());
            let entry = NewAudit {
                actor: audit::SYSTEM.into(),
                action: "slack.give_up",
                subject: event.id.to_string(),
                namespace: event.namespace.clone(),
                detail: json!({"type": event.kind.as_str(), "error": why}),
            };
            Box::pin(async move { audit::record(tx, &ctx, &event.workspace_id, entry).await })
        });
        noted.await.inspect_err(|error| tracing::warn!(%error, "that could not be written down yet")).is_ok()
    }
}

/// A wallet of Slack's workspace and those above it as they stand now; nothing if it is not there.
pub(super) async fn chain(app: &App, slack: &Slack, wallet: &WalletId) -> Result<Vec<Wallet>, StoreError> {
    let (workspace, wallet, now) = (slack.workspace.clone(), wallet.clone(), app.clock.now());
    let chain = app.store.read("slack_wallet", move |tx| {
        let (workspace, wallet) = (workspace.clone(), wallet.clone());
        Box::pin(async move { tx.chain_seen(&workspace, &wallet).await })
    });
    Ok(chain.await?.into_iter().map(|wallet| wallet.at(now)).collect())
}
