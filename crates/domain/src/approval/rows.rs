//! What approvals ask of a transaction.
use std::future::Future;

use bellwire_wire::{ApprovalId, Namespace, Timestamp, WorkspaceId};

use super::{Addressee, Approval, ApprovalFilter, Post, PostState, Vote};
use crate::{Ctx, Page, PageQuery, Stored};

/// Rows of approvals, the votes for them, and what is posted of them.
pub trait Rows: Send {
    /// The number of the next approval or post.
    fn approval_seq(&mut self, ctx: &Ctx) -> i64;
    /// Nobody else decides anything from here to the end of the transaction: what is read stays true.
    fn decisions_stand(&mut self);
    /// Inserts an approval.
    fn approval_insert(&mut self, approval: &Approval) -> impl Future<Output = Stored<()>> + Send;
    /// Writes how an approval ended, or that it was used.
    fn approval_save(&mut self, approval: &Approval) -> impl Future<Output = Stored<()>> + Send;
    /// One approval.
    fn approval(
        &mut self,
        workspace: &WorkspaceId,
        id: &ApprovalId,
    ) -> impl Future<Output = Stored<Option<Approval>>> + Send;
    /// The approval that was asked about something of the asker's own.
    fn approval_about(
        &mut self,
        workspace: &WorkspaceId,
        subject: &str,
    ) -> impl Future<Output = Stored<Option<Approval>>> + Send;
    /// Whose approval it is. For answers that are signed instead of sent with a key: then its id alone says
    /// which endpoints may have signed them.
    fn approval_workspace(&mut self, id: &ApprovalId) -> impl Future<Output = Stored<Option<WorkspaceId>>> + Send;
    /// A page of approvals, newest first.
    fn approvals(
        &mut self,
        workspace: &WorkspaceId,
        filter: &ApprovalFilter,
        page: PageQuery,
    ) -> impl Future<Output = Stored<Page<Approval>>> + Send;
    /// How many approvals of a workspace are pending, counted up to `limit`; of one namespace, and of what one agent asked,
    /// if named.
    fn approvals_pending(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        agent: Option<&str>,
        limit: u32,
    ) -> impl Future<Output = Stored<u32>> + Send;
    /// Approvals of all workspaces whose time is up, the oldest first.
    fn approvals_overdue(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<(WorkspaceId, ApprovalId)>>> + Send;
    /// Pending approvals of all workspaces that nobody could be asked on any channel, and that no console shows.
    fn approvals_undeliverable(
        &mut self,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<(WorkspaceId, ApprovalId)>>> + Send;
    /// Whether nobody could be asked of a pending approval on any channel, and no console shows it.
    fn approval_unheard(
        &mut self,
        workspace: &WorkspaceId,
        id: &ApprovalId,
    ) -> impl Future<Output = Stored<bool>> + Send;

    /// Writes a vote; one of the same approver is replaced.
    fn vote_put(&mut self, id: &ApprovalId, vote: &Vote) -> impl Future<Output = Stored<()>> + Send;
    /// The votes for an approval, in the order of time.
    fn votes(&mut self, id: &ApprovalId) -> impl Future<Output = Stored<Vec<Vote>>> + Send;

    /// Inserts a post.
    fn post_insert(&mut self, post: &Post) -> impl Future<Output = Stored<()>> + Send;
    /// The posts of an approval, in the order they were made.
    fn posts(&mut self, id: &ApprovalId) -> impl Future<Output = Stored<Vec<Post>>> + Send;
    /// Open posts of all workspaces to one kind of addressee that are due, the oldest first: those to a slow one
    /// stand in nobody's way.
    fn posts_due(
        &mut self,
        to: Addressee,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<Post>>> + Send;
    /// Takes an open post until then, if it is still due as it was read; whether it was.
    fn post_take(&mut self, post: &Post, until: Timestamp) -> impl Future<Output = Stored<bool>> + Send;
    /// Writes how a post stands that was taken until `taken`; whether it was still taken so.
    fn post_settle(
        &mut self,
        post: &Post,
        taken: Timestamp,
        state: PostState,
    ) -> impl Future<Output = Stored<bool>> + Send;
    /// Closes the open posts of an approval that ask: it has ended.
    fn posts_close(&mut self, id: &ApprovalId) -> impl Future<Output = Stored<()>> + Send;
}
