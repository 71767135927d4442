//! What can be done with approvals: look, decide, write, append the event.
mod ask;
mod consume;
mod decide;
mod end;
mod post;

use std::{future::Future, sync::Arc};

use bellwire_wire::{ApprovalId, SigningKey, WorkspaceId};

pub use ask::{NewApproval, OPEN_MAX, ask, may_ask};
pub use consume::{Cancelled, Consumed, cancel, consume};
pub use decide::{Approver, Decided, Decision, NotAllowed, Verdict, decide, deny_ambiguous};
pub use end::end_due;
pub use post::{Said, settle_post};

use super::{Addressee, Approval, Rows};
use crate::{Ctx, Stored, event, workspace::audit};

/// What approvals ask of a transaction.
pub trait Asks: Rows + event::Log + audit::Rows {}

impl<T: Rows + event::Log + audit::Rows> Asks for T {}

/// Whoever asked: acts on the answer, in its transaction.
pub trait Asker<R> {
    /// An approval of its own ended. Whatever is not approved releases nothing.
    fn answered(rows: &mut R, ctx: &Ctx, approval: &Approval) -> impl Future<Output = Stored<()>> + Send;
}

/// Nobody acts: for questions whose answer is only looked at.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl<R: Send> Asker<R> for Nobody {
    async fn answered(_: &mut R, _: &Ctx, _: &Approval) -> Stored<()> {
        Ok(())
    }
}

/// What a deployment has to ask people with.
#[derive(Debug, Clone)]
pub struct Office {
    /// Signs decisions.
    pub signing_key: Arc<SigningKey>,
    /// What links to us begin with.
    pub public_url: Arc<str>,
    /// The integrations of the configuration, and whose approvals they carry.
    pub integrations: Arc<[(WorkspaceId, Addressee)]>,
}

impl Office {
    /// Whether an integration carries the approvals of a workspace.
    pub fn has(&self, workspace: &WorkspaceId, to: Addressee) -> bool {
        self.integrations.iter().any(|(known, integration)| known == workspace && *integration == to)
    }

    /// Where the decision is posted.
    pub fn callback_url(&self, id: &ApprovalId) -> String {
        format!("{}/v1/approvals/{id}", self.public_url.trim_end_matches('/'))
    }
}
