//! What every command is given: the time, the dice, where the request came from; and what a
//! transaction may answer with.
use std::sync::Arc;

use bellwire_wire::{RequestId, Timestamp, WorkspaceId};

use crate::{
    Topics,
    delivery::{Claimed, EndpointRef},
};

/// Where ids, secrets and jitter come from. The server's is random; a simulation's is seeded.
pub trait Mint: Send + Sync {
    /// A ULID, monotonic inside the process.
    fn ulid(&self) -> ulid::Ulid;
    /// Fills `bytes` from a cryptographic source.
    fn random(&self, bytes: &mut [u8]);
    /// A number uniform in `0..1_000_000`, for jitter.
    fn roll(&self) -> u32;
}

/// Which request caused this, carried from the API call to the attempts it leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The API request.
    pub request_id: Option<RequestId>,
    /// W3C trace context of the caller (or one derived from the request), sent on with deliveries.
    pub traceparent: Option<Arc<str>>,
    /// Where whoever asks was, if that says more than who it is, such as [`CONSOLE`].
    pub via: Option<&'static str>,
}

/// A person in the console: a session, not a program with a key.
pub const CONSOLE: &str = "console";

/// The circumstances of one command.
#[derive(Clone)]
pub struct Ctx {
    /// The time, as the server's one clock told it when the command arrived.
    pub now: Timestamp,
    /// The dice.
    pub mint: Arc<dyn Mint>,
    /// The cause.
    pub origin: Origin,
}

/// What the rest of the process wants to know once a transaction has committed. Only shortens a
/// wait: every one of these can be found again from rows.
#[derive(Debug)]
pub enum Effect {
    /// An event was appended.
    Appended(WorkspaceId),
    /// A delivery was inserted already leased to this node.
    Leased(Box<Claimed>),
    /// A delivery is (or may be) due and nobody holds it.
    Due(EndpointRef),
    /// An endpoint was created, changed or deleted.
    EndpointChanged(EndpointRef),
    /// A key was created or revoked.
    KeysChanged(WorkspaceId),
    /// A background job was queued.
    JobQueued,
    /// Rows of these kinds changed.
    Touched(WorkspaceId, Topics),
    /// Rows of these kinds changed, as another node tells.
    TouchedElsewhere(WorkspaceId, Topics),
    /// What other nodes said may have been missed: what is kept in memory of rows is looked up again.
    Missed,
}

/// Why the store could not do what was asked. Never the caller's fault.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The disk (or quota) is full; nothing was written.
    #[error("the disk is full")]
    Full,
    /// The store cannot be reached; nothing was written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The store is shutting down; nothing was written.
    #[error("the store is shutting down")]
    Closed,
    /// The store went away while it made this durable, and it cannot be known whether it did.
    #[error("the store went away; whether this was written is not known")]
    Uncertain,
    /// The queue of commands has reached its bound; nothing was written. Keeps I12.
    #[error("the store is overloaded")]
    Overloaded,
    /// A statement failed or a row could not be read: a bug or a damaged database.
    #[error("the store failed: {0}")]
    Broken(String),
}

/// What every row operation answers.
pub type Stored<T> = Result<T, StoreError>;
