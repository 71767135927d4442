//! A click on the button: the form is opened for who may use it.
use std::sync::Arc;

use bellwire_domain::workspace::Rows;

use super::{
    Method, Slack, alert, message,
    raise::{Done, ROUTE},
    token::{Button, Form, MessageRef, Token},
};
use crate::app::App;

/// What came with a click.
#[derive(Debug)]
pub struct Click {
    pub(super) user: String,
    pub(super) token: String,
    pub(super) message: MessageRef,
    /// Good once, for three seconds.
    pub(super) trigger_id: String,
    pub(super) response_url: Option<String>,
}

impl Slack {
    /// Opens the form, or says why not to the clicker alone; later, for Slack wants its answer at once.
    /// False if too much is under way already.
    pub fn clicked(self: &Arc<Self>, app: &Arc<App>, click: Click) -> bool {
        let (slack, app) = (Arc::clone(self), Arc::clone(app));
        self.later(async move {
            if let Err(words) = slack.open(&app, &click).await {
                slack.whisper(&click, &words).await;
            }
        })
    }

    async fn open(&self, app: &App, click: &Click) -> Result<(), String> {
        if !self.approves(&click.user) {
            tracing::warn!(user = click.user, "a Slack user who is no approver wanted to raise a budget");
            return Err("You may not raise budgets. Those who may are listed in Bellwire's configuration.".into());
        }
        let button = Button::open(&app.vault, &click.token).filter(|button| button.workspace == self.workspace);
        let button = button.ok_or("This button is not of this Bellwire, or is from before it was set up anew.")?;
        let unavailable = "Bellwire cannot look at its wallets right now. Try again.";
        if let Some(done) = self.done(app, &click.message).await.map_err(|_| unavailable)? {
            return Err(done.words());
        }
        let chain = alert::chain(app, self, &button.wallet).await.map_err(|_| unavailable)?;
        let form = Form { workspace: button.workspace, wallet: button.wallet, message: click.message.clone() };
        let kept = form.seal(&app.vault).ok_or(unavailable)?;
        let view = message::form(&click.trigger_id, &chain, &kept).ok_or("This wallet is gone.")?;
        self.client.call(Method::Open, &view).await.map(drop).map_err(|failed| {
            tracing::warn!(why = failed.why, "the form could not be opened in Slack");
            format!("The form could not be opened ({}). Try again.", failed.why)
        })
    }

    /// Whether the budget was raised from this message before.
    async fn done(&self, app: &App, message: &MessageRef) -> Result<Option<Done>, bellwire_domain::StoreError> {
        let (workspace, key) = (self.workspace.clone(), message.key());
        let saved = app.store.read("slack_done", move |tx| {
            let (workspace, key) = (workspace.clone(), key.clone());
            Box::pin(async move { tx.saved(&workspace, ROUTE, &key).await })
        });
        Ok(saved.await?.and_then(|saved| Done::read(&saved)))
    }

    pub(super) async fn whisper(&self, click: &Click, words: &str) {
        let Some(url) = &click.response_url else { return };
        if let Err(failed) = self.client.whisper(url, words).await {
            tracing::debug!(why = failed.why, "a click in Slack could not be answered");
        }
    }
}
