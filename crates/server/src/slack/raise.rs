//! The form that was sent: the budget is raised, once for each message, and the message says so.
use std::sync::Arc;

use bellwire_domain::{
    Ctx, StoreError, Stored,
    spend::{self, Rows as _, UpdateWallet, Updated, Wallet},
    workspace::{Rows as _, Saved, Vouched},
};
use bellwire_store::Tx;
use bellwire_wire::{MoneyError, UsdNanos};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Method, Slack,
    message::{self, AMOUNT, REASON, REASON_CHARS_MAX, Raised},
    token::{Form, MessageRef, Token},
};
use crate::app::App;

/// The place of kept answers: what was raised from which message.
pub(super) const ROUTE: &str = "slack message";

/// What was sent with the form.
#[derive(Debug)]
pub struct Submission {
    pub(super) user: String,
    /// One form that was opened: it is the same however often it is sent.
    pub(super) view: String,
    /// What the form remembers, sealed.
    pub(super) kept: String,
    pub(super) amount: String,
    pub(super) reason: String,
}

/// What became of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done: the form closes.
    Done,
    /// It is not: the form shows why, at this input.
    Refused(&'static str, String),
}

/// A raise as it is kept with its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    user: String,
    budget_usd: UsdNanos,
}

impl Done {
    pub(super) fn read(saved: &Saved) -> Option<Self> {
        serde_json::from_slice(&saved.body).ok()
    }

    /// Nothing but text may be in an error of a form.
    pub(super) fn words(&self) -> String {
        format!("From this message the budget was raised to ${} already, by {}.", self.budget_usd, self.user)
    }
}

/// A submission that is good as far as one can see without the wallet.
#[derive(Clone)]
struct Order {
    user: String,
    form: Form,
    amount: UsdNanos,
    reason: Option<String>,
    fingerprint: [u8; 32],
}

/// What the transaction came to.
enum Ended {
    Raised(Box<Wallet>, Box<Wallet>),
    /// The same form was sent before.
    Again,
    Refused(String),
}

impl Slack {
    /// Raises the budget, and lets the message say so later.
    pub async fn submitted(self: &Arc<Self>, app: &App, ctx: Ctx, sent: Submission) -> Outcome {
        let order = match self.order(app, sent) {
            Ok(order) => order,
            Err((input, words)) => return Outcome::Refused(input, words),
        };
        if !app.store.has_room() {
            return Outcome::Refused(AMOUNT, in_words(&StoreError::Full).into());
        }
        let command = order.clone();
        let ended = app.store.transact("slack_raise", move |tx| {
            let (ctx, order) = (ctx.clone(), command.clone());
            Box::pin(async move { raise(tx, &ctx, order).await })
        });
        match ended.await {
            Ok(Ended::Raised(before, after)) => {
                self.announce(order, before.budget(), *after);
                Outcome::Done
            }
            Ok(Ended::Again) => Outcome::Done,
            Ok(Ended::Refused(words)) => Outcome::Refused(AMOUNT, words),
            Err(error) => {
                tracing::warn!(%error, "a budget could not be raised from Slack");
                Outcome::Refused(AMOUNT, in_words(&error).into())
            }
        }
    }

    fn order(&self, app: &App, sent: Submission) -> Result<Order, (&'static str, String)> {
        if !self.approves(&sent.user) {
            tracing::warn!(user = sent.user, "a Slack user who is no approver sent the form of a budget");
            return Err((AMOUNT, "You may not raise budgets.".into()));
        }
        let form = Form::open(&app.vault, &sent.kept).filter(|form| form.workspace == self.workspace);
        let form = form.ok_or((AMOUNT, "This form is not of this Bellwire. Close it and click again.".to_owned()))?;
        let amount = amount(&sent.amount).map_err(|words| (AMOUNT, words))?;
        // What people paste has ends of lines, and perhaps what no engine of the store keeps.
        let reason: String = sent.reason.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        if reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
            return Err((REASON, format!("Must be at most {REASON_CHARS_MAX} characters.")));
        }
        let same = json!([sent.view, sent.user, amount.to_string(), reason]).to_string();
        let fingerprint = *blake3::hash(same.as_bytes()).as_bytes();
        Ok(Order { user: sent.user, form, amount, reason, fingerprint })
    }

    /// Changes the message and adds a line to its thread.
    fn announce(self: &Arc<Self>, order: Order, before: UsdNanos, wallet: Wallet) {
        let slack = Arc::clone(self);
        let begun = self.later(async move {
            let MessageRef { channel, ts } = &order.form.message;
            let raised = Raised { wallet: &wallet, before, to: order.amount, user: &order.user };
            let mut changed = message::done(&raised);
            changed["channel"] = json!(channel);
            changed["ts"] = json!(ts);
            let line = json!({"channel": channel, "thread_ts": ts, "unfurl_links": false, "unfurl_media": false,
                "text": message::success(&raised, order.reason.as_deref())});
            for (method, arguments) in [(Method::Update, &changed), (Method::Post, &line)] {
                if let Err(failed) = slack.insist(method, arguments).await {
                    tracing::warn!(why = failed.why, "a budget was raised, and Slack could not be told");
                }
            }
        });
        if !begun {
            tracing::warn!("a budget was raised, and Slack is not told: too many calls are under way");
        }
    }
}

/// Looks whether it is possible, and does it, in one transaction with the note that it was done.
async fn raise(tx: &mut Tx, ctx: &Ctx, order: Order) -> Stored<Ended> {
    let Form { workspace, wallet: id, message } = &order.form;
    if let Some(saved) = tx.saved(workspace, ROUTE, &message.key()).await? {
        if saved.fingerprint == order.fingerprint {
            return Ok(Ended::Again);
        }
        return Ok(Ended::Refused(
            Done::read(&saved).map_or_else(|| "It was done already.".into(), |done| done.words()),
        ));
    }
    let Some(present) = tx.chain(workspace, id).await?.into_iter().next() else {
        return Ok(Ended::Refused("This wallet is gone.".into()));
    };
    if order.amount <= present.budget() {
        return Ok(Ended::Refused(format!("Must be more than the present budget, {}.", present.budget())));
    }
    let by = Vouched { workspace_id: workspace.clone(), name: format!("slack:{}", order.user) };
    let reason = order.reason.clone().unwrap_or_else(|| "raised from Slack".into());
    let change = UpdateWallet { budget: Some(order.amount), reason, ..UpdateWallet::default() };
    let (before, after) = match spend::update_wallet(tx, ctx, &by, id, change).await? {
        Updated::Done(before, after) => (before, after),
        Updated::Unknown | Updated::NoPolicy | Updated::NotYourPolicy => {
            return Ok(Ended::Refused("This wallet is gone.".into()));
        }
    };
    let done = Done { user: order.user, budget_usd: order.amount };
    let body = serde_json::to_vec(&done).map_err(|error| StoreError::Broken(error.to_string()))?;
    let saved = Saved { fingerprint: order.fingerprint, status: 200, body };
    // For ever: a message in Slack has no end.
    tx.save(workspace, ROUTE, &message.key(), &saved, ctx.now, None).await?;
    Ok(Ended::Raised(Box::new(before), Box::new(after)))
}

/// An amount as it was typed, exactly; or what would be right.
pub(super) fn amount(text: &str) -> Result<UsdNanos, String> {
    text.trim().parse().map_err(|error| match error {
        MoneyError::NotANumber => "Must be a plain number of dollars such as 1850.00, without $ and commas.".into(),
        MoneyError::Negative => "Must not be negative.".into(),
        MoneyError::TooPrecise => "Must have at most 9 decimals.".into(),
        MoneyError::TooLarge => "Must be at most 1000000000.".into(),
    })
}

/// What a person can do about it.
pub(super) fn in_words(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full => "Bellwire's disk is full; nothing was changed.",
        StoreError::Uncertain => "It is not known whether this was done. Confirm again: it is done once.",
        StoreError::Unavailable(_) | StoreError::Closed | StoreError::Overloaded | StoreError::Broken(_) => {
            "Bellwire cannot do this right now; nothing was changed. Confirm again."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_taken_exactly_or_it_is_said_what_is_right() {
        for (good, is) in [("250", "250.00"), (" 1850.5 ", "1850.50"), ("1000000000", "1000000000.00")] {
            assert_eq!(amount(good).map(|amount| amount.to_string()), Ok(is.to_owned()));
        }
        for (bad, says) in [
            ("$1,000", "without $ and commas"),
            ("1,000", "without $ and commas"),
            ("1000 USD", "plain number"),
            ("", "plain number"),
            ("٣", "plain number"),
            ("NaN", "plain number"),
            ("-5", "negative"),
            ("0.0000000001", "9 decimals"),
            ("1000000000.01", "at most 1000000000"),
        ] {
            let words = amount(bad).expect_err(bad);
            assert!(words.contains(says), "{bad}: {words}");
        }
    }
}
