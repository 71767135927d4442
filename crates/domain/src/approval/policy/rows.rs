//! What policies ask of a transaction.
use std::{future::Future, sync::Arc};

use bellwire_wire::{Namespace, PolicyId, Timestamp, WorkspaceId};

use super::{InForce, Policy};
use crate::{Ctx, Page, PageQuery, Stored};

/// Rows of policies and their versions.
pub trait Rows: Send {
    /// The number of the next policy. Nobody else changes policies from here to the end of the transaction.
    fn policy_seq(&mut self, ctx: &Ctx) -> i64;
    /// Nobody else changes policies, or what names them, from here to the end of the transaction.
    fn policies_stand(&mut self);
    /// The policies of a workspace. Only for commands: it is kept beside what writes.
    fn policies_in_force(&mut self, workspace: &WorkspaceId) -> impl Future<Output = Stored<Arc<InForce>>> + Send;
    /// One policy in its newest version.
    fn policy(&mut self, workspace: &WorkspaceId, id: &PolicyId)
    -> impl Future<Output = Stored<Option<Policy>>> + Send;
    /// A page of policies, newest first.
    fn policies(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        page: PageQuery,
    ) -> impl Future<Output = Stored<Page<Policy>>> + Send;
    /// A page of the versions of one policy, newest first; they are numbered by themselves.
    fn policy_versions(
        &mut self,
        workspace: &WorkspaceId,
        id: &PolicyId,
        page: PageQuery,
    ) -> impl Future<Output = Stored<Page<Policy>>> + Send;
    /// How many policies there are.
    fn policy_count(&mut self, workspace: &WorkspaceId) -> impl Future<Output = Stored<i64>> + Send;
    /// Writes a new version of a policy, or a new policy. What was counted for policies is counted anew.
    fn policy_put(&mut self, policy: &Policy) -> impl Future<Output = Stored<()>> + Send;
    /// Deletes a policy; its versions stay.
    fn policy_delete(
        &mut self,
        workspace: &WorkspaceId,
        id: &PolicyId,
        now: Timestamp,
    ) -> impl Future<Output = Stored<()>> + Send;
    /// Something that names a policy, if anything does.
    fn policy_named_by(
        &mut self,
        workspace: &WorkspaceId,
        id: &PolicyId,
    ) -> impl Future<Output = Stored<Option<String>>> + Send;
}
