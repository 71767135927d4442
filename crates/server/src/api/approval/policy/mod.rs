//! Policies: made, changed, looked at, tried out (spec policies).
//!
//! Every change is a new version. A policy can be tried before it is saved: over one request that is made up
//! ([`evaluate`]), and over all that was asked for before ([`replay`]).
pub(super) mod evaluate;
mod form;
pub(super) mod replay;
pub(super) mod routes;
mod view;

use bellwire_domain::approval::policy::{Policy, Rows};
use bellwire_wire::PolicyId;

use crate::{
    api::{
        extract::{By, Right},
        problem::Problem,
    },
    app::App,
};

/// The policy of a path by its form alone.
fn policy_id(text: &str) -> Result<PolicyId, Problem> {
    text.parse().map_err(|_| Problem::not_found("policy"))
}

/// A policy that this key may see.
async fn policy_of<R: Right>(app: &App, by: &By<R>, id: &PolicyId) -> Result<Policy, Problem> {
    let (workspace, id) = (by.workspace().clone(), id.clone());
    let found = app
        .query("policy", move |tx| {
            let (workspace, id) = (workspace.clone(), id.clone());
            Box::pin(async move { tx.policy(&workspace, &id).await })
        })
        .await?;
    found.filter(|policy| by.principal.sees(policy.namespace.as_ref())).ok_or_else(|| Problem::not_found("policy"))
}
