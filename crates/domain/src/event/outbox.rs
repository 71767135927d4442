//! What those ask of a transaction who tell every event to a log elsewhere. They are the deployment's
//! own and see all workspaces; each event they tell names its workspace.
use std::future::Future;

use bellwire_wire::Timestamp;

use super::StoredEvent;
use crate::Stored;

/// Where a publisher begins that was never there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// With the first event after now.
    Newest,
    /// With the oldest event there is.
    Start,
}

/// Rows of publishers. One node at a time holds one under a lease, and only who holds it moves it on.
pub trait Outbox: Send {
    /// Makes a publisher, unless it is there.
    fn publisher_ensure(&mut self, name: &str, from: Begin) -> impl Future<Output = Stored<()>> + Send;
    /// Takes it until then, if no other node has it now: the last event that was confirmed.
    fn publisher_take(
        &mut self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Stored<Option<i64>>> + Send;
    /// Moves it on and keeps it until then; whether this node still had it, at `from`.
    fn publisher_move(
        &mut self,
        name: &str,
        from: i64,
        to: i64,
        until: Timestamp,
    ) -> impl Future<Output = Stored<bool>> + Send;
    /// Lets another node have it, if this one does.
    fn publisher_release(&mut self, name: &str) -> impl Future<Output = Stored<()>> + Send;
    /// Events of all workspaces after a sequence number, in commit order.
    fn events_of_all(&mut self, after: i64, limit: u32) -> impl Future<Output = Stored<Vec<StoredEvent>>> + Send;
}
