//! Approvals: what policies say, and what people decide (spec approvals).
//!
//! Who takes part: whoever wants to do something [`ask`]s, with a [`Question`] that is whole and [`Terms`] that
//! say who may answer, by when, and where they are asked. It becomes an [`Approval`], which people [`decide`].
//! This slice knows nothing of wallets: what the answer is about is opaque to it, and whoever asked acts on it
//! as an [`Asker`], in the transaction of the decision.
//!
//! How rows move: an approval is `pending` until it ends, once: approved by as many as must agree, denied by
//! one, expired, undeliverable or cancelled. Only `approved` releases anything (keeps I4); it is bound to the
//! [`Digest`] of exactly what was asked, and is used once. The event that asks is delivered like any other, on
//! a schedule of its own; a [`Post`] says the same to systems that are no endpoints. All of it is in the audit
//! log.
mod commands;
mod digest;
mod events;
mod model;
mod narrow;
pub mod policy;
mod post;
mod receipt;
mod rows;
mod terms;

pub use commands::{
    Approver, Asker, Asks, Cancelled, Consumed, Decided, Decision, NewApproval, Nobody, NotAllowed, OPEN_MAX, Office,
    Said, Verdict, ask, cancel, consume, decide, deny_ambiguous, end_due, may_ask, settle_post,
};
pub use digest::Digest;
pub use model::{Approval, ApprovalFilter, ApprovalStatus, AskedBy, Granted, Outcome, Question, Transaction, Vote};
pub use post::{Addressee, Post, PostState, Saying};
pub use receipt::{Claims, ReceiptError};
pub use rows::Rows;
pub use terms::{Channel, Channels, Terms};
