//! Policies: what may be bought without asking, with asking, and not at all (spec policies).
//!
//! Who takes part: a [`Policy`] is a list of [`Rules`] that people set ([`Content`]), attached to agents,
//! namespaces, or whatever purse names it. A [`Request`] says what is to be paid; what was granted before is in
//! [`Totals`], over what the policy is attached to. [`Policy::judge`] makes a [`Verdict`] of both, and those of
//! all policies that apply come to one ([`Verdict::and`]).
//!
//! How rows move: each change of a policy is a new version, and all versions stay, since decisions name them. A
//! policy that nothing is attached to can be deleted; its versions stay even then.
mod commands;
mod hours;
mod in_force;
mod judge;
mod model;
mod names;
mod parts;
mod read;
mod request;
mod rows;
mod rule;
mod rules;
#[cfg(test)]
mod tests;
mod when;

pub use commands::{
    CreatedPolicy, DeletedPolicy, POLICIES_MAX, UpdatePolicy, UpdatedPolicy, create_policy, delete_policy,
    update_policy,
};
pub use in_force::{ATTACHED_MAX, Applied, InForce, Target};
pub use judge::{Asked, DEFAULT, Effect, Finding, Line, Verdict};
pub use model::{Content, Otherwise, Policy};
pub use request::{Purse, Request, Totals};
pub use rows::Rows;
pub use rules::{Counted, Rules};
