//! A click, which opens the form, and the form that was sent, which decides.
use std::{sync::Arc, time::Duration};

use bellwire_domain::{
    Ctx, StoreError,
    approval::{self, Approval, ApprovalStatus, Approver, Decided, Decision, NotAllowed, Rows as _, Verdict},
    spend::Buyer,
};
use bellwire_wire::ApprovalId;
use serde_json::json;

use super::{Choice, Chosen, MessageRef, Slack, Token, form, message};
use crate::{
    app::App,
    slack::{
        Click, Method, Outcome,
        message::{AMOUNT, REASON, escaped},
        raise::{amount, in_words},
    },
};

/// Slack shows an error of its own when it has no answer after three seconds.
const PATIENCE: Duration = Duration::from_millis(2_500);
const UNAVAILABLE: &str = "Bellwire cannot look at its approvals right now. Try again.";

/// What was sent with the form.
#[derive(Debug)]
pub struct Answer {
    pub(in crate::slack) user: String,
    /// What the form remembers, sealed.
    pub(in crate::slack) kept: String,
    pub(in crate::slack) amount: String,
    pub(in crate::slack) reason: String,
}

/// What a form says, once it is understood.
#[derive(Clone)]
struct Order {
    chosen: Chosen,
    by: Approver,
    decision: Decision,
}

/// An error of the form, at one of its inputs.
type Wrong = (&'static str, String);

impl Slack {
    /// Opens the form, or says why not to the clicker alone; later, for Slack wants its answer at once. False if
    /// too much is under way already.
    pub fn chosen(self: &Arc<Self>, app: &Arc<App>, click: Click) -> bool {
        let (slack, app) = (Arc::clone(self), Arc::clone(app));
        self.later(async move {
            if let Err(words) = slack.open_form(&app, &click).await {
                // A reason is anybody's text: it makes no links.
                slack.whisper(&click, &escaped(&words)).await;
            }
        })
    }

    async fn open_form(&self, app: &App, click: &Click) -> Result<(), String> {
        if !self.decides(&click.user) {
            tracing::warn!(user = click.user, "a Slack user who is no approver wanted to decide an approval");
            return Err("You may not decide this. Those who may are listed in Bellwire's configuration.".into());
        }
        let choice = Choice::open(&app.vault, &click.token).filter(|choice| choice.workspace == self.workspace);
        let choice = choice.ok_or("This button is not of this Bellwire, or is from before it was set up anew.")?;
        let found = self.approval(app, &choice.approval).await.map_err(|_| UNAVAILABLE)?;
        let approval = found.ok_or("This approval is gone.")?;
        if approval.status != ApprovalStatus::Pending {
            // Also where nobody wrote down which message asked: a crash may have come between.
            if let Err(failed) = self.change(&approval, &click.message).await {
                tracing::debug!(why = failed.why, "a message that asked could not be changed");
            }
            return Err(message::ended(&approval));
        }
        let name = self.name(&click.user, &approval.approvers);
        if !approval.approvers.is_empty() && !approval.approvers.contains(&name) {
            return Err(not_allowed(NotAllowed::NotNamed).into());
        }
        let approve = choice.approve;
        let chosen = Chosen { choice, message: click.message.clone() };
        let kept = chosen.seal(&app.vault).ok_or(UNAVAILABLE)?;
        let view = form::form(&click.trigger_id, &approval, approve, &kept);
        self.client.call(Method::Open, &view).await.map(drop).map_err(|failed| {
            tracing::warn!(why = failed.why, "the form could not be opened in Slack");
            format!("The form could not be opened ({}). Try again.", failed.why)
        })
    }

    async fn approval(&self, app: &App, id: &ApprovalId) -> Result<Option<Approval>, StoreError> {
        let (workspace, id) = (self.workspace.clone(), id.clone());
        let found = app.store.read("slack_approval", move |tx| {
            let (workspace, id) = (workspace.clone(), id.clone());
            Box::pin(async move { tx.approval(&workspace, &id).await })
        });
        found.await
    }

    /// Decides. The message is changed by the post that tells the end.
    pub async fn answered(self: &Arc<Self>, app: &App, ctx: Ctx, sent: Answer) -> Outcome {
        let decided = match tokio::time::timeout(PATIENCE, self.decide(app, ctx, sent)).await {
            Ok(decided) => decided,
            Err(_) => Err((REASON, in_words(&StoreError::Uncertain).to_owned())),
        };
        match decided {
            Ok(()) => Outcome::Done,
            Err((input, words)) => Outcome::Refused(input, words),
        }
    }

    async fn decide(self: &Arc<Self>, app: &App, ctx: Ctx, sent: Answer) -> Result<(), Wrong> {
        let order = self.understood(app, sent).await?;
        if !app.store.has_room() {
            return Err((REASON, in_words(&StoreError::Full).into()));
        }
        let (command, office) = (order.clone(), app.office.clone());
        let decided = app.store.transact("slack_decide", move |tx| {
            let (ctx, office, order) = (ctx.clone(), office.clone(), command.clone());
            Box::pin(async move {
                let id = &order.chosen.choice.approval;
                approval::decide::<Buyer, _>(tx, &ctx, &office, &order.by, id, order.decision.clone()).await
            })
        });
        let decided = decided.await.map_err(|error| {
            tracing::warn!(%error, "an approval could not be decided from Slack");
            (REASON, in_words(&error).to_owned())
        })?;
        self.tell(&order, decided)
    }

    /// What a form comes to, as far as one can see without deciding.
    async fn understood(&self, app: &App, sent: Answer) -> Result<Order, Wrong> {
        let wrong = |words: &str| (REASON, words.to_owned());
        if !self.decides(&sent.user) {
            tracing::warn!(user = sent.user, "a Slack user who is no approver sent the form of an approval");
            return Err(wrong("You may not decide this."));
        }
        let chosen = Chosen::open(&app.vault, &sent.kept).filter(|form| form.choice.workspace == self.workspace);
        let chosen = chosen.ok_or_else(|| wrong("This form is not of this Bellwire. Close it and click again."))?;
        // What people paste has ends of lines, and perhaps what no engine of the store keeps.
        let reason: String = sent.reason.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        let reason = reason.trim().to_owned();
        if reason.is_empty() {
            return Err(wrong("Say why."));
        }
        if reason.chars().count() > form::REASON_CHARS_MAX {
            return Err((REASON, format!("Must be at most {} characters.", form::REASON_CHARS_MAX)));
        }
        let verdict = if chosen.choice.approve {
            let most = Some(sent.amount.trim()).filter(|text| !text.is_empty()).map(amount);
            Verdict::Approve { amount: most.transpose().map_err(|words| (AMOUNT, words))?, parameters: None }
        } else {
            Verdict::Deny
        };
        let found = self.approval(app, &chosen.choice.approval).await.map_err(|_| wrong(UNAVAILABLE))?;
        let approval = found.ok_or_else(|| wrong("This approval is gone."))?;
        let by = Approver {
            workspace_id: self.workspace.clone(),
            bound: None,
            name: self.name(&sent.user, &approval.approvers),
            agent_id: None,
        };
        Ok(Order { chosen, by, decision: Decision { verdict, reason, note: None } })
    }

    /// What became of a decision, for the form.
    fn tell(self: &Arc<Self>, order: &Order, decided: Decided) -> Result<(), Wrong> {
        let wrong = |words: &str| Err((REASON, words.to_owned()));
        match decided {
            Decided::Counted(approval, agreed) => {
                if approval.status == ApprovalStatus::Pending {
                    self.count(&order.chosen.message, &order.by.name, agreed, approval.quorum);
                }
                Ok(())
            }
            Decided::Same(approval) if by(&approval, &order.by.name) => Ok(()),
            Decided::Same(approval) | Decided::Other(approval) => wrong(&message::ended(&approval)),
            Decided::Unknown => wrong("This approval is gone."),
            Decided::NotAllowed(why) => wrong(not_allowed(why)),
            Decided::Exceeds(asked) => Err((AMOUNT, format!("Must be at most what is asked for, {asked}."))),
            Decided::NoMoney => wrong("This is not about money: there is no amount to lower."),
            Decided::NotNarrower => wrong("What others allowed does not fit together with this."),
        }
    }

    /// Adds a line to the thread: who agreed, while more must. A change of the message could overtake its last one.
    fn count(self: &Arc<Self>, message: &MessageRef, name: &str, agreed: u32, quorum: u32) {
        let text = format!("{} agreed: {agreed} of {quorum}.", self.shown(name));
        let line = json!({"channel": message.channel, "thread_ts": message.ts, "text": text,
            "unfurl_links": false, "unfurl_media": false});
        let slack = Arc::clone(self);
        self.later(async move {
            if let Err(failed) = slack.insist(Method::Post, &line).await {
                tracing::warn!(why = failed.why, "somebody agreed, and Slack could not be told");
            }
        });
    }
}

/// Whether somebody is among those who decided.
fn by(approval: &Approval, name: &str) -> bool {
    approval.outcome.as_ref().is_some_and(|outcome| outcome.approvers.iter().any(|known| known == name))
}

const fn not_allowed(why: NotAllowed) -> &'static str {
    match why {
        NotAllowed::Own => "You cannot decide what you asked for.",
        NotAllowed::NotNamed => "You may not decide this: others are named as its approvers.",
        NotAllowed::NoPerson => "More than one person must agree, and this is no person.",
    }
}
