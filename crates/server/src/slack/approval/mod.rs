//! Approvals in Slack: asked with two buttons, decided with a form that wants a reason.
//!
//! Who takes part: a turn of [`crate::channels`] says a post through [`post`], as a message first and then as its
//! change. A click opens the [`form`] for who may decide; what is sent with it is decided by [`decide`], with the
//! same command as the API and in the name of the person. The message is changed by the post that tells the end,
//! whoever decided and wherever, so that all ends look alike. [`message`] is what people see.
mod decide;
mod form;
mod message;
mod post;

use bellwire_wire::{ApprovalId, WorkspaceId};
use serde::{Deserialize, Serialize};

pub use decide::Answer;
pub(super) use form::{APPROVE, DENY};

use super::{
    Slack,
    token::{MessageRef, Token},
};

/// The value of a button: what is answered, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Choice {
    workspace: WorkspaceId,
    approval: ApprovalId,
    approve: bool,
}

impl Token for Choice {
    const PLACE: &'static str = "slack approval button";
}

/// What the form remembers: the same, and the message whose button opened it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Chosen {
    choice: Choice,
    message: MessageRef,
}

impl Token for Chosen {
    const PLACE: &'static str = "slack approval form";
}

impl Slack {
    /// Whether this user may decide approvals. Who is not listed may not.
    fn decides(&self, user: &str) -> bool {
        self.approvers.contains(user) || self.people.contains_key(user)
    }

    /// Who a user is where `approvers` may decide: the person, unless only the Slack user is named.
    fn name(&self, user: &str, approvers: &[String]) -> String {
        let by_id = format!("slack:{user}");
        match self.people.get(user).map(|person| format!("person:{person}")) {
            Some(person) if approvers.contains(&person) || !approvers.contains(&by_id) => person,
            _ => by_id,
        }
    }

    /// Somebody as Slack shows them: with their picture, if we know who they are there.
    fn shown(&self, name: &str) -> String {
        let user = match name.split_once(':') {
            Some(("slack", user)) => Some(user),
            Some(("person", person)) => self.people.iter().find(|(_, known)| *known == person).map(|(user, _)| &**user),
            _ => None,
        };
        match user.filter(|user| user.bytes().all(|c| c.is_ascii_alphanumeric())) {
            Some(user) => format!("<@{user}>"),
            None => message::line(name.strip_prefix("person:").unwrap_or(name)),
        }
    }
}
