//! What events ask of a transaction.
use std::{future::Future, sync::Arc};

use bellwire_wire::{Event, EventId, EventType, Namespace, WorkspaceId};

use super::{CustomType, EventFilter, StoredEvent};
use crate::{Ctx, Page, PageQuery, Stored, delivery};

/// What appending an event asks of a transaction: its own row, and those of whoever is to be told of it. A slice
/// that tells of something says this and need not know who that is.
pub trait Log: Rows + delivery::Rows {}

impl<T: Rows + delivery::Rows> Log for T {}

/// Rows of events and of custom types.
pub trait Rows: Send {
    /// The sequence number the next event will have.
    fn event_seq(&mut self, ctx: &Ctx) -> i64;
    /// Inserts an event.
    fn event_insert(
        &mut self,
        ctx: &Ctx,
        seq: i64,
        event: &Arc<Event>,
        deliveries: u32,
    ) -> impl Future<Output = Stored<()>> + Send;
    /// One event.
    fn event(
        &mut self,
        workspace: &WorkspaceId,
        id: &EventId,
    ) -> impl Future<Output = Stored<Option<StoredEvent>>> + Send;
    /// A page of events, newest first. Where a text is looked for, a page may be short although there are more.
    fn events(
        &mut self,
        workspace: &WorkspaceId,
        filter: &EventFilter,
        page: PageQuery,
    ) -> impl Future<Output = Stored<Page<StoredEvent>>> + Send;
    /// Events after a sequence number, oldest first, at most `limit`; and how far was looked, so
    /// that a reader whose filter takes little does not look there again. By type and namespace alone: no text is looked
    /// for here, and no time.
    fn events_after(
        &mut self,
        workspace: &WorkspaceId,
        filter: &EventFilter,
        after: i64,
        limit: u32,
    ) -> impl Future<Output = Stored<(Vec<StoredEvent>, i64)>> + Send;
    /// The sequence number of the newest event of a workspace, 0 if there is none.
    fn event_newest(&mut self, workspace: &WorkspaceId) -> impl Future<Output = Stored<i64>> + Send;

    /// The newest events that people should look at: exhausted and nearly exhausted budgets, spikes, frozen wallets,
    /// disabled endpoints, abuse. Of one namespace if named, as far as they are among the newest of all.
    fn alerts(
        &mut self,
        workspace: &WorkspaceId,
        namespace: Option<&Namespace>,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<StoredEvent>>> + Send;

    /// A custom type.
    fn custom_type(
        &mut self,
        workspace: &WorkspaceId,
        name: &EventType,
    ) -> impl Future<Output = Stored<Option<Arc<CustomType>>>> + Send;
    /// At most `limit` custom types of a workspace whose names come after `after`, by name.
    fn custom_types(
        &mut self,
        workspace: &WorkspaceId,
        after: &str,
        limit: u32,
    ) -> impl Future<Output = Stored<Vec<Arc<CustomType>>>> + Send;
    /// Inserts or replaces a custom type.
    fn custom_type_put(&mut self, custom: &CustomType) -> impl Future<Output = Stored<()>> + Send;

    /// Tells the process, after the commit, that an event was appended.
    fn appended(&mut self, workspace: &WorkspaceId);
}
