//! A post said in Slack: a message, and how it changes in the end.
use bellwire_domain::approval::{Approval, Post, Said, Saying};
use serde_json::json;

use super::{
    Choice, MessageRef, Slack, Token,
    message::{self, Tokens},
};
use crate::{
    app::App,
    channels::{PATIENCE, unsaid},
    slack::{Failed, Method},
};

/// Refusals of what was sent. All others may be mended while it is tried again, such as by inviting the bot.
const WRONG: [&str; 9] = [
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_arguments",
    "msg_too_long",
    "msg_blocks_too_long",
    "no_text",
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
];

impl Slack {
    /// Says a post once.
    pub(crate) async fn say(&self, app: &App, approval: &Approval, post: &Post) -> Said {
        if approval.workspace_id != self.workspace {
            return unsaid("Slack is not this workspace's any more", true);
        }
        match post.saying {
            Saying::Requested => self.ask(app, approval).await,
            Saying::Decided => match post.before.as_deref().and_then(MessageRef::of_key) {
                Some(message) => said(self.change(approval, &message).await),
                None => unsaid("which message is to be changed is not known", true),
            },
        }
    }

    async fn ask(&self, app: &App, approval: &Approval) -> Said {
        let token = |approve| {
            let choice = Choice { workspace: self.workspace.clone(), approval: approval.id.clone(), approve };
            choice.seal_alike(&app.vault)
        };
        let (Some(approve), Some(deny)) = (token(true), token(false)) else {
            return unsaid("the buttons could not be sealed", true);
        };
        let message = message::requested(&self.channel, approval, &Tokens { approve, deny }, |name| self.shown(name));
        said(self.client.call_within(PATIENCE, Method::Post, &message).await)
    }

    /// Changes a message that asked to what became of it.
    pub(super) async fn change(&self, approval: &Approval, message: &MessageRef) -> Result<Option<MessageRef>, Failed> {
        let mut changed = message::decided(approval, |name| self.shown(name));
        changed["channel"] = json!(message.channel);
        changed["ts"] = json!(message.ts);
        self.client.call_within(PATIENCE, Method::Update, &changed).await
    }
}

fn said(called: Result<Option<MessageRef>, Failed>) -> Said {
    match called {
        Ok(message) => Said { result: Ok(message.map(|message| message.key())), status_code: Some(200) },
        Err(failed) => {
            let lasting = WRONG.contains(&failed.why.as_str());
            Said { result: Err((failed.why, lasting)), status_code: failed.status }
        }
    }
}
